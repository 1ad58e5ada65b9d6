"""The short way of pointwise losses: contiguous arrays without weights, see `fastloss/core/small.py`."""

import ctypes
import functools
import math
import operator
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.frames import Frame, Spare, addresses_of
from fastloss.compile.kernels import Kernel
from fastloss.compile.launch import ALONE, output
from fastloss.compile.signatures import address_of
from fastloss.core.domains import wrong
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.small import Plan
from fastloss.core.summation import CHUNK, ordered_sum
from fastloss.pointwise.element import CURVATURE, EACH, GRADIENT, PARTIAL, SCALE, WRONG, Formulas

FEW = ALONE // CHUNK  # chunks that no other thread is woken for


class Small(NamedTuple):
    """A frame and the numbers in it: derivatives' factor, and of each chunk the losses' sum and what is wrong."""

    frame: Frame
    factor: Any
    totals: Any
    bits: Any


def frame_of(kernel: Kernel, parameters: tuple[float, ...]) -> Small:
    """Return a frame for few chunks without any arrays of the caller's."""
    frame, inputs = Frame(kernel), len(kernel.signature.inputs)
    numbers = frame.keep(inputs, (ctypes.c_double * (1 + len(parameters)))(1.0, *parameters))
    totals = frame.keep(inputs + 1 + PARTIAL, (ctypes.c_double * FEW)())
    bits = frame.keep(inputs + 1 + WRONG, (ctypes.c_int64 * FEW)())
    for at, _ in enumerate(kernel.signature.scratch, inputs + 1 + WRONG + 1):
        frame.keep(at, (ctypes.c_double * CHUNK)())
    return Small(frame, numbers, totals, bits)


def plan(
    kernel: Kernel, formulas: Formulas, wanted: Wanted, parameters: tuple[float, ...], reduction: Reduction
) -> Plan:
    """Plan calls that return the losses' reduction, then each loss and derivatives, where wanted.

    `settings`, if given, stand for the derivatives' factor and the parameters: numbers that depend on the data.
    """
    dtype = np.dtype(kernel.signature.inputs[0].dtype)
    behind = len(kernel.signature.inputs) + 1
    outputs = [behind + at for at in (EACH, GRADIENT, CURVATURE) if wanted[1 + at]]
    count = len(kernel.signature.inputs)
    masks = [np.dtype(one.dtype).itemsize - 1 for one in kernel.signature.inputs]
    mean = reduction.divides
    spare = Spare(lambda: frame_of(kernel, parameters))

    def run(arrays: tuple[np.ndarray, ...], settings: tuple[float, ...] = ()) -> Any:
        one = arrays[0]
        shape, size = one.shape, one.size
        places = addresses_of(arrays, masks) if size else None
        if places is None:
            return None
        for array in arrays:
            if array.shape != shape:
                return None
        small = spare.take()
        frame, factor, totals, bits = small
        addresses = frame.addresses
        addresses[:count] = places
        frame.sizes[0] = size
        if settings:
            factor[:] = settings
        elif mean:
            factor[SCALE] = 1.0 / size
        results: list[Any] = []
        for at in outputs:
            result = output(shape, dtype)
            addresses[at] = address_of(result)
            results.append(result)
        if size <= CHUNK:
            frame.run()
            found, total = bits[0], totals[0]
        elif size <= ALONE:
            chunks = -(-size // CHUNK)
            frame.run(chunks)
            found, total = functools.reduce(operator.or_, bits[:chunks]), ordered_sum(np.array(totals[:chunks]))
        else:
            found, total = _of_many(small, -(-size // CHUNK), behind)
        spare.give(small)
        if found and _is_wrong(found, formulas):
            return None
        if wanted.value:
            if not math.isfinite(total):
                return None
            results.insert(0, (total / size if mean else total) + 0.0)
        return results

    return run


def _of_many(small: Small, chunks: int, behind: int) -> tuple[int, float]:
    """Return what is wrong in any of many chunks, and the sum of their losses."""
    addresses = small.frame.addresses
    totals, bits = np.empty(chunks), np.empty(chunks, np.int64)
    addresses[behind + PARTIAL], addresses[behind + WRONG] = address_of(totals), address_of(bits)
    try:
        small.frame.run_together(chunks, FEW)
    finally:
        addresses[behind + PARTIAL], addresses[behind + WRONG] = map(ctypes.addressof, (small.totals, small.bits))
    return int(np.bitwise_or.reduce(bits)), ordered_sum(totals)


def _is_wrong(bits: int, formulas: Formulas) -> bool:
    """Check whether an element of some operand is not in its domain."""
    return any(wrong(bits >> 4 * at & 15) for at in range(formulas.operands))
