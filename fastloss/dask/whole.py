"""Losses of a batch that one worker holds: a task joins the partitions, calls the loss, and cuts gradients back.

For losses without a way by blocks of rows: mining, GE2E, BPR over the whole catalogue. The numbers are those of one
process to the bit; time and memory are those of one process as well.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dask._task_spec import TaskRef

from fastloss.dask.gathered import Results, cut, given, joined, located, require_reduction
from fastloss.dask.graphs import Blocks, tasks
from fastloss.dask.workers import Job, at_work


class Made(NamedTuple):
    """What one call returned; gradients by arguments in partitions are lists."""

    value: Any
    gradients: dict[str, Any]


def value(job: Job, arguments: Mapping[str, Any], *, reduction: str = "mean") -> Blocks:
    """Return the loss of arguments that are `Blocks` of rows or lie in memory; with `with_counts`, and its counts."""
    return _results(job, arguments, reduction, ()).value


def value_and_grad(job: Job, arguments: Mapping[str, Any], *, reduction: str = "mean") -> Results:
    """Return the same, and gradients by the arguments that are given, in the order of the loss."""
    loss = job.function()
    every = {**loss.defaults, **job.given, **arguments}
    there = {name: one for name, one in every.items() if one is not None}
    return _results(job, arguments, reduction, loss.gradients_by(there))


def _results(job: Job, arguments: Mapping[str, Any], reduction: str, names: tuple[str, ...]) -> Results:
    these = given(arguments)
    made = tasks(job.loss, _call, [(job, these.plain, require_reduction(reduction), names, these.refs)], these.inputs)
    return Results(
        _picked(job.loss, _value, made, [()]),
        {name: _picked(f"{job.loss}-gradient", _gradient, made, _places(name, arguments.get(name))) for name in names},
    )


def _places(name: str, argument: Any) -> list[tuple[str, Any]]:
    return [(name, at) for at in range(len(argument.keys))] if isinstance(argument, Blocks) else [(name, None)]


def _picked(name: str, function: Any, made: Blocks, which: list[tuple[Any, ...]]) -> Blocks:
    (key,) = made.keys
    return tasks(name, function, [(TaskRef(key), *one) for one in which], [made])


def _call(job: Job, plain: dict[str, Any], reduction: str, names: tuple[str, ...], parts: dict[str, list[Any]]) -> Made:
    loss = job.function()
    with at_work(job), located(parts):
        words = {
            **job.given,
            **plain,
            **{name: joined(name, one) for name, one in parts.items()},
            "reduction": reduction,
        }
        if not names:
            return Made(loss(**words), {})
        results: tuple[Any, ...] = loss.value_and_grad(**words)
    result, slopes, *counts = results
    slopes = (slopes,) if len(names) == 1 and not isinstance(slopes, tuple) else slopes
    gradients = dict(zip(names, slopes, strict=True))
    cuts = {name: cut(gradients[name], parts[name]) for name in names if name in parts}
    return Made((result, *counts) if counts else result, {**gradients, **cuts})


def _value(made: Made) -> Any:
    return made.value


def _gradient(made: Made, name: str, at: int | None) -> Any:
    return made.gradients[name] if at is None else made.gradients[name][at]
