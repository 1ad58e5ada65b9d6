"""What losses and metrics are in all groups: 8 bytes for each, and the worst groups with their ids."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fastloss.cli.page.data import Groups, WorstGroup
from fastloss.cli.reading.written import shown, written
from fastloss.cli.scoring.groups import WholeGroups
from fastloss.cli.scoring.results import GroupResults

WORST = 10


class Found(NamedTuple):
    """One of the worst groups so far."""

    badness: float
    row: int  # its first one in the stream
    group: WorstGroup

    @property
    def rank(self) -> tuple[float, int]:
        """What the worst groups are sorted by."""
        return -self.badness, self.row


class GroupValues:
    """A loss or metric of every model, in all groups so far."""

    def __init__(self, models: Sequence[str], greater_is_better: bool):
        self._sign = -1.0 if greater_is_better else 1.0
        self._values: list[np.ndarray] = []
        self._left_out = np.zeros(len(models), np.int64)
        self._worst: list[list[Found]] = [[] for _ in models]

    def add(self, groups: WholeGroups, results: dict[str, GroupResults]) -> None:
        """Add groups, of whose ids those of the worst are kept; `results` are by model."""
        values = np.array([np.where(one.used, one.values, np.nan) for one in results.values()], np.float64)
        self._values.append(values)
        self._left_out += [int(np.count_nonzero(~one.used)) for one in results.values()]
        firsts = first_rows(groups)
        for at, worst in enumerate(self._worst):
            badness = self._sign * values[at]
            order = np.lexsort((firsts, -badness))[:WORST]  # NaN last
            for k in order[~np.isnan(badness[order])].tolist():
                worst.append(Found(float(badness[k]), int(firsts[k]), _described(groups, results, values, k)))
            worst.sort(key=lambda one: one.rank)
            del worst[WORST:]

    def result(self) -> Groups | None:
        """Return the values, and each model's worst groups; None if there are no groups."""
        if not self._values:
            return None
        worst = tuple(tuple(one.group for one in some) for some in self._worst)
        return Groups(np.concatenate(self._values, axis=1), worst, tuple(self._left_out.tolist()))


def first_rows(groups: WholeGroups) -> np.ndarray:
    """Return the number of each group's first row in the stream."""
    starts = groups.offsets[:-1]
    return groups.rows.start + starts if isinstance(groups.rows, range) else np.asarray(groups.rows)[starts]


def _described(groups: WholeGroups, results: dict[str, GroupResults], values: np.ndarray, at: int) -> WorstGroup:
    assert groups.ids is not None
    pairs = next(iter(results.values())).pairs
    size = int(groups.offsets[at + 1] - groups.offsets[at])
    return WorstGroup(
        shown(written(groups.ids.slice(at, 1))[0].as_py()),
        size,
        None if pairs is None else int(pairs[at]),
        tuple(values[:, at].tolist()),
    )
