"""What is bound in CUDA kernels: every open name, sizes among them, and the device's own elementary functions.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import math

import numpy as np
import pytest

from fastloss.compile import cuda as engine
from fastloss.compile import elementary
from fastloss.compile.cuda.sizes import EVERY_DAY, Tile, sizes, using
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

from numba import cuda

from fastloss.compile.cuda import arrays, columns, launch, reduction
from fastloss.compile.cuda.device import kernel
from fastloss.compile.cuda.launch import bound, code
from fastloss.embeddings import cuda_products as products
from fastloss.embeddings.candidates import cuda as candidates
from fastloss.embeddings.vectors import cuda as vectors

DOUBLE = np.dtype(np.float64)
WRONG = [
    (columns.add, {}, "compile.cuda.columns.add leaves POWER open"),
    (columns.add, {"POWER": 1, "power": 2}, "compile.cuda.columns.add has no open name power"),
    (columns.take, {"POWER": 1}, "compile.cuda.columns.take has no open name POWER"),
    (columns.count_between, {}, "compile.cuda.columns.count_between leaves LISTED open"),
    (vectors.scale, {"UNIT": True, "LONGEST": 3}, "embeddings.vectors.cuda.scale has no open name LONGEST"),
    (products.kernel, {"amend": products.leave}, r"embeddings.cuda_products.kernel leaves \w+ open"),
    (candidates.soften, {"TWICE": True, "FLOAT": float}, "embeddings.candidates.cuda.soften leaves exp_negative open"),
]


@pytest.mark.parametrize(("template", "names", "message"), WRONG)
def test_an_error_names_what_is_left_open_or_unknown(template, names, message):
    with pytest.raises(TypeError, match=rf"the template fastloss\.{message}$"):
        bound(code(template, **names), 8)
    place = arrays.Place()
    with pytest.raises(TypeError, match=message):
        launch.launch(place, code(template, **names), (1, 8))


def test_threads_are_those_of_the_launch():
    for threads in (8, 16):
        assert bound(code(columns.take), threads).__globals__["THREADS"] == threads
    assert columns.take.__globals__["THREADS"] is reduction.THREADS  # the template is as it was
    with pytest.raises(TypeError, match=r"columns\.take leaves THREADS open"):
        kernel(columns.take, "")


def test_a_size_cannot_be_patched(monkeypatch):
    place, labels = arrays.Place(), np.zeros(9)
    monkeypatch.setattr(columns, "LISTED", 4)
    with pytest.raises(TypeError, match=r"columns\.count_between has no open name LISTED"), using(listed=5):
        columns.rows_between(place, place.device(labels), (0, 9), (0.0, 1.0))


def test_other_sizes_for_a_while():
    before = sizes()
    tile = Tile(4, 2, 2)
    with using(threads=2, single=tile):
        assert sizes() == before._replace(threads=2, single=tile)
        assert launch.a_thread_each(5) == (3, 2) and launch.a_block_each(5) == (5, 2)
        assert sizes().tile(np.dtype(np.float32)) == tile and sizes().tile(DOUBLE) == before.double
        assert dict(products.kernel_of(products.PRODUCT, DOUBLE, tile).names)["TILE"] == 4
        with using(threads=4):
            assert sizes().threads == 4 and sizes().single == tile
        assert sizes().threads == 2
    assert sizes() == before
    assert (before == EVERY_DAY) != SIMULATED  # see `conftest.py`
    with pytest.raises(ValueError, match="thread"), using(thread=4):
        pass
    assert sizes() == before


natural = elementary.log1p_unit


def log(x):
    """A caller's own function of that name."""
    return 2.0 * x


def both(numbers):
    numbers[0] = log(numbers[0])
    numbers[1] = natural(numbers[1])


@pytest.mark.skipif(not SIMULATED, reason="the simulator's arrays are NumPy's")
def test_elementary_functions_are_told_by_what_they_are():
    numbers = np.array([50.0, 50.0])
    cuda.jit(kernel(both, ""))[1, 1](numbers)
    assert numbers.tolist() == [100.0, math.log1p(50.0)]
    assert abs(elementary.log1p_unit(50.0) - math.log1p(50.0)) > 0.2  # the processors' is one for [0, 1]
