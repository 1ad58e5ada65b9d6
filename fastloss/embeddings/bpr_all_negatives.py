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

    Exact, in time proportional to the number of scores, of which one tile is in memory at a time. Scores are computed
    in the factors' precision, the rest in float64. On a GPU every pair is visited.

    Parameters
    ----------
    user_factors : array_like, shape (U, D)
        The users' factors p.
    item_factors : array_like, shape (I, D)
        The items' factors q.
    interactions : sparse matrix of shape (U, I), or (offsets, item numbers)
        The items observed for each user: a sparse matrix of SciPy in any format, whose elements above 0 are the
        interactions (duplicates are added up, a stored 0 is no interaction); or CSR offsets, shape (U + 1,), and item
        numbers.
    item_bias : array_like, shape (I,), optional
        The items' biases b.
    reg : float >= 0
        The coefficient lambda of the penalty on factors and biases, which is added to the mean and to the sum.
    sample_weight : array_like, shape (U,), optional
        Weights w >= 0 of the users; each of a user's pairs has its weight.
    reduction : {"mean", "sum", "none"}
        "mean" is the weighted mean over pairs, and 0 where there is none; "sum" adds the weighted losses of the pairs;
        "none" returns each user's sum over its pairs. Gradients are those of the mean or of the sum; with "none", those
        of the sum.

    Returns
    -------
    float, or ndarray of shape (U,) for ``reduction="none"``
        `value_and_grad` returns a tuple of the gradients by `user_factors`, `item_factors` and, if given,
        `item_bias`.

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
    >>> value, (by_user_factors, by_item_factors) = fastloss.bpr_all_negatives_loss.value_and_grad(
    ...     users, items, ([0, 1], [0])
    ... )
    >>> by_user_factors.round(4).tolist(), by_item_factors.round(4).tolist()
    ([[-0.256, 0.1052]], [[-0.1508, 0.0], [0.0596, 0.0], [0.0912, 0.0]])
    """
    return reg
