"""What is said of a formula that cannot be compiled: one line, with the place in the user's source."""

import importlib.util
import linecache
import pathlib
import re
import types
from collections.abc import Iterable
from typing import Any

from fastloss.compile.templates import Function, bound_names

RAISES = "fastloss_raises"  # what an entry calls if the block has raised an error
PACKAGE = pathlib.Path(__file__).parent.parent

Place = tuple[str, int]

# Numba names a line where an expression cannot be typed, and else the function that it was about to compile.
_PLACE = re.compile(r"(?:at|from) (?P<file>\S.*) \((?P<line>\d+)\)|CPUDispatcher\(<function .* at (?P<id>0x\w+)>\)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RAISING = "ret i32 1\n"  # in the text of a function that does it itself
# What Numba says where it may not allocate.
ALLOCATES = ("NRT required but not enabled", "Only accept returning of array passed into the function as argument")


def is_ours(file: str) -> bool:
    """Whether a file is one of this package, or of Numba's, and not the user's."""
    numba = importlib.util.find_spec("numba")
    folders = [PACKAGE, *((numba and numba.submodule_search_locations) or ())]
    return any(pathlib.Path(file).is_relative_to(one) for one in folders)


def not_compiled(function: Function, error: Exception, inlined: Iterable[Any]) -> str:
    """What Numba's error says of a block, of which `inlined` are the functions."""
    text = _COLOUR.sub("", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while lines and lines[0].startswith("Failed in"):
        del lines[0]
    why = " ".join(lines[:2] if lines and lines[0].endswith(":") else lines[:1]).partition(" Raised from")[0]
    functions = {id(one.py_func): one.py_func for one in inlined}
    places: list[Place] = []
    for found in _PLACE.finditer(text):
        if found["id"] is None:
            places.append((found["file"], int(found["line"])))
        elif (one := functions.get(int(found["id"], 16))) is not None:
            places.append((one.__code__.co_filename, one.__code__.co_firstlineno))
    said = f"cannot be compiled: {why}"
    if any(one in text for one in ALLOCATES):
        said = "allocates memory, or returns an array that it has made, which a kernel may not do"
    for file, line in places:
        if not is_ours(file):
            return f"{_shown(file, line)} {said}"
    theirs = ", ".join(
        f"{name} {value.__qualname__} of {_shown(value.__code__.co_filename, value.__code__.co_firstlineno)}"
        for name, value in bound_names(function).items()
        if isinstance(value, types.FunctionType) and not is_ours(value.__code__.co_filename)
    )
    where = theirs or (_shown(*places[0]) if places else function.__qualname__)
    return f"{where} {said}"


def not_allowed(needed: str, texts: Iterable[tuple[Function, str]]) -> str:
    """That a block raises an error or calls a foreign function, which is `needed`.

    `texts` are LLVM's of the block's functions, each behind those that it calls, and the block's own last.
    """
    mark, what = (RAISING, "raises an error") if needed == RAISES else (needed, f"calls {needed}")
    for function, text in texts:  # noqa: B007  the block itself is left if it is none of the others
        if mark in text:
            break
    code = function.__code__
    return f"{_shown(code.co_filename, code.co_firstlineno)} {what}, which a kernel may not do"


def _shown(file: str, line: int) -> str:
    source = linecache.getline(file, line).strip()
    return f"{file}, line {line}: {source!r}" if source else f"{file}, line {line}"
