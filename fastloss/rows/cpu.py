"""Rows on the CPU: a serial block does a fixed number of rows, as many as make a chunk of `CHUNK` numbers."""

from typing import Any

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import as_input, launch, output
from fastloss.compile.signatures import INTEGERS, REALS, Signature, array_of
from fastloss.compile.templates import bind, known_names, regroups, unbound
from fastloss.core.outcomes import Outcome
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.small import Plan
from fastloss.core.validate import kernel_dtype
from fastloss.rows import short as short_rows
from fastloss.rows import small as small_rows
from fastloss.rows.logits import of_target
from fastloss.rows.row import RowFormulas, rows_per_chunk

row = clear_row = add_chunk = unbound


@regroups
def block(inputs, parameters, outputs, first, last):
    for chunk in range(first, last):
        add_chunk(inputs, parameters, outputs, chunk)


def add_rows(inputs, parameters, outputs, chunk):
    weights, plan, operands = inputs[0], inputs[1], inputs[2:]
    scale, more, rows, size = parameters[0], parameters[1:], plan[0], plan[1]
    each, partials, wrong, derivatives = outputs[0], outputs[1], outputs[2], outputs[3:]
    total = 0.0
    union = 0
    for i in range(np.uint64(chunk * size), np.uint64(min(rows, (chunk + 1) * size))):
        w = weights[i] if weights.size else 1.0
        loss, bits = row(i, operands, scale * w, more, derivatives)
        if w == 0.0 and loss == loss:
            clear_row(i, derivatives)
        loss = weighed(w, loss)
        total += loss
        union |= bits
        if each.size:
            each[i] = loss
    partials[chunk] = total
    wrong[chunk] = union


@once
def compiled(formulas: RowFormulas, wanted: Wanted, layout: tuple[tuple[np.dtype, int], ...], short: bool) -> Kernel:
    """Compile the kernel of one loss and set of derivatives; `layout` is each operand's dtype and rank."""
    operands = [array_of(*one) for one in layout]
    derivatives = [array_of(layout[j][0], 2) for j in (*range(formulas.arguments), 0)]
    signature = Signature((REALS, INTEGERS, *operands), (REALS, REALS, INTEGERS, *derivatives), (REALS, REALS) * short)
    names = {"row": formulas.row, **formulas.bindings(wanted)}
    names["add_chunk"] = short_rows.add_short_rows if short else add_rows
    bound = bind(block, **known_names(block, names))
    return kernel(bound, f"{formulas.name}_v{wanted.code}{'_short' if short else ''}", signature)


def readable(array: np.ndarray) -> np.ndarray:
    """Return an array as kernels read it: matrices of float32 or float64, vectors of float64 or int64."""
    if array.dtype.kind == "i" and array.ndim == 1:
        dtype: np.dtype[Any] = np.dtype(np.int64)
    else:
        dtype = kernel_dtype(array) if array.ndim == 2 else np.dtype(np.float64)
    return as_input(array, dtype)


def plan(
    formulas: RowFormulas,
    operands: tuple[np.ndarray, ...],
    wanted: Wanted,
    parameters: tuple[float, ...],
    reduction: Reduction,
    sources: small_rows.Sources,
) -> Plan | None:
    """Return a plan for small calls with such operands, if matrices need no conversion and kernels are compiled."""
    if any(readable(one) is not one for one in operands):
        return None
    short = formulas.row is of_target and operands[0].shape[1] <= short_rows.MOST
    kernel = compiled(formulas, wanted.derivatives, tuple((one.dtype, one.ndim) for one in operands), short)
    return small_rows.plan(kernel, formulas, wanted, parameters, reduction, sources) if kernel.entry else None


def run(
    formulas: RowFormulas,
    operands: tuple[np.ndarray, ...],
    weights: Any,
    scale: float,
    parameters: tuple[float, ...],
    wanted: Wanted,
) -> Outcome:
    """Make one pass over the rows; the first operands, matrices, are those with a gradient.

    `scale` multiplies the derivatives; `parameters` are the formulas' own numbers.
    """
    operands = tuple(map(readable, operands))
    rows, columns = operands[0].shape
    size, short = rows_per_chunk(columns), formulas.row is of_target and columns <= short_rows.MOST
    kernel = compiled(formulas, wanted.derivatives, tuple((one.dtype, one.ndim) for one in operands), short)
    matrices = operands[: formulas.arguments]
    gradients = tuple(output(one.shape if wanted.gradient else (0, 0), one.dtype) for one in matrices)
    curvature = output(operands[0].shape if wanted.curvature else (0, 0), operands[0].dtype)
    chunks = -(-rows // size)
    losses, partials, wrong = np.empty(rows if wanted.each else 0), np.zeros(chunks), np.zeros(chunks, np.int64)
    inputs = (readable(np.empty(0) if weights is None else weights), np.array([rows, size]), *operands)
    outputs = (losses, partials, wrong, *gradients, curvature)
    few, scratch = formulas.few(columns, wanted), short_rows.scratch(columns) if short else ()
    launch(kernel, inputs, np.array([scale, *parameters], np.float64), outputs, chunks, few, scratch)
    bits = int(np.bitwise_or.reduce(wrong))
    return Outcome(chunks=partials, each=losses, gradients=gradients, curvatures=(curvature,), wrong=bits)
