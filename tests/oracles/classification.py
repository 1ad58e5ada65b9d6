"""Losses of a score or a probability against a class, and of a distribution against another."""

import itertools

import numpy as np
from mpmath import mp, mpf

from tests.oracles import (
    Terms,
    at_least_zero,
    elementwise,
    exact,
    exp,
    largest,
    log,
    log1p,
    number,
    oracle,
    side,
    softplus,
    times,
    total,
)


def _scaled(losses, weight):
    weights = np.broadcast_to(exact(1 if weight is None else weight), losses.shape)
    for i in np.ndindex(losses.shape):
        losses[i] = times(weights[i], losses[i])
    return losses


def _clamped(x):
    return mpf(-100) if x < -100 else x


@oracle
def binary_cross_entropy(input, target, *, weight=None):
    input, target = exact(input), exact(target)
    losses = np.empty(input.shape, dtype=object)
    for i in np.ndindex(input.shape):
        p, t = input[i], target[i]
        losses[i] = -(t * _clamped(log(p)) + (1 - t) * _clamped(log1p(-p)))
    return _scaled(losses, weight)


@oracle
def binary_cross_entropy_with_logits(
    input,
    target,
    *,
    weight=None,
    pos_weight=None,
    label_smoothing=0.0,
):
    # -log sig(x) = softplus(-x), -log(1 - sig(x)) = softplus(x).
    input, target, smooth = exact(input), exact(target), number(label_smoothing)
    factors = np.broadcast_to(exact(1 if pos_weight is None else pos_weight), input.shape)
    losses = np.empty(input.shape, dtype=object)
    for i in np.ndindex(input.shape):
        x, t = input[i], target[i] * (1 - smooth) + smooth / 2
        losses[i] = times(factors[i] * t, softplus(-x)) + times(1 - t, softplus(x))
    return _scaled(losses, weight)


@elementwise
def focal_loss(x, t, *, gamma=2.0, alpha=None):
    # z = +-x has p_t = sig(z): 1 - p_t = e^-softplus(z), -log p_t = softplus(-z).
    if t not in (0, 1):
        return mp.nan
    z = x if t == 1 else -x
    share = mpf(1)
    if alpha is not None:
        share = number(alpha) if t == 1 else 1 - number(alpha)
    missed = exp(-times(number(gamma), softplus(z)))
    return times(share, times(missed, softplus(-z)))


@elementwise
def hinge_loss(x, t, *, margin=1.0):
    return at_least_zero(number(margin) - side(t) * x)


@elementwise
def squared_hinge_loss(x, t, *, margin=1.0):
    return at_least_zero(number(margin) - side(t) * x) ** 2


@elementwise
def soft_margin_loss(x, t):
    return softplus(-side(t) * x)


def log_softmax(row):
    """log p of each class. Of +inf, one: p = 1, two: NaN there; of -inf: p = 0, unless all are."""
    row = list(row)
    if any(mp.isnan(x) for x in row):
        return [mp.nan for _ in row]
    if len(row) == 1:
        return [mpf(0)]
    top = largest(row)
    if top == mp.inf:
        at_top = mpf(0) if row.count(mp.inf) == 1 else mp.nan
        return [at_top if x == mp.inf else -mp.inf for x in row]
    if top == -mp.inf:
        return [mp.nan for _ in row]
    # The top class: -log(1 + sum of the others' e^(x - top)), exact where its p is nearly 1.
    best = row.index(top)
    rest = log1p(total([exp(x - top) for k, x in enumerate(row) if k != best]))
    return [x - top - rest for x in row]


def _others(logs, t):
    """1 - p_t."""
    if logs[t] == -mp.inf:
        return mpf(1)
    return total([exp(x) for k, x in enumerate(logs) if k != t])


def _rows(array):
    """(C,) or (N, C, ...) as a list of rows of C, and the shape of what is left."""
    array = exact(array)
    moved = array if array.ndim == 1 else np.moveaxis(array, 1, -1)
    return [moved[i] for i in np.ndindex(moved.shape[:-1])], moved.shape[:-1]


def _ids(target):
    return [int(t) for t in np.asarray(target, dtype=object).reshape(-1)]


def _shaped(losses, denominators, shape):
    made = np.empty(len(losses), dtype=object), np.empty(len(losses), dtype=object)
    made[0][:], made[1][:] = losses, denominators
    return Terms(made[0].reshape(shape), made[1].reshape(shape))


def _class_weights(weight, rows):
    classes = len(rows[0]) if rows else 0
    return [mpf(1)] * classes if weight is None else list(exact(weight))


def _by_id(input, target, weight, ignore_index, loss):
    """`loss(row, t)` of each row; ignored ones count nothing, others their class's weight."""
    rows, shape = _rows(input)
    weights, losses, denominators = _class_weights(weight, rows), [], []
    for row, t in zip(rows, _ids(target), strict=True):
        if t == ignore_index:
            losses.append(mpf(0))
            denominators.append(mpf(0))
            continue
        if not 0 <= t < len(row):
            raise ValueError(f"no class {t}")
        losses.append(loss(row, t))
        denominators.append(weights[t])
    return _shaped(losses, denominators, shape)


@oracle
def cross_entropy(input, target, *, weight=None, ignore_index=-100, label_smoothing=0.0):
    # torch: -sum_k w_k q_k log p_k with q = (1 - eps) onehot(t) + eps/C. By ids the mean divides by
    # sum w_t, smoothing or not; by distributions it divides by N.
    rows, shape = _rows(input)
    weights, smooth = _class_weights(weight, rows), number(label_smoothing)

    def loss(row, shares):
        if any(mp.isnan(x) for x in row):
            return mp.nan
        value = mpf(0)
        for weight, share, x in zip(weights, shares, log_softmax(row), strict=True):
            factor = weight * (share * (1 - smooth) + smooth / len(row))
            value -= factor * x if factor != 0 else 0
        return value

    if np.shape(target) == np.shape(input):
        losses = [loss(row, shares) for row, shares in zip(rows, _rows(target)[0], strict=True)]
        return _shaped(losses, [mpf(1)] * len(losses), shape)

    def loss_by_id(row, t):
        return loss(row, [mpf(k == t) for k in range(len(row))])

    return _by_id(input, target, weight, ignore_index, loss_by_id)


@oracle
def nll_loss(input, target, *, weight=None, ignore_index=-100):
    weights = _class_weights(weight, _rows(input)[0])
    return _by_id(input, target, weight, ignore_index, lambda row, t: times(-weights[t], row[t]))


@oracle
def softmax_focal_loss(input, target, *, gamma=2.0, alpha=None):
    rows, _ = _rows(input)
    shares = np.broadcast_to(exact(1 if alpha is None else alpha), (len(rows[0]) if rows else 0,))

    def loss(row, t):
        logs = log_softmax(row)
        return times(shares[t], times(_others(logs, t) ** number(gamma), -logs[t]))

    return _by_id(input, target, None, None, loss)


@oracle
def poly_loss(input, target, *, epsilon=(1.0,), divide_by_power=False):
    def loss(row, t):
        logs = log_softmax(row)
        made, missed = -logs[t], _others(logs, t)
        for j, e in enumerate(epsilon, start=1):
            made += number(e) * missed**j / (j if divide_by_power else 1)
        return made

    return _by_id(input, target, None, None, loss)


def _row_sums(term, *arrays):
    """The sum of `term` over the last axis."""
    arrays = [exact(array) for array in arrays]
    losses = np.empty(arrays[0].shape[:-1], dtype=object)
    for i in np.ndindex(losses.shape):
        numbers = zip(*(array[i] for array in arrays), strict=True)
        losses[i] = total([term(*each) for each in numbers])
    return losses


@oracle
def categorical_cross_entropy(input, target, *, ignore_index=-100):
    def loss(row, shares):
        return total([times(-t, log(p)) for t, p in zip(shares, row, strict=True)])

    if np.shape(target) != np.shape(input):
        return _by_id(
            input, target, None, ignore_index, lambda row, t: loss(row, [mpf(k == t) for k in range(len(row))])
        )
    rows, shape = _rows(input)
    losses = [loss(row, shares) for row, shares in zip(rows, _rows(target)[0], strict=True)]
    return _shaped(losses, [mpf(1)] * len(losses), shape)


@oracle
def soft_cross_entropy(p, q, *, wrt="q"):
    return _row_sums(lambda a, b: times(-a, log(b)), p, q)


@oracle
def entropy(p):
    return _row_sums(lambda a: times(-a, log(a)), p)


@oracle
def kl_divergence(p, q, *, log_p=False, log_q=False, wrt="q"):
    def term(a, b):
        a, log_a = (exp(a), a) if log_p else (a, log(a))
        log_b = b if log_q else log(b)
        if a == 0:  # 0 log(0/q) = 0, for q = 0 too
            return times(a, log_b)
        return times(a, log_a - log_b)

    return _row_sums(term, p, q)


@oracle
def multi_margin_loss(input, target, *, p=1, margin=1.0, weight=None):
    # torch: w_t / C sum_{k != t} max(0, margin - x_t + x_k)^p; the mean divides by N.
    rows, _ = _rows(input)
    weights = _class_weights(weight, rows)

    def loss(row, t):
        gaps = [number(margin) - row[t] + x for k, x in enumerate(row) if k != t]
        return times(weights[t], total([at_least_zero(gap) ** p for gap in gaps]) / len(row))

    return _by_id(input, target, None, None, loss)


@oracle
def crammer_singer_loss(input, target, *, margin=1.0):
    def loss(row, t):
        rival = largest(x for k, x in enumerate(row) if k != t)
        return at_least_zero(number(margin) + rival - row[t])

    return _by_id(input, target, None, None, loss)


@oracle
def dice_loss(input, target, *, squared=True, smooth=0.0, axis=None):
    input, target, smooth = exact(input), exact(target), number(smooth)
    axes = range(input.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    summed = {a % input.ndim for a in axes}
    kept = [a for a in range(input.ndim) if a not in summed]
    losses = np.empty([input.shape[a] for a in kept], dtype=object)
    for place in np.ndindex(losses.shape):
        at = dict(zip(kept, place, strict=True))
        both, sizes = mpf(0), mpf(0)
        ranges = [[at[a]] if a in at else range(input.shape[a]) for a in range(input.ndim)]
        for i in itertools.product(*ranges):
            p, g = input[i], target[i]
            both += p * g
            sizes += p * p + g * g if squared else p + g
        below = sizes + smooth
        losses[place] = mpf(0) if below == 0 else 1 - (2 * both + smooth) / below
    return losses
