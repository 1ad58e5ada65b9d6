"""What the CPU's fast methods for pairs of scores share: tasks, and blocks launched on tuples of arrays."""

from typing import Any

import numba
import numpy as np
from numba import types

from fastloss.engines import build
from fastloss.engines.cpu.launch import launch, read_only
from fastloss.engines.nodes import Node, ranges

PIECE = 4096  # rows selected at a time
ROWS = 1 << 16  # rows of a task; sums depend on it


def tasks(nodes: list[Node]) -> np.ndarray:
    """Ranges of rows (node, 0, begin, end) that cover the nodes."""
    return ranges(nodes, ROWS)


_kernels: dict[Any, tuple[Any, Any]] = {}


def run_block(block: Any, name: str, arrays: tuple[Any, ...], chunks: int, **names: Any) -> None:
    """Launch a block on (inputs, parameters, outputs), compiled for their types with `names` bound."""
    inputs, parameters, outputs = arrays
    arrays = (tuple(map(read_only, inputs)), read_only(np.array(parameters, np.float64)), outputs)
    # numba.typeof takes longer than a short kernel runs, so it is asked once for arrays of one kind
    kinds = tuple((array.dtype.char, array.ndim) for array in (*inputs, *outputs))
    key = (block, name, len(inputs), kinds, *names.items())
    if key not in _kernels:
        with build.compiling():
            _kernels[key] = _compiled(block, name, tuple(map(numba.typeof, arrays)), names)
    kernel, signature = _kernels[key]
    with np.errstate(all="ignore"):  # with the JIT off, NumPy's numbers warn
        launch(kernel, signature, arrays, chunks)


def _compiled(block: Any, name: str, kinds: tuple[Any, ...], names: dict[str, Any]) -> tuple[Any, Any]:
    signature = types.void(*kinds, types.int64, types.int64)
    bound = build.bind(block, **names)
    return build.loop(bound, name, signature, **build.inner_loops(bound)), signature
