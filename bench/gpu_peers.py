"""Beside the kernels on a GPU: what PyTorch does there, and what its arithmetic units can do at most."""

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda, float64

from fastloss.compile.templates import bind, unbound

Calls = dict[str, Callable[[], Any]]
TILES = (1024, 4096, 16_384)  # positives of a tile, all negatives beside them
TEMPERATURE = 0.07
CHAINS = 8  # of a thread, none of which waits for another

STEPS = unbound


def multiply_adds(sums, factor):
    """Chains of fused multiply-adds in registers, and nothing else."""
    i = cuda.grid(1)
    a, b, c, d = float64(i), i + 1.0, i + 2.0, i + 3.0  # equal chains would be computed once
    e, f, g, h = i + 4.0, i + 5.0, i + 6.0, i + 7.0
    for _ in range(STEPS):
        a, b, c, d = a * factor + 1.0, b * factor + 1.0, c * factor + 1.0, d * factor + 1.0
        e, f, g, h = e * factor + 1.0, f * factor + 1.0, g * factor + 1.0, h * factor + 1.0
    sums[i] = a + b + c + d + e + f + g + h


def arithmetic(blocks: int = 4096, threads: int = 256, steps: int = 4096) -> tuple[Callable[[], None], int]:
    """A call that keeps all units for double precision busy, and how many multiply-adds it does."""
    kernel, sums = cuda.jit(bind(multiply_adds, STEPS=steps)), cuda.device_array(blocks * threads)
    return lambda: kernel[blocks, threads](sums, 0.5), blocks * threads * steps * CHAINS


def on_cuda() -> bool:
    """Whether PyTorch is installed and has a GPU."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _ways(function: Callable[..., Any], name: str, compiled: bool) -> dict[str, Callable[..., Any]]:
    import torch

    eager = {f"{name}, eager": function}
    return {**eager, f"{name}, compiled": torch.compile(function)} if compiled else eager


def info_nce(query: np.ndarray, key: np.ndarray, device: str = "cuda", compiled: bool = True) -> tuple[Calls, Calls]:
    """PyTorch's calls for the value, and for the value with both gradients, each eager and compiled."""
    import torch
    import torch.nn.functional as F

    torch.backends.cuda.matmul.allow_tf32 = False
    q, k = (torch.from_numpy(one).to(device).requires_grad_() for one in (query, key))
    own = torch.arange(len(q), device=device)

    def loss(q, k):
        return F.cross_entropy(F.normalize(q) @ F.normalize(k).T / TEMPERATURE, own)

    def value(way):
        with torch.no_grad():
            return way(q, k).item()

    def both(way):
        q.grad = k.grad = None
        found = way(q, k)
        found.backward()
        return found.item(), (q.grad, k.grad)

    ways = _ways(loss, "PyTorch", compiled)
    return tuple({name: _bind(call, way) for name, way in ways.items()} for call in (value, both))  # type: ignore[return-value]


def all_pairs(scores: np.ndarray, labels: np.ndarray, device: str = "cuda", compiled: bool = True) -> Calls:
    """PyTorch's pairwise logistic loss of tiles of positives against all negatives, for each height of a tile."""
    import torch
    import torch.nn.functional as F

    there = torch.from_numpy(scores).to(device)
    positives, negatives = (there[torch.from_numpy(labels).to(device) == label] for label in (1, 0))

    def tile(some, others):
        return F.softplus(others[None, :] - some[:, None]).sum(dtype=torch.float64)

    def value(way, height):
        with torch.no_grad():
            total = sum(way(some, negatives) for some in positives.split(height))
            return float(total) / (len(positives) * len(negatives))

    ways = _ways(tile, "PyTorch", compiled)
    return {f"{name}, {height} rows": _bind(value, way, height) for name, way in ways.items() for height in TILES}


def _bind(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)
