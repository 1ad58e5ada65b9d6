"""Files of every type that is honest, files that are damaged, more files than may be open; and where output goes."""

import os
import resource
import stat
import subprocess
import sys
import threading
import zipfile
from decimal import Decimal

import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from tests.cli.data import FORMATS, PAIRWISE, failure, make, part, run, score, softplus, values, words, write_parquet

LOSS = ("--loss", "mse_loss")


# -- types


def text(ids):
    return pa.array([f"u{k}" for k in ids.tolist()])


IDS = {
    "large_string": lambda ids: text(ids).cast(pa.large_string()),
    "string_view": lambda ids: text(ids).cast(pa.string_view()),
    "binary": lambda ids: text(ids).cast(pa.binary()),
    "binary_view": lambda ids: text(ids).cast(pa.binary_view()),
    "fixed_size_binary": lambda ids: pa.array([b"%04d" % k for k in ids.tolist()], pa.binary(4)),
    "a dictionary of views": lambda ids: pa.DictionaryArray.from_arrays(
        pa.array(ids, pa.uint32()), pa.array([f"u{k}" for k in range(int(ids.max()) + 1)]).cast(pa.string_view())
    ),
    "a dictionary of integers": lambda ids: pa.array(ids, pa.int64()).dictionary_encode(),
    "runs": lambda ids: pa.compute.run_end_encode(text(ids)),
    "date32": lambda ids: pa.array(ids.astype("M8[D]")),
    "timestamp[ns]": lambda ids: pa.array((ids.astype(np.int64) + 1_700_000_000_000_000_001).astype("M8[ns]")),
    "timestamp with a zone": lambda ids: pa.array(ids.astype("M8[us]"), pa.timestamp("us", "Europe/Berlin")),
    "duration": lambda ids: pa.array(ids.astype("m8[us]")),
    "decimal": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal128(25, 0)),
    "decimal32": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal32(9, 2)),
    "decimal64": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal64(18, 2)),
    "a dictionary of decimals": lambda ids: pa.DictionaryArray.from_arrays(
        pa.array(ids, pa.int32()), pa.array([Decimal(k) for k in range(int(ids.max()) + 1)], pa.decimal32(9, 0))
    ),
    "bool": lambda ids: pa.array(ids % 2 == 0),
}


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("order", ["together", "apart"])
def test_ids(tmp_path, kind, order):
    data = make(60, 8)
    if order == "apart":
        rows = np.random.default_rng(1).permutation(60)
        data = {name: array[rows] for name, array in data.items()}
    ids = IDS[kind](data["query"])
    table = pa.table({"score": data["score"], "label": data["label"], "user": ids})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=25)
    out = tmp_path / "out.parquet"
    options = (*LOSS, "--groups", "user", "--batch-rows", 7, "--per-group", out)
    score(tmp_path / "a.arrow", *options)
    found, expected = pa.parquet.read_table(out), {}
    for one, s, y in zip(_plain(ids), data["score"].astype(float).tolist(), data["label"].tolist(), strict=True):
        expected.setdefault(one, []).append((s - y) ** 2)
    assert _plain(found["group"].combine_chunks()) == list(expected)
    assert found["mse_loss"].to_pylist() == pytest.approx([sum(some) / len(some) for some in expected.values()])


def _plain(ids):
    """Ids as Python has them; times as numbers, since Python has no nanoseconds."""
    if pa.types.is_temporal(ids.type):
        ids = ids.view(pa.int32() if ids.type.bit_width == 32 else pa.int64())
    return ids.to_pylist()


def test_categories_whose_dictionaries_differ(tmp_path):
    groups = [[f"u{start + k}" for k in range(100)] for start in (0, 100, 50)]  # 150 values: too many for int8
    parts = [pa.array(group).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())) for group in groups]
    table = pa.table({"score": np.arange(300.0), "label": np.arange(300) % 2, "user": pa.chunked_array(parts)})
    with pa.ipc.new_stream(tmp_path / "a.arrows", table.schema) as writer:
        for batch in table.to_batches():
            writer.write_batch(batch)
    report = score(tmp_path / "a.arrows", "--loss", PAIRWISE, "--groups", "user")
    assert report["groups"] == 200
    assert report["losses"][0]["pairs"] == 0  # u100 to u149 twice, each with the same label


def test_a_categorical_of_polars(tmp_path):
    frame = polars.DataFrame({"score": [1.0, 2.0, 5.0], "label": [1, 0, 1], "user": ["a", "b", "a"]})
    frame.with_columns(polars.col("user").cast(polars.Categorical)).write_ipc(tmp_path / "a.arrow")
    assert score(tmp_path / "a.arrow", "--loss", PAIRWISE, "--groups", "user")["groups"] == 2


@pytest.mark.parametrize("kind", [pa.decimal128(20, 11), pa.decimal128(38, 30), pa.decimal256(60, 40)])
def test_decimals_are_the_nearest_float64(tmp_path, kind):
    rng = np.random.default_rng(0)
    numbers = [Decimal(1), Decimal("0.3")]
    numbers += [Decimal(int(k)).scaleb(-kind.scale) for k in rng.integers(-(2**62), 2**62, 200)]
    table = pa.table({"score": pa.array(numbers, kind), "label": np.zeros(202), "user": np.arange(202)})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    out = tmp_path / "out.parquet"
    score(tmp_path / "a.parquet", "--loss", "l1_loss", "--groups", "user", "--per-group", out)
    assert pa.parquet.read_table(out)["l1_loss"].to_pylist() == [abs(float(number)) for number in numbers]


def test_whole_decimals_that_float64_does_not_hold(tmp_path):
    for number, fits in ((2**53, True), (2**53 + 1, False), (2**64, True)):
        scores = pa.array([Decimal(1), Decimal(number)], pa.decimal128(25, 0))
        pa.parquet.write_table(pa.table({"score": scores, "label": [0.0, 0.0]}), tmp_path / "a.parquet")
        if fits:
            assert values(score(tmp_path / "a.parquet", "--loss", "l1_loss")) == {"l1_loss": (1 + number) / 2}
        else:
            message = f"row 1: column 'score' is {number}, which float64 does not hold"
            assert message in failure("score", tmp_path / "a.parquet", "--loss", "l1_loss")


@pytest.mark.parametrize(
    "kind", [pa.decimal128(38, 2), pa.decimal128(38, 0), pa.decimal256(60, 3), pa.decimal64(18, 0), pa.int64()]
)
@pytest.mark.parametrize("groups", [(), ("--groups", "user")])
def test_decimals_whose_order_counts(tmp_path, kind, groups):
    large = 10**17 if kind == pa.decimal64(18, 0) else 2**60
    labels = [1, 2, large, large + 1]  # the last two are one float64
    labels = pa.array(labels if kind == pa.int64() else [Decimal(y) for y in labels], kind)
    path, out = tmp_path / "a.parquet", tmp_path / "out.parquet"
    try:
        pa.parquet.write_table(pa.table({"score": [3.0, 3.0, 1.0, 2.0], "label": labels, "user": [1, 1, 2, 2]}), path)
    except pa.ArrowNotImplementedError:
        pytest.skip(f"PyArrow {pa.__version__} writes no {kind} to Parquet")
    some = (*groups, *(("--per-group", out) if groups else ()), "--batch-rows", 3)
    found = values(score(path, "--loss", PAIRWISE, "--loss", "pairwise_hinge_loss", *some))
    pairs = [-1.0, 0.0] if groups else [-1.0, 0.0, 2.0, 2.0, 1.0, 1.0]  # scores of the lower label less the higher's
    assert found[PAIRWISE] == pytest.approx(sum(map(softplus, pairs)) / len(pairs), rel=1e-12)
    assert found["pairwise_hinge_loss"] == sum(max(0.0, 1.0 + gap) for gap in pairs) / len(pairs)
    assert f"{large + 1}" in failure("score", path, *LOSS, "--loss", PAIRWISE)
    assert f"{large + 1}" in failure("score", path, "--loss", f"{PAIRWISE}:pairs=all")


@pytest.mark.parametrize("number", ["1152921504606846976.25", "10000000000000000000000001"])
def test_decimals_that_nothing_holds(tmp_path, number):
    scale = 2 if "." in number else 0
    for column in ("score", "label"):
        data = {"score": [1.0, 2.0], "label": [0.0, 1.0]}
        data[column] = pa.array([Decimal(1), Decimal(number)], pa.decimal128(38, scale))
        pa.parquet.write_table(pa.table(data), tmp_path / "a.parquet")
        message = f"row 1: column '{column}' is {number}, which float64 does not hold"
        for loss in ("mse_loss", PAIRWISE):
            assert message in failure("score", tmp_path / "a.parquet", "--loss", loss)


def test_types_that_are_no_numbers_and_no_ids(tmp_path):
    path = tmp_path / "a.parquet"
    pa.parquet.write_table(pa.table({"score": [1.0], "label": [[1]], "user": [1.5]}), path)
    assert "column 'label' has type list<element: int64>: expected numbers" in failure("score", path, *LOSS)
    pa.parquet.write_table(pa.table({"score": [1.0], "label": [1], "user": [1.5]}), path)
    assert "column 'user' has type double: expected integers or strings as group ids, or dates" in failure(
        "score", path, "--loss", PAIRWISE, "--groups", "user"
    )
    spans = pa.array([(1, 2, 3)], pa.month_day_nano_interval())
    with pa.ipc.new_file(path, pa.schema({"score": pa.float64(), "label": pa.int64(), "user": spans.type})) as writer:
        writer.write_table(pa.table({"score": [1.0], "label": [1], "user": spans}))
    assert "column 'user' has type month_day_nano_interval: expected integers or strings" in failure(
        "score", path, "--loss", PAIRWISE, "--groups", "user"
    )


@pytest.mark.parametrize(
    "unit", ["M8[Y]", "M8[M]", "M8[W]", "M8[10D]", "M8[h]", "M8[10s]", "m8[h]", "m8[D]", "m8[25ms]"]
)
@pytest.mark.parametrize("order", [[0, 0, 1, 1], [0, 1, 0, 1]])
def test_dates_in_units_that_arrow_has_not(tmp_path, unit, order):
    ids = np.array(order) + np.array(50).astype(unit)
    data = {"score": np.arange(4.0), "label": np.array([0, 1, 1, 0]), "user": ids}
    for name in ("a.npz", "a.npy"):
        FORMATS[f"data.{name[2:]}"](tmp_path / name, data)
        score(tmp_path / name, *LOSS, "--groups", "user", "--per-group", tmp_path / "out.parquet")
        found = pa.parquet.read_table(tmp_path / "out.parquet")["group"].to_numpy()
        assert (found == np.unique(ids)).all() and found.size == 2


def test_dates_that_arrow_does_not_hold(tmp_path):
    path = tmp_path / "a.npz"
    some = ("score", path, "--loss", PAIRWISE, "--groups", "user")
    for date, unit in ((2**32, "D"), (10**7, "Y"), (10**17, "Y"), (2**60, "h")):
        np.savez(path, score=np.arange(2.0), label=np.array([0, 1]), user=np.array([0, date], f"M8[{unit}]"))
        assert f"in units of {unit}, which Arrow does not hold in" in failure(*some)
    np.savez(path, score=np.arange(2.0), label=np.array([0, 1]), user=np.array([0, 1], "m8[Y]"))
    assert "column 'user' has type timedelta64[Y]: expected integers or strings" in failure(*some)


@pytest.mark.parametrize("groups", [(), ("--groups", "user")])
def test_integers_beyond_float64_in_parquet(tmp_path, groups):
    """2**53 and 2**53 + 1 are one float64: labels of pairs reach the loss as they are, others are refused."""
    path = tmp_path / "a.parquet"
    labels = pa.array([2**53, 2**53 + 1, 0])
    pa.parquet.write_table(pa.table({"score": [1.0, 1.0, 1.0], "label": labels, "user": [5, 5, 5]}), path)
    report = score(path, "--loss", PAIRWISE, *groups)
    assert report["losses"][0]["pairs"] == fastloss.pairwise_logistic_loss([1.0] * 3, labels, with_counts=True)[1]
    assert values(report) == {PAIRWISE: pytest.approx(np.log(2.0))}  # of equal scores
    message = f"row 1: label is {2**53 + 1}: expected by mse_loss a number that float64 holds exactly"
    assert failure("score", path, *LOSS, "--loss", PAIRWISE, *groups) == f"{path}: {message}"


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


def test_a_column_of_nothing_but_null(tmp_path):
    empty = pa.table({"score": pa.array([], pa.null()), "label": pa.array([], pa.null())})
    pa.parquet.write_table(empty, tmp_path / "a.parquet")
    pa.parquet.write_table(pa.table({"score": [1.0, 3.0], "label": [1, 1]}), tmp_path / "b.parquet")
    assert values(score(tmp_path / "a.parquet", tmp_path / "b.parquet", *LOSS)) == {"mse_loss": 2.0}
    pa.parquet.write_table(pa.table({"score": [1.0], "label": pa.nulls(1)}), tmp_path / "a.parquet")
    assert failure("score", tmp_path / "a.parquet", *LOSS).endswith("row 0: column 'label' is null")


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
    ["--scores", "--labels", "--groups", "--weights", "--reduction", "--per-group", "--threads", "--batch-rows"],
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
