"""Pointwise losses against memory bandwidth and PyTorch."""

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench.measure import Table
from fastloss.core.domains import REAL
from fastloss.core.requests import Wanted
from fastloss.core.summation import ordered_sum
from fastloss.pointwise import cpu as engine
from fastloss.pointwise.element import Formulas


def _both(a, b):
    return a + b


SUM = Formulas("bench_sum", _both, domains=(REAL, REAL))
_both.__module__ = "fastloss.bench"  # compiled with what it is called from


def compiled_sum(x, t) -> float:
    """The limit: one compiled parallel pass that adds up the same two arrays."""
    return ordered_sum(engine.run(SUM, (x, t), None, (1.0,), Wanted(value=True)).chunks)


def torch_focal(x, t):
    p = torch.sigmoid(x)
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    return (ce * (1 - (p * t + (1 - p) * (1 - t))) ** 2).mean()


def torch_log_cosh(x, t):
    a = x - t
    return (a + F.softplus(-2.0 * a) - 0.6931471805599453).mean()


PEERS = {
    "mse_loss": F.mse_loss,
    "l1_loss": F.l1_loss,
    "huber_loss": F.huber_loss,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "log_cosh_loss": torch_log_cosh,
    "focal_loss": torch_focal,
}
BANDWIDTH_BOUND = ("mse_loss", "l1_loss", "huber_loss")


def backward(peer, x, t):
    """Value and gradient by autograd."""
    x.grad = None
    value = peer(x, t)
    value.backward()
    return value


def run(table: Table, size: int) -> None:
    """Value and value+gradient of each, float32 and float64."""
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        x, t = rng.standard_normal(size, dtype) * dtype(2), (rng.random(size, dtype) < 0.5).astype(dtype)
        tx, tt = torch.from_numpy(x), torch.from_numpy(t)
        leaf = tx.clone().requires_grad_()
        for name, peer in PEERS.items():
            loss = getattr(fastloss, name)
            ours, theirs = loss.value_and_grad(x, t), backward(peer, leaf, tt)
            np.testing.assert_allclose(ours[0], theirs.item(), rtol=3e-5 if dtype == np.float32 else 1e-11)
            scale = np.abs(ours[1]).max()
            np.testing.assert_allclose(
                ours[1], leaf.grad.numpy(), atol=scale * (1e-5 if dtype == np.float32 else 1e-11)
            )
            del ours, theirs
            label = f"{name} {np.dtype(dtype).name}"
            contenders = {"fastloss": lambda: loss(x, t), "torch": lambda: peer(tx, tt)}  # noqa: B023
            if name in BANDWIDTH_BOUND:
                contenders["compiled sum"] = lambda: compiled_sum(x, t)  # noqa: B023
            times = table.time(f"{label} value", size, contenders)
            if name in BANDWIDTH_BOUND:
                table.claim(f"{label} value", times["fastloss"], "a compiled sum", times["compiled sum"], 1 / 0.8)
            factor = 2.0 if name in BANDWIDTH_BOUND else 6.0
            table.claim(f"{label} value", times["fastloss"], "PyTorch", times["torch"], factor, faster=True)
            times = table.time(
                f"{label} value and gradient",
                size,
                {"fastloss": lambda: loss.value_and_grad(x, t), "torch": lambda: backward(peer, leaf, tt)},  # noqa: B023
                repeats=5,
            )
            if name not in BANDWIDTH_BOUND:
                table.claim(
                    f"{label} value and gradient", times["fastloss"], "PyTorch", times["torch"], 6.0, faster=True
                )
