"""The function of a loss: from the public call, checked before data are touched, to its operator."""

import functools
import inspect
from collections.abc import Callable, Container
from typing import Any

import torch
from torch.autograd.forward_ad import unpack_dual

from fastloss.core import docstrings
from fastloss.core.loss import Loss
from fastloss.torch.operators import Operators
from fastloss.torch.signature import LEFT_OUT, not_differentiable

NOTES = """
A function of tensors, which autograd differentiates. The value and the gradients are tensors on the arguments' device;
numbers of the arguments that are differentiated by may be tensors too. See `fastloss.{name}`.
"""


@functools.cache
def operators(loss: Loss) -> Operators:
    """Return the operators of a loss, which are declared once in a process."""
    return Operators(loss)


def made(loss: Loss) -> Callable[..., Any]:
    """Return the function of a loss."""
    own = operators(loss)

    def function(*args: Any, **kwargs: Any) -> Any:
        return evaluated(own, own.signature.bound(args, kwargs))

    function.__name__ = function.__qualname__ = loss.name
    function.__module__ = "fastloss.torch"
    function.__doc__ = documentation(loss)
    function.__signature__ = own.signature.public  # type: ignore[attr-defined]
    return function


def evaluated(own: Operators, given: dict[str, Any]) -> Any:
    """Return the value of checked arguments, and the counts if they are asked for."""
    name, loss = own.loss.name, own.loss
    tensors = dict(named_tensors(given))
    require_together(name, tensors)
    if own.signature.has_sides:
        given["wrt"] = _side(given, loss.arguments)
    by = loss.gradients_by({key: value for key, value in given.items() if value is not None})
    needed = False
    for key, tensor in tensors.items():
        if key.partition("[")[0] in by:
            if not tensor.dtype.is_floating_point:
                raise TypeError(f"{name}(): argument '{key}' has dtype {tensor.dtype}: expected a floating point dtype")
            needed = needed or tensor.requires_grad
            if not torch.compiler.is_compiling() and unpack_dual(tensor).tangent is not None:
                raise NotImplementedError(f"forward mode AD of '{name}' is not implemented: use the backward mode")
        elif tensor.requires_grad:
            raise not_differentiable(name, key)
    needed = needed and torch.is_grad_enabled()
    outputs = own.value(*[given[key] for key in own.signature.names], needed)
    return (outputs[0], outputs[1]) if own.signature.has_counts and given["with_counts"] else outputs[0]


def named_tensors(given: dict[str, Any]) -> list[tuple[str, torch.Tensor]]:
    """Return the tensors of a call by name, those of a sequence by name and number."""
    found: list[tuple[str, torch.Tensor]] = []
    for name, value in given.items():
        if isinstance(value, torch.Tensor):
            found.append((name, value))
        elif isinstance(value, list):
            found.extend((f"{name}[{at}]", one) for at, one in enumerate(value) if isinstance(one, torch.Tensor))
    return found


def require_together(loss: str, tensors: dict[str, torch.Tensor]) -> None:
    """Raise unless all tensors are dense, real and on one device; numbers may lie on the CPU beside a GPU."""
    device = None
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided:
            raise TypeError(f"{loss}(): argument '{name}' has layout {tensor.layout}: expected a dense tensor")
        if tensor.dtype.is_complex:
            raise TypeError(f"{loss}(): argument '{name}' has dtype {tensor.dtype}: expected real numbers")
        if tensor.dim() == 0 and tensor.device.type == "cpu":
            continue
        if device is not None and tensor.device != device:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"{device} and {tensor.device}! (when checking argument '{name}' of {loss})"
            )
        device = tensor.device


def _side(given: dict[str, Any], names: tuple[str, ...]) -> str:
    first, second = (given[name].requires_grad for name in names)
    return "both" if first and second else names[0] if first else names[1]


def documentation(loss: Loss) -> str | None:
    """Return the docstring of the loss, with tensors for arrays, without the parameters that are left out."""
    if loss.__doc__ is None:
        return None
    before, _, after = docstrings.parted(loss.__doc__)
    about = inspect.cleandoc(NOTES.format(name=loss.name))
    after = of_tensors(after.partition(docstrings.EXAMPLES)[0].rstrip())
    return f"{before}{entries(loss, LEFT_OUT)}\n\n{after}\n\nNotes\n-----\n{about}\n"


def entries(loss: Loss, without: Container[str]) -> str:
    """Return the section "Parameters" of a loss, without some of them."""
    body = docstrings.parted(loss.__doc__ or "").parameters
    kept = [text for names, text in docstrings.entries(body) if not any(name in without for name in names)]
    return docstrings.PARAMETERS + of_tensors("\n".join(kept))


def of_tensors(text: str) -> str:
    """Return a part of a docstring with tensors for arrays."""
    return text.replace("array_like", "Tensor").replace("ndarray", "Tensor")
