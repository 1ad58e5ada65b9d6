"""Losses over pairs of scores: from the public call to the engine and back."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import unbound
from fastloss.core import backend, orders, reductions, small, summation, units, validate
from fastloss.core.domains import NON_NEGATIVE, REAL, Choice, Domain, Parameter, wrong
from fastloss.core.errors import both_given, wrong_element, wrong_shape
from fastloss.core.gpu import GpuArray
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Request, Wanted
from fastloss.pairs import weights as pair_weights
from fastloss.pairs.keywords import PAIRWISE
from fastloss.pairs.pair import PairFormulas, multiplier_difference, multiplier_first, multiplier_one, multiplier_sign
from fastloss.pairs.records import Groups, Rows
from fastloss.pointwise.loss import fits_there

PAIRS = Choice(("ordered", "all"))
BLOCK = 1 << 18  # rows checked at a time, so that the check takes no memory


class GroupSums(NamedTuple):
    """Each group's loss summed over its pairs, the sum of its pairs' weights, and how many pairs it has."""

    loss: np.ndarray
    weight: np.ndarray
    pairs: np.ndarray


def grouped(groups: Any, offsets: Any, count: int, with_ids: bool = False) -> Groups:
    """Return the groups of ids in any order, or of CSR offsets, or of neither (one group); read on the host.

    `with_ids` says whether the ids are returned too; without `groups` they are the groups' numbers.
    """
    if groups is not None and offsets is not None:
        raise both_given("groups", "offsets")
    if groups is None:
        whole = np.array([0, count])
        bounds = whole if offsets is None else validate.offsets("offsets", backend.to_host(offsets), count)
        return Groups(None, bounds, None, np.arange(bounds.size - 1) if with_ids else None)
    ids = validate.ids("groups", backend.to_host(groups), (count,))
    ends, leading = orders.runs(ids)
    if orders.is_rising(leading):
        return Groups(None, ends, None, leading if with_ids else None)
    order, ranks = orders.sort(leading)
    if orders.is_rising(ranks):
        return Groups(None, ends, order, leading[order] if with_ids else None)
    bounds = orders.runs(ranks)[0]
    found = leading[order[bounds[:-1]]] if with_ids else None
    if order.size == count:
        return Groups(order, bounds, None, found)
    sizes = np.diff(ends)[order]
    stops = np.cumsum(sizes)
    rows = np.arange(count) + np.repeat(ends[:-1][order] - (stops - sizes), sizes)  # run after run
    return Groups(rows, np.append(0, stops)[bounds], None, found)


class PairwiseLoss(Loss):
    """A loss over the pairs of rows of a group."""

    folder = "pairs"
    reductions = reductions.OF_GROUPS
    keywords = PAIRWISE
    weighs_each = False

    def __init__(self, function, *, formulas: PairFormulas, all_multiplier, labels: Domain, **about):
        super().__init__(function, **about)
        self.formulas = formulas
        self.all_multiplier = all_multiplier
        self.labels = labels  # of the "all" form; the ordered form takes any numbers

    @property
    def has_fast(self) -> bool:
        """Whether there is a method that does not visit every pair."""
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
        """Return the sums of groups, given by ids or by CSR offsets, which states add up."""
        words = {"groups": groups, "offsets": offsets, "sample_weight": sample_weight, **parameters}
        request, run = placed(self._bound("value", (scores, labels), words), self.folder)
        rows = self._checked(request)
        prepared = self._prepared(run, request, rows)
        outcome = run.evaluate(prepared, np.ones(prepared.weight.size), Wanted(value=True))
        return GroupSums(outcome.groups, prepared.weight, prepared.pairs)

    def _checked(self, request: Request) -> Rows:
        """Check scores, labels, weights and groups."""
        scores, labels = request.arguments["scores"], request.arguments["labels"]
        weights = backend.resident("sample_weight", request.sample_weight, isinstance(labels, GpuArray))
        by_order = request.arguments.get("pairs", "all") != "all"
        rows = checked_rows(scores, labels, weights, REAL if by_order else self.labels, by_order)
        return rows._replace(groups=grouped(request.groups, request.offsets, rows.scores.size, request.return_ids))

    def _prepared(self, run: Any, request: Request, rows: Rows) -> Any:
        if request.method == "fast" and not self.has_fast:
            raise ValueError(f"method is 'fast': {self.name} has none, expected 'auto' or 'direct'")
        unordered = request.arguments.get("pairs", "all") == "all"
        kind = run.Kind(self.all_multiplier if unordered else multiplier_one, unordered)
        return run.prepare(self.formulas, kind, rows, self.function(**request.arguments), request.method)

    def _run(self, request):
        request, run = placed(request, self.folder)
        rows = self._checked(request)
        groups, powers = rows.groups, np.zeros(rows.groups.offsets.size - 1, np.int64)
        if request.reduction.divides and isinstance(rows.weights, np.ndarray):
            labels = rows.labels if request.arguments.get("pairs", "all") != "all" else None
            weights, powers = pair_weights.centred(rows.weights, groups.rows, groups.offsets, labels)
            rows = rows._replace(weights=weights)
        prepared = self._prepared(run, request, rows)
        divisor = _divisor(request.reduction, prepared.weight, powers)
        scales = np.zeros(prepared.weight.size) + request.reduction.scale(divisor)
        late = _late(request, rows, scales)
        outcome = run.evaluate(prepared, scales if late is None else np.ldexp(scales, -late), request.wanted)
        if late is not None:
            for derivative in (*outcome.gradients, *outcome.curvatures):
                np.ldexp(derivative, pair_weights.by_rows(late, groups.rows, groups.offsets), out=derivative)
        made = self._evaluation(request.reduction, outcome.groups, prepared, rows, divisor)
        made.outcome = outcome._replace(groups=made.outcome.groups)
        made.gradients, made.curvatures = outcome.gradients, outcome.curvatures
        made.retry = functools.partial(self._from_smaller_weights, request, run, rows, prepared, powers)
        return made

    def _evaluation(
        self, reduction: Reduction, losses: np.ndarray, prepared: Any, rows: Rows, divisor: Divisor
    ) -> Evaluation:
        """Return the groups' losses, what their mean divides by, and the number of pairs, of each group or of all."""
        weight, order = prepared.weight, rows.groups.order
        if reduction.keeps == "groups":
            losses, weight, pairs = (one if order is None else one[order] for one in (losses, weight, prepared.pairs))
            return Evaluation(Outcome(groups=losses), Divisor(weight), counts=pairs, ids=rows.groups.ids)
        in_one_unit = units.lifted(losses, divisor.power)
        return Evaluation(Outcome(groups=in_one_unit), Divisor(divisor.weight), counts=int(prepared.pairs.sum()))

    def _plan(self, args, request):
        usual = Request(request.what, request.arguments, reduction=request.reduction, method=request.method)
        if type(self) is not PairwiseLoss or request.arguments.get("pairs") != "ordered" or len(args) != 2:
            return None
        if request != usual or request.method == "fast":
            return None
        if not small.convertible(args):
            return None
        engine = backend.module("pairs.small")
        parameters = self.function(**{**request.arguments, "scores": None, "labels": None})
        dtype = validate.kernel_dtype(args[0])
        run = engine.plan(self.formulas, dtype, request.wanted, parameters, request.reduction)
        return run and _in_form(request.what, small.reading(run, args, (dtype, np.dtype(np.float64))))

    def _from_smaller_weights(
        self, request: Request, run: Any, rows: Rows, prepared: Any, powers: np.ndarray, value: Any
    ) -> Any:
        """Compute an infinite mean from smaller weights, if these keep their digits: its sum may have overflowed."""
        power = pair_weights.excess(prepared.weight)
        if not request.reduction.divides or not power or not np.isinf(value).any() or not _may_overflow(rows):
            return value
        fewer = rows._replace(weights=pair_weights.divided(rows.weights, rows.scores.size, power))
        again = self._prepared(run, request, fewer)
        outcome = run.evaluate(again, np.ones(again.weight.size), Wanted(value=True))
        divisor = _divisor(request.reduction, again.weight, powers)
        found = request.reduction.value(self._evaluation(request.reduction, outcome.groups, again, fewer, divisor))
        kept = pair_weights.keep_digits(again.weight, prepared.weight, power)
        if request.reduction.keeps == "all":
            return found if kept.all() else value
        kept = kept if rows.groups.order is None else kept[rows.groups.order]
        return np.where(np.isinf(value) & kept, found, value)


def _divisor(reduction: Reduction, weight: np.ndarray, powers: np.ndarray) -> Divisor:
    """Return what derivatives are divided by: the weight of each group's pairs, or of all."""
    if reduction.keeps == "groups":
        return Divisor(weight)
    shifts = pair_weights.shifts(weight, powers) if reduction.divides else 0
    return Divisor(summation.sum_of_many(units.lifted(weight, shifts)), shifts)


def _late(request: Request, rows: Rows, scales: np.ndarray) -> np.ndarray | None:
    """Return the powers of two by which groups' derivatives are multiplied at last, see `weights.late`."""
    if not request.has_gradient or not isinstance(rows.weights, np.ndarray) or isinstance(rows.scores, GpuArray):
        return None
    return pair_weights.late(rows.weights, rows.groups.rows, rows.groups.offsets, scales)


def _in_form(what: str, run: small.Plan) -> small.Plan:
    """Return a plan whose results have the form of a loss's."""

    def answer(arrays: tuple[np.ndarray, ...]) -> Any:
        results = run(arrays)
        return results and (results[0] if what == "value" else (results[0], results[1]))

    return answer


def _may_overflow(rows: Rows) -> bool:
    """Tell whether an infinite mean may come from a sum that overflowed."""
    if isinstance(rows.scores, GpuArray) or isinstance(rows.weights, GpuArray):
        return False
    return bool(np.isfinite(rows.scores).all())


def placed(request: Request, folder: str, labels_on_host: bool = False) -> tuple[Request, Any]:
    """Return the call with its arrays where the engine takes them, and the engine.

    Scores stay on a GPU, and labels with them unless there are groups of ids, which are ordered on the host.
    """
    arguments = request.arguments
    run = backend.engine(backend.choose(request.backend, (arguments["scores"], arguments["labels"])), folder)
    scores = backend.arguments(("scores",), arguments, 1)["scores"]
    stay = request.groups is None and not labels_on_host and isinstance(scores, GpuArray)
    labels = backend.resident("labels", arguments["labels"], stay)
    return request.with_arguments(scores=validate.array("scores", scores), labels=labels), run


def checked_rows(scores: Any, labels: Any, sample_weight: Any, domain: Domain = REAL, by_order: bool = False) -> Rows:
    """Check scores, labels and weights: vectors of one length, the latter two within their domains; without groups.

    `by_order`: of the labels only the order counts, and ranks may take their place.
    """
    scores = validate.real("scores", scores)
    labels = validate.array("labels", labels) if by_order else validate.real("labels", labels)
    if scores.ndim != 1:
        raise wrong_shape("scores", scores.shape, "one dimension")
    validate.same_shape(("scores", "labels"), (scores, labels))
    weights = validate.sample_weight(sample_weight, scores.shape)
    on_host = not isinstance(labels, GpuArray)
    known = on_host and labels.dtype.kind == "f" and orders.is_finite(labels)
    if not (known and domain is REAL):
        _raise_outside("labels", labels, domain)
    if weights is not None:
        _raise_outside("sample_weight", weights, NON_NEGATIVE)
    return Rows(scores, orders.comparable(labels, known) if by_order and on_host else labels, weights)


def _raise_outside(name: str, array: Any, domain: Domain) -> None:
    """Raise for a label or weight outside its domain, or NaN: they are n numbers for n^2 pairs, too few to wait for."""
    if isinstance(array, GpuArray):
        if fits_there(domain, array):
            return
        array = backend.to_host(array)
    for start in range(0, array.size if array.dtype.kind == "f" else 0, BLOCK):
        nan = np.isnan(array[start : start + BLOCK])
        if nan.any():
            raise wrong_element(name, array, start + int(np.argmax(nan)), domain.expected)
    if domain is REAL:
        return
    bits = 0
    for x in (
        np.unique(array).tolist() if domain.values else {float(array.min()), float(array.max())} if array.size else ()
    ):
        bits |= domain.check(float(x))
    if wrong(bits):
        raise domain.error(name, array)


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
