"""How a formula meets a loop, and how the compiled loop survives from process to process.

Decisions, with the ways that were rejected:

a) A loop is a copy of a template function whose globals are replaced (`specialise`). A formula handed over as an
   argument or captured in a closure misses Numba's disk cache in every process and leaves new files there each time.
b) Numba keys a cached function by its own file and name, never by the functions and constants that it reaches: an
   edited formula would go on serving its old numbers. So the copy's `__qualname__`, of which Numba makes the file's
   name, holds a digest of the code with all that it reaches (`address.py`); a digest of source files would store code
   under the text of an edit that came after its import.
c) The name also holds a digest of the signature, the processor and the settings that change the code (`variant`), so
   that a file has one possible content. Numba keeps several signatures behind one index, reads it, and writes it back:
   of two processes that compile two signatures at once, one could find the other's code under its own entry.
   NUMBA_BOUNDSCHECK is in no key of Numba's at all.
d) Only the outermost loop is cached; what it calls is inlined. Every function has its own explicit flags, since a
   callee keeps those of whoever compiled it first.
e) Public interfaces of Numba only. Files of older sources are removed when a new one is written. Numba runs whatever
   it finds, so files are read only if they are the bytes that were written (`seal.py`), else compiled again; where
   nothing can be written the loop is compiled in memory.
f) A compiled loop takes its one signature: an argument of another type raises instead of compiling a second variant.
"""

import collections
import contextlib
import dis
import functools
import hashlib
import pathlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding
import numba
import numba.core.compiler_lock

from fastloss import forks
from fastloss.engines import seal
from fastloss.engines.address import address
from fastloss.engines.address import global_names as names_of_code

# Without nnan and ninf: NaN and infinity are data. Reassociation is what lets LLVM vectorise a sum.
FLAGS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}
# Formulas keep the order in which they are written: their accuracy rests on it.
EXACT: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}

# What is only called by compiled code needs no entries for Python and for C, which took a quarter of the compilation.
UNWRAPPED: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

# What of Numba's configuration changes the code.
SETTINGS = (
    *("BOUNDSCHECK", "CPU_FEATURES", "CPU_NAME", "DEBUGINFO_DEFAULT"),
    *("ENABLE_AVX", "LOOP_VECTORIZE", "OPT", "SLP_VECTORIZE"),
)
MARK = "fastloss_kernel"

# Entered with a kernel's name while it is loaded, or compiled and stored. Processes that warm up together make it a
# lock, so that what one of them is compiling the others wait for.
alone: Callable[[str], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext
made: collections.Counter[str] = collections.Counter()  # kernels of this process: "loaded" or "compiled"


@functools.cache
def _may_compile() -> bool:
    """Whether the locks of Numba and llvmlite are free, which this process has as they stood when it was forked."""

    def work() -> None:
        with numba.core.compiler_lock.global_compiler_lock:
            llvmlite.binding.get_default_triple()

    return forks.answers(work)


@contextlib.contextmanager
def compiling() -> Iterator[None]:
    """Inside, kernels may be loaded and compiled: one thread at a time, and no fork comes in between."""
    with forks.guard:
        if forks.is_child and not _may_compile():
            raise RuntimeError("this process was forked while another thread compiled: fork earlier, or use 'spawn'")
        yield


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what a function makes for some arguments; one thread makes it, and no fork comes in between."""
    made: dict[tuple[Any, ...], Any] = {}

    @functools.wraps(function)
    def kept(*arguments: Any) -> Any:
        if arguments not in made:
            with compiling():
                if arguments not in made:
                    made[arguments] = function(*arguments)
        return made[arguments]

    return kept


def specialise(template: Callable[..., Any], name: str, **names: Any) -> Callable[..., Any]:
    """A copy of `template` in whose globals `names` mean something else, with a name of its own."""
    copy = rebound(template, **names)
    copy.__qualname__ = f"{MARK}_{template.__name__}_{name}"
    copy.__module__ = template.__module__
    return copy


def variant(signature: Any, options: dict[str, Any]) -> str:
    """Eight hexadecimal digits for all that makes two kernels of one source and one name differ."""
    settings = [getattr(numba.config, name, None) for name in SETTINGS]
    return hashlib.sha256(repr((signature, sorted(options), settings, *_machine())).encode()).hexdigest()[:8]


@functools.cache
def _machine() -> tuple[str, ...]:
    host = llvmlite.binding
    versions = sys.version, numba.__version__, llvmlite.__version__
    return *versions, host.get_host_cpu_name(), host.get_host_cpu_features().flatten()


def of_package(value: Any) -> bool:
    """Whether a global is a plain function of this package, hence to be compiled with its caller."""
    return isinstance(value, types.FunctionType) and value.__module__.split(".")[0] == "fastloss"


def global_names(function: Callable[..., Any]) -> list[str]:
    """The globals that a function's code loads."""
    return list(names_of_code(function.__code__))


def rebound(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """A plain copy of a function in whose globals `names` mean something else."""
    return types.FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)


def bind(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """A plain copy in which `names` mean something else, also in the functions of the package that it calls."""
    changed: dict[str, Any] = {}
    for name in global_names(function):
        old: Any = function.__globals__.get(name)
        new: Any = names.get(name, old)
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
    return numba.njit(forceinline=True, **UNWRAPPED, **flags)(rebound(function, **callees))


def called(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The package's plain functions that a function names."""
    globals_ = function.__globals__
    return {name: globals_[name] for name in global_names(function) if of_package(globals_.get(name))}


@functools.cache
def formula(function: Callable[..., Any]) -> Callable[..., Any]:
    """A scalar formula, compiled to be inlined, with all that it calls."""
    return _inlined(function, {name: formula(callee) for name, callee in called(function).items()}, EXACT)


def has_loop(function: Callable[..., Any]) -> bool:
    """Whether a function itself contains a loop."""
    return any(instruction.opname == "FOR_ITER" for instruction in dis.get_instructions(function))


def inner_loops(
    function: Callable[..., Any], may_reassociate: Callable[..., bool] = has_loop
) -> dict[str, Callable[..., Any]]:
    """What a template calls, compiled: functions with a loop may reassociate their sums, scalar formulas may not."""
    return {
        name: (_shared if _is_unbound(callee) else _inner)(callee, may_reassociate)
        for name, callee in called(function).items()
    }


def _is_unbound(function: Callable[..., Any]) -> bool:
    """Whether a function is the one that its module defines, not a copy made for one loss."""
    return getattr(sys.modules[function.__module__], function.__name__, None) is function


def _inner(function: Callable[..., Any], may_reassociate: Callable[..., bool]) -> Callable[..., Any]:
    flags = FLAGS if may_reassociate(function) else EXACT
    return _inlined(function, inner_loops(function, may_reassociate), flags)


_shared = functools.cache(_inner)  # what no loss binds is typed and lowered once a process


def loop(template: Callable[..., Any], name: str, signature: Any, **names: Any) -> Callable[..., Any]:
    """`template`, specialised, for one signature: loaded from the disk where it is there, else compiled and stored."""
    return _stored(template, name, signature, names, {"nogil": True})


def parallel_loop(template: Callable[..., Any], name: str, signature: Any, **names: Any) -> Callable[..., Any]:
    """The same for a template that contains `prange`."""
    return _stored(template, name, signature, names, {"nogil": True, "parallel": True})


def _stored(template, name, signature, names, options) -> Callable[..., Any]:
    function = specialise(template, f"{name}_{variant(signature, options)}", **names)
    if numba.config.DISABLE_JIT:
        return function
    older = function.__qualname__
    function.__qualname__ = f"{older}_{address(function)}"
    with alone(function.__qualname__):
        return _from_disk(function, older, signature, options)


def _from_disk(function, older, signature, options) -> Callable[..., Any]:
    for _ in range(2):  # the second time, a damaged file is gone
        try:
            kernel = numba.njit(cache=True, **options, **FLAGS)(function)
        except RuntimeError:  # no place can be written
            break
        folder = pathlib.Path(kernel.stats.cache_path)
        if not seal.may_be_read(folder, function.__qualname__):
            break
        try:
            kernel.compile(signature)
        except Exception:  # a full disk may raise anything; an error of ours comes again below, out of the cache
            seal.remove(folder, function.__qualname__)
            continue
        compiled = bool(sum(kernel.stats.cache_misses.values()))
        made["compiled" if compiled else "loaded"] += 1
        if compiled:
            seal.remove(folder, f"{older}_", f"{function.__qualname__}-{function.__code__.co_firstlineno}.")
            seal.write(folder, function.__qualname__)
        kernel.disable_compile()
        return kernel
    made["compiled"] += 1
    return numba.njit(signature, **options, **FLAGS)(function)
