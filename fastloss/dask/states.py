"""States of partitions: merged in a tree as bytes, and read at its root."""

from collections.abc import Callable

from fastloss.dask.calls import Call
from fastloss.dask.graphs import Blocks, Each, mapped, merged
from fastloss.dask.workers import Job, at_work
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator
from fastloss.streaming.state import State

KINDS: dict[str, type[State]] = {one.kind: one for one in (ExampleAccumulator, GroupAccumulator, PairAccumulator)}


def of_partitions(call: Call, state_of: Callable[..., bytes], kind: str) -> Blocks:
    """Return the state of all, from each partition's, made by a function of a job, names, a number and the blocks."""
    partition = Each(tuple(call.partitions))
    parts = mapped(f"{call.loss.name}-state", state_of, call.job, call.names, partition, *call.blocks)
    return together(call, parts, kind)


def together(call: Call, parts: Blocks, kind: str) -> Blocks:
    """Return the state of all, from those of parts."""
    return merged(f"{call.loss.name}-merge", merge, parts, call.job, kind)


def value(call: Call, state: Blocks, kind: str) -> Blocks:
    """Return the value, from the state of all."""
    return mapped(call.loss.name, result, call.job, kind, call.reduction, state)


def merge(job: Job, kind: str, states: list[bytes]) -> bytes:
    """Return the state of several, on a worker."""
    with at_work(job):
        first, *others = map(KINDS[kind].from_bytes, states)
        for one in others:
            first.merge(one)
        return first.to_bytes()


def result(job: Job, kind: str, reduction: str, data: bytes) -> float:
    """Return the value, on a worker."""
    with at_work(job):
        return KINDS[kind].from_bytes(data).result(reduction)
