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

from fastloss.cli.batches import Batch
from fastloss.cli.errors import explained
from fastloss.cli.groups import WholeGroups
from fastloss.cli.ids import codes, keys, runs
from fastloss.core import orders

BITS = 6
PARTS = 1 << BITS


def parts_of(ids: pa.Array) -> np.ndarray:
    """Return which file each row goes to: the leading bits of a multiplicative hash."""
    hashed = keys(ids).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (hashed >> np.uint64(64 - BITS)).astype(np.uint8)


def deal(batches: Iterable[Batch], folder: str) -> None:
    """Write the rows of all batches to the files of `folder`, in their order."""
    with contextlib.ExitStack() as stack, explained("temporary files"):
        writers: list[pa.ipc.RecordBatchStreamWriter | None] = [None] * PARTS
        for batch in batches:
            if batch.groups is None or not batch.size:
                continue
            parts = parts_of(batch.groups)
            order = np.argsort(parts, kind="stable")
            bounds = np.searchsorted(parts[order], np.arange(PARTS + 1))
            table = sorted_rows(batch, order)
            for part in np.flatnonzero(np.diff(bounds)).tolist():
                writer = writers[part]
                if writer is None:
                    writer = pa.ipc.new_stream(os.path.join(folder, f"{part}.arrows"), table.schema)
                    writers[part] = stack.enter_context(writer)
                writer.write_batch(table.slice(bounds[part], bounds[part + 1] - bounds[part]))


def sorted_rows(batch: Batch, order: np.ndarray) -> pa.RecordBatch:
    """Return a batch's rows in another order, with their numbers in the stream."""
    groups: Any = batch.groups
    groups = groups.take(pa.array(order))
    columns = {"scores": pa.array(batch.scores[order]), "labels": pa.array(batch.labels[order])}
    if batch.weights is not None:
        columns["weights"] = pa.array(batch.weights[order])
    return pa.RecordBatch.from_pydict({**columns, "groups": groups, "rows": pa.array(batch.start + order)})


def sorted_parts(folder: str) -> Iterator[WholeGroups]:
    """Read each file's groups, their rows together and in the stream's order."""
    for part in range(PARTS):
        path = os.path.join(folder, f"{part}.arrows")
        if not os.path.exists(path):
            continue
        with explained("temporary files"), pa.memory_map(path) as file:
            table = pa.ipc.open_stream(file).read_all()
            ids = table["groups"].combine_chunks()
            order = orders.sort(codes(ids)).order
            starts, distinct = runs(ids.take(pa.array(order)))
            arrays = {name: table[name].to_numpy()[order] for name in table.column_names if name != "groups"}
        os.unlink(path)
        yield WholeGroups(offsets=np.append(starts, order.size), ids=distinct, **{"weights": None, **arrays})


def in_order(tables: list[pa.Table], first_rows: list[np.ndarray]) -> pa.Table:
    """Return the groups of all tables in the order of their first rows."""
    return pa.concat_tables(tables).take(pc.array_sort_indices(pa.array(np.concatenate(first_rows))))
