"""Weights that lie far apart, or whose products do: what counts sets their unit. Expected values are by mpmath."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

import fastloss

mp.dps = 60
FAR = [1e300, 1e-300]  # a row that does not count, and one that does
INF = math.inf
both_methods = pytest.mark.parametrize("method", ["direct", "fast"])


def softplus(x) -> mpf:
    return mp.log1p(mp.exp(mpf(x)))


def check(found, value, gradient=None):
    assert found[0] == pytest.approx(float(value), rel=1e-12)
    if gradient is not None:
        np.testing.assert_allclose(found[1], np.array(gradient, float), rtol=1e-12, atol=0.0)


def test_a_row_without_a_loss_does_not_set_the_unit():
    logits, target, share = [[0.0, 1.0], [2.0, 0.0]], [-100, 1], float(1 / (1 + mp.exp(-2)))
    slopes = [[0.0, 0.0], [share, -share]]
    check(fastloss.cross_entropy.value_and_grad(logits, target, sample_weight=FAR), softplus(2), slopes)
    check(fastloss.cross_entropy.value_and_grad(logits, [0, 1], weight=[0, 1], sample_weight=FAR), softplus(2), slopes)
    smooth = mpf("0.95") * softplus(2) + mpf("0.05") * softplus(-2)
    found = fastloss.cross_entropy.value_and_grad(logits, target, sample_weight=FAR, label_smoothing=0.1)
    check(found, smooth, [[0.0, 0.0], [share - 0.05, 0.05 - share]])
    found = fastloss.nll_loss.value_and_grad([[0.0, 1.0], [2.0, 0.5]], target, sample_weight=FAR)
    check(found, -0.5, [[0.0, 0.0], [0.0, -1.0]])
    value, gradient = fastloss.cross_entropy_with_factors.value_and_grad(logits, np.eye(2), target, sample_weight=FAR)
    check((value, gradient.hidden), softplus(2), slopes)


def test_an_anchor_without_a_mate_does_not_set_the_unit():
    rows, labels = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), [0, 0, 1]
    words = {"sample_weight": [1e-300, 1e-300, 1e300]}
    # the mate's cosine is 0, the other's 1 / sqrt(2), at a temperature of 0.1; of ge2e, w is 10
    expected = softplus(10 / mp.sqrt(2))
    check(fastloss.supcon_loss.value_and_grad(rows, labels, **words), expected)
    check(fastloss.ge2e_loss.value_and_grad(rows, labels, **words), expected)
    # margin 0.2 where distances are sqrt(2) and 1
    for name in ("semihard", "all", "hard"):
        loss = getattr(fastloss, f"batch_{name}_triplet_loss")
        value, gradient = loss.value_and_grad(rows, labels, margin=0.2, **words)
        check((value, gradient), mp.sqrt(2) - 1 + mpf("0.2"), loss.value_and_grad(rows, labels, margin=0.2)[1])
    # one whose triplets are not active: its distances are 1 and 5, the others' 1 and 4
    line = [[0.0], [1.0], [5.0]]
    loss = fastloss.batch_all_triplet_loss
    check(
        loss.value_and_grad(line, labels, margin=3.5, sample_weight=[1e300, 1e-300, 1.0]), 0.5, [[-1.0], [2.0], [-1.0]]
    )


def test_a_positive_without_negatives_does_not_set_the_unit():
    eye, one = np.eye(2), ([0, 0, 1], [1])
    value, gradient = fastloss.info_nce_loss.value_and_grad(
        eye, eye, similarity="dot", positives=one, temperature=1.0, sample_weight=FAR
    )
    check((value, gradient.query), softplus(-1), [[0, 0], [1 / (1 + math.e), -1 / (1 + math.e)]])
    value, (up, down) = fastloss.bpr_loss.value_and_grad([1.0, 2.0], [1.0, 2.0], offsets=[0, 0, 2], sample_weight=FAR)
    shares = [0.5 / (1 + math.e), 0.25]
    check((value, up), (softplus(-1) + softplus(0)) / 2, [0.0, -sum(shares)])
    np.testing.assert_allclose(down, shares, rtol=1e-14)
    value, (users, _) = fastloss.bpr_all_negatives_loss.value_and_grad(eye, eye, one, sample_weight=FAR)
    check((value, users), softplus(-1), [[0, 0], [1 / (1 + math.e), -1 / (1 + math.e)]])
    infinite = fastloss.bpr_loss([1.0, -INF], [1.0, 2.0], sample_weight=FAR)
    assert infinite == INF  # a weight does not become 0


def test_the_weight_of_a_query_without_a_pair_does_not_count():
    """The mean is over queries with a pair, so that its weight is not in the denominator, nor does it choose a unit."""
    words = {"offsets": [0, 2, 4], "sample_weight": [1e300, 1e-300]}
    single = fastloss.lambdarank_loss.value_and_grad([3.0, 4.0], [0, 1])
    value, slopes = fastloss.lambdarank_loss.value_and_grad([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 1], **words)
    assert value == pytest.approx(single[0], rel=1e-15)
    np.testing.assert_allclose(slopes, [0.0, 0.0, *single[1]], rtol=1e-15)


CROSSED = {"weight": [1e-200, 1e200], "sample_weight": [1e200, 1e-200]}


def test_weights_times_class_weights():
    """Both products are 1."""
    logits, share = [[0.0, 0.0], [-1.0, -2.0]], float(1 / (1 + mp.exp(-1)))
    slopes = [[-0.25, 0.25], [0.5 * share, -0.5 * share]]
    mean = (softplus(0) + softplus(1)) / 2
    check(fastloss.cross_entropy.value_and_grad(logits, [0, 1], **CROSSED), mean, slopes)
    value, gradient = fastloss.cross_entropy_with_factors.value_and_grad(logits, np.eye(2), [0, 1], **CROSSED)
    check((value, gradient.hidden), mean, slopes)
    found = fastloss.nll_loss.value_and_grad([[-1.0, 0.0], [-1.0, -2.0]], [0, 1], **CROSSED)
    check(found, 1.5, [[-0.5, 0], [0, -0.5]])
    # of these the denominator is that of the rows' own weights, 1e200
    check(fastloss.cross_entropy.value_and_grad(logits, np.eye(2), **CROSSED), 2 * mean / mpf(1e200))
    found = fastloss.multi_margin_loss.value_and_grad(logits, [0, 1], **CROSSED)
    check(found, 1.5e-200, np.array([[-0.5, 0.5], [0.5, -0.5]]) * 1e-200)
    found = fastloss.binary_cross_entropy_with_logits.value_and_grad([0.0, -2.0], [0.0, 1.0], **CROSSED)
    check(found, (softplus(0) + softplus(2)) / mpf(1e200), [0.5e-200, -1e-200 / (1 + math.exp(-2.0))])


def test_weights_and_class_weights_of_any_size():
    rng = np.random.default_rng(5)
    for _ in range(50):
        x, t = rng.normal(size=(4, 3)), rng.integers(-1, 3, 4)
        t[0] = 1
        own, classes = (rng.uniform(1, 2, n) * 10.0 ** rng.integers(-300, 300, n) for n in (4, 3))
        weights = [mpf(w) * (mpf(classes[k]) if k >= 0 else 0) for w, k in zip(own, t, strict=True)]
        losses = [mp.log(sum(mp.exp(mpf(z)) for z in row)) - mpf(row[k]) for row, k in zip(x, t, strict=True)]
        expected = sum(w * one for w, one in zip(weights, losses, strict=True)) / sum(weights)
        words = {"weight": classes, "sample_weight": own, "ignore_index": -1}
        check(fastloss.cross_entropy.value_and_grad(x, t, **words), expected)


def pairs_mean(cost, scores, labels, weights) -> tuple[mpf, list[mpf]]:
    """The mean over ordered pairs and, by a quotient of differences, nothing else: its weighted slopes."""
    total, mass = mpf(0), mpf(0)
    slopes = [mpf(0)] * len(scores)
    for i, j in np.argwhere(np.greater.outer(labels, labels)):
        w, gap = mpf(weights[i]) * mpf(weights[j]), mpf(scores[i]) - mpf(scores[j])
        value, slope = cost(gap)
        total, mass = total + w * value, mass + w
        slopes[i] += w * slope
        slopes[j] -= w * slope
    return total / mass, [one / mass for one in slopes]


def logistic(gap):
    return softplus(-gap), -1 / (1 + mp.exp(gap))


@both_methods
def test_pairs_of_weights_of_any_size(method):
    rng = np.random.default_rng(6)
    for _ in range(40):
        scores, labels = rng.normal(size=5), np.array([0, 1, *rng.integers(0, 3, 3)])
        weights = rng.uniform(1, 2, 5) * 10.0 ** rng.integers(-300, 300, 5)
        value, slopes = pairs_mean(logistic, scores, labels, weights)
        found = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, sample_weight=weights, method=method)
        assert found[0] == pytest.approx(float(value), rel=1e-11)
        np.testing.assert_allclose(found[1], np.array(slopes, float), rtol=1e-11, atol=1e-50)


@both_methods
def test_a_pair_of_the_least_and_the_largest_weight(method):
    words = {"sample_weight": [1e-310, 1e308], "method": method}
    value, gradient = fastloss.pairwise_logistic_loss.value_and_grad([1.0, 1.0], [1, 0], **words)
    assert value == pytest.approx(math.log(2.0), rel=1e-10)
    np.testing.assert_allclose(gradient, [-0.5, 0.5], rtol=1e-10)
    value, gradient = fastloss.pairwise_hinge_loss.value_and_grad([1.0, 1.0], [1, 0], **words)
    assert value == pytest.approx(1.0, rel=1e-10)
    np.testing.assert_allclose(gradient, [-1.0, 1.0], rtol=1e-10)


def test_counts_of_weights_far_apart():
    """Of the pairs of row 0, one is a tie and, for 0.75, as heavy as the other."""
    assert fastloss.auc([1, 1, 0], [1, 0, 0], sample_weight=[1e-300, 1e300, 1e300]) == 0.75
    assert fastloss.auc([INF, INF, 0], [1, 0, 0], sample_weight=[1e-310, 1e308, 5e-324]) == 0.5


@both_methods
@pytest.mark.parametrize("weight", [1e-200, 1e-300])
def test_steep_slopes_of_weights_far_apart(method, weight):
    """One pair: its weight does not matter. e**500; (1 + 1e200)**2, whose slope is 2e200."""
    words = {"sample_weight": [weight, 1.0], "method": method}
    cost = float(mp.exp(500))
    loss = fastloss.pairwise_exponential_loss
    check(loss.value_and_grad([0.0, -500.0], [0, 1], **words), cost, [cost, -cost])
    np.testing.assert_allclose(loss.grad_hess([0.0, -500.0], [0, 1], **words), [[cost, -cost], [cost] * 2], rtol=1e-12)
    for reduction in ("mean", "per_group"):
        words["reduction"] = reduction
        found = fastloss.pairwise_squared_hinge_loss.value_and_grad([0.0, -1e200], [0, 1], **words)
        assert found[0] == INF
        np.testing.assert_allclose(found[1], [2e200, -2e200], rtol=1e-12)


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_weights_whose_squares_overflow(reduction):
    words = {"sample_weight": [1e200, 1.0], "reduction": reduction}
    for name in ("soft_pairwise_loss", "pairwise_exponential_loss"):
        loss, more = getattr(fastloss, name), {} if name == "soft_pairwise_loss" else {"pairs": "all"}
        direct, fast = (
            loss.value_and_grad([0.0, 1.0], [1, -1], method=method, **words, **more) for method in ("direct", "fast")
        )
        for one, two in zip(direct, fast, strict=True):
            np.testing.assert_allclose(two, one, rtol=1e-12)
        assert np.isinf(direct[0]).any() and np.isfinite(direct[1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weights", [[1e20, 1.0, 1.0], [1e300, 1e-300, 1e-300], [1e308, 1e-310, 1e-310]])
def test_one_heavy_example_of_pairs(dtype, weights):
    """Of three pairs those of example 0 count: the costs 2 (d**2 of its mate) and 0 (beyond the margin)."""
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 3.0]], dtype)
    value, gradient = fastloss.batch_contrastive_loss.value_and_grad(rows, [0, 0, 1], sample_weight=weights)
    single = fastloss.batch_contrastive_loss(rows[:2], [0, 0])
    assert value == pytest.approx(single / 2, rel=1e-6)
    np.testing.assert_allclose(gradient, [[1, -1], [-1, 1], [0, 0]], rtol=1e-6, atol=1e-15)
