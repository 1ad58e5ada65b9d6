"""Rows on CUDA: a thread does a row. Wide matrices are laid out by columns first: threads read neighbouring numbers."""

import functools
from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import Code, a_thread_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.transpose import FEW, laid_out
from fastloss.compile.elementary import weighed
from fastloss.compile.templates import known_names, unbound
from fastloss.core import validate
from fastloss.core.gpu import on_gpu
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.rows.row import RowFormulas

row = clear_row = THREADS = unbound


def kernel(inputs, parameters, outputs):
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    weights, rows, operands = inputs[0], inputs[1], inputs[2:]
    each, partials, wrong, derivatives = outputs[0], outputs[1], outputs[2], outputs[3:]
    total, bits = 0.0, 0
    if i < rows:
        w = np.float64(weights[i]) if weights.size else 1.0
        loss, bits = row(np.uint64(i), operands, parameters[0] * w, parameters[1:], derivatives)
        if w == 0.0 and loss == loss:
            clear_row(np.uint64(i), derivatives)
        total = weighed(w, loss)
        if each.size:
            each[i] = total
    total, bits = block_sum(total, bits)
    if cuda.threadIdx.x == 0:
        partials[cuda.blockIdx.x], wrong[cuda.blockIdx.x] = total, bits


@functools.cache
def kernel_of(formulas: RowFormulas, wanted: Wanted) -> Code:
    """Compile the kernel of one loss and set of derivatives."""
    names = {"row": formulas.row, **formulas.bindings(wanted)}
    return code(kernel, f"{formulas.name}_v{wanted.code}", **known_names(kernel, names))


def kernel_type(array: Any) -> np.dtype:
    """Return the dtype that the kernel reads: matrices are float32 or float64, vectors float64 or int64."""
    if array.ndim == 2:
        return validate.kernel_dtype(array)
    return np.dtype(np.int64 if array.dtype.kind == "i" else np.float64)


class _Matrices:
    """Operands and results in the order in which the kernel walks them: wide ones by columns."""

    def __init__(self, place: Place):
        self._place = place

    def read(self, array: Any) -> Any:
        array = self._place.device(array, kernel_type(array))
        return laid_out(self._place, array, True) if array.ndim == 2 and array.shape[1] > FEW else array

    def empty(self, shape: tuple[int, int], dtype: np.dtype) -> Any:
        return self._place.empty(shape, dtype, "F" if shape[1] > FEW else "C")

    def home(self, array: Any) -> Any:
        return self._place.home(laid_out(self._place, array, False) if array.shape[1] > FEW else array)


def run(
    formulas: RowFormulas,
    operands: tuple[Any, ...],
    weights: Any,
    scale: float,
    parameters: tuple[float, ...],
    wanted: Wanted,
) -> Outcome:
    """Make one pass over the rows, as `rows.cpu.run`; where the operands lie on a GPU, so do arrays of results."""
    place = Place(*operands)
    matrices = _Matrices(place)
    rows = operands[0].shape[0]
    arrays = [matrices.read(one if on_gpu(one) else np.asarray(one)) for one in operands]
    gradients = [
        matrices.empty(one.shape if wanted.gradient else (0, 0), one.dtype) for one in arrays[: formulas.arguments]
    ]
    curvature = matrices.empty(arrays[0].shape if wanted.curvature else (0, 0), arrays[0].dtype)
    shape = a_thread_each(rows)
    blocks = shape[0]
    losses, partials, wrong = (
        place.empty(rows if wanted.each else 0),
        place.empty(blocks),
        place.empty(blocks, np.int64),
    )
    if blocks:
        factors = place.empty(0) if weights is None else place.device(weights, validate.kernel_dtype(weights))
        inputs = (factors, rows, *arrays)
        settings = place.device(np.array([scale, *parameters], np.float64))
        outputs = (losses, partials, wrong, *gradients, curvature)
        launch(place, kernel_of(formulas, wanted.derivatives), shape, inputs, settings, outputs)
    return Outcome(
        chunks=place.host(partials),
        each=place.home(losses),
        gradients=tuple(map(matrices.home, gradients)),
        curvatures=(matrices.home(curvature),),
        wrong=int(np.bitwise_or.reduce(place.host(wrong))),
    )
