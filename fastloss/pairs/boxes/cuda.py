"""The linear-time sums of `sums.py` on CUDA.

Moments are added up by atomics, in the order in which threads happen to come. So that no bit depends on it, they are
integers: w u**m 2**k, rounded, with k as large as the sum over a fine box allows, which must stay below 2**62.

- Without weights, k follows from the number n of the node's rows. Sums of u**m are off by at most n 2**-62 of the
  box's rows, which themselves (m = 0) are exact.
- With weights, each fine box has a k of its own, from a bound of its sum of weights that two passes find: the largest
  weight, and the weights rounded up to 2**-32 of it. Sums are off by at most n 2**-61 of the box's weight, n being its
  own rows, so a box of small weights keeps its digits beside one of large weights.

A sum of u**m meets the m-th Taylor coefficient of the kernel in the box, below (1/64)**m / m! of the kernel. So results
are off by n 2**-68 without weights (7e-17 for 2e4 rows, 3e-13 for 1e8) and by n 2**-61 with weights (9e-15 for 2e4 rows
in one fine box, 4e-11 for 1e8), if every term is rounded in the same direction; as terms are rounded, by the square
root of the rows less.

Rejected: grids in shared memory, where an addition of 64 bits is compiled to a loop of compare-and-swap (sm_90), while
in global memory it is one instruction that no thread waits for.

A thread does a row, or a coarse box (`gather`, and `couple` for each kernel), or a node (`scan`).
"""

from typing import Any, NamedTuple

import numpy as np
from numba import cuda, float64

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.columns import give_back
from fastloss.compile.cuda.launch import a_block_each, a_thread_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes import far
from fastloss.pairs.boxes import plan as box_plan
from fastloss.pairs.boxes import sums as shape
from fastloss.pairs.boxes.plan import (
    BOX,
    COUNT,
    CURVE,
    FIRST_KEY,
    LAST_KEY,
    ORIGIN,
    SLOPE,
    SLOT,
    SOURCE_HIGH,
    SOURCE_LOW,
    TARGET_HIGH,
    TARGET_LOW,
    Keys,
    Layout,
    steepness,
)
from fastloss.pairs.boxes.sums import (
    COLUMNS,
    DEGREES,
    FINE,
    SUB,
    Grid,
    Received,
    add_row,
    couple,
    cut,
    far_sums,
    gather,
    is_between,
    located,
    scan,
)
from fastloss.pairs.boxes.tables import tables
from fastloss.pairs.nodes import BEGIN, END, NODE, Node, Parameters, ranges, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import cuda as thresholds

BITS = 62  # of a sum
STEPS = 2.0**32  # to which a weight is rounded up when the sum of a box's weights is bounded
MANTISSA, BIAS = np.int64(52), np.int64(1023)
MOST = np.int64(1000)  # the largest k

WEIGHTED = THREADS = unbound


def grid_of(node, floats, integers, keys):
    return Grid(floats[node, ORIGIN], integers[node, FIRST_KEY], integers[node, LAST_KEY], keys)


def is_source(label, node, floats):
    return is_between(label, (floats[node, SOURCE_LOW], floats[node, SOURCE_HIGH])) > 0


def find_tops(inputs, scale, outputs):
    """The largest weight of every fine box: weights are >= 0, and their bits are in their order."""
    scores, labels, bits, keys, floats, integers, tasks = inputs
    (tops,) = outputs
    task = cuda.blockIdx.x
    node, i = tasks[task, NODE], tasks[task, BEGIN] + cuda.threadIdx.x
    while i < tasks[task, END]:
        if is_source(labels[i], node, floats):
            box, _ = located(scores[i], scale, grid_of(node, floats, integers, keys))
            cuda.atomic.max(tops, integers[node, SLOT] + box, bits[i])
        i += THREADS


def bound_sums(inputs, scale, outputs):
    """A bound of every fine box's sum of weights, in steps of the largest."""
    scores, labels, weights, keys, floats, integers, tasks, tops = inputs
    (steps,) = outputs
    task = cuda.blockIdx.x
    node, i = tasks[task, NODE], tasks[task, BEGIN] + cuda.threadIdx.x
    while i < tasks[task, END]:
        if is_source(labels[i], node, floats) and weights[i] > 0.0:
            box, _ = located(scores[i], scale, grid_of(node, floats, integers, keys))
            slot = integers[node, SLOT] + box
            cuda.atomic.add(steps, slot, np.int64(STEPS * (weights[i] / tops[slot])) + 1)
        i += THREADS


def find_factors(inputs, outputs):
    """2**k of every fine box: from the exponent of the bound, which lies below 2**62 then."""
    tops, steps = inputs
    (factors,) = outputs
    slot = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if slot < factors.size:
        bound = np.float64(tops[slot] * (steps[slot] / STEPS))
        k = BITS + BIAS - 1 - (bound.view(np.int64) >> MANTISSA)
        k = MOST if k > MOST else k
        factors[slot] = np.int64((k + BIAS) << MANTISSA).view(np.float64)


def add_moments(inputs, parameters, outputs):
    """Do step 1: a block adds up some rows, times `factor` = 2**k where they have no weights."""
    scores, labels, weights, keys, floats, integers, tasks, factors = inputs
    scale, factor = parameters
    (moments,) = outputs
    task = cuda.blockIdx.x
    node, i = tasks[task, NODE], tasks[task, BEGIN] + cuda.threadIdx.x
    while i < tasks[task, END]:
        if is_source(labels[i], node, floats):
            box, u = located(scores[i], scale, grid_of(node, floats, integers, keys))
            slot = integers[node, SLOT] + box
            w = weights[i] * factors[slot] if WEIGHTED else factor
            for n in range(FINE):
                cuda.atomic.add(moments, (slot, n), rounded(w))
                w *= u
        i += THREADS


def rounded(x):
    """The nearest integer."""
    return np.int64(x + 0.5) if x >= 0.0 else np.int64(x - 0.5)


def gather_box(inputs, parameters, outputs):
    """Do step 2, a thread a coarse box."""
    fixed, factors, cuts, edges = inputs
    moments, boxes = outputs
    (factor,) = parameters
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if b < boxes.shape[0]:
        for slot in range(b * SUB, (b + 1) * SUB):
            for n in range(FINE):
                moments[slot, n] = np.float64(fixed[slot, n]) / (factors[slot] if WEIGHTED else factor)
        gather(moments[b * SUB : (b + 1) * SUB], cuts, edges, boxes[b : b + 1])


def scan_node(inputs, s, outputs):
    """The far sums of step 2, a thread a node."""
    keys, integers = inputs
    (boxes,) = outputs
    node = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if node < integers.shape[0]:
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        scan(boxes[begin:end], keys[begin:end], s)


def couple_box(inputs, s, outputs):
    """Step 3, a thread a coarse box and a kernel."""
    boxes, keys, integers, owners, kernels, table, tails, cuts, edges = inputs
    (coefficients,) = outputs
    received = cuda.local.array(DEGREES, float64)
    sums = cuda.local.array(4, float64)
    b = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    k = cuda.blockIdx.y
    if b < owners.size:
        node = owners[b]
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        far_sums(b - begin, boxes[begin:end], keys[begin:end], s, sums)
        couple(b - begin, boxes[begin:end], keys[begin:end], table[kernels[k]], received)
        cut(received, sums, tails[kernels[k]], (cuts, edges), coefficients[b * SUB : (b + 1) * SUB, k])


def evaluate_rows(inputs, scale, outputs):
    """Step 4: a block evaluates some rows, and adds up their losses."""
    scores, labels, weights, keys, floats, integers, tasks, coefficients = inputs
    each, gradient, curvature, losses = outputs
    results = Results(each, gradient, curvature)
    task = cuda.blockIdx.x
    node, i = tasks[task, NODE], tasks[task, BEGIN] + cuda.threadIdx.x
    total = 0.0
    while i < tasks[task, END]:
        if is_between(labels[i], (floats[node, TARGET_LOW], floats[node, TARGET_HIGH])) > 0:
            box, u = located(scores[i], scale, grid_of(node, floats, integers, keys))
            at = integers[node, BOX] * SUB + box
            w = weights[i] if WEIGHTED else 1.0
            received = Received(coefficients, floats[node, SLOPE], floats[node, CURVE])
            total += add_row(i, w, (at, u), received, results)
        i += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        losses[task] = total


class _Tables:
    """What all batches of a call read, on the device."""

    def __init__(self, place: Place, formulas: PairFormulas, s: float):
        self.s = s
        self.cuts, self.edges = place.device(shape.cut_table()), place.device(shape.edge_table(s))
        self.table, self.tails = map(place.device, tables(formulas, s))


class Moments(NamedTuple):
    """Fine moments as integers, and the 2**k in them: one for each fine box with weights, one for all without."""

    fixed: Any
    factors: Any
    factor: float


class _Batch(Layout):
    """Nodes that are computed together, on the device."""

    def __init__(self, place: Place, nodes: list[Node], keys: list[Keys], columns: Columns, scale: float):
        super().__init__(nodes, keys)
        self.factors(scale)
        self.place, self.columns, self.scale = place, columns, scale
        self.weighted = columns.weights.size > 0
        self.tasks = ranges(nodes, sizes().rows)
        about = (self.keys, self.floats, self.integers, self.tasks)
        self.about = tuple(map(place.device, about))
        self.owners = np.repeat(np.arange(len(nodes)), self.integers[:, COUNT])

    def rows(self, template: Any, inputs: Any, parameters: Any, outputs: Any, **names: Any) -> None:
        """Launch a kernel that does rows."""
        what = code(template, "wu"[not self.weighted], **names)
        launch(self.place, what, a_block_each(len(self.tasks)), inputs, parameters, outputs)

    def moments(self) -> Moments:
        """Add up the fine moments of the sources."""
        place, slots = self.place, self.count * SUB
        factors = place.empty(slots if self.weighted else 0)
        most = max(node.end - node.begin for node in self.nodes)
        factor = 2.0 ** (BITS - most.bit_length())
        if self.weighted:
            scores, labels, weights = self.columns
            tops, steps = place.zeros(slots, np.int64), place.zeros(slots, np.int64)
            self.rows(find_tops, (scores, labels, weights.view(np.int64), *self.about), self.scale, (tops,))
            tops = tops.view(np.float64)
            self.rows(bound_sums, (*self.columns, *self.about, tops), self.scale, (steps,))
            launch(place, code(find_factors), a_thread_each(slots), (tops, steps), (factors,))
        fixed = place.zeros((slots, FINE), np.int64)
        inputs = (*self.columns, *self.about, factors)
        self.rows(add_moments, inputs, (self.scale, factor), (fixed,), WEIGHTED=self.weighted)
        return Moments(fixed, factors, factor)

    def polynomials(self, tables: _Tables, wanted: Wanted) -> Any:
        """What the sources make in every fine box: [fine box, kernel wanted, power]."""
        place = self.place
        keys, _, integers, _ = self.about
        fixed, factors, factor = self.moments()
        moments, boxes = place.empty((self.count * SUB, FINE)), place.empty((self.count, COLUMNS))
        gathering = code(gather_box, "wu"[not self.weighted], WEIGHTED=self.weighted)
        inputs: Any = (fixed, factors, tables.cuts, tables.edges)
        launch(place, gathering, a_thread_each(self.count), inputs, (factor,), (moments, boxes))
        launch(place, code(scan_node), a_thread_each(len(self.nodes)), (keys, integers), tables.s, (boxes,))
        some = np.flatnonzero([wanted.value or wanted.each, wanted.gradient, wanted.curvature])
        coefficients = place.empty((self.count * SUB, some.size, FINE))
        kernels = (tables.table, tables.tails, tables.cuts, tables.edges)
        inputs = (boxes, keys, integers, place.device(self.owners), place.device(some), *kernels)
        blocks, threads = a_thread_each(self.count)
        launch(place, code(couple_box), ((blocks, some.size), threads), inputs, tables.s, (coefficients,))
        return coefficients

    def run(self, tables: _Tables, wanted: Wanted, results: Results) -> np.ndarray:
        """Return the nodes' losses; each target's and derivatives are added to the results."""
        losses = self.place.empty(len(self.tasks))
        inputs = (*self.columns, *self.about, self.polynomials(tables, wanted))
        self.rows(evaluate_rows, inputs, self.scale, (*results, losses), **wanted_names(wanted, self.weighted))
        return np.bincount(self.tasks[:, NODE], self.place.host(losses), len(self.nodes))


class _OnHost:
    """Scores that are copied when they are asked for: where they lie so far apart that boxes between are left out."""

    def __init__(self, place: Place, scores: Any):
        self._place, self._scores = place, scores

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self._place.host(self._scores[rows])


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: tuple[Place, Columns],
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`; `rows` are on the device of a place. Any finite scores will do."""
    return far.sums(
        nodes,
        steepness(parameters.number).scale,
        lambda held: _in_boxes(formulas, held, *rows, parameters, wanted, results),
        lambda apart: _far_apart(formulas, apart, *rows, parameters, wanted, results),
    )


def _far_apart(
    formulas: PairFormulas,
    node: Node,
    place: Place,
    columns: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> float:
    """Sum a node whose scores, all of them finite, boxes do not hold, see `pairs/boxes/far.py`."""
    part = slice(node.begin, node.end)
    scores, labels, weights = columns.taken(part)
    results = results.part(part)
    moved = far.moved(place.host(scores), steepness(parameters.number).scale)
    near = node._replace(begin=0, end=scores.size, low=float(moved.near.min()), high=float(moved.near.max()))
    held = Columns(place.device(moved.near), labels, weights)
    loss = float(_in_boxes(formulas, [near], place, held, parameters, wanted, results)[0])
    if not (wanted.value or wanted.each):
        return loss
    hinges = results._replace(each=place.zeros(results.each.size))
    straight, beyond = Parameters(0.0, parameters.orientation), Columns(place.device(moved.beyond), labels, weights)
    missing = thresholds.sums(far.HINGE, [near], (place, beyond), straight, wanted.losses, hinges)[0]
    with np.errstate(over="ignore"):
        if results.each.size:
            whole = place.device(far.restored(formulas, parameters.number, place.host(hinges.each)))
            give_back(place, whole, place.device(np.arange(whole.size)), results.each)
        return loss + float(far.restored(formulas, parameters.number, missing))


def _in_boxes(
    formulas: PairFormulas,
    nodes: list[Node],
    place: Place,
    columns: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    scale, s = steepness(parameters.number)
    scale *= parameters.orientation
    scores, read = _OnHost(place, columns.scores), _Tables(place, formulas, s)

    def all_of(nodes: list[Node], scale: float, wanted: Wanted) -> list[np.ndarray]:
        batches = box_plan.batches(nodes, scale, scores)
        return [_Batch(place, *batch, columns, scale).run(read, wanted, results) for batch in batches]

    losses = all_of(nodes, scale, wanted)
    if wanted.gradient or wanted.curvature:
        all_of([node.mirrored() for node in nodes], -scale, wanted.derivatives)
    return np.concatenate(losses)
