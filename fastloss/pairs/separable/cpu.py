"""The sums of `sums.py` on the CPU: the sources' largest, their total, the targets; each in parallel."""

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.sums import select
from fastloss.pairs.cpu_nodes import CHOSEN, PIECE, few_of, run_block, tasks
from fastloss.pairs.nodes import BEGIN, END, Node, Parameters, sums_one_by_one, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.separable.sums import NOTHING, Settings, Total, evaluate, largest, total_below


@regroups
def sources_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    tops, totals, chosen = outputs
    s, orientation, low, high = parameters[0], parameters[1], parameters[2], parameters[3]
    for task in range(first, last):
        top, total = -np.inf, 0.0
        for begin in range(ranges[task, BEGIN], ranges[task, END], PIECE):
            end = min(begin + PIECE, ranges[task, END])
            rows = chosen[: select((begin, end), labels, (low, high), chosen)]
            higher = max(top, largest(rows, (scores, weights), orientation))
            if higher > -np.inf:
                total *= np.exp(s * (top - higher))
                top = higher
                total += total_below(rows, (scores, weights), s, orientation, top)
        tops[task], totals[task] = top, total


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    each, gradient, curvature, losses, chosen = outputs
    settings = Settings(parameters[0], parameters[1], parameters[4], parameters[5])
    low, high, top, source_total = parameters[2], parameters[3], parameters[6], parameters[7]
    results = Results(each, gradient, curvature)
    for task in range(first, last):
        total = 0.0
        for begin in range(ranges[task, BEGIN], ranges[task, END], PIECE):
            end = min(begin + PIECE, ranges[task, END])
            rows = chosen[: select((begin, end), labels, (low, high), chosen)]
            total += evaluate(rows, (scores, weights), settings, (top, source_total), results)
        losses[task] = total


def total_of(node: Node, rows: Columns, parameters: Parameters) -> Total:
    """Return the sum over a node's sources."""
    s, orientation = parameters
    ranges, weighted = tasks([node]), bool(rows.weights.size)
    tops, totals = np.empty(len(ranges)), np.empty(len(ranges))
    run_block(
        sources_block,
        "w" if weighted else "u",
        (*rows, ranges),
        (s, orientation, *node.sources),
        (tops, totals),
        len(ranges),
        (CHOSEN,),
        {"WEIGHTED": weighted},
        few_of(ranges),
    )
    top = float(tops.max(initial=-np.inf))
    if top == -np.inf:
        return NOTHING
    return Total(top, float(np.cumsum(totals * np.exp(s * (tops - top)))[-1]))


def evaluated(
    node: Node, rows: Columns, parameters: Parameters, sources: Total, wanted: Wanted, results: Results
) -> float:
    """Return the loss of a node's targets; their losses and derivatives are added to the results."""
    if sources.top == -np.inf:
        return 0.0
    s, orientation = parameters
    ranges, weighted = tasks([node]), bool(rows.weights.size)
    losses = np.empty(len(ranges))
    run_block(
        evaluate_block,
        f"{wanted.code}{'w' if weighted else 'u'}",
        (*rows, ranges),
        (s, orientation, *node.targets, -s * orientation * node.factor, s * s * node.factor, *sources),
        (*results, losses),
        len(ranges),
        (CHOSEN,),
        wanted_names(wanted, weighted),
        few_of(ranges),
    )
    return float(np.cumsum(losses)[-1])


def _one_way(node: Node, rows: Columns, parameters: Parameters, wanted: Wanted, results: Results) -> float:
    """Sum over a node's pairs from the targets' side, see `nodes.OneWay`."""
    return evaluated(node, rows, parameters, total_of(node, rows, parameters), wanted, results)


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`."""

    def one_way(node: Node, parameters: Parameters, wanted: Wanted) -> float:
        return _one_way(node, rows, parameters, wanted, results)

    return sums_one_by_one(nodes, parameters, wanted, one_way)
