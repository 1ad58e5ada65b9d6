"""LambdaRank in numba-cuda's simulator, against the CPU.

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

RNG = np.random.default_rng(8)
SCORES, LABELS = RNG.integers(-3, 4, 29) / 2.0, RNG.integers(0, 4, 29)  # some scores are equal
WORDS = {
    "one query": {},
    "groups": {"groups": RNG.integers(0, 3, 29), "sample_weight": [0.5, 1.0, 2.0]},
    "offsets": {"offsets": [0, 12, 12, 13, 29], "truncation_level": 4},
    "linear": {"gains": "linear", "sigma": 2.0},
}


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("words", WORDS)
def test_agrees_with_the_cpu(words, reduction):
    words = {**WORDS[words], "reduction": reduction}
    loss = fastloss.lambdarank_loss
    for one, reference in zip(
        (*loss.value_and_grad(SCORES, LABELS, backend="cuda", **words), loss(SCORES, LABELS, backend="cuda", **words)),
        (*loss.value_and_grad(SCORES, LABELS, **words), loss(SCORES, LABELS, **words)),
        strict=True,
    ):
        close(one, reference)
    for one, reference in zip(
        loss.grad_hess(SCORES, LABELS, backend="cuda", **words), loss.grad_hess(SCORES, LABELS, **words), strict=True
    ):
        close(one, reference)


def test_nan_is_ranked_last_and_nothing_is_nothing():
    scores = SCORES.copy()
    scores[[3, 20]] = np.nan
    for one, reference in zip(
        fastloss.lambdarank_loss.value_and_grad(scores, LABELS, offsets=[0, 10, 29], reduction="none", backend="cuda"),
        fastloss.lambdarank_loss.value_and_grad(scores, LABELS, offsets=[0, 10, 29], reduction="none"),
        strict=True,
    ):
        close(one, reference)
    assert fastloss.lambdarank_loss([], [], backend="cuda") == 0.0


@pytest.mark.parametrize("gains", ["exp2", "linear"])
def test_labels_of_a_query_of_its_own_unit(gains):
    labels = np.where(np.arange(29) < 12, 1e-310, 0.3) * LABELS
    words = {"offsets": [0, 12, 29], "gains": gains, "reduction": "none"}
    found = fastloss.lambdarank_loss.value_and_grad(SCORES, labels, backend="cuda", **words)
    for one, reference in zip(found, fastloss.lambdarank_loss.value_and_grad(SCORES, labels, **words), strict=True):
        close(one, reference)
    assert found[0].all()


@pytest.mark.skipif(not SIMULATED, reason="pretends that there is a GPU")
def test_scores_on_a_gpu_stay_there(monkeypatch):
    from fastloss.compile.cuda import arrays

    monkeypatch.setattr(arrays, "view", gpu.view)
    value, slope = fastloss.lambdarank_loss.value_and_grad(gpu.Pretended(SCORES), gpu.Pretended(LABELS))
    expected = fastloss.lambdarank_loss.value_and_grad(SCORES, LABELS)
    assert value == pytest.approx(expected[0], rel=1e-13) and not isinstance(slope, np.ndarray)
    close(slope.copy_to_host(), expected[1])
    each = fastloss.lambdarank_loss(gpu.Pretended(SCORES), LABELS, reduction="none")
    close(each.copy_to_host(), fastloss.lambdarank_loss(SCORES, LABELS, reduction="none"))
