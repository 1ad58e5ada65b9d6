"""The pairwise shape on CUDA: which groups are summed directly, which by a fast method, and both put together.

Labels, groups and weights lie on the host, which checks them, orders groups and plans the halvings of large ones with
the CPU engine's code; scores and results stay on the device.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.engines import halving
from fastloss.engines.box_plan import can_do
from fastloss.engines.cpu.pairs import survey
from fastloss.engines.cuda import boxes, direct_pairs, separable, thresholds
from fastloss.engines.cuda.arrays import Place
from fastloss.engines.cuda.columns import add_by_label, give_back, taken
from fastloss.engines.cuda.direct_pairs import Arranged
from fastloss.engines.cuda.ranges import score_ranges
from fastloss.engines.halving import Kind, Large
from fastloss.engines.nodes import Node, Parameters
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted
from fastloss.validate import kernel_dtype

# Rows from which "auto" takes the fast method. To be measured on a GPU: there a group of 2**15 rows, half a thousand
# million pairs, is about the work that keeps all its threads busy for as long as the fast method's launches take.
FEWEST = 1 << 15


class Outcome(NamedTuple):
    """The groups' sums, and arrays in the rows' own order where wanted, of the caller's kind."""

    loss: np.ndarray
    each: Any
    gradient: Any
    curvature: Any


class Fast(NamedTuple):
    """The groups for the fast method, and the rows that hold them: the call's, or its rows `own` in their order."""

    groups: list[Large]
    columns: tuple[Any, Any, Any]  # scores, labels and weights on the device
    own: Any


class Prepared(NamedTuple):
    """The checked rows of a call, and what is known of its groups before any pair is summed."""

    place: Place
    formulas: PairFormulas
    kind: Kind
    parameters: tuple[float, ...]
    direct: tuple[Arranged, np.ndarray] | None  # rows, and their groups
    fast: Fast | None
    pairs: np.ndarray  # of each group
    weight: np.ndarray
    size: int
    dtype: np.dtype


def method_of(formulas: PairFormulas) -> Any:
    """The loss's fast method."""
    if formulas.tails is not None:
        return boxes.sums
    if formulas.power is not None:
        return thresholds.sums
    return separable.sums if formulas.separable else None


def prepare(formulas: PairFormulas, kind: Kind, arrays: Any, parameters: tuple[float, ...], method: str) -> Prepared:
    """As `engines.cpu.pairs.prepare`; the scores may lie on a GPU."""
    given, labels, weights, order, offsets = arrays
    parameters = tuple(map(float, parameters))
    place, dtype = Place(given), kernel_dtype(given)
    scores = place.device(given, dtype)
    sizes = np.diff(offsets)
    least = {"auto": FEWEST, "fast": 2, "direct": np.inf}[method]
    large = np.flatnonzero(sizes >= least) if method_of(formulas) else np.empty(0, np.int64)
    pairs, weight, chosen = np.zeros(sizes.size, np.int64), np.zeros(sizes.size), np.zeros(sizes.size, bool)
    fast = None
    if large.size:
        found = _surveyed(place, (scores, labels, weights, order, offsets), large)
        fast = found._replace(groups=[one for one in found.groups if _suits(formulas, kind, parameters, one)])
        for one in fast.groups:
            pairs[one.group], weight[one.group] = halving.count(kind, one)
            chosen[one.group] = True
    rest = np.flatnonzero(~chosen)
    direct = None
    if rest.size:
        rows = halving.rows_of(order, offsets, rest)
        bounds = np.append(0, np.cumsum(sizes[rest]))
        arranged = direct_pairs.arranged(place, formulas, kind, (scores, labels, weights, rows, bounds), parameters)
        pairs[rest], weight[rest] = arranged.pairs, arranged.weight
        direct = arranged, rest
    return Prepared(place, formulas, kind, parameters, direct, fast, pairs, weight, scores.size, dtype)


def _suits(formulas: PairFormulas, kind: Kind, parameters: tuple[float, ...], one: Large) -> bool:
    possible = formulas.tails is None or can_do(parameters[0], one.levels.low, one.levels.high)
    return halving.suits(kind, one, possible)


def _surveyed(place: Place, arrays: Any, large: np.ndarray) -> Fast:
    """The large groups; those with many labels sorted by falling label."""
    scores, labels, weights, order, offsets = arrays
    labels = np.ascontiguousarray(labels, kernel_dtype(labels))
    weights = np.empty(0) if weights is None else np.ascontiguousarray(weights, np.float64)
    bounds = np.stack((offsets[large], offsets[large + 1]), 1)
    own = None
    if order is not None:
        own = halving.rows_of(order, offsets, large)
        ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
        bounds = np.stack((np.append(0, ends[:-1]), ends), 1)
        labels, weights = _taken((labels, weights), own)
    levels = survey((labels, labels, weights), bounds)  # of labels alone: the host has no scores
    if any(one.many for one in levels):
        order = np.arange(labels.size)
        for (begin, end), one in zip(bounds, levels, strict=True):
            if one.many:
                order[begin:end] = begin + np.argsort(-labels[begin:end].astype(np.float64), kind="stable")
        own = order if own is None else own[order]
        labels, weights = _taken((labels, weights), order)
    rows = None if own is None else place.device(own)
    scores = scores if rows is None else taken(place, scores, rows)
    groups = []
    for g, (begin, end), one, (low, high, finite) in zip(
        large, bounds, levels, score_ranges(place, scores, bounds), strict=True
    ):
        # an infinite weight has no fixed point
        found = one._replace(low=low, high=high, finite=finite and bool(np.isfinite(one.weights).all()))
        groups.append(Large(int(g), (np.empty(0), labels, weights), own, int(begin), int(end), found))
    factors = place.device(weights) if weights.size else place.empty(0)
    return Fast(groups, (scores, place.device(labels), factors), rows)


def _taken(columns: Any, rows: np.ndarray) -> Any:
    return tuple(column[rows] if column.size else column for column in columns)


def evaluate(prepared: Prepared, scales: np.ndarray, wanted: Wanted) -> Outcome:
    """Losses and derivatives; `scales` multiplies each group's derivatives."""
    place, fast = prepared.place, prepared.fast
    results = tuple(place.zeros(prepared.size if want else 0, prepared.dtype) for want in wanted[1:])
    loss = np.zeros(prepared.pairs.size)
    if prepared.direct:
        rows, groups = prepared.direct
        task = (prepared.parameters, wanted), results
        loss[groups] = direct_pairs.evaluate(prepared.formulas, prepared.kind, rows, scales[groups], task)
    if fast is not None and fast.groups:
        run = _Run(prepared, scales, wanted)
        if fast.own is None:
            loss += run.groups(fast.groups, results)
        else:
            local = tuple(place.zeros(fast.own.size if want else 0) for want in wanted[1:])
            loss += run.groups(fast.groups, local)
            for result, part in zip(results, local, strict=True):
                if part.size:
                    give_back(place, part, fast.own, result)
    return Outcome(loss, *(place.home(one) if want else one for one, want in zip(results, wanted[1:], strict=True)))


class _Run(halving.Run):
    """Fast methods for what one call wants, on arrays of the device."""

    def __init__(self, prepared: Prepared, scales: np.ndarray, wanted: Wanted):
        super().__init__(prepared.formulas, prepared.kind, prepared.parameters[0], scales, wanted)
        assert prepared.fast is not None
        self.place, self.columns = prepared.place, prepared.fast.columns

    def sums(self, nodes: list[Node], rows: Any, parameters: Parameters, results: Any) -> np.ndarray:
        where, task = (self.place, self.columns, rows[1]), (self.wanted, results)
        return method_of(self.formulas)(self.formulas, nodes, where, parameters, task)

    def spoil(self, one: Large, results: Any) -> None:
        for result in results:
            self._add(one, (-np.inf, np.inf, np.nan, 0), result)

    def add(self, one: Large, label: float, term: tuple[float, int], result: Any) -> None:
        self._add(one, (label, label, *term), result)

    def _add(self, one: Large, term: Any, result: Any) -> None:
        if result.size:
            add_by_label(self.place, self.columns[1:], (one.begin, one.end), term, result)

    def span(self, one: Large, start: int, stop: int) -> tuple[float, float]:
        return one.levels.low, one.levels.high  # the parts' own would take a launch for each depth

    def leaves(self, one: Large, results: Any) -> float:
        _, labels, weights = one.rows
        starts = np.array([part[0] for part in halving.leaves(labels, one.begin, one.end)])
        bounds = np.append(starts, one.end) - one.begin
        rows = np.arange(one.begin, one.end)
        arrays = (self.columns[0], labels, weights if weights.size else None, rows, bounds)
        parameters = (self.number,)
        arranged = direct_pairs.arranged(self.place, self.formulas, self.kind, arrays, parameters)
        scales = np.full(bounds.size - 1, self.scales[one.group])
        task = (parameters, self.wanted), results
        return float(np.cumsum(direct_pairs.evaluate(self.formulas, self.kind, arranged, scales, task))[-1])
