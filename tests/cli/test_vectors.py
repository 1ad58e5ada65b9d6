"""Embeddings and positives in files: what is read, and errors that name file, row and column."""

import itertools
import json
import pathlib

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from fastloss.cli.errors import UserError
from fastloss.cli.reading import vectors

RNG = np.random.default_rng(5)
MATRIX = RNG.normal(size=(7, 3)).astype(np.float32)
LISTS = pa.array(list(MATRIX))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(**columns):
    parquet.write_table(pa.table(columns), "t.parquet", row_group_size=3)


@pytest.mark.parametrize(
    "column",
    [
        LISTS,
        LISTS.cast(pa.large_list(pa.float32())),
        LISTS.cast(pa.list_(pa.float32(), 3)),
        pa.FixedShapeTensorArray.from_numpy_ndarray(MATRIX),
        pa.array(list(MATRIX.astype(np.float64))),
    ],
    ids=lambda column: str(column.type),
)
def test_columns_of_lists(column, monkeypatch):
    monkeypatch.setattr(vectors, "ROWS", 2)
    write(name=pa.array("abcdefg"), vector=column)
    np.testing.assert_array_equal(vectors.embeddings("t.parquet").vectors, MATRIX)
    found = vectors.embeddings("t.parquet:vector")
    np.testing.assert_array_equal(found.vectors, MATRIX)
    assert found.name(5) == "t.parquet: row 5: column 'vector'"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_dtypes(dtype):
    numbers = np.arange(12).reshape(4, 3).astype(dtype)
    write(vector=pa.array(list(numbers)))
    found = vectors.embeddings("t.parquet").vectors
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, numbers)


def test_other_files():
    feather.write_feather(pa.table({"v": LISTS}), "t.arrow")
    np.testing.assert_array_equal(vectors.embeddings("t.arrow").vectors, MATRIX)
    lines = [json.dumps({"id": i, "v": row}) for i, row in enumerate(MATRIX.tolist())]
    pathlib.Path("t.jsonl").write_text("\n".join(lines))
    np.testing.assert_array_equal(vectors.embeddings("t.jsonl").vectors, MATRIX.astype(np.float64))
    pathlib.Path("parts").mkdir()
    parquet.write_table(pa.table({"v": LISTS}), "parts/a.parquet")
    parquet.write_table(pa.table({"v": LISTS}), "parts/b.parquet")
    for text in ("parts:v", "parts/*.parquet:v", "parts"):
        found = vectors.embeddings(text)
        np.testing.assert_array_equal(found.vectors, np.concatenate([MATRIX, MATRIX]))
    assert found.name(9).startswith("parts/b.parquet: row 2")
    np.save("a:b.npy", MATRIX)
    found = vectors.embeddings("a:b.npy")
    assert isinstance(found.vectors, np.memmap) and found.name(3) == "a:b.npy: row 3"
    np.testing.assert_array_equal(vectors.embeddings(f"file://{pathlib.Path('a:b.npy').resolve()}").vectors, MATRIX)


@pytest.mark.parametrize(
    ("columns", "text", "message"),
    [
        ({"v": pa.array([[1.0], [1.0, 2.0]])}, "t.parquet", "row 1: .*column 'v' is a list of 2 numbers where the"),
        (
            {"v": pa.array([[1.0], [2.0], None])},
            "t.parquet:v",
            r"t.parquet: row 2: column 'v' is null",
        ),
        ({"v": pa.array([[1.0], [None]])}, "t.parquet", "row 1: .*column 'v' is a list with a null"),
        ({"v": pa.array([[1.0]] * 3 + [[1.0, 2.0]])}, "t.parquet", "row 3: .*is a list of 2 numbers where the first"),
        ({"v": [1.0]}, "t.parquet", "t.parquet: no column: expected one of lists of numbers"),
        ({"v": [1.0]}, "t.parquet:v", "column 'v' has type double: expected lists of numbers"),
        ({"v": [[1.0]], "w": [[1.0]]}, "t.parquet", r"several columns of lists of numbers \(v, w\): expected FILE:COL"),
        ({"vec": [[1.0]]}, "t.parquet:vecs", r"no column 'vecs': did you mean 'vec'\? \(columns: vec\)"),
        ({"v": pa.array([], pa.list_(pa.float32()))}, "t.parquet", "t.parquet: no rows"),
        ({"v": [[1.0]]}, "none.parquet:v", "none.parquet: no such file"),
        ({"v": [[1.0]]}, "x.npy", "x.npy: no such file"),
        ({"v": [[1.0]]}, "flat.npy", r"flat.npy: holds an array of shape \(3,\): expected two dimensions"),
        ({"v": [[1.0]]}, "m.npy:v", "m.npy: is an array and has no column 'v'"),
        ({"v": [[1.0]]}, "text.npy", "text.npy: "),
        ({"v": [[1.0]]}, "objects.npy", "objects.npy: Array can't be memory-mapped"),
    ],
)
def test_wrong_embeddings(columns, text, message, monkeypatch):
    monkeypatch.setattr(vectors, "ROWS", 3)
    write(**columns)
    np.save("flat.npy", np.zeros(3))
    np.save("m.npy", MATRIX)
    np.save("objects.npy", np.array([[None]]), allow_pickle=True)
    pathlib.Path("text.npy").write_text("no array")
    with pytest.raises(UserError, match=message):
        vectors.embeddings(text)


def read(text, ids=None, queries=3, keys=5):
    offsets, numbers = vectors.positives(text, queries, keys, ids)
    assert numbers.dtype == np.int64
    return [numbers[a:b].tolist() for a, b in itertools.pairwise(offsets)]


def test_positives_by_row_numbers():
    np.save("one.npy", np.array([4, 0, 2], np.uint8))
    np.save("two.npy", np.array([[4, 1], [0, 1], [2, 3]]))
    assert read("one.npy") == [[4], [0], [2]] and read("two.npy") == [[4, 1], [0, 1], [2, 3]]
    write(p=[4, 0, 2], several=[[4, 1], [], [2]], whole=[4.0, 0.0, 2.0])
    assert read("t.parquet:p") == read("t.parquet:whole") == [[4], [0], [2]]
    assert read("t.parquet:several") == [[4, 1], [], [2]]
    pathlib.Path("p.csv").write_text("p\n4\n0\n2\n")
    pathlib.Path("p.jsonl").write_text('{"p": [4, 1]}\n{"p": []}\n{"p": [2]}\n')
    assert read("p.jsonl") == [[4, 1], [], [2]]


def test_positives_by_ids():
    parquet.write_table(pa.table({"id": list("vwxyz"), "v": [[1.0]] * 5}), "keys.parquet")
    parquet.write_table(pa.table({"id": [10, 20, 30, 40, 50], "v": [[1.0]] * 5}), "numbers.parquet")
    ids, numbers = vectors.key_ids("keys.parquet:v", "id"), vectors.key_ids("numbers.parquet", "id")
    write(p=["z", "v", "x"], several=[["z", "w"], [], ["x"]], numbers=pa.array([50, 10, 30], pa.int16()))
    assert read("t.parquet:p", ids) == read("t.parquet:numbers", numbers) == [[4], [0], [2]]
    assert read("t.parquet:several", ids) == [[4, 1], [], [2]]
    with pytest.raises(UserError, match=r"t.parquet: row 0: .*has type string, and --key-ids int64"):
        read("t.parquet:p", numbers)
    write(p=[["z"], ["v", "?"], ["x"]])
    with pytest.raises(UserError, match=r"t.parquet: row 1: column 'p' is '\?': expected the id of a key"):
        read("t.parquet:p", ids)
    parquet.write_table(pa.table({"id": list("aba"), "v": [[1.0]] * 3}), "keys.parquet")
    with pytest.raises(UserError, match=r"keys.parquet: row 2: column 'id' is 'a', as in row 0: expected an id a key"):
        vectors.key_ids("keys.parquet", "id")
    np.save("m.npy", MATRIX)
    with pytest.raises(UserError, match=r"--key-ids id: m.npy is an array and has no columns"):
        vectors.key_ids("m.npy", "id")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"p": [0, 5, 1]}, "t.parquet: row 1: column 'p' is 5: expected the row of a key, 0 to 4"),
        ({"p": [[0], [1, -1], [2]]}, "row 1: column 'p' is -1: expected the row of a key"),
        ({"p": [0.0, 1.5, 1.0]}, "row 1: column 'p' is 1.5: expected the row of a key"),
        ({"p": [0.0, 1.0, float("nan")]}, "row 2: column 'p' is nan: expected the row of a key"),
        ({"p": [0, None, 1]}, "row 1: column 'p' is null"),
        ({"p": [[0], [1, None], [1]]}, "row 1: column 'p' is a list with a null"),
        ({"p": [0, 1]}, "t.parquet: has 2 rows: expected one for each of 3 queries"),
        ({"p": ["a", "b", "c"]}, "row 0: column 'p' has type string: expected row numbers of keys, or --key-ids"),
        ({"p": [1, 2, 3], "q": [1, 2, 3]}, r"several columns of .* \(p, q\): expected FILE:COLUMN"),
    ],
)
def test_wrong_positives(columns, message):
    write(**columns)
    with pytest.raises(UserError, match=message):
        read("t.parquet")


def test_wrong_arrays_of_positives():
    for array in (np.zeros((1, 1, 1), int), np.array(["a"])):
        np.save("p.npy", array)
        with pytest.raises(UserError, match=r"p.npy: holds an array of .* expected row numbers of keys"):
            read("p.npy")
    np.save("p.npy", np.array([0, 1, 7]))
    with pytest.raises(UserError, match=r"p.npy: row 2 is 7: expected the row of a key, 0 to 4"):
        read("p.npy")
