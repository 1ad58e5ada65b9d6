"""Losses over the pairs or triplets of a batch of labelled embeddings: from the public call to the engine and back."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss import backend, reduce, validate
from fastloss.candidates import codes
from fastloss.loss import Loss, keyword
from fastloss.rows import row_weights


class Counts(NamedTuple):
    """How many triplets (or pairs of anchor and positive) there are, and how many of them count."""

    active: int
    total: int


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


class MiningLoss(Loss):
    """A loss over pairs or triplets of examples, from their distances, of which a strip exists at a time.

    Distances come from inner products in the embeddings' precision, and from differences where that would lose
    digits: they are exactly 0 between equal rows. Where a distance is 0, its gradient is taken to be 0.
    """

    shape = "mining"

    def _evaluate(self, what, own, shared):
        reduction = validate.reduction(shared["reduction"])
        call = self.function(**own)
        embeddings = validate.matrix("embeddings", call.embeddings)
        count = len(embeddings)
        classes = codes("labels", call.labels, count)
        weights = row_weights(shared["sample_weight"], (count,))
        weights = np.ones(count) if weights is None else weights
        order = np.argsort(classes, kind="stable")
        run = backend.engine("cpu", self.shape)
        examples = run.Examples(_centred(embeddings)[order], *_ranges(classes[order]), weights[order])
        kind = run.Kind(call.name, call.formulas, call.squared, call.soft)
        wanted = what == "value_and_grad"
        with np.errstate(invalid="ignore", over="ignore"):
            outcome = run.run(examples, kind, call.settings, wanted)
        divisors = outcome.active if call.average == "active" else outcome.every
        factors = 1.0 if call.products else examples.weights
        denominator = reduce.ordered_sum(divisors * factors)
        each = np.empty(count)
        each[order] = np.where(examples.weights == 0.0, 0.0, outcome.loss * factors)
        results = [reduce.reduced(each, reduction, denominator)]
        if wanted:
            gradient = np.empty_like(outcome.gradient)
            gradient[order] = outcome.gradient
            gradient *= gradient.dtype.type(reduce.inverse(denominator) if reduction == "mean" else 1.0)
            results.append(gradient)
        if shared.get("with_counts"):
            results.append(Counts(int(outcome.active.sum()), int(outcome.every.sum())))
        return results[0] if len(results) == 1 else tuple(results)


class TripletLoss(MiningLoss):
    """One of triplets; ``with_counts=True`` adds their `Counts`."""

    keywords = (*Loss.keywords, keyword("with_counts", False))


def _centred(embeddings: np.ndarray) -> np.ndarray:
    """Less their mean, which no distance knows, and products lose digits by."""
    dtype = validate.common_dtype((embeddings,))
    with np.errstate(invalid="ignore", over="ignore"):
        mean = embeddings.mean(0, dtype=np.float64) if len(embeddings) else 0.0
        mean = np.where(np.isfinite(mean), mean, 0.0)
        return np.ascontiguousarray(embeddings - mean.astype(dtype), dtype)


def _ranges(classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row's class begins and ends, classes in order."""
    return np.searchsorted(classes, classes), np.searchsorted(classes, classes, side="right")


def mining_loss(
    *, reference: str, parameters: Any = None, kind: type[MiningLoss] = TripletLoss
) -> Callable[[Callable[..., Mined]], MiningLoss]:
    """Declare such a loss: the decorated function has its signature, its docstring, and returns its `Mined`."""
    return lambda function: kind(function, reference=reference, parameters=parameters)
