"""The constant at which a loss is least: closed forms, and no better one beside it."""

import math

import numpy as np
import pytest

from fastloss.boosting import metric, objective, start
from fastloss.boosting.scored import Sample
from tests.boosting.examples import boostable, example, words

lightgbm = pytest.importorskip("lightgbm")

RNG = np.random.default_rng(0)
LABELS = RNG.normal(3.0, 20.0, 1001)
WEIGHTS = RNG.uniform(0.0, 2.0, 1001)
CLASSES = RNG.integers(0, 4, 1001)
SHARES = np.bincount(CLASSES) / CLASSES.size


@pytest.mark.parametrize(
    ("name", "given", "labels", "expected"),
    [
        ("mse_loss", {}, LABELS, LABELS.mean()),
        ("mse_loss", {}, 1e9 * LABELS, 1e9 * LABELS.mean()),
        ("rmse_loss", {}, LABELS, LABELS.mean()),
        ("l1_loss", {}, LABELS, np.median(LABELS)),
        ("l1_loss", {}, 1e-9 * LABELS, np.median(1e-9 * LABELS)),
        ("quantile_loss", {"q": 0.9}, LABELS, np.quantile(LABELS, 0.9, method="inverted_cdf")),
        ("poisson_nll_loss", {}, np.abs(LABELS) * 1e4, math.log(np.abs(LABELS).mean() * 1e4)),
        ("binary_cross_entropy_with_logits", {}, CLASSES == 0, math.log(SHARES[0] / (1.0 - SHARES[0]))),
        ("lambdarank_loss", {}, CLASSES, 0.0),
        ("pairwise_logistic_loss", {}, CLASSES, 0.0),
    ],
)
def test_closed_forms(name, given, labels, expected):
    found = objective(name, "lightgbm", **given).start(labels)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_weights():
    data = lightgbm.Dataset(np.zeros((1001, 1)), LABELS, weight=WEIGHTS, params={"verbose": -1})
    found = objective("mse_loss", "lightgbm").start(data)
    assert found == pytest.approx(np.average(LABELS, weights=WEIGHTS), rel=1e-6)  # it keeps labels as float32


@pytest.mark.parametrize("labels", [CLASSES, np.repeat([0, 1, 2], [9980, 15, 5]), np.repeat([0, 2], 50)])
def test_classes(labels):
    """Logarithms of shares, up to a constant; a class that is not there goes where it has no probability."""
    made = objective("cross_entropy", "lightgbm")
    found = made.start(labels)
    np.testing.assert_allclose(made.transform(found), np.bincount(labels) / labels.size, rtol=1e-9, atol=1e-15)
    assert made.start(labels, columns=7).shape == (7,)


def test_columns_of_labels():
    labels = np.stack([LABELS, 5.0 * LABELS + 1.0], axis=1)
    np.testing.assert_allclose(objective("mse_loss", "lightgbm").start(labels), labels.mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("labels", [np.zeros(50), np.ones(50)])
def test_one_class_alone(labels):
    """The best constant is infinite: it stops where the slope is lost in rounding."""
    made = objective("binary_cross_entropy_with_logits", "lightgbm")
    found = made.start(labels)
    assert 30.0 < abs(found) < 40.0
    assert made.transform(found) == pytest.approx(labels[0], abs=1e-12)


def test_no_rows():
    assert objective("mse_loss", "lightgbm").start([]) == 0.0


@pytest.mark.parametrize("name", boostable())
def test_no_constant_beside_it_is_better(name):
    data = example(name)
    if data.sizes is not None:
        pytest.skip("no constant has an influence")
    made, measure = objective(name, "lightgbm", **words(name)), metric(name, "lightgbm", **words(name))
    found = made.start(data.labels, data.columns or None)
    sample, zeros = Sample(data.labels), np.zeros_like(data.scores)
    least = measure.value(zeros + found, sample)
    assert np.shape(found) == (() if not data.columns else (data.columns,))
    assert least <= measure.value(zeros, sample)
    if name == "multi_margin_loss":
        return  # with corners across columns, at which steps by columns end early
    for at in range(max(data.columns, 1)):
        for step in (-1e-2, 1e-2):
            moved = np.array(found, float)
            moved.flat[at] += step
            assert least <= measure.value(zeros + moved, sample) + 1e-9, (at, step)


def test_slopes_that_never_end():
    """Of a slope that is never 0 nor changes its sign it is a number, after a bounded number of steps."""
    calls = []

    def sums(at: float) -> start.Sums:
        calls.append(at)
        return start.Sums(np.float64(1.0), np.float64(0.0))

    assert start.of_one(sums) < -1e30
    assert len(calls) <= start.STEPS
