"""Margins of pairs and rows, and sums by probability."""

import numpy as np
import pytest

from fastloss.cli.page import margins
from fastloss.cli.page.calibration import Calibration
from fastloss.cli.page.margins import PAIRS_OF_A_ROW, RowMargins, pairs_of
from fastloss.metrics import expected_calibration_error


def all_pairs(labels, offsets):
    pairs = set()
    for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        pairs |= {(i, j) for i in range(start, stop) for j in range(start, stop) if labels[i] > labels[j]}
    return pairs


def together(labels, offsets):
    """The rows of larger labels and the others of all pairs, as margins of rows' numbers tell."""
    found = list(pairs_of(labels, offsets))
    if not found:
        return np.empty((2, 0), np.int64)
    first, second, signs = (np.concatenate(some) for some in zip(*found, strict=True))
    larger, smaller = np.where(signs > 0, first, second), np.where(signs > 0, second, first)
    every = np.concatenate([one.margins(np.sqrt(np.arange(labels.size))) for one in found])
    differ = signs != 0
    np.testing.assert_array_equal(every, np.sqrt(larger[differ]) - np.sqrt(smaller[differ]))
    return np.array([larger[differ], smaller[differ]])


@pytest.mark.parametrize("rows", [3, margins.ROWS])
def test_all_pairs_of_small_groups(rows, monkeypatch):
    monkeypatch.setattr(margins, "ROWS", rows)
    rng = np.random.default_rng(0)
    sizes = np.array([0, 1, 2, 5, 2, PAIRS_OF_A_ROW + 1, 0, 3])
    offsets = np.append(0, np.cumsum(sizes))
    labels = rng.integers(0, 3, offsets[-1])
    larger, smaller = together(labels, offsets)
    found = list(zip(larger.tolist(), smaller.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == all_pairs(labels, offsets)


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_some_pairs_of_a_large_group_are_like_all(order):
    rng, size = np.random.default_rng(1), 3000
    labels = rng.integers(0, 2, size)
    scores = labels + rng.normal(size=size)
    if order == "sorted":
        by_score = np.argsort(scores)
        scores, labels = scores[by_score], labels[by_score]
    larger, smaller = together(labels, np.array([0, size]))
    assert larger.size <= PAIRS_OF_A_ROW * size
    found = scores[larger] - scores[smaller]
    every = np.subtract.outer(scores[labels == 1], scores[labels == 0])
    # origin: 12000 pairs of 3000 rows; the standard error of a share over rows is about 0.01
    assert abs((found < 0.0).mean() - (every < 0.0).mean()) < 0.02
    assert abs(np.median(found) - np.median(every)) < 0.05


def test_no_pairs():
    assert together(np.zeros(4), np.array([0, 4])).size == 0
    assert together(np.zeros(0), np.array([0])).size == 0
    assert together(np.array([np.nan, 1.0]), np.array([0, 2])).size == 0


def extremes(found):
    return {kind: (one.count, one.low, one.high) for kind, one in found.items()}


def test_margins_of_scores_and_of_probabilities():
    scores, signs = np.array([0.25, 0.5, 1.0]), np.array([1, -1, -1])
    some = RowMargins(("probabilities", "scores", "residuals"))
    some.add(scores, (signs + 1) // 2, signs)
    assert extremes(some.found) == {
        "probabilities": (3, -1.0, 0.0),
        "scores": (3, -1.0, 0.25),
        "residuals": (3, -0.75, 1.0),
    }
    some.add(np.array([3.0]), np.array([0]), np.array([-1]))
    assert extremes(some.found) == {"scores": (4, -3.0, 0.25), "residuals": (4, -0.75, 3.0)}
    some.add(np.array([3.0]), np.array([7.5]), None)
    some.add(np.array([3.0]), np.array([1]), np.array([1]))
    assert extremes(some.found) == {"residuals": (6, -4.5, 3.0)}


def test_margins_of_classes():
    some = RowMargins(("classes",))
    some.add_classes(np.array([[1.0, 3.0, 0.5], [1.0, 3.0, 0.5], [0.0, 0.0, 9.0]]), np.array([1, 0, -100]))
    some.add_classes(np.array([[np.nan, 1.0, 2.0]]), np.array([2]))
    assert extremes(some.found) == {"classes": (2, -2.0, 2.0)}
    assert some.found["classes"].nans == 1


def calibration(scores, classes, weights=None, is_of_logits=False, size=None):
    found = Calibration(is_of_logits)
    size = size or scores.size
    for start in range(0, scores.size, size):
        stop = start + size
        assert found.add(scores[start:stop], classes[start:stop], None if weights is None else weights[start:stop])
    return found.result()


def test_bins_of_equal_counts_against_the_metric():
    rng = np.random.default_rng(3)
    p = rng.beta(2, 5, 40_000)
    classes = rng.random(p.size) < p**1.3
    found = calibration(p, classes)
    assert found.rows.size == 20
    assert abs(found.rows - 2000).max() < 100  # rows of one step of log-odds
    expected = expected_calibration_error(p, classes, bins=20, strategy="quantile")
    assert found.error == pytest.approx(expected, rel=0.01)
    assert found.mean == pytest.approx(p.mean(), rel=1e-12)
    assert found.rate == pytest.approx(classes.mean(), rel=1e-12)


def test_logits_are_probabilities_after_the_logistic_function():
    rng = np.random.default_rng(4)
    z = rng.normal(size=3000) * 3
    classes = rng.random(z.size) < 0.4
    one = calibration(z, classes, is_of_logits=True)
    other = calibration(1.0 / (1.0 + np.exp(-z)), classes)
    np.testing.assert_allclose(one.predicted, other.predicted, rtol=1e-12)
    np.testing.assert_array_equal(one.rates, other.rates)


def test_weights_act_as_repetitions_and_batches_do_not_matter():
    rng = np.random.default_rng(5)
    p, classes, weights = rng.random(900), rng.integers(0, 2, 900), rng.integers(0, 4, 900)
    whole = calibration(p, classes, weights)
    repeated = calibration(np.repeat(p, weights), np.repeat(classes, weights))
    assert (whole.mean, whole.rate) == pytest.approx((repeated.mean, repeated.rate), rel=1e-12)
    for size in (1, 13, 500):
        some = calibration(p, classes, weights, size=size)
        for one, other in zip(some, whole, strict=True):
            np.testing.assert_array_equal(one, other)


def test_certain_probabilities_ties_and_nan():
    p = np.array([0.0, 1.0, 1.0, np.nan, 0.5] * 40)
    classes = np.array([0, 1, 0, 1, 1] * 40)
    found = calibration(p, classes)
    assert found.rows.sum() == 160
    assert found.error == pytest.approx((80 * 0.5 + 40 * 0.5) / 160)


def test_what_is_no_probability():
    assert not Calibration(False).add(np.array([0.5, 1.5]), np.array([0, 1]), None)
    assert Calibration(False).result() is None
    assert calibration(np.array([0.5]), np.array([1]), np.array([0.0])) is None
