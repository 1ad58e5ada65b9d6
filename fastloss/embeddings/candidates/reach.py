"""The range of inner products: which precision and which power of two keep them within the numbers."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import validate


class Reach(NamedTuple):
    """The precision of inner products, and the exponent of two by which they are divided."""

    dtype: np.dtype
    exponent: int = 0
    narrow: np.dtype | None = None  # the gradients' precision where it is a lower one

    @property
    def divisors(self) -> tuple[float, float]:
        """Return what the rows and the columns are divided by."""
        return 2.0 ** (self.exponent // 2), 2.0 ** (self.exponent - self.exponent // 2)


def reach(arrays: Sequence[Any], scale: float = 1.0) -> Reach:
    """Choose precision and exponent for products of the first array's rows with the others', times a scale.

    Beyond 2**1000 softmax is at its limit, which 2**1000 is too. Files and arrays on a GPU are not read for this.
    """
    dtype = validate.common_dtype(arrays)
    if any(not isinstance(one, np.ndarray) or validate.mapped(one) for one in arrays):
        return Reach(dtype)
    first, *more = (_exponent(one) for one in arrays)
    highest = first + max(more) + math.frexp(scale * max(arrays[0].shape[-1], 1))[1]
    if highest < (120 if dtype == np.float32 else 1000):
        return Reach(dtype)
    narrow = dtype if dtype == np.float32 else None
    return Reach(np.dtype(np.float64), max(0, highest - 1000), narrow)


def _exponent(array: np.ndarray) -> int:
    """Return the exponent of the largest finite number."""
    array = np.asarray(array, validate.kernel_dtype(array))
    largest = max(abs(float(end.reduce(array, None, initial=0.0))) for end in (np.fmin, np.fmax))
    if math.isinf(largest):
        largest = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    return math.frexp(largest)[1]
