"""Losses of a positive mean against a number >= 0: gamma and Tweedie distributions.

Between powers 1 and 2 of the Tweedie family the loss has a sum of two powers of the mean; at the ends it becomes the
Poisson distribution's and the gamma distribution's, whose formulas are taken there.
"""

from fastloss.compile.elementary import INFINITY, exp, log, unless_nan
from fastloss.core.domains import AT_LEAST_ZERO, Flag, Range
from fastloss.pointwise.counts import COUNTS, POISSON, RATES, quotient
from fastloss.pointwise.element import Formulas
from fastloss.pointwise.loss import Call, pointwise

__all__ = ["gamma_nll_loss", "tweedie_loss"]


def _times_exp(t, y):
    """t e**y, where 0 times infinity is 0. By halves: e**y may be infinite where the product is not."""
    half = exp(0.5 * y)
    return unless_nan(y, 0.0) if t == 0.0 else (t * half) * half


def _gamma(x, t):
    product = _times_exp(t, -x)
    return product + (x if product < INFINITY else 0.0)


def _gamma_slope(x, t):
    return 1.0 - _times_exp(t, -x)


def _gamma_curvature(x, t):
    return _times_exp(t, -x)


def _gamma_rate(x, t, eps):
    mean = x + eps
    ratio = quotient(t, mean)
    return ratio + (log(mean) if ratio < INFINITY else 0.0)


def _gamma_rate_slope(x, t, eps):
    mean = x + eps
    return quotient(1.0 - quotient(t, mean), mean)


def _gamma_rate_curvature(x, t, eps):
    mean = x + eps
    return quotient(quotient(2.0 * quotient(t, mean) - 1.0, mean), mean)


def _gamma_formulas(name):
    """The formulas of a logarithm of the mean and of the mean itself."""
    return {
        "gamma": Formulas(name, _gamma, _gamma_slope, _gamma_curvature, COUNTS),
        "gamma_rate": Formulas(f"{name}_rate", _gamma_rate, _gamma_rate_slope, _gamma_rate_curvature, RATES, 1),
    }


def _call(input, target, variant, log_input, parameters, eps):
    """What a loss of a logarithm or of a mean is computed with; `eps` is added to a mean."""
    if log_input:
        return Call((input, target), parameters, variant=variant)
    return Call((input, target), (*parameters, eps), variant=f"{variant}_rate")


@pointwise(
    _gamma,
    _gamma_slope,
    _gamma_curvature,
    parameters={"log_input": Flag(), "eps": AT_LEAST_ZERO},
    domains=COUNTS,
    formula_parameters=0,
    variants=_gamma_formulas("gamma_nll_loss"),
    reference="Nelder & Wedderburn, Generalized linear models, 1972",
)
def gamma_nll_loss(input, target, *, log_input=True, eps=1e-8):
    r"""Negative log-likelihood under a gamma distribution of shape 1 with the given mean.

    .. math:: \ell = t e^{-x} + x, \quad \text{or} \quad \frac{t}{x + \epsilon} + \log(x + \epsilon)
        \text{ for } \texttt{log\_input=False}, \qquad x = \text{input}, \; t = \text{target}

    Another shape k multiplies the loss by k and adds a term that does not depend on the input. The loss of a perfect
    fit is :math:`1 + \log t`; twice the difference to it is the gamma deviance.

    Parameters
    ----------
    input : array_like
        The logarithm of the mean; for ``log_input=False`` the mean itself, which is >= 0. Of any shape.
    target : array_like of the input's shape
        Numbers >= 0.
    log_input : bool
        Whether `input` is the logarithm of the mean.
    eps : float >= 0
        Added to the mean, so that a mean of 0 is allowed; used for ``log_input=False`` only.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The second derivative is never negative for logarithms; by a mean above 2 t it is.

    Raises
    ------
    ValueError
        If the shapes differ, or a weight, target or mean is negative.

    References
    ----------
    J. A. Nelder & R. W. M. Wedderburn, Generalized linear models, Journal of the Royal Statistical Society A, 1972.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.gamma_nll_loss([0.0, 0.0], [1.0, 3.0])
    2.0
    >>> fastloss.gamma_nll_loss([2.0], [3.0], log_input=False, eps=0.0)
    2.1931471805599454
    >>> value, gradient = fastloss.gamma_nll_loss.value_and_grad([0.0, 0.0], [1.0, 3.0])
    >>> gradient.round(4).tolist()
    [0.0, -1.0]
    """
    return _call(input, target, "gamma", log_input, (), eps)


def _tweedie(x, t, p):
    return _times_exp(t, (1.0 - p) * x) / (p - 1.0) + exp((2.0 - p) * x) / (2.0 - p)


def _tweedie_slope(x, t, p):
    return exp((2.0 - p) * x) - _times_exp(t, (1.0 - p) * x)


def _tweedie_curvature(x, t, p):
    return (2.0 - p) * exp((2.0 - p) * x) + (p - 1.0) * _times_exp(t, (1.0 - p) * x)


def _power(x, exponent):
    """x**exponent for x >= 0 and an exponent below 0."""
    power = (1.0 if x <= 0.0 else x) ** exponent  # what is below 0 is found to be wrong in the same pass
    return INFINITY if x == 0.0 else power


def _tweedie_rate(x, t, p, eps):
    mean = x + eps
    power = _power(mean, 1.0 - p)
    ends = mean == 0.0 or mean == INFINITY  # where mean**(2 - p) is the mean itself
    return (0.0 if t == 0.0 else t * power) / (p - 1.0) + (mean if ends else mean * power) / (2.0 - p)


def _tweedie_rate_slope(x, t, p, eps):
    mean = x + eps
    return _power(mean, 1.0 - p) * (1.0 - quotient(t, mean))


def _tweedie_rate_curvature(x, t, p, eps):
    mean = x + eps
    return quotient(_power(mean, 1.0 - p) * (p * quotient(t, mean) - (p - 1.0)), mean)


@pointwise(
    _tweedie,
    _tweedie_slope,
    _tweedie_curvature,
    parameters={"power": Range(1.0, 2.0), "log_input": Flag(), "eps": AT_LEAST_ZERO},
    domains=COUNTS,
    formula_parameters=1,
    variants={
        "between": Formulas("tweedie_loss", _tweedie, _tweedie_slope, _tweedie_curvature, COUNTS, 1),
        "between_rate": Formulas(
            "tweedie_loss_rate", _tweedie_rate, _tweedie_rate_slope, _tweedie_rate_curvature, RATES, 2
        ),
        "poisson": POISSON[""],
        "poisson_rate": POISSON["rate"],
        **_gamma_formulas("gamma_nll_loss"),
    },
    reference="Jørgensen, Exponential dispersion models, 1987",
)
def tweedie_loss(input, target, *, power=1.5, log_input=True, eps=1e-8):
    r"""Negative log-likelihood under a Tweedie distribution, without the terms that do not depend on the mean.

    .. math:: \ell = -t \frac{\mu^{1 - p}}{1 - p} + \frac{\mu^{2 - p}}{2 - p},
        \qquad \mu = e^x, \; x = \text{input}, \; t = \text{target}, \; p = \text{power}

    For 1 < p < 2 that is the distribution of a Poisson number of gamma-distributed amounts: zeros and positive numbers,
    as insurance claims have them. Where a term is infinite, its limit without the infinite constant is taken:
    p = 1 gives `poisson_nll_loss`, p = 2 gives `gamma_nll_loss`. (Power 0 would be half of `mse_loss`.)

    Parameters
    ----------
    input : array_like
        The logarithm x of the mean; for ``log_input=False`` the mean itself, which is >= 0. Of any shape.
    target : array_like of the input's shape
        Numbers >= 0.
    power : float in [1, 2]
        The exponent p of the variance, which is proportional to :math:`\mu^p`.
    log_input : bool
        Whether `input` is the logarithm of the mean.
    eps : float >= 0
        Added to the mean, so that a mean of 0 is allowed; used for ``log_input=False`` only.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The second derivative is never negative for logarithms; by a mean it may be.

    Raises
    ------
    ValueError
        If the shapes differ, a weight, target or mean is negative, or `power` is outside [1, 2].

    References
    ----------
    B. Jørgensen, Exponential dispersion models, Journal of the Royal Statistical Society B, 1987.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.tweedie_loss([0.0, 0.0], [0.0, 3.0], power=1.5, reduction="none").tolist()
    [2.0, 8.0]
    >>> fastloss.tweedie_loss([4.0], [3.0], log_input=False, eps=0.0)
    7.0
    >>> value, gradient = fastloss.tweedie_loss.value_and_grad([0.0, 0.0], [0.0, 3.0], power=1.5)
    >>> gradient.round(4).tolist()
    [0.5, -1.0]
    """
    if power == 1.0:
        return _call(input, target, "poisson", log_input, (), eps)
    if power == 2.0:
        return _call(input, target, "gamma", log_input, (), eps)
    return _call(input, target, "between", log_input, (power,), eps)
