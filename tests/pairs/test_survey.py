"""What a survey says of groups: their labels, how many rows have each, and the bounds of their scores."""

import numpy as np
import pytest

from fastloss.pairs.halving import LEVELS
from fastloss.pairs.records import Columns
from fastloss.pairs.survey import survey

ENDS = np.array([0, 5, 6, 80, 80 + 256, 1000, 1000, 200_000])  # 200_000 rows are several ranges of a survey
BOUNDS = np.stack((ENDS[:-1], ENDS[1:]), 1)[np.diff(ENDS) > 0]


def surveyed(labels, dtype=np.float64, weighted=False, inject=()):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=labels.size).astype(dtype)
    for at, value in inject:
        scores[at] = value
    weights = rng.random(labels.size) if weighted else np.empty(0)
    found = survey(Columns(scores, labels, weights), BOUNDS)
    parts = [(scores[i:j], labels[i:j], weights[i:j] if weighted else np.ones(j - i)) for i, j in BOUNDS]
    return list(zip(parts, found, strict=True))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("levels", [1, 2, 5, LEVELS])
def test_each_groups_levels(levels, dtype, weighted):
    labels = np.random.default_rng(levels).integers(-2, levels - 2, ENDS[-1]).astype(dtype)
    for (scores, own, weights), one in surveyed(labels, dtype, weighted):
        values, counts = np.unique(own, return_counts=True)
        np.testing.assert_array_equal(one.values, values)
        np.testing.assert_array_equal(one.counts, counts)
        sums = [weights[own == y].sum() for y in values]
        np.testing.assert_allclose(one.weights, sums, rtol=1e-13)  # two orders of 2e5 terms
        assert (one.low, one.high) == (scores.min(), scores.max())
        assert one.finite and not one.many


def test_labels_in_order_and_labels_that_come_late():
    rising = np.sort(np.random.default_rng(1).integers(0, LEVELS, ENDS[-1])).astype(float)
    late = np.zeros(ENDS[-1])
    late[-1] = -7.5
    for labels in (rising, rising[::-1].copy(), late):
        for (_, own, _), one in surveyed(labels):
            values, counts = np.unique(own, return_counts=True)
            np.testing.assert_array_equal(one.values, values)
            np.testing.assert_array_equal(one.counts, counts)


@pytest.mark.parametrize("weighted", [False, True])
def test_more_labels_than_are_counted(weighted):
    labels = np.random.default_rng(2).integers(0, LEVELS + 1, ENDS[-1]).astype(float)
    for (_, own, weights), one in surveyed(labels, weighted=weighted):
        assert one.many == (np.unique(own).size > LEVELS)
        assert one.counts.sum() == own.size
        np.testing.assert_allclose(one.weights.sum(), weights.sum(), rtol=1e-13)


def test_scores_that_are_not_finite():
    inject = [(5, np.nan), (6, np.inf), (7, -np.inf), (79, np.nan), (900, -np.inf), (100_000, np.nan), (999, -0.0)]
    for (scores, _, _), one in surveyed(np.zeros(ENDS[-1]), inject=inject):
        finite = scores[np.isfinite(scores)]
        assert one.finite == (finite.size == scores.size)
        assert one.low == finite.min(initial=np.inf) and one.high == finite.max(initial=-np.inf)


@pytest.mark.parametrize("extreme", [0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308])
def test_bounds_of_equal_scores(extreme):
    scores = np.full(300, extreme)
    (one,) = survey(Columns(scores, np.zeros(300), np.empty(0)), np.array([[0, 300]]))
    assert one.low.hex() == one.high.hex() == extreme.hex()
