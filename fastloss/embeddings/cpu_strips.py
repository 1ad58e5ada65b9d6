"""Strips of scores whose rows are bipartite groups: smooth losses of all pairs of a row, in linear time."""

from typing import Any

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results


def sum_rows(
    formulas: PairFormulas, scores: np.ndarray, labels: np.ndarray, slopes: np.ndarray, scales: np.ndarray
) -> np.ndarray:
    """Sum the pairs of each row's scores of label 1 with those of label 0.

    Slopes, times the row's scale, are added to `slopes` unless it is empty. A row with a score that is not finite has
    the loss NaN, and its slopes are left as they are.
    """
    losses, width = np.full(len(scores), np.nan), scores.shape[1]
    lowest, highest = scores.min(1).tolist(), scores.max(1).tolist()
    known = np.isfinite(lowest) & np.isfinite(highest)
    nodes = [
        Node(r * width, (r + 1) * width, (0.0, 0.0), (1.0, 1.0), lowest[r], highest[r], scales[r])
        for r in np.flatnonzero(known).tolist()
    ]
    if nodes:
        empty: Any = np.empty(0, scores.dtype)
        rows = Columns(scores.reshape(-1), labels.reshape(-1), np.empty(0))
        wanted, results = Wanted(value=True, gradient=slopes.size > 0), Results(empty, slopes.reshape(-1), empty)
        losses[known] = boxes.sums(formulas, nodes, rows, Parameters(1.0), wanted, results)
    return losses
