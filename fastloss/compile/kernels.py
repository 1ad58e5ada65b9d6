"""Kernels: found in the wheel or the user's store by what they are, else compiled now and stored; then loaded.

Decisions, with the ways that were rejected:

a) A kernel is named by its address (`address.py`): a digest of the code, what it reaches, the signature, the level and
   the compilers' versions. A digest of source files would store code under the text of an edit that came after its
   import, and recompile everything for a docstring. Only the wheel's, which no edit writes, have one (`wheel.py`).
b) Object files, not Numba's own cache: they are loaded without Numba, whose import takes longer than anything else
   here, they hold no pickles, and a process that only loads has no lock of the compiler to wait for.
c) The level is the processor's, not the processor: bits do not depend on the machine that compiled.
"""

import collections
import contextlib
import ctypes
import functools
import importlib.util
import os
import pathlib
import re
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from fastloss.compile import levels, store, wheel
from fastloss.compile.address import address
from fastloss.compile.signatures import Signature, table
from fastloss.compile.templates import Function
from fastloss.core import forks

# Entered with a kernel's stem while it is found or compiled. Processes that warm up together make it a lock, so that
# what one of them is compiling the others wait for.
alone: Callable[[str], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext
made: collections.Counter[str] = collections.Counter()  # kernels of this process: "wheel", "store", "compiled"
known: list["Kernel"] = []  # of this process
seconds = 0.0  # that this process has spent on making, finding and loading them


def _is_set(name: str) -> bool:
    return os.environ.get(name, "0") not in ("", "0")


INTERPRETED = _is_set("NUMBA_DISABLE_JIT")  # kernels are plain Python
CHECKED = _is_set("NUMBA_BOUNDSCHECK") and not INTERPRETED  # kernels test every index


class Kernel:
    """A block for arrays of one signature: plain Python, or compiled with an entry that takes addresses."""

    __slots__ = ("_arrays", "address", "block", "entry", "file", "name", "origin", "signature", "template")

    def __init__(self, name: str, template: Function, signature: Signature):
        self.name, self.template, self.signature = name, template, signature
        self._arrays = signature.arrays
        self.entry: Any = None
        self.block: Function | None = None
        self.address = self.origin = self.file = ""

    @property
    def stem(self) -> str:
        """What the names of its files begin with, whatever the level and the version."""
        return f"{self.name}-{zlib.crc32(self.signature.text.encode()):08x}"

    def calls(self, arrays: tuple[np.ndarray, ...]) -> Callable[[int, int], None]:
        """A function of first and last chunk that runs the block on arrays, in the order of the signature."""
        for array, (dtype, dimensions) in zip(arrays, self._arrays, strict=True):
            if array.dtype.char != dtype or array.ndim != dimensions:
                raise AssertionError(f"{self.name}: {array.dtype}, {array.ndim}-D, expected {dtype}, {dimensions}-D")
            if not array.flags.c_contiguous:
                raise AssertionError(f"{self.name}: an array is not contiguous")
        if self.block is not None:
            inputs = len(self.signature.inputs)
            return functools.partial(self.block, arrays[:inputs], arrays[inputs], arrays[inputs + 1 :])
        run = functools.partial(self.entry, *table(arrays))
        run.arrays = arrays  # type: ignore[attr-defined]  # addresses keep nothing alive
        return run


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what a function makes for some arguments; one thread makes it, and no fork comes in between."""
    kept: dict[tuple[Any, ...], Any] = {}

    @functools.wraps(function)
    def found(*arguments: Any) -> Any:
        try:
            return kept[arguments]
        except KeyError:
            pass
        with compiling():
            if arguments not in kept:
                kept[arguments] = function(*arguments)
        return kept[arguments]

    return found


@functools.cache
def _may_compile() -> bool:
    """Whether the locks of the compilers are free, which this process has as they stood when it was forked."""

    def work() -> None:
        import sys

        if "numba" in sys.modules:
            from numba.core.compiler_lock import global_compiler_lock

            with global_compiler_lock:
                pass
        llvm.get_default_triple()

    return forks.answers(work)


@contextlib.contextmanager
def compiling() -> Iterator[None]:
    """Inside, kernels may be loaded and compiled: one thread at a time, and no fork comes in between."""
    with forks.guard:
        if forks.is_child and not _may_compile():
            raise RuntimeError("this process was forked while another thread compiled: fork earlier, or use 'spawn'")
        yield


@functools.cache
def versions() -> tuple[str, str]:
    """Of the compilers: Numba's is read from its file, since an import of it, or of its metadata's parser, is slow."""
    found = importlib.util.find_spec("numba")
    text = pathlib.Path(found.origin).with_name("_version.py").read_text() if found and found.origin else ""
    version = re.search(r'"version": "([^"]+)"', text)
    if version:
        return version[1], llvmlite.__version__
    from importlib import metadata

    return metadata.version("numba"), llvmlite.__version__


def kernel(template: Function, name: str, signature: Signature) -> Kernel:
    """A bound template as a kernel; `name` says of it what its template's name does not."""
    made_of = Kernel(f"{template.__name__}_{name}", template, signature)
    if INTERPRETED:
        made_of.block = template
        return made_of
    if CHECKED:
        from fastloss.compile.front_end import checked

        made_of.block = checked(template)
        return made_of
    level = levels.chosen()
    begin = time.perf_counter()
    with alone(made_of.stem):
        content = _shipped(made_of, level) or _stored(made_of, level) or make(made_of, level)
    made[made_of.origin] += 1
    made_of.entry = _loaded(content)
    known.append(made_of)
    global seconds
    seconds += time.perf_counter() - begin
    return made_of


def file_of(made_of: Kernel, level: levels.Level, address_: str) -> str:
    """The name of a kernel's file; up to its last dash the same for other versions of it."""
    return f"{made_of.stem}-{level.name}-{address_}"


def address_in_wheel(made_of: Kernel, level: levels.Level) -> str | None:
    """A kernel's address among those that came with the package; None if it cannot be one of them."""
    return wheel.address_of(made_of.template, made_of.signature.text, level)


def _shipped(made_of: Kernel, level: levels.Level) -> bytes | None:
    """What came with the package."""
    place = address_in_wheel(made_of, level) if wheel.is_there() else None
    if place is None:
        return None
    name = file_of(made_of, level, place)
    content = store.read(wheel.FOLDER, name)
    if content is not None:
        made_of.address, made_of.origin, made_of.file = place, "wheel", str(wheel.FOLDER / (name + store.SUFFIX))
    return content


def _stored(made_of: Kernel, level: levels.Level) -> bytes | None:
    """What the user's store has."""
    made_of.address = address(made_of.template, made_of.signature.text, level, versions(), wheel.makers())
    name = file_of(made_of, level, made_of.address)
    content = store.stored(name)
    if content is not None:
        made_of.origin, made_of.file = "store", str(store.place() / (name + store.SUFFIX))
    return content


def _compiled(made_of: Kernel, level: levels.Level) -> bytes:
    from fastloss.compile import front_end

    made_of.origin = "compiled"
    (content,) = front_end.compiled(made_of.template, made_of.signature, (level,))
    name = file_of(made_of, level, made_of.address)
    if store.keep(name, content):
        made_of.file = str(store.place() / (name + store.SUFFIX))
    return content


# Makes a kernel that is nowhere; processes that make a wheel have their own, for all levels.
make: Callable[[Kernel, levels.Level], bytes] = _compiled


SYMBOL = "fastloss_kernel"  # of every entry: each kernel has a library of its own
ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_libraries: list[Any] = []  # kept: they own the code


@functools.cache
def _linker() -> Any:
    """LLVM's linker of objects in memory.

    JITLink maps all sections of an object at once. MCJIT maps each by itself, and ended the process where two came to
    lie further apart than the 2 GiB that code reaches: seen where a GPU's driver had taken the addresses between.
    llvmlite's memory manager for MCJIT reserves too little for some objects, and ends the process then.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    return llvm.create_lljit_compiler(machine, use_jit_link=True)


def _loaded(content: bytes) -> Any:
    """The entry of an object file, as a function that releases the GIL."""
    builder = llvm.JITLibraryBuilder().add_object_img(content).add_current_process().export_symbol(SYMBOL)
    library = builder.link(_linker(), f"{SYMBOL}_{len(_libraries)}")
    _libraries.append(library)
    return ENTRY(library[SYMBOL])


def information() -> dict[str, object]:
    """What `fastloss info` says of kernels."""
    level = levels.chosen()
    return {
        "processor": llvm.get_host_cpu_name(),
        "level": level.name,
        "kernels in the package": store.count(wheel.FOLDER, level.name),
        "kernels in the store": store.count(store.place(), level.name),
        "store": place(),
    }


def place() -> str:
    """Where kernels are stored, or why they are not."""
    if INTERPRETED:
        return "none: NUMBA_DISABLE_JIT is set"
    return "none: NUMBA_BOUNDSCHECK is set" if CHECKED else store.described()
