"""The states of all losses, and each group's means."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.asked import Asked
from fastloss.cli.batches import Batch
from fastloss.cli.errors import explained
from fastloss.cli.groups import WholeGroups
from fastloss.cli.naming import Naming
from fastloss.pairs.loss import GroupSums
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.grouped import GroupAccumulator


class Answer(NamedTuple):
    """One loss's value."""

    asked: Asked
    value: float
    weight: float  # what a mean is divided by
    pairs: int | None


class PartTotals(NamedTuple):
    """What a part of the rows adds up to, made on its own.

    The states of elements are of whole chunks of the stream; the rows before and after them are brought along, so that
    states of parts add up to the bits of one state of all rows.
    """

    rows: int
    groups: int
    states: tuple[bytes | None, ...]  # of each loss; None: of no rows
    head: tuple[Batch, ...] = ()
    tail: tuple[Batch, ...] = ()


class Totals:
    """A state for each loss.

    With `stream`, all rows are one group, and losses that have a state of all pairs do not keep the rows. That of each
    part of the files is made by itself, since sums of moments are rounded. With `per_group`, a table of each group's
    means is made too. Rows before `first` are others' business.
    """

    def __init__(
        self,
        losses: Sequence[Asked],
        naming: Naming,
        per_group: bool = False,
        stream: bool = False,
        first: int = 0,
    ):
        self.rows = 0
        self.groups = 0
        self._states = {one: one.state(stream) for one in losses}
        self.naming = naming
        self._per_group = per_group
        self._first = first
        self._part = 0
        self._of_part: dict[Asked, PairAccumulator] = {}

    @property
    def needs_groups(self) -> bool:
        """Whether whole groups are to be added, not only rows."""
        return self._per_group or any(isinstance(state, GroupAccumulator) for state in self._states.values())

    @property
    def _id_column(self) -> str:
        """The name of the ids' column in tables of groups: its own, if no other column has that."""
        own = self.naming.roles.get("groups", "group")
        others = {"rows", *(label for one in self._states for label in (one.label, f"{one.label}_pairs"))}
        return "group" if own in others else own

    def add_rows(self, batch: Batch) -> None:
        """Add rows to the states that take them in any batches."""
        self.rows += batch.size
        self.add_elements(batch)
        self.add_pairs(batch)

    def add_elements(self, batch: Batch) -> None:
        """Add rows to the states that are sums over rows."""
        rows = range(self._first, batch.start + batch.size)
        for one, state in self._states.items():
            if isinstance(state, Accumulator):
                with self.naming.explained(one.loss, rows):
                    state.update(batch.scores, batch.labels, batch.weights)

    def add_pairs(self, batch: Batch) -> None:
        """Add rows to the states of all pairs."""
        if batch.of_part != self._part:
            self._end_part()
            self._part = batch.of_part
        rows = range(batch.start, batch.start + batch.size)
        for one, state in self._states.items():
            if isinstance(state, PairAccumulator):
                with self.naming.explained(one.loss, rows):
                    self._of_part.setdefault(one, one.state(stream=True)).update(
                        batch.scores, batch.labels, batch.weights
                    )

    def _end_part(self) -> None:
        for one, state in self._of_part.items():
            self._states[one].merge(state)
        self._of_part = {}

    def as_part(self, head: Sequence[Batch] = (), tail: Sequence[Batch] = ()) -> PartTotals:
        """Return what has been added, for `add_part` on another machine; `head` and `tail` belong to it."""
        self._end_part()
        states = tuple(state.to_bytes() if state.rows else None for state in self._states.values())
        return PartTotals(self.rows, self.groups, states, tuple(head), tuple(tail))

    def add_part(self, part: PartTotals, what: str) -> None:
        """Add the next part of the rows, which errors call `what`."""
        self.rows += part.rows
        self.groups += part.groups
        for batch in part.head:
            self.add_elements(batch)
        for (one, state), data in zip(self._states.items(), part.states, strict=True):
            if data is not None:
                with explained(f"{what}: {one.loss.name}"):
                    state.merge(type(state).from_bytes(data))
        for batch in part.tail:
            self.add_elements(batch)

    def add_groups(self, groups: WholeGroups) -> pa.Table | None:
        """Add whole groups; return a table of them if it is wanted."""
        self.groups += groups.offsets.size - 1
        columns = {self._id_column: groups.ids, "rows": np.diff(groups.offsets)}
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
        self._end_part()
        return [
            Answer(one, state.result(reduction), state.weight(), state.pairs() if one.is_pairwise else None)
            for one, state in self._states.items()
        ]


def group_means(sums: GroupSums) -> pa.Array:
    """Return each group's mean over its pairs, null where there is none, or none of a weight other than 0."""
    is_none = (sums.weight == 0.0) & ~np.isnan(sums.loss)
    return pa.array(np.divide(sums.loss, np.where(is_none, 1.0, sums.weight)), mask=is_none)
