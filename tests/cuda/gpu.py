"""Arrays that look as if they lay on a GPU, for the simulator, which has none of the interfaces to other libraries."""

import contextlib

import numpy as np
from numba import cuda

from fastloss.compile.cuda.sizes import Tile, using


class Pretended:
    """An array of some library on a GPU, as far as `__cuda_array_interface__` says."""

    def __init__(self, array):
        self.array = np.ascontiguousarray(array)

    @property
    def __cuda_array_interface__(self):
        about = self.array.__array_interface__
        return {"shape": about["shape"], "typestr": about["typestr"], "data": (1, True), "strides": None, "version": 3}


def view(array):
    """In the place of `compile.cuda.arrays.view`."""
    if hasattr(array, "given"):  # a GpuArray
        return view(array.given).reshape(*array.shape)
    return cuda.to_device(array.array) if isinstance(array, Pretended) else array


@contextlib.contextmanager
def small_tiles(monkeypatch):
    """Tiles of 4 by 4 elements by 4 threads, strips of 4 rows of 7 columns, two blocks or more to all columns."""
    from fastloss.embeddings import cuda_products as products
    from fastloss.embeddings.candidates import cuda as candidates
    from fastloss.embeddings.factors import cuda as factors
    from fastloss.embeddings.mining import cuda as mining
    from fastloss.embeddings.vectors import cuda as vectors

    for module, names in {
        products: {"LONGEST": 3},
        candidates: {"STRIP": 40, "BLOCKS": 4},
        mining: {"STRIP": 28},
        factors: {"STRIP": 28},
        vectors: {"LONGEST": 3},
    }.items():
        for name, number in names.items():
            monkeypatch.setattr(module, name, number)
    with using(threads=4, single=Tile(4, 2, 2), double=Tile(4, 2, 2)):
        yield


def simulated(monkeypatch):
    """Let the simulator's own arrays be arrays on a GPU, which real ones are, and none of them be read by NumPy."""
    from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

    from fastloss.compile.cuda import arrays

    def missing(self):
        raise AttributeError

    def read(self, *args, **kwargs):
        raise AssertionError("an array on the GPU is read as if it were NumPy's")

    about = property(lambda self: Pretended(self._ary).__cuda_array_interface__)
    for name, value in {
        "__cuda_array_interface__": about,
        "__array_interface__": property(missing),
        "__array_struct__": property(missing),
        "__array__": read,
    }.items():
        monkeypatch.setattr(FakeCUDAArray, name, value, raising=False)
    monkeypatch.setattr(arrays, "view", view)
    return FakeCUDAArray


def kept_there(monkeypatch, size):
    """From now on, no array of so many elements or more may be copied to the host."""
    device_array = simulated(monkeypatch)
    copy = device_array.copy_to_host

    def copied(self, *args, **kwargs):
        assert self.size < size, f"{self.size} elements are copied to the host"
        return copy(self, *args, **kwargs)

    monkeypatch.setattr(device_array, "copy_to_host", copied)


def content(result):
    """A result, its arrays on the GPU as NumPy's."""
    if isinstance(result, tuple):
        return tuple(map(content, result))
    return getattr(result, "_ary", result)
