"""The module of a loss: its parameters are given once, its arguments with every call."""

import functools
import inspect
from typing import Any

import torch

from fastloss.core.loss import Loss
from fastloss.torch.functions import entries, evaluated, operators
from fastloss.torch.operators import Operators
from fastloss.torch.signature import LEFT_OUT


def class_name(loss: str) -> str:
    """Return the name of the module's class: ``MseLoss`` for "mse_loss", ``EntropyLoss`` for "entropy"."""
    name = "".join(word[:1].upper() + word[1:] for word in loss.split("_"))
    return name if name.endswith("Loss") else f"{name}Loss"


class LossModule(torch.nn.Module):
    """A loss as a module; each loss has a subclass.

    Keywords of the loss may be given here, or with a call, which has the last word. Tensors that are given here become
    buffers, such as the weights of classes, and move with the module; parameters, such as a temperature that is learnt,
    are registered as parameters. Without them the module has no state.
    """

    operators: Operators  # of the subclass

    def __init__(self, **keywords: Any):
        super().__init__()
        signature = self.operators.signature
        allowed = [name for name in signature.public.parameters if name not in self.operators.loss.arguments]
        for name, value in keywords.items():
            if name not in allowed:
                raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{name}'")
            if not isinstance(value, (torch.Tensor, type(None))):
                signature.read(name, value)
        self.keywords = tuple(keywords)
        for name, value in keywords.items():
            if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the loss of the arguments; see the class."""
        kept = {name: getattr(self, name) for name in self.keywords if name not in kwargs}
        given = self.operators.signature.bound(args, {**kept, **kwargs})
        return evaluated(self.operators, given)

    def extra_repr(self) -> str:
        """Return the parameters that were given, but for tensors."""
        shown = ((name, getattr(self, name)) for name in self.keywords)
        return ", ".join(f"{name}={value!r}" for name, value in shown if not isinstance(value, torch.Tensor))


@functools.cache
def module_class(loss: Loss) -> type[LossModule]:
    """Return the module of a loss."""
    name, of_loss = class_name(loss.name), operators(loss)
    own = [one for one in of_loss.signature.public.parameters.values() if one.name not in loss.arguments]
    keywords = entries(loss, {*LEFT_OUT, *loss.arguments})
    body = {
        "__module__": "fastloss.torch",
        "__qualname__": name,
        "__doc__": f"{loss.summary}\n\nThe module of `fastloss.torch.{loss.name}`.\n\n{keywords}\n",
        "__signature__": inspect.Signature(own),
        "operators": of_loss,
    }
    return type(name, (LossModule,), body)
