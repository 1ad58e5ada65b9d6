"""Every sample call with all its arrays on the GPU, those of parameters too: in the simulator."""

import numpy as np
import pytest

from fastloss.ahead.cases import cases
from fastloss.compile import cuda as engine
from fastloss.core.loss import REGISTRY, lookup
from tests.cuda import gpu
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)
if not SIMULATED:
    pytest.skip("pretends that there is a GPU", allow_module_level=True)

lookup("mse_loss")  # fills the registry
CASES = [case for loss in REGISTRY.values() for case in cases(loss)]


class Foreign(gpu.Pretended):
    """An array of a library whose dtypes are its own, and whose `size` is a method, as PyTorch's."""

    dtype = object()

    @property
    def shape(self):
        return self.array.shape

    @property
    def ndim(self):
        return self.array.ndim

    def size(self):
        return self.array.shape

    def __len__(self):
        return len(self.array)


# rows along an axis that is not the last
IN_THE_MIDDLE = {"dice_loss(axis=0)", "cross_entropy(ignore_index=1)", "categorical_cross_entropy(ignore_index=1)"}


def moved(value):
    """Arrays on the GPU, those of sequences too; anything else as it is."""
    if isinstance(value, tuple | list):
        return type(value)(map(moved, value))
    is_numbers = isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
    return Foreign(value) if is_numbers else value


@pytest.mark.parametrize("case", CASES, ids=str)
def test_arrays_on_the_gpu_are_read(case, monkeypatch):
    expected = case.loss.value_and_grad(*case.arrays, **case.keywords)
    gpu.simulated(monkeypatch)
    there = [moved(one) for one in case.arrays]
    words = {name: moved(one) for name, one in case.keywords.items()}
    if str(case) in IN_THE_MIDDLE:
        with pytest.raises(ValueError, match="on the GPU: expected them along the last axes"):
            case.loss.value_and_grad(*there, **words)
        return
    found = gpu.content(case.loss.value_and_grad(*there, **words))
    for one, other in zip(flat(found), flat(expected), strict=True):
        most = np.max(np.abs(other), initial=0.0, where=~np.isnan(other))
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11 * most)


def flat(result):
    """All numbers and arrays of a result."""
    return [one for part in result for one in flat(part)] if isinstance(result, tuple) else [np.asarray(result, float)]
