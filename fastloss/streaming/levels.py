"""Write and read what a state of all pairs has for each label: a `Level` of `pairs/boxes` or `pairs/separable`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.pairs.boxes.sums import FINE, SUB, H
from fastloss.streaming.stored import MOST_EXPONENT, Fields

SLACK = 1e-6  # tolerance for sums of moments: more than the rounding of any number of rows


class _Labels(NamedTuple):
    """What there is of each label in both kinds of states."""

    labels: list[float]
    counts: list[int]
    weights: list[float]
    powers: list[int]


def written(levels: Mapping[float, Any], method: str) -> dict[str, np.ndarray]:
    """Return levels as arrays; `method` is the folder of their states."""
    some = [levels[label] for label in sorted(levels)]
    return {
        "labels": np.array(sorted(levels), np.float64),
        "counts": np.array([level.rows for level in some], np.int64),
        "weights": np.array([level.weight for level in some], np.float64),
        "powers": np.array([level.power for level in some], np.int64),
        **(_boxes(some) if method == "boxes" else _totals(some)),
    }


def read(fields: Fields, engine: Any, weighted: bool, method: str, sigma: float) -> dict[float, Any]:
    """Read levels from such arrays, and check that they may be sums over rows."""
    need = fields.need
    labels = fields.array("labels", np.float64, (None,))
    counts = fields.array("counts", np.int64, (labels.size,))
    weights = fields.array("weights", np.float64, (labels.size,))
    powers = fields.array("powers", np.int64, (labels.size,))
    need(not np.isnan(labels).any() and (labels[1:] > labels[:-1]).all(), "labels are not distinct and rising")
    need((counts > 0).all(), "a label has no rows")
    need(np.isfinite(weights).all() and (weights >= 0.0).all(), "weights are not finite numbers >= 0")
    need(weighted or (weights == counts).all(), "weights are not the labels' rows")
    largest = MOST_EXPONENT if weighted else 0
    need(((powers >= -largest) & (powers <= largest)).all(), "powers are out of range")
    known = _Labels(*(column.tolist() for column in (labels, counts, weights, powers)))
    return _read_boxes(fields, engine, known) if method == "boxes" else _read_totals(fields, engine, known, sigma)


def _totals(some: list[Any]) -> dict[str, np.ndarray]:
    """Return levels' sums of exponentials: the largest exponent and the sum, of both signs."""
    return {"totals": np.array([(*level.second, *level.first) for level in some], np.float64).reshape(-1, 4)}


def _read_totals(fields: Fields, engine: Any, known: _Labels, sigma: float) -> dict[float, Any]:
    totals, need = fields.array("totals", np.float64, (len(known.labels), 4)), fields.need
    made = {}
    for label, count, weight, power, (high, second, low, first) in zip(*known, totals.tolist(), strict=True):
        if not weight:
            need((high, second, low, first) == (*engine.NOTHING, *engine.NOTHING), "totals are not those of no weight")
        else:
            need(np.isfinite([high, low]).all() and high >= -low, "totals have no largest and least score")
            for one in (first, second):
                need(0.0 < one <= weight * (1.0 + SLACK), "totals do not fit the weights")
        made[label] = engine.Level(count, weight, engine.Total(high, second), engine.Total(low, first), sigma, power)
    return made


def _boxes(some: list[Any]) -> dict[str, np.ndarray]:
    """Return levels' moments: those of fine boxes that hold a weight."""
    places = [np.nonzero(level.moments[:, :, 0]) for level in some]
    boxes = [
        (level.keys[at], sub.astype(np.uint8), level.moments[at, sub])
        for level, (at, sub) in zip(some, places, strict=True)
    ]
    keys, subs, moments = zip((np.empty(0), np.empty(0, np.uint8), np.empty((0, FINE))), *boxes, strict=True)
    return {
        "sizes": np.array([at.size for at, _ in places], np.int64),
        **{name: np.concatenate(x) for name, x in (("keys", keys), ("subs", subs), ("moments", moments))},
    }


def _read_boxes(fields: Fields, engine: Any, known: _Labels) -> dict[float, Any]:
    need = fields.need
    sizes = fields.array("sizes", np.int64, (len(known.labels),))
    keys = fields.array("keys", np.float64, (None,))
    subs = fields.array("subs", np.uint8, (keys.size,))
    moments = fields.array("moments", np.float64, (keys.size, FINE))
    need((sizes >= 0).all() and (sizes <= keys.size).all(), "sizes are out of range")
    need(sum(sizes.tolist()) == keys.size, "sizes are not those of the boxes")
    need((np.abs(keys) <= engine.MOST / H).all() and (keys == np.floor(keys)).all(), "keys are no numbers of boxes")
    need((subs < SUB).all(), "subs are no numbers of fine boxes")
    need(np.isfinite(moments).all() and (moments[:, 0] > 0.0).all(), "moments are not those of weights above 0")
    within = np.abs(moments) <= moments[:, :1] * (1.0 + SLACK)
    need(within.all() and (moments[:, ::2] >= 0.0).all(), "moments are not those of places in a box")
    made = {}
    for at, end in enumerate(np.cumsum(sizes).tolist()):
        some = slice(end - int(sizes[at]), end)
        own, starts, where = keys[some], np.unique(keys[some]), subs[some].astype(np.int64)
        rises = (own[1:] > own[:-1]) | ((own[1:] == own[:-1]) & (where[1:] > where[:-1]))
        need(rises.all(), "keys and subs are not distinct and rising")
        weight, total = known.weights[at], float(moments[some, 0].sum())
        need(abs(weight - total) <= SLACK * weight, "moments do not add up to weights")
        grid = np.zeros((starts.size, SUB, FINE))
        grid[np.searchsorted(starts, own), where] = moments[some]
        made[known.labels[at]] = engine.Level(known.counts[at], weight, starts, grid, known.powers[at])
    return made
