"""The file of `--per-group`: it appears under its name when it is complete, or not at all."""

import contextlib
import os
import secrets
from types import TracebackType

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import UserError, explained


class GroupFile:
    """A Parquet file with a row for each group, written beside its final place and moved there by `commit`."""

    def __init__(self, path: str, inputs: list[str]):
        self.path = path
        folder, name = os.path.split(os.path.abspath(path))
        if os.path.isdir(path):
            raise UserError(f"{path}: is a folder")
        if not os.path.isdir(folder):
            raise UserError(f"{path}: no folder {folder}")
        if os.path.realpath(path) in {os.path.realpath(other) for other in inputs}:
            raise UserError(f"{path}: is one of the files to be read")
        self._temporary = os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")
        self._writer: pa.parquet.ParquetWriter | None = None

    def __enter__(self) -> "GroupFile":
        with explained(self.path), open(self._temporary, "xb"):
            pass  # a place that cannot be written is an error before anything is read
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._temporary)

    def restart(self) -> None:
        """Forget what has been written."""
        self._close()

    def write(self, table: pa.Table) -> None:
        """Add groups."""
        from pyarrow import parquet

        with explained(self.path):
            if self._writer is None:
                self._writer = parquet.ParquetWriter(self._temporary, table.schema)
            self._writer.write_table(table)

    def commit(self) -> None:
        """Move the file to its place."""
        with explained(self.path):
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            os.replace(self._temporary, self.path)

    def _close(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(OSError, pa.ArrowException):
                self._writer.close()
            self._writer = None


def group_table(ids: pa.Array, rows: np.ndarray, columns: dict[str, np.ndarray]) -> pa.Table:
    """A row for each group."""
    return pa.table({"group": ids, "rows": rows, **columns})
