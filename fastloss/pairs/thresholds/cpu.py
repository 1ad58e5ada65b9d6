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
from fastloss.pairs.thresholds.order import ordered, settled, units_of


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
    for buckets, alike in ((1, sizes < partition.LARGE), (partition.MANY, sizes >= partition.LARGE)):
        some = np.flatnonzero(alike & (sizes > 0))
        if some.size:
            losses[some] = _alike(formulas, [nodes[at] for at in some], buckets, rows, parameters, wanted, results)
    return losses


def _alike(
    formulas: PairFormulas,
    nodes: list[Node],
    buckets: int,
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """Return the losses of nodes that are cut into as many buckets."""
    assert formulas.power is not None
    power, orientation = formulas.power, parameters.orientation
    parts = partition.partition(nodes, rows, orientation, buckets)
    by_row, derived = wanted.each or wanted.gradient or wanted.curvature, wanted.gradient or wanted.curvature
    units = units_of(parts)
    order = ordered(partition.scattered(rows, orientation, parts), units, by_row)
    bounds = np.column_stack((parts.sides[:-1], parts.sides[1:])).reshape(-1, 2, 2)
    sources, targets = bounds[:, 0], bounds[:, 1]
    same = np.array([one.sources == one.targets for one in nodes])
    targets = np.where(same[:, None], sources, targets)
    factors = np.array([one.factor for one in nodes])
    found = Results.zeros(order.scores.size, wanted)

    def walk(way: Pass, wanted: Wanted) -> np.ndarray:
        return walked(power, wanted, order, way, parameters, factors, found)

    turned = not by_row and np.diff(sources).sum() < np.diff(targets).sum()  # a row takes longer than one that it meets
    own, others = (sources, targets) if turned else (targets, sources)
    if formulas.signed:
        losses = walk(Pass(own, others, turned), wanted) - walk(Pass(own, others, not turned), wanted)
    else:
        losses = walk(Pass(own, others, not turned), wanted)
    if derived:
        walk(Pass(sources, targets, False), wanted.derivatives)
    if by_row:
        partition.gathered(settled(order, units, found), parts, results)
    return losses
