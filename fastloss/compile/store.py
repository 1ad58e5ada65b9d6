"""Where kernels lie as files: in the user's store, and in the wheel (`wheel.py`), which is only read.

A file is a digest and the bytes that it is of; bytes that do not match are compiled again and written anew. Files are
written under another name and moved, so that no process sees half of one. The user's store is used only if it belongs
to the user and nobody else may write to it, since what it holds is run.

Decisions, with the ways that were rejected:

a) A folder of the user's, not `__pycache__` beside the sources: those may be read-only, and addresses tell versions
   apart, so that several installations share one store.
b) An address names one possible content, so files are never edited, and the oldest of one name go when there are many:
   an index would have to be locked.
"""

import contextlib
import hashlib
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterable

OVERRIDE = "FASTLOSS_CACHE_DIR"
SUFFIX = ".kernel"
MAGIC = b"fastloss kernel 1\n"
KEPT = 4  # files of kernels of one name and level, in the user's store: those of other versions or edits


def place() -> pathlib.Path:
    """The user's store: FASTLOSS_CACHE_DIR, else the system's folder for caches."""
    given = os.environ.get(OVERRIDE)
    if given:
        return pathlib.Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "fastloss"


def refused(folder: pathlib.Path) -> str | None:
    """Why a folder's kernels must not be run; None where nothing speaks against it, or it does not exist."""
    if folder.parts[:1] == ("~",):  # what Python leaves of a home that it does not know: a folder of that name
        return f"the user has no home folder (set {OVERRIDE})"
    if not hasattr(os, "getuid"):
        return None
    try:
        about = folder.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror})"
    if about.st_uid not in (os.getuid(), 0):
        return f"{folder} belongs to another user"
    if about.st_mode & 0o022:
        return f"{folder} can be written by others"
    return None


def packed(content: bytes) -> bytes:
    """The bytes of a file."""
    return MAGIC + hashlib.sha256(content).digest() + content


def unpacked(data: bytes) -> bytes | None:
    """What was packed; None if these are other bytes."""
    start = len(MAGIC) + hashlib.sha256().digest_size
    right = data[: len(MAGIC)] == MAGIC and hashlib.sha256(data[start:]).digest() == data[len(MAGIC) : start]
    return data[start:] if right else None


def read(folder: pathlib.Path, name: str) -> bytes | None:
    """A kernel's object code, None where it is not, or not what was written."""
    try:
        with open(os.path.join(folder, name + SUFFIX), "rb") as file:
            return unpacked(file.read())
    except OSError:
        return None


def stored(name: str) -> bytes | None:
    """A kernel of the user's store."""
    return None if refused(place()) else read(place(), name)


def keep(name: str, content: bytes) -> bool:
    """Put a kernel into the user's store, in place of the oldest of its name; False where that cannot be done."""
    folder = place()
    try:
        if not refused(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    if refused(folder) or not write(folder, name, content):
        return False
    _forget(folder, name)
    return True


def write(folder: pathlib.Path, name: str, content: bytes) -> bool:
    """Write a kernel's file; False where that cannot be done."""
    try:
        handle, path = tempfile.mkstemp(dir=folder, prefix=_unfinished(os.getpid()), suffix=".tmp")
        try:
            with open(handle, "wb") as file:
                file.write(packed(content))
            os.replace(path, folder / f"{name}{SUFFIX}")
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise
    except OSError:
        return False
    return True


def _unfinished(process: int | None) -> str:
    """What the names of a process's unfinished files begin with."""
    return f".{process}-"


def sweep(processes: Iterable[int | None]) -> None:
    """Remove the files that processes of this machine, which are ended in the midst, have not finished."""
    begins = tuple(map(_unfinished, processes))
    with contextlib.suppress(OSError):
        for entry in os.scandir(place()):
            if begins and entry.name.startswith(begins):
                os.unlink(entry.path)


def _forget(folder: pathlib.Path, name: str) -> None:
    """Remove the oldest files of kernels that differ from this one in their address alone."""
    with contextlib.suppress(OSError):
        stem = name.rpartition("-")[0]
        ages = []
        for entry in os.scandir(folder):
            if entry.name.startswith(stem + "-") and entry.name.endswith(SUFFIX):
                ages.append((entry.stat().st_mtime_ns, entry.path))
        for _, path in sorted(ages)[:-KEPT]:
            os.unlink(path)


def count(folder: pathlib.Path, level: str) -> int:
    """How many kernels for a level a folder holds."""
    try:
        return sum(f"-{level}-" in entry.name and entry.name.endswith(SUFFIX) for entry in os.scandir(folder))
    except OSError:
        return 0


def described() -> str:
    """Where the user's store is, or why it is not used."""
    folder = place()
    if reason := refused(folder):
        return f"none: {reason}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return f"none: {folder} cannot be made ({error.strerror})"
    return str(folder) if os.access(folder, os.W_OK) else f"{folder}, which cannot be written"
