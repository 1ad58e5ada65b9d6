"""Launching kernels: made once for what is bound in them, on a place's stream."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.device import kernel
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import known_names


class Code(NamedTuple):
    """A kernel's template, what its name says of `names`, and what is bound in it."""

    template: Callable[..., None]
    name: str
    names: tuple[tuple[str, Any], ...]


def code(template: Callable[..., None], name: str = "", **names: Any) -> Code:
    """A kernel to be launched: `names` are all that its template leaves open, but for THREADS."""
    return Code(template, name, tuple(sorted(names.items())))


def bound(what: Code, threads: Any) -> Callable[..., None]:
    """The kernel as a plain function; where THREADS is open, it is what a block is launched with."""
    names = dict(what.names)
    if "THREADS" in known_names(what.template, {**names, "THREADS": threads}):
        names["THREADS"] = threads
    return kernel(what.template, what.name, **names)


@functools.cache
def compiled(what: Code, threads: Any) -> Any:
    """The kernel, compiled for the arrays it is first given."""
    return cuda.jit(bound(what, threads))


def a_block_each(count: int) -> tuple[int, int]:
    """The shape of a launch where each of so many has a block."""
    return count, sizes().threads


def a_thread_each(count: int) -> tuple[int, int]:
    """The shape of a launch where each of so many has a thread."""
    return -(-count // sizes().threads), sizes().threads


def launch(place: Place, what: Code, shape: tuple[Any, Any], *arguments: Any) -> None:
    """Run so many blocks of so many threads."""
    if shape[0]:
        place.over(compiled(what, shape[1]), *shape)(*arguments)
