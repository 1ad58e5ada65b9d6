"""The address of a kernel: a digest of the code that is compiled, and of all that it reaches.

A stored kernel is found by it, so a formula edited between import and first call is never stored under its new text,
and an edit of anything else (a docstring, another loss) leaves the kernel where it is. Files and their times say
nothing of the code that runs, and are not looked at.
"""

import builtins
import dis
import functools
import hashlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Code = types.CodeType
EXTENDED_ARG, LOAD_GLOBAL = dis.opmap["EXTENDED_ARG"], dis.opmap["LOAD_GLOBAL"]
HAS_DOCSTRING = 0x4000000  # a flag of code objects since Python 3.13
LIBRARIES = ("numba", "numpy", "math", "cmath", "builtins", "llvmlite")


def is_plain(value: Any) -> bool:
    """Whether a global is a plain Python function, hence to be compiled with its caller."""
    return isinstance(value, types.FunctionType) and (value.__module__ or "").partition(".")[0] not in LIBRARIES


def address(function: Callable[..., Any], *more: Any, of_code: Callable[[Code], bytes] | None = None) -> str:
    """Thirty-two hexadecimal digits for a function with all that its code loads, and for what else decides its code.

    `of_code` says what a code is, instead of its byte code.

    Raises
    ------
    TypeError
        If the code loads a global whose value cannot be told from another's.
    """
    total = hashlib.sha256(repr(more).encode())
    for part in _Walk(of_code or _of_code).function(function):
        total.update(b"%d " % len(part))
        total.update(part)
    return total.hexdigest()[:32]


@functools.cache
def global_names(code: Code) -> tuple[str, ...]:
    """The globals that a code loads, in itself and in functions inside it; `co_names` would add the attributes.

    Bytes are read instead of `dis.get_instructions`, which takes twenty times as long: this is done in every process.
    """
    own, more = [], 0
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument |= more
        more = argument << 8 if operation == EXTENDED_ARG else 0
        if operation == LOAD_GLOBAL:
            own.append(code.co_names[argument >> 1])  # the last bit says whether it is called
    inner = (name for one in code.co_consts if isinstance(one, Code) for name in global_names(one))
    return tuple(dict.fromkeys((*own, *inner)))


def _starts_with_docstring(code: Code) -> bool:
    """Whether the first constant is a docstring, or the None that stands for one: code that loads it says so itself."""
    if sys.version_info >= (3, 13) and not code.co_flags & HAS_DOCSTRING:
        return False
    return bool(code.co_consts) and isinstance(code.co_consts[0], (str, types.NoneType))


@functools.cache
def _of_code(code: Code) -> bytes:
    """What of a code is compiled: neither its file, nor its lines, nor a docstring."""
    from fastloss.compile.templates import may_fuse, may_regroup

    constants = [
        _of_code(constant) if isinstance(constant, Code) else f"{type(constant).__name__} {_text(constant)}"
        for constant in code.co_consts[_starts_with_docstring(code) :]
    ]
    facts = (
        *(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~HAS_DOCSTRING),
        *(code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        *(constants, may_regroup(code), may_fuse(code)),
    )
    return code.co_code + repr(facts).encode()


def _text(value: Any) -> str:
    """What `repr` says, without what changes from process to process: the order of a set, where an object lies."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__qualname__} {sorted(map(repr, value))}"
    return getattr(value, "__qualname__", None) or repr(value)


class _Walk:
    """Through all that a function reaches, once."""

    def __init__(self, of_code: Callable[[Code], bytes]):
        self._of_code = of_code
        self._seen: dict[int, int] = {}

    def function(self, function: Any) -> Iterator[bytes]:
        if id(function) in self._seen:  # it calls itself, or is called twice: which one it is must be said
            yield b"again %d" % self._seen[id(function)]
            return
        self._seen[id(function)] = len(self._seen)
        code = function.__code__
        yield self._of_code(code)
        if function.__defaults__:
            yield from self.value("defaults", function.__defaults__)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            yield from self.value(name, cell.cell_contents)
        for name in sorted(global_names(code)):
            if name in function.__globals__:
                yield name.encode()
                yield from self.value(name, function.__globals__[name])

    def value(self, name: str, value: Any) -> Iterator[bytes]:
        plain = getattr(value, "py_func", None)  # a function handed to Numba: its options change the code too
        if isinstance(plain, types.FunctionType):
            for option, chosen in sorted(value.targetoptions.items()):
                yield f"{option} {_text(chosen)}".encode()
            yield from self.function(plain)
        elif is_plain(value):
            yield from self.function(value)
        elif isinstance(value, tuple):
            yield f"{type(value).__qualname__} {len(value)}".encode()
            for item in value:
                yield from self.value(name, item)
        elif isinstance(value, np.dtype):
            yield value.str.encode()
        elif isinstance(value, (np.ndarray, np.generic)):  # of which NumPy's versions have several texts
            yield f"{value.dtype.str} {value.shape}".encode()
            yield value.tobytes()
        elif value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
            yield f"{type(value).__qualname__} {value!r}".encode()
        elif isinstance(value, type) and issubclass(value, tuple):
            yield f"{value.__qualname__} {getattr(value, '_fields', ())}".encode()
        elif isinstance(value, types.ModuleType) or getattr(builtins, name, None) is value:
            yield getattr(value, "__name__", name).encode()
        elif (getattr(value, "__module__", None) or "").partition(".")[0] in LIBRARIES:
            yield f"{value.__module__} {_text(value)}".encode()
        else:
            raise TypeError(f"{name} is {value!r}: expected a function, a number, a tuple of them, or a module")
