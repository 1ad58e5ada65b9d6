"""Losses over groups: groups that lie whole in a partition are computed there, the others are brought together.

A first pass finds the ids that several partitions have. Their rows, often those of one group at each border, go to
owners, each of which gets the rows of its groups from every partition; all others stay where they are. Which ids these
are is only known when the graph runs, so each partition has a piece for each owner, most of them empty.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import validate
from fastloss.core.domains import NON_NEGATIVE
from fastloss.core.errors import offender, wrong_element
from fastloss.dask import states
from fastloss.dask.calls import Call
from fastloss.dask.gathered import in_row
from fastloss.dask.graphs import Blocks, Each, across, mapped, merged
from fastloss.dask.workers import Job, at_work, like_rows, values
from fastloss.pairs.loss import grouped
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.streaming.grouped import GroupAccumulator

KIND = GroupAccumulator.kind
MOST_OWNERS = 64  # pieces are as many as the partitions times this


class Ids(NamedTuple):
    """The ids of some partitions, and those of them that several have; both in order."""

    every: np.ndarray
    shared: np.ndarray


class Part(NamedTuple):
    """Rows by name, and where they stand in their partition."""

    columns: dict[str, np.ndarray]
    places: np.ndarray
    partition: int


class Shares(NamedTuple):
    """The rows of a partition: those of its own groups, and for each owner those of its."""

    own: Part
    pieces: tuple[Part, ...]


class Placed(NamedTuple):
    """Where the rows of whole groups are: in partitions, and with owners."""

    own: Blocks  # a part for each partition
    owned: Blocks  # for each owner, a part from each partition

    @property
    def whole(self) -> list[Blocks]:
        """Both kinds, as tuples of parts."""
        return [self.own, self.owned]


def value(call: Call) -> Blocks:
    """Return the value of all groups."""
    return states.value(call, _state(call, placed(call)), KIND)


def per_group(call: Call) -> Any:
    """Return each group's mean, a DataFrame with the columns "group" and "value"."""
    import pandas as pd
    from dask import dataframe as dd

    parts = [mapped(f"{call.loss.name}-per-group", means, call.job, one).delayed() for one in placed(call).whole]
    meta = pd.DataFrame({"group": call.columns["groups"].meta(), "value": np.empty(0)})
    return dd.from_delayed([*parts[0], *parts[1]], meta=meta, verify_meta=False)


def derivatives(call: Call) -> tuple[Any]:
    """Return the gradient, a collection like the scores."""
    shared = _shared(call)
    state = _state(call, _placed(call.again(shared), shared))
    call = call.again(state)
    about = (call.job, call.reduction, state)
    own, owned = (mapped(f"{call.loss.name}-gradient", gradients, *about, one) for one in _placed(call, shared).whole)
    back = across(f"{call.loss.name}-back", owned, len(call.partitions))
    parts = mapped(f"{call.loss.name}-rows", put_back, own, back, call.first.blocks)
    return (call.first.same_rows(parts),)


def placed(call: Call) -> Placed:
    """Bring the rows of each group together."""
    shared = _shared(call)
    return _placed(call.again(shared), shared)


def _shared(call: Call) -> Blocks:
    groups = call.columns["groups"].blocks
    ids = mapped(f"{call.loss.name}-ids", ids_of, call.job, Each(tuple(call.partitions)), groups)
    return merged(f"{call.loss.name}-shared", united, ids)


def _placed(call: Call, shared: Blocks) -> Placed:
    name, partition = call.loss.name, Each(tuple(call.partitions))
    owners = min(len(call.partitions), MOST_OWNERS)
    shares = mapped(f"{name}-split", split, call.job, call.names, owners, partition, shared, *call.blocks)
    own = mapped(f"{name}-own", own_part, shares)
    pieces = mapped(f"{name}-pieces", pieces_of, shares)
    return Placed(own, across(f"{name}-owned", pieces, owners))


def _state(call: Call, rows: Placed) -> Blocks:
    parts = [mapped(f"{call.loss.name}-state", state_of, call.job, one) for one in rows.whole]
    return states.together(call, parts[0].plus(parts[1]), KIND)


# Functions of the workers.


def ids_of(job: Job, partition: int, ids: Any) -> Ids:
    """Return the ids of a partition."""
    with at_work(job, partition):
        array = validate.ids("groups", values(("groups",), (ids,))["groups"], np.shape(ids))
        every = np.unique(array)
        return Ids(every, every[:0])


def united(parts: list[Ids]) -> Ids:
    """Return the ids of all, and those that more than one part has."""
    parts = [one for one in parts if one.every.size] or parts[:1]
    every, counts = np.unique(np.concatenate([one.every for one in parts]), return_counts=True)
    shared = np.unique(np.concatenate([every[counts > 1], *(one.shared for one in parts)]))
    return Ids(every, shared.astype(every.dtype, copy=False))


def split(job: Job, names: tuple[str, ...], owners: int, partition: int, ids: Ids, *given: Any) -> Shares:
    """Return the shares of a partition; an owner has every so many of the shared ids."""
    with at_work(job, partition):
        columns = {name: np.asarray(one) for name, one in values(names, given).items()}
        for name, one in columns.items():
            validate.same_shape((names[0], name), (columns[names[0]], one))
        groups, shared = columns["groups"], ids.shared
        every = np.arange(groups.size)
        none = _part(columns, every[:0], partition)
        if not shared.size or not groups.size:
            return Shares(Part(columns, every, partition), (none,) * owners)
        at = np.minimum(np.searchsorted(shared, groups), shared.size - 1)
        owner = np.where(shared[at] == groups, at % owners, -1)
        parts = [_part(columns, np.flatnonzero(owner == one), partition) for one in range(-1, owners)]
        return Shares(parts[0], tuple(parts[1:]))


def _part(columns: dict[str, np.ndarray], places: np.ndarray, partition: int) -> Part:
    return Part({name: one[places] for name, one in columns.items()}, places, partition)


def own_part(shares: Shares) -> tuple[Part, ...]:
    """Return the rows that stay, as the parts of an owner."""
    return (shares.own,)


def pieces_of(shares: Shares) -> tuple[Part, ...]:
    """Return the rows that go to the owners."""
    return shares.pieces


def rows_of(parts: tuple[Part, ...]) -> dict[str, np.ndarray]:
    """Return the rows of parts, one after another."""
    return {name: np.concatenate([one.columns[name] for one in parts]) for name in parts[0].columns}


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


def state_of(job: Job, parts: tuple[Part, ...]) -> bytes:
    """Return the state of whole groups, which are known to be whole: no ids are kept."""
    with at_work(job):
        made = GroupAccumulator(job.function(), job.given)
        with located(parts):
            rows = _weighted(job, rows_of(parts))
        ids = rows.pop("groups")
        if ids.size:
            found = grouped(ids, None, ids.size)
            order, by_group = found.rows, isinstance(job.function(), QueryLoss)
            for name, one in rows.items():
                if name == "sample_weight" and by_group:
                    rows[name] = one if found.order is None else one[np.argsort(found.order)]
                elif order is not None:
                    rows[name] = one[order]
            with located(parts, order):
                made.update(**rows, offsets=found.offsets)
        return made.to_bytes()


def _weighted(job: Job, rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return rows with the weights that the loss takes: of each query where it weighs queries, in the order of ids.

    Raises
    ------
    ValueError
        If rows of one query have different weights.
    """
    if "sample_weight" not in rows or not isinstance(job.function(), QueryLoss):
        return rows
    validate.within("sample_weight", validate.real("sample_weight", rows["sample_weight"]), NON_NEGATIVE)
    ids, first, places = np.unique(rows["groups"], return_index=True, return_inverse=True)
    weights = rows["sample_weight"][first]
    other = np.flatnonzero(~(weights[places.reshape(-1)] == rows["sample_weight"]))
    if other.size:
        at = int(other[0])
        expected = f"one weight for all rows of query {ids[places.reshape(-1)[at]]}, as {job.loss} weighs queries"
        raise wrong_element("sample_weight", rows["sample_weight"], at, expected)
    return {**rows, "sample_weight": weights}


def means(job: Job, parts: tuple[Part, ...]) -> Any:
    """Return each group's mean as a DataFrame."""
    import pandas as pd

    with at_work(job), located(parts):
        rows = _weighted(job, rows_of(parts))
        made = job.function()(**rows, **job.given, reduction="per_group")
        return pd.DataFrame({"group": np.unique(rows["groups"]), "value": made})


def gradients(job: Job, reduction: str, data: bytes, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the gradient of the rows of whole groups, in the parts that they came in."""
    with at_work(job):
        made = GroupAccumulator.from_bytes(data).gradient(**_weighted(job, rows_of(parts)), reduction=reduction)
        ends = np.cumsum([one.places.size for one in parts])[:-1]
        cut = zip(np.split(made, ends), parts, strict=True)
        return tuple(Part({"gradient": slopes}, one.places, one.partition) for slopes, one in cut)


def put_back(own: tuple[Part, ...], pieces: tuple[Part, ...], scores: Any) -> Any:
    """Return the gradient of a partition, in the order of its rows."""
    made = np.empty(len(scores), own[0].columns["gradient"].dtype)
    for one in (*own, *pieces):
        made[one.places] = one.columns["gradient"]
    return like_rows(made, scores)
