"""Kernels that came with the package, in `fastloss/kernels`: made when its wheel was built, for all levels.

Decisions, with the ways that were rejected:

a) They are found by the source that came with them, not by code objects and compilers' versions as the user's are: byte
   code differs between versions of Python, and a wheel serves all of them, with any Numba or none. An address says for
   each function where it stands, in which file, and the digest of that file, which is read once a process. So an edited
   file's kernels are not found any more, and are compiled; a formula from elsewhere is not looked for.
b) A file for each kernel, in the format of the user's store: an archive with an index would be a second format, and
   compresses no better.
c) Not refused where others may write, as the user's store is: they may write to the package's modules beside it, too.
"""

import functools
import hashlib
import os
import pathlib
import types
from typing import Any

from fastloss.compile.address import address
from fastloss.compile.templates import Function, may_fuse, may_regroup

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAKERS = ("compile/front_end.py", "compile/signatures.py")  # what they do to a kernel is in none of its functions
FOLDER = pathlib.Path(PACKAGE, "kernels")


class NotOurs(Exception):
    """A function that no wheel has a kernel of."""


@functools.cache
def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@functools.cache
def _of_source(code: types.CodeType) -> bytes:
    """Which function of the package a code is."""
    path = os.path.abspath(code.co_filename)
    if not path.startswith(PACKAGE + os.sep) or code.co_name.startswith("<"):  # several may stand in one line
        raise NotOurs(code.co_qualname)
    place = os.path.relpath(path, PACKAGE).replace(os.sep, "/")
    return repr(
        (place, _digest(path), code.co_firstlineno, code.co_qualname, may_regroup(code), may_fuse(code))
    ).encode()


@functools.cache
def is_there() -> bool:
    """Whether the package came with kernels."""
    return FOLDER.is_dir()


@functools.cache
def makers() -> tuple[str, ...]:
    """The digests of what makes a kernel of functions, for addresses in wheels and in stores."""
    return tuple(_digest(os.path.join(PACKAGE, *path.split("/"))) for path in MAKERS)


def address_of(template: Function, *more: Any) -> str | None:
    """A kernel's address in a wheel; None if it can be in none."""
    try:
        return address(template, *more, makers(), of_code=_of_source)
    except (NotOurs, OSError):  # sources may be left out, or lie in an archive
        return None
