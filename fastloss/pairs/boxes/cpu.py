"""The linear-time sums of `sums.py` on the CPU.

Nodes run in batches, in four launches: moments (chunks of rows into grids of their own, added in order), far sums (a
node each), coupling (ranges of boxes), evaluation (chunks of rows).
"""

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes import far
from fastloss.pairs.boxes import sums as shape
from fastloss.pairs.boxes.plan import (
    BOX,
    BOXES,
    COUNT,
    CURVE,
    FIRST_KEY,
    LAST_KEY,
    ORIGIN,
    PARTS,
    SLOPE,
    SLOT,
    SOURCE_HIGH,
    SOURCE_LOW,
    TARGET_HIGH,
    TARGET_LOW,
    Keys,
    Layout,
    Steepness,
    batches,
    steepness,
)
from fastloss.pairs.boxes.sums import (
    COLUMNS,
    DEGREES,
    FINE,
    SUB,
    Grid,
    Received,
    add_moments,
    couple,
    cut,
    evaluate,
    far_sums,
    gather,
    scan,
    select,
)
from fastloss.pairs.boxes.tables import tables
from fastloss.pairs.cpu_nodes import CHOSEN, PIECE, ROWS, Scratch, run_block, tasks
from fastloss.pairs.nodes import BEGIN, END, NODE, PART, Node, Parameters, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import cpu as thresholds

LOCATED = Scratch(PIECE, np.uint32), Scratch(PIECE, np.float64)  # fine boxes of chosen rows, and places in them
RECEIVED = Scratch(DEGREES, np.float64), Scratch(4, np.float64)  # a box's polynomial, and the far sums
PART_SLOTS = 1 << 17  # fine boxes that the partial grids of a node may have together
FIRST_BOX, END_BOX = 1, 2  # columns of ranges of coarse boxes, behind NODE


@regroups
def moments_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, keys, floats, integers, tasks = inputs
    moments, chosen, boxes, places = outputs
    scale = parameters[0]
    for task in range(first, last):
        node, part = tasks[task, NODE], tasks[task, PART]
        grid = Grid(floats[node, ORIGIN], integers[node, FIRST_KEY], integers[node, LAST_KEY], keys)
        slots = integers[node, COUNT] * SUB
        start = integers[node, SLOT] + part * slots
        own = moments[start : start + slots]
        own[:, :] = 0.0
        for begin in range(tasks[task, BEGIN], tasks[task, END], PIECE):
            end = min(begin + PIECE, tasks[task, END])
            between = (floats[node, SOURCE_LOW], floats[node, SOURCE_HIGH])
            count = select((begin, end), labels, between, chosen)
            add_moments(chosen[:count], (scores, weights), scale, grid, own, (boxes, places))


@regroups
def gather_block(inputs, parameters, outputs, first, last):
    keys, integers, cuts, edges = inputs
    moments, boxes = outputs
    s = parameters[0]
    for node in range(first, last):
        slots = integers[node, COUNT] * SUB
        start = integers[node, SLOT]
        own = moments[start : start + slots]
        for part in range(1, integers[node, PARTS]):
            other = moments[start + part * slots : start + (part + 1) * slots]
            for slot in range(slots):
                for n in range(FINE):
                    own[slot, n] += other[slot, n]
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        gather(own, cuts, edges, boxes[begin:end])
        scan(boxes[begin:end], keys[begin:end], s)


@regroups
def couple_block(inputs, parameters, outputs, first, last):
    boxes, keys, integers, table, tails, cuts, edges, tasks = inputs
    coefficients, received, sums = outputs
    s = parameters[0]
    for task in range(first, last):
        node = tasks[task, NODE]
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        for q in range(tasks[task, FIRST_BOX], tasks[task, END_BOX]):
            far_sums(q, boxes[begin:end], keys[begin:end], s, sums)
            for k in range(table.shape[0]):
                couple(q, boxes[begin:end], keys[begin:end], table[k], received)
                slot = (begin + q) * SUB
                cut(received, sums, tails[k], (cuts, edges), coefficients[slot : slot + SUB, k])


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, keys, floats, integers, tasks, coefficients = inputs
    each, gradient, curvature, losses, chosen, boxes, places = outputs
    scale, results = parameters[0], Results(each, gradient, curvature)
    for task in range(first, last):
        node = tasks[task, NODE]
        grid = Grid(floats[node, ORIGIN], integers[node, FIRST_KEY], integers[node, LAST_KEY], keys)
        start = integers[node, BOX] * SUB
        own = coefficients[start : start + integers[node, COUNT] * SUB]
        received = Received(own, floats[node, SLOPE], floats[node, CURVE])
        total = 0.0
        for begin in range(tasks[task, BEGIN], tasks[task, END], PIECE):
            end = min(begin + PIECE, tasks[task, END])
            between = (floats[node, TARGET_LOW], floats[node, TARGET_HIGH])
            count = select((begin, end), labels, between, chosen)
            located = boxes, places
            total += evaluate(chosen[:count], (scores, weights), scale, grid, received, located, results)
        losses[task] = total


class Batch(Layout):
    """Nodes that are computed together."""

    def __init__(self, nodes: list[Node], keys: list[Keys]):
        super().__init__(nodes, keys)
        self.sources: list[tuple[int, ...]] = []
        self.boxes: list[tuple[int, ...]] = []
        for at, node in enumerate(nodes):
            parts, count = self.integers[at, PARTS], self.integers[at, COUNT]
            size = -(-(node.end - node.begin) // parts)
            for part in range(parts):
                begin = node.begin + part * size
                self.sources.append((at, part, begin, min(begin + size, node.end)))
            self.boxes += [(at, q, min(q + BOXES, count)) for q in range(0, count, BOXES)]
        self.targets = tasks(nodes)

    def parts(self, rows: int, slots: int) -> int:
        return max(1, min(-(-rows // ROWS), PART_SLOTS // slots))

    def run(
        self, formulas: PairFormulas, rows: Columns, scaling: Steepness, wanted: Wanted, results: Results
    ) -> np.ndarray:
        """Return the nodes' losses; each target's and derivatives are added to the results."""
        coefficients = self.polynomials(formulas, scaling, self.moments(rows, scaling.scale), wanted)
        return self.evaluate(rows, scaling.scale, coefficients, wanted, results)

    def moments(self, rows: Columns, scale: float) -> np.ndarray:
        """The fine moments of the sources: the grids of all parts of all nodes."""
        moments = np.empty((self.slots, FINE))
        inputs = (*rows, self.keys, self.floats, self.integers, np.array(self.sources))
        weighted = bool(rows.weights.size)
        scratch, names = (CHOSEN, *LOCATED), {"WEIGHTED": weighted}
        run_block(moments_block, "wu"[not weighted], inputs, (scale,), (moments,), len(self.sources), scratch, names)
        return moments

    def polynomials(
        self, formulas: PairFormulas, scaling: Steepness, moments: np.ndarray, wanted: Wanted
    ) -> np.ndarray:
        """What the sources make in every fine box: [fine box, kernel wanted, power]. Parts are added into the first."""
        boxes, cuts, edges = np.empty((self.count, COLUMNS)), shape.cut_table(), shape.edge_table(scaling.s)
        inputs = (self.keys, self.integers, cuts, edges)
        run_block(gather_block, "any", inputs, (scaling.s,), (moments, boxes), len(self.nodes))
        table, tails = tables(formulas, scaling.s)
        some = np.flatnonzero([wanted.value or wanted.each, wanted.gradient, wanted.curvature])
        coefficients = np.empty((self.count * SUB, some.size, FINE))
        coupled = (boxes, self.keys, self.integers, table[some], tails[some], cuts, edges, np.array(self.boxes))
        run_block(couple_block, "any", coupled, (scaling.s,), (coefficients,), len(self.boxes), RECEIVED)
        return coefficients

    def evaluate(
        self, rows: Columns, scale: float, coefficients: np.ndarray, wanted: Wanted, results: Results
    ) -> np.ndarray:
        """Return the nodes' losses; each target's and derivatives are added to the results."""
        self.factors(scale)
        losses = np.empty(len(self.targets))
        weighted = bool(rows.weights.size)
        inputs = (*rows, self.keys, self.floats, self.integers, self.targets, coefficients)
        name = f"{wanted.code}{'wu'[not weighted]}"
        outputs, scratch, names = (*results, losses), (CHOSEN, *LOCATED), wanted_names(wanted, weighted)
        run_block(evaluate_block, name, inputs, (scale,), outputs, len(self.targets), scratch, names)
        return np.bincount(self.targets[:, NODE], losses, len(self.nodes))


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`; any finite scores will do."""
    return far.sums(
        nodes,
        steepness(parameters.number).scale,
        lambda held: _in_boxes(formulas, held, rows, parameters, wanted, results),
        lambda apart: _far_apart(formulas, apart, rows, parameters, wanted, results),
    )


def _in_boxes(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    scale, s = steepness(parameters.number)
    z = Steepness(scale * parameters.orientation, s)
    losses = [Batch(*batch).run(formulas, rows, z, wanted, results) for batch in batches(nodes, z.scale, rows.scores)]
    if wanted.gradient or wanted.curvature:
        mirrored = [node.mirrored() for node in nodes]
        turned = Steepness(-z.scale, s)
        for batch in batches(mirrored, turned.scale, rows.scores):
            Batch(*batch).run(formulas, rows, turned, wanted.derivatives, results)
    return np.concatenate(losses)


def _far_apart(
    formulas: PairFormulas, node: Node, rows: Columns, parameters: Parameters, wanted: Wanted, results: Results
) -> float:
    """Sum a node whose scores boxes do not hold, see `pairs/boxes/far.py`; all is NaN unless they are finite."""
    part = slice(node.begin, node.end)
    scores, labels, weights = rows.taken(part)
    results = results.part(part)
    if not np.isfinite(scores).all():
        for result in results:
            result[:] = np.nan
        return float("nan")
    moved = far.moved(scores, steepness(parameters.number).scale)
    near = node._replace(begin=0, end=scores.size, low=float(moved.near.min()), high=float(moved.near.max()))
    held = Columns(moved.near, labels, weights)
    loss = float(_in_boxes(formulas, [near], held, parameters, wanted, results)[0])
    if not (wanted.value or wanted.each):
        return loss
    each = np.zeros(results.each.size)
    straight, beyond = Parameters(0.0, parameters.orientation), Columns(moved.beyond, labels, weights)
    missing = thresholds.sums(far.HINGE, [near], beyond, straight, wanted.losses, results._replace(each=each))[0]
    with np.errstate(over="ignore"):
        results.each[:] += far.restored(formulas, parameters.number, each)
        return loss + float(far.restored(formulas, parameters.number, missing))
