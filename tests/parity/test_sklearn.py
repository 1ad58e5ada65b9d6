"""Losses that scikit-learn defines too."""

import numpy as np
import pytest

import fastloss

metrics = pytest.importorskip("sklearn.metrics")
RNG = np.random.default_rng(6)
PREDICTED, ACTUAL, WEIGHTS = RNG.uniform(0.5, 4.0, 50), RNG.uniform(0.5, 4.0, 50), RNG.uniform(0.1, 2.0, 50)


@pytest.mark.parametrize(
    ("ours", "theirs", "words", "their_words"),
    [
        ("mse_loss", "mean_squared_error", {}, {}),
        ("l1_loss", "mean_absolute_error", {}, {}),
        ("rmse_loss", "root_mean_squared_error", {}, {}),
        ("mape_loss", "mean_absolute_percentage_error", {}, {}),
        ("msle_loss", "mean_squared_log_error", {}, {}),
        ("quantile_loss", "mean_pinball_loss", {"q": 0.3}, {"alpha": 0.3}),
    ],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_regression(ours, theirs, words, their_words, weights):
    expected = getattr(metrics, theirs)(ACTUAL, PREDICTED, sample_weight=weights, **their_words)
    assert getattr(fastloss, ours)(PREDICTED, ACTUAL, sample_weight=weights, **words) == pytest.approx(
        expected, rel=1e-13
    )


def test_hinge():
    scores, labels = RNG.normal(size=50), RNG.choice([-1, 1], 50)
    assert fastloss.hinge_loss(scores, labels) == pytest.approx(metrics.hinge_loss(labels, scores), rel=1e-13)


def test_log_loss():
    p, labels = RNG.dirichlet(np.ones(3), 50), RNG.integers(0, 3, 50)
    expected = metrics.log_loss(labels, p)
    assert fastloss.nll_loss(np.log(p), labels) == pytest.approx(expected, rel=1e-13)
    assert fastloss.categorical_cross_entropy(p, np.eye(3)[labels]) == pytest.approx(expected, rel=1e-13)
