"""What all states share: their loss's parameters, merging whole or not at all, bytes, and the unit of their weights."""

import abc
import math
import numbers
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from fastloss.core.loss import Loss, lookup
from fastloss.streaming import stored
from fastloss.streaming.stored import Fields

WIDEST = 64  # weights whose largest lies between 2**-64 and 2**64 are added up as they are


class State(abc.ABC):
    """The state of one loss over the data seen so far.

    A batch, or another state, is taken whole or not at all: all that changes is in `_seen`, which is replaced by one
    assignment when everything that may fail is done, so that not even Ctrl-C leaves half of a batch behind.
    """

    kind: ClassVar[str]  # as its bytes say
    expects: ClassVar[str]  # the losses that have such a state

    def __init__(self, loss: Loss, parameters: Mapping[str, Any]):
        self._require_fit(loss)
        self.loss: Any = loss
        self.parameters = checked(loss, parameters)
        self._seen: Any = None

    @classmethod
    @abc.abstractmethod
    def _require_fit(cls, loss: Loss) -> None:
        """Raise unless a loss has such a state."""

    @abc.abstractmethod
    def _united(self, other: Any) -> Any:
        """What both have seen, from the other's `_seen`."""

    @abc.abstractmethod
    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What has been seen as numbers and arrays."""

    @abc.abstractmethod
    def _read(self, fields: Fields) -> Any:
        """What has been seen, from such fields; they are checked."""

    @property
    def rows(self) -> int:
        """How many rows have been given."""
        return int(self._seen.rows)

    def merge(self, other: Self) -> None:
        """Add what another state of the same loss has seen; the other does not change.

        Raises
        ------
        TypeError
            If it is no state of this kind.
        ValueError
            If its loss or its parameters are others, or only one of the two has weights.
        """
        if type(other) is not type(self):
            raise TypeError(f"other is of type {type(other).__name__}: expected another {type(self).__name__}")
        if (other.loss.name, other.parameters) != (self.loss.name, self.parameters):
            theirs, own = (f"{one.loss.name} with {_written(one.parameters)}" for one in (other, self))
            raise ValueError(f"states differ: other is of {theirs}, expected {own}")
        self._seen = self._united(other._seen)

    def to_bytes(self) -> bytes:
        """The state as bytes, for `from_bytes` on any machine."""
        about, arrays = self._fields()
        return stored.pack(self.kind, {"loss": self.loss.name, "parameters": self.parameters, **about}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The state that `to_bytes` wrote.

        Raises
        ------
        TypeError
            If these are not bytes.
        ValueError
            If they are cut, damaged, of another kind of state, or of an older version; or made up, and not in order.
        """
        kind, fields = stored.unpack(data)
        name, parameters = fields.text("loss"), fields.mapping("parameters")
        if kind != cls.kind:
            raise ValueError(f"these bytes are a state of {name} over {kind}: expected {cls.expects}")
        try:
            state = cls(lookup(name), parameters)
        except (TypeError, ValueError, OverflowError) as error:
            raise stored.wrong(str(error)) from error
        fields.need(set(parameters) == set(state.parameters), f"parameters are {sorted(parameters)}")
        state._seen = state._read(fields)
        fields.has_no_more()
        return state


def checked(loss: Loss, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a loss by their own checks, as plain numbers and words, the defaults with them."""
    for word in parameters:
        if word not in loss.parameters:
            raise TypeError(f"{loss.name} has no parameter {word!r}: expected one of {list(loss.parameters)}")
    given = {word: parameters.get(word, default) for word, default in loss.defaults.items()}
    return {word: plain(word, loss.parameters[word].validate(word, value)) for word, value in given.items()}


def require_body(loss: Loss, parameters: Mapping[str, Any]) -> None:
    """Raise if the loss's own body refuses a parameter."""
    loss.function(**{name: np.zeros(1) for name in loss.arguments}, **parameters)


def plain(name: str, value: Any) -> Any:
    """A parameter as JSON has it."""
    if np.ndim(value):
        raise ValueError(f"{name} is an array: expected a number, since a state is made part by part")
    if value is None or isinstance(value, (str, bool, np.bool_)):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    return value.item() if hasattr(value, "item") else value


def _written(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items()) or "no parameters"


def both_weighted(before: bool | None, now: bool) -> bool:
    """Whether there are weights, `before` being None if there have been no rows."""
    if before not in (None, now):
        raise ValueError("sample_weight is given for some batches only: expected it for all, or for none")
    return now


def exponent(weights: np.ndarray | None) -> int:
    """That of the power of two by which weights are divided before they are added up: 0 for those of ordinary size.

    A mean does not depend on the unit of the weights, and so neither must its sums leave the range of the numbers.
    """
    if weights is None or not weights.size:
        return 0
    largest = float(np.fmax.reduce(weights, axis=None))
    if largest <= 0.0 or not math.isfinite(largest):
        return 0
    own = math.frexp(largest)[1]
    return own if abs(own) > WIDEST else 0


def in_one_unit(weight: np.ndarray, powers: np.ndarray, *sums: np.ndarray) -> tuple[int, list[np.ndarray]]:
    """Sums over parts, each in units of 2**powers[k], in one that is about the heaviest part: its exponent, and they.

    `weight` is that of the parts. Whatever is too small then for float64 is nothing beside the heaviest. Sums that all
    are in units of 1 stay as they are.
    """
    some = weight > 0.0
    if not some.any() or not powers.any():
        return 0, list(sums)
    power = int((powers + np.frexp(weight)[1])[some].max())
    with np.errstate(over="ignore", under="ignore"):
        return power, [np.ldexp(one, np.where(some, powers - power, 0)) for one in sums]


def is_ordinary(weights: np.ndarray) -> bool:
    """Whether all weights above 0 lie between 2**-64 and 2**64."""
    weights = np.asarray(weights, np.float64)
    low = float(np.min(weights, initial=np.inf, where=weights > 0.0))
    return low >= 2.0**-WIDEST and float(np.max(weights, initial=0.0)) <= 2.0**WIDEST


def divided(array: Any, power: int) -> Any:
    """Numbers divided by a power of two: exactly, unless they leave the range."""
    if not power:
        return array
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.asarray(array, np.float64), -power)


def times(value: float, power: int) -> float:
    """A number times a power of two."""
    return float(divided(value, -power))


def matching(one: tuple[int, bool], other: tuple[int, bool]) -> int:
    """The exponent in which two states' sums are added, from (exponent, whether the weights have a sum above 0)."""
    some = [power for power, counts in (one, other) if counts]
    return max(some, default=0)
