"""Losses over pairs of scores; a row's loss is the sum over its pairs as first item."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import Terms, oracle, total
from tests.oracles.classification import side, softplus


def _pairs(scores, labels, groups, weights, counts, loss_of):
    size = len(scores)
    groups = np.zeros(size) if groups is None else groups
    weights = [mpf(1)] * size if weights is None else weights
    losses, sums = np.full(size, mpf(0), dtype=object), np.full(size, mpf(0), dtype=object)
    for i in range(size):
        for j in range(size):
            if groups[i] == groups[j] and counts(labels[i], labels[j]):
                losses[i] += weights[i] * weights[j] * loss_of(scores[i] - scores[j], labels[i], labels[j])
                sums[i] += weights[i] * weights[j]
    return Terms(losses, sums)


def _pairwise(pairs, ordered, everything):
    if pairs == "ordered":
        return (lambda a, b: a > b), lambda d, a, b: ordered(d)
    return (lambda a, b: True), everything


@oracle
def pairwise_logistic_loss(scores, labels, *, groups=None, sample_weight=None, pairs="ordered", sigma=1.0):
    s = mpf(sigma)
    rule = _pairwise(pairs, lambda d: softplus(-s * d), lambda d, a, b: softplus(-s * (a - b) * d))
    return _pairs(scores, labels, groups, sample_weight, *rule)


@oracle
def pairwise_exponential_loss(scores, labels, *, groups=None, sample_weight=None, pairs="ordered", sigma=1.0):
    s = mpf(sigma)
    rule = _pairwise(pairs, lambda d: mp.exp(-s * d), lambda d, a, b: mp.exp(-s * (a - b) * d))
    return _pairs(scores, labels, groups, sample_weight, *rule)


@oracle
def pairwise_hinge_loss(scores, labels, *, groups=None, sample_weight=None, pairs="ordered", margin=1.0):
    m = mpf(margin)
    rule = _pairwise(pairs, lambda d: max(mpf(0), m - d), lambda d, a, b: max(mpf(0), m - side(a) * d))
    return _pairs(scores, labels, groups, sample_weight, *rule)


@oracle
def pairwise_squared_hinge_loss(scores, labels, *, groups=None, sample_weight=None, pairs="ordered", margin=1.0):
    m = mpf(margin)
    rule = _pairwise(pairs, lambda d: max(mpf(0), m - d) ** 2, lambda d, a, b: max(mpf(0), m - side(a) * d) ** 2)
    return _pairs(scores, labels, groups, sample_weight, *rule)


@oracle
def soft_pairwise_loss(scores, labels, *, groups=None, sample_weight=None, sigma=1.0):
    s = mpf(sigma)
    rule = _pairwise("all", None, lambda d, a, b: softplus(-s * side(a) * d))
    return _pairs(scores, labels, groups, sample_weight, *rule)


@oracle
def bpr_loss(pos_scores, neg_scores, *, offsets=None, shared=False):
    losses, denominators = [], []
    for b, x in enumerate(pos_scores):
        if offsets is not None:
            negatives = neg_scores[offsets[b] : offsets[b + 1]]
        else:
            negatives = neg_scores if shared else np.atleast_1d(neg_scores[b])
        count = len(negatives)
        losses.append(total([softplus(n - x) for n in negatives]) / count if count else mpf(0))
        denominators.append(mpf(1 if count else 0))
    return Terms(np.array(losses, dtype=object), np.array(denominators, dtype=object))
