"""Losses of a rate against a count, and what they share with those of other distributions of a positive mean."""

from fastloss.compile.elementary import INFINITY, exp, log, unless_nan
from fastloss.core.domains import AT_LEAST_ZERO, NON_NEGATIVE, REAL, Flag
from fastloss.pointwise.element import Formulas
from fastloss.pointwise.loss import Call, pointwise

__all__ = ["poisson_nll_loss"]

LN_2PI = 1.8378770664093453
LOG_INFINITY = 710.0  # e**710 is infinite
LARGEST = 1.7976931348623157e308


def _product(t, y):
    """t * y, where 0 times infinity is 0."""
    return 0.0 if t == 0.0 else t * y


def quotient(t, y):
    """t / y for y >= 0, where 0 / 0 is 0 and t / 0 infinite."""
    ratio = t / (1.0 if y == 0.0 else y)
    return (0.0 if t == 0.0 else t * INFINITY) if y == 0.0 else ratio


def _stirling(t):
    """Stirling's approximation of log t!, for t above 1."""
    above = t if t > 1.0 else 1.0
    return above * log(above) - above + 0.5 * (LN_2PI + log(above)) if t > 1.0 else 0.0


def _poisson(x, t):
    rate, product = exp(x), _product(t, LOG_INFINITY if x > LOG_INFINITY else x)
    if rate == INFINITY and product == INFINITY:  # up to where the product may be the larger one, and beyond
        return INFINITY if x > 716.4 else -INFINITY
    return rate - product


def _poisson_full(x, t):
    return _poisson(x, t) + _stirling(t)


def _poisson_slope(x, t):
    return exp(x) - t


def _poisson_curvature(x, t):
    return unless_nan(t, exp(x))


def _poisson_rate(x, t, eps):
    return x - _product(t, log((LARGEST if x > LARGEST else x) + eps))


def _poisson_rate_full(x, t, eps):
    return _poisson_rate(x, t, eps) + _stirling(t)


def _poisson_rate_slope(x, t, eps):
    return 1.0 - quotient(t, x + eps)


def _poisson_rate_curvature(x, t, eps):
    return quotient(quotient(t, x + eps), x + eps)


COUNTS = (REAL, NON_NEGATIVE)
RATES = (NON_NEGATIVE, NON_NEGATIVE)
BY_RATE = _poisson_rate_slope, _poisson_rate_curvature
POISSON = {
    "": Formulas("poisson_nll_loss", _poisson, _poisson_slope, _poisson_curvature, COUNTS),
    "full": Formulas("poisson_nll_loss_full", _poisson_full, _poisson_slope, _poisson_curvature, COUNTS),
    "rate": Formulas("poisson_nll_loss_rate", _poisson_rate, *BY_RATE, RATES, 1),
    "rate_full": Formulas("poisson_nll_loss_rate_full", _poisson_rate_full, *BY_RATE, RATES, 1),
}


@pointwise(
    _poisson,
    _poisson_slope,
    _poisson_curvature,
    parameters={"log_input": Flag(), "full": Flag(), "eps": AT_LEAST_ZERO},
    domains=COUNTS,
    formula_parameters=0,
    variants=POISSON,
    reference="Nelder & Wedderburn, Generalized linear models, 1972",
)
def poisson_nll_loss(input, target, *, log_input=True, full=False, eps=1e-8):
    r"""Negative log-likelihood of counts under a Poisson distribution.

    .. math:: \ell = e^x - t x, \quad \text{or} \quad x - t \log(x + \epsilon) \text{ for } \texttt{log\_input=False},
        \qquad x = \text{input}, \; t = \text{target}

    Parameters
    ----------
    input : array_like
        The logarithm of the rate; for ``log_input=False`` the rate itself, which is >= 0. Of any shape.
    target : array_like of the input's shape
        Counts >= 0; they need not be whole numbers.
    log_input : bool
        Whether `input` is the logarithm of the rate.
    full : bool
        Whether to add Stirling's approximation of :math:`\log t!`, :math:`t \log t - t + \log(2 \pi t) / 2`, for
        targets above 1. It does not change the gradient.
    eps : float >= 0
        Added to the rate in the logarithm, so that a rate of 0 is allowed; used for ``log_input=False`` only.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, or a weight, target or rate is negative.

    References
    ----------
    J. A. Nelder & R. W. M. Wedderburn, Generalized linear models, Journal of the Royal Statistical Society A, 1972.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.poisson_nll_loss([0.0, 0.0], [1.0, 3.0])
    1.0
    >>> fastloss.poisson_nll_loss([2.0], [0.0], log_input=False)
    2.0
    >>> value, gradient = fastloss.poisson_nll_loss.value_and_grad([0.0, 0.0], [1.0, 3.0])
    >>> gradient.round(4).tolist()
    [0.0, -1.0]
    """
    if log_input:
        return Call((input, target), variant="full" if full else "")
    return Call((input, target), (eps,), variant="rate_full" if full else "rate")
