"""Inversions and AUC against counts over every pair."""

import numpy as np
import pytest

import fastloss
from fastloss.pairs import cpu as engine
from fastloss.pairs import halving

RNG = np.random.default_rng(9)


def by_every_pair(scores, labels, weights):
    w = np.ones(len(scores)) if weights is None else weights
    pairs = (labels[:, None] > labels[None, :]) * (w[:, None] * w[None, :])
    gap = scores[:, None] - scores[None, :]
    return (pairs * (gap < 0)).sum(), (pairs * (gap == 0)).sum(), pairs.sum()


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("levels", [2, 5, 10_000])
@pytest.mark.parametrize("rows", [30, 700])
def test_against_every_pair(rows, levels, weights, monkeypatch):
    monkeypatch.setattr(engine, "FEWEST", 100)
    monkeypatch.setattr(halving, "LEAF", 64)
    scores, labels = RNG.integers(0, rows // 3, rows) / 7.0, RNG.integers(0, levels, rows)
    weights = RNG.random(rows) if weights else None
    inverted, tied, pairs = by_every_pair(scores, labels, weights)
    count = fastloss.count_inversions(scores, labels, sample_weight=weights)
    area = fastloss.auc(scores, labels, sample_weight=weights)
    assert count == pytest.approx(inverted, rel=1e-12) and isinstance(count, int if weights is None else float)
    assert area == pytest.approx(1.0 - (inverted + 0.5 * tied) / pairs, rel=1e-12)


def test_groups():
    scores, labels, ids = RNG.normal(size=200), RNG.integers(0, 2, 200), RNG.integers(0, 5, 200)
    areas = fastloss.auc(scores, labels, groups=ids, reduction="per_group")
    counts = [fastloss.count_inversions(scores[ids == g], labels[ids == g]) for g in range(5)]
    assert fastloss.count_inversions(scores, labels, groups=ids) == sum(counts)
    expected = [fastloss.auc(scores[ids == g], labels[ids == g]) for g in range(5)]
    np.testing.assert_allclose(areas, expected, rtol=1e-14)


def test_ends():
    assert fastloss.auc([1.0, 2.0], [0, 1]) == 1.0 and fastloss.auc([2.0, 1.0], [0, 1]) == 0.0
    assert fastloss.auc([1.0, 1.0], [0, 1]) == 0.5
    assert np.isnan(fastloss.auc([1.0], [0])) and fastloss.count_inversions([], []) == 0
    assert np.isnan(fastloss.auc([np.nan, 1.0], [0, 1])) and np.isnan(fastloss.count_inversions([np.nan, 1.0], [0, 1]))
    with pytest.raises(ValueError, match="per_group"):
        fastloss.auc([1.0], [0], reduction="sum")
    with pytest.raises(ValueError, match="sample_weight"):
        fastloss.auc([1.0, 2.0], [0, 1], sample_weight=[-1.0, 1.0])
