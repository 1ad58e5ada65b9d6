"""Records that losses of pairs and their engines pass to each other."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype


class Groups(NamedTuple):
    """Rows in group order (None if they lie so already), CSR offsets, and how results of groups are to be ordered."""

    rows: np.ndarray | None
    offsets: np.ndarray
    order: np.ndarray | None
    ids: np.ndarray | None = None  # of the groups, as results of groups are ordered; None if they are not wanted


class Rows(NamedTuple):
    """The checked rows of a call, and their groups."""

    scores: Any
    labels: Any
    weights: Any  # None if all are 1
    groups: Groups = Groups(None, np.zeros(1, np.int64), None)


class Columns(NamedTuple):
    """Scores, labels and weights as kernels read them."""

    scores: Any
    labels: Any
    weights: Any  # empty if all are 1

    @classmethod
    def of(cls, scores: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> "Columns":
        """Return arrays on the host as kernels read them."""
        return cls(
            np.ascontiguousarray(scores, kernel_dtype(scores)),
            np.ascontiguousarray(labels, kernel_dtype(labels)),
            np.empty(0) if weights is None else np.ascontiguousarray(weights, np.float64),
        )

    def taken(self, rows: Any) -> "Columns":
        """Return the columns of some rows, given by a slice or in an order."""
        return Columns(*(column[rows] if column.size else column for column in self))


class Results(NamedTuple):
    """Arrays that a pass writes or adds to: empty where they are not wanted."""

    each: Any
    gradient: Any
    curvature: Any

    @classmethod
    def zeros(cls, size: int, wanted: Wanted, dtype: Any = np.float64) -> "Results":
        """Return zeroed arrays on the host."""
        return cls(*(np.zeros(size if want else 0, dtype) for want in wanted[1:]))

    def part(self, rows: slice) -> "Results":
        """Return views of some rows."""
        return Results(*(result[rows] if result.size else result for result in self))
