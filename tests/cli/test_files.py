"""Files that are damaged, more files than may be open, and where output goes."""

import os
import resource
import stat
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.cli.data import FORMATS, PAIRWISE, failure, make, part, run, score, softplus, values, words, write_parquet

LOSS = ("--loss", "mse_loss")


@pytest.mark.parametrize("unit", [1.0, 1e-170, 1e200])
@pytest.mark.parametrize("groups", [(), ("--groups", "query")])
def test_a_mean_does_not_depend_on_the_unit_of_weights(tmp_path, unit, groups):
    data = make(60)
    weights = np.random.default_rng(0).integers(1, 5, 60).astype(float)
    means = []
    for one in (weights, weights * unit):
        write_parquet(tmp_path / "a.parquet", {**data, "weight": one})
        out = tmp_path / "out.parquet"
        more = (*groups, "--weights", "weight", *(("--per-group", out) if groups else ()))
        report = score(tmp_path / "a.parquet", "--loss", PAIRWISE, *LOSS, *more, "--batch-rows", 25)
        means.append([*values(report).values(), *(pa.parquet.read_table(out)[PAIRWISE].to_pylist() if groups else ())])
    assert means[0] == [mean if mean is None else pytest.approx(mean, rel=1e-12) for mean in means[1]]
    assert means[0][0] > 0.0


UNITS = [  # with the first group's share of all pairs' weight
    ([1e-200, 1e-200, 1.0, 1.0], 0.0),
    ([1.0, 1.0, 1e200, 1e200], 0.0),
    ([1e-200, 1e-200, 1e200, 1e200], 0.0),
    ([1e200, 1e200, 1e-200, 1e-200], 1.0),
    ([1e-200, 1e200, 1e-200, 1e200], 0.5),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [2, 100])
@pytest.mark.parametrize(("weights", "share"), UNITS)
def test_each_group_may_have_another_unit_of_weights(tmp_path, weights, share, rows):
    data = {"score": np.array([1.0, 2.0, 1.0, 5.0]), "label": np.array([0, 1, 0, 1])}
    data |= {"weight": np.array(weights), "query": np.array([1, 1, 2, 2])}
    write_parquet(tmp_path / "a.parquet", data)
    out = tmp_path / "out.parquet"
    some = ("--loss", PAIRWISE, "--weights", "weight", "--groups", "query", "--batch-rows", rows, "--per-group", out)
    report = score(tmp_path / "a.parquet", *some)
    means = [softplus(-1.0), softplus(-4.0)]  # of one pair each, whatever it weighs
    assert values(report)[PAIRWISE] == pytest.approx(share * means[0] + (1.0 - share) * means[1], rel=1e-13)
    assert pa.parquet.read_table(out)[PAIRWISE].to_pylist() == pytest.approx(means, rel=1e-13)


def test_arrays_that_are_not_asked_for(tmp_path):
    more = {"c": np.zeros(2, complex), "o": np.array([None, 1]), "m": np.zeros((2, 2)), "r": np.zeros(2, "i4,i4")}
    np.savez(tmp_path / "a.npz", score=np.array([1.0, 3.0]), label=np.ones(2), l=np.zeros(2, np.longdouble), **more)
    assert values(score(tmp_path / "a.npz", *LOSS)) == {"mse_loss": 2.0}  # (0² + 2²) / 2
    for name, kind in (("c", "complex128"), ("o", "object"), ("m", "an array of shape (2, 2)")):
        message = failure("score", tmp_path / "a.npz", *LOSS, "--scores", name)
        assert f"column {name!r} has type {kind}: expected numbers" in message
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("broken.npy", b"nothing")
    assert values(score(tmp_path / "a.npz", *LOSS)) == {"mse_loss": 2.0}
    assert "column 'broken' has type unknown (" in failure("score", tmp_path / "a.npz", *LOSS, "--labels", "broken")


# -- damage


def in_processes(tmp_path, *arguments, **more):
    command = [sys.executable, "-m", "fastloss", "score", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, **more)


@pytest.mark.parametrize("what", ["offsets", "utf8", "indices", "views"])
def test_arrow_files_that_lie(tmp_path, what):
    """Offsets, indices and views that point beyond their buffers; without a check they end the process."""
    ids = pa.array([f"user {k}, whose name is too long for a view" for k in range(100)])
    if what == "offsets":
        offsets = np.frombuffer(ids.buffers()[1], np.int32)[:101].copy()
        offsets[50] = 2**30  # only the last one is looked at without a full check
        ids = pa.Array.from_buffers(pa.string(), 100, [None, pa.py_buffer(offsets), ids.buffers()[2]])
    elif what == "utf8":
        ids = pa.Array.from_buffers(pa.string(), 100, [None, ids.buffers()[1], pa.py_buffer(b"\xff" * 10_000)])
    elif what == "indices":
        indices = pa.array(np.full(100, 2**30, np.int32))
        ids = pa.DictionaryArray.from_arrays(indices, ids, safe=False)
    else:
        views = np.tile(np.array([40, 0, 7, 2**30], np.int32), 100)
        ids = pa.Array.from_buffers(pa.string_view(), 100, [None, pa.py_buffer(views), ids.buffers()[2]])
    table = pa.table({"score": np.arange(100.0), "label": np.zeros(100), "user": ids})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    result = in_processes(tmp_path, "a.arrow", *LOSS, "--groups", "user", "--per-group", "out.parquet")
    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith("error: a.arrow: ") and result.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["a.arrow"]


@pytest.mark.parametrize(
    "name", ["data.parquet", "data.arrow", "data.arrows", "data.npz", "compressed.npz", "data.npy"]
)
def test_files_with_bytes_changed(tmp_path, name):
    """Whatever is wrong with a file, it is one line, or it is read; the seed is fixed, and none of these is a crash."""
    rng = np.random.default_rng(0)
    path, out = tmp_path / name, tmp_path / "out.parquet"
    data = make(60)
    FORMATS[name](path, {**data, "query": words(data["query"])})
    content = path.read_bytes()
    for _ in range(15):
        changed = np.frombuffer(content, np.uint8).copy()
        places = rng.integers(0, changed.size, rng.integers(1, 6))
        changed[places] = rng.integers(0, 256, places.size)
        path.write_bytes(changed.tobytes())
        result = run("score", path, *LOSS, "--groups", "query", "--per-group", out)
        assert result.exit_code in (0, 2), result.exception
        assert result.exit_code == 0 or (result.stderr.count("\n") == 1 and not out.exists())
        out.unlink(missing_ok=True)
        assert os.listdir(tmp_path) == [name]


def test_a_csv_error_ends_no_process(tmp_path):
    (tmp_path / "a.csv").write_text("score,label\n" + "1,1\n" * 200_000 + "bad,1\n" + "1,1\n" * 4_000_000)
    for _ in range(3):
        result = in_processes(tmp_path, "a.csv", *LOSS)
        expected = "error: a.csv: row 200000: column 'score' is 'bad': expected a number\n"
        assert (result.returncode, result.stderr) == (2, expected)


@pytest.mark.parametrize("name", ["data.parquet", "data.csv", "data.arrow", "data.arrows", "data.npz", "data.npy"])
def test_more_files_than_may_be_open(tmp_path, name):
    stem, suffix = name.split(".")
    for k in range(80):
        FORMATS[name](tmp_path / f"{stem}{k:03}.{suffix}", part(make(800), 10 * k, 10 * k + 10))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 40, hard))
    try:
        assert score(tmp_path / f"*.{suffix}", *LOSS, "--loss", PAIRWISE)["rows"] == 800
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# -- where output goes


def per_group(path, data):
    return run("score", data, *LOSS, "--groups", "query", "--per-group", path)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o604])
def test_the_mode_of_the_file_is_kept(tmp_path, parquet, mode):
    out = tmp_path / "out.parquet"
    out.write_text("older")
    out.chmod(mode)
    if os.geteuid() == 0:
        os.chown(out, 12345, 54321)
    before = out.stat()
    assert per_group(out, parquet).exit_code == 0
    after = out.stat()
    assert pa.parquet.read_table(out).num_rows == 23
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (mode, before.st_uid, before.st_gid)


def test_a_link_stays_one(tmp_path, parquet):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "out.parquet", tmp_path / "link"
    link.symlink_to(target)
    for _ in range(2):  # a link to nothing, then to a file
        assert per_group(link, parquet).exit_code == 0
        assert link.is_symlink()
        assert pa.parquet.read_table(target).num_rows == 23
        assert [one.name for one in (tmp_path / "folder").iterdir()] == ["out.parquet"]
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "Too many levels" in failure("score", parquet, *LOSS, "--groups", "query", "--per-group", tmp_path / "loop")


def test_a_device_stays_one(tmp_path, parquet):
    (tmp_path / "link").symlink_to(os.devnull)
    for path in (os.devnull, tmp_path / "link"):
        assert per_group(path, parquet).exit_code == 0
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    if os.path.exists("/dev/full"):
        assert failure("score", parquet, *LOSS, "--groups", "query", "--per-group", "/dev/full") == (
            "/dev/full: No space left on device"
        )


def test_a_pipe_is_written_through(tmp_path, parquet):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert per_group(pipe, parquet).exit_code == 0
    reader.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert pa.parquet.read_table(pa.BufferReader(read[0])).num_rows == 23


def test_no_results_over_results(tmp_path, parquet):
    arguments = (parquet, *LOSS, "--groups", "query", "--per-group", "/dev/stdout")
    with open(tmp_path / "out", "w") as out:
        command = [sys.executable, "-m", "fastloss", "score", *map(str, arguments)]
        result = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, "error: /dev/stdout: is where the results are printed\n")
    other = tmp_path / "other.parquet"
    os.link(parquet, other)
    assert "is one of the files to be read" in failure(
        "score", parquet, *LOSS, "--groups", "query", "--per-group", other
    )
    assert "--per-group is empty" in failure("score", parquet, *LOSS, "--groups", "query", "--per-group", "")


def test_a_name_as_long_as_names_may_be(tmp_path, parquet):
    out = tmp_path / ("n" * 255)
    assert per_group(out, parquet).exit_code == 0
    assert pa.parquet.read_table(out).num_rows == 23


# -- options


@pytest.mark.parametrize(
    "option",
    ["--labels", "--groups", "--weights", "--reduction", "--per-group", "--threads", "--batch-rows"],
)
def test_options_that_are_given_twice(parquet, option):
    number = option in ("--threads", "--batch-rows")
    one, other = ("1", "1") if number else ("score", "label")
    assert failure("score", parquet, *LOSS, option, one, f"{option}={other}") == f"{option} is given twice"


def test_a_parameter_that_is_given_twice(parquet):
    assert failure("score", parquet, "--loss", "huber_loss:delta=1,delta=2") == "huber_loss: delta is given twice"


def test_a_batch_larger_than_any(parquet):
    assert score(parquet, *LOSS, "--batch-rows", 10**30)["rows"] == 400


def test_weights_that_are_all_zero(tmp_path):
    data = make(40)
    write_parquet(tmp_path / "a.parquet", {**data, "weight": np.zeros(40)})
    for groups in ((), ("--groups", "query")):
        report = score(tmp_path / "a.parquet", "--loss", PAIRWISE, *LOSS, "--weights", "weight", *groups)
        assert values(report) == {PAIRWISE: 0.0, "mse_loss": 0.0}
