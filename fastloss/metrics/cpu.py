"""Rankings on the CPU: a task is a batch of whole groups, each placed and measured by one thread.

NumPy sorts groups of many rows, for which it takes a fraction of a kernel's time.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.launch import as_input
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders
from fastloss.core.validate import kernel_dtype
from fastloss.metrics import measures
from fastloss.metrics.measures import Ranking
from fastloss.metrics.places import Group, Places, place, place_in_order
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.direct.arrange import batches_of
from fastloss.pairs.queries.query import discount
from fastloss.pairs.records import Rows

BATCH = 1 << 14  # rows within which a task's groups begin
SORTED = 1 << 14  # rows from which NumPy sorts a group

FIRST = ("hit_rate", "reciprocal_rank")  # of which the first relevant row decides

measure = unbound


class Measure(NamedTuple):
    """A metric of rankings, and how it is computed."""

    name: str  # of the function in `measures.py`
    level: int  # how many ranks count; 0 for all
    least: float  # labels of relevant rows are at least this
    shared: bool  # whether rows of equal scores share their places
    thresholds: bool = False
    attainable: bool = False
    linear: bool = False  # gains


class Measured(NamedTuple):
    """A number for each group, and how many relevant rows it has: -1 if there are some, and a score is NaN."""

    values: np.ndarray
    relevant: np.ndarray


@regroups
def measured(places, count, size, level, discounts, spare):
    """Return the metric of a group of so many relevant rows; NaN if there is none."""
    if count <= 0:
        return np.nan
    most = min(level, size) if level > 0 else size
    asked = level if level > 0 else size
    return measure(Ranking(places, count, size, most, asked, discounts, spare))


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, rows, offsets, done, discounts, batches = inputs
    values, relevant, falling, own_labels, placed_labels, keys, above, tied, chosen, order, spare = outputs
    level, least = np.int64(parameters[0]), parameters[1]
    for g in range(batches[first], batches[last]):
        if done[g]:
            continue
        start, size = offsets[g], offsets[g + 1] - offsets[g]
        group = Group(falling[:size], own_labels[:size])
        for k in range(size):
            row = rows[start + k] if rows.size else start + k
            group.falling[k], group.labels[k] = -np.float64(scores[row]), labels[row]
        integers = chosen[:size], order[:size], spare[:size]
        places = Places(above[:size], tied[:size], placed_labels[:size])
        count = place(group, least, level if level > 0 else size, integers, keys[:size], places)
        relevant[g] = count
        values[g] = measured(places, count, size, level, discounts, (keys[:size], order[:size], spare[:size]))


@regroups
def sorted_block(inputs, parameters, outputs, first, last):
    falling, labels, discounts = inputs
    values, relevant, placed_labels, keys, above, tied, order, spare = outputs
    level, least = np.int64(parameters[0]), parameters[1]
    places = Places(above, tied, placed_labels)
    count = place_in_order(falling, labels, order[:0], least, places)
    relevant[0] = count
    values[0] = measured(places, count, falling.size, level, discounts, (keys, order, spare))


def run(asked: Measure, rows: Rows) -> Measured:
    """Place and measure every group."""
    row_order, offsets = rows.groups.rows, rows.groups.offsets
    order = np.empty(0, np.int64) if row_order is None else as_input(row_order, np.int64)
    scores, labels = as_input(rows.scores, kernel_dtype(rows.scores)), as_input(rows.labels, np.float64)
    offsets = as_input(offsets, np.int64)
    sizes = np.diff(offsets)
    done = sizes >= SORTED
    most = int(sizes.max(initial=0))
    levels = (min(asked.level, most) if asked.level else most) if asked.name == "ndcg" else 0
    discounts = np.asarray(discount(np.arange(levels, dtype=np.float64)))
    names = names_of(asked)
    made = Measured(np.full(sizes.size, np.nan), np.zeros(sizes.size, np.int64))
    numbers = float(asked.level), asked.least
    if not done.all():
        widest, batches = int(sizes[~done].max(initial=0)), batches_of(offsets, BATCH)
        scratch = (Scratch(widest, np.float64),) * 4 + (Scratch(widest, np.int64),) * 5
        inputs = (scores, labels, order, offsets, done, discounts, batches)
        known = known_names(block, names)
        run_block(block, kernel_name(known), inputs, numbers, made, batches.size - 1, scratch, known)
    for g in np.flatnonzero(done):
        own = slice(offsets[g], offsets[g + 1])
        _measure_large(
            scores[order[own] if order.size else own],
            labels[order[own] if order.size else own],
            discounts,
            numbers,
            names,
            Measured(*(column[g : g + 1] for column in made)),
        )
    return made


def _measure_large(
    scores: np.ndarray, labels: np.ndarray, discounts: np.ndarray, numbers: Any, names: dict[str, Any], made: Measured
) -> None:
    """Measure one group of many rows."""
    if not (labels >= numbers[1]).any():
        return
    if np.isnan(scores).any():
        made.relevant[0] = -1
        return
    falling = -scores.astype(np.float64)
    order = orders.stable(falling)
    scratch = (Scratch(scores.size, np.float64),) * 2 + (Scratch(scores.size, np.int64),) * 4
    known = known_names(sorted_block, names)
    inputs = falling[order], labels[order], discounts
    run_block(sorted_block, kernel_name(known), inputs, numbers, made, 1, scratch, known, few=0)


def names_of(asked: Measure) -> dict[str, Any]:
    """Return what the open names of a metric's templates mean."""
    return {
        "measure": getattr(measures, asked.name),
        "SHARED": asked.shared,
        "FIRST": asked.name in FIRST,
        "THRESHOLDS": asked.thresholds,
        "ATTAINABLE": asked.attainable,
        "LINEAR": asked.linear,
    }


def kernel_name(known: dict[str, Any]) -> str:
    """Return what the kernel's name says of its open names."""
    return "_".join([known["measure"].__name__, *(name.lower() for name, value in known.items() if value is True)])
