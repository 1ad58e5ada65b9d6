"""The main job: `fastloss score` against reading the same columns; imports and first calls in new processes."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from bench.measure import Table

READ = """
import time; start = time.perf_counter()
import pyarrow.parquet as pq
table = pq.read_table({path!r}, columns=["group", "label", "score"])
print(time.perf_counter() - start)
"""
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


def _score(path: pathlib.Path) -> tuple[float, int]:
    """Wall seconds and peak bytes of the command in a process of its own."""
    command = [sys.executable, "-m", "fastloss", "score", str(path), "--groups", "group"]
    command += ["--loss", "pairwise_logistic_loss", "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the command failed with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def write_sample(path: pathlib.Path, rows: int, groups: int) -> None:
    """Rows in contiguous groups of random sizes: float32 scores, int8 labels of five levels, int32 ids."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    ids = np.sort(rng.integers(0, groups, rows)).astype(np.int32)
    labels, scores = rng.integers(0, 5, rows).astype(np.int8), rng.standard_normal(rows, np.float32)
    pq.write_table(pa.table({"group": ids, "label": labels, "score": scores}), path)


def run(table: Table, rows: int, groups: int, repeats: int = 5) -> None:
    """Whole processes, warm caches, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.parquet"
        write_sample(path, rows, groups)
        _score(path)
        runs = [(_seconds(READ.format(path=str(path))), *_score(path)) for _ in range(repeats)]
    read, score, memory = (list(column) for column in zip(*runs, strict=True))
    table.add("pyarrow reads the columns", "pyarrow", rows, read)
    table.add("fastloss score, whole process", "fastloss", rows, score)
    label = f"fastloss score {rows} rows in {groups} groups"
    table.claim(label, float(np.median(score)) - 1.0, "reading, after 1 s of start-up", float(np.median(read)), 3.0)
    table.claim(f"{label}, peak memory", max(memory) / 1e9, "1 GB", 1.0, 1.0)
    _seconds(IMPORT)
    imports = [_seconds(IMPORT) for _ in range(repeats)]
    table.add("import fastloss after numpy", "fastloss", 1, imports)
    table.claim("import fastloss over import numpy", float(np.median(imports)) / 0.05, "50 ms", 1.0, 1.0)
    for name in ("mse_loss", "pairwise_logistic_loss"):
        _seconds(FIRST_CALL.format(name=name))
        first = [_seconds(FIRST_CALL.format(name=name)) for _ in range(repeats)]
        table.add(f"first call of {name}, warm cache, imports included", "fastloss", 1, first)
        table.claim(f"first call of {name} in a new process", float(np.median(first)), "1 s", 1.0, 1.0)
