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

from fastloss.cli.commands.catalogue import entries
from fastloss.cli.commands.losses import list_losses
from fastloss.cli.output import report, words
from fastloss.cli.output.tables import JsonDocument
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
    if path.suffix == ".json":
        return json.loads(path.read_text())
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


FORMATS = [".parquet", ".csv", ".tsv", ".jsonl", ".ndjson", ".arrow", ".feather"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_tables_of_results(data, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    found = score(data, *LOSSES, "--output", out)
    rows = rows_of(out)
    assert [row["loss"] for row in rows] == ["huber_loss", PAIRWISE]
    assert [row["label"] for row in rows] == ["huber_loss:delta=0.5", PAIRWISE]
    for row, one in zip(rows, found["losses"], strict=True):
        assert float(row["value"]) == one["value"]
        assert json.loads(row["parameters"]) == one["parameters"]
        assert (int(row["rows"]), int(row["groups"]), row["reduction"]) == (100, 7, "mean")
    assert json.loads(rows[0]["parameters"])["delta"] == 0.5


def test_a_loss_is_called_as_it_was_asked_for(data):
    """With parameters, its label has them: in the table, in JSON, and in columns of --per-group (above)."""
    asked = {"ndcg:k=5": "ndcg", "mse_loss": "mse_loss", "huber_loss:delta=2": "huber_loss", "huber_loss": "huber_loss"}
    some = (data, "--groups", "query", *(word for name in asked for word in ("--loss", name)), "--worst", 1)
    found = score(*some)
    assert [(one["label"], one["loss"]) for one in found["losses"]] == list(asked.items())
    assert [one["label"] for one in found["over_groups"]] == list(asked)
    assert run("score", *some).stdout.count("ndcg:k=5 ") == 3
    assert score(data, "--loss", "mse_loss:")["losses"][0]["label"] == "mse_loss"
    assert failure("score", data, "--loss", "mse_loss:", "--loss", "mse_loss") == "--loss mse_loss is given twice"


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


@pytest.mark.parametrize("suffix", [*FORMATS, ".json"])
@pytest.mark.parametrize("rows", [1, 7, 100])
def test_tables_of_groups(data, tmp_path, suffix, rows):
    out, expected = tmp_path / f"out{suffix}", tmp_path / "expected.parquet"
    score(data, *LOSSES, "--per-group", out, "--batch-rows", rows)
    score(data, *LOSSES, "--per-group", expected)
    found = rows_of(out)
    for row, other in zip(found, rows_of(expected), strict=True):
        assert list(row) == ["query", "rows", "huber_loss:delta=0.5", PAIRWISE, f"{PAIRWISE}_pairs"]
        assert {name: float(value) for name, value in row.items()} == other


def test_a_group_without_a_pair_is_an_empty_field(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"score": np.zeros(3), "label": np.array([0, 0, 1]), "user": [1, 2, 2]})
    loss = ("--loss", PAIRWISE, "--groups", "user")
    score(tmp_path / "a.parquet", *loss, "--per-group", tmp_path / "out.csv")
    score(tmp_path / "a.parquet", *loss, "--per-group", tmp_path / "out.jsonl")
    assert rows_of(tmp_path / "out.csv")[0] == {"user": "1", "rows": "1", PAIRWISE: "", f"{PAIRWISE}_pairs": "0"}
    assert rows_of(tmp_path / "out.jsonl")[0][PAIRWISE] is None


def test_a_document_of_groups_begins_anew_when_rows_lie_apart(tmp_path):
    columns = {"score": np.array([0.0, 0, 0, np.inf]), "label": np.array([0, 1, 0, 1]), "user": [1, 2, 2, 1]}
    write_parquet(tmp_path / "a.parquet", columns)
    out = tmp_path / "out.json"
    score(tmp_path / "a.parquet", "--loss", "mse_loss", "--groups", "user", "--per-group", out, "--batch-rows", 1)
    assert out.read_text() == (
        '[\n{"user": 1, "rows": 2, "mse_loss": "Infinity"},\n{"user": 2, "rows": 2, "mse_loss": 0.5}\n]\n'
    )


def test_a_document_without_rows(tmp_path):
    with (tmp_path / "out.json").open("wb") as file:
        JsonDocument(file, pa.schema({"a": pa.int64()})).close()
    assert json.loads((tmp_path / "out.json").read_text()) == []


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
    assert "a_long_name_of_a_loss   0.12345678   1,000,000 rows" in capsys.readouterr().out


def test_a_column_of_text_is_wrapped(monkeypatch, capsys):
    """Of `fastloss list` on 80 columns: no word is lost, and every name stands in one line."""
    monkeypatch.setattr(report, "console", lambda: report.Console(width=80))
    about = [(one["loss"], one["summary"]) for one in entries()]
    list_losses()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[2:] if line[0] != " "] == [name for name, _ in about]
    start = lines[0].index("what it is")
    texts = " ".join(line[start:].strip() for line in lines[2:]).split()
    assert texts == " ".join(summary for _, summary in about).split()


def test_blocks_of_different_tables_have_headings(data, monkeypatch):
    monkeypatch.setattr(report, "console", lambda: report.Console(width=30))
    models = ("--scores", "score", "--scores", "label")
    lines = run("score", data, *models, *LOSSES, "--worst", 2).stdout.splitlines()
    assert lines[0] == "losses"
    found = [lines[at] for at in range(1, len(lines) - 1) if lines[at - 1] == lines[at + 1] == ""]
    assert found == ["differences", "over groups", "worst groups"]


def test_ids_are_shown_in_a_line(tmp_path):
    ids = ["a\nb\x1b[31m", "c" * 300]
    columns = {"score": np.array([0.0, 1.0, 3.0, 1.0]), "label": np.array([1, 0, 1, 0]), "user": np.repeat(ids, 2)}
    write_parquet(tmp_path / "a.parquet", columns)
    some = (tmp_path / "a.parquet", "--loss", PAIRWISE, "--groups", "user", "--worst", 2)
    shown = run("score", *some).stdout
    assert r"a\nb\x1b[31m" in shown and "\x1b" not in shown
    assert f" {'c' * 57}... " in shown and "c" * 58 not in shown
    assert [one["group"] for one in score(*some)["over_groups"][0]["worst"]] == ids


def test_groups_that_quantiles_are_of(tmp_path):
    """Of four groups, one has no pair, and of the others one has a NaN."""
    score_, label = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, math.nan, 1.0], [1, 0, 1, 0, 1, 1, 1, 0]
    columns = {"score": np.array(score_), "label": np.array(label), "user": np.repeat([1, 2, 3, 4], 2)}
    write_parquet(tmp_path / "a.parquet", columns)
    write_parquet(tmp_path / "b.parquet", {name: one[:6] for name, one in columns.items()})
    some = ("--loss", PAIRWISE, "--groups", "user", "--worst", 0)
    table = run("score", tmp_path / "a.parquet", *some).stdout.splitlines()[4:7]
    assert table[0].split()[-4:] == ["groups", "left", "out", "NaN"]
    assert table[2].split()[-3:] == ["3", "1", "1"]
    table = run("score", tmp_path / "b.parquet", *some).stdout.splitlines()[4:7]
    assert table[0].split()[-3:] == ["groups", "left", "out"]
    assert table[2].split()[-2:] == ["2", "1"]


def test_one_of_anything(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"score": [0.5], "label": [1.0], "user": [7]})
    some = (tmp_path / "a.parquet", "--loss", "mse_loss", "--loss", "average_precision", "--groups", "user")
    shown = run("score", *some).stdout
    assert shown.startswith("loss ")
    assert "1 row " in shown and "1 group " in shown and "1 row of 1 file in" in shown
    assert "1 rows" not in shown and "1 groups" not in shown
    np.save(tmp_path / "a.npy", np.ones((1, 2)))
    embedded = ("--queries", tmp_path / "a.npy", "--keys", tmp_path / "a.npy", "--loss", "mrr")
    assert "1 query " in run("score", *embedded).stdout
    write_parquet(tmp_path / "b.parquet", {"score": [0.5, math.nan], "label": [1.0, 1.0]})
    assert "NaN: 1 row has one" in run("score", tmp_path / "b.parquet", "--loss", "mse_loss").stdout


@pytest.mark.parametrize(
    ("number", "total", "text"),
    [(50, 50, "50 queries"), (41, 50, "41 of 50 queries"), (1, 1, "1 query"), (0, 1, "0 of 1 query")],
)
def test_counts_of_queries(number, total, text):
    assert words.of_all(number, total, "queries") == text


def test_differences_are_of_means(data):
    models = (data, "--scores", "score", "--scores", "label", "--loss", "mse_loss")
    line = "differences are of means: there are none with --reduction sum"
    assert line in run("score", *models, "--reduction", "sum").stdout.splitlines()
    assert "differences are of means" not in run("score", *models).stdout


@pytest.mark.parametrize("option", ["--resamples", "--seed"])
def test_what_only_a_bootstrap_uses(data, option):
    models = (data, "--scores", "score", "--scores", "label", "--loss", "mse_loss", option, 7)
    said = f"{option} does nothing with --method analytic: it is for a bootstrap"
    assert failure("score", *models, "--method", "analytic") == said
    assert (
        failure("compare", data, data, "--key", "query", "--loss", "mse_loss", option, 7, "--method", "analytic")
        == said
    )
    assert failure("score", *models, "--dask", "local") == f"{option} does nothing with --dask: it is for a bootstrap"
    assert "bootstrap" in run("score", *models, "--method", "bootstrap").stdout


def test_p_values_at_the_floor(data):
    """2000 resamples bound a p-value by 2 / 2001."""
    write_parquet(data, {"a": np.zeros(50), "b": np.ones(50) + np.arange(50.0), "label": np.zeros(50)})
    some = (data, "--scores", "a", "--scores", "b", "--loss", "mse_loss", "--method", "bootstrap")
    assert " < 0.001 " in run("score", *some).stdout
    assert score(*some)["differences"][0]["p_value"] == 2 / 2001


def test_headings_and_cells_are_no_markup(tmp_path):
    """Names of columns are anything, as are ids and files."""
    names = ("score[v1]", "m[/x]", "[bold]b", "[red]")
    columns = {name: np.arange(4.0) for name in names}
    write_parquet(tmp_path / "a.parquet", {**columns, "label": np.array([0, 1, 0, 1]), "user": ["[/a]", "[b]"] * 2})
    some = [word for name in names for word in ("--scores", name)]
    shown = run("score", tmp_path / "a.parquet", *some, "--loss", "mse_loss", "--groups", "user", "--worst", 1).stdout
    assert all(name in shown.splitlines()[0] for name in names)
    assert "m[/x] - score[v1]" in shown and "[/a]" in shown


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
        ('loss = ["mse_loss"]\nlevel = 0.9', "--level does nothing here"),
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
