"""Numbers of which only the order counts: it is kept, whatever float64 can hold."""

import numpy as np

EXACT = 1 << 53  # float64 holds every integer up to here


def is_large(array: np.ndarray) -> bool:
    """Whether float64 may round some of the integers."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return False
    return not (int(array.min()) >= -EXACT and int(array.max()) <= EXACT)


def comparable(array: np.ndarray) -> np.ndarray:
    """The array, or ranks in its place: of finite numbers that float64 holds, in the same order, NaN where that is."""
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    wide = array.dtype.kind == "f" and array.dtype.itemsize > 8
    if not wide and not is_large(array) and (array.dtype.kind != "f" or not np.isinf(array).any()):
        return array
    _, places = np.unique(array, return_inverse=True)
    ranks = places.reshape(array.shape).astype(np.float64)
    return np.where(np.isnan(array), np.nan, ranks) if array.dtype.kind == "f" else ranks
