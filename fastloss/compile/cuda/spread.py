"""Arrays on the device in the losses' shape: repeated along the axes that they lack, and multiplied by each other."""

import math
from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_thread_each, code, launch
from fastloss.compile.templates import unbound
from fastloss.core.gpu import GpuArray, on_gpu
from fastloss.core.validate import kernel_dtype
from fastloss.pointwise.host import product as on_host

DIVISOR, LENGTH, FIRST, SECOND = range(4)  # columns of the table of axes

THREADS = unbound


def index(i, axes, step):
    """Where element i of the losses is in an array that has the steps of one column."""
    at = 0
    for axis in range(axes.shape[0]):
        at += i // axes[axis, DIVISOR] % axes[axis, LENGTH] * axes[axis, step]
    return at


def multiply(inputs, outputs):
    """A thread writes an element of the product."""
    first, second, axes = inputs
    (found,) = outputs
    i = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if i < found.size:
        found[i] = np.float64(first[index(i, axes, FIRST)]) * np.float64(second[index(i, axes, SECOND)])


def steps(own: tuple[int, ...], shape: tuple[int, ...]) -> list[int]:
    """How far apart an array's elements are along each axis of the losses' shape: 0 where it is repeated."""
    padded = (1,) * (len(shape) - len(own)) + own
    return [0 if length == 1 else math.prod(padded[axis + 1 :]) for axis, length in enumerate(padded)]


def axes_of(first: tuple[int, ...], second: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """The table of `multiply`; neighbouring axes along which both arrays go on evenly are one."""
    table: list[list[int]] = []
    for axis, both in enumerate(zip(steps(first, shape), steps(second, shape), strict=True)):
        length = shape[axis]
        if table and table[-1][FIRST:] == [step * length for step in both]:
            length *= table.pop()[LENGTH]
        table.append([math.prod(shape[axis + 1 :]), length, *both])
    return np.array(table, np.int64).reshape(-1, 4)


def multiplied(place: Place, arrays: tuple[Any, Any], shape: tuple[int, ...], dtype: Any) -> Any:
    """The product of two arrays that broadcast to a shape, its elements one after another."""
    size = math.prod(shape)
    found = place.empty(size, dtype)
    flat = (place.device(array.reshape(array.size), kernel_dtype(array)) for array in arrays)
    axes = place.device(axes_of(arrays[0].shape, arrays[1].shape, shape))
    launch(place, code(multiply), a_thread_each(size), (*flat, axes), (found,))
    return found


def product(first: Any, second: Any, shape: tuple[int, ...]) -> GpuArray:
    """The product in float64 of two arrays of which one is on a GPU at least."""
    found = multiplied(Place(first, second), (first, second), shape, np.float64)
    return GpuArray("weight", found).reshape(*shape)


def spread(array: GpuArray, shape: tuple[int, ...]) -> GpuArray:
    """The same array if it is of that shape, else a larger one."""
    if array.shape == shape:
        return array
    found = multiplied(Place(array), (array, np.ones(())), shape, array.dtype)
    return GpuArray(array.name, found).reshape(*shape)


def weighted(given: Any, factor: Any, shape: tuple[int, ...]) -> Any:
    """The examples' weights times a factor, in the losses' shape; either may be None."""
    if factor is None:
        return given
    if on_gpu(given) or (on_gpu(factor) and given is not None):
        return product(given, factor, shape)
    return spread(factor, shape) if on_gpu(factor) else on_host(given, factor, shape)
