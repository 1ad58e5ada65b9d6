"""Nodes: what the fast methods for pairs of scores add up, on every engine.

A node is one bipartite sum: targets and sources are rows of a range whose labels lie in two intervals, so rows need no
sorting by label, and a group no memory of its own.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted


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


def ranges(nodes: list[Node], most: int) -> np.ndarray:
    """Ranges of at most so many rows (node, 0, begin, end) that cover the nodes."""
    found = [
        (at, 0, i, min(i + most, one.end)) for at, one in enumerate(nodes) for i in range(one.begin, one.end, most)
    ]
    return np.array(found, np.int64).reshape(-1, 4)
