"""The suites "first" and "small": what they time, what they set beside it, and what they refuse."""

import json
import pathlib
import sys
import types

import pytest

from bench import first, small, wanted
from bench.first import EVERYTHING, NOTHING, Outcome, Processes
from bench.measure import Table, duration
from bench.peers import PROVIDERS, Peer
from bench.wanted import Line
from fastloss.compile import store


def rows(table, benchmark):
    return {row["contender"]: row for row in table.rows if row["benchmark"] == benchmark}


def test_the_table_has_what_was_wanted():
    table = Table(1)
    for name, seconds in (("fastloss", 4e-6), ("PyTorch", 8e-6)):
        table.add("a", name, 1, [seconds])
    table.add("b", "fastloss", 1, [2.0])
    lines = [Line("a", 5e-6, ("PyTorch", "NumPy")), Line("b")]
    for line in lines:
        wanted.claim(table, line, 1e-6)
    assert [(claim.peer, claim.ratio, claim.factor, claim.met) for claim in table.claims] == [
        ("1 µs", pytest.approx(4.0), 5.0, True),
        ("PyTorch", 0.5, 1.0, True),
    ]
    assert [line.split() for line in wanted.text(table, lines).splitlines()] == [
        ["fastloss", "wanted", "PyTorch", "NumPy"],
        ["a", "4", "µs", "5", "µs,", "PyTorch's,", "NumPy's", "8", "µs", "-"],
        ["b", "2", "s", "-", "-", "-"],
    ]


def test_a_target_may_be_missed():
    table = Table(1)
    table.add("a", "fastloss", 1, [6e-6])
    wanted.claim(table, Line("a", 5e-6), 1e-6)
    assert [claim.met for claim in table.claims] == [False]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.0, "2 s"), (0.12, "120 ms"), (1e-6, "1 µs"), (1.5e-8, "15 ns"), (0.0012345, "1.234 ms"), (-0.02, "-20 ms")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.compiled
def test_small_calls(capsys):
    table = Table(1)
    small.run(table, 2)
    assert table.failures == []
    found = {row["benchmark"] for row in table.rows}
    assert len(found) == 2 * len(small.CASES) + 1
    assert found >= {claim.benchmark for claim in table.claims} >= {small.EMPTY, "mse_loss 100 value and gradient"}
    assert set(rows(table, "mse_loss 10000 value")) >= {"fastloss", "NumPy"}
    assert set(rows(table, small.EMPTY)) == {"fastloss"}
    assert all(0.0 < float(row["seconds_50"]) < 1.0 for row in table.rows)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("mse_loss 100 value ") and "5 µs, PyTorch's" in line for line in lines)


def test_unequal_peers_are_not_timed(monkeypatch):
    work = small.work_of(small.CASES[0])
    monkeypatch.setattr(small, "with_torch", lambda work: Peer(lambda: 2.0 * work.value()))
    calls, unequal = small.contenders(work)
    assert list(unequal) == ["PyTorch"]
    assert "PyTorch" not in calls[small.VALUE]


def test_pytorch_is_optional(monkeypatch):
    monkeypatch.setitem(PROVIDERS, "PyTorch", PROVIDERS["PyTorch"]._replace(installed=False))
    assert small.with_torch(small.work_of(small.CASES[0])) is None
    assert list(first.peers("mse_loss")) == ["NumPy"]


class Stub:
    """Processes that take 1 second to begin, and 9 or 2 more with nothing or everything stored."""

    python = sys.executable

    def __init__(self, folder, compiled, numba=False, value=3.0):
        self.folder, self._compiled, self._numba, self._value = folder, compiled, numba, value

    def _compile(self, store):
        for at in range(self._compiled):
            (store / f"{at}.kernel").touch()

    def first(self, code, store, python=""):
        if not code:
            return Outcome(1.0, None, False)
        if "fastloss" not in code:
            return Outcome(1.5, self._value, False)
        if store.name == "mse_loss":
            return Outcome(3.0, 3.0, self._numba)
        self._compile(store)
        return Outcome(10.0, 3.0, self._numba or bool(self._compiled))

    def job(self, store):
        if store.name == "job":
            return 0.5
        self._compile(store)
        return 2.0


@pytest.mark.parametrize("compiled", [0, 3])
def test_what_a_process_begins_with_is_taken_off(tmp_path, compiled):
    """The time that was wanted is that of a process that compiles nothing."""
    table = Table(1)
    lines = first.measure(table, Stub(tmp_path, compiled), "mse_loss", 2)
    cold, hot = (f"mse_loss, 1000 float64, {kind}" for kind in (NOTHING, EVERYTHING))
    assert [(line.benchmark, line.wanted) for line in lines] == [(cold, None if compiled else 0.12), (hot, 0.12)]
    assert [rows(table, one)["fastloss"]["seconds_50"] for one in (cold, hot)] == ["9", "2"]
    assert rows(table, hot)["NumPy"]["seconds_50"] == "0.5"
    numba = "" if compiled else "not "
    assert rows(table, cold)["fastloss"]["what"] == f"{compiled} kernels compiled, Numba {numba}imported"
    assert table.failures == []


def test_numba_must_not_be_imported_to_load(tmp_path):
    table = Table(1)
    first.measure(table, Stub(tmp_path, 0, numba=True), "mse_loss", 1)
    assert len(table.failures) == 2 and all("Numba was imported" in one for one in table.failures)


def test_a_peer_with_another_result_is_left_out(tmp_path):
    table = Table(1)
    first.measure(table, Stub(tmp_path, 0, value=4.0), "mse_loss", 1)
    assert {line.split(",")[0] for line in table.failures} == set(first.peers("mse_loss"))
    assert {row["contender"] for row in table.rows} == {"fastloss"}


@pytest.mark.parametrize(("compiled", "most"), [(0, 0.6), (2, 2.5)])
def test_the_main_job(tmp_path, compiled, most):
    table = Table(1)
    lines = first.measure_job(table, Stub(tmp_path, compiled), 1)
    assert [line.wanted for line in lines] == [most, 0.6]
    assert [row["seconds_50"] for row in table.rows] == ["2", "0.5"]
    assert table.rows[0]["what"] == f"{compiled} kernels compiled"


@pytest.mark.compiled
def test_processes(tmp_path):
    """A loss and its peers have one result in processes of their own; our second process loads what the first left."""
    processes, new = Processes(tmp_path, None), tmp_path / "store"
    work = first.workload("mse_loss", "float64", first.ROWS)
    (tmp_path / "arguments").write_bytes(first.pickle.dumps((work.arrays, work.words)))
    ours = first.OURS.format("mse_loss")
    cold, hot = processes.first(ours, new), processes.first(ours, new)
    assert cold.value == hot.value == work.value()
    assert first.stored(new) > 0
    assert not hot.numba
    assert 0.0 < processes.first("", new).seconds < hot.seconds < cold.seconds
    assert processes.first(first.peers("mse_loss")["NumPy"], new).value == pytest.approx(hot.value, rel=1e-12)
    with pytest.raises(first.subprocess.CalledProcessError):
        processes.first("raise SystemExit(1)\n", new)


@pytest.mark.compiled
def test_the_main_job_runs(tmp_path):
    pytest.importorskip("pyarrow")
    assert Processes(tmp_path, None).job(store.place()) > 0.0


def test_another_interpreter_finds_its_own_package(monkeypatch, tmp_path):
    """`--python`: neither the path nor the current folder lead to this checkout."""
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    seen = []

    def run(command, **words):
        seen.append((command[0], words["env"].get("PYTHONPATH"), pathlib.Path(words["cwd"])))
        return types.SimpleNamespace(stdout=json.dumps([1.0, None, False]))

    monkeypatch.setattr(first.subprocess, "run", run)
    Processes(tmp_path, "another").first("", tmp_path)
    Processes(tmp_path, None).first("", tmp_path)
    assert seen == [("another", None, tmp_path), (sys.executable, str(first.PACKAGE.parent), tmp_path)]
