"""States of pointwise losses: the same bits as one call on all data, in memory that hardly grows.

The engine adds up chunks of a fixed size. A state hands it whole chunks only, keeps what is left for the next batch,
and keeps each chunk's sums: 16 bytes for 8192 elements.
"""

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import summation, validate
from fastloss.core.docstrings import documented
from fastloss.core.domains import MINUS_ONE, NON_NEGATIVE, ZERO, Domain, any_number, shown, wrong
from fastloss.core.loss import Loss
from fastloss.core.summation import CHUNK
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.streaming.state import Sums, both_weighted, naming, one_sign, require_one_sign
from fastloss.streaming.stored import Fields
from fastloss.streaming.summed import SumState, summed
from fastloss.streaming.units import common, divided

FEW = 64  # rows that Python checks in less time than a kernel is called


def takes_batches(loss: Loss) -> bool:
    """Return whether a loss is pointwise, of scores and labels."""
    return isinstance(loss, PointwiseLoss) and len(loss.arguments) == 2


class Rows(NamedTuple):
    """Rows of the data, flat."""

    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None

    def apply(self, change: Callable[..., np.ndarray], *more: Any) -> "Rows":
        """Apply a function to each array, together with the items of further triples."""
        scores, labels, weights = (None if one[0] is None else change(*one) for one in zip(self, *more, strict=True))
        assert scores is not None and labels is not None
        return Rows(scores, labels, weights)

    def part(self, start: int, stop: int | None = None) -> "Rows":
        """Return some of the rows, as views."""
        return self.apply(lambda array: array[start:stop])


class Chunks(NamedTuple):
    """Sums of chunks, in units of 2**`power`: a row or more for the losses, and one for the weights.

    Of many chunks there are few arrays: each has at most half as many as the one before.
    """

    power: int = 0
    columns: tuple[np.ndarray, ...] = ()

    def plus(self, other: "Chunks") -> "Chunks":
        """Return the sums of both, in order, in one unit."""
        power = self.power
        if other.power != power:
            power = common(*((one.power, any((x[-1] > 0.0).any() for x in one.columns)) for one in (self, other)))
        columns: list[np.ndarray] = []
        for one in (self, other):
            for array in one.columns:
                columns.append(divided(array, power - one.power))
                while len(columns) > 1 and columns[-2].shape[1] < 2 * columns[-1].shape[1]:
                    last = columns.pop()
                    columns[-1] = np.concatenate((columns[-1], last), axis=1)
        return Chunks(power, tuple(columns))


class Seen(NamedTuple):
    """What a state has been given."""

    rows: int = 0
    weighted: bool | None = None
    dtypes: tuple[np.dtype, ...] | None = None  # as which the first batch is read
    bits: int = 0  # what the operands hold, four bits each, see `domains`
    chunks: Chunks = Chunks()
    rest: Rows | None = None  # the last rows, fewer than CHUNK, as they are read


class Accumulator(SumState):
    """The sums of one loss over the data seen so far; made by `accumulate`.

    A batch or a state that is refused changes nothing.
    """

    kind = "elements"
    expects = "a pointwise loss"

    def __init__(self, loss: Loss, parameters: Mapping[str, Any]):
        super().__init__(loss, parameters)
        self.loss.require_additive(self.parameters)
        call = self.loss.call({**self.parameters, **{name: np.zeros(1) for name in self.loss.arguments}})
        if call.factor is not None and (np.asarray(call.factor) < 0.0).any():
            raise ValueError(f"weight is {shown(self.parameters['weight'])}: expected {NON_NEGATIVE.expected}")
        of_call = self.loss.variants[call.variant].domains  # a parameter may choose other ones
        self._domains: dict[str, Domain] = dict(zip(self.loss.arguments, of_call, strict=False))
        self._seen = Seen()

    @classmethod
    def _require_fit(cls, loss: Loss) -> None:
        if not takes_batches(loss):
            raise ValueError(
                f"{loss.name} cannot be accumulated: expected a pointwise loss of two arguments, or a pairwise loss"
            )

    @naming
    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch: arrays of one shape, and weights throughout or never.

        The kernels read float32 and float64; every batch must bring the one that the first brought, since one call
        would see but one.

        Parameters
        ----------
        scores, labels : array_like of one shape
            The two arguments of the loss, in its order.
        sample_weight : array_like of that shape, or for each entry of the first axis, optional
            Weights w >= 0.

        Raises
        ------
        TypeError
            If an argument is no array of numbers, or one that is read in another precision than before.
        ValueError
            If the shapes differ, an element is not what the loss takes, weights are negative, or some batches only
            have them. Messages count elements from the start of the stream.
        """
        before = self._seen.rows
        arrays = [  # of a bounded domain, whose own check finds what is so large, no integer needs another
            validate.array(name, x) if domain.bounded else validate.real(name, x, before)
            for (name, domain), x in zip(self._domains.items(), (scores, labels), strict=True)
        ]
        validate.same_shape(self.loss.arguments, tuple(arrays))
        weights = validate.sample_weight(sample_weight, arrays[0].shape, before)
        if not arrays[0].size:
            return
        dtypes = self._same_dtypes(arrays)
        weighted = both_weighted(self._seen.weighted, weights is not None)
        rows = Rows(arrays[0], arrays[1], weights).apply(np.ravel)
        self._seen = self._with(rows)._replace(weighted=weighted, dtypes=dtypes)

    @documented()
    def gradient(self, scores: Any, labels: Any, sample_weight: Any = None, *, reduction: str = "mean") -> Any:
        """Return the gradient of all data for some of its rows, given again; as from `value_and_grad`.

        Parameters
        ----------
        {rows_again}
        """
        words = {"sample_weight": sample_weight, "reduction": reduction}
        return self.derivatives("value_and_grad", scores, labels, **words)[0]

    def _with(self, batch: Rows) -> Seen:
        """Return what has been seen with one more batch, whose rows are all checked."""
        seen = self._seen
        size, old = batch.scores.size, seen.rest.scores.size if seen.rest else 0
        start = min(size, CHUNK - old) if old else 0  # rows that complete the rest
        whole = start + (size - start) // CHUNK * CHUNK
        chunks, bits = seen.chunks, 0
        rest: Rows | None = None
        if seen.rest is not None and start:
            rest = seen.rest.apply(lambda a, b: np.concatenate((a, b.astype(a.dtype))), batch.part(0, start))
            if old + start == CHUNK:
                try:
                    more, bits = self._summed(rest, seen.rows - old)
                except ValueError:  # of rows that are new, and are shown as they were given
                    self._bits(batch.part(0, start), seen.rows)
                    raise
                chunks, rest = chunks.plus(more), None
            else:
                bits = self._bits(batch, seen.rows)
        if whole > start:
            more, own = self._summed(batch.part(start, whole), seen.rows + start)
            chunks, bits = chunks.plus(more), bits | own
        if whole < size and not rest:
            left = batch.part(whole)
            rest = left.apply(np.ndarray.astype, (*map(validate.kernel_dtype, left[:2]), np.float64))
            bits |= self._bits(left, seen.rows + whole)
        self._require_one_sign(batch, bits)
        return seen._replace(rows=seen.rows + size, bits=seen.bits | bits, chunks=chunks, rest=rest)

    def _same_dtypes(self, arrays: list[np.ndarray]) -> tuple[np.dtype, ...]:
        dtypes = tuple(map(validate.kernel_dtype, arrays))
        for name, array, new, old in zip(self.loss.arguments, arrays, dtypes, self._seen.dtypes or dtypes, strict=True):
            if new != old:
                raise TypeError(f"{name} has dtype {array.dtype}: expected one that is read as {old}, as before")
        return dtypes

    def _require_one_sign(self, batch: Rows, bits: int) -> None:
        """Raise if 0 and -1 are mixed in a batch, or with what came before; nothing else is wrong any more."""
        before = self._seen.bits
        for array, (name, domain) in zip((batch.scores, batch.labels), self._domains.items(), strict=True):
            own, other = bits & 15, before & 15
            if wrong(own):
                raise domain.error(name, array, self._seen.rows)
            require_one_sign(name, domain, array, own, other, self._seen.rows)
            bits, before = bits >> 4, before >> 4

    def _bits(self, rows: Rows, before: int) -> int:
        """Return the bits that `_summed` finds, for rows that fill no chunk yet: what is wrong is found at once."""
        domains = list(self._domains.values())
        if rows.weights is None and all(domain.check is any_number for domain in domains):
            return 0
        if rows.scores.size <= FEW and not (rows.weights is not None and (rows.weights < 0.0).any()):
            operands = zip((rows.scores, rows.labels), domains, strict=True)
            found = [{domain.check(float(x)) for x in array.tolist()} for array, domain in operands]
            bits = [functools.reduce(operator.or_, own) for own in found]
            if not any(map(wrong, bits)):
                return bits[0] | bits[1] << 4
        return self._summed(rows, before)[1]

    def _summed(self, rows: Rows, before: int) -> tuple[Chunks, int]:
        """Return the sums of chunks, and the bits of what is in them; `before` rows came earlier."""
        words = dict(zip(self.loss.arguments, (rows.scores, rows.labels), strict=True))
        power, made = summed(self.loss, rows.weights, {**self.parameters, **words, "before": before})
        return Chunks(power, (np.vstack((made.loss, made.weight)),)), made.wrong

    def _of_chunks(self, seen: Seen) -> Sums:
        """Return the sums of each chunk, those of the last rows among them, as arrays."""
        chunks = seen.chunks
        if seen.rest:
            chunks = chunks.plus(self._summed(seen.rest, seen.rows - seen.rest.scores.size)[0])
        together = np.concatenate((np.empty((self.loss.sums + 1, 0)), *chunks.columns), axis=1)
        return Sums(chunks.power, together[0] if self.loss.sums == 1 else together[:-1], together[-1])

    def _sums(self, value: bool = True) -> Sums:
        sums = self._of_chunks(self._seen)
        return Sums(sums.power, sums.loss, summation.ordered_sum(sums.weight))

    def _reduced(self, sums: Sums, reduction: str) -> float:
        return float(self.loss.reduced(sums.loss, sums.weight, reduction))

    def _united(self, other: Seen) -> Seen:
        own = self._seen
        if not other.rows:
            return own
        weighted = both_weighted(own.weighted, other.weighted)
        bits = 0
        for shift, (name, domain) in zip((0, 4), self._domains.items(), strict=True):
            bits |= one_sign(name, domain, own.bits >> shift & 15, other.bits >> shift & 15) << shift
        sums = self._of_chunks(other)
        chunks = own.chunks.plus(Chunks(sums.power, (np.vstack((sums.loss, sums.weight)),)))
        return Seen(own.rows + other.rows, weighted, own.dtypes or other.dtypes, bits, chunks, own.rest)

    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        seen = self._seen
        sums = self._of_chunks(seen)
        dtypes = seen.dtypes and [dtype.name for dtype in seen.dtypes]
        about = {"rows": seen.rows, "weighted": seen.weighted, "power": sums.power, "dtypes": dtypes, "bits": seen.bits}
        return about, {"losses": sums.loss, "weights": sums.weight}

    def _read(self, fields: Fields) -> Seen:
        rows, weighted = fields.whole("rows"), fields.choice("weighted", (None, False, True))
        power, names, bits = fields.exponent("power"), fields.value("dtypes"), fields.whole("bits", 255)
        weights = fields.array("weights", np.float64, (None,))
        shape = (weights.size,) if self.loss.sums == 1 else (self.loss.sums, weights.size)
        losses = fields.array("losses", np.float64, shape)
        need = fields.need
        need((names is not None) == (weighted is not None) == bool(rows), "rows, weighted and dtypes do not agree")
        known = ("float32", "float64")
        need(
            names is None or (isinstance(names, list) and len(names) == 2 and set(names) <= set(known)),
            "dtypes are wrong",
        )
        for at, domain in enumerate(self._domains.values()):
            own = bits >> 4 * at & 15
            need(not own & ~((domain.check(0.0) | domain.check(-1.0)) & (ZERO | MINUS_ONE)), "bits are of no domain")
            need(not wrong(own), "bits mix 0 and -1")
        need(-(-rows // CHUNK) <= weights.size <= rows, "weights are not those of the rows' chunks")
        need(not (weights < 0.0).any(), "weights are below 0")
        ones = divided(weights, -power)
        need(
            weighted or ((ones >= 1.0) & (ones <= CHUNK) & (ones == np.floor(ones))).all(),
            "weights are no numbers of rows",
        )
        need(weighted or float(ones.sum()) == rows, "weights are not the rows")
        dtypes = None if names is None else tuple(map(np.dtype, names))
        return Seen(rows, weighted, dtypes, bits, Chunks(power, (np.vstack((losses, weights)),)))
