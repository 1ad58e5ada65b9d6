"""The likelihood of a normal distribution, with gradients by its mean and by its variance."""

from fastloss.compile.elementary import INFINITY, at_least, log, unless_nan
from fastloss.core.domains import AT_LEAST_ZERO, NON_NEGATIVE, REAL, Flag
from fastloss.pointwise.counts import LN_2PI
from fastloss.pointwise.element import Formulas
from fastloss.pointwise.loss import Call, PointwiseLoss, pointwise

__all__ = ["gaussian_nll_loss"]


def _quotient(a, v):
    """a / v for v >= 0, where a / 0 is infinite and 0 / 0 is 0."""
    ratio, beyond = a / (1.0 if v == 0.0 else v), a * INFINITY
    at_zero = 0.0 if a == 0.0 else beyond
    return at_zero if v == 0.0 else ratio


def _squares(a, v):
    """a**2 / v, infinite where a is, whatever v."""
    squares = a * _quotient(a, v)
    return abs(a) if abs(a) == INFINITY else squares


def _gaussian(x, t, var, eps, constant):
    v = at_least(eps, var)
    squares, logarithm = _squares(x - t, v), log(v)  # before any branch: a loop with one is not packed
    return 0.5 * ((0.0 if squares == INFINITY else logarithm) + squares) + constant


def _by_mean(x, t, var, eps, constant):
    return _quotient(x - t, at_least(eps, var))


def _by_mean_twice(x, t, var, eps, constant):
    return unless_nan(x - t, _quotient(1.0, at_least(eps, var)))


def _by_variance(x, t, var, eps, constant):
    v = at_least(eps, var)
    return 0.5 * _quotient(1.0 - _squares(x - t, v), v)


def _by_variance_twice(x, t, var, eps, constant):
    v = at_least(eps, var)
    return _quotient(_quotient(_squares(x - t, v) - 0.5, v), v)


DOMAINS = (REAL, REAL, NON_NEGATIVE)


class ByMeanAndVariance(PointwiseLoss):
    """Has two slopes, of which neither is a multiple of the other.

    A pass writes two arrays of derivatives. With the value these are both slopes, one in the place of the second
    derivative; second derivatives take a pass for each argument.
    """

    def _outcome(self, data, scale, wanted):
        if not wanted.gradient:
            return super()._outcome(data, scale, wanted)
        if not wanted.curvature:
            both = data.run(self.variants["slopes"], scale, wanted._replace(curvature=True))
            return both._replace(gradients=(*both.gradients, *both.curvatures), curvatures=())
        by_mean, by_variance = (data.run(self.variants[which], scale, wanted) for which in ("", "variance"))
        return by_mean._replace(
            gradients=(*by_mean.gradients, *by_variance.gradients),
            curvatures=(*by_mean.curvatures, *by_variance.curvatures),
        )


@pointwise(
    _gaussian,
    _by_mean,
    _by_mean_twice,
    by=("input", "var"),
    parameters={"full": Flag(), "eps": AT_LEAST_ZERO},
    domains=DOMAINS,
    formula_parameters=2,
    variants={
        "slopes": Formulas("gaussian_nll_loss_slopes", _gaussian, _by_mean, _by_variance, DOMAINS, 2),
        "variance": Formulas("gaussian_nll_loss_variance", _gaussian, _by_variance, _by_variance_twice, DOMAINS, 2),
    },
    kind=ByMeanAndVariance,
    reference="Nix & Weigend, Estimating the mean and variance of the target probability distribution, 1994",
)
def gaussian_nll_loss(input, target, var, *, full=False, eps=1e-6):
    r"""Negative log-likelihood under a normal distribution whose mean and variance are predicted.

    .. math:: \ell = \frac12 \left( \log v + \frac{a^2}{v} \right) \; [+ \tfrac12 \log 2 \pi],
        \qquad a = \text{input} - \text{target}, \; v = \max(\text{var}, \epsilon)

    The slopes are :math:`a / v` by the mean and :math:`(1 - a^2 / v) / (2 v)` by the variance.

    Parameters
    ----------
    input : array_like
        The predicted means, of any shape.
    target : array_like of the input's shape
        The true values.
    var : array_like of the input's shape
        The predicted variances, >= 0.
    full : bool
        Whether to add the constant :math:`\log(2 \pi) / 2`.
    eps : float >= 0
        The smallest variance that is computed with. The slope of a smaller one is that at `eps`, not 0, as in PyTorch.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The gradient is a tuple of two arrays: by `input` and by `var`. The second derivative is :math:`1 / v` by the
        mean, and :math:`(a^2 / v - 1/2) / v^2` by the variance, which is negative for small errors.

    Raises
    ------
    ValueError
        If the shapes differ, or a weight or variance is negative.

    References
    ----------
    D. A. Nix & A. S. Weigend, Estimating the mean and variance of the target probability distribution, ICNN 1994.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.gaussian_nll_loss([1.0, 2.0], [1.0, 4.0], [1.0, 1.0])
    1.0
    >>> value, (by_mean, by_variance) = fastloss.gaussian_nll_loss.value_and_grad([2.0], [4.0], [1.0])
    >>> by_mean.tolist(), by_variance.tolist()
    ([-2.0], [-1.5])
    """
    return Call((input, target, var), (eps, 0.5 * LN_2PI if full else 0.0))
