"""How a formula reaches a CUDA kernel: the same plain functions, compiled for the device.

The device has accurate elementary functions of its own: they take the place of `fastloss.elementary`'s polynomials,
by name. What is built from these (softplus, sigmoid) stays as it is written there.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.templates import called, open_names, rebound, replace, specialise


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


ELEMENTARY: dict[str, Callable[..., Any]] = {
    "exp": exp,
    "exp_negative": exp,
    "expm1_negative": expm1,
    "floor": floor,
    "log": log,
    "log1p": log1p,
    "log1p_unit": log1p,
    "tanh": tanh,
}


def gpu_name() -> str:
    """The name of the GPU in use; raises what the driver raises where there is none."""
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


def device(function: Callable[..., Any], **names: Any) -> Callable[..., Any]:
    """A plain function of the package with `names` bound, compiled for the device with all that it calls."""
    return _compiled(_bound(function, names))


def kernel(template: Callable[..., Any], name: str, **names: Any) -> Callable[..., Any]:
    """A kernel as a plain function: `names` are bound in it and in all that it calls, which is compiled."""
    bound = _bound(template, names)
    callees = {name: _compiled(callee) for name, callee in called(bound).items()}
    return specialise(bound, name, **callees)


def _bound(template: Callable[..., Any], names: dict[str, Any]) -> Callable[..., Any]:
    """A template in which `names` mean something else, and the device's own elementary functions are used.

    Not only open names: sizes and precisions of CUDA kernels have a value that reads as the usual one.
    """
    bound = replace(template, **{**names, **ELEMENTARY})
    if left := open_names(bound):
        raise TypeError(f"the template {template.__qualname__} leaves {min(left)} open")
    return bound


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    callees = {name: _compiled(callee) for name, callee in called(function).items()}
    return cuda.jit(device=True)(rebound(function, **callees))
