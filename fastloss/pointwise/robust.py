"""Smooth losses that are quadratic near the target and linear far from it. a = input - target.

Both are written with the smaller and the larger of |a| and the parameter c, so that no square or quotient on the way
leaves the numbers, and nothing cancels on either side.
"""

import math
from typing import Any, NamedTuple

from fastloss.compile.elementary import log1p, log1p_lack
from fastloss.core.domains import POSITIVE
from fastloss.pointwise.loss import pointwise

__all__ = ["fair_loss", "pseudo_huber_loss"]

LARGEST = 1.7976931348623157e308


class _Sides(NamedTuple):
    """The smaller of |a| and c, its ratio to the larger one, and the ratio of c to the larger one."""

    smaller: Any
    ratio: Any
    share: Any


def _sides(a, c):
    size = abs(a)
    near = size <= c
    smaller = size if near else c
    ratio = smaller / (c if near else size)
    return _Sides(smaller, ratio, 1.0 if near else ratio)


def _with_sign(a, slope):
    return -slope if a < 0.0 else slope


def _fair(x, t, c):
    a = abs(x - t)
    u = a / c
    far = c * (a - c * log1p(LARGEST if u > LARGEST else u))
    return (a * log1p_lack(u)) * a if u <= 1.0 else far


def _fair_slope(x, t, c):
    sides = _sides(x - t, c)
    return _with_sign(x - t, sides.smaller / (1.0 + sides.ratio))


def _fair_curvature(x, t, c):
    sides = _sides(x - t, c)
    share = sides.share / (1.0 + sides.ratio)
    return share * share


@pointwise(
    _fair,
    _fair_slope,
    _fair_curvature,
    parameters={"c": POSITIVE},
    reference="Fair, On the robust estimation of econometric models, 1974",
)
def fair_loss(input, target, *, c=1.0):
    r"""Half the squared error near the target; far from it, a loss whose slope approaches `c`.

    .. math:: \ell = c^2 \left( \frac{|a|}{c} - \log\left(1 + \frac{|a|}{c}\right) \right),
        \qquad a = \text{input} - \text{target}

    The slope is :math:`a / (1 + |a| / c)`, the second derivative :math:`1 / (1 + |a| / c)^2`.

    Parameters
    ----------
    {predictions_and_targets}
    c : float > 0
        The error at which the slope is half its limit, in units of the target.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `c` is not positive.

    References
    ----------
    R. C. Fair, On the robust estimation of econometric models, Annals of Economic and Social Measurement, 1974.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.fair_loss([1.0, 3.0], [0.0, 0.0], reduction="none").round(6).tolist()
    [0.306853, 1.613706]
    >>> value, gradient = fastloss.fair_loss.value_and_grad([1.0, 3.0], [0.0, 0.0])
    >>> gradient.round(4).tolist()
    [0.25, 0.375]
    """
    return (c,)


def _root(sides):
    return math.sqrt(1.0 + sides.ratio * sides.ratio)


def _pseudo_huber(x, t, delta):
    sides = _sides(x - t, delta)
    return abs(x - t) * (sides.smaller / (_root(sides) + sides.share))


def _pseudo_huber_slope(x, t, delta):
    sides = _sides(x - t, delta)
    return _with_sign(x - t, sides.smaller / _root(sides))


def _pseudo_huber_curvature(x, t, delta):
    sides = _sides(x - t, delta)
    cosine = sides.share / _root(sides)
    return cosine * cosine * cosine


@pointwise(
    _pseudo_huber,
    _pseudo_huber_slope,
    _pseudo_huber_curvature,
    parameters={"delta": POSITIVE},
    reference="Charbonnier, Blanc-Féraud, Aubert & Barlaud, Deterministic edge-preserving regularization, 1997",
)
def pseudo_huber_loss(input, target, *, delta=1.0):
    r"""Smooth form of the Huber loss: half the squared error near the target, `delta` times the error far away.

    .. math:: \ell = \delta^2 \left( \sqrt{1 + (a / \delta)^2} - 1 \right),
        \qquad a = \text{input} - \text{target}

    All derivatives are continuous, and the second is positive everywhere: :math:`(1 + (a / \delta)^2)^{-3/2}`.

    Parameters
    ----------
    {predictions_and_targets}
    delta : float > 0
        The slope far from the target, in units of the target; XGBoost's `huber_slope`.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `delta` is not positive.

    References
    ----------
    P. Charbonnier, L. Blanc-Féraud, G. Aubert & M. Barlaud, Deterministic edge-preserving regularization in computed
    imaging, IEEE Transactions on Image Processing, 1997.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.pseudo_huber_loss([0.75, 2.4], [0.0, 0.0], reduction="none").round(6).tolist()
    [0.25, 1.6]
    >>> value, gradient = fastloss.pseudo_huber_loss.value_and_grad([0.75, 2.4], [0.0, 0.0])
    >>> gradient.round(4).tolist()
    [0.3, 0.4615]
    """
    return (delta,)
