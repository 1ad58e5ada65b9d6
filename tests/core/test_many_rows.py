"""Calls of many rows: several chunks, blocks and tasks, and what is done only for large groups.

The rows are drawn from a small case's, so that a loss of single rows must repeat that case's numbers to the bit.
"""

import functools

import numpy as np
import pytest

from fastloss.ahead.cases import cases, grown
from fastloss.core.loss import REGISTRY

pytestmark = pytest.mark.compiled
MANY = [many for loss in REGISTRY.values() for many in grown(cases(loss)[0])]
# Every pair one by one, in a hundred pieces; `test_both_methods_agree` does it with as many rows as the others have
DIRECT = [
    many for one in MANY for many in grown(cases(one.loss)[0], 6000)[:1] if one.keywords.get("method") == "direct"
]
FEWER = [one for one in MANY if one.keywords.get("method") != "direct"] + DIRECT
RESULTS = ("value", "value_and_grad", "grad_hess")


def as_tuple(found) -> tuple:
    return found if isinstance(found, tuple) else (found,)


@functools.cache
def alone(name: str):
    """The losses and the derivatives of each row or element of a loss's first case."""
    case = cases(REGISTRY[name])[0]
    losses = case.loss(*case.arrays, reduction="none", **case.keywords)
    _, slopes = case.loss.value_and_grad(*case.arrays, reduction="sum", **case.keywords)
    return losses, as_tuple(slopes), len(case.arrays[0])


@pytest.mark.parametrize("many", [one for one in MANY if one.loss.folder in ("pointwise", "rows")], ids=str)
def test_rows_that_are_repeated_have_the_same_numbers(many):
    if many.loss.name in ("rmse_loss", "nmae_loss"):
        pytest.skip("is a function of all elements together")
    if many.loss.name == "center_loss":
        pytest.skip("the centres' gradient is a sum over rows")
    losses, slopes, own = alone(many.loss.name)
    rows = np.random.default_rng(0).integers(0, own, len(many.arrays[0]))
    np.testing.assert_array_equal(many.loss(*many.arrays, reduction="none", **many.keywords), losses[rows])
    _, found = many.loss.value_and_grad(*many.arrays, reduction="sum", **many.keywords)
    for one, expected in zip(as_tuple(found), slopes, strict=True):
        np.testing.assert_array_equal(one, expected[rows])


@pytest.mark.parametrize("many", FEWER, ids=str)
def test_all_ways_agree(many):
    call = {name: getattr(many.loss, name) for name in RESULTS[1:]} | {"value": many.loss}
    value, slopes = call["value_and_grad"](*many.arrays, **many.keywords)
    np.testing.assert_allclose(call["value"](*many.arrays, **many.keywords), value, rtol=1e-13)
    assert all(np.isfinite(one).all() for one in as_tuple(slopes))
    if many.loss.has_curvature:
        first, second = call["grad_hess"](*many.arrays, **many.keywords)
        for one, other in zip(as_tuple(first), as_tuple(slopes), strict=False):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
        assert all(np.isfinite(one).all() for one in as_tuple(second))
    if "none" in many.loss.reductions:
        each = many.loss(*many.arrays, reduction="none", **many.keywords)
        total = many.loss(*many.arrays, reduction="sum", **many.keywords)
        np.testing.assert_allclose(np.sum(each), total, rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in REGISTRY if getattr(REGISTRY[name], "has_fast", False)])
def test_both_methods_agree(name):
    direct, fast = (many.loss.value_and_grad(*many.arrays, **many.keywords) for many in grown(cases(REGISTRY[name])[0]))
    np.testing.assert_allclose(direct[0], fast[0], rtol=1e-12)
    np.testing.assert_allclose(direct[1], fast[1], rtol=1e-9, atol=1e-12 * np.abs(direct[1]).max())
