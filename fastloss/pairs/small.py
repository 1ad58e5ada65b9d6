"""The short way of pairwise losses: one small group without weights, ordered pairs, see `fastloss/core/small.py`.

Two kernels as on the long way, those of `direct/arrange.py` and `direct/cpu.py`, with one batch and one piece.
"""

import ctypes
import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.frames import Frame, Spare, addresses_of
from fastloss.compile.launch import output
from fastloss.compile.signatures import address_of
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.small import Plan
from fastloss.pairs.direct.arrange import LEVELS, compiled_arrange
from fastloss.pairs.direct.cpu import COST, compiled_block
from fastloss.pairs.halving import Kind
from fastloss.pairs.pair import PairFormulas

MOST = math.isqrt(COST)  # rows of one piece
Double, Integer = ctypes.c_double, ctypes.c_int64

# Arrays of `arrange`: six inputs, the parameters, nine outputs, scratch; of `block`: nine, parameters, five.
SCORES, LABELS, OFFSETS, BATCHES, NUMBERS = 0, 1, 4, 5, 6
ORDER, SORTED, LEVEL, EXPONENTIALS, PAIRS, WEIGHT, SPREAD, SCRATCH, ENDS = 7, 8, 9, 11, 12, 13, 14, 15, 16
ROWS, BOUNDS, SCALES, SPREADS, PIECES, FACTOR_AND_NUMBERS = 4, 5, 6, 7, 8, 9
RESULTS, LOSS, SLICE = 10, 13, 14


class Small(NamedTuple):
    """The frames of both kernels, and the numbers in them that change or are read."""

    arrange: Frame
    block: Frame
    bounds: Any
    scale: Any
    piece: Any
    weight: Any
    loss: Any


def frame_of(kernels: tuple[Any, Any], parameters: tuple[float, ...]) -> Small:
    """Return frames for one group of at most `MOST` rows, without any arrays of the caller's."""
    arrange, block = Frame(kernels[0]), Frame(kernels[1])
    bounds = arrange.keep(OFFSETS, (Integer * 2)())
    arrange.keep(BATCHES, (Integer * 2)(0, 1))
    arrange.keep(NUMBERS, (Double * len(parameters))(*parameters))
    shared = [arrange.keep(at, (kind * MOST)()) for at, kind in ((ORDER, Integer), (SORTED, Double), (LEVEL, Double))]
    powers = arrange.keep(EXPONENTIALS, (Double * MOST)())
    arrange.keep(PAIRS, (Integer * 1)())
    weight, spread = arrange.keep(WEIGHT, (Double * 1)()), arrange.keep(SPREAD, (Double * 1)())
    arrange.keep(SCRATCH, (Integer * MOST)())
    arrange.keep(ENDS, (Integer * (LEVELS + 1))())
    for at, numbers in ((0, shared[1]), (1, shared[2]), (3, powers), (ROWS, shared[0]), (BOUNDS, bounds)):
        block.keep(at, numbers)
    block.keep(SPREADS, spread)
    scale, piece = block.keep(SCALES, (Double * 1)(1.0)), block.keep(PIECES, (Integer * 3)())
    block.sizes[block.starts[PIECES]], block.sizes[block.starts[PIECES] + 1] = 1, 3
    block.keep(FACTOR_AND_NUMBERS, (Double * (1 + len(parameters)))(1.0, *parameters))
    loss = block.keep(LOSS, (Double * 1)())
    block.keep(SLICE, (Double * 1)())
    return Small(arrange, block, bounds, scale, piece, weight, loss)


def plan(
    formulas: PairFormulas,
    kind: Kind,
    dtype: np.dtype,
    wanted: Wanted,
    parameters: tuple[float, ...],
    reduction: Reduction,
) -> Plan | None:
    """Plan calls that return the losses' reduction or each, where wanted, then derivatives."""
    kernels = (
        compiled_arrange(dtype, kind.unordered, formulas.by_exponentials(kind.unordered)),
        compiled_block(formulas, kind, wanted, False, dtype),
    )
    if not kernels[0].entry:
        return None
    outputs = [RESULTS + at for at in range(3) if wanted[1 + at]]
    masks, mean = (dtype.itemsize - 1, 7), reduction.divides
    spare = Spare(lambda: frame_of(kernels, parameters))

    def run(arrays: tuple[np.ndarray, ...]) -> Any:
        scores, labels = arrays
        size = scores.size
        if scores.ndim != 1 or labels.shape != scores.shape or not 0 < size <= MOST:
            return None
        addresses = addresses_of(arrays, masks)
        if addresses is None or not math.isfinite(labels.dot(labels)):
            return None  # labels that are not finite have an error, or ranks in their place
        small = spare.take()
        arrange, block, bounds, scale, piece, weight, loss = small
        arrange.addresses[SCORES], arrange.addresses[LABELS] = addresses
        bounds[1] = piece[1] = size
        arrange.run()
        pairs = weight[0]
        if not pairs:
            spare.give(small)
            return None
        if mean:
            scale[0] = 1.0 / pairs
        results: list[Any] = []
        for at in outputs:
            result = output(size, dtype)
            block.addresses[at], block.sizes[block.starts[at]] = address_of(result), size
            results.append(result)
        block.run()
        total = loss[0]
        spare.give(small)
        if wanted.value:
            if not math.isfinite(total):
                return None
            results.insert(0, (total / pairs if mean else total) + 0.0)
        return results

    return run
