"""Scores too far apart for boxes, moved near, and what the move takes from a smooth kernel's sums.

Boxes hold |scale x| <= MOST. Beyond it, floats that differ lie so far apart that a kernel is its limits between them: a
straight line on one side, 0 on the other, and between equal ones its value at 0. None of this changes when the gaps
between them shrink to SHORTEST, since that is far still. So scores are moved towards 0, each by d >= 0 times its sign,
in their order, and equal ones alike; slopes and curvatures are those of the moved scores. Values lack slope times the
difference of d for each pair on the straight side: a sum of hinges of d with margin 0 (`pairs/thresholds/`), all of
whose terms are positive.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import unbound
from fastloss.pairs.nodes import Node
from fastloss.pairs.pair import PairFormulas

MOST = 2.0**900  # of |scale x|: sums of it over all rows are finite
SHORTEST = 2.0**860  # neighbours at MOST lie 2**848 apart; so many of these as there are rows add little to it
HALVINGS = 60  # moves are halved so often before they are summed, so that the sum overflows only if the loss does

LARGEST = 1.7976931348623157e308

HINGE = PairFormulas("beyond", unbound, unbound, power=1)


class Moved(NamedTuple):
    """Scores as boxes hold them, and what is to be added to each to have it back, over 2**HALVINGS."""

    near: np.ndarray
    beyond: np.ndarray


def can_do(scale: float, low: float, high: float) -> bool:
    """Whether boxes hold all scores between two, neither of which is NaN or infinite then."""
    most = min(_most(scale), LARGEST)
    return -most <= low and high <= most


def _most(scale: float) -> float:
    scale = abs(scale)
    return MOST / scale if scale > 2.0**-100 else np.inf


def sums(
    nodes: list[Node], scale: float, in_boxes: Callable[[list[Node]], np.ndarray], apart: Callable[[Node], float]
) -> np.ndarray:
    """The nodes' losses: together where boxes hold their scores, one by one where they lie too far apart."""
    held = np.array([can_do(scale, node.low, node.high) for node in nodes], bool)
    losses = np.zeros(len(nodes))
    for at in np.flatnonzero(~held):
        losses[at] = apart(nodes[at])
    if held.any():
        losses[held] = in_boxes([nodes[at] for at in np.flatnonzero(held)])
    return losses


def moved(scores: np.ndarray, scale: float) -> Moved:
    """Move scores, all of them finite, so that boxes hold them."""
    most, shortest = _most(scale), SHORTEST / abs(scale)
    near = scores.astype(np.float64)
    beyond = np.zeros(near.size)
    for sign in (1.0, -1.0):
        far = np.flatnonzero(sign * near > most)
        values, where = np.unique(sign * near[far], return_inverse=True)
        places = most + np.cumsum(np.minimum(np.diff(values, prepend=most), shortest))
        near[far] = sign * places[where]
        beyond[far] = sign * (values - places)[where] * 2.0**-HALVINGS
    return Moved(near, beyond)


def restored(formulas: PairFormulas, sigma: float, hinges: Any) -> Any:
    """What is to be added to a kernel's sums, from those of hinges of `beyond`."""
    assert formulas.tails is not None
    return np.ldexp(formulas.tails(sigma)[0][1] * hinges, HALVINGS)
