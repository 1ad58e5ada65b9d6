"""The losses' sums over all that has been read."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fastloss import reduce
from fastloss.cli.arrays import first_inexact
from fastloss.cli.asked import Asked
from fastloss.cli.batches import Batch
from fastloss.cli.groups import Closed
from fastloss.pair_streaming import PairAccumulator
from fastloss.pairs import GroupSums
from fastloss.shapes.boxes import NoState
from fastloss.streaming import Accumulator

USUAL = 200  # powers of two between which products of weights and losses are far from the range's ends

Columns = dict[str, Any]


class Answer(NamedTuple):
    """One loss's value."""

    asked: Asked
    value: float
    weight: float  # what a mean is divided by
    pairs: int | None


class PairTotals:
    """The sums of a pairwise loss over groups."""

    def __init__(self) -> None:
        self.loss = reduce.ExactSum()
        self.weight = reduce.ExactSum()
        self.pairs = 0


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
            one.label: PairTotals() for one in losses if one.is_pairwise and one.label not in self.streamed
        }
        self.rows = 0
        self.groups = 0
        self._losses = losses
        self._write = write
        self._power: int | None = None  # of two, by which weights are divided so that their products are in range

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
            words = {**one.parameters, "offsets": closed.offsets, "sample_weight": closed.weights}
            if one.label in self.pairwise:
                words["sample_weight"] = self._in_range(closed.weights)
                sums = one.loss.group_sums(closed.scores, closed.labels, **words)
                total = self.pairwise[one.label]
                total.loss.add(sums.loss)
                total.weight.add(sums.weight)
                total.pairs += int(sums.pairs.sum())
                columns[one.label] = group_means(sums)
                columns[f"{one.label}_pairs"] = sums.pairs
            elif self._write is not None and not one.is_pairwise:
                columns[one.label] = one.loss.group_means(closed.scores, closed.labels, **words)
        if self._write is not None and closed.ids is not None:
            self._write(closed.ids, np.diff(closed.offsets), columns)

    def _in_range(self, weights: np.ndarray | None) -> np.ndarray | None:
        """Weights in another unit, the same for all groups, if the first ones are far from 1."""
        if weights is None:
            return None
        largest = float(weights.max(initial=0.0))
        if self._power is None and 0.0 < largest < np.inf:
            power = math.frexp(largest)[1]
            self._power = power if abs(power) > USUAL else 0
        return np.ldexp(weights.astype(np.float64), -self._power) if self._power else weights

    def answers(self, reduction: str) -> list[Answer]:
        """Every loss's value, in the order in which they were asked for."""
        return [self._answer(one, reduction) for one in self._losses]

    def _answer(self, one: Asked, reduction: str) -> Answer:
        if not one.is_pairwise:
            state = self.pointwise[one.label]
            return Answer(one, state.result(reduction), state.weight(), None)
        if one.label in self.streamed:
            whole = self.streamed[one.label]
            return Answer(one, whole.result(reduction), whole.weight(), whole.pairs())
        total = self.pairwise[one.label]
        loss, weight = total.loss.value(), total.weight.value()
        with np.errstate(over="ignore"):
            unit = 2 * (self._power or 0)
            true_loss, true_weight = float(np.ldexp(loss, unit)), float(np.ldexp(weight, unit))
        value = reduce.mean(loss, weight) if reduction == "mean" else true_loss
        return Answer(one, value, true_weight, total.pairs)
