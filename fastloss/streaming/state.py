"""What all states share: parameters, merging, bytes and results."""

import abc
import functools
import inspect
import numbers
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from fastloss.core import columns, reductions, summation
from fastloss.core.docstrings import share
from fastloss.core.domains import ZERO, Domain, wrong
from fastloss.core.errors import Offender, about
from fastloss.core.loss import Loss, lookup
from fastloss.streaming import stored
from fastloss.streaming.stored import Fields
from fastloss.streaming.units import times

share(
    rows_again="""
    scores, labels, sample_weight : array_like
        As of `update`.
    reduction : {"mean", "sum"}
        Of which value it is the gradient.
    """
)


def naming(update: Callable[..., None]) -> Callable[..., None]:
    """Say in errors of a state's `update` what the caller's columns are called."""

    @functools.wraps(update)
    def named(self: "State", *arguments: Any, **words: Any) -> None:
        names = (*self.loss.arguments, "sample_weight")
        with columns.naming({**dict(zip(names, arguments, strict=False)), **words}):
            update(self, *arguments, **words)

    return named


class Sums(NamedTuple):
    """What a value is made of: sums of weighted losses and of weights, in units of 2**`power`."""

    power: int
    loss: Any
    weight: Any


class State(abc.ABC):
    """The state of one loss over the data seen so far.

    A subclass keeps what it has seen in `_seen`, and says in `_united` how two of them are added.

    A batch, or another state, is taken whole or not at all: `_seen` is replaced by one assignment after everything that
    may fail, so that not even Ctrl-C leaves half of a batch behind.
    """

    takes_arrays: ClassVar[bool] = False  # whether parameters that are arrays come with the batches
    kind: ClassVar[str]  # the name in the state's bytes
    expects: ClassVar[str]  # the losses that have such a state

    def __init__(self, loss: Loss, parameters: Mapping[str, Any]):
        self._require_fit(loss)
        self.loss: Any = loss
        self.parameters = checked(loss, parameters, self.takes_arrays)
        self._seen: Any = None

    @classmethod
    @abc.abstractmethod
    def _require_fit(cls, loss: Loss) -> None:
        """Raise unless a loss has such a state."""

    @abc.abstractmethod
    def _united(self, other: Any) -> Any:
        """Return what this state and another have seen, from the other's `_seen`."""

    @abc.abstractmethod
    def _sums(self, value: bool = True) -> Sums:
        """Return the sums over all data; without `value`, the loss may be anything."""

    @abc.abstractmethod
    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return `_seen` as numbers and arrays."""

    @abc.abstractmethod
    def _read(self, fields: Fields) -> Any:
        """Return `_seen` from such fields, checking each."""

    @property
    def rows(self) -> int:
        """How many rows have been given."""
        return int(self._seen.rows)

    @abc.abstractmethod
    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch."""

    def result(self, reduction: str = "mean") -> float:
        """Return the value over all data given so far; more may follow.

        Parameters
        ----------
        reduction : {"mean", "sum"}
            What is returned of the losses of all data.
        """
        reductions.named(reduction, ("mean", "sum"))
        self.loss.require_reduction(reduction)
        sums = self._sums()
        value = self._reduced(sums, reduction)
        return times(value, sums.power) if reduction == "sum" else value

    def sums(self) -> Sums:
        """Return what a value is made of."""
        return self._sums()

    def weight(self) -> float:
        """Return what the mean is divided by."""
        sums = self._sums(value=False)
        return times(sums.weight, sums.power)

    def _reduced(self, sums: Sums, reduction: str) -> float:
        """Return the value in units of the sums."""
        return float(sums.loss) if reduction == "sum" else summation.mean(sums.loss, sums.weight)

    def merge(self, other: Self) -> None:
        """Add what another state of the same loss has seen; the other does not change.

        Parameters
        ----------
        other : state of the same class
            Another state of this loss with the same parameters.

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
        """Return the state as bytes, for `from_bytes` on any machine."""
        about, arrays = self._fields()
        return stored.pack(self.kind, {"loss": self.loss.name, "parameters": self.parameters, **about}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the state that `to_bytes` wrote.

        Parameters
        ----------
        data : bytes
            What `to_bytes` returned.

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


def checked(loss: Loss, parameters: Mapping[str, Any], arrays_later: bool = False) -> dict[str, Any]:
    """Check all parameters of a loss; return them, with the defaults of the others, as plain numbers and words.

    `arrays_later`: arrays come with the batches, and are left out.
    """
    later: set[str] = set()
    if arrays_later:
        if arrays := [word for word in parameters if np.ndim(parameters[word])]:
            raise ValueError(f"{arrays[0]} is an array: expected a number; an array is given with each batch")
        later = {word for word, one in loss.defaults.items() if word not in parameters and _is_array(loss, word, one)}
    return {word: plain(word, one) for word, one in loss.checked_parameters(parameters, later).items()}


def _is_array(loss: Loss, word: str, default: Any) -> bool:
    """Tell whether a parameter that is not given is an array, by its default or, if it has none, by what it takes."""
    is_needed = default is inspect.Parameter.empty
    return bool(np.ndim(default)) or (is_needed and getattr(loss.parameters[word], "takes", "") in ("array", "numbers"))


def require_body(loss: Loss, parameters: Mapping[str, Any]) -> None:
    """Raise if the loss's own body refuses a parameter."""
    loss.function(**{name: np.zeros(1) for name in loss.arguments}, **parameters)


def plain(name: str, value: Any) -> Any:
    """Return a parameter as JSON has it."""
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


def both_weighted(before: bool | None, now: bool | None) -> bool | None:
    """Return whether data with and without more rows have weights: None stands for no rows.

    Raises
    ------
    ValueError
        If only some rows have weights.
    """
    if None not in (before, now) and before != now:
        raise ValueError("sample_weight is given for some batches only: expected it for all, or for none")
    return before if now is None else now


def require_one_sign(name: str, domain: Domain, batch: np.ndarray, bits: int, earlier: int, rows: int = 0) -> None:
    """Raise if a batch holds 0 and earlier ones -1, or the other way round; `bits` are as `domains` has them."""
    if wrong(bits | earlier):
        at = int(np.argmax(batch == (0.0 if bits & ZERO else -1.0)))
        later = Offender(name, rows + at, f"{batch[at]:g}", domain.expected)
        where = f"{later.found} at index {later.position}"
        raise about(later, f"{name} mixes 0 and -1 in different batches ({where}): expected {domain.expected}")


def one_sign(name: str, domain: Domain, bits: int, others: int) -> int:
    """Return the bits of two states together, or raise if one holds 0 and the other -1."""
    if wrong(bits | others):
        raise ValueError(f"{name} mixes 0 and -1 in different states: expected {domain.expected}")
    return bits | others
