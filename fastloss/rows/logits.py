"""Rows of logits. p = softmax(x).

Every loss below is a function of log p, so its derivatives follow from d log p_t / d x_k = delta_kt - p_k.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import INFINITY, NAN, exp, exp_negative, log, log1p_unit, unless_nan
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.row import FIRST, ONE, fill_row

BLOCK = np.uint64(4096)  # columns that are read twice, for their maximum and their sum, while they are in the cache
LANES = np.uint64(8)
TWO, THREE, FOUR, FIVE, SIX, SEVEN = (np.uint64(lane) for lane in range(2, 8))

SMALL, LIFT = 2.0**-960, 2.0**120
KEEP, SPREAD = 0, 1  # parameters of distributions: of the label smoothing
ENTROPY = 0  # of policies: the coefficient of the entropy

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = curvature = coefficient = named = check = unbound


class ExpSum(NamedTuple):
    """A row's sum of exponentials, e**maximum (count + rest)."""

    maximum: Any
    count: Any  # how often the maximum occurs
    rest: Any  # the sum of e**(x_k - maximum) over all other k


class Share(NamedTuple):
    """A class's share p of a sum of exponentials."""

    log_p: Any
    q: Any  # 1 - p
    others: Any  # the sum of the other classes' exponentials


def maximum(i, x, start, stop):
    """Return the largest of some columns, NaN aside; eight accumulators, since LLVM does not vectorise one."""
    a = x[i, start]
    if stop - start < LANES:
        for k in range(start + ONE, stop):
            a = x[i, k] if x[i, k] > a else a
        return np.float64(a)
    b = c = d = e = f = g = h = a
    whole = stop - (stop - start) % LANES
    for k in range(start, whole, LANES):
        a = x[i, k] if x[i, k] > a else a
        b = x[i, k + ONE] if x[i, k + ONE] > b else b
        c = x[i, k + TWO] if x[i, k + TWO] > c else c
        d = x[i, k + THREE] if x[i, k + THREE] > d else d
        e = x[i, k + FOUR] if x[i, k + FOUR] > e else e
        f = x[i, k + FIVE] if x[i, k + FIVE] > f else f
        g = x[i, k + SIX] if x[i, k + SIX] > g else g
        h = x[i, k + SEVEN] if x[i, k + SEVEN] > h else h
    for k in range(whole, stop):
        a = x[i, k] if x[i, k] > a else a
    a, b, c, d = a if a > b else b, c if c > d else d, e if e > f else f, g if g > h else h
    a, b = a if a > b else b, c if c > d else d
    return np.float64(a if a > b else b)


@regroups
def sum_below(i, x, start, stop, r):
    """Count the columns that equal r, and sum e**(x - r) over the others."""
    count = rest = 0.0
    for k in range(start, stop):
        z = np.float64(x[i, k])
        count += 1.0 if z == r else 0.0
        rest += 0.0 if z == r else exp_negative(z - r)
    return count, rest


def log_sum(i, x):
    """Return a row's `ExpSum`.

    Its numbers are kept apart, because log(1 + rest) and rest / (1 + rest) are accurate however small rest is. One
    pass: the sum so far is rescaled when a block of columns exceeds r. Equal infinities are never subtracted: a single
    +inf has p = 1; where p is undefined (several +inf, nothing but -inf, NaN), rest is NaN.
    """
    columns = np.uint64(x.shape[1])
    r, n, rest = -INFINITY, 0.0, 0.0
    for start in range(FIRST, columns, BLOCK):
        stop = min(columns, start + BLOCK)
        m = maximum(i, x, start, stop)
        if m > r:
            rest = (rest + n) * exp_negative(r - m)
            r, n = m, 0.0
        count, more = sum_below(i, x, start, stop, r)
        n += count
        rest += more
    return ExpSum(r, n, unless_undefined(r, n, rest))


def unless_undefined(r, n, rest):
    """Return rest, or NaN where the largest logit, r, occurs n times and is infinite so that p is undefined."""
    return NAN if r == -INFINITY or (r == INFINITY and n > 1.0) else rest


def log_total(exp_sum):
    """Return log(sum_k e**(x_k - r)), accurate also near 0."""
    n, rest = exp_sum.count, exp_sum.rest
    return log1p_unit(rest) if n == 1.0 and rest <= 1.0 else log(n + rest)


def gap(z, r):
    return 0.0 if z == r else z - r


def exp_gap(z, r):
    return 1.0 if z == r else exp_negative(z - r)


def share_of(lead, e, exp_sum):
    """Return the `Share` of the class with x - r = lead and e**lead = e."""
    n, rest = exp_sum.count, exp_sum.rest
    others = (n - 1.0) + rest if e == 1.0 else (n + rest) - e
    return Share(lead - log_total(exp_sum), others / (n + rest), others)


def inverse_of(others):
    """Return (u, 1 / (u others)), 0 for 0: u is a power of two without which the inverse could be infinite."""
    u = LIFT if others < SMALL else 1.0
    return u, (0.0 if others == 0.0 else 1.0 / (u * others))


def curvature_of_other(h, s, e, total, u, inverse):
    """Return h c**2 - s c (1 - p) of a class with the exponential e, c = e / others; `inverse_of` gives u, inverse."""
    c = e * u * inverse
    return h * c * c - s * c * ((total - e) / total)


def curvature_of_target(h, s, q):
    return h - s * (1.0 - q)


def skip_row(i, derivatives):
    """Fill the wanted derivatives of a row that is left out with zeros."""
    gradient, diagonal = derivatives
    if WANT_GRADIENT:
        fill_row(i, gradient, 0.0)
    if WANT_CURVATURE:
        fill_row(i, diagonal, 0.0)


def of_target(i, operands, factor, parameters, derivatives):
    """Compute a loss g(log p_t, q) of the target's class, with q = 1 - p_t.

    `value` is g, `slope` is q g', which is dg/dx_t, and `curvature` is q**2 g'', derivatives being with respect to
    log p_t. With c_k = p_k / q, which has a limit where q is 0,
    dg/dx_k = -slope c_k and d2g/dx_k2 = curvature c_k**2 - slope c_k (1 - p_k) for k != t,
    d2g/dx_t2 = curvature - slope p_t.
    """
    x, targets = operands
    gradient, diagonal = derivatives
    if targets[i] < 0:
        skip_row(i, derivatives)
        return 0.0, 0
    t = np.uint64(targets[i])
    exp_sum = log_sum(i, x)
    r, z = exp_sum.maximum, np.float64(x[i, t])
    target = share_of(gap(z, r), exp_gap(z, r), exp_sum)
    log_p, q = target.log_p, target.q
    u, inverse = inverse_of(target.others)
    if WANT_GRADIENT:
        s = slope(log_p, q, parameters)
        write_multiple(i, x, gradient, r, -factor * s * u * inverse)
        gradient[i, t] = factor * s
    if WANT_CURVATURE:
        s, h = slope(log_p, q, parameters), curvature(log_p, q, parameters)
        total = exp_sum.count + exp_sum.rest
        for k in range(FIRST, np.uint64(x.shape[1])):
            e = exp_gap(np.float64(x[i, k]), r)
            diagonal[i, k] = factor * curvature_of_other(h, s, e, total, u, inverse)
        diagonal[i, t] = factor * curvature_of_target(h, s, q)
    return value(log_p, q, parameters), 0


def write_multiple(i, x, out, r, multiplier):
    """Write multiplier * e**(x - r) for the whole row."""
    for k in range(FIRST, np.uint64(x.shape[1])):
        out[i, k] = multiplier * exp_gap(np.float64(x[i, k]), r)


# Distributions as targets: sum_k a_k (lse - x_k) with A = sum_k a_k has the gradient A p_k - a_k and the diagonal
# second derivative A p_k (1 - p_k). Class ids add `named` to the coefficient of one class; operands are (logits,
# distributions or ids, class weights), parameters (keep, spread) of the label smoothing.


def coefficient_given(i, k, operands, parameters):
    _, distributions, weights = operands
    return weights[k] * (parameters[KEEP] * np.float64(distributions[i, k]) + parameters[SPREAD])


def coefficient_spread(i, k, operands, parameters):
    _, _, weights = operands
    return weights[k] * parameters[SPREAD]


def named_given(i, operands, parameters):
    return 0, 0.0


def named_id(i, operands, parameters):
    """Return a row's class id, negative if the row is left out, and what is added to that class's coefficient."""
    _, ids, weights = operands
    t = ids[i]
    return t, (0.0 if t < 0 else weights[np.uint64(t)] * parameters[KEEP])


def check_given(i, k, operands):
    _, distributions, _ = operands
    return check(np.float64(distributions[i, k]))


def check_nothing(i, k, operands):
    return 0


check_target = unbound


class Deficits(NamedTuple):
    """The sums of a_k (r - x_k) and of a_k, and the bits of wrong targets."""

    loss: Any
    total: Any
    wrong: Any


def deficit(a, z, r):
    """Return a (r - z), where 0 times infinity is 0."""
    return 0.0 if a == 0.0 else -a * gap(z, r)


@regroups
def sum_deficits(i, operands, r, parameters):
    x = operands[0]
    loss, total, wrong = 0.0, 0.0, 0
    for k in range(FIRST, np.uint64(x.shape[1])):
        a = coefficient(i, k, operands, parameters)
        total += a
        loss += deficit(a, np.float64(x[i, k]), r)
        wrong |= check_target(i, k, operands)
    return Deficits(loss, total, wrong)


def of_distribution(i, operands, factor, parameters, derivatives):
    """Compute sum_k a_k (lse - x_k)."""
    x = operands[0]
    gradient, diagonal = derivatives
    id_, extra = named(i, operands, parameters)
    if id_ < 0:
        skip_row(i, derivatives)
        return 0.0, 0
    t = np.uint64(id_)
    exp_sum = log_sum(i, x)
    r = exp_sum.maximum
    sums = sum_deficits(i, operands, r, parameters)
    loss = sums.loss + deficit(extra, np.float64(x[i, t]), r)
    total = sums.total + extra
    inverse = 1.0 / (exp_sum.count + exp_sum.rest)
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(x.shape[1])):
            p = exp_gap(np.float64(x[i, k]), r) * inverse
            gradient[i, k] = factor * (total * p - coefficient(i, k, operands, parameters))
        if extra != 0.0:
            p = exp_gap(np.float64(x[i, t]), r) * inverse
            gradient[i, t] = factor * (total * p - (coefficient(i, t, operands, parameters) + extra))
    if WANT_CURVATURE:
        for k in range(FIRST, np.uint64(x.shape[1])):
            p = exp_gap(np.float64(x[i, k]), r) * inverse
            diagonal[i, k] = factor * total * p * (1.0 - p)
    return loss + total * log_total(exp_sum), sums.wrong


@regroups
def sum_spread(i, x, r):
    """Sum e**(x_k - r) (r - x_k)."""
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += deficit(exp_gap(np.float64(x[i, k]), r), np.float64(x[i, k]), r)
    return total


def of_policy(i, operands, factor, parameters, derivatives):
    """Compute -A log p_a - c H with H = -sum_k p_k log p_k.

    The gradient is A (p_k - delta_ka) + c p_k (log p_k + H).
    """
    x, actions, advantages = operands
    gradient, _ = derivatives
    a = np.uint64(actions[i])
    advantage, c = advantages[i], parameters[ENTROPY]
    exp_sum = log_sum(i, x)
    r, logarithm = exp_sum.maximum, log_total(exp_sum)
    inverse = 1.0 / (exp_sum.count + exp_sum.rest)
    entropy = logarithm + sum_spread(i, x, r) * inverse
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(x.shape[1])):
            e = exp_gap(np.float64(x[i, k]), r)
            more = e * (entropy - logarithm) - deficit(e, np.float64(x[i, k]), r)
            gradient[i, k] = factor * inverse * (advantage * e + c * more)
        e = exp_gap(np.float64(x[i, a]), r)
        more = e * (entropy - logarithm) - deficit(e, np.float64(x[i, a]), r)
        q = share_of(gap(np.float64(x[i, a]), r), e, exp_sum).q
        gradient[i, a] = factor * (c * more * inverse - advantage * q)
    loss = deficit(advantage, np.float64(x[i, a]), r) + advantage * logarithm
    return loss - c * entropy, 0


# From logarithms of probabilities x, each an argument of its own: -A x_a - c H with H = -sum_k e**x_k x_k.


def bonus(x, c):
    """Return an action's part of c H: -c e**x x, 0 at -inf, and where c is 0 unless x is NaN."""
    return unless_nan(x, 0.0) if c == 0.0 or x == -INFINITY else -c * (exp(x) * x)


def bonus_slope(x, c):
    return unless_nan(x, 0.0) if c == 0.0 or x == -INFINITY else -c * (exp(x) * (x + 1.0))


@regroups
def sum_bonus(i, x, c):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        total += bonus(np.float64(x[i, k]), c)
    return total


def of_logged_policy(i, operands, factor, parameters, derivatives):
    """Compute -A x_a - c H; the gradient is c e**x_k (x_k + 1) - A delta_ka."""
    x, actions, advantages = operands
    gradient, _ = derivatives
    a, c = np.uint64(actions[i]), parameters[ENTROPY]
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(x.shape[1])):
            gradient[i, k] = -factor * bonus_slope(np.float64(x[i, k]), c)
        gradient[i, a] = -factor * (advantages[i] + bonus_slope(np.float64(x[i, a]), c))
    return deficit(advantages[i], np.float64(x[i, a]), 0.0) - sum_bonus(i, x, c), 0
