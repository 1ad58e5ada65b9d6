"""The short way of calls: decide once for each kind of call what does not depend on the data, and remember it.

A kind is the result that is asked for, the arguments' dtypes and the keywords. Arguments that are not NumPy arrays, or
not contiguous, and whatever else the first call of a kind did not meet, go the long way; so does a call whose
result would be an error or is not finite, since the long way has the messages and the care. Results are the same bits.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

MOST = 64  # kinds of call that a loss remembers; margins that change from call to call are forgotten together
FEW = 1 << 15  # numbers that are converted at once; the long way converts more piece by piece
LARGEST = 2.0**106  # of a sum of squares: float64 has held each of those integers
PLAIN = (str, int, float, bool, type(None))

# What a plan computes for arrays, and for further numbers in some families; None: go the long way.
Plan = Callable[..., Any]


def nothing(arrays: tuple[np.ndarray, ...]) -> None:
    """Return None: the plan of a kind of call that has no short way."""


def reading(run: Plan, given: tuple[np.ndarray, ...], dtypes: tuple[np.dtype, ...]) -> Plan:
    """Return a plan that first converts integers, bools and other floats to the dtypes that its kernels read."""
    converted = [(at, dtype) for at, dtype in enumerate(dtypes) if given[at].dtype != dtype]
    if not converted:
        return run

    def read(arrays: tuple[np.ndarray, ...], *settings: tuple[float, ...]) -> Any:
        some = list(arrays)
        for at, dtype in converted:
            if some[at].size > FEW:
                return None
            own = some[at] = some[at].astype(dtype, "C")
            flat = own.reshape(-1)
            if not np.vdot(flat, flat) <= LARGEST:  # `flat.dot` warns where it overflows
                return None
        return run(tuple(some), *settings)

    return read


def convertible(arrays: tuple[np.ndarray, ...]) -> bool:
    """Tell whether `reading` converts arrays of these dtypes."""
    return all(one.dtype.kind in "iubf" and one.dtype.itemsize <= 8 for one in arrays)


def kind_of(what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the key of a call's kind; None where it has no short way."""
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
