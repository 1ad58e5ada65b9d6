"""The least and the largest of some scores, and whether all are finite."""

import math
from typing import NamedTuple

import numpy as np
from numba import cuda, float64

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound
from fastloss.pairs.nodes import pieces

INFINITY = math.inf

THREADS = unbound

BEGIN, END = range(2)  # columns of the rows of blocks
LOW, HIGH = range(2)  # and of the ranges that they find


class ScoreRange(NamedTuple):
    """The least and the largest of some scores that are finite, and whether all are."""

    low: float
    high: float
    finite: bool


def block_range(low, high):
    """The least `low` and the largest `high` of all threads, for all of them; every thread must come here."""
    lows = cuda.shared.array(THREADS, float64)
    highs = cuda.shared.array(THREADS, float64)
    thread = cuda.threadIdx.x
    lows[thread] = low
    highs[thread] = high
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if thread < half:
            lows[thread] = lows[thread + half] if lows[thread + half] < lows[thread] else lows[thread]
            highs[thread] = highs[thread + half] if highs[thread + half] > highs[thread] else highs[thread]
        cuda.syncthreads()
        half //= 2
    return lows[0], highs[0]


def score_range(inputs, outputs):
    """A block finds the range of the finite scores of some rows, and whether there are others."""
    scores, tasks = inputs
    found, has_others = outputs
    task = cuda.blockIdx.x
    low, high, others = INFINITY, -INFINITY, 0
    i = tasks[task, BEGIN] + cuda.threadIdx.x
    while i < tasks[task, END]:
        x = np.float64(scores[i])
        finite = abs(x) < INFINITY
        low = x if finite and x < low else low
        high = x if finite and x > high else high
        others |= 0 if finite else 1
        i += THREADS
    low, high = block_range(low, high)
    _, others = block_sum(0.0, others)
    if cuda.threadIdx.x == 0:
        found[task, LOW], found[task, HIGH], has_others[task] = low, high, others


def row_tasks(bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut every (begin, end) into the rows of blocks: return which each block's rows are of, and their (BEGIN, END)."""
    owner, start, stop = pieces(bounds[:, 0], bounds[:, 1], sizes().scanned)
    return owner, np.stack((start, stop), 1)


def score_ranges(place: Place, scores: np.ndarray, bounds: np.ndarray) -> list[ScoreRange]:
    """Return the range of the rows begin <= i < end, for every (begin, end)."""
    owner, tasks = row_tasks(bounds)
    found, others = place.empty((owner.size, 2)), place.empty(owner.size, np.int64)
    inputs = (scores, place.device(tasks))
    launch(place, code(score_range), a_block_each(owner.size), inputs, (found, others))
    low, high, finite = np.full(len(bounds), INFINITY), np.full(len(bounds), -INFINITY), np.ones(len(bounds), bool)
    parts, wrong = place.host(found), place.host(others)
    np.minimum.at(low, owner, parts[:, LOW])
    np.maximum.at(high, owner, parts[:, HIGH])
    np.logical_and.at(finite, owner, wrong == 0)
    return [ScoreRange(float(a), float(b), bool(c)) for a, b, c in zip(low, high, finite, strict=True)]
