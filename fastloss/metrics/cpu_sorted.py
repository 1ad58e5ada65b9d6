"""Groups of probabilities on the CPU: a task is a batch of whole groups, each sorted and measured by one thread."""

from typing import NamedTuple

import numpy as np

from fastloss.compile.launch import as_input
from fastloss.compile.sorting import argsort
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders
from fastloss.core.validate import kernel_dtype
from fastloss.metrics import bins
from fastloss.metrics.bins import Pools, Rows
from fastloss.metrics.cpu import BATCH, SORTED
from fastloss.pairs import records
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.direct.arrange import batches_of

NORMS = {"l1": 1, "l2": 2, "max": 0, "brier": 3}

error_of = unbound


class Calibration(NamedTuple):
    """How a calibration error is computed."""

    name: str  # of the function in `bins.py`
    norm: str
    edges: np.ndarray
    left: bool = False


class Errors(NamedTuple):
    """An error for each group, and whether it has rows that weigh something; -1 if a weight is NaN."""

    values: np.ndarray
    used: np.ndarray


@regroups
def has_weight(weights):
    """Return 1 if some weight is above 0, -1 if one is NaN, else 0."""
    result = 0
    for k in range(weights.size):
        if weights[k] != weights[k]:
            return -1
        if weights[k] > 0.0:
            result = 1
    return result


@regroups
def calibration_block(inputs, parameters, outputs, first, last):
    predicted, labels, weights, rows, offsets, edges, batches = inputs
    values, used, keys, own, own_labels, own_weights, own_edges, pooled, pooled_labels, ends, order, spare = outputs
    pools = Pools(pooled, pooled_labels, ends)
    for g in range(batches[first], batches[last]):
        start, size = offsets[g], offsets[g + 1] - offsets[g]
        for k in range(size):
            keys[k] = predicted[rows[start + k] if rows.size else start + k]
        argsort(keys[:size], order[:size], spare[:size])
        group = Rows(own[:size], own_labels[:size], own_weights[:size])
        for k in range(size):
            row = rows[start + order[k]] if rows.size else start + order[k]
            group.predicted[k], group.labels[k] = predicted[row], labels[row]
            group.weights[k] = weights[row] if weights.size else 1.0
        used[g] = has_weight(group.weights)
        if used[g] > 0 and group.predicted[size - 1] == group.predicted[size - 1]:  # NaN is last
            values[g] = error_of(group, edges, own_edges, pools)


def run(asked: Calibration, rows: records.Rows) -> Errors:
    """Sort and measure every group."""
    row_order, offsets = rows.groups.rows, rows.groups.offsets
    offsets, sizes = as_input(offsets, np.int64), np.diff(offsets)
    predicted = as_input(rows.scores, kernel_dtype(rows.scores))
    order = _sorted_rows(predicted, row_order, offsets)
    weights = np.empty(0) if rows.weights is None else as_input(rows.weights, np.float64)
    made = Errors(np.full(sizes.size, np.nan), np.zeros(sizes.size, np.int64))
    widest, batches = int(sizes.max(initial=0)), batches_of(offsets, BATCH)
    real, whole = Scratch(widest, np.float64), Scratch(widest, np.int64)
    scratch = (*(real,) * 4, Scratch(asked.edges.size, np.float64), real, real, whole, whole, whole)
    names = {"error_of": getattr(bins, asked.name), "NORM": NORMS[asked.norm], "LEFT": asked.left}
    known = known_names(calibration_block, names)
    name = f"{asked.name}_{asked.norm}{'_left' if known.get('LEFT') else ''}"
    inputs = (predicted, as_input(rows.labels, np.float64), weights, order, offsets, as_input(asked.edges, np.float64))
    run_block(calibration_block, name, (*inputs, batches), (), made, batches.size - 1, scratch, known)
    return made


def _sorted_rows(predicted: np.ndarray, row_order: np.ndarray | None, offsets: np.ndarray) -> np.ndarray:
    """Return the rows in the order of their groups; those of many rows in order, which NumPy sorts: kernels keep it."""
    large = np.flatnonzero(np.diff(offsets) >= SORTED)
    if row_order is None and not large.size:
        return np.empty(0, np.int64)
    order = np.arange(predicted.size) if row_order is None else as_input(row_order, np.int64).copy()
    for g in large:
        own = order[offsets[g] : offsets[g + 1]]
        own[:] = own[orders.stable(predicted[own])]
    return order
