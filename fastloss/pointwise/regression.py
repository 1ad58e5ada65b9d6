"""Losses of a number against a number in its own units, functions of the difference a = input - target.

The second derivative is the one that holds almost everywhere: at a kink it is that of one side.
"""

import math
from typing import NamedTuple

import numpy as np

from fastloss.compile.elementary import exp_negative, expm1_negative, log1p_unit, sign, unless_nan
from fastloss.core import backend, summation
from fastloss.core.errors import wrong_value
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.core.reductions import MEAN
from fastloss.core.requests import Wanted
from fastloss.pointwise.loss import PointwiseLoss, pointwise
from fastloss.pointwise.ranges import mean_between

__all__ = ["l1_loss", "log_cosh_loss", "mse_loss", "rmse_loss"]

LN2 = 0.6931471805599453


def flat(x, t):
    """The second derivative of straight lines."""
    return unless_nan(x - t, 0.0)


def flat_too(x, t, parameter):
    """The same for a loss with a parameter."""
    return unless_nan(x - t, 0.0)


def _absolute(x, t):
    return abs(x - t)


def _absolute_slope(x, t):
    return sign(x - t)


@pointwise(
    _absolute,
    _absolute_slope,
    flat,
    reference="Boscovich, De litteraria expeditione per pontificiam ditionem synopsis, 1757",
)
def l1_loss(input, target):
    r"""Absolute error.

    .. math:: \ell = |a|, \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The slope at a = 0 is 0.

    Raises
    ------
    ValueError
        If the shapes differ, or a weight is negative.

    References
    ----------
    R. J. Boscovich, De litteraria expeditione per pontificiam ditionem synopsis, 1757.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.l1_loss([1.0, 2.0], [1.0, 5.0])
    1.5
    >>> value, gradient = fastloss.l1_loss.value_and_grad([1.0, 2.0], [1.0, 5.0])
    >>> gradient.round(4).tolist()
    [0.0, -0.5]
    """


def _square(x, t):
    return (x - t) * (x - t)


def _square_slope(x, t):
    return 2.0 * (x - t)


def _square_curvature(x, t):
    return unless_nan(x - t, 2.0)


@pointwise(_square, _square_slope, _square_curvature, reference="Gauss, Theoria motus corporum coelestium, 1809")
def mse_loss(input, target):
    r"""Squared error, without a factor 1/2.

    .. math:: \ell = a^2, \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, or a weight is negative.

    References
    ----------
    C. F. Gauss, Theoria motus corporum coelestium, 1809.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.mse_loss([1.0, 2.0], [1.0, 4.0])
    2.0
    >>> value, grad = fastloss.mse_loss.value_and_grad([1.0, 2.0], [1.0, 4.0])
    >>> grad.tolist()
    [0.0, -2.0]
    """


def _times_power(array, exponent):
    """An array of floats times a power of two that its precision may not hold."""
    with np.errstate(over="ignore", under="ignore"):
        while exponent:
            step = min(max(exponent, -100), 100)
            array, exponent = array * 2.0**step, exponent - step
    return array


ORDINARY = 1e-280, 1e300  # means of squares whose root needs no other unit


def _unit_of(mean, scale):
    """An exponent of two and, in its unit, the root of a mean of squares, which were multiplied by `scale`."""
    root, own = math.sqrt(mean), math.frexp(scale)[1] - 1
    exponent = min(max(own - math.frexp(root)[1], -1000), 1000)
    return exponent, math.ldexp(root, exponent - own)


class _Root(NamedTuple):
    """A mean of squares of differences that were multiplied by `scale`."""

    scale: float
    mean: float


class RootMean(PointwiseLoss):
    """The root of a mean of squares: not a sum over elements, so its gradient needs the value first."""

    # powers of two that keep the squares of very large and very small differences within the numbers
    SMALLER, LARGER = 2.0**-600, 2.0**600
    sums = 3
    reductions = ("mean",)

    def _run(self, request):
        data = self._data(request, in_unit=True)
        scale = 1.0
        outcome, mean = self._mean_square(data, scale)
        if not ORDINARY[0] <= mean <= ORDINARY[1]:
            other = self.LARGER if mean < 1.0 else self.SMALLER
            smaller, again = self._mean_square(data, other)
            if math.isfinite(again):  # else there are infinities, or an element of weight 0 is too large
                scale, outcome, mean = other, smaller, again
        made = Evaluation(outcome, Divisor(data.divisor.weight), finish=lambda mean: math.sqrt(mean) / scale)
        if request.has_gradient:
            wanted, root = request.wanted.derivatives, _Root(scale, mean)
            made.gradients, made.curvatures = self._derivatives(data, wanted, root, data.divisor.weight)
        return made

    def derivatives_in(self, totals, what, args, kwargs):
        with np.errstate(all="ignore"):
            request = self._bound(what, args, kwargs)
            root = self._root(totals.loss, totals.weight)
            wanted = request.wanted.derivatives
            gradients, curvatures = self._derivatives(self._data(request), wanted, root, totals.weight)
        return (*gradients, *curvatures)

    def _derivatives(self, data, wanted, root, weight):
        """The derivatives by the elements at hand of the root over all, whose weight is given."""
        exponent, unit = _unit_of(root.mean, root.scale)
        inverse = summation.inverse(weight * unit)
        outcome = data.run(self.formulas, inverse, wanted, (2.0**exponent,))
        (gradient,) = outcome.gradients
        curvatures = (one - gradient * gradient * summation.inverse(unit) for one in outcome.curvatures)
        return outcome.gradients, tuple(_times_power(one, exponent) for one in curvatures)

    def _plan(self, args, request):
        if request.backend != "auto" or request.sample_weight is not None or len(args) != len(self.arguments):
            return None
        engine = backend.engine("cpu", "pointwise")
        means = engine.plan(self.formulas, args, Wanted(value=True), (1.0,), MEAN)
        slopes = engine.plan(self.formulas, args, Wanted(gradient=True), (1.0,), MEAN)
        if means is None or slopes is None or request.what == "grad_hess":
            return None

        def run(arrays):
            results = means(arrays)
            if results is None or not ORDINARY[0] <= results[0] <= ORDINARY[1]:
                return None
            root = math.sqrt(results[0])
            if request.what == "value":
                return root
            exponent, unit = _unit_of(results[0], 1.0)
            gradient = slopes(arrays, (summation.inverse(arrays[0].size * unit), 2.0**exponent))
            return gradient and (root, gradient[0])

        return run

    def _loss_sums(self, data):
        """Three sums of squares for each chunk, as they are and scaled: which is wanted, only the whole data says."""
        scales = self.SMALLER, self.LARGER
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            outcome = data.run(self.formulas, 1.0, Wanted(value=True), (1.0,))
            plain = outcome.chunks
            if ((plain >= ORDINARY[0]) & (plain <= ORDINARY[1])).all():
                scaled = [plain * scale * scale for scale in scales]
            else:
                scaled = [data.run(self.formulas, 1.0, Wanted(value=True), (scale,)).chunks for scale in scales]
        return np.stack([plain, *scaled]), outcome.wrong

    def reduced(self, loss, denominator, reduction):
        """The root of the mean, from the sums of all chunks."""
        self.require_reduction(reduction)
        root = self._root(loss, denominator)
        return math.sqrt(root.mean) / root.scale

    def _root(self, loss, denominator):
        mean = MEAN.of_chunks(loss[0], denominator)
        if ORDINARY[0] <= mean <= ORDINARY[1]:
            return _Root(1.0, mean)
        scale = self.LARGER if mean < 1.0 else self.SMALLER
        return _Root(scale, MEAN.of_chunks(loss[2 if mean < 1.0 else 1], denominator))

    def _group_means(self, data, offsets, denominators):
        def roots(scale):
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                outcome = data.run(self.formulas, 1.0, Wanted(each=True), (scale,))
                return np.sqrt(mean_between(outcome.each, offsets, denominators)) / scale

        result = roots(1.0)
        for beyond, scale in ((result < 1e-140, self.LARGER), (result > 1e150, self.SMALLER)):
            if beyond.any():
                result = np.where(beyond, roots(scale), result)
        return result

    def require_reduction(self, name):
        """Raise unless the reduction is the mean."""
        if name != "mean":
            raise wrong_value("reduction", name, f"'mean', of which {self.name} is a function")
        return MEAN

    def _mean_square(self, data, scale: float) -> tuple[Outcome, float]:
        outcome = data.run(self.formulas, 1.0, Wanted(value=True), (scale,))
        return outcome, MEAN.of_chunks(outcome.chunks, data.divisor.weight)


def _scaled_square(x, t, scale):
    return ((x - t) * scale) * ((x - t) * scale)


def _scaled_difference(x, t, scale):  # half the slope: the root of the mean brings 1/2
    return (x - t) * scale


def _scaled_one(x, t, scale):
    return unless_nan(x - t, 1.0)


@pointwise(
    _scaled_square,
    _scaled_difference,
    _scaled_one,
    formula_parameters=1,
    kind=RootMean,
    reference="Gauss, Theoria motus corporum coelestium, 1809",
)
def rmse_loss(input, target):
    r"""Root of the mean squared error.

    .. math:: \ell = \sqrt{\frac{\sum_i w_i a_i^2}{\sum_i w_i}}, \qquad a = \text{input} - \text{target}

    The gradient is :math:`w_i a_i / (\ell \sum w)`, and zero at a perfect fit. `grad_hess` gives the diagonal of the
    second derivative, :math:`(w_i / \sum w - g_i^2) / \ell`.

    Parameters
    ----------
    {predictions_and_targets}
    reduction : {"mean"}
        No other is defined: the loss is a function of the mean.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or `reduction` is not "mean".

    References
    ----------
    C. F. Gauss, Theoria motus corporum coelestium, 1809.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.rmse_loss([1.0, 2.0], [4.0, 6.0])
    3.5355339059327378
    >>> value, gradient = fastloss.rmse_loss.value_and_grad([1.0, 2.0], [4.0, 6.0])
    >>> gradient.round(4).tolist()
    [-0.4243, -0.5657]
    """
    return (1.0,)


# log cosh a = |a| - log 2 + log(1 + v**2), v = e**-|a|. Near 0 that would cancel: there it is log(1 + (1 - v)**2 / 2v).


def _log_cosh_rest(x, t):
    a = abs(x - t)
    return 0.0 if a <= 1.0 else a - LN2


def _log_cosh_odds(x, t):
    a = abs(x - t)
    near = a <= 1.0
    m = expm1_negative(-a)
    v = 1.0 + m
    return (m * m if near else v * v) / (v + v if near else 1.0)


def _log_cosh(x, t):
    return _log_cosh_rest(x, t) + log1p_unit(_log_cosh_odds(x, t))


def _log_cosh_slope(x, t):
    a = x - t
    m = expm1_negative(-abs(a))
    v = 1.0 + m
    tanh = -m * (2.0 + m) / (1.0 + v * v)
    return -tanh if a < 0.0 else tanh


def _log_cosh_curvature(x, t):
    v = exp_negative(-abs(x - t))
    cosh = 0.5 + 0.5 * v * v
    return (v / cosh) * (v / cosh)


@pointwise(
    _log_cosh,
    _log_cosh_slope,
    _log_cosh_curvature,
    rest=_log_cosh_rest,
    odds=_log_cosh_odds,
    reference="Green, On use of the EM algorithm for penalized likelihood estimation, 1990",
)
def log_cosh_loss(input, target):
    r"""Logarithm of the hyperbolic cosine of the error: a smooth absolute error.

    .. math:: \ell = \log\cosh a = |a| + \log(1 + e^{-2|a|}) - \log 2, \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, or a weight is negative.

    References
    ----------
    P. J. Green, On use of the EM algorithm for penalized likelihood estimation, Journal of the Royal Statistical
    Society B, 1990.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.log_cosh_loss([1000.0], [0.0])
    999.3068528194401
    >>> value, gradient = fastloss.log_cosh_loss.value_and_grad([1000.0], [0.0])
    >>> gradient.round(4).tolist()
    [1.0]
    """
