"""Positives with one negative each, on the CPU: a pointwise loss of two scores."""

from typing import Any

import numpy as np

from fastloss.compile.elementary import at_least, exp_negative, sigmoid, softplus
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.pointwise import cpu as pointwise
from fastloss.pointwise.element import Formulas


def _loss(positive, negative):
    return softplus(negative - positive)


def _slope(positive, negative):
    return -sigmoid(negative - positive)


def _rest(positive, negative):
    return at_least(0.0, negative - positive)


def _odds(positive, negative):
    return exp_negative(-abs(negative - positive))


PAIR = Formulas("bpr_loss_pair", _loss, _slope, rest=_rest, odds=_odds)
SIGNS = (1.0, -1.0)  # of the slope, in the gradients by the positives and by the negatives


def run(scores: tuple[np.ndarray, np.ndarray], weights: Any, scale: float | None, each: bool) -> Outcome:
    """Return each weighted loss, in double precision, or their sums by chunks; `scale` None leaves out derivatives."""
    wanted = Wanted(not each, each, scale is not None)
    operands = tuple(array.astype(np.float64, copy=False) for array in scores) if each else scores
    outcome = pointwise.run(PAIR, operands, weights, (scale or 0.0,), wanted)
    if outcome.chunks.size and not (each or np.isfinite(outcome.chunks).all()):
        return run(scores, weights, scale, True)  # the mean of losses is within the range where no chunk's sum is
    return outcome._replace(
        chunks=None if each else outcome.chunks,
        gradients=tuple(sign * slope for slope in outcome.gradients for sign in SIGNS),
    )
