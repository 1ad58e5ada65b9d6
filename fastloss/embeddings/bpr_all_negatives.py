"""Bayesian personalised ranking against the whole catalogue, from the factors."""

from fastloss.core.domains import AT_LEAST_ZERO, Free
from fastloss.embeddings.factors.loss import FactorsLoss

__all__ = ["bpr_all_negatives_loss"]


def _declare(function):
    parameters = {"item_bias": Free("an array of a number for each item, or None"), "reg": AT_LEAST_ZERO}
    return FactorsLoss(function, parameters=parameters, reference="Rendle et al., BPR, 2009")


@_declare
def bpr_all_negatives_loss(user_factors, item_factors, interactions, *, item_bias=None, reg=0.0):
    r"""Bayesian personalised ranking of every observed item against every unobserved one: no sampling.

    .. math:: \sum_{i \in I_u} \sum_{j \notin I_u} \log(1 + e^{-(x_{ui} - x_{uj})}) \qquad + \lambda \|\Theta\|^2,
        \qquad x_{ui} = p_u \cdot q_i + b_i

    Exact, in time proportional to the scores and in the memory of a tile of them. Scores are products in the factors'
    precision; the rest is float64. On a GPU every pair is looked at.

    Parameters
    ----------
    user_factors : array_like, shape (U, D)
        The users' factors p.
    item_factors : array_like, shape (I, D)
        The items' factors q.
    interactions : sparse matrix of shape (U, I), or (offsets, item numbers)
        Which items each user has: a sparse matrix of SciPy in any format, whose elements above 0 are the interactions
        (what is stored twice is added up, a stored 0 is none); or CSR offsets, shape (U + 1,), and item numbers.
    item_bias : array_like, shape (I,), optional
        The items' biases b.
    reg : float >= 0
        The factor lambda of the penalty on factors and biases, which is added to the mean and to the sum.
    sample_weight, reduction, backend
        As for every loss, see `fastloss.Loss`: a weight for each user; the mean is over pairs, "none" gives each
        user's sum over its pairs.

    Returns
    -------
    float, or ndarray of shape (U,) for ``reduction="none"``
        `value_and_grad` adds a tuple: the gradients by `user_factors`, `item_factors` and, if given, `item_bias`.

    Raises
    ------
    ValueError
        If shapes do not fit, an item number is out of range, the arrays of a sparse matrix contradict each other, or an
        interaction, a weight or `reg` is negative.

    References
    ----------
    Rendle, Freudenthaler, Gantner & Schmidt-Thieme, BPR: Bayesian personalized ranking from implicit feedback,
    UAI 2009.

    Examples
    --------
    >>> import fastloss
    >>> users, items = [[1.0, 0.0]], [[2.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
    >>> print(f"{fastloss.bpr_all_negatives_loss(users, items, ([0, 1], [0])):.6f}")
    0.164171
    """
    return reg
