"""Whatever holds numbers is read by one adapter; arrays of other libraries by DLPack where they have nothing else."""

import types

import numpy as np
import pytest

import fastloss
from fastloss.core import arrays, dlpack

NUMBERS = np.arange(12, dtype=np.float32).reshape(3, 4)


class OnHost:
    """An array that other libraries see by DLPack alone."""

    def __init__(self, array, device=(1, 0)):
        self._array, self._device = array, device

    def __dlpack_device__(self):
        return self._device

    def __dlpack__(self, **words):
        if self._device[0] == 1:
            return self._array.__dlpack__(**words)
        assert words == {"stream": dlpack.DEFAULT_STREAM}
        return self._array.__dlpack__()


def on_cuda(array):
    """Memory of the host that says it is a GPU's: what is read of it is its description."""
    return OnHost(array, (2, 0))


def test_dlpack_on_the_host():
    assert fastloss.mse_loss(OnHost(NUMBERS), OnHost(NUMBERS + 1)) == 1.0
    assert arrays.as_array("x", OnHost(NUMBERS)).ctypes.data == NUMBERS.ctypes.data


@pytest.mark.parametrize("array", [NUMBERS, NUMBERS[:, ::2], NUMBERS.T, np.arange(5), np.zeros((0, 3)), np.ones(())])
def test_dlpack_on_a_gpu_is_described_as_it_is(array):
    found = arrays.as_array("x", on_cuda(array)).__cuda_array_interface__
    strides = found["strides"] or np.empty(found["shape"], found["typestr"]).strides
    assert (found["shape"], np.dtype(found["typestr"])) == (array.shape, array.dtype)
    assert array.size == 0 or (found["data"][0], strides) == (array.ctypes.data, array.strides)


def test_dlpack_arrays_go_where_they_lie():
    with pytest.raises(ValueError, match="backend is 'cpu', but an argument lies on a GPU"):
        fastloss.mse_loss(on_cuda(NUMBERS), NUMBERS, backend="cpu")


def test_dlpack_without_numbers():
    refusing = types.SimpleNamespace(__dlpack__=None, __dlpack_device__=lambda: (1, 0))
    with pytest.raises(TypeError, match="input is of type SimpleNamespace: expected an array"):
        fastloss.mse_loss(refusing, NUMBERS)


def test_a_kind_of_array_is_one_class(monkeypatch):
    class Signal:
        def samples(self):
            return [1.0, 2.0]

    with pytest.raises(TypeError, match="input is of type Signal"):
        fastloss.mse_loss(Signal(), [1.0, 4.0])

    class Signals(arrays.Adapter):
        def takes(self, value):
            return isinstance(value, Signal)

        def read(self, name, value):
            return np.array(value.samples())

    monkeypatch.setattr(arrays, "ADAPTERS", (Signals(), *arrays.ADAPTERS))
    assert fastloss.mse_loss(Signal(), [1.0, 4.0]) == 2.0
    assert fastloss.pairwise_logistic_loss(Signal(), [1, 0], sample_weight=Signal(), with_counts=True)[1] == 1


def test_an_array_is_read_once(monkeypatch):
    read = []
    first = arrays.ADAPTERS[-1]

    class Counting(arrays.Adapter):
        def takes(self, value):
            return isinstance(value, types.SimpleNamespace)

        def read(self, name, value):
            read.append(name)
            return first.read(name, value.array)

    monkeypatch.setattr(arrays, "ADAPTERS", (Counting(), *arrays.ADAPTERS))
    wrapped = [types.SimpleNamespace(array=array) for array in (NUMBERS, NUMBERS + 1, NUMBERS + 2)]
    fastloss.huber_loss.value_and_grad(*wrapped[:2], sample_weight=wrapped[2])
    assert sorted(read) == ["input", "sample_weight", "target"]
