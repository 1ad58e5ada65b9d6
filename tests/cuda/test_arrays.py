"""Arrays on their way to kernels and back: what numba-cuda's simulator takes but its device arrays do not.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import types

import numba
import numpy as np
import pytest

from fastloss.compile import cuda as engine
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

from fastloss.compile.cuda import arrays

ONE = np.arange(5.0)
LENGTH_ONE = {"column": ONE[:, None], "row": ONE[None], "number": np.array(3.0), "both": ONE[:1, None], "none": ONE[:0]}


@pytest.mark.parametrize("name", LENGTH_ONE)
def test_no_axis_looks_repeated(name, monkeypatch):
    """Numba takes an array with a stride of 0 for one that is broadcast, and cannot reshape it."""
    seen = []
    monkeypatch.setattr(arrays.cuda, "to_device", lambda array, stream: seen.append(array))
    arrays.Place().device(LENGTH_ONE[name])
    assert seen[0].shape == LENGTH_ONE[name].shape and seen[0].flags.c_contiguous
    assert 0 not in seen[0].strides
    np.testing.assert_array_equal(seen[0], LENGTH_ONE[name])


@pytest.mark.parametrize("shape", [0, 3, (2, 3), (0, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_zeros(shape, dtype):
    place = arrays.Place()
    found = place.host(place.zeros(shape, dtype))
    np.testing.assert_array_equal(found, np.zeros(shape, dtype))
    assert found.dtype == dtype


class Stream:
    """As Numba's."""

    def __init__(self, number, done):
        self._number, self._done = number, done

    def __int__(self):
        return self._number

    def synchronize(self):
        self._done.append(self._number)


@pytest.mark.parametrize(("own", "others", "waits"), [(0, 0, []), (0, 1, []), (7, 7, []), (0, 7, [7]), (7, 1, [1])])
def test_waits_for_other_streams(own, others, waits, monkeypatch):
    """1 is the default stream's other name."""
    done = []
    given = types.SimpleNamespace(stream=Stream(others, done) if others else 0, dtype=np.float64)
    monkeypatch.setattr(arrays, "on_gpu", lambda array: True)
    monkeypatch.setattr(arrays, "view", lambda array: given)
    place = arrays.Place()
    place.stream = Stream(own, done) if own else 0
    assert place.device(given) is given and done == waits


@pytest.mark.parametrize(("own", "others", "waits"), [(0, 0, []), (0, 1, [1]), (7, 0, [7]), (7, 1, [7])])
def test_a_copy_has_arrived(own, others, waits):
    done, used = [], []
    stream = Stream(others, done) if others else 0
    given = types.SimpleNamespace(stream=stream, copy_to_host=lambda stream: used.append(stream))
    place = arrays.Place()
    place.stream = Stream(own, done) if own else 0
    place.host(given)
    assert done == waits and [int(one) for one in used] == (waits or [0])


def test_small_grids_are_no_mistake(monkeypatch):
    """Numba warns of fewer than 128 blocks, where the kernel is given its grid."""
    seen = []

    class Kernel:
        def __getitem__(self, configuration):
            seen.append(numba.config.CUDA_LOW_OCCUPANCY_WARNINGS)
            return configuration

    monkeypatch.setattr(numba.config, "CUDA_LOW_OCCUPANCY_WARNINGS", 1)
    assert arrays.Place().over(Kernel(), 3, 128) == (3, 128, 0)
    assert seen == [0] and numba.config.CUDA_LOW_OCCUPANCY_WARNINGS == 1


def test_subclasses_belong_to_their_library():
    tensor = type("Tensor", (), {"__module__": "torch"})
    own = type("Own", (tensor,), {"__module__": "somewhere"})
    assert arrays._library(own()) == "torch"
    assert arrays._library(ONE) == "numba"


@pytest.mark.skipif(not SIMULATED, reason="pretends that GPU 0 is the current one")
def test_another_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(arrays.cuda, "get_current_device", lambda: types.SimpleNamespace(id=0))
    here, there = (types.SimpleNamespace(device=types.SimpleNamespace(index=number)) for number in (0, 1))
    arrays._require_current("torch", [here])
    with pytest.raises(ValueError, match="GPU 1, but GPU 0 is the current one"):
        arrays._require_current("torch", [here, there])
