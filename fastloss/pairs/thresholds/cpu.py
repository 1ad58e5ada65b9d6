"""The sums of `sums.py` on the CPU: both sides of nodes are sorted, and merged from either side.

Rows are parted by side and roughly by score (`partition.py`), sorted in cache (`order.py`) and merged (`merge.py`).
"""

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import partition
from fastloss.pairs.thresholds.merge import Pass, walked
from fastloss.pairs.thresholds.order import ordered


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`."""
    losses = np.zeros(len(nodes))
    sizes = np.array([one.end - one.begin for one in nodes])
    for depth, alike in ((0, sizes < partition.LARGE), (partition.DEEP, sizes >= partition.LARGE)):
        some = np.flatnonzero(alike & (sizes > 0))
        if some.size:
            losses[some] = _alike(formulas, [nodes[at] for at in some], depth, rows, parameters, wanted, results)
    return losses


def _alike(
    formulas: PairFormulas,
    nodes: list[Node],
    depth: int,
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """Return the losses of nodes that are cut into as many buckets."""
    assert formulas.power is not None
    power, orientation = formulas.power, parameters.orientation
    parts = partition.partition(nodes, rows, orientation, depth)
    by_row, derived = wanted.each or wanted.gradient or wanted.curvature, wanted.gradient or wanted.curvature
    order = ordered(partition.scattered(rows, orientation, parts), parts, by_row)
    bounds = np.column_stack((parts.sides[:-1], parts.sides[1:])).reshape(-1, 2, 2)
    sources, targets = bounds[:, 0], bounds[:, 1]
    same = np.array([one.sources == one.targets for one in nodes])
    targets = np.where(same[:, None], sources, targets)
    factors = np.array([one.factor for one in nodes])
    apart = Results.zeros(order.scores.size, wanted)

    def walk(way: Pass, wanted: Wanted) -> np.ndarray:
        return walked(power, wanted, order, way, parameters, factors, apart)

    fewer = not by_row and np.diff(sources).sum() > np.diff(targets).sum()
    own, others = (sources, targets) if fewer else (targets, sources)
    if formulas.signed:
        losses = walk(Pass(own, others, fewer), wanted) - walk(Pass(own, others, not fewer), wanted)
    else:
        losses = walk(Pass(own, others, not fewer), wanted)
    if derived:
        walk(Pass(sources, targets, False), wanted.derivatives)
    if by_row:
        partition.gathered(apart, parts, results)
    return losses
