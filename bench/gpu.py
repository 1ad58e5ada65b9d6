"""Everything on a GPU: `python -m bench.gpu [--quick] [--save NAME]`.

First every loss of the registry that has CUDA kernels, against the CPU, each in a process of its own: a fault of one
spoils the device for none of the others. Then the benchmarks, by CUDA events, against what limits them: the bandwidth
of a copy on the device, and PyTorch where it is installed with CUDA.
"""

import argparse
import concurrent.futures
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastloss
from bench import gpu_peers
from bench.measure import Table
from fastloss.compile.cuda import missing
from fastloss.core.loss import REGISTRY, Loss

DIGITS = {"float64": 1e-10, "float32": 1e-4}
RNG = np.random.default_rng(0)
FEW = 100  # rows
# Of many negatives, some are equally far but for the rounding of single precision.
CHOOSING = ("batch_semihard_triplet_loss",)
POINTWISE = ("mse_loss", "binary_cross_entropy_with_logits", "focal_loss")


def agrees(found: Any, expected: Any, digits: float) -> bool:
    """Values, and gradients beside their largest element, to a relative error."""
    if isinstance(expected, tuple):
        return all(agrees(*pair, digits) for pair in zip(found, expected, strict=True))
    expected = np.asarray(expected)
    most = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    return np.allclose(found, expected, rtol=digits, atol=digits * most + 1e-300, equal_nan=True)


def losses() -> list[Loss]:
    """Those with CUDA kernels."""
    return [loss for loss in REGISTRY.values() if any(one.name == "backend" for one in loss.keywords)]


def disagreements(chosen: list[Loss], many: bool = True) -> Iterator[str]:
    """Cases of the test registry, and one of many rows, whose results on the device are not those of the CPU."""
    from fastloss.ahead.cases import cases, grown

    for loss in chosen:
        ways: dict[str, Callable[..., Any]] = {"value": loss, "value_and_grad": loss.value_and_grad}
        if loss.has_curvature:
            ways["grad_hess"] = loss.grad_hess
        few = cases(loss)
        tried = [*few, *(grown(few[0]) if many else [])]
        for case, dtype in itertools.product(tried, DIGITS):
            if dtype == "float32" and len(case.arrays[0]) > FEW and loss.name in CHOOSING:
                continue
            arrays = [one.astype(dtype) if getattr(one, "dtype", None) == np.float64 else one for one in case.arrays]
            reductions = [one for one in ("mean", "none") if one in loss.reductions]
            for (name, way), reduction in itertools.product(ways.items(), reductions):
                words = {"reduction": reduction, **case.keywords}
                what = f"{case} of {len(arrays[0])} {dtype} {name} {reduction}"
                expected = way(*arrays, backend="cpu", **words)
                try:
                    found = way(*arrays, backend="cuda", **words)
                except Exception as error:  # the others are still to be tried
                    yield f"{what}: {type(error).__name__}: {error}"
                    continue
                if not agrees(found, expected, DIGITS[dtype]):
                    yield f"{what}: {_apart(found, expected)}"


def _apart(found: Any, expected: Any) -> str:
    """The largest difference of a call's numbers, beside the largest of those expected."""
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    return ", ".join(
        f"{np.max(np.abs(np.subtract(one, other)), initial=0.0):.3g} of {np.max(np.abs(other), initial=0.0):.3g}"
        for one, other in pairs
    )


def check(name: str) -> int:
    """Print a loss's disagreements; how many there are."""
    wrong = list(disagreements([REGISTRY[name]]))
    print("\n".join(wrong))
    return len(wrong)


def check_apart(name: str) -> tuple[str, float]:
    """What `check` prints in a process of its own, or how that process ended; and the seconds that it took."""
    start = time.perf_counter()
    found = subprocess.run([sys.executable, "-m", "bench.gpu", "--check", name], capture_output=True, text=True)
    said = found.stdout.strip()
    if found.returncode and not said:
        said = f"{name}: exit status {found.returncode}: {found.stderr.strip()[-300:]}"
    return said, time.perf_counter() - start


def check_all(processes: int) -> bool:
    """Whether every loss agrees; what does not is printed as it is found."""
    names = [loss.name for loss in losses()]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        tasks = {pool.submit(check_apart, name): name for name in names}
        for task in concurrent.futures.as_completed(tasks):
            found, seconds = task.result()
            wrong += bool(found)
            print(f"{tasks[task]:40s} {seconds:6.1f} s  {found or 'agrees'}", flush=True)
    print(f"{len(names) - wrong} of {len(names)} losses with CUDA kernels agree with the CPU")
    return not wrong


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
    scores = RNG.standard_normal(size, np.float32)
    x, t, copy = to_device(scores), to_device((RNG.random(size) < 0.5).astype(np.float32)), to_device(scores)
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
    """Every pair of a few scores, against PyTorch's tiles; many scores in linear time, against reading them twice."""
    loss = fastloss.pairwise_logistic_loss
    for size, method in ((few, "direct"), (many, "fast")):
        scores, labels = RNG.standard_normal(size, np.float32), (RNG.random(size) < 0.5).astype(np.float32)
        there, known = to_device(scores), to_device(labels)
        copy = to_device(scores)
        contenders: dict[str, Callable[[], Any]] = {
            "copy": lambda: copy.copy_to_device(there),  # noqa: B023
            "value": lambda: loss(there, known, method=method),  # noqa: B023
            "value and gradient": lambda: loss.value_and_grad(there, known, method=method),  # noqa: B023
        }
        name = f"pairwise_logistic_loss {size} {method}"
        if method == "fast":  # a copy moves every byte twice
            times = clock.time(name, size, contenders)
            table.claim(name, times["value"], "reading twice", times["copy"], 4.0)
            continue
        busy, count = gpu_peers.arithmetic()
        contenders["multiply-adds"] = busy
        theirs = gpu_peers.all_pairs(scores, labels) if gpu_peers.on_cuda() else {}
        times = clock.time(name, size, {**contenders, **theirs})
        # 1 + p + x + p x - 1, the product of a pair's factor: an addition and a multiply-add
        least = 2.0 * float(labels.sum()) * (size - float(labels.sum())) / count * times["multiply-adds"]
        table.claim(name, times["value"], "two operations a pair in double precision", least, 1 / 0.4)
        if theirs:
            table.claim(name, times["value"], "PyTorch", min(times[one] for one in theirs), 5.0, faster=True)


def embeddings(table: Table, clock: Clock, count: int, depth: int) -> None:
    """InfoNCE of a batch, against PyTorch where it has the GPU."""
    query, key = (RNG.standard_normal((count, depth), np.float32) for _ in range(2))
    q, k = to_device(query), to_device(key)
    ours = (lambda: fastloss.info_nce_loss(q, k), lambda: fastloss.info_nce_loss.value_and_grad(q, k))
    theirs: Any = gpu_peers.info_nce(query, key) if gpu_peers.on_cuda() else ({}, {})
    for what, run, peers in zip(("value", "value and gradients"), ours, theirs, strict=True):
        name = f"info_nce_loss {count}x{depth} {what}"
        times = clock.time(name, count * count, {"fastloss": run, **peers})
        for peer in peers:
            table.claim(name, times["fastloss"], peer, times[peer], 1.0, faster=True)


def to_device(array: np.ndarray) -> Any:
    """The array, on the GPU."""
    from numba import cuda

    return cuda.to_device(array)


def main() -> int:
    """Check, measure, save."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that the benchmarks run, not how fast")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="that check losses at once (%(default)s)")
    parser.add_argument("--save", metavar="NAME", help="write bench/results/NAME.csv")
    parser.add_argument("--check", metavar="LOSS", help="check this loss only")
    options = parser.parse_args()
    reason = missing()
    if reason:
        print(f"nothing was run: {reason}", file=sys.stderr)
        return 1
    if options.check:
        return 1 if check(options.check) else 0
    from fastloss.compile.cuda.device import gpu_name

    agreed = check_all(options.processes)
    table = Table(0, machine=gpu_name())
    clock = Clock(table)
    pointwise(table, clock, 10_000 if options.quick else 100_000_000)
    pairs(table, clock, *((100, 5000) if options.quick else (100_000, 100_000_000)))
    embeddings(table, clock, *((64, 16) if options.quick else (32_768, 128)))
    if options.save:
        print(table.write(options.save))
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
