"""Nodes: what the fast methods for pairs of scores add up, on every engine.

A node is one bipartite sum: targets and sources are rows of a range whose labels lie in two intervals, so rows need no
sorting by label, and a group no memory of its own.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results


class Node(NamedTuple):
    """A sum over all pairs of a target and a source among the rows begin <= i < end.

    The labels of both are in two intervals that are the same or have no label in common.
    """

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


NODE, PART, BEGIN, END = range(4)  # columns of ranges of rows


class Sums(Protocol):
    """A fast method."""

    def __call__(
        self,
        formulas: PairFormulas,
        nodes: list[Node],
        rows: Columns,
        parameters: Parameters,
        wanted: Wanted,
        results: Results,
    ) -> np.ndarray:
        """Return the nodes' losses; no two nodes have a row in common.

        Losses of the targets and derivatives of all rows of the nodes are added to the results where wanted.
        """


class OneWay(Protocol):
    """What a fast method does for one node, from the targets' side."""

    def __call__(self, node: Node, parameters: Parameters, wanted: Wanted) -> float:
        """Return the node's loss; losses and derivatives of the targets are added to the results."""


def sums_one_by_one(nodes: list[Node], parameters: Parameters, wanted: Wanted, one_way: OneWay) -> np.ndarray:
    """Return the nodes' losses, each by a pass for its targets and, for derivatives, one for its sources."""
    back = Parameters(parameters.number, -parameters.orientation)
    losses = np.zeros(len(nodes))
    for at, node in enumerate(nodes):
        losses[at] = one_way(node, parameters, wanted)
        if wanted.gradient or wanted.curvature:
            one_way(node.mirrored(), back, wanted.derivatives)
    return losses


def wanted_names(wanted: Wanted, weighted: bool) -> dict[str, bool]:
    """Return what the names of the fast methods' templates mean for one set of outputs."""
    return {
        "WANT_VALUE": wanted.value or wanted.each,
        "WANT_GRADIENT": wanted.gradient,
        "WANT_CURVATURE": wanted.curvature,
        "WEIGHTED": weighted,
    }


def ranges(nodes: list[Node], most: int) -> np.ndarray:
    """Return ranges of at most so many rows that cover the nodes; their columns are NODE, PART, BEGIN and END."""
    begin, end = np.array([(one.begin, one.end) for one in nodes], np.int64).reshape(-1, 2).T
    owner, start, stop = pieces(begin, end, most)
    return np.stack((owner, np.zeros_like(owner), start, stop), axis=1)


class Pieces(NamedTuple):
    """Parts of ranges: the range of each, its begin and its end."""

    owner: np.ndarray
    begin: np.ndarray
    end: np.ndarray


def pieces(begin: np.ndarray, end: np.ndarray, most: Any) -> Pieces:
    """Cut ranges into pieces of at most so many elements."""
    counts = -((begin - end) // most)
    owner = np.repeat(np.arange(counts.size), counts)
    number = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    most = np.broadcast_to(most, counts.shape)[owner]
    start = begin[owner] + number * most
    return Pieces(owner, start, np.minimum(start + most, end[owner]))
