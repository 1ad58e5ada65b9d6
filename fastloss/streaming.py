"""Values of losses whose data come in batches: the same bits as one call on all of it, in memory that does not grow.

The engine adds up chunks of a fixed size. The accumulator hands it whole chunks only, keeps what is left for the next
batch, and keeps each chunk's sums: 16 bytes for 8192 elements.
"""

from typing import Any

import numpy as np

from fastloss import reduce, validate
from fastloss.domains import wrong
from fastloss.group_streaming import GroupAccumulator
from fastloss.loss import lookup
from fastloss.pair_streaming import PairAccumulator
from fastloss.pairs import PairwiseLoss
from fastloss.pointwise import PointwiseLoss
from fastloss.shapes.pointwise import CHUNK
from fastloss.stored import pack, unpack


def accumulate(
    name: str, *, grouped: bool = False, **parameters: Any
) -> "Accumulator | PairAccumulator | GroupAccumulator":
    """A state to which batches are given: of a pointwise loss of two arguments, of all pairs, or of pairs in groups.

    Parameters
    ----------
    name : str
        The name of the loss.
    grouped : bool
        Whether pairs are made within groups: every batch then brings whole groups, of any loss over pairs or queries,
        and their ids or offsets. Without it, all rows are one group, of `pairwise_logistic_loss`.
    **parameters
        The loss's own parameters; those that take arrays take one number here.

    Raises
    ------
    ValueError
        If there is no such loss, it is of another shape, or its value is not made of sums over parts of the data
        (`nmae_loss`, unless `norm` is a number).

    Examples
    --------
    >>> from fastloss.streaming import accumulate
    >>> state = accumulate("huber_loss", delta=1.0)
    >>> state.update([0.5], [0.0])
    >>> state.update([3.0], [0.0])
    >>> state.result()
    1.3125
    """
    loss = lookup(name)
    if grouped:
        return GroupAccumulator(loss, parameters)
    if isinstance(loss, PairwiseLoss):
        return PairAccumulator(loss, parameters)
    if not isinstance(loss, PointwiseLoss) or len(loss.arguments) != 2:
        raise ValueError(
            f"{name} cannot be accumulated: expected a pointwise loss of two arguments, or a pairwise loss"
        )
    unknown = [word for word in parameters if word not in loss.parameters]
    if unknown:
        raise TypeError(f"{name} has no parameter {unknown[0]!r}: expected one of {list(loss.parameters)}")
    return Accumulator(loss, parameters)


class Accumulator:
    """The sums of one loss over the data seen so far; made by `accumulate`."""

    def __init__(self, loss: PointwiseLoss, parameters: dict[str, Any]):
        self.loss = loss
        self.parameters = {word: loss.parameters[word].validate(word, value) for word, value in parameters.items()}
        loss.require_additive({**loss.defaults, **self.parameters})
        self.rows = 0  # all that were given
        self._rest: list[np.ndarray] = []  # the last rows, fewer than CHUNK, of every array
        self._kind: tuple[Any, ...] = ()  # how the first batch is read, and whether it has weights
        self._losses: list[np.ndarray] = []
        self._weights: list[np.ndarray] = []
        self._wrong = 0

    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch: arrays of one shape, and weights throughout or never.

        The kernels read float32 and float64; every batch must bring the one that the first brought, since one call
        would see but one.
        """
        arrays = [validate.array(name, x) for name, x in zip(self.loss.arguments, (scores, labels), strict=True)]
        validate.same_shape(self.loss.arguments, tuple(arrays))
        weights = validate.sample_weight(sample_weight, arrays[0].shape)
        arrays = [array.reshape(-1) for array in ([*arrays] if weights is None else [*arrays, weights])]
        self._check_kind(arrays)
        size, start = arrays[0].size, 0
        if self._rest:
            start = min(size, CHUNK - self._rest[0].size)
            joined = [np.concatenate((old, new[:start])) for old, new in zip(self._rest, arrays, strict=True)]
            self._rest = joined
            if joined[0].size < CHUNK:
                self.rows += size
                return
            self._add(joined, self.rows + start - CHUNK)
            self._rest = []
        whole = start + (size - start) // CHUNK * CHUNK
        if whole > start:
            self._add([array[start:whole] for array in arrays], self.rows + start)
        if whole < size:
            self._rest = [array[whole:].copy() for array in arrays]
        self.rows += size

    def result(self, reduction: str = "mean") -> float:
        """The value over all that has been given so far; more may follow."""
        validate.reduction(reduction, ("mean", "sum"))
        losses, weights = self._all_sums()
        return self.loss.reduced(losses, reduce.ordered_sum(weights), reduction)

    def weight(self) -> float:
        """What the mean is divided by."""
        return reduce.ordered_sum(self._all_sums()[1])

    def merge(self, other: "Accumulator") -> None:
        """Add what another state of the same loss has seen; the sum is that of all rows, rounded once more at most."""
        if (other.loss.name, other.parameters) != (self.loss.name, self.parameters):
            raise ValueError(f"states differ: {other.loss.name} {other.parameters}, expected {self.loss.name}")
        if not other.rows:
            return
        losses, weights = other._all_sums()
        self._losses.append(losses)
        self._weights.append(weights)
        self._kind = self._kind or other._kind
        self.rows += other.rows
        self._unite(other._wrong)

    def to_bytes(self) -> bytes:
        """The state as bytes, for `from_bytes` on any machine: 16 for 8192 rows."""
        losses, weights = self._all_sums()
        kind = [str(part) for part in self._kind[:2]] + [bool(part) for part in self._kind[2:]]
        about = {"loss": self.loss.name, "parameters": self.parameters, "rows": self.rows}
        return pack({**about, "kind": kind, "wrong": self._wrong}, {"losses": losses, "weights": weights})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Accumulator":
        """The state that `to_bytes` wrote."""
        about, arrays = unpack(data)
        loss = lookup(about["loss"])
        if not isinstance(loss, PointwiseLoss):
            raise ValueError(f"these bytes are a state of {loss.name}: expected a pointwise loss")
        state = cls(loss, about["parameters"])
        state.rows, state._wrong = about["rows"], about["wrong"]
        kind = about["kind"]
        state._kind = (*(np.dtype(name) for name in kind[:2]), *kind[2:])
        state._losses, state._weights = [arrays["losses"]], [arrays["weights"]]
        return state

    def _all_sums(self) -> tuple[np.ndarray, np.ndarray]:
        losses, weights = [*self._losses], [*self._weights]
        if self._rest or not losses:
            rest = self._rest or [np.empty(0), np.empty(0)]
            sums = self._sums(rest, self.rows - rest[0].size)
            losses.append(sums.loss)
            weights.append(sums.weight)
        return np.concatenate(losses, axis=-1), np.concatenate(weights)

    def _check_kind(self, arrays: list[np.ndarray]) -> None:
        kind = (*(validate.kernel_dtype(array) for array in arrays[:2]), len(arrays) > 2)
        self._kind = self._kind or kind
        for name, array, new, old in zip(self.loss.arguments, arrays, kind, self._kind, strict=False):
            if new != old:
                raise TypeError(f"{name} has dtype {array.dtype}: expected one that is read as {old}, as before")
        if kind[2] != self._kind[2]:
            raise ValueError("sample_weight is given for some batches only: expected it for all, or for none")

    def _add(self, arrays: list[np.ndarray], before: int) -> None:
        sums = self._sums(arrays, before)
        self._losses.append(sums.loss)
        self._weights.append(sums.weight)

    def _sums(self, arrays: list[np.ndarray], before: int) -> Any:
        weights = arrays[2] if len(arrays) > 2 else None
        sums = self.loss.chunk_sums(*arrays[:2], sample_weight=weights, before=before, **self.parameters)
        self._unite(sums.wrong)
        return sums

    def _unite(self, bits: int) -> None:
        """Add the bits of what the operands hold, and raise if they do not go together."""
        self._wrong |= bits
        bits = self._wrong
        for name, domain in self.loss.domains.items():
            if wrong(bits & 15):
                raise ValueError(f"{name} mixes 0 and -1 in different batches: expected {domain.expected}")
            bits >>= 4
