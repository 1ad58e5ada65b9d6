"""Files of results and of groups in every format, tables on narrow terminals, NaN, configurations, completion."""

import csv
import json
import math
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from fastloss.cli.output import report
from tests.cli.data import PAIRWISE, failure, make, run, score, write_parquet

LOSSES = ("--loss", "huber_loss:delta=0.5", "--loss", PAIRWISE, "--groups", "query")


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.parquet"
    write_parquet(path, make(100, groups=7))
    return path


def rows_of(path):
    """A table's rows, of any format."""
    if path.suffix == ".parquet":
        return pa.parquet.read_table(path).to_pylist()
    if path.suffix in (".arrow", ".feather"):
        return pa.feather.read_table(path).to_pylist()
    if path.suffix in (".jsonl", ".ndjson"):
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


FORMATS = [".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".arrow", ".feather"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_of_results(data, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    found = score(data, *LOSSES, "--output", out)
    rows = rows_of(out)
    assert [row["loss"] for row in rows] == ["huber_loss", PAIRWISE]
    for row, one in zip(rows, found["losses"], strict=True):
        assert float(row["value"]) == one["value"]
        assert json.loads(row["parameters"]) == one["parameters"]
        assert (int(row["rows"]), int(row["groups"]), row["reduction"]) == (100, 7, "mean")
    assert json.loads(rows[0]["parameters"])["delta"] == 0.5


def test_the_document_in_a_file(data, tmp_path):
    assert score(data, *LOSSES, "--output", tmp_path / "out.json") == json.loads((tmp_path / "out.json").read_text())


def test_results_of_queries_and_keys(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("queries", "keys"):
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(5, 3)))
    files = ("--queries", tmp_path / "queries.npy", "--keys", tmp_path / "keys.npy")
    found = score(*files, "--loss", "info_nce_loss", "--output", tmp_path / "out.csv")
    (row,) = rows_of(tmp_path / "out.csv")
    assert float(row["value"]) == found["losses"][0]["value"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_of_groups(data, tmp_path, suffix):
    out, expected = tmp_path / f"out{suffix}", tmp_path / "expected.parquet"
    score(data, *LOSSES, "--per-group", out)
    score(data, *LOSSES, "--per-group", expected)
    found = rows_of(out)
    for row, other in zip(found, rows_of(expected), strict=True):
        assert list(row) == ["query", "rows", "huber_loss", PAIRWISE, f"{PAIRWISE}_pairs"]
        assert {name: float(value) for name, value in row.items()} == other


def test_a_group_without_a_pair_is_an_empty_field(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"score": np.zeros(3), "label": np.array([0, 0, 1]), "user": [1, 2, 2]})
    loss = ("--loss", PAIRWISE, "--groups", "user")
    score(tmp_path / "a.parquet", *loss, "--per-group", tmp_path / "out.csv")
    score(tmp_path / "a.parquet", *loss, "--per-group", tmp_path / "out.jsonl")
    assert rows_of(tmp_path / "out.csv")[0] == {"user": "1", "rows": "1", PAIRWISE: "", f"{PAIRWISE}_pairs": "0"}
    assert rows_of(tmp_path / "out.jsonl")[0][PAIRWISE] is None


def test_ids_called_like_another_column(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"score": np.zeros(2), "label": np.array([0, 1]), "rows": [1, 1]})
    score(tmp_path / "a.parquet", "--loss", PAIRWISE, "--groups", "rows", "--per-group", tmp_path / "out.csv")
    assert list(rows_of(tmp_path / "out.csv")[0])[:2] == ["group", "rows"]


def test_suffixes_that_nobody_writes(data, tmp_path):
    assert "cannot write .xlsx files" in failure("score", data, *LOSSES, "--per-group", tmp_path / "a.xlsx")
    message = failure("score", data, *LOSSES, "--output", tmp_path / "a.txt")
    assert message.startswith(f"--output is '{tmp_path / 'a.txt'}': expected a name that ends in .json, .parquet")
    assert "no folder" in failure("score", data, *LOSSES, "--output", tmp_path / "no" / "a.csv")
    assert "is one of the files to be read" in failure("score", data, *LOSSES, "--output", data)


def test_nothing_is_left_of_a_failure(data, tmp_path):
    failure(
        "score", data, "--loss", "focal_loss", "--scores", "label", "--labels", "score", "--output", tmp_path / "a.csv"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["data.parquet"]


# -- tables


def test_a_narrow_terminal_shows_all_of_a_number(monkeypatch, capsys):
    monkeypatch.setattr(report, "console", lambda: report.Console(width=40))
    rows = [("a_long_name_of_a_loss", "0.12345678", "1,000,000 rows"), ("b", "2", "3 rows")]
    report.print_table(("loss", "mean", "over"), rows)
    assert capsys.readouterr().out == (
        "loss  a_long_name_of_a_loss\nmean  0.12345678\nover  1,000,000 rows\n\nloss  b\nmean  2\nover  3 rows\n"
    )
    monkeypatch.setattr(report, "console", lambda: report.Console(width=70))
    report.print_table(("loss", "mean", "over"), rows)
    assert " a_long_name_of_a_loss   0.12345678   1,000,000 rows" in capsys.readouterr().out


def test_where_the_time_went(data):
    last = run("score", data, "--loss", "mse_loss").stdout.splitlines()[-1]
    assert last.startswith("100 rows of 1 file in ")
    assert all(f" s {what}" in last for what in ("compiling", "reading", "computing"))
    assert "rows/s" not in last


def test_where_a_nan_comes_from(tmp_path):
    holes = {"score": np.array([0.0, math.nan, 1.0, math.nan]), "label": np.array([0.0, 1.0, math.nan, 0.0])}
    write_parquet(tmp_path / "a.parquet", {name: one[:1] for name, one in holes.items()})
    write_parquet(tmp_path / "b.parquet", {name: one[1:] for name, one in holes.items()})
    last = run("score", tmp_path, "--loss", "mse_loss").stdout.splitlines()[-1]
    where = f"{tmp_path / 'b.parquet'}: row 0 (counted from 0; row 1 of all files): column 'score'"
    assert last == f"NaN: 3 rows have one, the first is {where}"
    assert "NaN:" not in run("score", tmp_path / "a.parquet", "--loss", "mse_loss").stdout


def test_one_loss():
    shown = run("show", "huber_loss").stdout
    assert shown.startswith("huber_loss(input, target, *, delta=1.0")
    assert "\n  delta: in (0, inf)\n" in shown
    assert "fastloss score FILE --loss huber_loss" in shown
    assert "fastloss score" not in run("show", "triplet_margin_loss").stdout
    assert json.loads(run("show", "huber_loss", "--json").stdout)["parameters"]["delta"]["default"] == 1.0
    assert failure("show", "hubert_loss").startswith("unknown loss 'hubert_loss'")


# -- configurations


def test_a_configuration(data, tmp_path):
    config = tmp_path / "job.toml"
    config.write_text(f'files = ["{data}"]\nloss = ["{PAIRWISE}"]\ngroups = "query"\njson = true\nbatch-rows = 10\n')
    assert json.loads(run("score", "--config", config).stdout)["losses"][0]["loss"] == PAIRWISE
    found = json.loads(run("score", "--config", config, "--loss", "mse_loss", "--loss", PAIRWISE).stdout)
    assert [one["loss"] for one in found["losses"]] == ["mse_loss", PAIRWISE]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("loss = 7", "loss is 7: expected a list of strings"),
        ("losses = []", "no option 'losses'; did you mean 'loss'? (options: batch_rows, dask"),
        ('labels = ["a", "b"]', "labels is ['a', 'b']: expected one value"),
        ("worst = 1.5", "job.toml: worst is 1.5: expected an integer"),
        ("worst = true", "job.toml: worst is True: expected an integer"),
        ('level = "high"', "job.toml: level is 'high': expected a number"),
        ('json = "maybe"', "job.toml: json is 'maybe': expected true or false"),
        ("labels = 2020-01-01", "expected a string"),
        ('[score]\nloss = ["auc"]', "job.toml: 'score' is a table: tables are not taken, but options"),
        ("[[loss]]\na = 1", "job.toml: 'loss' is a table: tables are not taken, but options"),
        ("loss = [", "job.toml: "),
        ('config = "job.toml"', "no option 'config'"),
        ('loss = ["mse_loss"]\nbatch_rows = "many"', "job.toml: batch_rows is 'many': expected an integer"),
    ],
)
def test_a_configuration_that_cannot_be(data, tmp_path, text, said):
    (tmp_path / "job.toml").write_text(text)
    assert said in failure("score", data, "--config", tmp_path / "job.toml")
    assert "No such file" in failure("score", data, "--config", tmp_path / "none.toml")


def test_names_are_completed():
    environment = {**os.environ, "_FASTLOSS_COMPLETE": "complete_bash", "COMP_WORDS": "fastloss score --loss info_n"}
    code = "import sys; sys.argv[0] = 'fastloss'; from fastloss.cli import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**environment, "COMP_CWORD": "3"}
    )
    assert found.stdout.split() == ["info_nce_loss"]
