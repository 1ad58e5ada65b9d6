"""Arguments in partitions, brought together in one task; errors about an element name its partition and row."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from dask._task_spec import Dict

from fastloss.core import reductions
from fastloss.core.errors import Offender, offender
from fastloss.dask.graphs import Blocks, listed

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


def joined(parts: list[Any]) -> np.ndarray:
    """Return partitions as one array."""
    arrays = list(map(np.asarray, parts))
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


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
