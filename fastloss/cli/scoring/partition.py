"""Groups whose rows lie apart: what does not fit into memory goes to temporary files by a hash of its group.

Each file is sorted. This costs writing and reading the data once more, and the memory of one file in PARTS (more if one
group is larger).
"""

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli import temporary
from fastloss.cli.reading.arrays import uncoded
from fastloss.cli.reading.batches import Batch, ScoresOf, some_scores
from fastloss.cli.reading.ids import codes, keys, runs
from fastloss.cli.scoring.gathered import Gathered
from fastloss.cli.scoring.groups import WholeGroups
from fastloss.core import orders

BITS = 6
PARTS = 1 << BITS
MOST = 192 << 20  # bytes of rows that are kept in memory
SCORES = "scores "  # and a model: the name of its column


def parts_of(numbers: np.ndarray, bits: int = BITS) -> np.ndarray:
    """Return which of 2**`bits` parts, of at most 256, each row goes to, from the `keys` of its group.

    These are the leading bits of a multiplicative hash.
    """
    hashed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (hashed >> np.uint64(63 - bits) >> np.uint64(1)).astype(np.uint8)


def dealt(batch: Batch, parts: np.ndarray, count: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Return the rows of a batch by the part that each goes to, in their order."""
    order = np.argsort(parts, kind="stable")
    bounds = np.searchsorted(parts[order], np.arange(count + 1))
    table = sorted_rows(batch, order)
    for part in np.flatnonzero(np.diff(bounds)).tolist():
        yield part, table.slice(bounds[part], bounds[part + 1] - bounds[part])


def deal(batches: Iterable[Batch], folder: str) -> list[list[str]]:
    """Write the rows of all batches to files in `folder`, in their order; return the files of each part.

    A part has another file for rows of other types, such as floats where some batches have no NaN in place of nulls.
    """
    paths: list[list[str]] = [[] for _ in range(PARTS)]
    with temporary.written(), contextlib.ExitStack() as stack:
        writers: dict[tuple[int, pa.Schema], pa.ipc.RecordBatchStreamWriter] = {}
        for batch in batches:
            if batch.groups is None or not batch.size:
                continue
            for part, rows in dealt(batch, parts_of(keys(batch.groups)), PARTS):
                if (part, rows.schema) not in writers:
                    paths[part].append(os.path.join(folder, f"{len(writers)}.arrows"))
                    writer = pa.ipc.new_stream(paths[part][-1], rows.schema)
                    writers[part, rows.schema] = stack.enter_context(writer)
                writers[part, rows.schema].write_batch(rows)
    return paths


def in_one_table(tables: Sequence[pa.Table]) -> pa.Table:
    """Return rows that `sorted_rows` made, whose numbers may be of several types, in the stream's order."""
    if len({table.schema for table in tables}) == 1:
        return pa.concat_tables(tables)
    return pa.concat_tables(tables, promote_options="permissive").sort_by("rows")


def sorted_rows(batch: Batch, order: np.ndarray) -> pa.RecordBatch:
    """Return a batch's rows in another order, with their numbers in the stream."""
    columns: dict[str, Any] = {SCORES + model: as_column(one[order]) for model, one in batch.scores.items()}
    columns["labels"] = pa.array(batch.labels[order])
    if batch.weights is not None:
        columns["weights"] = pa.array(batch.weights[order])
    if batch.groups is not None:
        columns["groups"] = uncoded(batch.groups.take(pa.array(order)))
    return pa.RecordBatch.from_pydict({**columns, "rows": pa.array(batch.start + order)})


def as_column(scores: np.ndarray) -> pa.Array:
    """Return scores as a column, of lists where there is one for each class."""
    if scores.ndim == 1:
        return pa.array(scores)
    return pa.FixedSizeListArray.from_arrays(pa.array(scores.reshape(-1)), scores.shape[1])


def from_column(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column that `as_column` made as scores."""
    if not pa.types.is_fixed_size_list(column.type):
        return column.to_numpy()
    return column.combine_chunks().flatten().to_numpy().reshape(len(column), -1)


def whole_groups(batches: Iterator[Batch]) -> Iterator[WholeGroups]:
    """Bring the rows of groups together: in memory or, if they take more than MOST bytes, in temporary files."""
    gathered: Gathered | None = None
    for batch in batches:
        gathered = gathered or Gathered(batch, MOST)
        if not gathered.has_room(batch):
            with temporary.folder() as folder:
                earlier, gathered = gathered.taken(), None
                yield from sorted_parts(deal(itertools.chain(earlier, [batch], batches), folder))
            return
        gathered.add(batch)
    if gathered is not None:
        del batch
        pa.default_memory_pool().release_unused()  # what reading took
        yield from gathered.groups()


def sorted_parts(paths: Sequence[Sequence[str]]) -> Iterator[WholeGroups]:
    """Read the groups of each part's files, their rows together and in the stream's order."""
    for some in filter(None, paths):
        with temporary.written(), contextlib.ExitStack() as stack:
            files = [stack.enter_context(pa.memory_map(path)) for path in some]
            groups = by_group(in_one_table([pa.ipc.open_stream(file).read_all() for file in files]))
        for path in some:
            os.unlink(path)
        yield groups


def by_group(table: pa.Table) -> WholeGroups:
    """Return rows that `sorted_rows` made, group by group; without ids, they are one group."""
    columns: dict[str, np.ndarray] = {}
    scores: ScoresOf = {}
    for name in table.column_names:
        if name.startswith(SCORES):
            scores[name.removeprefix(SCORES)] = from_column(table[name])
        elif name != "groups":
            columns[name] = table[name].to_numpy()
    order, bounds, ids = _grouped(table)
    if order is not None:
        scores = some_scores(scores, order)
        columns = {name: column[order] for name, column in columns.items()}
    return WholeGroups(scores, columns["labels"], columns.get("weights"), bounds, ids, columns["rows"])


def _grouped(table: pa.Table) -> tuple[np.ndarray | None, np.ndarray, pa.Array | None]:
    """Return the order that brings groups together, their offsets and ids; without ids, rows are one group."""
    if "groups" not in table.column_names:
        return None, np.array([0, table.num_rows]), None
    ids = table["groups"].combine_chunks()
    order = orders.sort(codes(ids)).order
    starts, distinct = runs(ids.take(pa.array(order)))
    return order, np.append(starts, order.size), distinct


def in_order(tables: list[pa.Table], first_rows: list[np.ndarray]) -> pa.Table:
    """Return the groups of all tables in the order of their first rows."""
    return pa.concat_tables(tables).take(pc.array_sort_indices(pa.array(np.concatenate(first_rows))))
