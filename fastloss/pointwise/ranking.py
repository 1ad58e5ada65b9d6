"""Losses of the order of scores."""

import numpy as np

from fastloss.compile.elementary import at_least, step, unless_nan
from fastloss.core import backend, validate
from fastloss.core.domains import ANY, REAL, SIGN
from fastloss.pointwise.loss import Call, pointwise

__all__ = ["margin_ranking_loss"]


def _short(x1, x2, t, margin):
    """What the better score's lead lacks."""
    return margin - t * (x1 - x2)


def _margin_ranking(x1, x2, t, margin):
    return at_least(0.0, _short(x1, x2, t, margin))


def _margin_ranking_slope(x1, x2, t, margin):
    return step(_short(x1, x2, t, margin), -t)


def _margin_ranking_curvature(x1, x2, t, margin):
    return unless_nan(_short(x1, x2, t, margin), 0.0)


@pointwise(
    _margin_ranking,
    _margin_ranking_slope,
    _margin_ranking_curvature,
    by=("input1", "input2"),
    parameters={"margin": ANY},
    domains=(REAL, REAL, SIGN),
    reference="Herbrich, Graepel & Obermayer, Large margin rank boundaries for ordinal regression, 2000",
)
def margin_ranking_loss(input1, input2, target, *, margin=0.0):
    r"""How far a score's lead over another falls short of a margin, for given pairs.

    .. math:: \ell = \max(0, -t (x_1 - x_2) + m), \qquad t = \text{target}, \; m = \text{margin}

    Parameters
    ----------
    input1, input2 : array_like of one shape
        The scores of the two members of each pair, of any shape.
    target : array_like of the inputs' shape, or a number
        1 where the first score should be higher, -1 where the second should; a number applies to all pairs.
    margin : float
        The lead m from which on a pair costs nothing.

    Returns
    -------
    float, or an array of the inputs' shape for ``reduction="none"``
        The gradient is a pair of arrays, for `input1` and `input2`. The slope at the margin itself is that of the side
        where the loss is positive, as in PyTorch.

    Raises
    ------
    ValueError
        If the shapes differ, a target is neither -1 nor 1, or a weight is negative.

    References
    ----------
    R. Herbrich, T. Graepel & K. Obermayer, Large margin rank boundaries for ordinal regression, 2000.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.margin_ranking_loss([1.0, 2.0], [0.0, 4.0], [1, 1], margin=0.5)
    1.25
    >>> value, (by_input1, by_input2) = fastloss.margin_ranking_loss.value_and_grad(
    ...     [1.0, 2.0], [0.75, 4.0], [1, 1], margin=0.5
    ... )
    >>> by_input1.round(4).tolist(), by_input2.round(4).tolist()
    ([-0.5, -0.5], [0.5, 0.5])
    """
    if np.ndim(target) == 0:
        target = validate.broadcast("target", backend.to_host(target), np.shape(input1))
    return Call((input1, input2, target), (margin,), signs=(1.0, -1.0))
