"""Losses of a row of scores or probabilities."""

import itertools

import numpy as np
from mpmath import mp, mpf

from tests.oracles import Terms, oracle, total


def log_softmax(row):
    """Logarithms of the softmax; one logit of +inf has probability 1, logits of -inf have 0."""
    infinite = [k for k, x in enumerate(row) if x == mp.inf]
    if infinite:
        return [(mpf(0) if infinite == [k] else mp.nan) if k in infinite else -mp.inf for k in range(len(row))]
    top = max(row)
    sums = total([mp.exp(x - top) for x in row if x != -mp.inf])
    return [-mp.inf if x == -mp.inf else x - top - mp.log(sums) for x in row]


def _class_rows(input):
    """An input of shape (N, C, ...) as rows of C, with the shape of its targets."""
    if input.ndim == 1:
        return input.reshape(1, -1), ()
    moved = np.moveaxis(input, 1, -1)
    return moved.reshape(-1, moved.shape[-1]), moved.shape[:-1]


def _class_weights(weight, classes):
    return [mpf(1)] * classes if weight is None else [mpf(float(w)) for w in weight]


def _times(a, b):
    return mpf(0) if a == 0 else a * b


def _by_target(rows, shape, target, weights, ignore_index, loss_of):
    losses, denominators = [], []
    for row, t in zip(rows, np.asarray(target).reshape(-1), strict=True):
        ignored = t == ignore_index
        losses.append(mpf(0) if ignored else loss_of(row, int(t)))
        denominators.append(mpf(0) if ignored else weights[int(t)])
    pack = [np.empty(len(rows), dtype=object) for _ in range(2)]
    pack[0][:], pack[1][:] = losses, denominators
    return Terms(*(part.reshape(shape) for part in pack))


@oracle
def cross_entropy(input, target, *, weight=None, ignore_index=-100, label_smoothing=0.0):
    rows, shape = _class_rows(input)
    classes = rows.shape[1]
    weights, smooth = _class_weights(weight, classes), mpf(label_smoothing)
    if np.shape(target) == np.shape(input):
        targets, _ = _class_rows(target)
        losses = []
        for row, t in zip(rows, targets, strict=True):
            logs = log_softmax(row)
            shares = [t[k] * (1 - smooth) + smooth / classes for k in range(classes)]
            losses.append(-total([_times(weights[k] * shares[k], logs[k]) for k in range(classes)]))
        return np.array(losses, dtype=object).reshape(shape)

    def loss_of(row, t):
        logs = log_softmax(row)
        even = total([_times(smooth / classes * weights[k], logs[k]) for k in range(classes)])
        return -(_times((1 - smooth) * weights[t], logs[t]) + even)

    return _by_target(rows, shape, target, weights, ignore_index, loss_of)


@oracle
def nll_loss(input, target, *, weight=None, ignore_index=-100):
    rows, shape = _class_rows(input)
    weights = _class_weights(weight, rows.shape[1])
    return _by_target(rows, shape, target, weights, ignore_index, lambda row, t: _times(-weights[t], row[t]))


@oracle
def softmax_focal_loss(input, target, *, gamma=2.0, alpha=None):
    shares = np.broadcast_to(np.asarray(1.0 if alpha is None else alpha, dtype=float), input.shape[1:])

    def loss_of(row, t):
        logs = log_softmax(row)
        others = total([mp.exp(x) for k, x in enumerate(logs) if k != t])
        return -mpf(float(shares[t])) * others ** mpf(gamma) * logs[t]

    ones = [mpf(1)] * input.shape[1]
    return _by_target(input, input.shape[:1], target, ones, None, loss_of)


@oracle
def poly_loss(input, target, *, epsilon=(1.0,), divide_by_power=False):
    def loss_of(row, t):
        log_p = log_softmax(row)[t]
        loss = -log_p
        for j, e in enumerate(epsilon, start=1):
            loss += mpf(e) * (1 - mp.exp(log_p)) ** j / (j if divide_by_power else 1)
        return loss

    return _by_target(input, input.shape[:1], target, [mpf(1)] * input.shape[1], None, loss_of)


def _row_sums(term, *arrays):
    leading = arrays[0].shape[:-1]
    losses = np.empty(leading, dtype=object)
    for i in np.ndindex(leading):
        losses[i] = total([term(*numbers) for numbers in zip(*(array[i] for array in arrays), strict=True)])
    return losses


def _log(p):
    return mp.log(p) if p > 0 else -mp.inf


@oracle
def categorical_cross_entropy(input, target):
    return _row_sums(lambda p, t: _times(-t, _log(p)), input, target)


@oracle
def soft_cross_entropy(p, q):
    return _row_sums(lambda a, b: _times(-a, _log(b)), p, q)


@oracle
def entropy(p):
    return _row_sums(lambda a: _times(-a, _log(a)), p)


@oracle
def kl_divergence(p, q, *, log_p=False, log_q=False):
    def term(a, b):
        log_a, a = (a, mp.exp(a)) if log_p else (_log(a), a)
        return _times(a, log_a - (b if log_q else _log(b)))

    return _row_sums(term, p, q)


@oracle
def multi_margin_loss(input, target, *, p=1, margin=1.0, weight=None):
    losses = []
    weights = _class_weights(weight, input.shape[1])
    for row, t in zip(input, target, strict=True):
        terms = [max(mpf(0), mpf(margin) - row[t] + x) ** p for k, x in enumerate(row) if k != t]
        losses.append(weights[t] * total(terms) / len(row))
    return losses


@oracle
def crammer_singer_loss(input, target, *, margin=1.0):
    rivals = [max(x for k, x in enumerate(row) if k != t) for row, t in zip(input, target, strict=True)]
    return [max(mpf(0), mpf(margin) + r - row[t]) for r, row, t in zip(rivals, input, target, strict=True)]


@oracle
def dice_loss(input, target, *, squared=True, smooth=0.0, axis=None):
    axes = tuple(range(input.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(a % input.ndim for a in axes)
    kept = [a for a in range(input.ndim) if a not in axes]
    losses = np.empty([input.shape[a] for a in kept], dtype=object)
    for place in np.ndindex(losses.shape):
        both = below = mpf(0)
        for rest in itertools.product(*(range(input.shape[a]) for a in axes)):
            index = [0] * input.ndim
            for a, i in zip((*kept, *axes), (*place, *rest), strict=True):
                index[a] = i
            p, g = input[tuple(index)], target[tuple(index)]
            both += p * g
            below += p * p + g * g if squared else p + g
        below += mpf(smooth)
        losses[place] = 1 - (2 * both + mpf(smooth)) / below if below != 0 else mpf(0)
    return losses
