"""Arrays that look as if they lay on a GPU, for the simulator, which has none of the interfaces to other libraries."""

import numpy as np
from numba import cuda


class Pretended:
    """An array of some library on a GPU, as far as `__cuda_array_interface__` says."""

    def __init__(self, array):
        self.array = np.ascontiguousarray(array)

    @property
    def __cuda_array_interface__(self):
        about = self.array.__array_interface__
        return {"shape": about["shape"], "typestr": about["typestr"], "data": (1, True), "strides": None, "version": 3}


def view(array):
    """In the place of `engines.cuda.arrays.view`."""
    if hasattr(array, "given"):  # a GpuArray
        return view(array.given).reshape(*array.shape)
    return cuda.to_device(array.array) if isinstance(array, Pretended) else array
