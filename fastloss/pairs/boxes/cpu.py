"""The linear-time sums of `sums.py` on the CPU.

Nodes run in batches, in four launches: moments (chunks of rows into grids of their own, added in order), far sums (a
node each), coupling (ranges of boxes), evaluation (chunks of rows).
"""

from typing import Any

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
    batches,
    steepness,
)
from fastloss.pairs.boxes.sums import (
    COLUMNS,
    DEGREES,
    FINE,
    SUB,
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
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.thresholds import cpu as thresholds

LOCATED = Scratch(PIECE, np.uint32), Scratch(PIECE, np.float64)  # fine boxes of chosen rows, and places in them
RECEIVED = Scratch(DEGREES, np.float64), Scratch(4, np.float64)  # a box's polynomial, and the far sums
PART_SLOTS = 1 << 17  # fine boxes that the partial grids of a node may have together


@regroups
def moments_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, keys, floats, integers, tasks = inputs
    chosen, found = outputs[1], (outputs[2], outputs[3])
    rows = (scores, weights, keys)
    for task in range(first, last):
        node, part = tasks[task, 0], tasks[task, 1]
        grid = (floats[node, ORIGIN], integers[node, FIRST_KEY], integers[node, LAST_KEY])
        slots = integers[node, COUNT] * SUB
        start = integers[node, SLOT] + part * slots
        own = outputs[0][start : start + slots]
        own[:, :] = 0.0
        for begin in range(tasks[task, 2], tasks[task, 3], PIECE):
            end = min(begin + PIECE, tasks[task, 3])
            between = (floats[node, SOURCE_LOW], floats[node, SOURCE_HIGH])
            count = select((begin, end), labels, between, chosen)
            add_moments(chosen[:count], rows, parameters[0], grid, (own, found))


@regroups
def gather_block(inputs, parameters, outputs, first, last):
    keys, integers, cuts, edges = inputs
    moments, boxes = outputs
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
        scan(boxes[begin:end], keys[begin:end], parameters[1])


@regroups
def couple_block(inputs, parameters, outputs, first, last):
    boxes, keys, integers, table, tails, cuts, edges, tasks = inputs
    received, sums = outputs[1], outputs[2]
    for task in range(first, last):
        node = tasks[task, 0]
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        for q in range(tasks[task, 1], tasks[task, 2]):
            far_sums(q, boxes[begin:end], keys[begin:end], parameters[1], sums)
            for k in range(table.shape[0]):
                couple(q, boxes[begin:end], keys[begin:end], table[k], received)
                slot = (begin + q) * SUB
                cut(received, sums, tails[k], (cuts, edges), outputs[0][slot : slot + SUB, k])


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, keys, floats, integers, tasks, coefficients = inputs
    chosen, found = outputs[4], (outputs[5], outputs[6])
    rows = (scores, weights, keys)
    for task in range(first, last):
        node = tasks[task, 0]
        grid = (
            floats[node, ORIGIN],
            integers[node, FIRST_KEY],
            integers[node, LAST_KEY],
            parameters[0],
            floats[node, SLOPE],
            floats[node, CURVE],
        )
        start = integers[node, BOX] * SUB
        own = coefficients[start : start + integers[node, COUNT] * SUB]
        total = 0.0
        for begin in range(tasks[task, 2], tasks[task, 3], PIECE):
            end = min(begin + PIECE, tasks[task, 3])
            between = (floats[node, TARGET_LOW], floats[node, TARGET_HIGH])
            count = select((begin, end), labels, between, chosen)
            total += evaluate(chosen[:count], rows, grid, (own, found), outputs[:3])
        outputs[3][task] = total


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

    def run(self, formulas: PairFormulas, rows: Any, scaling: tuple[float, float], wanted: Wanted, results: Any):
        """The nodes' losses; derivatives are added to the results."""
        coefficients = self.polynomials(formulas, scaling, self.moments(rows, scaling[0]), wanted)
        return self.evaluate(rows, scaling[0], coefficients, (wanted, results))

    def moments(self, rows: Any, scale: float) -> np.ndarray:
        """The fine moments of the sources: the grids of all parts of all nodes."""
        moments = np.empty((self.slots, FINE))
        inputs = (*rows, self.keys, self.floats, self.integers, np.array(self.sources))
        weighted = bool(rows[2].size)
        arrays = inputs, (scale,), (moments,)
        names = {"WEIGHTED": weighted}
        run_block(moments_block, "wu"[not weighted], arrays, len(self.sources), (CHOSEN, *LOCATED), names)
        return moments

    def polynomials(
        self, formulas: PairFormulas, scaling: tuple[float, float], moments: np.ndarray, wanted: Wanted
    ) -> np.ndarray:
        """What the sources make in every fine box: [fine box, kernel wanted, power]. Parts are added into the first."""
        boxes, cuts, edges = np.empty((self.count, COLUMNS)), shape.cut_table(), shape.edge_table(scaling[1])
        gathered = ((self.keys, self.integers, cuts, edges), scaling, (moments, boxes))
        run_block(gather_block, "any", gathered, len(self.nodes))
        table, tails = tables(formulas, scaling[1])
        some = np.flatnonzero([wanted.value or wanted.each, wanted.gradient, wanted.curvature])
        coefficients = np.empty((self.count * SUB, some.size, FINE))
        inputs = (boxes, self.keys, self.integers, table[some], tails[some], cuts, edges, np.array(self.boxes))
        run_block(couple_block, "any", (inputs, scaling, (coefficients,)), len(self.boxes), RECEIVED)
        return coefficients

    def evaluate(self, rows: Any, scale: float, coefficients: np.ndarray, task: Any) -> np.ndarray:
        """The nodes' losses; derivatives are added to the results."""
        wanted, results = task
        self.factors(scale)
        losses = np.empty(len(self.targets))
        weighted = bool(rows[2].size)
        asked = {
            "WANT_VALUE": wanted.value or wanted.each,
            "WANT_GRADIENT": wanted.gradient,
            "WANT_CURVATURE": wanted.curvature,
            "WEIGHTED": weighted,
        }
        inputs = (*rows, self.keys, self.floats, self.integers, self.targets, coefficients)
        name = f"{wanted.code}{'wu'[not weighted]}"
        arrays = inputs, (scale,), (*results, losses)
        run_block(evaluate_block, name, arrays, len(self.targets), (CHOSEN, *LOCATED), asked)
        return np.bincount(self.targets[:, 0], losses, len(self.nodes))


def sums(formulas: PairFormulas, nodes: list[Node], rows: Any, parameters: Parameters, task: Any) -> np.ndarray:
    """See `pairs.nodes.Sums`; any finite scores will do."""
    return far.sums(
        nodes,
        steepness(parameters.number).scale,
        lambda held: _in_boxes(formulas, held, rows, parameters, task),
        lambda apart: _far_apart(formulas, apart, rows, parameters, task),
    )


def _in_boxes(formulas: PairFormulas, nodes: list[Node], rows: Any, parameters: Parameters, task: Any) -> np.ndarray:
    wanted, results = task
    scale, s = steepness(parameters.number)
    scale *= parameters.orientation
    losses = [Batch(*some).run(formulas, rows, (scale, s), wanted, results) for some in batches(nodes, scale, rows[0])]
    if wanted.gradient or wanted.curvature:
        mirrored = [node.mirrored() for node in nodes]
        for some in batches(mirrored, -scale, rows[0]):
            Batch(*some).run(formulas, rows, (-scale, s), wanted.derivatives, results)
    return np.concatenate(losses)


def _far_apart(formulas: PairFormulas, node: Node, rows: Any, parameters: Parameters, task: Any) -> float:
    """The loss of a node whose scores boxes do not hold, see `pairs/boxes/far.py`; all NaN unless they are finite."""
    wanted, results = task
    some = slice(node.begin, node.end)
    scores, labels, weights = (column[some] if column.size else column for column in rows)
    own = tuple(result[some] if result.size else result for result in results)
    if not np.isfinite(scores).all():
        for result in own:
            result[:] = np.nan
        return float("nan")
    moved = far.moved(scores, steepness(parameters.number).scale)
    near = node._replace(begin=0, end=scores.size, low=float(moved.near.min()), high=float(moved.near.max()))
    loss = float(_in_boxes(formulas, [near], (moved.near, labels, weights), parameters, (wanted, own))[0])
    if not (wanted.value or wanted.each):
        return loss
    each = np.zeros(own[0].size)
    straight = Parameters(0.0, parameters.orientation), (Wanted(wanted.value, wanted.each), (each, own[1], own[2]))
    missing = thresholds.sums(far.HINGE, [near], (moved.beyond, labels, weights), *straight)[0]
    with np.errstate(over="ignore"):
        own[0][:] += far.restored(formulas, parameters.number, each)
        return loss + float(far.restored(formulas, parameters.number, missing))
