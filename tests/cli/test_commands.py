"""The other commands, and `fastloss` as a process: terminals, signals, pipes."""

import importlib.metadata
import json
import os
import pty
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

import fastloss
from fastloss.compile import levels
from tests.cli.data import PAIRWISE, expected_pairwise, failure, make, run, write_parquet


def test_list():
    from fastloss.cli.scoring.metrics import METRICS
    from fastloss.core.loss import REGISTRY

    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()[2:]
    assert [line.split()[0] for line in lines if line.strip()] == [*sorted(REGISTRY), *sorted(METRICS)]
    (huber,) = (line for line in lines if line.startswith("huber_loss "))
    assert huber.strip().split(maxsplit=2)[1:] == [
        "yes",
        "Half the squared error within `delta` of the target, linear beyond.",
    ]
    entries = {one["loss"]: one for one in json.loads(run("list", "--json").stdout)}
    assert entries[PAIRWISE]["parameters"]["pairs"] == {"range": "ordered or all", "default": "ordered"}
    assert entries["margin_ranking_loss"]["score"] is False
    assert entries["l1_loss"]["also_known_as"][:2] == ["MAE", "absolute error"]
    assert entries["td_loss"]["parameters"]["gamma"] == {"range": "in [0, 1]"}  # no default


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("SVM", {"hinge_loss", "squared_hinge_loss", "multi_margin_loss"}),
        ("AAM", {"arcface_loss"}),
        ("mae", {"l1_loss"}),
        ("softmax loss", {"cross_entropy", "softmax_focal_loss"}),
        ("bellman", {"td_loss"}),
        ("margin ranking", {"margin_ranking_loss"}),
        ("soft-pairwise", {"soft_pairwise_loss"}),
    ],
)
def test_list_by_names_elsewhere(words, expected):
    found = {one["loss"] for one in json.loads(run("list", words, "--json").stdout)}
    assert expected <= found
    assert len(found) < 15


def test_list_of_nothing():
    assert "no loss or metric is called 'xyzzy'" in failure("list", "xyzzy")
    assert failure("list", "hubber").endswith("here or elsewhere; did you mean 'huber_loss'?")


def test_info():
    facts = json.loads(run("info", "--json").stdout)
    assert facts["numba"] == importlib.metadata.version("numba")
    assert facts["pyarrow"] == pa.__version__
    assert facts["threads"] == fastloss.get_num_threads()
    assert facts["level"] in {level.name for level in levels.supported()}
    assert facts["kernels in the store"] >= 0 and facts["kernels in the package"] >= 0
    assert {"fastloss", "python", "llvmlite", "numpy", "processor", "gpu", "store"} <= set(facts)
    assert "numba" in run("info").stdout


@pytest.mark.compiled
def test_info_says_where_kernels_are_and_why_not(tmp_path, monkeypatch):
    def facts():
        return json.loads(run("info", "--json").stdout)

    monkeypatch.setenv("FASTLOSS_CACHE_DIR", str(tmp_path / "store"))
    assert facts()["store"] == str(tmp_path / "store")
    (tmp_path / "store" / f"some-{levels.chosen().name}-0123.kernel").write_bytes(b"")
    assert facts()["kernels in the store"] == 1
    (tmp_path / "store").chmod(0o777)
    assert facts()["store"] == f"none: {tmp_path / 'store'} can be written by others"


@pytest.mark.compiled
def test_explain():
    """Every kernel of a loss: what it was made from, and where it is."""
    everything = json.loads(process("explain", "mse_loss", "--json").stdout)
    (named,) = [one for one in everything if (one["name"], one["signature"][:2]) == ("block_mse_loss_v", "d1")]
    assert named["template"].startswith("fastloss.pointwise.cpu.block, line ")
    assert "value=fastloss.pointwise.regression._square" in named["bound"]
    assert (named["flags"], named["signature"]) == ("sums may be regrouped", "d1,d1->d1,d1,d1,d1,l1->")
    assert named["from"] in ("wheel", "store", "compiled") and os.path.exists(named["file"])
    assert not [one["name"] for one in everything if "l1_loss" in one["name"]]
    lines = process("explain", "mse_loss").stdout.splitlines()
    at = lines.index("block_mse_loss_v")
    assert [line.split(":")[0].strip() for line in lines[at + 1 : at + 7]] == list(named)[1:]
    assert failure("explain", "mse_los").startswith("unknown loss 'mse_los'")


# -- as a process


def process(*arguments, **more):
    command = [sys.executable, "-m", "fastloss", *(str(one) for one in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def test_version():
    result = process("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("fastloss ")


def test_a_process(parquet):
    result = process("score", parquet, "--loss", PAIRWISE, "--groups", "query")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{expected_pairwise(make())[0]:.8g}" in result.stdout
    result = process("score", parquet, "--loss", "nothing_like_it")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: unknown loss")
    assert result.stderr.count("\n") == 1


def test_without_the_extra(tmp_path):
    code = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "pyarrow" else find(name, *more)
sys.argv = ["fastloss", "list"]
from fastloss.cli import main
main()
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == 'error: pyarrow missing: pip install "fastloss[cli]"\n'


def test_progress_only_on_a_terminal(tmp_path):
    write_parquet(tmp_path / "data.parquet", make(2000))
    arguments = ["score", tmp_path / "data.parquet", "--loss", "mse_loss", "--batch-rows", "100", "--json"]
    assert process(*arguments).stderr == ""
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "fastloss", *map(str, arguments)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                some = os.read(mine, 4096)
            except OSError:
                break
            if not some:
                break
            shown += some
        output = running.stdout.read()
    os.close(mine)
    assert json.loads(output)["rows"] == 2000
    assert b"scoring" in shown
    assert b"%" in shown
    assert b"rows/s" in shown


@pytest.mark.compiled
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(tmp_path, sent, code):
    data = make(200_000, 1)  # one group: 10**10 pairs
    rows = {**data, "query": np.arange(200_000) % 2}
    write_parquet(tmp_path / "data.parquet", rows)
    out, temporary = tmp_path / "out.parquet", tmp_path / "temporary"
    temporary.mkdir()
    main = "from fastloss.cli import main, partition; partition.MOST = 0; main()"  # no row stays in memory
    command = [sys.executable, "-c", main, "score", str(tmp_path / "data.parquet"), "--loss", PAIRWISE]
    command += ["--loss", "mse_loss", "--groups", "query", "--per-group", str(out), "--batch-rows", "50"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    # a shell starts what runs in its background with interrupts ignored, and children inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    signal.signal(signal.SIGINT, before)
    with running:
        deadline = time.monotonic() + 120
        while not list(temporary.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(sent)
        error = running.communicate()[1]
    assert (running.returncode, error) == (code, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.parquet", "temporary"]
    assert list(temporary.iterdir()) == []


def test_a_reader_that_has_seen_enough():
    command = f"{sys.executable} -m fastloss list | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 1
