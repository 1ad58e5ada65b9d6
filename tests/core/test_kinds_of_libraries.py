"""The same for PyTorch's tensors and xarray's arrays, where they are installed."""

import numpy as np
import pytest

import fastloss
from fastloss.core.arrays import as_array
from tests.core import kinds
from tests.core.kinds import MATRIX, OF_COLUMNS, OF_TABLES, SCORES

torch = pytest.importorskip("torch")
xarray = pytest.importorskip("xarray")

COLUMNS = {
    "tensor": torch.tensor,
    "tensor, viewed": lambda a: torch.from_numpy(a.copy()),
    "tensor, every other": lambda a: torch.tensor(np.repeat(a, 2))[::2],
    "tensors": lambda a: list(map(torch.tensor, a.tolist())) if a.dtype.kind == "i" else torch.tensor(a),
    "DataArray": lambda a: xarray.DataArray(a, dims="row", coords={"row": np.arange(a.size)[::-1]}, name="p"),
    "Variable": lambda a: xarray.Variable("row", a),
}
TABLES = {
    "tensor": torch.tensor,
    "tensor, by columns": lambda a: torch.tensor(a.T.copy()).T,
    "list of tensors": lambda a: [torch.tensor(row) for row in a],
    "DataArray": lambda a: xarray.DataArray(a, dims=("row", "class")),
    "DataArray, transposed": lambda a: xarray.DataArray(a.T.copy(), dims=("class", "row")).transpose("row", "class"),
}


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


@pytest.mark.parametrize("role", OF_COLUMNS)
def test_bfloat16(role):
    values, call = OF_COLUMNS[role]  # each of them is a number of bfloat16
    halves = torch.tensor(values).to(torch.bfloat16)
    expected, found = (tuple(kinds.leaves(call(one))) for one in (values.astype(np.float32), halves))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(other, one, strict=True)


def test_tensors_and_arrays_are_viewed():
    for dtype in (torch.float64, torch.float32, torch.float16, torch.int64, torch.uint8, torch.bool):
        tensor = torch.ones((3, 2), dtype=dtype)
        for one in (tensor, tensor.T, tensor[1:]):
            assert as_array("x", one).ctypes.data == one.data_ptr()
    array = MATRIX.copy()
    for one in (xarray.DataArray(array), xarray.DataArray(array).T, xarray.Variable(("a", "b"), array)):
        assert as_array("x", one).ctypes.data == array.ctypes.data


def test_dimensions_go_by_position():
    """As rows do: neither the names of dimensions nor coordinates are looked at."""
    turned = xarray.DataArray(MATRIX, dims=("row", "class")).transpose("class", "row")
    assert as_array("x", turned).shape == (3, 4)


def test_errors_name_an_array():
    scores = xarray.DataArray([0.5, 2.0], name="p")
    with pytest.raises(ValueError, match=r"^input\[1\] \(named 'p'\) is 2: expected a probability"):
        fastloss.binary_cross_entropy(scores, [0.0, 1.0])
    with pytest.raises(TypeError, match=r"^input is of type Dataset: expected an array .*to_dataarray"):
        fastloss.mse_loss(xarray.Dataset({"p": ("row", SCORES)}), SCORES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: torch.ones(2, requires_grad=True), r"input requires a gradient: .*\.detach\(\)"),
        (lambda: torch.ones(2).to_sparse(), r"input has layout torch\.sparse_coo: .*\.to_dense\(\)"),
        (lambda: torch.ones(2, device="meta"), r"input lies on meta: expected a tensor on the CPU"),
        (lambda: torch.ones(2, dtype=torch.complex64), r"input has dtype complex64: .*\.real"),
        (lambda: torch.ones(2).to(torch.float8_e4m3fn), r"input has dtype torch\.float8_e4m3fn: expected real numbers"),
    ],
)
def test_tensors_that_are_refused(make, message):
    with pytest.raises(TypeError, match=message):
        fastloss.mse_loss(make(), [0.0, 0.0])
