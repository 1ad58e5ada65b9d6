"""The address of a compiled function: a digest of the code that was compiled, and of all that it reaches.

A stored kernel is found by it, so a formula edited between import and first call is never stored under its new text,
and an edit of anything else (a docstring, another loss) leaves the kernel where it is. Files and their times say
nothing of the code that runs, and are not looked at.
"""

import builtins
import dis
import functools
import hashlib
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Code = types.CodeType


def address(function: Callable[..., Any], *more: Any) -> str:
    """Sixteen hexadecimal digits for a function with all that its code loads, and for what else decides its code.

    Raises
    ------
    TypeError
        If the code loads a global whose value cannot be told from another's.
    """
    total = hashlib.sha256(repr(more).encode())
    for part in _of_function(function, set()):
        total.update(f"{len(part)} ".encode())
        total.update(part)
    return total.hexdigest()[:16]


@functools.cache
def global_names(code: Code) -> tuple[str, ...]:
    """The globals that a code loads, in itself and in what it defines; `co_names` would add the attributes."""
    own = (step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    inner = (name for one in code.co_consts if isinstance(one, Code) for name in global_names(one))
    return tuple(dict.fromkeys((*own, *inner)))


def _of_function(function: Any, seen: set[int]) -> Iterator[bytes]:
    if id(function) in seen:  # it calls itself, or is called twice
        return
    seen.add(id(function))
    yield from _of_code(function.__code__)
    yield from _of_value("defaults", function.__defaults__, seen)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield from _of_value(name, cell.cell_contents, seen)
    for name in global_names(function.__code__):
        if name in function.__globals__:
            yield name.encode()
            yield from _of_value(name, function.__globals__[name], seen)


def _of_code(code: Code) -> Iterator[bytes]:
    """What of a code is compiled: neither its file, nor its lines, nor a docstring."""
    yield code.co_code
    yield repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)).encode()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)).encode()
    loaded = {step.arg for step in dis.get_instructions(code) if step.opcode in dis.hasconst}  # a docstring is not
    for at, constant in enumerate(code.co_consts):
        if isinstance(constant, Code):
            yield from _of_code(constant)
        elif at in loaded:
            yield f"{at} {_text(constant)}".encode()


def _text(value: Any) -> str:
    """What `repr` says, without what changes from process to process: the order of a set, where an object lies."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__qualname__} {sorted(map(repr, value))}"
    return getattr(value, "__qualname__", None) or repr(value)


def _of_value(name: str, value: Any, seen: set[int]) -> Iterator[bytes]:
    plain = getattr(value, "py_func", None)  # a function handed to Numba: its options change the code too
    if isinstance(plain, types.FunctionType):
        for option, chosen in sorted(value.targetoptions.items()):
            yield f"{option} {_text(chosen)}".encode()
        yield from _of_function(plain, seen)
    elif isinstance(value, types.FunctionType) and value.__module__.partition(".")[0] not in ("numba", "numpy", "math"):
        yield from _of_function(value, seen)
    elif isinstance(value, tuple):
        yield f"{type(value).__qualname__} {len(value)}".encode()
        for item in value:
            yield from _of_value(name, item, seen)
    elif value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic, np.dtype)):
        yield f"{type(value).__qualname__} {value!r}".encode()
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str} {value.shape}".encode()
        yield value.tobytes()
    elif isinstance(value, type) and issubclass(value, tuple):
        yield f"{value.__qualname__} {getattr(value, '_fields', ())}".encode()
    elif isinstance(value, types.ModuleType) or getattr(builtins, name, None) is value:
        yield getattr(value, "__name__", name).encode()
    elif getattr(value, "__module__", "").partition(".")[0] in ("numba", "numpy", "math"):
        yield f"{value.__module__} {_text(value)}".encode()
    else:
        raise TypeError(f"{name} is {value!r}: expected a function, a number, a tuple of them, or a module")
