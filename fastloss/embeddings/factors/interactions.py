"""Which items each user has: CSR offsets and item numbers, from a sparse matrix or as they are."""

from typing import Any

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.errors import wrong_shape, wrong_value

COMPRESSED = ("csr", "csc", "bsr")  # SciPy's formats with `indptr` and `indices`


def as_interactions(given: Any, users: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Check interactions, and return them as CSR offsets and item numbers."""
    if hasattr(given, "tocsr"):
        return _of_sparse(given, users, items)
    expected = "a sparse matrix or the pair (offsets, item numbers)"
    return validate.lists("interactions", backend.lists(given), expected, (users, "user"), items)


def _of_sparse(given: Any, users: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Convert a sparse matrix of any format: elements stored twice are added up, a stored 0 is no interaction."""
    if tuple(given.shape) != (users, items):
        raise wrong_shape("interactions", tuple(given.shape), f"{(users, items)}, users and items")
    if np.dtype(given.dtype).kind not in "fiub":
        raise TypeError(f"interactions has dtype {given.dtype}: expected real numbers or bools")
    matrix = _in_csr(given)
    strength = matrix.data
    if not (strength >= 0.0).all():
        at = int(np.argmin(strength >= 0.0))
        user = int(np.searchsorted(matrix.indptr, at, side="right")) - 1
        where = f"interactions[{user}, {matrix.indices[at]}]"
        raise wrong_value(where, strength[at], "a number >= 0")
    some = np.append(0, np.cumsum(strength > 0.0))
    numbers = matrix.indices[strength > 0.0]
    offsets = validate.offsets("interactions.indptr", some[matrix.indptr], numbers.size)
    return offsets, validate.indices("interactions.indices", numbers, (numbers.size,), items)


def _in_csr(given: Any) -> Any:
    """Copy a matrix to CSR and float64, in which small integers do not overflow as they are added.

    SciPy's conversions and sums of duplicates read and write at the indices without a check: all are checked before.
    Rejected: its `check_format(full_check=True)`, which COO, DIA and LIL lack and which cuts the caller's arrays.
    """
    _check(given)
    try:
        matrix = given.tocsr() if getattr(given, "format", "") in ("lil", "dok") else given
        _check(matrix)
        matrix = matrix.astype(np.float64).tocsr()
        _check(matrix)
        matrix.sum_duplicates()
    except (MemoryError, Unsound):
        raise
    except Exception as error:  # of SciPy or another library, any
        raise ValueError(f"interactions: its {type(given).__name__} cannot be converted to CSR ({error})") from error
    return matrix


class Unsound(ValueError):
    """The arrays of a sparse matrix contradict each other, or point beyond it."""


def _check(matrix: Any) -> None:
    """Raise unless the arrays of a sparse matrix fit each other and its shape; nothing is changed."""
    layout = getattr(matrix, "format", "")
    rows, columns = matrix.shape
    if layout in COMPRESSED:
        _check_compressed(matrix, rows, columns)
    elif layout == "coo":
        for name, high in (("row", rows), ("col", columns)):
            numbers = _whole(matrix, name)
            _need(numbers.shape == np.shape(matrix.data), name, f"has shape {numbers.shape}, unlike its data")
            _need_within(name, numbers, 0, high)
    elif layout == "dia":
        numbers, shape = _whole(matrix, "offsets"), np.shape(matrix.data)
        _need(len(shape) == 2 and shape[:1] == numbers.shape, "data", f"has shape {shape}: expected a row an offset")
        _need_within("offsets", numbers, 1 - rows, columns)
    elif layout == "lil":
        lists, values = matrix.rows, matrix.data
        _need(lists.shape == values.shape == (rows,), "rows", f"has shape {lists.shape}: expected {(rows,)}")
        at = next((at for at in range(rows) if len(lists[at]) != len(values[at])), None)
        _need(at is None, f"rows[{at}]", "has another length than its data")


def _check_compressed(matrix: Any, rows: int, columns: int) -> None:
    if matrix.format == "bsr":
        block = np.shape(matrix.data)[1:]
        fits = len(block) == 2 and min(block) > 0 and rows % block[0] == 0 and columns % block[1] == 0
        _need(fits, "data", f"has blocks of shape {block}, which do not fill {(rows, columns)}")
        rows, columns = rows // block[0], columns // block[1]
    else:
        _need(np.ndim(matrix.data) == 1, "data", f"has {np.ndim(matrix.data)} dimensions: expected one")
    if matrix.format == "csc":
        rows, columns = columns, rows
    ends, numbers = _whole(matrix, "indptr"), _whole(matrix, "indices")
    _need(ends.size == rows + 1, "indptr", f"has {ends.size} elements: expected {rows + 1}")
    _need_within("indptr", ends, 0, min(numbers.size, len(matrix.data)) + 1)
    _need(int(ends[0]) == 0, "indptr[0]", f"is {ends[0]}: expected 0")
    falls = np.flatnonzero(ends[1:] < ends[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        raise Unsound(f"interactions.indptr[{at}] is {ends[at]}: expected at least the one before, {ends[at - 1]}")
    _need_within("indices", numbers[: int(ends[-1])], 0, columns)


def _whole(matrix: Any, name: str) -> np.ndarray:
    numbers = np.asarray(getattr(matrix, name))
    _need(numbers.dtype.kind in "iu", name, f"has dtype {numbers.dtype}: expected integers")
    _need(numbers.ndim == 1, name, f"has {numbers.ndim} dimensions: expected one")
    return numbers


def _need_within(name: str, numbers: np.ndarray, low: int, high: int) -> None:
    """Raise unless all are in [low, high)."""
    if numbers.size and not (low <= int(numbers.min()) and int(numbers.max()) < high):
        at = next(at for at, one in enumerate(numbers.tolist()) if not low <= one < high)
        raise Unsound(f"interactions.{name}[{at}] is {numbers[at]}: expected a whole number in [{low}, {high})")


def _need(is_right: Any, name: str, what: str) -> None:
    if not is_right:
        raise Unsound(f"interactions.{name} {what}")
