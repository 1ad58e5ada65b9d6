"""The main job: `fastloss score` against a process that reads the columns; imports and first calls in new processes."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from bench.measure import Table

READ = """
import sys
import pyarrow.parquet as pq
pq.read_table(sys.argv[1], columns=["user", "label", "score"])
"""
# by a small process between: the system counts what the parent has as its child's
MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, done.returncode)
"""
START = 0.3  # seconds: what a process may take to start, beside the reading
FURTHER = ("pairwise_hinge_loss", "auc", "ndcg", "map")
FIRST_CALL = """
import time, numpy as np
x = np.arange(4.0)
start = time.perf_counter()
import fastloss
fastloss.{name}(x, x > 1)
print(time.perf_counter() - start)
"""
IMPORT = """
import time, numpy
start = time.perf_counter()
import fastloss
print(time.perf_counter() - start)
"""


def _seconds(code: str) -> float:
    """What the code prints, in a process that finds byte code, as an installed package has it."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=ours)
    return float(done.stdout)


def _process(*command: str) -> tuple[float, int]:
    """Wall seconds and peak bytes of a process of its own."""
    run = [sys.executable, "-c", MEASURE, sys.executable, *command]
    seconds, peak, status = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    if status != "0":
        raise RuntimeError(f"{' '.join(command)[:80]} failed with status {status}")
    return float(seconds), int(peak)


def _scored(path: pathlib.Path, *losses: str) -> list[str]:
    words = [word for loss in ("pairwise_logistic_loss", *losses) for word in ("--loss", loss)]
    return ["-m", "fastloss", "score", str(path), "--groups", "user", "--json", *words]


def write_sample(path: pathlib.Path, rows: int, groups: int, together: bool, text: bool) -> None:
    """Rows of groups of random sizes: float64 scores, int64 labels of two levels, and int64 ids or strings."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    drawn = rng.integers(0, groups, rows)
    ids = pa.array(1_000_000_000 + 7 * (np.sort(drawn) if together else drawn))
    labels, scores = rng.integers(0, 2, rows), rng.standard_normal(rows)
    pq.write_table(pa.table({"user": ids.cast(pa.string()) if text else ids, "label": labels, "score": scores}), path)


def run(table: Table, rows: int, groups: int, repeats: int = 7) -> None:
    """Whole processes, warm caches, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        for text in (False, True):
            for together in (True, False):
                path = pathlib.Path(folder) / f"{text}-{together}.parquet"
                write_sample(path, rows, groups, together, text)
                what = f"{'text' if text else 'whole numbers'} as ids, {'sorted' if together else 'in any order'}"
                _measure(table, path, what, rows, together, FURTHER if together and not text else (), repeats)
                path.unlink()
    _first_calls(table, repeats)


def _measure(
    table: Table, path: pathlib.Path, what: str, rows: int, together: bool, further: tuple[str, ...], repeats: int
) -> None:
    """Score a file by one loss, and by a further one each time."""
    commands = {"read": ["-c", READ, str(path)], "": _scored(path), **{one: _scored(path, one) for one in further}}
    for command in commands.values():
        _process(*command)
    runs: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(_process(*command))
    seconds = {name: [one for one, _ in some] for name, some in runs.items()}
    table.add(f"the columns, {what}", "pyarrow", rows, seconds["read"])
    table.add(f"fastloss score, {what}", "fastloss", rows, seconds[""])
    read, score = (float(np.median(seconds[name])) for name in ("read", ""))
    allowed = 2.0 * read + START
    table.claim(f"fastloss score, {what}", score, "reading, twice, and 0.3 s", allowed, 1.0 if together else 3.0)
    most = max(peak for _, peak in runs[""])
    table.claim(f"fastloss score, {what}, peak memory", most / 1e6, "500 MB", 500.0, 1.0)
    for one in further:
        table.add(f"fastloss score, {what}, {one} too", "fastloss", rows, seconds[one])
        more = max(float(np.median(np.subtract(seconds[one], seconds[""]))), 0.0) / rows * 1e9
        table.claim(f"a row of {one} beside the first loss", more, "30 ns", 30.0, 1.0)


def _first_calls(table: Table, repeats: int) -> None:
    """Import and first calls, in new processes."""
    _seconds(IMPORT)
    imports = [_seconds(IMPORT) for _ in range(repeats)]
    table.add("import fastloss after numpy", "fastloss", 1, imports)
    table.claim("import fastloss over import numpy", float(np.median(imports)) / 0.05, "50 ms", 1.0, 1.0)
    for name in ("mse_loss", "pairwise_logistic_loss"):
        _seconds(FIRST_CALL.format(name=name))
        first = [_seconds(FIRST_CALL.format(name=name)) for _ in range(repeats)]
        table.add(f"first call of {name}, warm cache, imports included", "fastloss", 1, first)
        table.claim(f"first call of {name} in a new process", float(np.median(first)), "1 s", 1.0, 1.0)
