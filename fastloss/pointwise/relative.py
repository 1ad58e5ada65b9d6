"""Losses of a number against a number without units: errors in proportion to something, and errors of logarithms."""

import numpy as np

from fastloss.compile.elementary import at_least, log1p, sign, unless_nan
from fastloss.core import backend, validate
from fastloss.core.domains import ABOVE_MINUS_ONE, NON_ZERO, POSITIVE, REAL, Choice, Free, Range
from fastloss.core.outcomes import Divisor
from fastloss.pointwise.element import Formulas
from fastloss.pointwise.loss import Call, PointwiseLoss, planned, pointwise
from fastloss.pointwise.regression import flat, flat_too

__all__ = ["mape_loss", "msle_loss", "nmae_loss"]

BLOCK = 1 << 17  # targets that stay in a core's cache
NORMS = Choice(("range", "mean", "std", "iqr", "max"))


def _norm(target, norm):
    """The number that `norm` stands for, of all targets together."""
    if not isinstance(norm, str):
        return POSITIVE.validate("norm", norm)
    NORMS.validate("norm", norm)
    values = validate.real("target", backend.to_host(target))
    if values.size == 0:
        return 1.0
    number = _size(values, norm)
    if not 1e-140 < number < 1e150 and np.isfinite(values).all():  # its square may have left the numbers, or a sum
        power = int(np.frexp(np.float64(np.max(np.abs(values))))[1])
        number = float(np.ldexp(_size(np.ldexp(values.astype(np.float64), -power), norm), power))
    if number == np.inf and np.isfinite(values).all():
        raise ValueError(f"norm is {norm!r}, which is beyond 1.8e308 for these targets: expected another, or a number")
    return require_norm(norm, number)


def require_norm(norm, number):
    """Return the number that a word stands for, or raise if nothing can be divided by it."""
    if number == 0.0:
        raise ValueError(f"norm is {norm!r}, which is 0 for these targets: expected another norm, or a number")
    return number


def _extremes(values):
    """The largest and the smallest number, NaN if there is one; the second is looked for while the block is cached."""
    if values.size <= BLOCK or not values.flags.c_contiguous:
        return np.maximum.reduce(values, None), np.minimum.reduce(values, None)
    flat, starts = values.reshape(-1), range(0, values.size, BLOCK)
    high, low = np.empty(len(starts), values.dtype), np.empty(len(starts), values.dtype)
    for at, start in enumerate(starts):
        block = flat[start : start + BLOCK]
        high[at], low[at] = np.maximum.reduce(block), np.minimum.reduce(block)
    return np.maximum.reduce(high), np.minimum.reduce(low)


def _size(values, norm):
    """The number that a word stands for."""
    with np.errstate(all="ignore"):
        if norm == "range":
            high, low = _extremes(values)
            return float(np.float64(high) - np.float64(low))
        if norm == "mean":
            return float(abs(np.mean(values, dtype=np.float64)))
        if norm == "std":
            return float(np.std(values, dtype=np.float64))
        if norm == "iqr":
            first, third = np.percentile(values.astype(np.float64, copy=False), [25.0, 75.0])
            return float(third - first)
        return float(max(abs(np.float64(one)) for one in _extremes(values)))


def _normed(x, t, norm):
    return abs(x - t) / norm


def _normed_slope(x, t, norm):
    return sign(x - t) / norm


def _normed_curvature(x, t, norm):
    return unless_nan(x - t, unless_nan(norm, 0.0))


class Normed(PointwiseLoss):
    """A loss in units of a number that all targets make together, unless it is given."""

    def require_additive(self, parameters):
        """Raise unless the norm is given as a number."""
        super().require_additive(parameters)
        norm = parameters.get("norm", 1.0)  # it may come later, as a number
        if isinstance(norm, str):
            raise ValueError(
                f"norm is {norm!r}, a function of all targets: expected a number above 0, "
                f"since {self.name} is computed part by part"
            )
        POSITIVE.validate("norm", norm)

    def _plan(self, args, request):
        norm = request.arguments["norm"]
        if not isinstance(norm, str):
            return super()._plan(args, request)
        if request.backend != "auto" or request.sample_weight is not None or len(args) != len(self.arguments):
            return None
        engine = backend.engine("cpu", "pointwise")
        run = engine.plan(self.formulas, args, request.wanted, (1.0,), request.reduction)
        if run is None:
            return None

        def normed(arrays):
            if not arrays[0].size:
                return None
            scale = request.reduction.scale(Divisor(float(arrays[0].size)))
            return run(arrays, (scale, _norm(arrays[1], norm)))

        return planned(request.what, normed, (1.0,), engine.times)


@pointwise(
    _normed,
    _normed_slope,
    _normed_curvature,
    kind=Normed,
    parameters={"norm": Free(f"{NORMS}, or a number above 0", "word")},
    reference="Hyndman & Koehler, Another look at measures of forecast accuracy, 2006",
)
def nmae_loss(input, target, *, norm="range"):
    r"""Absolute error divided by the spread or the size of the targets.

    .. math:: \ell = |a| / \text{norm}, \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}
    norm : {"range", "mean", "std", "iqr", "max"} or a number above 0
        What the error is divided by, computed from all targets without weights: "range" is the maximum minus the
        minimum; "mean" the absolute value of the mean; "std" the standard deviation, with divisor N; "iqr" the third
        minus the first quartile, linearly interpolated; "max" the maximum absolute value. A number is used as it is.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or the norm is 0.

    References
    ----------
    R. J. Hyndman & A. B. Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting,
    2006.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.nmae_loss([1.0, 2.0, 4.0], [1.0, 3.0, 5.0], norm="range")
    0.16666666666666666
    >>> value, gradient = fastloss.nmae_loss.value_and_grad([1.0, 2.0, 4.0], [1.0, 3.0, 5.0], norm="range")
    >>> gradient.round(4).tolist()
    [0.0, -0.0833, -0.0833]
    """
    return (_norm(target, norm),)


def _relative(x, t):
    size = abs(t)
    return abs(x - t) / (1.0 if size == 0.0 else size)


def _relative_slope(x, t):
    size = abs(t)
    return sign(x - t) / (1.0 if size == 0.0 else size)


def _floored(x, t, epsilon):
    return abs(x - t) / at_least(epsilon, abs(t))


def _floored_slope(x, t, epsilon):
    return sign(x - t) / at_least(epsilon, abs(t))


@pointwise(
    _relative,
    _relative_slope,
    flat,
    parameters={"epsilon": Range(0.0, open_low=True, optional=True)},
    domains=(REAL, NON_ZERO),
    formula_parameters=0,
    variants={"epsilon": Formulas("mape_loss_epsilon", _floored, _floored_slope, flat_too, parameters=1)},
    reference="Hyndman & Koehler, Another look at measures of forecast accuracy, 2006",
)
def mape_loss(input, target, *, epsilon=None):
    r"""Absolute error as a fraction of the target: 0.1 is ten per cent.

    .. math:: \ell = |a| / |\text{target}|, \quad \text{or} \quad |a| / \max(|\text{target}|, \epsilon),
        \qquad a = \text{input} - \text{target}

    Parameters
    ----------
    {predictions_and_targets}
    epsilon : float > 0 or None
        The smallest divisor. scikit-learn's is 2.220446049250313e-16, with which one target of 0 outweighs all others.
        None raises an error for a target of 0.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or a target is 0 and no `epsilon` is given.

    References
    ----------
    R. J. Hyndman & A. B. Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting,
    2006.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.mape_loss([110.0, 15.0], [100.0, 20.0])
    0.175
    >>> value, gradient = fastloss.mape_loss.value_and_grad([110.0, 15.0], [100.0, 20.0])
    >>> gradient.round(4).tolist()
    [0.005, -0.025]
    """
    if epsilon is None:
        return ()
    return Call((input, target), (epsilon,), variant="epsilon")


def _log_ratio(x, t):
    """log((1 + x) / (1 + t)) from the quotient of the difference: no cancellation, wherever x and t lie."""
    low = t if t < x else x
    below = 1.0 + low
    size = log1p(abs(x - t) / (1.0 if below == 0.0 else below))
    return -size if x < t else size


def _log_square(x, t):
    return _log_ratio(x, t) * _log_ratio(x, t)


def _log_square_slope(x, t):
    above = 1.0 + x
    return 2.0 * _log_ratio(x, t) / (1.0 if above == 0.0 else above)


def _log_square_curvature(x, t):
    above = 1.0 + x
    divisor = 1.0 if above == 0.0 else above
    return 2.0 * (1.0 - _log_ratio(x, t)) / divisor / divisor


@pointwise(
    _log_square,
    _log_square_slope,
    _log_square_curvature,
    domains=(ABOVE_MINUS_ONE, ABOVE_MINUS_ONE),
    reference="Pedregosa et al., Scikit-learn: Machine learning in Python, 2011 (mean_squared_log_error)",
)
def msle_loss(input, target):
    r"""Squared error of the logarithms of 1 + input and 1 + target.

    .. math:: \ell = \left( \log(1 + \text{input}) - \log(1 + \text{target}) \right)^2

    Parameters
    ----------
    input, target : array_like of one shape
        The predictions and the true values, all above -1, of any shape.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, a weight is negative, or an element is -1 or less.

    References
    ----------
    F. Pedregosa et al., Scikit-learn: Machine learning in Python, JMLR 2011 (``mean_squared_log_error``).

    Examples
    --------
    >>> import fastloss
    >>> fastloss.msle_loss([1.0, 3.0], [1.0, 1.0])
    0.2402265069591007
    >>> value, gradient = fastloss.msle_loss.value_and_grad([1.0, 3.0], [1.0, 1.0])
    >>> gradient.round(4).tolist()
    [0.0, 0.1733]
    """
