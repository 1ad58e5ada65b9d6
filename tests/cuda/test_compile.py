"""The CUDA kernels compiled for real GPUs, with no GPU at hand. Needs the extra `cuda`; not in the simulator."""

import contextlib
import os
import types
from unittest import mock

import pytest

numba_cuda = pytest.importorskip("numba.cuda")

import fastloss  # noqa: E402
from fastloss.loss import REGISTRY  # noqa: E402
from fastloss.pointwise import PointwiseLoss  # noqa: E402
from fastloss.shapes.pointwise import Wanted  # noqa: E402

if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0" or getattr(numba_cuda, "implementation", "") != "NVIDIA":
    pytest.skip("needs numba-cuda's compiler", allow_module_level=True)

LOSSES = [loss for loss in REGISTRY.values() if isinstance(loss, PointwiseLoss)]


@contextlib.contextmanager
def pretended_device(capability):
    """The compiler asks for a device only to learn its capability."""
    from numba.cuda import api, compiler, dispatcher

    device = types.SimpleNamespace(compute_capability=capability)
    with contextlib.ExitStack() as stack:
        for module in (dispatcher, compiler, api):
            stack.enter_context(mock.patch.object(module, "get_current_device", return_value=device))
        yield


def ptx(loss, capability):
    from numba import float32, float64, int64
    from numba.types import Tuple, void

    from fastloss.engines.cuda.pointwise import bound_kernel

    kernel = bound_kernel(loss.formulas, Wanted(value=True, gradient=True), False)
    array = float32[::1]
    outputs = Tuple((array, array, array, float64[::1], int64[::1]))
    signature = void(Tuple((array, array, array, float64[::1])), float64[::1], outputs)
    with pretended_device(capability):
        return numba_cuda.compile_ptx(kernel, signature, cc=capability)[0]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_compiles(loss):
    text = ptx(loss, (8, 0))
    assert ".entry" in text
    assert ".local" not in text  # nothing of the formula lives in memory


@pytest.mark.parametrize("capability", [(9, 0), (12, 0)])
def test_other_targets(capability):
    assert f".target sm_{capability[0]}{capability[1]}" in ptx(fastloss.focal_loss, capability)
