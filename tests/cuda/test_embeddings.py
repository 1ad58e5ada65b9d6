"""The CUDA kernels of the losses of embeddings in numba-cuda's simulator, against the CPU engine.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`. Tiles and strips are so small that a few rows take several.
"""

import numpy as np
import pytest

import fastloss
from fastloss.ahead.cases import cases
from fastloss.compile import cuda as engine
from fastloss.core import gpu
from fastloss.core.loss import REGISTRY
from tests.cuda.gpu import Pretended, small_tiles, view
from tests.test_losses import as_tuple

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

from fastloss.compile.cuda import arrays
from fastloss.compile.cuda.sizes import Tile, using
from fastloss.embeddings.candidates import cuda as candidates
from fastloss.embeddings.mining import cuda as mining

SHAPES = ("candidates", "mining", "factors")
CASES = [case for loss in REGISTRY.values() if loss.shape in SHAPES for case in cases(loss)]
LAST = list({case.loss.name: case for case in CASES}.values())  # of each loss
MINED = [case for case in CASES if case.loss.shape == "mining"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    with small_tiles(monkeypatch):
        yield


def both(loss, *arguments, **words):
    """(value, gradients) on CUDA and on the CPU."""
    return tuple(
        (value, as_tuple(slopes))
        for value, slopes in (loss.value_and_grad(*arguments, backend=where, **words) for where in ("cuda", "cpu"))
    )


def compare(found, expected, rtol=1e-12, atol=1e-14):
    np.testing.assert_allclose(found[0], expected[0], rtol=rtol, atol=atol)
    for slope, reference in zip(found[1], expected[1], strict=True):
        assert np.asarray(slope).dtype == np.asarray(reference).dtype
        np.testing.assert_allclose(slope, reference, rtol=100 * rtol, atol=atol + rtol * largest(reference))


def largest(array):
    finite = np.abs(np.asarray(array)[np.isfinite(array)])
    return finite.max(initial=0.0)


def single(case):
    return tuple(one.astype(np.float32) if one.dtype == np.float64 else one for one in case.arrays)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_the_cpu(case):
    compare(*both(case.loss, *case.arrays, **case.keywords))


@pytest.mark.parametrize("case", LAST, ids=str)
def test_single_precision(case):
    compare(*both(case.loss, *single(case), **case.keywords), rtol=2e-6)


@pytest.mark.parametrize("case", LAST, ids=str)
def test_weights_and_the_value_alone(case):
    words = {**case.keywords, "sample_weight": np.arange(case.items[0]) % 3 / 2.0, "reduction": "none"}
    compare(*both(case.loss, *case.arrays, **words))
    alone, expected = (case.loss(*case.arrays, backend=where, **words) for where in ("cuda", "cpu"))
    np.testing.assert_allclose(alone, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, in the simulator's threads
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("case", LAST, ids=str)
def test_embeddings_that_are_not_finite(case, bad):
    arrays = tuple(np.array(one, float) if one.dtype == np.float64 else one for one in case.arrays)
    arrays[0][(1,) * arrays[0].ndim] = bad
    compare(*both(case.loss, *arrays, **case.keywords, reduction="none"))


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_row(count):
    x, y = np.ones((count, 3)), np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 0.0]])
    labels = np.zeros(count, int)
    for name in ("info_nce_loss", "multiple_negatives_ranking_loss", "nt_xent_loss"):
        compare(*both(getattr(fastloss, name), x, y[:count], reduction="sum"))
    for name in ("arcface_loss", "cosface_loss", "sphereface_loss", "cross_entropy_with_factors"):
        compare(*both(getattr(fastloss, name), x, y, labels, reduction="sum"))
    for name in ("supcon_loss", "ge2e_loss", *{case.loss.name for case in MINED}):
        compare(*both(getattr(fastloss, name), x, labels, reduction="sum"))


@pytest.mark.parametrize("labels", [np.zeros(6, int), np.arange(6), np.array([0, 0, 0, 0, 1, 2])], ids=str)
@pytest.mark.parametrize("case", MINED, ids=str)
def test_classes_without_positives_or_negatives(case, labels):
    x = np.random.default_rng(1).normal(size=(6, 3))
    compare(*both(case.loss, x, labels, **case.keywords))


@pytest.mark.parametrize("case", MINED, ids=str)
def test_equal_distances(case):
    x = np.array([[0.0], [1.0], [-1.0], [0.0], [1.0], [-1.0], [2.0], [2.0]])
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 1])
    compare(*both(case.loss, x, labels, **case.keywords))
    if "with_counts" in case.loss.__signature__.parameters:
        found, expected = (
            case.loss(x, labels, **case.keywords, with_counts=True, backend=where) for where in ("cuda", "cpu")
        )
        assert found[1] == expected[1]


def test_near_vectors_keep_their_digits():
    x = 1e6 + np.random.default_rng(2).normal(size=(6, 3)) * 1e-3
    labels = np.array([0, 0, 1, 1, 2, 2])
    compare(*both(fastloss.batch_all_triplet_loss, x, labels, margin=1e-3), rtol=1e-10)


def test_logits_far_apart_and_far_below():
    x, y = np.random.default_rng(3).normal(size=(2, 7, 3))
    for scale in (1e-5, 300.0):
        compare(*both(fastloss.info_nce_loss, scale * x, y, similarity="dot", temperature=0.5), rtol=1e-10)


@pytest.mark.parametrize("name", ["info_nce_loss", "nt_xent_loss", "batch_semihard_triplet_loss"])
def test_the_same_whatever_the_sizes(name, monkeypatch):
    case = next(case for case in LAST if case.loss.name == name)
    first = case.loss.value_and_grad(*case.arrays, backend="cuda", **case.keywords)
    again = case.loss.value_and_grad(*case.arrays, backend="cuda", **case.keywords)
    assert first[0] == again[0]
    assert all(np.array_equal(a, b) for a, b in zip(as_tuple(first[1]), as_tuple(again[1]), strict=True))
    monkeypatch.setattr(candidates, "BLOCKS", 1)
    monkeypatch.setattr(candidates, "STRIP", 1 << 10)
    monkeypatch.setattr(mining, "STRIP", 1 << 10)
    with using(threads=16, single=Tile(8, 2, 4), double=Tile(8, 2, 4)):
        other = case.loss.value_and_grad(*case.arrays, backend="cuda", **case.keywords)
    compare((other[0], as_tuple(other[1])), (first[0], as_tuple(first[1])))


def test_mapped_keys(tmp_path):
    x, y = np.random.default_rng(4).normal(size=(2, 7, 3))
    np.save(tmp_path / "keys.npy", y)
    mapped = np.load(tmp_path / "keys.npy", mmap_mode="r")
    found = fastloss.info_nce_loss.value_and_grad(x, mapped, backend="cuda")
    expected = fastloss.info_nce_loss.value_and_grad(x, y, backend="cuda")
    assert found[0] == expected[0] and np.array_equal(found[1].key, expected[1].key)


def test_arrays_on_the_gpu(monkeypatch):
    monkeypatch.setattr(arrays, "view", view)
    x, y = np.random.default_rng(5).normal(size=(2, 7, 3))
    weights = np.arange(7.0)
    value, slopes = fastloss.info_nce_loss.value_and_grad(Pretended(x), Pretended(y), sample_weight=Pretended(weights))
    expected = fastloss.info_nce_loss.value_and_grad(x, y, sample_weight=weights)
    assert value == pytest.approx(expected[0], rel=1e-12)
    assert type(slopes).__name__ == "Gradients" and isinstance(slopes.temperature, float)
    np.testing.assert_allclose(slopes.key.copy_to_host(), expected[1].key, rtol=1e-10)
    labels = np.arange(7) // 2
    each = fastloss.batch_hard_triplet_loss(Pretended(x), Pretended(labels), reduction="none")
    np.testing.assert_allclose(each.copy_to_host(), fastloss.batch_hard_triplet_loss(x, labels, reduction="none"))
    with pytest.raises(ValueError, match="backend is 'cpu', but an argument lies on a GPU"):
        fastloss.batch_hard_triplet_loss(Pretended(x), labels, backend="cpu")


VECTORS = np.random.default_rng(8).normal(size=(3, 7, 11))
IDS = np.arange(7) // 3
STAYING = [
    *((name, (0, 1), ()) for name in ("info_nce_loss", "multiple_negatives_ranking_loss", "nt_xent_loss")),
    *((name, (0,), (IDS,)) for name in ("supcon_loss", "ge2e_loss", *sorted({case.loss.name for case in MINED}))),
    *((name, (0, 1), (IDS,)) for name in ("arcface_loss", "cosface_loss", "sphereface_loss")),
    ("cross_entropy_with_factors", (0, 1), (IDS,)),
    ("bpr_all_negatives_loss", (0, 1), ((np.array([0, 1, 2, 4, 5, 5, 6, 7]), np.array([3, 4, 0, 6, 1, 2, 5])),)),
]


@pytest.mark.parametrize(("name", "which", "more"), STAYING, ids=[name for name, *_ in STAYING])
def test_vectors_on_the_gpu_stay_there(name, which, more, monkeypatch):
    def refusing(method):
        def refuse(place, array, *dtype):
            assert isinstance(array, Pretended | gpu.GpuArray) or array.shape[1:] != (11,) or len(array) == 1
            return method(place, array, *dtype)

        return refuse

    monkeypatch.setattr(arrays, "view", view)
    loss, given = getattr(fastloss, name), [VECTORS[k] for k in which]
    expected = loss.value_and_grad(*given, *more)
    with monkeypatch.context() as patched:
        for method in ("host", "device"):
            patched.setattr(arrays.Place, method, refusing(getattr(arrays.Place, method)))
        value, slopes = loss.value_and_grad(*map(Pretended, given), *more)
        with pytest.raises(AssertionError):
            loss(*given, *more, backend="cuda")
    on_host = tuple(one if isinstance(one, float) else one.copy_to_host() for one in as_tuple(slopes))
    compare((value, on_host), (expected[0], as_tuple(expected[1])))


def test_an_unknown_backend():
    x = np.ones((2, 3))
    for loss, second in ((fastloss.info_nce_loss, x), (fastloss.batch_all_triplet_loss, [0, 1])):
        with pytest.raises(ValueError, match="backend is 'gpu': expected one of 'auto', 'cpu', 'cuda'"):
            loss(x, second, backend="gpu")


FACTORS = np.random.default_rng(6).normal(size=(5, 3)), np.random.default_rng(7).normal(size=(7, 3))
LISTS = np.array([0, 2, 2, 9, 12, 13]), np.array([0, 3, *range(7), 1, 1, 4, 6])  # none, all, one twice


def test_factors_with_biases_and_a_penalty():
    bias = np.arange(7) / 3.0
    words = {"item_bias": bias, "reg": 0.1, "sample_weight": np.array([1.0, 2.0, 0.5, 3.0, 0.0])}
    for reduction in ("mean", "sum", "none"):
        compare(*both(fastloss.bpr_all_negatives_loss, *FACTORS, LISTS, **words, reduction=reduction))


def test_factors_without_pairs():
    for lists in ((np.zeros(6, int), np.empty(0, int)), (np.arange(6) * 7, np.tile(np.arange(7), 5))):
        compare(*both(fastloss.bpr_all_negatives_loss, *FACTORS, lists))
    compare(*both(fastloss.bpr_all_negatives_loss, FACTORS[0], FACTORS[1][:0], (np.zeros(6, int), np.empty(0, int))))
