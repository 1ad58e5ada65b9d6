"""Comparisons of every pair of models: analytic from moments of units, or by resamples of units or of rows."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.comparing import bootstrap, moments, results, samples
from fastloss.comparing.measures import Measure
from fastloss.comparing.moments import Link, Moments
from fastloss.comparing.results import Comparison
from fastloss.comparing.samples import Drawn, Sample
from fastloss.comparing.units import Units, naming
from fastloss.core import validate
from fastloss.core.domains import INNER_FRACTION, Choice
from fastloss.core.errors import wrong_value

METHODS = Choice(("auto", "analytic", "bootstrap"))


class How(NamedTuple):
    """How intervals are made."""

    level: float = 0.95
    method: str = "auto"
    resamples: int = 2000
    seed: int = 0


class Subject(NamedTuple):
    """What is compared: the loss as results call it, the models' names, and the function of a mean that values are."""

    loss: str
    models: tuple[str, ...]
    link: Link | None = None

    def pairs(self) -> list[tuple[int, int]]:
        """Return the indices of every pair of models."""
        return list(itertools.combinations(range(len(self.models)), 2))


def checked(level: Any, method: Any, resamples: Any, seed: Any) -> How:
    """Return how intervals are made; raise for what is out of its range."""
    return How(
        INNER_FRACTION.validate("level", level),
        METHODS.validate("method", method),
        _at_least("resamples", resamples, 2),
        _at_least("seed", seed, 0),
    )


def _at_least(name: str, value: Any, least: int) -> int:
    number = validate.integer(name, value)
    if number < least:
        raise wrong_value(name, number, f"an integer >= {least}")
    return number


def compared(measure: Measure, scores: dict[str, Any], sample: Sample, how: How) -> list[Comparison]:
    """Return the comparisons of all pairs of models, given by their scores, by one measure."""
    subject = Subject(measure.label, tuple(scores), measure.link)
    units = measure.units(scores, sample)
    if units is not None and how.method != "bootstrap":
        return of_parts(subject, units.parts(), how, units.unit, units.method, units.order)
    if how.method == "analytic":
        raise ValueError(f"method is 'analytic': {measure.label} has none here, expected 'auto' or 'bootstrap'")
    if units is not None and units.order == 1:
        return of_units(subject, units, how)
    return _of_rows(subject, measure, scores, sample, how)


def of_parts(
    subject: Subject, parts: Sequence[Moments], how: How, unit: str, method: str = "sandwich", order: int = 1
) -> list[Comparison]:
    """Return the analytic comparisons, from the moments of each sample of units."""
    found = []
    for first, second in subject.pairs():
        difference = moments.estimate(parts, {first: -1, second: 1}, subject.link, order)
        both = subject.models[first], subject.models[second]
        found.append(results.comparison(subject.loss, both, difference, how.level, method, unit, normal=order > 1))
    return found


def of_units(subject: Subject, units: Units, how: How) -> list[Comparison]:
    """Return the comparisons by resamples of units."""
    parts = units.parts()
    values = [moments.estimate(parts, {model: 1}, subject.link).number for model in range(len(subject.models))]
    drawn = Drawn(how.seed, units.weights.size)
    made = bootstrap.of_units(units.sums, units.weights, drawn, how.resamples, subject.link)
    return _resampled(subject, values, made, how, units.weights.size, units.unit)


def _of_rows(subject: Subject, measure: Measure, scores: dict[str, Any], sample: Sample, how: How) -> list[Comparison]:
    """Return the comparisons by resamples of rows, or of groups with all their rows."""
    rows, values = [], []
    for name, one in scores.items():
        with naming(measure.label, name):
            rows.append(samples.rows_of(one, sample, measure.others))
            values.append(measure.value(rows[-1]))
    size = len(rows[0].scores)
    layout = sample.layout(size) if sample.has_groups else None
    count, unit = (size, "rows") if layout is None else (layout.offsets.size - 1, "groups")
    drawn = Drawn(how.seed, count, layout)
    made = bootstrap.of_rows(lambda some: [measure.value(one.taken(some)) for one in rows], drawn, how.resamples)
    return _resampled(subject, values, made, how, count, unit)


def _resampled(
    subject: Subject, values: Sequence[float], made: np.ndarray, how: How, count: int, unit: str
) -> list[Comparison]:
    """Return the comparisons from each resample's values of all models."""
    return [
        bootstrap.comparison(
            subject.loss,
            (subject.models[first], subject.models[second]),
            (values[first], values[second]),
            made[:, second] - made[:, first],
            how.level,
            count,
            unit,
        )
        for first, second in subject.pairs()
    ]
