"""The states of all losses and metrics, and what each is in every group."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import explained
from fastloss.cli.reading.batches import Batch, in_one
from fastloss.cli.scoring.asked import Asked
from fastloss.cli.scoring.chunks import OF_CLASSES, Aligned
from fastloss.cli.scoring.compared import Comparing
from fastloss.cli.scoring.groups import WholeGroups
from fastloss.cli.scoring.metrics import GroupMean, weights_of_groups
from fastloss.cli.scoring.naming import Naming
from fastloss.cli.scoring.results import GroupResults
from fastloss.comparing.moments import Moments
from fastloss.core.summation import CHUNK
from fastloss.pairs.loss import GroupSums
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.pointwise.ranges import sums_between
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator

WHOLE_GROUPS = (GroupAccumulator, GroupMean)  # the states that take them


class Answer(NamedTuple):
    """The value of one loss or metric."""

    asked: Asked
    value: float
    weight: float  # what a mean is divided by
    pairs: int | None = None
    left_out: int | None = None  # groups that have nothing to say; None without groups


class Watcher(Protocol):
    """What looks at the data on their way through the states, as for a comparison or a report."""

    needs_groups: bool  # whether it looks at groups

    def rows(self, batch: Batch) -> None:
        """Look at the next rows."""

    def groups(self, groups: WholeGroups, results: dict[Asked, GroupResults]) -> None:
        """Look at some whole groups, and at what each loss and metric is in them."""


class PartTotals(NamedTuple):
    """What a part of the rows adds up to, made on its own.

    The states of elements are of whole chunks of the stream; the rows before and after them are brought along, so that
    states of parts add up to the bits of one state of all rows.
    """

    rows: int
    groups: int
    states: tuple[bytes | None, ...]  # of each loss; None: of no rows
    left_out: tuple[int, ...] = ()  # of each loss: groups that have nothing to say
    head: tuple[Batch, ...] = ()
    tail: tuple[Batch, ...] = ()
    compared: tuple[dict[str, Moments], ...] = ()  # by what compares models, if anything does


class Totals:
    """A state for each loss and metric of each model.

    With `stream`, all rows are one group, and losses that have a state of all pairs do not keep the rows. That of each
    part of the files is made by itself, since sums of moments are rounded. With `per_group`, a table of each group's
    means is made too. A part of the stream begins at row `first`; rows of a chunk that began before it
    are others' business.
    """

    def __init__(
        self,
        losses: Sequence[Asked],
        naming: Naming,
        per_group: bool = False,
        stream: bool = False,
        first: int = 0,
        watchers: Sequence[Watcher] = (),
    ):
        self.rows = 0
        self.groups = 0
        every = [of_one for one in losses for of_one in one.of_models(naming.roles.scores)]
        self._states = {one: one.state(stream) for one in every}
        self.naming = naming
        self._per_group = per_group
        self._first = -(-first // CHUNK) * CHUNK
        self._part = 0
        self._of_part: dict[Asked, PairAccumulator] = {}
        self._aligned = Aligned(first)
        self._left_out: dict[Asked, int] = {}
        self.watchers = watchers

    @property
    def needs_groups(self) -> bool:
        """Whether whole groups are to be added, not only rows."""
        watched = any(one.needs_groups for one in self.watchers)
        return self._per_group or watched or any(isinstance(one, WHOLE_GROUPS) for one in self._states.values())

    @property
    def _comparing(self) -> list[Comparing]:
        return [one for one in self.watchers if isinstance(one, Comparing)]

    @property
    def _id_column(self) -> str:
        """The name of the ids' column in tables of groups: its own, if no other column has that."""
        own = self.naming.roles.groups or "group"
        others = {"rows", *(label for one in self._states for label in (one.label, f"{one.label}_pairs"))}
        return "group" if own in others else own

    def add_rows(self, batch: Batch) -> None:
        """Add rows to the states that take them in any batches."""
        self.rows += batch.size
        self.add_elements(batch)
        self.add_pairs(batch)
        for one in self.watchers:
            one.rows(batch)

    def add_elements(self, batch: Batch) -> None:
        """Add rows to the states that are sums over rows."""
        self._add_chunks(list(self._aligned.feed(batch)) if self._has(ExampleAccumulator) else [])
        rows = range(self._first, batch.start + batch.size)
        for one, state in self._states.items():
            if isinstance(state, Accumulator):
                with self.naming.explained(one, rows):
                    state.update(batch.scores[one.model], batch.labels, batch.weights)

    def _has(self, kind: type) -> bool:
        return any(isinstance(one, kind) for one in self._states.values())

    def _add_chunks(self, rows: Sequence[Batch]) -> None:
        """Add rows to the states that add up what they are given at a time, chunk by chunk."""
        if not rows:
            return
        whole = in_one(rows)
        for start in range(0, whole.size, OF_CLASSES):
            batch = whole.part(start, min(start + OF_CLASSES, whole.size))
            places = range(batch.start, batch.start + batch.size)
            for one, state in self._states.items():
                if isinstance(state, ExampleAccumulator):
                    scores = batch.scores[one.model]
                    with self.naming.explained(one, places, scores.shape[1]):
                        state.update(scores, batch.labels, sample_weight=batch.weights)

    def add_pairs(self, batch: Batch) -> None:
        """Add rows to the states of all pairs."""
        if batch.of_part != self._part:
            self._end_part()
            self._part = batch.of_part
        rows = range(batch.start, batch.start + batch.size)
        for one, state in self._states.items():
            if isinstance(state, PairAccumulator):
                with self.naming.explained(one, rows):
                    self._of_part.setdefault(one, one.state(stream=True)).update(
                        batch.scores[one.model], batch.labels, batch.weights
                    )

    def _end_part(self) -> None:
        for one, state in self._of_part.items():
            self._states[one].merge(state)
        self._of_part = {}

    def as_part(self, head: Sequence[Batch] = (), tail: Sequence[Batch] = ()) -> PartTotals:
        """Return what has been added, for `add_part` on another machine; `head` and `tail` belong to it."""
        self._end_part()
        states = tuple(state.to_bytes() if state.rows else None for state in self._states.values())
        left_out = tuple(self._left_out.get(one, 0) for one in self._states)
        compared = tuple(one.part() for one in self._comparing)
        return PartTotals(self.rows, self.groups, states, left_out, tuple(head), tuple(tail), compared)

    def add_part(self, part: PartTotals, what: str) -> None:
        """Add the next part of the rows, which errors call `what`."""
        self.rows += part.rows
        self.groups += part.groups
        for comparing, seen in zip(self._comparing, part.compared, strict=True):
            comparing.merge(seen)
        for batch in part.head:
            self.add_elements(batch)
        for (one, state), data, left_out in zip(self._states.items(), part.states, part.left_out, strict=True):
            self._left_out[one] = self._left_out.get(one, 0) + left_out
            if data is not None:
                with explained(f"{what}: {one.loss.name}"):
                    state.merge(type(state).from_bytes(data))
        for batch in part.tail:
            self.add_elements(batch)

    def add_groups(self, groups: WholeGroups) -> pa.Table | None:
        """Add whole groups; return a table of them if it is wanted."""
        self.groups += groups.offsets.size - 1
        results = {one: self._results(one, state, groups) for one, state in self._states.items()}
        known = {one: found for one, found in results.items() if found is not None}
        for one, found in known.items():
            self._left_out[one] = self._left_out.get(one, 0) + int(np.count_nonzero(~found.used))
        for watcher in self.watchers:
            watcher.groups(groups, known)
        if not self._per_group:
            return None
        columns = {self._id_column: self.naming.roles.own_ids(groups.ids), "rows": np.diff(groups.offsets)}
        for one, found in known.items():
            columns[one.label] = found.column
            if found.pairs is not None:
                columns[f"{one.label}_pairs"] = found.pairs
        return pa.table(columns)

    def _results(self, one: Asked, state: Any, groups: WholeGroups) -> GroupResults | None:
        """Add groups to a state, and return its results in each; None where no groups are wanted of it."""
        scores, labels, weights, offsets = groups.scores[one.model], groups.labels, groups.weights, groups.offsets
        with self.naming.explained(one, groups.rows, scores.shape[1] if scores.ndim > 1 else 1):
            if isinstance(state, GroupMean):
                return state.add(scores, labels, weights, offsets)
            if isinstance(state, GroupAccumulator):
                given = weights
                if isinstance(one.loss, QueryLoss) and weights is not None:
                    given = weights_of_groups(weights, offsets)
                return of_sums(state.add(scores, labels, given, groups=None, offsets=offsets))
            if self.naming.roles.groups is None:  # all rows are one group, and states take rows
                return None
            if not self._per_group and not any(one.needs_groups for one in self.watchers):
                return None
            words = {**one.parameters, "offsets": offsets, "sample_weight": weights}
            means = one.loss.group_means(scores, labels, **words)
        each = np.diff(offsets).astype(np.float64) if weights is None else sums_between(weights, offsets)
        return GroupResults(means, each != 0.0, each)

    def answers(self, reduction: str) -> list[Answer]:
        """Return every loss's value, in the order in which they were asked for."""
        self._end_part()
        self._add_chunks(self._aligned.tail)
        self._aligned = Aligned()
        in_groups = self.naming.roles.groups is not None
        return [
            Answer(
                one,
                state.result(reduction),
                state.weight(),
                state.pairs() if one.is_pairwise else None,
                self._left_out.get(one, 0) if in_groups and isinstance(state, WHOLE_GROUPS) else None,
            )
            for one, state in self._states.items()
        ]


def of_sums(sums: GroupSums) -> GroupResults:
    """Return each group's mean over its pairs; one without pairs, or none of a weight other than 0, says nothing."""
    is_none = ((sums.weight == 0.0) | (sums.pairs == 0)) & ~np.isnan(sums.loss)
    return GroupResults(np.divide(sums.loss, np.where(is_none, 1.0, sums.weight)), ~is_none, sums.weight, sums.pairs)
