"""Every kind of array in the place of every argument: the same bits as NumPy's, viewed where it may be."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import fastloss
from fastloss.core.arrays import as_array
from fastloss.core.identities import as_ids
from tests.core import kinds
from tests.core.kinds import COLUMNS, OF_COLUMNS, OF_TABLES, TABLE_VIEWS, TABLES, VIEWS


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("role", OF_COLUMNS)
def test_columns(role, kind):
    values, call = OF_COLUMNS[role]
    kinds.require_same(call, values, COLUMNS[kind])


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("role", OF_TABLES)
def test_tables(role, kind):
    values, call = OF_TABLES[role]
    kinds.require_same(call, values, TABLES[kind])


def address(value):
    """Return where the elements of a column or a table lie, read without fastloss."""
    if isinstance(value, kinds.OnHost):
        return np.from_dlpack(value).ctypes.data
    if isinstance(value, kinds.ExportedArray):
        return pa.array(value).to_numpy().ctypes.data
    if isinstance(value, pa.FixedSizeListArray):
        return value.flatten().to_numpy().ctypes.data
    return np.asarray(value).ctypes.data


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "u1"])
@pytest.mark.parametrize("kind", VIEWS)
def test_columns_are_viewed(kind, dtype):
    given = VIEWS[kind](np.arange(6, dtype=dtype))
    read = as_array("x", given)
    assert read.dtype == dtype or kind == "nullable"
    assert read.ctypes.data == address(given)


@pytest.mark.parametrize("kind", sorted(TABLE_VIEWS))
def test_tables_are_viewed(kind):
    given = TABLES[kind](np.arange(6.0).reshape(3, 2))
    read = as_array("x", given)
    assert read.ctypes.data == address(given)


@pytest.mark.parametrize("dtype", ["f2", "f4"])
@pytest.mark.parametrize("kind", ["Series", "Arrow", "Arrow-backed", "Arrow, chunks", "file", "DLPack"])
def test_floats_keep_their_precision(kind, dtype):
    assert as_array("x", COLUMNS[kind](np.arange(4, dtype=dtype))).dtype == dtype


def test_rows_go_by_position():
    """Labels of an index are not looked at, nor the names of columns, as scikit-learn does it."""
    scores = pd.Series([1.0, 2.0, 3.0], index=[2, 0, 1])
    labels = pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2])
    assert fastloss.mse_loss(scores, labels) == 1 / 3
    table = pd.DataFrame([[1.0, 2.0]], columns=["a", "b"])
    assert fastloss.mse_loss(table, table[["b", "a"]]) == 1.0


LARGE = 2**53 + 1  # the first integer that float64 rounds


@pytest.mark.parametrize("kind", ["numbers", "objects", "Series", "nullable", "Polars", "Arrow", "decimals", "tuple"])
def test_large_integers_are_no_floats(kind):
    values = np.array([LARGE, LARGE - 1])
    assert fastloss.count_inversions(COLUMNS[kind](values), [0, 1]) == 1
    with pytest.raises(
        ValueError, match=rf"^input\[0\].* is .*{LARGE}.*: expected a number that float64 holds exactly"
    ):
        fastloss.mse_loss(COLUMNS[kind](values), [0.0, 0.0])


def test_decimals():
    tenths = [decimal.Decimal(one) for one in ("0.1", "-0.3", "1e-400", "NaN", "-Infinity", "12345678901234567890.5")]
    expected = [0.1, -0.3, 0.0, np.nan, -np.inf, 12345678901234567890.5]
    np.testing.assert_array_equal(as_array("x", tenths), expected)
    cents = pa.array(tenths[:2], pa.decimal128(10, 2))
    for column in (cents, pd.Series(cents.to_pylist(), dtype=pd.ArrowDtype(cents.type)), pl.Series(cents.to_pylist())):
        assert as_array("x", column).tolist() == expected[:2]
    assert as_array("x", [decimal.Decimal("sNaN")]).tolist() == pytest.approx([np.nan], nan_ok=True)
    assert as_array("x", [decimal.Decimal(2), 3]).dtype == np.int64
    with pytest.raises(ValueError, match=r"x\[1\] is Decimal\('1E\+1000000'\): expected less than 1\.8e308"):
        as_array("x", [decimal.Decimal(1), decimal.Decimal("1e1000000")])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pd.Series([1, None, 2]).astype("category"), r"input\[1\] is null"),
        (pd.Series([1, None, 2], dtype="Int64", name="p"), r"input\[1\] \(column 'p'\) is null: expected a number"),
        (pd.Series([1, pd.NaT, 2], dtype=object), r"input\[1\] is null"),
        (pd.Index([1, None, 2], dtype="Int64", name="p"), r"input\[1\] \(named 'p'\) is null"),
        (pl.Series("p", [1.0, None, 2.0]), r"input\[1\] \(column 'p'\) is null: expected a number"),
        (pa.chunked_array([[1.0], [None, 2.0]]), r"input\[1\] is null: expected a number"),
        (pa.array([1, None, 2]).dictionary_encode(), r"input\[1\] is null"),
        (pa.nulls(3), r"input\[0\] is null"),
        (kinds.ExportedStream(pl.Series([1.0, None, 2.0])), r"input\[1\] is null"),
        ([1.0, None, 2.0], r"input\[1\] is null: expected a number"),
        (pl.LazyFrame({"a": [1.0]}), r"input is of type LazyFrame: expected its rows, from \.collect\(\)"),
        (np.ma.masked_equal([1.0, 2.0, 3.0], 2.0), r"input is a masked array: .* by \.filled\(.*\.compressed\(\)"),
        (
            ["a", "b", "c"],
            r"input has dtype <U1: expected real numbers: .*numpy\.unique\(\.\.\., return_inverse=True\)",
        ),
        (pd.Series(["a", "b", "c"], name="p"), r"input\[0\] \(column 'p'\) is 'a': expected a real number"),
        (np.array([(1.0, 2.0)], "f8,f8"), r"input has dtype .*structured_to_unstructured"),
        (sparse.csr_array([[1.0, 2.0, 3.0]]), r"target has shape \(3,\): expected the shape of input, \(1, 3\)"),
        (pd.DataFrame({"a": [1.0, 2.0, 3.0]}), r"target has shape \(3,\): expected the shape of input, \(3, 1\)"),
        ({"a": [1.0]}, "input is of type dict: expected an array"),
    ],
)
def test_what_is_no_array_of_numbers(column, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fastloss.mse_loss(column, [0.0, 0.0, 0.0])


DAYS = [datetime.date(2020, 1, day) for day in (3, 1, 3)]
TIMES = [datetime.datetime(2020, 1, day, 12, tzinfo=datetime.UTC) for day in (3, 1, 3)]
IDS = {
    "strings of pandas": pd.Series(["b", "a", "b"]),
    "Arrow's strings in pandas": pd.Series(["b", "a", "b"], dtype="string[pyarrow]"),
    "categories": pd.Series(["b", "a", "b"]).astype(pd.CategoricalDtype(["b", "a", "c"], ordered=True)),
    "nullable": pd.Series([2, 1, 2], dtype="Int64"),
    "days": pd.Series(pd.to_datetime(DAYS)),
    "times with a zone": pd.Series(TIMES).dt.tz_convert("Europe/Berlin"),
    "Polars' strings": pl.Series(["b", "a", "b"]),
    "Polars' categories": pl.Series(["b", "a", "b"], dtype=pl.Categorical),
    "Polars' Enum": pl.Series(["b", "a", "b"], dtype=pl.Enum(["b", "a"])),
    "Polars' dates": pl.Series(DAYS),
    "Polars' times": pl.Series(TIMES),
    "Arrow's strings": pa.array(["b", "a", "b"]),
    "Arrow's dictionary": pa.chunked_array([["b"], ["a", "b"]]).dictionary_encode(),
    "Arrow's dates": pa.array(DAYS),
    "Arrow's times": pa.array(TIMES),
    "Arrow's decimals": pa.array([decimal.Decimal("2.0"), decimal.Decimal("1.0"), decimal.Decimal("2.0")]),
    "large": pa.array([LARGE, LARGE - 1, LARGE]),
    "stream": kinds.ExportedStream(pa.chunked_array([["b"], ["a", "b"]])),
}


@pytest.mark.parametrize("kind", IDS)
def test_columns_of_ids(kind):
    found = as_ids("groups", IDS[kind])
    assert np.unique(found, return_inverse=True)[1].tolist() == [1, 0, 1]


@pytest.mark.parametrize("ids", [pl.Series([[1, 2], [3, 4]]), pd.DataFrame({"a": [1, 2], "b": [3, 4]}), np.eye(2)])
def test_ids_of_two_columns_are_refused(ids):
    with pytest.raises(ValueError, match=r"groups has shape \(2, 2\): expected \(2,\)"):
        fastloss.pairwise_logistic_loss([0.0, 1.0], [0, 1], groups=ids)
