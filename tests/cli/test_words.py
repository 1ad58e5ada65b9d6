"""What the command says of files and options that are wrong, where a library's own words would not help."""

import pyarrow as pa
import pyarrow.parquet
import pytest

from fastloss.core.spelling import nearest
from tests.cli.data import failure

MSE = ("--loss", "mse_loss")


def put(path, content):
    """Write bytes or text; return the path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(path, **columns):
    """Write a Parquet file; return the path."""
    pa.parquet.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("ids", "other", "type_"),
    [
        (["1", "2"], [1, 2], "int64"),
        ([1.5, 2.5], ["1", "2"], "double"),
        (pa.array([1, 2], pa.date32()), [1, 2], "string"),
    ],
)
def test_types_of_keys_that_differ(tmp_path, ids, other, type_):
    first = table(tmp_path / "a.parquet", id=ids, score=[0.5, 1.0], label=[0.0, 1.0])
    second = table(tmp_path / "b.parquet", id=other, score=[0.5, 1.0])
    assert failure("compare", first, second, "--key", "id", *MSE).endswith(f"(--types id={type_} converts it)")


def test_nothing_is_near_to_a_short_word():
    assert nearest("--on", ["--json", "--labels"]) == ()
    assert nearest("zero", ["error", "drop", "nan"]) == ()
    assert nearest("zero", ["error", "drop", "nan", "zeros"]) == ("zeros",)
