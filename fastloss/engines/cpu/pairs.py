"""The pairwise shape on the CPU: which groups are summed directly, which by a fast method, and both put together.

Small groups go to `direct_pairs`. Of a large group, `survey` lists the labels; if they are few, the group is halved by
label again and again, as it lies, and each halving is one node of the loss's fast method (`Sums`). If they are many,
its rows are sorted by label first, and the smallest parts are done directly.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.engines.cpu import boxes, direct_pairs, separable, thresholds
from fastloss.engines.cpu.direct_pairs import Kind, Outcome
from fastloss.engines.cpu.nodes import ROWS, Node, Parameters, Sums, run_block
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted
from fastloss.validate import kernel_dtype

LEVELS = 16  # distinct labels up to which a group needs no sorting
ALL_LEVELS = 8  # and up to which pairs="all" is fast: it takes a node for each pair of levels
LEAF = 1024  # rows of a part that is not halved any more
FEWEST = 2048  # rows from which "auto" takes the fast method, see bench/results
MOST_DIRECT = 20_000  # rows up to which a group with scores that are not finite is summed directly


class Levels(NamedTuple):
    """What a survey says of a group: its labels in rising order, if they are few, and its scores' range."""

    values: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    many: bool
    low: float
    high: float
    finite: bool


def survey_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    values, counts, totals, about = outputs
    for task in range(first, last):
        number, infinite, more = 0, 0, 0
        low, high = np.inf, -np.inf
        for i in range(ranges[task, 0], ranges[task, 1]):
            x, y = np.float64(scores[i]), np.float64(labels[i])
            finite = abs(x) < np.inf
            infinite += 0 if finite else 1
            low = x if finite and x < low else low
            high = x if finite and x > high else high
            at = 0
            while at < number and values[task, at] != y:
                at += 1
            if at == number:
                if number == LEVELS:
                    more = 1
                    at = 0
                else:
                    values[task, at], counts[task, at], totals[task, at] = y, 0.0, 0.0
                    number += 1
            counts[task, at] += 1.0
            totals[task, at] += weights[i] if weights.size else 1.0
        about[task, 0], about[task, 1], about[task, 2], about[task, 3], about[task, 4] = (
            number,
            low,
            high,
            infinite,
            more,
        )


def survey(rows: Any, bounds: np.ndarray) -> list[Levels]:
    """The levels of groups of rows, given by their (begin, end)."""
    scores, labels, weights = rows
    ranges = [(i, min(i + ROWS, end), at) for at, (begin, end) in enumerate(bounds) for i in range(begin, end, ROWS)]
    found = np.array(ranges, np.int64).reshape(-1, 3)
    size = len(found)
    values, counts, totals = (np.zeros((size, LEVELS)) for _ in range(3))
    about = np.empty((size, 5))
    arrays = ((scores, labels, weights, found[:, :2].copy()), (0.0,), (values, counts, totals, about))
    run_block(survey_block, "any", arrays, size)
    return [_united(values, counts, totals, about, found[:, 2] == at) for at in range(len(bounds))]


def _united(values, counts, totals, about, own) -> Levels:
    number, low, high, infinite, more = about[own].T
    used = np.arange(LEVELS) < number[:, None]
    levels, where = np.unique(values[own][used], return_inverse=True)
    return Levels(
        levels,
        np.bincount(where, counts[own][used], levels.size).astype(np.int64),
        np.bincount(where, totals[own][used], levels.size),
        bool(more.any()) or levels.size > LEVELS,
        float(low.min()),
        float(high.max()),
        not infinite.any(),
    )


def method_of(formulas: PairFormulas) -> Sums | None:
    """The loss's fast method."""
    if formulas.tails is not None:
        return boxes.sums
    if formulas.power is not None:
        return thresholds.sums
    return separable.sums if formulas.separable else None


class Large(NamedTuple):
    """A group for the fast method: begin <= i < end of `rows`, which are the call's, or its rows `own`."""

    group: int
    rows: tuple[np.ndarray, np.ndarray, np.ndarray]
    own: np.ndarray | None
    begin: int
    end: int
    levels: Levels


class Prepared(NamedTuple):
    """The checked rows of a call, and what is known of its groups before any pair is summed."""

    formulas: PairFormulas
    kind: Kind
    parameters: tuple[float, ...]
    direct: Any  # (rows arranged by `direct_pairs`, their groups), or None
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
    fast = [one for one in _large(arrays, large) if _suits(formulas, kind, parameters, one)] if large.size else []
    pairs, weight = np.zeros(sizes.size, np.int64), np.zeros(sizes.size)
    for one in fast:
        pairs[one.group], weight[one.group] = _count(kind, one)
    chosen = np.zeros(sizes.size, bool)
    chosen[[one.group for one in fast]] = True
    rest = np.flatnonzero(~chosen)
    direct = None
    if rest.size:
        rows = _rows_of(order, offsets, rest) if fast else order
        bounds = np.append(0, np.cumsum(sizes[rest])) if fast else offsets
        arranged = direct_pairs.arranged(formulas, kind, (scores, labels, weights, rows, bounds), parameters)
        pairs[rest], weight[rest] = arranged.pairs, arranged.weight
        direct = arranged, rest
    return Prepared(formulas, kind, parameters, direct, fast, pairs, weight, scores.size, kernel_dtype(scores))


def _rows_of(order: np.ndarray | None, offsets: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The rows of some groups, one after another."""
    sizes = np.diff(offsets)[groups]
    rows = np.repeat(offsets[groups] - np.append(0, np.cumsum(sizes)[:-1]), sizes) + np.arange(sizes.sum())
    return rows if order is None else order[rows]


def _large(arrays: Any, large: np.ndarray) -> list[Large]:
    """The surveyed groups; those with many labels sorted by falling label."""
    scores, labels, weights, order, offsets = arrays
    rows = (
        np.ascontiguousarray(scores, kernel_dtype(scores)),
        np.ascontiguousarray(labels, kernel_dtype(labels)),
        np.empty(0) if weights is None else np.ascontiguousarray(weights, np.float64),
    )
    bounds = np.stack((offsets[large], offsets[large + 1]), 1)
    if order is not None:
        own = _rows_of(order, offsets, large)
        rows = _taken(rows, own)
        ends = np.cumsum(bounds[:, 1] - bounds[:, 0])
        bounds = np.stack((np.append(0, ends[:-1]), ends), 1)
    found = []
    for g, (begin, end), levels in zip(large, bounds, survey(rows, bounds), strict=True):
        one = Large(int(g), rows, None if order is None else own, int(begin), int(end), levels)
        found.append(_sorted(one) if levels.many else one)
    return found


def _taken(rows: Any, own: Any) -> Any:
    return tuple(column[own] if column.size else column for column in rows)


def _sorted(one: Large) -> Large:
    rows = one.rows
    order = one.begin + np.argsort(-rows[1][one.begin : one.end].astype(np.float64), kind="stable")
    own = order if one.own is None else one.own[order]
    return one._replace(rows=_taken(rows, order), own=own, begin=0, end=order.size)


def _suits(formulas: PairFormulas, kind: Kind, parameters: tuple[float, ...], one: Large) -> bool:
    levels = one.levels
    if kind.unordered and (levels.many or levels.values.size > ALL_LEVELS):
        return False
    possible = levels.finite and (formulas.tails is None or boxes.can_do(parameters[0], levels.low, levels.high))
    return possible or one.end - one.begin > MOST_DIRECT


def _count(kind: Kind, one: Large) -> tuple[int, float]:
    """A group's pairs and the sum of their weights."""
    size = one.end - one.begin
    counts, weights = one.levels.counts, one.levels.weights
    if kind.unordered:
        return size * size, float(weights.sum()) ** 2
    if one.levels.many:
        y, w = one.rows[1][::-1], one.rows[2][::-1]
        starts = np.append(0, np.flatnonzero(y[1:] != y[:-1]) + 1)
        counts = np.diff(np.append(starts, size))
        weights = np.add.reduceat(w, starts) if w.size else counts.astype(np.float64)
    below = np.append(0, np.cumsum(counts)[:-1])
    return int(counts @ below), float(weights @ np.append(0.0, np.cumsum(weights)[:-1]))


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
        loss[groups] = done.loss
    run = _Run(prepared, wanted, scales)
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
    return Outcome(loss, *results)


class _Run:
    """Fast methods for what one call wants."""

    def __init__(self, prepared: Prepared, wanted: Wanted, scales: np.ndarray):
        self.prepared, self.wanted, self.scales = prepared, wanted, scales
        method = method_of(prepared.formulas)
        assert method is not None
        self.sums = method

    def groups(self, groups: list[Large], results: Any) -> np.ndarray:
        """Losses of groups of the same rows; results are added up."""
        loss = np.zeros(self.scales.size)
        fine = [one for one in groups if one.levels.finite]
        for one in groups:
            if not one.levels.finite:  # too large to be summed pair by pair
                loss[one.group] = np.nan
                for result in results:
                    result[one.begin : one.end] = np.nan
        if self.prepared.kind.unordered:
            for one in fine:
                loss[one.group] += self.literal(one, results)
            return loss
        parameter = Parameters(self.prepared.parameters[0])
        for nodes in by_depth(fine, self.scales):
            owners, some = zip(*nodes, strict=True)
            rows = groups[0].rows
            sums = self.sums(self.prepared.formulas, list(some), rows, parameter, (self.wanted, results))
            np.add.at(loss, list(owners), sums)
        for one in fine:
            if one.levels.many:
                loss[one.group] += self.leaves(one, results)
        return loss

    def literal(self, one: Large, results: Any) -> float:
        """The double sum over every i and j: each pair of levels has its own multiplier."""
        formulas, levels = self.prepared.formulas, one.levels
        number = self.prepared.parameters[0]
        total = 0.0
        for a, first in enumerate(levels.values):
            for b, second in enumerate(levels.values):
                m = self.prepared.kind.multiplier(first, second)
                if m == 0.0:
                    constant = formulas.value(0.0, number)
                    total += constant * levels.weights[a] * levels.weights[b]
                    if results[0].size:
                        some = slice(one.begin, one.end)
                        own = one.rows[1][some] == first
                        w = one.rows[2][some] if one.rows[2].size else 1.0
                        results[0][some] += np.where(own, w * (constant * levels.weights[b]), 0.0)
                    continue
                node = Node(
                    one.begin,
                    one.end,
                    (second, second),
                    (first, first),
                    levels.low,
                    levels.high,
                    self.scales[one.group],
                )
                steep = number if formulas.power is not None else number * abs(m)
                parameters = Parameters(steep, 1.0 if m > 0.0 else -1.0)
                total += self.sums(formulas, [node], one.rows, parameters, (self.wanted, results))[0]
                if a == b and self.wanted.curvature:  # a row's pair with itself is a constant
                    some = slice(one.begin, one.end)
                    own = one.rows[1][some] == first
                    w = one.rows[2][some] ** 2 if one.rows[2].size else 1.0
                    bend = 2.0 * m * m * formulas.curvature(0.0, number) * self.scales[one.group]
                    results[2][some] -= np.where(own, w * bend, 0.0)
        return float(total)

    def leaves(self, one: Large, results: Any) -> float:
        """The pairs within the smallest parts of a group that is sorted by falling label."""
        formulas, kind = self.prepared.formulas, self.prepared.kind
        scores, labels, weights = one.rows
        bounds = np.array([part[0] for part in leaves(labels)] + [labels.size])
        arrays = (scores, labels, weights if weights.size else None, None, bounds)
        arranged = direct_pairs.arranged(formulas, kind, arrays, self.prepared.parameters)
        scales = np.full(bounds.size - 1, self.scales[one.group])
        local = tuple(np.zeros(result.size, scores.dtype) for result in results)
        task = (self.prepared.parameters, self.wanted)
        outcome = direct_pairs.evaluate(formulas, kind, arranged, scales, (task, local))
        for result, part in zip(results, local, strict=True):
            result += part
        return float(np.cumsum(outcome.loss)[-1])


def by_depth(groups: list[Large], scales: np.ndarray) -> list[list[tuple[int, Node]]]:
    """Halvings by label as (group, node): those of one depth have no row in common."""
    depths: list[list[tuple[int, Node]]] = []

    def add(depth: int, one: Large, node: Node) -> None:
        if depth == len(depths):
            depths.append([])
        depths[depth].append((one.group, node))

    for one in groups:
        parts = [(0, one.end) if one.levels.many else (0, one.levels.values.size)]
        depth = 0
        while parts:
            halves = []
            for start, stop in parts:
                middle = split_rows(one.rows[1], start, stop) if one.levels.many else split_levels(one, start, stop)
                if middle is None:
                    continue
                add(depth, one, _node(one, (start, middle, stop), scales[one.group]))
                halves += [(start, middle), (middle, stop)]
            parts = halves
            depth += 1
    return depths


def _node(one: Large, part: tuple[int, int, int], scale: float) -> Node:
    start, middle, stop = part
    if not one.levels.many:
        y = one.levels.values
        low, high = (y[start], y[middle - 1]), (y[middle], y[stop - 1])
        return Node(one.begin, one.end, low, high, one.levels.low, one.levels.high, scale)
    scores, labels, _ = one.rows
    own = scores[start:stop]
    high, low = (labels[middle - 1], labels[start]), (labels[stop - 1], labels[middle])
    return Node(start, stop, low, high, float(own.min()), float(own.max()), scale)


def split_levels(one: Large, start: int, stop: int) -> int | None:
    """Where the levels start <= k < stop are halved, by their rows."""
    if stop - start < 2:
        return None
    counts = np.cumsum(one.levels.counts[start:stop])
    return start + 1 + int(np.argmin(np.abs(counts[:-1] - 0.5 * counts[-1])))


def split_rows(labels: np.ndarray, start: int, stop: int) -> int | None:
    """Where rows in the order of falling labels are halved, between two labels; None if they are a leaf."""
    if stop - start <= LEAF or labels[start] == labels[stop - 1]:
        return None
    middle = (start + stop) // 2
    falling = -labels[start:stop].astype(np.float64)
    before = start + int(np.searchsorted(falling, -np.float64(labels[middle]), "left"))
    after = start + int(np.searchsorted(falling, -np.float64(labels[middle]), "right"))
    return after if before == start or (after < stop and after - middle < middle - before) else before


def leaves(labels: np.ndarray) -> list[tuple[int, int]]:
    """The parts that are not halved any more, in order."""
    parts, done = [(0, labels.size)], []
    while parts:
        start, stop = parts.pop()
        middle = split_rows(labels, start, stop)
        if middle is None:
            done.append((start, stop))
        else:
            parts += [(middle, stop), (start, middle)]
    return done
