"""The states of all losses, and each group's means."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.asked import Asked
from fastloss.cli.batches import Batch
from fastloss.cli.groups import WholeGroups
from fastloss.cli.naming import Naming
from fastloss.pairs.loss import GroupSums
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.grouped import GroupAccumulator


class Answer(NamedTuple):
    """One loss's value."""

    asked: Asked
    value: float
    weight: float  # what a mean is divided by
    pairs: int | None


class Totals:
    """A state for each loss.

    With `stream`, all rows are one group, and losses that have a state of all pairs do not keep the rows.
    With `per_group`, a table of each group's means is made too.
    """

    def __init__(self, losses: Sequence[Asked], naming: Naming, per_group: bool = False, stream: bool = False):
        self.rows = 0
        self.groups = 0
        self._states = {one: one.state(stream) for one in losses}
        self.naming = naming
        self._per_group = per_group

    @property
    def needs_groups(self) -> bool:
        """Whether whole groups are to be added, not only rows."""
        return self._per_group or any(isinstance(state, GroupAccumulator) for state in self._states.values())

    def add_rows(self, batch: Batch) -> None:
        """Add rows to the states that take them in any batches."""
        self.rows += batch.size
        rows = range(self.rows)
        for one, state in self._states.items():
            if isinstance(state, GroupAccumulator):
                continue
            counted = rows if isinstance(state, Accumulator) else rows[batch.start :]
            with self.naming.explained(one.loss, counted):
                state.update(batch.scores, batch.labels, batch.weights)

    def add_groups(self, groups: WholeGroups) -> pa.Table | None:
        """Add whole groups; return a table of them if it is wanted."""
        self.groups += groups.offsets.size - 1
        columns = {"group": groups.ids, "rows": np.diff(groups.offsets)}
        for one, state in self._states.items():
            with self.naming.explained(one.loss, groups.rows):
                if isinstance(state, GroupAccumulator):
                    sums = state.add(groups.scores, groups.labels, groups.weights, groups=None, offsets=groups.offsets)
                    columns |= {one.label: group_means(sums), f"{one.label}_pairs": sums.pairs}
                elif self._per_group:
                    words = {**one.parameters, "offsets": groups.offsets, "sample_weight": groups.weights}
                    columns[one.label] = one.loss.group_means(groups.scores, groups.labels, **words)
        return pa.table(columns) if self._per_group else None

    def answers(self, reduction: str) -> list[Answer]:
        """Return every loss's value, in the order in which they were asked for."""
        return [
            Answer(one, state.result(reduction), state.weight(), state.pairs() if one.is_pairwise else None)
            for one, state in self._states.items()
        ]


def group_means(sums: GroupSums) -> pa.Array:
    """Return each group's mean over its pairs, null where there is none, or none of a weight other than 0."""
    is_none = (sums.weight == 0.0) & ~np.isnan(sums.loss)
    return pa.array(np.divide(sums.loss, np.where(is_none, 1.0, sums.weight)), mask=is_none)
