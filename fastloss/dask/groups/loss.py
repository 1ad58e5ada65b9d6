"""Losses over groups: groups that lie whole in a partition are computed there, the others are brought together.

A first pass finds the ids that several partitions have. Their rows, often those of one group at each border, go to
owners, each of which gets all rows of its groups; those of large groups stay, and are computed as all pairs of rows
without groups are (`large.py`). All others stay as well. Which ids these are is only known when the graph runs.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core import validate
from fastloss.core.domains import NON_NEGATIVE
from fastloss.core.errors import wrong_element
from fastloss.dask import states
from fastloss.dask.calls import Call
from fastloss.dask.exchange import Parcels, exchanged
from fastloss.dask.graphs import Blocks, mapped
from fastloss.dask.groups import large
from fastloss.dask.groups.ids import dealt
from fastloss.dask.groups.rows import Part, Placed, located, placed, put_back, rows_of
from fastloss.dask.workers import Job, at_work
from fastloss.pairs.loss import grouped
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.streaming.grouped import GroupAccumulator

KIND = GroupAccumulator.kind


def value(call: Call) -> Blocks:
    """Return the value of all groups."""
    return states.value(call, _first_pass(call).state, KIND)


def per_group(call: Call) -> Any:
    """Return each group's mean, a DataFrame with the columns "group" and "value"."""
    import pandas as pd
    from dask import dataframe as dd

    deal = dealt(call, large.can_be(call))
    rows = placed(call.again(deal), deal)
    parts = [mapped(f"{call.loss.name}-per-group", means, call.job, one) for one in rows.whole]
    if large.can_be(call):
        about = (call.job, "sample_weight" in call.columns, deal, large.found(call, deal, rows.large))
        parts.append(mapped(f"{call.loss.name}-per-group", large.means, *about))
    meta = pd.DataFrame({"group": call.columns["groups"].meta(), "value": np.empty(0)})
    return dd.from_delayed([each for one in parts for each in one.delayed()], meta=meta, verify_meta=False)


def derivatives(call: Call) -> tuple[Any]:
    """Return the gradient, a collection like the scores."""
    name = call.loss.name
    first = _first_pass(call)
    call = call.again(first.state)
    about = (call.job, call.reduction, first.state)
    rows = placed(call, first.deal)
    own, owned = (mapped(f"{name}-gradient", gradients, *about, one) for one in rows.whole)
    back = exchanged(f"{name}-back", mapped(f"{name}-sent", sent, owned), len(call.partitions))
    stayed = large.gradients(call, first.deal, first.rows.large, rows.large, first.state) if large.can_be(call) else ()
    parts = mapped(f"{name}-rows", put_back, own, back, stayed, call.first.blocks)
    return (call.first.same_rows(parts),)


class _FirstPass(NamedTuple):
    deal: Blocks
    rows: Placed
    state: Blocks


def _first_pass(call: Call) -> _FirstPass:
    deal = dealt(call, large.can_be(call))
    rows = placed(call.again(deal), deal)
    own, owned = (mapped(f"{call.loss.name}-state", state_of, call.job, one) for one in rows.whole)
    parts = own.plus(owned)
    if large.can_be(call):
        parts = parts.plus(
            mapped(f"{call.loss.name}-state", large.state_of, call.job, large.found(call, deal, rows.large))
        )
    return _FirstPass(deal, rows, states.together(call, parts, KIND))


# Functions of the workers.


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


def sent(parts: tuple[Part, ...]) -> Parcels:
    """Return parts by the partition that they go back to."""
    return {one.partition: (one,) for one in parts if one.places.size}
