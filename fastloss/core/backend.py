"""Choose the engine of a call, by its arrays or as the caller says, and bring arrays there and back."""

import functools
import importlib
from types import ModuleType
from typing import Any

import numpy as np

from fastloss.core import forks
from fastloss.core.errors import wrong_value
from fastloss.core.gpu import INTEGERS, GpuArray, holds_integers, is_contiguous, on_gpu

BACKENDS = ("auto", "cpu", "cuda")


def choose(backend: Any, arrays: tuple[Any, ...]) -> str:
    """Return "cpu" or "cuda". Arrays on a GPU stay there; a backend that is not installed raises when it is used."""
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise wrong_value("backend", backend, f"one of {', '.join(map(repr, BACKENDS))}")
    there = any(map(on_gpu, arrays))
    if there and backend == "cpu":
        raise ValueError("backend is 'cpu', but an argument lies on a GPU: copy it to the host first")
    return "cuda" if there or backend == "cuda" else "cpu"


def to_host(array: Any) -> Any:
    """Copy an array on a GPU to the host, which waits for it; return any other as it is."""
    return module("compile.cuda.arrays").to_host(array) if on_gpu(array) else array


def lists(value: Any) -> Any:
    """Return a sequence with its arrays on the host; anything else as it is."""
    return tuple(map(to_host, value)) if isinstance(value, tuple | list) else value


def arguments(names: tuple[str, ...], given: dict[str, Any], dimensions: int = 2) -> dict[str, Any]:
    """Return the arguments: arrays of floats on a GPU with that many dimensions stay there.

    The others are ids, labels or targets, which are checked on the host: they are copied, which waits for the GPU.
    """
    there = {name: given[name] for name in names if on_gpu(given[name])}
    for name, value in there.items():
        real = np.dtype(value.__cuda_array_interface__["typestr"]).kind == "f"
        many = len(value.__cuda_array_interface__["shape"]) >= dimensions
        there[name] = GpuArray(name, value) if real and many else to_host(value)
    return {**given, **there}


def resident(name: str, value: Any, there: bool = True) -> Any:
    """Return an argument beside arrays that are `there`, on the device: it stays, integers and bools as float64.

    Copied to the host is what kernels cannot read (half precision, an array with gaps), and what goes with arrays on
    the host. An array on the host is returned as it is.
    """
    if not on_gpu(value):
        return value
    kind = np.dtype(value.__cuda_array_interface__["typestr"])
    if not there or not is_contiguous(value) or not (kind.kind in "iub" or kind in (np.float32, np.float64)):
        return to_host(value)
    if kind.kind == "f":
        return value if isinstance(value, GpuArray) else GpuArray(name, value)
    shape = value.__cuda_array_interface__["shape"]
    return GpuArray(name, module("compile.cuda.columns").in_float64(value)).reshape(*shape)


def ids(name: str, value: Any, there: bool) -> Any:
    """Return integers beside arrays that are `there`, on a GPU: they stay on the device if kernels can read them."""
    stays = there and holds_integers(value) and is_contiguous(value)
    return GpuArray(name, value, INTEGERS) if stays else to_host(value)


@functools.cache
def module(name: str) -> ModuleType:
    """Import a module of the package when it is first needed, since it imports a compiler."""
    forks.arm()
    with forks.guard:
        return importlib.import_module(f"fastloss.{name}")


def engine(backend: str, folder: str) -> ModuleType:
    """Return the module of a folder that computes its losses on a backend."""
    return module(f"{folder}.{backend}")


def with_store(backend: str, folder: str, arrays: tuple[Any, ...]) -> tuple[ModuleType, Any]:
    """Return the engine of a folder that works on vectors, and the store that holds those of a call."""
    where = choose(backend, arrays)
    return engine(where, folder), engine(where, "embeddings.vectors").Store(*arrays)


def like(result: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a result with arrays of the caller's own kind: on the device where an argument lies there."""
    there = tuple(filter(on_gpu, arguments))
    return _moved(module("compile.cuda.arrays").Place(*there), result) if there else result


def _moved(place: Any, result: Any) -> Any:
    if isinstance(result, tuple):
        items = [_moved(place, one) for one in result]
        return type(result)(*items) if hasattr(result, "_fields") else tuple(items)
    return place.home(place.device(result)) if isinstance(result, np.ndarray) else result
