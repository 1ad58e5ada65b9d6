"""Rows on the CPU: a serial block does a fixed number of rows, as many as make a chunk of `CHUNK` numbers."""

from typing import Any

import numba
import numpy as np
from numba import types

from fastloss.elementary import weighed
from fastloss.engines import build
from fastloss.engines.cpu.launch import ALONE, launch, output, read_only
from fastloss.engines.cpu.short_rows import MOST, add_short_rows
from fastloss.shapes.pointwise import unbound
from fastloss.shapes.rows import Outcome, RowFormulas, Wanted, rows_per_chunk
from fastloss.shapes.softmax import of_target
from fastloss.validate import kernel_dtype

row = clear_row = unbound


def block(inputs, parameters, outputs, first, last):
    for chunk in range(first, last):
        add_rows(inputs, parameters, outputs, chunk)


def add_rows(inputs, parameters, outputs, chunk):
    weights, plan, operands = inputs[0], inputs[1], inputs[2:]
    scale, own = parameters[0], parameters[1:]
    each, partials, wrong, derivatives = outputs[0], outputs[1], outputs[2], outputs[3:]
    total = 0.0
    union = 0
    for i in range(np.uint64(chunk * plan[1]), np.uint64(min(plan[0], (chunk + 1) * plan[1]))):
        w = weights[i] if weights.size else 1.0
        loss, bits = row(i, operands, scale * w, own, derivatives)
        if w == 0.0 and loss == loss:
            clear_row(i, derivatives)
        loss = weighed(w, loss)
        total += loss
        union |= bits
        if each.size:
            each[i] = loss
    partials[chunk] = total
    wrong[chunk] = union


def is_sum(function: Any) -> bool:
    """Whether a function may reassociate: the others must give the same bits whatever else is wanted of a pass."""
    return function.__name__.startswith("sum_")


def _array(dtype: Any, dimensions: int, **about: bool) -> Any:
    return types.Array(numba.from_dtype(np.dtype(dtype)), dimensions, "C", **about)


@build.once
def compiled(formulas: RowFormulas, wanted: Wanted, layout: tuple[tuple[np.dtype, int], ...], short: bool) -> Any:
    """The block of one loss for what is wanted of it, and its signature; `layout` is each operand's dtype and rank."""
    operands = [_array(*one, readonly=True) for one in layout]
    derivatives = [_array(layout[j][0], 2) for j in (*range(formulas.arguments), 0)]
    numbers, settings = _array(np.float64, 1), _array(np.float64, 1, readonly=True)
    inputs = [settings, _array(np.int64, 1, readonly=True), *operands]
    outputs = [numbers, numbers, _array(np.int64, 1), *derivatives]
    pack = types.BaseTuple.from_types
    signature = types.void(pack(inputs), settings, pack(outputs), types.int64, types.int64)
    names = {"row": formulas.row, **formulas.bindings(wanted)}
    if short:
        names["add_rows"] = add_short_rows
    bound = build.bind(block, **names)
    name = f"{formulas.name}_{wanted.code}{'_short' if short else ''}"
    return build.loop(bound, name, signature, **build.inner_loops(bound, is_sum)), signature


def readable(array: np.ndarray) -> np.ndarray:
    """The array as kernels take it: matrices of float32 or float64, vectors of float64 or int64; viewed if possible."""
    if array.dtype.kind == "i" and array.ndim == 1:
        dtype: np.dtype[Any] = np.dtype(np.int64)
    else:
        dtype = kernel_dtype(array) if array.ndim == 2 else np.dtype(np.float64)
    return read_only(np.require(array, dtype, ["C", "A"]))


def run(formulas: RowFormulas, operands: tuple[np.ndarray, ...], weights: Any, parameters: Any, wanted: Any) -> Outcome:
    """One pass over the rows; the first operands, matrices, are those with a gradient.

    `parameters` is the derivatives' factor and the formulas' own numbers, `wanted` is `Wanted` and whether each row's
    loss is asked for.
    """
    derivatives, each = wanted
    operands = tuple(map(readable, operands))
    rows, columns = operands[0].shape
    size, short = rows_per_chunk(columns), formulas.row is of_target and columns <= MOST
    kernel, signature = compiled(formulas, derivatives, tuple((one.dtype, one.ndim) for one in operands), short)
    matrices = operands[: formulas.arguments]
    gradients = tuple(output(one.shape if derivatives.gradient else (0, 0), one.dtype) for one in matrices)
    curvature = output(operands[0].shape if derivatives.curvature else (0, 0), operands[0].dtype)
    chunks = -(-rows // size)
    losses, partials, wrong = np.empty(rows if each else 0), np.zeros(chunks), np.zeros(chunks, np.int64)
    inputs = (readable(np.empty(0) if weights is None else weights), read_only(np.array([rows, size])), *operands)
    scale, own = parameters
    settings = read_only(np.array([scale, *own], np.float64))
    outputs = (losses, partials, wrong, *gradients, curvature)
    with np.errstate(all="ignore"):  # with the JIT off, NumPy's numbers warn
        launch(kernel, signature, (inputs, settings, outputs), chunks, ALONE // max(size * columns, 1))
    return Outcome(partials, int(np.bitwise_or.reduce(wrong)), losses, gradients, curvature)
