"""Rows that are sums over their columns, or over all columns but one."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import INFINITY, NAN, at_least, unless_nan
from fastloss.compile.sorting import in_order
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.row import FIRST, ONE, fill_one_hot, fill_row

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = slope_of_second = curvature = load = check = check_first = check_second = shares = floored = unbound

INFINITE, LAST_BIT = np.int64(0x7FF0000000000000), np.int64(1)  # infinity's bits; what ~x = -x - 1 takes away
FAINT, LIFT = 2.0**-300, 2.0**600
MARGIN = 0  # parameters, of margins between classes
SQUARED, SMOOTH = 0, 1  # of overlaps
DISCOUNT = 0  # of Bellman errors
ROUNDING = (64.0 * 2.0**-23, 64.0 * 2.0**-52)  # of a sum of probabilities in single and in double precision


def load_one(i, k, operands):
    return (np.float64(operands[0][i, k]),)


def load_two(i, k, operands):
    return np.float64(operands[0][i, k]), np.float64(operands[1][i, k])


def load_absent(i, k, operands):
    """Load a class's number as that of a class which the target does not name."""
    return np.float64(operands[0][i, k]), 0.0


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
    """Return the divergence of two rows: 0 where it is negative, and both have the same sum but for rounding."""
    if not loss < 0.0:
        return loss
    data, model = sum_shares(i, operands)
    return 0.0 if abs(data - model) <= ROUNDING[operands[0].itemsize // 4 - 1] * data else loss


def of_terms(i, operands, factor, parameters, derivatives):
    """Sum value(x_k, ...) over the row; slope and curvature are derivatives in the first operand."""
    gradient, diagonal = derivatives
    loss, wrong = sum_terms(i, operands)
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(gradient.shape[1])):
            gradient[i, k] = factor * slope(*load(i, k, operands))
    if WANT_CURVATURE:
        for k in range(FIRST, np.uint64(diagonal.shape[1])):
            diagonal[i, k] = factor * curvature(*load(i, k, operands))
    return floored(i, operands, loss), wrong


def of_terms_of_both(i, operands, factor, parameters, derivatives):
    """Sum the same, with a gradient of both operands."""
    by_first, by_second, _ = derivatives
    loss, wrong = sum_terms(i, operands)
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(by_first.shape[1])):
            by_first[i, k] = factor * slope(*load(i, k, operands))
        for k in range(FIRST, np.uint64(by_second.shape[1])):
            by_second[i, k] = factor * slope_of_second(*load(i, k, operands))
    return floored(i, operands, loss), wrong


def of_class(i, operands, factor, parameters, derivatives):
    """Sum value(x_k, 1 or 0): as if the target named no class, for which a term is 0 or NaN, then the named one's."""
    x, targets = operands
    gradient, diagonal = derivatives
    loss, wrong = of_terms(i, operands, factor, parameters, derivatives)
    if targets[i] < 0:
        if WANT_GRADIENT:
            fill_row(i, gradient, 0.0)
        if WANT_CURVATURE:
            fill_row(i, diagonal, 0.0)
        return 0.0, wrong
    t = np.uint64(targets[i])
    z = np.float64(x[i, t])
    if WANT_GRADIENT:
        gradient[i, t] = factor * slope(z, 1.0)
    if WANT_CURVATURE:
        diagonal[i, t] = factor * curvature(z, 1.0)
    return loss + value(z, 1.0), wrong


@regroups
def sum_levels(i, x, target, levels):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += value(np.float64(x[i, k]), target, levels[k])
    return total


def of_levels(i, operands, factor, levels, derivatives):
    """Average value(x_k, target, level_k) over the row; the parameters are the levels."""
    x, targets = operands
    gradient, diagonal = derivatives
    target, share = targets[i], 1.0 / np.float64(x.shape[1])
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(x.shape[1])):
            gradient[i, k] = factor * share * slope(np.float64(x[i, k]), target, levels[k])
    if WANT_CURVATURE:
        for k in range(FIRST, np.uint64(x.shape[1])):
            diagonal[i, k] = factor * share * curvature(np.float64(x[i, k]), target, levels[k])
    return share * sum_levels(i, x, target, levels), 0


def of_picked(i, operands, factor, parameters, derivatives):
    """Return -x_t."""
    x, targets = operands
    gradient, _ = derivatives
    if targets[i] < 0:
        if WANT_GRADIENT:
            fill_row(i, gradient, 0.0)
        return 0.0, 0
    t = np.uint64(targets[i])
    if WANT_GRADIENT:
        fill_one_hot(i, gradient, t, -unless_nan(np.float64(x[i, t]), factor))
    return -np.float64(x[i, t]), 0


def margin_deficit(margin, target, other):
    """Return what the target's score is short of being `margin` ahead of another."""
    return margin - (target - other)


def deficit_of(i, k, t, x, margin):
    """Return class k's deficit; -1 for the target itself, since value, slope and curvature are 0 below 0."""
    z = margin_deficit(margin, np.float64(x[i, t]), np.float64(x[i, k]))
    return -1.0 if k == t else z


@regroups
def sum_values(i, t, x, margin):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += value(deficit_of(i, k, t, x, margin))
    return total


@regroups
def sum_slopes(i, t, x, margin):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += slope(deficit_of(i, k, t, x, margin))
    return total


@regroups
def sum_curvatures(i, t, x, margin):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += curvature(deficit_of(i, k, t, x, margin))
    return total


def of_others(i, operands, factor, parameters, derivatives):
    """Sum value(margin - x_t + x_k) over k != t, and divide by the number of columns."""
    x, targets = operands
    gradient, diagonal = derivatives
    t, columns, margin = np.uint64(targets[i]), np.uint64(x.shape[1]), parameters[MARGIN]
    inverse = 1.0 / np.float64(x.shape[1])
    if WANT_GRADIENT:
        for k in range(FIRST, columns):
            gradient[i, k] = factor * inverse * slope(deficit_of(i, k, t, x, margin))
        gradient[i, t] = unless_nan(np.float64(x[i, t]), -factor * inverse * sum_slopes(i, t, x, margin))
    if WANT_CURVATURE:
        for k in range(FIRST, columns):
            diagonal[i, k] = factor * inverse * curvature(deficit_of(i, k, t, x, margin))
        diagonal[i, t] = unless_nan(np.float64(x[i, t]), factor * inverse * sum_curvatures(i, t, x, margin))
    return unless_nan(np.float64(x[i, t]), sum_values(i, t, x, margin) * inverse), 0  # a single class has no others


def key_of(i, k, x):
    """Return an integer in the order of the floats: NaN lie below -infinity or above infinity, by their sign."""
    return in_order(np.float64(x[i, k]).view(np.int64))


def largest(i, x, start, stop):
    """Return the largest of some columns, NaN if there is one, -infinity if there are none.

    Of integers LLVM vectorises the smallest and the largest; of floats neither, nor a test for NaN in the same loop.
    """
    if start >= stop:
        return -INFINITY
    low = high = key_of(i, start, x)
    for k in range(start, stop):
        key = key_of(i, k, x)
        low = key if key < low else low
        high = key if key > high else high
    number = np.int64(in_order(high)).view(np.float64)
    return NAN if high > INFINITE or low < -INFINITE - LAST_BIT else number


def first_of(i, x, number, but):
    """Return the first column with a number, or with NaN if it is NaN, `but` one; that one if there is no other."""
    for k in range(FIRST, np.uint64(x.shape[1])):
        z = np.float64(x[i, k])
        if k != but and ((z != z) if number != number else (z == number)):
            return k
    return but


def largest_other(i, t, x, target):
    """Return the largest of the columns but t, NaN if there is one, -infinity if there are none."""
    columns = np.uint64(x.shape[1])
    best = largest(i, x, FIRST, columns)
    if best > target:
        return best
    before, after = largest(i, x, FIRST, t), largest(i, x, t + ONE, columns)
    return before if before >= after or before != before else after


def of_highest_other(i, operands, factor, parameters, derivatives):
    """Return max(0, margin + max_{k != t} x_k - x_t); the first of equal maxima counts, and NaN stays."""
    x, targets = operands
    gradient, _ = derivatives
    t = np.uint64(targets[i])
    target = np.float64(x[i, t])
    best = largest_other(i, t, x, target)
    z = margin_deficit(parameters[MARGIN], target, best) if x.shape[1] > 1 else unless_nan(target, -1.0)
    if WANT_GRADIENT:
        push = factor if z >= 0.0 else (0.0 if z < 0.0 else z)
        fill_one_hot(i, gradient, t, -push)
        other = first_of(i, x, best, t)
        if other != t:
            gradient[i, other] = push
    return at_least(0.0, z), 0


class OverlapSums(NamedTuple):
    """Sums of a row in a unit of its own: N and D grow with the power of the unit that p and g have in D."""

    missed: Any  # N
    total: Any  # D
    common: Any  # sum p g
    wrong: Any  # bits of wrong numbers


class Overlap(NamedTuple):
    """A row's overlap loss L, and what its derivatives take."""

    loss: Any
    same: Any  # C = 1 - L
    inverse: Any  # 1 / (D + m)
    unit: Any  # a power of two by which p and g were multiplied
    wrong: Any


@regroups
def sum_overlap(i, operands, squared, unit):
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
    return OverlapSums(missed, total, common, wrong)


def overlap(i, operands, squared, smooth):
    """Return a row's `Overlap`.

    The unit is 1 unless squares of p and g could be subnormal or the inverse infinite. Below `FAINT` they are below
    2**-150, and the smallest times `LIFT` is 2**-474, whose square is normal. 1 / (D + m) and C are then those of a row
    in that unit: with D = sum p + sum g, C grows with p and g.
    """
    sums = sum_overlap(i, operands, squared, 1.0)
    unit = LIFT if sums.total + smooth < FAINT else 1.0
    if unit != 1.0:
        sums = sum_overlap(i, operands, squared, unit)
    total = sums.total + (smooth * unit * unit if squared else smooth * unit)
    if total == 0.0:
        return Overlap(0.0, 0.0, 0.0, unit, sums.wrong)
    same = (2.0 * sums.common + smooth * unit * unit) / total
    return Overlap(unless_nan(total, sums.missed / total), same, 1.0 / total, unit, sums.wrong)


def of_overlap(i, operands, factor, parameters, derivatives):
    """Return 1 - (2 sum p g + m) / (D + m), D = sum p^2 + sum g^2, or sum p + sum g.

    As L = N / (D + m): N = sum (p - g)^2, or sum p (1 - g) + g (1 - p), whose terms have one sign. Its derivatives in
    p_k are L' = (N' - L D') / (D + m) and L'' = (N'' - L D'' - 2 L' D') / (D + m). With D = sum p + sum g,
    N' - L D' = 1 - 2 g - L is taken as C - 2 g: of tiny numbers L is nearly 1.
    """
    prediction, truth = operands
    gradient, diagonal = derivatives
    columns = np.uint64(prediction.shape[1])
    squared = parameters[SQUARED] != 0.0
    row = overlap(i, operands, squared, parameters[SMOOTH])
    loss, same, inverse, unit = row.loss, row.same, row.inverse, row.unit
    rest = unit if squared else 1.0
    if WANT_GRADIENT:
        for k in range(FIRST, columns):
            p, g = unit * np.float64(prediction[i, k]), unit * np.float64(truth[i, k])
            first = (2.0 * (p - g) - loss * (2.0 * p)) if squared else same - 2.0 * g
            gradient[i, k] = factor * inverse * first * rest
    if WANT_CURVATURE:
        for k in range(FIRST, columns):
            p, g = unit * np.float64(prediction[i, k]), unit * np.float64(truth[i, k])
            first = inverse * ((2.0 * (p - g) - loss * (2.0 * p)) if squared else same - 2.0 * g)
            second = (2.0 - 2.0 * loss - 4.0 * first * p) if squared else -2.0 * first
            diagonal[i, k] = factor * inverse * second * unit * rest
    return loss, row.wrong


def write_bellman(i, operands, ahead, factor, derivatives):
    """Return value(x_a - y), y = reward + ahead."""
    x, actions, rewards = operands
    gradient, diagonal = derivatives
    a = np.uint64(actions[i])
    z = np.float64(x[i, a]) - (rewards[i] + ahead)
    if WANT_GRADIENT:
        fill_one_hot(i, gradient, a, factor * slope(z))
    if WANT_CURVATURE:
        fill_one_hot(i, diagonal, a, factor * curvature(z))
    return value(z), 0


def of_bellman(i, operands, factor, parameters, derivatives):
    """Return value(x_a - y), y = reward + gamma (1 - done) max(next); a done row's next is not read."""
    x, actions, rewards, after, done = operands
    ahead = (
        0.0
        if done[i] == 1.0
        else parameters[DISCOUNT] * largest(i, after, FIRST, np.uint64(after.shape[1])) + 0.0 * done[i]
    )
    return write_bellman(i, (x, actions, rewards), ahead, factor, derivatives)


def of_double_bellman(i, operands, factor, parameters, derivatives):
    """Do the same with next[argmax choice] for max(next)."""
    x, actions, rewards, after, done, choice = operands
    ahead = 0.0
    if done[i] != 1.0:
        columns = np.uint64(choice.shape[1])
        best = largest(i, choice, FIRST, columns)
        b = first_of(i, choice, best, columns)
        ahead = parameters[DISCOUNT] * unless_nan(best, np.float64(after[i, b])) + 0.0 * done[i]
    return write_bellman(i, (x, actions, rewards), ahead, factor, derivatives)
