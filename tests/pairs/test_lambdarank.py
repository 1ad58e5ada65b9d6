"""LambdaRank: ids in any order, queries of any size, ties, small labels; `test_losses.py` compares all else."""

import numpy as np
import pytest
from mpmath import mp

import fastloss
from fastloss.compile.templates import bind
from fastloss.pairs.queries import query as queries
from tests.oracles.ranking import lambdarank_loss as exact

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


@pytest.mark.parametrize("size", [0.3, 1e-9, 1e-15, 1e-17, 1e-60, 1e-91, 1e-310])
def test_small_labels(size):
    """Against 400 digits. 2**label - 1 cancels; products of gains below 1e-300 with discounts are not exact."""
    scores, labels = [0.0, 1.0, 0.5], [size, 0.3 * size, 0.0]
    for gains in ("exp2", "linear"):
        with mp.workdps(400):
            expected = float(exact(scores, labels, gains=gains).losses[0])
        assert LOSS(scores, labels, gains=gains) == pytest.approx(expected, rel=1e-13)


def test_the_smallest_label_counts_as_any_other_of_two():
    expected = LOSS.grad_hess([0.0, 1.0], [1, 0])
    for label in (0.5, 1e-17, 1e-300, 5e-324):
        for gains in ("exp2", "linear"):
            found = LOSS.grad_hess([0.0, 1.0], [label, 0.0], gains=gains)
            np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_gains_of_whole_numbers_are_exact():
    gain = bind(queries.gain, LINEAR=False)
    assert [gain(float(label), 1.0) for label in range(1001)] == [2.0**label - 1.0 for label in range(1001)]


def test_bad_input():
    with pytest.raises(ValueError, match=r"labels\[1\] is -1: expected a number in"):
        LOSS([1.0, 2.0], [0, -1])
    with pytest.raises(ValueError, match=r"labels\[0\] is 1001"):
        LOSS([1.0, 2.0], [1001, 1])
    with pytest.raises(ValueError, match="truncation_level is 0"):
        LOSS([1.0, 2.0], [0, 1], truncation_level=0)
    with pytest.raises(TypeError, match="truncation_level"):
        LOSS([1.0, 2.0], [0, 1], truncation_level=2.5)


@pytest.mark.parametrize("most", [30, 100])
def test_a_query_of_many_pairs_is_done_in_several_calls(most, monkeypatch):
    from fastloss.pairs.queries import cpu as engine

    rng = np.random.default_rng(3)
    scores, labels = rng.normal(size=40), rng.integers(0, 4, 40)
    calls = [
        lambda: fastloss.lambdarank_loss(scores, labels, groups=labels * 0, reduction="none"),
        lambda: fastloss.lambdarank_loss.value_and_grad(scores, labels, truncation_level=7),
        lambda: fastloss.lambdarank_loss.grad_hess(scores, labels),
    ]
    whole = [call() for call in calls]
    monkeypatch.setattr(engine, "MOST", most)
    for call, expected in zip(calls, whole, strict=True):
        for found, one in zip(call(), expected, strict=True):
            np.testing.assert_array_equal(found, one)
