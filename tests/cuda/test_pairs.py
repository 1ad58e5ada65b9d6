"""The CUDA kernels of the pairwise losses in numba-cuda's simulator, against the CPU's.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

import fastloss
from fastloss.engines import cuda as engine
from fastloss.engines import halving
from fastloss.loss import REGISTRY
from fastloss.pairs import PairwiseLoss
from tests.cases import cases
from tests.cuda import gpu
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)

RNG = np.random.default_rng(5)
LOSSES = [loss for loss in REGISTRY.values() if isinstance(loss, PairwiseLoss)]
CASES = [case for loss in LOSSES for case in cases(loss)]
SMOOTH = [loss for loss in LOSSES if loss.formulas.tails is not None]


def close(found, expected, rtol=1e-12):
    """Parts of a row's gradient may cancel: errors count against the largest row."""
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=0.1 * rtol * np.abs(expected).max(initial=0.0))


def agrees(loss, arrays, keywords, other):
    """Everything that a loss gives, on CUDA and as `other` says."""
    found = loss.value_and_grad(*arrays, **{**keywords, "backend": "cuda", "with_counts": True})
    expected = loss.value_and_grad(*arrays, **{**keywords, **other, "with_counts": True})
    for one, reference in zip(found, expected, strict=True):
        close(one, reference)
    keywords = {**keywords, "reduction": "none"}
    close(loss(*arrays, **{**keywords, "backend": "cuda"}), loss(*arrays, **{**keywords, **other}))
    if loss.has_curvature:
        found = loss.grad_hess(*arrays, **{**keywords, "backend": "cuda"})
        for one, reference in zip(found, loss.grad_hess(*arrays, **{**keywords, **other}), strict=True):
            close(one, reference)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_the_cpu(case):
    agrees(case.loss, case.arrays, case.keywords, {"backend": "cpu"})
