"""Losses of batches of embeddings across tiles, strips and threads, against dense NumPy written here."""

import threading
import tracemalloc

import numpy as np
import pytest

import fastloss
from fastloss.compile import blas
from fastloss.embeddings.candidates import cpu as softmax_engine
from fastloss.embeddings.mining import cpu as mining_engine
from tests.embeddings.dense import (
    CASES,
    DEPTH,
    DTYPES,
    LARGE,
    MINED,
    OFF,
    SMALL,
    assert_gradients,
    assert_near,
    batch,
    dense_mined,
    rows_for,
    same_bits,
)


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles of 24 rows and 12 or 24 columns, several to a task, and strips of as many rows."""
    for name, number in {"ROWS": 24, "BYTES": 24 * 8 * 12, "TASKS": 3, "FEWEST": 4}.items():
        monkeypatch.setattr(softmax_engine, name, number)
    for name, number in {"ROWS": 16, "FEWEST": 4, "TASKS": 3}.items():
        monkeypatch.setattr(mining_engine, name, number)


@pytest.fixture(params=["small", pytest.param("large", marks=pytest.mark.slow)])
def size(request):
    """Rows that take several tiles each way: small ones, or those of every day."""
    if request.param == "small":
        request.getfixturevalue("small_tiles")
        return SMALL
    return LARGE


@pytest.fixture
def passes(monkeypatch):
    """The names of the engine's ways that were taken."""
    taken = []

    def spied(name, function):
        def spy(*arguments):
            taken.append(name)
            return function(*arguments)

        monkeypatch.setattr(softmax_engine, name, spy)

    for name in ("rest", "gradients", "sweep"):
        spied(name, getattr(softmax_engine, name))
    return taken


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmaxes_over_several_tiles(case, dtype, size, passes, monkeypatch):
    case = CASES[case]
    value, gradients = case.expected(size, dtype)
    exact = dtype == np.float64
    found = []
    for strip in (softmax_engine.STRIP, 0):
        monkeypatch.setattr(softmax_engine, "STRIP", strip)
        passes.clear()
        actual, slopes = case.actual(size, dtype)
        assert passes == (["sweep"] if strip and case.one_sided else ["rest", "gradients"])
        np.testing.assert_allclose(actual, value, rtol=1e-13 if exact else 1e-6)
        assert_gradients(slopes, gradients, 1e-12 if exact else 2e-5)
        assert all(np.asarray(slopes[name]).dtype == dtype for name in gradients if np.ndim(gradients[name]))
        arrays, fixed, words, weights = case.drawn(size, dtype)
        alone = getattr(fastloss, case.name)(*arrays, *fixed, **words, sample_weight=weights)
        np.testing.assert_allclose(alone, value, rtol=1e-13 if exact else 1e-6)
        found.append((actual, slopes))
    (one, by_strips), (other, twice) = found
    np.testing.assert_allclose(one, other, rtol=1e-14 if exact else 1e-6)
    assert_gradients(by_strips, twice, 1e-13 if exact else 2e-5, 1e-11 if exact else 2e-5)


@pytest.mark.parametrize(("name", "words"), MINED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_distances_over_several_strips(name, words, dtype, size):
    x, labels, weights = batch(rows_for(words, size), dtype)
    value, mass, gradient, counts = dense_mined(name, x.astype(float), labels, weights, words)
    exact = dtype == np.float64
    # in float32 the sum: how many are active may differ by those next to the kink
    words = {**words, "sample_weight": weights, "reduction": "mean" if exact else "sum"}
    value, gradient = (value / mass, gradient / mass) if exact else (value, gradient)
    loss = getattr(fastloss, name)
    actual, slopes = loss.value_and_grad(x, labels, **words)
    assert slopes.dtype == dtype
    np.testing.assert_allclose(actual, value, rtol=1e-12 if exact else 1e-6)
    np.testing.assert_allclose(loss(x, labels, **words), value, rtol=1e-12 if exact else 1e-6)
    if exact:
        assert_near(slopes, gradient, 1e-12)
    elif name in ("batch_all_triplet_loss", "batch_contrastive_loss"):  # the others may choose other neighbours
        apart = np.abs(slopes - gradient).max(1) > 1e-4 * np.abs(gradient).max()
        kinked = name == "batch_all_triplet_loss" and not words.get("soft")
        assert apart.sum() <= (3 if kinked else 0)  # the rows of one triplet that is next to the kink
    if exact and name != "batch_contrastive_loss":
        assert tuple(loss(x, labels, **words, with_counts=True)[1]) == counts


# Threads


@pytest.fixture
def two_threads():
    with fastloss.num_threads(2):
        yield


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("strips", [True, False], ids=["strips", "twice"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", ["cos", "positives", "symmetric", "nt_xent", "supcon", "cross entropy"])
def test_softmaxes_have_the_same_bits_for_any_number_of_threads(case, dtype, strips, size, monkeypatch):
    if not strips:
        monkeypatch.setattr(softmax_engine, "STRIP", 0)
    results = []
    for count in (1, 2):
        with fastloss.num_threads(count):
            results.append(CASES[case].actual(size, dtype))
    assert same_bits(*results)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("name", "words"), MINED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_distances_have_the_same_bits_for_any_number_of_threads(name, words, dtype, size):
    x, labels, _ = batch(rows_for(words, size), dtype)
    results = []
    for count in (1, 2):
        with fastloss.num_threads(count):
            results.append(getattr(fastloss, name).value_and_grad(x, labels, **words))
    assert same_bits(*results)


@pytest.fixture
def blas_threads(two_threads):
    """What tells the number of threads of NumPy's BLAS, which is 2."""
    library, *_ = blas._libraries() or pytest.skip("NumPy has a BLAS whose threads cannot be set")
    before = library.get_num_threads()
    library.set_num_threads(2)
    yield library.get_num_threads
    library.set_num_threads(before)


@pytest.mark.usefixtures("small_tiles")
def test_the_threads_of_blas_are_restored(blas_threads):
    CASES["cos"].actual(SMALL, np.float64)
    assert blas_threads() == 2
    fastloss.batch_all_triplet_loss(*batch(SMALL)[:2])
    assert blas_threads() == 2


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("engine", [softmax_engine, mining_engine])
def test_the_threads_of_blas_are_restored_after_an_exception(engine, blas_threads, monkeypatch):
    seen = []

    def fails(*_):
        seen.append(blas_threads())
        raise ArithmeticError("of this test")

    monkeypatch.setattr(engine, "launch", fails)
    loss = fastloss.nt_xent_loss if engine is softmax_engine else fastloss.batch_all_triplet_loss
    x, labels, _ = batch(SMALL)
    with pytest.raises(ArithmeticError, match="of this test"):
        loss(x, x if engine is softmax_engine else labels)
    assert set(seen) == {1} and blas_threads() == 2


@pytest.mark.usefixtures("small_tiles")
def test_the_threads_of_blas_are_restored_after_calls_side_by_side(blas_threads):
    expected = CASES["cos"].actual(SMALL, np.float64)
    found = []
    start = threading.Barrier(2)

    def work():
        start.wait()
        for _ in range(2 if OFF else 20):
            found.append(CASES["cos"].actual(SMALL, np.float64))

    callers = [threading.Thread(target=work) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert blas_threads() == 2
    assert len(found) == (4 if OFF else 40) and all(same_bits(one, expected) for one in found)


@pytest.mark.usefixtures("small_tiles")
def test_another_blas(monkeypatch):
    monkeypatch.setattr(blas, "_libraries", list)
    for case in CASES.values():
        value, gradients = case.expected(SMALL, np.float64)
        actual, slopes = case.actual(SMALL, np.float64)
        np.testing.assert_allclose(actual, value, rtol=1e-13)
        assert_gradients(slopes, gradients, 1e-12)
    for name, words in MINED:
        x, labels, weights = batch(rows_for(words, SMALL))
        value, mass, gradient, _ = dense_mined(name, x, labels, weights, words)
        actual, slopes = getattr(fastloss, name).value_and_grad(x, labels, sample_weight=weights, **words)
        np.testing.assert_allclose(actual, value / mass, rtol=1e-12)
        assert_near(slopes, gradient / mass, 1e-12)


# Files and memory


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("strips", [True, False], ids=["strips", "twice"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("similarity", ["cos", "dot"])
def test_memory_mapped_keys(similarity, dtype, strips, tmp_path, monkeypatch):
    if not strips:
        monkeypatch.setattr(softmax_engine, "STRIP", 0)
    x, y = np.random.default_rng(15).normal(size=(2, SMALL, DEPTH)).astype(dtype)
    np.save(tmp_path / "keys.npy", y)
    mapped = np.load(tmp_path / "keys.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    words = {"similarity": similarity, "temperature": 0.5}
    for loss, more in [
        (fastloss.info_nce_loss, words),
        (fastloss.info_nce_loss, {**words, "ids": np.arange(SMALL) // 2}),
        (fastloss.info_nce_loss, {**words, "symmetric": True}),
        (fastloss.multiple_negatives_ranking_loss, {"similarity": similarity, "scale": 2.0}),
    ]:
        expected = loss.value_and_grad(x, y, **more)
        for keys in (mapped, mapped[:]):
            assert same_bits(loss.value_and_grad(x, keys, **more), expected)
            assert loss(x, keys, **more) == loss(x, y, **more)
    targets = np.arange(SMALL) % 7
    loss = fastloss.cross_entropy_with_factors if similarity == "dot" else fastloss.arcface_loss
    assert same_bits(loss.value_and_grad(x, mapped, targets), loss.value_and_grad(x, y, targets))
    mapped = np.load(tmp_path / "keys.npy", mmap_mode="r")
    queries = fastloss.info_nce_loss.value_and_grad(mapped, x, **words)
    assert same_bits(queries, fastloss.info_nce_loss.value_and_grad(y, x, **words))
    some = fastloss.info_nce_loss.value_and_grad(x[:20], mapped[::2], **words)
    assert same_bits(some, fastloss.info_nce_loss.value_and_grad(x[:20], y[::2], **words))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["strips", "twice", "supcon", "batch_all", "soft"])
def test_extra_memory(name, monkeypatch):
    count = 6000
    rows = 32 if name == "soft" else 128
    monkeypatch.setattr(softmax_engine, "STRIP", 0 if name == "twice" else rows * count)
    monkeypatch.setattr(mining_engine, "STRIP", rows * count)
    rng = np.random.default_rng(16)
    x, y = rng.normal(size=(2, count, 8)).astype(np.float32)
    labels = rng.integers(0, 400, count)

    def call(size):
        if name in ("strips", "twice"):
            fastloss.info_nce_loss.value_and_grad(x[:size], y[:size])
        elif name == "supcon":
            fastloss.supcon_loss.value_and_grad(x[:size], labels[:size])
        else:
            fastloss.batch_all_triplet_loss.value_and_grad(x[:size], labels[:size], soft=name == "soft")

    with fastloss.num_threads(2):
        call(100)
        tracemalloc.start()
        try:
            call(count)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    buffers = 2 * max(rows * count * 4, softmax_engine.BYTES)
    if name == "soft":
        buffers *= 16  # labels, scores, slopes, factors, and what the sums in linear time keep
    assert peak < buffers + 24 * x.nbytes
    assert peak < count * count * 4 / 4
