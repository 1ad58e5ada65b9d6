"""Arrays between caller and kernels: GPU arrays stay where they are, on the caller's stream; host arrays are copied."""

import functools
import sys
import threading
from typing import Any

import numba
import numpy as np
from numba import cuda
from numba.cuda.cudadrv.driver import device_memset

from fastloss.compile.cuda import require
from fastloss.core.gpu import GpuArray, on_gpu

_QUIET = threading.Lock()


class Place:
    """Where a call's arrays come from, hence where its results go, and the stream that its kernels run on."""

    def __init__(self, *arrays: Any):
        require()
        given = [array.given if isinstance(array, GpuArray) else array for array in arrays if on_gpu(array)]
        self.library = _library(given[0]) if given else "numpy"
        _require_current(self.library, given)
        self.stream: Any = _stream(self.library, given[0]) if given else 0

    def device(self, array: Any, dtype: Any = None) -> Any:
        """The array on the device, contiguous: viewed if it is there in that precision, else copied."""
        if on_gpu(array):
            found = view(array)
            if found.stream and _number(found.stream) != _number(self.stream):
                found.stream.synchronize()  # what another library still does with it there
            if dtype is None or found.dtype == dtype:
                return found
            array = self.host(found)
        array = np.asarray(array, dtype, order="C")
        # An axis of length 1 may have stride 0, of which Numba makes a broadcast array that it cannot reshape.
        return cuda.to_device(array.reshape(array.size).reshape(array.shape), stream=self.stream)

    def empty(self, shape: Any, dtype: Any = np.float64, order: str = "C") -> Any:
        """Memory on the device for a kernel to write."""
        if shape == 0:
            return _nothing(np.dtype(dtype))
        return cuda.device_array(shape, dtype, order=order, stream=self.stream)

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """The same, zeroed there: nothing is copied."""
        found = self.empty(shape, dtype)
        if found.size:
            device_memset(found, 0, found.nbytes, stream=self.stream)
        return found

    def over(self, kernel: Any, blocks: Any, threads: Any) -> Any:
        """A kernel for so many blocks of threads, without Numba's warning of few blocks: small calls are no mistake."""
        with _QUIET:
            before, numba.config.CUDA_LOW_OCCUPANCY_WARNINGS = numba.config.CUDA_LOW_OCCUPANCY_WARNINGS, 0
            try:
                return kernel[blocks, threads, self.stream]
            finally:
                numba.config.CUDA_LOW_OCCUPANCY_WARNINGS = before

    def host(self, array: Any) -> np.ndarray:
        """A copy on the host; waits for the stream."""
        stream = self.stream or array.stream  # CuPy's arrays name even the default stream: Numba then copies behind us
        copied = array.copy_to_host(stream=stream)
        if stream:
            stream.synchronize()
        return copied

    def home(self, array: Any) -> Any:
        """A result as the caller's own kind of array; only a host array is a copy."""
        if self.library == "numpy":
            return self.host(array)
        if self.library == "torch":
            return sys.modules["torch"].as_tensor(array, device="cuda")
        return sys.modules["cupy"].asarray(array) if self.library == "cupy" else array


@functools.cache
def _nothing(dtype: np.dtype) -> Any:
    """An array without elements, one for all calls: making it would take longer than many a kernel."""
    return cuda.device_array(0, dtype)


def view(array: Any) -> Any:
    """Numba's view of an array on the GPU."""
    return cuda.as_cuda_array(array, sync=False)


def to_host(value: Any) -> np.ndarray:
    """A copy of an array on a GPU."""
    place = Place(value)
    return place.host(view(value))


def _library(array: Any) -> str:
    """Whose array it is, subclasses included; Numba's where no other library is known here."""
    names = {kind.__module__.partition(".")[0] for kind in type(array).__mro__}
    return next((name for name in ("torch", "cupy") if name in names), "numba")


def _require_current(library: str, arrays: list[Any]) -> None:
    """Raise where an array lies on another GPU than the kernels would run on."""
    if library in ("torch", "cupy"):
        current = cuda.get_current_device().id
        for array in arrays:
            own = getattr(array, "device", None)
            number = getattr(own, "index", getattr(own, "id", None))
            if number is not None and number != current:
                raise ValueError(f"an argument lies on GPU {number}, but GPU {current} is the current one")


def _number(stream: Any) -> int:
    """A stream's handle, one number for both names of the default one."""
    return int(stream) if int(stream) != 1 else 0


def _stream(library: str, array: Any) -> Any:
    """The stream on which the caller's library works at the moment; 0 is the default one."""
    if library == "torch":
        number = sys.modules["torch"].cuda.current_stream(array.device).cuda_stream
    elif library == "cupy":
        number = sys.modules["cupy"].cuda.get_current_stream().ptr
    else:
        number = array.__cuda_array_interface__.get("stream") or 0
    return cuda.external_stream(number) if number not in (0, 1) else 0
