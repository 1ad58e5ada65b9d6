"""Folders and their keys, standard input, JSON Lines, delimiters, types that differ from file to file, nulls."""

import bz2
import datetime
import decimal
import gzip
import io
import json
import math
import subprocess
import sys
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from tests.cli.data import PAIRWISE, expected_pairwise, failure, make, run, score, values, write_csv, write_parquet

LOSS = ("--loss", "mse_loss")
PAIRS = ("--loss", PAIRWISE, "--groups")


def expected_mse(data):
    return pytest.approx(float(np.mean((data["score"].astype(float) - data["label"]) ** 2)), rel=1e-14)


def write_json(path, data, opened=open):
    rows = [dict(zip(data, row, strict=True)) for row in zip(*(one.tolist() for one in data.values()), strict=True)]
    with opened(path, "wb") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


def write(path, **columns):
    pa.parquet.write_table(pa.table(columns), path)


# -- folders


@pytest.fixture
def days(tmp_path):
    """A table of two days by shops, as warehouses write it."""
    data = make(60, groups=4)
    for at, (day, shop) in enumerate([("2026-01-01", "a%2Fb"), ("2026-01-01", "c"), ("2026-01-02", "c")]):
        folder = tmp_path / "table" / f"day={day}" / f"shop={shop}"
        folder.mkdir(parents=True)
        write_parquet(folder / "part-0.parquet", {name: one[20 * at : 20 * at + 20] for name, one in data.items()})
    (tmp_path / "table" / "_SUCCESS").write_text("")
    (tmp_path / "table" / "_metadata.parquet").write_text("others' business")
    (tmp_path / "table" / "notes.md").write_text("no data")
    return tmp_path / "table", data


def test_a_folder(days):
    folder, data = days
    report = score(folder, *LOSS)
    assert (report["rows"], len(report["files"])) == (60, 3)
    assert values(report) == {"mse_loss": expected_mse(data)}


@pytest.mark.parametrize("column", ["shop", "day"])
def test_keys_of_folders_are_columns(days, tmp_path, column):
    folder, data = days
    ids = {"shop": ["a/b"] * 20 + ["c"] * 40, "day": ["2026-01-01"] * 40 + ["2026-01-02"] * 20}[column]
    out = tmp_path / "groups.parquet"
    report = score(folder, *PAIRS, column, "--per-group", out)
    number = np.unique(ids, return_inverse=True)[1]
    assert values(report) == {PAIRWISE: pytest.approx(expected_pairwise({**data, "query": number})[0], rel=1e-13)}
    assert pa.parquet.read_table(out)[column].to_pylist() == list(dict.fromkeys(ids))
    assert values(score(f"{folder}/**/part*.parquet", *PAIRS, column)) == values(report)


def test_a_key_as_a_number_and_one_that_is_in_the_file_too(tmp_path):
    for weight in ("1", "3"):
        (tmp_path / f"weight={weight}").mkdir()
    write(tmp_path / "weight=1" / "a.parquet", score=[0.0], label=[1])
    write(tmp_path / "weight=3" / "b.parquet", score=[0.0], label=[2])
    assert values(score(tmp_path, *LOSS, "--weights", "weight")) == {"mse_loss": (1.0 + 3.0 * 4.0) / 4.0}
    write(tmp_path / "weight=3" / "b.parquet", score=[0.0], label=[2], weight=[1.0])
    assert values(score(tmp_path, *LOSS, "--weights", "weight")) == {"mse_loss": 2.5}


def test_rows_without_a_key(tmp_path):
    (tmp_path / "user=__HIVE_DEFAULT_PARTITION__").mkdir()
    write(tmp_path / "user=__HIVE_DEFAULT_PARTITION__" / "a.parquet", score=[0.0, 1.0], label=[1, 0])
    message = failure("score", tmp_path, *PAIRS, "user")
    assert message.endswith("a.parquet: row 0: column 'user' is null")
    assert "no rows" in failure("score", tmp_path, *PAIRS, "user", "--nulls", "drop")


# -- standard input


@pytest.mark.parametrize("form", ["parquet", "csv", "json", "gz"])
def test_standard_input(tmp_path, form):
    data = make(50)
    path = tmp_path / f"data.{form}"
    if form == "gz":
        write_csv(tmp_path / "data.csv", data)
        path.write_bytes(gzip.compress((tmp_path / "data.csv").read_bytes()))
    else:
        {"parquet": write_parquet, "csv": write_csv, "json": write_json}[form](path, data)
    more = ("--format", "csv") if form == "gz" else ()
    command = [sys.executable, "-m", "fastloss", "score", "-", *PAIRS, "query", "--json", *more]
    found = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
    report = json.loads(found.stdout)
    assert report["files"] == ["-"]
    assert values(report) == {PAIRWISE: pytest.approx(expected_pairwise(data)[0], rel=1e-6)}


def test_standard_input_that_is_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert "is empty" in run("score", "-", *LOSS).stderr
    assert "is given twice" in failure("score", "-", "-", *LOSS)


# -- JSON Lines


@pytest.mark.parametrize(("name", "opened"), [("a.jsonl", open), ("a.ndjson.gz", gzip.open), ("a.json.bz2", bz2.open)])
def test_json_lines(tmp_path, monkeypatch, name, opened):
    monkeypatch.setattr("fastloss.cli.reading.json_files.BLOCK", 1000)  # many pieces
    data = make(200)
    write_json(tmp_path / name, data, opened)
    report = score(tmp_path / name, *LOSS, *PAIRS, "query", "--batch-rows", 30)
    assert values(report) == {
        "mse_loss": expected_mse(data),
        PAIRWISE: pytest.approx(expected_pairwise(data)[0], rel=1e-13),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"score": "x", "label": 1}', "row 3: column 'score' is 'x': expected a number"),
        ('{"score": true, "label": 1}', "row 3: column 'score' is True: expected a number"),
        ('{"score": 1, "label": ', 'row 3: \'{"score": 1, "label":\' is no JSON object'),
        ("[1, 2]", "row 3: '[1, 2]' is no JSON object"),
        ('{"label": 1}', "row 3: column 'score' is null"),
        ('{"score": 9007199254740993, "label": 1}', "row 3: column 'score' is 9007199254740993, which float64"),
    ],
)
def test_a_line_that_cannot_be_used(tmp_path, monkeypatch, line, said):
    monkeypatch.setattr("fastloss.cli.reading.json_files.BLOCK", 60)
    good = '{"score": 0.5, "label": 1}\n'
    (tmp_path / "a.jsonl").write_text(3 * good + line + "\n" + good)
    assert said in failure("score", tmp_path / "a.jsonl", *LOSS)


def test_ids_of_json_are_what_they_are(tmp_path):
    lines = [{"score": s, "label": y, "user": u} for s, y, u in [(0, 1, "1"), (1, 0, "1"), (0, 1, "01"), (2, 0, "01")]]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert score(tmp_path / "a.jsonl", *PAIRS, "user")["groups"] == 2
    (tmp_path / "a.jsonl").write_text('{"score": 0, "label": 1, "user": "2026-01-01"}\n')
    assert score(tmp_path / "a.jsonl", *PAIRS, "user")["groups"] == 1


# -- CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    path.write_text(f'score{delimiter}label{delimiter}"a,b"\n0{delimiter}1{delimiter}x\n2{delimiter}1{delimiter}y\n')
    assert values(score(path, *LOSS)) == {"mse_loss": 1.0}


def test_a_delimiter_that_is_given(tmp_path):
    (tmp_path / "a.csv").write_text("score:label\n0:1\n")
    assert "no column 'score'" in failure("score", tmp_path / "a.csv", *LOSS)
    assert values(score(tmp_path / "a.csv", *LOSS, "--delimiter", ":")) == {"mse_loss": 1.0}
    (tmp_path / "a.txt").write_text("score\tlabel\n0\t1\n")
    for tab in ("tab", "\\t"):
        assert values(score(tmp_path / "a.txt", *LOSS, "--delimiter", tab)) == {"mse_loss": 1.0}
    assert failure("score", tmp_path / "a.csv", *LOSS, "--delimiter", "::").startswith("--delimiter is '::'")


def test_a_format_that_is_given(tmp_path):
    (tmp_path / "export").write_text("score,label\n0,1\n")
    assert "unknown format (expected one of .parquet" in failure("score", tmp_path / "export", *LOSS)
    assert values(score(tmp_path / "export", *LOSS, "--format", "csv")) == {"mse_loss": 1.0}
    assert failure("score", tmp_path / "export", *LOSS, "--format", "xls").startswith("--format is 'xls': expected one")


# -- types


def test_types_that_differ_from_file_to_file(tmp_path):
    data = make(60)
    kinds = [(np.float32, np.int8, np.int16), (np.float64, np.int64, np.uint8), (np.float64, np.float32, np.float64)]
    for at, (of_score, of_label, of_query) in enumerate(kinds):
        part = {name: one[20 * at : 20 * at + 20] for name, one in data.items()}
        more = {"score": part["score"].astype(of_score), "label": part["label"].astype(of_label)}
        write_parquet(tmp_path / f"{at}.parquet", {**part, **more, "query": part["query"].astype(of_query)})
    report = score(tmp_path, *LOSS, *PAIRS, "query")
    assert values(report) == {
        "mse_loss": expected_mse(data),
        PAIRWISE: pytest.approx(expected_pairwise(data)[0], rel=1e-13),
    }


def test_what_the_common_type_does_not_hold(tmp_path):
    write(tmp_path / "a.parquet", score=[0.5], label=[1])
    write(tmp_path / "b.parquet", score=[1, 2**53 + 1], label=[1, 1])
    message = failure("score", tmp_path, *LOSS)
    assert message == f"{tmp_path / 'b.parquet'}: row 1: column 'score' is 9007199254740993: expected double"
    write(tmp_path / "a.parquet", score=[0.5], label=[1], user=[1])
    write(tmp_path / "b.parquet", score=[0.5], label=[1], user=["x"])
    message = failure("score", tmp_path, *PAIRS, "user")
    assert message.endswith(
        "column 'user' has type string, but int64 in " + f"{tmp_path / 'a.parquet'} (--types user=int64 converts it)"
    )
    assert values(score(tmp_path, *PAIRS, "user", "--types", "user=string")) == {PAIRWISE: 0.0}


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([1.0, 1.0, 2.0]),
        pa.array([decimal.Decimal("1.50"), decimal.Decimal("1.50"), decimal.Decimal("2.50")]),
        pa.array([datetime.date(2026, 1, 1)] * 2 + [datetime.date(2026, 1, 2)]),
        pa.array([datetime.datetime(2026, 1, 1)] * 2 + [datetime.datetime(2026, 1, 2)], pa.timestamp("us", "UTC")),
        pa.array([b"a", b"a", b"b"]),
        pa.array([uuid.UUID(int=1).bytes] * 2 + [uuid.UUID(int=2).bytes], pa.uuid()),
        pa.array(["007", "007", "7"]).dictionary_encode(),
    ],
    ids=["float", "decimal", "date", "timestamp", "binary", "uuid", "category"],
)
def test_ids_of_any_kind(tmp_path, ids):
    write(tmp_path / "a.parquet", score=[0.0, 1.0, 2.0], label=[1, 0, 1], user=ids)
    report = score(tmp_path / "a.parquet", *PAIRS, "user")
    assert report["groups"] == 2
    assert values(report) == {PAIRWISE: pytest.approx(math.log1p(math.e))}


def test_ids_of_csv_are_text_unless_told(tmp_path):
    (tmp_path / "a.csv").write_text("score,label,user\n0,1,007\n1,0,7\n")
    assert score(tmp_path / "a.csv", *PAIRS, "user")["groups"] == 2
    assert score(tmp_path / "a.csv", *PAIRS, "user", "--types", "user=int64")["groups"] == 1
    (tmp_path / "a.csv").write_text("score,label,user\n0,1,007\n1,0,x7\n")
    message = failure("score", tmp_path / "a.csv", *PAIRS, "user", "--types", "user=int64")
    assert message == f"{tmp_path / 'a.csv'}: row 1: column 'user' is 'x7': expected a whole number"


@pytest.mark.parametrize(
    ("types", "said"),
    [
        (("user",), "--types user: expected COLUMN=TYPE"),
        (("user=integer",), "--types user=integer: expected COLUMN=TYPE"),
        (("label=int8", "label=int16"), "--types names 'label' twice"),
        (("unused=int8",), "--types names 'unused', which is no column that is read"),
        (("label=string",), "column 'label' has type string: expected numbers"),
    ],
)
def test_types_that_cannot_be(tmp_path, types, said):
    write_parquet(tmp_path / "a.parquet", make(5))
    assert said in failure(
        "score", tmp_path / "a.parquet", *LOSS, *(word for one in types for word in ("--types", one))
    )


def test_the_nearest_name_in_quotes(tmp_path):
    write(tmp_path / "a.parquet", score=[0.0], label=[1])
    write(tmp_path / "b.parquet", **{"Score ": [0.0], "label": [1]})
    message = failure("score", tmp_path, *LOSS)
    assert message.endswith("no column 'score' for --scores: did you mean 'Score '? (columns: 'Score ', label)")


# -- nulls


@pytest.fixture
def holes(tmp_path):
    scores, labels = [0.0, None, 2.0, 1.0, 4.0, 0.0], [1, 0, None, 0, 1, 0]
    write(tmp_path / "a.parquet", score=scores[:3], label=labels[:3], user=[1, 1, 2])
    write(tmp_path / "b.parquet", score=scores[3:], label=labels[3:], user=pa.array([1, None, 2]))
    return tmp_path


def test_nulls_are_errors(holes):
    assert failure("score", holes, *LOSS) == f"{holes / 'a.parquet'}: row 1: column 'score' is null"


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_rows_with_nulls_are_left_out(holes, rows):
    report = score(holes, *LOSS, "--nulls", "drop", "--batch-rows", rows)
    assert (report["rows"], report["dropped"]) == (4, 2)
    assert values(report) == {"mse_loss": (1.0 + 1.0 + 9.0 + 0.0) / 4}
    report = score(holes, *LOSS, *PAIRS, "user", "--nulls", "drop", "--batch-rows", rows)
    assert (report["rows"], report["dropped"], report["groups"]) == (3, 3, 2)
    assert values(report)[PAIRWISE] == pytest.approx(math.log1p(math.e))
    assert "3 rows with nulls left out" in run("score", holes, *PAIRS, "user", "--nulls", "drop").stdout


def test_rows_are_named_as_they_are_in_the_file(tmp_path):
    write(tmp_path / "a.parquet", score=[None, 1.0, None, 2.0, 3.0], label=[0, 0, 1, 1, 7])
    message = failure("score", tmp_path, "--loss", "focal_loss", "--nulls", "drop", "--batch-rows", 2)
    assert f"{tmp_path / 'a.parquet'}: row 4 (counted from 0): label is 7" in message


def test_missing_numbers_as_nan(holes):
    assert values(score(holes, *LOSS, "--nulls", "nan")) == {"mse_loss": "NaN"}
    assert "column 'user' is null" in failure("score", holes, *LOSS, *PAIRS, "user", "--nulls", "nan")
    write(holes / "a.parquet", score=[0.0, None], label=[1, 1])
    write(holes / "b.parquet", score=[0.0], label=[1])
    assert values(score(holes, *LOSS, "--nulls", "nan"))["mse_loss"] == "NaN"
    assert fastloss.mse_loss([0.0, math.nan], [1.0, 1.0]) != 1.0


def test_other_ways_with_nulls(holes):
    assert failure("score", holes, *LOSS, "--nulls", "zero") == (
        "--nulls is 'zero': expected one of 'error', 'drop', 'nan'"
    )
    assert "--nulls drop is not possible with --dask" in failure(
        "score", holes, *LOSS, "--nulls", "drop", "--dask", "local"
    )
