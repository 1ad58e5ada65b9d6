"""Losses of logits against one of many classes, by softmax."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.compile.elementary import exp_negative, log
from fastloss.core import backend, units, validate
from fastloss.core.docstrings import share
from fastloss.core.domains import AT_LEAST_ZERO, FOCUS, FRACTION, UNIT, Flag, Free
from fastloss.core.errors import wrong_shape, wrong_value
from fastloss.core.gpu import holds_integers, on_gpu
from fastloss.rows import logits as softmax
from fastloss.rows.loss import Matrix, Rows, class_axis, row_loss
from fastloss.rows.row import formulas

__all__ = ["cross_entropy", "poly_loss", "softmax_focal_loss"]

CLASS_WEIGHT = Free("an array of one number >= 0 for each class, or None")
IGNORE_INDEX = Free("an integer", "integer")


def ids_of(target: Any, x: Matrix, ignore: int | None = None) -> Any:
    """Class ids, one a row; the ignored one as -1."""
    if holds_integers(target):
        found = backend.module("rows.cuda_ids").checked(target, x.outer, x.columns, ignore)
        if found is not None:
            return found
    return validate.indices("target", backend.to_host(target), x.outer, x.columns, ignore).reshape(-1)


def distribution_of(target: Any, x: Matrix, ignore: int) -> Matrix | None:
    """A target of the input's shape, as rows; None if it is class ids."""
    shape = np.shape(target)
    if shape != x.shape:
        if len(shape) == len(x.shape):
            raise wrong_shape("target", shape, f"{x.outer} of class ids, or {x.shape}")
        return None
    if ignore != -100:
        raise ValueError(f"ignore_index is {ignore}: it has no effect on distributions, expected class ids")
    return class_axis("target", backend.resident("target", target, on_gpu(x.rows)))


def of_ids(weights: np.ndarray, ids: Any) -> Any:
    """The classes' weights, row by row; 0 where a row is ignored."""
    if on_gpu(ids):
        return backend.module("rows.cuda_ids").of_classes(ids, weights)
    return np.where(ids < 0, 0.0, weights[np.maximum(ids, 0)]) if weights.size else np.zeros(ids.size)


def counted(ids: Any) -> Any:
    """1 for every row that is not ignored; None if it is known that none is."""
    if on_gpu(ids):
        return backend.module("rows.cuda_ids").of_classes(ids, np.empty(0))
    return None if ids.size == 0 or ids.min() >= 0 else (ids >= 0).astype(np.float64)


def _inner(weights: np.ndarray, targets: Any, x: Matrix, every: bool) -> Callable[[], np.ndarray] | None:
    """The largest weight of the classes that each row's target names, or of `every` one; None if it is near 1."""
    if units.unit(weights) == 1.0:
        return None
    if every:
        return lambda: np.full(len(x.rows), weights.max())
    return lambda: np.max(np.broadcast_to(weights, x.rows.shape), 1, initial=0.0, where=backend.to_host(targets) > 0)


def _log_loss(log_p, q, parameters):
    return -log_p


def _log_loss_slope(log_p, q, parameters):
    return -q


def _log_loss_curvature(log_p, q, parameters):
    return 0.0 * q


ENTROPY = formulas(
    "cross_entropy", softmax.of_target, value=_log_loss, slope=_log_loss_slope, curvature=_log_loss_curvature
)
SMOOTHED = formulas(
    "cross_entropy_smoothed",
    softmax.of_distribution,
    coefficient=softmax.coefficient_spread,
    named=softmax.named_id,
    check_target=softmax.check_nothing,
)
DISTRIBUTION = formulas(
    "cross_entropy_distribution",
    softmax.of_distribution,
    coefficient=softmax.coefficient_given,
    named=softmax.named_given,
    check_target=softmax.check_given,
    check=UNIT.check,
)


share(
    class_logits="""
    input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
        The logits x of C classes.
    """
)


@row_loss(
    parameters={"weight": CLASS_WEIGHT, "ignore_index": IGNORE_INDEX, "label_smoothing": FRACTION},
    curvature=True,
    ids=("target",),
    axis=1,
    reference="Cox, The regression analysis of binary sequences, 1958",
)
def cross_entropy(input, target, *, weight=None, ignore_index=-100, label_smoothing=0.0):
    r"""Cross-entropy of the softmax of logits, with class ids or distributions as targets.

    .. math:: \ell = -w_t \log p_t \quad\text{or}\quad \ell = -\sum_k w_k y_k \log p_k, \qquad
        p_k = \frac{e^{x_k}}{\sum_j e^{x_j}}, \; x = \text{input}, \; t \text{ or } y = \text{target}

    A row is read from memory once, for its largest logit and its sum of exponentials. A logit of +inf has p = 1, so
    that the loss is 0 for that class and infinity for the others; a logit of -inf excludes its class.

    Parameters
    ----------
    {class_logits}
    target : array_like of whole numbers of shape (N,), (N, d1, ...) or (), or array_like of the input's shape
        Class ids t, in [0, C) or `ignore_index`; or distributions y over the classes, of numbers in [0, 1].
    weight : array_like of shape (C,), optional
        A factor w >= 0 for each class.
    ignore_index : int
        Rows with this target are left out, of the mean's denominator too; not to be given for distributions.
    label_smoothing : float in [0, 1]
        The share epsilon of the uniform distribution in the target: :math:`y (1 - \epsilon) + \epsilon / C`.
    sample_weight : array_like, optional
        Weights s >= 0, one for each loss or for each entry of the first axis.
    reduction : {"mean", "sum", "none"}
        "mean" is :math:`\sum_i s_i \ell_i / \sum_i s_i w_{t_i}` for class ids and
        :math:`\sum_i s_i \ell_i / \sum_i s_i` for distributions, and 0 where there is nothing to average; "sum" adds
        the weighted losses; "none" returns each. Gradients are those of the mean or of the sum; with "none", those of
        the sum.

    Returns
    -------
    float, or an array of the input's shape without the axis of classes for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit, an id is not whole or out of range, an element of a distribution is outside [0, 1], or a
        weight is negative.

    References
    ----------
    D. R. Cox, The regression analysis of binary sequences, Journal of the Royal Statistical Society B, 1958; the label
    smoothing: C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [0, 1])
    0.34657359027997264
    >>> fastloss.cross_entropy([[0.0, 0.0]], [[0.5, 0.5]])
    0.6931471805599453
    >>> value, gradient = fastloss.cross_entropy.value_and_grad([[0.0, 1.0], [0.0, 3.0]], [0, 1])
    >>> gradient.round(4).tolist()
    [[-0.3655, 0.3655], [0.0237, -0.0237]]
    """
    x = class_axis("input", input)
    weights = validate.per_class("weight", weight, x.columns)
    smoothing = (1.0 - label_smoothing, label_smoothing / max(x.columns, 1))
    ignored = validate.integer("ignore_index", ignore_index)
    given = distribution_of(target, x, ignored)
    if given is not None:
        inner = _inner(weights, given.rows, x, bool(label_smoothing))
        checked = (("target", UNIT, target),)
        return Rows(DISTRIBUTION, (x,), (given.rows, weights), smoothing, checked=checked, inner=inner)
    ids = ids_of(target, x, ignored)
    mass = counted(ids) if weight is None else of_ids(weights, ids)
    if label_smoothing:
        inner = _inner(weights, ids, x, True)
        return Rows(SMOOTHED, (x,), (ids, weights), smoothing, mass=mass, there=counted(ids), inner=inner)
    if weight is None:
        return Rows(ENTROPY, (x,), (ids,), mass=mass, there=mass)
    return Rows(ENTROPY, (x,), (ids,), factor=mass, mass=mass)


def _power_of_miss(q, gamma):
    """q**gamma, 1 for gamma = 0."""
    return 1.0 if gamma == 0.0 else exp_negative(gamma * log(q))


def _ratio(log_p, q):
    """Log p / q with its limit -1 at q = 0; NaN for NaN."""
    return log_p / q if q > 0.0 else (-1.0 if q == 0.0 else q)


def _weighted_ratio(log_p, q):
    """P log p / q, which is 0 at p = 0."""
    return 0.0 if q == 1.0 else (1.0 - q) * _ratio(log_p, q)


def _focal(log_p, q, parameters):
    return -_power_of_miss(q, parameters[0]) * log_p


def _focal_slope(log_p, q, parameters):
    # g = -q^c log p, dq/dlog p = -p: q g' = -q^c (q - c p log p) = -q^(c+1) (1 - c p log p / q)
    return -_power_of_miss(q, parameters[0]) * q * (1.0 - parameters[0] * _weighted_ratio(log_p, q))


def _focal_curvature(log_p, q, parameters):
    # q^2 g'' = c q^(c+1) (2 p + (p log p / q) (1 - c p))
    gamma = parameters[0]
    p = 1.0 - q
    return gamma * _power_of_miss(q, gamma) * q * (2.0 * p + _weighted_ratio(log_p, q) * (1.0 - gamma * p))


FOCAL = formulas("softmax_focal_loss", softmax.of_target, value=_focal, slope=_focal_slope, curvature=_focal_curvature)


@row_loss(
    parameters={"gamma": FOCUS, "alpha": Free("a number >= 0, an array of one for each class, or None")},
    curvature=True,
    ids=("target",),
    axis=1,
    reference="Lin, Goyal, Girshick, He & Dollar, Focal loss for dense object detection, 2017",
)
def softmax_focal_loss(input, target, *, gamma=2.0, alpha=None):
    r"""Cross-entropy of the softmax of logits that down-weights well classified rows.

    .. math:: \ell = -\alpha_t (1 - p_t)^\gamma \log p_t, \qquad p = \operatorname{softmax}(x), \; x = \text{input}

    :math:`1 - p_t` is summed from the other classes, so that nothing cancels where :math:`p_t` is near 1.

    Parameters
    ----------
    {class_logits}
    target : array_like of whole numbers of shape (N,), (N, d1, ...) or ()
        The class ids t, in [0, C).
    gamma : float in [0, 1e100]
        The exponent by which well classified rows are down-weighted; 0 gives `cross_entropy`.
    alpha : float or array_like of shape (C,), optional
        A factor >= 0 for all classes, or one for each; the mean's denominator does not contain it.

    Returns
    -------
    float, or an array of the input's shape without the axis of classes for ``reduction="none"``
        The second derivative is negative at some logits: for `gamma` > 0 the loss is not convex.

    Raises
    ------
    ValueError
        If shapes do not fit, or an id or a parameter is out of range.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He & P. Dollar, Focal loss for dense object detection, ICCV 2017.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.softmax_focal_loss([[0.0, 0.0]], [1])
    0.17328679513998632
    >>> value, gradient = fastloss.softmax_focal_loss.value_and_grad([[0.0, 0.0]], [1])
    >>> gradient.round(4).tolist()
    [[0.2983, -0.2983]]
    """
    x = class_axis("input", input)
    ids = ids_of(target, x)
    if alpha is not None:
        alpha = validate.array("alpha", alpha)
        alpha = alpha if alpha.ndim else np.full(x.columns, AT_LEAST_ZERO.validate("alpha", alpha))
        alpha = of_ids(validate.per_class("alpha", alpha, x.columns), ids)
    return Rows(FOCAL, (x,), (ids,), (gamma,), factor=alpha)


FEW = 0.0625  # below, fourteen powers of q are -log(1 - q) to the last digit


def _cancels(q, parameters):
    """Whether the first coefficient takes away what the logarithm brings."""
    return parameters.size > 0 and parameters[0] < 0.0 and q < FEW


def _series(q, parameters):
    """-log(1 - q) + sum_j e_j q^j as the sum of (1 / j + e_j) q^j."""
    total, power = 0.0, 1.0
    for j in range(max(parameters.size, 14)):
        power *= q
        total += (1.0 / (j + 1.0) + (parameters[j] if j < parameters.size else 0.0)) * power
    return total


def _polynomial(log_p, q, parameters):
    if _cancels(q, parameters):
        return _series(q, parameters)
    total, power = -log_p, 1.0
    for j in range(parameters.size):
        power *= q
        total += parameters[j] * power
    return total


def _slope_series(q, parameters):
    """-q - p sum_j j e_j q^j by powers of q."""
    total, power, before = 0.0, 1.0, -1.0
    for j in range(parameters.size):
        power *= q
        own = (j + 1.0) * parameters[j]
        total += (own - before) * power
        before = own
    return -(total - before * power * q)


def _polynomial_slope(log_p, q, parameters):
    # g' = -1 - p sum_j j e_j q^(j-1)
    if _cancels(q, parameters):
        return _slope_series(q, parameters)
    total, power = 0.0, 1.0
    for j in range(parameters.size):
        power *= q
        total += (j + 1.0) * parameters[j] * power
    return -q - (1.0 - q) * total


def _polynomial_curvature(log_p, q, parameters):
    # g'' = sum_j j e_j ((j - 1) q^(j-2) p^2 - q^(j-1) p)
    p = 1.0 - q
    total, power = 0.0, 1.0
    for j in range(parameters.size):
        power *= q
        total += (j + 1.0) * parameters[j] * power * (j * p - q)
    return p * total


POLYNOMIAL = formulas(
    "poly_loss", softmax.of_target, value=_polynomial, slope=_polynomial_slope, curvature=_polynomial_curvature
)


@row_loss(
    parameters={"epsilon": Free("a number, or a sequence of them", "numbers"), "divide_by_power": Flag()},
    curvature=True,
    ids=("target",),
    axis=1,
    reference="Leng et al., PolyLoss: a polynomial expansion perspective of classification loss functions, 2022",
)
def poly_loss(input, target, *, epsilon=(1.0,), divide_by_power=False):
    r"""Cross-entropy of the softmax of logits with its first polynomial coefficients changed.

    .. math:: \ell = -\log p_t + \sum_{j \ge 1} \epsilon_j (1 - p_t)^j, \qquad
        p = \operatorname{softmax}(x), \; x = \text{input}

    Parameters
    ----------
    {class_logits}
    target : array_like of whole numbers of shape (N,), (N, d1, ...) or ()
        The class ids t, in [0, C).
    epsilon : float or sequence of floats
        The coefficients :math:`\epsilon_1, \epsilon_2, \dots`; an empty sequence gives `cross_entropy`.
    divide_by_power : bool
        Whether to divide :math:`\epsilon_j` by j, so that coefficients are relative to those of the logarithm's series.

    Returns
    -------
    float, or an array of the input's shape without the axis of classes for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit, an id is out of range, or a coefficient is not finite.

    References
    ----------
    Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng & D. Anguelov, PolyLoss: a polynomial expansion perspective
    of classification loss functions, ICLR 2022.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.poly_loss([[0.0, 0.0]], [1], epsilon=1.0)
    1.1931471805599454
    >>> value, gradient = fastloss.poly_loss.value_and_grad([[0.0, 0.0]], [1], epsilon=1.0)
    >>> gradient.round(4).tolist()
    [[0.75, -0.75]]
    """
    x = class_axis("input", input)
    coefficients = np.atleast_1d(validate.real("epsilon", epsilon))
    if coefficients.ndim > 1 or not np.isfinite(coefficients).all():
        raise wrong_value("epsilon", epsilon, "a finite number, or a sequence of them")
    if divide_by_power:
        coefficients = coefficients / np.arange(1, coefficients.size + 1)
    return Rows(POLYNOMIAL, (x,), (ids_of(target, x),), tuple(coefficients.tolist()))
