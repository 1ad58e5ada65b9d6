"""Student's t distribution: probabilities of both tails, and quantiles, for any number of degrees of freedom.

P(|T| > t) is the incomplete beta function I_x(v/2, 1/2) at x = v / (v + t**2), here as its continued fraction
(Abramowitz & Stegun 26.5.8, 26.7.1), evaluated by Lentz's method. From `MANY` degrees on, where that would lose digits,
it is that of the normal variable of the same probability (G. W. Hill, Algorithm 395, CACM 1970). Relative errors stay
below 1e-11.
"""

import math
from statistics import NormalDist

MANY = 5000
TINY = 1e-300
STEPS = 10_000  # far more than its some sqrt(MANY) terms


def two_sided(t: float, degrees: float) -> float:
    """Return the probability that |T| is larger than |t|; NaN for NaN."""
    t = abs(t)
    if math.isnan(t) or t == 0.0:
        return 1.0 + t
    if math.isinf(t):
        return 0.0
    if degrees > MANY:
        return math.erfc(_normal(t, degrees) / math.sqrt(2.0))
    square = t * t / degrees
    if math.isinf(square):
        return math.exp(_log_front(square, t, degrees)) / (0.5 * degrees)
    a = 0.5 * degrees
    x, rest = 1.0 / (1.0 + square), square / (1.0 + square)
    front = math.exp(_log_front(square, t, degrees))
    if x < (a + 1.0) / (a + 2.5):
        return front * _fraction(x, a, 0.5) / a
    return 1.0 - front * _fraction(rest, 0.5, a) / 0.5


def quantile(level: float, degrees: float) -> float:
    """Return the t that |T| stays below with a probability in (0, 1)."""
    tail = 1.0 - level
    t = -NormalDist().inv_cdf(0.5 * tail)
    while True:  # the tail falls and is convex, so that steps from the left never go too far
        slope = 2.0 * math.exp(_log_front(t * t / degrees, t, degrees)) / t if t else 2.0 * _density_at_0(degrees)
        step = (two_sided(t, degrees) - tail) / slope
        if not step > 1e-15 * t:
            return t
        t += step


def _normal(t: float, degrees: float) -> float:
    """Return the normal variable of the same probability, by Hill's series in 1 / (48 a**2)."""
    a = degrees - 0.5
    b = 48.0 * a * a
    w = math.sqrt(a * math.log1p(t * t / degrees))
    y = w * w
    second = (((4.0 * y + 33.0) * y + 240.0) * y + 855.0) / (10.0 * b * (b + 0.8 * y * y + 100.0))
    return w + w * (y + 3.0) / b - w * second


def _log_ratio(a: float) -> float:
    """Return log(Gamma(a + 1/2) / Gamma(a))."""
    if a < 20.0:
        return math.log(math.gamma(a + 0.5) / math.gamma(a))
    y = 1.0 / (a * a)
    return 0.5 * math.log(a) - (1.0 / 8.0 - y * (1.0 / 192.0 - y * (1.0 / 640.0 - y * 17.0 / 14336.0))) / a


def _density_at_0(degrees: float) -> float:
    return math.exp(_log_ratio(0.5 * degrees)) / math.sqrt(degrees * math.pi)


def _log_front(square: float, t: float, degrees: float) -> float:
    """Return the logarithm of x**a (1 - x)**b / B(a, b) for a = degrees / 2 and b = 1/2, with square = t**2 / degrees.

    It is also that of t times the density.
    """
    grown = math.log1p(square) if square < math.inf else 2.0 * math.log(t) - math.log(degrees)
    root = 0.5 * (math.log(square) - grown) if square < 1e300 else 0.0
    return _log_ratio(0.5 * degrees) - 0.5 * math.log(math.pi) - 0.5 * degrees * grown + root


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, STEPS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away(1.0 + numerator * d)
            c = _away(1.0 + numerator / c)
            value *= d * c
        if abs(d * c - 1.0) < 1e-16:
            return value
    raise ArithmeticError(f"the continued fraction at {x}, {a}, {b} takes more than {STEPS} steps")


def _away(number: float) -> float:
    return number if abs(number) > TINY else TINY
