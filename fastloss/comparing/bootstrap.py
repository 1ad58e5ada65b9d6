"""Bootstrap of differences: units are drawn with replacement, the same ones for every model, and values are made anew.

The interval is that between percentiles (B. Efron and R. Tibshirani, An introduction to the bootstrap, 1993, chap. 13).
"""

import math
from collections.abc import Callable

import numpy as np

from fastloss.comparing.moments import Link
from fastloss.comparing.results import Comparison
from fastloss.comparing.samples import Drawn
from fastloss.core import summation


def of_units(sums: np.ndarray, weights: np.ndarray, drawn: Drawn, resamples: int, link: Link | None) -> np.ndarray:
    """Return each resample's means of all models, from the units' sums (a row for each model) and weights."""
    columns = np.vstack((sums, weights))
    values = np.empty((resamples, len(sums)))
    for at in range(resamples):
        units = drawn.draw()
        *totals, weight = (summation.sum_of_many(one[units]) for one in columns)
        means = [total / weight if weight else math.nan for total in totals]
        values[at] = means if link is None else [link.value(mean) for mean in means]
    return values


def of_rows(values_of: Callable[[np.ndarray], list[float]], drawn: Drawn, resamples: int) -> np.ndarray:
    """Return each resample's values of all models, from a function of the rows drawn."""
    return np.array([values_of(drawn.rows()) for _ in range(resamples)])


def comparison(
    loss: str,
    models: tuple[str, str],
    values: tuple[float, float],
    resampled: np.ndarray,
    level: float,
    units: int,
    unit: str,
) -> Comparison:
    """Return the comparison of two models from the differences of their values in resamples.

    Resamples in which a value is NaN, as those without a pair, are left out. The p-value is twice the smaller share of
    differences on one side of 0 (A. C. Davison and D. V. Hinkley, Bootstrap methods and their application, 1997).
    """
    difference = values[1] - values[0]
    found = resampled[~np.isnan(resampled)]
    if found.size < 2 or units < 2 or math.isnan(difference):
        nan = math.nan
        return Comparison(loss, models, values, difference, nan, nan, nan, level, nan, "bootstrap", units, unit)
    low, high = np.quantile(found, [0.5 - 0.5 * level, 0.5 + 0.5 * level]).tolist()
    sides = int(np.count_nonzero(found <= 0.0)), int(np.count_nonzero(found >= 0.0))
    p_value = min(1.0, 2.0 * (1 + min(sides)) / (1 + found.size))
    error = float(np.std(found, ddof=1))
    return Comparison(loss, models, values, difference, error, low, high, level, p_value, "bootstrap", units, unit)
