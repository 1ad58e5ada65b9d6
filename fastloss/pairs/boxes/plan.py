"""Boxes for batches of nodes, as `sums.py` wants them on every engine: which there are, and where they lie."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from fastloss.pairs.boxes.sums import SUB, H
from fastloss.pairs.nodes import Node

BATCH_SLOTS = 1 << 18  # fine boxes of the nodes of a batch
BOXES = 4  # coarse boxes of a task: each takes some 8 microseconds
DENSE = 1 << 15  # more boxes than these, or than rows, and only the occupied ones are kept

BEGIN, END, FIRST_KEY, LAST_KEY, SLOT, PARTS, BOX, COUNT = range(8)  # columns of the nodes' integers
ORIGIN, SOURCE_LOW, SOURCE_HIGH, TARGET_LOW, TARGET_HIGH, SLOPE, CURVE = range(7)  # and of their floats

Keys = tuple[np.ndarray, bool]


class Steepness(NamedTuple):
    """sigma = scale * s, with `scale` a power of two and s in (1/2, 1]: the fewest boxes for the usual sigma, 1."""

    scale: float
    s: float


def steepness(sigma: float) -> Steepness:
    """How z is scaled for a kernel."""
    s, exponent = np.frexp(sigma)
    if s == 0.5:
        s, exponent = 1.0, exponent - 1
    if exponent > 1023:  # the scale would be infinite
        s, exponent = 2.0 * s, 1023
    return Steepness(float(np.ldexp(1.0, exponent)), float(s))


def keys_of(node: Node, scale: float, scores: Any) -> Keys:
    """The coarse boxes that a node needs, as numbers on the whole axis, and whether they have gaps."""
    low, high = sorted((scale * node.low, scale * node.high))
    first, last = np.floor(low / H), np.floor(high / H)
    rows = node.end - node.begin
    if last - first < min(DENSE, 1024 + rows) and max(-first, last) < 2.0**53:  # beyond it, not every box has a number
        return first + np.arange(int(last - first) + 1), False
    return np.unique(np.floor(scale * scores[node.begin : node.end].astype(np.float64) / H)), True


class Layout:
    """Nodes that are computed together, laid out in common buffers.

    `parts` says how many grids of moments a node has, given its rows and its fine boxes.
    """

    def __init__(self, nodes: list[Node], keys: list[Keys]):
        self.nodes = nodes
        self.keys = np.concatenate([key for key, _ in keys])
        self.floats, self.integers = np.zeros((len(nodes), 7)), np.zeros((len(nodes), 8), np.int64)
        box = slot = 0
        for at, (node, (own, sparse)) in enumerate(zip(nodes, keys, strict=True)):
            slots = own.size * SUB
            bounds = (box, box + own.size) if sparse else (0, 0)
            parts = self.parts(node.end - node.begin, slots)
            self.integers[at] = node.begin, node.end, *bounds, slot, parts, box, own.size
            self.floats[at, :5] = SUB * own[0], *node.sources, *node.targets
            box, slot = box + own.size, slot + parts * slots
        self.count, self.slots = box, slot

    def parts(self, rows: int, slots: int) -> int:
        return 1

    def factors(self, scale: float) -> None:
        """Fill in what multiplies the nodes' derivatives."""
        factors = np.array([node.factor for node in self.nodes])
        self.floats[:, SLOPE], self.floats[:, CURVE] = scale * factors, scale


def batches(nodes: list[Node], scale: float, scores: Any) -> Iterator[tuple[list[Node], list[Keys]]]:
    """Nodes and their boxes in batches of bounded memory, in the nodes' order."""
    some: list[Node] = []
    keys: list[Keys] = []
    slots = 0
    for node in nodes:
        own = keys_of(node, scale, scores)
        if some and slots + own[0].size * SUB > BATCH_SLOTS:
            yield some, keys
            some, keys, slots = [], [], 0
        some.append(node)
        keys.append(own)
        slots += own[0].size * SUB
    if some:
        yield some, keys
