"""Values of losses whose data come in batches: the same bits as one call on all of it, in memory that does not grow.

The engine adds up chunks of a fixed size. The accumulator hands it whole chunks only, keeps what is left for the next
batch, and keeps each chunk's sums: 16 bytes for 8192 elements.
"""

import functools
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import reduce, reductions, validate
from fastloss.core.domains import MINUS_ONE, NON_NEGATIVE, ZERO, Flag, any_number, shown, wrong
from fastloss.core.loss import Loss, lookup
from fastloss.core.reduce import CHUNK
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.streaming.groups import GroupAccumulator
from fastloss.streaming.pairs import PairAccumulator
from fastloss.streaming.state import State, both_weighted, divided, exponent, matching, times
from fastloss.streaming.stored import Fields

FEW = 64  # rows that Python checks in less time than a kernel is called
SHRUNK = 64  # the power of two by which weights are divided where a chunk's sum overflows: more than its elements


def accumulate(
    name: str | Loss, *, grouped: bool = False, **parameters: Any
) -> "Accumulator | PairAccumulator | GroupAccumulator":
    """A state to which batches are given: of a pointwise loss of two arguments, of all pairs, or of pairs in groups.

    Parameters
    ----------
    name : str or Loss
        The loss, or its name.
    grouped : bool
        Whether pairs are made within groups: every batch then brings whole groups, of any loss over pairs or queries,
        and their ids or offsets. Without it, all rows are one group, of `pairwise_logistic_loss`.
    **parameters
        The loss's own parameters; those that take arrays take one number here.

    Raises
    ------
    TypeError
        If `name` is neither, `grouped` is not True or False, or the loss has no such parameter.
    ValueError
        If there is no such loss, it is of another shape, a parameter is out of its range, or the value is not made of
        sums over parts of the data (`nmae_loss`, unless `norm` is a number).

    Examples
    --------
    >>> import fastloss
    >>> state = fastloss.accumulate("huber_loss", delta=1.0)
    >>> state.update([0.5], [0.0])
    >>> state.update([3.0], [0.0])
    >>> state.result()
    1.3125
    """
    grouped = Flag().validate("grouped", grouped)
    if not isinstance(name, (str, Loss)):
        raise TypeError(f"name is of type {type(name).__name__}: expected the name of a loss, or a loss")
    loss = lookup(name) if isinstance(name, str) else name
    kind = GroupAccumulator if grouped else PairAccumulator if isinstance(loss, PairwiseLoss) else Accumulator
    return kind(loss, parameters)


class Chunks(NamedTuple):
    """Sums of chunks, in units of 2**`power`: a row or more for the losses, and one for the weights.

    Of many chunks there are few arrays: each has at most half as many as the one before.
    """

    power: int = 0
    columns: tuple[np.ndarray, ...] = ()

    def plus(self, other: "Chunks") -> "Chunks":
        """Those of both, in order, in one unit."""
        power = self.power
        if other.power != power:
            power = matching(*((one.power, any((x[-1] > 0.0).any() for x in one.columns)) for one in (self, other)))
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
    bits: int = 0  # of what the operands hold, four each, see `domains`
    chunks: Chunks = Chunks()
    rest: tuple[np.ndarray, ...] = ()  # the last rows, fewer than CHUNK, of every array, as they are read


class Accumulator(State):
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
        self._seen = Seen()

    @classmethod
    def _require_fit(cls, loss: Loss) -> None:
        if not isinstance(loss, PointwiseLoss) or len(loss.arguments) != 2:
            raise ValueError(
                f"{loss.name} cannot be accumulated: expected a pointwise loss of two arguments, or a pairwise loss"
            )

    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch: arrays of one shape, and weights throughout or never.

        The kernels read float32 and float64; every batch must bring the one that the first brought, since one call
        would see but one.

        Raises
        ------
        TypeError
            If an argument is no array of numbers, or one that is read in another precision than before.
        ValueError
            If the shapes differ, an element is not what the loss takes, weights are negative, or some batches only
            have them. Messages count elements from the start of the stream.
        """
        arrays = [  # of a bounded domain, whose own check finds what is so large, no integer needs another
            (validate.array if domain.bounded else validate.real)(name, x)
            for (name, domain), x in zip(self.loss.domains.items(), (scores, labels), strict=True)
        ]
        validate.same_shape(self.loss.arguments, tuple(arrays))
        weights = validate.sample_weight(sample_weight, arrays[0].shape)
        if not arrays[0].size:
            return
        dtypes = self._same_dtypes(arrays)
        weighted = both_weighted(self._seen.weighted, weights is not None)
        arrays = [array.reshape(-1) for array in ([*arrays] if weights is None else [*arrays, weights])]
        self._seen = self._with(arrays)._replace(weighted=weighted, dtypes=dtypes)

    def result(self, reduction: str = "mean") -> float:
        """The value over all that has been given so far; more may follow."""
        reductions.named(reduction, ("mean", "sum"))
        self.loss.require_reduction(reduction)
        power, losses, weights = self._all_sums()
        value: float = self.loss.reduced(losses, reduce.ordered_sum(weights), reduction)
        return times(value, power) if reduction == "sum" else value

    def weight(self) -> float:
        """What the mean is divided by."""
        power, _, weights = self._all_sums()
        return times(reduce.ordered_sum(weights), power)

    def _with(self, arrays: list[np.ndarray]) -> Seen:
        """What has been seen with one more batch, whose rows are all checked."""
        seen = self._seen
        size, old = arrays[0].size, seen.rest[0].size if seen.rest else 0
        start = min(size, CHUNK - old) if old else 0
        whole = start + (size - start) // CHUNK * CHUNK
        chunks, bits = seen.chunks, 0
        rest: tuple[np.ndarray, ...] = ()
        if start:
            rest = tuple(np.concatenate((a, read(b[:start], a.dtype))) for a, b in zip(seen.rest, arrays, strict=True))
            if old + start == CHUNK:
                try:
                    more, bits = self._sums(rest, seen.rows - old)
                except ValueError:  # of rows that are new, and are shown as they were given
                    self._bits([array[:start] for array in arrays], seen.rows)
                    raise
                chunks, rest = chunks.plus(more), ()
            else:
                bits = self._bits(arrays, seen.rows)
        if whole > start:
            more, own = self._sums([array[start:whole] for array in arrays], seen.rows + start)
            chunks, bits = chunks.plus(more), bits | own
        if whole < size and not rest:
            dtypes = (*map(validate.kernel_dtype, arrays[:2]), np.dtype(np.float64))
            rest = tuple(read(array[whole:], dtype) for array, dtype in zip(arrays, dtypes, strict=False))
            bits |= self._bits([array[whole:] for array in arrays], seen.rows + whole)
        self._require_one_sign(arrays, bits)
        return seen._replace(rows=seen.rows + size, bits=seen.bits | bits, chunks=chunks, rest=rest)

    def _same_dtypes(self, arrays: list[np.ndarray]) -> tuple[np.dtype, ...]:
        dtypes = tuple(map(validate.kernel_dtype, arrays))
        for name, array, new, old in zip(self.loss.arguments, arrays, dtypes, self._seen.dtypes or dtypes, strict=True):
            if new != old:
                raise TypeError(f"{name} has dtype {array.dtype}: expected one that is read as {old}, as before")
        return dtypes

    def _require_one_sign(self, arrays: list[np.ndarray], bits: int) -> None:
        """Raise if 0 and -1 are mixed in these arrays, or with what came before; nothing else is wrong any more."""
        before = self._seen.bits
        for array, (name, domain) in zip(arrays, self.loss.domains.items(), strict=False):
            own, other = bits & 15, before & 15
            if wrong(own):
                raise ValueError(domain.explain(name, array, self._seen.rows))
            if wrong(own | other):
                at = int(np.argmax(array == (0.0 if own & ZERO else -1.0)))
                where = f"{array[at]:g} at index {self._seen.rows + at}"
                raise ValueError(f"{name} mixes 0 and -1 in different batches ({where}): expected {domain.expected}")
            bits, before = bits >> 4, before >> 4

    def _bits(self, arrays: Any, before: int) -> int:
        """What `_sums` finds in rows that make no whole chunk yet, so that what is wrong is found now."""
        domains = list(self.loss.domains.values())
        weighted = len(arrays) > 2
        if not weighted and all(domain.check is any_number for domain in domains):
            return 0
        if arrays[0].size <= FEW and not (weighted and (arrays[2] < 0.0).any()):
            found = [
                {domain.check(float(x)) for x in array.tolist()} for array, domain in zip(arrays, domains, strict=False)
            ]
            bits = [functools.reduce(operator.or_, own) for own in found]
            if not any(map(wrong, bits)):
                return bits[0] | bits[1] << 4
        return self._sums(arrays, before)[1]

    def _sums(self, arrays: Any, before: int) -> tuple[Chunks, int]:
        """The sums of chunks and the bits of what is in them; `before` rows came earlier."""
        weights = arrays[2] if len(arrays) > 2 else None
        power = exponent(weights)
        if weights is not None and power and (weights < 0).any():
            raise ValueError(NON_NEGATIVE.explain("sample_weight", weights, before))
        words = {**self.parameters, "before": before}
        made = self.loss.chunk_sums(*arrays[:2], sample_weight=divided(weights, power), **words)
        if np.isinf(made.loss).any() and self.loss.sums == 1:  # of a loss, or of a sum of losses that fit
            given = np.ones(arrays[0].size) if weights is None else weights
            shrunk = divided(given, power + SHRUNK)
            again = self.loss.chunk_sums(*arrays[:2], sample_weight=shrunk, **words)
            if np.isfinite(again.loss).all() and (shrunk[given > 0.0] > 0.0).all():  # no weight has become 0
                made, power = again, power + SHRUNK
        return Chunks(power, (np.vstack((made.loss, made.weight)),)), made.wrong

    def _all_sums(self, seen: Seen | None = None) -> tuple[int, np.ndarray, np.ndarray]:
        """The unit, and the sums of all chunks, the rows that make no whole one among them: losses, weights."""
        seen = self._seen if seen is None else seen
        chunks = seen.chunks
        if seen.rest:
            chunks = chunks.plus(self._sums(seen.rest, seen.rows - seen.rest[0].size)[0])
        together = np.concatenate((np.empty((self.loss.sums + 1, 0)), *chunks.columns), axis=1)
        return chunks.power, together[0] if self.loss.sums == 1 else together[:-1], together[-1]

    def _united(self, other: Seen) -> Seen:
        own = self._seen
        if not other.rows:
            return own
        weighted = both_weighted(own.weighted, bool(other.weighted))
        bits = own.bits | other.bits
        for at, (name, domain) in enumerate(self.loss.domains.items()):
            if wrong(bits >> 4 * at & 15):
                raise ValueError(f"{name} mixes 0 and -1 in different states: expected {domain.expected}")
        power, losses, weights = self._all_sums(other)
        chunks = own.chunks.plus(Chunks(power, (np.vstack((losses, weights)),)))
        return Seen(own.rows + other.rows, weighted, own.dtypes or other.dtypes, bits, chunks, own.rest)

    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        seen = self._seen
        power, losses, weights = self._all_sums()
        dtypes = seen.dtypes and [dtype.name for dtype in seen.dtypes]
        about = {"rows": seen.rows, "weighted": seen.weighted, "power": power, "dtypes": dtypes, "bits": seen.bits}
        return about, {"losses": losses, "weights": weights}

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
        for at, domain in enumerate(self.loss.domains.values()):
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


def read(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A copy of some elements as the kernels read them."""
    return array.astype(dtype)
