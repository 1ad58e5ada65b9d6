"""Losses over pairs of scores.

A row's loss is the sum over its pairs as first item, weights w_i w_j included.
"""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import (
    Terms,
    at_least_zero,
    elementwise,
    exact,
    exp,
    number,
    oracle,
    side,
    softplus,
    times,
    total,
)


def _lean(scores, i, j, slope):
    """slope * (s_i - s_j); 0 for i = j and for slope 0, whatever the size of the scores."""
    if mp.isnan(scores[i]) or mp.isnan(scores[j]) or mp.isnan(slope):
        return mp.nan
    return mpf(0) if i == j or slope == 0 else slope * (scores[i] - scores[j])


def _over_pairs(scores, labels, groups, sample_weight, pairs, slope, loss):
    """`loss(z)` over i, j of a group.

    "ordered": z = s_i - s_j over y_i > y_j. "all": z = slope(y_i, y_j) (s_i - s_j) over every i, j.
    """
    if pairs not in ("ordered", "all"):
        raise ValueError(f"pairs is {pairs!r}")
    scores, labels, size = exact(scores), exact(labels), len(scores)
    groups = [0] * size if groups is None else list(groups)
    weights = [mpf(1)] * size if sample_weight is None else list(exact(sample_weight))
    losses, denominators = (np.full(size, mpf(0), dtype=object) for _ in range(2))
    for i in range(size):
        for j in range(size):
            if groups[i] != groups[j] or (pairs == "ordered" and not labels[i] > labels[j]):
                continue
            factor = mpf(1) if pairs == "ordered" else slope(labels[i], labels[j])
            weight = weights[i] * weights[j]
            losses[i] += times(weight, loss(_lean(scores, i, j, factor)))
            denominators[i] += weight
    return Terms(losses, denominators)


def _difference(a, b):
    return a - b


def _first(a, _):
    return a


def _first_side(a, _):
    return side(a)


@oracle
def pairwise_logistic_loss(
    scores,
    labels,
    *,
    groups=None,
    sample_weight=None,
    pairs="ordered",
    sigma=1.0,
):
    def loss(z):
        return softplus(-number(sigma) * z)

    return _over_pairs(scores, labels, groups, sample_weight, pairs, _difference, loss)


@oracle
def pairwise_exponential_loss(
    scores,
    labels,
    *,
    groups=None,
    sample_weight=None,
    pairs="ordered",
    sigma=1.0,
):
    def loss(z):
        return exp(-number(sigma) * z)

    return _over_pairs(scores, labels, groups, sample_weight, pairs, _difference, loss)


@oracle
def pairwise_hinge_loss(
    scores,
    labels,
    *,
    groups=None,
    sample_weight=None,
    pairs="ordered",
    margin=1.0,
):
    def loss(z):
        return at_least_zero(number(margin) - z)

    return _over_pairs(scores, labels, groups, sample_weight, pairs, _first, loss)


@oracle
def pairwise_squared_hinge_loss(
    scores,
    labels,
    *,
    groups=None,
    sample_weight=None,
    pairs="ordered",
    margin=1.0,
):
    def loss(z):
        return at_least_zero(number(margin) - z) ** 2

    return _over_pairs(scores, labels, groups, sample_weight, pairs, _first, loss)


@oracle
def soft_pairwise_loss(scores, labels, *, groups=None, sample_weight=None, sigma=1.0):
    def loss(z):
        return softplus(-number(sigma) * z)

    return _over_pairs(scores, labels, groups, sample_weight, "all", _first_side, loss)


@oracle
def lambdarank_loss(scores, labels, *, groups=None, sigma=1.0, truncation_level=None, gains="exp2", method=None):
    """Each query's pairs y_i > y_j: what swapping them changes in DCG, over the best DCG, times the logistic loss.

    A query without such a pair is not in the mean.
    """
    scores, labels = exact(scores), exact(labels)
    ids = np.zeros(len(scores), int) if groups is None else np.asarray(groups)
    losses, denominators = [], []
    for query in np.unique(ids):
        rows = [k for k in range(len(scores)) if ids[k] == query]
        rows.sort(key=lambda k: -scores[k])
        level = len(rows) if truncation_level is None else truncation_level
        gain = [labels[k] if gains == "linear" else mpf(2) ** labels[k] - 1 for k in rows]
        discount = [1 / mp.log(rank + 2, 2) for rank in range(len(rows))]
        best = total([g * d for g, d in list(zip(sorted(gain, reverse=True), discount, strict=True))[:level]])
        terms = []
        for i in range(len(rows)):
            for j in range(len(rows)):
                if labels[rows[i]] > labels[rows[j]] and min(i, j) < level:
                    weight = abs(gain[i] - gain[j]) * abs(discount[i] - discount[j]) / best
                    terms.append(weight * softplus(-number(sigma) * (scores[rows[i]] - scores[rows[j]])))
        losses.append(total(terms))
        denominators.append(mpf(len({labels[k] for k in rows}) > 1))
    return Terms(np.array(losses, dtype=object), np.array(denominators, dtype=object))


@oracle
def margin_all_pairs_loss(pos, neg, *, margin=1.0, distance=True, method=None):
    """max(0, margin - lead) of each positive over every negative, the lead being that of the distances or scores."""
    sign = -1 if distance else 1
    pos, neg = exact(pos), exact(neg)
    losses = [total([at_least_zero(number(margin) - sign * (p - n)) for n in neg]) for p in pos]
    return Terms(np.array(losses, dtype=object), np.array([mpf(len(neg))] * len(pos), dtype=object))


@oracle
def bpr_loss(pos_scores, neg_scores, *, offsets=None, shared=False, reg=0.0, params=()):
    """-log sig(x_pos - x_neg) of each positive, meaned over its negatives; without the penalty.

    The value is `reduce(bpr_loss(...), reduction) + bpr_penalty(reg, params)`.
    """
    pos_scores, neg_scores = exact(pos_scores), exact(neg_scores)
    losses, denominators = [], []
    for b, x in enumerate(pos_scores):
        if offsets is not None:
            negatives = neg_scores[int(offsets[b]) : int(offsets[b + 1])]
        else:
            negatives = neg_scores if shared else neg_scores[b : b + 1].reshape(-1)
        count = len(negatives)
        losses.append(total([softplus(n - x) for n in negatives]) / max(count, 1))
        denominators.append(mpf(count > 0))
    return Terms(np.array(losses, dtype=object), np.array(denominators, dtype=object))


@oracle
def bpr_all_negatives_loss(user_factors, item_factors, *, interactions, item_bias=None, reg=0.0):
    """-log sig(x_i - x_j) over every item i that a user has and every j that it has not; without the penalty."""
    users, items = exact(user_factors), exact(item_factors)
    bias = exact(np.zeros(len(items)) if item_bias is None else item_bias)
    offsets, numbers = interactions
    losses, denominators = [], []
    for u, p in enumerate(users):
        own = {int(n) for n in numbers[int(offsets[u]) : int(offsets[u + 1])]}
        scores = [total(p * q) + b for q, b in zip(items, bias, strict=True)]
        pairs = [(i, j) for i in own for j in range(len(items)) if j not in own]
        losses.append(total([softplus(scores[j] - scores[i]) for i, j in pairs]))
        denominators.append(mpf(len(pairs)))
    return Terms(np.array(losses, dtype=object), np.array(denominators, dtype=object))


def bpr_penalty(reg, params):
    """reg times the sum of squares over every array of `params`."""
    return number(reg) * total([total(exact(array) ** 2) for array in params])


@elementwise
def margin_ranking_loss(x1, x2, y, *, margin=0.0):
    return at_least_zero(number(margin) - y * (x1 - x2))
