"""How a formula reaches a CUDA kernel: the same plain functions, compiled for the device.

The device has accurate elementary functions of its own: they take the place of `compile.elementary`'s polynomials.
What is built from these (softplus, sigmoid) stays as it is written there.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile import elementary
from fastloss.compile.templates import bind, called, exchange, rebound


def exp(x):
    return math.exp(x)


def expm1(x):
    return math.expm1(x)


def log(x):
    return math.log(x)


def log1p(x):
    return math.log1p(x)


def tanh(x):
    return math.tanh(x)


def floor(x):
    return np.float64(math.floor(x))


ELEMENTARY: tuple[tuple[Callable[..., Any], Callable[..., Any]], ...] = (
    (elementary.exp, exp),
    (elementary.exp_negative, exp),
    (elementary.expm1_negative, expm1),
    (elementary.floor, floor),
    (elementary.log, log),
    (elementary.log1p, log1p),
    (elementary.log1p_unit, log1p),
    (elementary.tanh, tanh),
)


def gpu_name() -> str:
    """The name of the GPU in use; raises what the driver raises where there is none."""
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


def kernel(template: Callable[..., Any], name: str, **names: Any) -> Callable[..., Any]:
    """A kernel as a plain function: a template's open names are filled, and all that it calls is compiled.

    Raises
    ------
    TypeError
        If a name is filled that the template does not leave open, or one is left open.
    """
    filled = exchange(bind(template, **names), *ELEMENTARY)
    copy = rebound(filled, **{name: _compiled(callee) for name, callee in called(filled).items()})
    copy.__name__ = copy.__qualname__ = f"{template.__name__}_{name}".strip("_")
    return copy


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    callees = {name: _compiled(callee) for name, callee in called(function).items()}
    return cuda.jit(device=True)(rebound(function, **callees))
