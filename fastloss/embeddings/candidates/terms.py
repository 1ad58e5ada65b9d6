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


class Listed:
    """The mean of the logits that each row lists, as column numbers cut by `offsets`; one for each row if None."""

    def __init__(self, numbers: np.ndarray, offsets: np.ndarray | None = None):
        self.numbers = numbers
        counts = np.ones(len(numbers), np.int64) if offsets is None else np.diff(offsets)
        self.owners = np.repeat(np.arange(len(counts)), counts)
        self._shares = np.repeat(np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0), counts)

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
    """The mean of the logits of each row's class, itself left out; columns are rows, and classes numbers from 0."""

    def __init__(self, classes: np.ndarray):
        self._classes = classes
        self._count = int(classes.max(initial=-1)) + 1
        self.others = np.bincount(classes, minlength=self._count)[classes] - 1
        self._shares = np.divide(1.0, self.others, out=np.zeros(classes.size), where=self.others > 0)
        self._members: Any = None  # each class's sum of rows, for `pull`

    def _sums(self, logits: Logits, factors: np.ndarray) -> Any:
        """Sum each class's rows times factors."""
        total = logits.store.zeros((self._count, logits.rows.shape[1]), np.float64)
        logits.store.add(total, self._classes, factors, logits.rows, None)
        return total

    def logits(self, logits: Logits) -> np.ndarray:
        rows, dots = logits.rows, logits.store.dots
        self._members = self._sums(logits, np.ones(len(rows)))
        return self._shares * (dots(rows, None, self._members, self._classes) - dots(rows, None, rows, None))

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        factors, add = slopes * self._shares, logits.store.add
        add(gradient.columns, None, factors, self._members, self._classes)
        add(gradient.columns, None, -2.0 * factors, logits.rows, None)
        add(gradient.columns, None, np.ones(len(factors)), self._sums(logits, factors), self._classes)


class Average:
    """The weighted sum of all logits of a row."""

    def __init__(self, weights: np.ndarray):
        self._weights = weights
        self._columns: Any = None  # their weighted sum, for `pull`

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
