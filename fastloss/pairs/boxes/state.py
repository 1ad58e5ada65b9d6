"""Fine moments of each label as a state that adds up: all pairs of what has been seen, in memory that does not grow."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.cpu import Batch
from fastloss.pairs.boxes.plan import keys_of, steepness
from fastloss.pairs.boxes.sums import FINE, SUB, NoState
from fastloss.pairs.halving import LEVELS as LEVELS
from fastloss.pairs.nodes import Node
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.survey import survey

MOST = 2.0**1009  # of |scale x|: the number of a fine box, and gaps between boxes, are finite
LONG = 2.0**512  # of a gap that is too long to be added up for all rows, unless their weights are small


class Level(NamedTuple):
    """The rows of one label: their number, their weights, and moments of fine boxes, [coarse box, fine box, power].

    The weights, and so the moments, are in units of 2**`power`.
    """

    rows: int
    weight: float
    keys: np.ndarray  # the coarse boxes' numbers on the whole axis, rising
    moments: np.ndarray
    power: int = 0


def columns(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> Columns:
    """Return rows as kernels read them.

    Raises
    ------
    NoState
        If a weight is infinite.
    """
    rows = Columns.of(scores, labels, weights)
    infinite = np.flatnonzero(np.isinf(rows.weights))
    if infinite.size:
        raise NoState(f"sample_weight[{infinite[0]}] is inf: expected a finite number, since a state adds it up")
    return rows


def require_scores(scores: np.ndarray, sigma: float) -> None:
    """Raise unless boxes can hold the scores: no number of a box is made of what has not passed here.

    Raises
    ------
    NoState
        If a score is not finite or too large.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = np.flatnonzero(~(np.abs(scores.astype(np.float64)) * steepness(sigma).scale <= MOST))
    if beyond.size:
        at, score = int(beyond[0]), float(scores[beyond[0]])
        what = f"one that is not too large with sigma={sigma:g}" if np.isfinite(score) else "a finite one"
        raise NoState(f"scores[{at}] is {score:g}: expected {what}, since a state holds no other")


def levels(rows: Columns, sigma: float) -> dict[float, Level]:
    """The state of some rows.

    Raises
    ------
    NoState
        If a score is not finite or too large, or there are more labels than the fast method takes unsorted.
    """
    size = rows.scores.size
    if not size:
        return {}
    require_scores(rows.scores, sigma)
    found = survey(rows, np.array([[0, size]]))[0]
    if found.many:
        raise NoState("labels has more than 16 distinct values: expected few, since each has a state of its own")
    scale = steepness(sigma).scale
    made = {}
    for y, count, weight in zip(found.values, found.counts, found.weights, strict=True):
        node = Node(0, size, (y, y), (y, y), found.low, found.high)
        keys, sparse = keys_of(node, scale, rows.scores)
        batch = Batch([node], [(keys, sparse)])
        moments = batch.moments(rows, scale)[0].reshape(keys.size, SUB, FINE)
        some = moments[:, :, 0].any(1)
        made[float(y)] = Level(int(count), float(weight), keys[some], moments[some])
    return made


def scaled(rows: Columns, powers: Mapping[float, int]) -> Columns:
    """Rows whose weights are in units of 2**powers[label], those of other labels as they are."""
    exponents = np.zeros(rows.weights.size, np.int64)
    if exponents.size:
        for label, power in powers.items():
            if power:
                exponents[rows.labels == label] = -power
    if not exponents.any():
        return rows
    with np.errstate(over="ignore", under="ignore"):
        return rows._replace(weights=np.ldexp(rows.weights, exponents))


def in_unit(level: Level, power: int) -> Level:
    """The level with weights in units of 2**`power`."""
    if power == level.power:
        return level
    with np.errstate(under="ignore"):
        moments = np.ldexp(level.moments, level.power - power)
        weight = float(np.ldexp(level.weight, level.power - power))
    some = moments[:, :, 0].any(1)
    return level._replace(weight=weight, keys=level.keys[some], moments=moments[some], power=power)


def light(levels: Mapping[float, Level]) -> dict[float, Level]:
    """The levels in units in which their sums times their gaps are finite."""
    longest = max((float(np.abs(level.keys).max()) for level in levels.values() if level.keys.size), default=0.0)
    if longest <= LONG:
        return dict(levels)
    return {label: in_unit(level, level.power + int(np.frexp(level.weight)[1])) for label, level in levels.items()}


def on_keys(level: Level, keys: np.ndarray) -> np.ndarray:
    """The moments on more boxes than the level's own."""
    moments = np.zeros((keys.size, SUB, FINE))
    moments[np.searchsorted(keys, level.keys)] = level.moments
    return moments


def added(one: Level, other: Level) -> Level:
    """The state of the rows of both, in the unit of those that weigh something."""
    power = max((level.power for level in (one, other) if level.weight > 0.0), default=0)
    one, other = in_unit(one, power), in_unit(other, power)
    keys = np.union1d(one.keys, other.keys)
    moments = on_keys(one, keys) + on_keys(other, keys)
    return Level(one.rows + other.rows, one.weight + other.weight, keys, moments, power)


def mirrored(level: Level) -> Level:
    """The state of the negated scores."""
    batch, moments = _on(level.keys), level.moments.copy()
    batch.turn(level.keys, moments.reshape(-1, 1, FINE))
    return level._replace(keys=batch.turned_keys, moments=moments)


def _on(keys: np.ndarray) -> Batch:
    return Batch([Node(0, 0, (0.0, 0.0), (0.0, 0.0), 0.0, 0.0)], [(keys, True)])


def between(formulas: PairFormulas, sigma: float, source: Level, target: Level) -> float:
    """The loss over all pairs of two levels, the target's rows first, in the product of their units."""
    if not source.keys.size or not target.keys.size:  # all weights are 0
        return 0.0
    keys = np.union1d(source.keys, target.keys)
    sources, targets = (on_keys(level, keys).reshape(-1, FINE) for level in (source, target))
    with np.errstate(over="ignore", invalid="ignore"):
        made = _on(keys).received(formulas, steepness(sigma).s, sources, Wanted(value=True))
        return float(_on(keys).losses(made, targets)[0])


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
    if not source.keys.size:
        return
    scale, s = steepness(sigma)
    scale *= sign
    level = source if sign > 0 else mirrored(source)
    keys = np.union1d(level.keys, np.floor(2.0 * scale * rows.scores.astype(np.float64)))
    targets = Node(0, rows.scores.size, (label, label), (label, label), 0.0, 0.0, factor)
    wanted = Wanted(gradient=True)
    batch, empty = Batch([targets], [(keys, True)]), np.empty(0, gradient.dtype)
    made = batch.received(formulas, s, on_keys(level, keys).reshape(-1, FINE), wanted)
    batch.evaluate(rows, scale, made[None], wanted, Results(empty, gradient, empty))
