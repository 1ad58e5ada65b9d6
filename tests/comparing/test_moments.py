"""Moments of units: against sums in two passes, the jackknife, and themselves in other orders."""

import math

import numpy as np
import pytest

from fastloss.comparing.moments import ROOT, Moments, estimate


def of(sums, weights=None):
    made = Moments(len(sums))
    made.add(sums, weights)
    return made


def direct(sums, weights):
    """The standard error of the difference of two means, from residuals."""
    means = sums.sum(1) / weights.sum()
    residuals = (sums - means[:, None] * weights) / weights.sum()
    size = np.count_nonzero(weights)
    return math.sqrt(size / (size - 1) * np.sum((residuals[0] - residuals[1]) ** 2))


def jackknife(sums, weights):
    size = weights.size
    left = (sums.sum(1, keepdims=True) - sums) / (weights.sum() - weights)
    differences = left[0] - left[1]
    return math.sqrt((size - 1) / size * np.sum((differences - differences.mean()) ** 2))


@pytest.mark.parametrize("weighted", [False, True])
def test_against_residuals(weighted):
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.0, 3.0, 500) if weighted else np.ones(500)
    weights[:7] *= not weighted
    sums = rng.standard_normal((2, 500)) * weights
    found = estimate([of(sums, weights)], {0: 1, 1: -1})
    assert found.values == pytest.approx(sums.sum(1) / weights.sum(), rel=1e-12)
    assert found.number == pytest.approx((sums[0].sum() - sums[1].sum()) / weights.sum(), rel=1e-12)
    assert found.standard_error == pytest.approx(direct(sums, weights), rel=1e-12)
    assert found.units == (493 if weighted else 500)
    alone = estimate([of(sums, weights)], {0: 1})
    assert alone.standard_error == pytest.approx(direct(np.stack((sums[0], np.zeros(500))), weights), rel=1e-12)


def test_the_jackknife_is_the_same_for_equal_weights_and_close_for_others():
    rng = np.random.default_rng(1)
    sums = rng.standard_normal((2, 200))
    equal = np.full(200, 0.7)
    assert estimate([of(sums, equal)], {0: 1, 1: -1}).standard_error == pytest.approx(jackknife(sums, equal), rel=1e-12)
    weights = rng.integers(1, 9, 200) * 1.0
    found = estimate([of(sums * weights, weights)], {0: 1, 1: -1}).standard_error
    assert found == pytest.approx(jackknife(sums * weights, weights), rel=0.02)
    assert found < jackknife(sums * weights, weights)


def test_batches_and_their_order_change_no_bit():
    rng = np.random.default_rng(2)
    sums, weights = rng.standard_normal((3, 1000)) * np.exp(rng.uniform(-30, 30, 1000)), rng.random(1000)
    whole = of(sums, weights)
    parts = [of(sums[:, own], weights[own]) for own in np.array_split(rng.permutation(1000), 7)]
    merged = Moments(3)
    for part in reversed(parts):
        merged.merge(part)
    for signs in ({0: 1}, {0: 1, 1: -1}, {1: 1, 2: -1}):
        assert estimate([whole], signs) == estimate([merged], signs)


def test_nothing_cancels():
    rng = np.random.default_rng(3)
    noise = np.ldexp(rng.integers(-500, 500, 300).astype(float), -40)
    sums = np.stack((1e6 + noise, np.zeros(300)))  # exact
    assert estimate([of(sums)], {0: 1, 1: -1}).standard_error == pytest.approx(
        noise.std(ddof=1) / math.sqrt(300), rel=1e-12
    )
    assert estimate([of(np.stack((noise + 0.5, noise)))], {0: 1, 1: -1})[1:3] == (0.5, 0.0)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_may_be_beyond_the_range(scale):
    rng = np.random.default_rng(4)
    sums = rng.standard_normal((2, 50))
    small, large = (estimate([of(sums * by)], {0: 1, 1: -1}).standard_error for by in (1.0, scale))
    assert large == pytest.approx(small * scale, rel=1e-12)


def test_not_finite():
    sums = np.array([[1.0, math.inf, 2.0], [1.0, math.nan, 2.0], [1.0, 2.0, 4.0], [2.0, 2.0, 2.0]])
    made = of(sums)
    assert estimate([made], {0: 1, 2: -1})[:2] == ((math.inf, 7.0 / 3.0), math.inf)
    assert math.isnan(estimate([made], {0: 1, 2: -1}).standard_error)
    assert math.isnan(estimate([made], {1: 1, 2: -1}).number)
    assert estimate([made], {2: 1, 3: -1}).number == 1.0 / 3.0
    assert estimate([made], {2: 1, 3: -1}).standard_error == pytest.approx(np.std([1, 2, 4], ddof=1) / math.sqrt(3.0))


def test_few_units():
    for sums, weights in ((np.zeros((2, 0)), None), (np.ones((2, 3)), np.zeros(3))):
        found = estimate([of(sums, weights)], {0: 1, 1: -1})
        assert all(map(math.isnan, (*found.values, found.number, found.standard_error)))
        assert found.units == 0
    found = estimate([of(np.array([[1.0], [3.0]]))], {0: 1, 1: -1})
    assert found[:2] == ((1.0, 3.0), -2.0)
    assert math.isnan(found.standard_error)


def test_link():
    rng = np.random.default_rng(5)
    sums = rng.random((2, 4000)) * [[1.0], [2.0]]
    found = estimate([of(sums)], {0: 1, 1: -1}, ROOT)
    assert found.values == pytest.approx(np.sqrt(sums.mean(1)), rel=1e-12)
    left = np.sqrt((sums.sum(1, keepdims=True) - sums) / 3999)
    spread = np.var(left[0] - left[1], ddof=0) * 3999
    assert found.standard_error == pytest.approx(math.sqrt(spread), rel=1e-4)  # the jackknife's
    perfect = estimate([of(np.stack((np.zeros(5), np.ones(5))))], {0: 1, 1: -1}, ROOT)
    assert perfect.number == -1.0
    assert math.isnan(perfect.standard_error)  # the root has no slope at 0


def test_wrong_shapes():
    made = Moments(2)
    with pytest.raises(ValueError, match="sums has shape"):
        made.add(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="weights has shape"):
        made.add(np.zeros((2, 4)), np.ones(3))
    with pytest.raises(ValueError, match="other has 3 models"):
        made.merge(Moments(3))
    assert made.units == 0
