"""Tensors on the CPU as input."""

import numpy as np
import pytest

import fastloss
from tests.core.test_arguments import refuses

torch = pytest.importorskip("torch")


def test_tensors():
    half = torch.tensor([1.0, 2.5], dtype=torch.bfloat16)
    assert fastloss.mse_loss(half, torch.zeros(2)) == (1 + 6.25) / 2
    assert fastloss.cross_entropy(torch.zeros(1, 2), torch.tensor([1])) == pytest.approx(np.log(2), rel=1e-15)
    assert fastloss.huber_loss([3.0], [0.0], delta=torch.tensor(1.0)) == 2.5
    wanted = torch.tensor([1.0, 2.5], requires_grad=True)
    refuses(TypeError, r"input requires a gradient: .*\.detach\(\)", fastloss.mse_loss, wanted, [0.0, 0.0])
    refuses(TypeError, "sample_weight requires", fastloss.mse_loss, [0.0, 0.0], [0.0, 0.0], sample_weight=wanted)
    refuses(TypeError, r"\.to_dense\(\)", fastloss.mse_loss, torch.eye(2).to_sparse(), np.eye(2))
    refuses(TypeError, "complex64", fastloss.mse_loss, torch.zeros(2, dtype=torch.complex64), [0.0, 0.0])
