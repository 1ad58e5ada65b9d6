"""The CUDA kernels of the pointwise losses in numba-cuda's simulator: the CPU's formulas, another engine.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

from fastloss.ahead.cases import cases
from fastloss.compile import cuda as engine
from fastloss.core.loss import REGISTRY
from fastloss.pointwise.loss import PointwiseLoss
from tests.test_losses import as_tuple

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

CASES = [case for loss in REGISTRY.values() if isinstance(loss, PointwiseLoss) for case in cases(loss)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_the_cpu(case):
    value, slopes = case.loss.value_and_grad(*case.arrays, backend="cuda", **case.keywords)
    expected, expected_slopes = case.loss.value_and_grad(*case.arrays, backend="cpu", **case.keywords)
    assert value == pytest.approx(expected, rel=1e-13)
    for slope, reference in zip(as_tuple(slopes), as_tuple(expected_slopes), strict=True):
        np.testing.assert_allclose(slope, reference, rtol=1e-12, atol=1e-16)


def test_weights_and_domains():
    weights = np.random.default_rng(0).uniform(0.1, 2.0, 20).reshape(4, 5)
    case = next(case for case in CASES if case.loss.name == "binary_cross_entropy")
    arguments = {"sample_weight": weights, "reduction": "none"}
    expected = case.loss(*case.arrays, **arguments)
    np.testing.assert_allclose(case.loss(*case.arrays, backend="cuda", **arguments), expected, rtol=1e-12)
    wrong = case.arrays[1].copy()
    wrong[1, 2] = 1.5
    with pytest.raises(ValueError, match=r"target\[1, 2\] is 1.5"):
        case.loss(case.arrays[0], wrong, backend="cuda")
