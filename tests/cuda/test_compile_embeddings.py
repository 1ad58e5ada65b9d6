"""Tiles in double precision, which the registry's cases do not launch on their way here, and what is in a tile."""

import os

import numpy as np
import pytest

numba_cuda = pytest.importorskip("numba.cuda")

if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0" or getattr(numba_cuda, "implementation", "") != "NVIDIA":
    pytest.skip("needs numba-cuda's compiler", allow_module_level=True)

from numba import float64, from_dtype, int64, void  # noqa: E402
from numba.types import Tuple, UniTuple  # noqa: E402

from fastloss.compile.cuda.launch import bound  # noqa: E402
from fastloss.compile.cuda.sizes import sizes  # noqa: E402
from fastloss.embeddings import cuda_products as products  # noqa: E402
from fastloss.embeddings.candidates import cuda as candidates  # noqa: E402
from tests.cuda.machine_code import Launched, ptx  # noqa: E402

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
PRODUCTS = [products.PRODUCT, products.BY_ROWS, products.BY_COLUMNS, *map(candidates.softened, (False, True))]


def types_of(dtype):
    """Of a matrix, a vector, and what a side of the logits has."""
    number = from_dtype(dtype)
    return number[:, ::1], number[::1], UniTuple(Tuple((number[::1], int64[::1])), 2)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda one: one.name)
def test_products(product, dtype):
    matrix, vector, sides = types_of(dtype)
    tile = sizes().tile(dtype)
    more = Tuple((sides, UniTuple(vector, 2), UniTuple(vector, 2))) if product.amend is candidates.soften else int64
    kernel = bound(products.kernel_of(product, dtype, tile), tile.threads)
    signature = void(UniTuple(matrix, 2), int64, from_dtype(dtype)[:, :, ::1], more)
    text = ptx(Launched(product.name, kernel, signature), (8, 0))
    assert ".local" not in text  # a thread's elements of the tile lie in registers
    assert text.count(f"fma.rn.f{8 * dtype.itemsize}") >= tile.each**2
    assert dtype == np.float64 or ".f64" not in text


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("find", [False, True], ids=["fold", "find"])
def test_walks(find, dtype):
    matrix, _, sides = types_of(dtype)
    tile = sizes().tile(dtype)
    kernel = bound(candidates.kernel_of(find, dtype, tile), tile.threads)
    signature = void(UniTuple(matrix, 2), sides, UniTuple(float64[:, ::1], 2))
    assert ".local" not in ptx(Launched("walk", kernel, signature), (8, 0))
