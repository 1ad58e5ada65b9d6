"""Losses of rows against candidates in blocks of both: the numbers of the call in one process."""

import numpy as np
import pytest

import fastloss
from fastloss.ahead import cases, embedding_cases
from fastloss.ahead.row_cases import BUILDERS
from fastloss.dask import contrastive
from fastloss.dask.contrastive import LAYOUTS
from fastloss.dask.workers import job
from tests.dask.partitions import blocks, computed, cut, total

assert cases and embedding_cases  # which fill BUILDERS
PLACES = {"one": [], "two": [3], "some are empty": [0, 2, 2, 5], "each row": [1, 2, 3, 4, 5, 6]}


def calls(name):
    """The sample calls of a loss: arguments by name, and parameters."""
    loss = fastloss.lookup(name)
    for arrays, words, _, shape in BUILDERS[name](np.random.default_rng(3)):
        given = dict(zip(loss.arguments, arrays, strict=False))
        in_arrays = {key: one for key, one in words.items() if isinstance(one, (np.ndarray, tuple))}
        yield {**given, **in_arrays}, {key: one for key, one in words.items() if key not in in_arrays}, shape


EVERY = [(name, at) for name in LAYOUTS for at in range(len(list(calls(name))))]


def in_blocks(name, arguments, places):
    """Cut all arguments but pairs of lists: rows at some places, columns at others."""
    result = {}
    for key, one in arguments.items():
        if isinstance(one, tuple) or one is None:
            result[key] = one
            continue
        ends = places if key in LAYOUTS[name].rows or LAYOUTS[name].columns == () else [end // 2 for end in places]
        result[key] = blocks(cut(one, [min(end, len(one)) for end in ends]))
    return result


def assert_near(actual, expected, tolerance):
    """Relative to the largest of an array."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


def check(name, arguments, words, places, weights=None, reduction="mean", tolerance=1e-13, scheduler="sync"):
    """Compare value and gradients with those of one process."""
    expected, slopes = fastloss.lookup(name).value_and_grad(
        **arguments, **words, sample_weight=weights, reduction=reduction
    )
    given = in_blocks(name, arguments, places)
    if weights is not None:
        given["sample_weight"] = blocks(cut(weights, [1]))
    made = contrastive.value_and_grad(job(name, words), given, reduction=reduction)
    assert total(made.value, scheduler) == pytest.approx(expected, rel=tolerance, abs=0.0, nan_ok=True)
    assert set(made.gradients) == set(slopes._fields)
    for key, slope in slopes._asdict().items():
        parts = computed(made.gradients[key], scheduler)
        if np.ndim(slope) == 0:
            (part,) = parts
            assert_near(part, slope, 10 * tolerance)
            continue
        assert_near(np.concatenate(parts), slope, tolerance)
        assert all(part.dtype == slope.dtype for part in parts)
        if key in LAYOUTS[name].vectors:
            assert [len(part) for part in parts] == [len(part) for part in computed(given[key])]


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize(("name", "at"), EVERY)
def test_sample_calls(name, at, places):
    arguments, words, shape = list(calls(name))[at]
    weights = np.random.default_rng(4).uniform(0.5, 2.0, shape)
    check(name, arguments, words, PLACES[places])
    check(name, arguments, words, PLACES[places], weights, "sum", scheduler="threads")
    check(name, arguments, words, PLACES[places], weights)
