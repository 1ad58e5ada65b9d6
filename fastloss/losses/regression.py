"""Losses of a number against a number, pointwise in the difference a = input - target."""

from fastloss.domains import POSITIVE
from fastloss.pointwise import pointwise


def _square(x, t):
    return (x - t) * (x - t)


def _square_slope(x, t):
    return 2.0 * (x - t)


def _square_curvature(x, t):
    return 2.0 + 0.0 * (x - t)


@pointwise(_square, _square_slope, _square_curvature, reference="Gauss, Theoria motus corporum coelestium, 1809")
def mse_loss(input, target):
    r"""Squared error: :math:`a^2`, without the factor 1/2.

    Parameters
    ----------
    input, target : array_like of the same shape
        Predictions and the numbers to be predicted.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    """


def _huber(x, t, delta):
    a = abs(x - t)
    return 0.5 * a * a if a <= delta else delta * (a - 0.5 * delta)


def _huber_slope(x, t, delta):
    a = x - t
    return -delta if a < -delta else (delta if a > delta else a)


def _huber_curvature(x, t, delta):
    return 1.0 if abs(x - t) <= delta else 0.0


@pointwise(_huber, _huber_slope, _huber_curvature, parameters={"delta": POSITIVE}, reference="Huber, Robust estimation of a location parameter, 1964")
def huber_loss(input, target, *, delta=1.0):
    r"""Quadratic within `delta` of the target, linear beyond.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.huber_loss([0.5, 3.0], [0.0, 0.0])
    1.3125
    """
    return (delta,)
