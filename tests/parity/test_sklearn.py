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


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_several_quantiles(weights):
    levels, predicted = (0.1, 0.5, 0.8), RNG.normal(size=(50, 3))
    expected = np.mean(
        [
            metrics.mean_pinball_loss(ACTUAL, column, sample_weight=weights, alpha=q)
            for q, column in zip(levels, predicted.T, strict=True)
        ]
    )
    value = fastloss.multi_quantile_loss(predicted, ACTUAL, quantiles=levels, sample_weight=weights)
    assert value == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("ours", "words", "power"),
    [
        ("mse_loss", {}, 0),
        ("poisson_nll_loss", {"log_input": False, "eps": 0.0}, 1),
        ("tweedie_loss", {"log_input": False, "eps": 0.0, "power": 1.0}, 1),
        ("tweedie_loss", {"log_input": False, "eps": 0.0, "power": 1.2}, 1.2),
        ("tweedie_loss", {"log_input": False, "eps": 0.0, "power": 1.9}, 1.9),
        ("tweedie_loss", {"log_input": False, "eps": 0.0, "power": 2.0}, 2),
        ("gamma_nll_loss", {"log_input": False, "eps": 0.0}, 2),
    ],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_deviances_are_twice_the_difference_to_a_perfect_fit(ours, words, power, weights):
    loss = getattr(fastloss, ours)
    expected = metrics.mean_tweedie_deviance(ACTUAL, PREDICTED, sample_weight=weights, power=power)
    factor = 1.0 if power == 0 else 2.0
    value = loss(PREDICTED, ACTUAL, sample_weight=weights, **words)
    perfect = loss(ACTUAL, ACTUAL, sample_weight=weights, **words)
    assert factor * (value - perfect) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("ours", "words", "theirs", "their_words"),
    [
        ("poisson_nll_loss", {}, "HalfPoissonLoss", {}),
        ("gamma_nll_loss", {}, "HalfGammaLoss", {}),
        ("tweedie_loss", {"power": 1.3}, "HalfTweedieLoss", {"power": 1.3}),
        ("tweedie_loss", {"power": 1.0}, "HalfTweedieLoss", {"power": 1.0}),
        ("tweedie_loss", {"power": 2.0}, "HalfTweedieLoss", {"power": 2.0}),
        ("quantile_loss", {"q": 0.2}, "PinballLoss", {"quantile": 0.2}),
    ],
)
def test_losses_of_scores_are_those_of_its_boosting(ours, words, theirs, their_words):
    losses = pytest.importorskip("sklearn._loss.loss")
    scores = np.log(PREDICTED)
    peer = getattr(losses, theirs)(**their_words)
    loss = getattr(fastloss, ours)
    np.testing.assert_allclose(loss(scores, ACTUAL, reduction="none", **words), peer.loss(ACTUAL, scores), rtol=1e-13)
    for own, other in zip(
        loss.grad_hess(scores, ACTUAL, reduction="sum", **words),
        peer.gradient_hessian(ACTUAL, scores),
        strict=True,
    ):
        if ours != "quantile_loss" or own.any():  # straight lines have a second derivative of 1 there
            np.testing.assert_allclose(own, other, rtol=1e-12, atol=1e-13)


def test_hinge():
    scores, labels = RNG.normal(size=50), RNG.choice([-1, 1], 50)
    assert fastloss.hinge_loss(scores, labels) == pytest.approx(metrics.hinge_loss(labels, scores), rel=1e-13)


def test_log_loss():
    p, labels = RNG.dirichlet(np.ones(3), 50), RNG.integers(0, 3, 50)
    expected = metrics.log_loss(labels, p)
    assert fastloss.nll_loss(np.log(p), labels) == pytest.approx(expected, rel=1e-13)
    for target in (labels, np.eye(3)[labels]):
        assert fastloss.categorical_cross_entropy(p, target) == pytest.approx(expected, rel=1e-13)
