"""Time against the number of rows, for the README's picture: every way to the same number, as far as it goes.

KeOps takes part where it is installed. `python tools/pages.py` draws the newest results.
"""

import functools
import importlib.util
import time

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench.measure import Table

LONGEST = 2.0  # seconds: a way that takes longer is not tried at the next size
MATRIX = 32_000  # rows whose pairs a matrix of them may hold
KEOPS = "KeOps, every pair"
SIZES = tuple(round(10 ** (power / 2)) for power in range(4, 17))


def numpy_pairs(scores, labels) -> float:
    """Positives minus negatives as a matrix."""
    return float(np.logaddexp(0.0, scores[labels == 0][None, :] - scores[labels == 1][:, None]).mean())


def torch_pairs(scores, labels) -> float:
    """The same with PyTorch."""
    s, y = torch.from_numpy(scores), torch.from_numpy(labels)
    return F.softplus(s[y == 0][None, :] - s[y == 1][:, None]).mean().item()


@functools.cache
def _jax_compiled():
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.jit(lambda ones, zeros: jax.nn.softplus(zeros[None, :] - ones[:, None]).mean())


def jax_pairs(scores, labels) -> float:
    """The same with JAX, compiled for each size."""
    return float(_jax_compiled()(scores[labels == 1], scores[labels == 0]))


def keops_pairs(scores, labels) -> float:
    """A reduction by KeOps, which compiles C++ for it and stores no matrix."""
    from pykeops.torch import LazyTensor

    ones, zeros = (torch.from_numpy(scores[labels == label]) for label in (1, 0))
    gap = LazyTensor(zeros.reshape(1, -1, 1)) - LazyTensor(ones.reshape(-1, 1, 1))
    losses = gap.relu() + (1.0 + (-gap.abs()).exp()).log()
    return losses.sum(1).sum().item() / (ones.numel() * zeros.numel())


def ways(largest: int) -> dict:
    """Name, largest number of rows, function of scores and labels."""
    loss = fastloss.pairwise_logistic_loss
    found = {
        "fastloss": (largest, loss),
        "PyTorch, matrix of pairs": (MATRIX, torch_pairs),
        "JAX, matrix of pairs": (MATRIX, jax_pairs),
        KEOPS: (largest, keops_pairs),
        "NumPy, matrix of pairs": (MATRIX, numpy_pairs),
        "np.sort of the scores": (largest, lambda s, y: np.sort(s)),
    }
    return {name: one for name, one in found.items() if name != KEOPS or importlib.util.find_spec("pykeops")}


def run(table: Table, largest: int) -> None:
    """Each way at each size until it is too slow or too large."""
    rng = np.random.default_rng(0)
    stopped: set[str] = set()
    for size in (one for one in SIZES if one <= largest):
        scores, labels = rng.standard_normal(size), (rng.random(size) < 0.5).astype(np.float64)
        reference = None
        for name, (most, way) in ways(largest).items():
            if size > most or name in stopped:
                continue
            value = way(scores, labels)
            if "sort" not in name:
                reference = value if reference is None else reference
                np.testing.assert_allclose(value, reference, rtol=1e-12)
            times = []
            for _ in range(5):
                start = time.perf_counter()
                way(scores, labels)
                times.append(time.perf_counter() - start)
                if times[-1] > 0.5 * LONGEST:
                    break
            table.add("time against rows", name, size, times)
            if min(times) > LONGEST / 10:  # ten times the pairs come next
                stopped.add(name)
