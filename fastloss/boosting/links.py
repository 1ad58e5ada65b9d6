"""Functions between raw scores and predictions: their values, derivatives and inverses."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Link(NamedTuple):
    """A function p of a raw score z; its derivatives p' and p'' are functions of p, as all three have them."""

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]
    slope: Callable[[Any], Any] | None = None  # none: not of each score alone
    bend: Callable[[Any], Any] | None = None


def _same(x: Any) -> Any:
    return x


def _sigmoid(z: Any) -> Any:
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-z))


def _logit(p: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(p) - np.log1p(-p)


def _log(p: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(p)


def _softmax(z: Any) -> Any:
    """Return the classes' probabilities; of scores of one class more than given there is none."""
    powers = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


IDENTITY, SIGMOID, EXP, SOFTMAX = "identity", "sigmoid", "exp", "softmax"
LINKS = {
    IDENTITY: Link(_same, _same),
    SIGMOID: Link(_sigmoid, _logit, lambda p: p * (1.0 - p), lambda p: p * (1.0 - p) * (1.0 - 2.0 * p)),
    EXP: Link(np.exp, _log, _same, _same),
    SOFTMAX: Link(_softmax, _log),  # the logarithm: raw scores up to a constant, on which no loss of classes depends
}
ELEMENTWISE = (IDENTITY, SIGMOID, EXP)


def chained(link: Link, inputs: Any, gradient: Any, curvature: Any) -> tuple[Any, Any]:
    """Return derivatives by the raw scores, from those by the inputs p: g p' and h p'^2 + g p''."""
    if link.slope is None or link.bend is None:
        return gradient, curvature
    slope = link.slope(inputs)
    return gradient * slope, curvature * slope * slope + gradient * link.bend(inputs)
