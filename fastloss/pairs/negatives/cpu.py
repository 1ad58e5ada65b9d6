"""Positives against negatives on the CPU: a chunk is a number of positives, or of shared negatives.

Many shared negatives are not met one by one: see `shared.py`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import ALONE, as_input, launch, output
from fastloss.compile.signatures import INTEGERS, REALS, Signature, array_of
from fastloss.compile.templates import bind, known_names, regroups, unbound
from fastloss.core import summation
from fastloss.core.outcomes import Outcome
from fastloss.core.summation import CHUNK
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.negatives import paired
from fastloss.pairs.negatives import shared as shared_negatives
from fastloss.pairs.negatives.sums import positive, shared_negative
from fastloss.pairs.pair import PairFormulas

WANT_GRADIENT = unbound

COST = 4  # of a pair, beside a number of a cheap loss


@regroups
def block(inputs, parameters, outputs, first, last):
    positives, negatives, weights, offsets = inputs
    each, positive_slopes, negative_slopes = outputs
    scores, scale, rows = (positives, negatives), parameters[0], np.int64(parameters[1])
    for b in range(first * rows, min(each.size, last * rows)):
        bounds = (offsets[b], offsets[b + 1]) if offsets.size else (0, negatives.size)
        factor = scale * (weights[b] if weights.size else 1.0)
        loss, steep = positive(b, bounds, scores, factor, negative_slopes)
        each[b] = loss
        if WANT_GRADIENT:
            positive_slopes[b] = factor * steep


@regroups
def shared_block(inputs, parameters, outputs, first, last):
    positives, negatives, weights, _ = inputs
    _, _, negative_slopes = outputs
    scores, scale, rows = (positives, negatives), parameters[0], np.int64(parameters[1])
    for j in range(first * rows, min(negatives.size, last * rows)):
        negative_slopes[j] = scale * shared_negative(j, scores, weights)


@once
def compiled(
    name: str, formulas: PairFormulas, gradient: bool, own: bool, template: Callable[..., None], dtype: Any
) -> Kernel:
    """Compile a block for one loss; `own`: each negative belongs to one positive."""
    scores = array_of(dtype)
    signature = Signature((scores, scores, REALS, INTEGERS), (REALS, scores, scores))
    names = known_names(
        template, {"WANT_GRADIENT": gradient, "OWN": own, "value": formulas.value, "slope": formulas.slope}
    )
    return kernel(bind(template, **names), f"{name}{'_g' if gradient else ''}{'_own' if own else ''}", signature)


def run(
    name: str,
    formulas: PairFormulas,
    scores: tuple[np.ndarray, np.ndarray],
    weights: np.ndarray | None,
    offsets: np.ndarray | None,
    scale: float | None,
    each: bool,
) -> Outcome:
    """Sum each positive's pairs, by kernels of that name; `offsets` are those of its own negatives.

    They are None where all negatives are shared. `scale` multiplies the derivatives, None leaves them out. The weighted
    loss of each positive is returned, unless `each` is false and their sums by chunks cost less.
    """
    gradient = scale is not None
    dtype = np.result_type(*map(kernel_dtype, scores))
    positives, negatives = (as_input(array.reshape(-1), dtype) for array in scores)
    if offsets is not None and positives.size == negatives.size and is_range(offsets):
        return paired.run((positives, negatives), weights, scale, each)
    if offsets is None and shared_negatives.suits((positives, negatives), weights):
        return _shared(formulas, (positives, negatives), weights, scale)
    inputs = (
        positives,
        negatives,
        np.empty(0) if weights is None else as_input(weights, np.float64),
        np.empty(0, np.int64) if offsets is None else as_input(offsets, np.int64),
    )
    slopes = [output(array.size if gradient else 0, dtype) for array in (positives, negatives)]
    if not positives.size:
        slopes[1][:] = 0.0  # nobody writes what no positive meets
    outputs = (output(positives.size, np.dtype(np.float64)), *slopes)
    pairs = negatives.size if offsets is not None else positives.size * negatives.size
    kernel = compiled(name, formulas, gradient, offsets is not None, block, dtype)
    _launch(kernel, inputs, outputs, scale or 0.0, positives.size, pairs)
    if scale is not None and offsets is None and positives.size:
        share = scale / negatives.size if negatives.size else 0.0
        kernel = compiled(name, formulas, True, False, shared_block, dtype)
        _launch(kernel, inputs, outputs, share, negatives.size, pairs)
    return Outcome(each=_weighed(weights, outputs[0]), gradients=outputs[1:])


def _weighed(weights: np.ndarray | None, each: np.ndarray) -> np.ndarray:
    return each if weights is None else summation.weighed(weights, each)


def _shared(
    formulas: PairFormulas, scores: tuple[np.ndarray, np.ndarray], weights: np.ndarray | None, scale: float | None
) -> Outcome:
    factors = None if weights is None else weights.astype(np.float64, copy=False)
    loss, steep, back = shared_negatives.sums(formulas, scores, factors, scale is not None)
    share = 1.0 / scores[1].size
    each = _weighed(weights, share * loss)
    if scale is None:
        return Outcome(each=each)
    factor = scale * share * (1.0 if factors is None else factors)
    dtype = scores[0].dtype
    gradients = (factor * steep).astype(dtype, copy=False), (scale * share * back).astype(dtype)
    return Outcome(each=each, gradients=gradients)


def is_range(offsets: np.ndarray) -> bool:
    """Check whether they are 0, 1, 2, ...: those from 0 to n that never fall are if none is equal to the next."""
    return bool((offsets[1:] != offsets[:-1]).all())


def _launch(kernel: Kernel, inputs: tuple, outputs: tuple, scale: float, size: int, pairs: int) -> None:
    """Launch a block over `size` positives or shared negatives, which have so many pairs together."""
    rows = max(1, CHUNK * size // max(pairs, 1))  # from the shapes alone, as every chunk
    few = ALONE // COST * size // max(rows * pairs, 1)
    launch(kernel, inputs, np.array([scale, rows], np.float64), outputs, -(-size // rows), few)
