"""The pairwise shape on the CPU: which groups are summed directly, which by a fast method, and both put together.

Small groups go to `direct/`, large ones are halved by label as `pairs/halving.py` plans it; `survey` lists a
group's labels for that. Every fast method (`boxes`, `thresholds`, `separable`) has a `Sums`.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs import differences, halving, heavy
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.direct import cpu as direct_pairs
from fastloss.pairs.direct.arrange import arranged as arranged_rows
from fastloss.pairs.halving import Kind, Large
from fastloss.pairs.nodes import Node, Parameters, Sums
from fastloss.pairs.pair import PairFormulas, multiplier_difference, multiplier_first
from fastloss.pairs.separable import cpu as separable
from fastloss.pairs.sloped import host as sloped
from fastloss.pairs.survey import survey
from fastloss.pairs.thresholds import cpu as thresholds

FEWEST = 2048  # rows from which "auto" takes the fast method, see bench/results


def method_of(formulas: PairFormulas) -> Sums | None:
    """The loss's fast method."""
    if formulas.tails is not None:
        return boxes.sums
    if formulas.power is not None:
        return thresholds.sums
    return separable.sums if formulas.separable else None


class Prepared(NamedTuple):
    """The checked rows of a call, and what is known of its groups before any pair is summed."""

    formulas: PairFormulas
    kind: Kind
    parameters: tuple[float, ...]
    direct: Any  # (rows arranged by `direct`, their groups), or None
    fast: list[Large]
    pairs: np.ndarray  # of each group
    weight: np.ndarray
    size: int
    dtype: np.dtype


def prepare(formulas: PairFormulas, kind: Kind, arrays: Any, parameters: tuple[float, ...], method: str) -> Prepared:
    """Choose each group's method; `arrays` is (scores, labels, weights or None, row order or None, offsets)."""
    scores, labels, weights, order, offsets = arrays
    sizes = np.diff(offsets)
    least = {"auto": FEWEST, "fast": 2, "direct": np.inf}[method]
    large = np.flatnonzero(sizes >= least) if method_of(formulas) else np.empty(0, np.int64)
    found = _large(arrays, large, kind) if large.size else []
    fast = [one for one in found if _suits(formulas, kind, parameters, one, method)]
    pairs, weight = np.zeros(sizes.size, np.int64), np.zeros(sizes.size)
    for one in fast:
        pairs[one.group], weight[one.group] = halving.count(kind, one)
    chosen = np.zeros(sizes.size, bool)
    chosen[[one.group for one in fast]] = True
    rest = np.flatnonzero(~chosen)
    direct = None
    if rest.size:
        rows = halving.rows_of(order, offsets, rest) if fast else order
        bounds = np.append(0, np.cumsum(sizes[rest])) if fast else offsets
        arranged = arranged_rows(formulas, kind, (scores, labels, weights, rows, bounds), parameters)
        pairs[rest], weight[rest] = arranged.pairs, arranged.weight
        direct = arranged, rest
    return Prepared(formulas, kind, parameters, direct, fast, pairs, weight, scores.size, kernel_dtype(scores))


def _large(arrays: Any, large: np.ndarray, kind: Kind) -> list[Large]:
    """The surveyed groups; those with many labels sorted by falling label where these choose the pairs."""
    scores, labels, weights, order, offsets = arrays
    rows = (
        np.ascontiguousarray(scores, kernel_dtype(scores)),
        np.ascontiguousarray(labels, kernel_dtype(labels)),
        np.empty(0) if weights is None else np.ascontiguousarray(weights, np.float64),
    )
    bounds = np.stack((offsets[large], offsets[large + 1]), 1)
    if order is not None:
        own = halving.rows_of(order, offsets, large)
        rows = _taken(rows, own)
        ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
        bounds = np.stack((np.append(0, ends[:-1]), ends), 1)
    found = []
    for g, (begin, end), levels in zip(large, bounds, survey(rows, bounds), strict=True):
        one = Large(int(g), rows, None if order is None else own, int(begin), int(end), levels)
        found.append(_sorted(one) if levels.many and kind.multiplier is not multiplier_first else one)
    return found


def _taken(rows: Any, own: Any) -> Any:
    return tuple(column[own] if column.size else column for column in rows)


def _sorted(one: Large) -> Large:
    rows = one.rows
    order = one.begin + np.argsort(-rows[1][one.begin : one.end].astype(np.float64), kind="stable")
    own = order if one.own is None else one.own[order]
    return one._replace(rows=_taken(rows, order), own=own, begin=0, end=order.size)


def _suits(formulas: PairFormulas, kind: Kind, parameters: tuple[float, ...], one: Large, method: str) -> bool:
    if kind.multiplier is multiplier_difference and one.levels.finite:
        return differences.suits(formulas, parameters[0], one, method == "auto")
    possible = kind.multiplier is not multiplier_first or halving.can_slope(one, parameters[0], formulas.power or 0)
    return halving.suits(kind, one, possible)


def evaluate(prepared: Prepared, scales: np.ndarray, wanted: Wanted) -> Outcome:
    """Losses and derivatives; `scales` multiplies each group's derivatives."""
    size, dtype = prepared.size, prepared.dtype
    results = tuple(np.zeros(size if want else 0, dtype) for want in wanted[1:])
    loss = np.zeros(prepared.pairs.size)
    if prepared.direct:
        arranged, groups = prepared.direct
        task = (prepared.parameters, wanted)
        if not prepared.fast:
            return direct_pairs.evaluate(prepared.formulas, prepared.kind, arranged, scales, (task, results))
        done = direct_pairs.evaluate(prepared.formulas, prepared.kind, arranged, scales[groups], (task, results))
        loss[groups] = done.groups
    run = _Run(prepared.formulas, prepared.kind, prepared.parameters[0], scales, wanted)
    together = [one for one in prepared.fast if one.own is None]
    if together:
        loss += run.groups(together, results)
    for one in prepared.fast:
        if one.own is not None:
            local = tuple(np.zeros(one.rows[0].size if want else 0) for want in wanted[1:])
            loss += run.groups([one], local)
            some = slice(one.begin, one.end)
            for result, part in zip(results, local, strict=True):
                if result.size:
                    result[one.own[some]] = part[some]
    return wanted.outcome(results, groups=loss)


class _Run(halving.Run):
    """Fast methods for what one call wants, on arrays of NumPy's."""

    def sums(self, nodes: list[Node], rows: Any, parameters: Parameters, results: Any) -> np.ndarray:
        method = method_of(self.formulas)
        assert method is not None
        return method(self.formulas, nodes, rows, parameters, (self.wanted, results))

    def spoil(self, one: Large, results: Any) -> None:
        for result in results:
            result[one.begin : one.end] = np.nan

    def add(self, one: Large, label: float, term: tuple[float, int], result: Any) -> None:
        some = slice(one.begin, one.end)
        number, power = term
        w = one.rows[2][some] ** power if one.rows[2].size else 1.0
        result[some] += np.where(one.rows[1][some] == label, w * number, 0.0)

    def span(self, one: Large, start: int, stop: int) -> tuple[float, float]:
        own = one.rows[0][start:stop]
        return float(own.min()), float(own.max())

    def sloped(self, one: Large, results: Any) -> float:
        some = slice(one.begin, one.end)
        own = tuple(result[some] for result in results)
        rows = _taken(one.rows, some)
        return sloped.sums(self.formulas, rows, (self.number, self.scales[one.group]), (self.wanted, own))

    def level(self, one: Large, node: Node, gap: tuple[float, Parameters], results: Any) -> float:
        scores, labels, weights = one.rows
        own = one.begin + np.flatnonzero(labels[one.begin : one.end] == node.targets[0])
        factors = weights[own] if weights.size else np.ones(own.size)
        derived = self.wanted.gradient or self.wanted.curvature
        alone = heavy.heaviest(factors) if derived else np.empty(0, np.int64)
        if not alone.size:
            return self._level(one, node, gap, results)
        light = weights.copy() if weights.size else np.ones(labels.size)
        light[own[alone]] = 0.0
        rest = one._replace(rows=(scores, labels, light))
        total = 0.0
        if self.wanted.value or self.wanted.each:
            total = self._for(self.wanted.losses)._level(one, node, gap, results)
        self._for(self.wanted.derivatives)._level(rest, node, gap, results)
        found = heavy.sums(self.formulas, self.number, gap[0], (scores[own], factors), alone)
        for result, part, want in zip(results[1:], found, self.wanted[2:], strict=True):
            if want:
                result[own] += node.factor * part
        return total

    def _for(self, wanted: Wanted) -> "_Run":
        return _Run(self.formulas, self.kind, self.number, self.scales, wanted)

    def leaves(self, one: Large, results: Any) -> float:
        scores, labels, weights = one.rows
        parts = halving.leaves(labels, one.begin, one.end)
        bounds = np.array([part[0] for part in parts] + [labels.size])
        arrays = (scores, labels, weights if weights.size else None, None, bounds)
        parameters = (self.number,)
        arranged = arranged_rows(self.formulas, self.kind, arrays, parameters)
        scales = np.full(bounds.size - 1, self.scales[one.group])
        local = tuple(np.zeros(result.size, scores.dtype) for result in results)
        outcome = direct_pairs.evaluate(self.formulas, self.kind, arranged, scales, ((parameters, self.wanted), local))
        for result, part in zip(results, local, strict=True):
            result += part
        return float(np.cumsum(outcome.groups)[-1])
