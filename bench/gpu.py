"""Everything on a GPU: `python -m bench.gpu [--quick] [--save NAME]`.

First every loss of the registry that has CUDA kernels, against the CPU; then the benchmarks, by CUDA events, against
what limits them: the bandwidth of a copy on the device, and PyTorch where it is installed with CUDA.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastloss
from bench.measure import Table
from fastloss.engines.cuda import missing
from fastloss.loss import REGISTRY, Loss

POINTWISE = ("mse_loss", "binary_cross_entropy_with_logits", "focal_loss")


def agrees(found: Any, expected: Any) -> bool:
    """Values and gradients to 11 digits."""
    if isinstance(expected, tuple):
        return all(map(agrees, found, expected))
    return np.allclose(found, expected, rtol=1e-11, atol=1e-15, equal_nan=True)


def losses() -> list[Loss]:
    """Those with CUDA kernels."""
    return [loss for loss in REGISTRY.values() if any(one.name == "backend" for one in loss.keywords)]


def disagreements(chosen: list[Loss]) -> Iterator[str]:
    """Cases of the test registry whose results on the device are not those of the CPU."""
    from tests.cases import cases

    for loss in chosen:
        ways: list[Callable[..., Any]] = [loss, loss.value_and_grad, *([loss.grad_hess] if loss.has_curvature else [])]
        for case in cases(loss):
            for way in ways:
                on_device = way(*case.arrays, backend="cuda", **case.keywords)
                if not agrees(on_device, way(*case.arrays, backend="cpu", **case.keywords)):
                    yield f"{case} {way.__name__ if way is not loss else 'value'}"


class Clock:
    """Seconds between two events on the default stream."""

    def __init__(self, table: Table):
        from numba import cuda

        self._table, self._cuda = table, cuda

    def time(self, benchmark: str, size: int, contenders: dict[str, Callable[[], Any]], repeats: int = 9) -> dict:
        """Median seconds of each contender; they take turns."""
        events = [self._cuda.event() for _ in range(2)]
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for turn in range(repeats + 1):
            for name, run in contenders.items():
                events[0].record()
                run()
                events[1].record()
                events[1].synchronize()
                if turn:  # the first one compiles
                    seconds[name].append(events[0].elapsed_time(events[1]) / 1e3)
        for name, times in seconds.items():
            self._table.add(benchmark, name, size, times)
        return {name: float(np.median(times)) for name, times in seconds.items()}


def pointwise(table: Table, clock: Clock, size: int) -> None:
    """The bytes of operands and results, against a copy of as many."""
    from numba import cuda

    rng = np.random.default_rng(0)
    x = cuda.to_device(rng.standard_normal(size, np.float32))
    t = cuda.to_device((rng.random(size) < 0.5).astype(np.float32))
    copy = cuda.device_array_like(x)
    for name in POINTWISE:
        loss = getattr(fastloss, name)
        times = clock.time(
            f"{name} float32",
            size,
            {
                "copy": lambda: copy.copy_to_device(x),
                "value": lambda: loss(x, t),  # noqa: B023
                "value and gradient": lambda: loss.value_and_grad(x, t),  # noqa: B023
            },
        )
        # a copy reads and writes as many bytes as a value reads; a gradient is half as much again
        table.claim(f"{name} value", times["value"], "a copy", times["copy"], 1 / 0.85)
        table.claim(
            f"{name} value and gradient", times["value and gradient"], "1.5 copies", 1.5 * times["copy"], 1 / 0.85
        )


def pairs(table: Table, clock: Clock, few: int, many: int) -> None:
    """Every pair of a few scores; many scores in linear time, against reading them twice."""
    from numba import cuda

    rng = np.random.default_rng(1)
    loss = fastloss.pairwise_logistic_loss
    for size, method in ((few, "direct"), (many, "fast")):
        scores, labels = rng.standard_normal(size, np.float32), (rng.random(size) < 0.5).astype(np.float32)
        there = cuda.to_device(scores)
        copy = cuda.device_array_like(there)
        times = clock.time(
            f"pairwise_logistic_loss {size} {method}",
            size,
            {
                "copy": lambda: copy.copy_to_device(there),  # noqa: B023
                "value": lambda: loss(there, labels, method=method),  # noqa: B023
                "value and gradient": lambda: loss.value_and_grad(there, labels, method=method),  # noqa: B023
            },
        )
        if method == "fast":  # a copy moves every byte twice
            table.claim(f"pairwise_logistic_loss {size}", times["value"], "reading twice", times["copy"], 4.0)


def embeddings(table: Table, clock: Clock, count: int, depth: int) -> None:
    """InfoNCE of a batch, against PyTorch where it has the GPU."""
    rng = np.random.default_rng(2)
    query, key = (rng.standard_normal((count, depth), np.float32) for _ in range(2))
    loss = fastloss.info_nce_loss
    contenders: dict[str, Callable[[], Any]] = {
        "value": lambda: loss(query, key, backend="cuda"),
        "value and gradients": lambda: loss.value_and_grad(query, key, backend="cuda"),
    }
    theirs = _torch_info_nce(query, key)
    if theirs is not None:
        contenders["torch"] = theirs
    times = clock.time(f"info_nce_loss {count}x{depth}", count * count, contenders)
    if theirs is not None:
        table.claim(f"info_nce_loss {count}x{depth}", times["value"], "PyTorch", times["torch"], 1.0, faster=True)


def _torch_info_nce(query: np.ndarray, key: np.ndarray) -> Callable[[], Any] | None:
    try:
        import torch
        import torch.nn.functional as F
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    q, k = (torch.from_numpy(array).cuda() for array in (query, key))
    own = torch.arange(len(q), device="cuda")
    return lambda: F.cross_entropy(F.normalize(q) @ F.normalize(k).T / 0.07, own).item()


def main() -> int:
    """Check, measure, save."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that the benchmarks run, not how fast")
    parser.add_argument("--save", metavar="NAME", help="write bench/results/NAME.csv")
    options = parser.parse_args()
    reason = missing()
    if reason:
        print(f"nothing was run: {reason}", file=sys.stderr)
        return 1
    from fastloss.engines.cuda.device import gpu_name

    wrong = list(disagreements(losses()))
    print("\n".join(wrong) if wrong else f"all {len(losses())} losses with CUDA kernels agree with the CPU")
    table = Table(0, machine=gpu_name())
    clock = Clock(table)
    pointwise(table, clock, 10_000 if options.quick else 100_000_000)
    pairs(table, clock, *((100, 5000) if options.quick else (100_000, 100_000_000)))
    embeddings(table, clock, *((64, 16) if options.quick else (32_768, 128)))
    if options.save:
        print(table.write(options.save))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
