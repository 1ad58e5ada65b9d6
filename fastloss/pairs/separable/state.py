"""Sums of exponentials of each label as a state that adds up: all pairs seen so far, in four numbers a label."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.core.units import lifted
from fastloss.pairs.boxes.state import LEVELS as LEVELS
from fastloss.pairs.boxes.state import columns as columns
from fastloss.pairs.boxes.state import scaled as scaled
from fastloss.pairs.boxes.sums import NoState
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.separable.cpu import evaluated, total_of
from fastloss.pairs.separable.sums import NOTHING as NOTHING
from fastloss.pairs.separable.sums import Total
from fastloss.pairs.survey import survey


class Level(NamedTuple):
    """The rows of one label: their number, their weights, and their sums in pairs in which they are second, and first.

    The weights, and so the sums, are in units of 2**`power`.
    """

    rows: int
    weight: float
    second: Total  # of e**(s t)
    first: Total  # of e**(-s t), whose largest term is that of the least score: `top` is minus that
    s: float
    power: int = 0


def require_scores(scores: np.ndarray, sigma: float) -> None:
    """Raise unless the scores are finite.

    Raises
    ------
    NoState
        If one is not.
    """
    beyond = np.flatnonzero(~np.isfinite(scores))
    if beyond.size:
        at = int(beyond[0])
        raise NoState(f"scores[{at}] is {float(scores[at]):g}: expected a finite one, since a state holds no other")


def levels(rows: Columns, sigma: float) -> dict[float, Level]:
    """The state of some rows.

    Raises
    ------
    NoState
        If a score is not finite, or there are more labels than a survey lists.
    """
    size = rows.scores.size
    if not size:
        return {}
    require_scores(rows.scores, sigma)
    found = survey(rows, np.array([[0, size]]))[0]
    if found.many:
        raise NoState(f"labels has more than {LEVELS} distinct values: expected few, since each has a state of its own")
    made = {}
    for y, count, weight in zip(found.values.tolist(), found.counts, found.weights, strict=True):
        node = Node(0, size, (y, y), (y, y), found.low, found.high)
        second, first = (total_of(node, rows, Parameters(sigma, orientation)) for orientation in (1.0, -1.0))
        made[y] = Level(int(count), float(weight), second, first, sigma)
    return made


def light(levels: Mapping[float, Level]) -> dict[float, Level]:
    """The levels: their sums are no greater than their weights, and make no product with a gap."""
    return dict(levels)


def in_unit(level: Level, power: int) -> Level:
    """The level with weights in units of 2**`power`."""
    by = level.power - power
    second, first = (one._replace(sum=lifted(one.sum, by)) for one in (level.second, level.first))
    return level._replace(weight=lifted(level.weight, by), second=second, first=first, power=power)


def added(one: Level, other: Level) -> Level:
    """The state of the rows of both, in the unit of those that weigh something."""
    power = max((level.power for level in (one, other) if level.weight > 0.0), default=0)
    one, other = in_unit(one, power), in_unit(other, power)
    second, first = _sum(one.second, other.second, one.s), _sum(one.first, other.first, one.s)
    return Level(one.rows + other.rows, one.weight + other.weight, second, first, one.s, power)


def _sum(one: Total, other: Total, s: float) -> Total:
    if one.top < other.top:
        one, other = other, one
    if other.top == -np.inf:
        return one
    with np.errstate(over="ignore", under="ignore"):
        return Total(one.top, one.sum + float(np.exp(s * (np.float64(other.top) - one.top))) * other.sum)


def between(formulas: PairFormulas, sigma: float, source: Level, target: Level) -> float:
    """The loss over all pairs of two levels, the target's rows first, in the product of their units."""
    (low, seconds), (high, firsts) = source.second, target.first
    if low == -np.inf or high == -np.inf:  # all weights are 0
        return 0.0
    with np.errstate(over="ignore", under="ignore"):
        half = np.exp(0.5 * sigma * (np.float64(low) + high))  # as in `evaluate`
        return float((seconds * half) * (firsts * half))


def add_gradient(
    formulas: PairFormulas,
    sigma: float,
    source: Level,
    rows: Columns,
    sign: float,
    label: float,
    factor: float,
    gradient: np.ndarray,
) -> None:
    """Add the slopes of rows of one label against a level, which is second (`sign` 1) or first (-1) in the pairs."""
    node, empty = (
        Node(0, rows.scores.size, (label, label), (label, label), 0.0, 0.0, factor),
        np.empty(0, gradient.dtype),
    )
    others, results = source.second if sign > 0.0 else source.first, Results(empty, gradient, empty)
    evaluated(node, rows, Parameters(sigma, sign), others, Wanted(gradient=True), results)
