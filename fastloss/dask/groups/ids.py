"""Which groups several partitions share, and where each of these goes: to an owner, or nowhere if it is large.

A group is large if its rows would take more bytes than Dask's setting `fastloss.group-bytes`: a quarter of the memory
limit of the worker that decides, if there is no such setting, and `UNLIMITED` where there is no such limit.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core import validate
from fastloss.core.errors import shown
from fastloss.dask import workers
from fastloss.dask.calls import Call
from fastloss.dask.graphs import Blocks, Each, mapped, merged
from fastloss.dask.ranges import plan as range_plan
from fastloss.dask.workers import Job, at_work, values

SETTING = "fastloss.group-bytes"
SHARE = 0.25  # of a worker's memory
UNLIMITED = 256 << 20
NUMBER = 8  # bytes of each argument of a row


class Ids(NamedTuple):
    """The ids of some partitions in order, how many rows each has, and whether several partitions have it."""

    every: np.ndarray
    rows: np.ndarray
    several: np.ndarray


class Deal(NamedTuple):
    """The ids that several partitions have, in order: those that go to owners, and those of large groups."""

    shared: np.ndarray
    owners: np.ndarray  # of each of `shared`
    large: np.ndarray


def dealt(call: Call, can_be_large: bool) -> Blocks:
    """Return the deal, from a pass over the ids of all partitions; there are as many owners as partitions."""
    groups = call.columns["groups"].blocks
    ids = mapped(f"{call.loss.name}-ids", ids_of, call.job, Each(tuple(call.partitions)), groups)
    every = merged(f"{call.loss.name}-shared", united, ids)
    about = (len(call.partitions), _setting(), NUMBER * len(call.columns), can_be_large)
    return mapped(f"{call.loss.name}-deal", deal, call.job, *about, every)


def _setting() -> int | None:
    import dask
    from dask.utils import parse_bytes

    given = dask.config.get(SETTING, None)
    return None if given is None else int(parse_bytes(given))


# Functions of the workers.


def ids_of(job: Job, partition: int, ids: Any) -> Ids:
    """Return the ids of a partition."""
    with at_work(job, partition):
        array = validate.ids("groups", values(("groups",), (ids,))["groups"], np.shape(ids))
        every, rows = np.unique(array, return_counts=True)
        return Ids(every, rows, np.zeros(every.size, bool))


def united(parts: list[Ids]) -> Ids:
    """Return the ids of all."""
    parts = [one for one in parts if one.every.size] or parts[:1]
    joined = (np.concatenate(one) for one in zip(*parts, strict=True))
    ids, rows, several = joined
    every, places, counts = np.unique(ids, return_inverse=True, return_counts=True)
    places = places.reshape(-1)
    total = np.zeros(every.size, np.int64)
    np.add.at(total, places, rows)
    return Ids(every, total, (counts > 1) | (np.bincount(places, several, every.size) > 0.0))


def deal(job: Job, owners: int, setting: int | None, row: int, can_be_large: bool, ids: Ids) -> Deal:
    """Return where groups go: owners have about as many rows each, and ids that follow each other.

    Raises
    ------
    ValueError
        If a group is large, and the loss has to have it whole.
    """
    with at_work(job):
        most = max(_limit(setting) // row, range_plan.FEW)
        large = ids.several & (ids.rows > most)
        if large.any() and not can_be_large:
            at = int(np.argmax(large))
            raise ValueError(
                f"groups: group {shown(ids.every[at])} has {ids.rows[at]} rows in several partitions: expected at most"
                f" {most} for {job.loss}, which needs a group whole; Dask's setting {SETTING} allows more"
            )
        few = ids.several & ~large
        middles = np.cumsum(ids.rows[few]) - 0.5 * ids.rows[few]
        owner = (middles * (owners / max(ids.rows[few].sum(), 1))).astype(np.int64)
        return Deal(ids.every[few], np.minimum(owner, owners - 1), ids.every[large])


def _limit(setting: int | None) -> int:
    if setting is not None:
        return setting
    memory = workers.memory()
    return UNLIMITED if memory is None else int(SHARE * memory)
