"""Losses of pairs and triplets of vectors: row i of every matrix belongs to one tuple."""

import numpy as np

from fastloss.compile.elementary import at_least, step
from fastloss.core import orders, validate
from fastloss.core.domains import ANY, BINARY, POSITIVE, SIGN, Flag, Free, one_of
from fastloss.core.errors import wrong_shape
from fastloss.core.gpu import GpuArray
from fastloss.core.requests import Wanted
from fastloss.rows import vectors
from fastloss.rows.loss import Matrix, RowLoss, Rows, last_axis, row_loss
from fastloss.rows.row import formulas

__all__ = [
    "center_loss",
    "contrastive_loss",
    "cosine_embedding_loss",
    "triplet_margin_loss",
    "two_term_contrastive_loss",
]


def _vectors(names: tuple[str, ...], values: tuple[object, ...]) -> tuple[Matrix, ...]:
    """Arguments of one shape, as rows."""
    matrices = tuple(last_axis(name, value) for name, value in zip(names, values, strict=True))
    for name, matrix in zip(names[1:], matrices[1:], strict=True):
        if matrix.shape != matrices[0].shape:
            raise wrong_shape(name, matrix.shape, f"the shape of {names[0]}, {matrices[0].shape}")
    return matrices


ALIKE, SIDE = {"target": BINARY}, {"target": SIGN}  # what says of a pair whether it is similar

TRIPLET = formulas("triplet_margin_loss", vectors.of_triplet, 3)


@row_loss(
    by=("anchor", "positive", "negative"),
    parameters={"margin": ANY, "p": POSITIVE, "eps": ANY, "swap": Flag()},
    reference="Balntas, Riba, Ponsa & Mikolajczyk, Learning local feature descriptors with triplets, 2016",
)
def triplet_margin_loss(anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False):
    r"""Triplet margin loss of given anchors, positives and negatives.

    .. math:: \ell = \max(0, d(a, p) - d(a, n) + m), \qquad d(x, y) = \lVert x - y + \epsilon \rVert_p

    Parameters
    ----------
    anchor, positive, negative : array_like of shape (..., D)
        The vectors a, p, n.
    margin : float
        The margin m: from a negative farther away than the positive by m, a triplet costs nothing.
    p : float > 0
        The exponent of the norm.
    eps : float
        A number added to every difference, as in PyTorch. Where a distance is still 0, its gradient is 0.
    swap : bool
        Whether to replace d(a, n) by d(p, n) where that is smaller.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``
        The gradient is a tuple of three arrays.

    Raises
    ------
    ValueError
        If the shapes differ, or `p` is not positive.

    References
    ----------
    V. Balntas, E. Riba, D. Ponsa & K. Mikolajczyk, Learning local feature descriptors with triplets and shallow
    convolutional neural networks, BMVC 2016.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.triplet_margin_loss([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]], eps=0.0)
    0.5
    >>> value, (by_anchor, by_positive, by_negative) = fastloss.triplet_margin_loss.value_and_grad(
    ...     [[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]], eps=0.0
    ... )
    >>> by_anchor.round(4).tolist(), by_positive.round(4).tolist(), by_negative.round(4).tolist()
    ([[-0.6, 0.2]], [[0.6, 0.8]], [[0.0, -1.0]])
    """
    matrices = _vectors(("anchor", "positive", "negative"), (anchor, positive, negative))
    return Rows(TRIPLET, matrices, (), (margin, p, eps, float(swap)))


# Parameters: (margin, similar, factor).


def _apart(d, label, parameters):
    lack = at_least(0.0, parameters[0] - d)
    loss = d * d if label == parameters[1] else lack * lack
    return loss * parameters[2] if abs(label) <= 1.0 else label


def _apart_slope(d, label, parameters):
    slope = 2.0 * d if label == parameters[1] else -2.0 * at_least(0.0, parameters[0] - d)
    return slope * parameters[2] if abs(label) <= 1.0 else label


def _apart_linear(d, label, parameters):
    loss = d if label == parameters[1] else at_least(0.0, parameters[0] - d)
    return loss * parameters[2] if abs(label) <= 1.0 else label


def _apart_linear_slope(d, label, parameters):
    slope = 1.0 if label == parameters[1] else -step(parameters[0] - d, 1.0)
    return slope * parameters[2] if abs(label) <= 1.0 else label


CONTRASTIVE = {
    True: formulas("contrastive_loss", vectors.of_distance, 2, value=_apart, slope=_apart_slope),
    False: formulas("contrastive_loss_linear", vectors.of_distance, 2, value=_apart_linear, slope=_apart_linear_slope),
}


@row_loss(
    by=("x1", "x2"),
    parameters={"margin": ANY, "similar": Free("0 or 1", "integer"), "half": Flag(), "squared": Flag()},
    vectors=ALIKE,
    reference="Hadsell, Chopra & LeCun, Dimensionality reduction by learning an invariant mapping, 2006",
)
def contrastive_loss(x1, x2, target, *, margin=1.0, similar=1, half=False, squared=True):
    r"""Squared distance of similar pairs; of dissimilar pairs, the squared shortfall from a margin.

    .. math:: \ell = s \, d^2 + (1 - s) \max(0, m - d)^2, \qquad d = \lVert x_1 - x_2 \rVert_2

    where s is 1 for similar pairs, and 0 for dissimilar ones. ``similar=0, half=True`` is the form of Hadsell et al.

    Parameters
    ----------
    x1, x2 : array_like of shape (..., D)
        The vectors of each pair; where they are equal, the gradient is 0.
    target : array_like of shape (...)
        0 or 1, whether the pair is similar: see `similar`.
    margin : float
        The distance m from which on a dissimilar pair costs nothing.
    similar : {1, 0}
        The target of similar pairs.
    half : bool
        Whether to halve the loss.
    squared : bool
        Whether the two terms are squared.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``
        The gradient is a tuple of two arrays.

    Raises
    ------
    ValueError
        If shapes do not fit, or a target is neither 0 nor 1.

    References
    ----------
    R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.contrastive_loss([[0.0, 0.0], [0.0, 0.0]], [[0.3, 0.4], [0.3, 0.4]], [1, 0], reduction="none").tolist()
    [0.25, 0.25]
    >>> value, (by_x1, by_x2) = fastloss.contrastive_loss.value_and_grad(
    ...     [[0.0, 0.0], [0.0, 0.0]], [[0.3, 0.4], [0.3, 0.4]], [1, 0]
    ... )
    >>> by_x1.round(4).tolist(), by_x2.round(4).tolist()
    ([[-0.3, -0.4], [0.3, 0.4]], [[0.3, 0.4], [-0.3, -0.4]])
    """
    similar = one_of("similar", similar, (0, 1))
    matrices = _vectors(("x1", "x2"), (x1, x2))
    labels = validate.vector("target", target, matrices[0].outer, ALIKE["target"])
    settings = margin, float(similar), 0.5 if half else 1.0
    return Rows(CONTRASTIVE[squared], matrices, (labels,), settings)


TWO_TERM = {
    squared: formulas(
        "two_term_contrastive_loss" + ("" if squared else "_linear"), vectors.of_two_distances, 3, **dict(made.names)
    )
    for squared, made in CONTRASTIVE.items()
}


@row_loss(
    by=("anchor", "positive", "negative"),
    parameters={"margin": ANY, "squared": Flag()},
    reference="Hadsell, Chopra & LeCun, Dimensionality reduction by learning an invariant mapping, 2006",
)
def two_term_contrastive_loss(anchor, positive, negative, *, margin=1.0, squared=False):
    r"""Distance of the positive, plus how far the negative's distance falls short of a margin.

    .. math:: \ell = D(a, p) + \max(0, m - D(a, n)), \qquad D(x, y) = \lVert x - y \rVert_2

    Unlike `triplet_margin_loss` it does not compare the two distances: it is the `contrastive_loss` of the similar pair
    (a, p) plus that of the dissimilar pair (a, n).

    Parameters
    ----------
    anchor, positive, negative : array_like of shape (..., D)
        The vectors a, p, n; where two of them are equal, the gradient of their distance is 0.
    margin : float
        The distance m from which on a negative costs nothing.
    squared : bool
        Whether to square the two terms, as `contrastive_loss` does: :math:`D(a, p)^2 + \max(0, m - D(a, n))^2`.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``
        The gradient is a tuple of three arrays. Where a negative's distance is m
        itself, its gradient is that within the margin, as in PyTorch.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006, whose pairs
    are taken two at a time.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.two_term_contrastive_loss([[0.0, 0.0]], [[0.3, 0.4]], [[0.0, 0.25]])
    1.25
    >>> value, (by_anchor, by_positive, by_negative) = fastloss.two_term_contrastive_loss.value_and_grad(
    ...     [[0.0, 0.0]], [[0.3, 0.4]], [[0.0, 0.25]]
    ... )
    >>> by_anchor.round(4).tolist(), by_positive.round(4).tolist(), by_negative.round(4).tolist()
    ([[-0.6, 0.2]], [[0.6, 0.8]], [[0.0, -1.0]])
    """
    matrices = _vectors(("anchor", "positive", "negative"), (anchor, positive, negative))
    return Rows(TWO_TERM[squared], matrices, (), (margin, 1.0, 1.0))


def _cosine(cosine, label, parameters):
    loss = 1.0 - cosine if label > 0.0 else at_least(0.0, cosine - parameters[0])
    return loss if abs(label) <= 1.0 else label


def _cosine_slope(cosine, label, parameters):
    slope = -1.0 if label > 0.0 else step(cosine - parameters[0], 1.0)
    return slope if abs(label) <= 1.0 else label


COSINE = formulas("cosine_embedding_loss", vectors.of_cosine, 2, value=_cosine, slope=_cosine_slope)


@row_loss(
    by=("input1", "input2"),
    parameters={"margin": ANY},
    vectors=SIDE,
    reference="PyTorch, torch.nn.CosineEmbeddingLoss",
)
def cosine_embedding_loss(input1, input2, target, *, margin=0.0):
    r"""One minus the cosine of similar pairs; of dissimilar pairs, the cosine above a margin.

    .. math:: \ell = 1 - c \text{ for target 1}, \quad \max(0, c - m) \text{ for target -1}, \qquad
        c = \frac{x_1 \cdot x_2}{\sqrt{(x_1 \cdot x_1 + \epsilon)(x_2 \cdot x_2 + \epsilon)}}

    with :math:`\epsilon = 10^{-12}`, as in PyTorch.

    Parameters
    ----------
    input1, input2 : array_like of shape (..., D)
        The vectors of each pair.
    target : array_like of shape (...)
        1 for a similar pair, -1 for a dissimilar one.
    margin : float
        The cosine m up to which a dissimilar pair costs nothing.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``
        The gradient is a tuple of two arrays.

    Raises
    ------
    ValueError
        If shapes do not fit, or a target is neither 1 nor -1.

    References
    ----------
    A. Paszke et al., PyTorch: an imperative style, high-performance deep learning library, NeurIPS 2019.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.cosine_embedding_loss([[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [0.0, 2.0]], [1, -1])
    0.5
    >>> value, (by_input1, by_input2) = fastloss.cosine_embedding_loss.value_and_grad([[1.0, 2.0]], [[3.0, 4.0]], [1])
    >>> by_input1.round(4).tolist(), by_input2.round(4).tolist()
    ([[-0.0716, 0.0358]], [[0.0286, -0.0215]])
    """
    matrices = _vectors(("input1", "input2"), (input1, input2))
    labels = validate.vector("target", target, matrices[0].outer, SIDE["target"])
    return Rows(COSINE, matrices, (labels,), (margin,))


CENTRE = formulas("center_loss", vectors.of_centre)
MEMBERS = formulas("center_loss_members", vectors.of_members)


class CenterLoss(RowLoss):
    """Adds the centers' gradient: a pass over classes, each adding up its members in their order."""

    def gradients(self, engine, outcome, call, weights):
        x, (centers, labels) = call.matrices[0], call.others
        order = orders.sort(labels).order
        offsets = np.searchsorted(labels[order], np.arange(len(centers) + 1))
        each = weights if isinstance(weights, GpuArray) else np.broadcast_to(weights, labels.shape)
        operands = centers, x.rows, order, offsets, each
        of_centers = engine.run(MEMBERS, operands, None, 1.0, (), Wanted(gradient=True))
        return (*super().gradients(engine, outcome, call, weights), *of_centers.gradients)


@row_loss(
    kind=CenterLoss,
    by=("embeddings", "centers"),
    tables=("centers",),
    reference="Wen, Zhang, Li & Qiao, A discriminative feature learning approach for deep face recognition, 2016",
)
def center_loss(embeddings, labels, centers):
    r"""Half the squared distance of each vector to the center of its class.

    .. math:: \ell_i = \tfrac12 \lVert x_i - c_{y_i} \rVert_2^2, \qquad
        \frac{\partial \sum_i \ell_i}{\partial c_j} = \sum_{i : y_i = j} (c_j - x_i)

    Parameters
    ----------
    embeddings : array_like of shape (N, D)
        The vectors x.
    labels : array_like of whole numbers of shape (N,)
        The class y of each vector, in [0, K).
    centers : array_like of shape (K, D)
        The center c of each class.

    Returns
    -------
    float, or an array of shape (N,) for ``reduction="none"``
        The gradient is a tuple of two arrays: by the embeddings and by the centers.

    Raises
    ------
    ValueError
        If shapes do not fit, or a label is out of range.

    References
    ----------
    Y. Wen, K. Zhang, Z. Li & Y. Qiao, A discriminative feature learning approach for deep face recognition, ECCV 2016.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.center_loss([[1.0, 0.0], [0.0, 3.0]], [0, 0], [[0.0, 0.0]])
    2.5
    >>> value, (by_embeddings, by_centers) = fastloss.center_loss.value_and_grad(
    ...     [[1.0, 0.0], [0.0, 3.0]], [0, 0], [[0.0, 0.0]]
    ... )
    >>> by_embeddings.round(4).tolist(), by_centers.round(4).tolist()
    ([[0.5, 0.0], [0.0, 1.5]], [[-0.5, -1.5]])
    """
    x, c = validate.matrix("embeddings", embeddings), validate.matrix("centers", centers)
    if x.shape[1] != c.shape[1]:
        raise wrong_shape("centers", c.shape, f"(K, {x.shape[1]}), as long as the embeddings")
    ids = validate.indices("labels", labels, x.shape[:1], len(c))
    return Rows(CENTRE, (last_axis("embeddings", x),), (c, ids))
