"""Losses over all pairs or triplets of a batch of labelled embeddings."""

from fastloss.core.docstrings import share
from fastloss.core.domains import ANY, Choice, Flag
from fastloss.embeddings.mining.anchor import Settings
from fastloss.embeddings.mining.loss import Mined, MiningLoss, mining_loss
from fastloss.pairs.pairwise import pairwise_logistic_loss
from fastloss.rows.tuples import CONTRASTIVE

__all__ = [
    "batch_all_triplet_loss",
    "batch_contrastive_loss",
    "batch_hard_triplet_loss",
    "batch_semihard_triplet_loss",
]

MARGIN = 0.2  # unless one is given


def _no_margin_if_soft(margin, soft):
    if soft and margin not in (0.0, MARGIN):
        raise ValueError(f"margin is {margin!r} and soft is True: expected one of them, since softplus has no margin")


share(
    examples_and_classes="""
    embeddings : array_like, shape (N, D)
        A row for each example.
    labels : array_like, shape (N,)
        The class of each example: numbers or strings.
    """,
    triplet_margin="""
    margin : float
        The margin m, in units of the distance d. Not to be given with `soft`, which has none.
    """,
    squared_distance="""
    squared : bool
        Whether d is the square of the Euclidean distance.
    """,
)


@mining_loss(
    parameters={"margin": ANY, "squared": Flag(), "soft": Flag(), "average": Choice(("active", "all"))},
    reference="Hermans, Beyer & Leibe, In defense of the triplet loss for person re-identification, 2017",
)
def batch_all_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False, average="active"):
    r"""Triplet margin loss of every triplet of a batch.

    .. math:: \ell_a = \sum_{p: y_p = y_a, p \ne a} \; \sum_{n: y_n \ne y_a} \max(0, d_{ap} - d_{an} + m)

    Exact without visiting the N³ triplets: each negative is placed among the anchor's positives, in time proportional
    to N² (D + log P) for classes of P examples; one strip of distances is in memory at a time. The softplus takes
    linear time as well. On a GPU every triplet is visited.

    Parameters
    ----------
    {examples_and_classes}
    {triplet_margin}
    {squared_distance}
    soft : bool
        Whether to replace the maximum by :math:`\log(1 + e^{d_{ap} - d_{an}})`.
    average : {"active", "all"}
        "active" takes the mean over triplets with a loss above 0 (with `soft` these are all), "all" over all triplets.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the anchors; each of an anchor's triplets has its weight.
    reduction : {"mean", "sum", "none"}
        "mean" is over triplets, see `average`, and 0 where there is none; "sum" adds the weighted losses of the
        triplets; "none" returns each anchor's sum. Gradients are those of the mean or of the sum; with "none", those of
        the sum.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        0 where there is no triplet. The slope at the kink is 0.

    Raises
    ------
    ValueError
        If shapes do not fit, or `margin` is given with `soft`.

    References
    ----------
    A. Hermans, L. Beyer & B. Leibe, In defense of the triplet loss for person re-identification, 2017,
    https://arxiv.org/abs/1703.07737.

    Examples
    --------
    >>> import fastloss
    >>> rows, labels = [[0.0], [1.0], [1.5]], ["a", "a", "b"]
    >>> loss, counts = fastloss.batch_all_triplet_loss(rows, labels, margin=1.0, with_counts=True)
    >>> loss, counts.active, counts.total
    (1.0, 2, 2)
    >>> value, gradient = fastloss.batch_all_triplet_loss.value_and_grad(rows, labels, margin=1.0)
    >>> gradient.round(4).tolist()
    [[-0.5], [1.5], [-1.0]]
    """
    _no_margin_if_soft(margin, soft)
    name = "smooth" if soft else "all"
    formulas = pairwise_logistic_loss.formulas if soft else None
    return Mined(
        embeddings, labels, name, Settings(margin, 1.0), formulas, squared, average=average, degree=1 + squared
    )


@mining_loss(
    parameters={"margin": ANY, "squared": Flag(), "soft": Flag()},
    reference="Hermans, Beyer & Leibe, In defense of the triplet loss for person re-identification, 2017",
)
def batch_hard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False):
    r"""Triplet margin loss of each anchor's farthest positive and nearest negative.

    .. math:: \ell_a = \max(0, \max_{p: y_p = y_a} d_{ap} - \min_{n: y_n \ne y_a} d_{an} + m)

    Parameters
    ----------
    {examples_and_classes}
    {triplet_margin}
    {squared_distance}
    soft : bool
        Whether to replace the maximum with 0 by :math:`\log(1 + e^x)` of the difference x of distances, without a
        margin.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the anchors.
    reduction : {"mean", "sum", "none"}
        "mean" is over anchors that have a positive and a negative, and 0 where there is none; other anchors have no
        loss. "sum" adds the weighted losses; "none" returns each anchor's. Gradients are those of the mean or of the
        sum; with "none", those of the sum.
    with_counts : bool
        Whether to return a named tuple (active, total) as well: both are the number of anchors with a loss.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        Where several rows are equally far, the gradient goes to the first of them, in the order of the classes, then of
        the rows.

    Raises
    ------
    ValueError
        If shapes do not fit, or `margin` is given with `soft`.

    References
    ----------
    A. Hermans, L. Beyer & B. Leibe, In defense of the triplet loss for person re-identification, 2017,
    https://arxiv.org/abs/1703.07737.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.batch_hard_triplet_loss([[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0)
    1.0
    >>> value, gradient = fastloss.batch_hard_triplet_loss.value_and_grad(
    ...     [[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0
    ... )
    >>> gradient.round(4).tolist()
    [[-0.5], [1.5], [-1.0]]
    """
    _no_margin_if_soft(margin, soft)
    return Mined(embeddings, labels, "hard", Settings(margin, 1.0), None, squared, soft, degree=1 + squared)


@mining_loss(
    parameters={"margin": ANY, "squared": Flag()},
    reference="Schroff, Kalenichenko & Philbin, FaceNet: a unified embedding for face recognition, 2015",
)
def batch_semihard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False):
    r"""Triplet margin loss of each pair of a class and the nearest negative farther away than the positive.

    .. math:: \ell_a = \sum_{p: y_p = y_a, p \ne a} \max(0, d_{ap} - d_{an(a,p)} + m)

    Where no negative is farther away, the farthest one is used, as in TensorFlow's `triplet_semihard_loss`.

    Parameters
    ----------
    {examples_and_classes}
    margin : float
        The margin m, in units of the distance d.
    {squared_distance}
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the anchors; each of an anchor's pairs has its weight.
    reduction : {"mean", "sum", "none"}
        "mean" is over pairs (anchor, positive), and 0 where there is none; "sum" adds the weighted losses of the pairs;
        "none" returns each anchor's sum. Gradients are those of the mean or of the sum; with "none", those of the sum.
    with_counts : bool
        Whether to return a named tuple (active, total) as well: both are the number of those pairs.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        An anchor without a positive or a negative has no loss, and does not count in the mean.

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    F. Schroff, D. Kalenichenko & J. Philbin, FaceNet: a unified embedding for face recognition and clustering,
    CVPR 2015.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.batch_semihard_triplet_loss([[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0)
    1.0
    >>> value, gradient = fastloss.batch_semihard_triplet_loss.value_and_grad(
    ...     [[0.0], [1.0], [1.5]], ["a", "a", "b"], margin=1.0
    ... )
    >>> gradient.round(4).tolist()
    [[-0.5], [1.5], [-1.0]]
    """
    return Mined(embeddings, labels, "semihard", Settings(margin, 1.0), None, squared, degree=1 + squared)


@mining_loss(
    parameters={"margin": ANY, "half": Flag(), "squared": Flag()},
    reference="Hadsell, Chopra & LeCun, Dimensionality reduction by learning an invariant mapping, 2006",
    kind=MiningLoss,
)
def batch_contrastive_loss(embeddings, labels, *, margin=1.0, half=False, squared=True):
    r"""`contrastive_loss` of every pair of a batch.

    .. math:: \ell_{ij} = s_{ij} \, d_{ij}^2 + (1 - s_{ij}) \max(0, m - d_{ij})^2

    where s is 1 for two examples of one class, and 0 for two of different classes.

    Parameters
    ----------
    {examples_and_classes}
    margin : float
        The Euclidean distance m from which on a pair of different classes costs nothing.
    half : bool
        Whether to halve the loss.
    squared : bool
        Whether the two terms are squared.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the examples; a pair weighs w_i w_j.
    reduction : {"mean", "sum", "none"}
        "mean" is over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs; "none" returns for
        each example half the loss of each of its pairs. Gradients are those of the mean or of the sum; with "none",
        those of the sum.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``

    Raises
    ------
    ValueError
        If shapes do not fit.

    References
    ----------
    R. Hadsell, S. Chopra & Y. LeCun, Dimensionality reduction by learning an invariant mapping, CVPR 2006.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.batch_contrastive_loss([[0.0], [0.5], [2.0]], [0, 0, 1], reduction="sum")
    0.25
    >>> value, gradient = fastloss.batch_contrastive_loss.value_and_grad([[0.0], [0.5], [2.0]], [0, 0, 1])
    >>> gradient.round(4).tolist()
    [[-0.3333], [0.3333], [0.0]]
    """
    settings = Settings(margin, 0.5 if half else 1.0)
    return Mined(embeddings, labels, "pairs", settings, CONTRASTIVE[squared], products=True, degree=1 + squared)
