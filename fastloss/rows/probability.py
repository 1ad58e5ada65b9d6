"""Losses of distributions over many classes, given as probabilities or their logarithms.

A gradient is with respect to the model's distribution; the data's is a constant.
"""

import dataclasses

from fastloss.compile.elementary import INFINITY, log, unless_nan
from fastloss.core import validate
from fastloss.core.domains import UNIT
from fastloss.rows import terms
from fastloss.rows.loss import Rows, class_axis, last_axis, row_loss
from fastloss.rows.row import formulas
from fastloss.rows.softmax import CLASS_WEIGHT, IGNORE_INDEX, counted, distribution_of, ids_of, of_ids

__all__ = ["categorical_cross_entropy", "entropy", "nll_loss"]


def termwise(name, formula, first=UNIT, second=UNIT, row=terms.of_terms, load=terms.load_two):
    """Formulas (value, slope, curvature) in the model's number and, if `second` is given, the data's."""
    value, slope, curvature = formula
    names = {"value": value, "slope": slope, "curvature": curvature, "check_first": first.check}
    names["floored"] = terms.as_summed
    if second is None:
        return formulas(name, terms.of_terms, load=terms.load_one, check=terms.check_one, **names)
    names["check_second"] = second.check
    return formulas(name, row, load=load, check=terms.check_two, **names)


def ratio(p, q):
    """P / q; 0 where p is 0, infinite where q alone is."""
    if p == 0.0:
        return unless_nan(q, 0.0)
    return INFINITY * p if q == 0.0 else p / q


def cross(q, p):
    term = -p * log(q)  # before any branch: loops with one become packed instructions seldom
    return unless_nan(q, 0.0) if p == 0.0 else term


def cross_slope(q, p):
    return -ratio(p, q)


def cross_curvature(q, p):
    return ratio(ratio(p, q), q)


OF_CROSS = cross, cross_slope, cross_curvature
CROSS = termwise("soft_cross_entropy", OF_CROSS)
CROSS_OF_CLASS = termwise("categorical_cross_entropy", OF_CROSS, row=terms.of_class, load=terms.load_absent)


def two_rows(first, second, names):
    """Two arguments of one shape, as rows."""
    rows = last_axis(names[0], first), last_axis(names[1], second)
    validate.same_shape(names, rows)
    return rows


@row_loss(
    parameters={"ignore_index": IGNORE_INDEX},
    curvature=True,
    ids=("target",),
    axis=1,
    reference="Good, Rational decisions, 1952",
)
def categorical_cross_entropy(input, target, *, ignore_index=-100):
    r"""Cross-entropy of predicted probabilities, with class ids or distributions as targets.

    .. math:: \ell = -\log x_t \quad\text{or}\quad \ell = -\sum_k y_k \log x_k, \qquad
        x = \text{input}, \; t \text{ or } y = \text{target}

    If you have logits, `cross_entropy` is more accurate. The logarithm is not clamped: a class of predicted probability
    0 whose target is above 0 costs infinity. An id counts as its one-hot row.

    Parameters
    ----------
    input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
        Probabilities in [0, 1] of C classes; whether they add up to 1 is not checked.
    target : array_like of whole numbers of shape (N,), (N, d1, ...) or (), or array_like of the input's shape
        Class ids t, in [0, C) or `ignore_index`; or distributions y over the classes (one-hot rows, soft targets), of
        numbers in [0, 1].
    ignore_index : int
        Rows with this target are left out, of the mean's denominator too; not to be given for distributions.

    Returns
    -------
    float, or an array of the input's shape without the axis of classes for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit, an id is not whole or out of range, or a number of `input` or of a distribution is
        outside [0, 1], in a row that is left out, too.

    References
    ----------
    I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.categorical_cross_entropy([[0.25, 0.75]], [0])
    1.3862943611198906
    >>> fastloss.categorical_cross_entropy([[0.25, 0.75]], [[0.5, 0.5]])
    0.8369882167858358
    >>> value, gradient = fastloss.categorical_cross_entropy.value_and_grad([[0.25, 0.75]], [[0.5, 0.5]])
    >>> gradient.round(4).tolist()
    [[-2.0, -0.6667]]
    """
    x = class_axis("input", input)
    ignored = validate.integer("ignore_index", ignore_index)
    given = distribution_of(target, x, ignored)
    if given is not None:
        return Rows(CROSS, (x,), (given.rows,), checked=(("input", UNIT, input), ("target", UNIT, target)))
    ids = ids_of(target, x, ignored)
    mass = counted(ids)
    return Rows(CROSS_OF_CLASS, (x,), (ids,), mass=mass, there=mass, checked=(("input", UNIT, input),))


def _entropy(p):
    term = -p * log(p)
    return 0.0 if p == 0.0 else term


def _entropy_slope(p):
    slope = -log(p) - 1.0
    return 0.0 if p == 0.0 else slope


def _entropy_curvature(p):
    return 0.0 if p == 0.0 else -1.0 / p


ENTROPY = termwise("entropy", (_entropy, _entropy_slope, _entropy_curvature), second=None)


@row_loss(curvature=True, reference="Shannon, A mathematical theory of communication, 1948")
def entropy(p):
    r"""Shannon's entropy of distributions, in nats.

    .. math:: H(p) = -\sum_k p_k \log p_k

    With 0 log 0 = 0. The slope is infinite at 0; the derivatives there are set to 0, so that a class of probability 0
    keeps it.

    Parameters
    ----------
    p : array_like of shape (..., C)
        Distributions: numbers in [0, 1].

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``

    Raises
    ------
    ValueError
        If a number is outside [0, 1].

    References
    ----------
    C. E. Shannon, A mathematical theory of communication, Bell System Technical Journal, 1948.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.entropy([[0.5, 0.5, 0.0]])
    0.6931471805599453
    >>> value, gradient = fastloss.entropy.value_and_grad([[0.5, 0.5, 0.0]])
    >>> gradient.round(4).tolist()
    [[-0.3069, -0.3069, 0.0]]
    """
    return Rows(ENTROPY, (last_axis("p", p),), checked=(("p", UNIT, p),))


PICKED = dataclasses.replace(formulas("nll_loss", terms.of_picked), picks=True)


@row_loss(
    ids=("target",),
    axis=1,
    parameters={"weight": CLASS_WEIGHT, "ignore_index": IGNORE_INDEX},
    reference="Good, Rational decisions, 1952",
)
def nll_loss(input, target, *, weight=None, ignore_index=-100):
    r"""Negative log-likelihood of class ids, from log-probabilities.

    .. math:: \ell = -w_t x_t, \qquad x = \text{input}, \; t = \text{target}

    Of each row only the target's element is read. If you have logits, use `cross_entropy`.

    Parameters
    ----------
    input : array_like of shape (N, C), (N, C, d1, ...) or (C,)
        Log-probabilities of C classes.
    target : array_like of whole numbers of shape (N,), (N, d1, ...) or ()
        The class ids t, in [0, C) or `ignore_index`.
    weight : array_like of shape (C,), optional
        A factor w >= 0 for each class; the mean's denominator is the sum of the targets' weights.
    ignore_index : int
        Rows with this target are left out, of the mean's denominator too.

    Returns
    -------
    float, or an array of the input's shape without the axis of classes for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit, an id is not whole or out of range, or a weight is negative.

    References
    ----------
    I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.nll_loss([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
    0.375
    >>> value, gradient = fastloss.nll_loss.value_and_grad([[-0.5, -1.0], [-2.0, -0.25]], [0, 1])
    >>> gradient.round(4).tolist()
    [[-0.5, 0.0], [0.0, -0.5]]
    """
    x = class_axis("input", input)
    ids = ids_of(target, x, validate.integer("ignore_index", ignore_index))
    mass = counted(ids) if weight is None else of_ids(validate.per_class("weight", weight, x.columns), ids)
    if weight is None:
        return Rows(PICKED, (x,), (ids,), mass=mass, there=mass)
    return Rows(PICKED, (x,), (ids,), factor=mass, mass=mass)
