"""Distances from strips of anchors to all examples by BLAS, mined row by row; then two products for the gradient."""

from typing import Any

import numpy as np

from fastloss.compile import elementary
from fastloss.compile.blas import check, in_order
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import launch
from fastloss.compile.signatures import INTEGERS, REALS, Array, Signature, array_of
from fastloss.compile.templates import bind, known_names
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.embeddings.candidates.cpu import TASKS, Adder, groups_of, ranges
from fastloss.embeddings.mining import anchor as mining
from fastloss.embeddings.mining.anchor import Counts, Examples, Kind
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.records import Columns, Results

STRIP = 1 << 21  # elements of a strip: each thread has one
ROWS = 256  # most and fewest rows of a strip: flatter products are slow
FEWEST = 16
KINDS = {"all": mining.every_triplet, "hard": mining.hardest_triplet, "semihard": mining.semihard_triplets}


@once
def compiled(kind: Kind, dtype: np.dtype, wanted: bool) -> Kernel:
    """`embeddings.mining.anchor.block`, compiled for one way of mining."""
    own, matrix = array_of(dtype), array_of(dtype, 2)
    signature = Signature(
        (matrix, own, INTEGERS, INTEGERS, REALS),
        (matrix, REALS, REALS, INTEGERS),
        (INTEGERS, REALS, own, Array(np.dtype(np.uint32).char)),
    )
    names: dict[str, Any] = {"SQUARED": kind.squared, "SOFT": kind.soft, "WANT_GRADIENT": wanted, "TRIPLETS": True}
    names |= {"FLOAT": dtype.type, "BITS": np.int32 if dtype == np.float32 else np.int64}
    names["softplus"] = elementary.softplus if kind.soft else mining.positive_part
    names["slope_of"] = elementary.sigmoid if kind.soft else mining.positive_slope
    if kind.name == "pairs":
        names |= {**dict(kind.formulas.names), "of_anchor": mining.every_pair, "TRIPLETS": False}
    elif kind.name in KINDS:
        names["of_anchor"] = KINDS[kind.name]
    template = mining.distances if kind.name == "smooth" else mining.block
    formulas = f"_{kind.formulas.name}" if kind.name == "pairs" else ""
    name = f"{kind.name}{formulas}_{dtype.name}_{kind.squared:d}{kind.soft:d}{wanted:d}"
    return kernel(bind(template, **known_names(template, names)), name, signature)


def scratch_of(examples: Examples) -> tuple[int, ...]:
    """The lengths of the scratch arrays for the largest class: integers, numbers, stairs, ranks."""
    most = int((examples.ends - examples.starts).max(initial=0)) + 1
    return 4 * most, 5 * most, 2 * most, int(mining.SEGMENT)


def run(examples: Examples, kind: Kind, settings: tuple[float, float], wanted: bool) -> Outcome:
    """Every anchor, a strip of them at a time."""
    rows = examples.rows
    count, depth = rows.shape
    mine, scratch = compiled(kind, rows.dtype, wanted), scratch_of(examples)
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64).astype(rows.dtype)
    arrays = rows, squares, *examples[2:]
    outputs = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    height = max(FEWEST, min(ROWS, STRIP // max(count, 1)))
    gradient = np.zeros((count if wanted else 0, depth), rows.dtype)
    by_anchors = np.zeros_like(gradient)

    def work(strips: list[tuple[int, int]]) -> np.ndarray:
        numbers = np.empty(height * count, rows.dtype)
        own = np.zeros((count if wanted else 0, depth), rows.dtype)
        adder = Adder(count if wanted else 0, depth, rows.dtype)
        for start, stop in strips:
            check()
            strip = np.matmul(rows[start:stop], rows.T, out=numbers[: (stop - start) * count].reshape(-1, count))
            launch(mine, arrays, np.array((*settings, start), np.float64), (strip, *outputs), 1, 1, scratch)
            if kind.name == "smooth":
                _smooth(kind, strip, (start, stop), (examples, outputs, settings[1]), wanted)
            if wanted:
                by_anchors[start:stop] = strip.sum(1)[:, None] * rows[start:stop] - strip @ rows
                own -= (np.ones(len(strip), strip.dtype) @ strip)[:, None] * rows
                adder.add(own, strip.T, rows[start:stop])
        return own  # what is to be subtracted

    for own in in_order(work, groups_of(ranges(count, height), TASKS)):
        gradient -= own
    losses, active, every = outputs
    return Outcome(each=losses, gradients=(gradient + by_anchors,), counts=Counts(active, every))


def _smooth(kind: Kind, strip: np.ndarray, bounds: tuple[int, int], where: Any, wanted: bool) -> None:
    """All triplets under softplus: each anchor is a node of the linear-time sums, with scores -d."""
    examples, (losses, active, every), unit = where
    start, stop = bounds
    width = strip.shape[1]
    labels = np.zeros(strip.shape, np.uint8)
    nodes, owners = [], []
    distances = strip if unit == 1.0 else np.multiply(strip, unit, dtype=np.float64)
    lowest, highest = distances.min(1), distances.max(1)
    for r, a in enumerate(range(start, stop)):
        begin, end = examples.starts[a], examples.ends[a]
        labels[r, begin:end] = 1
        labels[r, a] = 2
        every[a] = active[a] = (end - begin - 1) * (width - (end - begin))
        if np.isfinite(lowest[r]) and np.isfinite(highest[r]):
            low, high = -float(highest[r]), -float(lowest[r])
            node = Node(r * width, (r + 1) * width, (0.0, 0.0), (1.0, 1.0), low, high, examples.weights[a])
            nodes.append(node)
            owners.append(a)
        elif every[a]:
            losses[a] = np.nan
    scores, empty = -distances, np.empty(0, distances.dtype)
    slopes = np.zeros(strip.shape if wanted else (0, 0), distances.dtype)
    results = Results(empty, slopes.reshape(-1), empty)
    rows = Columns(scores.reshape(-1), labels.reshape(-1), np.empty(0))
    if nodes:
        losses[owners] = boxes.sums(kind.formulas, nodes, rows, Parameters(1.0), Wanted(True, gradient=wanted), results)
    if wanted:
        factors: Any = -2.0 if kind.squared else np.divide(-1.0, strip, out=np.zeros_like(strip), where=strip != 0)
        np.multiply(slopes, factors, out=strip)
        strip[every[start:stop] == 0] = 0.0
        strip[np.isnan(losses[start:stop])] = np.nan
