"""Pointwise losses on CUDA: a block of threads does one chunk, each thread elements of it at a fixed stride."""

import functools
from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import Code, a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.spread import multiplied, spread, weighted
from fastloss.compile.templates import known_names, unbound
from fastloss.core import validate
from fastloss.core.gpu import GpuArray, on_gpu
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.summation import CHUNK
from fastloss.pointwise import host as on_host
from fastloss.pointwise.element import FIRST, PARTIAL, SCALE, UNPACKS, WRONG, Formulas, element

unpack = THREADS = unbound


def kernel(inputs, parameters, outputs):
    chunk = cuda.blockIdx.x
    total, wrong = 0.0, 0
    scale, numbers = parameters[SCALE], unpack(parameters)
    i = chunk * CHUNK + cuda.threadIdx.x
    stop = min(inputs[FIRST].shape[0], (chunk + 1) * CHUNK)
    while i < stop:
        loss, bits = element(i, inputs, scale, numbers, outputs)
        total += loss
        wrong |= bits
        i += THREADS
    total, wrong = block_sum(total, wrong)
    if cuda.threadIdx.x == 0:
        outputs[PARTIAL][chunk], outputs[WRONG][chunk] = total, wrong


@functools.cache
def kernel_of(formulas: Formulas, wanted: Wanted, weighted: bool) -> Code:
    """Return the kernel for one loss and set of outputs."""
    names = {"unpack": UNPACKS[formulas.parameters], **formulas.bindings(wanted, weighted)}
    name = f"{formulas.name}_{wanted.code}{'w' if weighted else ''}"
    return code(kernel, name, **known_names(kernel, names))


def operands(names: tuple[str, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments as arrays: those on a GPU are viewed there, the others checked and not converted."""
    return tuple(
        GpuArray(name, value) if on_gpu(value) else validate.array(name, value)
        for name, value in zip(names, values, strict=True)
    )


def weights(value: Any, shape: tuple[int, ...]) -> Any:
    """Return the examples' weights in the losses' shape."""
    found = validate.sample_weight(value, shape)
    return spread(found, shape) if isinstance(found, GpuArray) else found


product = weighted  # what every loss is multiplied by


def times(number: float, array: Any, new: bool = False) -> Any:
    """Multiply a result by a number, where it lies; Numba's arrays cannot be multiplied."""
    if (number == 1.0 and not new) or hasattr(type(array), "__rmul__"):
        return on_host.times(number, array, new)
    found = multiplied(Place(array), (GpuArray("result", array), np.array(number)), array.shape, array.dtype)
    return found.reshape(array.shape)


def _flat(place: Place, array: Any) -> Any:
    return place.device(array, validate.kernel_dtype(array)).reshape(array.size)


def run(
    formulas: Formulas, operands: tuple[Any, ...], weights: Any, parameters: tuple[float, ...], wanted: Wanted
) -> Outcome:
    """Pass over the operands, all of one shape, once; `parameters` starts with the derivatives' factor."""
    place = Place(*operands)
    shape, size = operands[0].shape, operands[0].size
    arrays = [_flat(place, one) for one in operands]
    dtype = arrays[0].dtype
    empty = place.empty(0, dtype)
    factors = place.empty(0) if weights is None else _flat(place, weights)
    inputs = (*arrays, *[empty] * (3 - len(arrays)), factors)
    results = tuple(place.empty(size if want else 0, dtype) for want in wanted[1:])
    chunks = -(-size // CHUNK)
    partials, wrong = place.empty(chunks), place.empty(chunks, np.int64)
    if chunks:
        what = kernel_of(formulas, wanted, weights is not None)
        launch(place, what, a_block_each(chunks), inputs, tuple(map(float, parameters)), (*results, partials, wrong))
    shaped = (place.home(one.reshape(shape)) if want else None for one, want in zip(results, wanted[1:], strict=True))
    bits = int(np.bitwise_or.reduce(place.host(wrong)))
    return wanted.outcome(shaped, chunks=place.host(partials), wrong=bits)
