"""Losses of Spark's DataFrames: a state for each partition, merged on the driver; or a value for each group.

    import fastloss.spark
    fastloss.spark.score(df, "binary_cross_entropy_with_logits", "score", "label", sample_weight="weight")
    fastloss.spark.score(df, "lambdarank_loss", "score", "label", groups="query", truncation_level=10)
    fastloss.spark.per_group(df, "pairwise_logistic_loss", "score", "label", groups="user").show()

What runs on the executors is functions of this module, which must be installed there; kernels do not travel. They are
wrapped in lambdas, since PySpark fails on the annotations of a `functools.partial`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame, types
from pyspark.sql import functions as F

from fastloss.core.docstrings import documented
from fastloss.core.summation import CHUNK
from fastloss.streaming.columns import Request, ends_of_runs, of_group, request, tables

ROWS = 32 * CHUNK  # that one update takes: the sums do not depend on the batches that Spark makes
FAN = 32  # states of all pairs that one task merges
STATES = "fastloss_partition int, fastloss_state binary"
PART, STATE = "fastloss_partition", "fastloss_state"
INTEGERS = ("byte", "short", "integer", "long")
NUMBERS = {*INTEGERS, "float", "double", "boolean"}  # by the names of Spark's types
IDS = {*INTEGERS, "string", "binary", "boolean", "date", "timestamp", "timestamp_ntz", "decimal"}


@documented()
def score(
    df: DataFrame,
    name: str,
    *columns: Any,
    sample_weight: str | None = None,
    groups: str | None = None,
    reduction: str = "mean",
    **parameters: Any,
) -> float:
    """Return a loss of all rows of a DataFrame, in one scan.

    Parameters
    ----------
    df : DataFrame
        The rows.
    {loss_of_columns}
    sample_weight, groups : str, optional
        Columns of weights, and of ids of groups, of integers, strings, bytes, dates or decimals. Rows are shuffled, so
        that those of a group are on one executor.
    {parameters_of_columns}

    Returns
    -------
    {result_of_columns}

    Raises
    ------
    AnalysisException
        Of Spark, if a column does not exist.
    TypeError, ValueError
        If the loss has no state, or does not take a parameter, or a column's type; before any row is read.
    PythonException
        Of Spark, if a row is not what the loss takes; it names the partition.
    """
    asked = request(name, columns, sample_weight, groups, reduction, parameters)
    total = asked.state()
    rows = _selected(df, asked)
    if groups is not None:
        rows = rows.repartition(groups).sortWithinPartitions(groups)
    states = rows.mapInArrow(lambda batches: _states(asked, batches), STATES)
    if total.kind == "pairs":  # half a megabyte each
        states = states.groupBy(F.floor(F.col(PART) / FAN)).applyInArrow(lambda table: _merged(asked, table), STATES)
    parts = sorted((row[PART], bytes(row[STATE])) for row in states.collect())
    return asked.merged(state for _, state in parts).result(reduction)


@documented()
def per_group(
    df: DataFrame,
    name: str,
    *columns: Any,
    groups: str,
    sample_weight: str | None = None,
    reduction: str = "mean",
    **parameters: Any,
) -> DataFrame:
    """Return a loss of each group's rows: a DataFrame of the groups' ids and of the loss, under its name.

    Any loss will do: each group is one call. A mean over nothing, as of a group without a pair, is NaN. The arguments
    and the errors are those of `score`.

    Parameters
    ----------
    df : DataFrame
        The rows.
    {loss_of_columns}
    groups : str
        The column of ids of groups.
    {weights_of_columns}
    {parameters_of_columns}
    """
    asked = request(name, columns, sample_weight, groups, reduction, parameters)
    rows = _selected(df, asked)
    kind = types.StructType([rows.schema[groups], types.StructField(name, types.DoubleType())])
    return rows.groupBy(groups).applyInArrow(lambda table: of_group(asked, table), kind)


def _selected(df: DataFrame, asked: Request) -> DataFrame:
    """Return the columns that are read; raise if one is not there, or of another type."""
    rows = df.select(*asked.names)
    for name, found in zip(asked.names, rows.columns, strict=True):
        if name != found:
            raise ValueError(
                f"{name} is no column, but a field of one: expected df.withColumn({found!r}, F.col({name!r}))"
            )
    for field in rows.schema.fields:
        inner = field.dataType
        while field.name in asked.numbers and isinstance(inner, types.ArrayType):
            inner = inner.elementType
        if field.name in asked.numbers and inner.typeName() not in NUMBERS:
            raise TypeError(
                f"column {field.name} is of type {inner.simpleString()}: expected numbers; cast it to double"
            )
        if field.name == asked.groups and inner.typeName() not in IDS:
            raise TypeError(f"column {field.name} is of type {inner.simpleString()}: expected ids that are exact")
    return rows


def _states(asked: Request, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Return the state of a partition."""
    context = TaskContext.get()
    part = 0 if context is None else context.partitionId()
    state, row = asked.state(), 0
    for table in tables(batches, asked.groups, ROWS):
        with asked.at_work(f"rows {row} to {row + table.num_rows - 1} of partition {part}"):
            asked.add(state, table, None if asked.groups is None else ends_of_runs(table[asked.groups]))
        row += table.num_rows
    yield _one(part, state.to_bytes())


def _merged(asked: Request, table: pa.Table) -> pa.Table:
    """Return the state of several partitions."""
    parts = table.sort_by(PART)
    state = asked.merged(parts[STATE].to_pylist())
    return pa.Table.from_batches([_one(parts[PART][0].as_py(), state.to_bytes())])


def _one(part: int, state: bytes) -> pa.RecordBatch:
    columns = [pa.array([part], pa.int32()), pa.array([state], pa.binary())]
    return pa.RecordBatch.from_arrays(columns, names=[PART, STATE])
