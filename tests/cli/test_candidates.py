"""`fastloss score --queries --keys`."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import fastloss
from fastloss import metrics

RNG = np.random.default_rng(4)
QUERIES, KEYS = RNG.normal(size=(40, 5)).astype(np.float32), RNG.normal(size=(90, 5)).astype(np.float32)
NUMBERS = RNG.integers(0, 90, 40)

pytestmark = pytest.mark.compiled  # each test is a process


@pytest.fixture
def folder(tmp_path):
    for name, array in (("q", QUERIES), ("k", KEYS), ("p", NUMBERS), ("few", KEYS[:3]), ("flat", np.zeros(3))):
        np.save(tmp_path / f"{name}.npy", array)
    np.save(tmp_path / "twice.npy", np.where(np.arange(40)[:, None] == 1, 1, [[0, 1]]))
    (tmp_path / "text.npy").write_text("no array")
    return tmp_path


def score(folder, *options):
    options = [str(folder / option) if option.endswith(".npy") else option for option in options]
    return subprocess.run([sys.executable, "-m", "fastloss", "score", *options], capture_output=True, text=True)


def values(folder, *options):
    result = score(folder, *options, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["rows"] == len(QUERIES)
    return [one["value"] for one in report["losses"]]


def test_key_i_is_the_positive_of_query_i(folder):
    options = (
        "--queries",
        "q.npy",
        "--keys",
        "k.npy",
        "--loss",
        "info_nce_loss",
        "--loss",
        "info_nce_loss:temperature=0.5",
    )
    expected = [fastloss.info_nce_loss(QUERIES, KEYS, temperature=tau) for tau in (0.07, 0.5)]
    assert values(folder, *options) == expected


def test_positives(folder):
    options = "--queries", "q.npy", "--keys", "k.npy", "--positives", "p.npy", "--loss", "info_nce_loss"
    expected = fastloss.info_nce_loss(QUERIES, KEYS, positives=(np.arange(41), NUMBERS), reduction="sum")
    assert values(folder, *options, "--reduction", "sum") == [expected]


def table(folder, name, **columns):
    parquet.write_table(pa.table(columns), folder / name)
    return str(folder / name)


def test_metrics_of_where_positives_stand(folder):
    inputs = "--queries", "q.npy", "--keys", "k.npy", "--positives", "p.npy"
    asked = "recall:k=10", "recall:k=2,similarity=dot", "mrr", "map", "ndcg:k=10", "hit_rate:k=3", "precision:k=3"
    positives = np.arange(41), NUMBERS
    cos = metrics.retrieval_ranks(QUERIES, KEYS, positives=positives)
    dot = metrics.retrieval_ranks(QUERIES, KEYS, positives=positives, similarity="dot")
    expected = [cos.recall(k=10), dot.recall(k=2), cos.mrr(), cos.average_precision(), cos.ndcg(k=10)]
    expected += [cos.hit_rate(k=3), cos.precision(k=3)]
    assert values(folder, *inputs, *(word for name in asked for word in ("--loss", name))) == expected
    alone = values(folder, *inputs[:4], "--loss", "mrr:ties=pessimistic", "--loss", "average_precision:k=4")
    first = metrics.retrieval_ranks(QUERIES, KEYS)
    assert alone == [first.mrr(ties="pessimistic"), first.average_precision(k=4)]


def test_columns_of_tables_and_the_record(folder):
    """Ids of keys, several positives of a query, and queries without one."""
    good = [[f"d{NUMBERS[i]}", f"d{(NUMBERS[i] + 1) % 90}"][: i % 3] for i in range(40)]
    queries = table(folder, "q.parquet", vector=pa.array(list(QUERIES)), good=good)
    keys = table(folder, "k.parquet", id=[f"d{i}" for i in range(90)], vector=pa.array(list(KEYS)), other=[[1]] * 90)
    inputs = {"queries": queries, "keys": f"{keys}:vector", "positives": f"{queries}:good", "key_ids": "id"}
    options = [word for name, text in inputs.items() for word in (f"--{name.replace('_', '-')}", text)]
    output = folder / "found.json"
    losses = "--loss", "recall:k=5", "--loss", "info_nce_loss", "--output", str(output)
    result = score(folder, *options, *losses)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("26 of 40 queries") == 2
    document = json.loads(output.read_text())
    assert {name: document[name] for name in inputs} == inputs
    assert document["files"] == [queries, keys]
    offsets = np.append(0, np.cumsum([len(one) for one in good]))
    positives = offsets, np.array([int(one[1:]) for some in good for one in some])
    ranks = metrics.retrieval_ranks(QUERIES, KEYS, positives=positives)
    recall, loss = document["losses"]
    assert recall["value"] == ranks.recall(k=5)
    assert loss["value"] == fastloss.info_nce_loss(QUERIES, KEYS, positives=positives)
    assert [(one["weight"], one["groups_left_out"]) for one in (recall, loss)] == [(26.0, 14)] * 2
    assert recall["parameters"] == {"k": 5, "normalize": "relevant", "ties": "average", "similarity": "cos"}
    assert loss["parameters"]["positives"] == inputs["positives"]
    output = folder / "found.parquet"
    assert score(folder, *options, "--loss", "mrr", "--output", str(output)).returncode == 0
    (row,) = parquet.read_table(output).to_pylist()
    assert {name: row[name] for name in inputs} == inputs and row["value"] == ranks.mrr()


def test_nan_is_reported(folder):
    queries = QUERIES.copy()
    queries[[3, 7], 1] = np.nan
    path = table(folder, "q.parquet", vector=pa.array(list(queries)))
    result = score(folder, "--queries", path, "--keys", "k.npy", "--loss", "mrr")
    assert result.stdout.endswith(f"NaN: 2 rows have one, the first is {path}: row 3: column 'vector'\n")
    assert " nan " in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--queries", "q.npy", "--loss", "info_nce_loss"), "expected --queries and --keys together"),
        (("q.npy", "--queries", "q.npy", "--keys", "k.npy", "--loss", "info_nce_loss"), "q.npy does nothing with"),
        (("--loss", "info_nce_loss"), "no files are given"),
        (("--queries", "q.npy", "--keys", "none.npy", "--loss", "info_nce_loss"), "none.npy: no such file"),
        (
            ("--queries", "q.npy", "--keys", "flat.npy", "--loss", "info_nce_loss"),
            "flat.npy: holds an array of shape (3,)",
        ),
        (
            ("--queries", "q.npy", "--keys", "text.npy", "--loss", "info_nce_loss"),
            "text.npy: is no .npy file",
        ),
        (("--queries", "q.npy", "--keys", "few.npy", "--loss", "info_nce_loss"), "expected at least 40 rows"),
        (
            ("--queries", "q.npy", "--keys", "k.npy", "--loss", "mse_loss"),
            "metric of queries and keys (one of",
        ),
        (("--queries", "q.npy", "--keys", "k.npy", "--loss", "auc"), "hit_rate, info_nce_loss, map, mrr, multiple_"),
        (("--queries", "q.npy", "--keys", "k.npy", "--loss", "mrr:ties=stable"), "mrr: ties is 'stable'"),
        (("--queries", "q.npy", "--keys", "k.npy", "--loss", "mrr:average=rows"), "mrr has no parameter 'average'"),
        (
            ("--queries", "q.npy", "--keys", "k.npy", "--loss", "mrr", "--reduction", "sum"),
            "mrr is a mean over queries: expected --reduction mean",
        ),
        (("--queries", "q.npy", "--keys", "twice.npy", "--loss", "mrr"), "expected 5 columns, as query"),
        (
            ("--queries", "q.npy", "--keys", "k.npy", "--positives", "twice.npy", "--loss", "mrr"),
            "twice.npy: positives[1][3] is 1: query 1 has this key twice",
        ),
        (("--queries", "q.npy", "--keys", "k.npy", "--key-ids", "id", "--loss", "mrr"), "nothing without --positives"),
        (
            ("--queries", "k.npy", "--keys", "k.npy", "--positives", "p.npy", "--loss", "info_nce_loss"),
            "p.npy: has 40 rows: expected one for each of 90 queries",
        ),
    ],
)
def test_errors_are_one_line(folder, options, message):
    result = score(folder, *options)
    assert result.returncode == 2 and message in result.stderr and result.stderr.count("\n") == 1
