"""Ranking losses over the pairs of scores of a group."""

from fastloss.domains import POSITIVE, SIGN_OR_BINARY
from fastloss.elementary import exp, sigmoid, softplus
from fastloss.pairs import PAIRS, multiplier_sign, pairwise


def _logistic(gap, sigma):
    return softplus(-sigma * gap)


def _logistic_slope(gap, sigma):
    return -sigma * sigmoid(-sigma * gap)


def _logistic_curvature(gap, sigma):
    p = sigmoid(-sigma * abs(gap))
    return sigma * sigma * (p * (1.0 - p))


@pairwise(
    _logistic,
    _logistic_slope,
    _logistic_curvature,
    parameters={"pairs": PAIRS, "sigma": POSITIVE},
    exponential_form=True,
    reference="Burges et al., Learning to rank using gradient descent, 2005",
)
def pairwise_logistic_loss(scores, labels, *, pairs="ordered", sigma=1.0):
    return (sigma,)


@pairwise(
    _logistic,
    _logistic_slope,
    _logistic_curvature,
    parameters={"sigma": POSITIVE},
    all_pairs=multiplier_sign,
    labels=SIGN_OR_BINARY,
    reference="Burges et al., Learning to rank using gradient descent, 2005",
)
def soft_pairwise_loss(scores, labels, *, sigma=1.0):
    return (sigma,)


def _hinge(gap, margin):
    d = margin - gap
    return 0.0 if d < 0.0 else d


def _hinge_slope(gap, margin):
    d = margin - gap
    return -1.0 if d > 0.0 else 0.0 * d


@pairwise(
    _hinge,
    _hinge_slope,
    parameters={"pairs": PAIRS, "margin": POSITIVE},
    all_pairs=multiplier_sign,
    labels=SIGN_OR_BINARY,
    reference="Joachims, Optimizing search engines using clickthrough data, 2002",
)
def pairwise_hinge_loss(scores, labels, *, pairs="ordered", margin=1.0):
    return (margin,)


def _squared_hinge(gap, margin):
    d = margin - gap
    return 0.0 if d < 0.0 else d * d


def _squared_hinge_slope(gap, margin):
    d = margin - gap
    return 0.0 if d < 0.0 else -2.0 * d


def _squared_hinge_curvature(gap, margin):
    return 2.0 if margin - gap > 0.0 else 0.0


@pairwise(
    _squared_hinge,
    _squared_hinge_slope,
    _squared_hinge_curvature,
    parameters={"pairs": PAIRS, "margin": POSITIVE},
    all_pairs=multiplier_sign,
    labels=SIGN_OR_BINARY,
    reference="Chapelle and Keerthi, Efficient algorithms for ranking with SVMs, 2010",
)
def pairwise_squared_hinge_loss(scores, labels, *, pairs="ordered", margin=1.0):
    return (margin,)


def _exponential(gap, sigma):
    return exp(-sigma * gap)


def _exponential_slope(gap, sigma):
    return -sigma * exp(-sigma * gap)


def _exponential_curvature(gap, sigma):
    return sigma * sigma * exp(-sigma * gap)


@pairwise(
    _exponential,
    _exponential_slope,
    _exponential_curvature,
    parameters={"pairs": PAIRS, "sigma": POSITIVE},
    reference="Freund et al., An efficient boosting algorithm for combining preferences, 2003",
)
def pairwise_exponential_loss(scores, labels, *, pairs="ordered", sigma=1.0):
    return (sigma,)
