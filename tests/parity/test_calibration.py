"""Calibration errors against scikit-learn's curves and isotonic regression, and against torchmetrics."""

import numpy as np
import pytest

from fastloss import metrics

RNG = np.random.default_rng(8)
P = RNG.random(2000).round(2)
Y = (RNG.random(2000) < P**2).astype(int)
W = RNG.random(2000)


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_the_largest_distance_of_a_curve(strategy):
    calibration = pytest.importorskip("sklearn.calibration")
    rates, means = calibration.calibration_curve(Y, P, n_bins=10, strategy=strategy)
    found = metrics.expected_calibration_error(P, Y, bins=10, strategy=strategy, norm="max")
    assert found == pytest.approx(np.abs(rates - means).max(), rel=1e-12)


@pytest.mark.parametrize("weights", [None, W], ids=["", "weighted"])
def test_isotonic_regression(weights):
    isotonic = pytest.importorskip("sklearn.isotonic")
    rates = isotonic.IsotonicRegression().fit_transform(P, Y, sample_weight=weights)
    found = metrics.isotonic_calibration_error(P, Y, sample_weight=weights)
    assert found == pytest.approx(np.average(np.abs(P - rates), weights=weights), rel=1e-12)
    saved = np.average((P - Y) ** 2 - (rates - Y) ** 2, weights=weights)
    brier = metrics.isotonic_calibration_error(P, Y, sample_weight=weights, norm="brier")
    assert brier == pytest.approx(saved, rel=1e-10)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_torchmetrics(norm):
    classification = pytest.importorskip("torchmetrics.functional.classification")
    import torch

    p = RNG.random(2000).astype(np.float32)
    theirs = classification.binary_calibration_error(torch.from_numpy(p), torch.from_numpy(Y), n_bins=10, norm=norm)
    found = metrics.expected_calibration_error(p, Y, bins=10, norm=norm, closed="left")
    assert found == pytest.approx(float(theirs), rel=1e-4)  # in float32


def test_normalized_entropy():
    learn = pytest.importorskip("sklearn.metrics")
    p = P * 0.98 + 0.01
    wanted = learn.log_loss(Y, p) / learn.log_loss(Y, np.full(p.size, Y.mean()))
    assert metrics.normalized_entropy(p, Y) == pytest.approx(wanted, rel=1e-12)
