"""Heads: each row's loss and its slopes, from the log of a sum of exponentials and further numbers of the row.

A head is a block of its own on float64, compiled for the host: both engines hand over a number for each row there.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fastloss.compile.elementary import exp_negative, log1p_unit, sigmoid, softplus
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import as_input, launch, output
from fastloss.compile.signatures import REALS, Signature

FLOAT = np.dtype(np.float64)


class Scores(NamedTuple):
    """Each row's loss, and its slopes by the log of the sum of exponentials and by each term."""

    losses: np.ndarray
    by_rest: np.ndarray
    by_terms: tuple[np.ndarray, ...]


class Head(NamedTuple):
    """A block with the inputs (log of the sum, terms, known numbers) and the outputs (loss, slope by the log, ...)."""

    block: Callable[..., None]
    terms: int = 1
    parameters: tuple[float, ...] = ()

    def __call__(self, rest: np.ndarray, numbers: Sequence[np.ndarray]) -> Scores:
        """Compute the scores of some rows, in this thread."""
        inputs = tuple(as_input(one, FLOAT) for one in (rest, *numbers))
        outputs = tuple(output(rest.size, FLOAT) for _ in range(2 + self.terms))
        head = compiled(self.block, len(inputs), len(outputs))
        launch(head, inputs, np.array(self.parameters, np.float64), outputs, 1)
        losses, by_rest, *by_terms = outputs
        return Scores(losses, by_rest, tuple(by_terms))


@once
def compiled(block: Callable[..., None], inputs: int, outputs: int) -> Kernel:
    """Compile a head for so many arrays."""
    return kernel(block, "head", Signature((REALS,) * inputs, (REALS,) * outputs))


def log_add(a, b):
    """Return log(e**a + e**b)."""
    return (a if a > b else b) + log1p_unit(exp_negative(-abs(a - b)))


def against_rest(inputs, parameters, outputs, first, last):
    """-log of the target's share, from the log of what the others sum to: a small loss keeps its digits."""
    rest, target = inputs
    losses, by_rest, by_target = outputs
    for i in range(np.uint64(losses.size)):
        x = rest[i] - target[i]
        share = sigmoid(x)
        losses[i] = softplus(x)
        by_rest[i] = share
        by_target[i] = -share


def against_some(inputs, parameters, outputs, first, last):
    """The same for the mean of several targets that stay in the sum; a single one, `alone`, does not stay.

    The loss of several is at least `least`, which rounding could undercut.
    """
    rest, target, alone, least = inputs
    losses, by_rest, by_target = outputs
    for i in range(np.uint64(losses.size)):
        x = rest[i] - target[i]
        several = least[i] if x < least[i] else x
        slope = sigmoid(x) if alone[i] != 0.0 else 1.0
        losses[i] = softplus(x) if alone[i] != 0.0 else several
        by_rest[i] = slope
        by_target[i] = -slope


def smoothed(inputs, parameters, outputs, first, last):
    """(1 - s) w softplus(rest - target) + s (W log(e**rest + e**target) - average), parameters being (s, W)."""
    rest, target, average, weights = inputs
    losses, by_rest, by_target, by_average = outputs
    smoothing, total = parameters[0], parameters[1]
    for i in range(np.uint64(losses.size)):
        x = rest[i] - target[i]
        share = sigmoid(x)
        sharp, smooth = (1.0 - smoothing) * weights[i], smoothing * total
        loss = sharp * softplus(x) + smooth * log_add(rest[i], target[i]) - smoothing * average[i]
        losses[i] = 0.0 if loss < 0.0 else loss  # by rounding
        by_rest[i] = (sharp + smooth) * share
        by_target[i] = smooth * (1.0 - share) - sharp * share
        by_average[i] = -smoothing


AGAINST_REST, AGAINST_SOME = Head(against_rest), Head(against_some)
