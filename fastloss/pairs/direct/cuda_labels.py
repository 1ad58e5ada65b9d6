"""Labels that lie on the device: their levels, and rows in the order of falling labels, with nothing sorted.

Levels are found one by one, each by a pass over the rows. The order is counted, which takes as many steps as there are
pairs: it is for groups whose pairs are summed one by one.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, a_thread_each, code, launch
from fastloss.compile.cuda.ranges import BEGIN, END, block_range, row_tasks
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.templates import unbound
from fastloss.pairs.direct.cuda import Ranked, group_of, group_sums
from fastloss.pairs.halving import LEVELS, Levels

INFINITY = math.inf

UNORDERED = WEIGHTED = THREADS = unbound


COUNT, WEIGHT, ABOVE = range(3)  # columns of what `next_level` finds: of a level, and the least label above it


class _Level(NamedTuple):
    label: float
    rows: float
    weight: float


def next_level(inputs, outputs):
    """A block counts and weighs some rows of its group's level, and finds the least label above; NaN is below all."""
    labels, weights, tasks, owner, levels = inputs
    sums, has_more = outputs
    task = cuda.blockIdx.x
    level = levels[owner[task]]
    count = weight = 0.0
    above, more = INFINITY, 0
    i = tasks[task, BEGIN] + cuda.threadIdx.x
    while i < tasks[task, END]:
        y = np.float64(labels[i])
        if y == level:
            count += 1.0
            weight += weights[i] if weights.size else 1.0
        elif not y <= level:
            above = y if y < above else above
            more |= 1
        i += THREADS
    above, _ = block_range(above, -INFINITY)
    count, more = block_sum(count, more)
    weight, _ = block_sum(weight, 0)
    if cuda.threadIdx.x == 0:
        sums[task, COUNT], sums[task, WEIGHT], sums[task, ABOVE] = count, weight, above
        has_more[task] = more


def survey(place: Place, labels: Any, weights: Any, bounds: np.ndarray) -> list[Levels]:
    """Return the levels of groups of rows, given by their (begin, end); no label is NaN."""
    owner, tasks = row_tasks(bounds)
    inputs = (labels, weights, place.device(tasks), place.device(owner))
    sums, more = place.empty((owner.size, 3)), place.empty(owner.size, np.int64)
    current, active = np.full(len(bounds), np.nan), np.ones(len(bounds), bool)
    found: list[list[_Level]] = [[] for _ in bounds]
    for turn in range(LEVELS + 1):
        launch(place, code(next_level), a_block_each(owner.size), (*inputs, place.device(current)), (sums, more))
        parts = place.host(sums)
        counts, masses = (np.bincount(owner, parts[:, column], len(bounds)) for column in (COUNT, WEIGHT))
        if turn:
            for g in np.flatnonzero(active):
                found[g].append(_Level(current[g], counts[g], masses[g]))
        active = np.bincount(owner, place.host(more), len(bounds)) > 0
        if not active.any():
            break
        current = np.full(len(bounds), INFINITY)
        np.minimum.at(current, owner, parts[:, ABOVE])
    return [_levels(levels, bool(left)) for levels, left in zip(found, active, strict=True)]


def _levels(found: list[_Level], many: bool) -> Levels:
    values, counts, weights = np.array(found, np.float64).reshape(-1, 3).T
    return Levels(values, counts.astype(np.int64), weights, many, INFINITY, -INFINITY, True)


def rank_rows(inputs, outputs):
    """A thread finds where its row is, equal labels as they stand, and counts and weighs the rows below it."""
    labels, weights, firsts, offsets = inputs
    order, ranked_labels, ranked_weights, counts, masses = outputs
    k = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if k < order.size:
        g = group_of(k, offsets)
        begin, end = firsts[g], firsts[g] + offsets[g + 1] - offsets[g]
        i = begin + k - offsets[g]
        y = labels[i]
        w = weights[i] if WEIGHTED else 1.0
        at, mass = k, 1.0
        if not UNORDERED:
            below, above, mass = 0, 0, 0.0
            for j in range(begin, i):
                below += labels[j] < y
                if WEIGHTED:
                    mass += weights[j] if labels[j] < y else 0.0
            at = offsets[g] + i - begin - below
            for j in range(i, end):
                below += labels[j] < y
                above += labels[j] > y
                if WEIGHTED:
                    mass += weights[j] if labels[j] < y else 0.0
            at += above
            counts[k] = below
            mass = mass if WEIGHTED else np.float64(below)
        order[at], ranked_labels[at] = i, y
        if WEIGHTED:
            ranked_weights[at] = w
        masses[k] = w * mass


def ranked(place: Place, unordered: bool, labels: Any, weights: Any, firsts: np.ndarray, offsets: np.ndarray) -> Ranked:
    """Order the rows of groups: group g has those from firsts[g] on, between offsets[g] and offsets[g + 1] then."""
    size, groups = int(offsets[-1]), offsets.size - 1
    order, ends = place.empty(size, np.int64), place.device(offsets)
    ranked_labels, ranked_weights = place.empty(size), place.empty(size if weights.size else 0)
    counts, masses, sums = place.empty(0 if unordered else size), place.empty(size), place.empty(groups)
    weighted = weights.size > 0
    name = f"{'all' if unordered else 'ordered'}{'_w' if weighted else ''}"
    what = code(rank_rows, name, UNORDERED=unordered, WEIGHTED=weighted)
    inputs = (labels, weights, place.device(firsts), ends)
    launch(place, what, a_thread_each(size), inputs, (order, ranked_labels, ranked_weights, counts, masses))
    launch(place, code(group_sums), a_block_each(groups), (masses, ends), (sums,))
    mass = place.host(sums)
    if unordered:
        return Ranked(order, ranked_labels, ranked_weights, ends, np.diff(offsets) ** 2, mass * mass)
    launch(place, code(group_sums), a_block_each(groups), (counts, ends), (sums,))
    return Ranked(order, ranked_labels, ranked_weights, ends, place.host(sums).astype(np.int64), mass)
