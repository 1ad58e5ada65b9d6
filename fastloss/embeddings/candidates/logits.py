"""Logits of every row against every candidate, described and not stored: z_ij = r_i . c_j + b_j."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import orders
from fastloss.embeddings.tiles import Hidden

NOBODY = np.empty(0, np.int64)


@dataclasses.dataclass(frozen=True)
class Scaled:
    """Vectors of some matrices, one below another, to be multiplied by a factor or brought to that length."""

    arrays: tuple[Any, ...]
    dtype: np.dtype
    factor: float = 1.0
    unit: bool = False
    classes: np.ndarray | None = None  # numbers from 0: each class's mean takes the place of its vectors
    unit_members: bool = False  # the means are those of vectors of length 1

    @property
    def members(self) -> "Scaled":
        """Return the vectors that means are taken of."""
        return Scaled(self.arrays, np.dtype(np.float64), unit=self.unit_members)

    def __len__(self) -> int:
        return sum(map(len, self.arrays)) if self.classes is None else int(self.classes.max(initial=-1)) + 1


class Excluded(NamedTuple):
    """Row i leaves out the columns members[offsets[g]:offsets[g + 1]] of its group g = owners[i], if that is not -1."""

    owners: np.ndarray
    offsets: np.ndarray
    members: np.ndarray

    def of_rows(self, some: slice) -> "Excluded":
        """Return what some rows leave out; columns are numbered as before."""
        if not self.owners.size:
            return self
        groups, owners = np.unique(self.owners[some], return_inverse=True)
        starts, stops = (np.where(groups < 0, 0, self.offsets[groups + shift]) for shift in (0, 1))
        offsets = np.append(0, np.cumsum(stops - starts))
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], stops - starts)
        return Excluded(owners.reshape(-1), offsets, self.members[np.repeat(starts, stops - starts) + within])

    def of_columns(self, some: slice) -> "Excluded":
        """Return what is left out of some columns, numbered from 0."""
        if not self.owners.size:
            return self
        inside = (self.members >= some.start) & (self.members < some.stop)
        before = np.append(0, np.cumsum(inside))
        return Excluded(self.owners, before[self.offsets], self.members[inside] - some.start)


NOTHING = Excluded(NOBODY, NOBODY, NOBODY)


class Logits(NamedTuple):
    """Rows and candidates of which engines compute logits, tile by tile."""

    store: Any  # the engine's, of all vectors
    rows: Any  # a matrix there
    columns: Any  # the engine's vectors
    bias: np.ndarray  # empty for none
    excluded: Excluded = NOTHING
    same: bool = False  # columns are rows: z_ij = z_ji, and the same pairs are left out

    @property
    def dtype(self) -> np.dtype:
        return self.rows.dtype

    @property
    def hidden(self) -> Hidden:
        """Return what `tiles.hide` takes."""
        return Hidden(self.bias, self.excluded.owners, self.excluded.offsets, self.excluded.members)

    @property
    def width(self) -> int:
        """Return the number of candidates."""
        return len(self.columns)

    def block(self, start: int, stop: int) -> np.ndarray:
        """Return some candidates' vectors."""
        return self.columns[start:stop]


class Gradient(NamedTuple):
    """The gradient by scaled rows and columns, and by the columns' biases if there are any."""

    rows: Any
    columns: Any
    bias: np.ndarray


def no_gradient(logits: Logits, rows: int, columns: int) -> Gradient:
    """Return zeros for some rows and columns."""
    by_rows, by_columns = (logits.store.zeros((count, logits.rows.shape[1]), logits.dtype) for count in (rows, columns))
    return Gradient(by_rows, by_columns, np.zeros(columns if logits.bias.size else 0, logits.dtype))


def members(ids: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return CSR offsets of `count` groups, and their columns in order, from the columns' group numbers."""
    order = orders.sort(ids).order
    offsets = np.searchsorted(ids[order], np.arange(count + 1))
    return offsets, order
