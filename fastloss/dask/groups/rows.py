"""The rows of a partition, told apart by where their groups are computed, and results put back in their order."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import validate
from fastloss.core.errors import offender
from fastloss.dask.calls import Call
from fastloss.dask.exchange import Parcels, exchanged
from fastloss.dask.gathered import in_row
from fastloss.dask.graphs import Blocks, Each, mapped, picked
from fastloss.dask.groups.ids import Deal
from fastloss.dask.workers import Job, at_work, like_rows, values


class Part(NamedTuple):
    """Rows by name, and where they stand in their partition."""

    columns: dict[str, np.ndarray]
    places: np.ndarray
    partition: int

    def only(self, places: np.ndarray) -> "Part":
        """Return some of the rows."""
        columns = {name: one[places] for name, one in self.columns.items()}
        return Part(columns, self.places[places], self.partition)


class Shares(NamedTuple):
    """The rows of a partition: those of its own groups, those that go to owners, and those of large groups."""

    own: tuple[Part, ...]  # one part, as of an owner
    pieces: Parcels
    large: Part


class Placed(NamedTuple):
    """Where rows are."""

    own: Blocks  # for each partition, the part that stays as a tuple
    owned: Blocks  # for each owner, parts from some partitions
    large: Blocks  # for each partition, a part that stays

    @property
    def whole(self) -> list[Blocks]:
        """The rows of whole groups, as tuples of parts."""
        return [self.own, self.owned]


def placed(call: Call, deal: Blocks) -> Placed:
    """Bring the rows of each group together, but of large ones."""
    name, partition = call.loss.name, Each(tuple(call.partitions))
    owners = len(call.partitions)
    shares = mapped(f"{name}-split", split, call.job, call.names, owners, partition, deal, *call.blocks)
    own, pieces, large = (picked(f"{name}-{one}", shares, at) for at, one in enumerate(Shares._fields))
    return Placed(own, exchanged(f"{name}-owned", pieces, owners), large)


# Functions of the workers.


def split(job: Job, names: tuple[str, ...], owners: int, partition: int, deal: Deal, *given: Any) -> Shares:
    """Return the shares of a partition. The first one has a part without rows for each owner, so that none has none."""
    with at_work(job, partition):
        columns = {name: np.asarray(one) for name, one in values(names, given).items()}
        for name, one in columns.items():
            validate.same_shape((names[0], name), (columns[names[0]], one))
        groups = columns["groups"]
        every = Part(columns, np.arange(groups.size), partition)
        none = every.only(every.places[:0])
        pieces = dict.fromkeys(range(owners if partition == 0 else 0), (none,))
        goes = places_of(deal.shared, groups)
        owner = np.where(goes < 0, -1, deal.owners[goes] if deal.owners.size else -1)
        is_large = places_of(deal.large, groups) >= 0
        goes_away = np.flatnonzero(owner >= 0)
        if not (goes_away.size or is_large.any()):
            return Shares((every,), pieces, none)
        order = goes_away[np.argsort(owner[goes_away], kind="stable")]
        found, first = np.unique(owner[order], return_index=True)
        ends = np.append(first, order.size)
        for at, one in enumerate(found.tolist()):
            pieces[one] = (every.only(order[ends[at] : ends[at + 1]]),)
        own = np.flatnonzero((owner < 0) & ~is_large)
        return Shares((every.only(own),), pieces, every.only(np.flatnonzero(is_large)))


def places_of(ids: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return where each of `groups` stands among `ids`, which are in order; -1 if it does not."""
    if not ids.size or not groups.size:
        return np.full(groups.size, -1)
    at = np.minimum(np.searchsorted(ids, groups), ids.size - 1)
    return np.where(ids[at] == groups, at, -1)


def rows_of(parts: tuple[Part, ...]) -> dict[str, np.ndarray]:
    """Return the rows of parts, one after another; parts without rows do not decide the dtype."""
    some = [one for one in parts if one.places.size] or parts[:1]
    return {name: np.concatenate([one.columns[name] for one in some]) for name in parts[0].columns}


@contextlib.contextmanager
def located(parts: tuple[Part, ...], order: np.ndarray | None = None) -> Iterator[None]:
    """Name the partition and the row of an element of `rows_of(parts)`, in some order, that an error is about."""
    try:
        yield
    except ValueError as error:
        found = offender(error)
        if found is None or found.argument not in parts[0].columns:
            raise
        at = found.position if order is None else int(order[found.position])
        ends = np.cumsum([one.places.size for one in parts])
        own = int(np.searchsorted(ends, at, side="right"))
        row = int(parts[own].places[at - int(ends[own])])  # from the part's end
        raise in_row(found, row, parts[own].partition) from error


def put_back(own: tuple[Part, ...], pieces: tuple[Part, ...], large: tuple[Part, ...], scores: Any) -> Any:
    """Return the gradient of a partition, in the order of its rows."""
    made = np.empty(len(scores), own[0].columns["gradient"].dtype)
    for one in (*own, *pieces, *large):
        made[one.places] = one.columns["gradient"]
    return like_rows(made, scores)
