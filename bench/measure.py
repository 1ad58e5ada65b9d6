"""Timing, side by side, and one long table of results."""

import csv
import dataclasses
import datetime
import importlib.metadata
import os
import pathlib
import platform
import statistics
import subprocess
import time
from collections.abc import Callable

import numpy as np

import fastloss
from fastloss.compile import kernels

RESULTS = pathlib.Path(__file__).parent / "results"
PACKAGES = (
    "fastloss",
    "numba",
    "numba-cuda",
    "llvmlite",
    "numpy",
    "torch",
    "pyarrow",
    "dask",
    "distributed",
    "jax",
    "pykeops",
    "pytorch-metric-learning",
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "xgboost-cpu",
)


def duration(seconds: float) -> str:
    """With four digits and a unit."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if abs(seconds) >= 0.9999 * size:  # differences may be negative
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds * 1e9:.4g} ns"


@dataclasses.dataclass(frozen=True)
class Claim:
    """A target: `ours` is at most `factor` times the peer's time; with `faster`, the peer's is `factor` times ours."""

    benchmark: str
    ours: float
    peer: str
    reference: float
    factor: float
    faster: bool = False

    @property
    def ratio(self) -> float:
        return self.reference / self.ours if self.faster else self.ours / self.reference

    @property
    def met(self) -> bool:
        return self.ratio >= self.factor if self.faster else self.ratio <= self.factor

    def __str__(self) -> str:
        word = "times as fast as" if self.faster else "times the time of"
        sense = "at least" if self.faster else "at most"
        verdict = "met" if self.met else "FALLS SHORT"
        return f"{self.benchmark}: {self.ratio:.2f} {word} {self.peer} (target {sense} {self.factor:g}: {verdict})"


@dataclasses.dataclass
class Table:
    """All timings of one run; a row each, with machine and versions."""

    threads: int
    machine: str = ""  # the processor's name, if it is not this one
    rows: list[dict[str, object]] = dataclasses.field(default_factory=list)
    claims: list[Claim] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)  # peers whose numbers are not ours

    def time(
        self,
        benchmark: str,
        size: int,
        contenders: dict[str, Callable[[], object]],
        repeats: int = 7,
        pause: float = 0.0,
    ) -> dict[str, float]:
        """Median seconds of each contender; they take turns, so that a busy neighbour slows all alike.

        `pause`: seconds before each run, in which the threads that the one before left spinning go to sleep.
        """
        for run in contenders.values():
            run()
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(repeats):
            for name, run in contenders.items():
                time.sleep(pause)
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
        for name, times in seconds.items():
            self.add(benchmark, name, size, times)
        return {name: statistics.median(times) for name, times in seconds.items()}

    def add(self, benchmark: str, contender: str, size: int, times: list[float], **more: object) -> None:
        """Record and print one contender's timings; `more` are further columns."""
        median, low, high = (float(np.quantile(times, q)) for q in (0.5, 0.2, 0.8))
        print(
            f"{benchmark:58s} {contender:28s} {duration(median):>10s}  {median / max(size, 1) * 1e9:8.3f} ns each",
            flush=True,
        )
        self.rows.append(
            {
                "benchmark": benchmark,
                "contender": contender,
                "size": size,
                "seconds_50": f"{median:.6g}",
                "seconds_20": f"{low:.6g}",
                "seconds_80": f"{high:.6g}",
                "repeats": len(times),
                "threads": self.threads,
                **more,
            }
        )

    def claim(self, *args, **kwargs) -> None:
        """Record and print whether a target is met."""
        claim = Claim(*args, **kwargs)
        self.claims.append(claim)
        print("  ->", claim, flush=True)

    def write(self, name: str) -> pathlib.Path:
        """One CSV file of timings, one of claims, dated."""
        stamp = {
            "date": datetime.date.today().isoformat(),
            "commit": commit(),
            "machine": self.machine or machine(),
            **versions(),
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.csv"
        _write(path, [{**row, **stamp} for row in self.rows])
        _write(RESULTS / f"{name}-claims.csv", [{**_as_row(claim), **stamp} for claim in self.claims])
        return path


def _as_row(claim: Claim) -> dict[str, object]:
    return {
        "benchmark": claim.benchmark,
        "peer": claim.peer,
        "ratio": f"{claim.ratio:.3f}",
        "sense": "at least" if claim.faster else "at most",
        "target": claim.factor,
        "met": claim.met,
    }


def _write(path: pathlib.Path, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


def machine() -> str:
    """The processor, the level that kernels are compiled for, how many cores, and the operating system's family."""
    found = kernels.information()
    return f"{found['processor']} ({found['level']}) x{os.cpu_count()} {platform.system()}"


def commit() -> str:
    """The checkout's commit, "" where there is none; with a + if files differ from it."""
    git = ["git", "-C", str(RESULTS.parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], check=True, capture_output=True, text=True)
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.stdout else "")


def versions() -> dict[str, str]:
    """Versions of what was measured; "" where it is not installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = ""
    found["fastloss"] = found["fastloss"] or fastloss.__version__
    return found
