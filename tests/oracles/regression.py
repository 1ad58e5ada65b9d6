"""Losses of a number against a number; a = input - target."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import elementwise, oracle, total


@elementwise
def mse_loss(x, t):
    return (x - t) ** 2


@elementwise
def l1_loss(x, t):
    return abs(x - t)


@oracle
def rmse_loss(input, target):
    squares = [(x - t) ** 2 for x, t in zip(input.reshape(-1), target.reshape(-1), strict=True)]
    return [mp.sqrt(total(squares) / len(squares))] if squares else [mpf(0)]


def _quantile(numbers, q):
    """NumPy's default: linear between the two neighbours of position (n - 1) q."""
    ordered = sorted(numbers)
    at = (len(ordered) - 1) * mpf(q)
    low = int(mp.floor(at))
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


@oracle
def nmae_loss(input, target, *, norm="range"):
    targets = [mpf(t) for t in target.reshape(-1)]
    middle = total(targets) / len(targets)
    norms = {
        "range": lambda: max(targets) - min(targets),
        "mean": lambda: abs(middle),
        "std": lambda: mp.sqrt(total([(t - middle) ** 2 for t in targets]) / len(targets)),
        "iqr": lambda: _quantile(targets, 0.75) - _quantile(targets, 0.25),
        "max": lambda: max(abs(t) for t in targets),
    }
    size = norms[norm]() if isinstance(norm, str) else mpf(norm)
    return np.abs(input - target) / size


@elementwise
def huber_loss(x, t, *, delta=1.0):
    a, delta = abs(x - t), mpf(delta)
    return a * a / 2 if a <= delta else delta * (a - delta / 2)


@elementwise
def smooth_l1_loss(x, t, *, beta=1.0):
    a, beta = abs(x - t), mpf(beta)
    return a * a / (2 * beta) if a < beta else a - beta / 2


@elementwise
def asymmetric_huber_loss(x, t, *, delta=1.0, alpha=1.0, continuous=False):
    a, delta, alpha = x - t, mpf(delta), mpf(alpha)
    if a < -delta:
        return alpha * delta * (abs(a) - delta / 2)
    if a > delta:
        return delta * (a - delta / 2)
    return (alpha if continuous and a < 0 else mpf(1)) * a * a / 2


@elementwise
def log_cosh_loss(x, t):
    return mp.log(mp.cosh(x - t))


@elementwise
def mape_loss(x, t, *, epsilon=None):
    size = abs(t)
    if epsilon is not None and size < epsilon:
        size = mpf(epsilon)
    return abs(x - t) / size


@elementwise
def msle_loss(x, t):
    return (mp.log1p(x) - mp.log1p(t)) ** 2


@elementwise
def poisson_nll_loss(x, t, *, log_input=True, full=False, eps=1e-8):
    loss = mp.exp(x) - t * x if log_input else x - t * mp.log(x + mpf(eps))
    if full and t > 1:
        loss += t * mp.log(t) - t + mp.log(2 * mp.pi * t) / 2
    return loss


@elementwise
def quantile_loss(x, t, *, q=0.5):
    d = t - x
    return mpf(q) * d if d >= 0 else (mpf(q) - 1) * d
