"""Mining on the CPU: distances from strips of anchors to all examples by BLAS, then two products for the gradient."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile import elementary
from fastloss.compile.blas import check, in_order
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import launch
from fastloss.compile.signatures import INTEGERS, REALS, Array, Signature, array_of
from fastloss.compile.templates import bind, known_names
from fastloss.core.outcomes import Outcome
from fastloss.embeddings.candidates.cpu import TASKS, Adder, groups_of, ranges
from fastloss.embeddings.cpu_strips import sum_rows
from fastloss.embeddings.mining import anchor as mining
from fastloss.embeddings.mining import distances
from fastloss.embeddings.mining.anchor import Counts, Examples, Settings, Strategy

STRIP = 1 << 21  # elements of a strip: each thread has one
ROWS = 256  # most and fewest rows of a strip: flatter products are slow
FEWEST = 16
TRIPLETS = {"all": mining.every_triplet, "hard": mining.hardest_triplet, "semihard": mining.semihard_triplets}


class Results(NamedTuple):
    """Each anchor's loss, number of active triplets and number of all."""

    losses: np.ndarray
    active: np.ndarray
    total: np.ndarray


@once
def compiled(strategy: Strategy, dtype: np.dtype, gradient: bool) -> Kernel:
    """Compile the block for one strategy; for the smooth sum, that of distances."""
    vector, matrix = array_of(dtype), array_of(dtype, 2)
    signature = Signature(
        (matrix, vector, INTEGERS, INTEGERS, REALS),
        (matrix, REALS, REALS, INTEGERS),
        (INTEGERS, REALS, vector, Array(np.dtype(np.uint32).char)),
    )
    pairs, soft = strategy.name == "pairs", strategy.soft
    names: dict[str, Any] = {"SQUARED": strategy.squared, "SOFT": soft, "WANT_GRADIENT": gradient}
    names |= {"TRIPLETS": not pairs, "FLOAT": dtype.type, "BITS": np.int32 if dtype == np.float32 else np.int64}
    names["penalty"] = elementary.softplus if soft else mining.hinge
    names["penalty_slope"] = elementary.sigmoid if soft else mining.hinge_slope
    names["mine"] = mining.every_pair if pairs else TRIPLETS.get(strategy.name)
    if pairs:
        names |= dict(strategy.formulas.names)
    template = distances.block if strategy.name == "smooth" else mining.block
    formulas = f"_{strategy.formulas.name}" if pairs else ""
    name = f"{strategy.name}{formulas}_{dtype.name}_{strategy.squared:d}{soft:d}{gradient:d}"
    return kernel(bind(template, **known_names(template, names)), name, signature)


def scratch_of(examples: Examples) -> tuple[int, ...]:
    """Return the lengths of the arrays of `Scratch`."""
    most = int((examples.ends - examples.starts).max(initial=0)) + 1
    return 4 * most, 5 * most, 2 * most, int(distances.SEGMENT)


def run(
    examples: Examples, strategy: Strategy, settings: Settings, gradient: bool, anchors: slice | None = None
) -> Outcome:
    """Mine every anchor, or some neighbours: the others' losses are 0. A strip of them is in memory at a time."""
    rows = examples.rows
    count, depth = rows.shape
    kernel, scratch = compiled(strategy, rows.dtype, gradient), scratch_of(examples)
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64).astype(rows.dtype)
    arrays = rows, squares, examples.starts, examples.ends, examples.weights
    results = Results(np.zeros(count), np.zeros(count), np.zeros(count, np.int64))
    height = max(FEWEST, min(ROWS, STRIP // max(count, 1)))
    total = np.zeros((count if gradient else 0, depth), rows.dtype)
    by_anchors = np.zeros_like(total)

    def work(strips: list[tuple[int, int]]) -> np.ndarray:
        numbers = np.empty(height * count, rows.dtype)
        less = np.zeros((count if gradient else 0, depth), rows.dtype)  # what is to be subtracted
        adder = Adder(count if gradient else 0, depth, rows.dtype)
        for start, stop in strips:
            check()
            strip = np.matmul(rows[start:stop], rows.T, out=numbers[: (stop - start) * count].reshape(-1, count))
            launch(kernel, arrays, np.array((*settings, start), np.float64), (strip, *results), 1, 1, scratch)
            if strategy.name == "smooth":
                _sum_smooth(strategy, strip, start, examples, settings.scale, results, gradient)
            if gradient:
                by_anchors[start:stop] = strip.sum(1)[:, None] * rows[start:stop] - strip @ rows
                less -= (np.ones(len(strip), strip.dtype) @ strip)[:, None] * rows
                adder.add(less, strip.T, rows[start:stop])
        return less

    first, stop, _ = (anchors or slice(None)).indices(count)
    strips = [(first + start, first + end) for start, end in ranges(stop - first, height)]
    for less in in_order(work, groups_of(strips, TASKS)):
        total -= less
    return Outcome(each=results.losses, gradients=(total + by_anchors,), counts=Counts(results.active, results.total))


def _sum_smooth(
    strategy: Strategy,
    strip: np.ndarray,
    start: int,
    examples: Examples,
    scale: float,
    results: Results,
    gradient: bool,
) -> None:
    """Sum all triplets under softplus in linear time, scores being -d; `start` is the strip's first anchor."""
    some = slice(start, start + len(strip))
    begins, ends = examples.starts[some], examples.ends[some]
    labels = np.zeros(strip.shape, np.uint8)
    for r, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        labels[r, begin:end] = 1
        labels[r, start + r] = 2  # the anchor itself is in no pair
    triplets = (ends - begins - 1) * (strip.shape[1] - (ends - begins))
    results.total[some] = results.active[some] = triplets
    scores = -(strip if scale == 1.0 else np.multiply(strip, scale, dtype=np.float64))
    slopes = np.zeros(strip.shape if gradient else (0, 0), scores.dtype)
    losses = sum_rows(strategy.formulas, scores, labels, slopes, examples.weights[some])
    results.losses[some] = np.where(triplets == 0, 0.0, losses)
    if gradient:
        factors: Any = -2.0 if strategy.squared else np.divide(-1.0, strip, out=np.zeros_like(strip), where=strip != 0)
        np.multiply(slopes, factors, out=strip)
        strip[triplets == 0] = 0.0
        strip[np.isnan(results.losses[some])] = np.nan
