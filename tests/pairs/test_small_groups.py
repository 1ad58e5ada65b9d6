"""Groups of few rows, whatever their sizes: against all pairs, one by one, in extended precision."""

import itertools

import numpy as np
import pytest

import fastloss
from fastloss.core.loss import Loss
from fastloss.pairs.small_groups.counts import TINY
from fastloss.pairs.small_groups.cpu import BATCH, FACTORS
from fastloss.pairs.small_groups.layout import MOST

VALUES = {
    "pairwise_logistic_loss": (lambda gap: np.logaddexp(0, -gap), lambda gap: -1 / (1 + np.exp(gap))),
    "pairwise_hinge_loss": (lambda gap: np.maximum(0, 1 - gap), lambda gap: -(gap <= 1).astype(np.longdouble)),
    "pairwise_squared_hinge_loss": (lambda gap: np.maximum(0, 1 - gap) ** 2, lambda gap: -2 * np.maximum(0, 1 - gap)),
    "pairwise_exponential_loss": (lambda gap: np.exp(-gap), lambda gap: -np.exp(-gap)),
}
SIZES = {
    "twos": [2] * 300,
    "no pairs": [1, 0, 1, 0],
    "one of each": list(range(2 * FACTORS + 3)),
    "around the limit": [MOST, MOST + 1, 3, MOST - 1, MOST],
    "counted at once or not": [TINY, TINY + 1] * 3,
    "products": [FACTORS, FACTORS + 1, 2 * FACTORS + 1, MOST],
    "batches": [7] * (2 * BATCH // 7 + 5),
    "a batch with a large end": [1] * (BATCH - 1) + [MOST] * 2,
    "few large among small": [2, MOST, 2, 3, 100, 1, 50, 2],
}
SCORES = {
    "near": lambda r, n: r.normal(size=n),
    "far apart": lambda r, n: r.normal(size=n) * 10.0 ** r.integers(-3, 3, n),
    "ties": lambda r, n: r.integers(0, 3, n).astype(float),
    "offset": lambda r, n: r.normal(size=n) + 1e6,
}
LABELS = {
    "two": lambda r, n: r.integers(0, 2, n),
    "grades": lambda r, n: r.integers(0, 5, n),
    "real": lambda r, n: r.normal(size=n),
}


def oracle(name, scores, labels, weights, offsets):
    """Each row's loss, its slope, and each group's pairs and their weight."""
    value, slope = VALUES[name]
    s, w = scores.astype(np.longdouble), weights.astype(np.longdouble)
    each, slopes = np.zeros_like(s), np.zeros_like(s)
    pairs, weight = [], []
    for start, stop in itertools.pairwise(offsets):
        rows = slice(start, stop)
        first, second = np.nonzero(labels[rows, None] > labels[None, rows])
        gaps, both = s[rows][first] - s[rows][second], w[rows][first] * w[rows][second]
        with np.errstate(over="ignore"):
            np.add.at(each, start + first, both * value(gaps))
            np.add.at(slopes, start + first, both * slope(gaps))
            np.add.at(slopes, start + second, -both * slope(gaps))
        pairs.append(first.size)
        weight.append(float(both.sum()))
    return each, slopes, np.array(pairs, int), np.array(weight)


def agree(found, expected, scale, digits):
    error = np.abs(found - expected)
    assert (error <= digits * (np.abs(expected) + scale)).all(), error.max()


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", VALUES)
def test_small_groups_are_the_sum_of_their_pairs(name, sizes, scores, labels, weighted):
    r = np.random.default_rng(len(sizes) + sum(sizes))
    offsets = np.append(0, np.cumsum(sizes))
    n = int(offsets[-1])
    if name == "pairwise_exponential_loss" and scores == "far apart":
        pytest.skip("overflows by definition")
    s, y = SCORES[scores](r, n), LABELS[labels](r, n)
    w = r.choice([0.0, 0.25, 1.5, 3.0], n) if weighted else np.ones(n)
    each, slopes, pairs, _ = oracle(name, s, y, w, offsets)
    loss: Loss = getattr(fastloss, name)
    words = {"offsets": offsets, "sample_weight": w if weighted else None}
    found, gradient = loss.value_and_grad(s, y, reduction="none", **words)
    spread = np.ptp(s) if s.size else 0.0  # gaps are rounded in proportion to it, and a hinge is their distance to 1
    scale, digits = (spread if "hinge" in name else 0.0), 1e-14 * (10.0 + spread)
    agree(found, each, scale, digits)
    agree(gradient, slopes, np.abs(slopes).max(initial=0.0) * 1e-2, digits)
    total, counted = loss(s, y, reduction="sum", with_counts=True, **words)
    agree(total, each.sum(), 0.0, digits)
    assert counted == pairs.sum()


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
def test_means_and_counts_of_groups(weighted):
    r = np.random.default_rng(3)
    sizes = r.integers(0, 40, 200)
    offsets = np.append(0, np.cumsum(sizes))
    s, y = r.normal(size=offsets[-1]), r.integers(0, 3, offsets[-1])
    w = r.random(s.size) if weighted else np.ones(s.size)
    each, slopes, pairs, weight = oracle("pairwise_logistic_loss", s, y, w, offsets)
    sums = np.add.reduceat(np.append(each, 0.0), offsets[:-1]) * (sizes > 0)
    words = {"offsets": offsets, "sample_weight": w if weighted else None, "reduction": "per_group"}
    found, gradient, counts = fastloss.pairwise_logistic_loss.value_and_grad(s, y, with_counts=True, **words)
    some = pairs > 0
    np.testing.assert_allclose(found[some], (sums[some] / weight[some]).astype(float), rtol=1e-13)
    assert np.isnan(found[~some]).all() and counts.tolist() == pairs.tolist()
    scale = np.repeat(np.where(some, weight, 1.0), sizes)
    np.testing.assert_allclose(gradient, (slopes / scale).astype(float), rtol=1e-12, atol=1e-15)


def test_the_second_derivative_is_the_slope_of_the_first():
    r = np.random.default_rng(4)
    sizes = [2, 9, 30, 30, 9, 100]
    offsets = np.append(0, np.cumsum(sizes))
    s, y, w = r.normal(size=offsets[-1]), r.integers(0, 4, offsets[-1]), r.random(offsets[-1])
    words = {"offsets": offsets, "reduction": "sum"}
    for weights in (None, w):
        for loss in (fastloss.pairwise_logistic_loss, fastloss.pairwise_squared_hinge_loss):
            _, curvature = loss.grad_hess(s, y, sample_weight=weights, **words)
            step = 1e-6
            for row in r.integers(0, s.size, 10):
                slopes = []
                for sign in (1.0, -1.0):
                    moved = s.copy()
                    moved[row] += sign * step
                    slopes.append(loss.value_and_grad(moved, y, sample_weight=weights, **words)[1][row])
                assert (slopes[0] - slopes[1]) / (2 * step) == pytest.approx(curvature[row], rel=1e-5, abs=1e-6)


def test_rows_of_infinite_or_missing_scores_do_not_touch_other_groups():
    offsets = np.array([0, 3, 6, 9, 12])
    s = np.array([0.5, 1.0, -1.0, np.nan, 1.0, 2.0, np.inf, 0.0, 1.0, -np.inf, 2.0, 1.0])
    y = np.array([1, 0, 0] * 4)
    found, gradient = fastloss.pairwise_logistic_loss.value_and_grad(s, y, offsets=offsets, reduction="per_group")
    alone = [fastloss.pairwise_logistic_loss(s[a : a + 3], y[a : a + 3]) for a in (0, 3, 6, 9)]
    np.testing.assert_array_equal(found, alone)
    assert np.isfinite(found[0]) and np.isnan(found[1]) and found[2] == 0.0 and np.isposinf(found[3])
    assert np.isfinite(gradient[:3]).all() and np.isnan(gradient[3:6]).all()


def test_a_row_without_weight_adds_nothing_however_wrong_its_score():
    s, y, w = np.array([-1e308, 0.0, 1e308, 1.0]), np.array([1, 0, 0, 1]), np.array([0.0, 1.0, 0.0, 1.0])
    offsets = np.array([0, 4])
    for loss in (fastloss.pairwise_squared_hinge_loss, fastloss.pairwise_logistic_loss):
        value, gradient = loss.value_and_grad(s, y, offsets=offsets, sample_weight=w)
        assert value == pytest.approx(loss(s[[1, 3]], y[[1, 3]]))
        assert gradient[0] == 0.0 == gradient[2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_results_have_the_dtype_of_the_scores_and_rows_may_lie_anywhere(dtype):
    r = np.random.default_rng(6)
    groups = r.permutation(np.repeat(np.arange(50), r.integers(1, 12, 50)))
    s, y = r.normal(size=groups.size).astype(dtype), r.integers(0, 2, groups.size)
    _, gradient = fastloss.pairwise_logistic_loss.value_and_grad(s, y, groups=groups, reduction="sum")
    order = np.argsort(groups, kind="stable")
    offsets = np.searchsorted(groups[order], np.arange(51))
    _, ordered = fastloss.pairwise_logistic_loss.value_and_grad(s[order], y[order], offsets=offsets, reduction="sum")
    assert gradient.dtype == ordered.dtype
    assert (gradient[order] == ordered).all()


def test_bits_depend_neither_on_threads_nor_on_other_groups():
    r = np.random.default_rng(7)
    sizes = r.integers(1, MOST + 1, 3000)
    offsets = np.append(0, np.cumsum(sizes))
    s, y = r.normal(size=offsets[-1]), r.integers(0, 3, offsets[-1])
    words = {"offsets": offsets, "reduction": "per_group"}
    with fastloss.num_threads(1):
        alone = fastloss.pairwise_logistic_loss.value_and_grad(s, y, **words)
    together = fastloss.pairwise_logistic_loss.value_and_grad(s, y, **words)
    assert all(one.tobytes() == other.tobytes() for one, other in zip(alone, together, strict=True))
    for g in np.flatnonzero(~np.isnan(alone[0]))[::100]:
        rows = slice(offsets[g], offsets[g + 1])
        value, gradient = fastloss.pairwise_logistic_loss.value_and_grad(s[rows], y[rows])
        assert value == alone[0][g] and np.array_equal(gradient, alone[1][rows])


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_a_batch_may_have_more_empty_groups_than_rows(place):
    r = np.random.default_rng(8)
    s, y = r.normal(size=40), r.integers(0, 2, 40)
    empty = BATCH + MOST + 500
    at = {"before": 0, "between": 10, "after": 20}[place]
    offsets = np.arange(0, 41, 2)
    words = {"reduction": "per_group"}
    found, gradient = fastloss.pairwise_logistic_loss.value_and_grad(s, y, offsets=offsets, **words)
    wider = np.insert(offsets, at, np.full(empty, offsets[at]))
    again, same = fastloss.pairwise_logistic_loss.value_and_grad(s, y, offsets=wider, **words)
    assert np.array_equal(np.delete(again, slice(at, at + empty)), found, equal_nan=True)
    assert np.array_equal(gradient, same, equal_nan=True)


@pytest.mark.parametrize("rows", [3, MOST + 20])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_missing_score_touches_its_own_pairs_alone(at, rows):
    s, y = np.append([-1000.0, 0.0], np.zeros(rows - 3)), np.append([1, 0], np.zeros(rows - 3, int))
    s, y = np.insert(s, at, np.nan), np.insert(y, at, 1)
    for weights in (None, np.ones(rows)):
        each = fastloss.pairwise_logistic_loss(s, y, reduction="none", offsets=[0, rows], sample_weight=weights)
        known = ~np.isnan(s)
        assert np.isnan(each[at]) and each[known].tolist() == [1000.0 * (rows - 2)] + [0.0] * (rows - 2)


@pytest.mark.parametrize("rows", [4, MOST + 20])
def test_weights_whose_sum_overflows_add_nothing_where_the_others_are_0(rows):
    weights = np.append([1e308, 1e308], np.zeros(rows - 2))
    labels = np.append([0, 0, 1], np.full(rows - 3, 2))
    assert fastloss.pairwise_logistic_loss.group_sums(np.zeros(rows), labels, sample_weight=weights).weight == [0.0]


@pytest.mark.compiled
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_a_group_has_the_same_bits_whatever_groups_are_beside_it(name, weighted):
    """Packed instructions and the rest of a loop round alike."""
    loss, rng = getattr(fastloss, name), np.random.default_rng(11)
    for _ in range(10):
        offsets = np.append(0, np.cumsum(rng.integers(1, 40, 300)))
        scores, labels = rng.normal(size=offsets[-1]), rng.integers(0, 4, offsets[-1]).astype(float)
        weights = rng.random(scores.size) * (rng.random(scores.size) < 0.9) if weighted else None
        words = {"offsets": offsets, "sample_weight": weights}
        whole = loss.group_sums(scores, labels, **words).loss
        slopes = loss.value_and_grad(scores, labels, reduction="sum", **words)[1]
        for count in (1, 3, 50):
            end = offsets[count]
            words = {"offsets": offsets[: count + 1], "sample_weight": None if weights is None else weights[:end]}
            assert np.array_equal(loss.group_sums(scores[:end], labels[:end], **words).loss, whole[:count])
            some = loss.value_and_grad(scores[:end], labels[:end], reduction="sum", **words)[1]
            assert np.array_equal(some, slopes[:end])
