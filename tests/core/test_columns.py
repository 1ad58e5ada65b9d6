"""Errors about an argument say what the caller's column is called; whatever else holds numbers has no name there."""

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import fastloss
from fastloss.core import columns

LABELS = [0.0, 1.0]


def message(function, *arguments, **words):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*arguments, **words)
    return str(caught.value)


def of_pandas(name, values):
    return pandas.Series(values, name=name)


@pytest.mark.parametrize("named", [of_pandas, polars.Series])
def test_series(named):
    loss, two = fastloss.binary_cross_entropy, [0.5, 2.0]
    ids = named("user", [1, None]).astype("Int64") if named is of_pandas else named("user", [1, None])
    null, negative = "groups[1] (column 'user') is null: expected an id", [1.0, -1.0]
    for expected, function, arguments, words in (
        ("input[1] (column 'p') is 2: expected a probability", loss, (named("p", two), LABELS), {}),
        ("target[1] (column 'y') is 2: ", loss, (LABELS, named("y", two)), {}),
        ("target[1] (column 'y') is 2: ", loss, (), {"input": LABELS, "target": named("y", two)}),
        ("target (column 'y') has shape (2,): ", loss, ([0.5], named("y", LABELS)), {}),
        ("sample_weight[1] (column 'w') is -1", loss, (LABELS, LABELS), {"sample_weight": named("w", negative)}),
        ("input[1] is 2: ", loss, (named("", two), LABELS), {}),
        (null, fastloss.pairwise_logistic_loss, (LABELS, LABELS), {"groups": ids}),
        (null, fastloss.lambdarank_loss.grad_hess, (LABELS, LABELS), {"groups": ids}),
        (null, fastloss.auc, (two, LABELS), {"groups": ids}),
        ("labels[1] (column 'y') is nan", fastloss.count_inversions, (two, named("y", [1.0, np.nan])), {}),
        ("weight[1] (column 'w') is -1", fastloss.cross_entropy, (np.eye(2), [0, 1]), {"weight": named("w", negative)}),
    ):
        assert message(function, *arguments, **words).startswith(expected)


def test_columns_of_tables():
    rows = np.array([[0.5, 0.5], [2.0, 0.5]])
    tables = [
        pandas.DataFrame(rows, columns=["a", "b"]),
        pandas.DataFrame(rows, columns=["a", "b"]).astype("double[pyarrow]"),
        polars.DataFrame(rows, schema=["a", "b"]),
        pyarrow.table({"a": rows[:, 0], "b": rows[:, 1]}),
    ]
    for table in tables:
        assert message(fastloss.binary_cross_entropy, table, rows).startswith("input[1, 0] (column 'a') is 2: ")
        found = message(fastloss.cross_entropy, [[0.0, 0.0]] * 2, table)
        assert found == "target[1, 0] (column 'a') is 2: expected a number in [0, 1]"
        assert "column" not in message(fastloss.mse_loss, table, [0.0])
    many = pandas.DataFrame(rows, columns=pandas.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert "[1, 0] (column ('a', 1)) is 2" in message(fastloss.binary_cross_entropy, many, rows)
    numbered = pandas.DataFrame(rows)
    assert "[1, 0] (column 0) is 2" in message(fastloss.binary_cross_entropy, numbered, rows)
    assert "input[1] (column 0) is 2" in message(fastloss.binary_cross_entropy, numbered[0], rows[:, 0])


def test_what_has_no_name():
    class Named:
        name = "scores of today"

        def __array__(self, dtype=None, copy=None):
            return np.array([0.5, 2.0])

    loss = fastloss.binary_cross_entropy
    assert message(loss, Named(), LABELS).startswith("input[1] (named 'scores of today') is 2: ")
    assert message(loss, np.array([0.5, 2.0]), LABELS).startswith("input[1] is 2: ")
    assert message(loss, pandas.Series([0.5, 2.0]), LABELS).startswith("input[1] is 2: ")
    assert message(loss, pyarrow.array([0.5, 2.0]), LABELS).startswith("input[1] is 2: ")
    assert message(loss, [pandas.Series([0.5], name="p"), [2.0]], [[0.0]] * 2).startswith("input[1, 0] is 2: ")


def test_a_name_is_said_once_and_of_arguments_alone():
    error = ValueError("scores[1] is 2")
    for _ in range(2):
        columns.say(error, {"scores": pandas.Series([1.0, 2.0], name="p")})
    assert str(error) == "scores[1] (column 'p') is 2"
    for other in ("nothing is known", "", "score[1] is 2", "[scores] are", "scores_of[1] is 2"):
        error = ValueError(other)
        columns.say(error, {"scores": pandas.Series([1.0], name="p")})
        assert str(error) == other


def test_errors_keep_their_element():
    with pytest.raises(ValueError, match=r"target\[1\] \(column 'y'\) is 0\.5") as caught:
        fastloss.hinge_loss([0.5, 0.5], pandas.Series([1.0, 0.5], name="y"))
    assert fastloss.core.errors.offender(caught.value).position == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("mse_loss", {}), ("pairwise_logistic_loss", {}), ("pairwise_hinge_loss", {"grouped": True}), ("rmse_loss", {})],
)
def test_states_say_them_too(name, words):
    state = fastloss.accumulate(name, **words)
    more = {"groups": [1, 1]} if words else {}
    weights = pandas.Series([1.0, -1.0], name="w")
    for given, by_name in (((weights,), {}), ((), {"sample_weight": weights})):
        found = message(state.update, [1.0, 2.0], LABELS, *given, **by_name, **more)
        assert found.startswith("sample_weight[1] (column 'w') is -1")
    assert state.rows == 0
