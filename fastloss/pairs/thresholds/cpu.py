"""The sums of `sums.py` on the CPU: NumPy sorts the sources, targets look them up in parallel."""

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.sums import select
from fastloss.pairs.cpu_nodes import CHOSEN, PIECE, few_of, run_block, tasks
from fastloss.pairs.nodes import BEGIN, END, Node, Parameters, sums_one_by_one, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import cpu_values
from fastloss.pairs.thresholds.sums import Settings, Sources, evaluate, index_starts, suffix_sums

ROWS_A_BUCKET = 2


@regroups
def sources_block(inputs, parameters, outputs, first, last):
    sorted_scores, weights = inputs
    table, starts = outputs
    suffix_sums(sorted_scores, weights, table)
    index_starts(sorted_scores, starts)


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, sorted_scores, table, starts, ranges = inputs
    each, gradient, curvature, losses, chosen = outputs
    settings = Settings(parameters[0], parameters[1], parameters[2], parameters[3])
    low, high = parameters[4], parameters[5]
    sources, results = Sources(sorted_scores, table, starts), Results(each, gradient, curvature)
    for task in range(first, last):
        total = 0.0
        for begin in range(ranges[task, BEGIN], ranges[task, END], PIECE):
            end = min(begin + PIECE, ranges[task, END])
            count = select((begin, end), labels, (low, high), chosen)
            total += evaluate(chosen[:count], (scores, weights), settings, sources, results)
        losses[task] = total


def _one_way(
    formulas: PairFormulas, node: Node, rows: Columns, parameters: Parameters, wanted: Wanted, results: Results
) -> float:
    """Sum over a node's pairs from the targets' side, see `nodes.OneWay`."""
    scores, labels, weights = rows.taken(slice(node.begin, node.end))
    between = (labels >= node.sources[0]) & (labels <= node.sources[1])
    sources = parameters.orientation * scores[between].astype(np.float64)
    source_weights = np.empty(0)
    if weights.size:
        order = np.argsort(sources, kind="stable")
        sources, source_weights = sources[order], weights[between][order]
    else:
        sources.sort()
    if not sources.size:
        return 0.0
    table, starts = np.empty((sources.size + 1, 3)), np.empty(sources.size // ROWS_A_BUCKET + 2, np.int64)
    run_block(sources_block, "any", (sources, source_weights), (0.0,), (table, starts), 1)
    ranges = tasks([node])
    losses = np.empty(len(ranges))
    factor = node.factor * parameters.orientation
    numbers = (*parameters, factor, node.factor, *node.targets)
    names = {**wanted_names(wanted, bool(weights.size)), "POWER": formulas.power}
    name = f"{wanted.code}{formulas.power}{'w' if weights.size else 'u'}"
    inputs, outputs = (*rows, sources, table, starts, ranges), (*results, losses)
    run_block(evaluate_block, name, inputs, numbers, outputs, len(ranges), (CHOSEN,), names, few_of(ranges))
    return float(np.cumsum(losses)[-1])


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`."""
    alone = not (wanted.each or wanted.gradient or wanted.curvature or rows.weights.size)

    def one_way(node: Node, parameters: Parameters, wanted: Wanted) -> float:
        if alone:
            return cpu_values.value(formulas, node, rows, parameters)
        return _one_way(formulas, node, rows, parameters, wanted, results)

    return sums_one_by_one(nodes, parameters, wanted, one_way)
