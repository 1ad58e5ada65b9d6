"""Where the relevant rows of a group stand in its ranking: all that a metric of rankings needs.

The place of a row is how many rows stand above it, and among how many of equal score it stands, itself included. Few
relevant rows are placed by counting the rows above each: that is a comparison of packed numbers for each pair, where
sorting n rows takes n log n moves. Many are placed by sorting the group.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups, unbound

FEW = 24  # relevant rows that are placed by counting in groups of any size, and for each doubling of the size

SHARED = unbound  # whether rows of equal scores share their places, or stand in input order
FIRST = unbound  # whether only the first relevant row, and those of its score, count


class Places(NamedTuple):
    """The relevant rows by falling score, equal ones in input order."""

    above: Any  # rows above each
    tied: Any  # rows of its score; 1 where input order breaks ties
    labels: Any


class Group(NamedTuple):
    """A group's rows: negated scores, which rise along the ranking, and labels."""

    falling: Any
    labels: Any


@regroups
def has_nan(numbers):
    """Tell whether one of some numbers is NaN."""
    count = 0
    for k in range(numbers.size):
        count += 1 if numbers[k] != numbers[k] else 0
    return count > 0


@regroups
def choose(group, least, rows):
    """Write which rows are relevant, and return their number."""
    count = 0
    for k in range(group.labels.size):
        rows[count] = k
        count += 1 if group.labels[k] >= least else 0
    return count


class Counts(NamedTuple):
    """How many numbers are less than one, and how many at most it."""

    below: Any
    up_to: Any


@regroups
def counts(falling, x):
    below = up_to = 0
    for k in range(falling.size):
        below += 1 if falling[k] < x else 0
        up_to += 1 if falling[k] <= x else 0
    return Counts(below, up_to)


@regroups
def count_equal(falling, end, x):
    count = 0
    for k in range(end):
        count += 1 if falling[k] == x else 0
    return count


@regroups
def place_by_counting(group, count, level, integers, keys, places):
    """Place `count` relevant rows; those below the first `level` ranks, or the first row where it counts alone, last.

    `integers` is which rows they are, their order and a spare array.
    """
    falling, labels = group
    rows, order, spare = integers
    for p in range(count):
        keys[p] = falling[rows[p]]
    argsort(keys[:count], order[:count], spare[:count])
    for p in range(count):
        row = rows[order[p]]
        places.labels[p] = labels[row]
        if p > 0 and places.above[p - 1] >= level:
            places.above[p], places.tied[p] = falling.size, 1
            continue
        below, up_to = counts(falling, falling[row])
        places.above[p], places.tied[p] = below, up_to - below
        if not SHARED and up_to - below > 1:
            places.above[p], places.tied[p] = below + count_equal(falling, row, falling[row]), 1
        if FIRST and p == 0:
            level = min(level, places.above[0] + 1)


@regroups
def place_in_order(falling, labels, order, least, places):
    """Place the relevant rows of a group in its order, or of one that lies in order, and return their number."""
    count = start = 0
    while start < falling.size:
        end = start + 1
        x = falling[order[start] if order.size else start]
        if SHARED:
            while end < falling.size and falling[order[end] if order.size else end] == x:
                end += 1
        for k in range(start, end):
            label = labels[order[k] if order.size else k]
            if label >= least:
                places.above[count], places.tied[count], places.labels[count] = start, end - start, label
                count += 1
        start = end
    return count


@regroups
def place(group, least, level, integers, keys, places):
    """Place the relevant rows of a group, and return their number; -1 if there are some and a score is NaN.

    `integers` is three arrays of the group's size, `keys` one of numbers. Rows below the first `level` ranks may be
    placed below all others.
    """
    rows, order, spare = integers
    count = choose(group, least, rows)
    if count == 0:
        return 0
    if has_nan(group.falling):
        return -1
    if FIRST or min(count, level) <= FEW * (1.0 + np.log2(group.falling.size * 1.0)):
        place_by_counting(group, count, level, integers, keys, places)
        return count
    argsort(group.falling, order, spare)
    return place_in_order(group.falling, group.labels, order, least, places)
