"""Kernels compiled for GPUs that are not there: PTX, and the linked code with its registers, spills and stack.

`python -m tests.cuda.machine_code` writes `resources.csv` anew. Needs the extra `cuda`; not in the simulator.
"""

import contextlib
import csv
import functools
import pathlib
import re
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from unittest import mock

import numba
import numpy as np
from numba import cuda

import fastloss

TABLE = pathlib.Path(__file__).with_name("resources.csv")
TARGETS = ((8, 0), (9, 0), (12, 0))


class Launched(NamedTuple):
    """A kernel as a plain function, and the types that it was launched with."""

    name: str
    function: Callable[..., None]
    signature: Any


class Resources(NamedTuple):
    """What a thread of a kernel takes: registers, and bytes that did not fit into them, of stack, of shared memory."""

    registers: int
    spilled: int
    stack: int
    shared: int


@contextlib.contextmanager
def pretended_device(capability: tuple[int, int]) -> Iterator[None]:
    """The compiler asks for a device only to learn its capability."""
    from numba.cuda import api, compiler, dispatcher

    device = types.SimpleNamespace(compute_capability=capability)
    with contextlib.ExitStack() as stack:
        for module in (dispatcher, compiler, api):
            stack.enter_context(mock.patch.object(module, "get_current_device", return_value=device))
        yield


def ptx(kernel: Launched, capability: tuple[int, int]) -> str:
    """The kernel for a virtual machine of some capability."""
    with pretended_device(capability):
        return cuda.compile_ptx(kernel.function, kernel.signature, cc=capability)[0]


def resources(kernel: Launched, targets: Sequence[tuple[int, int]] = TARGETS) -> list[Resources]:
    """Link a kernel for real machines, as `cuda.jit` does it at run time, and return what it takes on each.

    It is compiled once, for the oldest of them: linking, which optimizes again, then gives each the same machine code
    as compiling for it (seen in all figures of the table).
    """
    oldest = min(targets)
    with pretended_device(oldest):
        code = cuda.compile(kernel.function, kernel.signature, cc=oldest, device=False, abi="numba", output="ltoir")[0]
    return [_linked(kernel.name, code, capability) for capability in targets]


def _linked(name: str, code: bytes, capability: tuple[int, int]) -> Resources:
    from cuda.bindings import nvjitlink

    options = [f"-arch=sm_{capability[0]}{capability[1]}", "-lto", "-verbose", "-Xptxas=-v"]
    handle = nvjitlink.create(len(options), options)
    nvjitlink.add_data(handle, nvjitlink.InputType.LTOIR, code, len(code), name)
    nvjitlink.complete(handle)
    log = bytearray(nvjitlink.get_info_log_size(handle))
    nvjitlink.get_info_log(handle, log)
    text = bytes(log).decode(errors="replace")
    nvjitlink.destroy(handle)

    def number(pattern: str) -> int:
        return sum(map(int, re.findall(pattern, text)))

    return Resources(
        number(r"Used (\d+) registers"),
        number(r"(\d+) bytes spill stores"),
        number(r"(\d+) bytes stack frame"),
        number(r"(\d+) bytes smem"),
    )


class _Recorder:
    """In the place of a compiled kernel: a launch is written down and does nothing."""

    def __init__(self, function: Callable[..., None], launched: list[Launched]):
        self._function, self._launched = function, launched

    def __getitem__(self, configuration: Any) -> Callable[..., None]:
        def launch(*arguments: Any) -> None:
            signature = numba.types.void(*map(numba.typeof, arguments))
            folder = self._function.__module__.removeprefix("fastloss.").removesuffix(".cuda")
            name = self._function.__name__.removeprefix("kernel_")
            self._launched.append(Launched(f"{folder}.{name}", self._function, signature))

        return launch


@contextlib.contextmanager
def recorded() -> Iterator[list[Launched]]:
    """What is launched inside, while memory is the host's and kernels do nothing."""
    from fastloss.compile.cuda import arrays, columns
    from fastloss.pairs.thresholds import cuda as thresholds

    launched: list[Launched] = []

    def all_rows(place: Any, labels: Any, bounds: Any, interval: Any) -> Any:
        columns.rows_between(place, labels, bounds, interval)  # whose kernels do nothing, so that it finds none
        return np.arange(*bounds)

    place = {
        "__init__": lambda self, *given: setattr(self, "stream", 0),
        "device": lambda self, array, dtype=None: np.array(array, dtype, order="C", ndmin=np.ndim(array)),
        "empty": lambda self, shape, dtype=np.float64, order="C": np.zeros(shape, dtype, order),
        "zeros": lambda self, shape, dtype=np.float64: np.zeros(shape, dtype),
        "host": lambda self, array: array,
        "home": lambda self, array: array,
    }
    real = cuda.jit

    def jit(function: Any = None, **options: Any) -> Any:
        return real(function, **options) if options else _Recorder(function, launched)

    with contextlib.ExitStack() as stack:
        for name, method in place.items():
            stack.enter_context(mock.patch.object(arrays.Place, name, method))
        stack.enter_context(mock.patch.object(cuda, "jit", jit))
        stack.enter_context(mock.patch.object(thresholds, "rows_between", all_rows))
        for cached in _caches():
            cached.cache_clear()
            stack.callback(cached.cache_clear)
        yield launched


def _caches() -> list[Any]:
    """Where the engine keeps kernels that were compiled."""
    import importlib
    import pkgutil

    names = [one.name for one in pkgutil.walk_packages(fastloss.__path__, "fastloss.") if "cuda" in one.name]
    modules = [importlib.import_module(name) for name in names]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if hasattr(value, "cache_clear") and value.__module__ == module.__name__
    ]


def _ways(loss: Any, words: dict[str, Any]) -> list[dict[str, Any]]:
    """The keywords of a case, and again for the fast method of a loss over pairs."""
    return [words, {**words, "method": "fast"}] if getattr(loss, "has_fast", False) else [words]


def _single(array: Any) -> Any:
    return array.astype(np.float32) if getattr(array, "dtype", None) == np.float64 else array


def _launch(loss: Any, arrays: list[Any], words: dict[str, Any]) -> None:
    loss.value_and_grad(*arrays, **words)
    if loss.has_curvature:
        loss.grad_hess(*arrays, **words)


@functools.cache
def kernels() -> tuple[Launched, ...]:
    """Every kernel that the registry's cases launch on CUDA, in single precision, each once."""
    from fastloss.ahead.cases import cases
    from fastloss.core.loss import REGISTRY

    found: dict[str, Launched] = {}
    with recorded() as launched:
        for loss in REGISTRY.values():
            if not any(one.name == "backend" for one in loss.keywords):
                continue
            for case in cases(loss):
                for words in _ways(loss, case.keywords):
                    with np.errstate(all="ignore"):
                        _launch(loss, list(map(_single, case.arrays)), {"backend": "cuda", **words})
    for one in launched:
        found.setdefault(one.name, one)
    return tuple(found[name] for name in sorted(found))


def read() -> dict[tuple[str, str], Resources]:
    """The committed table: by kernel and target."""
    with TABLE.open(newline="") as file:
        return {
            (row["kernel"], row["target"]): Resources(*(int(row[name]) for name in Resources._fields))
            for row in csv.DictReader(file)
        }


def target_name(capability: tuple[int, int]) -> str:
    """As the vendor writes it."""
    return f"sm_{capability[0]}{capability[1]}"


def main() -> None:
    """Compile everything and write the table."""
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kernel", "target", *Resources._fields])
        for kernel in kernels():
            for capability, found in zip(TARGETS, resources(kernel), strict=True):
                writer.writerow([kernel.name, target_name(capability), *found])
                print(kernel.name, target_name(capability), *found, flush=True)


if __name__ == "__main__":
    main()
