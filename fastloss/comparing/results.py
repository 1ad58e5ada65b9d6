"""What a comparison returns: values, their difference, and an interval for it."""

import math
from statistics import NormalDist
from typing import NamedTuple

from fastloss.comparing import student
from fastloss.comparing.moments import Estimate


class Interval(NamedTuple):
    """An interval, and the p-value of the hypothesis that the number is 0."""

    low: float
    high: float
    p_value: float


class Comparison(NamedTuple):
    """Two models on the same examples: ``difference = values[1] - values[0]``, and what it may be beyond them.

    `low` and `high` bound the difference with probability `level`; `p_value` is of the hypothesis that there is none,
    two-sided. `method` is "sandwich", "delong", "u-statistic" or "bootstrap", and `units` is how many of `unit`,
    "rows" or "groups", were taken as independent of each other.
    """

    loss: str
    models: tuple[str, str]
    values: tuple[float, float]
    difference: float
    standard_error: float
    low: float
    high: float
    level: float
    p_value: float
    method: str
    units: int
    unit: str


def interval(number: float, standard_error: float, level: float, degrees: float | None = None) -> Interval:
    """Return the interval of an estimate: by Student's t with so many degrees of freedom, or by the normal one.

    Without a spread, an estimate of 0 has the p-value 1, any other 0.
    """
    if standard_error == 0.0:
        return Interval(number, number, 1.0 if number == 0.0 else 0.0)
    if not math.isfinite(standard_error) or not math.isfinite(number):
        return Interval(math.nan, math.nan, math.nan)
    t = abs(number) / standard_error
    if degrees is None:
        half, p_value = NormalDist().inv_cdf(0.5 + 0.5 * level), math.erfc(t / math.sqrt(2.0))
    else:
        half, p_value = student.quantile(level, degrees), student.two_sided(t, degrees)
    return Interval(number - half * standard_error, number + half * standard_error, p_value)


def comparison(
    loss: str, models: tuple[str, str], found: Estimate, level: float, method: str, unit: str, normal: bool = False
) -> Comparison:
    """Return the comparison of an estimated difference; Student's t has one degree of freedom less than units."""
    degrees = None if normal else found.units - 1.0
    low, high, p_value = interval(found.number, found.standard_error, level, degrees)
    first, second = found.values
    return Comparison(
        loss,
        models,
        (first, second),
        found.number,
        found.standard_error,
        low,
        high,
        level,
        p_value,
        method,
        found.units,
        unit,
    )
