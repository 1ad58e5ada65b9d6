"""Losses of Spark's DataFrames, on a local Spark of two threads."""

import functools
import os
import sys

import numpy as np
import pytest

import fastloss
from tests.adapters.data import CASES, REFUSED, is_close, rows, run_guide, table

pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # PySpark's own
    pytest.mark.xdist_group("spark"),
]

MADE = rows()


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "OFF",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
        "spark.sql.shuffle.partitions": "3",
        "spark.ui.enabled": "false",
    }
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def df(spark):
    return spark.createDataFrame(table(MADE)).repartition(4).cache()


@pytest.mark.parametrize("case", CASES)
def test_score(df, case):
    from fastloss.spark import score

    (name, columns, words), expected, within = CASES[case]
    assert is_close(score(df, name, *columns, **words), expected(MADE), within)


@pytest.mark.parametrize("case", ["elements", "all pairs", "groups"])
def test_many_tables_of_a_partition(df, case):
    """Ten copies of all rows have the mean of one."""
    from pyspark.sql import functions

    from fastloss.spark import ROWS, score

    (name, columns, words), expected, within = CASES[case]
    copies = [df.withColumn("user", functions.col("user") + 300 * at) for at in range(10)]
    many = functools.reduce(type(df).unionAll, copies).coalesce(1)
    assert many.count() > ROWS
    assert is_close(score(many, name, *columns, **words), expected(MADE), max(within, 1e-14))


@pytest.mark.parametrize("name", ["lambdarank_loss", "pairwise_logistic_loss", "mse_loss"])
def test_per_group(df, name):
    from fastloss.spark import per_group

    made = per_group(df, name, "score", "label", groups="user")
    assert made.columns == ["user", name]
    found = {row["user"]: row[name] for row in made.collect()}
    assert found.keys() == set(MADE.user.tolist())
    for user, value in found.items():
        some = MADE.of_user(user)
        expected = getattr(fastloss, name)(some.score, some.label)
        assert is_close(value, expected, 1e-13)  # rows of a group come in any order


def test_ids_that_are_strings(df):
    from fastloss.spark import score

    named = df.selectExpr("score", "label", "concat('user ', user) as user")
    expected = fastloss.lambdarank_loss(MADE.score, MADE.label, groups=MADE.user)
    assert is_close(score(named, "lambdarank_loss", "score", "label", groups="user"), expected, 1e-14)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_at_once(df, case):
    from fastloss.spark import score

    arguments, words, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=message):
        score(df, *arguments, **words)


def test_columns(df):
    from pyspark.errors import AnalysisException

    from fastloss.spark import per_group, score

    with pytest.raises(AnalysisException, match="scores"):
        score(df, "mse_loss", "scores", "label")
    with pytest.raises(AnalysisException, match="users"):
        per_group(df, "mse_loss", "score", "label", groups="users")
    with pytest.raises(ValueError, match=r"made.score is no column, but a field of one"):
        score(df.selectExpr("named_struct('score', score) as made", "label"), "mse_loss", "made.score", "label")
    words = df.selectExpr("cast(score as string) as score", "label", "score as user")
    with pytest.raises(TypeError, match="column score is of type string: expected numbers"):
        score(words, "mse_loss", "score", "label")
    with pytest.raises(TypeError, match="column user is of type double: expected ids"):
        score(words, "lambdarank_loss", "label", "label", groups="user")


def test_rows_that_are_wrong(spark):
    from pyspark.errors import PythonException

    from fastloss.spark import per_group, score

    kinds = "score double, label int, user string"
    holes = spark.createDataFrame([(0.5, 0, "a"), (None, 1, "a"), (0.5, 1, None)], kinds).coalesce(1)
    with pytest.raises(PythonException, match=r"rows 0 to 2 of partition 0: input\[1\] is null: expected a number"):
        score(holes, "mse_loss", "score", "label")
    with pytest.raises(PythonException, match=r"groups\[\d\] is null: expected an id"):
        score(holes, "lambdarank_loss", "score", "label", groups="user")
    with pytest.raises(PythonException, match=r"group 'a': input\[1\] is null: expected a number"):
        per_group(holes, "mse_loss", "score", "label", groups="user").collect()
    lists = spark.createDataFrame([([1.0, 2.0], 0), ([1.0], 0)], "logits array<double>, kind int").coalesce(1)
    with pytest.raises(PythonException, match="logits has lists of 2 and of 1 numbers"):
        score(lists, "cross_entropy", "logits", "kind")


def test_no_rows_and_nan(spark):
    from fastloss.spark import score

    assert score(spark.createDataFrame([], "score double, label int"), "mse_loss", "score", "label") == 0.0
    assert np.isnan(score(spark.createDataFrame([(float("nan"), 1.0)], ["a", "b"]), "mse_loss", "a", "b"))


def test_the_guide(spark):
    assert run_guide("Spark", spark=spark) > 5
