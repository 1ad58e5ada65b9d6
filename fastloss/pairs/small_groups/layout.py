"""Groups of a batch brought together by their size, their rows across each other (see `sums.py`)."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.pair import SPREAD, greater, lesser

MOST = 128  # rows of a group
BEYOND = MOST + 1  # what is added to the kind of groups whose scores lie too far apart for exponentials

HAS_EXPONENTIALS = WEIGHTED = unbound


class Given(NamedTuple):
    """The rows of a call, and those of each group, in an order that is empty if they lie so."""

    scores: Any
    labels: Any
    weights: Any
    rows: Any
    offsets: Any


class Layout(NamedTuple):
    """Where the groups of a batch lie: each group's first row and what is between its rows, and its kinds' places."""

    groups: Any  # kinds, then first places
    steps: Any
    counts: Any  # groups of a kind
    begins: Any
    following: Any  # where a kind's next group is laid


def size_of(kind):
    """Return the number of rows of groups of a kind."""
    return kind if kind < BEYOND else kind - BEYOND


@regroups
def spread_of(scores, rows, start, stop):
    """Return bounds of the scores of a group, NaN if one is."""
    low = high = np.float64(scores[rows[start] if rows.size else start])
    for k in range(start + 1, stop):
        x = np.float64(scores[rows[k] if rows.size else k])
        low, high = lesser(low, x), greater(high, x)
    return low, high


@regroups
def count_kinds(first, given, sigma, centres, layout):
    """Write each group's kind, its size or, where its scores lie too far apart, beyond; and where kinds begin."""
    scores, _, _, rows, offsets = given
    for kind in range(layout.counts.size):
        layout.counts[kind] = 0
    for g in range(layout.groups.size):
        start, stop = offsets[first + g], offsets[first + g + 1]
        kind = stop - start
        if HAS_EXPONENTIALS and kind > 0:
            low, high = spread_of(scores, rows, start, stop)
            centres[g] = low + 0.5 * (high - low)
            kind += 0 if sigma * (high - low) <= SPREAD else BEYOND
        layout.groups[g] = kind
        layout.counts[kind] += 1
    total = 0
    for kind in range(layout.counts.size):
        layout.begins[kind] = layout.following[kind] = total
        total += layout.counts[kind] * size_of(kind)


@regroups
def lay(first, given, band, home, centres, layout):
    """Copy the rows of groups to where their kind lies, and write each group's first place over its kind."""
    scores, labels, weights, rows, offsets = given
    for g in range(layout.groups.size):
        kind = layout.groups[g]
        place, step = layout.following[kind], layout.counts[kind]
        layout.following[kind] += 1
        layout.groups[g], layout.steps[g] = place, step
        for k in range(offsets[first + g], offsets[first + g + 1]):
            row = rows[k] if rows.size else k
            home[place] = row
            band.scores[place] = scores[row]
            band.labels[place] = labels[row]
            if WEIGHTED:
                band.weights[place] = weights[row]
            if HAS_EXPONENTIALS:
                band.exponentials[place] = centres[g]
            place += step
