"""The parameters of a loss as PyTorch's operators take them: the type of each in a schema, and how values are read."""

import inspect
import operator
from typing import Any

import torch

from fastloss.core.domains import Choice, Flag, Free, Range
from fastloss.core.errors import wrong_type
from fastloss.core.loss import Loss

OF_FREE = {
    "array": "Tensor?",
    "arrays": "Tensor[]",
    "integer": "int?",
    "integers": "int[]?",
    "numbers": "float[]",
    "word": "str",
}
OF_KEYWORDS = {"reduction": "str", "method": "str", "with_counts": "bool"}  # the others are tensors
NOT_TAKEN = ("backend", "return_ids")  # what the tensors' device decides; ids are no result of an operator
LEFT_OUT = (*NOT_TAKEN, "wrt")  # what autograd decides too


def type_of(loss: Loss, name: str) -> str:
    """Return the type of a parameter in the schema of the loss's operator."""
    spec = loss.parameters.get(name)
    if name in loss.sequences:
        return "Tensor[]"
    if isinstance(spec, Free):
        return OF_FREE[spec.takes]
    if isinstance(spec, Flag):
        return "bool"
    if isinstance(spec, Choice):
        return "str"
    if isinstance(spec, Range):
        if name in loss.by:
            return "Tensor"
        return "float?" if spec.optional else "float"
    if name in loss.arguments:
        return "Tensor?" if name in loss.others else "Tensor"
    return OF_KEYWORDS.get(name, "Tensor?")


class Signature:
    """The parameters of a loss, in the order in which its operators take them."""

    def __init__(self, loss: Loss):
        self.loss = loss
        every = tuple(loss.__signature__.parameters.values())
        self.public = inspect.Signature([one for one in every if one.name not in LEFT_OUT])
        self.names = tuple(one.name for one in every if one.name not in NOT_TAKEN)
        self.types = {name: type_of(loss, name) for name in self.names}
        self.positional = tuple(one.name for one in every if one.kind is one.POSITIONAL_OR_KEYWORD)
        self.defaults = {one.name: one.default for one in self.public.parameters.values()}
        self.has_counts = "with_counts" in self.names
        self.has_sides = "wrt" in self.names

    @property
    def schema(self) -> str:
        """The arguments in the operators' schema. None has a default: the dispatcher would leave it out."""
        return ", ".join(f"{kind} {name}" for name, kind in self.types.items())

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return every parameter's value as the operators take it, but for `wrt`.

        Raises
        ------
        TypeError
            If a parameter is missing, unknown or of a wrong type.
        ValueError
            If a number or a word is out of its range; while a graph is traced it is looked at later, when this runs.
        """
        given = {**self.defaults, **dict(zip(self.positional, args, strict=False)), **kwargs}
        is_right = len(args) <= len(self.positional) and len(given) == len(self.defaults)
        if not is_right or any(name in kwargs for name in self.positional[: len(args)]):
            self._raise_unless_bound(args, kwargs)
        for name, value in given.items():
            if value is inspect.Parameter.empty:
                self._raise_unless_bound(args, kwargs)
            given[name] = self.read(name, value)
        return given

    def _raise_unless_bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            self.public.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.loss.name}(): {error}") from None

    def read(self, name: str, value: Any) -> Any:
        """Return a value as the schema has it; see `written`."""
        kind = self.types[name]
        if kind == "Tensor" or kind == "Tensor?":
            return self._tensor(name, value)
        if kind == "Tensor[]":
            return self._tensors(name, value)
        if isinstance(value, torch.Tensor):
            value = self._number(name, value)
        if not torch.compiler.is_compiling():
            value = self.checked(name, value)
        if value is None:
            return None
        if kind == "float" or kind == "float?":
            return float(value)
        if kind == "float[]":
            return [float(one) for one in value] if isinstance(value, (list, tuple)) else [float(value)]
        if kind == "int?":
            return self._integer(name, value)
        if kind == "int[]?":
            several = value if isinstance(value, (list, tuple)) else (value,)
            return [self._integer(name, one) for one in several]
        if kind == "str" and not isinstance(value, str):
            return repr(float(value))
        return value

    def checked(self, name: str, value: Any) -> Any:
        """Return the value of a parameter that is no tensor, or raise as the loss itself does."""
        spec = self.loss._checks.get(name)
        if name == "reduction":
            return self.loss.require_reduction(value).name
        return value if spec is None else spec.validate(name, value)

    def _tensor(self, name: str, value: Any) -> Any:
        if value is None and self.types[name] == "Tensor?":
            return None
        if isinstance(value, torch.Tensor):
            return value
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and name in self.loss.parameters:
            if not torch.compiler.is_compiling():
                value = self.checked(name, value)
            return torch.tensor(value, dtype=torch.float64)
        raise self._wrong(name, "Tensor", value)

    def _tensors(self, name: str, value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, (list, tuple)):
            raise self._wrong(name, "tuple of Tensors", value)
        for one in value:
            if not isinstance(one, torch.Tensor):
                raise self._wrong(name, "tuple of Tensors", one)
        return list(value)

    def _integer(self, name: str, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        try:
            return operator.index(value)
        except TypeError:
            raise wrong_type(name, value, self.loss.parameters[name]) from None

    def _number(self, name: str, value: Any) -> Any:
        if value.requires_grad:
            raise not_differentiable(self.loss.name, name)
        if value.dim():
            raise self._wrong(name, "number", value)
        return value.item()

    def _wrong(self, name: str, expected: str, value: Any) -> TypeError:
        return TypeError(f"{self.loss.name}(): argument '{name}' must be {expected}, not {type(value).__name__}")

    def written(self, name: str, value: Any) -> Any:
        """Return what the loss itself takes for a value of the schema, tensors aside."""
        kind = self.types[name]
        if kind == "str" and isinstance(self.loss.parameters.get(name), Free):
            try:
                return float(value)
            except ValueError:
                return value
        return tuple(value) if isinstance(value, list) and kind != "Tensor[]" else value


def not_differentiable(loss: str, name: str) -> RuntimeError:
    """Return the error, in PyTorch's words, for a tensor that requires a gradient which the loss does not have."""
    return RuntimeError(
        f"The function '{loss}' is not differentiable with respect to argument '{name}'. "
        "This input cannot have requires_grad True."
    )
