"""The sums of `sums.py` on the CPU: NumPy sorts the sources, targets look them up in parallel."""

from typing import Any

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.pairs.boxes.sums import select
from fastloss.pairs.cpu_nodes import CHOSEN, PIECE, few_of, run_block, tasks
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.thresholds.sums import evaluate, index_starts, suffix_sums

ROWS_A_BUCKET = 2


@regroups
def sources_block(inputs, parameters, outputs, first, last):
    suffix_sums(inputs[0], inputs[1], outputs[0])
    index_starts(inputs[0], outputs[1])


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, sorted_scores, table, starts, ranges = inputs
    chosen = outputs[4]
    settings = (parameters[0], parameters[1], parameters[2], parameters[3])
    for task in range(first, last):
        total = 0.0
        for begin in range(ranges[task, 2], ranges[task, 3], PIECE):
            end = min(begin + PIECE, ranges[task, 3])
            count = select((begin, end), labels, (parameters[4], parameters[5]), chosen)
            total += evaluate(chosen[:count], (scores, weights), settings, (sorted_scores, table, starts), outputs[:3])
        outputs[3][task] = total


def _one_way(formulas: PairFormulas, node: Node, rows: Any, parameters: Parameters, task: Any) -> float:
    wanted, results = task
    scores, labels, weights = rows
    some = slice(node.begin, node.end)
    between = (labels[some] >= node.sources[0]) & (labels[some] <= node.sources[1])
    sources = parameters.orientation * scores[some][between].astype(np.float64)
    own = np.empty(0)
    if weights.size:
        order = np.argsort(sources, kind="stable")
        sources, own = sources[order], weights[some][between][order]
    else:
        sources.sort()
    if not sources.size:
        return 0.0
    table, starts = np.empty((sources.size + 1, 3)), np.empty(sources.size // ROWS_A_BUCKET + 2, np.int64)
    run_block(sources_block, "any", ((sources, own), (0.0,), (table, starts)), 1)
    ranges = tasks([node])
    losses = np.empty(len(ranges))
    factor = node.factor * parameters.orientation
    numbers = (*parameters, factor, node.factor, *node.targets)
    asked = {
        "WANT_VALUE": wanted.value or wanted.each,
        "WANT_GRADIENT": wanted.gradient,
        "WANT_CURVATURE": wanted.curvature,
        "WEIGHTED": bool(weights.size),
        "POWER": formulas.power,
    }
    name = f"{wanted.code}{formulas.power}{'w' if weights.size else 'u'}"
    arrays = ((scores, labels, weights, sources, table, starts, ranges), numbers, (*results, losses))
    run_block(evaluate_block, name, arrays, len(ranges), (CHOSEN,), asked, few_of(ranges))
    return float(np.cumsum(losses)[-1])


def sums(formulas: PairFormulas, nodes: list[Node], rows: Any, parameters: Parameters, task: Any) -> np.ndarray:
    """See `pairs.nodes.Sums`."""
    wanted, results = task
    back = Parameters(parameters.number, -parameters.orientation)
    losses = np.zeros(len(nodes))
    for at, node in enumerate(nodes):
        losses[at] = _one_way(formulas, node, rows, parameters, task)
        if wanted.gradient or wanted.curvature:
            _one_way(formulas, node.mirrored(), rows, back, (wanted.derivatives, results))
    return losses
