"""Two sorted sides of a node, merged: each row of one meets those of the other that count for it.

Rows are walked in an order in which more and more rows of the other side count: falling scores for targets, rising ones
for sources. The other side is cut into chunks in that order. All rows of the chunks before some chunk count, and their
sums are known; the pairs with that chunk's rows are added one by one, without a look at which of them count: a branch
for each pair would be a guess, and wrong half the time.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import regroups, unbound
from fastloss.core.requests import Wanted
from fastloss.pairs.cpu_nodes import few_within, run_block
from fastloss.pairs.nodes import Parameters, pieces, wanted_names
from fastloss.pairs.records import Results
from fastloss.pairs.thresholds.order import Order
from fastloss.pairs.thresholds.partition import ONE, TWO
from fastloss.pairs.thresholds.sums import (
    Settings,
    Sums,
    excess,
    joined,
    reached,
    row_sums,
    sums_from,
    write_sums,
)

# Constants of the library, since sums depend on them: rows of a chunk and of a block of them, rows that are walked in
# one range, and those whose losses are added up by themselves.
CHUNK, BLOCK, WALKED, SUMMED = np.uint64(16), np.uint64(1 << 11), 1 << 13, np.uint64(1 << 11)
BLOCK_CHUNKS = BLOCK // CHUNK
NODE, BEGIN, END = range(3)  # columns of blocks, and of ranges of walked rows
START, STOP, BLOCKS = range(3)  # columns of nodes' sides: their rows, and the first of their blocks

POWER = WEIGHTED = WANT_ROWS = unbound


class Side(NamedTuple):
    """A node's sorted rows begin <= i < end, by falling or rising scores."""

    scores: Any
    weights: Any
    begin: Any
    end: Any
    falling: Any


class Rule(NamedTuple):
    """Which rows count for x: those with d = margin - sign (x - t) > 0, or >= 0 unless `strictly`."""

    margin: Any
    sign: Any
    strictly: Any
    chunk: Any  # CHUNK as a number that the compiler does not know, or it would unroll the loops over chunks


class Tables(NamedTuple):
    """Sums over what lies before each chunk in its block, and before each block; and the first block of one node."""

    chunks: Any
    blocks: Any
    first: Any


class Met(NamedTuple):
    """The chunks that count as a whole: how many rows, the score of the last, and their sums relative to it."""

    count: Any
    last: Any
    sums: Any


def place(side, k):
    """Return where row k of a side lies."""
    return side.end - ONE - k if side.falling else side.begin + k


def score(side, k):
    return np.float64(side.scores[place(side, k)])


def pair_sums(side, i, x, rule):
    """Return the sums over one row if it counts for x, relative to where d is 0."""
    t = np.float64(side.scores[i])
    own = side.weights[i] if WEIGHTED else 1.0
    kept = own if reached(t, x, rule.margin, rule.sign, rule.strictly) else 0.0
    d = excess(x, rule.margin, rule.sign, t) if kept > 0.0 else 0.0
    return Sums(kept, kept * d, kept * d * d)


@regroups
def near_sums(side, start, count, x, rule):
    """Return the sums over some rows."""
    begin = place(side, start + count - ONE) if side.falling else place(side, start)
    weight = lead = square = 0.0
    for k in range(count):
        one = pair_sums(side, begin + np.uint64(k), x, rule)
        weight += one.weight
        lead += one.lead
        square += one.square
    return Sums(weight, lead, square)


@regroups
def sum_block(inputs, parameters, outputs, first, last):
    """Write the sums over each block, and over what lies before each chunk in it, relative to their last rows."""
    scores, weights, nodes, blocks = inputs
    of_chunks, of_blocks = outputs
    rule = Rule(0.0, parameters[0], False, CHUNK)
    for block in range(first, last):
        node = blocks[block, NODE]
        side = Side(scores, weights, nodes[node, START], nodes[node, STOP], parameters[0] > 0.0)
        stop, at = np.uint64(blocks[block, END]), np.uint64(block) * BLOCK_CHUNKS
        before, near = Sums(0.0, 0.0, 0.0), 0.0
        for begin in range(np.uint64(blocks[block, BEGIN]), stop, CHUNK):
            write_sums(of_chunks, at, before)
            start, count = np.uint64(begin), min(CHUNK, stop - np.uint64(begin))
            far = score(side, start + count - ONE)
            before = joined(near_sums(side, start, count, far, rule), before, abs(near - far))
            near = far
            at += ONE
        write_sums(of_blocks, block, before)


@regroups
def join_block(inputs, parameters, outputs, first, last):
    """Write over each block's sums those over the blocks before it, relative to their last row."""
    scores, nodes = inputs
    (of_blocks,) = outputs
    for node in range(first, last):
        side = Side(scores, scores, nodes[node, START], nodes[node, STOP], parameters[0] > 0.0)
        size, at = side.end - side.begin, nodes[node, BLOCKS]
        before, near = Sums(0.0, 0.0, 0.0), 0.0
        for begin in range(np.uint64(0), size, BLOCK):
            far = score(side, min(np.uint64(begin) + BLOCK, size) - ONE)
            own = sums_from(of_blocks, at)
            write_sums(of_blocks, at, before)
            before, near = joined(own, before, abs(near - far)), far
            at += ONE


def met_before(count, side, tables):
    """Return what counts where so many rows do, chunks that are not all."""
    block = count // BLOCK
    last = score(side, count - ONE) if count else 0.0
    middle = score(side, block * BLOCK - ONE) if block else last
    rest = sums_from(tables.blocks, tables.first + block)
    sums = joined(sums_from(tables.chunks, tables.first * BLOCK_CHUNKS + count // CHUNK), rest, abs(middle - last))
    return Met(count, last, sums)


def chunk_counts(k, side, x, rule):
    """Check whether the chunk from row k on counts as a whole."""
    return reached(score(side, k + CHUNK - ONE), x, rule.margin, rule.sign, rule.strictly)


def beginning(side, tables, x, rule):
    """Return what counts for x, without the last chunk and the one in which the rows that count end."""
    low, high = np.uint64(0), (side.end - side.begin - ONE) // CHUNK
    while low < high:
        middle = (low + high) // TWO
        if chunk_counts(middle * CHUNK, side, x, rule):
            low = middle + ONE
        else:
            high = middle
    return met_before(low * CHUNK, side, tables)


def advanced(met, side, tables, x, rule):
    """Return the same for x, if all that `met` has counts."""
    count, size = met.count, side.end - side.begin
    while count + CHUNK < size and chunk_counts(count, side, x, rule):
        count += CHUNK
    return met_before(count, side, tables) if count > met.count else met


def sums_of(x, met, side, rule):
    """Return the sums over what counts for x, relative to where d is 0."""
    left = side.end - side.begin - met.count
    if left >= CHUNK:
        near = near_sums(side, met.count, rule.chunk // CHUNK * CHUNK, x, rule)
    else:
        near = near_sums(side, met.count, left, x, rule)
    return joined(near, met.sums, excess(x, rule.margin, rule.sign, met.last))


@regroups
def walk_block(inputs, parameters, outputs, first, last):
    scores, weights, of_chunks, of_blocks, nodes, bounds, factors, ranges = inputs
    each, gradient, curvature, losses = outputs
    rule = Rule(parameters[0], parameters[1], POWER == 0, np.uint64(parameters[3]))
    falling = rule.sign > 0.0
    for task in range(first, last):
        node, begin, end = ranges[task, NODE], np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, END])
        settings = Settings(rule.margin, rule.sign, parameters[2] * factors[node], factors[node])
        own = Side(scores, weights, bounds[node, START], bounds[node, STOP], falling)
        others = Side(scores, weights, nodes[node, START], nodes[node, STOP], falling)
        tables = Tables(of_chunks, of_blocks, nodes[node, BLOCKS])
        met = beginning(others, tables, score(own, begin), rule)
        total = 0.0
        for start in range(begin, end, SUMMED):
            part = 0.0
            for k in range(start, min(start + SUMMED, end)):
                i = place(own, np.uint64(k))
                x = np.float64(scores[i])
                met = advanced(met, others, tables, x, rule)
                found = row_sums(weights[i] if WEIGHTED else 1.0, sums_of(x, met, others, rule), settings)
                part += found.loss
                if WANT_ROWS:
                    add(each, i, found.loss)
                    add(gradient, i, found.slope)
                    add(curvature, i, found.curvature)
            total += part
        losses[task] = total


def add(result, at, number):
    """Add to a row's result if it is wanted."""
    if result.size:
        result[at] += number


class Pass(NamedTuple):
    """Which rows meet which: bounds of both sides of every node, and whether by falling scores."""

    own: np.ndarray
    others: np.ndarray
    falling: bool


class Others(NamedTuple):
    """The same of all nodes, and columns of these: the rows of the other side and its first block."""

    chunks: np.ndarray
    blocks: np.ndarray
    nodes: np.ndarray


def others_of(order: Order, way: Pass) -> Others:
    """Return the sums over the other sides' chunks and blocks."""
    sign, weighted, rows = 1.0 if way.falling else -1.0, order.weights.size > 0, order.scores.size
    sizes = np.diff(way.others)[:, 0]
    blocks = np.column_stack(pieces(np.zeros_like(sizes), sizes, int(BLOCK)))
    first = np.searchsorted(blocks[:, NODE], np.arange(sizes.size))
    nodes = np.column_stack((way.others, first)).astype(np.uint64)
    of_chunks, of_blocks = np.empty((len(blocks) * int(BLOCK_CHUNKS), 3)), np.empty((len(blocks), 3))
    run_block(
        sum_block,
        "w" if weighted else "u",
        (order.scores, order.weights, nodes, blocks),
        (sign,),
        (of_chunks, of_blocks),
        len(blocks),
        names={"WEIGHTED": weighted},
        few=few_within(len(blocks), rows),
    )
    inputs, few = (order.scores, nodes), few_within(sizes.size, rows)
    run_block(join_block, "any", inputs, (sign,), (of_blocks,), sizes.size, few=few)
    return Others(of_chunks, of_blocks, nodes)


def walked(
    power: int,
    wanted: Wanted,
    order: Order,
    way: Pass,
    parameters: Parameters,
    factors: np.ndarray,
    results: Results,
) -> np.ndarray:
    """Return the nodes' losses; the results of a pass's own rows are added in the order of the sides.

    `factors` multiply each node's derivatives, by the scores before they were oriented.
    """
    weighted, by_row = order.weights.size > 0, wanted.each or wanted.gradient or wanted.curvature
    alone = np.diff(way.others)[:, 0] == 0
    sizes = np.where(alone, 0, np.diff(way.own)[:, 0])
    ranges = np.column_stack(pieces(np.zeros_like(sizes), sizes, WALKED))
    losses = np.empty(len(ranges))
    sign = 1.0 if way.falling else -1.0
    run_block(
        walk_block,
        f"{wanted.code}{power}{'w' if weighted else 'u'}",
        (order.scores, order.weights, *others_of(order, way), way.own.astype(np.uint64), factors, ranges),
        (parameters.number, sign, sign * parameters.orientation, float(CHUNK)),
        (*results, losses),
        len(ranges),
        names={**wanted_names(wanted, weighted), "POWER": power, "WANT_ROWS": by_row},
        few=few_within(len(ranges), order.scores.size),
    )
    return np.bincount(ranges[:, NODE], losses, sizes.size)
