"""Signals at any moment, streams and disks that fail, folders that are not there, and names that are nearly right."""

import contextlib
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from fastloss.cli import streams, temporary
from fastloss.cli.errors import UserError
from fastloss.compile import store
from fastloss.core.spelling import did_you_mean, nearest
from tests.cli.data import PAIRWISE, failure, make, run, write_parquet

ROOT = pathlib.Path(__file__).parents[2]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def environment(tmp_path, **more):
    """Variables of a process whose temporary files all go to a folder of the test."""
    (tmp_path / "temporary").mkdir(exist_ok=True)
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    return {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path / "temporary"), **more}


def command(*arguments):
    return [sys.executable, "-m", "fastloss", *map(str, arguments)]


# -- signals


@contextlib.contextmanager
def started(tmp_path, *arguments, **more):
    """The command as a terminal starts it, in a session of its own, when it has come to answer signals."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # or it would be ignored, as in the background
    process = subprocess.Popen(
        command(*arguments), env=environment(tmp_path, **more), start_new_session=True, text=True, **pipes
    )
    signal.signal(signal.SIGINT, before)
    try:
        wait(lambda: answers(process.pid))
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def answers(pid):
    """Whether a process has handlers of its own for all three signals."""
    (line,) = [one for one in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("SigCgt")]
    wanted = sum(1 << (one - 1) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    return int(line.split()[1], 16) & wanted == wanted


def alive(session):
    """The processes of a session that still do something; orphans wait for whoever should collect them."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, own = status.read_text().rpartition(")")[2].split()[:4]
            if own == str(session) and state != "Z":
                found.append(status.parent.name)
    return found


def ends(process, sent, tmp_path, to_all=False):
    """Send a signal, and check how the process ends, and that nothing is left."""
    (os.killpg if to_all else os.kill)(process.pid, sent)
    assert process.wait(timeout=60) == 128 + sent
    assert process.stderr.read() == ""
    wait(lambda: not alive(process.pid), 10)
    assert list((tmp_path / "temporary").iterdir()) == []


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MOMENTS = (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.9, 1.5)  # seconds: imports, and waiting for input


@linux
@pytest.mark.parametrize("at", range(len(MOMENTS)))
def test_a_signal_at_any_moment(tmp_path, at):
    (tmp_path / "out.json").write_text("old")
    with started(tmp_path, "score", "-", "--loss", "mse_loss", "--output", tmp_path / "out.json") as process:
        time.sleep(MOMENTS[at])
        ends(process, SIGNALS[at % 3], tmp_path, to_all=at % 2 == 0)
    assert (tmp_path / "out.json").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "temporary"]


@linux
@pytest.mark.parametrize("sent", SIGNALS)
def test_a_signal_while_rows_are_sorted(tmp_path, sent):
    data = make(100_000, 1)
    write_parquet(tmp_path / "data.parquet", {**data, "query": np.arange(100_000) % 1000})
    options = ("--loss", PAIRWISE, "--groups", "query", "--batch-rows", 50, "--per-group", tmp_path / "out.csv")
    with started(tmp_path, "score", tmp_path / "data.parquet", *options) as process:
        wait(lambda: list((tmp_path / "temporary").glob("*/*.arrows")))
        assert list(tmp_path.glob(".out.csv.*.tmp"))
        ends(process, sent, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.parquet", "temporary"]


@linux
@pytest.mark.parametrize("option", ["--per-group", "--output"])
def test_a_signal_while_nobody_takes_the_results(tmp_path, parquet, option):
    os.mkfifo(tmp_path / "out.csv")
    options = ("--loss", PAIRWISE, "--groups", "query", option, tmp_path / "out.csv")
    with started(tmp_path, "score", parquet, *options) as process:
        time.sleep(1)
        ends(process, signal.SIGTERM, tmp_path)


@linux
@pytest.mark.compiled
@pytest.mark.parametrize(("sent", "seconds"), [(signal.SIGINT, 0.0), (signal.SIGHUP, 0.3), (signal.SIGTERM, 1.5)])
def test_a_signal_while_processes_compile(tmp_path, sent, seconds):
    kernels = tmp_path / "store"
    with started(tmp_path, "warmup", "mse_loss", "l1_loss", "--jobs", 2, FASTLOSS_CACHE_DIR=str(kernels)) as process:
        wait(lambda: len(alive(process.pid)) > 2)  # with what `multiprocessing` has to watch over it
        time.sleep(seconds)
        ends(process, sent, tmp_path, to_all=sent == signal.SIGINT)
    assert not list(kernels.glob(".*"))


@linux
def test_a_signal_while_a_cluster_starts(tmp_path, parquet):
    pytest.importorskip("distributed")
    with started(tmp_path, "score", parquet, "--loss", "mse_loss", "--dask", "local", "--threads", 2) as process:
        wait(lambda: list((tmp_path / "temporary").iterdir()))
        ends(process, signal.SIGINT, tmp_path, to_all=True)


@linux
def test_a_long_call_does_not_keep_the_process(tmp_path):
    """Python's handlers wait until C has returned; another thread does not."""
    code = f"""
import hashlib, os
from fastloss.cli import leaving
leaving.arm()
with leaving.Undoing(lambda: os.unlink({str(tmp_path / "made")!r})):
    open({str(tmp_path / "made")!r}, "w").close()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""
    with subprocess.Popen([sys.executable, "-c", code], env=environment(tmp_path)) as process:
        wait(lambda: (tmp_path / "made").exists())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
    assert not (tmp_path / "made").exists()


@linux
def test_signals_that_are_ignored_stay_so(tmp_path, parquet):
    shell = "trap '' HUP; exec \"$@\""
    process = subprocess.Popen(
        ["sh", "-c", shell, "sh", *command("score", "-", "--loss", "mse_loss", "--format", "parquet")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(tmp_path),
    )
    wait(lambda: list((tmp_path / "temporary").iterdir()))
    process.send_signal(signal.SIGHUP)
    assert b"mse_loss" in process.communicate(parquet.read_bytes())[0]
    assert process.returncode == 0


# -- streams

PRINTING = [
    ("list",),
    ("list", "--json"),
    ("show", "huber_loss"),
    ("info", "--json"),
    ("--help",),
    ("--version",),
    ("score", "--help"),
    ("--show-completion", "bash"),
    ("score", "DATA", "--loss", "mse_loss"),
    ("score", "DATA", "--loss", "mse_loss", "--json"),
]


def shell(tmp_path, redirections, *arguments):
    line = f'"$@" {redirections}'
    process = ["bash", "-c", line, "bash", *command(*arguments)]
    return subprocess.run(process, capture_output=True, text=True, env=environment(tmp_path), check=False)


@pytest.mark.parametrize("arguments", PRINTING)
def test_a_full_disk_takes_no_output(tmp_path, parquet, arguments):
    found = shell(tmp_path, ">/dev/full", *(str(parquet) if one == "DATA" else one for one in arguments))
    assert (found.returncode, found.stderr) == (2, "error: standard output: No space left on device\n")


@pytest.mark.parametrize(
    ("redirections", "code", "said"),
    [
        (">&-", 2, "error: standard output: Bad file descriptor\n"),
        (">&- <&- 2>&-", 2, ""),
        ("2>&-", 0, ""),
        ("<&-", 0, ""),
        ("2>/dev/full", 0, ""),
        ("| true; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_streams_that_are_closed(tmp_path, parquet, redirections, code, said):
    """No other file takes their place: what is printed would go there."""
    out = tmp_path / "out.csv"
    options = ("--loss", "mse_loss", "--groups", "query", "--per-group", out)
    found = shell(tmp_path, redirections, "score", parquet, *options)
    assert (found.returncode, found.stderr) == (code, said)
    assert out.read_text().splitlines()[0] == '"query","rows","mse_loss"'
    assert len(out.read_text().splitlines()) == 24


@pytest.mark.parametrize("redirections", ["2>&-", "2>/dev/full"])
def test_errors_that_nobody_can_be_told(tmp_path, redirections):
    found = shell(tmp_path, redirections, "show", "hubert_loss")
    assert (found.returncode, found.stdout, found.stderr) == (2, "", "")


def test_a_closed_input(tmp_path):
    found = shell(tmp_path, "<&-", "score", "-", "--loss", "mse_loss")
    assert (found.returncode, found.stderr) == (2, "error: standard input: Bad file descriptor\n")


def test_a_reader_who_takes_some(tmp_path):
    found = shell(tmp_path, "| head -c 1; exit ${PIPESTATUS[0]}", "list", "--json")
    assert (found.stdout, found.stderr) == ("[", "")
    assert found.returncode in (0, 141)  # 0 where the pipe holds all of it


def test_a_pipe_that_does_not_wait(tmp_path):
    """Another process may have set it so; what does not fit is written later."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    size = 1 << 20
    with open(reader, "rb") as taken, open(writer, "wb", buffering=0) as raw:
        printed = streams.Printed(raw, must=True)
        child = os.fork()
        if child == 0:
            count = 0
            while count < size:
                count += len(os.read(reader, 4096))
            os._exit(0)
        left = memoryview(bytes(size))
        while left:
            left = left[printed.write(left) :]
        assert os.waitpid(child, 0)[1] == 0
        assert taken.fileno() == reader


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"COLUMNS": "1"},
        {"COLUMNS": "x", "TERM": "dumb", "NO_COLOR": "1"},
        {"PYTHONUNBUFFERED": "1"},
    ],
)
def test_terminals_of_all_kinds(tmp_path, variables):
    path = tmp_path / "é\udcff.csv"  # PyArrow itself opens no file whose name is not UTF-8
    path.write_text("score,label\n0,0\n0,nan\n")
    process = subprocess.run(
        command("score", path, "--loss", "mse_loss"), capture_output=True, env=environment(tmp_path, **variables)
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert b"nan" in process.stdout and b"row 1: column 'label'" in process.stdout


# -- disks


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, 1 << 14))


@pytest.fixture
def scattered(tmp_path):
    data = make(80_000, 1)
    write_parquet(tmp_path / "data.parquet", {**data, "query": np.arange(80_000) % 10_000})
    return tmp_path / "data.parquet"


@pytest.mark.parametrize("target", ["sort", "input", "out.csv", "out.parquet", "/dev/null"])
def test_a_full_disk(tmp_path, scattered, target):
    arguments = ["score", scattered, "--loss", PAIRWISE, "--groups", "query"]
    if target == "input":
        arguments = ["score", "-", "--loss", "mse_loss"]
    elif target != "sort":
        arguments = ["score", scattered, "--loss", "mse_loss", "--groups", "label", "--per-group", tmp_path / target]
        write_parquet(scattered, {**make(80_000, 1), "label": np.arange(80_000)})
    with scattered.open("rb") as file:
        found = subprocess.run(
            command(*arguments),
            stdin=file,
            capture_output=True,
            text=True,
            env=environment(tmp_path),
            preexec_fn=limited,
        )
    assert found.returncode == 2
    assert found.stderr.startswith("error: ") and found.stderr.count("\n") == 1
    assert "File too large" in found.stderr
    where = str(tmp_path / target) if target.startswith("out") else f"temporary files in {tmp_path / 'temporary'}"
    assert where in found.stderr or target == "/dev/null"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.parquet", "temporary"]
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("option", ["--per-group"])
def test_a_device_that_is_full(parquet, option):
    assert failure("score", parquet, "--loss", "mse_loss", "--groups", "query", option, "/dev/full") == (
        "/dev/full: No space left on device"
    )


@pytest.mark.parametrize("place", ["none", "file", "/proc"])
def test_temporary_folders_that_cannot_be(tmp_path, scattered, monkeypatch, place):
    """Python would pass over TMPDIR then, and fill another disk."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(tmp_path / place))
    found = failure("score", scattered, "--loss", PAIRWISE, "--groups", "query")
    if place == "/proc":
        assert found == "temporary files in /proc: No such file or directory"
    else:
        assert found == f"TMPDIR is {tmp_path / place}: no such folder"
    assert run("score", scattered, "--loss", "mse_loss").exit_code == 0  # which needs none
    assert "TMPDIR" in failure("warmup", "mse_loss") or place == "/proc"


def test_a_folder_that_another_thread_fills(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    remove, late = shutil.rmtree, ["a", "b"]

    def removed(path, **more):
        remove(path, **more)
        if late:
            os.makedirs(os.path.join(path, late.pop()))

    monkeypatch.setattr(shutil, "rmtree", removed)
    with temporary.folder() as folder:
        assert os.stat(folder).st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_users_without_a_home(tmp_path, monkeypatch):
    """Python leaves their ~ as it is, which would be a folder of that name."""
    monkeypatch.delenv("FASTLOSS_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    assert not store.keep("kernel", b"content")
    assert store.described() == "none: the user has no home folder (set FASTLOSS_CACHE_DIR)"
    assert list(tmp_path.iterdir()) == []


def test_unfinished_kernels_are_swept(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTLOSS_CACHE_DIR", str(tmp_path))
    for name in (".12-a.tmp", ".123-b.tmp", "a.kernel"):
        (tmp_path / name).write_text("")
    store.sweep([12, None])
    store.sweep([])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".123-b.tmp", "a.kernel"]


@pytest.mark.compiled
def test_a_store_that_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTLOSS_CACHE_DIR", "/proc/store")
    assert failure("warmup", "mse_loss").startswith("no kernels can be stored: /proc/store cannot be made")
    from fastloss.ahead import workers

    monkeypatch.setenv("FASTLOSS_CACHE_DIR", str(tmp_path))
    done = [workers.Done("mse_loss", 3, 0, 1.0, 0, 2)]
    monkeypatch.setattr(workers, "warmed", lambda *_, **__: (one for one in done))
    found = run("warmup", "mse_loss")
    assert (found.exit_code, found.stderr) == (2, f"error: 2 kernels could not be stored in {tmp_path}\n")


def test_variables_that_cannot_be(tmp_path, parquet):
    for name, value in (("FASTLOSS_NUM_THREADS", "many"), ("FASTLOSS_LEVEL", "best")):
        for arguments in (("info",), ("score", parquet, "--loss", "mse_loss")):
            found = subprocess.run(
                command(*arguments), capture_output=True, text=True, env=environment(tmp_path, **{name: value})
            )
            assert found.returncode == 2
            assert found.stderr.startswith(f"error: {name} is '{value}': expected") and found.stderr.count("\n") == 1


# -- names


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scor",), "no command 'scor'; did you mean 'score'?"),
        (("frobnicate",), "no command 'frobnicate' (commands: score, compare, list"),
        (("--versoin",), "no option --versoin; did you mean --version?"),
        (("list", "--jsn"), "no option --jsn; did you mean --json?"),
        (("--score", "a"), "no option --score; did you mean --scores?"),
        (("--group", "a"), "no option --group; did you mean --groups?"),
        (("--label=a",), "no option --label; did you mean --labels?"),
        (("--batch_rows=5",), "no option --batch_rows; did you mean --batch-rows?"),
        (("-loss", "a"), "no option -loss; did you mean --loss?"),
        (("-x",), "no option -x"),
        (("--loss", "huber_loss:dleta=1"), "huber_loss has no parameter 'dleta'; did you mean 'delta'?"),
        (("--loss", f"{PAIRWISE}:pairs=orderd"), "'ordered', 'all'; did you mean 'ordered'?"),
        (("--loss", "ndgc:k=3"), "unknown loss 'ndgc'; did you mean 'ndcg'?"),
        (("--loss", "acu"), "unknown loss 'acu'; did you mean 'auc'?"),
        (("--loss", "mse_loss", "--scores", "scroe"), "did you mean 'score'?"),
        (("--loss", "mse_loss", "--weights", "wieght"), "did you mean 'weight'?"),
        (("--loss", "mse_loss", "--reduction", "maen"), "expected one of 'mean', 'sum'; did you mean 'mean'?"),
        (("--loss", "mse_loss", "--nulls", "dorp"), "did you mean 'drop'?"),
        (("--loss", "mse_loss", "--format", "parqet"), "did you mean 'parquet'?"),
        (("--loss", "mse_loss", "--threads", "x"), "Invalid value for '--threads'"),
        (("--loss", "mse_loss", "--threads", "-1"), "--threads is -1: expected at least 1"),
        (("--loss", "mse_loss", "--batch-rows", "1e3"), "Invalid value for '--batch-rows'"),
        (("--loss", "mse_loss", "--groups"), "requires an argument"),
        (("--loss", "mse_loss", "--json=yes"), "does not take a value"),
        (("--loss", "mse_loss", ""), "the name of a file is empty"),
        (("--loss", "mse_loss", "@list"), "@list: no such file"),
        (("--", "--loss"), "no --loss is given"),
    ],
)
def test_did_you_mean(parquet, arguments, said):
    is_score = arguments[0].startswith("-") and arguments[0] != "--versoin"
    assert said in failure(*(("score", parquet) if is_score else ()), *arguments)


def test_keys_of_a_configuration(tmp_path, parquet):
    (tmp_path / "job.toml").write_text('group = "query"\n')
    said = failure("score", parquet, "--config", tmp_path / "job.toml")
    assert "no option 'group'; did you mean 'groups'? (options: " in said


@pytest.mark.parametrize("count", [10**9, 10**30])
def test_more_threads_than_there_can_be(parquet, count):
    code = f"import sys; from fastloss.cli.app import app; app(['score', {str(parquet)!r}, '--loss', 'mse_loss', "
    code += f"'--threads', '{count}'])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_options_stand_anywhere(parquet):
    for arguments in (
        ("--loss", "mse_loss", "--scores=score", parquet, "--labels=label"),
        ("--loss=mse_loss", "--", parquet),
        (parquet, "--json", "--json", "--loss", "mse_loss"),
    ):
        assert run("score", *arguments).exit_code == 0


def test_nearest():
    names = ("score", "scores", "batch-rows", "Label ")
    assert nearest("SCORE", names) == ("score",)
    assert nearest("batch_rows", names) == ("batch-rows",)
    assert nearest("label", names) == ("Label ",)
    assert nearest("batch", names) == ("batch-rows",)  # the beginning of one
    assert nearest("", names) == nearest("zzz", names) == ()
    assert nearest("cfgh", ("scores", "hgfc")) == ("hgfc",)  # the same letters
    assert did_you_mean(()) == ""
    assert did_you_mean("ab") == "; did you mean 'a' or 'b'?"


def test_where_temporary_files_go(monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    assert os.path.isdir(temporary.place())
    monkeypatch.setenv("TMPDIR", "")
    assert os.path.isdir(temporary.place())
    with pytest.raises(UserError, match="temporary files in "), temporary.written():
        raise OSError(28, "No space left on device")
