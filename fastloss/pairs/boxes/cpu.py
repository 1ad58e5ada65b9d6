"""The linear-time sums of `sums.py` on the CPU.

Nodes run in batches. One pass over the rows makes the moments of both sides of each node (chunks of rows into grids of
their own, which are added in order); losses follow from them, without the rows. Derivatives need a second pass, which
evaluates both sides: what the targets make for the sources are sums of the negated scores, in the same boxes turned.
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
    locate,
    scan,
    select_either,
    summed,
    turn,
    turned_key,
)
from fastloss.pairs.boxes.tables import tables
from fastloss.pairs.cpu_nodes import CHOSEN, PIECE, ROWS, Scratch, run_block, tasks
from fastloss.pairs.nodes import BEGIN, END, NODE, Node, Parameters, pieces, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import cpu as thresholds

LOCATED = Scratch(PIECE, np.uint32), Scratch(PIECE, np.float64)  # fine boxes of chosen rows, and places in them
RECEIVED = Scratch(DEGREES, np.float64), Scratch(4, np.float64)  # a box's polynomial, and the far sums
PART_SLOTS = 1 << 17  # fine boxes that the partial grids of a node may have together
SLOTS = 512  # fine boxes of a task that adds up partial grids
FIRST, LAST = 1, 2  # columns of ranges of coarse or fine boxes, behind NODE
START, ASIDE = 1, 4  # and of ranges of rows: where their grid of targets begins, and that of sources behind it


@regroups
def moments_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, keys, floats, integers, tasks = inputs
    moments, chosen, boxes, places = outputs
    scale = parameters[0]
    for task in range(first, last):
        node, start, aside = tasks[task, NODE], tasks[task, START], tasks[task, ASIDE]
        grid = Grid(floats[node, ORIGIN], integers[node, FIRST_KEY], integers[node, LAST_KEY], keys)
        targets = (floats[node, TARGET_LOW], floats[node, TARGET_HIGH])
        sources = (floats[node, SOURCE_LOW], floats[node, SOURCE_HIGH])
        slots = integers[node, COUNT] * SUB
        own = moments[start:]
        own[:slots, :] = 0.0
        own[aside : aside + slots, :] = 0.0
        for begin in range(tasks[task, BEGIN], tasks[task, END], PIECE):
            end = min(begin + PIECE, tasks[task, END])
            some = chosen[: select_either((begin, end), labels, targets, sources, chosen)]
            locate(some, (scores, labels), targets, aside, scale, grid, boxes, places)
            add_moments(some, weights, (boxes, places), own)


@regroups
def add_block(inputs, parameters, outputs, first, last):
    keys, integers, tasks = inputs
    (moments,) = outputs
    for task in range(first, last):
        node = tasks[task, NODE]
        slots = integers[node, COUNT] * SUB
        for part in range(1, integers[node, PARTS]):
            for side in range(2):
                own = moments[integers[node, BOX] * SUB + side * keys.size * SUB :]
                other = moments[integers[node, SLOT] + (2 * (part - 1) + side) * slots :]
                for slot in range(tasks[task, FIRST], tasks[task, LAST]):
                    for n in range(FINE):
                        own[slot, n] += other[slot, n]


@regroups
def gather_block(inputs, parameters, outputs, first, last):
    moments, keys, integers, cuts, edges = inputs
    (boxes,) = outputs
    for node in range(first, last):
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        gather(moments[begin * SUB : end * SUB], cuts, edges, boxes[begin:end])
        scan(boxes[begin:end], keys[begin:end], parameters[0])


@regroups
def couple_block(inputs, parameters, outputs, first, last):
    boxes, keys, integers, table, tails, cuts, edges, tasks = inputs
    coefficients, received, sums = outputs
    s = parameters[0]
    for task in range(first, last):
        node = tasks[task, NODE]
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        for q in range(tasks[task, FIRST], tasks[task, LAST]):
            far_sums(q, boxes[begin:end], keys[begin:end], s, sums)
            for k in range(table.shape[0]):
                couple(q, boxes[begin:end], keys[begin:end], table[k], received)
                slot = (begin + q) * SUB
                cut(received, sums, tails[k], (cuts, edges), coefficients[slot : slot + SUB, k])


@regroups
def losses_block(inputs, parameters, outputs, first, last):
    moments, polynomials, integers = inputs
    (losses,) = outputs
    for node in range(first, last):
        losses[node] = 0.0
        for box in range(integers[node, BOX], integers[node, BOX] + integers[node, COUNT]):
            own = slice(box * SUB, (box + 1) * SUB)
            losses[node] += summed(moments[own], polynomials[own, 0])


@regroups
def turn_block(inputs, parameters, outputs, first, last):
    keys, integers = inputs
    (polynomials,) = outputs
    for node in range(first, last):
        begin, end = integers[node, BOX], integers[node, BOX] + integers[node, COUNT]
        turn(keys[begin:end], polynomials[begin * SUB : end * SUB])


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, keys, floats, integers, tasks, polynomials = inputs
    each, gradient, curvature, chosen, boxes, places = outputs
    scale, results = parameters[0], Results(each, gradient, curvature)
    for task in range(first, last):
        node = tasks[task, NODE]
        grid = Grid(floats[node, ORIGIN], integers[node, FIRST_KEY], integers[node, LAST_KEY], keys)
        targets = (floats[node, TARGET_LOW], floats[node, TARGET_HIGH])
        sources = (floats[node, SOURCE_LOW], floats[node, SOURCE_HIGH])
        received = Received(polynomials[integers[node, BOX] * SUB :], floats[node, SLOPE], floats[node, CURVE])
        for begin in range(tasks[task, BEGIN], tasks[task, END], PIECE):
            end = min(begin + PIECE, tasks[task, END])
            some = chosen[: select_either((begin, end), labels, targets, sources, chosen)]
            locate(some, (scores, labels), targets, keys.size * SUB, scale, grid, boxes, places)
            evaluate(some, weights, (boxes, places), received, results)


class Batch(Layout):
    """Nodes that are computed together.

    What concerns their fine boxes is an array [side, fine box, ...]: of all nodes' targets, then of all their sources.
    A node's targets and sources have no row in common, or are the same.
    """

    def __init__(self, nodes: list[Node], keys: list[Keys]):
        super().__init__(nodes, keys)
        begin, end = np.array([(node.begin, node.end) for node in nodes], np.int64).T
        slot, parts, box, count = self.integers[:, [SLOT, PARTS, BOX, COUNT]].T
        # Grids of a node's first rows stand where those of all its rows will be, the others behind all of these.
        self.integers[:, SLOT] = further = 2 * (self.count * SUB + slot - box * SUB)
        owner, start, stop = pieces(begin, end, np.maximum(-((begin - end) // parts), 1))
        part = np.arange(owner.size) - np.searchsorted(owner, owner)
        at = np.where(part == 0, (box * SUB)[owner], further[owner] + 2 * (part - 1) * count[owner] * SUB)
        aside = np.where(part == 0, self.count * SUB, count[owner] * SUB)
        self.parts_of_rows = np.stack((owner, at, start, stop, aside), 1)
        self.boxes = np.stack(pieces(np.zeros_like(count), count, BOXES), 1)
        self.grids = np.stack(pieces(np.zeros_like(count), count * SUB, SLOTS), 1)
        self.turned_keys = turned_key(self.keys)[np.repeat(2 * box + count - 1, count) - np.arange(self.count)]
        self.same = np.repeat([node.sources == node.targets for node in nodes], count * SUB)

    def parts(self, rows: int, slots: int) -> int:
        return max(1, min(-(-rows // ROWS), PART_SLOTS // (2 * slots)))

    def run(
        self, formulas: PairFormulas, rows: Columns, scaling: Steepness, wanted: Wanted, results: Results
    ) -> np.ndarray:
        """Return the nodes' losses; each target's and derivatives are added to the results."""
        targets, sources = self.moments(rows, scaling.scale)
        losses = np.zeros(len(self.nodes))
        if wanted.value or wanted.each:
            losses = self.losses(self.received(formulas, scaling.s, sources, Wanted(value=True)), targets)
        asked = wanted._replace(value=False)
        if any(asked):
            polynomials = self.from_both(formulas, scaling.s, targets, sources, asked)
            self.evaluate(rows, scaling.scale, polynomials, asked, results)
        return losses

    def moments(self, rows: Columns, scale: float) -> np.ndarray:
        """Return the moments of the targets and of the sources: [side, fine box, power]."""
        moments = np.empty((2 * self.slots, FINE))
        inputs = (*rows, self.keys, self.floats, self.integers, self.parts_of_rows)
        weighted, chunks = bool(rows.weights.size), len(self.parts_of_rows)
        scratch, names = (CHOSEN, *LOCATED), {"WEIGHTED": weighted}
        run_block(moments_block, "wu"[not weighted], inputs, (scale,), (moments,), chunks, scratch, names)
        if self.slots > self.count * SUB:
            run_block(add_block, "any", (self.keys, self.integers, self.grids), (), (moments,), len(self.grids))
        sides = moments[: 2 * self.count * SUB].reshape(2, -1, FINE)
        sides[1, self.same] = sides[0, self.same]
        return sides

    def received(
        self, formulas: PairFormulas, s: float, sources: np.ndarray, wanted: Wanted, keys: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what sources make in every fine box, [fine box, kernel wanted, power]; `keys`: unless as planned."""
        keys = self.keys if keys is None else keys
        boxes, cuts, edges = np.empty((self.count, COLUMNS)), shape.cut_table(), shape.edge_table(s)
        run_block(gather_block, "any", (sources, keys, self.integers, cuts, edges), (s,), (boxes,), len(self.nodes))
        table, tails = tables(formulas, s)
        some = np.flatnonzero([wanted.value or wanted.each, wanted.gradient, wanted.curvature])
        polynomials = np.empty((self.count * SUB, some.size, FINE))
        coupled = (boxes, keys, self.integers, table[some], tails[some], cuts, edges, self.boxes)
        run_block(couple_block, "any", coupled, (s,), (polynomials,), len(self.boxes), RECEIVED)
        return polynomials

    def from_both(
        self, formulas: PairFormulas, s: float, targets: np.ndarray, sources: np.ndarray, wanted: Wanted
    ) -> np.ndarray:
        """Return what the sources make for the targets, and these for them; `targets` are overwritten."""
        polynomials = np.empty((2, self.count * SUB, sum(wanted), FINE))
        polynomials[0] = self.received(formulas, s, sources, wanted)
        self.turn(self.keys, targets[:, None])
        polynomials[1] = self.received(formulas, s, targets, wanted, self.turned_keys)
        self.turn(self.turned_keys, polynomials[1])
        if wanted.each:
            polynomials[1, :, 0] = 0.0
        if wanted.gradient:
            polynomials[1, :, int(wanted.each)] *= -1.0
        polynomials[0, self.same] += polynomials[1, self.same]
        return polynomials

    def turn(self, keys: np.ndarray, polynomials: np.ndarray) -> None:
        """Do `sums.turn` for every node."""
        run_block(turn_block, "any", (keys, self.integers), (), (polynomials,), len(self.nodes))

    def losses(self, polynomials: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the nodes' losses: those of their targets' moments."""
        losses = np.empty(len(self.nodes))
        run_block(losses_block, "any", (targets, polynomials, self.integers), (), (losses,), losses.size)
        return losses

    def evaluate(self, rows: Columns, scale: float, polynomials: np.ndarray, wanted: Wanted, results: Results) -> None:
        """Add each target's loss and the derivatives to the results; `polynomials`: [side, fine box, kernel, power]."""
        self.factors(scale)
        chunks, weighted = tasks(self.nodes), bool(rows.weights.size)
        flat = polynomials.reshape(-1, *polynomials.shape[2:])
        inputs = (*rows, self.keys, self.floats, self.integers, chunks, flat)
        name = f"{wanted.code}{'wu'[not weighted]}"
        scratch, names = (CHOSEN, *LOCATED), wanted_names(wanted, weighted)
        run_block(evaluate_block, name, inputs, (scale,), tuple(results), len(chunks), scratch, names)


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
    return np.concatenate(
        [Batch(*batch).run(formulas, rows, z, wanted, results) for batch in batches(nodes, z.scale, rows.scores)]
    )


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
