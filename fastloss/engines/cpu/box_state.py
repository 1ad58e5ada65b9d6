"""Fine moments of each label as a state that adds up: all pairs of what has been seen, in memory that does not grow."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.engines.box_plan import can_do, keys_of, steepness
from fastloss.engines.cpu.boxes import Batch
from fastloss.engines.cpu.pairs import survey
from fastloss.engines.nodes import Node
from fastloss.shapes.boxes import FINE, SUB, NoState
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted
from fastloss.validate import kernel_dtype


class Level(NamedTuple):
    """The rows of one label: their number, their weights, and moments of fine boxes, [coarse box, fine box, power]."""

    rows: int
    weight: float
    keys: np.ndarray  # the coarse boxes' numbers on the whole axis, rising
    moments: np.ndarray


def columns(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> Any:
    """Rows as the kernels read them."""
    return (
        np.ascontiguousarray(scores, kernel_dtype(scores)),
        np.ascontiguousarray(labels, kernel_dtype(labels)),
        np.empty(0) if weights is None else np.ascontiguousarray(weights, np.float64),
    )


def levels(rows: Any, sigma: float) -> dict[float, Level]:
    """The state of some rows.

    Raises
    ------
    NoState
        If a score is not finite or too large, or there are more labels than the fast method takes unsorted.
    """
    size = rows[0].size
    if not size:
        return {}
    found = survey(rows, np.array([[0, size]]))[0]
    if found.many:
        raise NoState("labels has more than 16 distinct values: expected few, since each has a state of its own")
    if not found.finite or not can_do(sigma, found.low, found.high):
        raise NoState("scores has an element that is not finite or too large for a state")
    scale = steepness(sigma).scale
    made = {}
    for y, count, weight in zip(found.values, found.counts, found.weights, strict=True):
        node = Node(0, size, (y, y), (y, y), found.low, found.high)
        keys, sparse = keys_of(node, scale, rows[0])
        batch = Batch([node], [(keys, sparse)])
        moments = batch.moments(rows, scale).reshape(-1, keys.size, SUB, FINE).sum(0)
        some = moments[:, :, 0].any(1)
        made[float(y)] = Level(int(count), float(weight), keys[some], moments[some])
    return made


def on_keys(level: Level, keys: np.ndarray) -> np.ndarray:
    """The moments on more boxes than the level's own."""
    moments = np.zeros((keys.size, SUB, FINE))
    moments[np.searchsorted(keys, level.keys)] = level.moments
    return moments


def added(one: Level, other: Level) -> Level:
    """The state of the rows of both."""
    keys = np.union1d(one.keys, other.keys)
    moments = on_keys(one, keys) + on_keys(other, keys)
    return Level(one.rows + other.rows, one.weight + other.weight, keys, moments)


def mirrored(level: Level) -> Level:
    """The state of the negated scores."""
    keys, moments = level.keys[::-1], level.moments[::-1]
    turned = moments[:, ::-1] * (-1.0) ** np.arange(FINE)
    # Where the next box has no number of its own, all rows lie on a box's left edge, and so do the negated ones.
    lattice = np.abs(keys) >= 2.0**53
    moments = np.where(lattice[:, None, None], moments, turned)
    return level._replace(keys=np.where(lattice, -keys, -1.0 - keys), moments=moments)


def _received(formulas: PairFormulas, scaling: Any, source: Level, keys: np.ndarray, wanted: Wanted) -> Any:
    batch = Batch([Node(0, 0, (0.0, 0.0), (0.0, 0.0), 0.0, 0.0)], [(keys, True)])
    return batch.polynomials(formulas, scaling, on_keys(source, keys).reshape(-1, FINE), wanted)


def between(formulas: PairFormulas, sigma: float, source: Level, target: Level) -> float:
    """The loss over all pairs of two levels, the target's rows first: no row is needed."""
    scale, s = steepness(sigma)
    keys = np.union1d(source.keys, target.keys)
    made = _received(formulas, (scale, s), source, keys, Wanted(value=True))
    return float((made[:, 0] * on_keys(target, keys).reshape(-1, FINE)).sum())


def add_gradient(formulas: PairFormulas, sigma: float, source: Level, rows: Any, task: Any) -> None:
    """Add the slopes of rows of one label against a level, which is second (`sign` 1) or first (-1) in the pairs.

    `task` is (sign, label, factor, gradient).
    """
    sign, label, factor, gradient = task
    scale, s = steepness(sigma)
    scale *= sign
    level = source if sign > 0 else mirrored(source)
    keys = np.union1d(level.keys, np.floor(2.0 * scale * rows[0].astype(np.float64)))
    own = Node(0, rows[0].size, (label, label), (label, label), 0.0, 0.0, factor)
    wanted = Wanted(gradient=True)
    coefficients = _received(formulas, (scale, s), level, keys, wanted)
    empty = np.empty(0, gradient.dtype)
    Batch([own], [(keys, True)]).evaluate(rows, scale, coefficients, (wanted, (empty, gradient, empty)))
