"""Pointwise losses at extremes, at limits, at kinks, and on bad input."""

import math

import numpy as np
import pytest

import fastloss
from fastloss.core.loss import REGISTRY
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.pointwise.relative import BLOCK

INF, NAN = math.inf, math.nan

# name, parameters, input, target, and value, slope and second derivative to 60 digits, rounded:
#
#     from mpmath import mp, mpf, diff, exp, log, log1p, cosh
#     mp.dps = 700
#     softplus, sigmoid = lambda x: log1p(exp(x)), lambda x: 1 / (1 + exp(-x))
#     F = {
#         "log_cosh_loss": lambda x, t: log(cosh(x - t)),
#         "msle_loss": lambda x, t: (log1p(x) - log1p(t)) ** 2,
#         "soft_margin_loss": lambda x, t: softplus(-t * x),
#         "binary_cross_entropy_with_logits": lambda x, t: w * t * softplus(-x) + (1 - t) * softplus(x),
#                                             # w the pos_weight; t, 1 - t smoothed without rounding
#         "focal_loss": lambda x, t: a * sigmoid(-z) ** gamma * softplus(-z),  # z = x if t else -x, a the alpha
#         "poisson_nll_loss": lambda x, t: exp(x) - t * x,  # full: + t * log(t) - t + log(2 * mp.pi * t) / 2
#                                          # log_input=False: x - t * log(x)
#         "gamma_nll_loss": lambda x, t: t * exp(-x) + x,  # log_input=False: t / x + log(x)
#         "tweedie_loss": lambda x, t: t * exp((1 - p) * x) / (p - 1) + exp((2 - p) * x) / (2 - p),
#                                      # log_input=False: t * x**(1 - p) / (p - 1) + x**(2 - p) / (2 - p)
#         "fair_loss": lambda x, t: c**2 * (abs(x - t) / c - log1p(abs(x - t) / c)),
#         "pseudo_huber_loss": lambda x, t: delta**2 * (mp.sqrt(1 + ((x - t) / delta) ** 2) - 1),  # mp.dps = 1500
#         "expectile_loss": lambda x, t: (1 - tau if x > t else tau) * (x - t) ** 2,
#         "binary_cross_entropy": lambda x, t: -t * log(x) - (1 - t) * log1p(-x),
#     }
#     for each row:
#         x, t = mpf(float(x)), mpf(float(t)); f = lambda v: F[name](v, t)
#         f(x), diff(f, x, 1, h=mpf(10) ** -330 * abs(x)), diff(f, x, 2, h=mpf(10) ** -230 * abs(x))
EXTREMES = [
    ("log_cosh_loss", {}, 1e-09, 0.0, 5e-19, 1e-09, 1.0),
    ("log_cosh_loss", {}, 0.0001, 0.0, 4.9999999916666675e-09, 9.999999966666667e-05, 0.9999999900000001),
    ("log_cosh_loss", {}, 1.0000001, 0.0, 0.43378090664244495, 0.7615941979531958, 0.4199742776440283),
    ("log_cosh_loss", {}, -25.0, 0.0, 24.306852819440056, -1.0, 7.714999391855671e-22),
    ("log_cosh_loss", {}, 300.0, 0.0, 299.30685281944005, 1.0, 1.0601586212017243e-260),
    ("msle_loss", {}, 10000000000.0, 10000000001.0, 9.999999997e-21, -1.9999999995e-20, 1.9999999998e-20),
    ("msle_loss", {}, 1e-09, 0.0, 9.99999999e-19, 1.999999997e-09, 1.999999994),
    ("msle_loss", {}, 1e200, -0.999, 218485.9192347043, 9.348495477555826e-198, -0.0),
    ("msle_loss", {}, -0.9999999999, 10000000000.0, 2120.7592365799, -921033959338.1194, 9.410338798218198e21),
    ("soft_margin_loss", {}, 700.0, 1.0, 9.85967654375977e-305, -9.85967654375977e-305, 9.85967654375977e-305),
    ("soft_margin_loss", {}, 40.0, 1.0, 4.248354255291589e-18, -4.248354255291589e-18, 4.248354255291589e-18),
    ("soft_margin_loss", {}, 40.0, -1.0, 40.0, 1.0, 4.248354255291589e-18),
    (
        "binary_cross_entropy_with_logits",
        {},
        50.0,
        1.0,
        1.9287498479639178e-22,
        -1.9287498479639178e-22,
        1.9287498479639178e-22,
    ),
    (
        "binary_cross_entropy_with_logits",
        {},
        -700.0,
        0.0,
        9.85967654375977e-305,
        9.85967654375977e-305,
        9.85967654375977e-305,
    ),
    ("binary_cross_entropy_with_logits", {}, 700.0, 0.25, 525.0, 0.75, 9.85967654375977e-305),
    (
        "binary_cross_entropy_with_logits",
        {"label_smoothing": 9.094947017729282e-13},
        60.0,
        1.0,
        2.7284841053187857e-11,
        4.547473508864554e-13,
        8.75651076269652e-27,
    ),
    (
        "binary_cross_entropy_with_logits",
        {"pos_weight": 1000000.0},
        30.0,
        0.5,
        15.000000046788161,
        0.4999999532118384,
        4.678816163230696e-08,
    ),
    ("focal_loss", {"gamma": 2.0}, 30.0, 1.0, 8.194012623988598e-40, -2.458203787196388e-39, 7.374611361588397e-39),
    ("focal_loss", {"gamma": 0.5}, 100.0, 1.0, 7.175095973164411e-66, -1.0762643959746615e-65, 1.6143965939619923e-65),
    ("focal_loss", {"gamma": 2.0, "alpha": 0.25}, 80.0, 0.0, 60.0, 0.75, -2.098139738370295e-33),
    (
        "focal_loss",
        {"gamma": 5.0},
        -100.0,
        0.0,
        2.6503965530043108e-261,
        1.5902379318025865e-260,
        9.541427590815519e-260,
    ),
    ("poisson_nll_loss", {}, -50.0, 0.0, 1.9287498479639178e-22, 1.9287498479639178e-22, 1.9287498479639178e-22),
    ("poisson_nll_loss", {}, 700.0, 3.0, 1.0142320547350045e304, 1.0142320547350045e304, 1.0142320547350045e304),
    ("poisson_nll_loss", {"full": True}, 2.0, 9.0, 2.181628116829407, -1.6109439010693498, 7.38905609893065),
    (
        "poisson_nll_loss",
        {"log_input": False, "eps": 0.0},
        1e-300,
        2.0,
        1381.5510557964274,
        -1.9999999999999998e300,
        INF,
    ),
    ("gamma_nll_loss", {}, -720.0, 1e-300, 4920700929543.815, -4920700930262.815, 4920700930263.815),
    ("gamma_nll_loss", {}, 700.0, 3.0, 700.0, 1.0, 2.9579029631279314e-304),
    ("gamma_nll_loss", {}, 2.0, 9.0, 3.2180175491295144, -0.21801754912951424, 1.2180175491295142),
    ("gamma_nll_loss", {"log_input": False, "eps": 0.0}, 1e-200, 2.0, 2e200, -INF, INF),
    ("tweedie_loss", {}, -1500.0, 1e-320, 1051687.1999191423, -525843.5999595711, 262921.7999797856),
    ("tweedie_loss", {"power": 1.9}, -50.0, 0.0, 0.06737946999085431, 0.0067379469990854375, 0.0006737946999085443),
    ("tweedie_loss", {"power": 1.0000001}, 3.0, 7.0, 69999999.04466535, 13.085532997527178, 20.08552958897419),
    ("tweedie_loss", {"log_input": False, "eps": 0.0}, 1e300, 7.0, 2e150, 1e-150, -0.0),
    ("tweedie_loss", {"log_input": False, "eps": 0.0, "power": 1.25}, 1e-200, 3.0, 1.2e51, -3e250, INF),
    ("fair_loss", {}, 1e-09, 0.0, 4.999999996666667e-19, 9.999999990000001e-10, 0.9999999980000001),
    ("fair_loss", {}, 0.0001, 0.0, 4.999666691664667e-09, 9.999000099990002e-05, 0.9998000299960005),
    ("fair_loss", {}, 1.0000001, 0.0, 0.30685286944005596, 0.5000000249999987, 0.24999997500000187),
    ("fair_loss", {"c": 1e-200}, -1e150, 0.0, 1e-50, -1e-200, 0.0),
    ("fair_loss", {"c": 1e250}, 1e100, 0.0, 5e199, 1e100, 1.0),
    ("pseudo_huber_loss", {}, 1e-09, 0.0, 5e-19, 1e-09, 1.0),
    ("pseudo_huber_loss", {}, 0.999999, 0.0, 0.4142128552664906, 0.7071064276328918, 0.3535539209237574),
    ("pseudo_huber_loss", {"delta": 1e-200}, -1e200, 0.0, 1.0, -1e-200, 0.0),
    ("pseudo_huber_loss", {"delta": 1e250}, 1e-100, 0.0, 5e-201, 1e-100, 1.0),
    ("expectile_loss", {"tau": 0.75}, -1e-100, 0.0, 7.5e-201, -1.5e-100, 1.5),
    ("binary_cross_entropy", {}, 1e-10, 0.0, 1.00000000005e-10, 1.0000000001, 1.0000000002),
    ("binary_cross_entropy", {}, 0.25, 0.75, 1.1116412889528633, -2.6666666666666665, 12.444444444444445),
]


@pytest.mark.parametrize(("name", "parameters", "input", "target", "value", "slope", "curvature"), EXTREMES)
def test_extremes_keep_their_relative_accuracy(name, parameters, input, target, value, slope, curvature):
    loss = REGISTRY[name]
    (actual_slope,), (actual_curvature,) = loss.grad_hess([input], [target], **parameters)
    assert loss([input], [target], **parameters) == pytest.approx(value, rel=4e-15, abs=0.0)
    assert actual_slope == pytest.approx(slope, rel=4e-15, abs=0.0)
    assert actual_curvature == pytest.approx(curvature, rel=4e-15, abs=0.0)


NORMAL = [  # input, target, var, and value, slopes and second derivatives by input and var, as above; eps is 0
    # F = lambda x, t, v: (log(v) + (x - t) ** 2 / v) / 2
    (3.0, 1.0, 0.5, (3.6534264097200273, 4.0, -7.0, 2.0, 30.0)),
    (1e-10, 0.0, 1e-200, (5.0000000000000006e179, 1e190, -INF, 1e200, INF)),
    (1e160, 0.0, 1e300, (5e19, 1e-140, -5e-281, 1e-300, 0.0)),
    (-1e-200, 0.0, 1e-280, (-322.3619130191664, -1e80, 5e279, 1e280, -INF)),
]


@pytest.mark.parametrize(("input", "target", "var", "expected"), NORMAL)
def test_extremes_of_a_normal_distribution(input, target, var, expected):
    arguments = [input], [target], [var]
    value, slopes = fastloss.gaussian_nll_loss.value_and_grad(*arguments, eps=0.0)
    curvatures = fastloss.gaussian_nll_loss.grad_hess(*arguments, eps=0.0)[1]
    found = (value, *(one[0] for one in slopes), *(one[0] for one in curvatures))
    assert found == pytest.approx(expected, rel=4e-15, abs=0.0)


def test_a_variance_below_the_smallest_is_that_one():
    """Its slope passes through, as in PyTorch."""
    at, below = (fastloss.gaussian_nll_loss.value_and_grad([2.0], [0.0], [v], eps=0.25) for v in (0.25, 0.0))
    np.testing.assert_equal(below, at)


@pytest.mark.parametrize(
    ("arguments", "value", "slopes"),
    [
        ((INF, 0.0, 1.0), INF, (INF, -INF)),
        ((1.0, 0.0, INF), INF, (0.0, 0.0)),
        ((1.0, 0.0, 0.0), INF, (INF, -INF)),
        ((0.0, 0.0, 0.0), -INF, (0.0, INF)),
        ((-1.0, 0.0, 0.0), INF, (-INF, -INF)),
    ],
)
def test_limits_of_a_normal_distribution(arguments, value, slopes):
    found, gradient = fastloss.gaussian_nll_loss.value_and_grad(*([one] for one in arguments), eps=0.0)
    assert found == value
    assert tuple(one[0] for one in gradient) == slopes


LIMITS = [  # name, parameters, input, target, value, slope
    ("binary_cross_entropy_with_logits", {}, INF, 1.0, 0.0, 0.0),
    ("binary_cross_entropy_with_logits", {}, INF, 0.0, INF, 1.0),
    ("binary_cross_entropy_with_logits", {}, -INF, 0.0, 0.0, 0.0),
    ("binary_cross_entropy_with_logits", {}, -INF, 1.0, INF, -1.0),
    ("binary_cross_entropy_with_logits", {}, INF, 0.5, INF, 0.5),
    ("binary_cross_entropy_with_logits", {"pos_weight": 0.0}, -INF, 1.0, 0.0, 0.0),
    ("binary_cross_entropy_with_logits", {"pos_weight": np.array([3.0])}, INF, 1.0, 0.0, 0.0),
    ("binary_cross_entropy_with_logits", {"label_smoothing": 0.1}, INF, 1.0, INF, 0.05),
    ("soft_margin_loss", {}, INF, 1.0, 0.0, 0.0),
    ("soft_margin_loss", {}, INF, -1.0, INF, 1.0),
    ("soft_margin_loss", {}, -INF, 1.0, INF, -1.0),
    ("hinge_loss", {}, INF, 1.0, 0.0, 0.0),
    ("hinge_loss", {}, -INF, 1.0, INF, -1.0),
    ("hinge_loss", {}, INF, -1.0, INF, 1.0),
    ("squared_hinge_loss", {}, INF, 1.0, 0.0, 0.0),
    ("squared_hinge_loss", {}, -INF, 1.0, INF, -INF),
    ("hinge_embedding_loss", {}, INF, 1.0, INF, 1.0),
    ("hinge_embedding_loss", {}, INF, -1.0, 0.0, 0.0),
    *[("focal_loss", {"gamma": gamma}, INF, 1.0, 0.0, 0.0) for gamma in (0.0, 0.5, 1.0, 2.0)],
    *[("focal_loss", {"gamma": gamma, "alpha": 0.25}, INF, 0.0, INF, 0.75) for gamma in (0.0, 0.5, 1.0, 2.0)],
    ("focal_loss", {}, -INF, 0.0, 0.0, 0.0),
    ("focal_loss", {}, -INF, 1.0, INF, -1.0),
    ("huber_loss", {}, INF, 0.0, INF, 1.0),
    ("huber_loss", {"delta": 2.0}, -INF, 0.0, INF, -2.0),
    ("smooth_l1_loss", {}, -INF, 0.0, INF, -1.0),
    ("smooth_l1_loss", {"beta": 0.0}, INF, 0.0, INF, 1.0),
    ("asymmetric_huber_loss", {"alpha": 3.0}, -INF, 0.0, INF, -3.0),
    ("asymmetric_huber_loss", {"delta_below": 2.0}, -INF, 0.0, INF, -2.0),
    ("asymmetric_huber_loss", {"delta_below": 2.0}, INF, 0.0, INF, 1.0),
    ("log_cosh_loss", {}, -INF, 0.0, INF, -1.0),
    ("l1_loss", {}, -INF, 0.0, INF, -1.0),
    ("mse_loss", {}, INF, 0.0, INF, INF),
    ("quantile_loss", {"q": 0.25}, -INF, 0.0, INF, -0.25),
    ("poisson_nll_loss", {}, INF, 2.0, INF, INF),
    ("poisson_nll_loss", {}, -INF, 0.0, 0.0, 0.0),
    ("poisson_nll_loss", {}, -INF, 2.0, INF, -2.0),
    ("poisson_nll_loss", {"log_input": False, "eps": 0.0}, 0.0, 0.0, 0.0, 1.0),
    ("poisson_nll_loss", {"log_input": False, "eps": 0.0}, 0.0, 2.0, INF, -INF),
    ("poisson_nll_loss", {"log_input": False}, INF, 2.0, INF, 1.0),
    ("gamma_nll_loss", {}, INF, 2.0, INF, 1.0),
    ("gamma_nll_loss", {}, -INF, 2.0, INF, -INF),
    ("gamma_nll_loss", {}, -INF, 0.0, -INF, 1.0),
    ("gamma_nll_loss", {}, -2000.0, 0.0, -2000.0, 1.0),
    ("gamma_nll_loss", {"log_input": False, "eps": 0.0}, 0.0, 2.0, INF, -INF),
    ("gamma_nll_loss", {"log_input": False, "eps": 0.0}, 0.0, 0.0, -INF, INF),
    ("gamma_nll_loss", {"log_input": False}, INF, 2.0, INF, 0.0),
    ("tweedie_loss", {}, INF, 2.0, INF, INF),
    ("tweedie_loss", {}, -INF, 2.0, INF, -INF),
    ("tweedie_loss", {}, -INF, 0.0, 0.0, 0.0),
    ("tweedie_loss", {"log_input": False, "eps": 0.0}, 0.0, 2.0, INF, -INF),
    ("tweedie_loss", {"log_input": False, "eps": 0.0}, 0.0, 0.0, 0.0, INF),
    ("tweedie_loss", {"log_input": False}, INF, 2.0, INF, 0.0),
    ("expectile_loss", {"tau": 0.25}, -INF, 0.0, INF, -INF),
    ("fair_loss", {"c": 2.0}, -INF, 0.0, INF, -2.0),
    ("fair_loss", {"c": 1e-320}, INF, 0.0, INF, 1e-320),
    ("fair_loss", {}, 1e308, -1e308, INF, 1.0),
    ("pseudo_huber_loss", {"delta": 2.0}, -INF, 0.0, INF, -2.0),
    ("pseudo_huber_loss", {"delta": 2.0}, 1e308, 0.0, INF, 2.0),
    ("binary_cross_entropy", {}, 0.0, 1.0, 100.0, -1e12),
    ("binary_cross_entropy", {}, 1.0, 0.0, 100.0, 1e12),
    ("binary_cross_entropy", {}, 1.0, 1.0, 0.0, 0.0),
    ("binary_cross_entropy", {}, 0.0, 0.0, 0.0, 0.0),
    ("binary_cross_entropy", {}, 0.0, 0.5, 50.0, -5e11),
    ("l1_loss", {}, INF, INF, NAN, NAN),
    ("mse_loss", {}, INF, INF, NAN, NAN),
]


@pytest.mark.parametrize(("name", "parameters", "input", "target", "value", "slope"), LIMITS)
def test_limits(name, parameters, input, target, value, slope):
    actual, (actual_slope,) = REGISTRY[name].value_and_grad([input], [target], **parameters)
    np.testing.assert_array_equal([actual, actual_slope], [value, slope])


KINKS = [  # name, parameters, arguments, slope: PyTorch's autograd, but for the last
    ("l1_loss", {}, (2.0, 2.0), 0.0),
    ("nmae_loss", {"norm": 2.0}, (2.0, 2.0), 0.0),
    ("mape_loss", {}, (2.0, 2.0), 0.0),
    ("smooth_l1_loss", {"beta": 0.0}, (2.0, 2.0), 0.0),
    ("huber_loss", {}, (1.0, 0.0), 1.0),
    ("huber_loss", {}, (-1.0, 0.0), -1.0),
    ("hinge_loss", {}, (1.0, 1.0), -1.0),  # torch.clamp(1 - t * x, min=0)
    ("hinge_loss", {}, (-1.0, -1.0), 1.0),
    ("squared_hinge_loss", {}, (1.0, 1.0), 0.0),
    ("hinge_embedding_loss", {}, (1.0, -1.0), -1.0),
    ("margin_ranking_loss", {"margin": 1.0}, (1.0, 0.0, 1.0), -1.0),
    ("margin_ranking_loss", {}, (1.0, 1.0, -1.0), 1.0),
    ("quantile_loss", {"q": 0.75}, (2.0, 2.0), 0.0),  # ours; torch.maximum of both lines has 0.5 - q
]


@pytest.mark.parametrize(("name", "parameters", "arguments", "slope"), KINKS)
def test_kinks(name, parameters, arguments, slope):
    grad = REGISTRY[name].value_and_grad(*[[argument] for argument in arguments], **parameters)[1]
    assert (grad[0] if isinstance(grad, tuple) else grad)[0] == slope


POINTWISE = {name: loss for name, loss in REGISTRY.items() if isinstance(loss, PointwiseLoss)}
CALLS = [
    *[(name, {"norm": 2.0} if name == "nmae_loss" else {}) for name in POINTWISE],
    ("mape_loss", {"epsilon": 0.1}),
    ("poisson_nll_loss", {"full": True}),
    ("poisson_nll_loss", {"log_input": False}),
    ("poisson_nll_loss", {"log_input": False, "full": True}),
    ("gamma_nll_loss", {"log_input": False}),
    ("tweedie_loss", {"power": 1.0}),
    ("tweedie_loss", {"power": 2.0}),
    ("tweedie_loss", {"log_input": False}),
    ("focal_loss", {"gamma": 0.0, "alpha": 0.25}),
    ("binary_cross_entropy_with_logits", {"pos_weight": np.array([2.0])}),
]


@pytest.mark.parametrize(("name", "parameters"), CALLS)
def test_nan_in_any_argument_comes_out(name, parameters):
    loss = POINTWISE[name]
    for spoiled in range(len(loss.arguments)):
        arguments = [np.array([1.0, 1.0])] * len(loss.arguments)
        arguments[spoiled] = np.array([1.0, NAN])
        value, grad = loss.value_and_grad(*arguments, **parameters)
        assert math.isnan(value)
        for part in grad if isinstance(grad, tuple) else (grad,):
            assert np.isnan(part[1])
        curvature = loss.grad_hess(*arguments, **parameters)[1]
        for part in curvature if isinstance(curvature, tuple) else (curvature,):
            assert np.isnan(part[1])


NUMBERS = (-INF, -1e308, -1e3, -1.0, -1e-300, 0.0, 1e-300, 0.5, 1.0, 1e3, 1e308, INF, NAN)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", POINTWISE)
def test_formulas_raise_nothing_in_plain_python(name):
    """Wrong numbers included, since they are found in the same pass."""
    loss = POINTWISE[name]
    for formulas in loss.variants.values():
        for parameters in ([0.5] * formulas.parameters, [0.0] * formulas.parameters):
            if name in ("nmae_loss", "mape_loss", "fair_loss", "pseudo_huber_loss") and 0.0 in parameters:
                continue  # not in the range
            for x in NUMBERS:
                for t in NUMBERS:
                    for formula in (formulas.value, formulas.slope, formulas.curvature):
                        float(formula(x, t, *[1.0] * (formulas.operands - 2), *parameters))


WRONG = [  # name, arguments, keywords, part of the message
    ("binary_cross_entropy", ([0.5, 1.5], [0, 1]), {}, r"input\[1\] is 1.5.*_with_logits"),
    ("binary_cross_entropy", ([0.5, 0.5], [0, 2]), {}, r"target\[1\] is 2"),
    ("binary_cross_entropy", ([0.5, 0.5], [0, 1]), {"weight": [1.0, -1.0]}, r"weight\[1\] is -1"),
    (
        "binary_cross_entropy",
        ([0.5, 0.5], [0, 1]),
        {"weight": [1.0, -1.0], "sample_weight": [1, 1]},
        r"weight\[1\] is -1",
    ),
    ("binary_cross_entropy", ([0.5, 0.5], [0, 1]), {"weight": [1.0, 2.0, 3.0]}, r"weight has shape \(3,\)"),
    ("binary_cross_entropy_with_logits", ([1.0], [0.0]), {"pos_weight": -1.0}, "pos_weight is -1.0"),
    ("binary_cross_entropy_with_logits", ([1.0, 1.0], [0, 1]), {"pos_weight": [1.0, -1.0]}, r"pos_weight\[1\] is -1"),
    ("binary_cross_entropy_with_logits", ([1.0, 1.0], [0, 1]), {"pos_weight": np.ones(3)}, "pos_weight has shape"),
    ("focal_loss", ([1.0, 1.0], [0, 0.5]), {}, r"target\[1\] is 0.5: expected 0 or 1"),
    ("focal_loss", ([1.0], [1.0]), {"alpha": 1.0}, "alpha is 1.0"),
    ("hinge_loss", ([1.0, 1.0], [0, -1]), {}, "target mixes 0"),
    ("hinge_loss", ([1.0, 1.0], [1, 2]), {}, r"target\[1\] is 2"),
    ("hinge_embedding_loss", ([1.0], [0]), {}, r"target\[0\] is 0"),
    ("margin_ranking_loss", ([1.0], [1.0], [0]), {}, r"target\[0\] is 0"),
    ("margin_ranking_loss", ([1.0], [1.0, 2.0], [1]), {}, "input2 has shape"),
    ("mape_loss", ([1.0, 1.0], [1, 0]), {}, r"target\[1\] is 0.*epsilon"),
    ("msle_loss", ([0.0, -1.0], [1, 0]), {}, r"input\[1\] is -1"),
    ("nmae_loss", ([0.0, 1.0], [2.0, 2.0]), {}, "norm is 'range', which is 0"),
    ("nmae_loss", ([0.0, 1.0], [2.0, 2.0]), {"norm": "median"}, "norm is 'median'"),
    ("nmae_loss", ([0.0, 1.0], [2.0, 2.0]), {"norm": 0.0}, "norm is 0.0"),
    ("poisson_nll_loss", ([0.0], [-1.0]), {}, r"target\[0\] is -1"),
    ("poisson_nll_loss", ([-1.0], [1.0]), {"log_input": False}, r"input\[0\] is -1"),
    ("quantile_loss", ([1.0], [1.0]), {"q": 1.0}, "q is 1.0"),
    ("expectile_loss", ([1.0], [1.0]), {"tau": 0.0}, "tau is 0.0"),
    ("fair_loss", ([1.0], [1.0]), {"c": 0.0}, "c is 0.0"),
    ("pseudo_huber_loss", ([1.0], [1.0]), {"delta": -1.0}, "delta is -1.0"),
    ("gamma_nll_loss", ([0.0], [-1.0]), {}, r"target\[0\] is -1"),
    ("gamma_nll_loss", ([-1.0], [1.0]), {"log_input": False}, r"input\[0\] is -1"),
    ("tweedie_loss", ([0.0], [-1.0]), {}, r"target\[0\] is -1"),
    ("tweedie_loss", ([0.0], [1.0]), {"power": 0.5}, r"power is 0.5: expected a number in \[1"),
    ("tweedie_loss", ([0.0], [1.0]), {"power": 3}, "power is 3"),
    ("gaussian_nll_loss", ([0.0, 0.0], [1.0, 1.0], [0.0, -1.0]), {}, r"var\[1\] is -1"),
    ("gaussian_nll_loss", ([0.0, 0.0], [1.0, 1.0], [1.0]), {}, "var has shape"),
    ("gaussian_nll_loss", ([0.0], [1.0], [1.0]), {"eps": -1.0}, "eps is -1.0"),
    ("rmse_loss", ([1.0], [1.0]), {"reduction": "sum"}, "reduction is 'sum': expected 'mean'"),
    ("rmse_loss", ([1.0], [1.0]), {"reduction": "avg"}, "reduction is 'avg'"),
]


@pytest.mark.parametrize(("name", "arguments", "keywords", "message"), WRONG)
@pytest.mark.parametrize("what", ["__call__", "value_and_grad", "grad_hess"])
def test_bad_input(name, arguments, keywords, message, what):
    with pytest.raises(ValueError, match=message):
        getattr(REGISTRY[name], what)(*arguments, **keywords)


def test_nan_targets_make_no_norm():
    assert math.isnan(fastloss.nmae_loss([0.0, 1.0], [2.0, NAN]))


@pytest.mark.parametrize("name", POINTWISE)
def test_the_mean_over_nothing_is_zero(name):
    loss = POINTWISE[name]
    value, grad = loss.value_and_grad(*[np.empty((0, 3), np.float32)] * len(loss.arguments))
    assert value == 0.0
    for part in grad if isinstance(grad, tuple) else (grad,):
        assert part.shape == (0, 3) and part.dtype == np.float32


def test_second_derivatives_of_two_arguments_are_two_arrays():
    _, (first, second) = fastloss.margin_ranking_loss.grad_hess([1.0, 2.0], [2.0, 1.0], [1.0, -1.0])
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize("norm", ["range", "max"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_norm_of_several_blocks_is_that_of_all_targets(norm, dtype):
    """The extremes lie at both ends of a block, the last of which is shorter; a NaN in any block comes out."""
    size = 2 * BLOCK + 3
    for high, low in ((0, BLOCK), (BLOCK - 1, 2 * BLOCK), (size - 1, 2 * BLOCK - 1)):
        t = np.random.default_rng(0).random(size).astype(dtype)
        t[high], t[low] = 8.0, -24.0
        expected = np.mean(np.abs(t.astype(np.float64))) / (32.0 if norm == "range" else 24.0)
        assert fastloss.nmae_loss(np.zeros(size, dtype), t, norm=norm) == pytest.approx(expected, rel=1e-13)
        t[high] = np.nan
        assert np.isnan(fastloss.nmae_loss(np.zeros(size, dtype), t, norm=norm))
