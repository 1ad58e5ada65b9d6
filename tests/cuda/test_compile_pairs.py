"""The kernels of pairs that no case launches, for `test_compile.py`, compiled for real GPUs; not in the simulator."""

import os

import numpy as np
import pytest

numba_cuda = pytest.importorskip("numba.cuda")

if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0" or getattr(numba_cuda, "implementation", "") != "NVIDIA":
    pytest.skip("needs numba-cuda's compiler", allow_module_level=True)

import fastloss  # noqa: E402
from fastloss.core.loss import REGISTRY  # noqa: E402
from fastloss.pairs.loss import PairwiseLoss  # noqa: E402
from tests.cuda import machine_code  # noqa: E402

LABELS = {"few": np.arange(60) % 2, "many": np.arange(60)}
IN_REGISTERS = "pairs.direct."


def launched():
    """Return every kernel of the pairwise losses, of BPR and LambdaRank, that `resources.csv` does not list."""
    found, scores = {}, np.zeros(60, np.float32)
    with machine_code.recorded() as kernels, np.errstate(all="ignore"):
        for loss in REGISTRY.values():
            if not isinstance(loss, PairwiseLoss):
                continue
            methods = ["direct", "fast"] if loss.has_fast else ["direct"]
            for method in methods:
                for labels in LABELS.values() if not loss.labels.values else [LABELS["few"]]:
                    for weights in (None, np.ones(60)):
                        words = {"method": method, "backend": "cuda", "sample_weight": weights}
                        loss.value_and_grad(scores, labels, groups=np.arange(60) % 2, **words)
                        loss(scores, labels, reduction="none", **words)
                        if loss.has_curvature:
                            loss.grad_hess(scores, labels, **words)
        fastloss.bpr_loss.value_and_grad(scores, scores[:9], shared=True, backend="cuda")
        fastloss.bpr_loss.value_and_grad(scores, scores, sample_weight=np.ones(60), backend="cuda")
        for gains in ("exp2", "linear"):
            fastloss.lambdarank_loss.value_and_grad(scores, LABELS["few"], gains=gains, backend="cuda")
        fastloss.lambdarank_loss.grad_hess(scores, LABELS["few"], backend="cuda")
        for one in kernels:
            found.setdefault(one.name, one)
    listed = {name for name, _ in machine_code.read()}
    return [found[name] for name in sorted(found) if name not in listed]


KERNELS = launched()


def test_there_are_kernels_with_weights():
    assert any(kernel.name.startswith(IN_REGISTERS) and kernel.name.endswith("w") for kernel in KERNELS)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_compiles(kernel):
    text = machine_code.ptx(kernel, (8, 0))
    assert ".entry" in text
    if kernel.name.startswith(IN_REGISTERS):
        assert ".local" not in text
