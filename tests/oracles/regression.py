"""Losses of a number against a number; a = input - target."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import elementwise, exact, exp, largest, log, log1p, number, oracle, times, total


@elementwise
def l1_loss(x, t):
    return abs(x - t)


@elementwise
def mse_loss(x, t):
    return (x - t) ** 2


@oracle
def rmse_loss(input, target):
    # One item. Per-example weights stand under the root: sqrt(reduce(mse_loss(...), "mean", w)).
    pairs = list(zip(exact(input).reshape(-1), exact(target).reshape(-1), strict=True))
    return [mp.sqrt(total([(x - t) ** 2 for x, t in pairs]) / max(len(pairs), 1))]


def _percentile(numbers, share):
    """numpy's "linear": between the neighbours of position (n - 1) share."""
    ordered = sorted(numbers)
    position = (len(ordered) - 1) * share
    low = int(mp.floor(position))
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])


def _norm(targets, norm):
    if not isinstance(norm, str):
        return number(norm)
    if any(mp.isnan(t) for t in targets):
        return mp.nan
    middle = total(targets) / len(targets)
    return {
        "range": lambda: largest(targets) + largest(-t for t in targets),
        "mean": lambda: abs(middle),
        "std": lambda: mp.sqrt(total([(t - middle) ** 2 for t in targets]) / len(targets)),
        "iqr": lambda: _percentile(targets, mpf(3) / 4) - _percentile(targets, mpf(1) / 4),
        "max": lambda: largest(abs(t) for t in targets),
    }[norm]()


@oracle
def nmae_loss(input, target, *, norm="range"):
    input, target = exact(input), exact(target)
    return abs(input - target) / _norm(list(target.reshape(-1)), norm) if target.size else target


@elementwise
def huber_loss(x, t, *, delta=1.0):
    size, delta = abs(x - t), number(delta)
    return size**2 / 2 if size <= delta else delta * (size - delta / 2)


@elementwise
def smooth_l1_loss(x, t, *, beta=1.0):
    size, beta = abs(x - t), number(beta)
    return size**2 / (2 * beta) if size < beta else size - beta / 2


@elementwise
def asymmetric_huber_loss(x, t, *, delta=1.0, delta_below=None, alpha=1.0, continuous=False):
    a, delta, alpha = x - t, number(delta), number(alpha)
    below = delta if delta_below is None else number(delta_below)
    if a < -below:
        return alpha * below * (-a - below / 2)
    if a > delta:
        return delta * (a - delta / 2)
    return alpha * a**2 / 2 if continuous and a < 0 else a**2 / 2


@elementwise
def log_cosh_loss(x, t):
    # cosh a = 1 + 2 sinh(a/2)^2 keeps small a; e^|a| (1 + e^-2|a|) / 2 keeps large a.
    size = abs(x - t)
    if size < 1:
        return log1p(2 * mp.sinh(size / 2) ** 2)
    return size + log1p(exp(-2 * size)) - mp.log(2)


@elementwise
def mape_loss(x, t, *, epsilon=None):
    size = abs(t)
    if size == mp.inf and mp.isfinite(x):
        return mpf(1)
    if epsilon is not None and size < number(epsilon):
        size = number(epsilon)
    return abs(x - t) / size


@elementwise
def msle_loss(x, t):
    return (log1p(x) - log1p(t)) ** 2


def _poisson(x, t, log_input, eps):
    return exp(x) - times(t, x) if log_input else x - times(t, log(x + number(eps)))


@elementwise
def poisson_nll_loss(x, t, *, log_input=True, full=False, eps=1e-8):
    # torch: e^x - t x, or x - t log(x + eps); full adds Stirling's t log t - t + log(2 pi t)/2
    # where t > 1.
    if x == mp.inf and mp.isfinite(t):
        return mp.inf  # e^x outgrows t x, x outgrows t log x
    if full and t == mp.inf and mp.isfinite(x):
        return mp.inf  # t log t outgrows the rest
    loss = _poisson(x, t, log_input, eps)
    if full and t > 1:
        loss += t * mp.log(t) - t + mp.log(2 * mp.pi * t) / 2
    return loss


def _divided(a, b):
    """The quotient of numbers >= 0, with 0 / 0 = 0 and anything else / 0 infinite."""
    if b == 0:
        return mpf(0) if a == 0 else a * mp.inf
    return a / b


def _power(x, exponent):
    """x**exponent for x >= 0; at 0 the limit."""
    if x == 0:
        return mp.inf if exponent < 0 else mpf(exponent == 0)
    if x == mp.inf:
        return mpf(0) if exponent < 0 else mp.inf
    return x**exponent


def _gamma(x, t, log_input, eps):
    # The density of shape 1 and mean m is e^(-t/m) / m.
    if not log_input:
        mean = x + number(eps)
        ratio = _divided(t, mean)
        return ratio if ratio == mp.inf else ratio + log(mean)
    ratio = times(t, exp(-x))
    return ratio if ratio == mp.inf else ratio + x


@elementwise
def gamma_nll_loss(x, t, *, log_input=True, eps=1e-8):
    return _gamma(x, t, log_input, eps)


@elementwise
def tweedie_loss(x, t, *, power=1.5, log_input=True, eps=1e-8):
    # Jørgensen: -t theta + kappa(theta) with theta = m^(1-p) / (1-p) and kappa = m^(2-p) / (2-p).
    p = number(power)
    if p == 1:
        return _poisson(x, t, log_input, eps)
    if p == 2:
        return _gamma(x, t, log_input, eps)
    if log_input:
        return times(t, exp((1 - p) * x)) / (p - 1) + exp((2 - p) * x) / (2 - p)
    mean = x + number(eps)
    return times(t, _power(mean, 1 - p)) / (p - 1) + _power(mean, 2 - p) / (2 - p)


@elementwise
def gaussian_nll_loss(x, t, var, *, full=False, eps=1e-6):
    # torch: the variance is at least eps; its slope is that at eps where it is less.
    if mp.isnan(var):
        return mp.nan
    eps = number(eps)
    v = var if var >= eps else eps + (var - mpf(float(var)))  # a step of `gradient` adds less than a rounding
    squares = mp.inf if abs(x - t) == mp.inf else _divided((x - t) ** 2, v)
    constant = mp.log(2 * mp.pi) / 2 if full else 0
    return squares if squares == mp.inf else (log(v) + squares) / 2 + constant


@elementwise
def fair_loss(x, t, *, c=1.0):
    c = number(c)
    u = abs(x - t) / c
    return u if u == mp.inf else c**2 * (u - log1p(u))


@elementwise
def pseudo_huber_loss(x, t, *, delta=1.0):
    delta = number(delta)
    return delta**2 * (mp.sqrt(1 + ((x - t) / delta) ** 2) - 1)


@elementwise
def expectile_loss(x, t, *, tau=0.5):
    # Newey & Powell: |tau - 1(d < 0)| d^2, d = t - x.
    d, tau = t - x, number(tau)
    return abs(tau - (1 if d < 0 else 0)) * d**2 if not mp.isnan(d) else mp.nan


def _pinball(x, t, q):
    # Koenker & Bassett: q d for d = t - x >= 0, (1 - q)|d| below.
    d, q = t - x, number(q)
    return times(q, d) if d >= 0 else times(q - 1, d)


@elementwise
def quantile_loss(x, t, *, q=0.5):
    return _pinball(x, t, q)


@oracle
def multi_quantile_loss(input, target, *, quantiles):
    # The mean over the columns of each row.
    x, t = exact(input), exact(target)
    losses = np.empty(t.shape, dtype=object)
    for i in np.ndindex(t.shape):
        losses[i] = total([_pinball(x[(*i, k)], t[i], q) for k, q in enumerate(quantiles)]) / len(quantiles)
    return losses
