"""The short way of pairwise losses: one small group without weights, ordered pairs, see `fastloss/core/small.py`.

Two kernels as on the long way: those of `small_groups/`, or of `direct/` for more rows, with one batch and one piece.
"""

import ctypes
import functools
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
from fastloss.pairs.pair import PairFormulas, multiplier_one
from fastloss.pairs.small_groups import cpu as small_groups
from fastloss.pairs.small_groups.counts import compiled_count

MOST = math.isqrt(COST)  # rows of one piece
ORDERED = Kind(multiplier_one, unordered=False)
Double, Integer = ctypes.c_double, ctypes.c_int64


class Place(NamedTuple):
    """Where a frame reads one of the arguments."""

    frame: Frame
    at: int


class Small(NamedTuple):
    """The frames of both kernels, and the numbers in them that change or are read."""

    counting: Frame
    summing: Frame
    scores: Place
    labels: tuple[Place, ...]
    ends: tuple[Any, ...]  # the number of rows is the second of each
    scale: Any
    weight: Any
    loss: Any
    results: int  # where the first of three results is


def frames_of_small_group(
    formulas: PairFormulas, wanted: Wanted, dtype: np.dtype, parameters: tuple[float, ...]
) -> Small:
    """Return frames for one group of at most `small_groups.MOST` rows, without any arrays of the caller's."""
    count, block = Frame(compiled_count()), Frame(small_groups.compiled_block(formulas, wanted, False, dtype))
    # of `count`: labels, weights, order, offsets, batches, parameters, pairs, weight, scratch for labels and weights
    bounds, batch = count.keep(3, (Integer * 2)()), count.keep(4, (Integer * 2)(0, 1))
    count.keep(6, (Integer * 1)())
    weight = count.keep(7, (Double * 1)())
    count.keep(8, (Double * small_groups.MOST)())
    # of `block`: scores, labels, weights, order, offsets, scales, batches, parameters, three results, loss, scratch
    block.keep(4, bounds)
    scale = block.keep(5, (Double * 1)(1.0))
    block.keep(6, batch)
    block.keep(7, (Double * (1 + len(parameters)))(1.0, *parameters))
    loss = block.keep(11, (Double * 1)())
    arrays, spare = (
        block.kernel.signature.arrays,
        small_groups.scratch_of(formulas, wanted, False, small_groups.MOST, 1),
    )
    for at, length in enumerate(spare, len(arrays) - len(spare)):
        block.keep(at, ((Double if arrays[at].dtype == "d" else Integer) * length)())
    return Small(count, block, Place(block, 0), (Place(count, 0), Place(block, 1)), (bounds,), scale, weight, loss, 8)


def frames_of_group(formulas: PairFormulas, wanted: Wanted, dtype: np.dtype, parameters: tuple[float, ...]) -> Small:
    """Return frames for one group of at most `MOST` rows."""
    arrange = Frame(compiled_arrange(dtype, False, formulas.by_exponentials(False)))
    block = Frame(compiled_block(formulas, ORDERED, wanted, False, dtype))
    # of `arrange`: scores, labels, weights, rows, offsets, batches, parameters, order, sorted scores, labels, weights,
    # exponentials, pairs, weight, spread, scratch, ends
    bounds = arrange.keep(4, (Integer * 2)())
    arrange.keep(5, (Integer * 2)(0, 1))
    arrange.keep(6, (Double * len(parameters))(*parameters))
    order = arrange.keep(7, (Integer * MOST)())
    scores, labels = (arrange.keep(at, (Double * MOST)()) for at in (8, 9))
    powers = arrange.keep(11, (Double * MOST)())
    arrange.keep(12, (Integer * 1)())
    weight, spread = arrange.keep(13, (Double * 1)()), arrange.keep(14, (Double * 1)())
    arrange.keep(15, (Integer * MOST)())
    arrange.keep(16, (Integer * (LEVELS + 1))())
    # of `block`: scores, labels, weights, exponentials, order, offsets, scales, spread, pieces, parameters, three
    # results, loss, slices' losses
    for at, numbers in enumerate((scores, labels, None, powers, order, bounds, None, spread)):
        if numbers is not None:
            block.keep(at, numbers)
    scale, piece = block.keep(6, (Double * 1)(1.0)), block.keep(8, (Integer * 3)())
    block.sizes[block.starts[8]], block.sizes[block.starts[8] + 1] = 1, 3
    block.keep(9, (Double * (1 + len(parameters)))(1.0, *parameters))
    loss = block.keep(13, (Double * 1)())
    block.keep(14, (Double * 1)())
    given = Place(arrange, 0), (Place(arrange, 1),)
    return Small(arrange, block, *given, (bounds, piece), scale, weight, loss, 10)


BY_SIZE = frames_of_small_group, frames_of_group


def plan(
    formulas: PairFormulas, dtype: np.dtype, wanted: Wanted, parameters: tuple[float, ...], reduction: Reduction
) -> Plan | None:
    """Plan calls that return the losses' reduction or each, where wanted, then derivatives."""
    if not compiled_count().entry:
        return None
    outputs = [at for at in range(3) if wanted[1 + at]]
    masks, mean = (dtype.itemsize - 1, 7), reduction.divides
    few, more = (Spare(functools.partial(make, formulas, wanted, dtype, parameters)) for make in BY_SIZE)

    def run(arrays: tuple[np.ndarray, ...]) -> Any:
        scores, labels = arrays
        size = scores.size
        if scores.ndim != 1 or labels.shape != scores.shape or not 0 < size <= MOST:
            return None
        addresses = addresses_of(arrays, masks)
        if addresses is None or not math.isfinite(np.vdot(labels, labels)):  # `labels.dot` warns where it overflows
            return None  # labels that are not finite have an error, or ranks in their place
        spare = few if size <= small_groups.MOST else more
        frames = spare.take()
        frames.scores.frame.addresses[frames.scores.at] = addresses[0]
        for place in frames.labels:
            place.frame.addresses[place.at] = addresses[1]
        for end in frames.ends:
            end[1] = size
        frames.counting.run()
        weight = frames.weight[0]
        if not weight:
            spare.give(frames)
            return None
        if mean:
            frames.scale[0] = 1.0 / weight
        results: list[Any] = []
        block = frames.summing
        for at in outputs:
            result = output(size, dtype)
            place_of_result = frames.results + at
            block.addresses[place_of_result], block.sizes[block.starts[place_of_result]] = address_of(result), size
            results.append(result)
        block.run()
        total = frames.loss[0]
        spare.give(frames)
        if wanted.value:
            if not math.isfinite(total):
                return None
            results.insert(0, (total / weight if mean else total) + 0.0)
        return results

    return run
