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
from fastloss.pairs.boxes.sums import is_between
from fastloss.pairs.nodes import Node, Parameters, ranges
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.separable.sums import evaluate, largest, total_below

INFINITY = math.inf

THREADS = unbound


def find_largest(inputs, parameters, outputs):
    """A block finds the largest of some sources; `parameters` is (orientation, the sources' labels)."""
    scores, labels, weights, tasks = inputs
    chosen = cuda.local.array(1, int64)
    task = cuda.blockIdx.x
    i = tasks[task, 2] + cuda.threadIdx.x
    top = -INFINITY
    while i < tasks[task, 3]:
        if is_between(labels[i], (parameters[1], parameters[2])) > 0:
            chosen[0] = i
            t = largest(chosen, (scores, weights), parameters[0])
            top = t if t > top else top
        i += THREADS
    _, top = block_range(INFINITY, top)
    if cuda.threadIdx.x == 0:
        outputs[0][task] = top


def add_up(inputs, parameters, outputs):
    """A block adds up some sources; `parameters` is (s, orientation, c, the sources' labels)."""
    scores, labels, weights, tasks = inputs
    chosen = cuda.local.array(1, int64)
    task = cuda.blockIdx.x
    i = tasks[task, 2] + cuda.threadIdx.x
    total = 0.0
    while i < tasks[task, 3]:
        if is_between(labels[i], (parameters[3], parameters[4])) > 0:
            chosen[0] = i
            total += total_below(chosen, (scores, weights), (parameters[0], parameters[1], parameters[2]))
        i += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        outputs[0][task] = total


def evaluate_rows(inputs, parameters, outputs):
    """A block evaluates some rows, and adds up their losses; `parameters` end with c, total and labels."""
    scores, labels, weights, tasks = inputs
    chosen = cuda.local.array(1, int64)
    settings = parameters[0], parameters[1], parameters[2], parameters[3]
    task = cuda.blockIdx.x
    i = tasks[task, 2] + cuda.threadIdx.x
    total = 0.0
    while i < tasks[task, 3]:
        if is_between(labels[i], (parameters[6], parameters[7])) > 0:
            chosen[0] = i
            total += evaluate(chosen, (scores, weights), settings, (parameters[4], parameters[5]), outputs[:3])
        i += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        outputs[3][task] = total


def _one_way(place: Place, node: Node, columns: Any, parameters: Parameters, task: Any) -> float:
    wanted, results = task
    s, orientation = map(float, parameters)
    weighted = columns[2].size > 0
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
    names |= {
        "WANT_VALUE": wanted.value or wanted.each,
        "WANT_GRADIENT": wanted.gradient,
        "WANT_CURVATURE": wanted.curvature,
    }
    numbers = s, orientation, -s * orientation * node.factor, s * s * node.factor, top, total, *targets
    what = code(evaluate_rows, f"{wanted.code}{kind}", **names)
    launch(place, what, shape, (*columns, there), tuple(map(float, numbers)), (*results, found))
    return float(np.cumsum(place.host(found))[-1])


def sums(formulas: PairFormulas, nodes: list[Node], rows: Any, parameters: Parameters, task: Any) -> np.ndarray:
    """See `pairs.nodes.Sums`; `rows` is (place, (scores, labels, weights))."""
    wanted, results = task
    place, columns = rows
    back = Parameters(parameters.number, -parameters.orientation)
    losses = np.zeros(len(nodes))
    for at, node in enumerate(nodes):
        losses[at] = _one_way(place, node, columns, parameters, task)
        if wanted.gradient or wanted.curvature:
            _one_way(place, node.mirrored(), columns, back, (wanted.derivatives, results))
    return losses
