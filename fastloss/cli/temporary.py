"""Folders for temporary files, which go whatever ends the process."""

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator

from fastloss.cli.errors import UserError, explained
from fastloss.cli.leaving import Undoing

VARIABLE = "TMPDIR"


def place() -> str:
    """Return the folder of temporary files: TMPDIR, which Python would pass over if it is wrong, else the system's."""
    given = os.environ.get(VARIABLE)
    if not given:
        with explained("temporary files"):
            return tempfile.gettempdir()
    if not os.path.isdir(given):
        raise UserError(f"{VARIABLE} is {given}: no such folder")
    return given


def written() -> contextlib.AbstractContextManager[None]:
    """Turn errors of writing temporary files into a `UserError` that says where they are."""
    return explained(f"temporary files in {place()}")


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """Make a folder for this process alone, and remove it with all that is in it."""
    path = os.path.join(place(), f"fastloss-{secrets.token_hex(8)}")
    with Undoing(lambda: _remove(path)):
        with written():
            os.mkdir(path, 0o700)
        try:
            yield path
        finally:
            _remove(path)


def _remove(path: str) -> None:
    """Remove a folder, into which another thread may still put a file."""
    for _ in range(10):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return
