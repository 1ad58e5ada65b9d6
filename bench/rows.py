"""Row losses against PyTorch."""

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench.elementwise import backward
from bench.limits import bandwidth
from bench.measure import Table


def run(table: Table, rows: int, classes: int) -> None:
    """cross_entropy, value and value+gradient, float32 and float64."""
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        x, t = rng.standard_normal((rows, classes), dtype), rng.integers(0, classes, rows)
        tx, tt = torch.from_numpy(x), torch.from_numpy(t)
        leaf = tx.clone().requires_grad_()
        ours, theirs = fastloss.cross_entropy.value_and_grad(x, t), backward(F.cross_entropy, leaf, tt)
        np.testing.assert_allclose(ours[0], theirs.item(), rtol=1e-5 if dtype == np.float32 else 1e-12)
        np.testing.assert_allclose(ours[1], leaf.grad.numpy(), atol=1e-5 / rows)
        del ours, theirs
        least = bandwidth([t], [x])
        label, size = f"cross_entropy {rows}x{classes} {np.dtype(dtype).name}", rows * classes
        times = table.time(
            f"{label} value",
            size,
            {
                "fastloss": lambda: fastloss.cross_entropy(x, t),  # noqa: B023
                "torch": lambda: F.cross_entropy(tx, tt),  # noqa: B023
                least.name: least.value,
            },
        )
        table.claim(f"{label} value", times["fastloss"], "PyTorch", times["torch"], 2.0, faster=True)
        times = table.time(
            f"{label} value and gradient",
            size,
            {
                "fastloss": lambda: fastloss.cross_entropy.value_and_grad(x, t),  # noqa: B023
                "torch": lambda: backward(F.cross_entropy, leaf, tt),  # noqa: B023
                least.name: least.both,
            },
            repeats=5,
        )
        table.claim(f"{label} value and gradient", times["fastloss"], "PyTorch", times["torch"], 2.0, faster=True)
