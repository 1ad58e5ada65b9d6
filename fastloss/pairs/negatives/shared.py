"""Positives against negatives that they all share, in time in proportion to both: one bipartite sum of `boxes.py`."""

from typing import NamedTuple

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.boxes.far import can_do
from fastloss.pairs.boxes.plan import steepness
from fastloss.pairs.boxes.sums import H
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results

# Nanoseconds of a thread, see bench/results: a pair computed directly, a row of the sums, a box of theirs, a call.
PAIR, ROW, BOX, CALL = 8.0, 60.0, 6_000.0, 2_000_000.0


class SharedSums(NamedTuple):
    """Sums over negatives of each positive's loss and slope, and over positives of each negative's weighted slope.

    A positive's own weight is in neither of the first two: a weight of 0 leaves a loss that can be asked for.
    """

    losses: np.ndarray
    positive_slopes: np.ndarray
    negative_slopes: np.ndarray


def bounds(scores: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """Return the least and the largest of all scores; not finite if one of them is not."""
    some = [np.float64(bound) for array in scores for bound in (array.min(), array.max())]
    return float(np.min(some)), float(np.max(some))


def suits(scores: tuple[np.ndarray, np.ndarray], weights: np.ndarray | None) -> bool:
    """Check whether the sums are cheaper than all pairs, and hold the scores and weights."""
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
) -> SharedSums:
    """Sum over the pairs of all positives and all negatives, which share them."""
    sizes = [array.size for array in scores]
    all_scores = np.concatenate(scores).astype(np.float64, copy=False)
    labels = np.repeat((1.0, 0.0), sizes)
    node = Node(0, all_scores.size, (0.0, 0.0), (1.0, 1.0), *bounds(scores))
    wanted = Wanted(each=True, gradient=gradient)
    results = Results.zeros(all_scores.size, wanted)
    rows = Columns(all_scores, labels, np.empty(0))
    boxes.sums(formulas, [node], rows, Parameters(1.0), wanted, results)
    positives, negatives = slice(sizes[0]), slice(sizes[0], None)
    negative_slopes = results.gradient[negatives]
    if gradient and weights is not None:
        rows = rows._replace(weights=np.concatenate((weights, np.ones(sizes[1]))))
        weighted = Results.zeros(all_scores.size, wanted.derivatives)
        boxes.sums(formulas, [node], rows, Parameters(1.0), wanted.derivatives, weighted)
        negative_slopes = weighted.gradient[negatives]
    return SharedSums(results.each[positives], results.gradient[positives], negative_slopes)
