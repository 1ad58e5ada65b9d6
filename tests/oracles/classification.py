"""Losses of a score or a probability against one of two classes."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import Terms, elementwise, oracle


def softplus(x):
    """log(1 + e**x) with its limits."""
    if x == mp.inf:
        return mp.inf
    return mpf(0) if x == -mp.inf else mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def _log(p):
    return mp.log(p) if p > 0 else -mp.inf


def _weighted(losses, weight):
    factor = mpf(1) if weight is None else np.broadcast_to(np.asarray(weight, dtype=object), losses.shape)
    return factor * losses


@oracle
def binary_cross_entropy(input, target, *, weight=None):
    losses = np.empty(input.shape, dtype=object)
    for i in np.ndindex(input.shape):
        p, t = input[i], target[i]
        losses[i] = -(t * max(_log(p), mpf(-100)) + (1 - t) * max(_log(1 - p), mpf(-100)))
    return _weighted(losses, weight)


@oracle
def binary_cross_entropy_with_logits(input, target, *, weight=None, pos_weight=None, label_smoothing=0.0):
    losses = np.empty(input.shape, dtype=object)
    positive = np.broadcast_to(np.asarray(1 if pos_weight is None else pos_weight, dtype=object), input.shape)
    smooth = mpf(label_smoothing)
    for i in np.ndindex(input.shape):
        t = target[i] * (1 - smooth) + smooth / 2
        parts = [(mpf(float(positive[i])) * t, softplus(-input[i])), (1 - t, softplus(input[i]))]
        losses[i] = sum((a * b for a, b in parts if a != 0), mpf(0))
    return _weighted(losses, weight)


@elementwise
def focal_loss(x, t, *, gamma=2.0, alpha=None):
    z = x if t == 1 else -x
    p = 1 / (1 + mp.exp(-z))
    share = mpf(1) if alpha is None else (mpf(alpha) if t == 1 else 1 - mpf(alpha))
    return share * (1 / (1 + mp.exp(z))) ** mpf(gamma) * -mp.log(p)


def side(t):
    """{0, 1} means {-1, 1}."""
    return mpf(1) if t > 0 else mpf(-1)


@elementwise
def hinge_loss(x, t, *, margin=1.0):
    return max(mpf(0), mpf(margin) - side(t) * x)


@elementwise
def squared_hinge_loss(x, t, *, margin=1.0):
    return max(mpf(0), mpf(margin) - side(t) * x) ** 2


@elementwise
def soft_margin_loss(x, t):
    return softplus(-side(t) * x)


@elementwise
def hinge_embedding_loss(x, t, *, margin=1.0):
    return x if t == 1 else max(mpf(0), mpf(margin) - x)


@elementwise
def margin_ranking_loss(x1, x2, t, *, margin=0.0):
    return max(mpf(0), -t * (x1 - x2) + mpf(margin))


__all__ = ["Terms", "side", "softplus"]
