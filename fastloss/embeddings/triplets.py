"""Losses over all pairs or triplets of a batch of labelled embeddings."""

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


@mining_loss(
    parameters={"margin": ANY, "squared": Flag(), "soft": Flag(), "average": Choice(("active", "all"))},
    reference="Hermans, Beyer & Leibe, In defense of the triplet loss for person re-identification, 2017",
)
def batch_all_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False, average="active"):
    r"""Every triplet of a batch: how much nearer a positive is to its anchor than a negative, short of a margin.

    .. math:: \ell_a = \sum_{p: y_p = y_a, p \ne a} \; \sum_{n: y_n \ne y_a} \max(0, d_{ap} - d_{an} + m)

    Exact without the N³ triplets: each negative is placed among the anchor's positives, in time proportional to
    N² (D + log P) for classes of P, and the memory of a strip of distances. The softplus is summed in linear time as
    well. On a GPU every triplet is looked at.

    Parameters
    ----------
    embeddings : array_like, shape (N, D)
        One row for each example.
    labels : array_like, shape (N,)
        Classes: numbers or strings.
    margin : float
        m. Not to be given with `soft`, which has none.
    squared : bool
        Whether d is the square of the Euclidean distance.
    soft : bool
        Takes :math:`\log(1 + e^{d_{ap} - d_{an}})` for the maximum.
    average : {"active", "all"}
        Whether the mean is over triplets with a loss above 0 (with `soft` all of them), or over all.
    sample_weight, reduction, backend
        As for every loss, see `fastloss.Loss`: a weight for each anchor; "none" gives each anchor's sum.
    with_counts : bool
        Whether a named tuple (active, total) of numbers of triplets is returned as well.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        0 where there is no triplet. At the kink the slope is 0.

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
    r"""Each anchor's farthest positive against its nearest negative.

    .. math:: \ell_a = \max(0, \max_{p: y_p = y_a} d_{ap} - \min_{n: y_n \ne y_a} d_{an} + m)

    Parameters
    ----------
    embeddings, labels, margin, squared, sample_weight
        As for `batch_all_triplet_loss`.
    soft : bool
        Takes :math:`\log(1 + e^x)` of the difference for the maximum, without the margin.
    reduction : {"mean", "sum", "none"}
        The mean is over anchors that have a positive and a negative; the others have no loss.
    with_counts : bool
        Whether a named tuple (active, total) is returned as well: both the number of those anchors.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        Of several that are equally far, the first in the order of the classes, then of the rows, has the gradient.

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
    """
    _no_margin_if_soft(margin, soft)
    return Mined(embeddings, labels, "hard", Settings(margin, 1.0), None, squared, soft, degree=1 + squared)


@mining_loss(
    parameters={"margin": ANY, "squared": Flag()},
    reference="Schroff, Kalenichenko & Philbin, FaceNet: a unified embedding for face recognition, 2015",
)
def batch_semihard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False):
    r"""Each pair of a class against the nearest negative that is farther from the anchor than the positive.

    .. math:: \ell_a = \sum_{p: y_p = y_a, p \ne a} \max(0, d_{ap} - d_{an(a,p)} + m)

    Where no negative is farther, the farthest one takes its place, as in TensorFlow's `triplet_semihard_loss`.

    Parameters
    ----------
    embeddings, labels, margin, squared, sample_weight
        As for `batch_all_triplet_loss`.
    reduction : {"mean", "sum", "none"}
        The mean is over pairs (anchor, positive); "none" gives each anchor's sum.
    with_counts : bool
        Whether a named tuple (active, total) is returned as well: both the number of those pairs.

    Returns
    -------
    float, or ndarray of shape (N,) for ``reduction="none"``
        An anchor without a positive or a negative has no loss, and does not count.

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

    where s is 1 for two examples of one class, and 0 for others.

    Parameters
    ----------
    embeddings, labels
        As for `batch_all_triplet_loss`.
    margin : float
        From which Euclidean distance on others are left alone, m.
    half : bool
        Halves the loss.
    squared : bool
        Whether the two terms are squared.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the examples; a pair weighs w_i w_j.
    reduction : {"mean", "sum", "none"}
        The mean is over pairs; "none" gives each example half of each of its pairs.

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
    """
    settings = Settings(margin, 0.5 if half else 1.0)
    return Mined(embeddings, labels, "pairs", settings, CONTRASTIVE[squared], products=True, degree=1 + squared)
