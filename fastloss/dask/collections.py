"""Dask's collections as partitions, and results as collections like those that were given."""

import math
from typing import Any, NamedTuple

import numpy as np
from dask import array as da
from dask.base import is_dask_collection, tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from fastloss.core import validate
from fastloss.core.errors import wrong_dtype, wrong_type
from fastloss.core.validate import kernel_dtype
from fastloss.dask.graphs import Blocks, Key, keyed, mapped
from fastloss.dask.workers import as_array


class Column(NamedTuple):
    """An argument in partitions of rows."""

    name: str
    blocks: Blocks
    sizes: tuple[float, ...]  # rows of each partition, NaN where that is not known
    like: Any  # the collection, or a list of delayed partitions

    @property
    def is_frame(self) -> bool:
        """Whether partitions are of pandas, and results get their index."""
        return hasattr(self.like, "npartitions") and hasattr(self.like, "divisions")

    @property
    def dimensions(self) -> int:
        """How many axes it has."""
        return int(getattr(self.like, "ndim", 1))

    def arrays(self, loss: str) -> Blocks:
        """Return the partitions as arrays, for a loss of that name."""
        return mapped(f"{loss}-arrays", as_array, self.blocks) if self.is_frame else self.blocks

    def one_row(self) -> Any:
        """Return a row of zeros of its shape; the collection itself, if that is not known."""
        shape = tuple(getattr(self.like, "shape", (math.nan, math.nan)))[1:]
        return self.like if any(isinstance(one, Delayed) or math.isnan(one) for one in shape) else np.zeros((1, *shape))

    def meta(self) -> np.ndarray:
        """Return an empty array of its type."""
        meta: Any = getattr(self.like, "_meta", np.empty(0, object))
        return meta.iloc[:0].to_numpy() if self.is_frame else np.asarray(meta)[:0]

    def require_numbers(self) -> None:
        """Raise a TypeError if partitions are known to hold no numbers; nothing is known of delayed ones."""
        if isinstance(self.like, list):
            return
        dtypes = list(self.like.dtypes) if self.is_frame and self.dimensions > 1 else [self.like.dtype]
        for dtype in dtypes:
            if dtype.kind == "O" and not hasattr(dtype, "categories"):  # which may be numbers
                raise wrong_dtype(self.name, dtype, "real numbers: convert it with .astype(float)")
        validate.array(self.name, self.meta())

    def same_rows(self, blocks: Blocks, dimensions: int = 1) -> Any:
        """Return results, one for each row, as a collection like this one."""
        if self.is_frame:
            return _frame(blocks, self, dimensions)
        if isinstance(self.like, da.Array):
            dtype = kernel_dtype(self.like._meta)
            blocks = keyed(blocks, dimensions)
            chunks = (self.like.chunks[0], *self.like.chunks[self.dimensions + 1 - dimensions :])
            return da.Array(blocks.graph, blocks.layer, chunks, meta=np.empty((0,) * dimensions, dtype))
        return blocks.delayed()


def is_cut(value: Any) -> bool:
    """Return whether an argument is a collection, or a list of delayed partitions."""
    if isinstance(value, (list, tuple)):
        return any(isinstance(one, Delayed) for one in value)
    return bool(is_dask_collection(value))


def column(name: str, value: Any) -> Column:
    """Return an argument's partitions.

    Raises
    ------
    TypeError
        If it is no array, Series, DataFrame or list of delayed partitions, or its blocks are not NumPy's.
    ValueError
        If an array is cut along another axis than the first.
    """
    if isinstance(value, da.Array):
        return _of_array(name, value)
    if isinstance(value, Delayed):
        raise wrong_type(name, value, "a list of delayed partitions: write [x] for one, or use dask.array.from_delayed")
    if isinstance(value, (list, tuple)):
        if not all(isinstance(one, Delayed) for one in value):
            raise TypeError(f"{name} is a list of delayed partitions and other things: expected delayed partitions")
        graph = HighLevelGraph.merge(*(one.dask for one in value))
        return Column(name, _joined(tuple(one.key for one in value), graph), (math.nan,) * len(value), list(value))
    if hasattr(value, "npartitions") and hasattr(value, "divisions"):
        made = value.optimize()
        graph = HighLevelGraph({made._name: dict(made.__dask_graph__())}, {made._name: set()})
        keys = tuple(made.__dask_keys__())
        return Column(name, Blocks(keys, made._name, graph), (math.nan,) * len(keys), value)
    raise wrong_type(name, value, "a Dask array, Series or DataFrame, or a list of delayed partitions")


def _of_array(name: str, array: da.Array) -> Column:
    if not array.ndim:
        raise ValueError(f"{name} is a single number: expected an array of rows")
    if not isinstance(array._meta, np.ndarray):
        raise wrong_type(f"a block of {name}", array._meta, "a NumPy array: use map_blocks(numpy.asarray)")
    if any(count > 1 for count in array.numblocks[1:]):
        wanted = ", ".join(f"{axis}: -1" for axis, count in enumerate(array.numblocks) if axis and count > 1)
        raise ValueError(f"{name} has chunks of parts of rows: expected whole rows; use {name}.rechunk({{{wanted}}})")
    keys = tuple((array.name, at, *(0,) * (array.ndim - 1)) for at in range(array.numblocks[0]))
    return Column(name, Blocks(keys, array.name, array.dask), tuple(array.chunks[0]), array)


def _joined(keys: tuple[Key, ...], graph: HighLevelGraph) -> Blocks:
    """Return partitions whose tasks are of several layers, as those of one."""
    name = f"fastloss-partitions-{tokenize(keys)}"
    return Blocks(
        keys, name, HighLevelGraph({**graph.layers, name: {}}, {**graph.dependencies, name: set(graph.layers)})
    )


def aligned(given: dict[str, Any]) -> dict[str, Column]:
    """Return the partitions of arguments that have the same rows; arrays in memory are cut as the others are.

    Raises
    ------
    ValueError
        If they have other numbers of rows or of partitions; the message says which, and what to call.
    """
    if not any(map(is_cut, given.values())):  # beside other arguments that are
        given = {name: da.from_array(np.asarray(value), chunks=-1) for name, value in given.items()}
    first = next(column(name, value) for name, value in given.items() if is_cut(value))
    made = {}
    for name, value in given.items():
        if is_cut(value):
            made[name] = first if name == first.name else _as_first(column(name, value), first)
        else:
            made[name] = _cut(name, value, first)
    return made


def _as_first(one: Column, first: Column) -> Column:
    count, own = len(first.sizes), len(one.sizes)
    known = not any(map(math.isnan, (*one.sizes, *first.sizes)))
    if known and one.sizes != first.sizes:
        if sum(one.sizes) != sum(first.sizes):
            raise ValueError(f"{one.name} has {sum(one.sizes)} rows: expected {sum(first.sizes)}, as {first.name}")
        return _of_array(one.name, one.like.rechunk({0: first.sizes}))
    if own != count:
        raise ValueError(f"{one.name} has {own} partitions: expected {count}, as {first.name}{_remedy(one, first)}")
    divided = one.is_frame and first.is_frame and one.like.known_divisions and first.like.known_divisions
    if divided and one.like.divisions != first.like.divisions:
        call = f"{one.name}.repartition(divisions={first.name}.divisions)"
        raise ValueError(f"{one.name} has other divisions than {first.name}: expected the same; use {call}")
    return one


def _remedy(one: Column, first: Column) -> str:
    """Say what to call for as many partitions as the first argument has."""
    if one.is_frame:
        return f"; use {one.name}.repartition(npartitions={len(first.sizes)})"
    if isinstance(one.like, list):
        return ""
    return f"; use {' and '.join(map(_measured, [own for own in (first, one) if math.isnan(sum(own.sizes))]))}"


def _measured(one: Column) -> str:
    """Say what makes an array whose partitions are of known lengths."""
    if one.is_frame:
        return f"{one.name}.to_dask_array(lengths=True)"
    if isinstance(one.like, list):
        return f"dask.array.from_delayed for each of {one.name}"
    return f"{one.name}.compute_chunk_sizes()"


def _cut(name: str, value: Any, first: Column) -> Column:
    if any(map(math.isnan, first.sizes)):
        raise ValueError(
            f"{name} is in memory, and the lengths of the partitions of {first.name} are not known: expected a "
            f"collection as {first.name}; or use {_measured(first)}"
        )
    array = np.asarray(value)
    if array.shape[:1] != (sum(first.sizes),):
        raise ValueError(f"{name} has shape {array.shape}: expected {sum(first.sizes)} rows, as {first.name}")
    return _of_array(name, da.from_array(array, chunks=(first.sizes, *array.shape[1:])))


def whole(blocks: Blocks, like: Any = 0.0) -> da.Array:
    """Return the only value as a lazy array of the shape of another, or a lazy number.

    Rejected: `Delayed` objects, which `dask.compute` mixes up with arrays between them (seen in Dask 2026.8).
    """
    known = not isinstance(like, Blocks)
    shape = np.shape(like) if known else (math.nan,)
    meta = np.empty((0,) * len(shape), kernel_dtype(np.asarray(like)) if known and shape else np.float64)
    made = keyed(blocks, len(shape))
    return da.Array(made.graph, made.layer, tuple((length,) for length in shape), meta=meta)


def _frame(blocks: Blocks, column: Column, dimensions: int) -> Any:
    """Return a number for each row as a Series, or one for each row and column as a DataFrame."""
    import pandas as pd
    from dask import dataframe as dd

    shape = (0, *column.like.shape[1:])[:dimensions]
    made = pd.Series if dimensions == 1 else pd.DataFrame
    meta = made(np.empty(shape, kernel_dtype(column.meta())), index=column.like._meta.index[:0])
    return dd.from_delayed(blocks.delayed(), meta=meta, divisions=column.like.divisions, verify_meta=False)
