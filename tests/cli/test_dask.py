"""`fastloss score --dask`: the numbers of a run without Dask, to the bit, and what goes wrong on a cluster."""

import contextlib
import itertools
import json
import logging
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from fastloss.cli.cluster import client as cluster
from fastloss.cli.reading import batches, storage
from fastloss.cli.reading.roles import Wanted
from fastloss.cli.scoring.asked import asked
from fastloss.cli.scoring.chunks import OF_CLASSES
from fastloss.cli.scoring.score import Job, run
from tests.cli import s3
from tests.cli.data import FORMATS, PAIRWISE, failure, make, part, score, words, write_csv, write_parquet

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

ROOT = pathlib.Path(__file__).parents[2]
HINGE, BCE = "pairwise_hinge_loss", "binary_cross_entropy_with_logits"
SEVERAL = [word for name in (PAIRWISE, HINGE, BCE, "huber_loss:delta=0.5", "rmse_loss") for word in ("--loss", name)]
ADDITIVE = ["--loss", "mse_loss", "--loss", BCE]


@pytest.fixture(scope="module")
def workers():
    """A cluster of two worker processes; those that are killed are started again."""
    with started_cluster(2) as made:
        yield made


def started_cluster(count):
    words = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": logging.CRITICAL}
    return distributed.LocalCluster(n_workers=count, env=s3.CREDENTIALS, **words)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of about 1000 rows, here and without Dask."""
    monkeypatch.setattr(batches, "PART", 1000)


def numbers(report):
    return {name: x for name, x in report.items() if name not in ("seconds", "rows_per_second")}


def files(folder, data, cuts, write=write_parquet, suffix="parquet"):
    """Write data as several files of uneven sizes; return their pattern."""
    bounds = [0, *cuts, len(data["score"])]
    for at, (start, stop) in enumerate(itertools.pairwise(bounds)):
        write(folder / f"{at}.{suffix}", part(data, start, stop))
    return folder / f"*.{suffix}"


def both(workers, *arguments):
    """The reports without Dask and with it, and what they wrote of groups."""
    reports, tables = [], []
    for more in ((), ("--dask", workers.scheduler_address)):
        is_table = [str(one).endswith("out.parquet") for one in arguments]
        name = f"table-{len(reports)}"  # without a suffix, which is Parquet, and not among the files that are read
        words = [one.with_name(name) if is_one else one for one, is_one in zip(arguments, is_table, strict=True)]
        reports.append(numbers(score(*words, *more)))
        tables += [pa.parquet.read_table(one) for one, is_one in zip(words, is_table, strict=True) if is_one]
    return reports, tables


LARGE = make(20_000, groups=400, seed=1)
CUTS = (5_000, 5_000, 5_013, 13_190)  # a file without rows, one of 13, and none that begins at a chunk's first row


@pytest.mark.parametrize("weights", [(), ("--weights", "weight")])
@pytest.mark.parametrize("groups", [(), ("--groups", "query")])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_same_bits(tmp_path, workers, suffix, groups, weights):
    """Chunks of 8192 rows, groups and parts of files lie across each other in every way."""
    pattern = files(tmp_path, LARGE, CUTS, FORMATS[f"data.{suffix}"], suffix)
    for size in (300, 5000):
        reports, _ = both(workers, pattern, *SEVERAL, *groups, *weights, "--batch-rows", size)
        assert reports[0] == reports[1]
        assert reports[1]["rows"] == 20_000 and not reports[1]["partitioned"]


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "npy", "npz", "csv"])
def test_formats(tmp_path, workers, suffix):
    pattern = files(tmp_path, make(), (100, 130), FORMATS[f"data.{suffix}"], suffix)
    reports, _ = both(workers, pattern, *SEVERAL, "--groups", "query", "--batch-rows", 37)
    assert reports[0] == reports[1]


METRICS = ("auc", "ndcg:k=5", "map", "lambdarank_loss", "expected_calibration_error", PAIRWISE)


@pytest.mark.parametrize("order", ["sorted", "scattered"])
@pytest.mark.parametrize("groups", [(), ("--groups", "query")])
def test_metrics_of_two_models(tmp_path, workers, groups, order):
    rng = np.random.default_rng(2)
    rows = np.arange(20_000) if order == "sorted" else rng.permutation(20_000)
    data = {name: column[rows] for name, column in LARGE.items()}
    data |= {"score": rng.random(20_000), "other": rng.random(20_000).astype(np.float32)}
    pattern = files(tmp_path, data, CUTS)
    names = METRICS if groups else [name for name in METRICS if name != "lambdarank_loss"]
    losses = [word for name in names for word in ("--loss", name)]
    per_group = ("--per-group", tmp_path / "out.parquet", "--worst", 5) if groups else ()
    reports, tables = both(workers, pattern, *losses, *groups, "--scores", "score", "--scores", "other", *per_group)
    if not groups:  # differences of areas need all rows together
        assert None in [report.pop("differences", None) for report in reports]
    assert reports[0] == reports[1] and len(reports[0]["losses"]) == 2 * len(names)
    if groups:
        assert tables[0].equals(tables[1])


@pytest.mark.parametrize("groups", [(), ("--groups", "query")])
def test_differences_of_rows(tmp_path, workers, groups):
    rng = np.random.default_rng(4)
    pattern = files(tmp_path, {**LARGE, "other": rng.random(20_000)}, CUTS)
    some = (
        "--scores",
        "score",
        "--scores",
        "other",
        "--loss",
        "mse_loss",
        "--loss",
        "rmse_loss",
        "--weights",
        "weight",
    )
    reports = both(workers, pattern, *some, *groups)[0]
    assert reports[0] == reports[1]
    assert [one["unit"] for one in reports[0]["differences"]] == (["groups"] if groups else ["rows"]) * 2


@pytest.mark.parametrize("count", [3, 7])
def test_a_score_for_each_class(tmp_path, workers, count):
    """Rows of which a chunk has a number that divides no other, in more rows than a state is given at a time."""
    size = 3 * OF_CLASSES
    data = make(size, seed=count)
    rng = np.random.default_rng(count)
    columns = {f"p_{k}": rng.normal(size=size) for k in range(count)}
    pattern = files(tmp_path, {**data, **columns, "label": rng.integers(0, count, size)}, (60_000, 60_000, 60_013))
    some = ("--scores", "p_*", "--loss", "cross_entropy", "--weights", "weight", "--batch-rows")
    found = [both(workers, pattern, *some, rows)[0] for rows in (7001, 50_000)]
    assert found[0][0] == found[0][1] == found[1][0] == found[1][1]


def test_all_pairs_are_a_state_of_each_part(tmp_path, workers):
    """Labels of three levels; nothing else is asked for, so that no rows are kept."""
    data = {**LARGE, "label": np.random.default_rng(0).integers(0, 3, 20_000)}
    pattern = files(tmp_path, data, CUTS)
    some = ("--loss", f"{PAIRWISE}:sigma=0.5", "--weights", "weight", "--reduction", "sum", "--batch-rows", 300)
    reports, _ = both(workers, pattern, *some)
    assert reports[0] == reports[1]
    columns = (data["score"], data["label"])
    whole = fastloss.pairwise_logistic_loss(*columns, sigma=0.5, sample_weight=data["weight"], reduction="sum")
    assert reports[1]["losses"][0]["value"] == pytest.approx(whole, rel=1e-12)


def test_many_labels_have_no_state(tmp_path, workers):
    pattern = files(tmp_path, {**LARGE, "label": np.arange(20_000) % 1000}, CUTS)
    reports, _ = both(workers, pattern, "--loss", PAIRWISE, "--loss", "mse_loss")
    assert reports[0] == reports[1]


@pytest.mark.parametrize("order", ["rising", "falling", "words", "one group", "two groups", "scattered", "come back"])
def test_groups_and_their_tables(tmp_path, workers, order):
    data = dict(LARGE)
    ids = data["query"]
    data["query"] = {
        "rising": ids,
        "falling": ids[::-1],
        "words": words(ids),  # in no order, but together
        "one group": np.zeros_like(ids),
        "two groups": np.repeat([1, 0], [9_000, 11_000]),  # that span parts and files
        "scattered": words(np.random.default_rng(0).permutation(ids)),
        "come back": np.concatenate((ids[:19_000], ids[:1_000])),  # in the last part only
    }[order]
    pattern = files(tmp_path, data, CUTS)
    out = tmp_path / "out.parquet"
    reports, tables = both(workers, pattern, *SEVERAL, "--groups", "query", "--per-group", out, "--batch-rows", 300)
    assert reports[0] == reports[1]
    assert reports[1]["partitioned"] == (order in ("scattered", "come back"))
    assert tables[0].equals(tables[1]) and tables[1].num_rows == reports[1]["groups"]
    assert reports[1]["groups"] == len(set(data["query"].tolist()))


def test_labels_that_only_whole_numbers_hold(tmp_path, workers):
    data = {**LARGE, "label": 2**53 + np.random.default_rng(0).integers(0, 3, 20_000)}
    table = pa.table({**data, "label": pa.array(data["label"]).cast(pa.decimal128(20, 1))})
    pa.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=60)
    reports, _ = both(workers, tmp_path / "a.parquet", "--loss", PAIRWISE, "--groups", "query")
    assert reports[0] == reports[1] and reports[0]["losses"][0]["pairs"] > 0


def test_files_behind_uris(tmp_path, workers, monkeypatch):
    pattern = files(tmp_path, LARGE, CUTS)
    for name, value in s3.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with s3.serving(tmp_path) as server:
        some = (*SEVERAL, "--groups", "query")
        here = numbers(score(pattern, *some))
        there = numbers(score(server.uri("*.parquet"), *some, "--dask", workers.scheduler_address))
    assert {**here, "files": []} == {**there, "files": []}
    assert len(there["files"]) == 5 and there["files"][0] == server.uri("0.parquet")
    storage._filesystem.cache_clear()


def test_paths_are_those_of_the_command(tmp_path, workers, monkeypatch):
    """Which need not run in the folder where the workers do."""
    files(tmp_path, make(), (100,))
    monkeypatch.chdir(tmp_path)
    reports, _ = both(workers, "*.parquet", *ADDITIVE)
    assert reports[0] == reports[1] and reports[1]["files"] == ["0.parquet", "1.parquet"]


def test_progress_comes_from_the_cluster(tmp_path, workers):
    class Bar:
        def __init__(self):
            self.shown = []

        def update(self, *what):
            self.shown.append(what)

    pattern = files(tmp_path, LARGE, CUTS, write_csv, "csv")
    bar = Bar()
    job = Job([str(pattern)], Wanted(("score",)), asked(["mse_loss"], "mean"))
    job.dask = workers.scheduler_address
    run(job, bar)
    assert [what for what, _ in itertools.groupby(one[0] for one in bar.shown)] == [
        "connecting",
        "counting rows",
        "scoring",
    ]
    shares = [share for what, share, _ in bar.shown if what == "scoring"]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == pytest.approx(1.0) and len(shares) == 6
    assert 0 < bar.shown[-1][2] <= 20_000


# -- errors


def test_dask_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = failure("score", ROOT / "fastloss/data/lambdarank_test.parquet", *ADDITIVE, "--dask", "local")
    assert message.startswith("--dask needs Dask's distributed") and message.endswith('pip install "fastloss[dask]"')


def test_options_that_make_no_sense():
    assert failure("score", "a.parquet", *ADDITIVE, "--dask", "") == (
        "--dask is empty: expected 'local' or a scheduler's address"
    )
    embedded = ("--queries", "a.npy", "--keys", "b.npy", "--loss", "info_nce_loss")
    message = failure("score", *embedded, "--dask", "local")
    assert message == "--dask does nothing with --queries and --keys: expected one or the other"


def test_errors_are_those_without_dask(tmp_path, workers):
    """By file and row, from a part in the middle."""
    label = np.where(np.arange(20_000) == 13_777, 2, LARGE["label"])
    bad = {**LARGE, "label": label, "minus": np.where(np.arange(20_000) == 13_777, -1.0, LARGE["weight"])}
    pattern = files(tmp_path, bad, CUTS)
    dask = ("--dask", workers.scheduler_address)
    for some in (
        ("--loss", BCE),
        ("--loss", "soft_pairwise_loss", "--groups", "query"),
        ("--loss", "mse_loss", "--weights", "minus"),
        ("--loss", HINGE, "--weights", "minus"),
    ):
        message = failure("score", pattern, *some)
        assert "4.parquet: row 587 (counted from 0; row 13777 of all files)" in message
        assert failure("score", pattern, *some, *dask) == message
    write_csv(tmp_path / "3.csv", LARGE)
    text = (tmp_path / "3.csv").read_text().splitlines()
    text[44] = text[44].replace(",", ",x", 1)
    (tmp_path / "3.csv").write_text("\n".join(text))
    for names in (("3.csv", "4.csv"), ("4.csv", "3.csv")):  # counted first; or not
        write_csv(tmp_path / "4.csv", LARGE)
        paths = [tmp_path / name for name in names]
        message = failure("score", *paths, *ADDITIVE)
        assert "3.csv: row 43: column" in message
        assert failure("score", *paths, *ADDITIVE, *dask) == message


def test_labels_of_two_kinds_in_two_parts(tmp_path, workers):
    for cut, why in (
        (8192, "1.parquet: hinge_loss: target mixes 0 and -1"),  # where a chunk begins: two states
        (8200, "1.parquet: row "),  # two rows of one chunk
    ):
        data = {**LARGE, "label": np.where(np.arange(20_000) < cut, 2 * LARGE["label"] - 1.0, LARGE["label"])}
        pattern = files(tmp_path, data, (cut,))
        message = failure("score", pattern, "--loss", "hinge_loss", "--dask", workers.scheduler_address)
        assert why in message


def test_a_part_that_cannot_be_read(tmp_path, workers):
    """It is damaged after its footer has been found sound."""
    pattern = files(tmp_path, LARGE, CUTS)
    path = tmp_path / "3.parquet"
    content = bytearray(path.read_bytes())
    content[100:3000] = os.urandom(2900)
    path.write_bytes(content)
    message = failure("score", pattern, *ADDITIVE, "--dask", workers.scheduler_address)
    assert message.startswith(f"{path}: ") and " (on worker tcp://127.0.0.1:" in message


def test_wrong_addresses():
    for address, why in (("tcp://127.0.0.1:1", "Timed out"), ("nowhere", ""), ("foo://x:1", "foo")):
        began = time.monotonic()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cluster, "PATIENCE", 1)
            message = failure("score", ROOT / "fastloss/data/lambdarank_test.parquet", *ADDITIVE, "--dask", address)
        assert message.startswith(f"--dask {address}: ") and why in message
        assert time.monotonic() - began < 10


def test_workers_of_another_kind_are_named(tmp_path, workers, monkeypatch):
    write_parquet(tmp_path / "a.parquet", make())
    monkeypatch.setattr(fastloss, "__version__", "9.9")
    some = ("score", tmp_path / "a.parquet", *ADDITIVE, "--dask", workers.scheduler_address)
    message = failure(*some)
    assert message.startswith("worker tcp://") and "expected fastloss 9.9 for level " in message
    monkeypatch.setattr(cluster.Cluster, "_require_same_package", lambda self: None)  # they come later
    message = failure(*some)
    assert message.startswith(f"{tmp_path / 'a.parquet'}: RuntimeError: worker tcp://")
    assert "expected fastloss 9.9 for level " in message


# -- workers, schedulers and users that go away


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A bucket of 20 files; `reached` is set when one of them is read for the second time, and then waits for `go`."""
    files(tmp_path, LARGE, range(1_000, 20_000, 1_000))
    for name, value in s3.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with s3.serving(tmp_path) as server:
        server.reached, server.go = threading.Event(), threading.Event()

        def wait(key):
            if key == "11.parquet" and server.keys_read.count(key) > 3:  # the driver reads its head and its footer
                server.reached.set()
                server.go.wait(60)

        server.before_read = wait
        yield server
        server.go.set()
    storage._filesystem.cache_clear()


def started(server, *arguments):
    """The command in a process of its own, as a terminal would start it."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    command = [sys.executable, "-m", "fastloss", "score", server.uri("*.parquet"), *ADDITIVE, "--json", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=env, start_new_session=True, **pipes)


@pytest.mark.parametrize("groups", [("--groups", "query"), ("--groups", "label"), ()])
def test_a_worker_that_is_killed(tmp_path, workers, slow, groups):
    """Whether groups lie together, are scattered or are missing, so that hinges take all rows."""
    expected = numbers(score(tmp_path / "*.parquet", *SEVERAL, *groups))
    killed = []

    def kill():
        assert slow.reached.wait(60)
        busy = next(one.address for one in workers.scheduler.workers.values() if one.processing)
        pid = next(one.pid for one in workers.workers.values() if one.worker_address == busy)
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)
        slow.go.set()

    killer = threading.Thread(target=kill)
    killer.start()
    found = numbers(score(slow.uri("*.parquet"), *SEVERAL, *groups, "--dask", workers.scheduler_address))
    killer.join()
    assert killed
    assert {**found, "files": expected["files"]} == expected


@pytest.mark.parametrize("where", ["local", "elsewhere"])
def test_ctrl_c(workers, slow, where):
    address = "local" if where == "local" else workers.scheduler_address
    process = started(slow, "--dask", address, "--threads", "2")
    try:
        assert slow.reached.wait(60), process.communicate(timeout=1)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert (process.returncode, out, err) == (130, "", "")
    slow.go.set()
    deadline = time.monotonic() + 10
    while any("fastloss" in key for key in workers.scheduler.tasks):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def running(module, *arguments):
    """One of Dask's own commands, which is killed in the end."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-m", f"distributed.cli.{module}", *arguments], env=env, **quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_scheduler_that_is_lost(slow, tmp_path):
    about = ("--scheduler-file", str(tmp_path / "scheduler.json"))
    own = ("--host", "127.0.0.1", "--no-dashboard")
    with running("dask_scheduler", *about, *own, "--port", "0") as scheduler, contextlib.ExitStack() as stack:
        stack.enter_context(running("dask_worker", *about, *own, "--no-nanny", "--nthreads", "1"))
        deadline = time.monotonic() + 20
        while not os.path.exists(about[1]) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.1)  # until it is written
        address = json.loads(pathlib.Path(about[1]).read_text())["address"]
        process = stack.enter_context(started(slow, "--dask", address))
        assert slow.reached.wait(60), process.communicate(timeout=1)
        scheduler.kill()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"error: --dask {address}: the scheduler is lost") and err.count("\n") == 1


def test_a_part_that_kills_its_workers(slow):
    """The part is named after as many workers as Dask allows."""
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), started_cluster(1) as made:
        (nanny,) = made.workers.values()
        killer = threading.Thread(target=lambda: slow.reached.wait(60) and os.kill(nanny.pid, signal.SIGKILL))
        killer.start()
        message = failure("score", slow.uri("*.parquet"), *ADDITIVE, "--dask", made.scheduler_address)
        killer.join()
    assert message.startswith(f"{slow.uri('11.parquet')}: 1 workers were lost while at work on it, the last one tcp://")
