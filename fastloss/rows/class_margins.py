"""Losses of scores of many classes that ask the true class for a margin over the others."""

from fastloss.compile.elementary import at_least, unless_nan
from fastloss.core import validate
from fastloss.core.domains import ANY, Free, one_of
from fastloss.rows import terms
from fastloss.rows.loss import Rows, class_axis, row_loss
from fastloss.rows.row import formulas
from fastloss.rows.softmax import CLASS_WEIGHT, ids_of, of_ids

__all__ = ["crammer_singer_loss", "multi_margin_loss"]


def _lack(z):
    return at_least(0.0, z)


def _lack_slope(z):
    return 1.0 if z > 0.0 else (0.0 if z <= 0.0 else z)


def _flat(z):
    return unless_nan(z, 0.0)


def _squared(z):
    return at_least(0.0, z) * at_least(0.0, z)


def _squared_slope(z):
    return 2.0 * at_least(0.0, z)


def _squared_curvature(z):
    return 2.0 if z > 0.0 else (0.0 if z <= 0.0 else z)


MARGINS = {
    1: formulas("multi_margin_loss", terms.of_others, value=_lack, slope=_lack_slope, curvature=_flat),
    2: formulas(
        "multi_margin_loss_squared", terms.of_others, value=_squared, slope=_squared_slope, curvature=_squared_curvature
    ),
}


@row_loss(
    parameters={"p": Free("1 or 2", "integer"), "margin": ANY, "weight": CLASS_WEIGHT},
    curvature=True,
    ids=("target",),
    axis=1,
    reference="Weston & Watkins, Support vector machines for multi-class pattern recognition, 1999",
)
def multi_margin_loss(input, target, *, p=1, margin=1.0, weight=None):
    r"""Hinge loss of the true class against every other (Weston and Watkins), divided by the number of classes.

    .. math:: \ell = \frac{w_t}{C} \sum_{k \ne t} \max(0, m - (x_t - x_k))^p, \qquad
        x = \text{input}, \; t = \text{target}, \; m = \text{margin}

    Parameters
    ----------
    input : array_like of shape (N, C) or (C,)
        The scores x of C classes.
    target : array_like of whole numbers of shape (N,) or ()
        The class ids t, in [0, C).
    p : {1, 2}
        The power of each hinge.
    margin : float
        The lead m of the true class from which on another class costs nothing.
    weight : array_like of shape (C,), optional
        A factor w >= 0 for each class; the mean's denominator does not contain it.

    Returns
    -------
    float, or an array of shape (N,) for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit, an id is out of range, a weight is negative, or `p` is neither 1 nor 2.

    References
    ----------
    J. Weston & C. Watkins, Support vector machines for multi-class pattern recognition, ESANN 1999.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.multi_margin_loss([[1.0, 0.5, 3.0, -1.0]], [0])
    0.875
    >>> value, gradient = fastloss.multi_margin_loss.value_and_grad([[1.0, 0.5, 3.0, -1.0]], [0])
    >>> gradient.round(4).tolist()
    [[-0.5, 0.25, 0.25, 0.0]]
    """
    x = class_axis("input", input)
    ids = ids_of(target, x)
    factor = None if weight is None else of_ids(validate.per_class("weight", weight, x.columns), ids)
    return Rows(MARGINS[one_of("p", p, (1, 2))], (x,), (ids,), (margin,), factor=factor)


HIGHEST = formulas("crammer_singer_loss", terms.of_highest_other)


@row_loss(
    parameters={"margin": ANY},
    ids=("target",),
    axis=1,
    reference="Crammer & Singer, On the algorithmic implementation of multiclass kernel-based vector machines, 2001",
)
def crammer_singer_loss(input, target, *, margin=1.0):
    r"""Hinge loss of the true class against the other class with the highest score.

    .. math:: \ell = \max(0, m + \max_{k \ne t} x_k - x_t), \qquad
        x = \text{input}, \; t = \text{target}, \; m = \text{margin}

    Where other classes have equal scores, the gradient goes to the first.

    Parameters
    ----------
    input : array_like of shape (N, C) or (C,)
        The scores x of C classes.
    target : array_like of whole numbers of shape (N,) or ()
        The class ids t, in [0, C).
    margin : float
        The lead m of the true class from which on another class costs nothing.

    Returns
    -------
    float, or an array of shape (N,) for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit, or an id is out of range.

    References
    ----------
    K. Crammer & Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines, Journal of
    Machine Learning Research, 2001.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.crammer_singer_loss([[1.0, 0.5, 3.0, -1.0]], [0])
    3.0
    >>> value, gradient = fastloss.crammer_singer_loss.value_and_grad([[1.0, 0.5, 3.0, -1.0]], [0])
    >>> gradient.round(4).tolist()
    [[-1.0, 0.0, 1.0, 0.0]]
    """
    x = class_axis("input", input)
    return Rows(HIGHEST, (x,), (ids_of(target, x),), (margin,))
