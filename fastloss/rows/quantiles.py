"""Losses of several quantiles of one number: a column each."""

import numpy as np

from fastloss.core import validate
from fastloss.core.domains import REAL, Free
from fastloss.core.errors import wrong_element, wrong_shape, wrong_value
from fastloss.pointwise.quantiles import pinball, pinball_slope
from fastloss.pointwise.regression import flat_too
from fastloss.rows import terms
from fastloss.rows.loss import Rows, last_axis, row_loss
from fastloss.rows.row import formulas

__all__ = ["multi_quantile_loss"]

LEVELS = "a sequence of numbers in (0, 1), one for each column of input"
TARGET = {"target": REAL}
PINBALLS = formulas("multi_quantile_loss", terms.of_levels, value=pinball, slope=pinball_slope, curvature=flat_too)


def _levels(quantiles, columns):
    """The levels of the columns, checked."""
    levels = validate.real("quantiles", quantiles)
    if not levels.size:
        raise wrong_value("quantiles", quantiles, LEVELS)
    if levels.shape != (columns,):
        raise wrong_shape("quantiles", levels.shape, (columns,))
    inside = (levels > 0.0) & (levels < 1.0)
    if not inside.all():
        raise wrong_element("quantiles", levels, int(np.argmin(inside)), "a number in (0, 1)")
    return tuple(levels.astype(np.float64).tolist())


@row_loss(
    parameters={"quantiles": Free(LEVELS, "numbers")},
    curvature=True,
    vectors=TARGET,
    reference="Koenker & Bassett, Regression quantiles, 1978",
)
def multi_quantile_loss(input, target, *, quantiles):
    r"""Pinball losses of several quantiles of one target, averaged over the quantiles.

    .. math:: \ell = \frac{1}{Q} \sum_{k=1}^{Q} \max(q_k (t - x_k), (1 - q_k)(x_k - t)), \qquad
        x = \text{input}, \; t = \text{target}, \; q = \text{quantiles}

    The mean over rows is the mean of `quantile_loss` over the columns, and what CatBoost calls MultiQuantile. Nothing
    keeps the predicted quantiles in order: sort each row afterwards if they cross.

    Parameters
    ----------
    input : array_like of shape (..., Q)
        The predicted quantiles x of each target.
    target : array_like of shape (...)
        The true values t.
    quantiles : sequence of Q floats in (0, 1)
        The level q of each column, in any order.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``
        The slope of a column that equals the target is 0, and the second derivative is 0, as in `quantile_loss`.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no quantile, or one is outside (0, 1).

    References
    ----------
    R. Koenker & G. Bassett, Regression quantiles, Econometrica, 1978.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.multi_quantile_loss([[1.0, 3.0]], [2.0], quantiles=(0.25, 0.75))
    0.25
    >>> fastloss.multi_quantile_loss.value_and_grad([[1.0, 3.0]], [2.0], quantiles=(0.25, 0.75))[1].tolist()
    [[-0.125, 0.125]]
    """
    x = last_axis("input", input)
    targets = validate.vector("target", target, x.outer, TARGET["target"])
    return Rows(PINBALLS, (x,), (targets,), _levels(quantiles, x.columns))
