"""Rows that are sums over their columns, or over what stands against one column of theirs."""

import numpy as np

from fastloss.compile.elementary import INFINITY, at_least, unless_nan
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.logits import maximum
from fastloss.rows.row import FIRST, ONE, fill_row, settle

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = slope_of_second = curvature = load = check = check_first = check_second = shares = floored = unbound


FAINT, LIFT = 2.0**-300, 2.0**600
ROUNDING = (64.0 * 2.0**-23, 64.0 * 2.0**-52)  # of a sum of probabilities in single and in double precision


def load_one(i, k, operands):
    return (np.float64(operands[0][i, k]),)


def load_two(i, k, operands):
    return np.float64(operands[0][i, k]), np.float64(operands[1][i, k])


def load_swapped(i, k, operands):
    return np.float64(operands[1][i, k]), np.float64(operands[0][i, k])


def check_one(a):
    return check_first(a)


def check_two(a, b):
    return check_first(a) | check_second(b) << 4


@regroups
def sum_terms(i, operands):
    loss, wrong = 0.0, 0
    for k in range(FIRST, np.uint64(operands[0].shape[1])):
        terms = load(i, k, operands)
        loss += value(*terms)
        wrong |= check(*terms)
    return loss, wrong


def as_summed(i, operands, loss):
    return loss


@regroups
def sum_shares(i, operands):
    data = model = 0.0
    for k in range(FIRST, np.uint64(operands[0].shape[1])):
        p, q = shares(*load(i, k, operands))
        data += p
        model += q
    return data, model


def of_distributions(i, operands, loss):
    """The divergence of two rows: 0 where it is negative, but would not be if both had one sum without rounding."""
    if not loss < 0.0:
        return loss
    data, model = sum_shares(i, operands)
    return 0.0 if abs(data - model) <= ROUNDING[operands[0].itemsize // 4 - 1] * data else loss


def of_terms(i, operands, factor, parameters, derivatives):
    """The sum of value(x_k, ...) over the row; slope and curvature are derivatives in the first operand."""
    columns = np.uint64(operands[0].shape[1])
    loss, wrong = sum_terms(i, operands)
    if WANT_GRADIENT:
        for k in range(FIRST, columns):
            derivatives[0][i, k] = factor * slope(*load(i, k, operands))
    if WANT_CURVATURE:
        for k in range(FIRST, columns):
            derivatives[1][i, k] = factor * curvature(*load(i, k, operands))
    return floored(i, operands, loss), wrong


def of_terms_of_both(i, operands, factor, parameters, derivatives):
    """The same with a gradient of both operands."""
    loss, wrong = sum_terms(i, operands)
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(operands[0].shape[1])):
            derivatives[0][i, k] = factor * slope(*load(i, k, operands))
        for k in range(FIRST, np.uint64(operands[0].shape[1])):
            derivatives[1][i, k] = factor * slope_of_second(*load(i, k, operands))
    return floored(i, operands, loss), wrong


def of_picked(i, operands, factor, parameters, derivatives):
    """-x_t."""
    x, targets = operands
    if targets[i] < 0:
        if WANT_GRADIENT:
            fill_row(i, derivatives[0], 0.0)
        return 0.0, 0
    t = np.uint64(targets[i])
    if WANT_GRADIENT:
        settle(i, derivatives[0], t, -unless_nan(np.float64(x[i, t]), factor))
    return -np.float64(x[i, t]), 0


def lack(margin, own, other):
    """What `own` lacks of being `margin` ahead of `other`."""
    return margin - (own - other)


def behind(is_own, z):
    """What a class lacks, nothing for the true one itself: value, slope and curvature are 0 below 0."""
    return -1.0 if is_own else z


@regroups
def sum_lacking(i, x, t, margin):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += value(behind(k == t, lack(margin, np.float64(x[i, t]), np.float64(x[i, k]))))
    return total


@regroups
def sum_slopes(i, x, t, margin):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += slope(behind(k == t, lack(margin, np.float64(x[i, t]), np.float64(x[i, k]))))
    return total


@regroups
def sum_curvatures(i, x, t, margin):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += curvature(behind(k == t, lack(margin, np.float64(x[i, t]), np.float64(x[i, k]))))
    return total


def of_others(i, operands, factor, parameters, derivatives):
    """The sum over k != t of value(margin - x_t + x_k), divided by the number of columns; parameters are (margin,)."""
    x, targets = operands
    t, columns, margin = np.uint64(targets[i]), np.uint64(x.shape[1]), parameters[0]
    inverse = 1.0 / np.float64(x.shape[1])
    if WANT_GRADIENT:
        for k in range(FIRST, columns):
            z = behind(k == t, lack(margin, np.float64(x[i, t]), np.float64(x[i, k])))
            derivatives[0][i, k] = factor * inverse * slope(z)
        derivatives[0][i, t] = unless_nan(np.float64(x[i, t]), -factor * inverse * sum_slopes(i, x, t, margin))
    if WANT_CURVATURE:
        for k in range(FIRST, columns):
            z = behind(k == t, lack(margin, np.float64(x[i, t]), np.float64(x[i, k])))
            derivatives[1][i, k] = factor * inverse * curvature(z)
        derivatives[1][i, t] = unless_nan(np.float64(x[i, t]), factor * inverse * sum_curvatures(i, x, t, margin))
    return unless_nan(np.float64(x[i, t]), sum_lacking(i, x, t, margin) * inverse), 0  # a single class has no others


@regroups
def sum_unknown(i, x, start, stop):
    """How many of some columns are NaN."""
    count = 0.0
    for k in range(start, stop):
        count += 1.0 if x[i, k] != x[i, k] else 0.0
    return count


def first_largest(i, x, start, stop):
    """The largest of some columns, and where the first of equal ones lies; the first NaN if there is one.

    Three passes, since one that keeps number and place has a branch for each column that nobody can predict.
    """
    if start >= stop:
        return -INFINITY, start
    unknown = sum_unknown(i, x, start, stop)
    best = maximum(i, x, start, stop)
    for k in range(start, stop):
        z = np.float64(x[i, k])
        if (z != z) if unknown > 0.0 else (z == best):
            return z, k
    return best, start


def of_highest_other(i, operands, factor, parameters, derivatives):
    """max(0, margin + max_{k != t} x_k - x_t); the first of equal maxima counts, and NaN stays."""
    x, targets = operands
    t, columns = np.uint64(targets[i]), np.uint64(x.shape[1])
    before, first = first_largest(i, x, FIRST, t)
    after, second = first_largest(i, x, t + ONE, columns)
    best, at = (before, first) if t > FIRST and (before >= after or before != before) else (after, second)
    if columns == ONE:
        at = t
    z = lack(parameters[0], np.float64(x[i, t]), best) if at != t else unless_nan(np.float64(x[i, t]), -1.0)
    if WANT_GRADIENT:
        push = factor if z >= 0.0 else (0.0 if z < 0.0 else z)
        settle(i, derivatives[0], t, -push)
        if at != t:
            derivatives[0][i, at] = push
    return at_least(0.0, z), 0


@regroups
def sum_overlap(i, operands, squared, unit):
    """N, D, sum p g and the bits of wrong numbers; N and D grow with the power of `unit` that p and g have in D."""
    prediction, truth = operands
    missed = total = common = 0.0
    wrong = 0
    for k in range(FIRST, np.uint64(prediction.shape[1])):
        p, g = np.float64(prediction[i, k]), np.float64(truth[i, k])
        wrong |= check_first(p) | check_second(g) << 4
        x, y = unit * p, unit * g
        missed += (x - y) * (x - y) if squared else x * (1.0 - g) + y * (1.0 - p)
        total += x * x + y * y if squared else x + y
        common += x * y
    return missed, total, common, wrong


def overlap(i, operands, squared, smooth):
    """L, C = 1 - L, 1 / (D + m), a power of two and the bits of wrong numbers.

    The power is `unit`, by which p and g were multiplied: 1 unless squares of theirs could be subnormal or the inverse
    infinite. Below `FAINT` they are below 2**-150, and the smallest times `LIFT` is 2**-474, whose square is normal.
    1 / (D + m) and C are then those of a row in that unit: with D = sum p + sum g, C grows with p and g.
    """
    missed, total, common, wrong = sum_overlap(i, operands, squared, 1.0)
    unit = LIFT if total + smooth < FAINT else 1.0
    if unit != 1.0:
        missed, total, common, wrong = sum_overlap(i, operands, squared, unit)
    total += smooth * unit * unit if squared else smooth * unit
    if total == 0.0:
        return 0.0, 0.0, 0.0, unit, wrong
    return unless_nan(total, missed / total), (2.0 * common + smooth * unit * unit) / total, 1.0 / total, unit, wrong


def of_overlap(i, operands, factor, parameters, derivatives):
    """1 - (2 sum p g + m) / (D + m), D = sum p^2 + sum g^2, or sum p + sum g; parameters are (squared, m).

    As L = N / (D + m): N = sum (p - g)^2, or sum p (1 - g) + g (1 - p), whose terms have one sign. Its derivatives in
    p_k are L' = (N' - L D') / (D + m) and L'' = (N'' - L D'' - 2 L' D') / (D + m). With D = sum p + sum g,
    N' - L D' = 1 - 2 g - L is taken as C - 2 g: of tiny numbers L is nearly 1.
    """
    prediction, truth = operands
    columns = np.uint64(prediction.shape[1])
    squared = parameters[0] != 0.0
    loss, same, inverse, unit, wrong = overlap(i, operands, squared, parameters[1])
    rest = unit if squared else 1.0
    if WANT_GRADIENT:
        for k in range(FIRST, columns):
            p, g = unit * np.float64(prediction[i, k]), unit * np.float64(truth[i, k])
            own = (2.0 * (p - g) - loss * (2.0 * p)) if squared else same - 2.0 * g
            derivatives[0][i, k] = factor * inverse * own * rest
    if WANT_CURVATURE:
        for k in range(FIRST, columns):
            p, g = unit * np.float64(prediction[i, k]), unit * np.float64(truth[i, k])
            first = inverse * ((2.0 * (p - g) - loss * (2.0 * p)) if squared else same - 2.0 * g)
            second = (2.0 - 2.0 * loss - 4.0 * first * p) if squared else -2.0 * first
            derivatives[1][i, k] = factor * inverse * second * unit * rest
    return loss, wrong


def of_bellman(i, operands, factor, parameters, derivatives):
    """value(x_a - y), y = reward + gamma (1 - done) next[argmax choice]; a done row's next is not read."""
    x, actions, rewards, after, done, choice = operands
    a = np.uint64(actions[i])
    ahead = 0.0
    if done[i] != 1.0:
        best, at = first_largest(i, choice, FIRST, np.uint64(choice.shape[1]))
        ahead = parameters[0] * unless_nan(best, np.float64(after[i, at])) + 0.0 * done[i]
    z = np.float64(x[i, a]) - (rewards[i] + ahead)
    if WANT_GRADIENT:
        settle(i, derivatives[0], a, factor * slope(z))
    if WANT_CURVATURE:
        settle(i, derivatives[1], a, factor * curvature(z))
    return value(z), 0
