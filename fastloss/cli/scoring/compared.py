"""The differences between models, for every loss and metric, made on the way of the data through the states.

With groups these are the units; without, rows are. Sums over units are exact and need no row. Where nothing but all
rows makes a difference, as for losses over all pairs, and for resamples, numbers of rows or of groups are kept.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastloss.cli.errors import UserError, explained
from fastloss.cli.reading.batches import Batch
from fastloss.cli.reading.roles import Roles
from fastloss.cli.scoring.asked import Asked
from fastloss.cli.scoring.groups import WholeGroups
from fastloss.cli.scoring.metrics import Metric
from fastloss.cli.scoring.results import GroupResults
from fastloss.comparing import every_pair, measures
from fastloss.comparing.every_pair import How, Subject
from fastloss.comparing.measures import Measure, OfRows
from fastloss.comparing.moments import Moments
from fastloss.comparing.results import Comparison
from fastloss.comparing.samples import Sample
from fastloss.comparing.units import Units


class Kept:
    """The sums of units, kept for resamples."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, sums: np.ndarray, weights: np.ndarray) -> None:
        """Add units."""
        self._parts.append((sums, weights))

    def units(self, unit: str) -> Units:
        """Return all of them."""
        sums, weights = zip(*self._parts, strict=True)
        return Units(np.concatenate(sums, axis=1), np.concatenate(weights), unit)


class Comparing:
    """What compares the models of a pass over the data."""

    def __init__(self, roles: Roles, losses: Sequence[Asked], how: How):
        self._models = tuple(roles.scores)
        self._in_groups = roles.groups is not None
        self._how = how
        self._measures = {one.name: measure_of(one) for one in losses}
        summed = [name for name, one in self._measures.items() if self._in_groups or isinstance(one, OfRows)]
        kind: Callable[[], Any] = Kept if how.method == "bootstrap" else lambda: Moments(len(self._models))
        self._units = {name: kind() for name in summed}
        self._whole: WholeGroups | None = None  # all rows, where something needs them
        self.needs_groups = self._in_groups or len(summed) < len(self._measures)

    def rows(self, batch: Batch) -> None:
        """Add rows, which are units without groups."""
        for name, kept in {} if self._in_groups else self._units.items():
            with explained(name):
                units = self._measures[name].units(batch.scores, Sample(batch.labels, weights=batch.weights))
            assert units is not None
            kept.add(units.sums, units.weights)

    def groups(self, groups: WholeGroups, results: dict[Asked, GroupResults]) -> None:
        """Add groups, which are units; without groups, these are all rows."""
        if not self._in_groups:
            self._whole = groups
            return
        by_name: dict[str, dict[str, GroupResults]] = {}
        for one, found in results.items():
            by_name.setdefault(one.name, {})[one.model] = found
        for name, of_models in by_name.items():
            link = self._measures[name].link
            used = np.logical_and.reduce([found.used for found in of_models.values()])
            weights = np.where(used, next(iter(of_models.values())).weight, 0.0)
            values = [of_models[model].values for model in self._models]
            means = values if link is None else [link.inverse(one) for one in values]
            with np.errstate(invalid="ignore", over="ignore"):
                self._units[name].add(np.stack([np.where(used, one * weights, 0.0) for one in means]), weights)

    @property
    def is_summed(self) -> bool:
        """Whether sums are all that is kept, which may be made on other machines and merged."""
        return len(self._units) == len(self._measures) and all(isinstance(one, Moments) for one in self._units.values())

    def part(self) -> dict[str, Moments]:
        """Return the sums, for `merge` on another machine."""
        return self._units

    def merge(self, part: dict[str, Moments]) -> None:
        """Add what another one has seen."""
        for name, moments in part.items():
            self._units[name].merge(moments)

    def comparisons(self) -> list[Comparison]:
        """Return the comparisons of all pairs of models by each loss, in the order in which these were asked for."""
        found: list[Comparison] = []
        for name, measure in self._measures.items():
            with explained():
                found += self._of(name, measure)
        return found

    def _of(self, name: str, measure: Measure) -> list[Comparison]:
        unit = "groups" if self._in_groups else "rows"
        subject, units = Subject(name, self._models, measure.link), self._units.get(name)
        if isinstance(units, Moments):
            return every_pair.of_parts(subject, [units], self._how, unit)
        if units is not None:
            return every_pair.of_units(subject, units.units(unit), self._how)
        if self._whole is None:
            raise UserError(f"{name}: there are no rows to compare")
        weights = self._whole.weights if measure.weighs_rows else None
        return every_pair.compared(measure, self._whole.scores, Sample(self._whole.labels, weights=weights), self._how)


def measure_of(one: Asked) -> Measure:
    """Return what models are compared by for a loss or a metric of the command."""
    function = one.loss.function if isinstance(one.loss, Metric) else one.loss
    words = {name: value for name, value in one.parameters.items() if name != "average"}
    return measures.measure(function, words, one.name)
