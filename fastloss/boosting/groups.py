"""Groups of rows that lie group by group: sizes, as LightGBM has them, offsets, as XGBoost has them, ids."""

from typing import Any

import numpy as np

from fastloss.core import orders, validate
from fastloss.core.arrays import converted
from fastloss.core.errors import wrong_value


def group_sizes(ids: Any) -> np.ndarray:
    """Return the numbers of rows of consecutive groups, which LightGBM takes as `group`, from an id for each row.

    Parameters
    ----------
    ids : array_like, shape (N,)
        The group (query) of each row: numbers, strings or dates, in any order as long as equal ones stand together.

    Returns
    -------
    ndarray of int, shape (G,)

    Raises
    ------
    ValueError
        If an id comes again after another one.

    Examples
    --------
    >>> from fastloss.boosting import group_sizes
    >>> group_sizes(["b", "b", "a", "c", "c", "c"])
    array([2, 1, 3])
    """
    found = converted("ids", ids)
    ends, leading = orders.runs(validate.ids("ids", found, found.shape[:1]))
    _, first = np.unique(leading, return_index=True)
    if first.size < leading.size:
        again = int(ends[np.setdiff1d(np.arange(leading.size), first)[0]])
        raise wrong_value(f"ids[{again}]", found[again], "rows group by group, but it came earlier")
    return np.diff(ends)


def offsets_of(sizes: Any, count: int) -> np.ndarray:
    """Return CSR offsets of the sizes of groups.

    Raises
    ------
    ValueError
        If the sizes do not sum to the number of rows; in the words of LightGBM.
    """
    offsets = np.append(0, np.cumsum(np.asarray(sizes, np.int64)))
    if offsets[-1] != count or (np.diff(offsets) < 0).any():
        raise ValueError(f"Sum of query counts ({offsets[-1]}) differs from the length of #data ({count})")
    return offsets
