"""The CUDA kernel of the losses of rows in numba-cuda's simulator, against the CPU.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

import fastloss
from fastloss.ahead.cases import cases
from fastloss.compile import cuda as engine
from fastloss.core.loss import REGISTRY
from fastloss.rows.loss import RowLoss
from tests.cuda import gpu
from tests.cuda.conftest import SIMULATED
from tests.test_losses import as_tuple

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

CASES = [case for loss in REGISTRY.values() if isinstance(loss, RowLoss) for case in cases(loss)]
LOGITS = np.random.default_rng(0).normal(size=(11, 7))
TARGET = np.random.default_rng(1).integers(0, 7, 11)


def assert_close(found, expected):
    for one, other in zip(as_tuple(found), as_tuple(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_the_cpu(case):
    value, slopes = case.loss.value_and_grad(*case.arrays, backend="cuda", **case.keywords)
    expected, expected_slopes = case.loss.value_and_grad(*case.arrays, backend="cpu", **case.keywords)
    assert value == pytest.approx(expected, rel=1e-12)
    assert_close(slopes, expected_slopes)
    if case.loss.has_curvature:
        assert_close(
            case.loss.grad_hess(*case.arrays, backend="cuda", **case.keywords)[1],
            case.loss.grad_hess(*case.arrays, backend="cpu", **case.keywords)[1],
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [fastloss.cross_entropy, fastloss.multi_margin_loss], ids=lambda loss: loss.name)
def test_wide_rows_are_turned_over(loss, dtype):
    """Several blocks of rows, and more columns than a tile of the turning has."""
    logits = LOGITS.astype(dtype)
    each = loss(logits, TARGET, reduction="none", backend="cuda")
    np.testing.assert_allclose(each, loss(logits, TARGET, reduction="none"), rtol=1e-12)
    slope = loss.value_and_grad(logits, TARGET, backend="cuda")[1]
    assert slope.dtype == dtype
    np.testing.assert_allclose(
        slope, loss.value_and_grad(logits, TARGET)[1], rtol=2e-6 if dtype == np.float32 else 1e-12
    )


def test_weights_and_wrong_numbers():
    weights = np.linspace(0.0, 2.0, 11)
    found = fastloss.cross_entropy(LOGITS, TARGET, sample_weight=weights, backend="cuda")
    assert found == pytest.approx(fastloss.cross_entropy(LOGITS, TARGET, sample_weight=weights), rel=1e-13)
    p = np.full((3, 2), 0.5)
    p[1, 1] = 1.5
    with pytest.raises(ValueError, match=r"\[1, 1\] is 1.5"):
        fastloss.entropy(p, backend="cuda")


def test_nothing_and_nan():
    assert fastloss.cross_entropy(np.empty((0, 3)), np.empty(0, int), backend="cuda") == 0.0
    logits = LOGITS.copy()
    logits[2, 3] = np.nan
    assert np.isnan(fastloss.cross_entropy(logits, TARGET, backend="cuda"))


@pytest.mark.skipif(not SIMULATED, reason="pretends that there is a GPU")
def test_arrays_on_a_gpu_stay_there(monkeypatch):
    from fastloss.compile.cuda import arrays

    monkeypatch.setattr(arrays, "view", gpu.view)
    value, slope = fastloss.cross_entropy.value_and_grad(gpu.Pretended(LOGITS), TARGET)
    expected, expected_slope = fastloss.cross_entropy.value_and_grad(LOGITS, TARGET)
    assert value == pytest.approx(expected, rel=1e-13)
    assert not isinstance(slope, np.ndarray)
    np.testing.assert_allclose(slope.copy_to_host(), expected_slope, rtol=1e-12)
    with pytest.raises(ValueError, match="backend is 'cpu'"):
        fastloss.cross_entropy(gpu.Pretended(LOGITS), TARGET, backend="cpu")
    with pytest.raises(TypeError, match="input has dtype float16"):
        fastloss.mse_loss(gpu.Pretended(LOGITS.astype(np.float16)), gpu.Pretended(LOGITS))
