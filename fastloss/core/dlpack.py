"""Arrays that are exchanged by DLPack: https://dmlc.github.io/dlpack/latest/python_spec.html."""

import ctypes
from typing import Any

import numpy as np

from fastloss.core.errors import no_array

CUDA = (2, 13)  # kDLCUDA, kDLCUDAManaged
KINDS = {0: "i", 1: "u", 2: "f", 5: "c", 6: "b"}  # of elements: kDLInt, kDLUInt, kDLFloat, kDLComplex, kDLBool
DEFAULT_STREAM = 1  # CUDA's legacy one: what the producer does on its own streams is waited for


class _Device(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int32), ("id", ctypes.c_int32))


class _DataType(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16))


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", _Device),
        ("ndim", ctypes.c_int32),
        ("dtype", _DataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class DlpackArray:
    """An array on a GPU, seen through `__cuda_array_interface__`; the capsule keeps its memory."""

    def __init__(self, name: str, value: Any):
        self._capsule = value.__dlpack__(stream=DEFAULT_STREAM)
        tensor = _Tensor.from_address(_pointer(self._capsule, b"dltensor"))
        kind, size = KINDS.get(tensor.dtype.code), tensor.dtype.bits * tensor.dtype.lanes // 8
        if kind is None or tensor.dtype.lanes != 1:
            raise TypeError(f"{name} has elements of DLPack's type code {tensor.dtype.code}: expected real numbers")
        shape, strides = tensor.shape[: tensor.ndim], tensor.strides and tensor.strides[: tensor.ndim]
        self.__cuda_array_interface__ = {
            "version": 3,
            "shape": tuple(shape),
            "typestr": np.dtype(f"{kind}{size}").str,
            "data": ((tensor.data or 0) + tensor.byte_offset, False),
            "strides": tuple(size * step for step in strides) if strides else None,
            "stream": DEFAULT_STREAM,
        }


def is_on_gpu(value: Any) -> bool:
    """Tell whether another library's array lies on a GPU of NVIDIA's."""
    try:
        return hasattr(value, "__dlpack__") and value.__dlpack_device__()[0] in CUDA
    except Exception:  # of a foreign library, for arrays that it does not export
        return False


def read(name: str, value: Any) -> Any:
    """View an array that another library exports: NumPy's if it is in the host's memory, else a `DlpackArray`.

    Raises
    ------
    TypeError
        If it lies elsewhere, or its elements are of a type that NumPy has not.
    """
    if is_on_gpu(value):
        return DlpackArray(name, value)
    try:
        return np.from_dlpack(value)
    except Exception as error:  # of a foreign library, any
        raise no_array(name, value, error) from error
