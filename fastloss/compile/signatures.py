"""What a kernel takes: arrays of known dtypes and ranks, contiguous in C order, and how they are handed over.

Every kernel has one C entry, `void kernel(addresses, sizes, first, last)`: the arrays' addresses one after another
(inputs, parameters, outputs, scratch), all their lengths one after another, and the chunks to do.
"""

import ctypes
import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Array(NamedTuple):
    """An array's dtype, by its character, and its number of dimensions."""

    dtype: str
    dimensions: int = 1

    @classmethod
    def of(cls, array: np.ndarray) -> "Array":
        """What an array is."""
        return cls(array.dtype.char, array.ndim)


class Signature(NamedTuple):
    """A kernel's arrays. Scratch arrays are behind the outputs, one set of them for each thread."""

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    scratch: tuple[Array, ...] = ()

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All arrays in the order of the entry; the parameters are a vector of float64."""
        return (*self.inputs, PARAMETERS, *self.outputs, *self.scratch)

    @property
    def text(self) -> str:
        """A readable form, the same for the same arrays: part of a kernel's address."""
        parts = (",".join(f"{one.dtype}{one.dimensions}" for one in part) for part in self)
        return "->".join(parts)


PARAMETERS = Array("d")
REALS, INTEGERS = Array("d"), Array("l" if np.dtype("l").itemsize == 8 else "q")


@functools.cache
def array_of(dtype: Any, dimensions: int = 1) -> Array:
    """An array of a dtype."""
    return Array(np.dtype(dtype).char, dimensions)


@functools.cache
def _packing(count: int) -> struct.Struct:
    return struct.Struct(f"={count}q")


def numbers(values: Sequence[int]) -> bytes:
    """Integers as a kernel reads them."""
    return _packing(len(values)).pack(*values)


_word = ctypes.c_int64.from_address
_AT = object.__basicsize__  # `data` is the first member of NumPy's PyArrayObject, a part of its binary interface


def _address_by_struct(array: np.ndarray) -> int:
    return _word(id(array) + _AT).value


def _address_by_name(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _is_where_it_was() -> bool:
    """Whether arrays of this NumPy have their address where its binary interface says."""
    some = np.arange(8.0)
    return all(_address_by_struct(one) == _address_by_name(one) for one in (some, some[3:], np.empty((2, 3), "f4")))


# Five times as fast as by name, which makes a dictionary of seven entries.
address_of: Callable[[np.ndarray], int] = _address_by_struct if _is_where_it_was() else _address_by_name


def table(arrays: tuple[np.ndarray, ...]) -> tuple[bytes, bytes]:
    """The addresses and the lengths of arrays."""
    return numbers([address_of(one) for one in arrays]), numbers([length for one in arrays for length in one.shape])
