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
    """Where the groups of a batch lie: of each group its kind, its first row and the step to its next; and of kinds."""

    kinds: Any
    places: Any
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
    for g in range(layout.kinds.size):
        start, stop = offsets[first + g], offsets[first + g + 1]
        kind = stop - start
        if HAS_EXPONENTIALS and kind > 0:
            low, high = spread_of(scores, rows, start, stop)
            centres[g] = low + 0.5 * (high - low)
            kind += 0 if sigma * (high - low) <= SPREAD else BEYOND
        layout.kinds[g] = kind
        layout.counts[kind] += 1
    total = 0
    for kind in range(layout.counts.size):
        layout.begins[kind] = layout.following[kind] = total
        total += layout.counts[kind] * size_of(kind)


@regroups
def lay(first, given, laid, home, centres, layout):
    """Copy the rows of groups to where their kind lies, and write where that is."""
    scores, labels, weights, rows, offsets = given
    for g in range(layout.kinds.size):
        kind = layout.kinds[g]
        place, step = layout.following[kind], layout.counts[kind]
        layout.following[kind] += 1
        layout.places[g], layout.steps[g] = place, step
        for k in range(offsets[first + g], offsets[first + g + 1]):
            row = rows[k] if rows.size else k
            home[place] = row
            laid.scores[place] = scores[row]
            laid.labels[place] = labels[row]
            if WEIGHTED:
                laid.weights[place] = weights[row]
            if HAS_EXPONENTIALS:
                laid.exponentials[place] = centres[g]
            place += step
