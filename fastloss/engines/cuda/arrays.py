"""Arrays between caller and kernels: GPU arrays stay where they are, on the caller's stream; host arrays are copied."""

import sys
from typing import Any

import numpy as np
from numba import cuda

from fastloss.engines.cuda import require
from fastloss.gpu import GpuArray, on_gpu


class Place:
    """Where a call's arrays come from, hence where its results go, and the stream that its kernels run on."""

    def __init__(self, *arrays: Any):
        require()
        given = [array.given if isinstance(array, GpuArray) else array for array in arrays if on_gpu(array)]
        self.library = type(given[0]).__module__.partition(".")[0] if given else "numpy"
        self.stream: Any = _stream(self.library, given[0]) if given else 0

    def device(self, array: Any, dtype: Any = None) -> Any:
        """The array on the device, contiguous: viewed if it is there in that precision, else copied."""
        if on_gpu(array):
            found = view(array)
            if dtype is None or found.dtype == dtype:
                return found
            array = self.host(found)
        return cuda.to_device(np.ascontiguousarray(array, dtype), stream=self.stream)

    def empty(self, shape: Any, dtype: Any = np.float64) -> Any:
        """Memory on the device for a kernel to write."""
        return cuda.device_array(shape, dtype, stream=self.stream)

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """The same, zeroed."""
        return cuda.to_device(np.zeros(shape, dtype), stream=self.stream)

    def host(self, array: Any) -> np.ndarray:
        """A copy on the host; waits for the stream."""
        copied = array.copy_to_host(stream=self.stream)
        if self.stream:
            self.stream.synchronize()
        return copied

    def home(self, array: Any) -> Any:
        """A result as the caller's own kind of array; only a host array is a copy."""
        if self.library == "numpy":
            return self.host(array)
        if self.library == "torch":
            return sys.modules["torch"].as_tensor(array, device="cuda")
        return sys.modules["cupy"].asarray(array) if self.library == "cupy" else array


def view(array: Any) -> Any:
    """Numba's view of an array on the GPU."""
    return cuda.as_cuda_array(array, sync=False)


def to_host(value: Any) -> np.ndarray:
    """A copy of an array on a GPU."""
    place = Place(value)
    return place.host(view(value))


def _stream(library: str, array: Any) -> Any:
    """The stream on which the caller's library works at the moment; 0 is the default one."""
    if library == "torch":
        number = sys.modules["torch"].cuda.current_stream(array.device).cuda_stream
    elif library == "cupy":
        number = sys.modules["cupy"].cuda.get_current_stream().ptr
    else:
        number = array.__cuda_array_interface__.get("stream") or 0
    return cuda.external_stream(number) if number not in (0, 1) else 0
