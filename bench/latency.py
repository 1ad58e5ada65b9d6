"""The first call of a loss in a new process: with nothing compiled yet, and with the kernels of an earlier process."""

import os
import pathlib
import subprocess
import sys
import tempfile

from bench.measure import Table
from bench.workloads import names

FIRST_CALL = """
import time
import numpy
from bench.workloads import workload
work = workload({name!r}, "float64", 1000)
start = time.perf_counter()
work.both()
print(time.perf_counter() - start)
"""
SOME = ("mse_loss", "cross_entropy", "pairwise_logistic_loss", "triplet_margin_loss", "info_nce_loss")
ROOT = pathlib.Path(__file__).parents[1]


def first_call(name: str, cache: str) -> float:
    """Seconds from the call to the value and gradient, imports included; a small float64 problem."""
    environment = {**os.environ, "FASTLOSS_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FIRST_CALL.format(name=name)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT)
    return float(done.stdout)


def run(table: Table, losses: tuple[str, ...] | None, repeats: int = 3) -> None:
    """Cold with a new folder for each loss, then as often as asked for from what it left there."""
    for name in losses or names():
        with tempfile.TemporaryDirectory() as cache:
            times = [first_call(name, cache) for _ in range(repeats + 1)]
        for what, some in (("nothing compiled", times[:1]), ("from the cache", times[1:])):
            about = {"loss": name, "dtype": "float64", "what": "first call", "peak_bytes": None}
            table.add(f"{name} first call", f"fastloss, {what}", 1000, some, **about)
