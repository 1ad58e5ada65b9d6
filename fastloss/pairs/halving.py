"""Large groups of pairs, halved by label again and again: the plan that every engine's fast method follows.

A group of few labels is halved as it lies; one of many is sorted by falling label first, and its smallest parts are
summed directly. Each halving is one node (`pairs/nodes.py`). Nothing here looks at a score.
"""

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import summation
from fastloss.core.requests import Wanted
from fastloss.pairs import differences
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas, multiplier_difference, multiplier_first
from fastloss.pairs.records import Columns, Results

LEVELS = 16  # distinct labels up to which a group needs no sorting
LEAF = 1024  # rows of a part that is not halved any more
MOST_DIRECT = 20_000  # rows up to which a group with scores that are not finite is summed directly


class Kind(NamedTuple):
    """How labels choose and weigh the pairs of one loss."""

    multiplier: Any
    unordered: bool


class Levels(NamedTuple):
    """What a survey says of a group: its labels in rising order, if they are few, and its scores' range."""

    values: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    many: bool
    low: float
    high: float
    finite: bool


class Large(NamedTuple):
    """A group for the fast method: begin <= i < end of `rows`, which are the call's, or those in an `order`."""

    group: int
    rows: Columns
    order: np.ndarray | None
    begin: int
    end: int
    levels: Levels


Span = Callable[[Large, int, int], tuple[float, float]]  # bounds of the scores of some rows of a group


def rows_of(order: np.ndarray | None, offsets: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the rows of some groups, one after another."""
    sizes = np.diff(offsets)[groups]
    rows = np.repeat(offsets[groups] - np.append(0, np.cumsum(sizes)[:-1]), sizes) + np.arange(sizes.sum())
    return rows if order is None else order[rows]


def suits(kind: Kind, one: Large, possible: bool) -> bool:
    """Check whether a group is summed by the fast method; `possible`: as far as its finite scores go."""
    levels = one.levels
    if kind.multiplier is multiplier_difference and differences.runs_of(one) is None:
        return False
    return possible if levels.finite else one.end - one.begin > MOST_DIRECT


def can_slope(one: Large, margin: float, power: int) -> bool:
    """Check whether the numbers of `pairs/sloped/sums.py` are finite."""
    levels = one.levels
    labels = one.rows.labels[one.begin : one.end] if levels.many else levels.values
    steepest, weight = float(np.abs(labels).max()), max(float(levels.weights.sum()), 1.0)
    with np.errstate(all="ignore"):
        lead = margin + max(steepest, 1.0) * (levels.high - levels.low)
        return bool(np.float64(lead) ** power * max(steepest, 1.0) * weight * weight < 1e300)


def count(kind: Kind, one: Large) -> tuple[int, float]:
    """Count a group's pairs, and sum their weights."""
    size = one.end - one.begin
    counts, weights = one.levels.counts, one.levels.weights
    if kind.unordered:
        total = float(weights.sum())
        return size * size, total * total
    if one.levels.many:
        y, w = (column[one.begin : one.end][::-1] for column in (one.rows.labels, one.rows.weights))
        starts = np.append(0, np.flatnonzero(y[1:] != y[:-1]) + 1)
        counts = np.diff(np.append(starts, size))
        weights = np.add.reduceat(w, starts) if w.size else counts.astype(np.float64)
    below = np.append(0, np.cumsum(counts)[:-1])
    lighter = np.append(0.0, np.cumsum(weights)[:-1])
    return int(counts @ below), float(summation.weighed(weights, lighter).sum())


class Run(abc.ABC):
    """Fast methods for the outputs of one call. An engine says how nodes are summed and results are written."""

    def __init__(self, formulas: PairFormulas, kind: Kind, number: float, scales: np.ndarray, wanted: Wanted):
        self.formulas, self.kind, self.number, self.scales, self.wanted = formulas, kind, number, scales, wanted

    @abc.abstractmethod
    def sums(self, nodes: list[Node], rows: Columns, parameters: Parameters, results: Results) -> np.ndarray:
        """Return the nodes' losses, as `nodes.Sums`."""

    @abc.abstractmethod
    def fill_nan(self, one: Large, results: Results) -> None:
        """Write NaN to all results of a group."""

    @abc.abstractmethod
    def add(self, one: Large, label: float, number: float, power: int, result: Any) -> None:
        """Add number * weight**power to the group's rows of one label."""

    @abc.abstractmethod
    def sloped(self, one: Large, results: Results) -> float:
        """Sum over every i and j where each first item has its label for a slope (`pairs/sloped/`)."""

    @abc.abstractmethod
    def leaves(self, one: Large, results: Results) -> float:
        """Sum the pairs within the smallest parts of a group that is sorted by falling label."""

    @abc.abstractmethod
    def span(self, one: Large, start: int, stop: int) -> tuple[float, float]:
        """Return bounds of the scores of some rows of a group."""

    def groups(self, groups: list[Large], results: Results) -> np.ndarray:
        """Return the losses of groups of the same rows; derivatives are added to the results."""
        loss = np.zeros(self.scales.size)
        fine = [one for one in groups if one.levels.finite]
        for one in groups:
            if not one.levels.finite:  # too large to be summed pair by pair
                loss[one.group] = np.nan
                self.fill_nan(one, results)
        if self.kind.unordered:
            for one in fine:
                loss[one.group] += self.literal(one, results)
            return loss
        parameter = Parameters(self.number)
        for nodes in by_depth(fine, self.scales, self.span):
            owners, halves = zip(*nodes, strict=True)
            np.add.at(loss, list(owners), self.sums(list(halves), groups[0].rows, parameter, results))
        for one in fine:
            if one.levels.many:
                loss[one.group] += self.leaves(one, results)
        return loss

    def literal(self, one: Large, results: Results) -> float:
        """Sum over every i and j, by the method that suits the multiplier."""
        if self.kind.multiplier is multiplier_first:
            return self.sloped(one, results)
        if self.kind.multiplier is multiplier_difference:
            return differences.total(self, one, results)
        levels, scale = one.levels, self.scales[one.group]
        total = 0.0
        for a, first in enumerate(levels.values):
            for b, second in enumerate(levels.values):
                m = self.kind.multiplier(first, second)
                node = Node(one.begin, one.end, (second, second), (first, first), levels.low, levels.high, scale)
                parameters = Parameters(self.number * abs(m), 1.0 if m > 0.0 else -1.0)
                if a == b:
                    total += self.level(one, node, m, parameters, results)
                else:
                    total += self.sums([node], one.rows, parameters, results)[0]
        return float(total)

    @abc.abstractmethod
    def level(self, one: Large, node: Node, m: float, parameters: Parameters, results: Results) -> float:
        """Sum the pairs within a level, `m` being the multiplier and `parameters` what it makes of the formulas'."""

    def _level(self, one: Large, node: Node, m: float, parameters: Parameters, results: Results) -> float:
        """Do the same without a look at how uneven the weights are."""
        total = self.sums([node], one.rows, parameters, results)[0]
        if self.wanted.curvature:  # a row's pair with itself is a constant
            bend = 2.0 * m * m * self.formulas.curvature(0.0, self.number) * node.factor
            self.add(one, node.targets[0], -bend, 2, results.curvature)
        return float(total)


def by_depth(groups: list[Large], scales: np.ndarray, span: Span) -> list[list[tuple[int, Node]]]:
    """Return halvings by label as (group, node): those of one depth have no row in common."""
    depths: list[list[tuple[int, Node]]] = []

    def add(depth: int, one: Large, node: Node) -> None:
        if depth == len(depths):
            depths.append([])
        depths[depth].append((one.group, node))

    for one in groups:
        parts = [(one.begin, one.end) if one.levels.many else (0, one.levels.values.size)]
        depth = 0
        while parts:
            halves = []
            for start, stop in parts:
                middle = split_rows(one.rows.labels, start, stop) if one.levels.many else split_levels(one, start, stop)
                if middle is None:
                    continue
                add(depth, one, _node(one, start, middle, stop, scales[one.group], span))
                halves += [(start, middle), (middle, stop)]
            parts = halves
            depth += 1
    return depths


def _node(one: Large, start: int, middle: int, stop: int, scale: float, span: Span) -> Node:
    if not one.levels.many:
        y = one.levels.values
        low, high = (y[start], y[middle - 1]), (y[middle], y[stop - 1])
        return Node(one.begin, one.end, low, high, one.levels.low, one.levels.high, scale)
    labels = one.rows.labels
    high, low = (labels[middle - 1], labels[start]), (labels[stop - 1], labels[middle])
    return Node(start, stop, low, high, *span(one, start, stop), scale)


def split_levels(one: Large, start: int, stop: int) -> int | None:
    """Return where the levels start <= k < stop are halved, by their rows."""
    if stop - start < 2:
        return None
    counts = np.cumsum(one.levels.counts[start:stop])
    return start + 1 + int(np.argmin(np.abs(counts[:-1] - 0.5 * counts[-1])))


def split_rows(labels: np.ndarray, start: int, stop: int) -> int | None:
    """Return where rows in the order of falling labels are halved, between two labels; None if they are a leaf."""
    if stop - start <= LEAF or labels[start] == labels[stop - 1]:
        return None
    middle = (start + stop) // 2
    falling = -labels[start:stop].astype(np.float64)
    before = start + int(np.searchsorted(falling, -np.float64(labels[middle]), "left"))
    after = start + int(np.searchsorted(falling, -np.float64(labels[middle]), "right"))
    return after if before == start or (after < stop and after - middle < middle - before) else before


def leaves(labels: np.ndarray, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the parts of some rows that are not halved any more, in order."""
    parts, done = [(begin, end)], []
    while parts:
        start, stop = parts.pop()
        middle = split_rows(labels, start, stop)
        if middle is None:
            done.append((start, stop))
        else:
            parts += [(middle, stop), (start, middle)]
    return done
