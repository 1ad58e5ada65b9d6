"""How a formula meets a loop, and how the compiled loop survives from process to process.

Decisions, with the ways that were rejected:

a) A loop is a copy of a template function whose globals are replaced (`specialise`). A formula handed over as an
   argument or captured in a closure misses Numba's disk cache in every process and leaves new files there each time.
b) Numba keys a cached function by its own file and name, never by the functions and constants that it reaches: an
   edited formula would go on serving its old numbers. So the copy's `__qualname__`, of which Numba makes the file's
   name, holds a digest of the whole package's source and of the settings of Numba that change the code but not the key.
c) Only the outermost loop is cached; what it calls is inlined. Every function has its own explicit flags, since a
   callee keeps those of whoever compiled it first.
d) Public interfaces of Numba only. Files of older sources are removed when a new one is written, a damaged file is
   removed and compiled again, and where nothing can be written the loop is compiled in memory.
"""

import contextlib
import dis
import functools
import os
import pathlib
import pickle
import types
from collections.abc import Callable
from typing import Any

import numba

from fastloss.digest import DIGEST

# Without nnan and ninf: NaN and infinity are data. Reassociation is what lets LLVM vectorise a sum.
FLAGS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}
# Formulas keep the order in which they are written: their accuracy rests on it.
EXACT: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}

SETTINGS = ("NUMBA_BOUNDSCHECK", "NUMBA_OPT", "NUMBA_LOOP_VECTORIZE", "NUMBA_SLP_VECTORIZE", "NUMBA_ENABLE_AVX")
STAMP = "_".join([*(os.environ.get(name, "") for name in SETTINGS), DIGEST]).lstrip("_")
MARK = "fastloss_kernel"


def specialise(template: Callable[..., Any], name: str, **names: Any) -> Callable[..., Any]:
    """A copy of `template` in whose globals `names` mean something else, named so that Numba can cache it."""
    copy = rebound(template, **names)
    copy.__qualname__ = f"{MARK}_{template.__name__}_{name}_{STAMP}"
    copy.__module__ = template.__module__
    return copy


def of_package(value: Any) -> bool:
    """Whether a global is a plain function of this package, hence to be compiled with its caller."""
    return isinstance(value, types.FunctionType) and value.__module__.split(".")[0] == "fastloss"


def rebound(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """A plain copy of a function in whose globals `names` mean something else."""
    return types.FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)


def bind(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """A plain copy in which `names` mean something else, also in the functions of the package that it calls."""
    changed = {}
    for name in function.__code__.co_names:
        old = function.__globals__.get(name)
        new = names.get(name, old)
        if of_package(new):
            new = bind(new, **names)
        if new is not old:
            changed[name] = new
    if not changed:
        return function
    return rebound(function, **changed)


def _inlined(function: Callable[..., Any], callees: dict[str, Any], flags: dict[str, Any]) -> Callable[..., Any]:
    if numba.config.DISABLE_JIT:
        return function
    return numba.njit(**flags)(rebound(function, **callees))


def called(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The package's plain functions that a function names."""
    globals_ = function.__globals__
    return {name: globals_[name] for name in function.__code__.co_names if of_package(globals_.get(name))}


@functools.cache
def formula(function: Callable[..., Any]) -> Callable[..., Any]:
    """A scalar formula, compiled to be inlined, with all that it calls."""
    return _inlined(function, {name: formula(callee) for name, callee in called(function).items()}, EXACT)


def inner_loops(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """What a template calls, compiled: functions that hold a loop may reassociate their sums, scalar formulas may not."""
    return {name: _inner(callee) for name, callee in called(function).items()}


def _inner(function: Callable[..., Any]) -> Callable[..., Any]:
    flags = FLAGS if has_loop(function) else EXACT
    return _inlined(function, inner_loops(function), flags)


def has_loop(function: Callable[..., Any]) -> bool:
    """Whether a function itself contains a loop."""
    return any(instruction.opname == "FOR_ITER" for instruction in dis.get_instructions(function))


def loop(template: Callable[..., Any], name: str, signature: Any, **names: Any) -> Callable[..., Any]:
    """`template`, specialised and compiled for one signature: from the disk where it is there, else compiled and stored."""
    return _stored(specialise(template, name, **names), signature, nogil=True)


def parallel_loop(template: Callable[..., Any], name: str, signature: Any, **names: Any) -> Callable[..., Any]:
    """The same for a template that contains `prange`."""
    return _stored(specialise(template, name, **names), signature, nogil=True, parallel=True)


def _stored(function: Callable[..., Any], signature: Any, **options: Any) -> Callable[..., Any]:
    if numba.config.DISABLE_JIT:
        return function
    try:
        kernel = numba.njit(cache=True, **options, **FLAGS)(function)
    except RuntimeError:  # no place that can be written
        return numba.njit(signature, **options, **FLAGS)(function)
    try:
        kernel.compile(signature)
    except (OSError, EOFError, pickle.PickleError, ValueError, KeyError, AttributeError, ImportError, IndexError):
        _remove(kernel.stats.cache_path, f"*{function.__qualname__}*")
        return _without_store(function, signature, kernel, options)
    if sum(kernel.stats.cache_misses.values()):
        _remove_stale(kernel.stats.cache_path)
    return kernel


def _without_store(function, signature, kernel, options):
    """Once more after the damaged file is gone; in memory if the place itself is at fault."""
    try:
        kernel = numba.njit(cache=True, **options, **FLAGS)(function)
        kernel.compile(signature)
        return kernel
    except (OSError, RuntimeError):
        return numba.njit(signature, **options, **FLAGS)(function)


def _remove_stale(folder: str) -> None:
    for path in pathlib.Path(folder).glob(f"*{MARK}_*"):
        if DIGEST not in path.name:
            with contextlib.suppress(OSError):
                path.unlink()


def _remove(folder: str, pattern: str) -> None:
    for path in pathlib.Path(folder).glob(pattern):
        with contextlib.suppress(OSError):
            path.unlink()
