"""Values alone, of rows without weights: both sides are sorted, and merged.

Where no row's own loss or derivative is wanted, targets may be summed in any order: in that of their scores they meet
the sources one after another, instead of looking each up among all of them.
"""

from typing import NamedTuple

import numpy as np

from fastloss.compile import threads
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.cpu_nodes import few_of, run_block, tasks
from fastloss.pairs.nodes import BEGIN, END, Node, Parameters, pieces
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns
from fastloss.pairs.thresholds.sums import excess, power_sum, reached, suffix_sums, sums_from

# Constants of the library, since sums depend on them: more targets than `LARGE` are sorted in so many parts, each of
# which meets all sources; so many targets are summed by themselves.
LARGE, PARTS, SUMMED = 1 << 17, 4, 1 << 11
SOURCES, TARGETS = range(2)  # columns of counts
ONE, TWO = np.uint64(1), np.uint64(2)  # unsigned, since a signed index is tested for a negative value
NEAR = np.uint64(8)  # sources that are looked at one by one

POWER = HALF_TIES = unbound


def next_source(k, x, margin, strictly, sources):
    """Find the first source from k on that counts for a target: by steps that double, then by halving."""
    size = np.uint64(sources.size)
    near = min(k + NEAR, size)
    while k < near and not reached(sources[k], x, margin, 1.0, strictly):
        k += ONE
    if k < near or k == size:
        return k
    step = NEAR
    while k < size and not reached(sources[k], x, margin, 1.0, strictly):
        low, high = k + ONE, min(k + step, size)
        if high == size or reached(sources[high], x, margin, 1.0, strictly):
            while low < high:
                middle = (low + high) // TWO
                if reached(sources[middle], x, margin, 1.0, strictly):
                    high = middle
                else:
                    low = middle + ONE
            return low
        k, step = high, TWO * step
    return k


def is_between(number, low, high):
    return np.uint64(number >= low) & np.uint64(number <= high)


@regroups
def count_block(inputs, parameters, outputs, first, last):
    labels, ranges = inputs
    (counts,) = outputs
    low, high, lower, higher = parameters[0], parameters[1], parameters[2], parameters[3]
    for task in range(first, last):
        sources = targets = np.uint64(0)
        for i in range(np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, END])):
            sources += is_between(labels[i], low, high)
            targets += is_between(labels[i], lower, higher)
        counts[task, SOURCES], counts[task, TARGETS] = sources, targets


@regroups
def split_block(inputs, parameters, outputs, first, last):
    scores, labels, ranges, ends = inputs
    sources, targets = outputs
    low, high, lower, higher, sign = parameters[0], parameters[1], parameters[2], parameters[3], parameters[4]
    for task in range(first, last):
        s, t = np.uint64(ends[task, SOURCES]), np.uint64(ends[task, TARGETS])
        for i in range(np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, END])):
            if is_between(labels[i], low, high):
                sources[s] = sign * scores[i]
                s += ONE
            if is_between(labels[i], lower, higher):  # a row may be on both sides
                targets[t] = sign * scores[i]
                t += ONE


@regroups
def table_block(inputs, parameters, outputs, first, last):
    (sources,) = inputs
    (table,) = outputs
    suffix_sums(sources, sources[:0], table)


@regroups
def merge_block(inputs, parameters, outputs, first, last):
    targets, sources, table, begins, ends = inputs
    (losses,) = outputs
    margin, count = parameters[0], np.float64(sources.size)
    for task in range(first, last):
        k = strict = np.uint64(0)
        total = 0.0
        for i in range(np.uint64(begins[task]), np.uint64(ends[task])):
            x = np.float64(targets[i])
            k = next_source(k, x, margin, POWER == 0 and not HALF_TIES, sources)
            if HALF_TIES:
                strict = next_source(max(k, strict), x, margin, True, sources)
                total += count - 0.5 * (np.float64(k) + np.float64(strict))
            elif POWER == 0:
                total += count - np.float64(k)
            elif k < sources.size:
                d = excess(x, margin, 1.0, np.float64(sources[k]))
                total += power_sum(POWER, sums_from(table, k), d)
        losses[task] = total


def sort_all(arrays: list[np.ndarray]) -> None:
    """Sort arrays in place, side by side."""

    def run(begin: int, end: int) -> None:
        for array in arrays[begin:end]:
            array.sort()

    threads.parallel(lambda: run, len(arrays), few=0)


class Sides(NamedTuple):
    """The scores of a node's two sides, in coordinates in which targets should lie above sources."""

    sources: np.ndarray
    targets: np.ndarray


def split(node: Node, rows: Columns, orientation: float) -> Sides:
    """Copy the scores of a node's sides; the fewer become the sources, which are sorted as a whole."""
    ranges = tasks([node])
    counts = np.empty((len(ranges), 2), np.int64)
    run_block(
        count_block,
        "any",
        (rows.labels, ranges),
        (*node.sources, *node.targets),
        (counts,),
        len(ranges),
        few=few_of(ranges),
    )
    sizes = counts.sum(axis=0)
    if sizes[SOURCES] > sizes[TARGETS]:
        node, orientation, counts, sizes = node.mirrored(), -orientation, counts[:, ::-1], sizes[::-1]
    sides = Sides(*(np.empty(size, rows.scores.dtype) for size in sizes.tolist()))
    inputs = rows.scores, rows.labels, ranges, np.ascontiguousarray(np.cumsum(counts, axis=0) - counts)
    run_block(
        split_block,
        "any",
        inputs,
        (*node.sources, *node.targets, orientation),
        tuple(sides),
        len(ranges),
        few=few_of(ranges),
    )
    return sides


def value(formulas: PairFormulas, node: Node, rows: Columns, parameters: Parameters) -> float:
    """Sum a node's pairs."""
    sources, targets = split(node, rows, parameters.orientation)
    if not sources.size:
        return 0.0
    edges = np.linspace(0, targets.size, (PARTS if targets.size > LARGE else 1) + 1).astype(np.int64)
    sort_all([sources, *np.split(targets, edges[1:-1])])
    parts = pieces(edges[:-1], edges[1:], SUMMED)
    table = np.empty((sources.size + 1 if formulas.power else 0, 3))
    if formulas.power:
        run_block(table_block, "any", (sources,), (0.0,), (table,), 1)
    losses = np.empty(parts.begin.size)
    names = {"POWER": formulas.power, "HALF_TIES": formulas.half_ties}
    name, few = f"{formulas.power}{'t' if formulas.half_ties else ''}", few_of(losses)
    inputs = (targets, sources, table, parts.begin, parts.end)
    run_block(merge_block, name, inputs, (parameters.number,), (losses,), losses.size, names=names, few=few)
    return float(np.cumsum(losses)[-1])
