"""Numbers at the ends of their range, over the registry: weights, embeddings, infima, and memory nobody wrote."""

import itertools
import math

import numpy as np
import pytest
from mpmath import mp, mpf

import fastloss
from fastloss.ahead.cases import Case, all_cases
from fastloss.core.loss import REGISTRY
from fastloss.pairs.loss import PairwiseLoss

PAIRS = {name for name, loss in REGISTRY.items() if isinstance(loss, PairwiseLoss)} | {
    "lambdarank_loss",
    "margin_all_pairs_loss",
}
CASES = [case for case in all_cases() if case.loss.name not in PAIRS]
every_case = pytest.mark.parametrize("case", CASES, ids=str)
NAN, INF = math.nan, math.inf


def parts(gradient):
    return gradient if isinstance(gradient, tuple) else (gradient,)


def weights_for(case: Case) -> np.ndarray:
    return np.random.default_rng(7).uniform(0.5, 2.0, case.items)


@every_case
def test_a_mean_does_not_depend_on_the_unit_of_the_weights(case):
    weights = weights_for(case)
    value, gradient = case.loss.value_and_grad(*case.arrays, sample_weight=weights, **case.keywords)
    for unit in (2.0**-1000, 2.0**1022, 2.0**-560, 2.0**600):
        other, more = case.loss.value_and_grad(*case.arrays, sample_weight=weights * unit, **case.keywords)
        assert other == pytest.approx(value, rel=1e-14)
        for one, two in zip(parts(gradient), parts(more), strict=True):
            np.testing.assert_allclose(two, one, rtol=1e-13, atol=1e-15)


def spoiled(case: Case, at: int, number: float) -> list:
    """The arrays with one number of the second row of one of them replaced."""
    arrays = [np.array(array, float) if where == at else array for where, array in enumerate(case.arrays)]
    arrays[at].reshape(len(arrays[at]), -1)[1, 0] = number
    return arrays


def left_out(case: Case, at: int) -> bool:
    """Whether the second row of an array has no loss, by its target or its lists."""
    words, target = case.keywords, case.arrays[-1]
    if at:
        return False
    if "ignore_index" in case.loss.parameters:
        return target.reshape(len(target), -1)[1, 0] == words.get("ignore_index", -100)
    offsets = words["positives"][0] if "positives" in words else words.get("offsets")
    return offsets is not None and offsets[1] == offsets[2]


@every_case
def test_nan_in_a_row_of_weight_0_comes_out(case):
    weights = weights_for(case)
    if weights.ndim == 0:
        pytest.skip("one loss")
    weights[1] = 0.0
    for number, at in enumerate(case.differentiable):
        if np.shape(case.arrays[at])[:1] != weights.shape[:1]:
            continue
        arrays = spoiled(case, at, NAN)
        if case.loss.name in ("nll_loss",) and np.isfinite(case.loss(*arrays, **case.keywords)):
            continue  # a number that is not read
        value, gradient = case.loss.value_and_grad(*arrays, sample_weight=weights, **case.keywords)
        own = parts(gradient)[number][1]
        assert np.isnan(value) != left_out(case, at)
        assert np.isnan(own).any() != left_out(case, at)


@pytest.mark.parametrize("case", [case for case in CASES if case.loss.has_curvature], ids=str)
def test_a_curvature_is_nan_where_the_gradient_is(case):
    """Also that of straight lines, which reads no number."""
    for at in range(len(case.arrays)):
        if len(np.shape(case.arrays[at])) != len(np.shape(case.arrays[0])):
            continue  # ids
        slopes, curvatures = case.loss.grad_hess(*spoiled(case, at, NAN), **case.keywords)
        for one, two in zip(parts(slopes), parts(curvatures), strict=True):
            np.testing.assert_array_equal(np.isnan(two), np.isnan(one))


# Rows of weight 0 that are not NaN


INFINITE = [  # name, arguments whose first row costs infinity or is beyond the numbers, and a finite second row
    ("mse_loss", ([1e200, 2.0], [0.0, 0.0]), {}),
    ("gamma_nll_loss", ([-1e3, 0.5], [1.0, 2.0]), {}),
    ("tweedie_loss", ([2e3, 0.5], [1.0, 2.0]), {}),
    ("expectile_loss", ([1e200, 2.0], [0.0, 0.0]), {}),
    ("fair_loss", ([1e300, 2.0], [0.0, 0.0]), {"c": 1e10}),
    ("pseudo_huber_loss", ([1e300, 2.0], [0.0, 0.0]), {"delta": 1e10}),
    ("gaussian_nll_loss", ([1e200, 2.0], [0.0, 0.0], [1.0, 2.0]), {}),
    ("multi_quantile_loss", ([[INF, 1.0], [2.0, 1.0]], [0.0, 0.0]), {"quantiles": (0.5, 0.1)}),
    ("squared_hinge_loss", ([-1e200, 2.0], [1.0, -1.0]), {}),
    ("poisson_nll_loss", ([1e3, 2.0], [0.0, 1.0]), {}),
    ("kl_divergence", ([[0.5, 0.5], [0.5, 0.5]], [[0.0, 1.0], [0.25, 0.75]]), {}),
    ("soft_cross_entropy", ([[0.5, 0.5], [0.5, 0.5]], [[0.0, 1.0], [0.25, 0.75]]), {}),
    ("categorical_cross_entropy", ([[0.0, 1.0], [0.25, 0.75]], [[0.5, 0.5], [0.5, 0.5]]), {}),
    ("categorical_cross_entropy", ([[0.0, 1.0], [0.25, 0.75]], [0, 1]), {}),
    ("multi_margin_loss", ([[-1e200, 1e200], [0.5, 0.2]], [0, 1]), {"p": 2}),
    ("td_loss", ([[1e200, 0.0], [1.0, 0.0]], [0, 0], [0.0, 0.0], [[0.0, 0.0]] * 2, [1, 1]), {"gamma": 0.5}),
    ("contrastive_loss", ([[1e200, 0.0], [1.0, 0.0]], [[0.0, 1.0]] * 2, [1, 1]), {}),
    ("center_loss", ([[1e200, 0.0], [1.0, 0.0]], [0, 0], [[0.0, 1.0]]), {}),
]


@pytest.mark.parametrize(("name", "arguments", "words"), INFINITE)
def test_a_finite_row_of_weight_0_adds_nothing(name, arguments, words):
    loss = REGISTRY[name]
    assert loss(*arguments, **words) == INF
    second = [np.asarray(array)[1:] if len(array) == 2 else array for array in arguments]
    for reduction in ("mean", "sum"):
        value, gradient = loss.value_and_grad(*arguments, sample_weight=[0.0, 2.0], reduction=reduction, **words)
        expected, slopes = loss.value_and_grad(*second, sample_weight=[2.0], reduction=reduction, **words)
        assert value == expected
        for one, two in zip(parts(gradient), parts(slopes), strict=True):
            if len(one) == 2:
                np.testing.assert_array_equal(one[0], np.zeros_like(one[0]))
            np.testing.assert_array_equal(one[-1], two[-1])


@pytest.mark.parametrize("dtype", [np.int16, np.int64, bool])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_an_infinite_loss_with_whole_weights(dtype, reduction):
    weights = np.array([1, 1], dtype)
    assert fastloss.l1_loss([2.0, INF], [0.0, 0.0], sample_weight=weights, reduction=reduction) == INF
    rows = fastloss.multi_quantile_loss(
        [[2.0], [INF]], [0.0, 0.0], quantiles=(0.5,), sample_weight=weights, reduction=reduction
    )
    assert rows == INF


def test_weights_at_the_ends():
    # (0.1 + 0.2) / 2; the gradient 2 a / 2
    assert fastloss.l1_loss([0.1, 0.2], [0.0, 0.0], sample_weight=[1.5e308] * 2) == pytest.approx(0.15, rel=1e-15)
    value, gradient = fastloss.mse_loss.value_and_grad([1.0, 2.0], [0.0, 0.0], sample_weight=[1e-310] * 2)
    assert value == 2.5 and gradient.tolist() == [1.0, 2.0]
    groups = fastloss.mse_loss.group_means(
        [1.0, 2.0, 3.0], [0.0] * 3, sample_weight=[1e-310, 1e-310, 1.5e308], offsets=np.array([0, 2, 3])
    )
    assert groups.tolist() == [2.5, 9.0]
    x, t = [[1.0, 0.5], [0.5, 0.5]], [0, 1]
    plain = fastloss.cross_entropy.value_and_grad(x, t)
    for words in ({"weight": [1e-310] * 2}, {"weight": [1e200] * 2, "sample_weight": [1e200] * 2}):
        value, gradient = fastloss.cross_entropy.value_and_grad(x, t, **words)
        assert value == pytest.approx(plain[0], rel=1e-15)
        np.testing.assert_allclose(gradient, plain[1], rtol=1e-14)
    # a factor that is not in the denominator stays
    plain = fastloss.softmax_focal_loss.value_and_grad(x, t)
    value, gradient = fastloss.softmax_focal_loss.value_and_grad(x, t, alpha=[1e200] * 2, sample_weight=[1e200] * 2)
    assert value == pytest.approx(1e200 * plain[0], rel=1e-14)
    np.testing.assert_allclose(gradient, 1e200 * plain[1], rtol=1e-14)
    value = fastloss.binary_cross_entropy([0.5, 0.5], [0, 1], weight=[1e250] * 2, sample_weight=[1e250] * 2)
    assert value == pytest.approx(1e250 * math.log(2.0), rel=1e-14)


def test_no_sum_on_the_way_to_a_mean_overflows():
    assert fastloss.l1_loss([1.5e308] * 3, [0.0] * 3) == 1.5e308
    assert fastloss.l1_loss([1.5e308, 1e308], [0.0, 0.0], sample_weight=[3.0, 3.0]) == 1.25e308
    assert fastloss.l1_loss([1.5e308] * 3, [0.0] * 3, reduction="sum") == INF
    huber = fastloss.td_loss([[1.7e308, 0]] * 3, [0] * 3, [0] * 3, [[0, 0]] * 3, [1] * 3, gamma=0.5, kind="huber")
    assert huber == pytest.approx(1.7e308, rel=1e-15)
    assert fastloss.l1_loss.group_means([1.7e308] * 2, [0.0] * 2, offsets=np.array([0, 2])).tolist() == [1.7e308]


@pytest.mark.parametrize("gap", [700.0, 709.0, 720.0, 744.0])
@pytest.mark.parametrize("columns", [2, 9000])  # wide rows go another way
def test_gradients_where_the_others_share_is_subnormal(gap, columns):
    x = np.full((1, columns), -2000.0)
    x[0, :2] = 0.0, -gap
    value, gradient = fastloss.cross_entropy.value_and_grad(x, [0])
    expected = math.exp(-gap)
    assert value == pytest.approx(expected, rel=1e-12, abs=5e-324)
    np.testing.assert_allclose(gradient[0, :2], [-expected, expected], rtol=1e-12, atol=5e-324)
    curvature = fastloss.cross_entropy.grad_hess(x, [0])[1]
    np.testing.assert_allclose(curvature[0, :2], [expected, expected], rtol=1e-12, atol=5e-324)


# Embeddings far from 1


MINED = [
    ("batch_all_triplet_loss", {}, 1),
    ("batch_all_triplet_loss", {"squared": True}, 2),
    ("batch_hard_triplet_loss", {}, 1),
    ("batch_hard_triplet_loss", {"squared": True}, 2),
    ("batch_semihard_triplet_loss", {}, 1),
    ("batch_contrastive_loss", {}, 2),
    ("batch_contrastive_loss", {"squared": False}, 1),
]
FAR = [(np.float32, exponent) for exponent in (60, 66, -83, -110)]
FAR += [(np.float64, exponent) for exponent in (500, 900, -560, -900)]


@pytest.mark.parametrize(("dtype", "exponent"), FAR, ids=str)
@pytest.mark.parametrize(("name", "words", "degree"), MINED)
def test_mined_losses_scale_with_embeddings_and_margin(name, words, degree, dtype, exponent):
    loss, scale = REGISTRY[name], 2.0**exponent
    power = 1 if name == "batch_contrastive_loss" else degree  # of the margin
    if not -900 <= power * exponent <= 1000:
        pytest.skip("the margin would be beyond the numbers")
    x = np.random.default_rng(3).normal(size=(12, 4)).astype(dtype)
    labels, margin = np.arange(12) % 3, 0.5
    value, gradient = loss.value_and_grad(x, labels, margin=margin, **words)
    far = (x * np.float64(scale)).astype(dtype)
    other, more = loss.value_and_grad(far, labels, margin=margin * scale**power, **words)
    with np.errstate(over="ignore", under="ignore"):
        assert other == pytest.approx(float(np.ldexp(value, degree * exponent)), rel=1e-6)
        slopes = np.ldexp(gradient.astype(float), (degree - 1) * exponent)
    np.testing.assert_allclose(more / scale ** (degree - 1), slopes / scale ** (degree - 1), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("dtype", "exponent"), [(np.float32, 66), (np.float64, 500), (np.float64, 1000)], ids=str)
@pytest.mark.parametrize(
    ("name", "more"), [("batch_hard_triplet_loss", {}), ("batch_all_triplet_loss", {"average": "all"})]
)
def test_softplus_of_far_embeddings_is_the_hinge(name, more, dtype, exponent):
    loss, labels = REGISTRY[name], np.arange(12) % 3
    x = (np.random.default_rng(3).normal(size=(12, 4)).astype(dtype) * 2.0**exponent).astype(dtype)
    soft, slopes = loss.value_and_grad(x, labels, soft=True)
    hinge, expected = loss.value_and_grad(x, labels, margin=0.0, **more)
    assert soft == pytest.approx(hinge, rel=1e-6)
    np.testing.assert_allclose(slopes, expected, atol=1e-6)


def exact(rows):
    return [[mpf(float(number)) for number in row] for row in rows]


def as_floats(numbers):
    return np.array([float(number) if abs(number) < mpf(2) ** 1024 else INF for number in numbers])


def exact_triplets(anchor, positive, negative, margin, p, swap):
    def distance(x, y):
        return mp.root(mp.fsum(abs(a - b) ** p for a, b in zip(x, y, strict=True)), p)

    result = []
    for a, b, c in zip(*map(exact, (anchor, positive, negative)), strict=True):
        far = min(distance(a, c), distance(b, c)) if swap else distance(a, c)
        result.append(max(mpf(0), distance(a, b) - far + mpf(margin)))
    return as_floats(result)


def exact_cosines(first, second):
    def product(x, y):
        return mp.fsum(a * b for a, b in zip(x, y, strict=True))

    epsilon = mpf(1e-12)
    return as_floats(
        1 - product(a, b) / mp.sqrt((product(a, a) + epsilon) * (product(b, b) + epsilon))
        for a, b in zip(exact(first), exact(second), strict=True)
    )


SIZES = [1e170, 1e-170, 1e300, 1e-300, 7e307]


@pytest.mark.parametrize("size", SIZES)
def test_given_tuples_far_from_1(size):
    first, second, third = np.random.default_rng(0).normal(size=(3, 6, 5)) * size
    margin, ones, zeros = 0.5 * size, np.ones(6, int), np.zeros(6, int)
    with mp.workdps(700):
        for p, swap in itertools.product((1, 2, 3), (False, True)):
            words = {"margin": margin, "p": float(p), "swap": swap, "eps": 0.0, "reduction": "none"}
            losses, slopes = fastloss.triplet_margin_loss.value_and_grad(first, second, 0.9 * third, **words)
            np.testing.assert_allclose(losses, exact_triplets(first, second, 0.9 * third, margin, p, swap), rtol=1e-12)
            _, near = fastloss.triplet_margin_loss.value_and_grad(
                first / size, second / size, 0.9 * third / size, **{**words, "margin": margin / size}
            )
            for one, two in zip(slopes, near, strict=True):
                np.testing.assert_allclose(one, two, atol=1e-12)
        for other in (size, 1.0, 1.0 / size):
            arrays = first, third / size * other, ones
            losses, slopes = fastloss.cosine_embedding_loss.value_and_grad(*arrays, reduction="none")
            np.testing.assert_allclose(losses, exact_cosines(*arrays[:2]), rtol=1e-12)
            assert all(np.isfinite(slope).all() for slope in slopes)
    words = {"margin": 3.0, "squared": False, "reduction": "none"}
    near = fastloss.contrastive_loss.value_and_grad(first / size, second / size, ones, **words)
    far = fastloss.contrastive_loss.value_and_grad(first, second, ones, **words)
    if size < 1e307:
        np.testing.assert_allclose(far[0] / size, near[0], rtol=1e-12)
    np.testing.assert_allclose(far[1][0], near[1][0], rtol=1e-12)
    if size < 1.0:  # beside the margin they are nothing
        assert fastloss.contrastive_loss(first, second, zeros, margin=3.0) == 9.0
        np.testing.assert_allclose(
            fastloss.contrastive_loss.value_and_grad(first, second, zeros, margin=3.0, reduction="sum")[1][0],
            -6.0 * near[1][0],
            rtol=1e-12,
        )


# Losses at their infimum


def test_no_loss_is_below_its_infimum():
    rng = np.random.default_rng(5)
    for _ in range(50):
        row = rng.normal(size=(1, 6))
        same = np.repeat(row, 4, 0) * rng.uniform(0.5, 2.0, (4, 1))
        for temperature in (1e-3, 0.1, 1.0, 1e3):
            pairs = fastloss.supcon_loss(same, [0, 0, 1, 1], temperature=temperature, reduction="none")
            assert (pairs >= 0.0).all()
            losses = fastloss.supcon_loss(same, [0] * 4, temperature=temperature, reduction="none")
            assert (losses >= math.log(3.0)).all()
            assert fastloss.supcon_loss(same[:2], [0, 0], temperature=temperature) == 0.0
            positives = np.array([0, 1, 3, 5, 8]), np.array([0, 1, 2, 3, 3, 0, 1, 1])
            losses = fastloss.info_nce_loss(same, same, positives=positives, temperature=temperature, reduction="none")
            third = math.log(3.0) - 2.0 / 3.0 * math.log(2.0)  # the entropy of shares 1/3, 2/3
            assert (losses >= np.array([0.0, math.log(2.0), 0.0, third]) * (1.0 - 1e-15)).all()
        assert (fastloss.cosine_embedding_loss(1e3 * same, same, [1] * 4, reduction="none") >= 0.0).all()
        hidden, factors = rng.normal(size=(4, 6)), rng.normal(size=(1, 6))
        smoothed = fastloss.cross_entropy_with_factors(hidden, factors, [0] * 4, label_smoothing=0.3, reduction="none")
        assert (smoothed >= 0.0).all()


def test_a_single_mate_keeps_the_digits_of_a_small_loss():
    x = np.array([[1.0, 0.0], [1.0, 0.001], [0.0, 1.0], [0.001, 1.0]])
    with mp.workdps(60):
        rows = [[value / mp.sqrt(sum(one * one for one in row)) for value in row] for row in exact(x)]
        logits = [[mp.fdot(one, two) / mpf(0.05) for two in rows] for one in rows]
        mates = (1, 0, 3, 2)
        expected = [
            mp.log1p(sum(mp.exp(logits[i][j] - logits[i][mates[i]]) for j in range(4) if j not in (i, mates[i])))
            for i in range(4)
        ]
    losses = fastloss.supcon_loss(x, [0, 0, 1, 1], temperature=0.05, reduction="none")
    assert losses.max() < 1e-8
    np.testing.assert_allclose(losses, as_floats(expected), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_divergences_of_equal_distributions_are_not_negative(dtype):
    rng, least = np.random.default_rng(0), 0.0
    for _ in range(100):
        p = rng.dirichlet(np.ones(5), 1).astype(dtype)
        q = (p * (1.0 + 1e-9 * rng.normal(size=p.shape))).astype(dtype)
        q /= q.sum()
        for log_p, log_q in itertools.product((False, True), (False, True)):
            words = {"log_p": log_p, "log_q": log_q}
            arrays = np.log(p) if log_p else p, np.log(q) if log_q else q
            least = min(least, fastloss.kl_divergence(*arrays, **words))
    assert least == 0.0
    # rows that do not add up to the same have what the formula says: 0.5 log(1/2)
    assert fastloss.kl_divergence([[0.25, 0.25]], [[0.5, 0.5]]) == pytest.approx(-0.5 * math.log(2.0), rel=1e-15)


@pytest.mark.parametrize("epsilon", [(-1.0,), (-1.0, 0.5), (-0.5,), (-1.0, -0.5), (-2.0, 1.0)], ids=str)
def test_poly_loss_where_its_first_coefficients_cancel(epsilon):
    for gap in (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 40.0, 100.0):
        value, gradient = fastloss.poly_loss.value_and_grad([[0.0, -gap]], [0], epsilon=epsilon)
        with mp.workdps(200):
            q = mp.exp(-gap) / (1 + mp.exp(-gap))
            expected = -mp.log(1 - q) + sum(mpf(one) * q ** (j + 1) for j, one in enumerate(epsilon))
            slope = -q - (1 - q) * sum((j + 1) * mpf(one) * q ** (j + 1) for j, one in enumerate(epsilon))
        assert value == pytest.approx(float(expected), rel=1e-12)
        assert gradient[0, 0] == pytest.approx(float(slope), rel=1e-12)


# Inner products


def in_long_double(x, y, scale):
    """Losses of each row against all columns, and the gradients of their sum."""
    x, y = x.astype(np.longdouble), y.astype(np.longdouble)
    logits = x @ y.T * np.longdouble(scale)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    losses = logits.max(1) + np.log(shares.sum(1)) - np.diag(logits)
    slopes = (shares / shares.sum(1, keepdims=True) - np.eye(len(x))) * np.longdouble(scale)
    return losses, slopes @ y, slopes.T @ x


FAR_PRODUCTS = [(np.float32, 66), (np.float32, 100), (np.float64, 505), (np.float64, 600), (np.float64, 1000)]


@pytest.mark.parametrize(("dtype", "exponent"), FAR_PRODUCTS, ids=str)
def test_inner_products_beyond_the_numbers(dtype, exponent):
    x, y = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(dtype)
    x, y = (np.ldexp(one, exponent).astype(dtype) for one in (x, y))
    calls = [
        (2.0, fastloss.info_nce_loss, (x, y), {"similarity": "dot", "temperature": 0.5}),
        (3.0, fastloss.multiple_negatives_ranking_loss, (x, y), {"similarity": "dot", "scale": 3.0}),
        (1.0, fastloss.cross_entropy_with_factors, (x, y, np.arange(5)), {}),
    ]
    for scale, loss, arrays, words in calls:
        losses, gradients = loss.value_and_grad(*arrays, reduction="none", **words)
        expected, *slopes = in_long_double(x, y, scale)
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(losses, expected.astype(float), rtol=1e-12, atol=1e-300)
        for one, two in zip(gradients, slopes, strict=False):
            assert one.dtype == dtype
            np.testing.assert_allclose(one / dtype(2.0**exponent), np.ldexp(two, -exponent).astype(float), rtol=1e-5)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_tiny_weight_does_not_hide_an_infinite_loss(reduction):
    """Sums that overflow are added up again with smaller weights, which must not become 0."""
    weights = np.array([1e-307, 1.0, 1e-320])
    assert fastloss.mse_loss([np.inf, 0.0, 0.0], [1.0] * 3, sample_weight=weights, reduction=reduction) == np.inf
    logits = [[0.0, 0.0], [0.0, 0.0], [-np.inf, 0.0]]
    assert fastloss.cross_entropy(logits, [0] * 3, sample_weight=weights, reduction=reduction) == np.inf
    state = fastloss.accumulate("mse_loss")
    state.update([np.inf, 0.0, 0.0], [1.0] * 3, weights)
    assert state.result(reduction) == np.inf
