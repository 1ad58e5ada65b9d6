"""Pointwise losses against each other."""

import math

import numpy as np
import pytest

import fastloss
from fastloss.core.loss import REGISTRY

RNG = np.random.default_rng(20)
X, T = 3.0 * RNG.normal(size=(6, 5)), 3.0 * RNG.normal(size=(6, 5))
BINARY = RNG.integers(0, 2, (6, 5)).astype(float)
SOFT = RNG.random((6, 5))


def everything(loss, *args, **kwargs):
    """Every element's value, slope and second derivative."""
    value, grad = loss.value_and_grad(*args, reduction="none", **kwargs)
    return value, grad, loss.grad_hess(*args, reduction="none", **kwargs)[1]


def equal(first, second, factor=1.0, relative=1e-14, absolute=1e-15):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, factor * np.asarray(b), rtol=relative, atol=absolute)


@pytest.mark.parametrize("width", [0.3, 1.0, 4.0])
def test_smooth_l1_is_huber_over_beta(width):
    smooth = everything(fastloss.smooth_l1_loss, X, T, beta=width)
    equal(smooth, everything(fastloss.huber_loss, X, T, delta=width), 1.0 / width)


def test_smooth_l1_without_beta_is_l1():
    equal(everything(fastloss.smooth_l1_loss, X, T, beta=0.0), everything(fastloss.l1_loss, X, T))


def test_wide_huber_is_half_mse():
    equal(everything(fastloss.huber_loss, X, T, delta=100.0), everything(fastloss.mse_loss, X, T), 0.5)


@pytest.mark.parametrize("continuous", [False, True])
def test_asymmetric_huber_with_alpha_one_is_huber(continuous):
    asymmetric = everything(fastloss.asymmetric_huber_loss, X, T, delta=2.0, continuous=continuous)
    equal(asymmetric, everything(fastloss.huber_loss, X, T, delta=2.0))


@pytest.mark.parametrize("continuous", [False, True])
def test_asymmetric_huber_is_a_huber_on_each_side(continuous):
    """Each with its own threshold; the factor is on the lower side, in the literal form beyond the threshold only."""
    words = {"delta": 2.0, "delta_below": 0.5, "alpha": 3.0, "continuous": continuous}
    above, below = (everything(fastloss.huber_loss, X, T, delta=delta) for delta in (2.0, 0.5))
    beyond = X < T if continuous else X - T < -0.5
    factors = np.where(beyond, 3.0, 1.0)
    expected = [factors * np.where(X < T, one, other) for one, other in zip(below, above, strict=True)]
    equal(everything(fastloss.asymmetric_huber_loss, X, T, **words), expected)


def test_asymmetric_huber_without_a_second_threshold_has_one():
    words = {"delta": 2.0, "alpha": 3.0}
    given = everything(fastloss.asymmetric_huber_loss, X, T, delta_below=2.0, **words)
    equal(given, everything(fastloss.asymmetric_huber_loss, X, T, **words), 1.0, 0.0, 0.0)


def test_asymmetric_huber_is_continuous_at_both_thresholds():
    """In the form that is said to be: steps of an ulp across each change value and slope by a few ulp."""
    words = {"delta": 1.5, "delta_below": 0.75, "alpha": 3.0, "continuous": True}
    for at in (1.5, -0.75, 0.0):
        x = [np.nextafter(at, -9.0), at, np.nextafter(at, 9.0)]
        value, slope, _ = everything(fastloss.asymmetric_huber_loss, x, [0.0] * 3, **words)
        np.testing.assert_allclose(value, value[1], rtol=1e-15, atol=1e-300)
        np.testing.assert_allclose(slope, slope[1], rtol=1e-15, atol=1e-300)


@pytest.mark.parametrize(("continuous", "inside"), [(False, 0.5), (True, 1.5)])
def test_asymmetric_huber_at_the_jump(continuous, inside):
    value = fastloss.asymmetric_huber_loss(
        [-1.0, np.nextafter(-1.0, -2.0)], [0.0, 0.0], alpha=3.0, continuous=continuous, reduction="none"
    )
    equal([value], [[inside, 1.5]])


def test_quantile_half_is_half_l1():
    equal(everything(fastloss.quantile_loss, X, T), everything(fastloss.l1_loss, X, T), 0.5)


def test_expectile_half_is_half_the_square():
    equal(everything(fastloss.expectile_loss, X, T), everything(fastloss.mse_loss, X, T), 0.5)


def test_expectile_mirrored():
    equal([fastloss.expectile_loss(X, T, tau=0.2)], [fastloss.expectile_loss(-X, -T, tau=0.8)])


def test_the_columns_of_several_quantiles_are_those_of_one():
    levels, predicted = (0.1, 0.8, 0.8), np.stack([X, X + 1.0, T], -1)
    found = everything(fastloss.multi_quantile_loss, predicted, T, quantiles=levels)
    single = [everything(fastloss.quantile_loss, predicted[..., k], T, q=q) for k, q in enumerate(levels)]
    equal([found[0]], [np.mean([one[0] for one in single], 0)])
    for at, one in enumerate(found[1:], 1):
        equal([one], [np.stack([each[at] for each in single], -1) / len(levels)])


@pytest.mark.parametrize("log_input", [True, False])
@pytest.mark.parametrize(("power", "loss"), [(1.0, "poisson_nll_loss"), (2.0, "gamma_nll_loss")])
def test_the_ends_of_tweedie(power, loss, log_input):
    x, t = abs(X) + 0.1, abs(T)
    words = {"log_input": log_input, "eps": 0.25}
    found = everything(fastloss.tweedie_loss, x, t, power=power, **words)
    for one, other in zip(found, everything(getattr(fastloss, loss), x, t, **words), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("name", "words"), [("gamma_nll_loss", {}), ("tweedie_loss", {"power": 1.3})])
def test_logarithms_of_means_are_means(name, words):
    mean, t = abs(X) + 0.1, abs(T)
    loss = getattr(fastloss, name)
    equal([loss(np.log(mean), t, **words)], [loss(mean, t, log_input=False, eps=0.0, **words)])


def test_a_normal_distribution_of_variance_one_is_half_a_square():
    ones = np.ones_like(X)
    value, (by_mean, by_variance) = fastloss.gaussian_nll_loss.value_and_grad(X, T, ones, reduction="sum")
    expected, slope = fastloss.mse_loss.value_and_grad(X, T, reduction="sum")
    equal([value, by_mean, by_variance], [expected, slope, 1.0 - (X - T) ** 2], 0.5)


def test_quantile_mirrored():
    equal([fastloss.quantile_loss(X, T, q=0.2)], [fastloss.quantile_loss(-X, -T, q=0.8)])


def test_squared_hinge_is_hinge_squared():
    hinge = fastloss.hinge_loss(X, BINARY, margin=2.0, reduction="none")
    equal([fastloss.squared_hinge_loss(X, BINARY, margin=2.0, reduction="none")], [hinge * hinge])


@pytest.mark.parametrize("name", ["hinge_loss", "squared_hinge_loss", "soft_margin_loss"])
def test_targets_of_zero_and_one_mean_the_sides(name):
    loss = REGISTRY[name]
    equal(everything(loss, X, BINARY), everything(loss, X, 2.0 * BINARY - 1.0), relative=0.0, absolute=0.0)


def test_hinge_is_the_limit_of_scaled_soft_margins():
    soft = fastloss.soft_margin_loss(1e3 * X, BINARY, reduction="none") / 1e3
    equal([soft], [fastloss.hinge_loss(X, BINARY, margin=0.0, reduction="none")], absolute=1e-3)


def test_soft_margin_is_cross_entropy_of_logits():
    equal(
        everything(fastloss.soft_margin_loss, X, BINARY),
        everything(fastloss.binary_cross_entropy_with_logits, X, BINARY),
    )


def test_focal_without_gamma_is_cross_entropy():
    equal(
        everything(fastloss.focal_loss, X, BINARY, gamma=0.0),
        everything(fastloss.binary_cross_entropy_with_logits, X, BINARY),
    )


def test_focal_alpha_weighs_the_classes():
    weighed = np.where(BINARY == 1.0, 0.2, 0.8)
    plain = everything(fastloss.focal_loss, X, BINARY)
    equal(everything(fastloss.focal_loss, X, BINARY, alpha=0.2), [weighed * part for part in plain])


@pytest.mark.parametrize("target", [BINARY, SOFT], ids=["hard", "soft"])
def test_logits_and_probabilities_agree(target):
    p = 1.0 / (1.0 + np.exp(-X))
    value, grad = fastloss.binary_cross_entropy.value_and_grad(p, target)
    with_logits, grad_logits = fastloss.binary_cross_entropy_with_logits.value_and_grad(X, target)
    assert value == pytest.approx(with_logits, rel=1e-12)
    np.testing.assert_allclose(grad * p * (1.0 - p), grad_logits, rtol=1e-9, atol=1e-12)


def test_label_smoothing_moves_the_targets():
    smoothed = everything(fastloss.binary_cross_entropy_with_logits, X, SOFT, label_smoothing=0.2)
    equal(smoothed, everything(fastloss.binary_cross_entropy_with_logits, X, 0.8 * SOFT + 0.1), relative=1e-13)


@pytest.mark.parametrize("target", [BINARY, SOFT], ids=["hard", "soft"])
def test_pos_weight_as_number_and_as_arrays(target):
    number = everything(fastloss.binary_cross_entropy_with_logits, X, target, pos_weight=2.5)
    for shape in ((), (1,), (5,), (6, 1), (6, 5)):
        array = everything(fastloss.binary_cross_entropy_with_logits, X, target, pos_weight=np.full(shape, 2.5))
        equal(array, number, relative=1e-15, absolute=0.0)


def test_pos_weight_of_labels():
    weights = np.array([0.0, 0.5, 1.0, 2.0, 8.0])
    together = fastloss.binary_cross_entropy_with_logits(X, SOFT, pos_weight=weights, reduction="none")
    for label, weight in enumerate(weights):
        one = fastloss.binary_cross_entropy_with_logits(
            X[:, label], SOFT[:, label], pos_weight=weight, reduction="none"
        )
        equal([together[:, label]], [one], relative=1e-15)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_weight_is_not_in_the_denominator(name):
    loss, weight, input = REGISTRY[name], np.array([0.0, 0.5, 1.0, 2.0, 4.0]), RNG.random((6, 5))
    each, grad = loss.value_and_grad(input, SOFT, reduction="none")
    value, weighted = loss.value_and_grad(input, SOFT, weight=weight)
    assert value == pytest.approx(np.mean(weight * each), rel=1e-14)
    np.testing.assert_allclose(weighted, weight * grad / 30, rtol=1e-14)
    by_example = np.arange(6.0)
    both = loss(input, SOFT, weight=weight, sample_weight=by_example)
    assert both == pytest.approx(np.sum(by_example[:, None] * weight * each) / (15.0 * 5), rel=1e-14)


def test_poisson_in_both_parametrisations():
    rate, counts = RNG.exponential(3.0, 20), RNG.poisson(3.0, 20)
    for full in (False, True):
        logs = fastloss.poisson_nll_loss(np.log(rate), counts, full=full)
        assert fastloss.poisson_nll_loss(rate, counts, log_input=False, full=full, eps=0.0) == pytest.approx(
            logs, rel=1e-13
        )


def test_msle_is_mse_of_logarithms():
    input, target = RNG.exponential(3.0, 20) - 0.9, RNG.exponential(3.0, 20) - 0.9
    logs = fastloss.mse_loss(np.log1p(input), np.log1p(target))
    assert fastloss.msle_loss(input, target) == pytest.approx(logs, rel=1e-13)


def test_mape_with_a_small_epsilon_is_mape():
    small = everything(fastloss.mape_loss, X, T, epsilon=1e-12)
    equal(small, everything(fastloss.mape_loss, X, T), relative=0.0, absolute=0.0)


@pytest.mark.parametrize("norm", ["range", "mean", "std", "iqr", "max"])
def test_nmae_norm_as_the_number_it_stands_for(norm):
    first, third = np.percentile(T, [25, 75])
    numbers = {"range": np.ptp(T), "mean": abs(T.mean()), "std": T.std(), "iqr": third - first, "max": abs(T).max()}
    equal(everything(fastloss.nmae_loss, X, T, norm=norm), everything(fastloss.nmae_loss, X, T, norm=numbers[norm]))


def test_margin_ranking_is_hinge_of_the_difference():
    side = 2.0 * BINARY - 1.0
    value, (first, second) = fastloss.margin_ranking_loss.value_and_grad(X, T, side, margin=1.5)
    expected, grad = fastloss.hinge_loss.value_and_grad(X - T, side, margin=1.5)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_array_equal(first, grad)
    np.testing.assert_array_equal(second, -grad)
    gradients, curvatures = fastloss.margin_ranking_loss.grad_hess(X, T, side)
    assert len(gradients) == len(curvatures) == 2


def test_rmse_is_the_root_of_mse():
    weights = RNG.random((6, 5))
    value, grad = fastloss.rmse_loss.value_and_grad(X, T, sample_weight=weights)
    square, slope = fastloss.mse_loss.value_and_grad(X, T, sample_weight=weights)
    assert value == pytest.approx(math.sqrt(square), rel=1e-15)
    np.testing.assert_allclose(grad, slope / (2.0 * value), rtol=1e-14)
    _, curvature = fastloss.rmse_loss.grad_hess(X, T, sample_weight=weights)
    np.testing.assert_allclose(curvature, (weights / weights.sum() - grad * grad) / value, rtol=1e-13)


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1.0, 1e200, 1.5e308])
def test_rmse_neither_overflows_nor_vanishes(size):
    value, grad = fastloss.rmse_loss.value_and_grad([size, -size, 0.0, 0.0], np.zeros(4))
    assert value == pytest.approx(size * math.sqrt(0.5), rel=1e-3 if size < 1e-300 else 1e-15)
    np.testing.assert_allclose(grad, [math.sqrt(0.125), -math.sqrt(0.125), 0.0, 0.0], rtol=1e-14)


def test_rmse_at_a_perfect_fit_and_over_nothing():
    for input in (X, np.empty(0)):
        value, grad = fastloss.rmse_loss.value_and_grad(input, input)
        curvature = fastloss.rmse_loss.grad_hess(input, input)[1]
        assert value == 0.0
        assert not grad.any() and not curvature.any()
    value, grad = fastloss.rmse_loss.value_and_grad(X, T, sample_weight=np.zeros(6))
    assert value == 0.0 and not grad.any()


@pytest.mark.parametrize(
    ("dtype", "size"),
    [(np.float64, size) for size in (1e-309, 1e-30, 1.0, 1e300)] + [(np.float32, size) for size in (1e-42, 1.0, 1e30)],
)
def test_rmse_of_one_number_is_straight(dtype, size):
    """The root of its square is its absolute value; 1 / size and its square may be beyond the numbers."""
    slopes, curvatures = fastloss.rmse_loss.grad_hess(np.array([size], dtype), np.zeros(1, dtype))
    rounding = 4.0 * float(np.finfo(dtype).eps)
    assert slopes[0] == pytest.approx(1.0, rel=rounding)
    assert abs(float(curvatures[0])) <= rounding / size


def test_rmse_at_the_ends_of_the_numbers():
    # g = a / (2 l), l = size: (1 / 2 - g**2) / l = 1 / (4 l)
    _, curvatures = fastloss.rmse_loss.grad_hess([1e-309, -1e-309], [0.0, 0.0])
    assert curvatures.tolist() == [math.inf] * 2
    _, curvatures = fastloss.rmse_loss.grad_hess([1e-307, -1e-307], [0.0, 0.0])
    np.testing.assert_allclose(curvatures, [2.5e306] * 2, rtol=1e-14)
    # l = sqrt(1e-300 * 1e400) = 1e50, g = w a / l
    value, slopes = fastloss.rmse_loss.value_and_grad([1e200, 1e-200], [0, 0], sample_weight=[1e-300, 1])
    assert value == pytest.approx(1e50, rel=1e-14)
    np.testing.assert_allclose(slopes, [1e-150, 1e-250], rtol=1e-13)


def test_asymmetric_huber_at_the_ends_of_the_numbers():
    # alpha delta (|a| - delta / 2), or alpha a**2 / 2
    for a, delta, alpha, expected in [
        (-1e250, 1e200, 1e-200, 1e250),
        (-1e250, 1e-200, 1e200, 1e250),
        (-1e300, 1e-200, 1e-200, 1e-100),
        (-1e200, 1e150, 1e-300, 1e50),
    ]:
        value = fastloss.asymmetric_huber_loss([a], [0.0], delta=delta, alpha=alpha)
        assert value == pytest.approx(expected, rel=1e-14)
    for a, alpha in ((-1e190, 1e-200), (-1e-190, 1e200)):
        value = fastloss.asymmetric_huber_loss([a], [0.0], delta=1e200, alpha=alpha, continuous=True)
        assert value == pytest.approx(0.5 * (alpha * a) * a, rel=1e-14)


def test_rmse_leaves_out_what_has_no_weight():
    value, grad = fastloss.rmse_loss.value_and_grad([1.0, 5.0, 7.0], [1.0, 5.0, 0.0], sample_weight=[1, 1, 0])
    assert value == 0.0 and not grad.any()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 60.0])  # 60: most losses are far below 1e-16
def test_one_logarithm_for_eight_elements_loses_nothing(scale):
    """The sum of cross-entropies takes logarithms of products; each element's loss is its own logarithm."""
    target = RNG.integers(0, 2, 20_001).astype(float)
    logits = scale * (1.0 + RNG.random(target.size)) * (2.0 * target - 1.0)
    each = fastloss.binary_cross_entropy_with_logits(logits, target, reduction="none")
    value, grad = fastloss.binary_cross_entropy_with_logits.value_and_grad(logits, target, reduction="sum")
    assert value == pytest.approx(math.fsum(each), rel=2e-15)
    assert fastloss.binary_cross_entropy_with_logits(logits, target, reduction="sum") == value
    np.testing.assert_array_equal(
        grad, fastloss.binary_cross_entropy_with_logits.value_and_grad(logits, target, reduction="none")[1]
    )
