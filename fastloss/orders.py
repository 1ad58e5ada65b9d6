"""Numbers of which only the order counts: it is kept, whatever float64 can hold."""

import numpy as np

EXACT = 1 << 53  # float64 holds every integer up to here


def inexact(array: np.ndarray) -> np.ndarray:
    """Which elements float64 cannot hold: integers with more than 53 binary digits between their first 1 and last 1."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return np.zeros(array.shape, bool)
    if int(array.min()) >= -EXACT and int(array.max()) <= EXACT:
        return np.zeros(array.shape, bool)
    sizes = array.astype(np.uint64)
    sizes = np.where(array < 0, np.uint64(0) - sizes, sizes)  # of two's complement
    lowest = sizes & (np.uint64(0) - sizes)
    return sizes // np.maximum(lowest, np.uint64(1)) >= EXACT


def comparable(array: np.ndarray) -> np.ndarray:
    """The array, or ranks in its place: of finite numbers that float64 holds, in the same order, NaN where that is."""
    wide = array.dtype.kind == "f" and array.dtype.itemsize > 8
    if not wide and not is_large(array) and (array.dtype.kind != "f" or not np.isinf(array).any()):
        return array
    _, places = np.unique(array, return_inverse=True)
    ranks = places.reshape(array.shape).astype(np.float64)
    return np.where(np.isnan(array), np.nan, ranks) if array.dtype.kind == "f" else ranks
