"""Every user's positives against the whole catalogue on CUDA: strips of scores, a block of threads a user.

Every pair is looked at. A positive's score is put aside and becomes -inf among the others, where it costs nothing.
"""

import numpy as np
from numba import cuda

from fastloss.compile.cuda.launch import Code, a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.elementary import INFINITY
from fastloss.compile.templates import unbound
from fastloss.core.outcomes import Outcome
from fastloss.embeddings.cuda_products import ACROSS, BY_COLUMNS, BY_ROWS, Product, accumulate, add_columns, multiply
from fastloss.embeddings.cuda_rows import fill
from fastloss.embeddings.factors.sums import Factors, Interactions, distinct
from fastloss.pairs.pair import PairFormulas

STRIP = 1 << 25  # scores of a strip; one of slopes is as large

WANT_GRADIENT = THREADS = unbound
value = slope = unbound


def kernel(strips, first, interactions, positives, outputs):
    """Sum each of a user's positives against all other items; write slopes to a strip of their own."""
    scores, slopes = strips
    offsets, items = interactions
    losses, scales = outputs
    r = cuda.blockIdx.x
    user = first + r
    begin, end = offsets[user], offsets[user + 1]
    known = cuda.syncthreads_or(any_unknown(scores, r)) == 0
    loss = 0.0 if known else np.nan
    if WANT_GRADIENT:
        fill(slopes, r, loss)
    if known:
        put_aside(scores, r, begin, end, items, positives)
        cuda.syncthreads()
        for k in range(begin, end):
            cost, pull = add_negatives(scores, slopes, r, positives[k])
            loss += cost
            pull, _ = block_sum(pull, 0)
            cuda.syncthreads()
            if cuda.threadIdx.x == 0:
                positives[k] = pull
        loss, _ = block_sum(loss, 0)
        cuda.syncthreads()
        if WANT_GRADIENT:
            scale(slopes, r, scales[user])
            cuda.syncthreads()
            put_back(slopes, r, begin, end, items, positives, scales[user])
    if cuda.threadIdx.x == 0:
        losses[user] = loss


def any_unknown(scores, r):
    """Return 1 if one of a thread's scores is not finite."""
    unknown = 0
    for j in range(cuda.threadIdx.x, scores.shape[1], THREADS):
        if not abs(scores[r, j]) < INFINITY:
            unknown = 1
    return unknown


def put_aside(scores, r, begin, end, items, positives):
    """Copy the positives' scores, and set them to -inf where they lie."""
    for k in range(begin + cuda.threadIdx.x, end, THREADS):
        positives[k] = scores[r, items[k]]
        scores[r, items[k]] = -INFINITY


def add_negatives(scores, slopes, r, score):
    """Sum the losses of a positive against a thread's items, and the slope by its score; add those by the items'."""
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


def put_back(slopes, r, begin, end, items, positives, factor):
    """Write the positives' slopes, times a factor."""
    for k in range(begin + cuda.threadIdx.x, end, THREADS):
        slopes[r, items[k]] = factor * positives[k]


def add_bias(target, r, c, bias):
    target[r, c] += bias[c]


SCORES = Product("scores", (ACROSS, ACROSS))
BIASED = Product("biased", (ACROSS, ACROSS), add_bias)


def kernel_of(formulas: PairFormulas, dtype: np.dtype, gradient: bool) -> Code:
    """Name the kernel for one loss."""
    names = {"value": formulas.value, "slope": formulas.slope, "WANT_GRADIENT": gradient}
    return code(kernel, f"{formulas.name}_{dtype.name}_{gradient:d}", **names)


def run(
    formulas: PairFormulas, factors: Factors, interactions: Interactions, scales: np.ndarray, gradient: bool
) -> Outcome:
    """Make one pass over the users, as `embeddings.factors.cpu.run`; users and items lie on the device."""
    users, items, dtype = factors.users, factors.items, factors.bias.dtype
    place, biased = factors.store.place, factors.bias.size > 0
    count, width = len(users), len(items)
    bias = place.device(factors.bias)
    by_users, by_items = (place.zeros(one.shape if gradient else (0, 0), dtype) for one in (users, items))
    by_bias, losses = place.zeros(width if gradient and biased else 0), place.zeros(count)
    offsets, numbers = distinct(interactions, width)
    lists = place.device(offsets, np.int64), place.device(numbers, np.int64)
    positives, multiples = place.empty(max(1, numbers.size)), place.device(scales, np.float64)
    step = max(1, min(count, STRIP // max(width, 1)))
    score_strip = place.empty((step, width), dtype)
    slope_strip = place.empty((step if gradient else 0, width), dtype)
    what = kernel_of(formulas, dtype, gradient)
    for start in range(0, count if width else 0, step):
        height = min(step, count - start)
        some = slice(start, start + height)
        scores, slopes = score_strip[:height], slope_strip[:height] if gradient else slope_strip
        product, more = (BIASED, bias) if biased else (SCORES, 0)
        multiply(place, product, (users[some], items), scores.reshape(1, height, width), more)
        outputs = losses, multiples
        launch(place, what, a_block_each(height), (scores, slopes), start, lists, positives, outputs)
        if gradient:
            accumulate(place, BY_ROWS, (slopes, items), by_users[some])
            accumulate(place, BY_COLUMNS, (slopes, users[some]), by_items)
            if biased:
                add_columns(place, slopes, by_bias)
    gradients = by_users, by_items, place.host(by_bias).astype(dtype, copy=False)
    return Outcome(each=place.host(losses), gradients=gradients)
