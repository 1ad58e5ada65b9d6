"""Every user's positives against the whole catalogue: strips of scores by BLAS, then linear-time sums, a node a user.

Memory is a strip of scores, of labels and of slopes for each thread, whatever the numbers of users and items.
"""

from typing import Any

import numpy as np

from fastloss.compile.blas import check, in_order
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.embeddings.candidates.cpu import Adder, groups_of, ranges
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results

STRIP = 1 << 22  # scores: each thread has them
BLOCK = 4096  # items whose gradient is added at a time: it stays in a second-level cache
TASKS = 32


def run(
    formulas: PairFormulas, factors: tuple[Any, ...], interactions: Any, scales: np.ndarray, gradient: bool
) -> Outcome:
    """One pass over the users; `factors` is (store, users, items, bias), `scales` multiplies users' derivatives."""
    _, users, items, bias = factors
    offsets, indices = interactions
    count, width = len(users), len(items)
    height = max(1, min(STRIP // max(width, 1), count))
    loss = np.zeros(count)
    slopes = tuple(np.zeros(one.shape if gradient else 0, one.dtype) for one in (users, items, bias))

    def work(strips: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        scores, labels = np.empty((height, width), users.dtype), np.zeros((height, width), np.uint8)
        slope = np.empty((height, width) if gradient else (0, 0), users.dtype)
        by_items, by_bias = (np.zeros_like(one) for one in slopes[1:])
        adder = Adder(BLOCK, users.shape[1], users.dtype)
        for start, stop in strips:
            check()
            some = slice(stop - start)
            np.matmul(users[start:stop], items.T, out=scores[some])
            if bias.size:
                scores[some] += bias
            own = offsets[start : stop + 1]
            listed = np.repeat(np.arange(stop - start), np.diff(own)), indices[own[0] : own[-1]]
            labels[listed] = 1
            slope[some] = 0.0
            part = scores[some], labels[some], slope[some] if gradient else slope
            _strip(formulas, part, (start, loss, scales), gradient)
            labels[listed] = 0
            if gradient:
                slopes[0][start:stop] = slope[some] @ items
                for block in ranges(width, BLOCK):
                    adder.add(by_items[slice(*block)], slope[some, slice(*block)].T, users[start:stop])
                if bias.size:
                    by_bias += np.ones(stop - start, slope.dtype) @ slope[some]
        return by_items, by_bias

    for by_items, by_bias in in_order(work, groups_of(ranges(count, height), TASKS)):
        slopes[1][...] += by_items
        slopes[2][...] += by_bias
    return Outcome(each=loss, gradients=slopes)


def _strip(formulas: PairFormulas, part: Any, users: Any, gradient: bool) -> None:
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
    rows = Columns(scores.reshape(-1), labels.reshape(-1), np.empty(0))
    results = Results(empty, slope.reshape(-1), empty)
    loss[owners] = boxes.sums(formulas, nodes, rows, Parameters(1.0), wanted, results)
