"""`fastloss score` without groups: all rows are one group, whose pairs are kept as a state."""

import json
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

import fastloss
from fastloss.cli.app import app
from fastloss.compile.kernels import INTERPRETED

RNG = np.random.default_rng(1)


def write(path, scores, labels):
    pa.parquet.write_table(pa.table({"score": scores, "label": labels}), path, row_group_size=50_000)
    return str(path)


def score(path, *options):
    arguments = ["score", path, "--scores", "score", "--labels", "label", "--json", *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def first(report):
    return next(iter(report["losses"].values())) if isinstance(report["losses"], dict) else report["losses"][0]


def test_a_state_gives_the_loss_of_all_rows(tmp_path):
    scores, labels = RNG.normal(size=3000), RNG.integers(0, 4, 3000)
    path = write(tmp_path / "a.parquet", scores, labels)
    found = first(
        score(path, "--loss", "pairwise_logistic_loss:sigma=0.5", "--loss", "mse_loss", "--batch-rows", "700")
    )
    value, pairs = fastloss.pairwise_logistic_loss(scores, labels, sigma=0.5, method="direct", with_counts=True)
    assert found["value"] == pytest.approx(value, rel=1e-12) and found["pairs"] == pairs


@pytest.mark.parametrize("what", ["many labels", "a score that is not a number"])
def test_rows_are_kept_where_there_is_no_state(tmp_path, what):
    scores = RNG.normal(size=600)
    labels = np.arange(600) if what == "many labels" else RNG.integers(0, 2, 600)
    if what != "many labels":
        scores[5] = np.nan
    found = first(score(write(tmp_path / "a.parquet", scores, labels), "--loss", "pairwise_logistic_loss"))
    value, pairs = fastloss.pairwise_logistic_loss(scores, labels, with_counts=True)
    assert found["pairs"] == pairs
    assert found["value"] == ("NaN" if np.isnan(value) else pytest.approx(value, rel=1e-12))


@pytest.mark.skipif(INTERPRETED, reason="takes minutes")
def test_memory_does_not_grow_with_the_rows(tmp_path):
    peaks = []
    for rows in (100_000, 400_000):
        path = write(tmp_path / f"{rows}.parquet", RNG.normal(size=rows), RNG.integers(0, 2, rows))
        options = ("--loss", "pairwise_logistic_loss", "--batch-rows", "50000")
        score(path, *options)
        tracemalloc.start()
        score(path, *options)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000
