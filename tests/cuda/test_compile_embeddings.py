"""The kernels of the losses of embeddings compiled for real GPUs, in their real sizes, with no GPU at hand."""

import numpy as np
import pytest

from tests.cuda.test_compile import numba_cuda, pretended_device

from numba import float64, from_dtype, int64  # isort: skip
from numba.types import Tuple, UniTuple, void  # isort: skip

from fastloss.engines.cuda import candidates, mining, products  # isort: skip
from fastloss.losses.tuples import CONTRASTIVE
from fastloss.shapes.mining import Kind

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
PRODUCTS = [products.PUT_ROWS, products.ADD_ROWS, products.ADD_COLUMNS, *map(candidates.softened, (False, True))]
KINDS = [
    *(Kind(name, squared=squared) for name in ("all", "smooth", "hard", "semihard") for squared in (False, True)),
    Kind("hard", soft=True),
    *(Kind("pairs", formulas) for formulas in CONTRASTIVE.values()),
]


def ptx(kernel, signature, capability=(8, 0)):
    with pretended_device(capability):
        return numba_cuda.compile_ptx(kernel, signature, cc=capability)[0]


def types_of(dtype):
    """Of a matrix, a vector, and what a side of the logits has."""
    number = from_dtype(dtype)
    return number[:, ::1], number[::1], UniTuple(Tuple((number[::1], int64[::1])), 2)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda one: one.name)
def test_products(product, dtype):
    matrix, vector, sides = types_of(dtype)
    more = Tuple((sides, UniTuple(vector, 2), UniTuple(vector, 2))) if product.amend is candidates.soften else int64
    kernel = products.bound_kernel(product, dtype, products.SIZES[dtype.name])
    text = ptx(kernel, void(UniTuple(matrix, 2), int64, matrix, more))
    assert ".local" not in text  # a thread's elements of the tile lie in registers
    if dtype == np.float32:
        assert ".f64" not in text
        assert text.count("fma.rn.f32") >= products.SIZES["float32"].each ** 2


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("find", [False, True], ids=["fold", "find"])
def test_walks(find, dtype):
    matrix, _, sides = types_of(dtype)
    kernel = candidates.bound_kernel(find, dtype, products.SIZES[dtype.name])
    text = ptx(kernel, void(UniTuple(matrix, 2), sides, UniTuple(float64[:, ::1], 2)))
    assert ".local" not in text


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", KINDS, ids=lambda one: f"{one.name}-{one.squared:d}{one.soft:d}")
def test_mining(kind, dtype):
    matrix, vector, _ = types_of(dtype)
    examples = Tuple((matrix, vector, int64[::1], int64[::1], float64[::1]))
    outputs = Tuple((float64[::1], float64[::1], int64[::1], float64[::1]))
    signature = void(UniTuple(matrix, 2), int64, examples, float64[::1], outputs)
    assert ".local" not in ptx(mining.bound_kernel(kind, dtype, True), signature)


def test_sums_of_columns():
    from fastloss.engines.cuda.device import bound

    matrix = types_of(DTYPES[0])[0]
    assert ".local" not in ptx(bound(products.column_sums, "float32"), void(matrix, float64[::1]))


@pytest.mark.parametrize("capability", [(9, 0), (12, 0)])
def test_other_targets(capability):
    dtype = DTYPES[0]
    matrix = types_of(dtype)[0]
    kernel = products.bound_kernel(products.ADD_ROWS, dtype, products.SIZES[dtype.name])
    text = ptx(kernel, void(UniTuple(matrix, 2), int64, matrix, int64), capability)
    assert f".target sm_{capability[0]}{capability[1]}" in text
