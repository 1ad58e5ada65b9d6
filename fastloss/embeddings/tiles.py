"""Tiles of logits z = rows @ columns.T: running sums of e**z along rows and columns, and the softmaxes from them.

A row or column has a maximum m and a sum s = sum e**(z - m) in float64, which are folded from tile to tile; the
elements are computed in the tile's own precision. What must not count is set to -inf first. `place` is the tile's first
row and column, `hidden` the columns' biases and what is left out of rows, see `candidates.Logits`.
"""

import numpy as np

from fastloss.compile.elementary import INFINITY
from fastloss.compile.elementary import exp_negative as decay  # always of float64
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.logits import maximum

SEGMENT = np.uint64(512)  # elements that are summed in the tile's precision
FIRST = np.uint64(0)
FLOAT = exp_negative = unbound  # of the tile's precision


@regroups
def hide(tile, place, hidden):
    """Add the columns' biases, and set to -inf the columns that belong to the row's own group."""
    bias, owners, offsets, members = hidden
    height, width = tile.shape
    if bias.size:
        for r in range(np.uint64(height)):
            add_bias(tile, r, bias, np.uint64(place[1]))
    for r in range(height if owners.size else 0):
        group = owners[place[0] + r]
        for k in range(offsets[group] if group >= 0 else 0, offsets[group + 1] if group >= 0 else 0):
            column = members[k] - place[1]
            if 0 <= column < width:
                tile[r, column] = -INFINITY


@regroups
def add_bias(tile, r, bias, start):
    for j in range(np.uint64(tile.shape[1])):
        tile[r, j] += bias[start + j]


@regroups
def fold_rows(tile, place, hidden, rows):
    """Every row's logits into its maximum and sum."""
    hide(tile, place, hidden)
    for r in range(np.uint64(tile.shape[0])):
        fold_row(tile, r, rows[0], rows[1])


@regroups
def fold_both(tile, place, hidden, rows, columns):
    """The same, and every column's logits into the column's.

    `columns` is (maxima, sums, scratch for each of them in the tile's precision).
    """
    fold_rows(tile, place, hidden, rows)
    fold_columns(tile, (columns[0], columns[1]), (columns[2], columns[3]))


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
        sums[r] += sum_below(tile, r, (start, min(width, start + SEGMENT)), FLOAT(peak))


def joined(top, total, other, more):
    """Two maxima and sums of one row, as one."""
    peak = other if other > top else top
    return peak, lowered(top, total, peak) + lowered(other, more, peak)


def lowered(top, total, peak):
    return total if top == peak else total * decay(top - peak)  # nothing counts yet: -inf less -inf


@regroups
def sum_below(tile, r, bounds, peak):
    total = FLOAT(0.0)
    for j in range(bounds[0], bounds[1]):
        total += exp_negative(tile[r, j] - peak)
    return np.float64(total)


@regroups
def fold_columns(tile, columns, scratch):
    height, width = np.uint64(tile.shape[0]), np.uint64(tile.shape[1])
    maxima, sums = columns
    peaks, totals = scratch[0][:width], scratch[1][:width]
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
def find_largest(tile, place, hidden, best):
    """Every row's largest logit so far, and its column; -1 where there is none."""
    hide(tile, place, hidden)
    maxima, columns = best
    for r in range(tile.shape[0]):
        for j in range(tile.shape[1]):
            if tile[r, j] > maxima[r]:
                maxima[r], columns[r] = tile[r, j], place[1] + j


@regroups
def soften_rows(tile, place, hidden, rows):
    """Every row's factor * e**(z - log), the log being that of the row's sum of exponentials."""
    hide(tile, place, hidden)
    for r in range(np.uint64(tile.shape[0])):
        soften(tile, r, FLOAT(rows[0][r]), FLOAT(rows[1][r]))


@regroups
def soften_both(tile, place, hidden, rows, columns):
    """The same plus that of every column."""
    hide(tile, place, hidden)
    for r in range(np.uint64(tile.shape[0])):
        soften_twice(tile, r, (FLOAT(rows[0][r]), FLOAT(rows[1][r])), columns)


def share(z, log, factor):
    return factor * exp_negative(z - log)


@regroups
def soften(tile, r, log, factor):
    for j in range(np.uint64(tile.shape[1])):
        tile[r, j] = share(tile[r, j], log, factor)


@regroups
def soften_twice(tile, r, own, columns):
    log, factor = own
    logs, factors = columns
    for j in range(np.uint64(tile.shape[1])):
        z = tile[r, j]
        tile[r, j] = share(z, log, factor) + share(z, logs[j], factors[j])


# What follows brings the arrays of a kernel into the form above; a tile is one chunk. Inputs are what `hide` takes,
# then logs and factors; outputs are the tile, then what is folded into.


def place_of(parameters):
    return np.int64(parameters[0]), np.int64(parameters[1])


@regroups
def fold_rows_block(inputs, parameters, outputs, first, last):
    fold_rows(outputs[0], place_of(parameters), inputs, outputs[1:3])


@regroups
def fold_both_block(inputs, parameters, outputs, first, last):
    fold_both(outputs[0], place_of(parameters), inputs, outputs[1:3], outputs[3:7])


@regroups
def find_largest_block(inputs, parameters, outputs, first, last):
    find_largest(outputs[0], place_of(parameters), inputs, outputs[1:3])


@regroups
def soften_rows_block(inputs, parameters, outputs, first, last):
    soften_rows(outputs[0], place_of(parameters), inputs[:4], inputs[4:6])


@regroups
def soften_both_block(inputs, parameters, outputs, first, last):
    soften_both(outputs[0], place_of(parameters), inputs[:4], inputs[4:6], inputs[6:8])
