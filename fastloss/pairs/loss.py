"""Losses over pairs of scores: from the public call to the engine and back."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import unbound
from fastloss.core import backend, orders, reduce, small, validate
from fastloss.core.domains import NON_NEGATIVE, REAL, Choice, Domain, Parameter, wrong
from fastloss.core.gpu import GpuArray
from fastloss.core.loss import Loss
from fastloss.pairs import weights as pair_weights
from fastloss.pairs.keywords import PAIRWISE
from fastloss.pairs.pair import PairFormulas, multiplier_difference, multiplier_first, multiplier_one, multiplier_sign
from fastloss.pointwise.element import Wanted
from fastloss.pointwise.loss import fits_there

REDUCTIONS = (*validate.REDUCTIONS, "per_group")
PAIRS = Choice(("ordered", "all"))
BLOCK = 1 << 18  # rows checked at a time, so that the check takes no memory
METHOD = Choice(("auto", "direct", "fast"))


class GroupSums(NamedTuple):
    """Each group's loss summed over its pairs, the sum of its pairs' weights, and how many pairs it has."""

    loss: np.ndarray
    weight: np.ndarray
    pairs: np.ndarray


class Groups(NamedTuple):
    """Rows in group order (None if they lie so already), CSR offsets, and how results of groups are to be ordered."""

    rows: np.ndarray | None
    offsets: np.ndarray
    order: np.ndarray | None


def grouped(groups: Any, offsets: Any, count: int) -> Groups:
    """From ids in any order, or CSR offsets, or neither (one group)."""
    if groups is not None and offsets is not None:
        raise ValueError("groups and offsets are both given: expected one of them")
    if offsets is not None:
        return Groups(None, validate.offsets("offsets", offsets, count), None)
    if groups is None:
        return Groups(None, np.array([0, count]), None)
    ids = validate.ids("groups", groups, (count,))
    ends, leading = orders.runs(ids)
    if orders.is_rising(leading):
        return Groups(None, ends, None)
    order = np.argsort(leading, kind="stable")
    ranked = leading[order]
    if orders.is_rising(ranked):
        return Groups(None, ends, order)
    sizes = np.diff(ends)[order]
    stops = np.cumsum(sizes)
    rows = np.arange(count) + np.repeat(ends[:-1][order] - (stops - sizes), sizes)  # run after run
    return Groups(rows, np.append(0, stops)[orders.runs(ranked)[0]], None)


def grouped_on_host(shared: Mapping[str, Any], count: int) -> Groups:
    """The groups of a call whose arrays may lie on a GPU."""
    return grouped(backend.to_host(shared["groups"]), backend.to_host(shared["offsets"]), count)


class PairwiseLoss(Loss):
    """A loss over the pairs of rows of a group."""

    folder = "pairs"
    reductions = REDUCTIONS
    keywords = PAIRWISE

    def __init__(self, function, *, formulas: PairFormulas, all_multiplier, labels: Domain, **about):
        super().__init__(function, **about)
        self.formulas = formulas
        self.all_multiplier = all_multiplier
        self.labels = labels  # of the "all" form; the ordered form takes any numbers

    @property
    def has_fast(self) -> bool:
        """Whether there is a method without all the pairs."""
        return self.formulas.tails is not None or self.formulas.power is not None or self.formulas.separable

    @property
    def has_curvature(self) -> bool:
        return self.formulas.curvature is not unbound

    def group_sums(
        self,
        scores: Any,
        labels: Any,
        *,
        groups: Any = None,
        offsets: Any = None,
        sample_weight: Any = None,
        **parameters: Any,
    ) -> GroupSums:
        """What `fastloss score` and states add up: sums of groups, given by ids or by CSR offsets."""
        words = {"groups": groups, "offsets": offsets, "sample_weight": sample_weight, **parameters}
        own, shared = self._bound((scores, labels), words)
        run, own = placed(own, shared, self.folder, groups is None)
        found = grouped_on_host(shared, own["scores"].size)
        rows = self._prepared(run, shared, found, self._checked(own, shared), own)
        outcome = run.evaluate(rows, np.ones(rows.weight.size), Wanted(value=True))
        return GroupSums(outcome.loss, rows.weight, rows.pairs)

    def _checked(self, own, shared):
        """Scores, labels and weights."""
        weights = backend.resident("sample_weight", shared["sample_weight"], isinstance(own["labels"], GpuArray))
        if own.get("pairs", "all") == "all":
            return checked_rows(own["scores"], own["labels"], weights, self.labels)
        return checked_rows(own["scores"], own["labels"], weights, by_order=True)

    def _prepared(self, run, shared, groups, rows, own):
        method = METHOD.validate("method", shared["method"])
        if method == "fast" and not self.has_fast:
            raise ValueError(f"method is 'fast': {self.name} has none, expected 'auto' or 'direct'")
        unordered = own.get("pairs", "all") == "all"
        kind = run.Kind(self.all_multiplier if unordered else multiplier_one, unordered)
        return run.prepare(self.formulas, kind, (*rows, groups.rows, groups.offsets), self.function(**own), method)

    def _evaluate(self, what, own, shared):
        reduction = shared["reduction"]
        run, own = placed(own, shared, self.folder, shared["groups"] is None)
        groups = grouped_on_host(shared, own["scores"].size)
        scores, labels, weights = self._checked(own, shared)
        powers = np.zeros(groups.offsets.size - 1, np.int64)
        if reduction in ("mean", "per_group") and weights is not None and not isinstance(weights, GpuArray):
            ordered = own.get("pairs", "all") != "all"
            weights, powers = pair_weights.centred(weights, groups.rows, groups.offsets, labels if ordered else None)
        rows = self._prepared(run, shared, groups, (scores, labels, weights), own)
        scales = np.ones(rows.weight.size)
        if reduction == "mean":
            shifts = pair_weights.shifts(rows.weight, powers)
            scales = np.ldexp(reduce.inverse(reduce.sum_of_many(np.ldexp(rows.weight, shifts))), shifts)
        if reduction == "per_group":
            scales = np.divide(1.0, rows.weight, out=np.zeros_like(rows.weight), where=rows.weight != 0.0)
        derived, late = what != "value", None
        if derived and isinstance(weights, np.ndarray) and not isinstance(scores, GpuArray):
            late = pair_weights.late(weights, groups.rows, groups.offsets, scales)
        if late is not None:
            scales = np.ldexp(scales, -late)
        wanted = Wanted.of(what, reduction)
        outcome = run.evaluate(rows, scales, wanted)
        if late is not None:
            for derivative in (outcome.gradient, outcome.curvature)[: 1 + wanted.curvature]:
                np.ldexp(derivative, pair_weights.by_rows(late, groups.rows, groups.offsets), out=derivative)
        if what == "grad_hess":
            return outcome.gradient, outcome.curvature
        value = self._reduced(reduction, outcome, rows, (groups, powers))
        if reduction in ("mean", "per_group") and np.isinf(value).any() and _may_overflow(scores, weights):
            value = self._within_range(value, (rows, groups, powers), (scores, labels, weights), (run, shared, own))
        results = [value]
        if derived:
            results.append(outcome.gradient)
        if shared["with_counts"]:
            pairs = rows.pairs if reduction == "per_group" else int(rows.pairs.sum())
            results.append(pairs[groups.order] if reduction == "per_group" and groups.order is not None else pairs)
        return results[0] if len(results) == 1 else tuple(results)

    def _plan(self, what, args, own, shared):
        asked = {name: value for name, value in shared.items() if name not in ("reduction", "method")}
        usual = asked == {
            "groups": None,
            "offsets": None,
            "sample_weight": None,
            "with_counts": False,
            "backend": "auto",
        }
        if type(self) is not PairwiseLoss or not usual or own.get("pairs") != "ordered" or len(args) != 2:
            return None
        if shared["method"] == "fast" or shared["reduction"] not in ("mean", "sum", "none"):
            return None
        if not small.convertible(args):
            return None
        engine = backend.module("pairs.small")
        parameters = self.function(**{**own, "scores": None, "labels": None})
        wanted, kind = Wanted.of(what, shared["reduction"]), engine.Kind(multiplier_one, False)
        dtype = validate.kernel_dtype(args[0])
        run = engine.plan(self.formulas, kind, dtype, wanted, (parameters, shared["reduction"]))
        return run and _in_form(what, small.reading(run, args, (dtype, np.dtype(np.float64))))

    def _within_range(self, value: Any, made: Any, given: Any, call: Any) -> Any:
        """An infinite mean from smaller weights, if these keep their digits: its sum may have overflowed."""
        rows, groups, powers = made
        (run, shared, own), reduction = call, call[1]["reduction"]
        if not (power := pair_weights.excess(rows.weight)):
            return value
        weights = pair_weights.divided(given[2], given[0].size, power)
        fewer = self._prepared(run, shared, groups, (*given[:2], weights), own)
        outcome = run.evaluate(fewer, np.ones(rows.weight.size), Wanted(value=True))
        again = self._reduced(reduction, outcome, fewer, (groups, powers))
        kept = pair_weights.keep_digits(fewer.weight, rows.weight, power)
        if reduction == "mean":
            return again if kept.all() else value
        kept = kept if groups.order is None else kept[groups.order]
        return np.where(np.isinf(value) & kept, again, value)

    def _reduced(self, reduction: str, outcome, rows, groups: tuple[Groups, np.ndarray]):
        if reduction == "none":
            return outcome.each
        if reduction == "per_group":
            means = np.divide(
                outcome.loss, rows.weight, out=np.full(rows.weight.size, np.nan), where=rows.weight != 0.0
            )
            return means if groups[0].order is None else means[groups[0].order]
        if reduction == "sum":
            return reduce.sum_of_many(outcome.loss)
        loss, weight = pair_weights.together(rows.weight, groups[1], outcome.loss, rows.weight)
        return reduce.mean(reduce.sum_of_many(loss), reduce.sum_of_many(weight))


def _in_form(what: str, run: small.Plan) -> small.Plan:
    """A plan whose results come as a loss gives them."""

    def answer(arrays: tuple[np.ndarray, ...]) -> Any:
        results = run(arrays)
        return results and (results[0] if what == "value" else (results[0], results[1]))

    return answer


def _may_overflow(scores: Any, weights: Any) -> bool:
    """Whether an infinite mean may come from a sum that overflowed."""
    if isinstance(scores, GpuArray) or isinstance(weights, GpuArray):
        return False
    return bool(np.isfinite(scores).all())


def placed(
    own: dict[str, Any], shared: dict[str, Any], folder: str, labels_too: bool = False
) -> tuple[Any, dict[str, Any]]:
    """The engine, and the arguments that it takes: scores stay on a GPU, and with them labels if they may."""
    run = backend.engine(backend.choose(shared["backend"], (own["scores"], own["labels"])), folder)
    own = backend.arguments(("scores",), own, 1)
    labels = backend.resident("labels", own["labels"], labels_too and isinstance(own["scores"], GpuArray))
    return run, {**own, "labels": labels, "scores": validate.array("scores", own["scores"])}


def checked_rows(
    scores: Any, labels: Any, sample_weight: Any, domain: Domain = REAL, by_order: bool = False
) -> tuple[Any, Any, Any]:
    """Scores, labels and weights as vectors of one length, the latter two within their domains.

    `by_order`: of the labels only the order counts, and ranks may take their place.
    """
    scores = validate.real("scores", scores)
    labels = validate.array("labels", labels) if by_order else validate.real("labels", labels)
    if scores.ndim != 1:
        raise ValueError(f"scores has shape {scores.shape}: expected one dimension")
    validate.same_shape(("scores", "labels"), (scores, labels))
    weights = validate.sample_weight(sample_weight, scores.shape)
    _raise_outside("labels", labels, domain)
    if weights is not None:
        _raise_outside("sample_weight", weights, NON_NEGATIVE)
    return scores, labels if isinstance(labels, GpuArray) or not by_order else orders.comparable(labels), weights


def _raise_outside(name: str, array: Any, domain: Domain) -> None:
    """Labels and weights are n numbers for n^2 pairs: checked before the kernels, NaN included."""
    if isinstance(array, GpuArray):
        if fits_there(domain, array):
            return
        array = backend.to_host(array)
    for start in range(0, array.size if array.dtype.kind == "f" else 0, BLOCK):
        nan = np.isnan(array[start : start + BLOCK])
        if nan.any():
            raise ValueError(f"{name}[{start + int(np.argmax(nan))}] is nan: expected {domain.expected}")
    if domain is REAL:
        return
    bits = 0
    for x in (
        np.unique(array).tolist() if domain.values else {float(array.min()), float(array.max())} if array.size else ()
    ):
        bits |= domain.check(float(x))
    if wrong(bits):
        raise ValueError(domain.explain(name, array))


def pairwise(
    value: Callable[..., float],
    slope: Callable[..., float],
    curvature: Callable[..., float] = unbound,
    *,
    reference: str,
    parameters: Mapping[str, Parameter],
    all_pairs: Callable[..., float] = multiplier_difference,
    labels: Domain = REAL,
    exponential_form: bool = False,
    tails: Callable[..., Any] | None = None,
    power: int | None = None,
    separable: bool = False,
) -> Callable[[Callable[..., Any]], PairwiseLoss]:
    """Declare a pairwise loss by its formulas of gap and one parameter; the body returns that parameter's tuple.

    `tails`, `power` or `separable` choose the fast method, see `PairFormulas`.
    `all_pairs` is the multiplier m of the literal double sum over all i, j, and `labels` what it takes.
    """

    def declare(function: Callable[..., Any]) -> PairwiseLoss:
        fast: dict[str, Any] = {"tails": tails, "power": power, "separable": separable}
        formulas = PairFormulas(function.__name__, value, slope, curvature, exponential_form, **fast)
        about = {"reference": reference, "parameters": parameters}
        return PairwiseLoss(function, formulas=formulas, all_multiplier=all_pairs, labels=labels, **about)

    return declare


__all__ = ["PAIRS", "GroupSums", "PairwiseLoss", "multiplier_first", "multiplier_sign", "pairwise"]
