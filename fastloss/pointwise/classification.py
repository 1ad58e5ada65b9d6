"""Losses of a score or a probability against one of two classes.

The scores are logits unless the name of the argument's domain says probability. Formulas in logits share e**-|x|, from
which softplus and sigmoid of both signs follow, so that value and slope cost one exponential, and nothing cancels.
"""

import numbers

import numpy as np

from fastloss.compile.elementary import at_least, exp_negative, log, log1p, log1p_unit, sigmoid, softplus
from fastloss.core import validate
from fastloss.core.backend import resident
from fastloss.core.domains import (
    AT_LEAST_ZERO,
    BINARY,
    FOCUS,
    FRACTION,
    NON_NEGATIVE,
    PROBABILITY,
    REAL,
    UNIT,
    Free,
    Range,
)
from fastloss.pointwise.element import Formulas
from fastloss.pointwise.loss import Call, pointwise

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "focal_loss"]

WEIGHT = Free("an array of numbers >= 0 that broadcasts to the input's shape, or None")


def _factor(weight, input):
    """PyTorch's elementwise `weight`, viewed in the input's shape."""
    return None if weight is None else validate.broadcast("weight", resident("weight", weight), np.shape(input))


def _entropy(p, t):
    return t * -at_least(-100.0, log(p)) + (1.0 - t) * -at_least(-100.0, log1p(-p))


def _entropy_slope(p, t):
    return (p - t) / at_least(1e-12, p * (1.0 - p))


def _entropy_curvature(p, t):
    return t / at_least(1e-24, p * p) + (1.0 - t) / at_least(1e-24, (1.0 - p) * (1.0 - p))


@pointwise(
    _entropy,
    _entropy_slope,
    _entropy_curvature,
    parameters={"weight": WEIGHT},
    domains=(PROBABILITY, UNIT),
    formula_parameters=0,
    reference="Good, Rational decisions, 1952",
)
def binary_cross_entropy(input, target, *, weight=None):
    r"""Cross-entropy of probabilities with two classes; of an (N, C) input, multi-label cross-entropy.

    .. math:: \ell = -t \log p - (1 - t) \log(1 - p), \qquad p = \text{input}, \; t = \text{target}

    Logarithms are clamped to -100 or above, and the slope is :math:`(p - t) / \max(p (1 - p), 10^{-12})`, as in
    PyTorch. If you have logits, `binary_cross_entropy_with_logits` is more accurate.

    Parameters
    ----------
    input : array_like
        Probabilities in [0, 1], of any shape.
    target : array_like of the input's shape
        0 or 1, or a probability between them.
    weight : array_like, optional
        A factor >= 0 of each element's loss, broadcast to the input's shape; the mean's denominator does not contain
        it.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, an element is outside [0, 1], or a weight is negative.

    References
    ----------
    I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.binary_cross_entropy([0.5, 0.25], [1.0, 0.0])
    0.4904146265058631
    >>> value, gradient = fastloss.binary_cross_entropy.value_and_grad([0.5, 0.25], [1.0, 0.0])
    >>> gradient.round(4).tolist()
    [-1.0, 0.6667]
    """
    return Call((input, target), factor=_factor(weight, input))


def _logits_rest(x, t, pos_weight, keep, half):
    a, b = pos_weight * (t * keep + half), (1.0 - t) * keep + half
    c = b if x > 0.0 else a
    return 0.0 if c == 0.0 else c * abs(x)


def _logits_odds(x, t, pos_weight, keep, half):
    return exp_negative(-abs(x))


def _logits(x, t, pos_weight, keep, half):
    a, b = pos_weight * (t * keep + half), (1.0 - t) * keep + half
    return _logits_rest(x, t, pos_weight, keep, half) + (a + b) * log1p_unit(exp_negative(-abs(x)))


def _logits_slope(x, t, pos_weight, keep, half):
    a, b = pos_weight * (t * keep + half), (1.0 - t) * keep + half
    e = exp_negative(-abs(x))
    return ((b - a * e) if x > 0.0 else (b * e - a)) / (1.0 + e)


def _logits_curvature(x, t, pos_weight, keep, half):
    a, b = pos_weight * (t * keep + half), (1.0 - t) * keep + half
    e = exp_negative(-abs(x))
    return (a + b) * (e / ((1.0 + e) * (1.0 + e)))


@pointwise(
    _logits,
    _logits_slope,
    _logits_curvature,
    parameters={
        "weight": WEIGHT,
        "pos_weight": Free("a number >= 0, an array of them that broadcasts to the input's shape, or None"),
        "label_smoothing": FRACTION,
    },
    domains=(REAL, UNIT),
    formula_parameters=3,
    variants={
        "unit": Formulas(  # a + b = 1
            "binary_cross_entropy_with_logits_unit",
            _logits,
            _logits_slope,
            _logits_curvature,
            (REAL, UNIT),
            3,
            _logits_rest,
            _logits_odds,
        ),
        "pos_weight": Formulas(
            "binary_cross_entropy_with_logits_pos_weight",
            _logits,
            _logits_slope,
            _logits_curvature,
            (REAL, UNIT, NON_NEGATIVE),
            2,
        ),
    },
    reference="Cox, The regression analysis of binary sequences, 1958",
)
def binary_cross_entropy_with_logits(input, target, *, weight=None, pos_weight=None, label_smoothing=0.0):
    r"""Cross-entropy of logits with two classes; of an (N, C) input, multi-label cross-entropy.

    .. math:: \ell = w_+ t \log(1 + e^{-x}) + (1 - t) \log(1 + e^x), \qquad x = \text{input}, \; t = \text{target}

    Infinite logits give the limit: for a logit of +inf, 0 at target 1 and infinity at target 0.

    Parameters
    ----------
    input : array_like
        Logits, of any shape.
    target : array_like of the input's shape
        0 or 1, or a probability between them.
    weight : array_like, optional
        A factor >= 0 of each element's loss, broadcast to the input's shape; the mean's denominator does not contain
        it.
    pos_weight : float or array_like, optional
        The weight >= 0 of the positive class, :math:`w_+`; an array is broadcast to the input's shape: one of
        shape (C,) has a weight for each label of an (N, C) input.
    label_smoothing : float in [0, 1]
        The epsilon of :math:`t (1 - \epsilon) + \epsilon / 2`, which replaces t.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a target is outside [0, 1], or a weight is negative.

    References
    ----------
    D. R. Cox, The regression analysis of binary sequences, Journal of the Royal Statistical Society B, 1958.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0])
    0.34657359027997264
    >>> value, gradient = fastloss.binary_cross_entropy_with_logits.value_and_grad([0.0, 1000.0], [1.0, 1.0])
    >>> gradient.round(4).tolist()
    [-0.25, 0.0]
    """
    factor = _factor(weight, input)
    smoothing = 1.0 - label_smoothing, 0.5 * label_smoothing
    if pos_weight is None or isinstance(pos_weight, numbers.Real):
        one = 1.0 if pos_weight is None else AT_LEAST_ZERO.validate("pos_weight", pos_weight)
        return Call((input, target), (one, *smoothing), factor, variant="unit" if one == 1.0 else "")
    more = {"pos_weight": validate.broadcast("pos_weight", resident("pos_weight", pos_weight), np.shape(input))}
    return Call((input, target), smoothing, factor, variant="pos_weight", more=more)


def toward(x, t):
    """The score as the target sees it: x for 1, -x for 0 or -1, NaN for NaN."""
    return x if t > 0.0 else (-x if t <= 0.0 else t)


def side(t, x):
    """x for target 1, -x for 0 or -1: the slope in the score from the slope in what the target sees."""
    return x if t > 0.0 else -x


def _missed(z, gamma):
    """(1 - p)**gamma with p = sigmoid(z), from the logarithm."""
    return exp_negative(0.0 if gamma == 0.0 else -gamma * softplus(z))


def _product(p, loss):
    """p * loss, where 0 times infinity is 0."""
    return 0.0 if p == 0.0 else p * loss


def _focal(x, t, gamma, positive, negative):
    z = toward(x, t)
    return (positive if t > 0.0 else negative) * (_missed(z, gamma) * softplus(-z))


def _focal_slope(x, t, gamma, positive, negative):
    z = toward(x, t)
    inner = gamma * _product(sigmoid(z), softplus(-z)) + sigmoid(-z)
    return side(t, -(positive if t > 0.0 else negative) * (_missed(z, gamma) * inner))


def _focal_curvature(x, t, gamma, positive, negative):
    z = toward(x, t)
    p, q = sigmoid(z), sigmoid(-z)
    inner = gamma * _product(p, softplus(-z)) * (gamma * p - q) + (2.0 * gamma + 1.0) * (p * q)
    return (positive if t > 0.0 else negative) * (_missed(z, gamma) * inner)


@pointwise(
    _focal,
    _focal_slope,
    _focal_curvature,
    parameters={"gamma": FOCUS, "alpha": Range(0.0, 1.0, open_low=True, open_high=True, optional=True)},
    domains=(REAL, BINARY),
    formula_parameters=3,
    reference="Lin, Goyal, Girshick, He & Dollar, Focal loss for dense object detection, 2017",
)
def focal_loss(input, target, *, gamma=2.0, alpha=None):
    r"""Cross-entropy of logits with two classes that down-weights well classified examples.

    .. math:: \ell = -\alpha_t (1 - p_t)^\gamma \log p_t, \qquad
        p_t = \sigma(x) \text{ for target 1}, \; 1 - \sigma(x) \text{ for target 0}, \; x = \text{input}

    Parameters
    ----------
    input : array_like
        Logits, of any shape. Infinite ones give the limit.
    target : array_like of the input's shape
        0 or 1.
    gamma : float in [0, 1e100]
        The exponent by which well classified examples are down-weighted; 0 gives `binary_cross_entropy_with_logits`.
    alpha : float in (0, 1), optional
        The weight of target 1; target 0 has the weight 1 - alpha. None gives both the weight 1.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The second derivative is negative at some logits: for `gamma` > 0 the loss is not convex.

    Raises
    ------
    ValueError
        If the shapes differ, a target is neither 0 nor 1, a weight is negative, or a parameter is out of its range.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He & P. Dollar, Focal loss for dense object detection, ICCV 2017.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.focal_loss([0.0, 0.0], [1.0, 0.0], alpha=0.25, reduction="none").tolist()
    [0.04332169878499658, 0.12996509635498973]
    >>> value, gradient = fastloss.focal_loss.value_and_grad([0.0, 0.0], [1.0, 0.0], alpha=0.25)
    >>> gradient.round(4).tolist()
    [-0.0373, 0.1119]
    """
    return gamma, (1.0 if alpha is None else alpha), (1.0 if alpha is None else 1.0 - alpha)
