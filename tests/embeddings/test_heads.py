"""The heads of losses over candidates, and the merging of sums, against arithmetic of 60 digits."""

import mpmath
import numpy as np
import pytest

from fastloss.embeddings.candidates import heads
from fastloss.embeddings.candidates.log_sums import merge

COUNT = 400
RNG = np.random.default_rng(0)
REST, TARGET = (RNG.normal(size=COUNT) * RNG.choice([1, 10, 100], COUNT) for _ in range(2))


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(60):
        yield


def ulps(results, exact):
    """The largest error in units of the last place."""
    errors = [abs(mpmath.mpf(float(one)) - right) for one, right in zip(results, exact, strict=True)]
    return max(float(error / float(np.spacing(abs(float(right))))) for error, right in zip(errors, exact, strict=True))


def numbers(array):
    return [mpmath.mpf(float(one)) for one in array]


def test_a_single_target():
    """2.0 ulp and 1.5 ulp were seen."""
    found = heads.AGAINST_REST(REST, [TARGET])
    gaps = numbers(REST - TARGET)
    assert ulps(found.losses, [mpmath.log1p(mpmath.exp(x)) for x in gaps]) < 2.5
    assert ulps(found.by_rest, [1 / (1 + mpmath.exp(-x)) for x in gaps]) < 2.5
    np.testing.assert_array_equal(found.by_terms[0], -found.by_rest)


def test_a_smoothed_target():
    average, weights = RNG.normal(size=COUNT) - 300.0, RNG.uniform(0.5, 2.0, COUNT)
    smoothing, total = 0.25, 1.5
    found = heads.Head(heads.smoothed, 2, (smoothing, total))(REST, [TARGET, average, weights])
    for i in range(COUNT):
        rest, target, mean, w = (mpmath.mpf(float(one[i])) for one in (REST, TARGET, average, weights))
        share = 1 / (1 + mpmath.exp(target - rest))
        sharp, smooth = (1 - smoothing) * w, mpmath.mpf(smoothing * total)
        log_sum = mpmath.log(mpmath.exp(rest) + mpmath.exp(target))
        loss = sharp * mpmath.log1p(mpmath.exp(rest - target)) + smooth * log_sum - smoothing * mean
        assert found.losses[i] == pytest.approx(float(loss), rel=1e-14, abs=1e-13)
        assert found.by_rest[i] == pytest.approx(float((sharp + smooth) * share), rel=1e-13)
        assert found.by_terms[0][i] == pytest.approx(float(smooth * (1 - share) - sharp * share), abs=1e-14)
    np.testing.assert_array_equal(found.by_terms[1], -smoothing)


def test_several_targets_lose_no_less_than_their_least():
    rest, target, least = np.array([1.0, 1.0, 1.0]), np.array([0.0, 0.9, 0.9]), np.array([0.5, 0.5, 0.5])
    found = heads.AGAINST_SOME(rest, [target, np.array([False, False, True]), least])
    np.testing.assert_allclose(found.losses, [1.0, 0.5, np.logaddexp(0.0, 0.1)], rtol=1e-15)
    np.testing.assert_allclose(found.by_rest, [1.0, 1.0, 1.0 / (1.0 + np.exp(-0.1))], rtol=1e-14)


def test_nan_and_infinities():
    rest = np.array([np.inf, -np.inf, np.nan, 0.0, np.inf])
    found = heads.AGAINST_REST(rest, [np.array([0.0, 0.0, 0.0, np.nan, np.inf])])
    np.testing.assert_array_equal(found.losses, [np.inf, 0.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found.by_rest, [1.0, 0.0, np.nan, np.nan, np.nan])


def test_sums_are_merged():
    """1.6 ulp was seen, as with NumPy's exponential; nothing is -inf with a sum of 0."""
    maxima, others = RNG.normal(size=COUNT) * 5, RNG.normal(size=COUNT) * 5
    sums, more = RNG.uniform(1, 50, COUNT), RNG.uniform(1, 50, COUNT)
    exact = [
        p * mpmath.exp(a - max(a, b)) + q * mpmath.exp(b - max(a, b))
        for a, p, b, q in zip(*map(numbers, (maxima, sums, others, more)), strict=True)
    ]
    highest = np.maximum(maxima, others)
    merge(maxima, sums, others, more)
    np.testing.assert_array_equal(maxima, highest)
    assert ulps(sums, exact) < 2.5
    maxima, sums = np.full(3, -np.inf), np.zeros(3)
    merge(maxima, sums, np.array([-np.inf, 2.0, 2.0]), np.array([0.0, 1.5, np.nan]))
    np.testing.assert_array_equal(maxima, [-np.inf, 2.0, 2.0])
    np.testing.assert_array_equal(sums, [0.0, 1.5, np.nan])
