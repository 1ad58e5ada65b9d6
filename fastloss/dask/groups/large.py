"""Groups too large for one worker: their rows stay in their partitions, as those of all pairs without groups do.

There are two ways, as without groups: states of smooth losses (`large_states.py`), and ranges by score of hinges and
counts (`large_ranges.py`). Both return the sums of each large group, and a gradient of each row in which the mean is
that of its group. Keys are places among the deal's large ids.
"""

import math
from typing import Any

import numpy as np

from fastloss.dask.calls import Call
from fastloss.dask.graphs import Blocks, mapped
from fastloss.dask.groups import large_ranges, large_states
from fastloss.dask.groups.ids import Deal
from fastloss.dask.groups.large_rows import Found, places_by_group
from fastloss.dask.groups.rows import Part
from fastloss.dask.workers import Job, at_work
from fastloss.pairs import metrics
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pairs.metrics import CountSums
from fastloss.streaming.all_pairs import can_accumulate
from fastloss.streaming.grouped import GroupAccumulator


def _way(call: Call) -> Any:
    loss = call.loss
    if not isinstance(loss, PairwiseLoss):
        return large_ranges if loss.name in metrics.__all__ else None
    if can_accumulate(loss, call.parameters):
        return large_states
    return large_ranges if loss.formulas.power and call.parameters.get("pairs") == "ordered" else None


def can_be(call: Call) -> bool:
    """Return whether large groups can be computed; a loss over lists, or over all pairs of a group, has none."""
    return _way(call) is not None


def found(call: Call, deal: Blocks, parts: Blocks) -> Blocks:
    """Return what the large groups add up to: a list of `Found`, one of each."""
    made: Blocks = _way(call).found(call, deal, parts)
    return made


def gradients(call: Call, deal: Blocks, parts: Blocks, again: Blocks, state: Blocks) -> Blocks:
    """Return the gradient of the rows in large groups, a tuple of a part for each partition.

    `parts` are those of the first pass, `again` of the second; `state` is that of all groups.
    """
    slopes = _way(call).gradients(call, deal, parts, again)
    about = (call.job, call.reduction, state, deal, found(call, deal, parts))
    return mapped(f"{call.loss.name}-large", scaled, *about, again, slopes)


# Functions of the workers.


def state_of(job: Job, found: list[Found]) -> bytes:
    """Return the state of large groups."""
    with at_work(job):
        made = GroupAccumulator(job.function(), job.given)
        for one in found:
            made.add_group(one.rows, one.pairs, one.weighted, one.sums)
        return made.to_bytes()


def means(job: Job, weighted: bool, deal: Deal, found: list[Found]) -> Any:
    """Return each large group's mean as a DataFrame."""
    import pandas as pd

    with at_work(job):
        made = np.array([_mean(job, weighted, one) for one in found], np.float64)
        return pd.DataFrame({"group": deal.large, "value": made})


def _mean(job: Job, weighted: bool, one: Found) -> float:
    _, total, weight = one.sums
    if job.loss in metrics.__all__:
        return float(metrics.counted(job.loss, CountSums(np.array([total]), np.array([weight])), weighted))
    return total / weight if weight != 0.0 else math.nan


def scaled(
    job: Job, reduction: str, state: bytes, deal: Deal, found: list[Found], part: Part, slopes: list[np.ndarray]
) -> tuple[Part]:
    """Return the gradient of a partition's rows in large groups, from that of the groups' own means."""
    with at_work(job):
        gradient = np.empty(part.places.size, slopes[0].dtype if slopes else np.float64)
        all_groups = GroupAccumulator.from_bytes(state)
        for places, one, own in zip(places_by_group(deal, part), found, slopes, strict=True):
            share = all_groups.share(one.sums) if reduction == "mean" else 1.0
            gradient[places] = own * own.dtype.type(share)
        return (Part({"gradient": gradient}, part.places, part.partition),)
