"""Bayesian personalised ranking on scores: positives against sampled negatives."""

import numpy as np

from fastloss.core import summation, validate
from fastloss.core.domains import AT_LEAST_ZERO, Flag, Free, shown
from fastloss.core.errors import wrong_type
from fastloss.pairs.negatives.loss import NegativesLoss, penalty_slope

__all__ = ["bpr_loss"]


OFFSETS = Free("CSR offsets of each positive's negatives, or None")
PARAMS = Free("a sequence of arrays", "arrays")


def _declare(function):
    parameters = {"offsets": OFFSETS, "shared": Flag(), "reg": AT_LEAST_ZERO, "params": PARAMS}
    return NegativesLoss(function, parameters=parameters, reference="Rendle et al., BPR, 2009")


@_declare
def bpr_loss(pos_scores, neg_scores, *, offsets=None, shared=False, reg=0.0, params=()):
    r"""Bayesian personalised ranking of each observed item against sampled unobserved items.

    .. math:: \ell_b = \frac{1}{K_b} \sum_{j=1}^{K_b} \log(1 + e^{-(x_b - x_{bj})}) \qquad + \lambda \|\Theta\|^2

    Computed as a softplus, whose slope does not vanish for badly ranked items, as that of log(sigmoid + eps) does.

    Parameters
    ----------
    pos_scores : array_like, shape (B,)
        The model's scores x_b of observed items.
    neg_scores : array_like
        The scores x_bj of unobserved items: one for each positive, shape (B,); K for each positive, (B, K); K for all
        positives together, (K,) with ``shared=True``; or a flat array with `offsets`.
    offsets : array_like of int, shape (B + 1,), optional
        Positive b has the negatives ``offsets[b]`` to ``offsets[b + 1] - 1``; a positive without negatives has no loss,
        and does not count in the mean.
    shared : bool
        Whether every positive is compared with all negatives. On the CPU many of them take time in proportion to B + K,
        not B K, unless scores are not finite or there are weights: then every pair is visited.
    reg : float >= 0
        The coefficient lambda of the penalty, which is added to the mean and to the sum; above 0 it needs `params`.
    params : sequence of array_like
        The model's parameters Theta, on which the penalty is.

    Returns
    -------
    float, or ndarray of shape (B,) for ``reduction="none"``
        `value_and_grad` returns a tuple of the gradients by `pos_scores` and by `neg_scores` and, if `params` are
        given, a tuple of the gradients by these.

    Raises
    ------
    ValueError
        If the shapes fit none of the four forms, offsets do not fit, a weight or `reg` is negative, or `reg` is given
        without `params`.

    References
    ----------
    Rendle, Freudenthaler, Gantner & Schmidt-Thieme, BPR: Bayesian personalized ranking from implicit feedback,
    UAI 2009.

    Examples
    --------
    >>> import fastloss
    >>> print(f"{fastloss.bpr_loss([2.0, 0.5], [1.0, 0.5]):.6f}")
    0.503204
    >>> print(f"{fastloss.bpr_loss([2.0, 0.5], [1.0, 0.5, -1.0], offsets=[0, 2, 3]):.6f}")
    0.229375
    >>> value, (by_pos_scores, by_neg_scores) = fastloss.bpr_loss.value_and_grad([2.0, 0.5], [1.0, 0.5])
    >>> by_pos_scores.round(4).tolist(), by_neg_scores.round(4).tolist()
    ([-0.1345, -0.25], [0.1345, 0.25])
    """
    if not isinstance(params, (tuple, list)):
        raise wrong_type("params", params, "a sequence of arrays")
    if reg and not params:
        raise ValueError(f"reg is {shown(reg)} and params is empty: expected the parameters that the penalty is of")
    arrays = [validate.real(f"params[{at}]", array) for at, array in enumerate(params)]
    with np.errstate(over="ignore", under="ignore"):
        slopes = tuple(penalty_slope(reg, array) for array in arrays)
    return sum(summation.penalty(reg, array) for array in arrays), slopes
