"""Losses of batches of embeddings across tiles, strips and threads, against dense NumPy written here."""

import contextlib
import threading
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

import fastloss
from fastloss.engines.cpu import blas
from fastloss.engines.cpu import candidates as softmax_engine
from fastloss.engines.cpu import mining as mining_engine

OFF = numba.config.DISABLE_JIT
DEPTH = 9
SMALL = 70 if OFF else 150
LARGE = 1300
DTYPES = [np.float64, np.float32]


# Dense definitions


def unit(x):
    return x / np.sqrt((x * x).sum(1, keepdims=True))


def pulled(x, by_unit, similarity):
    """From the gradient by unit vectors to that by x."""
    if similarity == "dot":
        return by_unit
    directions = unit(x)
    across = by_unit - directions * (directions * by_unit).sum(1, keepdims=True)
    return across / np.sqrt((x * x).sum(1, keepdims=True))


def softmax_terms(logits, allowed, targets, weights):
    """Each row's loss against a distribution of targets, and the weighted slopes."""
    masked = np.where(allowed, logits, -np.inf)
    peak = masked.max(1, keepdims=True)
    shares = np.exp(masked - peak)
    total = shares.sum(1, keepdims=True)
    losses = (peak + np.log(total))[:, 0] - (targets * logits).sum(1)
    return losses, weights[:, None] * (shares / total - targets)


def one_hot(numbers, width):
    return (np.asarray(numbers)[:, None] == np.arange(width)).astype(float)


def dense_info_nce(
    query,
    key,
    *,
    weights,
    temperature=0.07,
    similarity="cos",
    negatives=None,
    ids=None,
    positives=None,
    symmetric=False,
):
    keys = key if negatives is None else np.concatenate([key, negatives])
    rows, columns = (unit(x) if similarity == "cos" else x for x in (query, keys))
    logits = rows @ columns.T / temperature
    targets, mass = one_hot(np.arange(len(rows)), len(columns)), np.ones(len(rows))
    allowed = np.ones(logits.shape, bool)
    if ids is not None:
        allowed[:, : len(ids)] = (ids[: len(rows), None] != ids) | (targets[:, : len(ids)] > 0)
    if positives is not None:
        offsets, numbers = positives
        counts = np.diff(offsets)
        targets = np.zeros(logits.shape)
        np.add.at(
            targets, (np.repeat(np.arange(len(rows)), counts), numbers), np.repeat(1.0 / np.maximum(counts, 1), counts)
        )
        mass = (counts > 0).astype(float)
    shares = weights * mass / (weights * mass).sum()
    losses, slopes = softmax_terms(logits, allowed, targets, shares)
    if symmetric:
        others, more = softmax_terms(logits.T, allowed.T, targets, shares)
        losses, slopes = (losses + others) / 2, (slopes + more.T) / 2
    by_keys = pulled(keys, slopes.T @ rows / temperature, similarity)
    result = {"query": pulled(query, slopes @ columns / temperature, similarity), "key": by_keys[: len(key)]}
    if negatives is not None:
        result["negatives"] = by_keys[len(key) :]
    return (shares * losses).sum(), {**result, "temperature": -(slopes * logits).sum() / temperature}


def dense_multiple_negatives(anchors, positives, negatives, *, weights, scale=20.0, similarity="cos"):
    words = {"weights": weights, "temperature": 1.0 / scale, "similarity": similarity}
    value, by = dense_info_nce(anchors, positives, negatives=negatives, **words)
    names = {"anchors": by["query"], "positives": by["key"], "negatives": by["negatives"]}
    return value, {**names, "scale": -by["temperature"] / scale**2}


def among_others(x, positive, weights, temperature):
    """Each row against all others, towards the mean of its positives."""
    directions = unit(x)
    logits = directions @ directions.T / temperature
    counts = positive.sum(1)
    shares = weights * (counts > 0)
    shares = shares / shares.sum()
    targets = positive / np.maximum(counts, 1)[:, None]
    losses, slopes = softmax_terms(logits, ~np.eye(len(x), dtype=bool), targets, shares)
    gradient = pulled(x, (slopes + slopes.T) @ directions / temperature, "cos")
    return (shares * losses).sum(), gradient, -(slopes * logits).sum() / temperature


def dense_nt_xent(z1, z2, *, weights, temperature=0.5):
    pairs = np.roll(np.eye(2 * len(z1), dtype=bool), len(z1), 0)
    value, gradient, by = among_others(np.concatenate([z1, z2]), pairs, weights, temperature)
    return value, {"z1": gradient[: len(z1)], "z2": gradient[len(z1) :], "temperature": by}


def dense_supcon(embeddings, labels, *, weights, temperature=0.1):
    positive = (labels[:, None] == labels) & ~np.eye(len(labels), dtype=bool)
    value, gradient, by = among_others(embeddings, positive, weights, temperature)
    return value, {"embeddings": gradient, "temperature": by}


def dense_cross_entropy(hidden, class_weights, target, *, weights, bias, weight, label_smoothing=0.0):
    logits = hidden @ class_weights.T + bias
    count = len(class_weights)
    targets = (1 - label_smoothing) * one_hot(target, count) * weight + label_smoothing / count * weight
    heavy = np.maximum(targets.sum(1), 1e-300)
    mass = np.where(target >= 0, weight[np.maximum(target, 0)], 0.0)
    shares = weights * (target >= 0) / (weights * mass).sum()
    losses, slopes = softmax_terms(logits, np.ones(logits.shape, bool), targets / heavy[:, None], shares * heavy)
    result = {"hidden": slopes @ class_weights, "class_weights": slopes.T @ hidden, "bias": slopes.sum(0)}
    return (shares * heavy * losses).sum(), result


def dense_cosface(embeddings, weights_, labels, *, weights, margin, scale):
    rows, columns = unit(embeddings), unit(weights_)
    targets = one_hot(labels, len(weights_))
    shares = weights / weights.sum()
    logits = scale * (rows @ columns.T - margin * targets)
    losses, slopes = softmax_terms(logits, np.ones(logits.shape, bool), targets, shares)
    result = {
        "embeddings": pulled(embeddings, scale * slopes @ columns, "cos"),
        "weights": pulled(weights_, scale * slopes.T @ rows, "cos"),
    }
    return (shares * losses).sum(), {**result, "scale": (slopes * logits).sum() / scale}


# Losses with softmaxes over several tiles


class Case(NamedTuple):
    """A loss's name, its dense definition, and what draws its arrays, other arguments and settings."""

    name: str
    dense: Callable[..., Any]
    draw: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...], Mapping[str, Any]]]
    arrays: tuple[str, ...] = ()  # settings that are embeddings, or like them
    one_sided: bool = True

    def drawn(self, size, dtype, seed=5):
        rng = np.random.default_rng(seed)
        arrays, fixed, words = self.draw(rng, size)
        cast = {name: words[name].astype(dtype) for name in self.arrays}
        weights = rng.uniform(0.5, 2.0, 2 * size if self.name == "nt_xent_loss" else size)
        return tuple(x.astype(dtype) for x in arrays), fixed, {**words, **cast}, weights

    def actual(self, size, dtype):
        arrays, fixed, words, weights = self.drawn(size, dtype)
        value, slopes = getattr(fastloss, self.name).value_and_grad(*arrays, *fixed, **words, sample_weight=weights)
        return value, dict(zip(slopes._fields, slopes, strict=True))

    def expected(self, size, dtype):
        arrays, fixed, words, weights = self.drawn(size, dtype)
        wide = {name: words[name].astype(float) for name in self.arrays}
        return self.dense(*(x.astype(float) for x in arrays), *fixed, **{**words, **wide}, weights=weights)


def normal(rng, *sizes):
    return tuple(rng.normal(size=(size, DEPTH)) for size in sizes)


def listed(rng, size, keys):
    counts = rng.integers(0, 4, size)
    numbers = [rng.choice(keys, count, replace=False) for count in counts]
    return np.append(0, np.cumsum(counts)), np.concatenate(numbers)


def catalogue(rng, size):
    classes = size - size // 3 + 1
    target = np.where(rng.random(size) < 0.1, -100, rng.integers(0, classes, size))
    words = {"bias": rng.normal(size=classes), "weight": rng.uniform(0.5, 2.0, classes)}
    return normal(rng, size, classes), (target,), words


def smoothed(rng, size):
    arrays, fixed, words = catalogue(rng, size)
    return arrays, fixed, {**words, "label_smoothing": 0.2}


def with_classes(rng, size):
    classes = 2 * size + 3
    return normal(rng, size, classes), (rng.integers(0, classes, size),), {"margin": 0.3, "scale": 9.0}


def labels_of(rng, size):
    return np.append(rng.integers(0, size // 12, size - 1), size)  # the last is alone


CASES = {
    "cos": Case("info_nce_loss", dense_info_nce, lambda rng, n: (normal(rng, n, n), (), {})),
    "dot": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n + 77), (), {"similarity": "dot", "temperature": 1.5}),
    ),
    "ids": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n), (), {"ids": rng.integers(0, n // 2, n), "temperature": 0.3}),
    ),
    "negatives": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n), (), {"negatives": normal(rng, n // 2 + 1)[0]}),
        ("negatives",),
    ),
    "positives": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, 2 * n // 3), (), {"positives": listed(rng, n, 2 * n // 3)}),
    ),
    "symmetric": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n), (), {"symmetric": True, "ids": rng.integers(0, n, n)}),
        one_sided=False,
    ),
    "multiple negatives": Case(
        "multiple_negatives_ranking_loss",
        dense_multiple_negatives,
        lambda rng, n: (normal(rng, n, n, 3 * n // 2), (), {}),
    ),
    "nt_xent": Case("nt_xent_loss", dense_nt_xent, lambda rng, n: (normal(rng, n, n), (), {}), one_sided=False),
    "supcon": Case(
        "supcon_loss", dense_supcon, lambda rng, n: (normal(rng, n), (labels_of(rng, n),), {}), one_sided=False
    ),
    "cross entropy": Case("cross_entropy_with_factors", dense_cross_entropy, catalogue, ("bias",)),
    "smoothed": Case("cross_entropy_with_factors", dense_cross_entropy, smoothed, ("bias",)),
    "cosface": Case("cosface_loss", dense_cosface, with_classes),
}


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


def assert_near(actual, expected, tolerance):
    """As close as a share of the largest."""
    assert np.shape(actual) == np.shape(expected)
    largest = np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * largest)


def assert_gradients(actual, expected, tolerance, scalar=1e-10):
    assert list(actual) == list(expected)
    for name, slopes in expected.items():
        assert_near(actual[name], slopes, tolerance if np.ndim(slopes) else max(tolerance, scalar))


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


# Losses on distances


def softplus(x):
    return np.logaddexp(0.0, x)


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def dense_all(d, own, others, words):
    """An anchor's loss, triplets above 0, all triplets, and slopes by its distances."""
    soft = words.get("soft", False)
    gaps = d[own][:, None] - d[others] + (0.0 if soft else words.get("margin", 0.2))
    share = sigmoid(gaps) if soft else (gaps > 0).astype(float)
    slopes = np.zeros(len(d))
    slopes[own], slopes[others] = share.sum(1), -share.sum(0)
    loss = softplus(gaps).sum() if soft else np.maximum(gaps, 0.0).sum()
    return loss, gaps.size if soft else int((gaps > 0).sum()), gaps.size, slopes


def dense_hard(d, own, others, words):
    slopes = np.zeros(len(d))
    if not own.size or not others.size:
        return 0.0, 0, 0, slopes
    far, near = own[d[own].argmax()], others[d[others].argmin()]
    soft = words.get("soft", False)
    gap = d[far] - d[near] + (0.0 if soft else words.get("margin", 0.2))
    slopes[far] = sigmoid(gap) if soft else float(gap > 0)
    slopes[near] = -slopes[far]
    return softplus(gap) if soft else max(gap, 0.0), 1, 1, slopes


def dense_semihard(d, own, others, words):
    slopes, loss = np.zeros(len(d)), 0.0
    for p in own if others.size else ():
        farther = others[d[others] > d[p]]
        n = farther[d[farther].argmin()] if farther.size else others[d[others].argmax()]
        gap = d[p] - d[n] + words.get("margin", 0.2)
        loss += max(gap, 0.0)
        slopes[p] += gap > 0
        slopes[n] -= gap > 0
    count = own.size if others.size else 0
    return loss, count, count, slopes


TRIPLETS = {
    "batch_all_triplet_loss": dense_all,
    "batch_hard_triplet_loss": dense_hard,
    "batch_semihard_triplet_loss": dense_semihard,
}


def dense_mined(name, x, labels, weights, words):
    """Sum, the mean's denominator, the sum's gradient, and counts."""
    count = len(x)
    h = np.zeros((count, count))
    total, mass, active, every = 0.0, 0.0, 0, 0
    for a in range(count):
        squares = ((x - x[a]) ** 2).sum(1)
        squared = words.get("squared", False)
        d = squares if squared else np.sqrt(squares)
        alike = labels == labels[a]
        if name == "batch_contrastive_loss":
            margin = words.get("margin", 1.0)
            pairs = weights[a] * weights / 2 * (np.arange(count) != a)
            total += (pairs * np.where(alike, d**2, np.maximum(margin - d, 0.0) ** 2)).sum()
            mass += pairs.sum()
            slopes = pairs * np.where(alike, 2 * d, -2 * np.maximum(margin - d, 0.0))
        else:
            own = np.flatnonzero(alike & (np.arange(count) != a))
            loss, some, of, slopes = TRIPLETS[name](d, own, np.flatnonzero(~alike), words)
            total += weights[a] * loss
            mass += weights[a] * (of if words.get("average") == "all" else some)
            active, every, slopes = active + some, every + of, weights[a] * slopes
        h[a] = 2 * slopes if squared else np.divide(slopes, d, out=np.zeros(count), where=d > 0)
    gradient = (h.sum(1) + h.sum(0))[:, None] * x - (h + h.T) @ x
    return total, mass, gradient, (active, every)


MINED = [
    ("batch_all_triplet_loss", {}),
    ("batch_all_triplet_loss", {"average": "all", "margin": 1.0}),
    ("batch_all_triplet_loss", {"squared": True, "margin": 3.0}),
    ("batch_all_triplet_loss", {"soft": True}),
    ("batch_hard_triplet_loss", {}),
    ("batch_hard_triplet_loss", {"soft": True, "squared": True}),
    ("batch_semihard_triplet_loss", {"margin": 1.0}),
    ("batch_contrastive_loss", {"margin": 4.0}),
]


def batch(size, dtype=np.float64, seed=11):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, DEPTH)).astype(dtype), labels_of(rng, size), rng.uniform(0.5, 2.0, size)


def rows_for(words, size):
    """Fewer where plain Python would take long."""
    return min(size, 30) if OFF and words.get("soft") else size


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
    actual, slopes, found = loss.value_and_grad(x, labels, **words, with_counts=True)
    assert slopes.dtype == dtype
    np.testing.assert_allclose(actual, value, rtol=1e-12 if exact else 1e-6)
    np.testing.assert_allclose(loss(x, labels, **words), value, rtol=1e-12 if exact else 1e-6)
    if exact:
        assert_near(slopes, gradient, 1e-12)
    elif name in ("batch_all_triplet_loss", "batch_contrastive_loss"):  # the others may choose other neighbours
        assert_near(slopes, gradient, 1e-4)
    if exact and name != "batch_contrastive_loss":
        assert tuple(found) == counts


# Threads


@contextlib.contextmanager
def threads(count):
    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


@pytest.fixture
def two_threads():
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one thread only")
    with threads(2):
        yield


def same_bits(one, other):
    one, other = (tuple(x.values()) if isinstance(x, dict) else x for x in (one, other))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same_bits, one, other))
    return np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("strips", [True, False], ids=["strips", "twice"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", ["cos", "positives", "symmetric", "nt_xent", "supcon", "cross entropy"])
def test_softmaxes_have_the_same_bits_for_any_number_of_threads(case, dtype, strips, size, monkeypatch):
    if not strips:
        monkeypatch.setattr(softmax_engine, "STRIP", 0)
    results = []
    for count in (1, 2):
        with threads(count):
            results.append(CASES[case].actual(size, dtype))
    assert same_bits(*results)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("name", "words"), MINED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_distances_have_the_same_bits_for_any_number_of_threads(name, words, dtype, size):
    x, labels, _ = batch(rows_for(words, size), dtype)
    results = []
    for count in (1, 2):
        with threads(count):
            results.append(getattr(fastloss, name).value_and_grad(x, labels, **words))
    assert same_bits(*results)


@pytest.fixture
def blas_threads(two_threads):
    """The getter of OpenBLAS's number of threads, which is 2."""
    controls = blas._openblas()
    if controls is None:
        pytest.skip("NumPy has another BLAS")
    get, set_ = controls
    before = get()
    set_(2)
    if get() == 2:
        yield get
    set_(before)


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

    monkeypatch.setattr(engine, "kernel", lambda *_: fails)
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
    monkeypatch.setattr(blas, "_openblas", lambda: None)
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


# Distances


def partners(x, squared=False):
    """Each row's distance to its neighbour: rows are pairs, and others cost nothing at a margin of 0."""
    labels = np.arange(len(x)) // 2
    return 2 * fastloss.batch_contrastive_loss(x, labels, margin=0.0, squared=squared, reduction="none")


def exact_partners(x):
    wide = x.astype(np.longdouble)
    gaps = np.repeat(wide[::2] - wide[1::2], 2, 0)
    return np.sqrt((gaps * gaps).sum(1)).astype(float)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [0.0, 0.1, 1e5])
def test_equal_rows_are_at_distance_0(dtype, offset):
    rng = np.random.default_rng(2)
    half = rng.normal(size=(40, DEPTH)) * 10.0 ** rng.integers(-3, 4, (40, 1)) + offset
    x = np.repeat(half.astype(dtype), 2, 0)
    for squared in (False, True):
        losses = partners(x, squared)
        assert (losses == 0.0).all() and not np.signbit(losses).any()
    labels = np.zeros(len(x), int)
    labels[1::2] = 1  # the equal row is the nearest negative
    for squared in (False, True):
        words = {"squared": squared, "reduction": "none"}
        there, slopes = fastloss.batch_hard_triplet_loss.value_and_grad(x, labels, margin=0.0, **words)
        d = np.sqrt(((half[:, None] - half) ** 2).sum(2))
        assert np.isfinite(slopes).all()
        tolerance = 1e-9 if dtype == np.float64 else 1e-3
        np.testing.assert_allclose(there[::2], (d**2 if squared else d).max(1), rtol=max(tolerance, 1e-9))


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("name", [name for name, words in MINED if not words])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_batch_of_one_point(name, squared, dtype):
    """Every triplet costs the margin, and nothing pulls."""
    x = np.full((30, DEPTH), 0.1, dtype)
    value, gradient = getattr(fastloss, name).value_and_grad(x, np.arange(30) % 3, margin=0.5, squared=squared)
    assert value == 0.5
    assert (gradient == 0.0).all()


def test_no_gradient_at_distance_0():
    x = np.array([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]])
    for squared in (False, True):
        value, gradient = fastloss.batch_contrastive_loss.value_and_grad(x, [0, 0, 1], margin=9.0, squared=squared)
        assert np.isfinite(value) and np.isfinite(gradient).all()
        value, gradient = fastloss.batch_contrastive_loss.value_and_grad(x[:2], [0, 0], squared=squared)
        assert value == 0.0 and (gradient == 0.0).all()
        value, gradient = fastloss.batch_contrastive_loss.value_and_grad(x[:2], [0, 1], squared=squared)
        assert value == 1.0 and (gradient == 0.0).all()


@pytest.mark.parametrize(
    ("dtype", "offset", "tolerance"), [(np.float64, 1e6, 1e-12), (np.float32, 1e3, 2e-6), (np.float64, 0.0, 1e-13)]
)
def test_a_common_offset_costs_no_digits(dtype, offset, tolerance):
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(60, DEPTH)) + offset).astype(dtype)
    np.testing.assert_allclose(partners(x), exact_partners(x), rtol=tolerance)
    np.testing.assert_allclose(partners(x, True), exact_partners(x) ** 2, rtol=2 * tolerance)


@pytest.mark.parametrize(("dtype", "offset", "tolerance"), [(np.float64, 1e6, 1e-9), (np.float32, 1e3, 1e-3)])
def test_clusters_far_apart(dtype, offset, tolerance):
    """The mean is near none of them."""
    rng = np.random.default_rng(4)
    centres = np.repeat(offset * rng.normal(size=(30, DEPTH)), 2, 0)
    x = (rng.normal(size=(60, DEPTH)) + centres).astype(dtype)
    np.testing.assert_allclose(partners(x), exact_partners(x), rtol=tolerance)


def test_nearly_equal_rows():
    rng = np.random.default_rng(5)
    x = np.repeat(rng.normal(size=(100, DEPTH)), 2, 0)
    x[1::2] *= 1.0 + 1e-7 * rng.normal(size=(100, DEPTH))
    np.testing.assert_allclose(partners(x), exact_partners(x), rtol=3e-9)
    assert np.median(np.abs(partners(x) / exact_partners(x) - 1.0)) < 1e-9


# Edge shapes


def softmax_calls(count, dtype=np.float64):
    """Calls with that many rows, each the only one of its class: losses are 0 where nothing is a positive."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, count, 3)).astype(dtype)
    return x, y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1])
def test_one_row_or_none(count, dtype):
    x, y = softmax_calls(count, dtype)
    labels, nothing = np.zeros(count, int), np.empty((0, 3), dtype)
    one_class = y if count else np.ones((1, 3), dtype)
    calls = [
        (fastloss.info_nce_loss, (x, y), {}),
        (fastloss.info_nce_loss, (x, y), {"similarity": "dot"}),
        (fastloss.info_nce_loss, (x, y), {"symmetric": True}),
        (fastloss.info_nce_loss, (x, y), {"negatives": nothing}),
        (fastloss.info_nce_loss, (x, y), {"ids": labels}),
        (fastloss.info_nce_loss, (x, nothing), {"positives": (np.zeros(count + 1, int), labels[:0])}),
        (fastloss.multiple_negatives_ranking_loss, (x, y), {}),
        (fastloss.nt_xent_loss, (x, y), {}),
        (fastloss.supcon_loss, (x, labels), {}),
        (fastloss.cross_entropy_with_factors, (x, one_class, labels), {}),
        (fastloss.arcface_loss, (x, one_class, labels), {}),
        (fastloss.cosface_loss, (x, one_class, labels), {}),
        (fastloss.sphereface_loss, (x, one_class, labels), {}),
        (fastloss.ge2e_loss, (x, labels), {}),
        (fastloss.ge2e_loss, (x, labels), {"variant": "contrast"}),
        (fastloss.ge2e_loss, (x[:, None],), {}),
    ]
    calls += [(getattr(fastloss, name), (x, labels), words) for name, words in MINED]
    for loss, arguments, words in calls:
        value, slopes = loss.value_and_grad(*arguments, **words)
        assert value == 0.0, (loss, words)
        assert loss(*arguments, **words) == 0.0
        losses = loss(*arguments, **words, reduction="none")
        np.testing.assert_array_equal(losses, np.zeros(2 * count if loss is fastloss.nt_xent_loss else count))
        parts = slopes if isinstance(slopes, tuple) else (slopes,)
        for part, argument in zip(parts, arguments, strict=False):
            assert np.ndim(part) == 0 or np.shape(part) == np.shape(argument)
        assert all((np.asarray(part) == 0.0).all() for part in parts), (loss, words)


@pytest.mark.parametrize("similarity", ["cos", "dot"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_rows_that_leave_out_all_others(symmetric, similarity):
    x, y = np.random.default_rng(7).normal(size=(2, 5, 3))
    words = {"similarity": similarity, "symmetric": symmetric}
    value, slopes = fastloss.info_nce_loss.value_and_grad(x, y, ids=np.ones(5), **words)
    assert value == 0.0
    assert all((np.asarray(part) == 0.0).all() for part in slopes)
    ids = np.array([1, 1, 1, 2, 1])  # only row 3 and the others meet
    value, slopes = fastloss.info_nce_loss.value_and_grad(x, y, ids=ids, **words)
    expected, gradients = dense_info_nce(x, y, weights=np.ones(5), ids=ids, **words)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert_gradients(slopes._asdict(), gradients, 1e-12)


@pytest.mark.parametrize("kind", ["one class", "all distinct"])
@pytest.mark.parametrize(
    ("name", "words"), [*[one for one in MINED if one[0] != "batch_contrastive_loss"], ("supcon_loss", {})]
)
def test_no_triplets(kind, name, words):
    x = np.random.default_rng(7).normal(size=(20, 4))
    labels = np.zeros(20, int) if kind == "one class" else np.arange(20)
    if name == "supcon_loss" and kind == "one class":
        labels = np.arange(20) + 3
    loss = getattr(fastloss, name)
    value, slopes, counts = loss.value_and_grad(x, labels, **words, with_counts=True)
    gradient = slopes if isinstance(slopes, np.ndarray) else slopes.embeddings
    assert value == 0.0 and gradient.shape == x.shape and (gradient == 0.0).all()
    assert counts == (0, 0) if isinstance(counts, tuple) else counts == 0
    np.testing.assert_array_equal(loss(x, labels, **words, reduction="none"), np.zeros(20))


LABELLED = [*MINED, ("supcon_loss", {}), ("ge2e_loss", {}), ("ge2e_loss", {"variant": "contrast"})]


def embeddings_gradient(slopes):
    return slopes if isinstance(slopes, np.ndarray) else slopes.embeddings


@pytest.mark.parametrize(("name", "words"), LABELLED)
def test_strings_label_as_numbers_do(name, words):
    x, labels, _ = batch(rows_for(words, 40))
    loss = getattr(fastloss, name)
    expected = loss.value_and_grad(x, labels, **words)
    names = np.array([f"{label:03}" for label in labels])
    for other in (names, names.tolist(), labels.astype(np.int8)):
        assert same_bits(loss.value_and_grad(x, other, **words), expected)


@pytest.mark.parametrize(("name", "words"), LABELLED)
def test_the_order_of_labels_does_not_matter(name, words):
    x, labels, weights = batch(rows_for(words, 60))
    order = np.argsort(labels, kind="stable")
    loss = getattr(fastloss, name)
    value, slopes = loss.value_and_grad(x, labels, **words, sample_weight=weights)
    other, sorted_slopes = loss.value_and_grad(x[order], labels[order], **words, sample_weight=weights[order])
    np.testing.assert_allclose(value, other, rtol=1e-13)
    assert_near(embeddings_gradient(slopes)[order], embeddings_gradient(sorted_slopes), 1e-12)
    losses = loss(x, labels, **words, reduction="none")
    np.testing.assert_allclose(losses[order], loss(x[order], labels[order], **words, reduction="none"), rtol=1e-12)


# NaN, vectors of no or extreme length, logits far apart


def with_nan(x, row):
    x = x.copy()
    x[row, 1] = np.nan
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("similarity", ["cos", "dot"])
def test_nan_among_queries_and_keys(similarity, dtype):
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 12, 4)).astype(dtype)
    words = {"similarity": similarity, "reduction": "none", "temperature": 0.5}
    for loss in (fastloss.info_nce_loss, fastloss.info_nce_loss.value_and_grad):

        def rows(*arguments, loss=loss, **more):
            result = loss(*arguments, **words, **more)
            return np.isnan(result[0] if isinstance(result, tuple) else result)

        assert np.flatnonzero(rows(with_nan(x, 3), y)).tolist() == [3]
        assert rows(x, with_nan(y, 3)).all()
        assert rows(with_nan(x, 3), y, symmetric=True).all()
        assert rows(x, y, negatives=with_nan(y, 0)).all()
        ids = np.arange(12)
        ids[5] = 3  # leave each other out
        assert np.flatnonzero(~rows(x, with_nan(y, 3), ids=ids)).tolist() == [5]
        offsets, numbers = np.array([0, *range(12)]), np.arange(11)
        some = rows(x, with_nan(y, 3), positives=(offsets, numbers))
        assert not some[0] and some[1:].all()


def test_the_gradient_of_a_nan_query_is_its_own():
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 12, 4))
    slopes = fastloss.info_nce_loss.value_and_grad(with_nan(x, 3), y, reduction="sum")[1]
    assert np.isnan(slopes.query[3]).all() and np.isfinite(np.delete(slopes.query, 3, 0)).all()
    assert np.isnan(slopes.key).all()


def test_nan_among_classes_and_views():
    x, labels, _ = batch(30)
    classes = np.random.default_rng(9).normal(size=(5, DEPTH))
    targets = np.arange(30) % 5
    for loss in (fastloss.arcface_loss, fastloss.cosface_loss, fastloss.sphereface_loss):
        losses = loss(with_nan(x, 4), classes, targets, reduction="none")
        assert np.flatnonzero(np.isnan(losses)).tolist() == [4]
        assert np.isnan(loss(x, with_nan(classes, 2), targets, reduction="none")).all()
    targets[7] = -100
    losses = fastloss.cross_entropy_with_factors(x, with_nan(classes, 2), targets, reduction="none")
    assert np.flatnonzero(~np.isnan(losses)).tolist() == [7]
    assert np.isnan(fastloss.nt_xent_loss(with_nan(x, 4), x, reduction="none")).all()
    losses = fastloss.supcon_loss(with_nan(x, 4), labels, reduction="none")
    alone = (labels[:, None] == labels).sum(1) == 1
    assert alone.any()
    np.testing.assert_array_equal(np.isnan(losses), ~alone)


@pytest.mark.parametrize("row", [0, 3, 11, 12])
@pytest.mark.parametrize(("name", "words"), MINED)
def test_nan_among_examples(name, words, row):
    """Every anchor with a triplet has one with each row, and every row has pairs."""
    x = np.random.default_rng(10).normal(size=(13, 4))
    labels = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4])
    labels[9] = 5  # rows 9 and 10 are alone
    losses = getattr(fastloss, name)(with_nan(x, row), labels, **words, reduction="none")
    there = np.ones(13, bool) if name == "batch_contrastive_loss" else ~np.isin(np.arange(13), (9, 10))
    np.testing.assert_array_equal(np.isnan(losses), there)


@pytest.mark.parametrize(("name", "words"), [one for one in MINED if one[0] != "batch_contrastive_loss"])
def test_nan_without_triplets(name, words):
    x = np.random.default_rng(10).normal(size=(6, 4))
    for labels in (np.zeros(6, int), np.arange(6)):
        losses = getattr(fastloss, name)(with_nan(x, 2), labels, **words, reduction="none")
        np.testing.assert_array_equal(losses, np.zeros(6))


def cosine_calls(x, y):
    labels = np.arange(len(x)) % 4
    yield fastloss.info_nce_loss, (x, y), {}
    yield fastloss.info_nce_loss, (x, y), {"symmetric": True}
    yield fastloss.multiple_negatives_ranking_loss, (x, y), {}
    yield fastloss.nt_xent_loss, (x, y), {}
    yield fastloss.supcon_loss, (x, labels), {}
    for name in ("arcface_loss", "cosface_loss", "sphereface_loss"):
        yield getattr(fastloss, name), (x, y[:6], labels), {"scale": 4.0}
    yield fastloss.ge2e_loss, (x, labels), {}
    yield fastloss.ge2e_loss, (x, labels), {"variant": "contrast"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_of_zeros_have_cosine_0(dtype):
    x, y = np.random.default_rng(12).normal(size=(2, 16, 5)).astype(dtype)
    x[3] = x[7] = y[3] = y[1] = 0.0
    for loss, arrays, words in cosine_calls(x, y):
        value, slopes = loss.value_and_grad(*arrays, **words)
        assert np.isfinite(value), (loss, words)
        assert all(np.isfinite(part).all() for part in slopes), (loss, words)
    logits = unit(np.delete(x, [3, 7], 0).astype(float)) @ unit(np.delete(y, [1, 3], 0).astype(float)).T
    losses = fastloss.info_nce_loss(x, y, temperature=1.0, reduction="none")
    np.testing.assert_allclose(losses[3], np.log(16), rtol=1e-6)
    row = np.append(logits[0], [0.0, 0.0])
    np.testing.assert_allclose(losses[0], np.log(np.exp(row).sum()) - logits[0, 0], rtol=1e-6)


@pytest.mark.parametrize("factor", [1e200, 1e-200, 1e150, 1e-150])
def test_lengths_do_not_matter_to_the_cosine(factor):
    x, y = np.random.default_rng(13).normal(size=(2, 16, 5))
    scaled = cosine_calls(factor * x, y / factor)
    for (loss, arrays, words), (_, others, _) in zip(cosine_calls(x, y), scaled, strict=True):
        value, slopes = loss.value_and_grad(*arrays, **words)
        if loss in (fastloss.nt_xent_loss,):
            others = (factor * x, factor * y)
        other, more = loss.value_and_grad(*others, **words)
        np.testing.assert_allclose(other, value, rtol=1e-13, err_msg=str((loss, words)))
        for one, two, given in zip(slopes, more, (*arrays, None, None), strict=False):
            if np.ndim(one):
                back = factor if given is x or loss is fastloss.nt_xent_loss else 1.0 / factor
                assert_near(two * back, one, 1e-11)
            else:
                np.testing.assert_allclose(two, one, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("length", [5e-324, 1e-310, 1.7e308])
def test_the_shortest_and_longest_vectors(length):
    x, y = np.array([[1.0, 1.0], [1.0, 0.0], [1.0, -1.0]]), np.array([[1.0, 0.5], [1.0, -2.0], [0.0, 1.0]])
    expected = fastloss.info_nce_loss(x, y, reduction="none")
    np.testing.assert_allclose(fastloss.info_nce_loss(length * x, y, reduction="none"), expected, rtol=1e-12)
    assert np.isfinite(fastloss.info_nce_loss.value_and_grad(x, length * np.sign(y))[1].query).all()


def exact_losses(logits):
    """Against all others, from extended precision: a small loss keeps its digits."""
    result = []
    for i, row in enumerate(logits):
        gaps = np.delete(row, i) - row[i]
        peak = gaps.max()
        result.append(np.logaddexp(np.longdouble(0), peak + np.log(np.exp(gaps - peak).sum())))
    return np.array(result)


def test_logits_far_apart():
    rng = np.random.default_rng(14)
    x = rng.normal(size=(40, 6))
    y = x + np.linspace(0.0, 2.5, 40)[:, None] * rng.normal(size=(40, 6))
    exact = unit(x.astype(np.longdouble)) @ unit(y.astype(np.longdouble)).T / np.longdouble(1e-3)
    expected = exact_losses(exact)
    for loss in (fastloss.info_nce_loss, lambda *a, **k: fastloss.info_nce_loss.value_and_grad(*a, **k)[0]):
        losses = loss(x, y, temperature=1e-3, reduction="none")
        seen = expected > 1e-300
        assert (expected[seen] < 1e-20).any() and (expected > 100).any()
        np.testing.assert_allclose(losses[seen], expected[seen].astype(float), rtol=1e-11)
        assert (losses[~seen] <= 1e-299).all()
    x *= 100.0
    y = 0.3 * x + rng.normal(size=(40, 6))
    exact = x.astype(np.longdouble) @ y.astype(np.longdouble).T
    assert np.abs(exact).max() > 1e4
    value, slopes = fastloss.info_nce_loss.value_and_grad(x, y, temperature=1.0, similarity="dot")
    np.testing.assert_allclose(value, float(exact_losses(exact).mean()), rtol=1e-11)
    assert all(np.isfinite(part).all() for part in slopes)
    targets = np.arange(40)
    losses = fastloss.cross_entropy_with_factors(x, y, targets, reduction="none")
    expected = exact_losses(exact).astype(float)
    np.testing.assert_allclose(losses, expected, rtol=1e-10, atol=1e-300)


def test_small_losses_of_small_batches():
    x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[30.0, 0.0], [0.0, 60.0]])
    losses = fastloss.info_nce_loss(x, y, temperature=1.0, similarity="dot", reduction="none")
    np.testing.assert_allclose(losses, np.exp([-30.0, -60.0]), rtol=1e-12)
    both = fastloss.info_nce_loss(x, y, temperature=1.0, similarity="dot", reduction="none", symmetric=True)
    np.testing.assert_allclose(both, np.exp([-30.0, -60.0]), rtol=1e-12)


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
    count, workers = 6000, min(2, numba.config.NUMBA_NUM_THREADS)
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

    with threads(workers):
        call(100)
        tracemalloc.start()
        try:
            call(count)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    buffers = workers * max(rows * count * 4, softmax_engine.BYTES)
    if name == "soft":
        buffers *= 16  # labels, scores, slopes, factors, and what the sums in linear time keep
    assert peak < buffers + 24 * x.nbytes
    assert peak < count * count * 4 / 4


# Errors


X, Y = np.random.default_rng(18).normal(size=(2, 6, 3))


@pytest.mark.parametrize(
    ("name", "arguments", "words", "message"),
    [
        ("info_nce_loss", (X, Y[:5]), {}, "key has shape"),
        ("info_nce_loss", (X, Y[:, :2]), {}, "expected 3 columns"),
        ("info_nce_loss", (X[0], Y), {}, "expected two dimensions"),
        ("info_nce_loss", (X, Y), {"negatives": Y[:, :2]}, "negatives has shape"),
        ("info_nce_loss", (X, Y), {"symmetric": True, "negatives": Y}, "symmetric"),
        ("info_nce_loss", (X, Y), {"symmetric": True, "positives": (np.arange(7), np.arange(6))}, "symmetric"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(6), "positives": (np.arange(7), np.arange(6))}, "ids"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(5)}, "ids"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(7)}, "ids"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(8), "negatives": Y}, "ids"),
        ("info_nce_loss", (X, Y), {"positives": (np.arange(6), np.arange(5))}, "positives"),
        ("info_nce_loss", (X, Y), {"positives": (np.arange(7), np.arange(1, 7))}, "positives"),
        ("info_nce_loss", (X, Y), {"similarity": "euclidean"}, "similarity"),
        ("info_nce_loss", (X, Y), {"temperature": 0.0}, "temperature"),
        ("info_nce_loss", (X, Y), {"sample_weight": np.ones(5)}, "sample_weight"),
        ("info_nce_loss", (X, np.concatenate([X, Y])), {"symmetric": True}, "key"),
        ("multiple_negatives_ranking_loss", (X, np.concatenate([X, Y])), {}, "positives has shape"),
        ("nt_xent_loss", (X, Y[:5]), {}, "z2 has shape"),
        ("supcon_loss", (X, np.arange(5)), {}, "labels"),
        ("cross_entropy_with_factors", (X, Y, np.array([0, 1, 2, 3, 4, 6])), {}, "target"),
        ("cross_entropy_with_factors", (X, Y, np.array([0, 1, 2, 3, 4, -1])), {}, "target"),
        ("cross_entropy_with_factors", (X, Y, np.arange(5)), {}, "target"),
        ("cross_entropy_with_factors", (X, Y, np.arange(6)), {"bias": np.zeros(5)}, "bias"),
        ("cross_entropy_with_factors", (X, Y, np.arange(6)), {"weight": -np.ones(6)}, "weight"),
        ("arcface_loss", (X, Y, np.array([0, 1, 2, 3, 4, 6])), {}, "labels"),
        ("arcface_loss", (X, Y[:, :2], np.arange(6)), {}, "weights has shape"),
        ("ge2e_loss", (X,), {}, "three dimensions"),
        ("ge2e_loss", (X[None], np.arange(6)), {}, "three dimensions"),
        ("batch_all_triplet_loss", (X, np.arange(5)), {}, "labels"),
        ("batch_all_triplet_loss", (X[0], np.arange(6)), {}, "embeddings"),
        ("batch_hard_triplet_loss", (X, np.arange(6)), {"sample_weight": np.ones(5)}, "sample_weight"),
        ("batch_contrastive_loss", (X, np.zeros((6, 1))), {}, "labels"),
    ],
)
def test_errors(name, arguments, words, message):
    with pytest.raises(ValueError, match=message):
        getattr(fastloss, name)(*arguments, **words)


def test_the_type_of_positives():
    with pytest.raises(TypeError, match="positives"):
        fastloss.info_nce_loss(X, Y, positives=np.arange(6))
