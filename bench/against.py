"""Two commits on one machine: `python -m bench.against A B` measures the same calls of both in turn.

Only the package comes from the commits; workloads and clock are this checkout's. Each commit has a process of its own
that stays, so that a call of one follows a call of the other within milliseconds, and what slows the machine down
slows both. The ratio of each such pair of times is taken; its median and its 20th and 80th percentiles are printed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from bench.suite import BOTH, LONG_PAUSE, VALUE, Cell, cells

ROOT = pathlib.Path(__file__).parents[1]
SIZES = (100_000,)
TURN = 0.1  # seconds: within the first twentieth, threads that were woken after the pause may share a processor
NOTABLE = 0.05  # a commit is called faster or slower if even the 20th or 80th percentile says so by this much

# Reads a cell or a number of milliseconds to measure for, a line of JSON each; answers with a line of JSON each.
WORKER = """
import json, sys, time
from bench.workloads import workload
calls = {}
def answer(asked):
    if "cell" in asked:
        calls.clear()
        try:
            work = workload(*asked["cell"])
        except ValueError:
            return {"missing": True}
        calls.update({"value": work.value, "value and gradient": work.both})
        for call in calls.values():
            call()
        return {"missing": False}
    call, seconds = calls[asked["what"]], []
    while sum(seconds) < asked["seconds"] or not seconds:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return {"seconds": sum(seconds) / len(seconds)}
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
"""


class Comparison(NamedTuple):
    """B's time over A's: median, 20th and 80th percentile."""

    benchmark: str
    median: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        if self.low > 1.0 + NOTABLE:
            return "slower"
        return "faster" if self.high < 1.0 - NOTABLE else ""

    def __str__(self) -> str:
        spread = f"{self.median:6.3f}  ({self.low:.3f} to {self.high:.3f})"
        return f"{self.benchmark:62s} {spread}  {self.verdict}".rstrip()


def extract(commit: str, folder: pathlib.Path) -> None:
    """The package as of a commit."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit, "fastloss"], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)


class Worker:
    """A process with the package of one folder.

    Kernels are stored where they always are, since they are named by their code; commits that leave this to Numba,
    which names them by their files, have a cache of their own beside the package.
    """

    def __init__(self, folder: pathlib.Path):
        # the current folder comes first on the path of `-c`: it holds the package and nothing else
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(folder / "cache")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment,
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        """The answer to one line."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with status {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def compare(workers: list[Worker], todo: Iterable[Cell], turns: int, seconds: float) -> list[Comparison]:
    """Every cell that both commits have; each turn measures A for some seconds, then B, or the other way round."""
    found = []
    for cell in todo:
        if any(worker.ask(cell=list(cell))["missing"] for worker in workers):
            print(f"{cell}: not in both commits")
            continue
        for what in (VALUE, BOTH):
            ratios = []
            for turn in range(turns):
                order = (0, 1) if turn % 2 else (1, 0)
                times = {}
                for at in order:
                    time.sleep(LONG_PAUSE)  # threads of one commit that still spin would slow the other
                    times[at] = workers[at].ask(what=what, seconds=seconds)["seconds"]
                ratios.append(times[1] / times[0])
            low, median, high = np.quantile(ratios, (0.2, 0.5, 0.8))
            found.append(Comparison(f"{cell} {what}", float(median), float(low), float(high)))
            print(found[-1], flush=True)
    return found


def run(commits: tuple[str, str], todo: Iterable[Cell], turns: int = 9, seconds: float = TURN) -> list[Comparison]:
    """Extract, measure, clean up."""
    with tempfile.TemporaryDirectory() as base:
        folders = [pathlib.Path(base) / name for name in ("a", "b")]
        for commit, folder in zip(commits, folders, strict=True):
            folder.mkdir()
            extract(commit, folder)
        workers = [Worker(folder) for folder in folders]
        try:
            return compare(workers, todo, turns, seconds)
        finally:
            for worker in workers:
                worker.close()


def main() -> int:
    """1 if some loss has become slower, with `--fail`."""
    parser = argparse.ArgumentParser(prog="python -m bench.against", description=__doc__)
    parser.add_argument("commits", nargs=2, metavar="COMMIT", help="A, then B, as git calls them")
    parser.add_argument("--loss", action="append", metavar="NAME", help="only these losses")
    parser.add_argument("--size", type=int, action="append", help=f"sizes (default {SIZES[0]})")
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--fail", action="store_true", help="status 1 if anything has become slower")
    asked = parser.parse_args()
    found = run(tuple(asked.commits), cells(asked.size or SIZES, asked.loss), asked.turns)
    slower = [one for one in found if one.verdict == "slower"]
    faster = [one for one in found if one.verdict == "faster"]
    middle = float(np.exp(np.mean(np.log([one.median for one in found])))) if found else float("nan")
    print(f"\n{asked.commits[1]} takes {middle:.3f} times the time of {asked.commits[0]} (geometric mean)")
    print(f"{len(slower)} of {len(found)} slower, {len(faster)} faster")
    return 1 if asked.fail and slower else 0


if __name__ == "__main__":
    sys.exit(main())
