"""A second pass over partitions: they are read again, once the first pass is over, instead of being kept until then.

A first pass has to see all partitions before the second may begin. Dask would keep what both need, in the memory of the
workers or on their disks; most collections are files, which are read twice in less time. What is in memory anyway,
persisted or made of arrays, is not made again.
"""

from collections.abc import Callable
from typing import Any

from dask._task_spec import Alias, DataNode, GraphNode, Task, TaskRef, convert_legacy_graph
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from fastloss.dask.graphs import Blocks, Key


def again(blocks: Blocks, after: Blocks) -> Blocks:
    """Return the same values, made anew after another's only value."""
    (last,) = after.keys
    nodes = _needed(blocks)
    stays = {key for key, node in nodes.items() if isinstance(node, DataNode) or _is_future(node)}
    if stays == nodes.keys():
        return blocks
    token = tokenize(last)  # the same for each column, so that what several are read from is read once
    new: dict[Key, Key] = {key: _renamed(key, token) for key in nodes.keys() - stays}
    layer: dict[Key, Any] = {}
    for key, own in new.items():
        node = nodes[key]
        if node.dependencies <= stays:  # it starts a chain
            layer[own] = _later(own, node, last)
        else:
            layer[own] = node.substitute({old: new[old] for old in node.dependencies if old in new}, key=own)
    name = f"{blocks.layer}-again-{tokenize(blocks.keys, last)}"
    graph = HighLevelGraph.merge(blocks.graph, after.graph)
    needs = {**graph.dependencies, name: {blocks.layer, after.layer}}
    keys = tuple(new.get(key, key) for key in blocks.keys)
    return Blocks(keys, name, HighLevelGraph({**graph.layers, name: layer}, needs))


def _needed(blocks: Blocks) -> dict[Key, GraphNode]:
    """Return the tasks that make the values."""
    every = convert_legacy_graph(dict(blocks.graph))
    found: dict[Key, GraphNode] = {}
    left = list(blocks.keys)
    while left:
        key = left.pop()
        if key not in found:
            found[key] = every[key]
            left.extend(every[key].dependencies)
    return found


def _is_future(node: GraphNode) -> bool:
    return type(getattr(node, "value", None)).__name__ == "Future"


def _renamed(key: Key, token: str) -> Key:
    if isinstance(key, tuple):
        return (f"{key[0]}-again-{token}", *key[1:])
    return f"{key}-again-{token}"


def _later(key: Key, node: GraphNode, last: Key) -> GraphNode:
    """Return a task that waits for another's value."""
    if isinstance(node, Alias):  # of what stays
        return Alias(key, node.target)
    if not isinstance(node, Task):
        raise AssertionError(f"{node!r} is neither a task nor another name of one")
    return Task(key, _call, TaskRef(last), node.func, *node.args, **node.kwargs)


def _call(_: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)
