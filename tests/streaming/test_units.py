"""Weights of any size in states: units in which their sums stay within the range of numbers."""

import numpy as np
import pytest

import fastloss
from fastloss.streaming.accumulate import accumulate
from tests.streaming.test_state import ALL_PAIRS, KINDS, LABELS, SCORES, WEIGHTS, give, gradient, new, one_call


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_are_all_zero(kind):
    state = new(kind)
    for scores, labels in ((SCORES, LABELS), (SCORES[:1], LABELS[:1]), ([], [])):
        give(state, scores, labels, np.zeros(len(scores)))
        other = type(state).from_bytes(state.to_bytes())
        assert other.result() == other.result("sum") == other.weight() == 0.0
        for reduction in ("mean", "sum"):
            slope = gradient(state, weights=WEIGHTS, reduction=reduction)
            of_rows = reduction == "sum" and kind not in ALL_PAIRS  # whose weights are those that are given now
            assert slope.shape == (4,) and (kind == "groups" or slope.any() == of_rows)
    give(state, weights=WEIGHTS)
    assert state.result() == pytest.approx(one_call(kind, WEIGHTS)[0], rel=1e-13)
    assert state.rows == 9


@pytest.mark.parametrize("unit", [1e-300, 1e-170, 2.0**-500, 1e-30, 1e30, 1e200, 1e307])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mean_has_no_unit_of_weights(kind, unit):
    state, other = new(kind), new(kind)
    give(state, weights=WEIGHTS * unit)
    expected, slope = one_call(kind, WEIGHTS)  # ordinary weights: the formula itself
    assert state.result() == pytest.approx(expected, rel=1e-13)
    assert type(state).from_bytes(state.to_bytes()).result() == state.result()
    for dtype, rel in ((np.float64, 1e-11), (np.float32, 1e-5)):
        found = gradient(state, SCORES.astype(dtype), weights=WEIGHTS * unit)
        np.testing.assert_allclose(found, slope, rtol=rel)
    give(other, weights=WEIGHTS)
    heavier, lighter = (state, other) if unit > 1.0 else (other, state)
    for one, two in ((state, other), (other, state)):  # merged, in either order: the heavier one alone counts
        both = type(state).from_bytes(one.to_bytes())
        both.merge(two)
        assert both.result() == pytest.approx(heavier.result(), rel=1e-13)
        assert both.weight() == pytest.approx(heavier.weight(), rel=1e-13)
    lighter.merge(heavier)
    assert lighter.result() == pytest.approx(expected, rel=1e-13)


def one_by_one(grouped, weights, cuts):
    state = accumulate("pairwise_logistic_loss", grouped=grouped)
    for some in np.split(np.arange(3), cuts):
        words = {"offsets": [0, some.size]} if grouped else {}
        state.update(np.array([1.0, 2.0, 3.0])[some], np.array([0, 1, 0])[some], np.array(weights)[some], **words)
    return type(state).from_bytes(state.to_bytes())


FAR_APART = [([1e-200, 1e200, 1e-200], 2.0), ([1e200, 1e-190, 1e-300], 1e10), ([1e-100, 1e305, 3e-100], 4e205)]


@pytest.mark.parametrize(("weights", "weight"), FAR_APART)
@pytest.mark.parametrize(("grouped", "cuts"), [(True, []), (False, []), (False, [1]), (False, [1, 2])])
def test_weights_far_apart_whose_products_are_ordinary(grouped, cuts, weights, weight):
    state = one_by_one(grouped, weights, cuts)
    # The pairs are (second, first) and (second, third), log(1 + e^-1) and log(1 + e), weighed as their other rows.
    losses, shares = np.log1p(np.exp([-1.0, 1.0])), np.array(weights)[[0, 2]] / (weights[0] + weights[2])
    assert state.result() == pytest.approx(float(shares @ losses), rel=1e-12)
    assert state.weight() == pytest.approx(weight, rel=1e-12)
    assert state.result("sum") == pytest.approx(weight * state.result(), rel=1e-12)
    first, third = shares / (1.0 + np.exp([1.0, -1.0]))
    words = {"offsets": [0, 3]} if grouped else {}
    for dtype, rel in ((np.float64, 1e-11), (np.float32, 1e-5)):
        rows = np.array([1.0, 2.0, 3.0], dtype), [0, 1, 0], weights
        slope = np.array([first, -first - third, third])
        np.testing.assert_allclose(state.gradient(*rows, **words), slope, rtol=rel)
        if weight < 1e30:  # float32 holds no more
            total = state.gradient(*rows, reduction="sum", **words)
            np.testing.assert_allclose(total, weight * slope, rtol=rel)


def test_weights_at_both_ends_of_the_range():
    weights = [1e-300, 1e300, 1e-300]
    for cuts in ([], [1], [1, 2]):
        # Each label has a unit: the mean of log(1 + e^-1) and log(1 + e).
        assert one_by_one(False, weights, cuts).result() == pytest.approx(0.81326168751822, rel=1e-12)
    assert one_by_one(True, weights, []).result() == pytest.approx(0.81326168751822, rel=1e-12)


def test_groups_whose_weights_have_other_units():
    loss, rng = fastloss.pairwise_logistic_loss, np.random.default_rng(3)
    scores, labels, groups = rng.normal(size=12), np.tile([0, 1], 6), np.repeat(np.arange(6), 2)
    for units in ([1e-200, 1.0], [1.0, 1e200], [1e-200, 1e200], [1e300, 1e-300]):
        weights = (rng.random(12) + 0.5) * np.repeat([*units, units[0]], 4)
        heaviest = weights > 1e-10 * weights.max()
        expected = loss(scores[heaviest], labels[heaviest], groups=groups[heaviest], sample_weight=weights[heaviest])
        found = set()
        for order in ([0, 1, 2, 3, 4, 5], [5, 2, 1, 4, 0, 3]):
            state = accumulate("pairwise_logistic_loss", grouped=True)
            for ids in np.split(np.array(order), [1, 3]):
                some = np.isin(groups, ids)
                state.update(scores[some], labels[some], weights[some], groups=groups[some])
            found.add(type(state).from_bytes(state.to_bytes()).result())
        assert len(found) == 1 and found.pop() == pytest.approx(expected, rel=1e-13)


def test_sums_that_overflow_where_their_mean_does_not():
    state = accumulate("l1_loss")
    for _ in range(3):
        state.update([1.5e308, -1.5e308], [0.0, 0.0])
    assert state.result() == pytest.approx(1.5e308, rel=1e-15) and state.result("sum") == np.inf
    again = type(state).from_bytes(state.to_bytes())
    again.update(np.zeros(6), np.zeros(6))
    assert again.result() == pytest.approx(0.75e308, rel=1e-15) and again.weight() == 12.0
    state.update([np.inf], [0.0])
    assert state.result() == np.inf


@pytest.mark.parametrize("largest", [1e290, 2e303])
def test_pairs_of_scores_as_large_as_a_state_holds(largest):
    scores, labels = np.array([largest, -largest, 0.0, 1.0]), np.array([0, 1, 0, 1])
    state = new("pairs")
    for row in range(4):
        state.update(scores[[row]], labels[[row]])
    # The pairs (second, first), (second, third), (fourth, first), (fourth, third): gaps -2, -1, -1 times it, and 1.
    assert state.result() == pytest.approx(largest, rel=1e-14)
    np.testing.assert_allclose(state.gradient(scores, labels)[:2], [0.5, -0.5], rtol=1e-14)
