"""Shape and dtype of arrays on a GPU, without importing CUDA."""

import math
import sys
from typing import Any

import numpy as np

FLOATS, INTEGERS = ("float32", "float64"), ("int32", "int64")


def on_gpu(value: Any) -> bool:
    """Tell whether a value is an array on a GPU: CuPy's, PyTorch's, Numba's, or a `GpuArray`."""
    return hasattr(value, "__cuda_array_interface__")


def is_contiguous(value: Any) -> bool:
    """Tell whether the elements of an array on a GPU lie one after another."""
    about = value.__cuda_array_interface__
    strides, itemsize = about.get("strides"), np.dtype(about["typestr"]).itemsize
    return strides is None or tuple(strides) == _strides(tuple(about["shape"]), itemsize)


def holds_integers(value: Any) -> bool:
    """Tell whether a value is an array of integers on a GPU."""
    return on_gpu(value) and np.dtype(value.__cuda_array_interface__["typestr"]).name in INTEGERS


class GpuArray:
    """An array on a GPU with the shape it is to be seen in; nothing is copied.

    Raises
    ------
    TypeError
        If it holds numbers of another precision than the kernels read.
    ValueError
        If its elements do not lie one after another.
    """

    def __init__(self, name: str, given: Any, dtypes: tuple[str, ...] = FLOATS):
        about = given.__cuda_array_interface__
        self.name, self.given = name, given
        self.shape: tuple[int, ...] = tuple(about["shape"])
        self.dtype = np.dtype(about["typestr"])
        if self.dtype.name not in dtypes:
            raise TypeError(f"{name} has dtype {self.dtype} on the GPU: expected {' or '.join(dtypes)}")
        if not is_contiguous(given):
            raise ValueError(f"{name} has strides {tuple(about['strides'])} on the GPU: expected a contiguous array")

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {**self.given.__cuda_array_interface__, "shape": self.shape, "strides": None}

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def reshape(self, *shape: int) -> "GpuArray":
        """Return the same elements, in the same order, in another shape."""
        if math.prod(shape) != self.size:
            raise ValueError(f"{self.name} has {self.size} elements: expected {math.prod(shape)}")
        other = object.__new__(GpuArray)
        other.name, other.given, other.shape, other.dtype = self.name, self.given, tuple(shape), self.dtype
        return other

    def with_last(self, axes: tuple[int, ...]) -> "GpuArray":
        """Return a copy with some axes moved to the end, made by the array's own library.

        Raises
        ------
        ValueError
            If that library has no function for it, as Numba.
        """
        found = moved_axes(self.given, axes, tuple(range(-len(axes), 0)))
        if found is None:
            where = ", ".join(map(str, axes))
            raise ValueError(
                f"{self.name} has its rows along axis {where} of {self.ndim} on the GPU:"
                " expected them along the last axes of a contiguous array"
            )
        is_tensor = hasattr(found, "contiguous")
        return GpuArray(self.name, found.contiguous() if is_tensor else found.copy(order="C"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError(f"{self.name} lies on a GPU, where this loss cannot take it: copy it to the host first")


def moved_axes(array: Any, source: tuple[int, ...], target: tuple[int, ...]) -> Any:
    """Return an array with axes moved, as a view: NumPy's, PyTorch's or CuPy's; None of another library."""
    if isinstance(array, np.ndarray):
        return np.moveaxis(array, source, target)
    if hasattr(array, "movedim"):
        return array.movedim(source, target)
    library: Any = sys.modules.get(type(array).__module__.partition(".")[0])
    return library.moveaxis(array, source, target) if hasattr(library, "moveaxis") else None


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    return tuple(itemsize * math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
