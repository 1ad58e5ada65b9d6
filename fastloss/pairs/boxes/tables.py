"""What boxes read of a loss's formulas, for every engine."""

import functools

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.pairs.boxes import sums as shape
from fastloss.pairs.boxes.sums import at_nodes
from fastloss.pairs.cpu_nodes import run_block
from fastloss.pairs.pair import PairFormulas


@functools.lru_cache(maxsize=64)
def tables(formulas: PairFormulas, s: float) -> tuple[np.ndarray, np.ndarray]:
    """The coupling tables of value, slope and curvature, and their tails."""
    gaps = shape.node_gaps()
    values = np.empty((3, gaps.size))
    names = {name: getattr(formulas, name) for name in ("value", "slope", "curvature")}
    run_block(nodes_block, formulas.name, (gaps.reshape(-1),), (s,), (values,), 1, names=names)
    assert formulas.tails is not None
    coupled = np.stack([shape.coupling_table(one.reshape(gaps.shape)) for one in values])
    return coupled, np.array(formulas.tails(s))


@regroups
def nodes_block(inputs, parameters, outputs, first, last):
    (gaps,), (values,) = inputs, outputs
    at_nodes(gaps, parameters[0], values)
