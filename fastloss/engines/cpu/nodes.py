"""Nodes: what the fast methods for pairs of scores add up, and what their engines share.

A node is one bipartite sum: targets and sources are rows of a range whose labels lie in two intervals, so rows need no
sorting by label, and a group no memory of its own. Every engine (`boxes`, `thresholds`, `separable`) has a `Sums`.
"""

from typing import Any, NamedTuple, Protocol

import numba
import numpy as np
from numba import types

from fastloss.engines import build
from fastloss.engines.cpu.launch import launch, read_only
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted

PIECE = 4096  # rows selected at a time
ROWS = 1 << 16  # rows of a task; sums depend on it


class Node(NamedTuple):
    """A sum over all pairs of a target and a source among the rows begin <= i < end."""

    begin: int
    end: int
    sources: tuple[float, float]
    targets: tuple[float, float]
    low: float  # of the rows' scores
    high: float
    factor: float = 1.0  # multiplies the derivatives

    def mirrored(self) -> "Node":
        """The same pairs from the sources' side, in coordinates of the other sign."""
        return self._replace(sources=self.targets, targets=self.sources)


class Parameters(NamedTuple):
    """The formulas' parameter for gaps orientation * (target - source)."""

    number: float
    orientation: float = 1.0


class Sums(Protocol):
    """A fast method."""

    def __call__(
        self, formulas: PairFormulas, nodes: list[Node], rows: Any, parameters: Parameters, task: Any
    ) -> np.ndarray:
        """The nodes' losses; no two nodes have a row in common.

        `rows` is (scores, labels, weights), `task` is `Wanted` and (each, gradient, curvature): losses of the targets
        and derivatives of all rows of the nodes are added to these where wanted.
        """


def derivatives(wanted: Wanted) -> Wanted:
    """What is wanted of the sources."""
    return Wanted(gradient=wanted.gradient, curvature=wanted.curvature)


def tasks(nodes: list[Node]) -> np.ndarray:
    """Ranges of rows (node, 0, begin, end) that cover the nodes."""
    ranges = [
        (at, 0, i, min(i + ROWS, one.end)) for at, one in enumerate(nodes) for i in range(one.begin, one.end, ROWS)
    ]
    return np.array(ranges, np.int64).reshape(-1, 4)


_kernels: dict[Any, tuple[Any, Any]] = {}


def run_block(block: Any, name: str, arrays: tuple[Any, ...], chunks: int, **names: Any) -> None:
    """Launch a block on (inputs, parameters, outputs), compiled for their types with `names` bound."""
    inputs, parameters, outputs = arrays
    arrays = (tuple(map(read_only, inputs)), read_only(np.array(parameters, np.float64)), outputs)
    # numba.typeof takes longer than a short kernel runs, so it is asked once for arrays of one kind
    kinds = tuple((array.dtype.char, array.ndim) for array in (*inputs, *outputs))
    key = (block, name, len(inputs), kinds, *names.items())
    if key not in _kernels:
        _kernels[key] = _compiled(block, name, tuple(map(numba.typeof, arrays)), names)
    kernel, signature = _kernels[key]
    with np.errstate(all="ignore"):  # with the JIT off, NumPy's numbers warn
        launch(kernel, signature, arrays, chunks)


def _compiled(block: Any, name: str, kinds: tuple[Any, ...], names: dict[str, Any]) -> tuple[Any, Any]:
    signature = types.void(*kinds, types.int64, types.int64)
    bound = build.bind(block, **names)
    return build.loop(bound, name, signature, **build.inner_loops(bound)), signature
