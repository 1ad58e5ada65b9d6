"""Losses of columns, without the engines that distribute them."""

import numpy as np
import pyarrow as pa
import pytest

import fastloss
from fastloss.streaming.columns import ends_of_runs, request, tables


def asked(name, *columns, sample_weight=None, groups=None, reduction="mean", **parameters):
    return request(name, columns, sample_weight, groups, reduction, parameters)


def column(*chunks, kind=None):
    return pa.chunked_array([pa.array(one, kind) for one in chunks], kind)


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([[5, 5], [5, 7, 3]], [0, 3, 4, 5]),
        ([["a"], ["b", "b"]], [0, 1, 3]),
        ([[2]], [0, 1]),
        ([[True, False]], [0, 1, 2]),
    ],
)
def test_ends_of_runs(values, ends):
    assert ends_of_runs(column(*values)).tolist() == ends


def test_ends_of_no_runs_and_of_nothing_known():
    assert ends_of_runs(pa.chunked_array([], pa.int64())).tolist() == [0]
    with pytest.raises(ValueError, match=r"groups\[1\] is null"):
        ends_of_runs(column([1, None]))


@pytest.mark.parametrize("step", [1, 3, 7, 50])
def test_batches_in_tables(step):
    """Of a multiple of ten rows; or of whole groups and ten rows at least, where one group is longer than that."""
    ids = np.repeat([4, 2, 9, 1, 7], [3, 25, 10, 1, 11])
    whole = pa.table({"id": ids, "row": np.arange(50)})
    batches = [*whole.to_batches(max_chunksize=step), *whole.slice(0, 0).to_batches()]
    for groups in (None, "id"):
        made = list(tables(batches, groups, 10))
        assert pa.concat_tables(made).equals(whole)
        sizes = [one.num_rows for one in made]
        if groups is None:
            assert len(sizes) == (1 if step == 50 else 5) and not any(size % 10 for size in sizes)
        else:
            assert sum(len(set(one["id"].to_pylist())) for one in made) == 5
            assert min(sizes) >= 10 and len(sizes) == (2 if step == 50 else 3)
    assert list(tables([], "id", 10)) == []


def test_batches_with_a_missing_id_are_whole():
    """The error is the one of `ends_of_runs`, where the table is read."""
    batches = pa.table({"id": [1, 1, None, 2, None]}).to_batches(max_chunksize=2)
    assert sum(one.num_rows for one in tables(batches, "id", 2)) == 5


def test_a_package_that_differs():
    wanted = asked("mse_loss", "a", "b")
    for other in (wanted._replace(version="0.0.0"), wanted._replace(level="z80")):
        with (
            pytest.raises(RuntimeError, match=r"worker .* runs fastloss .* for processors of level"),
            other.at_work("x"),
        ):
            pass
    with wanted.at_work("x"):
        assert fastloss.get_num_threads() == 1


def test_errors_say_where():
    table, wanted = pa.table({"a": [1.0, None], "b": [0.0, 1.0]}), asked("mse_loss", "a", "b")
    message = r"mse_loss of columns a, b, in part 3: input\[1\] is null"
    with pytest.raises(ValueError, match=message), wanted.at_work("in part 3"):
        wanted.add(wanted.state(), table)


def test_states_of_elements_are_exact():
    """In any order, and in few bytes whatever the rows."""
    rng, wanted = np.random.default_rng(2), asked("mse_loss", "a", "b", sample_weight="c")
    table = pa.table(dict(zip("abc", rng.random((3, 40_000)), strict=True)))
    parts = []
    for start in range(0, 40_000, 8192):
        state = wanted.state()
        wanted.add(state, table.slice(start, 8192))
        parts.append(state.to_bytes())
    assert wanted.merged(parts).result() == wanted.merged(parts[::-1]).result()
    assert len(wanted.merged(parts).to_bytes()) < 1000
    assert wanted.merged(parts).result() == pytest.approx(wanted.value(table), rel=1e-15, abs=0.0)


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("bpr_all_negatives_loss", ("a", np.eye(2), "b"), "expected a column of numbers for each"),
        ("mse_loss", ("a", 3), "target is of type int: expected a column's name"),
    ],
)
def test_what_is_no_column(name, columns, message):
    with pytest.raises(TypeError, match=message):
        asked(name, *columns)
    with pytest.raises(TypeError, match="sample_weight is of type list"):
        asked("mse_loss", "a", "b", sample_weight=[1.0])


@pytest.mark.parametrize(
    ("name", "rows", "nothing"),
    [
        ("pairwise_hinge_loss", {"a": [2.0, 1.0], "b": [0, 1]}, {"b": [1, 1]}),
        ("lambdarank_loss", {"a": [1.0, 2.0], "b": [1, 0]}, {"b": [2, 2]}),
        ("mse_loss", {"a": [1.0, 2.0], "b": [0.0, 1.0], "w": [1.0, 0.0]}, {"w": [0.0, 0.0]}),
        ("cross_entropy", {"a": [[1.0, 2.0], [0.0, 1.0]], "b": [0, -100]}, {"b": [-100, -100]}),
    ],
)
def test_a_group_that_has_nothing_to_say_is_nan(name, rows, nothing):
    weights = {"sample_weight": "w"} if "w" in rows else {}
    wanted = asked(name, "a", "b", **weights)
    given = {"sample_weight": rows["w"]} if "w" in rows else {}
    assert wanted.value(pa.table(rows)) == getattr(fastloss, name)(rows["a"], rows["b"], **given) > 0.0
    empty = pa.table({**rows, **nothing})
    assert np.isnan(wanted.value(empty))
    assert asked(name, "a", "b", reduction="sum", **weights).value(empty) == 0.0
