"""Rows of nodes, apart by side and roughly by score, and results back in the rows' order.

A row's code is its side and its bucket: equal scores share one, and a bucket's scores lie below those of the next. One
pass over the rows finds codes and counts them, a second writes each row behind the last of its code. So a side is a
range of buckets, each of which fits a cache where it is sorted. The order within a bucket is the rows', and reading
results bucket by bucket puts them back where they belong: no pass reads or writes at random.

Rejected: buckets of equal width, all but one of which an outlier or a cluster leaves empty; an index for each row.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.cpu_nodes import ROWS, Scratch, few_of, run_block
from fastloss.pairs.nodes import Node, pieces
from fastloss.pairs.records import Columns, Results

# Constants of the library, since sums depend on them: a node of so many rows is cut into so many buckets a side,
# between quantiles of so many scores for each.
LARGE, MANY, SAMPLED = 1 << 16, 16, 64
ONE, TWO = np.uint64(1), np.uint64(2)  # unsigned, since a signed index is tested for a negative value
NODE, BEGIN, END, CODES = range(4)  # columns of ranges of rows
LOW, HIGH, LOWER, HIGHER = range(4)  # columns of bounds of labels: of sources, and of targets

BUCKETS = unbound


class Partition(NamedTuple):
    """Where rows have gone: each row's code, and for every range of rows where it puts its first of each code.

    Nodes may share a range of rows, though not a row: each has its own codes.
    """

    ranges: np.ndarray
    codes: np.ndarray
    cursors: np.ndarray
    starts: np.ndarray  # of every bucket: sources' and targets' of each node
    buckets: int  # of a side

    @property
    def sides(self) -> np.ndarray:
        """Where each node's sources and its targets start, and the end."""
        return self.starts[:: self.buckets]


def bucket_of(x, splitters):
    """Return the bucket of a score: how many of the splitters are no greater."""
    bucket = np.uint64(0)
    for k in range(BUCKETS - 1):
        bucket += np.uint64(x >= splitters[k])
    return bucket


def code_of(y, bucket, bounds):
    """Return a row's code: of sources, of targets, or the last one if it is on no side; without a branch to guess."""
    buckets = np.uint64(BUCKETS)
    is_source = np.uint64((y >= bounds[LOW]) & (y <= bounds[HIGH]))
    is_target = np.uint64((y >= bounds[LOWER]) & (y <= bounds[HIGHER]))
    is_either = is_source | is_target
    return bucket * is_either + buckets * (TWO - is_source - is_either)


@regroups
def count_block(inputs, parameters, outputs, first, last):
    scores, labels, splitters, bounds, ranges = inputs
    codes, counts = outputs
    for task in range(first, last):
        node = ranges[task, NODE]
        between, marks = bounds[node], splitters[node]
        turn = np.uint64(BUCKETS - 1 if parameters[0] < 0.0 else 0)
        begin, at = np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, CODES])
        size = np.uint64(ranges[task, END]) - begin
        for k in range(size):
            i = begin + np.uint64(k)
            codes[at + np.uint64(k)] = code_of(np.float64(labels[i]), bucket_of(scores[i], marks) ^ turn, between)
        found = counts[task]
        for k in range(size):
            found[np.uint64(codes[at + np.uint64(k)])] += 1


def start_places(cursors, places):
    """Copy where a range's first rows of each code go; `taken` moves them on."""
    for code in range(cursors.size):
        places[code] = cursors[code]


def taken(code, places):
    """Return where the next row of a code goes."""
    at = np.uint64(places[code])
    places[code] = at + ONE
    return at


@regroups
def scatter_block(inputs, parameters, outputs, first, last):
    scores, weights, codes, cursors, ranges = inputs
    apart, weights_apart, places = outputs
    sign, nowhere = parameters[0], np.uint64(cursors.shape[1])
    for task in range(first, last):
        start_places(cursors[task], places)
        begin, first_code = np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, CODES])
        for i in range(begin, np.uint64(ranges[task, END])):
            code = np.uint64(codes[first_code + np.uint64(i) - begin])
            if code < nowhere:
                at = taken(code, places)
                apart[at] = sign * scores[i]
                if weights.size:
                    weights_apart[at] = weights[i]


@regroups
def gather_block(inputs, parameters, outputs, first, last):
    each_apart, gradient_apart, curvature_apart, codes, cursors, ranges = inputs
    each, gradient, curvature, places = outputs
    nowhere = np.uint64(cursors.shape[1])
    for task in range(first, last):
        start_places(cursors[task], places)
        begin, first_code = np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, CODES])
        for i in range(begin, np.uint64(ranges[task, END])):
            code = np.uint64(codes[first_code + np.uint64(i) - begin])
            if code < nowhere:
                at = taken(code, places)
                if each_apart.size:
                    each[i] += each_apart[at]
                if gradient_apart.size:
                    gradient[i] += gradient_apart[at]
                if curvature_apart.size:
                    curvature[i] += curvature_apart[at]


def splitters_of(scores: np.ndarray) -> np.ndarray:
    """Return what scores are told apart by: quantiles of some of them."""
    sample = np.sort(scores[:: scores.size // (SAMPLED * MANY)])
    return sample[np.arange(1, MANY) * sample.size // MANY]


def partition(nodes: list[Node], rows: Columns, sign: float, buckets: int) -> Partition:
    """Find the codes of nodes' rows; a row on both sides, which then have the same labels, is one of the sources."""
    owner, begin, end = pieces(np.array([one.begin for one in nodes]), np.array([one.end for one in nodes]), ROWS)
    ranges = np.column_stack((owner, begin, end, np.cumsum(end - begin) - (end - begin)))
    splitters = np.empty((len(nodes), buckets - 1), rows.scores.dtype)
    if buckets > 1:
        splitters[:] = [splitters_of(rows.scores[one.begin : one.end]) for one in nodes]
    bounds = np.array([(*one.sources, *one.targets) for one in nodes])
    codes, counts = np.empty((end - begin).sum(), np.uint16), np.zeros((owner.size, 2 * buckets + 1), np.int64)
    run_block(
        count_block,
        f"{buckets}",
        (rows.scores, rows.labels, splitters, bounds, ranges),
        (sign,),
        (codes, counts),
        len(ranges),
        names={"BUCKETS": buckets},
        few=few_of(ranges),
    )
    counts = counts[:, :-1]
    first = np.searchsorted(owner, np.arange(len(nodes)))
    starts = np.append(0, np.cumsum(np.add.reduceat(counts, first, axis=0)))
    before = np.cumsum(counts, axis=0) - counts
    cursors = starts[:-1].reshape(len(nodes), -1)[owner] + before - before[first[owner]]
    return Partition(ranges, codes, cursors, starts, buckets)


class Apart(NamedTuple):
    """Columns of a partition's rows, side by side and bucket by bucket."""

    scores: Any
    weights: Any


def scattered(rows: Columns, sign: float, parts: Partition) -> Apart:
    """Return the rows' scores times `sign` and their weights, apart."""
    size = int(parts.starts[-1])
    apart = Apart(np.empty(size, rows.scores.dtype), np.empty(size if rows.weights.size else 0))
    inputs = rows.scores, rows.weights, parts.codes, parts.cursors, parts.ranges
    run_block(
        scatter_block,
        "any",
        inputs,
        (sign,),
        tuple(apart),
        len(parts.ranges),
        (places_of(parts),),
        few=few_of(parts.ranges),
    )
    return apart


def gathered(apart: Results, parts: Partition, results: Results) -> None:
    """Add to the rows' results what lies apart."""
    inputs = *apart, parts.codes, parts.cursors, parts.ranges
    run_block(
        gather_block,
        "any",
        inputs,
        (0.0,),
        tuple(results),
        len(parts.ranges),
        (places_of(parts),),
        few=few_of(parts.ranges),
    )


def places_of(parts: Partition) -> Scratch:
    """Return the scratch array of a range's cursors, which move on."""
    return Scratch(parts.cursors.shape[1], np.uint64)
