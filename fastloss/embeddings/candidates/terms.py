"""Terms: what a loss needs of a row's logits beside the log of their sum of exponentials, and how it is pulled back."""

from typing import Any, Protocol

import numpy as np

from fastloss.embeddings.candidates.logits import Gradient, Logits


class Term(Protocol):
    """A linear function of each row's logits."""

    def logits(self, logits: Logits) -> np.ndarray:
        """Return a number for each row, float64."""

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        """Add to the gradient what each row's slope by that number makes of it."""


class Divisible(Term, Protocol):
    """A term that is a sum over blocks of columns, each of which needs but a part of it."""

    def of_rows(self, some: slice) -> "Divisible":
        """Return what some rows bring to a block, to be completed by `with_columns`."""

    def of_columns(self, some: slice) -> Any:
        """Return what some columns bring."""

    def with_columns(self, brought: Any) -> Term:
        """Return the part of the sum that is over these columns; they and the rows are numbered from 0."""


class Listed:
    """The mean of the logits that each row lists, as column numbers cut by `offsets`; one for each row if None."""

    def __init__(self, numbers: np.ndarray, offsets: np.ndarray | None = None):
        counts = np.ones(len(numbers), np.int64) if offsets is None else np.diff(offsets)
        self._list(
            np.repeat(np.arange(len(counts)), counts),
            numbers,
            np.repeat(np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0), counts),
        )

    def _list(self, owners: np.ndarray, numbers: np.ndarray, shares: np.ndarray) -> "Listed":
        self.owners, self.numbers, self._shares = owners, numbers, shares
        return self

    def _some(self, which: Any, row: int, column: int) -> "Listed":
        """Return some entries, for rows and columns that are numbered from others on."""
        made = Listed.__new__(Listed)
        return made._list(self.owners[which] - row, self.numbers[which] - column, self._shares[which])

    def of_rows(self, some: slice) -> "Listed":
        start, stop = np.searchsorted(self.owners, (some.start, some.stop))
        return self._some(slice(start, stop), some.start, 0)

    def of_columns(self, some: slice) -> slice:
        return some

    def with_columns(self, brought: slice) -> "Listed":
        return self._some((self.numbers >= brought.start) & (self.numbers < brought.stop), 0, brought.start)

    def logits(self, logits: Logits) -> np.ndarray:
        each = logits.store.dots(logits.rows, self.owners, logits.columns, self.numbers)
        if logits.bias.size:
            each += logits.bias[self.numbers]
        sums = np.bincount(self.owners, self._shares * each, len(logits.rows))
        return sums.astype(np.float64, copy=False)  # of nothing, they are integers

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        each = slopes[self.owners] * self._shares
        logits.store.add(gradient.rows, self.owners, each, logits.columns, self.numbers)
        logits.store.add(gradient.columns, self.numbers, each, logits.rows, self.owners)
        if logits.bias.size:
            np.add.at(gradient.bias, self.numbers, each)


class Classmates:
    """The mean of the logits of each row's class, itself left out; columns are rows, and classes numbers from 0.

    A part of it is the sum over some of the columns, times the rows' shares.
    """

    def __init__(self, classes: np.ndarray, columns: np.ndarray | None = None, shares: np.ndarray | None = None):
        self._classes = classes
        self._columns = classes if columns is None else columns
        self._count = int(max(classes.max(initial=-1), self._columns.max(initial=-1))) + 1
        if shares is None:
            others = self.others
            shares = np.divide(1.0, others, out=np.zeros(classes.size), where=others > 0)
        self._shares = shares
        self._members: Any = None  # each class's sum of columns, for `pull`

    @property
    def others(self) -> np.ndarray:
        """The number of the other rows of each row's class."""
        return np.bincount(self._classes, minlength=self._count)[self._classes] - 1

    def of_rows(self, some: slice) -> "Classmates":
        return Classmates(self._classes[some], self._columns[:0], self._shares[some])

    def of_columns(self, some: slice) -> np.ndarray:
        return self._columns[some]

    def with_columns(self, brought: np.ndarray) -> "Classmates":
        both = np.unique(np.concatenate((self._classes, brought)), return_inverse=True)[1].reshape(-1)
        rows, columns = np.split(both, [len(self._classes)])
        return Classmates(rows, columns, self._shares)

    def _sums(self, logits: Logits, classes: np.ndarray, factors: np.ndarray, source: Any) -> Any:
        """Sum each class's vectors times factors."""
        total = logits.store.zeros((self._count, logits.rows.shape[1]), np.float64)
        logits.store.add(total, classes, factors, source, None)
        return total

    def logits(self, logits: Logits) -> np.ndarray:
        rows, dots = logits.rows, logits.store.dots
        self._members = self._sums(logits, self._columns, np.ones(logits.width), logits.columns)
        sums = dots(rows, None, self._members, self._classes)
        return self._shares * (sums - dots(rows, None, rows, None) if logits.same else sums)

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        factors, add = slopes * self._shares, logits.store.add
        add(gradient.rows, None, factors, self._members, self._classes)
        if logits.same:
            add(gradient.rows, None, -2.0 * factors, logits.rows, None)
        by_class = self._sums(logits, self._classes, factors, logits.rows)
        add(gradient.columns, None, np.ones(logits.width), by_class, self._columns)


class Average:
    """The weighted sum of all logits of a row."""

    def __init__(self, weights: np.ndarray):
        self._weights = weights
        self._columns: Any = None  # their weighted sum, for `pull`

    def of_rows(self, some: slice) -> "Average":
        return Average(self._weights[:0])

    def of_columns(self, some: slice) -> np.ndarray:
        return self._weights[some]

    def with_columns(self, brought: np.ndarray) -> "Average":
        return Average(brought)

    def _sum(self, logits: Logits, factors: np.ndarray, source: Any) -> Any:
        """Sum vectors times factors, as a matrix of one row."""
        total = logits.store.zeros((1, logits.rows.shape[1]), np.float64)
        logits.store.add(total, np.zeros(len(factors), np.int64), factors, source, None)
        return total

    def logits(self, logits: Logits) -> np.ndarray:
        bias = self._weights @ logits.bias.astype(np.float64) if logits.bias.size else 0.0
        self._columns = self._sum(logits, self._weights, logits.columns)
        return logits.store.dots(logits.rows, None, self._columns, np.zeros(len(logits.rows), np.int64)) + bias

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        add, by_rows = logits.store.add, self._sum(logits, slopes, logits.rows)
        add(gradient.rows, None, slopes, self._columns, np.zeros(len(slopes), np.int64))
        add(gradient.columns, None, self._weights, by_rows, np.zeros(len(self._weights), np.int64))
        if logits.bias.size:
            gradient.bias[...] += self._weights * slopes.sum()
