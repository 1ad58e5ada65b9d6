"""The first result of a new process, counted from its start: with no kernel stored, and with all of them.

What `import numpy` and the reading of the arguments take is measured in the same round and taken off; of the README's
main job the whole process counts. `python -m bench --only first --python FILE` measures the package that is installed
for another interpreter, say from a wheel, else this checkout's.
"""

import dataclasses
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

import numpy as np

import bench.torch_peers  # noqa: F401  registers PyTorch's
import fastloss
from bench import wanted
from bench.measure import Table
from bench.peers import PROVIDERS
from bench.wanted import Line
from bench.workloads import workload

SOME = ("pairwise_logistic_loss", "mse_loss", "cross_entropy")
ROWS = 1000
PACKAGE = pathlib.Path(fastloss.__file__).parent
NOTHING, EVERYTHING = "nothing stored", "everything stored"
FIRST = 0.12  # seconds that were wanted, where nothing is compiled
JOB, JOB_COMPILED = 0.6, 2.5

READ = """
import json, pickle, sys, time
import numpy as np
with open(sys.argv[2], "rb") as file:
    arrays, words = pickle.load(file)
x, t = (*arrays, None)[:2]
value = None
"""
OURS = """
import fastloss
value, gradient = fastloss.{}.value_and_grad(*arrays, **words)
"""
# The value and gradient in PyTorch, the value in NumPy, as one writes them in a line
TORCH = """
import torch
import torch.nn.functional as F
x, t = torch.from_numpy(x).requires_grad_(), torch.from_numpy(t)
value = {}
value.backward()
"""
NUMPY = "value = {}\n"
TOLD = """
print(json.dumps([time.time() - float(sys.argv[1]), value and float(value), "numba" in sys.modules]))
"""
LINES = {
    "pairwise_logistic_loss": (
        "F.softplus(x[t == 0][None, :] - x[t == 1][:, None]).mean()",
        "np.logaddexp(0.0, x[t == 0][None, :] - x[t == 1][:, None]).mean()",
    ),
    "mse_loss": ("F.mse_loss(x, t)", "((x - t) ** 2).mean()"),
    "cross_entropy": (
        "F.cross_entropy(x, t)",
        "(np.log(np.exp(x - x.max(1, keepdims=True)).sum(1)) + x.max(1) - x[np.arange(len(x)), t]).mean()",
    ),
}


class Outcome(NamedTuple):
    """Seconds from the start of a process to its result, the result, and whether Numba was imported."""

    seconds: float
    value: float | None
    numba: bool


class Processes:
    """Starts processes that find the package: the one installed for an interpreter, else this one's."""

    def __init__(self, folder: pathlib.Path, python: str | None):
        self.folder, self.python = folder, python or sys.executable
        # processes find byte code, as an installed package has it
        left_out = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"} if python else {"PYTHONDONTWRITEBYTECODE"}
        self._environment = {name: text for name, text in os.environ.items() if name not in left_out}
        if not python:
            self._environment["PYTHONPATH"] = str(PACKAGE.parent)

    def first(self, code: str, store: pathlib.Path, python: str = "") -> Outcome:
        """Of code between the reading of the arguments and the end."""
        command = [python or self.python, "-c", READ + code + TOLD]
        environment = self._environment | {"FASTLOSS_CACHE_DIR": str(store)}
        start = [repr(time.time()), str(self.folder / "arguments")]
        done = subprocess.run(
            command + start, check=True, capture_output=True, text=True, cwd=self.folder, env=environment
        )
        return Outcome(*json.loads(done.stdout))

    def job(self, store: pathlib.Path) -> float:
        """Seconds of the README's main job."""
        command = [self.python, "-m", "fastloss", "score", str(PACKAGE / "data" / "lambdarank_test.parquet")]
        command += ["--groups", "query", "--loss", "pairwise_logistic_loss", "--loss", "mse_loss"]
        environment = self._environment | {"FASTLOSS_CACHE_DIR": str(store)}
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, env=environment)
        return time.perf_counter() - start


def stored(store: pathlib.Path) -> int:
    """How many kernels a process has left in a new store: those that it had to compile."""
    return len(list(store.glob("*.kernel")))


def peers(name: str) -> dict[str, str]:
    """The code of those who have the loss in a line, and are installed."""
    if name not in LINES:
        return {}
    torch, numpy = LINES[name]
    found = {"NumPy": NUMPY.format(numpy)}
    if PROVIDERS["PyTorch"].installed:
        found["PyTorch"] = TORCH.format(torch)
    return found


def told(compiled: int, numba: bool) -> str:
    """Where kernels came from."""
    return f"{compiled} kernels compiled, Numba {'' if numba else 'not '}imported"


def measure(table: Table, processes: Processes, name: str, repeats: int) -> list[Line]:
    """One loss: rounds of nothing stored, everything stored, the peers, and what they all begin with."""
    work = workload(name, "float64", ROWS)
    (processes.folder / "arguments").write_bytes(pickle.dumps((work.arrays, work.words)))
    warm, ours, beside = processes.folder / name, OURS.format(name), peers(name)
    expected = processes.first(ours, warm).value  # fills the store
    for peer, code in list(beside.items()):
        if not np.isclose(processes.first(code, warm, sys.executable).value or np.nan, expected or np.nan, rtol=1e-9):
            table.failures.append(f"{peer}, first result of {name}: not {expected!r}")
            del beside[peer]
    seconds: dict[str, list[float]] = {one: [] for one in (NOTHING, EVERYTHING, *beside)}
    about: dict[str, dict[str, Any]] = {}
    compiled = 0
    for _ in range(repeats):
        begin = {python: processes.first("", warm, python).seconds for python in {processes.python, sys.executable}}
        with tempfile.TemporaryDirectory(dir=processes.folder) as new:
            cold = processes.first(ours, pathlib.Path(new))
            compiled = stored(pathlib.Path(new))
        hot = processes.first(ours, warm)
        for kind, one, count in ((NOTHING, cold, compiled), (EVERYTHING, hot, 0)):
            seconds[kind].append(one.seconds - begin[processes.python])
            about[kind] = {"loss": name, "dtype": "float64", "what": told(count, one.numba)}
            if one.numba and not count:
                table.failures.append(f"first result of {name}, {kind}: Numba was imported, and compiled nothing")
        for peer, code in beside.items():
            one = processes.first(code, warm, sys.executable)
            seconds[peer].append(one.seconds - begin[sys.executable])
    lines = [Line(f"{name}, {ROWS} float64, {kind}", FIRST) for kind in (NOTHING, EVERYTHING)]
    if compiled:
        lines[0] = Line(lines[0].benchmark)
    for line, kind in zip(lines, (NOTHING, EVERYTHING), strict=True):
        table.add(line.benchmark, "fastloss", ROWS, seconds[kind], **about[kind])
        for peer in beside:
            table.add(line.benchmark, peer, ROWS, seconds[peer], loss=name, dtype="float64")
    return lines


def measure_job(table: Table, processes: Processes, repeats: int) -> list[Line]:
    """The README's main job."""
    warm = processes.folder / "job"
    processes.job(warm)
    seconds: dict[str, list[float]] = {NOTHING: [], EVERYTHING: []}
    compiled = 0
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(dir=processes.folder) as new:
            seconds[NOTHING].append(processes.job(pathlib.Path(new)))
            compiled = stored(pathlib.Path(new))
        seconds[EVERYTHING].append(processes.job(warm))
    label = "the README's main job, whole process"
    lines = [Line(f"{label}, {NOTHING}", JOB_COMPILED if compiled else JOB), Line(f"{label}, {EVERYTHING}", JOB)]
    for line, kind in zip(lines, (NOTHING, EVERYTHING), strict=True):
        count = f"{compiled if kind == NOTHING else 0} kernels compiled"
        table.add(line.benchmark, "fastloss", 1, seconds[kind], what=count)
    return lines


@dataclasses.dataclass
class Plan:
    """What a run covers: losses, repeats, and for which interpreter the package is installed."""

    losses: tuple[str, ...]
    repeats: int
    python: str | None = None


FULL, QUICK = Plan(SOME, 5), Plan(("mse_loss",), 1)


def run(table: Table, plan: Plan) -> None:
    """The plan's losses, then the main job; prints the table and adds its targets."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(pathlib.Path(folder), plan.python)
        for name in plan.losses:
            lines += measure(table, processes, name, plan.repeats)
        lines += measure_job(table, processes, plan.repeats)
    for line in lines:
        wanted.claim(table, line, 1.0)
    print(f"\n{wanted.text(table, lines)}")
