"""Losses whose expectation is minimal at a quantile or at an expectile of the target. a = input - target."""

from fastloss.compile.elementary import unless_nan
from fastloss.core.domains import INNER_FRACTION
from fastloss.pointwise.loss import pointwise
from fastloss.pointwise.regression import flat_too

__all__ = ["expectile_loss", "quantile_loss"]


def pinball(x, t, q):
    a = x - t
    return (1.0 - q) * a if a > 0.0 else -q * a


def pinball_slope(x, t, q):
    a = x - t
    return 1.0 - q if a > 0.0 else (-q if a < 0.0 else a)


@pointwise(
    pinball,
    pinball_slope,
    flat_too,
    parameters={"q": INNER_FRACTION},
    reference="Koenker & Bassett, Regression quantiles, 1978",
)
def quantile_loss(input, target, *, q=0.5):
    r"""Pinball loss, whose expectation is minimal at the target's `q`-quantile.

    .. math:: \ell = \begin{cases} q \, |a| & a < 0 \\ (1 - q) \, a & a \ge 0 \end{cases}
        \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}
    q : float in (0, 1)
        The quantile's level; 0.5 gives half of `l1_loss`.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The slope at a = 0 is 0, as in `l1_loss`.

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `q` is outside (0, 1).

    References
    ----------
    R. Koenker & G. Bassett, Regression quantiles, Econometrica, 1978.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.quantile_loss([1.0, 3.0], [2.0, 2.0], q=0.75, reduction="none").tolist()
    [0.75, 0.25]
    >>> value, gradient = fastloss.quantile_loss.value_and_grad([1.0, 3.0], [2.0, 2.0], q=0.75)
    >>> gradient.round(4).tolist()
    [-0.375, 0.125]
    """
    return (q,)


def _side(a, tau):
    """The factor of the square of a difference."""
    return 1.0 - tau if a > 0.0 else tau


def _expectile(x, t, tau):
    a = x - t
    return (_side(a, tau) * a) * a


def _expectile_slope(x, t, tau):
    a = x - t
    return 2.0 * (_side(a, tau) * a)


def _expectile_curvature(x, t, tau):
    a = x - t
    return unless_nan(a, 2.0 * _side(a, tau))


@pointwise(
    _expectile,
    _expectile_slope,
    _expectile_curvature,
    parameters={"tau": INNER_FRACTION},
    reference="Newey & Powell, Asymmetric least squares estimation and testing, 1987",
)
def expectile_loss(input, target, *, tau=0.5):
    r"""Squared error with a factor for each side, whose expectation is minimal at the target's `tau`-expectile.

    .. math:: \ell = \begin{cases} \tau \, a^2 & a \le 0 \\ (1 - \tau) \, a^2 & a > 0 \end{cases}
        \qquad a = \text{input} - \text{target}

    Expectiles are to the mean what quantiles are to the median: see `quantile_loss`.

    Parameters
    ----------
    {predictions_and_targets}
    tau : float in (0, 1)
        The expectile's level; 0.5 gives half of `mse_loss`.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The second derivative is 2 `tau` below the target and at it, and 2 (1 - `tau`) above.

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `tau` is outside (0, 1).

    References
    ----------
    W. K. Newey & J. L. Powell, Asymmetric least squares estimation and testing, Econometrica, 1987.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.expectile_loss([1.0, 4.0], [2.0, 2.0], tau=0.75, reduction="none").tolist()
    [0.75, 1.0]
    >>> value, gradient = fastloss.expectile_loss.value_and_grad([1.0, 4.0], [2.0, 2.0], tau=0.75)
    >>> gradient.round(4).tolist()
    [-0.75, 0.5]
    """
    return (tau,)
