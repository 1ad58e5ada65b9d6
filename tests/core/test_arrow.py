"""Columns of lists as matrices, and what other libraries export by Arrow's C interface alone."""

import sys

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest

import fastloss
from fastloss.core.arrays import as_array
from tests.core.kinds import ExportedArray, ExportedStream

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
ONE_TYPE = {
    "list": pa.list_(pa.float32()),
    "large list": pa.large_list(pa.float64()),
    "list view": pa.list_view(pa.float64()),
    "fixed size": pa.list_(pa.float32(), 2),
}


def chunked(*chunks, kind=None):
    return pa.chunked_array([pa.array(one, kind) for one in chunks], kind)


@pytest.mark.parametrize("kind", ONE_TYPE)
def test_columns_of_lists_are_matrices(kind):
    kind = ONE_TYPE[kind]
    made = as_array("x", chunked(ROWS[:1], ROWS[1:], kind=kind))
    assert made.dtype == kind.value_type.to_pandas_dtype()
    assert made.tolist() == ROWS
    assert as_array("x", pa.array(ROWS, kind).slice(1)).tolist() == ROWS[1:]
    assert as_array("x", pandas.Series(ROWS, dtype=pandas.ArrowDtype(kind))).tolist() == ROWS
    assert as_array("x", pa.chunked_array([], kind)).shape[0] == 0


@pytest.mark.parametrize(
    "column",
    [
        polars.Series(ROWS),
        polars.Series(ROWS, dtype=polars.Array(polars.Float64, 2)),
        polars.concat([polars.Series(ROWS[:1]), polars.Series(ROWS[1:])], rechunk=False),
        pa.FixedShapeTensorArray.from_numpy_ndarray(np.array(ROWS)),
        pandas.Series(ROWS),
        pandas.Series(list(map(np.array, ROWS))),
        pandas.Series(list(map(tuple, ROWS))).to_numpy(),
        pandas.Series([pandas.Series(row) for row in ROWS]),
    ],
)
def test_other_columns_of_lists(column):
    assert as_array("x", column).tolist() == ROWS
    assert fastloss.mse_loss(column, ROWS) == 0.0
    value = fastloss.cross_entropy.value_and_grad(column, [0, 1, 0])
    assert value[0] == fastloss.cross_entropy(ROWS, [0, 1, 0])
    assert value[1].shape == (3, 2)


def test_lists_of_lists():
    nested = chunked([[ROWS[:2]], [ROWS[1:]]], kind=pa.list_(pa.list_(pa.list_(pa.float64()))))
    assert as_array("x", nested).tolist() == [[ROWS[:2]], [ROWS[1:]]]
    assert as_array("x", polars.Series([ROWS[:2], ROWS[1:]])).tolist() == [ROWS[:2], ROWS[1:]]
    assert as_array("x", pa.array([[], []], pa.list_(pa.float64()))).shape == (2, 0)
    assert as_array("x", pa.array([[2**53 + 1], [1]])).tolist() == [[2**53 + 1], [1]]


def test_lists_are_viewed():
    numbers = np.arange(6.0)
    column = pa.FixedSizeListArray.from_arrays(pa.array(numbers), 2)
    for one in (column, pa.chunked_array([column])):
        assert as_array("x", one).ctypes.data == numbers.ctypes.data


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (chunked([[1.0], None]), r"input\[1\] is null: expected a number"),
        (chunked([[1.0, 2.0], [3.0, None]]), r"input\[1, 1\] is null: expected a number"),
        (chunked([[[1.0], [2.0]], [[3.0], None]]), r"input\[1, 1\] is null"),
        (chunked([[[1.0], [2.0]], [[3.0], [None]]]), r"input\[1, 1, 0\] is null"),
        (polars.Series("p", [[1.0], [None]]), r"input\[1, 0\] \(column 'p'\) is null"),
        (chunked([[1.0, 2.0], [3.0]]), r"input\[1\] is a list of 1: expected one of 2, as input\[0\] is"),
        (chunked([[[1.0], [2.0]], [[3.0], [4.0, 5.0]]]), r"input\[1, 1\] is a list of 2: expected one of 1"),
        (pandas.array([[1.0], None], dtype=pandas.ArrowDtype(pa.list_(pa.float64()))), r"input\[1\] is null"),
        (pandas.Series([[1.0, 2.0], [3.0]], name="p"), r"input\[1\] \(column 'p'\) has shape \(1,\): expected rows"),
        (pandas.Series([[1.0, 2.0], [3.0, None]]), r"input\[1, 1\] is null"),
        (pandas.Series([[1.0, 2.0], None]), r"input\[1\] is a number: expected rows|input\[1\] is null"),
        (chunked([["a"], ["b"]]), r"input\[0, 0\] is 'a'"),
    ],
)
def test_lists_that_are_wrong(column, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fastloss.mse_loss(column, np.zeros((2, 2)))


def test_exports_by_the_c_interface():
    x, y = pa.array([1.0, 2.0]), [1.0, 4.0]
    for one in (ExportedArray(x), ExportedStream(pa.chunked_array([x])), ExportedStream(polars.Series([1.0, 2.0]))):
        assert fastloss.mse_loss(one, y) == 2.0
    assert as_array("x", ExportedArray(x)).ctypes.data == x.to_numpy().ctypes.data
    table = pa.table({"a": x, "b": y})
    for one in (ExportedStream(table), ExportedArray(table.to_batches()[0]), table.to_reader()):  # which ends when read
        assert as_array("x", one).tolist() == [[1.0, 1.0], [2.0, 4.0]]
    ids = ExportedArray(pa.array(["b", "a"]).dictionary_encode())
    found = fastloss.auc([1.0, 2.0], [0, 1], groups=ids, reduction="per_group", return_ids=True)
    assert found.ids.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match=r"input\[1\] is null: expected a value"):
        fastloss.mse_loss(ExportedArray(pa.array([1.0, None])), y)
    with pytest.raises(ValueError, match=r"groups\[0\] is null"):
        fastloss.auc([1.0, 2.0], [0, 1], groups=ExportedArray(pa.array([None, "a"])))


def test_states_read_a_stream_once():
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    columns = [pa.chunked_array([one]) for one in ([1.0, 2.0, 0.5], [0, 1, 2], [7, 7, 7])]
    state.update(*map(ExportedStream, columns[:2]), groups=ExportedStream(columns[2]))
    assert (state.rows, state.groups) == (3, 1)
    assert state.result() == fastloss.pairwise_logistic_loss(*columns[:2])
    examples = fastloss.accumulate("cross_entropy")
    examples.update(polars.Series(ROWS), ExportedStream(pa.chunked_array([[0, 1, 0]])))
    assert examples.rows == 3
    assert examples.result() == pytest.approx(fastloss.cross_entropy(ROWS, [0, 1, 0]), rel=1e-15)


def test_exports_without_pyarrow(monkeypatch):
    exported = ExportedArray(pa.array([1.0]))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        TypeError, match="input is of type ExportedArray: expected an array, or PyArrow to be installed"
    ):
        fastloss.mse_loss(exported, [1.0])
    with pytest.raises(TypeError, match=r"input \(column 'p'\) is of type Series: expected an array, or PyArrow"):
        fastloss.mse_loss(polars.Series("p", [[1.0]]), [[1.0]])
