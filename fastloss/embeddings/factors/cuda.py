"""Every user's positives against the whole catalogue on CUDA: strips of scores, a block of threads a user.

Every pair is looked at. A positive's score is put aside and becomes -inf among the others, where it costs nothing.
"""

from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.launch import Code, a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.elementary import INFINITY
from fastloss.compile.templates import unbound
from fastloss.core.outcomes import Outcome
from fastloss.embeddings.cuda_products import ACROSS, BY_COLUMNS, BY_ROWS, Product, accumulate, add_columns, multiply
from fastloss.embeddings.factors.sums import distinct
from fastloss.pairs.pair import PairFormulas

STRIP = 1 << 25  # scores of a strip; one of slopes is as large

WANT_GRADIENT = THREADS = unbound
value = slope = unbound


def kernel(strips, first, interactions, positives, outputs):
    """A user: its scores, each positive's against all others, and its slopes beside them."""
    scores, slopes = strips
    offsets, items = interactions
    losses, scales = outputs
    r = cuda.blockIdx.x
    own = offsets[first + r], offsets[first + r + 1]
    known = cuda.syncthreads_or(any_unknown(scores, r)) == 0
    fill(slopes, r, 0.0 if known else np.nan)
    loss = 0.0 if known else np.nan
    if known:
        put_aside(scores, r, own, items, positives)
        cuda.syncthreads()
        for k in range(own[0], own[1]):
            cost, pull = against(strips, r, positives[k])
            loss += cost
            pull, _ = block_sum(pull, 0)
            cuda.syncthreads()
            if cuda.threadIdx.x == 0:
                positives[k] = pull
        loss, _ = block_sum(loss, 0)
        cuda.syncthreads()
        if WANT_GRADIENT:
            scale(slopes, r, scales[first + r])
            cuda.syncthreads()
            put_back(slopes, own, items, positives, (r, scales[first + r]))
    if cuda.threadIdx.x == 0:
        losses[first + r] = loss


def any_unknown(scores, r):
    unknown = 0
    for j in range(cuda.threadIdx.x, scores.shape[1], THREADS):
        if not abs(scores[r, j]) < INFINITY:
            unknown = 1
    return unknown


def fill(slopes, r, number):
    for j in range(cuda.threadIdx.x, slopes.shape[1] if WANT_GRADIENT else 0, THREADS):
        slopes[r, j] = number


def put_aside(scores, r, own, items, positives):
    for k in range(own[0] + cuda.threadIdx.x, own[1], THREADS):
        positives[k] = scores[r, items[k]]
        scores[r, items[k]] = -INFINITY


def against(strips, r, score):
    """A positive against a thread's items: the losses, and the slope by the positive; those by the items are added."""
    scores, slopes = strips
    loss = pull = 0.0
    for j in range(cuda.threadIdx.x, scores.shape[1], THREADS):
        gap = score - np.float64(scores[r, j])
        loss += value(gap, 1.0)
        if WANT_GRADIENT:
            push = slope(gap, 1.0)
            pull += push
            slopes[r, j] -= push
    return loss, pull


def scale(slopes, r, factor):
    for j in range(cuda.threadIdx.x, slopes.shape[1], THREADS):
        slopes[r, j] *= factor


def put_back(slopes, own, items, positives, place):
    r, factor = place
    for k in range(own[0] + cuda.threadIdx.x, own[1], THREADS):
        slopes[r, items[k]] = factor * positives[k]


def add_bias(target, r, c, bias):
    target[r, c] += bias[c]


SCORES = Product("scores", (ACROSS, ACROSS))
BIASED = Product("biased", (ACROSS, ACROSS), add_bias)


def kernel_of(formulas: PairFormulas, dtype: np.dtype, wanted: bool) -> Code:
    """The kernel of one loss."""
    names = {"value": formulas.value, "slope": formulas.slope, "WANT_GRADIENT": wanted}
    return code(kernel, f"{formulas.name}_{dtype.name}_{wanted:d}", **names)


def run(
    formulas: PairFormulas, factors: tuple[Any, ...], interactions: Any, scales: np.ndarray, gradient: bool
) -> Outcome:
    """One pass over the users, as `embeddings.factors.cpu.run`; users and items lie on the device."""
    store, users, items, on_host = factors
    place, dtype, biased = store.place, on_host.dtype, on_host.size > 0
    count, width = len(users), len(items)
    bias = place.device(on_host)
    by_users, by_items = (place.zeros(one.shape if gradient else (0, 0), dtype) for one in (users, items))
    sums, losses = place.zeros(width if gradient and biased else 0), place.zeros(count)
    given = distinct(interactions, width)
    lists = tuple(place.device(one, np.int64) for one in given)
    positives, multiples = place.empty(max(1, given[1].size)), place.device(scales, np.float64)
    step = max(1, min(count, STRIP // max(width, 1)))
    scores, slopes = place.empty((step, width), dtype), place.empty((step if gradient else 0, width), dtype)
    what = kernel_of(formulas, dtype, gradient)
    for start in range(0, count if width else 0, step):
        height = min(step, count - start)
        some = slice(start, start + height)
        strips = scores[:height], slopes[:height] if gradient else slopes
        product, more = (BIASED, bias) if biased else (SCORES, 0)
        multiply(place, product, (users[some], items), strips[0].reshape(1, height, width), more)
        launch(place, what, a_block_each(height), strips, start, lists, positives, (losses, multiples))
        if gradient:
            accumulate(place, BY_ROWS, (strips[1], items), by_users[some])
            accumulate(place, BY_COLUMNS, (strips[1], users[some]), by_items)
            if biased:
                add_columns(place, strips[1], sums)
    gradients = by_users, by_items, place.host(sums).astype(dtype, copy=False)
    return Outcome(each=place.host(losses), gradients=gradients)
