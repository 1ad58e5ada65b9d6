"""Losses over the pairs or triplets of a batch of labelled embeddings: from the public call to the engine and back."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core import backend, orders, summation, units, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Flag
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.embeddings.candidates.loss import codes
from fastloss.embeddings.mining.anchor import Counts, Examples, Settings, Strategy
from fastloss.pairs import weights as pair_weights

# Softplus takes distances of about 1 times two to this at most: there it is at its limit, but for equal distances, and
# what is left of the unit is multiplied afterwards.
STEEPEST = 100


@dataclasses.dataclass
class Mined:
    """What a loss's function returns: embeddings, and how they are mined."""

    embeddings: Any
    labels: Any
    name: str  # of the strategy
    settings: Settings
    formulas: Any = None
    squared: bool = False
    soft: bool = False
    average: str = "active"  # what the mean divides by
    products: bool = False  # losses hold the weights of both examples already
    degree: int = 1  # of the loss and its margin as functions of the embeddings' size, softplus aside

    @property
    def is_smooth(self) -> bool:
        """Whether it applies softplus, which takes distances in their own unit."""
        return self.soft or self.name == "smooth"

    def settings_in(self, unit: float) -> Settings:
        """Return the settings for embeddings that are divided by a unit."""
        if self.is_smooth:
            return self.settings._replace(scale=2.0 ** min(self._exponent(unit), STEEPEST))
        margin = self.settings.margin / unit / (unit if self.degree == 2 and not self.products else 1.0)
        return self.settings._replace(margin=margin)

    def restored(self, loss: Any, unit: float) -> Any:
        """Return the loss of the embeddings, from that of embeddings divided by a unit."""
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

    def _run(self, request):
        arrays, mean = tuple(request.arguments.values()), request.reduction.divides
        engine, store = backend.with_store(request.backend, self.folder, arrays)
        call = self.function(**backend.arguments(tuple(request.arguments), request.arguments))
        embeddings = validate.matrix("embeddings", call.embeddings)
        count = len(embeddings)
        classes = codes("labels", call.labels, count)
        weights = validate.weights(backend.to_host(request.sample_weight), (count,))
        weights = np.ones(count) if weights is None else weights
        if mean and call.products:
            weights = pair_weights.evenly(weights)
        order = orders.sort(classes).order
        rows, unit = store.centred(embeddings, order)
        examples = Examples(store, rows, *_ranges(classes[order]), weights[order])
        factors = np.ones(count) if call.products else examples.weights
        outcome, divisors = _mined(engine, examples, call, unit, request.has_gradient)
        if mean and not call.products:  # which examples count is known by now
            factors = units.in_unit(factors, divisors > 0)
            if factors is not examples.weights:
                examples = examples._replace(weights=factors)
                outcome, divisors = _mined(engine, examples, call, unit, request.has_gradient)
        divisor, each = Divisor(summation.sum_of_many(divisors * factors)), np.empty(count)
        each[order] = summation.weighed(factors, outcome.each)
        counts = Counts(*(int(one.sum()) for one in outcome.counts))
        made = Evaluation(outcome._replace(each=each), divisor, counts=counts, home=arrays)
        if unit != 1.0:
            made.finish = functools.partial(call.restored, unit=unit)
        if request.has_gradient:
            gradient = store.zeros(embeddings.shape, examples.rows.dtype)
            scale = request.reduction.scale(divisor) * (unit if call.degree == 2 else 1.0)
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                store.add(gradient, order, np.full(count, scale), *outcome.gradients, None)
            made.gradients = (store.home(gradient),)
        return made


def _mined(engine: Any, examples: Examples, call: Mined, unit: float, gradient: bool) -> tuple[Outcome, np.ndarray]:
    """Run the engine; return its outcome, and what the mean divides each example's loss by."""
    strategy = Strategy(call.name, call.formulas, call.squared, call.soft)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        outcome = engine.run(examples, strategy, call.settings_in(unit), gradient)
        if call.products:
            return outcome, 0.5 * examples.weights * _others(examples.weights)
        return outcome, outcome.counts.active if call.average == "active" else outcome.counts.total


def _others(weights: np.ndarray) -> np.ndarray:
    """Return the sum of all other weights; a difference would lose what is beside a heavy one."""
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
            Flag(),
        ),
    )


def _ranges(classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each row's class begins and ends, classes in order."""
    return np.searchsorted(classes, classes), np.searchsorted(classes, classes, side="right")


def mining_loss(
    *, reference: str, parameters: Any = None, kind: type[MiningLoss] = TripletLoss
) -> Callable[[Callable[..., Mined]], MiningLoss]:
    """Declare such a loss: the decorated function has its signature, its docstring, and returns its `Mined`."""
    return lambda function: kind(function, reference=reference, parameters=parameters)
