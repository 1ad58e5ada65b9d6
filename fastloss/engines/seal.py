"""Files of compiled code, read only if they are the bytes that were written.

Whoever has stored a kernel writes an empty file beside it whose name holds the digest of its files: the seal. Two
processes that store one kernel at once leave two seals; the one of the bytes that stay is the one that is found.
"""

import contextlib
import hashlib
import os
import pathlib

SUFFIX = ".seal"


def _files(folder: pathlib.Path, name: str) -> list[pathlib.Path]:
    """The files of the kernel that is called so, seals included."""
    return sorted(folder / entry.name for entry in os.scandir(folder) if name in entry.name)


def _seal_of(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """The seal that the kernel's files want, None if there are no such files."""
    total, stored = hashlib.sha256(), [path for path in _files(folder, name) if path.suffix != SUFFIX]
    for path in stored:
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)}\n".encode())
        total.update(content)
    return folder / f"{name}.{total.hexdigest()[:32]}{SUFFIX}" if stored else None


def write(folder: pathlib.Path, name: str) -> None:
    """Seal the kernel's files as they are; without a seal they are compiled again."""
    with contextlib.suppress(OSError):
        seal = _seal_of(folder, name)
        if seal:
            seal.touch()


def may_be_read(folder: pathlib.Path, name: str) -> bool:
    """Whether the kernel's files are the bytes that were sealed, or there are none now: others are removed."""
    try:
        seal = _seal_of(folder, name)
    except OSError:  # another process has just removed one, or they are not ours to read
        seal = folder / name
    if seal is None or seal.exists():
        return True
    remove(folder, name)
    return not _files(folder, name)


def remove(folder: pathlib.Path, name: str, keep: str | None = None) -> None:
    """Remove the files whose name holds `name`, save those whose name holds `keep`."""
    for path in _files(folder, name):
        if keep is None or keep not in path.name:
            with contextlib.suppress(OSError):
                path.unlink()
