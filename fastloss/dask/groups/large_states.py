"""Smooth losses of large groups: a state of each, merged as those of all rows are (`all_pairs.py`)."""

from typing import Any

import numpy as np

from fastloss.dask.calls import Call
from fastloss.dask.graphs import Blocks, mapped, merged
from fastloss.dask.groups.ids import Deal
from fastloss.dask.groups.large_rows import Found, arguments, named, parts_by_group
from fastloss.dask.groups.rows import Part
from fastloss.dask.workers import Job, at_work
from fastloss.streaming.all_pairs import PairAccumulator


def found(call: Call, deal: Blocks, parts: Blocks) -> Blocks:
    """Return what the large groups add up to."""
    return mapped(f"{call.loss.name}-found", _found, call.job, _states(call, deal, parts))


def gradients(call: Call, deal: Blocks, parts: Blocks, again: Blocks) -> Blocks:
    """Return for each partition a list of the gradients of its rows in each group."""
    states = _states(call, deal, parts)
    return mapped(f"{call.loss.name}-slopes", _slopes, call.job, call.reduction, deal, states, again)


def _states(call: Call, deal: Blocks, parts: Blocks) -> Blocks:
    made = mapped(f"{call.loss.name}-states", _states_of, call.job, deal, parts)
    return merged(f"{call.loss.name}-merged", _merge, made)


# Functions of the workers.


def _states_of(job: Job, deal: Deal, part: Part) -> list[bytes]:
    with at_work(job):
        return [_state_of(job, deal, at, one) for at, one in enumerate(parts_by_group(deal, part))]


def _state_of(job: Job, deal: Deal, at: int, part: Part) -> bytes:
    made = PairAccumulator(job.function(), job.given)
    with named(deal, at, part):
        made.update(**arguments(part))
    return made.to_bytes()


def _merge(parts: list[list[bytes]]) -> list[bytes]:
    return [_merged(states) for states in zip(*parts, strict=True)]


def _merged(states: tuple[bytes, ...]) -> bytes:
    first, *others = map(PairAccumulator.from_bytes, states)
    for one in others:
        first.merge(one)
    return first.to_bytes()


def _found(job: Job, states: list[bytes]) -> list[Found]:
    with at_work(job):
        made = map(PairAccumulator.from_bytes, states)
        return [Found(one.rows, one.pairs(), one.weighted, one.sums()) for one in made]


def _slopes(job: Job, reduction: str, deal: Deal, states: list[bytes], part: Part) -> list[np.ndarray]:
    with at_work(job):
        made: list[Any] = []
        for state, one in zip(states, parts_by_group(deal, part), strict=True):
            made.append(PairAccumulator.from_bytes(state).gradient(**arguments(one), reduction=reduction))
        return made
