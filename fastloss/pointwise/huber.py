"""Huber's loss and its relatives: quadratic near the target, linear beyond. a = input - target."""

from fastloss.compile.elementary import sign, unless_nan
from fastloss.core.domains import AT_LEAST_ZERO, POSITIVE, Flag, Range
from fastloss.pointwise.loss import pointwise

__all__ = ["asymmetric_huber_loss", "huber_loss", "smooth_l1_loss"]


def _huber(x, t, delta):
    a = abs(x - t)
    return 0.5 * a * a if a <= delta else delta * (a - 0.5 * delta)


def _huber_slope(x, t, delta):
    a = x - t
    return a if abs(a) <= delta else delta * sign(a)


def _huber_curvature(x, t, delta):
    return unless_nan(x - t, 1.0 if abs(x - t) <= delta else 0.0)


@pointwise(
    _huber,
    _huber_slope,
    _huber_curvature,
    parameters={"delta": POSITIVE},
    reference="Huber, Robust estimation of a location parameter, 1964",
)
def huber_loss(input, target, *, delta=1.0):
    r"""Half the squared error within `delta` of the target, linear beyond.

    .. math:: \ell = \begin{cases} a^2 / 2 & |a| \le \delta \\ \delta (|a| - \delta / 2) & |a| > \delta \end{cases}
        \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}
    delta : float > 0
        The error from which on the loss is linear, in units of the target.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `delta` is not positive.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics, 1964.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.huber_loss([0.5, 3.0], [0.0, 0.0])
    1.3125
    >>> value, gradient = fastloss.huber_loss.value_and_grad([0.5, 3.0], [0.0, 0.0])
    >>> gradient.round(4).tolist()
    [0.25, 0.5]
    """
    return (delta,)


def _smooth(x, t, beta):
    a = abs(x - t)
    divisor = beta if beta > 0.0 else 1.0
    return 0.5 * a * (a / divisor) if a < beta else a - 0.5 * beta


def _smooth_slope(x, t, beta):
    a = x - t
    divisor = beta if beta > 0.0 else 1.0
    return a / divisor if abs(a) < beta else sign(a)


def _smooth_curvature(x, t, beta):
    divisor = beta if beta > 0.0 else 1.0
    return unless_nan(x - t, 1.0 / divisor if abs(x - t) < beta else 0.0)


@pointwise(
    _smooth,
    _smooth_slope,
    _smooth_curvature,
    parameters={"beta": AT_LEAST_ZERO},
    reference="Girshick, Fast R-CNN, 2015",
)
def smooth_l1_loss(input, target, *, beta=1.0):
    r"""Absolute error, quadratic within `beta` of the target: the Huber loss divided by `beta`.

    .. math:: \ell = \begin{cases} a^2 / (2 \beta) & |a| < \beta \\ |a| - \beta / 2 & |a| \ge \beta \end{cases}
        \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}
    beta : float >= 0
        The error from which on the loss is linear, in units of the target; 0 gives `l1_loss`.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `beta` is negative.

    References
    ----------
    R. Girshick, Fast R-CNN, ICCV 2015.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.smooth_l1_loss([0.5, 3.0], [0.0, 0.0], beta=2.0)
    1.03125
    >>> value, gradient = fastloss.smooth_l1_loss.value_and_grad([0.5, 3.0], [0.0, 0.0], beta=2.0)
    >>> gradient.round(4).tolist()
    [0.125, 0.5]
    """
    return (beta,)


def _side(a, delta, below):
    """Where the loss turns linear on the side of the difference a."""
    return below if a < 0.0 else delta


def _factor(a, below, alpha, inside):
    """The factor of the difference a."""
    return alpha if a < -below else (inside if a < 0.0 else 1.0)


def _asymmetric(x, t, delta, below, alpha, inside):
    # The factor of the three that is small comes with a large one, so that no product on the way leaves the numbers.
    factor, side = _factor(x - t, below, alpha, inside), _side(x - t, delta, below)
    a = abs(x - t)
    rest = a - 0.5 * side
    line = (factor * rest) * side if alpha < 1.0 else (factor * side) * rest
    return (factor * 0.5 * a) * a if a <= side else line


def _asymmetric_slope(x, t, delta, below, alpha, inside):
    return _factor(x - t, below, alpha, inside) * _huber_slope(x, t, _side(x - t, delta, below))


def _asymmetric_curvature(x, t, delta, below, alpha, inside):
    return _factor(x - t, below, alpha, inside) * _huber_curvature(x, t, _side(x - t, delta, below))


@pointwise(
    _asymmetric,
    _asymmetric_slope,
    _asymmetric_curvature,
    parameters={
        "delta": POSITIVE,
        "delta_below": Range(0.0, open_low=True, optional=True),
        "alpha": POSITIVE,
        "continuous": Flag(),
    },
    reference="Huber, Robust estimation of a location parameter, 1964; the asymmetric form weighs one side by alpha",
)
def asymmetric_huber_loss(input, target, *, delta=1.0, delta_below=None, alpha=1.0, continuous=False):
    r"""Huber loss with a threshold for each side, which multiplies large underestimates by `alpha`.

    .. math:: \ell = \begin{cases} \alpha \delta_- (|a| - \delta_- / 2) & a < -\delta_- \\
        a^2 / 2 & -\delta_- \le a \le \delta \\ \delta (a - \delta / 2) & a > \delta \end{cases}
        \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}
    delta : float > 0
        The error from which on the loss is linear above the target, in units of the target.
    delta_below : float > 0, optional
        The same below the target, :math:`\delta_-`; None takes `delta`.
    alpha : float > 0
        The factor of errors below :math:`-\delta_-`.
    continuous : bool
        Whether to multiply all negative errors by `alpha`, so that value and slope are continuous. The form above jumps
        at :math:`a = -\delta_-` unless `alpha` is 1.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `delta`, `delta_below` or `alpha` is not positive.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics, 1964.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.asymmetric_huber_loss([-3.0, 3.0], [0.0, 0.0], alpha=2.0, reduction="none").tolist()
    [5.0, 2.5]
    >>> fastloss.asymmetric_huber_loss([-3.0, 3.0], [0.0, 0.0], delta_below=2.0, reduction="none").tolist()
    [4.0, 2.5]
    >>> value, gradient = fastloss.asymmetric_huber_loss.value_and_grad([-3.0, 3.0], [0.0, 0.0], alpha=2.0)
    >>> gradient.round(4).tolist()
    [-1.0, 0.5]
    """
    return delta, delta if delta_below is None else delta_below, alpha, alpha if continuous else 1.0
