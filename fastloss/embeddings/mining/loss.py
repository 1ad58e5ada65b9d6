"""Losses over the pairs or triplets of a batch of labelled embeddings: from the public call to the engine and back."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, reduce, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.loss import Loss
from fastloss.embeddings.candidates.loss import codes
from fastloss.embeddings.mining.anchor import Examples, Kind
from fastloss.pairs import weights as pair_weights
from fastloss.rows.loss import row_weights


class Counts(NamedTuple):
    """How many triplets (or pairs of anchor and positive) there are, and how many of them count."""

    active: int
    total: int


# Softplus takes distances of about 1 times two to this at most: there it is at its limit, but for equal distances, and
# what is left of the unit is multiplied afterwards.
STEEPEST = 100


@dataclasses.dataclass
class Mined:
    """What a loss's body makes of its arguments."""

    embeddings: Any
    labels: Any
    name: str  # of the engine's ways of mining
    settings: tuple[float, float]
    formulas: Any = None
    squared: bool = False
    soft: bool = False
    average: str = "active"  # what the mean divides by
    products: bool = False  # losses hold the weights of both examples already
    degree: int = 1  # of the loss and its margin as functions of the embeddings' size, softplus aside

    @property
    def is_smooth(self) -> bool:
        """Whether it is made of softplus, which takes distances in their own unit."""
        return self.soft or self.name == "smooth"

    def settings_in(self, unit: float) -> tuple[float, float]:
        """The settings for embeddings that are divided by a unit."""
        margin, other = self.settings
        if self.is_smooth:
            return margin, 2.0 ** min(self._exponent(unit), STEEPEST)
        return margin / unit / (unit if self.degree == 2 and not self.products else 1.0), other

    def restored(self, loss: Any, unit: float) -> Any:
        """A loss of embeddings that are divided by a unit, as that of the embeddings themselves."""
        exponent = self._exponent(unit)
        with np.errstate(over="ignore", under="ignore"):
            if not self.is_smooth:
                return np.ldexp(loss, exponent)
            beyond = exponent - STEEPEST
            return np.where(loss > 2.0**40, np.ldexp(loss, beyond), loss) if beyond > 0 else loss

    def _exponent(self, unit: float) -> int:
        return (math.frexp(unit)[1] - 1) * self.degree


class MiningLoss(Loss):
    """A loss over pairs or triplets of examples, from their distances, of which a strip exists at a time.

    Distances come from inner products in the embeddings' precision, and from differences where that would lose
    digits: they are exactly 0 between equal rows. Where a distance is 0, its gradient is taken to be 0.

    With ``backend="cuda"``, or embeddings on a GPU, distances, mining and their products are computed on the GPU;
    a number for each example passes through the host.
    """

    folder = "embeddings.mining"
    others = frozenset({"labels"})

    def _evaluate(self, what, own, shared):
        reduction = shared["reduction"]
        arrays = tuple(own.values())
        engine, store = backend.with_store(shared["backend"], self.folder, arrays)
        call = self.function(**backend.arguments(tuple(own), own))
        embeddings = validate.matrix("embeddings", call.embeddings)
        count = len(embeddings)
        classes = codes("labels", call.labels, count)
        weights = row_weights(backend.to_host(shared["sample_weight"]), (count,))
        weights = np.ones(count) if weights is None else weights
        if reduction == "mean" and call.products:
            weights = pair_weights.evenly(weights)
        order = np.argsort(classes, kind="stable")
        rows, unit = store.centred(embeddings, order)
        examples = Examples(store, rows, *_ranges(classes[order]), weights[order])
        kind = Kind(call.name, call.formulas, call.squared, call.soft)
        wanted = what == "value_and_grad"
        factors = np.ones(count) if call.products else examples.weights
        outcome, divisors = _mined(engine, (examples, kind, call.settings_in(unit), wanted), call)
        if reduction == "mean" and not call.products:  # which examples count is known by now
            factors = reduce.in_unit(factors, divisors > 0)
            if factors is not examples.weights:
                examples = examples._replace(weights=factors)
                outcome, divisors = _mined(engine, (examples, kind, call.settings_in(unit), wanted), call)
        denominator = reduce.sum_of_many(divisors * factors)
        each = np.empty(count)
        each[order] = reduce.weighed(factors, outcome.loss)
        value = reduce.reduced(each, reduction, denominator)
        if unit != 1.0:
            value = call.restored(value, unit)
        results = [value if reduction == "none" else float(value)]
        if wanted:
            gradient = store.zeros(embeddings.shape, examples.rows.dtype)
            scale = reduce.inverse(denominator) if reduction == "mean" else 1.0
            scale *= unit if call.degree == 2 else 1.0
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                store.add(gradient, order, np.full(count, scale), outcome.gradient, None)
            results.append(store.home(gradient))
        if shared.get("with_counts"):
            results.append(Counts(int(outcome.active.sum()), int(outcome.every.sum())))
        return backend.like(results[0] if len(results) == 1 else tuple(results), arrays)


def _mined(engine: Any, what: tuple[Examples, Kind, Any, bool], call: Mined) -> tuple[Any, np.ndarray]:
    """What the engine finds, and what the mean divides each example's loss by."""
    examples, *more = what
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        outcome = engine.run(examples, *more)
        if call.products:
            return outcome, 0.5 * examples.weights * _others(examples.weights)
        return outcome, outcome.active if call.average == "active" else outcome.every


def _others(weights: np.ndarray) -> np.ndarray:
    """The sum of all other weights: a difference would lose what is beside a heavy one."""
    before, after = (np.append(0.0, np.cumsum(one)[:-1]) for one in (weights, weights[::-1]))
    return before[: weights.size] + after[::-1][: weights.size]


class TripletLoss(MiningLoss):
    """A loss over triplets; ``with_counts=True`` also returns their `Counts`."""

    keywords = (
        *MiningLoss.keywords,
        Keyword(
            "with_counts",
            False,
            "bool",
            """
            Whether to return a named tuple (active, total) as well: the number of triplets with a loss above 0, and of
            all triplets.
            """,
        ),
    )


def _ranges(classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's class begins and ends, classes in order."""
    return np.searchsorted(classes, classes), np.searchsorted(classes, classes, side="right")


def mining_loss(
    *, reference: str, parameters: Any = None, kind: type[MiningLoss] = TripletLoss
) -> Callable[[Callable[..., Mined]], MiningLoss]:
    """Declare such a loss: the decorated function has its signature, its docstring, and returns its `Mined`."""
    return lambda function: kind(function, reference=reference, parameters=parameters)
