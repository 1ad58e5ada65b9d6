"""The sums of `sums.py` on CUDA: the sources' largest, their total, the targets; blocks of rows each."""

import math
from typing import Any

import numpy as np
from numba import cuda, int64

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, code, launch
from fastloss.compile.cuda.ranges import block_range
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.sums import is_between
from fastloss.pairs.nodes import BEGIN, END, Node, Parameters, ranges, sums_one_by_one, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.separable.sums import Settings, evaluate, largest, total_below

INFINITY = math.inf

THREADS = unbound


def find_largest(inputs, parameters, outputs):
    """A block finds the largest of some sources."""
    scores, labels, weights, tasks = inputs
    orientation, low, high = parameters
    (tops,) = outputs
    chosen = cuda.local.array(1, int64)
    task = cuda.blockIdx.x
    i = tasks[task, BEGIN] + cuda.threadIdx.x
    top = -INFINITY
    while i < tasks[task, END]:
        if is_between(labels[i], (low, high)) > 0:
            chosen[0] = i
            t = largest(chosen, (scores, weights), orientation)
            top = t if t > top else top
        i += THREADS
    _, top = block_range(INFINITY, top)
    if cuda.threadIdx.x == 0:
        tops[task] = top


def add_up(inputs, parameters, outputs):
    """A block adds up some sources."""
    scores, labels, weights, tasks = inputs
    s, orientation, c, low, high = parameters
    (totals,) = outputs
    chosen = cuda.local.array(1, int64)
    task = cuda.blockIdx.x
    i = tasks[task, BEGIN] + cuda.threadIdx.x
    total = 0.0
    while i < tasks[task, END]:
        if is_between(labels[i], (low, high)) > 0:
            chosen[0] = i
            total += total_below(chosen, (scores, weights), s, orientation, c)
        i += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        totals[task] = total


def evaluate_rows(inputs, parameters, outputs):
    """A block evaluates some rows, and adds up their losses."""
    scores, labels, weights, tasks = inputs
    s, orientation, slope_factor, bend_factor, c, source_total, low, high = parameters
    each, gradient, curvature, losses = outputs
    chosen = cuda.local.array(1, int64)
    settings, results = Settings(s, orientation, slope_factor, bend_factor), Results(each, gradient, curvature)
    task = cuda.blockIdx.x
    i = tasks[task, BEGIN] + cuda.threadIdx.x
    total = 0.0
    while i < tasks[task, END]:
        if is_between(labels[i], (low, high)) > 0:
            chosen[0] = i
            total += evaluate(chosen, (scores, weights), settings, (c, source_total), results)
        i += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        losses[task] = total


def _one_way(
    node: Node, place: Place, columns: Columns, parameters: Parameters, wanted: Wanted, results: Results
) -> float:
    """Sum over a node's pairs from the targets' side, see `nodes.OneWay`."""
    s, orientation = map(float, parameters)
    weighted = columns.weights.size > 0
    tasks = ranges([node], sizes().rows)
    shape, there = a_block_each(len(tasks)), place.device(tasks)
    found = place.empty(len(tasks))
    sources, targets = tuple(map(float, node.sources)), tuple(map(float, node.targets))
    names: dict[str, Any] = {"WEIGHTED": weighted}
    kind = "wu"[not weighted]
    launch(place, code(find_largest, kind, **names), shape, (*columns, there), (orientation, *sources), (found,))
    top = float(place.host(found).max())
    if top == -INFINITY:
        return 0.0
    launch(place, code(add_up, kind, **names), shape, (*columns, there), (s, orientation, top, *sources), (found,))
    total = float(np.cumsum(place.host(found))[-1])
    numbers = s, orientation, -s * orientation * node.factor, s * s * node.factor, top, total, *targets
    what = code(evaluate_rows, f"{wanted.code}{kind}", **wanted_names(wanted, weighted))
    launch(place, what, shape, (*columns, there), tuple(map(float, numbers)), (*results, found))
    return float(np.cumsum(place.host(found))[-1])


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: tuple[Place, Columns],
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`; `rows` are on the device of a place."""

    def one_way(node: Node, parameters: Parameters, wanted: Wanted) -> float:
        return _one_way(node, *rows, parameters, wanted, results)

    return sums_one_by_one(nodes, parameters, wanted, one_way)
