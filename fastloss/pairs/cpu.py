"""The pairwise shape on the CPU: which groups are summed directly, which by a fast method, and all put together.

Small groups go to `small_groups/`, others to `direct/`. Large ones are halved by label as `pairs/halving.py` plans it;
`survey` lists a group's labels for that. Every fast method (`boxes`, `thresholds`, `separable`) has a `Sums`.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core import orders
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs import halving, heavy, methods
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.direct import cpu as direct_pairs
from fastloss.pairs.direct.arrange import Arranged, arranged
from fastloss.pairs.halving import Kind, Large
from fastloss.pairs.nodes import Node, Parameters, Sums
from fastloss.pairs.pair import PairFormulas, multiplier_first
from fastloss.pairs.records import Columns, Groups, Results, Rows
from fastloss.pairs.separable import cpu as separable
from fastloss.pairs.sloped import host as sloped
from fastloss.pairs.small_groups import cpu as small_groups
from fastloss.pairs.small_groups.cpu import SmallGroups
from fastloss.pairs.survey import survey
from fastloss.pairs.thresholds import cpu as thresholds

FEWEST = 2048  # rows from which "auto" takes the fast method, see bench/results
Selection = slice | np.ndarray  # of groups
SUMS: dict[str, Sums] = {"boxes": boxes.sums, "thresholds": thresholds.sums, "separable": separable.sums}


class Prepared(NamedTuple):
    """The checked rows of a call, and what is known of its groups before any pair is summed."""

    formulas: PairFormulas
    kind: Kind
    parameters: tuple[float, ...]
    small: tuple[SmallGroups, Selection] | None  # and which groups these are
    direct: tuple[Arranged, Selection] | None  # rows arranged by `direct`, and their groups
    fast: list[Large]
    pairs: np.ndarray  # of each group
    weight: np.ndarray
    size: int
    dtype: np.dtype


def prepare(formulas: PairFormulas, kind: Kind, rows: Rows, parameters: tuple[float, ...], method: str) -> Prepared:
    """Choose each group's method, and count its pairs."""
    sizes = np.diff(rows.groups.offsets)
    least = {"auto": FEWEST, "fast": 2, "direct": np.inf}[method]
    large = np.flatnonzero(sizes >= least) if methods.fast_method(formulas) else np.empty(0, np.int64)
    candidates = _large(rows, large, kind) if large.size else []
    fast = [one for one in candidates if methods.suits(formulas, kind, parameters[0], one, method)]
    pairs, weight = np.zeros(sizes.size, np.int64), np.zeros(sizes.size)
    for one in fast:
        pairs[one.group], weight[one.group] = halving.count(kind, one)
    is_left = np.ones(sizes.size, bool)
    is_left[[one.group for one in fast]] = False
    is_small = is_left & (sizes <= (-1 if kind.unordered else small_groups.MOST))
    left, few = int(np.count_nonzero(is_left)), int(np.count_nonzero(is_small))
    small = direct = None
    if few:
        some = _selection(is_small, few)
        counted = small_groups.counted(_of_groups(rows, some))
        pairs, weight = _placed(pairs, some, counted.pairs), _placed(weight, some, counted.weight)
        small = counted, some
    if left > few:
        some = _selection(is_left & ~is_small, left - few)
        in_order = arranged(formulas, kind, _of_groups(rows, some), parameters)
        pairs, weight = _placed(pairs, some, in_order.pairs), _placed(weight, some, in_order.weight)
        direct = in_order, some
    size, dtype = rows.scores.size, kernel_dtype(rows.scores)
    return Prepared(formulas, kind, parameters, small, direct, fast, pairs, weight, size, dtype)


def _selection(mask: np.ndarray, count: int) -> Selection:
    """Return the groups of a mask that holds so many; a slice if all are in it, which copies nothing."""
    return slice(None) if count == mask.size else np.flatnonzero(mask)


def _placed(numbers: np.ndarray, some: Selection, found: np.ndarray) -> np.ndarray:
    """Return numbers of groups with those of some put in; these themselves, if they are all."""
    if isinstance(some, slice):
        return found
    numbers[some] = found
    return numbers


def _of_groups(rows: Rows, some: Selection) -> Rows:
    """Return the rows of some groups."""
    order, offsets = rows.groups[:2]
    if isinstance(some, slice):
        return rows
    sizes = np.diff(offsets)[some]
    return rows._replace(groups=Groups(halving.rows_of(order, offsets, some), np.append(0, np.cumsum(sizes)), None))


def _large(rows: Rows, large: np.ndarray, kind: Kind) -> list[Large]:
    """Survey the large groups; those with many labels are sorted by falling label where these choose the pairs."""
    order, offsets = rows.groups.rows, rows.groups.offsets
    columns = Columns.of(rows.scores, rows.labels, rows.weights)
    bounds = np.stack((offsets[large], offsets[large + 1]), 1)
    if order is not None:
        order = halving.rows_of(order, offsets, large)
        columns = columns.taken(order)
        ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
        bounds = np.stack((np.append(0, ends[:-1]), ends), 1)
    groups = []
    for g, (begin, end), levels in zip(large, bounds, survey(columns, bounds), strict=True):
        one = Large(int(g), columns, order, int(begin), int(end), levels)
        groups.append(_sorted(one) if levels.many and kind.multiplier is not multiplier_first else one)
    return groups


def _sorted(one: Large) -> Large:
    falling = one.begin + orders.stable(-one.rows.labels[one.begin : one.end].astype(np.float64))
    order = falling if one.order is None else one.order[falling]
    return one._replace(rows=one.rows.taken(falling), order=order, begin=0, end=falling.size)


def evaluate(prepared: Prepared, scales: np.ndarray, wanted: Wanted) -> Outcome:
    """Return losses and derivatives; `scales` multiplies each group's derivatives."""
    formulas, kind, parameters = prepared.formulas, prepared.kind, prepared.parameters
    results = Results.zeros(prepared.size, wanted, prepared.dtype)
    loss = np.zeros(prepared.pairs.size)
    if prepared.small:
        few, groups = prepared.small
        found = small_groups.evaluate(formulas, few, scales[groups], parameters, wanted, results)
        loss = _placed(loss, groups, found)
    if prepared.direct:
        rows, groups = prepared.direct
        done = direct_pairs.evaluate(formulas, kind, rows, scales[groups], parameters, wanted, results)
        loss = _placed(loss, groups, done.groups)
    run = _Run(formulas, kind, parameters[0], scales, wanted)
    for order, together in _by_order(prepared.fast):
        if order is None:
            loss += run.groups(together, results)
            continue
        local = Results.zeros(order.size, wanted)
        loss += run.groups(together, local)
        for one in together:
            own = slice(one.begin, one.end)
            for result, part in zip(results, local, strict=True):
                if result.size:
                    result[order[own]] = part[own]
    return wanted.outcome(results, groups=loss)


def _by_order(groups: list[Large]) -> list[tuple[np.ndarray | None, list[Large]]]:
    """Return the groups whose rows lie in one order together."""
    found: dict[int, list[Large]] = {}
    for one in groups:
        found.setdefault(id(one.order), []).append(one)
    return [(some[0].order, some) for some in found.values()]


class _Run(halving.Run):
    """Fast methods for the outputs of one call, on NumPy's arrays."""

    def sums(self, nodes: list[Node], rows: Columns, parameters: Parameters, results: Results) -> np.ndarray:
        method = methods.fast_method(self.formulas)
        assert method is not None
        return SUMS[method](self.formulas, nodes, rows, parameters, self.wanted, results)

    def fill_nan(self, one: Large, results: Results) -> None:
        for result in results:
            result[one.begin : one.end] = np.nan

    def add(self, one: Large, label: float, number: float, power: int, result: Any) -> None:
        group = slice(one.begin, one.end)
        _, labels, weights = one.rows.taken(group)
        w = weights**power if weights.size else 1.0
        result[group] += np.where(labels == label, w * number, 0.0)

    def span(self, one: Large, start: int, stop: int) -> tuple[float, float]:
        scores = one.rows.scores[start:stop]
        return float(scores.min()), float(scores.max())

    def sloped(self, one: Large, results: Results) -> float:
        group = slice(one.begin, one.end)
        scale = self.scales[one.group]
        return sloped.sums(self.formulas, one.rows.taken(group), self.number, scale, self.wanted, results.part(group))

    def level(self, one: Large, node: Node, m: float, parameters: Parameters, results: Results) -> float:
        scores, labels, weights = one.rows
        rows = one.begin + np.flatnonzero(labels[one.begin : one.end] == node.targets[0])
        factors = weights[rows] if weights.size else np.ones(rows.size)
        derived = self.wanted.gradient or self.wanted.curvature
        alone = heavy.heaviest(factors) if derived else np.empty(0, np.int64)
        if not alone.size:
            return self._level(one, node, m, parameters, results)
        light = weights.copy() if weights.size else np.ones(labels.size)
        light[rows[alone]] = 0.0
        rest = one._replace(rows=Columns(scores, labels, light))
        total = 0.0
        if self.wanted.value or self.wanted.each:
            total = self._for(self.wanted.losses)._level(one, node, m, parameters, results)
        self._for(self.wanted.derivatives)._level(rest, node, m, parameters, results)
        slopes, curvatures = heavy.sums(self.formulas, self.number, m, scores[rows], factors, alone)
        if self.wanted.gradient:
            results.gradient[rows] += node.factor * slopes
        if self.wanted.curvature:
            results.curvature[rows] += node.factor * curvatures
        return total

    def _for(self, wanted: Wanted) -> "_Run":
        return _Run(self.formulas, self.kind, self.number, self.scales, wanted)

    def leaves(self, one: Large, results: Results) -> float:
        scores, labels, weights = one.rows
        parts = halving.leaves(labels, one.begin, one.end)
        bounds = np.array([start for start, _ in parts] + [labels.size])
        rows = Rows(scores, labels, weights if weights.size else None, Groups(None, bounds, None))
        parameters = (self.number,)
        small = arranged(self.formulas, self.kind, rows, parameters)
        scales = np.full(bounds.size - 1, self.scales[one.group])
        local = Results(*(np.zeros(result.size, scores.dtype) for result in results))
        outcome = direct_pairs.evaluate(self.formulas, self.kind, small, scales, parameters, self.wanted, local)
        for result, part in zip(results, local, strict=True):
            result += part
        return float(np.cumsum(outcome.groups)[-1])
