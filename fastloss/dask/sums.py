"""Losses that are sums over examples: a state of each partition, merged in a tree; gradients in a second pass."""

from typing import Any

import numpy as np

from fastloss.dask import norms, states
from fastloss.dask.calls import Call
from fastloss.dask.collections import whole
from fastloss.dask.graphs import Blocks, Each, mapped, merged, picked
from fastloss.dask.workers import Job, at_work, like_rows, values
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.streaming.examples import ExampleAccumulator

KIND = ExampleAccumulator.kind


def can_sum(call: Call) -> bool:
    """Return whether the loss is a sum over examples, with the parameters that it is given."""
    if not norms.is_known(call):
        return False
    given = norms.with_number(call)
    words = {name: one for name, one in call.loss.defaults.items() if name not in given.whole}
    try:
        call.loss.require_additive({**words, **given.parameters})
    except ValueError:
        return False
    return True


def value(call: Call) -> Blocks:
    """Return the value of all partitions."""
    return states.value(call, _state(norms.with_number(call)), KIND)


def each(call: Call) -> Any:
    """Return each example's loss, as a collection like the first argument."""
    call = norms.with_number(call)
    partition = Each(tuple(call.partitions))
    made = mapped(f"{call.loss.name}-each", losses, call.job, call.names, partition, *call.blocks)
    own = call.first.dimensions
    return call.first.same_rows(made, own if isinstance(call.loss, PointwiseLoss) else max(own - 1, 1))


def derivatives(call: Call) -> tuple[Any, ...]:
    """Return the gradient and, for "grad_hess", the curvature: collections like the arguments that they are by.

    The gradient by an argument that all partitions share is a lazy array: the partitions' sum.
    """
    call = norms.with_number(call)
    partition = Each(tuple(call.partitions))
    reduction = "sum" if call.reduction == "none" else call.reduction
    state = _state(call)
    call = call.again(state)
    about = (call.job, call.what, reduction, call.names, partition, state)
    parts = mapped(f"{call.loss.name}-gradient", of_partition, *about, *call.blocks)
    count = 2 if call.what == "grad_hess" else 1
    return tuple(_collections(call, picked(f"{call.loss.name}-kind", parts, kind)) for kind in range(count))


def _collections(call: Call, parts: Blocks) -> Any:
    made: list[Any] = []
    for at, name in enumerate(call.gradients_by):
        one = picked(f"{call.loss.name}-by-{name}", parts, at)
        if name in call.columns:
            target = call.columns[name]
            if target.is_frame:
                one = mapped(f"{call.loss.name}-by-{name}-rows", like_rows, one, target.blocks)
            made.append(target.same_rows(one, target.dimensions))
        else:
            made.append(whole(merged(f"{call.loss.name}-by-{name}-sum", added, one), call.given(name)))
    return made[0] if len(made) == 1 else tuple(made)


def _state(call: Call) -> Blocks:
    return states.of_partitions(call, state_of, KIND)


# Functions of the workers.


def state_of(job: Job, names: tuple[str, ...], partition: int, *given: Any) -> bytes:
    """Return the state of a partition."""
    with at_work(job, partition):
        made, arguments, words = _begin(job, names, given)
        made.update(*arguments, **words)
        return made.to_bytes()


def _begin(
    job: Job, names: tuple[str, ...], given: tuple[Any, ...]
) -> tuple[ExampleAccumulator, list[Any], dict[str, Any]]:
    """Return a state without examples, the loss's arguments, and its keywords that are arrays."""
    loss, arrays = job.function(), values(names, given)
    numbers = {name: arrays.pop(name) for name in names if name in loss.parameters and not np.ndim(arrays[name])}
    arguments = [arrays.pop(name) for name in loss.arguments]
    return ExampleAccumulator(loss, {**job.given, **numbers}), arguments, arrays


def losses(job: Job, names: tuple[str, ...], partition: int, *given: Any) -> Any:
    """Return each example's loss."""
    with at_work(job, partition):
        made = job.function()(**values(names, given), **job.given, reduction="none")
        return like_rows(made, given[0])


def of_partition(
    job: Job, what: str, reduction: str, names: tuple[str, ...], partition: int, data: bytes, *given: Any
) -> tuple[tuple[Any, ...], ...]:
    """Return a partition's derivatives: for each kind, those by each argument."""
    with at_work(job, partition):
        _, arguments, words = _begin(job, names, given)
        found = ExampleAccumulator.from_bytes(data).derivatives(what, *arguments, reduction=reduction, **words)
        return tuple(tuple(one) if isinstance(one, tuple) else (one,) for one in found)


def added(arrays: list[Any]) -> Any:
    """Return the sum of arrays, in their order."""
    return sum(arrays[1:], start=arrays[0])
