"""Arguments in partitions, brought together in one task; errors about an element name its partition and row."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from dask._task_spec import Dict

from fastloss.core import reductions
from fastloss.core.errors import Offender, offender
from fastloss.dask.graphs import FAN, Blocks, Key, listed, tasks

REDUCTIONS = ("mean", "sum")


class Given(NamedTuple):
    """A loss's arguments by name: those in partitions, and those in memory."""

    blocks: dict[str, Blocks]
    plain: dict[str, Any]

    @property
    def refs(self) -> Dict:
        """The partitions, as an argument of a task."""
        return Dict({name: listed(one.keys) for name, one in self.blocks.items()})

    @property
    def inputs(self) -> list[Blocks]:
        return list(self.blocks.values())


class Results(NamedTuple):
    """A loss's value, and its gradients by argument: a block for each of its partitions, or the only one."""

    value: Blocks
    gradients: dict[str, Blocks]


def given(arguments: Mapping[str, Any]) -> Given:
    """Tell arguments in partitions from others; those that are None are left out."""
    blocks = {name: one for name, one in arguments.items() if isinstance(one, Blocks)}
    plain = {name: one for name, one in arguments.items() if one is not None and name not in blocks}
    return Given(blocks, plain)


def require_reduction(name: Any) -> str:
    """Return the reduction's name; raise a ValueError unless it makes one number of all rows."""
    return reductions.named(name, REDUCTIONS).name


def joined(name: str, parts: list[Any]) -> np.ndarray:
    """Return partitions as one array; raise where NumPy would turn numbers to strings, or round integers.

    Empty ones do not decide the dtype: those of pandas have any.
    """
    arrays = [one for one in map(np.asarray, parts) if len(one)] or [np.asarray(parts[0])]
    made = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    kinds = {one.dtype.kind for one in arrays}
    if len(kinds) > 1 and (not kinds <= set("fiub") or made.dtype.kind not in kinds):
        found = " and ".join(sorted({str(one.dtype) for one in arrays}))
        raise TypeError(f"{name} has partitions of {found}: expected one dtype; use astype")
    return made


@contextlib.contextmanager
def located(parts: Mapping[str, list[Any]]) -> Iterator[None]:
    """Name the partition and the row of an element that an error is about."""
    try:
        yield
    except ValueError as error:
        found = offender(error)
        if found is None or found.argument not in parts:
            raise
        shapes = [np.shape(one) for one in parts[found.argument]]
        ends = np.cumsum([math.prod(shape) for shape in shapes])
        partition = int(np.searchsorted(ends, found.position, side="right"))
        shape = shapes[partition]
        row = (found.position - int(ends[partition]) + math.prod(shape)) // max(math.prod(shape[1:]), 1)
        raise in_row(found, row, partition) from error


def in_row(found: Offender, row: int, partition: int) -> ValueError:
    """Return the error about an element of a row of a partition."""
    return ValueError(
        f"{found.argument}, row {row} of partition {partition}, is {found.found}: expected {found.expected}"
    )


def cut(array: np.ndarray, parts: list[Any]) -> list[np.ndarray]:
    """Cut an array as partitions are."""
    return np.split(array, np.cumsum([len(one) for one in parts])[:-1])


def _itself(array: Any) -> Any:
    return array


def as_blocks(loss: str, argument: Any) -> Blocks:
    """Return an argument's partitions; one if it lies in memory."""
    if isinstance(argument, Blocks):
        return argument
    return tasks(f"{loss}-given", _itself, [(np.asarray(argument),)], [])


def added(name: str, lists: list[list[Key]], inputs: list[Blocks]) -> Blocks:
    """Add arrays for each list of their keys, in trees: the order depends on the list's length alone."""
    while True:
        cuts = [[one[at : at + FAN] for at in range(0, len(one), FAN)] for one in lists]
        made = tasks(f"{name}-add", _add, [(listed(few),) for some in cuts for few in some], inputs)
        keys = iter(made.keys)
        lists, inputs = [[next(keys) for _ in some] for some in cuts], [made]
        if all(len(one) == 1 for one in lists):
            return made


def _add(arrays: list[np.ndarray]) -> np.ndarray:
    total = arrays[0].copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for one in arrays[1:]:
            total += one
    return total
