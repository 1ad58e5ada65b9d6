"""The pointwise shape on CUDA: a block of threads does one chunk.

A thread adds up elements of the chunk at a fixed stride, then the block adds its threads' sums as a tree: no atomics,
so the same device gives the same bits in every run.
"""

import functools
from typing import Any

import numpy as np
from numba import cuda, float64, int64

from fastloss import validate
from fastloss.engines import build
from fastloss.engines.cuda import require
from fastloss.engines.cuda.device import device
from fastloss.shapes.pointwise import CHUNK, UNPACKS, Formulas, Outcome, Wanted, element, unbound

THREADS = 128  # a power of two: the tree halves it

unpack = unbound


def kernel(inputs, parameters, outputs):
    sums = cuda.shared.array(THREADS, float64)
    flags = cuda.shared.array(THREADS, int64)
    thread, chunk = cuda.threadIdx.x, cuda.blockIdx.x
    total, wrong = 0.0, 0
    own = unpack(parameters)
    i = chunk * CHUNK + thread
    stop = min(inputs[0].shape[0], (chunk + 1) * CHUNK)
    while i < stop:
        loss, bits = element(i, inputs, parameters[0], own, outputs)
        total += loss
        wrong |= bits
        i += THREADS
    sums[thread], flags[thread] = total, wrong
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if thread < half:
            sums[thread] += sums[thread + half]
            flags[thread] |= flags[thread + half]
        cuda.syncthreads()
        half //= 2
    if thread == 0:
        outputs[3][chunk], outputs[4][chunk] = sums[0], flags[0]


def bound_kernel(formulas: Formulas, wanted: Wanted, weighted: bool) -> Any:
    """The kernel of one loss for what is wanted of it, as a plain function."""
    bound = device(element, **formulas.bindings(wanted, weighted))
    name = f"{formulas.name}_{wanted.code}{'w' if weighted else ''}"
    return build.specialise(kernel, name, element=bound, unpack=device(UNPACKS[formulas.parameters]))


@functools.cache
def compiled(formulas: Formulas, wanted: Wanted, weighted: bool) -> Any:
    """The same, to be launched; compiled for the arrays it is first given."""
    return cuda.jit(bound_kernel(formulas, wanted, weighted))


def operands(names: tuple[str, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments on the device: GPU arrays are viewed, others copied there."""
    require()
    return tuple(_on_device(name, value) for name, value in zip(names, values, strict=True))


def _on_device(name: str, value: Any) -> Any:
    if hasattr(value, "__cuda_array_interface__"):
        array = cuda.as_cuda_array(value)
        if array.dtype not in (np.float32, np.float64) or not array.is_c_contiguous():
            raise ValueError(f"{name} is {array.dtype} on the GPU: expected contiguous float32 or float64")
        return array
    return _Host(validate.array(name, value))


class _Host:
    """A host array that goes to the device when it is used; results for it come back to the host."""

    def __init__(self, array: np.ndarray):
        self.array, self.shape, self.size = array, array.shape, array.size

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """What messages about a wrong element look at."""
        return np.array(self.array, dtype, copy=copy)


def weights(value: Any, shape: tuple[int, ...]) -> Any:
    """The examples' weights, in the losses' shape."""
    if value is None:
        return None
    if hasattr(value, "__cuda_array_interface__"):
        value = cuda.as_cuda_array(value).copy_to_host()
    return _Host(np.asarray(validate.sample_weight(value, shape)))


def product(given: Any, factor: Any, shape: tuple[int, ...]) -> Any:
    """What every loss is multiplied by."""
    if factor is None:
        return given
    factor = np.broadcast_to(factor, shape)
    return _Host(factor if given is None else given.array * factor)


def _flat(value: Any, dtype: Any = None) -> Any:
    if not isinstance(value, _Host):
        return value.reshape(value.size)
    return cuda.to_device(np.ascontiguousarray(value.array, dtype or validate.kernel_dtype(value.array)).reshape(-1))


def run(
    formulas: Formulas, operands: tuple[Any, ...], weights: Any, parameters: tuple[float, ...], wanted: Wanted
) -> Outcome:
    """One pass over the operands, all of one shape; `parameters` starts with the derivatives' factor."""
    arrays = [_flat(operand) for operand in operands]
    size, dtype = operands[0].size, arrays[0].dtype
    empty = cuda.device_array(0, dtype)
    inputs = (
        *arrays,
        *[empty] * (3 - len(arrays)),
        cuda.device_array(0) if weights is None else _flat(weights, np.float64),
    )
    results = tuple(cuda.device_array(size if want else 0, dtype) for want in wanted[1:])
    chunks = -(-size // CHUNK)
    partials, wrong = cuda.device_array(chunks), cuda.device_array(chunks, np.int64)
    if chunks:
        settings = cuda.to_device(np.array(parameters, np.float64))
        compiled(formulas, wanted, weights is not None)[chunks, THREADS](inputs, settings, (*results, partials, wrong))
    shape, home = operands[0].shape, isinstance(operands[0], _Host)
    shaped = [_home(result, shape, home) if want else None for result, want in zip(results, wanted[1:], strict=True)]
    return Outcome(partials.copy_to_host(), int(np.bitwise_or.reduce(wrong.copy_to_host())), *shaped)


def _home(result: Any, shape: tuple[int, ...], home: bool) -> Any:
    return result.copy_to_host().reshape(shape) if home else result.reshape(*shape)
