"""Places of queries' own keys among all keys, on the CPU: a task is some keys and some queries, in tiles.

A block of keys is read, or converted, once, unless there are so few blocks that queries are shared out as well. Counts
are integers: they are the same however tasks are cut.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.blas import check, in_order
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import launch
from fastloss.compile.signatures import INTEGERS, REALS, Array, Signature, array_of
from fastloss.compile.templates import bind
from fastloss.core import orders
from fastloss.core.validate import common_dtype
from fastloss.embeddings.candidates.cpu import ROWS, TASKS, groups_of, ranges, width_of
from fastloss.embeddings.ranks import above, vectors
from fastloss.embeddings.ranks.similarity import Queries

MANY = 2e6  # of own keys times depth**1.5: products in float64 are faster then
FEW = 24  # own keys of a query that are counted one by one: more, by bisection, for each
PAIRS = 256  # that take some 50 microseconds
FLAG = Array(np.dtype(np.bool_).char)
COUNTS = Array(np.dtype(np.uint64).char)
NOTHING = np.empty(0)


class Places(NamedTuple):
    """Where the queries' own keys stand: CSR offsets of queries, and for each own key, by falling similarity."""

    offsets: np.ndarray
    numbers: np.ndarray  # which keys they are
    above: np.ndarray  # how many keys are more similar
    tied: np.ndarray  # how many are as similar, itself included
    lost: np.ndarray  # queries that have a NaN similarity, whose places are not known


class Lists(NamedTuple):
    """Numbers of keys for each query: CSR offsets, and the numbers."""

    offsets: np.ndarray
    numbers: np.ndarray

    @property
    def owners(self) -> np.ndarray:
        """The query of each number."""
        return np.repeat(np.arange(self.offsets.size - 1), np.diff(self.offsets))


class Thresholds(NamedTuple):
    """Similarities of queries' own keys: in float64, as a tile has them, and by how much that may be wrong."""

    exact: np.ndarray
    near: np.ndarray
    spare: np.ndarray

    def some(self, part: slice) -> "Thresholds":
        """Return a range of own keys."""
        return Thresholds(*(one[part] for one in self))


@once
def _compiled(template: Any, dtype: np.dtype, distance: bool, few: int = 0) -> Kernel:
    vector, matrix = array_of(dtype), array_of(dtype, 2)
    inputs = matrix, REALS, vector, matrix, REALS, REALS, vector, vector, vector, INTEGERS
    names: dict[str, Any] = {"DISTANCE": distance}
    if template is above.own_block:
        signature = Signature(inputs, (REALS,))
    else:
        signature = Signature(
            (*inputs, REALS, vector, vector), (matrix, INTEGERS, INTEGERS, FLAG), (vector, COUNTS, INTEGERS)
        )
        names |= {"FLOAT": dtype.type, "FEW": few}
    return kernel(bind(template, **names), f"{dtype.name}_{'euclidean' if distance else 'product'}", signature)


def run(queries: np.ndarray, keys: np.ndarray, own: Lists, kind: str, without: Lists | None = None) -> Places:
    """Place every query's own keys among all keys but those that it is `without`.

    `kind` is "cos", "dot" or "euclidean".
    """
    offsets, numbers = own
    with np.errstate(all="ignore"):
        dtype = _precision(common_dtype((queries, keys)), numbers.size / max(len(queries), 1), queries.shape[1])
        given, lengths = vectors.queries_of(queries, dtype, kind)
        owners = own.owners
        exact, own_lengths = _similarities(given, keys, owners, numbers, dtype, kind)
        order = _falling(exact, owners)
        exact, own_lengths, numbers = exact[order], own_lengths[order], numbers[order]
        thresholds = _thresholds(exact, owners, given, lengths, own_lengths, kind)
        lost = np.zeros(len(queries), np.bool_)
        lost[owners[np.isnan(exact)]] = True
        places = Places(offsets, numbers, np.zeros(exact.size, np.int64), np.zeros(exact.size, np.int64), lost)
        _count(given, keys, thresholds, places, kind)
        if without is not None:
            others, _ = _similarities(given, keys, without.owners, without.numbers, dtype, kind)
            _take_out(others, without, thresholds, places)
    return places


def _take_out(others: np.ndarray, without: Lists, thresholds: Thresholds, places: Places) -> None:
    """Take keys of these similarities out of the counts: each is compared with all own keys of its query."""
    owners = without.owners
    counts = np.diff(places.offsets)[owners]
    own = np.arange(counts.sum()) + np.repeat(places.offsets[owners] - np.append(0, np.cumsum(counts))[:-1], counts)
    other, exact = np.repeat(others, counts), thresholds.exact[own]
    np.subtract.at(places.above, own, other > exact)
    np.subtract.at(places.tied, own, other == exact)


def _precision(dtype: np.dtype, own: float, depth: int) -> np.dtype:
    """Return the precision of products, which changes no count.

    The share of keys that are too near to an own key to tell grows with the own keys of a query, and with the depth as
    errors do over the spread of cosines. To compute a similarity again takes longer than a product in float64.
    """
    return np.dtype(np.float64) if own * depth**1.5 > MANY else dtype


def _falling(exact: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return the order of own keys in which they fall within each query."""
    if owners.size == 0 or orders.is_rising(owners):  # one each
        return np.arange(owners.size)
    return np.lexsort((-exact, owners))


def _similarities(
    queries: Queries, keys: np.ndarray, owners: np.ndarray, numbers: np.ndarray, dtype: np.dtype, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the similarity of each own key to its query, and the key's length."""
    exact, lengths = np.empty(owners.size), np.empty(owners.size)
    kernel = _compiled(above.own_block, dtype, kind == "euclidean")
    for start, stop in ranges(owners.size, max(1, ROWS * width_of(dtype) // max(keys.shape[1], 1))):
        block = vectors.keys_of(keys[numbers[start:stop]], dtype, kind)
        out = exact[start:stop]
        launch(kernel, (*queries, *block, owners[start:stop]), NOTHING, (out,), out.size, PAIRS)
        lengths[start:stop] = 1.0 if kind == "cos" else vectors.lengths_of(block)
    return exact, lengths


def _thresholds(
    exact: np.ndarray,
    owners: np.ndarray,
    queries: Queries,
    lengths: np.ndarray,
    own_lengths: np.ndarray,
    kind: str,
) -> Thresholds:
    """Return similarities in the unit of products, and how far they may be from a tile's, whatever its keys."""
    dtype, depth = queries.vectors.dtype, queries.vectors.shape[1]
    own = lengths[owners]
    if kind == "euclidean":
        near = 0.5 * (exact + own * own)
        least = 0.5 * vectors.roundoff(depth, dtype) * own * own
        spare = least + vectors.roundoff(depth, np.dtype(np.float64)) * (own * own + own_lengths * own_lengths)
    else:
        near = exact / queries.units[owners]
        spare = vectors.roundoff(depth, np.dtype(np.float64)) * own * own_lengths
    spare += np.finfo(dtype).eps * np.abs(near)
    return Thresholds(exact, near.astype(dtype), spare.astype(dtype))


def _count(queries: Queries, keys: np.ndarray, thresholds: Thresholds, places: Places, kind: str) -> None:
    """Count the keys above and beside each own key, and add them to the places."""
    dtype, offsets = queries.vectors.dtype, places.offsets
    kernel, width = _compiled(above.block, dtype, kind == "euclidean", FEW), width_of(dtype)
    columns = groups_of(ranges(len(keys), width), TASKS)
    rows = groups_of(ranges(len(queries.vectors), ROWS), max(1, TASKS // max(len(columns), 1)))
    scratch = int(above.SEGMENT), int(above.SEGMENT), int(np.diff(offsets).max(initial=0)) + 1
    tasks = [(some, part) for part in columns for some in rows]

    def work(task: Any) -> Places:
        row_ranges, parts = task
        begin, end = row_ranges[0][0], row_ranges[-1][1]
        made = _no_places(places, begin, end)
        numbers = np.empty(ROWS * width, dtype)
        for start, stop in parts:
            block = vectors.keys_of(keys[start:stop], dtype, kind)
            for first, last in row_ranges:
                check()
                some, own = queries.some(slice(first, last)), slice(offsets[first], offsets[last])
                tile = numbers[: (last - first) * (stop - start)].reshape(last - first, stop - start)
                np.matmul(some.vectors, block.vectors.T, out=tile)
                at = slice(offsets[first] - offsets[begin], offsets[last] - offsets[begin])
                inputs = *some, *block, offsets[first : last + 1] - offsets[first], *thresholds.some(own)
                outputs = tile, made.above[at], made.tied[at], made.lost[first - begin : last - begin]
                launch(kernel, inputs, NOTHING, outputs, 1, 1, scratch)
        return made

    for (row_ranges, _), made in zip(tasks, in_order(work, tasks), strict=True):
        begin, end = row_ranges[0][0], row_ranges[-1][1]
        own = slice(offsets[begin], offsets[end])
        places.above[own] += made.above
        places.tied[own] += made.tied
        places.lost[begin:end] |= made.lost


def _no_places(places: Places, begin: int, end: int) -> Places:
    """Return counts of 0 for some queries."""
    own = slice(places.offsets[begin], places.offsets[end])
    numbers = places.numbers[own]
    nothing = np.zeros(numbers.size, np.int64)
    return Places(places.offsets[begin : end + 1], numbers, nothing, nothing.copy(), places.lost[begin:end].copy())
