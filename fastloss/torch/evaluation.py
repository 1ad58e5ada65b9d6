"""One evaluation of a loss on tensors: their memory goes to the loss and its results come back without a copy."""

import contextlib
from typing import Any, NamedTuple

import numpy as np
import torch

from fastloss.core.loss import Loss
from fastloss.torch.signature import Signature

HALVES = (torch.float16, torch.bfloat16)


class Results(NamedTuple):
    """A value, the gradients or other derivatives by each tensor, and the counts."""

    value: Any
    derivatives: list[torch.Tensor]
    counts: Any = None


def value_dtype(loss: Loss, given: dict[str, Any]) -> torch.dtype:
    """Return the dtype of the value: what those arguments promote to by which the loss is differentiated."""
    found = None
    for name in loss.by:
        value = given.get(name)
        if isinstance(value, torch.Tensor) and value.dtype.is_floating_point and name in loss.arguments:
            found = value.dtype if found is None else torch.promote_types(found, value.dtype)
    return torch.get_default_dtype() if found is None else found


def differentiated(loss: Loss, given: dict[str, Any]) -> list[torch.Tensor]:
    """Return the tensors by which the gradients are, in the order of the loss's results."""
    tensors: list[torch.Tensor] = []
    for name in loss.gradients_by({name: value for name, value in given.items() if value is not None}):
        tensors.extend(given[name] if isinstance(given[name], list) else [given[name]])
    return tensors


def evaluate(signature: Signature, what: str, given: dict[str, Any]) -> Results:
    """Evaluate a loss; `what` is "value", "value_and_grad" or "grad_hess", whose gradient is dropped."""
    loss = signature.loss
    first = given[loss.arguments[0]]
    args = [_to_loss(signature, name, given[name]) for name in loss.arguments]
    words = {name: _to_loss(signature, name, given[name]) for name in signature.names if name not in loss.arguments}
    plain = {name: value for name, value in words.items() if not _is_default(value, signature.defaults.get(name))}
    call = loss if what == "value" else getattr(loss, what)
    with _current(first.device):
        found = call(*args, **plain)
    if what == "value" and not given.get("with_counts"):
        found = (found,)
    dtype = value_dtype(loss, given)
    counts = _to_torch(np.asarray(found[-1]), torch.int64, first.device) if given.get("with_counts") else None
    value = _to_torch(found[0], dtype, first.device) if what != "grad_hess" else None
    derivatives = []
    if what != "value":
        into = differentiated(loss, given)
        derivatives = [
            _to_torch(one, to.dtype, to.device).reshape(to.shape) for one, to in zip(_flat(found[1]), into, strict=True)
        ]
    return Results(value, derivatives, counts)


def _is_default(value: Any, default: Any) -> bool:
    """Tell whether a value need not be given: `fastloss/core/small.py` likes few keywords."""
    return value is None or (
        type(value) in (str, int, float, bool) and type(value) is type(default) and value == default
    )


def _current(device: torch.device) -> Any:
    """Make a GPU the current one."""
    return torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext()


def _to_loss(signature: Signature, name: str, value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        found = value.detach()
        if found.dim() == 0 and name in signature.loss.parameters:
            return found.item()
        if found.dtype in HALVES:
            found = found.float()
        return found.contiguous() if found.is_cuda else found.resolve_neg().numpy()
    if isinstance(value, list) and signature.types[name] == "Tensor[]":
        return tuple(_to_loss(signature, f"{name}[{at}]", one) for at, one in enumerate(value)) or None
    return signature.written(name, value)


def _flat(derivatives: Any) -> list[Any]:
    if not isinstance(derivatives, tuple):
        return [derivatives]
    return [one for item in derivatives for one in _flat(item)]


def _to_torch(result: Any, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a result as a contiguous tensor; an array's memory is used as it is where it can be."""
    if isinstance(result, torch.Tensor):
        return result.to(device, dtype).contiguous()
    if not isinstance(result, np.ndarray):
        return torch.tensor(result, dtype=dtype, device=device)
    array = np.ascontiguousarray(result).reshape(result.shape)
    if not array.flags.writeable:
        array = array.copy()
    return torch.from_numpy(array).to(device, dtype)
