"""LambdaRank: the pairs of a query, weighed by their part in NDCG."""

import numpy as np

from fastloss.core import validate
from fastloss.core.domains import STEEPNESS, Choice, Free
from fastloss.pairs.queries.loss import QueryLoss

__all__ = ["lambdarank_loss"]


LEVEL = Free("an integer >= 1, or None", "integer")


def _declare(function):
    parameters = {"sigma": STEEPNESS, "truncation_level": LEVEL, "gains": Choice(("exp2", "linear"))}
    return QueryLoss(
        function, parameters=parameters, reference="Burges, From RankNet to LambdaRank to LambdaMART, 2010"
    )


@_declare
def lambdarank_loss(scores, labels, *, sigma=1.0, truncation_level=None, gains="exp2"):
    r"""Logistic loss of the pairs of a query, each weighted by the change in NDCG if the two were swapped.

    .. math:: \sum_{y_i > y_j} \frac{|g_i - g_j| \, |d_i - d_j|}{\text{maxDCG}} \log(1 + e^{-\sigma (s_i - s_j)}),
        \qquad g = 2^y - 1, \; d = \frac{1}{\log_2(1 + \text{rank})}

    Ranks are by descending score, equal scores in input order. The derivatives take the weights as constants. This is
    LightGBM's objective with ``lambdarank_norm=False`` (and ``sigmoid=sigma``, ``lambdarank_truncation_level``), for
    queries of any size: large ones take time proportional to their rows, see `method`.

    Parameters
    ----------
    {scores}
    labels : array_like, shape (N,)
        Relevance grades y from 0 to 1000.
    {sigma}
    truncation_level : int >= 1, optional
        The number of top ranks: only pairs with a row among them count, and maxDCG is that of these ranks. None counts
        all pairs.
    gains : {"exp2", "linear"}
        The gain g of a grade: "exp2" is 2**y - 1, "linear" is y.

    Returns
    -------
    float, or ndarray with each query's loss for the reductions "none" and "per_group"

    Raises
    ------
    ValueError
        If shapes differ, a label is NaN, negative or above 1000, offsets do not fit, or a weight is negative.

    References
    ----------
    C. J. C. Burges, From RankNet to LambdaRank to LambdaMART: an overview, MSR-TR-2010-82.

    Examples
    --------
    >>> import fastloss
    >>> print(f"{fastloss.lambdarank_loss([1.0, 3.0, 2.0], [2, 0, 1]):.6f}")
    1.106870
    >>> scores, labels, queries = [1.0, 3.0, 2.0, 0.5], [2, 0, 0, 1], [7, 7, 8, 8]
    >>> value, gradient = fastloss.lambdarank_loss.value_and_grad(scores, labels, groups=queries)
    >>> print(f"{value:.6f}", gradient.round(6).tolist())
    0.706463 [-0.162538, 0.162538, 0.150871, -0.150871]
    """
    if truncation_level is None:
        level = max(np.size(scores), 1)
    else:
        level = validate.integer("truncation_level", truncation_level)
        if level < 1:
            raise ValueError(f"truncation_level is {level}: expected an integer >= 1")
        level = min(level, max(np.size(scores), 1))  # of which a kernel makes an integer of 64 bits
    return sigma, level, gains == "linear"
