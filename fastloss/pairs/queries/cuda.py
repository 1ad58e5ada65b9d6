"""Queries on CUDA: a thread a row, which finds its rank among the rows of its query, and then sums its pairs.

Ranks are counted, which takes as many steps as there are pairs, so nothing is sorted. The ideal ranking is one of
labels, which lie on the host: its DCG is computed there.
"""

from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.columns import taken
from fastloss.compile.cuda.launch import a_block_each, a_thread_each, code, launch
from fastloss.compile.elementary import weighed
from fastloss.compile.templates import unbound
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.direct.cuda import group_of, group_sums
from fastloss.pairs.pair import PairFormulas, RowSums
from fastloss.pairs.queries.query import Ranked, Settings, discount, gain, pair, scaled
from fastloss.pairs.queries.ranking import ideals
from fastloss.pairs.records import Groups

WANT_GRADIENT = WANT_CURVATURE = THREADS = unbound


def is_before(x, y, earlier):
    """Whether a row of score x is ranked before one of score y: NaN comes last, and equal scores as they stand."""
    if x != x or y != y:
        return y != y and (x == x or earlier)
    return x > y or (x == y and earlier)


def rank_rows(inputs, outputs):
    """A thread writes its row's columns to where it is ranked."""
    scores, labels, order, offsets, units = inputs
    ranked_scores, gains, discounts, rows = outputs
    i = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if i < scores.size:
        g = group_of(i, offsets)
        start, stop = offsets[g], offsets[g + 1]
        x = np.float64(scores[i])
        rank = 0
        for j in range(start, stop):
            rank += 1 if j != i and is_before(np.float64(scores[j]), x, j < i) else 0
        at = start + rank
        ranked_scores[at], gains[at], discounts[at], rows[at] = x, gain(labels[i], units[g]), discount(rank), order[i]


def sum_pairs(inputs, parameters, outputs):
    """A thread sums the pairs of a ranked row: as first with the rows behind it, as second with those before."""
    scores, gains, discounts, rows, offsets, inverses, scales = inputs
    losses, gradient, curvature = outputs
    sigma, level = parameters
    columns = Ranked(scores, gains, discounts)
    i = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if i < rows.size:
        g = group_of(i, offsets)
        start, stop = offsets[g], offsets[g + 1]
        last = min(stop, start + level)
        loss = first = second = 0.0
        if i < last:
            for j in range(i + 1, stop):
                more, d, c = pair(i, j, columns, sigma)
                loss, first, second = loss + more, first + d, second + c
        if WANT_GRADIENT or WANT_CURVATURE:
            for j in range(start, min(i, last)):
                _, d, c = pair(j, i, columns, sigma)
                first, second = first - d, second + c
        sums = scaled(RowSums(loss, first, second), inverses[g], sigma)
        losses[i] = sums.loss
        if WANT_GRADIENT:
            gradient[rows[i]] = weighed(scales[g], sums.slope)
        if WANT_CURVATURE:
            curvature[rows[i]] = weighed(scales[g], sums.curvature)


def run(
    formulas: PairFormulas,
    scores: Any,
    labels: np.ndarray,
    groups: Groups,
    settings: Settings,
    method: str,
    scales: np.ndarray,
    wanted: Wanted,
) -> Outcome:
    """Do what `pairs.queries.cpu.run` does, pair by pair for every method; derivatives are where the scores are."""
    sigma, level, linear = settings
    place, dtype, size = Place(scores), kernel_dtype(scores), scores.size
    labels = np.ascontiguousarray(labels, np.float64)
    order = np.arange(size) if groups.rows is None else np.ascontiguousarray(groups.rows, np.int64)
    offsets, shape = groups.offsets, a_thread_each(size)
    there, ends = place.device(order), place.device(np.ascontiguousarray(offsets, np.int64))
    scores = taken(place, place.device(scores, dtype), there)
    columns = tuple(place.empty(size) for _ in range(3))
    ranked = place.empty(size, np.int64)
    kind = "linear" if linear else ""
    inverses, units = map(place.device, ideals(labels, order, offsets, level, linear))
    launch(
        place,
        code(rank_rows, kind, LINEAR=linear),
        shape,
        (scores, place.device(labels[order]), there, ends, units),
        (*columns, ranked),
    )
    gradient, curvature = (place.zeros(size if want else 0, dtype) for want in (wanted.gradient, wanted.curvature))
    losses, loss = place.empty(size), place.empty(offsets.size - 1)
    asked = {"WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
    inputs = (*columns, ranked, ends, inverses, place.device(scales, np.float64))
    what = code(sum_pairs, f"{formulas.name}_{wanted.code}", **asked)
    launch(place, what, shape, inputs, (float(sigma), int(level)), (losses, gradient, curvature))
    launch(place, code(group_sums), a_block_each(offsets.size - 1), (losses, ends), (loss,))
    gradients, curvatures = ((place.home(one),) for one in (gradient, curvature))
    return Outcome(groups=place.host(loss), gradients=gradients, curvatures=curvatures)
