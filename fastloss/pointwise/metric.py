"""Losses of distances between embeddings."""

from fastloss.compile.elementary import at_least, step, unless_nan
from fastloss.core.domains import ANY, REAL, SIGN
from fastloss.pointwise.loss import pointwise

__all__ = ["hinge_embedding_loss"]


def _embedding(x, t, margin):
    return x if t > 0.0 else (at_least(0.0, margin - x) if t < 0.0 else t)


def _embedding_slope(x, t, margin):
    return unless_nan(x, 1.0) if t > 0.0 else (step(margin - x, -1.0) if t < 0.0 else t)


def _embedding_curvature(x, t, margin):
    return unless_nan(x + t, 0.0)


@pointwise(
    _embedding,
    _embedding_slope,
    _embedding_curvature,
    parameters={"margin": ANY},
    domains=(REAL, SIGN),
    reference="Hadsell, Chopra & LeCun, Dimensionality reduction by learning an invariant mapping, 2006",
)
def hinge_embedding_loss(input, target, *, margin=1.0):
    r"""Distance of similar pairs; of dissimilar pairs, how far the distance falls short of a margin.

    .. math:: \ell = \begin{cases} x & t = 1 \\ \max(0, m - x) & t = -1 \end{cases}
        \qquad x = \text{input}, \; t = \text{target}, \; m = \text{margin}

    Parameters
    ----------
    input : array_like
        The distances x of pairs, of any shape.
    target : array_like of the input's shape
        1 for a similar pair, -1 for a dissimilar one.
    margin : float
        The distance m from which on dissimilar pairs cost nothing.

    Returns
    -------
    float, or an array of the input's shape for ``reduction="none"``
        The slope at the margin itself is -1, as in PyTorch.

    Raises
    ------
    ValueError
        If the shapes differ, a target is neither -1 nor 1, or a weight is negative.

    References
    ----------
    R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.hinge_embedding_loss([0.25, 0.25], [1, -1], reduction="none").tolist()
    [0.25, 0.75]
    >>> value, gradient = fastloss.hinge_embedding_loss.value_and_grad([0.25, 0.25], [1, -1])
    >>> gradient.round(4).tolist()
    [0.5, -0.5]
    """
    return (margin,)
