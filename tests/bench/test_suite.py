"""The benchmarks run: every registered loss has arguments, peers and a limit; their tools do their work."""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

import fastloss
from bench import against, latency, measure, memory, suite
from bench.limits import limit
from bench.measure import Table
from bench.peers import PROVIDERS, Peer, differs
from bench.suite import BOTH, VALUE, Cell
from bench.workloads import names, workload

ROOT = pathlib.Path(__file__).parents[2]
# By hand: nothing else computes them, or only as the objective of whole boosting rounds (`bench/boosting.py`)
ALONE = {"bpr_all_negatives_loss", "lambdarank_loss", "batch_semihard_triplet_loss"}


@pytest.mark.parametrize("name", names())
def test_arguments(name):
    """Finite numbers, a gradient for each differentiable argument, and a size near the one asked for."""
    work = workload(name, "float64", 200)
    value, gradients = work.both()
    assert np.isfinite(value)
    assert value == pytest.approx(work.value(), rel=1e-12)
    for at, gradient in zip(work.differentiable, gradients, strict=False):
        assert gradient.shape == work.arrays[at].shape
        assert np.abs(gradient).max() > 0
    assert 0.5 < work.size / 200 < 2


@pytest.mark.compiled
@pytest.mark.parametrize("name", names())
def test_limit(name):
    work = workload(name, "float64", 200)
    least = limit(work)
    least.value()
    least.both()


@pytest.mark.parametrize("name", sorted(set(names()) & PROVIDERS["NumPy"].losses))
def test_numpy_computes_the_same(name):
    work = workload(name, "float64", 200)
    peer = PROVIDERS["NumPy"](work)
    assert differs(work, peer) == ""
    assert "value" in differs(work, Peer(lambda: 1.001 * peer.value()))


def test_a_wrong_gradient_is_found():
    work = workload("mse_loss", "float64", 100)
    value, (gradient,) = work.both()
    assert differs(work, Peer(work.value, lambda: (value, (gradient,)))) == ""
    assert "gradient 0" in differs(work, Peer(work.value, lambda: (value, (1.001 * gradient,))))
    assert "gradient 0" in differs(work, Peer(work.value, lambda: (value, (gradient * np.nan,))))
    assert "with the gradient" in differs(work, Peer(work.value, lambda: (value + 1.0, (gradient,))))


def test_every_loss_has_a_peer():
    compared = set().union(*(provider.losses for provider in PROVIDERS.values()))
    assert compared <= set(names())
    assert set(names()) - compared == ALONE


def test_cells_are_every_loss_in_both_precisions():
    made = suite.cells((1000, 10))
    assert len(made) == 4 * len(names())
    assert {cell.size for cell in made[: 2 * len(names())]} == {1000}
    assert made[0] == Cell(names()[0], "float32", 1000)


def test_contenders_take_turns():
    order = []
    seconds = suite.take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 0.0)
    assert order == ["a", "b"] * (1 + suite.FEWEST_TURNS)
    assert {name: len(times) for name, times in seconds.items()} == {"a": suite.FEWEST_TURNS, "b": suite.FEWEST_TURNS}


@pytest.mark.compiled
def test_measure(monkeypatch, tmp_path):
    """A row for each contender with times, memory and machine; an unequal peer is named and not timed."""
    lying = PROVIDERS["NumPy"]._replace(make=lambda work: Peer(lambda: 2.0 * work.value()))
    monkeypatch.setitem(suite.PROVIDERS, "liar", lying)
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    table = Table(1)
    plan = suite.Plan((1000,), ("NumPy", "liar"), 0.0, losses=("mse_loss",))
    suite.run(table, plan)
    assert [line.split(",")[0] for line in table.failures] == ["liar", "liar"]
    assert {row["contender"] for row in table.rows} == {
        "fastloss",
        "NumPy",
        limit(workload("mse_loss", "float64", 9)).name,
    }
    table.add("something else", "a", 1, [1.0])
    lines = table.write("x").read_text().splitlines()
    header = lines[0].split(",")
    assert {"benchmark", "seconds_50", "seconds_20", "seconds_80", "peak_bytes", "threads", "machine", "numba"} <= {
        *header
    }
    assert len(lines) == 1 + len(table.rows)


def test_a_run_ends_in_time(capsys):
    table = Table(1)
    suite.run(table, suite.Plan((1000,), (), 0.0, seconds=-1.0))
    assert table.rows == []
    assert "left out for lack of time" in capsys.readouterr().out


def row(contender, seconds, benchmark="mse_loss float32 value"):
    return {"benchmark": benchmark, "what": VALUE, "contender": contender, "size": 1000, "seconds_50": seconds}


def test_summary():
    rows = [
        row("fastloss", "0.001"),
        row("NumPy", "0.004"),
        {"benchmark": "other", "contender": "x", "seconds_50": "1"},
    ]
    line = "mse_loss float32 value 1000 1.000 ms 1000.000 ns each | NumPy 4.00x"
    assert " ".join(suite.summary(rows).split()) == line
    rows += [row("fastloss", "0.001", "l1"), row("NumPy", "0.009", "l1")]
    assert suite.geometric_mean(rows, "NumPy") == pytest.approx(6.0)
    rows += [row("fastloss", "0.001", "l2"), row("NumPy", "-0.009", "l2")]  # less a longer start
    assert suite.geometric_mean(rows, "NumPy") == pytest.approx(6.0)
    assert np.isnan(suite.geometric_mean(rows, "PyTorch"))


def test_peak_memory():
    """Eight arrays of 4 MB are held at once, then one of 32 MB."""
    found = memory.peak_bytes(lambda: [np.ones(500_000) for _ in range(8)])
    if found is None:
        pytest.skip("the system does not say")
    assert 30e6 < found < 40e6
    assert 30e6 < memory.peak_bytes(lambda: np.ones(4_000_000)) < 40e6
    assert memory.peak_bytes(lambda: None) < 2e6


@pytest.mark.compiled
def test_first_calls():
    table = Table(1)
    latency.run(table, ("mse_loss",), 2)
    cold, cached = table.rows
    assert (cold["repeats"], cached["repeats"]) == (1, 2)
    assert float(cold["seconds_50"]) > float(cached["seconds_50"])


@pytest.mark.compiled
def test_a_planted_slow_down_is_seen(tmp_path):
    """The second package waits fifty milliseconds in each call, and lacks a loss."""
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        shutil.copytree(
            pathlib.Path(fastloss.__file__).parent, folder / "fastloss", ignore=shutil.ignore_patterns("__pycache__")
        )
    path = folders[1] / "fastloss" / "core" / "loss.py"
    old = '        return self._quietly("value", '
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, f"        __import__('time').sleep(0.05)\n{old}"))
    (folders[1] / "fastloss" / "pointwise" / "robust.py").write_text("__all__ = []\n")
    workers = [against.Worker(folder) for folder in folders]
    try:
        todo = [Cell("mse_loss", "float64", 1000), Cell("fair_loss", "float64", 1000)]
        found = against.compare(workers, todo, 5, 0.005)
    finally:
        for worker in workers:
            worker.close()
    assert [one.benchmark for one in found] == [
        "mse_loss-float64-1000 value",
        "mse_loss-float64-1000 value and gradient",
    ]
    assert found[0].verdict == "slower"
    assert found[0].median > 2.0


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(1.06, 1.2, "slower"), (0.8, 0.94, "faster"), (0.9, 1.2, ""), (1.01, 1.04, "")]
)
def test_verdicts_need_the_whole_spread(low, high, verdict):
    assert against.Comparison("x", (low + high) / 2, low, high).verdict == verdict


def test_a_commit_is_extracted(tmp_path):
    if shutil.which("git") is None or measure.commit() == "":
        pytest.skip("no git checkout")
    against.extract("HEAD", tmp_path)
    assert (tmp_path / "fastloss" / "core" / "loss.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["fastloss"]


@pytest.mark.compiled
@pytest.mark.parametrize("words", [("--minutes", "0.6", "--loss", "mse_loss"), ("--quick", "--only", "latency")])
def test_command(words):
    done = subprocess.run([sys.executable, "-m", "bench", *words], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "mse_loss" in done.stdout
    if "--loss" in words:
        assert BOTH in done.stdout and "NumPy" in done.stdout
