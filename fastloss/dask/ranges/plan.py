"""How the rows of many partitions are cut into ranges by score: what each partition says, and what follows from it."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, orders, units, validate
from fastloss.core.errors import wrong_shape
from fastloss.dask.workers import Job
from fastloss.pairs import weights as pair_weights
from fastloss.pairs.loss import PairwiseLoss, checked_rows
from fastloss.pairs.margin_all_pairs import AllPairsLoss
from fastloss.pairs.metrics import INVERSIONS, SIGNS
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.pairwise import pairwise_hinge_loss

COUNTS = {"auc": SIGNS, "count_inversions": INVERSIONS}
SAMPLED = 1024  # rows of a partition, of whose scores splitters are made
MOST = 64  # distinct labels: there are sums for each
FEW = 20_000  # rows up to which one task has them all, and calls the loss: with NaN or infinities, their pairs count


class Rule(NamedTuple):
    """What a pair costs: scores are multiplied by a sign first."""

    formulas: PairFormulas
    margin: float
    sign: float
    loss: PairwiseLoss | None  # whose formulas these are; None for counts

    @property
    def counts(self) -> bool:
        """Whether scores are compared and not subtracted."""
        return self.loss is None


def rule_of(job: Job) -> Rule:
    """Return what the job computes.

    Raises
    ------
    ValueError
        If it is none of ordered pairs of a loss that is summed by sorting.
    """
    if job.loss in COUNTS:
        return Rule(COUNTS[job.loss], 0.0, 1.0, None)
    loss = job.function()
    if isinstance(loss, AllPairsLoss):
        sign, margin = loss.function(None, None, **job.given)
        return Rule(pairwise_hinge_loss.formulas, margin, sign, pairwise_hinge_loss)
    if not isinstance(loss, PairwiseLoss) or not loss.formulas.power:
        raise ValueError(f"{job.loss} is not cut into ranges: expected a hinge over pairs, auc or count_inversions")
    if job.given.get("pairs", "ordered") != "ordered":
        raise ValueError(f"{job.loss}: pairs is {job.given['pairs']!r}: expected 'ordered' over partitions")
    (margin,) = loss.function(None, None, **job.given)
    return Rule(loss.formulas, margin, 1.0, loss)


class Given(NamedTuple):
    """The rows of a partition, checked; counts keep the scores' dtype, and labels have theirs."""

    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None


def given(rule: Rule, name: str, scores: Any, labels: Any, weights: Any) -> Given:
    """Check the rows of a partition; a single label or weight is that of all."""
    own = (validate.array if rule.counts else validate.real)(name, scores)
    if own.ndim != 1:
        raise wrong_shape(name, own.shape, "one dimension")
    labels = np.full(own.size, labels, np.int8) if np.ndim(labels) == 0 else validate.array("labels", labels)
    weights = np.full(own.size, weights) if isinstance(weights, float) else weights
    checked = checked_rows(orders.comparable(own) if rule.counts else own, labels, weights, by_order=True)
    if own.dtype.name == "bfloat16":
        own = own.astype(np.float32)
    if rule.sign != 1.0:
        own = rule.sign * own.astype(validate.kernel_dtype(own), copy=False)
    return Given(own, labels, None if weights is None else np.asarray(checked.weights, np.float64))


class Level(NamedTuple):
    """The rows of one label in a partition: how many, and the largest weight."""

    rows: int
    heaviest: float


class Summary(NamedTuple):
    """What a partition says of its rows."""

    rows: int
    fine: bool  # scores are finite or, for counts, not NaN
    weighted: bool
    levels: dict[Any, Level]  # one more than `MOST` where there are too many labels
    sample: Given  # some rows at equal distances: no random numbers


def summary(rule: Rule, rows: Given) -> Summary:
    """Return what is to be known of a partition before rows are cut."""
    floats = rows.scores.dtype.kind == "f"
    fine = not floats or not (np.isnan(rows.scores).any() if rule.counts else not orders.is_finite(rows.scores))
    step = max(1, -(-rows.scores.size // SAMPLED))
    sample = Given(rows.scores[::step].copy(), rows.labels[::step].copy(), None)
    return Summary(rows.scores.size, fine, rows.weights is not None, _levels(rows.labels, rows.weights), sample)


def _levels(labels: np.ndarray, weights: np.ndarray | None) -> dict[Any, Level]:
    """Return the labels: one at a time, since they are few and a sort would take longer."""
    found: dict[Any, Level] = {}
    while labels.size and len(found) <= MOST:
        own = labels == labels[0]
        heaviest = 1.0 if weights is None else float(weights[own].max())
        found[labels[0].item()] = Level(int(np.count_nonzero(own)), heaviest)
        labels, weights = labels[~own], None if weights is None else weights[~own]
    return found


class Plan(NamedTuple):
    """How all rows are cut."""

    whole: bool  # not at all: one task has them as they are
    fine: bool
    weighted: bool
    labels: np.ndarray  # distinct, rising
    counts: tuple[int, ...]  # the rows of each label
    splitters: np.ndarray  # the edges between ranges: a source at an edge lies above it
    cutoffs: np.ndarray  # a target at one lies below it
    power: int  # weights are in units of 2**power

    @property
    def ranges(self) -> int:
        """How many ranges there are."""
        return self.splitters.size + 1

    def pairs(self) -> int:
        """Return the number of pairs."""
        total = below = 0
        for count in self.counts:
            total, below = total + count * below, below + count
        return total


def plan(rule: Rule, ranges: int, few: int, centred: bool, parts: list[Summary]) -> Plan:
    """Return the plan for at most so many ranges; `centred`: weights are to be in a unit of their own, for a mean.

    Raises
    ------
    ValueError
        If some partitions only have weights, or there are too many labels.
    """
    some = [one for one in parts if one.rows]
    if len({one.weighted for one in some}) > 1:
        raise ValueError("some partitions have weights and some have none: expected all or none")
    weighted = any(one.weighted for one in some)
    rows, fine = sum(one.rows for one in some), all(one.fine for one in some)
    found: dict[Any, Level] = {}
    for one in some:
        for label, own in one.levels.items():
            old = found.get(label, Level(0, 0.0))
            found[label] = Level(old.rows + own.rows, max(old.heaviest, own.heaviest))
    labels = sorted(found)
    distinct = np.array(labels, np.result_type(*{one.sample.labels.dtype for one in some}) if some else np.float64)
    counts = tuple(found[label].rows for label in labels)
    nothing = np.empty(0)
    if rows <= few:
        return Plan(True, fine, weighted, distinct, counts, nothing, nothing, 0)
    if len(labels) > MOST:
        raise ValueError(f"labels has more than {MOST} distinct values in {rows} rows: expected few, or groups")
    splitters = _splitters(rule, labels, some, ranges) if fine and len(labels) > 1 else nothing
    cutoffs = splitters if rule.counts else backend.module("pairs.thresholds.edges").cutoffs(splitters, rule.margin)
    power = _unit([found[label].heaviest for label in labels], rows) if weighted and centred else 0
    return Plan(False, fine, weighted, distinct, counts, splitters, cutoffs, power)


def _unit(heaviest: list[float], rows: int) -> int:
    """Return the power of two in whose unit no product of weights leaves the range, as in one call."""
    *others, most = sorted(heaviest)
    if not 0.0 < most < np.inf or not others:
        return 0
    return int(pair_weights.unit(most, others[-1], rows))


def _splitters(rule: Rule, labels: list[Any], parts: list[Summary], ranges: int) -> np.ndarray:
    """Return edges between which there are about as many sources, by their scores, and targets, less the margin."""
    keys: list[np.ndarray] = []
    shares: list[np.ndarray] = []
    for one in parts:
        scores, levels, _ = one.sample
        as_target = scores if rule.counts else scores.astype(np.float64) - rule.margin
        both = scores[levels < labels[-1]], as_target[levels > labels[0]]
        keys += both
        shares += [np.full(key.size, one.rows / scores.size) for key in both]
    key, share = np.concatenate(keys), np.concatenate(shares)
    if not rule.counts:
        key, share = key[np.isfinite(key)].astype(np.float64), share[np.isfinite(key)]
    order = orders.stable(key)
    above = np.cumsum(share[order])
    if not above.size:
        return np.empty(0)
    at = np.searchsorted(above, above[-1] * np.arange(1, ranges) / ranges)
    return np.unique(key[order[np.minimum(at, order.size - 1)]])


def in_unit(rows: Given, power: int) -> np.ndarray:
    """Return the weights as they are multiplied; empty where all are 1."""
    return np.empty(0) if rows.weights is None else units.lifted(rows.weights, -power)
