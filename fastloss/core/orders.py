"""The order of numbers and ids: runs of equal ones, and numbers of which only the order counts."""

from typing import NamedTuple

import numpy as np

EXACT = 1 << 53  # float64 holds every integer up to here
BLOCK = 1 << 15  # elements that are read from memory once for both their bounds


def is_large(array: np.ndarray) -> bool:
    """Tell whether float64 may round some of the integers."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return False
    flat = array.reshape(-1)
    parts = (flat[start : start + BLOCK] for start in range(0, flat.size, BLOCK))
    return not all(int(part.min()) >= -EXACT and int(part.max()) <= EXACT for part in parts)


def is_finite(array: np.ndarray) -> bool:
    """Tell whether all floats are finite: a finite sum, which takes no memory, says so."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def comparable(array: np.ndarray, known: bool = False) -> np.ndarray:
    """Return the array, or ranks of its numbers: finite, exact in float64, in the same order, NaN where it has NaN.

    `known`: all of it is known to be finite.
    """
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    wide = array.dtype.kind == "f" and array.dtype.itemsize > 8
    if not wide and not is_large(array) and (known or array.dtype.kind != "f" or not np.isinf(array).any()):
        return array
    _, places = np.unique(array, return_inverse=True)
    ranks = places.reshape(array.shape).astype(np.float64)
    return np.where(np.isnan(array), np.nan, ranks) if array.dtype.kind == "f" else ranks


def runs(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the runs of equal ids: their ends, as offsets, and each run's id."""
    if not ids.size:
        return np.zeros(1, np.int64), ids
    starts = np.flatnonzero(ids[1:] != ids[:-1]) + 1
    ends = np.concatenate(([0], starts, [ids.size]))
    return ends, ids[ends[:-1]]


def is_rising(ids: np.ndarray) -> bool:
    """Tell whether each is greater than the one before."""
    return bool((ids[1:] > ids[:-1]).all())


def distinct(ids: np.ndarray) -> np.ndarray:
    """Return each id once, in order. `np.unique` hashes integers, which takes longer than sorting them."""
    leading = runs(ids.reshape(-1))[1]
    if is_rising(leading):
        return leading
    return runs(np.sort(leading))[1] if leading.dtype.kind in "iu" else np.unique(leading)


def stable(numbers: np.ndarray) -> np.ndarray:
    """Return the order of rising numbers, NaN last, equal ones and NaN as they stand.

    NumPy's stable sort takes five times as long as its fastest and one of integers, which puts equal ones in order.
    """
    order = np.argsort(numbers)
    in_order = numbers[order]
    differ = (in_order[1:] != in_order[:-1]) & ~np.isnan(in_order[:-1])
    if differ.all():
        return order
    base = np.append(0, np.cumsum(differ)) * numbers.size  # the square of a size is below 2**63
    return np.sort(base + order) - base


class Sorted(NamedTuple):
    """Where ids lie in order, and numbers that rise from id to id and are the same for equal ones."""

    order: np.ndarray
    ranks: np.ndarray


def sort(ids: np.ndarray) -> Sorted:
    """Sort ids, equal ones as they stand.

    Integers that hold an id and its place beside it are sorted, where they have 64 bits for that: NumPy sorts numbers
    several times faster than it finds their order.
    """
    places = ids.size.bit_length()
    if ids.dtype.kind in "iu" and ids.size:
        lowest, highest = ids.min(), ids.max()
        if (int(highest) - int(lowest)).bit_length() + places < 64:
            above = ids - lowest if ids.dtype == np.uint64 else ids.astype(np.int64) - np.int64(lowest)
            both = above.astype(np.int64) << places
            both |= np.arange(ids.size)
            both.sort()
            return Sorted(both & ((1 << places) - 1), both >> places)
    order = stable(ids) if ids.dtype.kind == "f" else np.argsort(ids, kind="stable")
    return Sorted(order, ids[order])
