"""Rows that outweigh all others of their label: their pairs with these, one by one.

In the double sum over every i and j a row meets itself, and the slopes of that pair as first and as second item cancel.
A fast method adds the two up apart, each with an error in proportion to the row's own weight: too much where that
exceeds the others' together. There are few such rows, since each outweighs all that are lighter.
"""

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.cpu_nodes import ROWS, run_block
from fastloss.pairs.pair import PairFormulas, slope_of_both

RATIO = 64.0  # how often a row outweighs all lighter ones together: six binary digits may be lost
MOST = 64

curvature = unbound

BEGIN, END = range(2)  # columns of ranges of rows
SLOPE, CURVATURE = range(2)  # and of sums over them


def heaviest(weights: np.ndarray) -> np.ndarray:
    """Return the rows that are to be summed one by one, heaviest first."""
    count = min(MOST, weights.size)
    top = np.argpartition(-weights, count - 1)[:count] if count < weights.size else np.arange(weights.size)
    top = top[np.argsort(-weights[top], kind="stable")]
    rest = np.ones(weights.size, bool)
    rest[top] = False
    lighter = np.cumsum(np.append(weights[rest].sum(), weights[top][::-1]))[::-1][1:]
    return top[: int(np.argmin(np.append(weights[top] > RATIO * lighter, False)))]


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, weights, heavy, tasks = inputs
    slopes, curvatures, sums = outputs
    m, s = parameters[0], parameters[1]
    for task in range(first, last):
        for k in range(heavy.size):
            h = heavy[k]
            first_sum = second_sum = 0.0
            for j in range(tasks[task, BEGIN], tasks[task, END]):
                gap = m * (np.float64(scores[j]) - np.float64(scores[h]))
                steep = slope_of_both(m, gap, m, -gap, s) if j != h else 0.0
                bend = m * m * (curvature(gap, s) + curvature(-gap, s)) if j != h else 0.0
                slopes[j] += weighed(weights[h], steep)
                curvatures[j] += weighed(weights[h], bend)
                first_sum -= weighed(weights[j], steep)
                second_sum += weighed(weights[j], bend)
            sums[task, k, SLOPE], sums[task, k, CURVATURE] = first_sum, second_sum


def sums(
    formulas: PairFormulas, number: float, m: float, scores: np.ndarray, weights: np.ndarray, heavy: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return slopes and curvatures of rows of one label in their pairs with the heavy ones."""
    tasks = np.array([(i, min(i + ROWS, scores.size)) for i in range(0, scores.size, ROWS)], np.int64)
    slopes, curvatures = np.zeros(scores.size), np.zeros(scores.size)
    parts = np.empty((len(tasks), heavy.size, 2))
    names = {"slope": formulas.slope, "curvature": formulas.curvature}
    inputs, outputs = (scores, weights, heavy, tasks), (slopes, curvatures, parts)
    run_block(block, formulas.name, inputs, (m, number), outputs, len(tasks), names=names)
    for derivative, total in zip((slopes, curvatures), np.cumsum(parts, 0)[-1].T, strict=True):
        derivative[heavy] = total
        derivative *= weights
    return slopes, curvatures
