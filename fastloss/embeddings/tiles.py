"""Tiles of logits z = rows @ columns.T: running sums of e**z along rows and columns, and the softmaxes from them.

A row or column has a maximum m and a sum s = sum e**(z - m) in float64, which are folded from tile to tile; the
elements are computed in the tile's own precision. What must not count is set to -inf first. `top` and `left` are the
tile's first row and column.

`rows.logits.log_sum` counts a row's maxima apart from the rest of its sum, which keeps the digits of a small loss. Here
the target is left out of the sum instead, and the elements are summed in the precision of the products.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import INFINITY
from fastloss.compile.elementary import exp_negative as decay  # always of float64
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.logits import maximum

SEGMENT = np.uint64(512)  # elements that are summed in the tile's precision
FIRST = np.uint64(0)
FLOAT = exp_negative = unbound  # of the tile's precision


class Hidden(NamedTuple):
    """The columns' biases, and what rows leave out, see `candidates.logits.Excluded`; empty for none."""

    bias: Any
    owners: Any
    offsets: Any
    members: Any


class Softmax(NamedTuple):
    """Logs of sums of exponentials, and the factors of their softmaxes."""

    logs: Any
    factors: Any


@regroups
def hide(tile, top, left, hidden):
    """Add the columns' biases, and set to -inf the columns that belong to the row's own group."""
    height, width = tile.shape
    if hidden.bias.size:
        for r in range(np.uint64(height)):
            add_bias(tile, r, hidden.bias, np.uint64(left))
    for r in range(height if hidden.owners.size else 0):
        group = hidden.owners[top + r]
        for k in range(hidden.offsets[group] if group >= 0 else 0, hidden.offsets[group + 1] if group >= 0 else 0):
            column = hidden.members[k] - left
            if 0 <= column < width:
                tile[r, column] = -INFINITY


@regroups
def add_bias(tile, r, bias, start):
    for j in range(np.uint64(tile.shape[1])):
        tile[r, j] += bias[start + j]


@regroups
def fold_rows(tile, maxima, sums):
    """Fold every row's logits into its maximum and sum."""
    for r in range(np.uint64(tile.shape[0])):
        fold_row(tile, r, maxima, sums)


@regroups
def fold_row(tile, r, maxima, sums):
    width = np.uint64(tile.shape[1])
    peak = maximum(r, tile, FIRST, width)
    old = maxima[r]
    if peak > old:
        sums[r] *= decay(old - peak)
        maxima[r] = peak
    else:
        peak = old
    peak = peak if peak > -INFINITY else 0.0  # nothing counts yet; NaN does
    for start in range(FIRST, width, SEGMENT):
        sums[r] += sum_below(tile, r, start, min(width, start + SEGMENT), FLOAT(peak))


def merged(maximum_, total, other, more):
    """Merge two maxima and sums of one row."""
    peak = other if other > maximum_ else maximum_
    return peak, lowered(maximum_, total, peak) + lowered(other, more, peak)


def lowered(maximum_, total, peak):
    """Return a sum for a maximum as that for a higher one."""
    return total if maximum_ == peak else total * decay(maximum_ - peak)  # nothing counts yet: -inf less -inf


def better(number, column, other, another):
    """Return the larger number with its column, which is -1 for none; the first of equal ones."""
    if other > number or (other == number and another >= 0 and (column < 0 or another < column)):
        return other, another
    return number, column


def merge_block(inputs, parameters, outputs, first, last):
    """Merge others' maxima and sums into those of some rows, in place."""
    other_maxima, other_sums = inputs
    maxima, sums = outputs
    for i in range(np.uint64(maxima.size)):
        maxima[i], sums[i] = merged(maxima[i], sums[i], other_maxima[i], other_sums[i])


@regroups
def sum_below(tile, r, start, stop, peak):
    total = FLOAT(0.0)
    for j in range(start, stop):
        total += exp_negative(tile[r, j] - peak)
    return np.float64(total)


@regroups
def fold_columns(tile, maxima, sums, peaks, totals):
    """Fold every column's logits into its maximum and sum; the last two arrays are scratch in the tile's precision."""
    height, width = np.uint64(tile.shape[0]), np.uint64(tile.shape[1])
    peaks, totals = peaks[:width], totals[:width]
    for j in range(width):
        peaks[j], totals[j] = FLOAT(maxima[j]), FLOAT(0.0)
    for r in range(height):
        raise_peaks(tile, r, peaks)
    for j in range(width):
        lowest = peaks[j] == -INFINITY  # nothing counts yet
        peaks[j] = FLOAT(0.0) if lowest else peaks[j]
        sums[j] *= 1.0 if lowest else decay(maxima[j] - np.float64(peaks[j]))
        maxima[j] = -INFINITY if lowest else np.float64(peaks[j])
    for r in range(height):
        add_below(tile, r, peaks, totals)
    for j in range(width):
        sums[j] += np.float64(totals[j])


@regroups
def raise_peaks(tile, r, peaks):
    for j in range(np.uint64(peaks.size)):
        peaks[j] = tile[r, j] if tile[r, j] > peaks[j] else peaks[j]


@regroups
def add_below(tile, r, peaks, totals):
    for j in range(np.uint64(peaks.size)):
        totals[j] += exp_negative(tile[r, j] - peaks[j])


@regroups
def find_largest(tile, left, maxima, columns):
    """Update every row's largest logit so far and its column, which is -1 where there is none."""
    for r in range(tile.shape[0]):
        for j in range(tile.shape[1]):
            if tile[r, j] > maxima[r]:
                maxima[r], columns[r] = tile[r, j], left + j


def share(z, log, factor):
    return factor * exp_negative(z - log)


@regroups
def soften(tile, r, log, factor):
    """Replace a row's logits by factor * e**(z - log), the log being that of its sum of exponentials."""
    for j in range(np.uint64(tile.shape[1])):
        tile[r, j] = share(tile[r, j], log, factor)


@regroups
def soften_twice(tile, r, log, factor, columns):
    """Replace a row's logits by the same plus that of every column."""
    for j in range(np.uint64(tile.shape[1])):
        z = tile[r, j]
        tile[r, j] = share(z, log, factor) + share(z, columns.logs[j], columns.factors[j])


# Blocks: a tile is one chunk. Their parameters are the tile's first row and column; their inputs begin with the arrays
# of `Hidden`, their outputs with the tile.


@regroups
def fold_rows_block(inputs, parameters, outputs, first, last):
    bias, owners, offsets, members = inputs
    tile, maxima, sums = outputs
    hide(tile, np.int64(parameters[0]), np.int64(parameters[1]), Hidden(bias, owners, offsets, members))
    fold_rows(tile, maxima, sums)


@regroups
def fold_both_block(inputs, parameters, outputs, first, last):
    bias, owners, offsets, members = inputs
    tile, maxima, sums, column_maxima, column_sums, peaks, totals = outputs
    hide(tile, np.int64(parameters[0]), np.int64(parameters[1]), Hidden(bias, owners, offsets, members))
    fold_rows(tile, maxima, sums)
    fold_columns(tile, column_maxima, column_sums, peaks, totals)


@regroups
def find_largest_block(inputs, parameters, outputs, first, last):
    bias, owners, offsets, members = inputs
    tile, maxima, columns = outputs
    hide(tile, np.int64(parameters[0]), np.int64(parameters[1]), Hidden(bias, owners, offsets, members))
    find_largest(tile, np.int64(parameters[1]), maxima, columns)


@regroups
def soften_rows_block(inputs, parameters, outputs, first, last):
    bias, owners, offsets, members, logs, factors = inputs
    (tile,) = outputs
    hide(tile, np.int64(parameters[0]), np.int64(parameters[1]), Hidden(bias, owners, offsets, members))
    for r in range(np.uint64(tile.shape[0])):
        soften(tile, r, FLOAT(logs[r]), FLOAT(factors[r]))


@regroups
def soften_both_block(inputs, parameters, outputs, first, last):
    bias, owners, offsets, members, logs, factors, column_logs, column_factors = inputs
    (tile,) = outputs
    columns = Softmax(column_logs, column_factors)
    hide(tile, np.int64(parameters[0]), np.int64(parameters[1]), Hidden(bias, owners, offsets, members))
    for r in range(np.uint64(tile.shape[0])):
        soften_twice(tile, r, FLOAT(logs[r]), FLOAT(factors[r]), columns)
