"""Losses over the pairs or triplets of a batch of labelled embeddings: from the public call to the engine and back."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, orders, summation, units, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Flag
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.core.requests import Request
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
    weighs_each = False
    others = frozenset({"labels"})

    def _run(self, request):
        arrays, mean = tuple(request.arguments.values()), request.reduction.divides
        engine, store = backend.with_store(request.backend, self.folder, arrays)
        call = self._made_of(request)
        batch = batch_of(store, call, request)
        outcome = mined(engine, batch, request.has_gradient)
        weights = counting_weights(call, batch.examples.weights, outcome, mean)
        if weights is not batch.examples.weights:
            batch = batch.weighed(weights)
            outcome = mined(engine, batch, request.has_gradient)
        made = evaluated(batch, outcome)
        made.home = arrays
        if request.has_gradient:
            made.gradients = (store.home(pulled(batch, outcome, request.reduction.scale(made.divisor))),)
        return made


class Batch(NamedTuple):
    """A call's examples, centred and sorted by class; in which order, and what they were divided by."""

    call: Mined
    examples: Examples
    order: np.ndarray
    unit: float

    def weighed(self, weights: np.ndarray) -> "Batch":
        """Return the batch with other weights, which are in the order of the examples."""
        return self._replace(examples=self.examples._replace(weights=weights))


def batch_of(store: Any, call: Mined, request: Request) -> Batch:
    """Check the embeddings, labels and weights of a call, and sort them."""
    embeddings = validate.matrix("embeddings", call.embeddings)
    count = len(embeddings)
    classes = codes("labels", call.labels, count)
    weights = validate.weights(backend.to_host(request.sample_weight), (count,))
    weights = np.ones(count) if weights is None else weights
    if request.reduction.divides and call.products:
        weights = pair_weights.evenly(weights)
    order = orders.sort(classes).order
    rows, unit = store.centred(embeddings, order)
    return Batch(call, Examples(store, rows, *_ranges(classes[order]), weights[order]), order, unit)


def mined(engine: Any, batch: Batch, gradient: bool, *anchors: slice) -> Outcome:
    """Run the engine on all anchors, or on some."""
    call = batch.call
    strategy = Strategy(call.name, call.formulas, call.squared, call.soft)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        return engine.run(batch.examples, strategy, call.settings_in(batch.unit), gradient, *anchors)


def divisors_of(call: Mined, weights: np.ndarray, outcome: Outcome) -> np.ndarray:
    """Return what the mean divides by for each example."""
    if call.products:
        return 0.5 * weights * _others(weights)
    return outcome.counts.active if call.average == "active" else outcome.counts.total


def counting_weights(call: Mined, weights: np.ndarray, outcome: Outcome, mean: bool) -> np.ndarray:
    """Return the weights in the unit of a mean, which those of the examples set that count in it."""
    if not mean or call.products:
        return weights
    return units.in_unit(weights, divisors_of(call, weights, outcome) > 0)


def evaluated(batch: Batch, outcome: Outcome) -> Evaluation:
    """Return the evaluation of a mined batch, without gradients."""
    call, weights = batch.call, batch.examples.weights
    factors = np.ones(len(weights)) if call.products else weights
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        divisors = divisors_of(call, weights, outcome)
    divisor, each = Divisor(summation.sum_of_many(divisors * factors)), np.empty(len(weights))
    each[batch.order] = summation.weighed(factors, outcome.each)
    counts = Counts(*(int(one.sum()) for one in outcome.counts))
    made = Evaluation(outcome._replace(each=each), divisor, counts=counts)
    if batch.unit != 1.0:
        made.finish = functools.partial(call.restored, unit=batch.unit)
    return made


def pulled(batch: Batch, outcome: Outcome, scale: float) -> Any:
    """Return the gradient by the embeddings as they were given, times a scale."""
    store, rows = batch.examples.store, batch.examples.rows
    gradient = store.zeros(rows.shape, rows.dtype)
    factor = scale * (batch.unit if batch.call.degree == 2 else 1.0)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        store.add(gradient, batch.order, np.full(len(batch.order), factor), *outcome.gradients, None)
    return gradient


def _others(weights: np.ndarray) -> np.ndarray:
    """Return the sum of all other weights; a difference would lose what is beside a heavy one."""
    before, after = (np.append(0.0, np.cumsum(one)[:-1]) for one in (weights, weights[::-1]))
    return before[: weights.size] + after[::-1][: weights.size]


class TripletLoss(MiningLoss):
    """A loss over triplets; ``with_counts=True`` also returns their `Counts`."""

    weighs_each = True
    shape_of_counts = (2,)

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
