"""The sums of `sums.py` on CUDA.

Sources are sorted by CuPy on the device where it is installed; without it they are copied to the host, sorted by NumPy
and copied back, which for many rows takes longer than all the rest. Suffix sums go by chunks of about the square root
of the sources: a thread sums a chunk, one thread what lies behind each chunk, and every source gets both together.
"""

import functools
import importlib.util
import math
from typing import Any

import numpy as np
from numba import cuda, int64

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.columns import rows_between, taken
from fastloss.compile.cuda.launch import a_block_each, a_thread_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound
from fastloss.core import orders
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.sums import is_between
from fastloss.pairs.nodes import BEGIN, END, Node, Parameters, ranges, sums_one_by_one, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds.sums import Settings, Sources, Sums, evaluate, joined, suffix_sums, sums_from, write_sums

FEWEST_SOURCES = 64  # of a chunk

THREADS = unbound


def turn(inputs, orientation, outputs):
    (scores,), (oriented,) = inputs, outputs
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < oriented.size:
        oriented[i] = orientation * np.float64(scores[i])


def sum_chunk(inputs, size, outputs):
    """A thread sums a chunk from its end on; each has a row more than sources."""
    scores, weights = inputs
    (partial,) = outputs
    c = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    begin = c * size
    if begin < scores.size:
        end = min(begin + size, scores.size)
        chunk_weights = weights[begin:end] if weights.size else weights
        suffix_sums(scores[begin:end], chunk_weights, partial[begin + c : end + c + 1])


def sum_behind(inputs, size, outputs):
    """The sums behind each chunk, relative to the first source there: one thread, from the last chunk but one on."""
    scores, partial = inputs
    (behind,) = outputs
    chunks = behind.shape[0]
    rest = Sums(0.0, 0.0, 0.0)
    for at in range(chunks):
        c = chunks - 1 - at
        write_sums(behind, c, rest)
        begin, end = c * size, (c + 1) * size
        row = begin + c
        gap = scores[end] - scores[begin] if end < scores.size else 0.0
        rest = joined(sums_from(partial, row), rest, gap)


def sum_both(inputs, size, outputs):
    """A thread puts together what a source's chunk and the chunks behind it hold."""
    scores, partial, behind = inputs
    (table,) = outputs
    k = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if k < scores.size:
        c = k // size
        end, row = (c + 1) * size, k + c
        gap = scores[end] - scores[k] if end < scores.size else 0.0
        write_sums(table, k, joined(sums_from(partial, row), sums_from(behind, c), gap))


def evaluate_rows(inputs, parameters, outputs):
    """A block evaluates some rows, and adds up their losses."""
    scores, labels, weights, sorted_scores, table, starts, tasks = inputs
    chosen = cuda.local.array(1, int64)
    margin, orientation, slope_factor, bend_factor, low, high = parameters
    each, gradient, curvature, losses = outputs
    settings = Settings(margin, orientation, slope_factor, bend_factor)
    sources, results = Sources(sorted_scores, table, starts), Results(each, gradient, curvature)
    task = cuda.blockIdx.x
    i = tasks[task, BEGIN] + cuda.threadIdx.x
    total = 0.0
    while i < tasks[task, END]:
        if is_between(labels[i], (low, high)) > 0:
            chosen[0] = i
            total += evaluate(chosen, (scores, weights), settings, sources, results)
        i += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        losses[task] = total


@functools.cache
def has_cupy() -> bool:
    """Whether CuPy is installed, for the CUDA that is here: the package of another version fails when it is used."""
    if importlib.util.find_spec("cupy") is None:
        return False
    try:
        import cupy

        cupy.argsort(cupy.zeros(1))
    except (ImportError, RuntimeError, OSError):
        return False
    return True


def in_order(place: Place, column: Any) -> Any:
    """The order that sorts a column, on the device."""
    if hasattr(column, "__cuda_array_interface__") and has_cupy():
        return _by_cupy(column, int(place.stream))
    return place.device(orders.stable(place.host(column)))


def _by_cupy(column: Any, stream: int) -> Any:
    import cupy

    with cupy.cuda.ExternalStream(stream):
        return cuda.as_cuda_array(cupy.argsort(cupy.asarray(column), kind="stable"), sync=False)


def sorted_sources(place: Place, node: Node, columns: Columns, orientation: float) -> tuple[Any, Any]:
    """The sources' scores on the device, rising, and their weights."""
    scores, labels, weights = columns
    chosen = rows_between(place, labels, (node.begin, node.end), node.sources)
    sources = place.empty(chosen.size)
    if not chosen.size:
        return sources, weights
    launch(place, code(turn), a_thread_each(chosen.size), (taken(place, scores, chosen),), orientation, (sources,))
    order = in_order(place, sources)
    return taken(place, sources, order), taken(place, taken(place, weights, chosen), order) if weights.size else weights


def suffix_table(place: Place, scores: Any, weights: Any) -> Any:
    """The sums of `sums.py` from every source on."""
    count = scores.size
    size = max(FEWEST_SOURCES, math.isqrt(count))
    chunks = -(-count // size)
    partial, behind, table = (place.empty((rows, 3)) for rows in (count + chunks, chunks, count))
    launch(place, code(sum_chunk), a_thread_each(chunks), (scores, weights), size, (partial,))
    launch(place, code(sum_behind), (1, 1), (scores, partial), size, (behind,))
    launch(place, code(sum_both), a_thread_each(count), (scores, partial, behind), size, (table,))
    return table


def _one_way(
    formulas: PairFormulas,
    node: Node,
    place: Place,
    columns: Columns,
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> float:
    """Sum over a node's pairs from the targets' side, see `nodes.OneWay`."""
    scores, source_weights = sorted_sources(place, node, columns, parameters.orientation)
    if not scores.size:
        return 0.0
    table = suffix_table(place, scores, source_weights)
    tasks = ranges([node], sizes().rows)
    losses = place.empty(len(tasks))
    numbers = *parameters, node.factor * parameters.orientation, node.factor, *node.targets
    weighted = columns.weights.size > 0
    names = {**wanted_names(wanted, weighted), "POWER": formulas.power}
    what = code(evaluate_rows, f"{wanted.code}{formulas.power}{'wu'[not weighted]}", **names)
    starts = place.device(np.array([0, scores.size]))  # one bucket: a thread's search hides behind the others'
    inputs = (*columns, scores, table, starts, place.device(tasks))
    launch(place, what, a_block_each(len(tasks)), inputs, tuple(map(float, numbers)), (*results, losses))
    return float(np.cumsum(place.host(losses))[-1])


def sums(
    formulas: PairFormulas,
    nodes: list[Node],
    rows: tuple[Place, Columns],
    parameters: Parameters,
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """See `pairs.nodes.Sums`; `rows` are on the device of a place."""

    def one_way(node: Node, parameters: Parameters, wanted: Wanted) -> float:
        return _one_way(formulas, node, *rows, parameters, wanted, results)

    return sums_one_by_one(nodes, parameters, wanted, one_way)
