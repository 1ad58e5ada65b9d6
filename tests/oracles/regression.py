"""Losses of a number against a number; a = input - target."""

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


@elementwise
def poisson_nll_loss(x, t, *, log_input=True, full=False, eps=1e-8):
    # torch: e^x - t x, or x - t log(x + eps); full adds Stirling's t log t - t + log(2 pi t)/2
    # where t > 1.
    if x == mp.inf and mp.isfinite(t):
        return mp.inf  # e^x outgrows t x, x outgrows t log x
    if full and t == mp.inf and mp.isfinite(x):
        return mp.inf  # t log t outgrows the rest
    loss = exp(x) - times(t, x) if log_input else x - times(t, log(x + number(eps)))
    if full and t > 1:
        loss += t * mp.log(t) - t + mp.log(2 * mp.pi * t) / 2
    return loss


@elementwise
def quantile_loss(x, t, *, q=0.5):
    # Koenker & Bassett: q d for d = t - x >= 0, (1 - q)|d| below.
    d, q = t - x, number(q)
    return times(q, d) if d >= 0 else times(q - 1, d)
