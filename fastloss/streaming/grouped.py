"""States of losses over groups: batches of whole groups, from many machines, in any order."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, reductions, summation, validate
from fastloss.core.docstrings import documented
from fastloss.core.domains import MINUS_ONE, NON_NEGATIVE, REAL, ZERO, Domain
from fastloss.core.identities import as_ids
from fastloss.core.loss import Loss
from fastloss.core.outcomes import GroupCounts
from fastloss.pairs import weights as pair_weights
from fastloss.pairs.loss import GroupSums, PairwiseLoss, grouped
from fastloss.streaming import ids as group_ids
from fastloss.streaming import terms
from fastloss.streaming.state import State, Sums, both_weighted, naming, one_sign, require_body, require_one_sign
from fastloss.streaming.stored import Fields
from fastloss.streaming.units import WIDEST, common, divided, exponent, in_one_unit, is_ordinary, times

MOST_PAIRS = (1 << 126) - 1


class Seen(NamedTuple):
    """What the batches add up to: exact sums of losses and weights, in units of 2**`power`, and the groups' ids."""

    rows: int = 0
    groups: int = 0
    used: int = 0  # groups with a pair that weighs something
    pairs: int = 0
    weighted: bool | None = None
    power: int = 0
    loss: tuple[float, ...] = ()  # terms, of which the loss is the exact sum
    weight: tuple[float, ...] = ()  # the same
    bits: int = 0  # what the labels hold, see `domains`
    ids: Mapping[str, tuple[np.ndarray, ...]] = {}


class GroupAccumulator(State):
    """The sums of a loss over groups seen so far; made by ``fastloss.accumulate(name, grouped=True)``.

    Every batch holds whole groups: all rows of a group are in one batch. Ids of groups are kept (8 bytes a number), and
    one that comes back is an error; with offsets nothing is kept, and it is not noticed. Sums are exact until they are
    read, so that neither the batches nor their order change a bit.

    A batch or a state that is refused changes nothing.
    """

    kind = "groups"
    expects = "a loss over groups"

    def __init__(self, loss: Loss, parameters: Mapping[str, Any]):
        super().__init__(loss, parameters)
        require_body(loss, self.parameters)
        self._seen = Seen()
        self._degree = 2 if isinstance(loss, PairwiseLoss) else 1  # how many weights are multiplied
        self._ordered = self.parameters.get("pairs", "all") != "all"  # only the labels' order counts
        self._labels: Domain = loss.labels if isinstance(loss, PairwiseLoss) and not self._ordered else REAL

    @classmethod
    def _require_fit(cls, loss: Loss) -> None:
        if not hasattr(loss, "group_sums"):
            raise ValueError(f"{loss.name} has no groups: expected a loss over pairs or queries")

    @property
    def groups(self) -> int:
        """How many groups have been given."""
        return self._seen.groups

    @property
    def counts(self) -> GroupCounts:
        """How many of them have a pair that weighs something, and how many have nothing to say."""
        return GroupCounts(self._seen.used, self._seen.groups - self._seen.used)

    @naming
    def update(
        self, scores: Any, labels: Any, sample_weight: Any = None, *, groups: Any = None, offsets: Any = None
    ) -> None:
        """Add a batch of whole groups: the arguments are those of the loss.

        Parameters
        ----------
        scores, labels : array_like, shape (N,)
            As of the loss.
        sample_weight : array_like, optional
            Weights w >= 0: of the rows, or of the queries of `lambdarank_loss`.
        groups : array_like, shape (N,), optional
            An id for each row, in any order.
        offsets : array_like of int, shape (G + 1,), optional
            CSR offsets of the groups, instead of `groups`.

        Raises
        ------
        TypeError
            If an argument is of a type that the loss does not take, or the ids are of another kind than before.
        ValueError
            If neither `groups` nor `offsets` is given, or both, a group has come before, some batches only have
            weights, or the loss does not take an argument.
        """
        self.add(scores, labels, sample_weight, groups, offsets)

    def add(self, scores: Any, labels: Any, sample_weight: Any, groups: Any, offsets: Any) -> GroupSums:
        """Add a batch; return the sums of its groups, each group's in a unit of its own."""
        if groups is None and offsets is None:
            raise ValueError("groups and offsets are both missing: expected one of them")
        scores, labels = validate.array("scores", scores), validate.array("labels", labels)
        if groups is not None:
            groups = as_ids("groups", backend.to_host(groups))
        words = {"groups": groups, "offsets": offsets}
        weights, units = self._in_units(sample_weight, scores, labels, words)
        with np.errstate(all="ignore"):
            sums = self.loss.group_sums(scores, labels, sample_weight=weights, **words, **self.parameters)
        powers = np.zeros(sums.loss.size, np.int64) + self._degree * units
        power, (loss, weight) = in_one_unit(sums.weight, powers, sums.loss, sums.weight)
        power, loss, weight = self._in_unit(Sums(power, loss, weight), sample_weight is not None)
        shelves = {} if groups is None else group_ids.shelved(groups)
        self._seen = self._united(
            Seen(
                rows=int(np.prod(np.shape(scores))),
                groups=sums.loss.size,
                used=int(np.count_nonzero(sums.weight)),
                pairs=int(sums.pairs.sum()),
                weighted=(sample_weight is not None) if sums.loss.size else None,
                power=power,
                loss=terms.exact(loss),
                weight=terms.exact(weight),
                bits=self._bits(labels),
                ids={name: (one,) for name, one in shelves.items()},
            )
        )
        return sums

    def add_group(self, rows: int, pairs: int, weighted: bool, sums: Sums) -> None:
        """Add a group without its rows: what a state or a sum over all of its pairs found."""
        power, loss, weight = self._in_unit(sums, weighted)
        total, of_all = terms.exact([loss]), terms.exact([weight])
        self._seen = self._united(Seen(rows, 1, int(weight != 0.0), pairs, weighted, power, total, of_all))

    def share(self, sums: Sums) -> float:
        """Return the weight of some of the groups' pairs, divided by that of all."""
        own = self._sums(value=False)
        return times(sums.weight * summation.inverse(own.weight), sums.power - own.power)

    def _in_unit(self, sums: Sums, weighted: bool) -> Sums:
        """Return sums in the unit in which they are kept: of 1 if that will do."""
        power, loss, weight = sums
        if not weighted or abs(power) <= 2 * WIDEST:
            return Sums(0, divided(loss, -power), divided(weight, -power))
        if power % self._degree:
            return Sums(power + 1, divided(loss, 1), divided(weight, 1))
        return sums

    def _bits(self, labels: Any) -> int:
        """Return whether a batch's labels hold 0 or -1, as bits; raise if earlier batches hold the other one."""
        if self._labels.check(0.0) != ZERO:
            return 0
        labels = validate.array("labels", backend.to_host(labels))
        bits = (ZERO if (labels == 0).any() else 0) | (MINUS_ONE if (labels == -1).any() else 0)
        require_one_sign("labels", self._labels, labels, bits, self._seen.bits)
        return bits

    def pairs(self) -> int:
        """Return the number of pairs."""
        return self._seen.pairs

    def _sums(self, value: bool = True) -> Sums:
        return Sums(self._seen.power, terms.total(self._seen.loss), terms.total(self._seen.weight))

    @documented()
    def gradient(
        self, scores: Any, labels: Any, sample_weight: Any = None, *, reduction: str = "mean", **groups: Any
    ) -> np.ndarray:
        """Return the gradient for rows of whole groups, given again in any batches, with `groups` or `offsets`.

        Parameters
        ----------
        {rows_again}
        **groups : array_like
            `groups` or `offsets`, as of `update`.
        """
        reductions.named(reduction, ("mean", "sum"))
        seen, total = self._seen, terms.total(self._seen.weight)
        # Weights in the unit of the mean's own, so that slopes in float32 neither vanish nor overflow on the way.
        extra = math.frexp(total)[1] // self._degree if reduction == "mean" and math.isfinite(total) else 0
        power = 0 if sample_weight is None else seen.power // self._degree + extra
        weights = None if sample_weight is None else divided(_checked(sample_weight), power)
        words = {"sample_weight": weights, "reduction": "sum", **groups}
        slope: np.ndarray = self.loss.value_and_grad(scores, labels, **words, **self.parameters)[1]
        if slope.size:
            both_weighted(seen.weighted, sample_weight is not None)
        with np.errstate(over="ignore", invalid="ignore"):
            if reduction == "sum":
                return divided(slope, -power * self._degree).astype(slope.dtype, copy=False)
            slope *= slope.dtype.type(summation.inverse(times(total, seen.power - power * self._degree)))
        return slope

    def _in_units(self, given: Any, scores: Any, labels: Any, words: dict[str, Any]) -> tuple[Any, Any]:
        """Return weights in units of powers of two, and the exponents: one, or one for each group."""
        if given is None:
            return None, 0
        weights = _checked(given)
        if self._degree == 1:
            power = exponent(weights)
            return divided(weights, power), power
        labels = validate.array("labels", backend.to_host(labels))
        if is_ordinary(weights) or weights.ndim != 1 or not np.shape(scores) == weights.shape == labels.shape:
            return weights, 0  # other shapes are refused by the loss
        found = grouped(words.get("groups"), words.get("offsets"), weights.size)
        return pair_weights.centred(weights, found.rows, found.offsets, labels if self._ordered else None)

    def _united(self, other: Seen) -> Seen:
        own = self._seen
        weighted = both_weighted(own.weighted, other.weighted)
        power = common(*((one.power, terms.total(one.weight) > 0.0) for one in (own, other)))
        loss, weight = (
            terms.added(*((getattr(one, name), power - one.power) for one in (own, other)))
            for name in ("loss", "weight")
        )
        bits = one_sign("labels", self._labels, own.bits, other.bits)
        ids = group_ids.joined(own.ids, other.ids)
        rows, groups, used = own.rows + other.rows, own.groups + other.groups, own.used + other.used
        return Seen(rows, groups, used, own.pairs + other.pairs, weighted, power, loss, weight, bits, ids)

    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        seen = self._seen
        about = {name: getattr(seen, name) for name in ("rows", "groups", "used", "pairs", "weighted", "power")}
        if seen.bits:  # of the few losses whose labels may be mixed
            about["bits"] = seen.bits
        sums = {"loss": np.array(seen.loss, np.float64), "weight": np.array(seen.weight, np.float64)}
        ids = {f"ids {name}": one for name, one in group_ids.one_each(seen.ids).items()}
        return about, {**sums, **ids}

    def _read(self, fields: Fields) -> Seen:
        rows, groups, used = fields.whole("rows"), fields.whole("groups"), fields.whole("used")
        pairs = fields.whole("pairs", MOST_PAIRS)
        weighted, power = fields.choice("weighted", (None, False, True)), fields.exponent("power")
        loss, weight = (tuple(fields.array(name, np.float64, (None,)).tolist()) for name in ("loss", "weight"))
        bits = fields.choice("bits", (ZERO, MINUS_ONE)) if fields.has("bits") else 0
        ids = group_ids.read(fields, "ids ")
        need = fields.need
        need(not bits or self._labels.check(0.0) == ZERO, "bits are of no domain")
        need(max(len(loss), len(weight)) <= terms.MOST, "loss or weight is of too many terms")
        need(groups or not (rows or pairs or loss or weight), "groups is 0, but there are rows")
        need(bool(groups) == (weighted is not None), "weighted does not go with groups")
        most = rows * (rows - 1) // 2 if self.parameters.get("pairs") == "ordered" else rows * rows
        need(pairs <= most and group_ids.count(ids) <= min(rows, groups), "rows, groups and pairs do not agree")
        need(weighted or not power, "power is not 0, but there are no weights")
        need(not power or power % self._degree == 0, "power is no unit of products")
        total = terms.total(weight)
        need(not total < 0.0, "weight is negative")
        need(used <= min(groups, pairs), "used is more than there are groups or pairs")
        of_ones = float(pairs if self._degree == 2 else used)
        need(weighted or abs(total - of_ones) <= 1e-9 * of_ones, "weight is not the number of pairs or queries")
        return Seen(rows, groups, used, pairs, weighted, power, loss, weight, bits, ids)


def _checked(weights: Any) -> np.ndarray:
    """Return weights on the host, checked."""
    result = validate.array("sample_weight", backend.to_host(weights))
    validate.within("sample_weight", result, NON_NEGATIVE)
    return result
