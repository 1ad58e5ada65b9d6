"""Positives against negatives on CUDA: a thread does a positive, or a shared negative.

Threads of a block read the same shared negative at the same time, which costs one access; a positive's own negatives
are read by its thread alone.
"""

from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_thread_each, code, launch
from fastloss.compile.templates import unbound
from fastloss.core import summation
from fastloss.core.outcomes import Outcome
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.negatives.sums import positive, shared_negative
from fastloss.pairs.pair import PairFormulas

WANT_GRADIENT = OWN = THREADS = unbound


def positives(inputs, scale, outputs):
    """A thread does a positive, and the negatives that are its own."""
    positive_scores, negatives, weights, offsets = inputs
    each, positive_slopes, negative_slopes = outputs
    b = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if b < each.size:
        bounds = (offsets[b], offsets[b + 1]) if OWN else (0, negatives.size)
        factor = scale * (weights[b] if weights.size else 1.0)
        loss, steep = positive(b, bounds, (positive_scores, negatives), factor, negative_slopes)
        each[b] = loss
        if WANT_GRADIENT:
            positive_slopes[b] = factor * steep


def shared_negatives(inputs, scale, outputs):
    """A thread does a negative that all positives share."""
    positive_scores, negatives, weights = inputs
    (negative_slopes,) = outputs
    j = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if j < negatives.size:
        negative_slopes[j] = scale * shared_negative(j, (positive_scores, negatives), weights)


def run(
    name: str,
    formulas: PairFormulas,
    scores: tuple[Any, Any],
    weights: Any,
    offsets: Any,
    scale: float | None,
    each: bool,
) -> Outcome:
    """Do what `pairs.negatives.cpu.run` does; gradients are where the scores are, and of their precision."""
    place = Place(*scores)
    first, second = (place.device(array, kernel_dtype(array)).reshape(array.size) for array in scores)
    has_own, gradient = offsets is not None, scale is not None
    factors = place.empty(0) if weights is None else place.device(weights, np.float64)
    ends = place.device(offsets) if has_own else place.empty(0, np.int64)
    slopes = [place.empty(array.size if gradient else 0, array.dtype) for array in (first, second)]
    losses = place.empty(first.size)
    names = {"value": formulas.value, "slope": formulas.slope, "WANT_GRADIENT": gradient, "OWN": has_own}
    what = code(positives, f"{name}{'_g' if gradient else ''}{'_own' if has_own else ''}", **names)
    inputs = (first, second, factors, ends)
    launch(place, what, a_thread_each(first.size), inputs, scale or 0.0, (losses, *slopes))
    if scale is not None and not has_own:
        share = scale / second.size if second.size else 0.0
        what = code(shared_negatives, name, slope=formulas.slope)
        launch(place, what, a_thread_each(second.size), inputs[:3], share, (slopes[1],))
    found = place.host(losses)
    found = found if weights is None else summation.weighed(weights, found)
    return Outcome(each=found, gradients=tuple(map(place.home, slopes)))
