"""Values alone, of rows without weights: both sides are sorted, and merged.

Where no row's own loss or derivative is wanted, targets may be summed in any order: in that of their scores they meet
the sources one after another, instead of looking each up among all of them.
"""

import numpy as np

from fastloss.compile import threads
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.cpu_nodes import run_block
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns
from fastloss.pairs.thresholds.sums import excess, power_sum, suffix_sums, sums_from

PIECE = 1 << 17  # targets that are sorted and summed by themselves; a constant of the library: sums depend on it

POWER = HALF_TIES = unbound


def reached(t, x, margin, strictly):
    """Check whether a source t counts for a target x, as `sums.counts` does."""
    d = excess(x, margin, 1.0, t)
    return d > 0.0 if strictly else d >= 0.0


def next_source(k, x, margin, strictly, sources):
    """Find the first source from k on that counts for a target: by steps that double, then by halving."""
    step = 1
    while k < sources.size and not reached(np.float64(sources[k]), x, margin, strictly):
        ahead = min(k + step, sources.size)
        if ahead == sources.size or reached(np.float64(sources[ahead]), x, margin, strictly):
            low, high = k + 1, ahead
            while low < high:
                middle = (low + high) // 2
                if reached(np.float64(sources[middle]), x, margin, strictly):
                    high = middle
                else:
                    low = middle + 1
            return low
        k, step = ahead, 2 * step
    return k


@regroups
def table_block(inputs, parameters, outputs, first, last):
    (sources,) = inputs
    (table,) = outputs
    suffix_sums(sources, sources[:0], table)


@regroups
def merge_block(inputs, parameters, outputs, first, last):
    targets, sources, table = inputs
    (losses,) = outputs
    margin, size = parameters[0], np.int64(parameters[1])
    for piece in range(first, last):
        k = strict = 0
        total = 0.0
        for i in range(piece * size, min((piece + 1) * size, targets.size)):
            x = np.float64(targets[i])
            k = next_source(k, x, margin, POWER == 0 and not HALF_TIES, sources)
            if HALF_TIES:
                strict = next_source(max(k, strict), x, margin, True, sources)
                total += (sources.size - k) + 0.5 * (k - strict)
            elif POWER == 0:
                total += sources.size - k
            elif k < sources.size:
                d = excess(x, margin, 1.0, np.float64(sources[k]))
                total += power_sum(POWER, sums_from(table, k), d)
        losses[piece] = total


def sort_pieces(array: np.ndarray) -> None:
    """Sort each piece of an array, side by side."""

    def run(begin: int, end: int) -> None:
        for piece in range(begin, end):
            array[piece * PIECE : (piece + 1) * PIECE].sort()

    threads.parallel(lambda: run, -(-array.size // PIECE), few=0)


def value(formulas: PairFormulas, node: Node, rows: Columns, parameters: Parameters) -> float:
    """Sum a node's pairs."""
    some = slice(node.begin, node.end)
    scores, labels = rows.scores[some], rows.labels[some]
    sides = []
    for low, high in (node.sources, node.targets):
        side = scores[(labels >= low) & (labels <= high)]
        sides.append(side if parameters.orientation > 0.0 else -side)
    sources, targets = sides
    if sources.size > targets.size:  # the fewer are sorted as a whole
        sources, targets = -targets, -sources
    if not sources.size:
        return 0.0
    sources.sort()
    sort_pieces(targets)
    table = np.empty((sources.size + 1 if formulas.power else 0, 3))
    if formulas.power:
        run_block(table_block, "any", (sources,), (0.0,), (table,), 1)
    losses = np.empty(-(-targets.size // PIECE))
    names = {"POWER": formulas.power, "HALF_TIES": formulas.half_ties}
    name = f"{formulas.power}{'t' if formulas.half_ties else ''}"
    inputs = (targets, sources, table)
    run_block(merge_block, name, inputs, (parameters.number, PIECE), (losses,), losses.size, names=names)
    return float(np.cumsum(losses)[-1])
