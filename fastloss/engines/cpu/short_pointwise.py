"""The short way of pointwise losses: one chunk of contiguous arrays without weights, see `fastloss/short.py`."""

import ctypes
import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.frames import Frame
from fastloss.compile.kernels import Kernel
from fastloss.compile.launch import output
from fastloss.compile.signatures import address_of
from fastloss.domains import wrong
from fastloss.shapes.pointwise import CHUNK, Formulas, Wanted
from fastloss.short import Plan

EACH, GRADIENT, CURVATURE, PARTIAL, WRONG = range(5)  # of the outputs


class Small(NamedTuple):
    """A frame and the numbers in it: what it multiplies derivatives by, the losses' sum, the bits of what is wrong."""

    frame: Frame
    factor: Any
    total: Any
    bits: Any


def frame_of(kernel: Kernel, parameters: tuple[float, ...]) -> Small:
    """A frame for one chunk without any arrays of the caller's."""
    frame, inputs = Frame(kernel), len(kernel.signature.inputs)
    numbers = frame.keep(inputs, (ctypes.c_double * (1 + len(parameters)))(1.0, *parameters))
    total = frame.keep(inputs + 1 + PARTIAL, (ctypes.c_double * 1)())
    bits = frame.keep(inputs + 1 + WRONG, (ctypes.c_int64 * 1)())
    for at, _ in enumerate(kernel.signature.scratch, inputs + 1 + WRONG + 1):
        frame.keep(at, (ctypes.c_double * CHUNK)())
    return Small(frame, numbers, total, bits)


def plan(kernel: Kernel, formulas: Formulas, wanted: Wanted, about: tuple[tuple[float, ...], str]) -> Plan:
    """The losses' reduction, where wanted, then the arrays that are; `about` is (parameters, reduction)."""
    parameters, reduction = about
    dtype = np.dtype(kernel.signature.inputs[0].dtype)
    behind = len(kernel.signature.inputs) + 1
    outputs = [behind + at for at in (EACH, GRADIENT, CURVATURE) if wanted[1 + at]]
    masks = [np.dtype(one.dtype).itemsize - 1 for one in kernel.signature.inputs]
    mean = reduction == "mean"
    spare: list[Small] = []

    def run(arrays: tuple[np.ndarray, ...]) -> Any:
        one = arrays[0]
        shape, size = one.shape, one.size
        if not 0 < size <= CHUNK:
            return None
        try:
            small = spare.pop()
        except IndexError:
            small = frame_of(kernel, parameters)
        frame, factor, total, bits = small
        addresses = frame.addresses
        frame.sizes[0] = size
        for at, array in enumerate(arrays):
            addresses[at] = address = address_of(array)
            if address & masks[at] or array.shape != shape or not array.flags.c_contiguous:
                return None
        if mean:
            factor[0] = 1.0 / size
        results: list[Any] = []
        for at in outputs:
            result = output(shape, dtype)
            addresses[at] = address_of(result)
            results.append(result)
        frame.run()
        found, sum_ = bits[0], total[0]
        spare.append(small)
        if found and _is_wrong(found, formulas):
            return None
        if wanted.value:
            if not math.isfinite(sum_):
                return None
            results.insert(0, (sum_ / size if mean else sum_) + 0.0)
        return results

    return run


def _is_wrong(bits: int, formulas: Formulas) -> bool:
    """Whether an element of some operand is not in its domain."""
    return any(wrong(bits >> 4 * at & 15) for at in range(formulas.operands))
