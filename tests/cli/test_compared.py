"""Differences between models in `fastloss score`, against `fastloss.compare`."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from fastloss import metrics
from tests.cli.data import failure, run, score

SIZE = 1200


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    label = rng.integers(0, 2, SIZE)
    a = label + rng.normal(size=SIZE)
    p = rng.random((2, SIZE, 3))
    p /= p.sum(axis=2, keepdims=True)
    return {
        "user": np.sort(rng.integers(0, 60, SIZE)) * 7 % 61,
        "label": label,
        "a": a,
        "b": a + rng.normal(size=SIZE) / 2,
        "c": rng.normal(size=SIZE).astype(np.float32),
        "weight": rng.random(SIZE) + 0.5,
        "cls": rng.integers(0, 3, SIZE),
        **{f"{name}_{k}": p[which, :, k] for which, name in enumerate("pq") for k in range(3)},
    }


@pytest.fixture(scope="module")
def files(data, tmp_path_factory):
    """The rows in two files; and in another order, by which groups are scattered."""
    folder = tmp_path_factory.mktemp("compared")
    table = pa.table(data)
    for at, part in enumerate((table.slice(0, 500), table.slice(500))):
        pa.parquet.write_table(part, folder / f"part{at}.parquet", row_group_size=170)
    pa.parquet.write_table(table.take(np.random.default_rng(1).permutation(SIZE)), folder / "shuffled.parquet")
    return folder


def differences(path, *options):
    return score(path, "--scores", "a", "--scores", "b", *options)["differences"]


def check(found, wanted, rel=1e-9):
    assert (found["against"], found["scores"]) == wanted.models
    for name in ("difference", "standard_error", "low", "high", "p_value"):
        assert found[name] == pytest.approx(getattr(wanted, name), rel=rel), name
    for name in ("level", "method", "units", "unit"):
        assert found[name] == getattr(wanted, name)


ROWS = ("mse_loss", "rmse_loss", "binary_cross_entropy_with_logits", "auc", "pairwise_logistic_loss")
GROUPS = {
    "mse_loss": "mse_loss",
    "rmse_loss": "rmse_loss",
    "pairwise_hinge_loss": "pairwise_hinge_loss",
    "lambdarank_loss": "lambdarank_loss",
    "auc": metrics.group_auc,
    "ndcg": metrics.ndcg,
    "map": metrics.average_precision,
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ROWS)
def test_rows(data, files, loss, weighted):
    (found,) = differences(files / "shuffled.parquet", "--loss", loss, *["--weights", "weight"] * weighted)
    weights = data["weight"] if weighted else None
    (wanted,) = fastloss.compare(data["label"], {"a": data["a"], "b": data["b"]}, loss, sample_weight=weights)
    check(found, wanted)


@pytest.mark.parametrize("order", ["part*", "shuffled"])
@pytest.mark.parametrize("loss", list(GROUPS))
def test_groups(data, files, loss, order):
    (found,) = differences(files / f"{order}.parquet", "--loss", loss, "--groups", "user", "--batch-rows", "256")
    (wanted,) = fastloss.compare(data["label"], {"a": data["a"], "b": data["b"]}, GROUPS[loss], groups=data["user"])
    check(found, wanted)
    assert found["unit"] == "groups"


def test_weighted_groups(data, files):
    options = ("--groups", "user", "--weights", "weight")
    (found,) = differences(files / "part*.parquet", "--loss", "pairwise_logistic_loss", *options)
    (wanted,) = fastloss.compare(
        data["label"],
        {"a": data["a"], "b": data["b"]},
        "pairwise_logistic_loss",
        groups=data["user"],
        sample_weight=data["weight"],
    )
    check(found, wanted)


def test_batches_change_no_bit(files):
    found = [
        differences(
            files / "part*.parquet", "--loss", "mse_loss", "--loss", "auc", "--groups", "user", "--batch-rows", n
        )
        for n in ("100", "256", "5000")
    ]
    assert found[0] == found[1] == found[2]
    rows = [differences(files / "part*.parquet", "--loss", "mse_loss", "--batch-rows", n) for n in ("100", "5000")]
    assert rows[0] == rows[1]


def test_bootstrap(data, files):
    options = ("--method", "bootstrap", "--resamples", "50", "--seed", "4", "--level", "0.9")
    (found,) = differences(files / "part*.parquet", "--loss", "mse_loss", *options)
    words = {"method": "bootstrap", "resamples": 50, "seed": 4, "level": 0.9}
    models = {"a": data["a"], "b": data["b"]}
    (wanted,) = fastloss.compare(data["label"], models, "mse_loss", **words)
    check(found, wanted)
    (found,) = differences(files / "part*.parquet", "--loss", "ndcg:k=7", "--resamples", "20", "--seed", "4")
    (wanted,) = fastloss.compare(data["label"], models, metrics.ndcg, k=7, resamples=20, seed=4)
    check(found, wanted)
    (found,) = differences(files / "part*.parquet", "--loss", "mse_loss", "--groups", "user", *options)
    assert (found["units"], found["unit"], found["method"]) == (60, "groups", "bootstrap")


def test_classes(data, files):
    options = ("--scores", "p_*", "--scores", "q_*", "--labels", "cls", "--loss", "nll_loss")
    (found,) = score(files / "part*.parquet", *options)["differences"]
    p, q = (np.stack([data[f"{name}_{k}"] for k in range(3)], axis=1) for name in "pq")
    (wanted,) = fastloss.compare(data["cls"], {"p_*": p, "q_*": q}, "nll_loss")
    check(found, wanted)
    (found,) = score(files / "part*.parquet", *options, "--groups", "user")["differences"]
    (wanted,) = fastloss.compare(data["cls"], {"p_*": p, "q_*": q}, "nll_loss", groups=data["user"])
    check(found, wanted)


def test_three_models_and_a_table(files, tmp_path):
    path = tmp_path / "results.csv"
    options = ("--scores", "a", "--scores", "b", "--scores", "c", "--loss", "mse_loss", "--loss", "l1_loss")
    document = score(files / "part*.parquet", *options, "--output", path)
    found = [(one["label"], one["against"], one["scores"]) for one in document["differences"]]
    assert found == [(loss, *two) for loss in ("mse_loss", "l1_loss") for two in (("a", "b"), ("a", "c"), ("b", "c"))]
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["against"]]
    assert [(row["label"], row["against"], row["scores"]) for row in rows] == found
    for row, one in zip(rows, document["differences"], strict=True):
        assert float(row["value"]) == one["difference"]
        assert float(row["low"]) == one["low"]
    text = run("score", files / "part*.parquet", *options).stdout
    assert "b - a" in text
    assert "95 % interval" in text
    assert "1,200 rows (sandwich)" in text


def test_no_differences(files):
    assert "differences" not in score(files / "part*.parquet", "--scores", "a", "--loss", "mse_loss")
    both = ("--scores", "a", "--scores", "b")
    assert "differences" not in score(files / "part*.parquet", *both, "--loss", "mse_loss", "--reduction", "sum")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--scores", "a", "--level", "0.9"), "--level does nothing here"),
        (("--scores", "a", "--scores", "b", "--reduction", "sum", "--seed", "1"), "--seed does nothing here"),
        (("--scores", "a", "--scores", "b", "--level", "1"), "--level is 1.0: expected a number in (0, 1)"),
        (("--scores", "a", "--scores", "b", "--method", "best"), "--method is 'best'"),
        (("--scores", "a", "--scores", "b", "--resamples", "1"), "--resamples is 1"),
        (("--scores", "a", "--scores", "b", "--dask", "local", "--method", "bootstrap"), "--method bootstrap is not"),
        (("--scores", "a", "--groups", "user"), "--groups does nothing for mse_loss"),
    ],
)
def test_errors(files, options, message):
    assert message in failure("score", files / "part*.parquet", "--loss", "mse_loss", *options)


def test_not_finite(tmp_path):
    path = tmp_path / "nan.parquet"
    pa.parquet.write_table(pa.table({"label": [0.0, 1.0], "a": [float("nan"), 0.5], "b": [0.5, 0.5]}), path)
    document = score(path, "--scores", "a", "--scores", "b", "--loss", "mse_loss")
    assert document["differences"][0]["low"] == "NaN"
    json.dumps(document, allow_nan=False)
