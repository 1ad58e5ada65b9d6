"""The short way of calls: what does not depend on the data is decided once for each kind of call, and remembered.

A kind is the result that is asked for, the arguments' dtypes and the keywords. Arguments that are not NumPy arrays, or
not contiguous, and whatever else the first call of a kind did not meet, go the long way; so does a call whose
result would be an error or is not finite, since the long way has the messages and the care. Results are the same bits.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

MOST = 64  # kinds of call that a loss remembers; margins that change from call to call are forgotten together
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))  # what kernels read without conversion
PLAIN = (str, int, float, bool, type(None))

# What a plan computes for arrays; None: go the long way.
Plan = Callable[[tuple[np.ndarray, ...]], Any]


def nothing(arrays: tuple[np.ndarray, ...]) -> None:
    """The plan of a kind of call that has no short way."""


def kind_of(what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What tells a call's kind; None where it has no short way."""
    for one in args:
        if type(one) is not np.ndarray:
            return None
    if not kwargs:
        return (what, *[one.dtype for one in args])
    more = []
    for name, value in kwargs.items():
        if type(value) not in PLAIN or value != value:
            return None
        more.append((name, type(value), value))
    return (what, *[one.dtype for one in args], *more)
