"""Tables, and columns, tensors and arrays in lists: every element as it is, or an error that names it."""

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from scipy import sparse

import fastloss
from tests.core.test_arguments import BEYOND, refuses

torch = pytest.importorskip("torch")

TABLES = {
    "pandas": lambda a, b: pandas.DataFrame({"a": a, "b": b}),
    "nullable": lambda a, b: pandas.DataFrame({"a": a, "b": b}).convert_dtypes(),
    "polars": lambda a, b: polars.DataFrame({"a": a, "b": b}),
    "table": lambda a, b: pyarrow.table({"a": a, "b": b}),
    "batch": lambda a, b: pyarrow.record_batch({"a": a, "b": b}),
    "columns of pandas": lambda a, b: [pandas.Series(a).convert_dtypes(), pandas.Series(b)],
    "columns of Polars": lambda a, b: [polars.Series(a), polars.Series(b)],
    "columns of Arrow": lambda a, b: (pyarrow.array(a), pyarrow.array(b)),
    "tensors": lambda a, b: [torch.tensor(a), torch.tensor(b)],
    "scalars": lambda a, b: [list(map(torch.tensor, a)), list(map(np.array, b))],
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_and_columns_in_lists(kind):
    make, zeros, by_column = TABLES[kind], np.zeros((2, 2)), isinstance(TABLES[kind]([0], [0]), (list, tuple))
    assert fastloss.mse_loss(make([1, 2], [0.5, 3.0]), zeros) == (1 + 4 + 0.25 + 9) / 4
    assert fastloss.mse_loss(make([2**53, 0], [0.5, 3.0]), zeros) == (2.0**106 + 9.25) / 4
    where = r"\[0, 1\]" if by_column else r"\[1, 0\] \(column 'a'\)"
    refuses(ValueError, rf"input{where} is {BEYOND}: ", fastloss.mse_loss, make([1, BEYOND], [0.5, 3.0]), zeros)
    if kind not in ("pandas", "tensors", "scalars"):  # where None is NaN, or an error
        for other in ([1, 2], [0.5, np.nan]):
            refuses(ValueError, rf"input{where} is null: ", fastloss.mse_loss, make([1, None], other), zeros)


def test_names_that_are_attributes():
    """A table of pandas has its columns as attributes, a column its rows."""
    table = pandas.DataFrame({"type": [1, 2], "null_count": [0.5, 3.0]})
    assert fastloss.mse_loss(table, np.zeros((2, 2))) == (1 + 4 + 0.25 + 9) / 4
    column = pandas.Series([1, 2], index=["null_count", "dtype"])
    assert fastloss.mse_loss(column, [0, 0]) == fastloss.mse_loss([column], [[0, 0]]) == 2.5


@pytest.mark.parametrize("times", [np.array([1, 2], "m8[ns]"), np.array([1, 2], "M8[ns]"), np.array([1, 2], "m8[ms]")])
def test_durations_and_dates_beside_numbers(times):
    """NumPy makes floats of an array of nanoseconds beside them, and integers of one among objects."""
    for other in ([1.5, 2.0], [1, 2], np.array([1, 2.5], object), [BEYOND, 0.5], torch.tensor([1.5, 2.0])):
        refuses(TypeError, r"input(\[0, 0\] is | has dtype )", fastloss.mse_loss, [times, other], np.zeros((2, 2)))
    table = TABLES["polars"](times, [1.5, 2.0])
    refuses(TypeError, r"input\[:, 0\] \(column 'a'\) has dtype", fastloss.mse_loss, table, np.zeros((2, 2)))


def test_a_missing_element_of_an_element():
    column = polars.Series([[1, 2], [None, 3]], dtype=polars.Array(polars.Int64, 2))
    refuses(ValueError, r"input\[1, 0\] is null", fastloss.mse_loss, column, np.zeros((2, 2)))
    refuses(ValueError, r"input\[0, 1, 0\] is null", fastloss.mse_loss, [[[0, 1], column[1:][0]]], np.zeros((1, 2, 2)))


@pytest.mark.parametrize("dtype", [getattr(polars, name) for name in ("Int128", "UInt128") if hasattr(polars, name)])
def test_integers_of_128_bits(dtype):
    def wide(*numbers):
        return polars.Series("a", numbers, dtype=dtype)

    assert fastloss.mse_loss(wide(1, 2), wide(1, 4), sample_weight=wide(1, 3)) == 3.0  # (0 + 3 * 4) / 4
    expected = fastloss.cross_entropy([[1, 2], [3, 4]], [0, 1], weight=[1, 2])
    for logits in ([wide(1, 2), wide(3, 4)], wide(1, 3).to_frame().with_columns(b=wide(2, 4))):
        assert fastloss.cross_entropy(logits, wide(0, 1), weight=wide(1, 2)) == expected
    mixed = wide(1, 3).to_frame().with_columns(b=polars.Series([2.0, 4.0]))
    assert fastloss.cross_entropy(mixed, [0, 1], weight=[1, 2]) == expected
    assert fastloss.count_inversions(wide(2**60 + 1, 2**60), wide(0, 1), groups=wide(5, 5)) == 1
    refuses(ValueError, rf"input\[1\] \(column 'a'\) is {2**100 + 1}: ", fastloss.mse_loss, wide(0, 2**100 + 1), [0, 0])
    refuses(ValueError, r"input\[1\] \(column 'a'\) is null", fastloss.mse_loss, wide(0, None), [0, 0])


def test_arrays_in_lists():
    halves = [torch.tensor(1.5, dtype=torch.bfloat16), torch.tensor(2.0, dtype=torch.bfloat16)]
    assert fastloss.mse_loss(halves, [0, 0]) == (2.25 + 4) / 2
    assert fastloss.mse_loss([halves, [0, 0]], np.zeros((2, 2))) == (2.25 + 4) / 4
    rows = [sparse.coo_array([1.0, 2.0])] * 2
    assert fastloss.cross_entropy(rows, [0, 1]) == fastloss.cross_entropy([[1.0, 2.0]] * 2, [0, 1])
    refuses(TypeError, r"params\[1\] is None", fastloss.bpr_loss, [1.0], [0.0], reg=1.0, params=[[1.0], None])
    mixed = [torch.tensor(BEYOND), torch.tensor(BEYOND - 1), 1.0]
    refuses(ValueError, rf"scores\[0\] is {BEYOND}", fastloss.count_inversions, mixed, [0, 1, 0])
    assert fastloss.count_inversions(mixed[:2], [0, 1]) == 1
