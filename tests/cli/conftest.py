"""Fixtures of the command's tests."""

import pytest

from tests.cli.data import make, write_parquet


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "data.parquet"
    write_parquet(path, make())
    return path
