"""Nodes: what the fast methods for pairs of scores add up, on every engine.

A node is one bipartite sum: targets and sources are rows of a range whose labels lie in two intervals, so rows need no
sorting by label, and a group no memory of its own.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from fastloss.pairs.pair import PairFormulas


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


def ranges(nodes: list[Node], most: int) -> np.ndarray:
    """Ranges of at most so many rows (node, 0, begin, end) that cover the nodes."""
    begin, end = np.array([(one.begin, one.end) for one in nodes], np.int64).reshape(-1, 2).T
    owner, start, stop = pieces(begin, end, most)
    return np.stack((owner, np.zeros_like(owner), start, stop), axis=1)


def pieces(begin: np.ndarray, end: np.ndarray, most: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ranges cut into pieces of at most so many: which range each piece is of, where it begins and where it ends."""
    counts = -((begin - end) // most)
    owner = np.repeat(np.arange(counts.size), counts)
    number = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    most = np.broadcast_to(most, counts.shape)[owner]
    start = begin[owner] + number * most
    return owner, start, np.minimum(start + most, end[owner])
