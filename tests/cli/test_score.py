"""What `fastloss score` prints for real files. Expected numbers come from plain loops, not from the package."""

import io
import json
import math
import os
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.cli.data import (
    FORMATS,
    LOGISTIC,
    PAIRWISE,
    by_group,
    exact,
    expected_logistic,
    expected_pairwise,
    failure,
    make,
    pair_sums,
    part,
    run,
    score,
    values,
    words,
    write_parquet,
)


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
    assert table["query"].to_pylist() == [names[g[0]] for g in groups]
    assert table["rows"].to_pylist() == [g[1] for g in groups]
    assert table[f"{PAIRWISE}_pairs"].to_pylist() == [g[4] for g in groups]
    means = [g[2] / g[3] if g[3] else None for g in groups]
    assert table[PAIRWISE].to_pylist() == [mean if mean is None else pytest.approx(mean, rel=1e-12) for mean in means]


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
    monkeypatch.setattr("fastloss.cli.scoring.partition.MOST", 0)
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
    assert table.column_names == ["query", "rows", PAIRWISE, f"{PAIRWISE}_pairs", LOGISTIC, "rmse_loss"]
    assert table.schema.field("query").type == pa.int32()
    for row, (group, rows, loss, weight, pairs) in zip(table.to_pylist(), by_group(data, weighted), strict=True):
        assert (row["query"], row["rows"], row[f"{PAIRWISE}_pairs"]) == (group, rows, pairs)
        assert row[PAIRWISE] == (pytest.approx(loss / weight, rel=1e-12) if weight else None)
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
            "nmae_loss:norm=4": a.sum() / 4,
            "pairwise_hinge_loss:margin=2,pairs=ordered": hinge,
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
    reports.append(score(parquet, "--loss", PAIRWISE, "--groups", "query", "--threads", 3))
    assert reports[0]["losses"] == reports[1]["losses"]
    assert failure("score", parquet, "--loss", PAIRWISE, "--threads", 0) == "--threads is 0: expected at least 1"


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
    assert "s compiling" in result.stdout
