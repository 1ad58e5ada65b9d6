"""Pairs of scores at the ends of what floats hold: no group, no pair, huge scores, weights at the ends, infinities."""

import numpy as np
import pytest

import fastloss

RNG = np.random.default_rng(17)
LOGISTIC = fastloss.pairwise_logistic_loss
LOSSES = [
    fastloss.pairwise_logistic_loss,
    fastloss.pairwise_hinge_loss,
    fastloss.pairwise_squared_hinge_loss,
    fastloss.pairwise_exponential_loss,
]
by_name = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
both_methods = pytest.mark.parametrize("method", ["direct", "fast"])


@both_methods
@by_name
def test_a_group_without_a_pair_is_not_perfect(loss, method):
    """Groups: one pair, one label, one row, none, a pair of weight 0. The second has no pair: its mean is 0 / 0."""
    scores, labels = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 0, 1, 1, 0, 1, 0]
    words = {"offsets": [0, 2, 4, 5, 5, 7], "sample_weight": [1.0, 1, 1, 1, 1, 0, 1], "method": method}
    means, gradient, pairs = loss.value_and_grad(scores, labels, reduction="per_group", with_counts=True, **words)
    np.testing.assert_array_equal(np.isnan(means), [False, True, True, True, True])
    assert means[0] == pytest.approx(loss(scores[:2], labels[:2]), rel=1e-14)
    assert means[0] == pytest.approx(loss(scores, labels, **words), rel=1e-14)
    np.testing.assert_array_equal(gradient[2:], 0.0)
    np.testing.assert_array_equal(pairs, [1, 0, 0, 0, 1])


def test_a_query_without_a_pair_is_not_perfect():
    scores, labels, ids = [1.0, 3.0, 2.0, 5.0, 6.0, 7.0], [2, 0, 1, 1, 1, 1], [9, 9, 9, 4, 4, 2]
    means, gradient = fastloss.lambdarank_loss.value_and_grad(scores, labels, groups=ids, reduction="per_group")
    whole, slopes = fastloss.lambdarank_loss.value_and_grad(scores[:3], labels[:3])
    np.testing.assert_array_equal(means, [np.nan, np.nan, whole])  # ids in order: 2, 4, 9
    np.testing.assert_array_equal(gradient, [*slopes, 0.0, 0.0, 0.0])
    weights = {"sample_weight": [1.0, 1.0, 0.0], "reduction": "per_group"}
    assert np.isnan(fastloss.lambdarank_loss(scores, labels, groups=ids, **weights)).all()
    sums = fastloss.lambdarank_loss.group_sums(scores, labels, groups=ids)
    np.testing.assert_array_equal(sums.pairs, [0, 0, 3])
