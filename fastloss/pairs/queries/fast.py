"""The sums of `segments.py` for some queries: where their segments lie, and the launches that sum them."""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.plan import Steepness, steepness
from fastloss.pairs.boxes.sums import DEGREES, WINDOW, H, nodes
from fastloss.pairs.boxes.tables import tables
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.nodes import pieces
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.queries.large import QuerySums
from fastloss.pairs.queries.query import Ranked, Settings
from fastloss.pairs.queries.ranking import RankedQueries, gains_of
from fastloss.pairs.queries.segments import (
    BEGIN,
    BOX,
    BOX_COLUMNS,
    COLUMNS,
    FIRST_SEGMENT,
    GAPS,
    HEAD,
    IS_SOURCE,
    IS_TARGET,
    QUERY,
    Side,
    couple_block,
    evaluate_block,
    moments_block,
    scan_block,
)
from fastloss.pairs.queries.tiles import Derivatives, add_triangle

LEVELS = 64  # different labels up to which moments are kept for each
SEGMENT = 24  # ranks of a segment for one label; as the square root of their number
LARGEST = 2.0**900  # of scaled scores: sums of them are finite
# Pairs that take as long as a row does in segments, and as the moments of one label from box to box: measured with
# values and gradients of 5 labels, on one thread.
OF_ROW, OF_BOXES = 160, 48
SPARE = 1 << 12  # sums for a label, of a segment or box, that a query may have besides one for each row

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


class Plan(NamedTuple):
    """Those queries that are cut into segments, for the pass from first ranks to last, and which they are."""

    queries: RankedQueries
    side: Side
    scaling: Steepness
    chosen: np.ndarray


def plan_of(queries: RankedQueries, labels: np.ndarray, settings: Settings, every: bool) -> Plan | None:
    """Cut queries into segments; the others' pairs are summed one by one, None if that is all.

    These are queries with scores that are not finite, or with few rows in a box, or all if the labels are too many; and
    those where it is cheaper, unless segments are to be taken in `every` case. `labels` are those of all rows.
    """
    scaling = steepness(settings.sigma)
    chosen = _are_finite(queries, scaling.scale)
    queries = queries.taken(chosen)
    of_ranks = labels[queries.rows]
    distinct = np.unique(of_ranks)
    if distinct.size > LEVELS or not distinct.size:
        return None
    cut = Cut.of(queries, scaling.scale * queries.columns.scores, settings.level, distinct.size)
    suits = cut.suits(queries, distinct.size, settings.level, every)
    if not suits.all():
        chosen[chosen] = suits
        if not suits.any():
            return None
        queries = queries.taken(suits)
        of_ranks = labels[queries.rows]
        cut = Cut.of(queries, scaling.scale * queries.columns.scores, settings.level, distinct.size)
    gains = gains_of(distinct, queries.units, settings.linear)
    levels = np.searchsorted(distinct, of_ranks).astype(np.uint8)
    return Plan(queries, cut.side(queries, levels, gains, settings.level), scaling, chosen)


def _are_finite(queries: RankedQueries, scale: float) -> np.ndarray:
    """Tell of which queries boxes hold all scores."""
    scores, offsets = queries.columns.scores, queries.offsets
    with np.errstate(over="ignore", invalid="ignore"):
        highest, lowest = scale * scores[offsets[:-1]], scale * scores[offsets[1:] - 1]
        return (np.abs(highest) <= LARGEST) & (np.abs(lowest) <= LARGEST)


class Cut(NamedTuple):
    """Where boxes and segments of queries begin, and to what each belongs."""

    scaled: np.ndarray
    heads: np.ndarray
    queries: np.ndarray  # of boxes
    begins: np.ndarray
    boxes: np.ndarray  # of segments

    @classmethod
    def of(cls, queries: RankedQueries, scaled: np.ndarray, level: int, labels: int) -> "Cut":
        """Cut queries where the box changes, at the truncation level, and into segments."""
        keys, offsets = np.floor(scaled / H), queries.offsets
        begins = np.append(True, keys[1:] != keys[:-1])[: keys.size]
        begins[offsets[:-1]] = True
        begins[(offsets[:-1] + level)[level < np.diff(offsets)]] = True
        heads = np.flatnonzero(begins)
        owners, starts, _ = pieces(heads, np.append(heads[1:], keys.size), SEGMENT * math.isqrt(4 * labels) // 2)
        return cls(scaled, heads, np.searchsorted(offsets, heads, "right") - 1, starts, owners)

    def suits(self, queries: RankedQueries, labels: int, level: int, every: bool) -> np.ndarray:
        """Tell which queries take little memory and, unless every one that does will do, less time than their pairs."""
        sizes, count = np.diff(queries.offsets), queries.units.size
        boxes = np.bincount(self.queries, minlength=count)
        segments = np.bincount(self.queries[self.boxes], minlength=count)
        small = (segments + 2 * boxes) * labels <= sizes + SPARE
        within = np.minimum(level, sizes)
        work = 2 * OF_ROW * sizes + OF_BOXES * labels * boxes * np.minimum(boxes, WINDOW)
        return small & (every | (work < within * (2 * sizes - within)))

    def side(self, queries: RankedQueries, levels: np.ndarray, gains: np.ndarray, level: int) -> Side:
        """Return the queries as the pass from first ranks to last meets them."""
        size, offsets = self.scaled.size, queries.offsets
        owners = self.queries[self.boxes]
        targets = np.append(self.begins - offsets[owners] < level, False)
        begins, heads = np.append(self.begins, size), np.append(self.heads, size)
        segments = np.stack((begins, np.append(self.boxes, self.heads.size), np.ones_like(begins), targets), 1)
        boxes = np.stack((heads, np.append(self.queries, queries.units.size)), 1)
        firsts = np.stack((np.searchsorted(begins, offsets), np.searchsorted(heads, offsets)), 1)
        keys = np.floor(self.scaled[self.heads] / H)
        places = 2.0 * (self.scaled / H - np.repeat(keys, np.diff(heads))) - 1.0
        return Side(self.scaled, places, queries.columns.discounts, levels, gains, segments, boxes, keys, firsts)


def mirrored(side: Side) -> Side:
    """Return the ranks in the other direction."""
    ends = side.scaled.size, side.keys.size, side.gains.shape[0]
    segments, boxes = side.segments[::-1].copy(), side.boxes[::-1].copy()
    segments[:, BEGIN], boxes[:, HEAD] = ends[0] - segments[:, BEGIN], ends[0] - boxes[:, HEAD]
    segments[:, BOX] = np.append(ends[1] - 1 - segments[1:, BOX], ends[1])
    segments[:-1, IS_SOURCE], segments[:-1, IS_TARGET] = segments[1:, IS_TARGET], segments[1:, IS_SOURCE].copy()
    boxes[:, QUERY] = np.append(ends[2] - 1 - boxes[1:, QUERY], ends[2])
    return Side(
        scaled=-side.scaled[::-1],
        places=-side.places[::-1],
        discounts=-side.discounts[::-1],
        levels=(side.gains.shape[1] - 1 - side.levels)[::-1].copy(),
        gains=np.ascontiguousarray(-side.gains[::-1, ::-1]),
        segments=segments,
        boxes=boxes,
        keys=-1.0 - side.keys[::-1],
        queries=(segments.shape[0] - 1, ends[1]) - side.queries[::-1],
    )


@regroups
def triangles_block(inputs, parameters, outputs, first, last):
    scores, gains, discounts, segments = inputs
    losses, slopes, curvatures, factors = outputs
    columns, derivatives = Ranked(scores, gains, discounts), Derivatives(slopes, curvatures)
    for segment in range(first, last):
        losses[segment] = 0.0
        if segments[segment, IS_TARGET]:
            begin, end = segments[segment, BEGIN], segments[segment + 1, BEGIN]
            losses[segment] = add_triangle(begin, end, end, columns, parameters[0], derivatives, factors)


def fast_sums(
    formulas: PairFormulas, plan: Plan, settings: Settings, wanted: Wanted, names: dict[str, Any]
) -> QuerySums:
    """Sum all pairs in time proportional to the rows."""
    side, columns = plan.side, plan.queries.columns
    size, count = columns.scores.size, side.segments.shape[0] - 1
    own, behind_own = np.empty(count), np.empty(count)
    slopes, curvatures = np.zeros(size), np.zeros(size)
    widest = Scratch(int(np.diff(side.segments[:, BEGIN]).max()), np.float64)
    inputs, outputs, known = (*columns, side.segments), (own, slopes, curvatures), known_names(triangles_block, names)
    run_block(triangles_block, wanted.code, inputs, (settings.sigma,), outputs, count, (widest,), known)
    add_behind(formulas, side, plan.scaling.s, wanted, (behind_own, slopes, curvatures))
    if wanted.gradient or wanted.curvature:
        before = np.zeros(size), np.zeros(size)
        add_behind(formulas, mirrored(side), plan.scaling.s, wanted.derivatives, (np.empty(count), *before))
        slopes -= before[0][::-1]
        curvatures += before[1][::-1]
    return QuerySums(np.add.reduceat(own + behind_own, side.queries[:-1, FIRST_SEGMENT]), slopes, curvatures)


def add_behind(
    formulas: PairFormulas, side: Side, s: float, wanted: Wanted, results: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """Write each segment's loss with those behind it to the first of the results, and add derivatives to the others."""
    levels, count, boxes = side.gains.shape[1], side.segments.shape[0] - 1, side.keys.size
    coupling, tails = tables(formulas, s)
    kernels = np.flatnonzero([wanted.value, wanted.gradient, wanted.curvature])
    table = coupling[kernels].transpose(1, 2, 0, 3).reshape(-1, DEGREES, kernels.size * DEGREES)
    fading = fading_series(s)
    beyond = np.outer(tails[kernels, -1], fading * (-1.0) ** np.arange(DEGREES)).reshape(-1)
    moments, sums = np.empty((count, levels, COLUMNS)), np.empty((boxes, levels, BOX_COLUMNS))
    run_block(moments_block, "any", side, (), (moments,), count)
    state, source = Scratch(COLUMNS, np.float64), Scratch(2 * DEGREES, np.float64)
    run_block(scan_block, "any", (*side, fading), (s,), (moments, sums), side.gains.size, (state,))
    size = 2 * DEGREES * kernels.size
    received = np.empty((boxes, levels, size))
    run_block(couple_block, "any", (*side, sums, table, beyond), (s,), (received,), boxes, (source,))
    flags = {"WANT_VALUE": wanted.value, "WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
    lengths = levels * max(size, GAPS), levels * size, levels * GAPS, 2 * max(size, GAPS)
    scratch = (*(Scratch(length, np.float64) for length in lengths), source)
    inputs = (*side, moments, received, table)
    run_block(evaluate_block, wanted.code, inputs, (s,), results, count, scratch, flags)


def fading_series(s: float) -> np.ndarray:
    """Return e**-gap below a box's upper edge as a sum of Chebyshev polynomials of the place in the box."""
    places, matrix = nodes(DEGREES)
    return matrix @ np.exp(-s * 0.5 * H * (1.0 - places))
