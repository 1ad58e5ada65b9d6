"""What `fastloss score` says of files and options that are wrong: one line, exit code 2, nothing left behind."""

import math
import os
import re

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.cli.data import FORMATS, PAIRWISE, failure, make, part, run, score, values, words, write_parquet


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
    assert failure("score", parquet, "--loss", "margin_ranking_loss") == (
        "margin_ranking_loss cannot be scored: expected a loss or metric of scores and labels (see `fastloss list`)"
    )
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


def test_options_that_would_do_nothing(parquet):
    some = ("score", parquet, "--groups", "query", "--loss")
    assert failure(*some, "mse_loss", "--loss", "l1_loss") == (
        "--groups does nothing for mse_loss, l1_loss: expected a loss over pairs or a metric with it, --per-group,"
        " --worst, --report or several --scores"
    )
    assert score(parquet, *some[2:], "mse_loss", "--loss", PAIRWISE)["groups"] == 23
    for option, value in (("--scores", "a"), ("--labels", "label"), ("--batch-rows", 5)):
        message = failure("score", "--queries", "q", "--keys", "k", "--loss", "info_nce_loss", option, value)
        assert message == f"{option} does nothing with --queries and --keys: expected one or the other"


def test_parameters_that_only_the_loss_refuses(parquet):
    for loss in ("binary_cross_entropy:weight=-1", "binary_cross_entropy_with_logits:weight=-1"):
        assert failure("score", parquet, "--loss", loss).startswith(f"{loss[:-10]}: weight is -1: expected a number")


def test_columns(parquet):
    message = failure("score", parquet, "--loss", "mse_loss", "--scores", "scroe")
    columns = "(columns: score, label, query, weight, unused)"
    assert message == f"{parquet}: no column 'scroe' for --scores: did you mean 'score'? {columns}"
    assert "no column 'q'" in failure("score", parquet, "--loss", PAIRWISE, "--groups", "q")
    not_whole = failure("score", parquet, "--loss", PAIRWISE, "--groups", "weight")
    assert not_whole.startswith(f"{parquet}: row 0: column 'weight' is 0.")
    assert not_whole.endswith(": expected a whole number")
    pa.parquet.write_table(pa.table({"score": ["a"], "label": [1]}), parquet)
    assert "column 'score' has type string: expected numbers" in failure("score", parquet, "--loss", "mse_loss")


def test_files_that_are_not_there(tmp_path):
    assert failure("score", tmp_path / "no.parquet", "--loss", "mse_loss") == f"{tmp_path / 'no.parquet'}: no such file"
    assert "no file matches" in failure("score", tmp_path / "*.parquet", "--loss", "mse_loss")
    assert "is a folder without files of known formats" in failure("score", tmp_path, "--loss", "mse_loss")
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
    assert "column 'score' has type object: expected numbers" in failure(
        "score", tmp_path / "objects.npz", "--loss", "mse_loss"
    )
    (tmp_path / "garbage.parquet").write_bytes(b"not a Parquet file at all")
    assert "garbage.parquet" in failure("score", tmp_path / "garbage.parquet", "--loss", "mse_loss")
    (tmp_path / "words.csv").write_text("score,label\n1.5,1\nbad,0\n")
    assert "row 1: column 'score' is 'bad'" in failure("score", tmp_path / "words.csv", "--loss", "mse_loss")
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
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    write_parquet(b, {**data, "query": words(data["query"])})
    assert "column 'query' has type string, but int32" in failure(
        "score", a, b, "--loss", PAIRWISE, "--groups", "query"
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


CASES = [  # a loss, a column, what is put into it, what was expected
    ("mse_loss", "weight", -0.5, "a number >= 0"),
    ("mse_loss", "label", 2**53 + 1, "a number that float64 holds exactly"),
    ("focal_loss", "label", 7, "0 or 1"),
    ("hinge_loss", "label", -1, "-1 or 1 (or 0 and 1 throughout)"),
    ("soft_pairwise_loss", "label", -1, "-1 or 1 (or 0 and 1 throughout)"),
    (PAIRWISE, "label", math.nan, "a number"),
    (PAIRWISE, "weight", math.nan, "a number >= 0"),
    (PAIRWISE, "score", 2**53 + 1, "a number that float64 holds exactly"),
    ("pairwise_hinge_loss", "label", math.nan, "a number"),
]


@pytest.mark.parametrize(("loss", "column", "found", "expected"), CASES)
@pytest.mark.parametrize("groups", ["none", "together", "apart"])
@pytest.mark.parametrize("batch_rows", [7, 64, 1000])
def test_the_row_of_a_number_that_a_loss_refuses(tmp_path, loss, column, found, expected, groups, batch_rows):
    """In the second of three files, whatever the batches, the groups and the order in which rows reach the loss."""
    data = {**make(300, 20), "label": np.tile([1, 0, 1], 100)}
    if groups == "apart":
        rows = np.random.default_rng(2).permutation(300)
        data = {name: array[rows] for name, array in data.items()}
    if found == -1:
        data["label"] = np.where(np.arange(300) < 40, data["label"], 1)  # all 0 lie in the first file
    data[column] = data[column].astype(np.float64 if isinstance(found, float) else np.int64)
    data[column][150] = found
    for k in range(3):
        write_parquet(tmp_path / f"{k}.parquet", part(data, 100 * k, 100 * k + 100))
    options = ("--loss", loss, "--loss", "l1_loss", "--batch-rows", batch_rows, "--weights", "weight")
    if groups != "none":
        options += ("--groups", "query", "--per-group", tmp_path / "out.parquet")
    if column == "score" and found == 2**53 + 1:  # which l1_loss refuses too, and before
        options = (*options[:2], *options[4:])
    message = f"{tmp_path / '1.parquet'}: row 50 (counted from 0; row 150 of all files): {column} is {found}"
    said = failure("score", tmp_path / "?.parquet", *options)
    assert said.startswith(message) and said.endswith(f": expected by {loss} {expected}")
    between = said.removeprefix(message).removesuffix(f": expected by {loss} {expected}")
    assert re.fullmatch(r"(, but 0 in .*0\.parquet: row \d+)?", between) and (found == -1 or not between)
    assert not (tmp_path / "out.parquet").exists()


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
