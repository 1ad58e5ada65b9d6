"""Smooth losses over all pairs of rows: a state of each partition, merged in a tree; gradients in a second pass."""

from typing import Any

from fastloss.dask import states
from fastloss.dask.calls import Call
from fastloss.dask.graphs import Blocks, Each, mapped
from fastloss.dask.workers import Job, at_work, like_rows, values
from fastloss.streaming.all_pairs import PairAccumulator

KIND = PairAccumulator.kind


def value(call: Call) -> Blocks:
    """Return the value of all partitions."""
    return states.value(call, _state(call), KIND)


def derivatives(call: Call) -> tuple[Any]:
    """Return the gradient, a collection like the scores."""
    state = _state(call)
    call = call.again(state)
    about = (call.job, call.reduction, call.names, Each(tuple(call.partitions)), state)
    parts = mapped(f"{call.loss.name}-gradient", gradient, *about, *call.blocks)
    return (call.first.same_rows(parts),)


def _state(call: Call) -> Blocks:
    return states.of_partitions(call, state_of, KIND)


# Functions of the workers.


def state_of(job: Job, names: tuple[str, ...], partition: int, *given: Any) -> bytes:
    """Return the state of a partition's rows."""
    with at_work(job, partition):
        made = PairAccumulator(job.function(), job.given)
        made.update(**values(names, given))
        return made.to_bytes()


def gradient(job: Job, reduction: str, names: tuple[str, ...], partition: int, data: bytes, *given: Any) -> Any:
    """Return the gradient of a partition's rows."""
    with at_work(job, partition):
        made = PairAccumulator.from_bytes(data).gradient(**values(names, given), reduction=reduction)
        return like_rows(made, given[0])
