"""`bpr_loss(shared=True)`: many negatives in linear time, against every pair in extended precision; and no negative."""

import numpy as np
import pytest

import fastloss
from fastloss.pairs.negatives import shared as shared_negatives

RNG = np.random.default_rng(3)
POSITIVES, NEGATIVES = 3.0 * RNG.normal(size=90), 3.0 * RNG.normal(size=70)


def by_every_pair(positives, negatives, weights):
    """Each positive's mean loss, and the gradients of the weighted sum of these."""
    gap = positives.astype(np.longdouble)[:, None] - negatives.astype(np.longdouble)[None, :]
    with np.errstate(all="ignore"):
        e = np.exp(-np.abs(gap))
        each = (np.maximum(-gap, 0) + np.log1p(e)).mean(1)
        slopes = -np.where(gap < 0, 1 / (1 + e), e / (1 + e)) / negatives.size * weights[:, None]
    return each * weights, slopes.sum(1), -slopes.sum(0)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shift", [0.0, 40.0, -40.0])
def test_every_row_is_right(shift, weighted, monkeypatch):
    monkeypatch.setattr(shared_negatives, "suits", lambda *_: True)
    weights = np.where(RNG.random(90) < 0.2, 0.0, RNG.random(90)) if weighted else np.ones(90)
    options = {"shared": True, "sample_weight": weights if weighted else None}
    expected = by_every_pair(POSITIVES + shift, NEGATIVES, weights)
    each, slopes = fastloss.bpr_loss.value_and_grad(POSITIVES + shift, NEGATIVES, **options, reduction="none")
    for found, right in zip((each, *slopes), expected, strict=True):
        np.testing.assert_allclose(found, right.astype(float), rtol=2e-14, atol=0)
    total = fastloss.bpr_loss(POSITIVES + shift, NEGATIVES, **options, reduction="sum")
    assert total == pytest.approx(float(expected[0].sum()), rel=1e-14)
    mean, slopes = fastloss.bpr_loss.value_and_grad(POSITIVES + shift, NEGATIVES, **options)
    assert mean == pytest.approx(float(expected[0].sum() / weights.sum()), rel=1e-14)
    np.testing.assert_allclose(slopes[1], (expected[2] / weights.sum()).astype(float), rtol=2e-14)


def test_the_choice():
    """Few pairs, and scores or weights that are not finite or beyond the sums, are met one by one."""
    rows = RNG.normal(size=3000)
    assert shared_negatives.suits((rows, rows), None)
    assert not shared_negatives.suits((rows[:100], rows[:100]), None)
    for bad in (np.nan, np.inf, -np.inf, 1e307):
        for place in (0, 1):
            arrays = [rows, rows.copy()][:: 1 - 2 * place]
            arrays[place] = np.where(np.arange(3000) == 5, bad, rows)
            assert not shared_negatives.suits(tuple(arrays), None)
    assert not shared_negatives.suits((rows, rows), np.where(np.arange(3000) == 5, np.inf, 1.0))


def test_what_meets_nothing_has_gradient_0():
    for positives, negatives in (([], [1.0, 2.0, 3.0]), ([1.0, 2.0], []), ([], [])):
        for _ in range(3):  # whatever lay in memory before
            np.full(4, np.pi).tolist()
            value, slopes = fastloss.bpr_loss.value_and_grad(positives, negatives, shared=True)
            assert value == 0.0
            assert [slope.tolist() for slope in slopes] == [[0.0] * len(positives), [0.0] * len(negatives)]


def test_a_penalty_needs_parameters():
    with pytest.raises(ValueError, match=r"reg is 0\.3 and params is empty"):
        fastloss.bpr_loss([1.0], [0.0], reg=0.3)
    # reg * sum of squares, which alone is beyond the numbers or below them; 2 reg beyond single precision
    for reg, size, expected in ((1e-300, 1e160, 1e20), (1e300, 1e-160, 1e-20), (1e-300, 3e155, 9e10)):
        value, (_, _, (slope,)) = fastloss.bpr_loss.value_and_grad([1.0], [-np.inf], reg=reg, params=([size, 0.0],))
        assert value == pytest.approx(expected, rel=1e-14)
        assert slope.tolist() == [2.0 * reg * size, 0.0]
        assert fastloss.split_regularization(0.0, [[size]], l2=reg).penalty == pytest.approx(expected, rel=1e-14)
        factors = np.array([[size]]), np.zeros((1, 1)), (np.array([0, 0]), np.empty(0, np.int64))
        assert fastloss.bpr_all_negatives_loss(*factors, reg=reg) == pytest.approx(expected, rel=1e-14)
    slope = fastloss.bpr_loss.value_and_grad([1.0], [0.0], reg=1e-46, params=[np.float32([1e30])])[1][2][0]
    np.testing.assert_allclose(slope, [2e-16], rtol=1e-6)
    assert fastloss.bpr_loss([1.0], [0.0], reg=0.5, params=[[2.0]]) == pytest.approx(np.log1p(np.exp(-1.0)) + 2.0)
