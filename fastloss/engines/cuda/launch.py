"""Launching kernels: made once for what is bound in them, on a place's stream."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from numba import cuda

from fastloss.engines.cuda.arrays import Place
from fastloss.engines.cuda.device import kernel


class Code(NamedTuple):
    """A kernel's template, what its name says of `names`, and what is bound in it."""

    template: Callable[..., None]
    name: str
    names: tuple[tuple[str, Any], ...]


def code(template: Callable[..., None], name: str = "", **names: Any) -> Code:
    """A kernel to be launched."""
    return Code(template, f"{template.__name__}_{name}".strip("_"), tuple(sorted(names.items())))


@functools.cache
def compiled(what: Code) -> Any:
    """The kernel, compiled for the arrays it is first given."""
    return cuda.jit(kernel(what.template, what.name, **dict(what.names)))


def launch(place: Place, what: Code, shape: tuple[Any, int], *arguments: Any) -> None:
    """Run so many blocks of so many threads."""
    if shape[0]:
        place.over(compiled(what), *shape)(*arguments)
