"""Sorting inside kernels, against NumPy's stable sort."""

import numpy as np
import pytest

from fastloss.compile.kernels import kernel
from fastloss.compile.launch import launch
from fastloss.compile.signatures import INTEGERS, REALS, Signature
from fastloss.compile.sorting import RUN, argsort


def block(inputs, parameters, outputs, first, last):
    argsort(inputs[0], outputs[0], outputs[1])


SORT = kernel(block, "sorting", Signature((REALS,), (INTEGERS, INTEGERS)))


def compiled(keys, ranks, scratch):
    launch(SORT, (keys,), np.empty(0), (ranks, scratch), 1)


@pytest.mark.parametrize("size", [0, 1, 2, RUN - 1, RUN, RUN + 1, 2 * RUN, 3 * RUN + 5, 1000])
@pytest.mark.parametrize("levels", [1, 3, 10**6])
def test_the_order_is_numpys(size, levels):
    rng = np.random.default_rng(size + levels)
    keys = rng.integers(0, levels, size).astype(float)
    keys[rng.random(size) < 0.1] = np.nan
    keys[rng.random(size) < 0.1] = np.inf
    keys[rng.random(size) < 0.1] = -0.0
    for one in (keys, np.sort(keys), -np.sort(-keys)):
        ranks, scratch = np.empty((2, size), np.int64)
        compiled(one, ranks, scratch)
        np.testing.assert_array_equal(ranks, np.argsort(one, kind="stable"))


def test_nothing_else_is_written():
    everywhere = np.full((3, 100), -7)
    compiled(np.random.default_rng(0).normal(size=60), everywhere[0, 20:80], everywhere[1, 20:80])
    assert (everywhere[:, :20] == -7).all() and (everywhere[:, 80:] == -7).all() and (everywhere[2] == -7).all()
