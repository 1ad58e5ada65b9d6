"""LambdaRank: ids in any order, queries of any size, ties; `test_losses.py` has the oracle."""

import numpy as np
import pytest

import fastloss

RNG = np.random.default_rng(3)
LOSS = fastloss.lambdarank_loss


def test_ids_in_any_order():
    scores, labels, ids = RNG.normal(size=300), RNG.integers(0, 4, 300), RNG.integers(0, 9, 300)
    order = np.argsort(ids, kind="stable")
    offsets = np.append(0, np.cumsum(np.bincount(ids)))
    each = LOSS(scores, labels, groups=ids, reduction="none")
    np.testing.assert_array_equal(each, LOSS(scores[order], labels[order], offsets=offsets, reduction="none"))
    weights = RNG.random(9)
    value, gradient = LOSS.value_and_grad(scores, labels, groups=ids, sample_weight=weights)
    again, sorted_gradient = LOSS.value_and_grad(scores[order], labels[order], offsets=offsets, sample_weight=weights)
    assert value == again == pytest.approx((each * weights).sum() / weights.sum())
    np.testing.assert_array_equal(gradient[order], sorted_gradient)
    runs = np.argsort(-ids, kind="stable")
    np.testing.assert_allclose(LOSS(scores[runs], labels[runs], groups=ids[runs], reduction="none"), each, rtol=1e-13)
    other = LOSS.value_and_grad(scores[runs], labels[runs], groups=ids[runs], sample_weight=weights)[1]
    np.testing.assert_allclose(other, gradient[runs], rtol=1e-11, atol=1e-15)


def test_equal_scores_rank_as_they_stand():
    first = LOSS([0.0, 0.0], [1, 0])
    assert first == pytest.approx(np.log(2.0) * (1.0 - 1.0 / np.log2(3.0)))
    assert LOSS([0.0, 0.0], [0, 1]) == first


def test_nothing_to_rank():
    value, gradient = LOSS.value_and_grad([1.0, 2.0, 3.0], [0, 0, 0])
    assert value == 0.0 and not gradient.any()
    assert LOSS([], []) == 0.0


def test_a_query_beyond_the_limits_of_others():
    scores, labels = RNG.normal(size=12_000), RNG.integers(0, 2, 12_000)
    value, gradient = LOSS.value_and_grad(scores, labels, truncation_level=3)
    assert np.isfinite(value) and abs(gradient.sum()) < 1e-12 * np.abs(gradient).sum()


def test_bad_input():
    with pytest.raises(ValueError, match=r"labels\[1\] is -1: expected a number in"):
        LOSS([1.0, 2.0], [0, -1])
    with pytest.raises(ValueError, match=r"labels\[0\] is 1001"):
        LOSS([1.0, 2.0], [1001, 1])
    with pytest.raises(ValueError, match="truncation_level is 0"):
        LOSS([1.0, 2.0], [0, 1], truncation_level=0)
    with pytest.raises(TypeError, match="truncation_level"):
        LOSS([1.0, 2.0], [0, 1], truncation_level=2.5)
