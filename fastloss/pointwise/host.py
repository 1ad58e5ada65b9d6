"""Arrays of losses, weights and derivatives on the host: multiplied, for every engine."""

from typing import Any

import numpy as np


def product(given: np.ndarray | None, factor: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """What every loss is multiplied by."""
    if factor is None:
        return given
    factor = np.broadcast_to(factor, shape)
    return factor if given is None else np.multiply(given, factor, dtype=np.float64)


def times(number: float, array: Any, new: bool = False) -> Any:
    """A result times a number; where that is 1, it may be the result itself."""
    return array if number == 1.0 and not new else number * array
