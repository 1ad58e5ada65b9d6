"""A partition cut into pieces by range, and results of the pieces put back in the order of its rows."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, orders, validate
from fastloss.dask.ranges.plan import Given, Plan, Rule, in_unit
from fastloss.pairs.records import Columns

FEWEST, TESTED = 256, 1024  # rows of a piece in which equal ones are looked for, and how many are looked at


class Piece(NamedTuple):
    """Rows of one range, by their codes (`pairs/thresholds/edges.py`): sources by level, then targets."""

    counts: np.ndarray  # the rows of each code
    scores: np.ndarray
    weights: np.ndarray  # empty if all are 1


class Joint(NamedTuple):
    """Equal rows as one: which row stands for each, and each one's share of its weight."""

    places: np.ndarray
    shares: np.ndarray


class Back(NamedTuple):
    """Where the rows of a partition's pieces come from."""

    size: int
    dtype: np.dtype
    rows: np.ndarray
    ends: np.ndarray  # of the pieces among these
    joints: dict[int, Joint]  # of pieces in which equal rows are one


class Cut(NamedTuple):
    """A partition in pieces; [range, code] of `totals` are the sums over its rows, see `edges.totals`."""

    pieces: tuple[Any, ...]
    back: Back
    totals: np.ndarray


def cut(rule: Rule, plan: Plan, ranges: int, rows: Given) -> Cut:
    """Return the pieces of a partition, of which there are as many as the graph has ranges.

    One task has all rows, as they are, where the plan says so, and none has any where the result is NaN.
    """
    size, codes = rows.scores.size, 2 * plan.labels.size
    dtype = validate.kernel_dtype(rows.scores)
    none = Piece(np.zeros(codes, np.int64), rows.scores[:0], np.empty(0))
    if plan.whole or not plan.fine:
        kept = size if plan.whole else 0
        back = Back(size, dtype, np.arange(kept), np.append(0, np.full(ranges, kept)), {})
        first = rows if plan.whole else none
        return Cut((first, *[none] * (ranges - 1)), back, _weights_alone(plan, rows))
    order, counts = _codes(rule, plan, rows)
    scores, weights = rows.scores[order], in_unit(rows, plan.power)
    weights = weights[order] if weights.size else weights
    totals = _totals(rule, plan, scores, weights, counts)
    ends = np.append(0, np.cumsum(counts.sum(1)))
    pieces, joints = [], {}
    for at in range(plan.ranges):
        own = slice(ends[at], ends[at + 1])
        piece = Piece(counts[at], scores[own].copy(), weights[own].copy())
        united = joined(piece)
        if united is not None:
            piece, joints[at] = united
        pieces.append(piece)
    some = ranges - plan.ranges
    back = Back(size, dtype, order, np.append(ends, [ends[-1]] * some).astype(np.int64), joints)
    return Cut((*pieces, *[none] * some), back, totals)


def _weights_alone(plan: Plan, rows: Given) -> np.ndarray:
    """Return totals of rows that are not cut: each label's weight, in the first range."""
    levels, weights = plan.labels.size, in_unit(rows, plan.power)
    made = np.zeros((plan.ranges, 2 * levels, 3))
    for at, label in enumerate(plan.labels if plan.weighted and not plan.whole else ()):
        made[0, [at, levels + at], 0] = weights[rows.labels == label].sum()
    return made


def _codes(rule: Rule, plan: Plan, rows: Given) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows in the order of their ranges and codes, and how many there are of each."""
    levels = plan.labels.size
    level = np.searchsorted(plan.labels, rows.labels).astype(np.uint16)
    sources, targets = np.flatnonzero(level < levels - 1), np.flatnonzero(level > 0)
    below = np.searchsorted(plan.splitters, rows.scores[sources], "right")
    above = np.searchsorted(plan.cutoffs, rows.scores[targets], "right" if rule.counts else "left")
    codes = np.append(2 * levels * below + level[sources], 2 * levels * above + levels + level[targets])
    counts = np.bincount(codes, minlength=2 * levels * plan.ranges).reshape(plan.ranges, 2 * levels)
    order = np.argsort(codes.astype(np.uint16), kind="stable")  # by counting
    at = np.append(sources, targets)[order]
    return at.astype(np.uint32) if rows.scores.size < 1 << 32 else at, counts


def _totals(rule: Rule, plan: Plan, scores: np.ndarray, weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return [range, code] of the sums relative to the edges; of weights alone where there is none, or for counts."""
    ends = np.cumsum(counts.reshape(-1))
    bounds = np.column_stack((ends - counts.reshape(-1), ends))
    made = np.zeros((len(bounds), 3))
    made[:, 0] = [weights[begin:end].sum() for begin, end in bounds] if weights.size else counts.reshape(-1)
    if not rule.counts and plan.splitters.size:
        edges, levels = backend.module("pairs.thresholds.edges"), plan.labels.size
        lows, highs = np.append(np.nan, plan.splitters), np.append(plan.splitters, np.nan)
        both = [edges.summed_at(low, high, rule.margin) for low, high in zip(lows, highs, strict=True)]
        sides = np.repeat(np.array(both).reshape(-1, 3), levels, axis=0)
        some = np.flatnonzero((counts.reshape(-1) > 0) & ~np.isnan(sides[:, 0]))
        scores = np.ascontiguousarray(scores, validate.kernel_dtype(scores))
        made[some] = edges.totals(scores, weights, bounds[some], sides[some])
    return made.reshape(*counts.shape, 3)


def joined(piece: Piece) -> tuple[Piece, Joint] | None:
    """Return a piece in which equal rows are one, of all their weight; None if that would not halve it.

    So a score that more rows share than a worker holds is one row of each partition.
    """
    size = piece.scores.size
    tested = piece.scores[:: max(1, size // TESTED)]
    if size < FEWEST or 2 * np.unique(tested).size > tested.size:
        return None
    ends, first = np.cumsum(piece.counts).tolist(), 0
    scores, places, weights, counts = [], np.empty(size, np.int64), [], []
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        own, place = np.unique(piece.scores[begin:end], return_inverse=True)
        places[begin:end] = first + place
        scores.append(own)
        weights.append(np.bincount(place, piece.weights[begin:end] if piece.weights.size else None, own.size))
        counts.append(own.size)
        first += own.size
    weight = np.concatenate(weights).astype(np.float64)
    own_weight, of_all = piece.weights if piece.weights.size else np.ones(size), weight[places]
    shares = np.divide(own_weight, of_all, out=np.zeros(size), where=of_all > 0.0)
    return Piece(np.array(counts), np.concatenate(scores), weight), Joint(places, shares)


def together(pieces: list[Piece], plain: bool) -> tuple[Columns, np.ndarray]:
    """Return the rows of a range with their codes for labels, and how many there are of each code.

    `plain`: scores are read as numbers; else they are compared only, and ranks may take their place.
    """
    counts = np.array([piece.counts for piece in pieces])
    codes = np.concatenate([np.repeat(np.arange(own.size, dtype=np.float32), own) for own in counts])
    scores = np.concatenate([piece.scores for piece in pieces])
    weights = None
    if any(piece.weights.size for piece in pieces):
        weights = np.concatenate([p.weights if p.weights.size else np.ones(p.scores.size) for p in pieces])
    return Columns.of(scores if plain else orders.comparable(scores), codes, weights), counts.sum(0)


def whole(parts: list[Any]) -> Given:
    """Return the rows of all partitions."""
    scores, labels, weights = zip(*parts, strict=True)
    some = [one for one in weights if one is not None]
    return Given(np.concatenate(scores), np.concatenate(labels), np.concatenate(some) if some else None)


def placed(back: Back, parts: list[np.ndarray]) -> np.ndarray:
    """Return results of the pieces' rows, added up by row: one may be a source in one range, a target in another."""
    found = np.empty(back.rows.size)
    for at, part in enumerate(parts):
        own, joint = slice(back.ends[at], back.ends[at + 1]), back.joints.get(at)
        found[own] = part if joint is None else part[joint.places] * joint.shares
    with np.errstate(over="ignore"):
        return np.bincount(back.rows, found, back.size).astype(back.dtype)
