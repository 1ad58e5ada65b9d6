"""Layers of a Dask graph, built by hand: a layer for each step, whose keys the dashboard shows under the loss's name.

A key is "fastloss.LOSS-STEP-DIGEST": of names between hyphens Dask shows the first, and others as far as they have
letters alone (`dask.utils.key_split`).

Rejected: `dask.delayed` for each task, which makes a layer of every call and a collection of every result.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from dask._task_spec import Alias, List, Task, TaskRef
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

FAN = 8  # states that one task merges

Key = Any  # a name, or a name with a number


class Blocks(NamedTuple):
    """Values on workers, in order: the key of each, and the graph whose layer makes them."""

    keys: tuple[Key, ...]
    layer: str
    graph: HighLevelGraph

    def only(self, places: Iterable[int]) -> "Blocks":
        """Return some of the values."""
        return self._replace(keys=tuple(self.keys[at] for at in places))

    def delayed(self) -> list[Delayed]:
        """Return the values, each to be computed by Dask."""
        return [Delayed(key, self.graph, layer=self.layer) for key in self.keys]

    def plus(self, other: "Blocks") -> "Blocks":
        """Return these values and others."""
        name = f"{self.layer}-and-{tokenize(self.keys, other.keys)}"
        graph = HighLevelGraph.merge(self.graph, other.graph)
        needs = {**graph.dependencies, name: {self.layer, other.layer}}
        return Blocks((*self.keys, *other.keys), name, HighLevelGraph({**graph.layers, name: {}}, needs))


class Each(NamedTuple):
    """Arguments of a step that differ from task to task, and are known when the graph is built."""

    values: tuple[Any, ...]


def tasks(
    name: str, function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]], inputs: list[Blocks]
) -> Blocks:
    """Return the results of a function: a task for each tuple of arguments.

    A `TaskRef` in it, or in a list that is an argument, is another task's result.

    `inputs` are those to whom the references point; tasks of one name do the same to the same.
    """
    arguments = list(arguments)
    name = f"fastloss.{name}-{tokenize(name, function, arguments)}"
    keys: tuple[Key, ...] = tuple((name, at) for at in range(len(arguments)))
    layer: dict[Key, Any] = {
        key: Task(key, function, *map(_found, given)) for key, given in zip(keys, arguments, strict=True)
    }
    below = HighLevelGraph.merge(*(one.graph for one in inputs))
    needs = {**below.dependencies, name: {one.layer for one in inputs}}
    return Blocks(keys, name, HighLevelGraph({**below.layers, name: layer}, needs))


def _found(argument: Any) -> Any:
    """Return an argument as tasks have it: only in a list of Dask's own are other tasks' results looked for."""
    return List(*argument) if isinstance(argument, list) else argument


def mapped(name: str, function: Callable[..., Any], *arguments: Any) -> Blocks:
    """Return `function(*arguments)` for each partition.

    `Blocks` bring one value to each task, or their only value to all; `Each` brings one, anything else is for all.
    """
    given = [one for one in arguments if isinstance(one, Blocks)]
    count = max((len(one.keys) for one in given), default=0)
    columns = [_column(one, count) for one in arguments]
    return tasks(name, function, zip(*columns, strict=True), given)


def listed(keys: Iterable[Key]) -> List:
    """Return an argument that is the list of some tasks' results."""
    return List(*(TaskRef(key) for key in keys))


def _column(argument: Any, count: int) -> list[Any]:
    if isinstance(argument, Blocks):
        refs = [TaskRef(key) for key in argument.keys]
        return refs * count if len(refs) == 1 else refs
    return list(argument.values) if isinstance(argument, Each) else [argument] * count


def merged(name: str, function: Callable[..., Any], blocks: Blocks, *more: Any) -> Blocks:
    """Return one value of all: `function(*more, list of values in order)`, in a tree."""
    while True:
        parts = [blocks.keys[at : at + FAN] for at in range(0, len(blocks.keys), FAN)]
        blocks = tasks(name, function, [(*more, listed(part)) for part in parts], [blocks])
        if len(blocks.keys) == 1:
            return blocks


def keyed(blocks: Blocks, dimensions: int) -> Blocks:
    """Return the same values under keys of an array's blocks, which are cut along the first axis alone."""
    name = f"{blocks.layer}-array-{tokenize(blocks.keys, dimensions)}"
    keys: tuple[Key, ...] = tuple((name, at, *(0,) * dimensions)[: dimensions + 1] for at in range(len(blocks.keys)))
    layer: dict[Key, Any] = {new: Alias(new, old) for new, old in zip(keys, blocks.keys, strict=True)}
    needs = {**blocks.graph.dependencies, name: {blocks.layer}}
    return Blocks(keys, name, HighLevelGraph({**blocks.graph.layers, name: layer}, needs))


def picked(name: str, blocks: Blocks, item: Any) -> Blocks:
    """Return an item of each value."""
    return mapped(name, operator.getitem, blocks, item)
