"""Margins: how far scores are on the right side, which pairs or labels tell.

Of scores and classes 0 and 1 (or -1 and 1) they are the score, with the other sign for class 0; of probabilities 2p - 1
with that sign; of pairs the difference of their scores; of many classes the score of the right one less the largest
other one. Of other labels there are residuals.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from fastloss.cli.page.histograms import Histogram

PAIRS_OF_A_ROW = 8  # at most, of which differences are taken; a power of two
ROWS = 1 << 15  # of which pairs are made at a time, so that they stay in a cache


class Kind(NamedTuple):
    """How the page names margins."""

    title: str
    unit: str
    about: str


KINDS = {
    "pairs": Kind(
        "Margins of pairs",
        "pairs",
        f"The score of the row of the larger label less the other one's; below 0, the pair is in the wrong order. Of "
        f"large groups there are {PAIRS_OF_A_ROW} pairs for a row, at even distances.",
    ),
    "scores": Kind(
        "Margins of rows",
        "rows",
        "The score of a row of class 1, and of class 0 with the other sign: below 0, a row is on the wrong side of 0.",
    ),
    "probabilities": Kind(
        "Margins of rows",
        "rows",
        "The probability of a row's class less that of the other one: below 0, the other class is the likelier one.",
    ),
    "classes": Kind(
        "Margins of rows",
        "rows",
        "The score of a row's class less the largest other one: below 0, another class is the likelier one.",
    ),
    "residuals": Kind("Residuals", "rows", "The score less the label: below 0, predictions are too low."),
}


class RowMargins:
    """Margins of a model's rows, of those kinds among some that the data allow."""

    def __init__(self, kinds: Iterable[str]):
        self.found = {kind: Histogram() for kind in kinds}

    def add(self, scores: np.ndarray, labels: np.ndarray, signs: np.ndarray | None) -> None:
        """Add rows; `signs` are 1 for class 1 and -1 for the other one, None where the labels are no classes."""
        scores = np.asarray(scores, np.float64)
        if signs is None:
            self.found.pop("scores", None)
        if signs is None or ((scores < 0.0) | (scores > 1.0)).any():
            self.found.pop("probabilities", None)
        with np.errstate(invalid="ignore", over="ignore"):
            for kind, found in self.found.items():
                if kind == "residuals":
                    found.add(scores - labels)
                elif signs is not None:
                    found.add(signs * (2.0 * scores - 1.0 if kind == "probabilities" else scores))

    def add_classes(self, scores: np.ndarray, labels: np.ndarray) -> None:
        """Add rows with a score for each class, and classes as labels; others, as those to be ignored, are left out."""
        own = np.asarray(labels, np.int64)
        rows = np.flatnonzero((own >= 0) & (own < scores.shape[1]))
        some, own = np.array(scores[rows], np.float64), own[rows]
        places = np.arange(rows.size)
        of_own = some[places, own]
        some[places, own] = -np.inf
        with np.errstate(invalid="ignore", over="ignore"):
            self.found["classes"].add(of_own - some.max(axis=1, initial=-np.inf))


class Pairs(NamedTuple):
    """Rows that meet, and which of two has the larger label: 1 the first one, -1 the second one, 0 neither."""

    first: np.ndarray
    second: np.ndarray
    signs: np.ndarray

    def margins(self, scores: np.ndarray) -> np.ndarray:
        """Return the score of the row of the larger label less the other one's."""
        with np.errstate(invalid="ignore", over="ignore"):
            found = np.subtract(scores[self.first], scores[self.second], dtype=np.float64) * self.signs
        return found[self.signs != 0.0]


def pairs_of(labels: np.ndarray, offsets: np.ndarray) -> Iterator[Pairs]:
    """Return rows of groups that meet, some at a time.

    Rows meet those at 1, 2, 3, ... places from them; where there are more than `PAIRS_OF_A_ROW` others, at as many
    distances, evenly spread, so that each pair is as likely as the next whatever order the rows have.
    """
    sizes = np.diff(offsets)
    ends, others = np.repeat(offsets[1:], sizes), np.repeat(sizes - 1, sizes)
    for begin in range(0, labels.size, ROWS):
        rows = np.arange(begin, min(begin + ROWS, labels.size))
        end, other = ends[begin : begin + ROWS], others[begin : begin + ROWS]
        is_large = other > PAIRS_OF_A_ROW
        for k in range(min(PAIRS_OF_A_ROW, int(other.max()))):
            step = np.where(is_large, 1 + ((2 * k + 1) * other >> PAIRS_OF_A_ROW.bit_length()), k + 1)
            meets = rows + step < end
            first, second = rows[meets], (rows + step)[meets]
            signs = (labels[first] > labels[second]).astype(np.float64) - (labels[first] < labels[second])
            yield Pairs(first, second, signs)
