"""DuckDB and Polars feed states: the recipes of docs/guides/ray_spark.md."""

import numpy as np
import polars as pl
import pytest

import fastloss
from tests.adapters.data import is_close, rows, run_guide, table

MADE = rows()


def test_duckdb_streams_record_batches():
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    connection = duckdb.connect()
    connection.register("rows", table(MADE))
    state = fastloss.accumulate("binary_cross_entropy_with_logits")
    for batch in connection.sql("select score, label, weight from rows").to_arrow_reader(4096):
        state.update(batch["score"], batch["label"], batch["weight"])
    assert state.result() == fastloss.binary_cross_entropy_with_logits(
        MADE.score, MADE.label, sample_weight=MADE.weight
    )


def test_duckdb_streams_groups():
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    connection = duckdb.connect()
    connection.register("rows", table(MADE))
    state = fastloss.accumulate("lambdarank_loss", grouped=True)
    for remainder in range(4):
        query = f"select score, label, user from rows where hash(user) % 4 = {remainder}"
        part = connection.sql(query).fetchnumpy()
        state.update(part["score"], part["label"], groups=part["user"])
    expected = fastloss.lambdarank_loss(MADE.score, MADE.label, groups=MADE.user)
    assert is_close(state.result(), expected, 1e-14)


def test_relations_of_duckdb_are_tables():
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    connection = duckdb.connect()
    connection.register("rows", table(MADE))
    scores = connection.sql("select score, -score from rows")
    expected = fastloss.cross_entropy(np.column_stack([MADE.score, -np.asarray(MADE.score)]), MADE.label)
    assert fastloss.cross_entropy(scores, MADE.label) == expected


@pytest.mark.parametrize("way", ["slices", "batches"])
def test_polars_streams_frames(way):
    frame = pl.from_arrow(table(MADE))
    state = fastloss.accumulate("huber_loss", delta=0.5)
    if way == "batches" and not hasattr(frame.lazy(), "collect_batches"):
        pytest.skip("this Polars has no collect_batches")
    lazy = frame.lazy().select("score", "label")
    for part in frame.iter_slices(5000) if way == "slices" else lazy.collect_batches(chunk_size=5000):
        state.update(part["score"], part["label"])
    assert state.result() == fastloss.huber_loss(MADE.score, MADE.label, delta=0.5)


def test_polars_maps_groups():
    frame = pl.from_arrow(table(MADE))

    def loss(group: pl.DataFrame) -> pl.DataFrame:
        value = fastloss.pairwise_logistic_loss(group["score"], group["label"])
        return group.select("user").head(1).with_columns(loss=pl.lit(value))

    found = dict(frame.group_by("user").map_groups(loss).select("user", "loss").iter_rows())
    assert found.keys() == set(MADE.user.tolist())
    for user, value in found.items():
        some = MADE.of_user(user)
        assert value == fastloss.pairwise_logistic_loss(some.score, some.label)


def test_the_guide():
    pytest.importorskip("duckdb", reason="DuckDB is not installed")
    assert run_guide("DuckDB") > 5
