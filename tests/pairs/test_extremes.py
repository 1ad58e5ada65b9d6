"""Pairs of scores at the ends of what floats hold: no group, no pair, huge scores, weights at the ends, infinities."""

import numpy as np
import pytest

import fastloss
from fastloss.compile.kernels import INTERPRETED

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


@pytest.mark.parametrize("power", [50, 52, 53, 54, 56, 60, 100])
@pytest.mark.parametrize("sigma", [1.0, 3.0, 100.0])
def test_scores_beyond_the_integers(power, sigma):
    """Where floats lie further apart than boxes are wide, not every box has a number; `fast` read behind its table."""
    base = -1.3 * 2.0**power
    scores, labels = base + np.spacing(-base) * RNG.integers(-20, 20, 12), np.arange(12) % 2
    for loss in (LOGISTIC, fastloss.soft_pairwise_loss):
        value, gradient = loss.value_and_grad(scores, labels, sigma=sigma, method="direct")
        other, more = loss.value_and_grad(scores, labels, sigma=sigma, method="fast")
        assert other == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(more, gradient, rtol=1e-12, atol=1e-14)


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
    np.testing.assert_array_equal(sums.weight, [0.0, 0.0, 1.0])


@pytest.mark.parametrize("weights", [None, [2.0, 0.5, 3.0, 1.0, 0.0]])
def test_a_mean_over_queries_leaves_out_those_without_a_pair(weights):
    """Ids in any order: 2 has one row, 4 and 7 have equal labels, 9 and 12 have pairs; 12 weighs 0 in the second case.

    Scores of the rows left out, NaN among them, count for nothing.
    """
    loss, ids = fastloss.lambdarank_loss, np.array([9, 4, 9, 2, 12, 7, 9, 4, 12])
    scores = np.array([1.0, 5.0, 3.0, np.nan, 1.0, 2.0, 2.0, np.inf, 4.0])
    labels = np.array([2, 1, 0, 3, 1, 0, 1, 1, 0])
    first, second = (loss.value_and_grad(scores[ids == one], labels[ids == one]) for one in (9, 12))
    (w9, w12), used = ((1.0, 1.0), 2) if weights is None else ((weights[3], weights[4]), 1)
    value, gradient, counts = loss.value_and_grad(scores, labels, groups=ids, sample_weight=weights, with_counts=True)
    assert counts == (used, 5 - used) and counts.left_out == 5 - used
    assert value == pytest.approx((w9 * first[0] + w12 * second[0]) / (w9 + w12), rel=1e-14)
    expected = np.zeros(9)
    expected[ids == 9], expected[ids == 12] = w9 / (w9 + w12) * first[1], w12 / (w9 + w12) * second[1]
    np.testing.assert_allclose(gradient, expected, rtol=1e-13)
    state = fastloss.accumulate("lambdarank_loss", grouped=True)
    state.update(scores, labels, weights, groups=ids)
    assert state.result() == pytest.approx(value, rel=1e-15) and state.counts == counts
    again = type(state).from_bytes(state.to_bytes())
    assert again.counts == counts and again.weight() == w9 + w12
    np.testing.assert_allclose(again.gradient(scores, labels, weights, groups=ids), gradient, rtol=1e-13)
    each = loss(scores, labels, groups=ids, reduction="per_group", with_counts=True)
    np.testing.assert_array_equal(each[1], [0, 0, 0, 3, 1])
    assert np.nanmean(each[0]) == pytest.approx((first[0] + second[0]) / 2, rel=1e-14)


def test_no_query_has_a_pair():
    words = {"offsets": [0, 2, 2, 3], "with_counts": True}
    value, gradient, counts = fastloss.lambdarank_loss.value_and_grad([1.0, 2.0, 3.0], [1, 1, 0], **words)
    assert value == 0.0 and not gradient.any() and counts == (0, 3)
    assert fastloss.lambdarank_loss([], [], offsets=[0], with_counts=True) == (0.0, (0, 0))


def logistic(gap, sigma=1.0):
    """Value, slope and curvature in extended precision."""
    x = np.longdouble(sigma) * gap
    e = np.exp(-np.abs(x))
    p = np.where(x < 0, 1.0, e) / (1.0 + e)
    return np.maximum(-x, 0) + np.log1p(e), -sigma * p, sigma * sigma * (e / (1.0 + e) ** 2)


def by_every_pair(scores, labels, weights=None, sigma=1.0):
    """Each row's loss as first item, gradient and curvature of the sum over y_i > y_j, in extended precision."""
    s = np.asarray(scores, np.longdouble)
    w = np.ones(s.size, np.longdouble) if weights is None else np.asarray(weights, np.longdouble)
    y = np.asarray(labels)
    counted = (y[:, None] > y[None, :]) * (w[:, None] * w[None, :])
    loss, slope, bend = (np.where(counted > 0, part, 0) * counted for part in logistic(s[:, None] - s, sigma))
    return loss.sum(1), slope.sum(1) - slope.sum(0), bend.sum(1) + bend.sum(0), counted.sum()


SIZE = 60
NORMAL = RNG.normal(size=SIZE)
LABELS = RNG.integers(0, 2, SIZE)


def with_some(*scores):
    return np.append(scores, NORMAL[len(scores) :])


HUGE = {
    "one": (with_some(1e307), 1.0),
    "both ends": (with_some(1e308, -1e308), 1.0),
    "the largest": (np.where(LABELS > 0, np.finfo(float).max, 1.0), 1.0),
    "on both sides of the boxes' end": (RNG.choice([8e270, 9e270, 1e271, -8e270, -9e270, 3.0], SIZE), 1.0),
    "neighbours": (1e305 * (1.0 + 2.0**-52 * RNG.integers(0, 5, SIZE)), 1.0),
    "ties": (RNG.choice([1e300, -1e300, 1e308, 0.0], SIZE), 1.0),
    "flat": (1e300 * NORMAL, 1e-301),
    "steep": (1e210 * NORMAL, 1e100),
    "steeper": (np.append(1e300, 1e-100 * NORMAL[1:]), 1e100),
}


@both_methods
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", HUGE)
def test_scores_of_any_size(name, weighted, method):
    """Every row's loss and gradient is its finite limit; an infinite loss leaves the gradient as it is."""
    scores, sigma = HUGE[name]
    weights = 10.0 ** np.random.default_rng(3).uniform(-6, 6, SIZE) if weighted else None
    loss, gradient, _, total = by_every_pair(scores, LABELS, weights, sigma)
    words = {"sigma": sigma, "method": method, "sample_weight": weights}
    each, slopes = LOGISTIC.value_and_grad(scores, LABELS, reduction="none", **words)
    beyond = np.abs(loss) > np.finfo(float).max  # extended precision goes further
    if method == "direct":  # it subtracts first, and its sums are not weighed yet
        beyond = ~np.isfinite(each)
        assert not (beyond & (loss < 1e300)).any()
    assert np.isposinf(each[beyond]).all() and not np.isnan(each).any()
    allowed = 1e-12
    np.testing.assert_allclose(each[~beyond], loss[~beyond].astype(float), rtol=allowed)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(slopes, gradient.astype(float), rtol=allowed)
    mean = LOGISTIC(scores, LABELS, **words)
    if method == "fast" or ((loss / total).sum() < 1e300 and "end" not in name):
        assert mean == pytest.approx(float((loss / total).sum()), rel=allowed)


@pytest.mark.skipif(INTERPRETED, reason="slow as plain Python")
@pytest.mark.parametrize("ends", [(1e307,), (1e308, -1e308), (-1.7e308,)])
def test_large_groups_with_a_score_of_any_size(ends):
    """Against the same group with the ends drawn near: beyond some 800 they act by their order and their difference."""
    scores, labels = RNG.normal(size=20_001), RNG.integers(0, 2, 20_001)
    scores[: len(ends)], labels[: len(ends)] = ends, np.array(ends) > 0  # well ranked: their losses vanish
    near = np.clip(scores, -1e3, 1e3)
    value, gradient = LOGISTIC.value_and_grad(scores, labels)
    expected, slopes = LOGISTIC.value_and_grad(near, labels)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-11, atol=1e-20)
    value, slopes = LOGISTIC.value_and_grad(scores, 1 - labels)  # misranked: so many terms of the ends' size
    far = sum(abs(end) / 1e300 * (labels != (end > 0)).sum() for end in ends) / (labels.sum() * (1 - labels).sum())
    assert value == pytest.approx(far * 1e300, rel=1e-12) and np.isfinite(slopes).all()


@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "soft_pairwise_loss"])
def test_every_pair_of_scores_of_any_size(name):
    """The double sums, whose multipliers make other steepnesses; labels 0 apart have none."""
    loss = getattr(fastloss, name)
    words = {} if name == "soft_pairwise_loss" else {"pairs": "all"}
    labels = LABELS if name == "soft_pairwise_loss" else RNG.choice([0.0, 1e-290, 1.0, 1e3], SIZE)
    scores = RNG.choice([1e300, 1e303, -1e302, 2.0, 3.0], SIZE)
    fast, direct = (loss.value_and_grad(scores, labels, method=method, **words) for method in ("fast", "direct"))
    assert fast[0] == pytest.approx(direct[0], rel=1e-12)
    np.testing.assert_allclose(fast[1], direct[1], rtol=1e-12, atol=1e-13 * np.abs(direct[1]).max())
    value = LOGISTIC([1e308, -1e308, 0.0], [1, 1, 1], pairs="all", method="direct")
    assert value == pytest.approx(np.log(2.0))  # m = 0, though the difference overflows


def test_factors_and_distances_of_any_size():
    """Items of scores 1e308 and -1e308 in users' own and others' lists; squared distances up to 1e308."""
    users, items, lists = [[1.0], [1.0]], [[1e308], [-1e308], [0.0], [1.0]], ([0, 1, 3], [0, 0, 3])
    losses, (by_users, by_items) = fastloss.bpr_all_negatives_loss.value_and_grad(users, items, lists, reduction="none")
    # user 0: 1e308 against all; user 1: 1e308 and 1 against -1e308 and 0, of which 1 against 0 costs log(1 + 1/e)
    np.testing.assert_allclose(losses, [0.0, np.log1p(np.exp(-1.0))], rtol=1e-14)
    np.testing.assert_allclose(np.ravel(by_items), [0.0, 0.0, 0.2689414213699951, -0.2689414213699951], rtol=1e-14)
    assert np.isfinite(by_users).all()
    rows, classes = np.array([[0.0], [1e153], [1e154], [3e150], [1.0], [-1.0]]), [0, 0, 1, 1, 0, 1]
    loss = fastloss.batch_all_triplet_loss
    value, gradient = loss.value_and_grad(rows, classes, soft=True, squared=True, reduction="none")
    d = (rows - rows.T) ** 2
    same = np.equal.outer(classes, classes) & ~np.eye(6, dtype=bool)
    other = ~np.equal.outer(classes, classes)
    terms = np.logaddexp(0.0, d[:, :, None] - d[:, None, :]) * (same[:, :, None] & other[:, None, :])
    with np.errstate(over="ignore"):  # where a sum is beyond the numbers, so is the value
        np.testing.assert_allclose(value, terms.sum((1, 2)), rtol=1e-11)
    assert np.isfinite(gradient).all()


@by_name
@both_methods
def test_a_mean_does_not_depend_on_the_weights_unit(loss, method):
    scores, labels, ids = NORMAL, RNG.integers(0, 3, SIZE), RNG.integers(0, 4, SIZE)
    weights = RNG.integers(0, 9, SIZE) / 8.0
    for reduction in ("mean", "per_group"):
        words = {"groups": ids, "method": method, "reduction": reduction}
        value, gradient = loss.value_and_grad(scores, labels, sample_weight=weights, **words)
        for power in (-1060, -600, -3, 5, 600, 1020):
            again = loss.value_and_grad(scores, labels, sample_weight=np.ldexp(weights, power), **words)
            np.testing.assert_array_equal(again[0], value)
            np.testing.assert_array_equal(again[1], gradient)


@pytest.mark.parametrize("weight", [1.5e308, 1e200, 1e-170, 1e-310, 5e-324])
def test_weights_at_the_ends(weight):
    scores, labels = [0.0, 1.0, 2.0, 3.0], [1, 0, 1, 0]
    equal = [weight] * 4
    for loss in (*LOSSES, fastloss.auc):
        assert loss(scores, labels, sample_weight=equal) == pytest.approx(loss(scores, labels), rel=1e-15)
    assert fastloss.soft_pairwise_loss(scores, labels, sample_weight=equal) == pytest.approx(
        fastloss.soft_pairwise_loss(scores, labels), rel=1e-15
    )
    queries = {"offsets": [0, 2, 4]}
    value, gradient = fastloss.lambdarank_loss.value_and_grad(scores, labels, **queries)
    again, slopes = fastloss.lambdarank_loss.value_and_grad(scores, labels, sample_weight=[weight] * 2, **queries)
    assert again == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-14)
    factors = [[1.0], [2.0]], [[1.0], [0.5], [0.2]], ([0, 1, 2], [0, 2])
    value = fastloss.bpr_all_negatives_loss(*factors, sample_weight=[weight] * 2)
    assert value == pytest.approx(fastloss.bpr_all_negatives_loss(*factors), rel=1e-15)


def test_groups_whose_weights_lie_far_apart():
    """Each group has its own unit: 1e600 lies between their pairs' weights, and the second has no pair."""
    scores, labels, weights = [0.0, 1.0, 5.0, 7.0], [1, 0, 1, 1], [1e-300, 1e-300, 1e300, 1e300]
    cost = 1.0 + np.log1p(np.exp(-1.0))
    words = {"sample_weight": weights, "offsets": [0, 2, 4]}
    np.testing.assert_allclose(LOGISTIC(scores, labels, reduction="per_group", **words), [cost, np.nan])
    value, gradient = LOGISTIC.value_and_grad(scores, labels, **words)
    assert value == pytest.approx(cost, rel=1e-15)
    np.testing.assert_allclose(gradient[:2], [-0.7310585786300049, 0.7310585786300049], rtol=1e-14)
    value = LOGISTIC(scores[:2], labels[:2], sample_weight=[1e300, 1e-20])  # no product of theirs is subnormal
    assert value == pytest.approx(cost, rel=1e-15)
    assert np.isnan(fastloss.auc(scores, labels, reduction="per_group", **words)[1])


@both_methods
def test_what_weighs_nothing_adds_nothing(method):
    """e by hand: of the pairs (0, 1000) and (0, 1) the first has weight 0, and its loss is infinite."""
    loss = fastloss.pairwise_exponential_loss
    words = {"sample_weight": [1, 0, 1], "method": method}
    value, gradient = loss.value_and_grad([0, 1000, 1], [1, 0, 0], **words)
    assert value == pytest.approx(np.e, rel=1e-14)
    np.testing.assert_allclose(gradient, [-np.e, 0.0, np.e], rtol=1e-14)
    for label in (0, 1, 2):  # as second, among the others, as first
        for loss in LOSSES:
            for score in (1e4, -1e4, 1e308, -1e308):
                scores, labels, weights = [0.5, score, 1.0, 0.0], [1, label, 0, 2], np.array([1, 0, 2, 1])
                words = {"sample_weight": weights, "method": method, "reduction": "sum"}
                found = loss.value_and_grad(scores, labels, **words)
                rest = weights > 0
                some = {**words, "sample_weight": weights[rest]}
                expected = loss.value_and_grad(np.array(scores)[rest], np.array(labels)[rest], **some)
                assert found[0] == pytest.approx(expected[0], rel=1e-14)
                np.testing.assert_allclose(found[1][rest], expected[1], rtol=1e-13, atol=1e-14)
                assert found[1][1] == 0.0
            scores[1] = np.nan
            assert np.isnan(loss(scores, labels, **words))


@both_methods
def test_gradients_stay_finite_where_the_loss_overflows(method):
    """Far apart, the slopes are -w_i w_j; the last row's pairs are those with rows 0 and 2."""
    words = {"sample_weight": [1, 1, 1, 1e6], "reduction": "sum", "method": method}
    value, gradient = LOGISTIC.value_and_grad([0, 1, 2, 1e303], [1, 0, 1, 0], **words)
    near = LOGISTIC.value_and_grad([0, 1, 2, 1e3], [1, 0, 1, 0], **words)[1]
    assert value == np.inf and gradient[3] == 2e6
    np.testing.assert_allclose(gradient, near, rtol=1e-14)


@both_methods
def test_a_row_does_not_meet_itself(method):
    """By hand: w_0 w_1 tanh(1/2), and twice w_0 w_1 sigma'(1) of the two pairs."""
    words = {"sample_weight": [1e9, 1e-3], "reduction": "sum", "method": method}
    gradient, curvature = fastloss.soft_pairwise_loss.grad_hess([0, 1], [1, 1], **words)
    np.testing.assert_allclose(gradient, np.array([-1.0, 1.0]) * 1e6 * np.tanh(0.5), rtol=1e-14)
    np.testing.assert_allclose(curvature, 2e6 * 0.19661193324148185, rtol=1e-14)
    assert fastloss.soft_pairwise_loss.value_and_grad([3.0], [1], method=method)[1][0] == 0.0


def terms_of_all(scores, labels, weights, multiplier):
    """Gradient of the double sum of the logistic loss, and the sum of its terms' sizes but a row's own pair's."""
    s, w, y = (np.asarray(x, np.longdouble) for x in (scores, weights, labels))
    m = multiplier(y)
    _, slope, _ = logistic(m * (s[:, None] - s))
    terms = m * slope * (w[:, None] * w)
    np.fill_diagonal(terms, 0)
    return (terms.sum(1) - terms.sum(0)).astype(float), (np.abs(terms).sum(1) + np.abs(terms).sum(0)).astype(float)


@both_methods
@pytest.mark.parametrize("spread", [0, 6, 40])
def test_accuracy_where_terms_cancel(spread, method):
    """What docs/accuracy.md promises: 1e-12 of the sum of the sizes of a row's terms."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        scores, weights = 2.0 * rng.normal(size=SIZE), 10.0 ** rng.uniform(-spread, spread, SIZE)
        signs, grades = rng.choice([-1.0, 1.0], SIZE), rng.integers(0, 5, SIZE)
        words = {"sample_weight": weights, "reduction": "sum", "method": method}
        gradient = fastloss.soft_pairwise_loss.value_and_grad(scores, signs, **words)[1]
        exact, sizes = terms_of_all(scores, signs, weights, lambda y: y[:, None] + 0.0 * y)
        assert (np.abs(gradient - exact) <= 1e-12 * sizes).all()
        gradient = LOGISTIC.value_and_grad(scores, grades, pairs="all", **words)[1]
        exact, sizes = terms_of_all(scores, grades, weights, lambda y: y[:, None] - y)
        assert (np.abs(gradient - exact) <= 1e-12 * sizes).all()
        gradient = LOGISTIC.value_and_grad(scores, grades, **words)[1]
        exact, sizes = terms_of_all(scores, grades, weights, lambda y: 1.0 * (y[:, None] > y))
        assert (np.abs(gradient - exact) <= 1e-12 * sizes).all()


def test_counts_compare():
    assert fastloss.auc([np.inf, np.inf, 0], [1, 0, 0]) == 0.75  # a tie and a right pair
    assert fastloss.auc([-np.inf, np.inf, -np.inf, 2], [1, 0, 0, 1]) == 0.375  # 1/2 + 0 + 1 + 0 of four
    assert fastloss.count_inversions([np.inf, -np.inf, 0, np.inf], [0, 1, 2, 2]) == 2
    assert fastloss.count_inversions([1e308, -1e308, 5e-324, 0.0], [0, 1, 0, 1]) == 4
    words = {"groups": ["a", "a", "b", "b"], "sample_weight": [1e200, 1e200, 3.0, 2.0]}
    areas = fastloss.auc([np.inf, 1, np.inf, np.inf], [0, 1, 0, 1], reduction="per_group", **words)
    np.testing.assert_array_equal(areas, [0.0, 0.5])
    assert np.isnan(fastloss.auc([np.nan, np.inf, 0.0], [0, 1, 0]))


@pytest.mark.skipif(INTERPRETED, reason="slow as plain Python")
def test_one_infinite_score_among_many():
    scores, labels = RNG.normal(size=20_001), RNG.integers(0, 2, 20_001)
    scores[5], labels[5] = np.inf, 1
    below = np.searchsorted(np.sort(scores[labels == 0]), scores[labels == 1]).sum()
    pairs = int(labels.sum() * (1 - labels).sum())
    assert fastloss.count_inversions(scores, labels) == pairs - below
    assert fastloss.auc(scores, labels) == pytest.approx(below / pairs, rel=1e-14)


TOP = 2**53


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_keep_their_order(dtype):
    large = np.array([TOP + 1, TOP, TOP + 3, TOP + 2], dtype) * dtype(1023 if dtype is np.int64 else 2047)
    order = [1, 0, 3, 2]
    assert fastloss.count_inversions([1, 2], [TOP + 1, TOP]) == fastloss.count_inversions([TOP + 1, TOP], [1, 2]) == 1
    assert fastloss.count_inversions(large, np.arange(4)) == 2 == fastloss.count_inversions(np.arange(4), large)
    assert fastloss.auc(large, large) == 1.0
    scores = [0.3, 0.1, 2.0, -1.0]
    for loss in LOSSES:
        np.testing.assert_array_equal(loss.value_and_grad(scores, large)[1], loss.value_and_grad(scores, order)[1])
    for loss in (fastloss.pairwise_logistic_loss, fastloss.pairwise_exponential_loss):
        with pytest.raises(ValueError, match=r"scores\[0\] is \d+: expected"):
            loss(large, order)
        with pytest.raises(ValueError, match=r"labels\[0\] is \d+: expected"):
            loss(scores, large, pairs="all")
    held = np.array([2**62, -(2**60), 0, 2**53 + 2])  # float64 holds these
    assert LOGISTIC(held, order) == LOGISTIC(held.astype(float), order)
    with pytest.raises(ValueError, match=r"neg\[1\] is"):
        fastloss.margin_all_pairs_loss([1, 2], [3, TOP + 1])


def test_truncation_beyond_every_query():
    scores, labels = RNG.normal(size=30), RNG.integers(0, 4, 30)
    whole = fastloss.lambdarank_loss.value_and_grad(scores, labels, offsets=[0, 12, 30])
    for level in (30, 2**31, 2**53 + 1, 2**63 - 1):
        some = fastloss.lambdarank_loss.value_and_grad(scores, labels, offsets=[0, 12, 30], truncation_level=level)
        assert some[0] == whole[0]
        np.testing.assert_array_equal(some[1], whole[1])
