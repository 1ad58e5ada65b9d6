"""The kernels for weights and labels that lie on the GPU, compiled for a real one; not in the simulator."""

import os

import numpy as np
import pytest

numba_cuda = pytest.importorskip("numba.cuda")

if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0" or getattr(numba_cuda, "implementation", "") != "NVIDIA":
    pytest.skip("needs numba-cuda's compiler", allow_module_level=True)

import fastloss  # noqa: E402
from fastloss.core.domains import SIGN_OR_BINARY  # noqa: E402
from fastloss.core.requests import Wanted  # noqa: E402
from fastloss.pointwise.loss import check  # noqa: E402
from fastloss.rows.softmax import ENTROPY  # noqa: E402
from tests.cuda import machine_code  # noqa: E402

X = np.zeros((4, 5), np.float32)


def launched():
    """Every such kernel, for some types of its arrays."""
    from fastloss.compile.cuda import arrays, columns, spread
    from fastloss.compile.cuda.launch import code, launch
    from fastloss.compile.cuda.sizes import sizes
    from fastloss.pairs.direct import cuda_labels as labels
    from fastloss.pointwise import cuda as pointwise
    from fastloss.rows import cuda as rows
    from fastloss.rows import cuda_ids as ids

    with machine_code.recorded() as found:
        place = arrays.Place()
        fastloss.mse_loss.value_and_grad(X, X, sample_weight=X, backend="cuda")
        pointwise.run(check(SIGN_OR_BINARY), (X,), None, (1.0,), Wanted(value=True))
        operands, wanted = (X, np.zeros(4, np.int64)), Wanted(each=True, gradient=True, curvature=True)
        rows.run(ENTROPY, operands, X[:, 0].copy(), 1.0, (), wanted)
        for one in (X, X.astype(float)):
            spread.multiplied(place, (one, X[0]), X.shape, np.float64)
        for dtype in (np.float32, np.int64, bool):
            columns.in_float64(X.astype(dtype))
        whole, flags = np.zeros(4, np.int64), np.zeros(1, np.int64)
        for dtype in (np.int32, np.int64):
            for ignoring in (False, True):
                what = code(ids.check, str(ignoring), HAS_IGNORED=ignoring, ROWS=sizes().ids)
                launch(place, what, (1, 128), whole.astype(dtype), (5, -100), (whole, flags))
        launch(place, code(ids.look_up), (1, 128), (whole, np.zeros(5)), np.zeros(4))
        for weights in (np.empty(0), np.zeros(20)):
            for dtype in (np.float32, float):
                own = X.reshape(-1).astype(dtype)
                labels.survey(place, own, weights, np.array([[0, 20]]))
                columns.rows_between(place, own, (0, 20), (0.0, 1.0))
                for unordered in (False, True):
                    labels.ranked(place, unordered, own, weights, np.array([0]), np.array([0, 20]))
    return list({(one.name, str(one.signature)): one for one in found}.values())


KERNELS = launched()


def test_all_are_there():
    names = [one.name for one in KERNELS]
    for start in (
        "compile.cuda.spread.multiply",
        "compile.cuda.columns.convert",
        "compile.cuda.columns.count",
        "compile.cuda.columns.list",
        "pairs.direct.cuda_labels.next",
        "pairs.direct.cuda_labels.rank",
    ):
        assert any(name.startswith(start) for name in names)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_keeps_everything_in_registers(kernel):
    (found,) = machine_code.resources(kernel, [(9, 0)])
    assert (found.spilled, found.stack) == (0, 0)
