"""LambdaRank of queries summed by segments of ranks or by all threads, against every pair in extended precision."""

import numpy as np
import pytest

import fastloss
from fastloss.compile.kernels import INTERPRETED
from fastloss.pairs.boxes.sums import DEGREES
from fastloss.pairs.queries import cpu as engine
from fastloss.pairs.queries.segments import ROWS_AT_ONCE

LOSS = fastloss.lambdarank_loss
RNG = np.random.default_rng(12)
SIZE = 90 if INTERPRETED else 700
LARGE = 2500  # more pairs than one thread sums
SORTED = 17_000  # more rows than a kernel ranks
slow = pytest.mark.skipif(INTERPRETED, reason="slow as plain Python")


def by_every_pair(scores, labels, sigma=1.0, truncation_level=None, gains="exp2"):
    """Loss, gradient, the sizes of its terms in each row, and curvature; written from the definition."""
    scores, labels = np.asarray(scores, np.longdouble), np.asarray(labels, np.longdouble)
    ranks = np.empty(scores.size, int)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(scores.size)
    level = scores.size if truncation_level is None else truncation_level
    gain = labels if gains == "linear" else np.expm1(labels * np.log(np.longdouble(2.0)))
    discount = 1.0 / np.log2(ranks + np.longdouble(2.0))
    best = (np.sort(gain)[::-1][:level] / np.log2(np.arange(2, scores.size + 2, dtype=np.longdouble))[:level]).sum()
    counts = (labels[:, None] > labels) & (np.minimum(ranks[:, None], ranks) < level)
    weight = np.where(counts, np.abs((gain[:, None] - gain) * (discount[:, None] - discount)), 0.0) / best
    gap = np.longdouble(sigma) * (scores[:, None] - scores)
    e = np.exp(-np.abs(gap))
    p = np.where(gap < 0.0, 1.0, e) / (1.0 + e)
    loss = weight * (np.maximum(-gap, 0.0) + np.log1p(e))
    slope, bend = -sigma * weight * p, sigma * sigma * weight * (e / (1.0 + e) ** 2)
    sizes = np.abs(slope).sum(1) + np.abs(slope).sum(0)
    return loss.sum(), slope.sum(1) - slope.sum(0), sizes, bend.sum(1) + bend.sum(0)


def check(scores, labels, rtol=1e-12, **words):
    """The value within `rtol`, each derivative within it of the sizes of its terms, and each curvature.

    Discounts of neighbours at the last ranks agree to three digits: of their difference, a rounding is up to 5e-13.
    """
    exact = {name: word for name, word in words.items() if name != "method"}
    loss, gradient, sizes, curvature = by_every_pair(scores, labels, **exact)
    value, slopes = LOSS.value_and_grad(scores, labels, **words)
    again, bends = LOSS.grad_hess(scores, labels, **words)
    assert value == pytest.approx(float(loss), rel=rtol)
    for found in (slopes, again):
        assert (np.abs(found - gradient) <= rtol * sizes).all()
    np.testing.assert_allclose(bends, curvature.astype(float), rtol=1e-12, atol=1e-300)


NORMAL, GRADES = RNG.normal(size=SIZE), RNG.integers(0, 5, SIZE)
SCORES = {
    "normal": NORMAL,
    "many equal": np.round(2.0 * NORMAL) / 2.0,
    "all equal": np.ones(SIZE),
    "far apart": 15.0 * NORMAL,
    "two clouds": NORMAL + 60.0 * RNG.integers(0, 2, SIZE),  # beyond the window of boxes
    "offset": NORMAL + 2.0**30,
    "labels in order": np.sort(NORMAL)[np.argsort(np.argsort(GRADES, kind="stable"))],
    "on edges of boxes": RNG.integers(-8, 8, SIZE) / 2.0,
}
LABELS = {
    "grades": GRADES,
    "binary": RNG.integers(0, 2, SIZE),
    "one relevant": (np.arange(SIZE) == SIZE // 2).astype(int),
    "64 labels": RNG.integers(0, 64, SIZE) / 8.0,
    "immense gains": RNG.choice([0.0, 1.0, 500.0, 999.0, 1000.0], SIZE),
    "tiny": 1e-300 * GRADES,
}
WORDS = {
    "plain": {},
    "steep": {"sigma": 3.3},
    "flat": {"sigma": 1e-5},
    "linear": {"gains": "linear"},
    "first ranks": {"truncation_level": SIZE // 3},
    "few ranks": {"truncation_level": 7},
}


@pytest.fixture
def only_segments(monkeypatch):
    """Fail if a query is summed pair by pair."""

    def refuse(*_):
        raise AssertionError("summed pair by pair")

    used = []
    monkeypatch.setattr(engine, "direct_sums", refuse)
    monkeypatch.setattr(engine, "MOST", 1)
    sums = engine.fast_sums
    monkeypatch.setattr(engine, "fast_sums", lambda *words: used.append(words) or sums(*words))
    yield
    assert used


@pytest.mark.parametrize("scores", SCORES)
def test_scores(scores, only_segments):
    check(SCORES[scores], GRADES, method="fast")


@pytest.mark.parametrize("labels", LABELS)
def test_labels(labels, only_segments):
    check(NORMAL, LABELS[labels], method="fast", **({"gains": "linear"} if labels == "tiny" else {}))


@pytest.mark.parametrize("words", WORDS)
def test_parameters(words, only_segments):
    check(NORMAL, GRADES, method="fast", **WORDS[words])
    check(SCORES["many equal"], GRADES, method="fast", **WORDS[words])


def test_small_queries_by_segments(only_segments):
    for size in range(2, 9):
        check(NORMAL[:size], np.arange(size) % 3, method="fast")
        check(-NORMAL[:size], np.arange(size) % 2, method="fast", truncation_level=1)


@pytest.mark.parametrize("words", WORDS)
def test_pair_by_pair(words):
    for name in ("normal", "many equal", "far apart", "offset"):
        check(SCORES[name], GRADES, method="direct", **WORDS[words])


def test_scores_in_single_precision(only_segments):
    single = NORMAL.astype(np.float32)
    value, gradient = LOSS.value_and_grad(single, GRADES, method="fast")
    loss, slopes, *_ = by_every_pair(single, GRADES)
    assert gradient.dtype == np.float32 and value == pytest.approx(float(loss), rel=1e-12)
    np.testing.assert_allclose(gradient, slopes.astype(float), rtol=1e-6, atol=1e-7 * np.abs(slopes).max())


@pytest.mark.parametrize("words", WORDS)
def test_in_several_parts(words, monkeypatch):
    """Pairs of a large query lie in tiles of 512 ranks."""
    monkeypatch.setattr(engine, "MOST", 1)
    check(NORMAL, GRADES, method="direct", **WORDS[words])


def test_batches_of_queries(monkeypatch):
    """Queries of all sizes, in any order of the rows, are what each is alone."""
    ids, weights = RNG.integers(0, 6, SIZE), RNG.random(6)
    alone = [LOSS.value_and_grad(NORMAL[ids == g], GRADES[ids == g], method="direct") for g in range(6)]
    for batch in (1, 1 << 17):
        monkeypatch.setattr(engine, "BATCH", batch)
        words = {"groups": ids, "method": "fast"}
        each = LOSS(NORMAL, GRADES, reduction="none", **words)
        np.testing.assert_allclose(each, [value for value, _ in alone], rtol=1e-12)
        _, gradient = LOSS.value_and_grad(NORMAL, GRADES, reduction="sum", sample_weight=weights, **words)
        for g, (_, slopes) in enumerate(alone):
            atol = 1e-12 * np.abs(slopes).max()
            np.testing.assert_allclose(gradient[ids == g], weights[g] * slopes, rtol=0.0, atol=atol)


def test_queries_that_segments_do_not_sum():
    """Of three queries the one whose scores are not finite is summed pair by pair; so are all of too many labels."""
    third = SIZE // 3
    for bad in (np.nan, np.inf, -np.inf, 1e308):
        scores = NORMAL[: 3 * third].copy()
        scores[third + 4] = bad
        offsets, labels = np.arange(0, 3 * third + 1, third), GRADES[: 3 * third]
        fast, direct = (LOSS.value_and_grad(scores, labels, offsets=offsets, method=m) for m in ("fast", "direct"))
        middle = slice(third, 2 * third)
        np.testing.assert_array_equal(fast[1][middle], direct[1][middle])
        np.testing.assert_allclose(fast[1], direct[1], rtol=1e-9, atol=1e-14)
    labels = RNG.random(SIZE)
    np.testing.assert_array_equal(*(LOSS.grad_hess(NORMAL, labels, method=m) for m in ("fast", "direct")))


def test_no_pairs():
    for labels in (np.zeros(50), np.full(50, 3)):
        value, gradient = LOSS.value_and_grad(np.arange(50.0), labels, method="fast")
        assert value == 0.0 and not gradient.any()
    assert LOSS([], [], method="fast") == 0.0 and LOSS([1.0], [1], method="fast") == 0.0


@pytest.mark.parametrize("method", ["fast", "direct"])
@pytest.mark.parametrize("parts", ["one thread", "all threads"])
def test_infinite_scores(method, parts, monkeypatch):
    """Two padded rows below all others, and one above; by hand from pairs of finite scores."""
    monkeypatch.setattr(engine, "MOST", 1 if parts == "all threads" else 1 << 22)
    labels = np.array([0, 2, 0, 1, 0, 0])
    scores = np.array([0.3, 0.1, -np.inf, -0.4, -np.inf, 0.2])
    far = np.where(np.isinf(scores), -1e4, scores)
    for found, expected in zip(
        LOSS.grad_hess(scores, labels, method=method), LOSS.grad_hess(far, labels, method=method), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
    scores[0], labels[2], labels[4] = np.inf, 1, 1  # relevant rows infinitely far behind
    value, gradient = LOSS.value_and_grad(scores, labels, method=method)
    assert value == np.inf and np.isfinite(gradient).all()
    labels[4] = 0  # the gap between two equal infinities
    value, gradient = LOSS.value_and_grad(scores, labels, method=method)
    assert np.isnan(value) and np.isfinite(gradient[[0, 1, 3, 5]]).all() and np.isnan(gradient[[2, 4]]).all()


@pytest.mark.parametrize("method", ["fast", "direct"])
def test_nan(method, monkeypatch):
    for most in (1, 1 << 22):
        monkeypatch.setattr(engine, "MOST", most)
        scores = NORMAL[:60].copy()
        scores[7] = np.nan
        value, gradient = LOSS.value_and_grad(scores, np.arange(60) % 3, method=method)
        assert np.isnan(value) and np.isnan(gradient[np.arange(60) % 3 != 1]).all()  # rows of the label of row 7: no


def test_the_largest_scores():
    """Gaps that overflow: each loss is infinite, or its pair costs nothing."""
    for method in ("fast", "direct"):
        value, gradient = LOSS.value_and_grad([1.5e308, 0.0, -1.5e308], [2, 1, 0], method=method)
        assert value == 0.0 and not gradient.any()
        value, gradient = LOSS.value_and_grad([1.5e308, 0.0, -1.5e308], [0, 1, 2], method=method)
        assert value == np.inf and np.isfinite(gradient).all()
        value = LOSS([1e307, 0.0], [0, 30], method=method)  # the sum over pairs alone would be infinite
        assert value == pytest.approx(1e307 * (1.0 - 1.0 / np.log2(3.0)), rel=1e-14)


@slow
def test_bits_do_not_depend_on_threads():
    for size, method in ((LARGE, "direct"), (LARGE, "fast"), (SORTED, "fast")):
        scores, labels = RNG.normal(size=size), RNG.integers(0, 4, size)
        for words in ({}, {"truncation_level": 600}, {"offsets": [0, size // 2, size]}):
            found = []
            for count in (1, 2, 3):
                with fastloss.num_threads(count):
                    found.append(LOSS.value_and_grad(scores, labels, method=method, **words))
            for value, gradient in found[1:]:
                assert value == found[0][0]
                np.testing.assert_array_equal(gradient, found[0][1])


@slow
@pytest.mark.parametrize("size", [999, 1000, 2047, 2049, LARGE, SORTED])
def test_sizes_at_which_the_way_changes(size):
    scores, labels = np.round(RNG.normal(size=size), 2), RNG.integers(0, 4, size)
    expected = LOSS.grad_hess(scores, labels, method="direct")
    for found, one in zip(LOSS.grad_hess(scores, labels), expected, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-9, atol=1e-13 * np.abs(one).max())
    assert LOSS(scores, labels) == pytest.approx(LOSS(scores, labels, method="direct"), rel=1e-13)


def test_order_of_equal_numbers():
    from fastloss.core.orders import stable

    for numbers in (RNG.integers(0, 9, 500) / 2.0, RNG.normal(size=500), np.array([]), np.array([1.0, np.nan] * 40)):
        np.testing.assert_array_equal(stable(numbers), np.argsort(numbers, kind="stable"))


def test_products_of_matrices_take_all_rows():
    assert DEGREES % ROWS_AT_ONCE == 0
