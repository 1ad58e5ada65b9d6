"""The losses' sums over all that has been read."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.arrays import first_inexact
from fastloss.cli.asked import Asked
from fastloss.cli.batches import Batch
from fastloss.cli.groups import Closed
from fastloss.pairs.boxes.sums import NoState
from fastloss.pairs.loss import GroupSums
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.grouped import GroupAccumulator

Columns = dict[str, Any]


class Answer(NamedTuple):
    """One loss's value."""

    asked: Asked
    value: float
    weight: float  # what a mean is divided by
    pairs: int | None


def group_means(sums: GroupSums) -> pa.Array:
    """Each group's mean over its pairs, null where there is none, or none of a weight other than 0."""
    is_none = (sums.weight == 0.0) & ~np.isnan(sums.loss)
    return pa.array(np.divide(sums.loss, np.where(is_none, 1.0, sums.weight)), mask=is_none)


class Totals:
    """All losses' sums; `write` takes each group's id, rows and means, where they are wanted.

    With `stream`, the rows are one group, and the losses over pairs that can be accumulated need not keep them.
    """

    def __init__(
        self,
        losses: Sequence[Asked],
        write: Callable[[pa.Array, np.ndarray, Columns], None] | None = None,
        stream: bool = False,
    ):
        self.pointwise = {one.label: Accumulator(one.loss, one.parameters) for one in losses if not one.is_pairwise}
        self.streamed = {
            one.label: PairAccumulator(one.loss, one.parameters) for one in losses if stream and one.can_accumulate
        }
        self.pairwise = {
            one.label: GroupAccumulator(one.loss, one.parameters)
            for one in losses
            if one.is_pairwise and one.label not in self.streamed
        }
        self.rows = 0
        self.groups = 0
        self._losses = losses
        self._write = write

    def add_rows(self, batch: Batch) -> None:
        """Rows, for the pointwise losses."""
        self.rows += batch.size
        for state in self.pointwise.values():
            state.update(batch.scores, batch.labels, batch.weights)
        if self.streamed and any(first_inexact(column) is not None for column in (batch.scores, batch.labels)):
            raise NoState  # a state is of float64; whole groups keep the order of integers
        for whole in self.streamed.values():
            whole.update(batch.scores, batch.labels, batch.weights)

    def add_groups(self, closed: Closed) -> None:
        """Whole groups, for the pairwise losses and for the file of groups."""
        self.groups += closed.offsets.size - 1
        columns: Columns = {}
        for one in self._losses:
            if one.label in self.pairwise:
                sums = self.pairwise[one.label].add(*closed[:3], groups=None, offsets=closed.offsets)
                columns[one.label] = group_means(sums)
                columns[f"{one.label}_pairs"] = sums.pairs
            elif self._write is not None and not one.is_pairwise:
                words = {**one.parameters, "offsets": closed.offsets, "sample_weight": closed.weights}
                columns[one.label] = one.loss.group_means(closed.scores, closed.labels, **words)
        if self._write is not None and closed.ids is not None:
            self._write(closed.ids, np.diff(closed.offsets), columns)

    def answers(self, reduction: str) -> list[Answer]:
        """Every loss's value, in the order in which they were asked for."""
        return [self._answer(one, reduction) for one in self._losses]

    def _answer(self, one: Asked, reduction: str) -> Answer:
        if not one.is_pairwise:
            state = self.pointwise[one.label]
            return Answer(one, state.result(reduction), state.weight(), None)
        pairs = self.streamed[one.label] if one.label in self.streamed else self.pairwise[one.label]
        return Answer(one, pairs.result(reduction), pairs.weight(), pairs.pairs())
