"""The sums of `sums.py` on the CPU: the sources' largest, their total, the targets; each in parallel."""

from typing import Any

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.pairs.boxes.sums import select
from fastloss.pairs.cpu_nodes import CHOSEN, PIECE, few_of, run_block, tasks
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.separable.sums import evaluate, largest, total_below


@regroups
def sources_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    chosen = outputs[2]
    for task in range(first, last):
        top, total = -np.inf, 0.0
        for begin in range(ranges[task, 2], ranges[task, 3], PIECE):
            end = min(begin + PIECE, ranges[task, 3])
            some = chosen[: select((begin, end), labels, (parameters[2], parameters[3]), chosen)]
            higher = max(top, largest(some, (scores, weights), parameters[1]))
            if higher > -np.inf:
                total *= np.exp(parameters[0] * (top - higher))
                top = higher
                total += total_below(some, (scores, weights), (parameters[0], parameters[1], top))
        outputs[0][task], outputs[1][task] = top, total


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    chosen = outputs[4]
    settings = (parameters[0], parameters[1], parameters[4], parameters[5])
    for task in range(first, last):
        total = 0.0
        for begin in range(ranges[task, 2], ranges[task, 3], PIECE):
            end = min(begin + PIECE, ranges[task, 3])
            some = chosen[: select((begin, end), labels, (parameters[2], parameters[3]), chosen)]
            total += evaluate(some, (scores, weights), settings, (parameters[6], parameters[7]), outputs[:3])
        outputs[3][task] = total


def _one_way(node: Node, rows: Any, parameters: Parameters, task: Any) -> float:
    wanted, results = task
    s, orientation = parameters
    ranges = tasks([node])
    weighted = {"WEIGHTED": bool(rows[2].size)}
    kind = "w" if rows[2].size else "u"
    tops, totals, losses = np.empty(len(ranges)), np.empty(len(ranges)), np.empty(len(ranges))
    inputs = (*rows, ranges)
    arrays = inputs, (s, orientation, *node.sources), (tops, totals)
    run_block(sources_block, kind, arrays, len(ranges), (CHOSEN,), weighted, few_of(ranges))
    top = tops.max()
    if top == -np.inf:
        return 0.0
    total = float(np.cumsum(totals * np.exp(s * (tops - top)))[-1])
    asked = {
        **weighted,
        "WANT_VALUE": wanted.value or wanted.each,
        "WANT_GRADIENT": wanted.gradient,
        "WANT_CURVATURE": wanted.curvature,
    }
    numbers = (s, orientation, *node.targets, -s * orientation * node.factor, s * s * node.factor, top, total)
    targets = inputs, numbers, (*results, losses)
    run_block(evaluate_block, f"{wanted.code}{kind}", targets, len(ranges), (CHOSEN,), asked, few_of(ranges))
    return float(np.cumsum(losses)[-1])


def sums(formulas: PairFormulas, nodes: list[Node], rows: Any, parameters: Parameters, task: Any) -> np.ndarray:
    """See `pairs.nodes.Sums`."""
    wanted, results = task
    back = Parameters(parameters.number, -parameters.orientation)
    losses = np.zeros(len(nodes))
    for at, node in enumerate(nodes):
        losses[at] = _one_way(node, rows, parameters, task)
        if wanted.gradient or wanted.curvature:
            _one_way(node.mirrored(), rows, back, (wanted.derivatives, results))
    return losses
