"""Checks of values: reductions, weights, dtypes, NaN, threads, and the formulas as plain Python."""

import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np

import fastloss
from fastloss.ahead.cases import Case, grown
from fastloss.compile import kernels
from fastloss.testing.requirements import require, require_close, require_same_bits, tuple_of

ROUNDED = 1e-12  # a few dozen rounded operations on numbers of order one
BY_ROWS = ("pairs", "pointwise", "rows")  # shapes of losses whose rows may be given twice
PRODUCTS = ("candidates", "factors", "mining")  # shapes whose scores are products in the arrays' precision


def has(case: Case, reduction: str) -> bool:
    """Tell whether a loss has a reduction."""
    try:
        case.loss.require_reduction(reduction)
    except ValueError:
        return False
    return True


def rows_of(value: Any, rows: np.ndarray, count: int) -> Any:
    """Return the rows of an argument that has so many; any other as it is."""
    return np.asarray(value)[rows] if np.ndim(value) and np.shape(value)[0] == count else value


def reductions_agree(case: Case) -> None:
    """The sum is that of the elements' losses, the mean of equal weights a mean, and all entry points give it."""
    value, _ = case.loss.value_and_grad(*case.arrays, **case.keywords)
    mean = case.loss(*case.arrays, **case.keywords)
    require_close("value_and_grad gives another value", value, mean, ROUNDED)
    if has(case, "none") and has(case, "sum"):
        each = np.asarray(case.loss(*case.arrays, reduction="none", **case.keywords), np.float64)
        total = case.loss(*case.arrays, reduction="sum", **case.keywords)
        size = float(np.abs(each).sum())
        added = f"the sum is {total}: the losses of reduction='none' add up to {each.sum()}"
        require(abs(total - each.sum()) <= ROUNDED * size, added)
        if case.loss.shape == "pointwise":
            expected = total / max(each.size, 1)
            divided = f"the mean is {mean}: the sum by the number of elements is {expected}"
            require(abs(mean - expected) <= ROUNDED * size, divided)


def weights_scale(case: Case) -> None:
    """A mean does not depend on its weights' unit; a sum is proportional to it."""
    weights = np.random.default_rng(7).integers(1, 4, case.items).astype(np.float64)
    words = case.keywords
    one, four = (case.loss(*case.arrays, sample_weight=scale * weights, **words) for scale in (1.0, 4.0))
    require_close("the mean of weights that are four times as large differs", four, one, ROUNDED)
    if has(case, "sum"):
        one, four = (
            case.loss(*case.arrays, sample_weight=scale * weights, reduction="sum", **words) for scale in (1.0, 4.0)
        )
        proportional = any(np.isclose(four, power * one, ROUNDED, 0.0) for power in (4.0, 16.0))  # pairs have two
        require(proportional, f"the sum of weights that are four times as large is {four}: it was {one}")


def weights_repeat_rows(case: Case) -> None:
    """A row of weight k is k rows."""
    count = len(case.arrays[0]) if np.ndim(case.arrays[0]) else 0
    if case.loss.shape not in BY_ROWS or not count or case.items[:1] != (count,) or "offsets" in case.keywords:
        return
    times = np.random.default_rng(8).integers(1, 4, count)
    tables, rows = case.loss.tables_of(case.keywords), np.repeat(np.arange(count), times)
    arguments = zip(case.loss.arguments, case.arrays, strict=False)
    arrays = [array if name in tables else rows_of(array, rows, count) for name, array in arguments]
    parameters = case.loss.parameters
    words = {
        name: value if name in tables or (name in parameters and np.ndim(value) < 2) else rows_of(value, rows, count)
        for name, value in case.keywords.items()  # a vector may be one of classes' weights
    }
    weighted = case.loss(*case.arrays, sample_weight=times.astype(np.float64), **case.keywords)
    repeated = case.loss(*arrays, **words)
    require_close("weights differ from rows given several times", weighted, repeated, 10 * ROUNDED)


def in_dtype(value: Any, dtype: Any) -> Any:
    """Return an array of real numbers in another dtype; anything else as it is."""
    found = np.asarray(value) if isinstance(value, list) else value
    return found.astype(dtype) if isinstance(found, np.ndarray) and found.dtype.kind == "f" else value


def float32_is_storage(case: Case) -> None:
    """float32 arrays give the float64 result of the same numbers; only gradients are rounded back."""
    small = [in_dtype(array, np.float32) for array in case.arrays]
    large = [in_dtype(array, np.float64) for array in small]
    value, gradient = case.loss.value_and_grad(*small, **case.keywords)
    expected, slopes = case.loss.value_and_grad(*large, **case.keywords)
    loose = case.loss.shape in PRODUCTS
    require_close("float32 gives another value", value, expected, 1e-4 if loose else ROUNDED)
    for one, other in zip(tuple_of(gradient), tuple_of(slopes), strict=True):
        size = float(np.abs(other).max(initial=0.0))
        relative, absolute = (1e-3, 1e-4 * size) if loose else (1.2e-7, 1e-38)
        require_close("float32 gives another gradient", one, other, relative, absolute)


def nan_comes_out(case: Case) -> None:
    """A NaN in what the loss is differentiated by makes the value NaN, and some slope."""
    array = np.array(case.arrays[0], copy=True)
    if array.dtype.kind != "f" or not array.size:
        return
    array.reshape(-1)[...] = np.nan
    value, gradient = case.loss.value_and_grad(array, *case.arrays[1:], **case.keywords)
    require(np.isnan(value), f"{case.loss.arguments[0]} of NaN gives {value}: expected NaN")
    require(any(np.isnan(one).any() for one in tuple_of(gradient)), "a gradient of NaN has no NaN")


def threads_agree(case: Case) -> None:
    """The same bits for 1, 2 and 4 threads, on many rows."""
    for many in grown(case):
        found = []
        for threads in (1, 2, 4):
            with fastloss.num_threads(threads):
                value, gradient = many.loss.value_and_grad(*many.arrays, **many.keywords)
                found.append((value, *tuple_of(gradient)))
        for one in found[1:]:
            require_same_bits("several threads give other bits", one, found[0])


PLAIN = """
import importlib, pickle, sys
sys.path[:], module, call = pickle.load(sys.stdin.buffer)
importlib.import_module(module)
loss, arrays, keywords = pickle.loads(call)
value, gradient = loss.value_and_grad(*arrays, **keywords)
results = (value, tuple(gradient) if isinstance(gradient, tuple) else gradient)
sys.stdout.buffer.write(pickle.dumps(results))
"""


def plain_python_agrees(case: Case) -> None:
    """The compiled formulas, and the same as plain Python, in a process that compiles nothing.

    A loss of a notebook or a script is no other process's, and has this check once its module can be imported.
    """
    module = case.loss.__module__
    if kernels.INTERPRETED or module == "__main__":
        return
    call = pickle.dumps((case.loss, case.arrays, case.keywords))
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        input=pickle.dumps((sys.path, module, call)),
        capture_output=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    require(done.returncode == 0, f"plain Python fails: {done.stderr.decode()[-500:]}")
    value, gradient = pickle.loads(done.stdout)
    compiled, slopes = case.loss.value_and_grad(*case.arrays, **case.keywords)
    require_close("plain Python gives another value", compiled, value, ROUNDED)
    for one, other in zip(tuple_of(slopes), tuple_of(gradient), strict=True):
        size = float(np.abs(other).max(initial=0.0))
        require_close("plain Python gives another gradient", one, other, ROUNDED, ROUNDED * size)
