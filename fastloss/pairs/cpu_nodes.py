"""What the CPU's fast methods for pairs of scores share: ranges of rows, and launches of blocks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import launch
from fastloss.compile.signatures import Array, Signature, array_of
from fastloss.compile.templates import bind
from fastloss.pairs.nodes import Node, ranges

PIECE = 4096  # rows selected at a time
ROWS = 1 << 16  # rows of a task; sums depend on it
NOTHING: Mapping[str, Any] = MappingProxyType({})


def tasks(nodes: list[Node]) -> np.ndarray:
    """Return ranges of rows that cover the nodes, see `nodes.ranges`."""
    return ranges(nodes, ROWS)


def few_of(tasks: np.ndarray) -> int:
    """Return how many of one node's tasks take 50 microseconds: 0, far less than one, if there are full ones."""
    return 1 if len(tasks) < 3 else 0


def few_within(count: int, rows: int) -> int:
    """Return how many of so many tasks over so many rows take 50 microseconds, where a row takes some 10 ns."""
    return 5000 * count // max(rows, 1)


class Scratch(NamedTuple):
    """A scratch array of each thread."""

    length: int
    dtype: Any


CHOSEN = Scratch(PIECE, np.uint64)  # rows that `select` has chosen


def run_block(
    block: Any,
    name: str,
    inputs: tuple[Any, ...],
    parameters: tuple[float, ...],
    outputs: tuple[Any, ...],
    chunks: int,
    scratch: tuple[Scratch, ...] = (),
    names: Mapping[str, Any] = NOTHING,
    few: int = 1,
) -> None:
    """Launch a block, compiled for the arrays' types with its open names bound.

    Scratch arrays come to the block behind its outputs. `few` is that of `launch`.
    """
    spare = tuple(array_of(one.dtype) for one in scratch)
    signature = Signature(tuple(map(Array.of, inputs)), tuple(map(Array.of, outputs)), spare)
    kernel = compiled(block, name, signature, tuple(names.items()))
    launch(kernel, inputs, np.array(parameters, np.float64), outputs, chunks, few, tuple(one.length for one in scratch))


@once
def compiled(block: Any, name: str, signature: Signature, names: tuple[tuple[str, Any], ...]) -> Kernel:
    """Compile a block for arrays of some types."""
    return kernel(bind(block, **dict(names)), name, signature)
