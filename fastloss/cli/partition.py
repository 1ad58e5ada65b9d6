"""Groups whose rows lie apart: rows go to temporary files by a hash of their group, and each file is sorted.

This costs writing and reading the data once more, and the memory of one file in PARTS (more if one group is larger).
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli import temporary
from fastloss.cli.batches import Batch, ScoresOf, some_scores
from fastloss.cli.groups import WholeGroups
from fastloss.cli.ids import codes, keys, runs
from fastloss.core import orders

BITS = 6
PARTS = 1 << BITS
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


def deal(batches: Iterable[Batch], folder: str) -> None:
    """Write the rows of all batches to the files of `folder`, in their order."""
    with temporary.written(), contextlib.ExitStack() as stack:
        writers: list[pa.ipc.RecordBatchStreamWriter | None] = [None] * PARTS
        for batch in batches:
            if batch.groups is None or not batch.size:
                continue
            for part, rows in dealt(batch, parts_of(keys(batch.groups)), PARTS):
                writer = writers[part]
                if writer is None:
                    writer = pa.ipc.new_stream(os.path.join(folder, f"{part}.arrows"), rows.schema)
                    writers[part] = stack.enter_context(writer)
                writer.write_batch(rows)


def sorted_rows(batch: Batch, order: np.ndarray) -> pa.RecordBatch:
    """Return a batch's rows in another order, with their numbers in the stream."""
    columns: dict[str, Any] = {SCORES + model: as_column(one[order]) for model, one in batch.scores.items()}
    columns["labels"] = pa.array(batch.labels[order])
    if batch.weights is not None:
        columns["weights"] = pa.array(batch.weights[order])
    if batch.groups is not None:
        columns["groups"] = batch.groups.take(pa.array(order))
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


def sorted_parts(folder: str) -> Iterator[WholeGroups]:
    """Read each file's groups, their rows together and in the stream's order."""
    for part in range(PARTS):
        path = os.path.join(folder, f"{part}.arrows")
        if not os.path.exists(path):
            continue
        with temporary.written(), pa.memory_map(path) as file:
            groups = by_group(pa.ipc.open_stream(file).read_all())
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
