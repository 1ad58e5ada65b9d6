"""`--worst`: the quantiles of losses and metrics over groups, and the groups in which each is worst."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from fastloss.cli.output.tables import plain
from fastloss.cli.reading.written import written_table
from fastloss.cli.scoring.asked import Asked
from fastloss.metrics import GroupSummary, summarize_groups

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


class TableSink(Protocol):
    """What takes tables of groups."""

    def append(self, table: pa.Table) -> None:
        """Take the next groups."""

    def restart(self) -> None:
        """Forget the groups of a pass that is given up."""


class Tables:
    """Several sinks, of which each takes all tables."""

    def __init__(self, sinks: Iterable[TableSink]):
        self._sinks = list(sinks)

    def __bool__(self) -> bool:
        return bool(self._sinks)

    def append(self, table: pa.Table) -> None:
        """Take the next groups."""
        for one in self._sinks:
            one.append(table)

    def restart(self) -> None:
        """Forget the groups of a pass that is given up."""
        for one in self._sinks:
            one.restart()


class WorstGroup(NamedTuple):
    """A group in which a loss is among the worst."""

    group: Any
    rows: int
    value: float


class OverGroups(NamedTuple):
    """What one loss or metric is over groups."""

    label: str
    summary: GroupSummary  # of the groups that are not NaN
    worst: list[WorstGroup]
    nans: int = 0  # groups whose value is NaN, as by a score that is: they are the worst

    @property
    def mean(self) -> float:
        """The mean over groups; NaN if one is."""
        return float("nan") if self.nans else self.summary.mean

    @property
    def record(self) -> dict[str, Any]:
        """Return it as a part of a document."""
        quantiles = zip(QUANTILES, self.summary.quantiles.tolist(), strict=True)
        return {
            "label": self.label,
            "mean": plain(self.mean),
            "groups": self.summary.used + self.nans,
            "groups_left_out": self.summary.left_out - self.nans,
            "groups_nan": self.nans,
            "quantiles": {f"{level:g}": plain(value) for level, value in quantiles},
            "worst": [{**one._asdict(), "value": plain(one.value)} for one in self.worst],
        }


class Summaries:
    """Collects the values of all groups: some 8 bytes for each loss and group, and the ids."""

    def __init__(self, worst: int):
        self._worst = worst
        self._tables: list[pa.Table] = []

    def append(self, table: pa.Table) -> None:
        """Take the next groups."""
        self._tables.append(table)

    def restart(self) -> None:
        """Forget the groups of a pass that is given up."""
        self._tables.clear()

    def found(self, asked: Sequence[Asked]) -> list[OverGroups]:
        """Return what each loss and metric is over all groups."""
        return [self._of(one) for one in asked] if self._tables else []

    def _of(self, one: Asked) -> OverGroups:
        table = pa.concat_tables(self._tables)
        column = table[one.label]
        values = column.to_numpy()  # null, too, is NaN
        nans = np.flatnonzero(np.isnan(values) & ~column.is_null().to_numpy())
        better = one.greater_is_better
        summary = summarize_groups(values, quantiles=QUANTILES, worst=self._worst, greater_is_better=better)
        places = np.append(nans, np.asarray(summary.worst.ids, np.int64))[: self._worst]
        groups, rows = written_table(table.select([0, 1]).take(pa.array(places))).to_pydict().values()
        worst = [WorstGroup(*group) for group in zip(groups, rows, values[places].tolist(), strict=True)]
        return OverGroups(one.label, summary, worst, nans.size)
