"""How far probabilities are from rates, for scores that come in batches.

Rows are counted in 20481 bins by log-odds, with sums of weights, classes and probabilities in the order of the stream;
in the end neighbouring bins are joined until each holds its share of the rows.
"""

import numpy as np

from fastloss.cli.page.data import Reliability

FAR, PARTS = 40, 256  # log-odds from -40 to 40, in steps of 1/256
MOST_BINS = 20
ROWS_OF_A_BIN = 50  # at least, where there are as many


class Calibration:
    """Sums over rows, by their probability."""

    def __init__(self, is_of_logits: bool):
        self.is_of_logits = is_of_logits
        self._rows = np.zeros(2 * FAR * PARTS + 1, np.int64)
        self._weights, self._classes, self._sums = (np.zeros(self._rows.size) for _ in range(3))

    def add(self, scores: np.ndarray, is_one: np.ndarray, weights: np.ndarray | None) -> bool:
        """Add rows, but for NaN; return False if a score is no probability, and nothing is to be told of any."""
        scores = np.asarray(scores, np.float64)
        known = ~np.isnan(scores)
        if not known.all():
            scores, is_one = scores[known], is_one[known]
            weights = None if weights is None else weights[known]
        if not self.is_of_logits and ((scores < 0.0) | (scores > 1.0)).any():
            return False
        with np.errstate(over="ignore", divide="ignore"):
            odds = scores if self.is_of_logits else np.log(scores) - np.log1p(-scores)
            probabilities = 1.0 / (1.0 + np.exp(-scores)) if self.is_of_logits else scores
        place = np.rint((np.clip(odds, -FAR, FAR) + FAR) * PARTS).astype(np.int64)
        each = np.ones(scores.size) if weights is None else np.asarray(weights, np.float64)
        np.add.at(self._rows, place, 1)  # one after the other: the sums are the same for all sizes of batches
        np.add.at(self._weights, place, each)
        np.add.at(self._classes, place, each * is_one)
        np.add.at(self._sums, place, each * probabilities)
        return True

    def result(self) -> Reliability | None:
        """Return the bins; None if no row has a weight."""
        total, weight = int(self._rows.sum()), float(self._weights.sum())
        if not total or not 0.0 < weight < np.inf:
            return None
        used = np.flatnonzero(self._rows)
        count = max(1, min(MOST_BINS, total // ROWS_OF_A_BIN))
        ranks = np.cumsum(self._rows[used])
        bins = (count * (ranks - 0.5 * self._rows[used]) / total).astype(np.int64)  # of the middle row
        starts = np.flatnonzero(np.append(True, np.diff(bins) != 0))
        rows, weights, classes, sums = (
            np.add.reduceat(one[used], starts) for one in (self._rows, self._weights, self._classes, self._sums)
        )
        some = weights > 0.0
        predicted, rates = sums[some] / weights[some], classes[some] / weights[some]
        error = float((weights[some] * np.abs(predicted - rates)).sum() / weight)
        mean, rate = float(self._sums.sum() / weight), float(self._classes.sum() / weight)
        return Reliability(rows[some], predicted, rates, error, mean, rate, self.is_of_logits)
