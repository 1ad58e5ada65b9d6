"""`fastloss warmup`: every kernel, on small data, by several processes."""

import os
import re
import subprocess
import sys

import pytest

import fastloss
from fastloss.ahead import calls, metrics, workers
from fastloss.compile import kernels, threads
from fastloss.core.loss import REGISTRY, lookup
from tests.cli.data import PAIRWISE, failure, run

lookup("mse_loss")  # fills the registry


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_it_calls_every_loss(name):
    made = list(calls.calls_of(REGISTRY[name]))
    made[0]()  # the value in float32
    made[-1]()  # of a pointwise loss, that of float32 scores and integer labels


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["mse_loss", "binary_cross_entropy", PAIRWISE])
def test_larger_data_needs_no_other_kernel(name, monkeypatch):
    for call in calls.calls_of(REGISTRY[name]):
        call()
    before = len(kernels.known)
    rows = 20 * calls.ROWS
    monkeypatch.setattr(calls, "ROWS", rows)
    for group in (10, rows):
        monkeypatch.setattr(calls, "GROUP", group)
        for call in calls.calls_of(REGISTRY[name]):
            call()
    assert [one.name for one in kernels.known[before:]] == []


@pytest.mark.compiled
@pytest.mark.parametrize("name", metrics.NAMES)
def test_every_kernel_of_a_metric(name, monkeypatch):
    for call in metrics.calls_of(name):
        call()
    before = len(kernels.known)
    monkeypatch.setattr(metrics, "ROWS", 300)
    monkeypatch.setattr(metrics, "SORTED", 2 * metrics.SORTED)
    for call in metrics.calls_of(name):
        call()
    assert [one.name for one in kernels.known[before:]] == []


def test_metrics_are_all_of_those_with_kernels_of_their_own():
    others = {"GroupCounts", "GroupSummary", "RetrievalRanks", "auc", "group_auc", "summarize_groups"}
    assert set(metrics.NAMES) - {"compare"} | others == set(fastloss.metrics.__all__)


def process(folder, *arguments):
    command = [sys.executable, "-m", "fastloss", "warmup", *arguments]
    environment = {**os.environ, "FASTLOSS_CACHE_DIR": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def counts(result):
    assert (result.returncode, result.stderr) == (0, "")
    lines = [re.match(r"(\w+) +(\d+) compiled +(\d+) loaded +[\d.]+ s$", line) for line in result.stdout.splitlines()]
    return {line[1]: (int(line[2]), int(line[3])) for line in lines if line}


@pytest.mark.compiled
@pytest.mark.slow
def test_processes_share_their_work(tmp_path):
    first = counts(process(tmp_path, "mse_loss", "l1_loss", "--jobs", "2"))
    assert set(first) == {"mse_loss", "l1_loss"}
    stored = list(tmp_path.iterdir())
    assert sum(compiled for compiled, _ in first.values()) == len(stored)  # nothing is compiled twice
    assert sum(loaded for _, loaded in first.values()) > 0  # what both need, by one of the two
    again = counts(process(tmp_path, "mse_loss", "l1_loss", "--jobs", "1"))
    assert {name: compiled for name, (compiled, _) in again.items()} == {"mse_loss": 0, "l1_loss": 0}


def test_a_choice_of_losses():
    assert failure("warmup", "mse_los").startswith("unknown loss 'mse_los'")
    assert failure("warmup", "mse_loss", "--jobs", "0") == "--jobs is 0: expected at least 1"
    assert failure("warmup", "mse_loss", "--jobs", "2", "--jobs", "3") == "--jobs is given twice"


def test_a_line_for_each_loss(monkeypatch):
    done = [workers.Done("mse_loss", 3, 1, 2.5, 0), workers.Done("l1_loss", 0, 4, 0.5, 0)]
    asked = []
    monkeypatch.setattr(workers, "warmed", lambda names, jobs, **_: asked.append((names, jobs)) or iter_of(done))
    lines = run("warmup", "mse_loss", "l1_loss", "mse_loss", "--jobs", "3").stdout.splitlines()
    assert asked == [(["mse_loss", "l1_loss"], 3)]
    assert [line.split() for line in lines[:2]] == [
        ["mse_loss", "3", "compiled", "1", "loaded", "2.5", "s"],
        ["l1_loss", "0", "compiled", "4", "loaded", "0.5", "s"],
    ]
    assert lines[2].startswith("3 kernels compiled, 5 loaded from the store, in ")
    run("warmup")
    assert asked[1] == ([*REGISTRY, *metrics.NAMES], threads.available())


def iter_of(results):
    yield from results


def test_a_process_that_has_grown_takes_no_other_loss(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # for the processes: nothing is compiled
    started, begin = [], workers._started
    monkeypatch.setattr(workers, "_started", lambda locks, into: started.append(locks) or begin(locks, into))
    names = ["mse_loss", "l1_loss"]
    assert [done.name for done in workers.warmed(names, 1)] == names
    assert len(started) == 1
    monkeypatch.setattr(workers, "MOST_MEMORY", 1)
    assert [done.name for done in workers.warmed(names, 1)] == names
    assert len(started) == 3
    assert not os.path.exists(started[0])


def test_a_process_that_is_killed(monkeypatch):
    monkeypatch.setattr(workers, "serve", killed)
    with pytest.raises(workers.Ended, match="the process that compiled mse_loss was ended by signal 9"):
        list(workers.warmed(["mse_loss"], 1))


def killed(theirs, locks, into):
    theirs.recv()
    os.kill(os.getpid(), 9)


def test_the_lock_keeps_others_out(tmp_path):
    path = str(tmp_path / "kernel")
    with workers.locked(path):
        code = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        assert subprocess.run([sys.executable, "-c", code, path], capture_output=True).returncode == 1
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 0
