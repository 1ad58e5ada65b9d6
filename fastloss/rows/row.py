"""Rows: row i of every operand makes one loss. What all families of row functions share.

A row function is `row(i, operands, factor, parameters, derivatives)`: it returns the loss of row i and the bits of its
numbers outside their domains, and writes the row's gradients, times `factor`, to the leading arrays of `derivatives`;
the diagonal of the second derivative goes to the last. There is one function for a family of losses (`logits.py`,
`terms.py`, `vectors.py`); the engine binds a loss's scalar formulas, and the constants WANT_*, into it.

Functions whose names begin with `sum_` may have their additions reassociated, so that they vectorise; the rest keeps
its order of operations, so that the loss has the same bits whichever derivatives are wanted with it.

Indices are unsigned, since a signed index would be tested for a negative value and spoil the vector loads.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.compile.launch import ALONE
from fastloss.compile.templates import known_names
from fastloss.core.requests import Wanted
from fastloss.core.summation import CHUNK

FIRST, ONE = np.uint64(0), np.uint64(1)
PICKED = 3  # numbers that are read, in order, in the time that one takes which lies anywhere


def rows_per_chunk(columns: int) -> int:
    """Return how many rows are summed together."""
    return max(1, CHUNK // max(columns, 1))


def fill_row(i, out, number):
    for k in range(FIRST, np.uint64(out.shape[1])):
        out[i, k] = number


def fill_one_hot(i, out, column, number):
    """Fill a row with zeros, and with `number` in one column."""
    fill_row(i, out, 0.0)
    out[i, column] = number


def clear_two(i, derivatives):
    """Fill a row of two arrays with zeros, for a weight of 0: its derivatives may be infinite, but not unknown."""
    first, second = derivatives
    fill_row(i, first, 0.0)
    fill_row(i, second, 0.0)


def clear_three(i, derivatives):
    clear_two(i, derivatives[:2])
    fill_row(i, derivatives[2], 0.0)


def clear_four(i, derivatives):
    clear_three(i, derivatives[:3])
    fill_row(i, derivatives[3], 0.0)


CLEARS = (clear_two, clear_three, clear_four)  # by the number of gradients; the second derivative is one more


@dataclasses.dataclass(frozen=True)
class RowFormulas:
    """A row function and the bindings of one loss."""

    name: str
    row: Callable[..., tuple[float, int]]
    names: tuple[tuple[str, Callable[..., Any]], ...] = ()
    arguments: int = 1  # how many have a gradient
    picks: bool = False  # whether the loss reads one number of a row

    def few(self, columns: int, wanted: Wanted) -> int:
        """Return how many chunks are not worth another thread: those of as many numbers as `ALONE`."""
        numbers = PICKED if self.picks and not (wanted.gradient or wanted.curvature) else columns
        return ALONE // max(rows_per_chunk(columns) * numbers, 1)

    def bindings(self, wanted: Wanted) -> dict[str, Any]:
        """Return the bindings of the row function's open names."""
        wants = {"WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
        return {**wants, "clear_row": CLEARS[self.arguments - 1], **dict(self.names)}


def formulas(name: str, row: Callable[..., Any], arguments: int = 1, **names: Callable[..., Any]) -> RowFormulas:
    """Bind `names` in the row function `row`, under a name that no other loss or variant has.

    Raises
    ------
    TypeError
        If a name is bound that the row function does not leave open.
    """
    if unknown := names.keys() - known_names(row, names).keys():
        raise TypeError(f"{name}: the template {row.__module__}.{row.__qualname__} has no open name {min(unknown)}")
    return RowFormulas(name, row, tuple(sorted(names.items(), key=lambda item: item[0])), arguments)


__all__ = ["FIRST", "ONE", "RowFormulas", "fill_one_hot", "fill_row", "formulas"]
