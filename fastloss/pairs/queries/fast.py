"""The sums of `segments.py` for one query: where its segments lie, and the launches that sum them."""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders, summation
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.plan import Steepness, steepness
from fastloss.pairs.boxes.sums import DEGREES, WINDOW, H, nodes
from fastloss.pairs.boxes.tables import tables
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.nodes import pieces
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.queries.large import Sums
from fastloss.pairs.queries.query import Ranked, Settings
from fastloss.pairs.queries.segments import (
    BEGIN,
    BOX,
    BOX_COLUMNS,
    COLUMNS,
    GAPS,
    Side,
    couple_block,
    evaluate_block,
    moments_block,
    scan_block,
)
from fastloss.pairs.queries.tiles import Derivatives, add_triangle

GAINS = 64  # different gains up to which moments are kept for each
SEGMENT = 32  # ranks of a segment for one gain; as the square root of their number
LARGEST = 2.0**900  # of scaled scores: sums of them are finite
PAIRS = 40  # that take as long as the moments of one gain from box to box
CELLS = 1 << 17  # sums for a gain, of a segment or box, that any query may have; else as many as it has rows

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


class Plan(NamedTuple):
    """A query cut into segments, for the pass from the first rank to the last."""

    side: Side
    scaling: Steepness
    apart: int  # segments whose own pairs are summed


def plan_of(columns: Ranked, settings: Settings, every: bool) -> Plan | None:
    """Cut a query into segments; None if all pairs are summed one by one.

    That is where scores are not finite, gains too many, or rows too few in their boxes; and, unless segments are to be
    taken in `every` case, where it is cheaper.
    """
    scores, gains, discounts = columns
    size, level = scores.size, min(settings.level, scores.size)
    scaling = steepness(settings.sigma)
    with np.errstate(over="ignore"):
        scaled = scaling.scale * scores
    if size < 2 or not abs(scaled[0]) <= LARGEST or not abs(scaled[-1]) <= LARGEST:
        return None
    distinct = np.unique(gains)
    if distinct.size > GAINS:
        return None
    heads, keys = orders.runs(np.floor(scaled / H))
    if level < size and level not in heads:
        at = int(np.searchsorted(heads, level))
        heads, keys = np.insert(heads, at, level), np.insert(keys, at, keys[at - 1])
    box, begin, _ = pieces(heads[:-1], heads[1:], SEGMENT * math.isqrt(4 * distinct.size) // 2)
    cells, pairs = (box.size + 2 * keys.size) * distinct.size, level * (size - level // 2)
    if cells > max(size, CELLS) or (not every and PAIRS * keys.size * min(keys.size, WINDOW) * distinct.size > pairs):
        return None
    segments = np.stack((np.append(begin, size), np.append(box, keys.size)), 1)
    places = 2.0 * (scaled / H - np.repeat(keys, np.diff(heads))) - 1.0
    levels = np.searchsorted(distinct, gains).astype(np.uint8)
    apart = int(np.searchsorted(begin, level))
    bounds = np.array([0, box.size, 0, apart])
    return Plan(Side(scaled, places, discounts, levels, distinct, segments, heads, keys, bounds), scaling, apart)


def mirrored(side: Side) -> Side:
    """Return the ranks in the other direction."""
    size, count, boxes = side.scaled.size, side.segments.shape[0] - 1, side.keys.size
    segments = np.stack((size - side.segments[::-1, BEGIN], np.append(boxes - 1 - side.segments[-2::-1, BOX], boxes)), 1)
    return Side(
        scaled=-side.scaled[::-1],
        places=-side.places[::-1],
        discounts=-side.discounts[::-1],
        levels=(side.gains.size - 1 - side.levels)[::-1].copy(),
        gains=-side.gains[::-1],
        segments=segments,
        heads=size - side.heads[::-1],
        keys=-1.0 - side.keys[::-1],
        bounds=count - side.bounds[[3, 2, 1, 0]],
    )


@regroups
def triangles_block(inputs, parameters, outputs, first, last):
    scores, gains, discounts, segments = inputs
    losses, slopes, curvatures, factors = outputs
    columns, derivatives = Ranked(scores, gains, discounts), Derivatives(slopes, curvatures)
    for segment in range(first, last):
        begin, end = segments[segment, BEGIN], segments[segment + 1, BEGIN]
        losses[segment] = add_triangle(begin, end, end, columns, parameters[0], derivatives, factors)


def fast_sums(
    formulas: PairFormulas, plan: Plan, columns: Ranked, settings: Settings, wanted: Wanted, names: dict[str, Any]
) -> Sums:
    """Sum all pairs in time proportional to the rows."""
    side, size, count = plan.side, columns.scores.size, plan.side.segments.shape[0] - 1
    slopes, curvatures, losses = np.zeros(size), np.zeros(size), np.zeros(count)
    widest = Scratch(int(np.diff(side.segments[:, BEGIN]).max()), np.float64)
    inputs, outputs = (*columns, side.segments), (losses, slopes, curvatures)
    known = known_names(triangles_block, names)
    run_block(triangles_block, wanted.code, inputs, (settings.sigma,), outputs, plan.apart, (widest,), known)
    total = summation.sum_of_many(losses[: plan.apart])
    total += behind(formulas, side, plan.scaling.s, wanted, (losses, slopes, curvatures))
    if wanted.gradient or wanted.curvature:
        before = np.empty(count), np.zeros(size), np.zeros(size)
        behind(formulas, mirrored(side), plan.scaling.s, wanted.derivatives, before)
        slopes -= before[1][::-1]
        curvatures += before[2][::-1]
    return Sums(total, slopes, curvatures)


def behind(
    formulas: PairFormulas, side: Side, s: float, wanted: Wanted, results: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> float:
    """Return the loss of all ranks with those behind their segments; derivatives are added to the results' last two."""
    levels, count, boxes = side.gains.size, side.segments.shape[0] - 1, side.keys.size
    tables_, tails = tables(formulas, s)
    kernels = np.flatnonzero([wanted.value, wanted.gradient, wanted.curvature])
    table, limits, fading = tables_[kernels], tails[kernels, -1], fading_series(s)
    moments, sums = np.empty((count, levels, COLUMNS)), np.empty((boxes, levels, BOX_COLUMNS))
    run_block(moments_block, "any", side, (), (moments,), count)
    run_block(scan_block, "any", (*side, fading), (s,), (moments, sums), levels, (Scratch(COLUMNS, np.float64),))
    size = 2 * DEGREES * kernels.size
    received, source = np.empty((boxes, levels, size)), Scratch(2 * DEGREES, np.float64)
    run_block(couple_block, "any", (*side, sums, table, limits, fading), (s,), (received,), boxes, (source,))
    flags = {"WANT_VALUE": wanted.value, "WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
    lengths = levels * max(size, GAPS), levels * size, levels * GAPS, 2 * max(size, GAPS)
    scratch = (*(Scratch(length, np.float64) for length in lengths), source)
    run_block(
        evaluate_block, wanted.code, (*side, moments, received, table), (s,), results, count, scratch, names=flags
    )
    return summation.sum_of_many(results[0]) if wanted.value else 0.0


def fading_series(s: float) -> np.ndarray:
    """Return e**-gap below a box's upper edge as a sum of Chebyshev polynomials of the place in the box."""
    places, matrix = nodes(DEGREES)
    return matrix @ np.exp(-s * 0.5 * H * (1.0 - places))
