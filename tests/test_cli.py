"""The command `fastloss` on real files. Expected numbers come from plain loops here, not from the package."""

import io
import json
import math
import os
import pathlib
import pty
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from fastloss.cli.app import app

PAIRWISE, LOGISTIC = "pairwise_logistic_loss", "binary_cross_entropy_with_logits"


# -- what is expected


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def pair_sums(scores, labels, weights=None):
    """The loss over the pairs of one group, their weights, their number."""
    loss = weight = pairs = 0
    for i in range(len(scores)):
        for j in range(len(scores)):
            if labels[i] > labels[j]:
                w = 1.0 if weights is None else float(weights[i]) * float(weights[j])
                loss += w * softplus(float(scores[j]) - float(scores[i]))
                weight += w
                pairs += 1
    return loss, weight, pairs


def by_group(data, weighted=False):
    """(group, rows, loss, weight, pairs) of each group, in the order of first appearance."""
    result = []
    for group in dict.fromkeys(data["query"].tolist()):
        some = data["query"] == group
        weights = data["weight"][some] if weighted else None
        result.append((group, int(some.sum()), *pair_sums(data["score"][some], data["label"][some], weights)))
    return result


def expected_pairwise(data, weighted=False):
    groups = by_group(data, weighted)
    return sum(g[2] for g in groups) / sum(g[3] for g in groups), sum(g[4] for g in groups)


def expected_logistic(data, weighted=False):
    w = data["weight"] if weighted else np.ones(len(data["score"]))
    losses = [softplus(s) - y * s for s, y in zip(data["score"].tolist(), data["label"].tolist(), strict=True)]
    return float((w * losses).sum() / w.sum())


# -- files


def make(size=400, groups=23, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "score": rng.normal(size=size).astype(np.float32),
        "label": rng.integers(0, 2, size).astype(np.int8),
        "query": np.sort(rng.integers(0, groups, size)).astype(np.int32),
        "weight": rng.random(size),
        "unused": rng.random(size),
    }


def part(data, start, stop):
    return {name: array[start:stop] for name, array in data.items()}


def write_parquet(path, data):
    pa.parquet.write_table(pa.table(data), path, row_group_size=60)


def exact(data):
    """The same numbers in float64, whose text is read back as them."""
    return pa.table({name: x.astype(np.float64) if x.dtype == np.float32 else x for name, x in data.items()})


def write_csv(path, data):
    pa.csv.write_csv(exact(data), path)


def write_ipc(path, data):
    with pa.ipc.new_file(path, pa.table(data).schema) as writer:
        writer.write_table(pa.table(data), max_chunksize=50)


def write_stream(path, data):
    with pa.ipc.new_stream(path, pa.table(data).schema) as writer:
        writer.write_table(pa.table(data), max_chunksize=50)


def write_npz(path, data):
    np.savez(path, **data)


def write_npz_compressed(path, data):
    np.savez_compressed(path, **data)


def write_npy(path, data):
    array = np.empty(len(data["score"]), [(name, column.dtype) for name, column in data.items()])
    for name, column in data.items():
        array[name] = column
    np.save(path, array)


FORMATS = {
    "data.parquet": write_parquet,
    "data.csv": write_csv,
    "data.arrow": write_ipc,
    "data.arrows": write_stream,
    "data.npz": write_npz,
    "compressed.npz": write_npz_compressed,
    "data.npy": write_npy,
    "parquet-by-its-first-bytes": write_parquet,
}


# -- running


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def score(*arguments):
    """The JSON that `fastloss score` prints."""
    result = run("score", *arguments, "--json")
    assert result.exit_code == 0, (result.stderr, result.exception)
    assert result.stderr == ""
    return json.loads(result.stdout)


def values(report):
    return {one["label"]: one["value"] for one in report["losses"]}


def failure(*arguments):
    """The one line of an error."""
    result = run(*arguments)
    assert result.exit_code == 2, (result.stdout, result.exception)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")
    return result.stderr.removeprefix("error: ").rstrip()


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "data.parquet"
    write_parquet(path, make())
    return path


# -- what comes out


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("batch_rows", [7, 100, 100_000])
def test_every_format(tmp_path, name, batch_rows):
    data = make()
    FORMATS[name](tmp_path / name, data)
    both = ("--loss", PAIRWISE, "--loss", LOGISTIC, "--groups", "query", "--batch-rows", batch_rows)
    report = score(tmp_path / name, *both)
    expected, pairs = expected_pairwise(data)
    assert values(report) == pytest.approx({PAIRWISE: expected, LOGISTIC: expected_logistic(data)}, rel=1e-12)
    assert report["losses"][0]["pairs"] == report["losses"][0]["weight"] == pairs
    assert report["losses"][1]["pairs"] is None
    assert report["losses"][1]["weight"] == report["rows"] == 400
    assert report["groups"] == len(set(data["query"].tolist()))
    assert report["partitioned"] is False


@pytest.mark.parametrize("suffix", ["csv.gz", "tsv", "csv.bz2"])
def test_other_csv(tmp_path, suffix):
    data = make(50)
    plain = io.BytesIO()
    pa.csv.write_csv(exact(data), plain, pa.csv.WriteOptions(delimiter="\t" if suffix == "tsv" else ","))
    text = plain.getvalue()
    if suffix.endswith("gz"):
        import gzip

        text = gzip.compress(text)
    if suffix.endswith("bz2"):
        import bz2

        text = bz2.compress(text)
    (tmp_path / f"data.{suffix}").write_bytes(text)
    found = values(score(tmp_path / f"data.{suffix}", "--loss", LOGISTIC))
    assert found == pytest.approx({LOGISTIC: expected_logistic(data)}, rel=1e-12)


def test_the_bits_do_not_depend_on_batches_or_files(tmp_path):
    data = make(20_000, 300)
    write_parquet(tmp_path / "all.parquet", data)
    for k, start in enumerate(range(0, 20_000, 7_000)):
        write_parquet(tmp_path / f"part-{k}.parquet", part(data, start, start + 7_000))
    rest = ("--loss", PAIRWISE, "--loss", "mse_loss", "--loss", "rmse_loss", "--groups", "query")
    whole = values(score(tmp_path / "all.parquet", *rest))
    for batch_rows in (999, 8192, 30_000):
        assert values(score(tmp_path / "part-*.parquet", *rest, "--batch-rows", batch_rows)) == whole


def test_patterns_are_sorted_and_groups_straddle_files(tmp_path):
    data = make()
    for name, start in (("b", 130), ("a", 0), ("c", 131), ("d", 290)):
        stop = {"a": 130, "b": 131, "c": 290, "d": 400}[name]
        write_parquet(tmp_path / f"{name}.parquet", part(data, start, stop))
    report = score(tmp_path / "*.parquet", "--loss", PAIRWISE, "--groups", "query", "--batch-rows", 33)
    assert [pathlib.Path(file).name for file in report["files"]] == ["a.parquet", "b.parquet", "c.parquet", "d.parquet"]
    expected, pairs = expected_pairwise(data)
    assert report["losses"][0]["value"] == pytest.approx(expected, rel=1e-12)
    assert report["losses"][0]["pairs"] == pairs
    assert report["partitioned"] is False


def identity(ids):
    return ids


def words(ids):
    return np.array([f"q{k % 7}-{k}" for k in ids.tolist()])


def dictionary(ids):
    return pa.array(words(ids)).dictionary_encode()


def dictionary_with_repeats(ids):
    values = sorted(set(words(ids).tolist())) * 2
    half = len(values) // 2
    indices = [values.index(word) + half * (k % 2) for k, word in enumerate(words(ids).tolist())]
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values))


def large(ids):
    return ids.astype(np.uint64) + np.uint64(2**63 - 5)


def negative(ids):
    return ids.astype(np.int64) - 10


KINDS = [identity, words, dictionary, dictionary_with_repeats, large, negative]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["sorted", "falling", "blocks", "shuffled", "late"])
@pytest.mark.parametrize("batch_rows", [16, 1000])
def test_ids_of_any_kind_in_any_order(tmp_path, kind, order, batch_rows):
    data = make(300)
    rng = np.random.default_rng(1)
    if order == "falling":
        rows = np.arange(300)[::-1]
    elif order == "blocks":
        blocks = rng.permutation(23)
        rows = np.argsort(np.argsort(blocks)[data["query"]], kind="stable")
    elif order == "shuffled":
        rows = rng.permutation(300)
    elif order == "late":  # one row of the first group at the very end
        rows = np.append(np.arange(1, 300), 0)
    else:
        rows = np.arange(300)
    data = {name: array[rows] for name, array in data.items()}
    ids = kind(data["query"])
    pa.parquet.write_table(pa.table({**data, "query": ids}), tmp_path / "data.parquet", row_group_size=90)
    out = tmp_path / "groups.parquet"
    arguments = ("--loss", PAIRWISE, "--loss", LOGISTIC, "--groups", "query", "--batch-rows", batch_rows)
    report = score(tmp_path / "data.parquet", *arguments, "--per-group", out)
    expected, pairs = expected_pairwise(data)
    assert values(report) == pytest.approx({PAIRWISE: expected, LOGISTIC: expected_logistic(data)}, rel=1e-12)
    assert report["losses"][0]["pairs"] == pairs
    assert report["partitioned"] is (order in ("shuffled", "late"))
    names = dict(
        zip(data["query"].tolist(), ids.tolist() if isinstance(ids, np.ndarray) else ids.to_pylist(), strict=True)
    )
    table = pa.parquet.read_table(out)
    groups = by_group(data)
    assert table["group"].to_pylist() == [names[g[0]] for g in groups]
    assert table["rows"].to_pylist() == [g[1] for g in groups]
    assert table[f"{PAIRWISE}_pairs"].to_pylist() == [g[4] for g in groups]
    means = [g[2] / g[3] if g[3] else 0.0 for g in groups]
    np.testing.assert_allclose(table[PAIRWISE].to_numpy(), means, rtol=1e-12)


def test_unsorted_ids_give_the_bits_of_sorted_ones(tmp_path):
    data = make(3000, 50)
    write_parquet(tmp_path / "sorted.parquet", data)
    rows = np.random.default_rng(3).permutation(3000)
    within = rows[np.argsort(data["query"][rows], kind="stable")]
    write_parquet(tmp_path / "sorted.parquet", {name: array[within] for name, array in data.items()})
    write_parquet(tmp_path / "unsorted.parquet", {name: array[rows] for name, array in data.items()})
    rest = ("--loss", PAIRWISE, "--loss", "pairwise_hinge_loss", "--groups", "query", "--weights", "weight")
    left, right = (score(tmp_path / f"{name}.parquet", *rest) for name in ("sorted", "unsorted"))
    assert (left["partitioned"], right["partitioned"]) == (False, True)
    assert left["losses"] == right["losses"]


def test_temporary_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    data = make()
    rows = np.random.default_rng(3).permutation(400)
    write_parquet(tmp_path / "data.parquet", {name: array[rows] for name, array in data.items()})
    assert score(tmp_path / "data.parquet", "--loss", PAIRWISE, "--groups", "query")["partitioned"]
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("weighted", [False, True])
def test_the_file_of_groups(tmp_path, weighted):
    data = make()
    write_parquet(tmp_path / "data.parquet", data)
    out = tmp_path / "groups.parquet"
    some = ("--loss", PAIRWISE, "--loss", LOGISTIC, "--loss", "rmse_loss", "--groups", "query")
    score(tmp_path / "data.parquet", *some, "--per-group", out, *(("--weights", "weight") if weighted else ()))
    table = pa.parquet.read_table(out)
    assert table.column_names == ["group", "rows", PAIRWISE, f"{PAIRWISE}_pairs", LOGISTIC, "rmse_loss"]
    assert table.schema.field("group").type == pa.int32()
    for row, (group, rows, loss, weight, pairs) in zip(table.to_pylist(), by_group(data, weighted), strict=True):
        assert (row["group"], row["rows"], row[f"{PAIRWISE}_pairs"]) == (group, rows, pairs)
        assert row[PAIRWISE] == pytest.approx(loss / weight if weight else 0.0, rel=1e-12)
        mine = {name: array[data["query"] == group] for name, array in data.items()}
        assert row[LOGISTIC] == pytest.approx(expected_logistic(mine, weighted), rel=1e-12)
        w = mine["weight"] if weighted else np.ones(rows)
        squares = (mine["score"].astype(float) - mine["label"]) ** 2
        assert row["rmse_loss"] == pytest.approx(math.sqrt((w * squares).sum() / w.sum()), rel=1e-12)
    umask = os.umask(0)
    os.umask(umask)
    assert out.stat().st_mode & 0o777 == 0o666 & ~umask
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.parquet", "groups.parquet"]


def test_weights(tmp_path):
    data = make()
    write_parquet(tmp_path / "data.parquet", data)
    report = score(
        tmp_path / "data.parquet", "--loss", PAIRWISE, "--loss", LOGISTIC, "--groups", "query", "--weights", "weight"
    )
    expected = {PAIRWISE: expected_pairwise(data, True)[0], LOGISTIC: expected_logistic(data, True)}
    assert values(report) == pytest.approx(expected, rel=1e-12)
    assert report["losses"][1]["weight"] == pytest.approx(data["weight"].sum())


def test_without_groups_all_rows_are_one(tmp_path):
    data = make(90)
    write_parquet(tmp_path / "data.parquet", data)
    report = score(tmp_path / "data.parquet", "--loss", PAIRWISE, "--batch-rows", 20)
    loss, weight, pairs = pair_sums(data["score"], data["label"])
    assert report["losses"][0]["value"] == pytest.approx(loss / weight, rel=1e-12)
    assert report["losses"][0]["pairs"] == pairs
    assert report["groups"] is None


def test_parameters_sums_and_one_loss_twice(tmp_path):
    data = make()
    write_parquet(tmp_path / "data.parquet", data)
    texts = (
        "huber_loss:delta=0.5",
        "huber_loss:delta=2",
        "nmae_loss:norm=4",
        "pairwise_hinge_loss:margin=2,pairs=ordered",
    )
    arguments = [word for text in texts for word in ("--loss", text)]
    out = tmp_path / "groups.parquet"
    report = score(tmp_path / "data.parquet", *arguments, "--groups", "query", "--reduction", "sum", "--per-group", out)
    a = np.abs(data["score"].astype(float) - data["label"])
    hinge = sum(
        max(0.0, 2.0 - (float(data["score"][i]) - float(data["score"][j])))
        for i in range(400)
        for j in range(400)
        if data["query"][i] == data["query"][j] and data["label"][i] > data["label"][j]
    )
    assert values(report) == pytest.approx(
        {
            "huber_loss:delta=0.5": np.where(a <= 0.5, a * a / 2, 0.5 * (a - 0.25)).sum(),
            "huber_loss:delta=2": np.where(a <= 2, a * a / 2, 2 * (a - 1)).sum(),
            "nmae_loss": a.sum() / 4,
            "pairwise_hinge_loss": hinge,
        },
        rel=1e-12,
    )
    assert report["losses"][0]["parameters"] == {"delta": 0.5}
    assert report["losses"][3]["parameters"] == {"pairs": "ordered", "margin": 2.0}
    assert "huber_loss:delta=0.5" in pa.parquet.read_schema(out).names


@pytest.mark.parametrize(
    ("scores", "loss", "expected"),
    [
        ([1.0, math.nan], "mse_loss", "NaN"),
        ([1.0, math.nan], PAIRWISE, "NaN"),
        ([1.0, math.inf], "mse_loss", "Infinity"),
    ],
)
@pytest.mark.parametrize("name", ["data.parquet", "data.csv"])
def test_what_json_has_no_number_for(tmp_path, scores, loss, expected, name):
    data = {"score": np.array(scores), "label": np.array([0, 1])}
    FORMATS[name](tmp_path / name, data)
    text = run("score", tmp_path / name, "--loss", loss, "--json").stdout
    assert json.loads(text, parse_constant=lambda word: pytest.fail(word))["losses"][0]["value"] == expected


def test_other_types_of_numbers(tmp_path):
    data = make(50)
    for k, (scores, labels) in enumerate(
        [
            (pa.array(data["score"]).cast(pa.float16()), pa.array(data["label"]).cast(pa.bool_())),
            (pa.array(data["score"]).cast(pa.decimal128(20, 4), safe=False), pa.array(data["label"]).cast(pa.uint64())),
            (pa.array(data["score"]).dictionary_encode(), pa.array(data["label"]).dictionary_encode()),
        ]
    ):
        path = tmp_path / f"{k}.parquet"
        pa.parquet.write_table(pa.table({"score": scores, "label": labels}), path)
        same = {"score": np.array(scores.to_pylist(), float), "label": data["label"]}
        assert values(score(path, "--loss", LOGISTIC)) == pytest.approx({LOGISTIC: expected_logistic(same)}, rel=1e-9)


def test_other_names_of_columns(tmp_path):
    data = make(50)
    write_parquet(tmp_path / "data.parquet", {"a": data["score"], "b.c": data["label"], "d": data["query"]})
    found = score(tmp_path / "data.parquet", "--loss", PAIRWISE, "--scores", "a", "--labels", "b.c", "--groups", "d")
    assert found["losses"][0]["value"] == pytest.approx(expected_pairwise(data)[0], rel=1e-12)


def test_a_file_of_no_rows_among_others(tmp_path):
    data = make(50)
    write_parquet(tmp_path / "a.parquet", part(data, 0, 0))
    write_parquet(tmp_path / "b.parquet", data)
    write_parquet(tmp_path / "c.parquet", part(data, 0, 0))
    report = score(tmp_path / "?.parquet", "--loss", PAIRWISE, "--groups", "query")
    assert report["losses"][0]["value"] == pytest.approx(expected_pairwise(data)[0], rel=1e-12)


def test_threads_do_not_change_the_bits(parquet):
    reports = [score(parquet, "--loss", PAIRWISE, "--groups", "query", "--threads", 1)]
    import numba

    most = numba.config.NUMBA_NUM_THREADS
    reports.append(score(parquet, "--loss", PAIRWISE, "--groups", "query", "--threads", most))
    assert reports[0]["losses"] == reports[1]["losses"]
    assert f"expected 1 to {most}" in failure("score", parquet, "--loss", PAIRWISE, "--threads", most + 1)


def test_the_table(parquet):
    result = run("score", parquet, "--loss", PAIRWISE, "--loss", LOGISTIC, "--groups", "query")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    pairwise = next(line for line in lines if PAIRWISE in line)
    expected, pairs = expected_pairwise(make())
    assert f"{expected:.8g}" in pairwise
    assert f"{pairs:,} pairs" in pairwise
    assert "400 rows of 1 file in" in result.stdout
    assert "rows/s" in result.stdout


# -- what goes wrong


def test_unknown_losses_and_parameters(parquet):
    assert "unknown loss 'pairwise_logistic_los'; did you mean 'pairwise_logistic_loss'?" in failure(
        "score", parquet, "--loss", "pairwise_logistic_los"
    )
    assert failure("score", parquet, "--loss", "huber_loss:gamma=1") == (
        "huber_loss has no parameter 'gamma' (its parameters: delta)"
    )
    assert failure("score", parquet, "--loss", "huber_loss:delta=-1").startswith(
        "huber_loss: delta is -1: expected a number"
    )
    assert "delta is 'big'" in failure("score", parquet, "--loss", "huber_loss:delta=big")
    assert "'delta' has no value" in failure("score", parquet, "--loss", "huber_loss:delta")
    assert "expected one of 'ordered', 'all'" in failure("score", parquet, "--loss", f"{PAIRWISE}:pairs=some")
    assert "expected True or False" in failure("score", parquet, "--loss", "poisson_nll_loss:full=2")
    message = failure("score", parquet, "--loss", "margin_ranking_loss")
    assert message.startswith("margin_ranking_loss cannot be scored: expected a loss of scores and labels, one of ")
    assert PAIRWISE in message
    assert "mse_loss" in message
    assert "norm is 'range', a function of all targets" in failure("score", parquet, "--loss", "nmae_loss")
    assert "expected 'mean'" in failure("score", parquet, "--loss", "rmse_loss", "--reduction", "sum")
    assert "is given twice" in failure("score", parquet, "--loss", "mse_loss", "--loss", "mse_loss")
    assert "no --loss is given" in failure("score", parquet)


def test_options(parquet):
    assert "--reduction is 'none'" in failure("score", parquet, "--loss", "mse_loss", "--reduction", "none")
    assert "--batch-rows is 0" in failure("score", parquet, "--loss", "mse_loss", "--batch-rows", 0)
    assert "--per-group needs --groups" in failure("score", parquet, "--loss", "mse_loss", "--per-group", "x.parquet")
    assert "--lossy" in failure("score", parquet, "--lossy", "mse_loss")
    assert "files" in failure("score", "--loss", "mse_loss").lower()
    assert "frobnicate" in failure("frobnicate")


def test_columns(parquet):
    message = failure("score", parquet, "--loss", "mse_loss", "--scores", "scroe")
    assert message == (f"{parquet}: no column 'scroe' for --scores (columns: score, label, query, weight, unused)")
    assert "no column 'q'" in failure("score", parquet, "--loss", "mse_loss", "--groups", "q")
    assert "column 'weight' has type double: expected integers or strings" in failure(
        "score", parquet, "--loss", PAIRWISE, "--groups", "weight"
    )
    pa.parquet.write_table(pa.table({"score": ["a"], "label": [1]}), parquet)
    assert "column 'score' has type string: expected numbers" in failure("score", parquet, "--loss", "mse_loss")


def test_files_that_are_not_there(tmp_path):
    assert failure("score", tmp_path / "no.parquet", "--loss", "mse_loss") == f"{tmp_path / 'no.parquet'}: no such file"
    assert "no file matches" in failure("score", tmp_path / "*.parquet", "--loss", "mse_loss")
    assert "is a folder" in failure("score", tmp_path, "--loss", "mse_loss")
    (tmp_path / "data.xyz").write_text("hello")
    assert "unknown format" in failure("score", tmp_path / "data.xyz", "--loss", "mse_loss")
    write_parquet(tmp_path / "a.parquet", make(10))
    assert "is given twice" in failure("score", tmp_path / "a.parquet", tmp_path / "*.parquet", "--loss", "mse_loss")


def test_a_file_that_may_not_be_read(parquet):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    parquet.chmod(0)
    assert failure("score", parquet, "--loss", "mse_loss") == f"{parquet}: Permission denied"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_files_that_are_cut_off(tmp_path, name, keep):
    path = tmp_path / name
    FORMATS[name](path, make(3000))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    if name.endswith("csv") and keep:
        assert run("score", path, "--loss", "mse_loss").exit_code in (0, 2)  # where a line ends, none can tell
        return
    out = tmp_path / "groups.parquet"
    message = failure("score", path, "--loss", "mse_loss", "--groups", "query", "--per-group", out)
    assert message.startswith(f"{path}: ")
    assert sorted(one.name for one in tmp_path.iterdir()) == [name]


def test_files_of_the_wrong_content(tmp_path):
    np.save(tmp_path / "plain.npy", np.arange(5.0))
    assert "expected a structured one" in failure("score", tmp_path / "plain.npy", "--loss", "mse_loss")
    np.savez(tmp_path / "uneven.npz", score=np.zeros(5), label=np.zeros(4))
    assert "'label' has 4 elements, but 'score' has 5" in failure(
        "score", tmp_path / "uneven.npz", "--loss", "mse_loss"
    )
    np.savez(tmp_path / "objects.npz", score=np.array([None, 1], object), label=np.zeros(2))
    assert "no column 'score'" in failure("score", tmp_path / "objects.npz", "--loss", "mse_loss")
    (tmp_path / "garbage.parquet").write_bytes(b"not a Parquet file at all")
    assert "garbage.parquet" in failure("score", tmp_path / "garbage.parquet", "--loss", "mse_loss")
    (tmp_path / "words.csv").write_text("score,label\n1.5,1\nbad,0\n")
    assert "has type string" in failure("score", tmp_path / "words.csv", "--loss", "mse_loss")
    (tmp_path / "ragged.csv").write_text("score,label\n1.5,1\n1,2,3\n")
    assert "ragged.csv" in failure("score", tmp_path / "ragged.csv", "--loss", "mse_loss")
    write_parquet(tmp_path / "none.parquet", part(make(), 0, 0))
    assert "no rows" in failure("score", tmp_path / "none.parquet", "--loss", "mse_loss")


def test_a_word_late_in_a_csv_file(tmp_path):
    lines = "1.25,1\n" * 400_000
    (tmp_path / "late.csv").write_text(f"score,label\n{lines}bad,0\n")
    message = failure("score", tmp_path / "late.csv", "--loss", "mse_loss")
    assert "late.csv" in message
    assert "bad" in message


def test_mixed_schemas(tmp_path):
    data = make(20)
    write_parquet(tmp_path / "a.parquet", data)
    write_parquet(tmp_path / "b.parquet", {**data, "score": data["score"].astype(np.float64)})
    message = failure("score", tmp_path / "?.parquet", "--loss", "mse_loss")
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    assert message == f"{b}: column 'score' has type double, but float in {a}"
    write_parquet(b, {**data, "query": words(data["query"])})
    assert "column 'query' has type string, but int32" in failure(
        "score", a, b, "--loss", "mse_loss", "--groups", "query"
    )
    write_parquet(b, {name: array for name, array in data.items() if name != "label"})
    assert failure("score", a, b, "--loss", "mse_loss").startswith(f"{b}: no column 'label'")


@pytest.mark.parametrize(("column", "option"), [("score", ()), ("label", ()), ("query", ("--groups", "query"))])
@pytest.mark.parametrize("name", ["parquet", "csv", "dictionary"])
def test_null(tmp_path, column, option, name):
    data = make(100)
    write_parquet(tmp_path / "a.parquet", data)
    table = pa.table(data)
    index = table.column_names.index(column)
    empty = [None if row == 63 else x for row, x in enumerate(table[column].to_pylist())]
    table = table.set_column(index, column, pa.array(empty, table[column].type))
    if name == "csv":
        paths = [tmp_path / "b.csv"]
        pa.csv.write_csv(table, paths[0])
        row = "row 63"
    else:
        if name == "dictionary":
            table = table.set_column(index, column, table[column].dictionary_encode())
        paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
        pa.parquet.write_table(table, paths[1])
        row = "row 63 (counted from 0; row 163 of all files)"
    message = failure("score", *paths, "--loss", PAIRWISE, *option, "--batch-rows", 50)
    assert message == f"{paths[-1]}: {row}: column '{column}' is null"


def test_labels_out_of_range(tmp_path):
    data = make(100)
    for name in "ab":
        write_parquet(tmp_path / f"{name}.parquet", data)
    data["label"] = data["label"].copy()
    data["label"][41] = 7
    write_parquet(tmp_path / "c.parquet", data)
    out = tmp_path / "out.parquet"
    some = ("--loss", "mse_loss", "--loss", "focal_loss", "--groups", "query", "--batch-rows", 30)
    assert failure("score", tmp_path / "?.parquet", *some, "--per-group", out) == (
        f"{tmp_path / 'c.parquet'}: row 41 (counted from 0; row 241 of all files): "
        "label is 7: expected by focal_loss 0 or 1"
    )
    assert not list(tmp_path.glob("*out*"))
    assert not list(tmp_path.glob(".*"))


def test_two_conventions_of_labels_in_two_files(tmp_path):
    data = make(100)
    write_parquet(tmp_path / "a.parquet", data)
    write_parquet(tmp_path / "b.parquet", {**data, "label": (2 * data["label"] - 1).astype(np.int8)})
    first = int(np.argmax(data["label"] == 0))
    for loss in ("hinge_loss", "soft_pairwise_loss"):
        message = failure("score", tmp_path / "?.parquet", "--loss", loss)
        assert f"b.parquet: row {first} " in message
        assert "label is -1" in message


@pytest.mark.parametrize(("found", "text"), [(-0.5, "-0.5"), (math.nan, "nan")])
def test_weights_out_of_range(tmp_path, found, text):
    data = make(100)
    data["weight"][12] = found
    write_parquet(tmp_path / "data.parquet", data)
    message = failure(
        "score", tmp_path / "data.parquet", "--loss", PAIRWISE, "--groups", "query", "--weights", "weight"
    )
    assert f"data.parquet: row 12: weight is {text}: expected" in message


def test_nan_labels_of_pairs(tmp_path):
    data = {"score": np.zeros(3), "label": np.array([0.0, math.nan, 1.0])}
    write_parquet(tmp_path / "data.parquet", data)
    assert "row 1: label is nan" in failure("score", tmp_path / "data.parquet", "--loss", PAIRWISE)
    assert values(score(tmp_path / "data.parquet", "--loss", "mse_loss")) == {"mse_loss": "NaN"}


def test_places_where_nothing_can_be_written(tmp_path, parquet):
    some = ("score", parquet, "--loss", "mse_loss", "--groups", "query", "--per-group")
    assert "no folder" in failure(*some, tmp_path / "no" / "out.parquet")
    assert "is a folder" in failure(*some, tmp_path)
    assert "is one of the files to be read" in failure(*some, parquet)


def test_an_older_file_of_groups_outlives_a_failure(tmp_path, parquet):
    out = tmp_path / "out.parquet"
    out.write_text("older")
    data = make()
    data["label"][399] = 9
    write_parquet(parquet, data)
    failure("score", parquet, "--loss", "focal_loss", "--groups", "query", "--per-group", out, "--batch-rows", 50)
    assert out.read_text() == "older"
    assert len(list(tmp_path.iterdir())) == 2


# -- the other commands


def test_list():
    from fastloss.loss import REGISTRY

    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(REGISTRY)
    assert next(line for line in lines if line.startswith("huber_loss ")).split(maxsplit=2) == [
        "huber_loss",
        "score",
        "delta=1.0 (in (0, inf))",
    ]
    entries = {one["loss"]: one for one in json.loads(run("list", "--json").stdout)}
    assert entries[PAIRWISE]["parameters"]["pairs"] == {"range": "ordered or all", "default": "ordered"}
    assert entries["margin_ranking_loss"]["score"] is False


def test_info():
    facts = json.loads(run("info", "--json").stdout)
    import numba

    assert facts["numba"] == numba.__version__
    assert facts["pyarrow"] == pa.__version__
    assert {"fastloss", "python", "llvmlite", "numpy", "threads", "threading layer", "gpu", "cache"} <= set(facts)
    assert "numba" in run("info").stdout


@pytest.mark.slow
def test_warmup_calls_every_loss():
    from fastloss.cli.warmup import calls
    from fastloss.loss import REGISTRY

    everything = calls()
    assert {name for name, _ in everything} == set(REGISTRY)
    done = set()
    for name, call in everything:  # the first of each loss is its value in float32
        if name not in done or name in ("focal_loss", PAIRWISE):
            call()
        done.add(name)
    for name in REGISTRY:  # the last is the value of float32 scores and integer labels
        [call for other, call in everything if other == name][-1]()


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
    command = [sys.executable, "-m", "fastloss", "score", str(tmp_path / "data.parquet"), "--loss", PAIRWISE]
    command += ["--loss", "mse_loss", "--groups", "query", "--per-group", str(out), "--batch-rows", "50"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
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
