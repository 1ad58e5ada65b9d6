"""The CUDA kernels of the pairwise losses in numba-cuda's simulator, against the CPU's.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

import fastloss
from fastloss.ahead.cases import cases
from fastloss.compile import cuda as engine
from fastloss.compile.cuda.sizes import using
from fastloss.core.loss import REGISTRY
from fastloss.pairs import halving
from fastloss.pairs.loss import PairwiseLoss
from tests.cuda import gpu
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

RNG = np.random.default_rng(5)
LOSSES = [loss for loss in REGISTRY.values() if isinstance(loss, PairwiseLoss)]
CASES = [case for loss in LOSSES for case in cases(loss)]
FAST = [loss for loss in LOSSES if loss.has_fast and "pairs" in loss.parameters]


def close(found, expected, rtol=1e-12):
    """Parts of a row's gradient may cancel: errors count against the largest row."""
    np.testing.assert_allclose(
        found, expected, rtol=rtol, atol=0.1 * rtol * np.max(np.abs(expected), initial=0.0, where=~np.isnan(expected))
    )


def agrees(loss, arrays, keywords, other):
    """Everything that a loss gives, on CUDA and as `other` says."""
    found = loss.value_and_grad(*arrays, **{**keywords, "backend": "cuda", "with_counts": True})
    expected = loss.value_and_grad(*arrays, **{**keywords, **other, "with_counts": True})
    for one, reference in zip(found, expected, strict=True):
        close(one, reference)
    keywords = {**keywords, "reduction": "none"}
    close(loss(*arrays, **{**keywords, "backend": "cuda"}), loss(*arrays, **{**keywords, **other}))
    if loss.has_curvature:
        found = loss.grad_hess(*arrays, **{**keywords, "backend": "cuda"})
        for one, reference in zip(found, loss.grad_hess(*arrays, **{**keywords, **other}), strict=True):
            close(one, reference)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_the_cpu(case):
    agrees(case.loss, case.arrays, case.keywords, {"backend": "cpu"})


SIZE = 48
BINARY = np.arange(SIZE) % 2
SCORES = {
    "normal": 0.3 * RNG.normal(size=SIZE),
    "two clusters": np.where(RNG.random(SIZE) < 0.5, 0.0, 1e6) + 0.3 * RNG.normal(size=SIZE),  # boxes with a gap
    "well ranked": 20.0 * BINARY + 0.3 * RNG.normal(size=SIZE),
    "equal": np.full(SIZE, 3.25),
    "offset": 1e8 + 0.3 * RNG.normal(size=SIZE),
}
WEIGHTS = {"none": None, "twelve orders": 10.0 ** RNG.uniform(-6, 6, SIZE), "some 0": BINARY[::-1] * RNG.random(SIZE)}


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("loss", FAST, ids=lambda loss: loss.name)
def test_every_row_of_the_fast_method_is_right(loss, scores, weights):
    """With two labels no row's gradient cancels: each has its own relative error."""
    if loss.formulas.separable and np.ptp(SCORES[scores]) > 600:
        pytest.skip("overflows by definition")
    words = {"sample_weight": WEIGHTS[weights], "reduction": "none"}
    found = loss.value_and_grad(SCORES[scores], BINARY, method="fast", backend="cuda", **words)
    for method in ("direct", "fast"):
        expected = loss.value_and_grad(SCORES[scores], BINARY, method=method, **words)
        for one, reference in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, reference, rtol=1e-12, atol=1e-290)


LABELS = {"graded": np.arange(SIZE) % 3, "real": RNG.normal(size=SIZE)}


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("loss", FAST, ids=lambda loss: loss.name)
@pytest.mark.parametrize("pairs", ["ordered", "all"])
@pytest.mark.parametrize("labels", LABELS)
def test_fast_and_direct(loss, labels, pairs, grouped, monkeypatch):
    if pairs == "all" and (labels == "real" or loss.labels.values):
        pytest.skip("takes two labels, or has no fast method")
    monkeypatch.setattr(halving, "LEAF", 8)
    words = {"pairs": pairs, "method": "fast"}
    if grouped:
        words |= {"groups": RNG.integers(0, 2, SIZE), "sample_weight": RNG.random(SIZE)}
    arrays = SCORES["normal"], LABELS[labels]
    agrees(loss, arrays, words, {"method": "direct", "backend": "cpu"})


def test_soft_pairs_are_fast():
    arrays = SCORES["normal"], BINARY
    agrees(fastloss.soft_pairwise_loss, arrays, {"method": "fast"}, {"method": "direct", "backend": "cpu"})


def test_auto_gives_each_group_its_method(monkeypatch):
    from fastloss.pairs import cuda as pairs

    monkeypatch.setattr(pairs, "FEWEST", 10)
    offsets = np.array([0, 3, 20, 20, 31, 33])
    words = {"offsets": offsets, "reduction": "per_group"}
    loss, arrays = fastloss.pairwise_logistic_loss, (SCORES["normal"][:33], LABELS["graded"][:33])
    for one, reference in zip(
        loss.value_and_grad(*arrays, backend="cuda", **words), loss.value_and_grad(*arrays, **words), strict=True
    ):
        close(one, reference)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy's numbers, which the simulator computes with
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "loss", [fastloss.pairwise_logistic_loss, fastloss.pairwise_hinge_loss], ids=lambda loss: loss.name
)
def test_scores_that_are_not_finite(loss, bad, monkeypatch):
    scores = SCORES["normal"][:12].copy()
    scores[3] = bad
    for method in ("direct", "fast"):
        found = loss.value_and_grad(scores, BINARY[:12], backend="cuda", method=method, reduction="none")
        expected = loss.value_and_grad(scores, BINARY[:12], method="direct", reduction="none")
        for one, reference in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, reference, rtol=1e-12)
    monkeypatch.setattr(halving, "MOST_DIRECT", 10)
    value, slope = loss.value_and_grad(scores, BINARY[:12], backend="cuda", method="fast")
    assert np.isnan(value) and np.isnan(slope).all()


@pytest.mark.parametrize("method", ["direct", "fast"])
def test_without_pairs(method):
    for scores, labels in (([], []), ([1.0], [0]), ([1.0, 2.0], [1, 1])):
        words = {"method": method, "backend": "cuda"}
        assert fastloss.pairwise_logistic_loss(scores, labels, with_counts=True, **words) == (0.0, 0)
        slope = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, **words)[1]
        assert slope.shape == (len(scores),) and not slope.any()


def test_float32_is_computed_in_float64():
    scores = SCORES["normal"].astype(np.float32)
    for method in ("direct", "fast"):
        value, slope = fastloss.pairwise_logistic_loss.value_and_grad(scores, BINARY, method=method, backend="cuda")
        exact = fastloss.pairwise_logistic_loss.value_and_grad(scores.astype(float), BINARY)
        assert slope.dtype == np.float32 and value == pytest.approx(exact[0], rel=1e-14)
        np.testing.assert_allclose(slope, exact[1], rtol=1e-6)


@pytest.mark.skipif(not SIMULATED, reason="pretends that there is a GPU")
@pytest.mark.parametrize("method", ["direct", "fast"])
def test_scores_on_a_gpu_stay_there(method, monkeypatch):
    from fastloss.compile.cuda import arrays

    monkeypatch.setattr(arrays, "view", gpu.view)
    given = {"sample_weight": RNG.random(20), "groups": np.arange(20) % 2}
    there = {name: gpu.Pretended(array) for name, array in given.items()}
    scores, labels = SCORES["normal"][:20], LABELS["graded"][:20].astype(float)
    loss = fastloss.pairwise_logistic_loss
    value, slope = loss.value_and_grad(gpu.Pretended(scores), gpu.Pretended(labels), method=method, **there)
    expected = loss.value_and_grad(scores, labels, **given)
    assert value == pytest.approx(expected[0], rel=1e-13) and not isinstance(slope, np.ndarray)
    close(slope.copy_to_host(), expected[1])
    with pytest.raises(ValueError, match="backend is 'cpu'"):
        loss(gpu.Pretended(scores), labels, backend="cpu")


@pytest.mark.parametrize("weighted", [False, True])
def test_moments_do_not_depend_on_the_threads(weighted):
    """More blocks, other threads, the same bits: a gradient is a row's own, and all it reads are sums of integers."""
    words = {"method": "fast", "backend": "cuda", "sample_weight": WEIGHTS["twelve orders"] if weighted else None}
    loss, arrays = fastloss.pairwise_logistic_loss, (SCORES["normal"], LABELS["graded"])
    one = loss.value_and_grad(*arrays, **words)[1]
    with using(rows=16):
        np.testing.assert_array_equal(loss.value_and_grad(*arrays, **words)[1], one)


@pytest.mark.parametrize("weighted", [False, True])
def test_moments_of_many_rows(weighted):
    """Integers lose nothing: 2000 rows in few boxes; with 20000, 4e-16 and 6e-16 were seen, too slow for every day."""
    scores, labels = 0.1 * RNG.normal(size=2000), np.arange(2000) % 2
    words = {"method": "fast", "sample_weight": 10.0 ** RNG.uniform(-6, 6, 2000) if weighted else None}
    loss = fastloss.pairwise_logistic_loss
    value, slope = loss.value_and_grad(scores, labels, backend="cuda", **words)
    expected, expected_slope = loss.value_and_grad(scores, labels, **words)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_all_pairs_of_two_arrays(reduction):
    loss, arrays = fastloss.margin_all_pairs_loss, (SCORES["normal"][:9], SCORES["well ranked"][:13])
    words = {"reduction": reduction, "sample_weight": RNG.random(9)}
    value, slopes = loss.value_and_grad(*arrays, backend="cuda", **words)
    expected, expected_slopes = loss.value_and_grad(*arrays, **words)
    for one, reference in zip((value, *slopes), (expected, *expected_slopes), strict=True):
        close(one, reference)
