"""Every user's positives against the whole catalogue: tiles of scores by BLAS, then linear-time sums, a node a user.

Memory is a tile of scores, of labels and of slopes, whatever the numbers of users and items.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.engines.cpu import boxes
from fastloss.engines.cpu.nodes import Node, Parameters
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted

# Scores. BLAS keeps its threads spinning for some 20 ms after a product, and they take the processors from ours: few
# large tiles, and what is serial directly after the product, cost a third of the time of many small ones.
TILE = 1 << 24


class Outcome(NamedTuple):
    """Each user's loss summed over its pairs; gradients by users, items and the items' biases, where wanted."""

    loss: np.ndarray
    users: np.ndarray
    items: np.ndarray
    bias: np.ndarray


def pair_counts(interactions: tuple[np.ndarray, np.ndarray], items: int) -> np.ndarray:
    """Each user's pairs; an item listed twice counts once."""
    offsets, indices = interactions
    owners = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    distinct = np.unique(owners * items + indices)
    positives = np.bincount(distinct // max(items, 1), minlength=offsets.size - 1)
    return positives * (items - positives)


def run(
    formulas: PairFormulas, factors: tuple[np.ndarray, ...], interactions: Any, scales: np.ndarray, gradient: bool
) -> Outcome:
    """One pass over the users; `factors` is (users, items, bias), `scales` multiplies each user's derivatives."""
    users, items, bias = factors
    offsets, indices = interactions
    count, width = len(users), max(len(items), 1)
    tile = max(1, min(TILE // width, count))
    loss = np.zeros(count)
    slopes = tuple(np.zeros(one.shape if gradient else 0, one.dtype) for one in (users, items, bias))
    scores, labels = np.empty((tile, len(items)), users.dtype), np.zeros((tile, len(items)), np.uint8)
    slope = np.empty((tile, len(items)) if gradient else (0, 0), users.dtype)
    for start in range(0, count, tile):
        stop = min(start + tile, count)
        some = slice(stop - start)
        np.matmul(users[start:stop], items.T, out=scores[some])
        if bias.size:
            scores[some] += bias
        own = offsets[start : stop + 1]
        listed = np.repeat(np.arange(stop - start), np.diff(own)), indices[own[0] : own[-1]]
        labels[listed] = 1
        slope[some] = 0.0
        part = scores[some], labels[some], slope[some] if gradient else slope
        _tile(formulas, part, (start, loss, scales), gradient)
        labels[listed] = 0
        if gradient:
            slopes[0][start:stop] = slope[some] @ items
            slopes[1][:] += slope[some].T @ users[start:stop]
            if bias.size:
                slopes[2][:] += slope[some].sum(0)
    return Outcome(loss, *slopes)


def _tile(formulas: PairFormulas, part: Any, users: Any, gradient: bool) -> None:
    scores, labels, slope = part
    start, loss, scales = users
    width = scores.shape[1]
    if not width:
        return
    lowest, highest = scores.min(1), scores.max(1)
    nodes, owners = [], []
    for k, (low, high, scale) in enumerate(zip(lowest.tolist(), highest.tolist(), scales[start:], strict=False)):
        if np.isfinite(low) and np.isfinite(high):
            nodes.append(Node(k * width, (k + 1) * width, (0.0, 0.0), (1.0, 1.0), low, high, scale))
            owners.append(start + k)
        else:
            loss[start + k] = np.nan
            if gradient:
                slope[k] = np.nan
    if not nodes:
        return
    empty = np.empty(0, scores.dtype)
    wanted = Wanted(value=True, gradient=gradient)
    rows = (scores.reshape(-1), labels.reshape(-1), np.empty(0))
    results = (empty, slope.reshape(-1), empty)
    loss[owners] = boxes.sums(formulas, nodes, rows, Parameters(1.0), (wanted, results))
