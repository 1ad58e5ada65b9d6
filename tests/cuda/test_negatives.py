"""Positives against negatives in numba-cuda's simulator, against the CPU.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

import fastloss
from fastloss.compile import cuda as engine
from tests.cuda import gpu
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

RNG = np.random.default_rng(4)
POSITIVE = RNG.normal(size=11)
FORMS = {
    "one each": (RNG.normal(size=11), {}),
    "some each": (RNG.normal(size=(11, 3)), {}),
    "ragged": (RNG.normal(size=14), {"offsets": [0, 2, 2, 5, 6, 7, 8, 9, 10, 11, 12, 14]}),
    "shared": (RNG.normal(size=17), {"shared": True}),
    "none": (np.empty(0), {"shared": True}),
}


@pytest.mark.parametrize("weights", [None, RNG.random(11)], ids=["", "weighted"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("form", FORMS)
def test_agrees_with_the_cpu(form, reduction, weights):
    negative, words = FORMS[form]
    words = {**words, "reduction": reduction, "sample_weight": weights, "reg": 0.1, "params": [POSITIVE]}
    value, slopes = fastloss.bpr_loss.value_and_grad(POSITIVE, negative, backend="cuda", **words)
    expected, expected_slopes = fastloss.bpr_loss.value_and_grad(POSITIVE, negative, **words)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(fastloss.bpr_loss(POSITIVE, negative, backend="cuda", **words), expected, rtol=1e-13)
    for one, reference in zip(slopes[:2], expected_slopes[:2], strict=True):
        assert one.shape == reference.shape and one.dtype == reference.dtype
        np.testing.assert_allclose(one, reference, rtol=1e-12)


def test_each_gradient_has_its_own_precision():
    single = POSITIVE.astype(np.float32)
    _, slopes = fastloss.bpr_loss.value_and_grad(single, FORMS["shared"][0], shared=True, backend="cuda")
    assert [slope.dtype for slope in slopes] == [np.float32, np.float64]


@pytest.mark.skipif(not SIMULATED, reason="pretends that there is a GPU")
def test_scores_on_a_gpu_stay_there(monkeypatch):
    from fastloss.compile.cuda import arrays

    monkeypatch.setattr(arrays, "view", gpu.view)
    negative = FORMS["some each"][0]
    given = gpu.Pretended(POSITIVE), gpu.Pretended(negative)
    each, slopes = fastloss.bpr_loss.value_and_grad(*given, reduction="none")
    expected, expected_slopes = fastloss.bpr_loss.value_and_grad(POSITIVE, negative, reduction="none")
    for one, reference in zip((each, *slopes), (expected, *expected_slopes), strict=True):
        assert not isinstance(one, np.ndarray)
        np.testing.assert_allclose(one.copy_to_host(), reference, rtol=1e-12)
