"""Small calls of losses of rows: matrices as they are, without weights, see `fastloss/core/small.py`.

What each operand of the row function is made from is found in the first call of a kind, and remembered as `Sources`.
"""

import ctypes
import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.frames import Frame, Spare, addresses_of
from fastloss.compile.kernels import Kernel
from fastloss.compile.launch import output
from fastloss.compile.signatures import address_of
from fastloss.core.domains import REAL, Domain
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.small import Plan
from fastloss.core.summation import ordered_sum
from fastloss.rows import short as short_rows
from fastloss.rows.logits import of_target
from fastloss.rows.row import RowFormulas, rows_per_chunk

WEIGHTS, PLAN, OPERANDS = 0, 1, 2  # of the inputs
EACH, PARTIAL, WRONG, DERIVATIVES = range(4)  # of the outputs
WIDTHS = 16  # numbers of columns that a plan keeps frames for


class Source(NamedTuple):
    """The argument that an operand is, and what is checked of it."""

    argument: int
    kind: str  # "rows" of the first operand's shape, a "table" of rows of that length, "ids" of them, or a "vector"
    domain: Domain = REAL  # of a vector


class Sources(NamedTuple):
    """Those of all operands, and the shape of the first."""

    operands: tuple[Source, ...]
    whole: int = 0  # dimensions of an argument that is one row, 0 where an argument is a matrix of rows
    divisor: float | None = None  # of the mean, None for the number of rows


def vector(array: np.ndarray, source: Source) -> np.ndarray | None:
    """Return a vector as kernels read it; None if it needs more care."""
    read = array.astype(np.float64, copy=False)
    if source.domain is not REAL:
        return read if source.domain.holds_only_values(read) else None
    return read if array.dtype.kind == "f" and array.dtype.itemsize <= 8 else None


def found(arrays: tuple[np.ndarray, ...], sources: tuple[Source, ...]) -> list[np.ndarray] | None:
    """Return the operands of a call; None if a shape, an id or a number is not what it should be."""
    rows, columns = arrays[sources[0].argument].shape
    limit, operands = columns, []
    for source in sources:  # a table stands before the ids of its rows
        one, kind = arrays[source.argument], source.kind
        if kind == "table":
            if one.ndim != 2 or one.shape[1] != columns:
                return None
            limit = len(one)
        elif kind == "rows":
            if one.shape != (rows, columns):
                return None
        else:
            if one.shape != (rows,):
                return None
            if kind == "vector":
                read = vector(one, source)
                if read is None:
                    return None
                one = read
            elif one.view(np.uint64).max() >= limit:  # of a negative id, which is a large number, too
                return None
        operands.append(one)
    return operands


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
    kernel: Kernel,
    formulas: RowFormulas,
    wanted: Wanted,
    parameters: tuple[float, ...],
    reduction: Reduction,
    sources: Sources,
) -> Plan:
    """Return a plan whose results are the reduced or single losses where wanted, then gradients and curvature."""
    signature, count, short = kernel.signature, formulas.arguments, bool(kernel.signature.scratch)
    behind = len(signature.inputs) + 1
    operands = signature.inputs[OPERANDS:]
    masks = [np.dtype(one.dtype).itemsize - 1 for one in operands]
    dtypes = [np.dtype(one.dtype) for one in signature.outputs[DERIVATIVES:]]
    derivatives = [*range(count)] * wanted.gradient + [count] * wanted.curvature
    mean, none = reduction.divides, reduction.keeps == "examples"
    own = sources.operands
    may_be_short = formulas.row is of_target
    spare: dict[int, Spare[Small]] = {}  # by columns

    def run(arrays: tuple[np.ndarray, ...]) -> Any:
        shape = arrays[own[0].argument].shape
        if len(shape) != (sources.whole or 2):
            return None
        if sources.whole:
            if any(array.shape != shape for array in arrays) or not all(array.flags.c_contiguous for array in arrays):
                return None
            arrays = tuple(array.reshape(1, -1) for array in arrays)
        rows, columns = arrays[own[0].argument].shape
        if not rows * columns or short != (may_be_short and columns <= short_rows.MOST):
            return None
        read = found(arrays, own)
        places = None if read is None else addresses_of(read, masks)
        if read is None or places is None:
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
        for at, one in enumerate(read):
            start = starts[OPERANDS + at]
            sizes[start] = len(one)
            if one.ndim == 2:
                sizes[start + 1] = columns
        plan_[0] = rows
        divisor = sources.divisor or rows
        if mean:
            factor[0] = 1.0 / divisor
        results: list[Any] = []
        if none:
            each = np.empty(rows)
            addresses[behind + EACH], sizes[starts[behind + EACH]] = address_of(each), rows
            results.append(each)
        for at in derivatives:
            result = output(shape, dtypes[at])
            place = behind + DERIVATIVES + at
            addresses[place] = address_of(result)
            sizes[starts[place]], sizes[starts[place] + 1] = rows, columns
            results.append(result)
        if rows <= plan_[1]:
            frame.run()
            wrong, sum_ = bits[0], total[0]
        else:
            wrong, sum_ = _run_chunks(small, -(-rows // plan_[1]), behind, formulas.few(columns, wanted))
        frames.give(small)
        if wrong:
            return None
        if not none:
            if not math.isfinite(sum_):
                return None
            results.insert(0, (sum_ / divisor if mean else sum_) + 0.0)
        return results

    return run


def _run_chunks(small: Small, chunks: int, behind: int, few: int) -> tuple[int, float]:
    """Run many chunks; return the bits of wrong numbers and the sum of the losses. Outputs begin at `behind`."""
    frame, partial, wrong = small.frame, behind + PARTIAL, behind + WRONG
    totals, bits = np.empty(chunks), np.empty(chunks, np.int64)
    frame.addresses[partial], frame.addresses[wrong] = address_of(totals), address_of(bits)
    try:
        if chunks <= few:
            frame.run(chunks)
        else:
            frame.run_together(chunks, few)
    finally:
        frame.addresses[partial], frame.addresses[wrong] = map(ctypes.addressof, (small.total, small.bits))
    return int(np.bitwise_or.reduce(bits)), ordered_sum(totals)
