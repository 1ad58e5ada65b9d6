"""Positives against negatives that they all share, in time in proportion to both: one bipartite sum of `boxes.py`."""

from typing import Any

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.cpu import Batch
from fastloss.pairs.boxes.far import can_do
from fastloss.pairs.boxes.plan import batches, steepness
from fastloss.pairs.boxes.sums import H
from fastloss.pairs.nodes import Node
from fastloss.pairs.pair import PairFormulas

# Nanoseconds of a thread, see bench/results: a pair computed directly, a row of the sums, a box of theirs, a call.
PAIR, ROW, BOX, CALL = 8.0, 60.0, 6_000.0, 2_000_000.0


def bounds(scores: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """The least and the largest of all scores; not finite if one of them is not."""
    some = [np.float64(bound) for array in scores for bound in (array.min(), array.max())]
    return float(np.min(some)), float(np.max(some))


def suits(scores: tuple[np.ndarray, np.ndarray], weights: np.ndarray | None) -> bool:
    """Whether the sums are cheaper than all pairs, and hold the scores and weights."""
    positives, negatives = (array.size for array in scores)
    pairs, rows = positives * negatives, positives + negatives
    if PAIR * pairs <= ROW * rows + CALL:
        return False
    low, high = bounds(scores)
    if not can_do(steepness(1.0).scale, low, high):
        return False
    if weights is not None and not np.isfinite(weights.sum()):
        return False
    return PAIR * pairs > ROW * rows + BOX * min((high - low) / H, rows) + CALL


def sums(
    formulas: PairFormulas, scores: tuple[np.ndarray, np.ndarray], weights: np.ndarray | None, gradient: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each positive's loss and slope summed over the negatives, and each negative's weighted slope over the positives.

    A positive's own weight is in neither of the first two: a weight of 0 leaves a loss that can be asked for.
    """
    sizes = [array.size for array in scores]
    all_scores = np.concatenate(scores).astype(np.float64, copy=False)
    labels = np.repeat((1.0, 0.0), sizes)
    node = Node(0, all_scores.size, (0.0, 0.0), (1.0, 1.0), *bounds(scores))
    results = tuple(np.zeros(all_scores.size if want else 0) for want in (True, gradient, False))
    wanted = Wanted(each=True, gradient=gradient)
    _one_way(formulas, node, (all_scores, labels, np.empty(0)), 1.0, (wanted, results))
    if gradient:
        own = np.empty(0) if weights is None else np.concatenate((weights, np.ones(sizes[1])))
        rows = all_scores, labels, own
        _one_way(formulas, node.mirrored(), rows, -1.0, (wanted.derivatives, (np.empty(0), *results[1:])))
    each, slopes, _ = results
    return each[: sizes[0]], slopes[: sizes[0]], slopes[sizes[0] :]


def _one_way(formulas: PairFormulas, node: Node, rows: Any, orientation: float, task: Any) -> None:
    scale, s = steepness(1.0)
    for some in batches([node], orientation * scale, rows[0]):
        Batch(*some).run(formulas, rows, (orientation * scale, s), *task)
