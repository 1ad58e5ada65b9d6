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

    def restored_losses(self, loss: np.ndarray) -> np.ndarray:
        """Return the caller's losses from those of divided logits; small ones, as of equal logits, are the same."""
        return np.where(loss > 2.0**40, np.ldexp(loss, self.exponent), loss) if self.exponent else loss

    def restored(self, result: Any) -> Any:
        """Return the caller's gradients, in their precision, from those of divided logits."""
        return self.narrowed(np.ldexp(result, self.exponent) if self.exponent else result)

    def narrowed(self, result: Any) -> Any:
        """Return a gradient in the caller's precision."""
        return result if self.narrow is None or not np.ndim(result) else result.astype(self.narrow)

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
    return math.frexp(largest(array))[1]


def largest(array: np.ndarray) -> float:
    """Return the size of the largest finite number; an array of one number that is repeated is not read."""
    if array.size and not any(array.strides):
        array = array[(slice(1),) * array.ndim]
    array = np.asarray(array, validate.kernel_dtype(array))
    found = max(abs(float(end.reduce(array, None, initial=0.0))) for end in (np.fmin, np.fmax))
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0)) if math.isinf(found) else found
