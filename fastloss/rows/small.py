"""Small calls of losses of rows: matrices as they are, without weights, see `fastloss/core/small.py`."""

import ctypes
import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.frames import Frame, Spare, addresses_of
from fastloss.compile.kernels import Kernel
from fastloss.compile.launch import ALONE, output
from fastloss.compile.signatures import address_of
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.small import Plan
from fastloss.core.summation import ordered_sum
from fastloss.rows import short as short_rows
from fastloss.rows.row import RowFormulas, rows_per_chunk

WEIGHTS, PLAN, OPERANDS = 0, 1, 2  # of the inputs
EACH, PARTIAL, WRONG, DERIVATIVES = range(4)  # of the outputs
WIDTHS = 16  # numbers of columns that a plan keeps frames for


class Small(NamedTuple):
    """A frame and the numbers in it."""

    frame: Frame
    rows: Any
    factor: Any
    total: Any
    bits: Any


def frame_of(kernel: Kernel, parameters: tuple[float, ...], columns: int) -> Small:
    """Make a frame for one chunk of rows of one width, without any arrays of the caller's."""
    frame, behind = Frame(kernel), len(kernel.signature.inputs)
    rows = frame.keep(PLAN, (ctypes.c_int64 * 2)(0, rows_per_chunk(columns)))
    factor = frame.keep(behind, (ctypes.c_double * (1 + len(parameters)))(1.0, *parameters))
    total = frame.keep(behind + 1 + PARTIAL, (ctypes.c_double * 1)())
    bits = frame.keep(behind + 1 + WRONG, (ctypes.c_int64 * 1)())
    if kernel.signature.scratch:
        for at, length in enumerate(short_rows.scratch(columns), behind + 1 + len(kernel.signature.outputs)):
            frame.keep(at, (ctypes.c_double * length)())
    return Small(frame, rows, factor, total, bits)


def plan(
    kernel: Kernel, formulas: RowFormulas, wanted: Wanted, parameters: tuple[float, ...], reduction: Reduction
) -> Plan:
    """Return a plan whose results are the reduced or single losses where wanted, then gradients and curvature."""
    signature, count, short = kernel.signature, formulas.arguments, bool(kernel.signature.scratch)
    behind = len(signature.inputs) + 1
    operands = signature.inputs[OPERANDS:]
    masks = [np.dtype(one.dtype).itemsize - 1 for one in operands]
    dtypes = [np.dtype(one.dtype) for one in signature.outputs[DERIVATIVES:]]
    derivatives = [*range(count)] * wanted.gradient + [count] * wanted.curvature
    mean, none = reduction.divides, reduction.keeps == "examples"
    has_ids = len(operands) > count
    spare: dict[int, Spare[Small]] = {}  # by columns

    def run(arrays: tuple[np.ndarray, ...]) -> Any:
        shape = arrays[0].shape
        if len(shape) != 2:
            return None
        rows, columns = shape
        if not rows * columns or short != (has_ids and columns <= short_rows.MOST):
            return None
        places = addresses_of(arrays, masks)
        if places is None:
            return None
        for array in arrays[1:count]:
            if array.shape != shape:
                return None
        if has_ids and (arrays[count].shape != shape[:1] or arrays[count].view(np.uint64).max() >= columns):
            return None
        frames = spare.get(columns)
        if frames is None:
            if len(spare) >= WIDTHS:
                spare.clear()
            frames = spare[columns] = Spare(lambda: frame_of(kernel, parameters, columns))
        small = frames.take()
        frame, plan_, factor, total, bits = small
        addresses, sizes, starts = frame.addresses, frame.sizes, frame.starts
        addresses[OPERANDS : OPERANDS + len(places)] = places
        for at in range(len(places)):
            start = starts[OPERANDS + at]
            sizes[start] = rows
            if at < count:
                sizes[start + 1] = columns
        plan_[0] = rows
        if mean:
            factor[0] = 1.0 / rows
        results: list[Any] = []
        if none:
            each = np.empty(rows)
            addresses[behind + EACH], sizes[starts[behind + EACH]] = address_of(each), rows
            results.append(each)
        for at in derivatives:
            result = output(shape, dtypes[at])
            place = behind + DERIVATIVES + at
            addresses[place] = address_of(result)
            sizes[starts[place]], sizes[starts[place] + 1] = shape
            results.append(result)
        if rows <= plan_[1]:
            frame.run()
            wrong, sum_ = bits[0], total[0]
        else:
            wrong, sum_ = _run_chunks(small, -(-rows // plan_[1]), behind, columns)
        frames.give(small)
        if wrong:
            return None
        if not none:
            if not math.isfinite(sum_):
                return None
            results.insert(0, (sum_ / rows if mean else sum_) + 0.0)
        return results

    return run


def _run_chunks(small: Small, chunks: int, behind: int, columns: int) -> tuple[int, float]:
    """Run many chunks; return the bits of wrong numbers and the sum of the losses. Outputs begin at `behind`."""
    frame, partial, wrong = small.frame, behind + PARTIAL, behind + WRONG
    totals, bits = np.empty(chunks), np.empty(chunks, np.int64)
    frame.addresses[partial], frame.addresses[wrong] = address_of(totals), address_of(bits)
    try:
        frame.run_together(chunks, ALONE // max(small.rows[1] * columns, 1))
    finally:
        frame.addresses[partial], frame.addresses[wrong] = map(ctypes.addressof, (small.total, small.bits))
    return int(np.bitwise_or.reduce(bits)), ordered_sum(totals)
