"""Which engine computes a call: by the arrays' type, or as the caller says."""

import importlib
import importlib.util
from types import ModuleType
from typing import Any

BACKENDS = ("auto", "cpu", "cuda")


def choose(backend: str, arrays: tuple[Any, ...]) -> str:
    """ "cpu" or "cuda". Arrays on a GPU stay there; an explicit backend that is missing raises when it is used."""
    if backend not in BACKENDS:
        raise ValueError(f"backend is {backend!r}: expected one of {', '.join(map(repr, BACKENDS))}")
    on_gpu = any(hasattr(array, "__cuda_array_interface__") for array in arrays)
    if on_gpu and backend == "cpu":
        raise ValueError("backend is 'cpu', but an argument lies on a GPU: copy it to the host first")
    return "cuda" if on_gpu or backend == "cuda" else "cpu"


def engine(backend: str, shape: str) -> ModuleType:
    """The module of the chosen engine that walks one shape; imported when first needed, since it imports Numba."""
    name = f"fastloss.engines.{backend}.{shape}"
    if importlib.util.find_spec(name) is None:
        raise ValueError(f"backend is {backend!r}: this loss has no kernels there yet, expected 'cpu'")
    return importlib.import_module(name)
