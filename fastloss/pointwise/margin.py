"""Losses of a score against a side, -1 or 1: functions of z = target * input."""

from fastloss.compile.elementary import at_least, exp_negative, sigmoid, softplus, step, unless_nan
from fastloss.core.docstrings import share
from fastloss.core.domains import AT_LEAST_ZERO, REAL, SIGN_OR_BINARY
from fastloss.pointwise.classification import side, toward
from fastloss.pointwise.loss import pointwise

__all__ = ["hinge_loss", "soft_margin_loss", "squared_hinge_loss"]

SCORES = (REAL, SIGN_OR_BINARY)


share(
    signs="""
    target : array_like of the input's shape
        -1 or 1, the side t; or 0 and 1 throughout, where 0 means -1.
    """
)


def _hinge(x, t, margin):
    return at_least(0.0, margin - toward(x, t))


def _hinge_slope(x, t, margin):
    return step(margin - toward(x, t), side(t, -1.0))


def _hinge_curvature(x, t, margin):
    return unless_nan(toward(x, t), 0.0)


@pointwise(
    _hinge,
    _hinge_slope,
    _hinge_curvature,
    parameters={"margin": AT_LEAST_ZERO},
    domains=SCORES,
    reference="Cortes & Vapnik, Support-vector networks, 1995",
)
def hinge_loss(input, target, *, margin=1.0):
    r"""How far a score falls short of the margin on its side of 0.

    .. math:: \ell = \max(0, m - t x), \qquad x = \text{input}, \; t = \text{target}, \; m = \text{margin}

    Parameters
    ----------
    input : array_like
        Scores x, of any shape.
    {signs}
    margin : float >= 0
        The margin m from which on a score on the right side costs nothing.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The slope at the margin itself is that of the side where the loss is positive, as with PyTorch's ``clamp``.

    Raises
    ------
    ValueError
        If the shapes differ, a target is anything else, or a weight or the margin is negative.

    References
    ----------
    C. Cortes & V. Vapnik, Support-vector networks, Machine Learning, 1995.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.hinge_loss([0.5, -2.0, 3.0], [1, -1, -1], reduction="none").tolist()
    [0.5, 0.0, 4.0]
    >>> value, gradient = fastloss.hinge_loss.value_and_grad([0.5, -2.0, 3.0], [1, -1, -1])
    >>> gradient.round(4).tolist()
    [-0.3333, 0.0, 0.3333]
    """
    return (margin,)


def _squared_hinge(x, t, margin):
    short = at_least(0.0, margin - toward(x, t))
    return short * short


def _squared_hinge_slope(x, t, margin):
    return side(t, -2.0) * at_least(0.0, margin - toward(x, t))


def _squared_hinge_curvature(x, t, margin):
    return step(margin - toward(x, t), 2.0)


@pointwise(
    _squared_hinge,
    _squared_hinge_slope,
    _squared_hinge_curvature,
    parameters={"margin": AT_LEAST_ZERO},
    domains=SCORES,
    reference="Cortes & Vapnik, Support-vector networks, 1995",
)
def squared_hinge_loss(input, target, *, margin=1.0):
    r"""The square of `hinge_loss`, which has a continuous slope.

    .. math:: \ell = \max(0, m - t x)^2, \qquad x = \text{input}, \; t = \text{target}, \; m = \text{margin}

    Parameters
    ----------
    input : array_like
        Scores x, of any shape.
    {signs}
    margin : float >= 0
        The margin m from which on a score on the right side costs nothing.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a target is anything else, or a weight or the margin is negative.

    References
    ----------
    C. Cortes & V. Vapnik, Support-vector networks, Machine Learning, 1995.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.squared_hinge_loss([0.5, -2.0, 3.0], [1, 0, 0], reduction="none").tolist()
    [0.25, 0.0, 16.0]
    >>> value, gradient = fastloss.squared_hinge_loss.value_and_grad([0.5, -2.0, 3.0], [1, 0, 0])
    >>> gradient.round(4).tolist()
    [-0.3333, 0.0, 2.6667]
    """
    return (margin,)


def _soft_margin(x, t):
    return softplus(-toward(x, t))


def _soft_margin_rest(x, t):
    return at_least(0.0, -toward(x, t))


def _soft_margin_odds(x, t):
    return exp_negative(-abs(toward(x, t)))


def _soft_margin_slope(x, t):
    return side(t, -1.0) * sigmoid(-toward(x, t))


def _soft_margin_curvature(x, t):
    e = _soft_margin_odds(x, t)
    return e / ((1.0 + e) * (1.0 + e))


@pointwise(
    _soft_margin,
    _soft_margin_slope,
    _soft_margin_curvature,
    domains=SCORES,
    rest=_soft_margin_rest,
    odds=_soft_margin_odds,
    reference="Friedman, Hastie & Tibshirani, Additive logistic regression, 2000",
)
def soft_margin_loss(input, target):
    r"""Logistic loss of a score on its side of 0: a smooth hinge.

    .. math:: \ell = \log(1 + e^{-t x}), \qquad x = \text{input}, \; t = \text{target}

    Parameters
    ----------
    input : array_like
        Scores x, of any shape. Infinite scores give the limit.
    {signs}

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a target is anything else, or a weight is negative.

    References
    ----------
    J. Friedman, T. Hastie & R. Tibshirani, Additive logistic regression, Annals of Statistics, 2000.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.soft_margin_loss([100.0, 0.0], [-1, 1], reduction="none").tolist()
    [100.0, 0.6931471805599453]
    >>> value, gradient = fastloss.soft_margin_loss.value_and_grad([100.0, 0.0], [-1, 1])
    >>> gradient.round(4).tolist()
    [0.5, -0.25]
    """
