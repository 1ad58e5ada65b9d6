"""Losses over pairs and triplets of a batch: a task for the anchors of each block, which has all rows at hand.

An anchor's positives and negatives are any rows, so that each task joins all partitions, as whole as in one process: of
memory, every worker needs what one process needs, and the time is divided. Anchors are in the order of their classes. A
first pass makes losses and counts, which decide what a mean divides by; a second one makes gradients.
"""

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from dask._task_spec import TaskRef

from fastloss.core import backend
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Request
from fastloss.dask.gathered import Results, added, as_blocks, cut, given, joined, located, require_reduction
from fastloss.dask.graphs import Blocks, listed, mapped, tasks
from fastloss.dask.workers import Job, at_work
from fastloss.embeddings.mining.anchor import Counts
from fastloss.embeddings.mining.loss import Batch, batch_of, counting_weights, evaluated, mined, pulled

LOSSES = (
    "batch_all_triplet_loss",
    "batch_contrastive_loss",
    "batch_hard_triplet_loss",
    "batch_semihard_triplet_loss",
)


class Share(NamedTuple):
    """Which part of the anchors a task has: the first, the second, ... of so many."""

    at: int
    shares: int

    def of(self, anchors: int) -> slice:
        return slice(anchors * self.at // self.shares, anchors * (self.at + 1) // self.shares)


class Scored(NamedTuple):
    """A loss's value and counts, and what the second pass takes: weights in the order of anchors, and a scale."""

    value: float
    counts: Counts
    weights: np.ndarray
    scale: float


def value(job: Job, arguments: Mapping[str, Any], *, reduction: str = "mean") -> Blocks:
    """Return the loss of embeddings, labels and `sample_weight`, that are `Blocks` of rows or lie in memory."""
    return _field(job, _Graph(job, arguments, reduction).scored, "value")


def counts(job: Job, arguments: Mapping[str, Any]) -> Blocks:
    """Return the `Counts` of triplets that `with_counts` of the loss returns as well."""
    return _field(job, _Graph(job, arguments, "sum").scored, "counts")


def value_and_grad(job: Job, arguments: Mapping[str, Any], *, reduction: str = "mean") -> Results:
    """Return the value, and the gradient by the embeddings, as they are cut."""
    graph = _Graph(job, arguments, reduction)
    return Results(_field(job, graph.scored, "value"), {"embeddings": graph.gradient()})


def _field(job: Job, scored: Blocks, name: str) -> Blocks:
    return mapped(f"{job.loss}-{name}", operator.getitem, scored, Scored._fields.index(name))


class _Graph:
    """The two passes of a loss."""

    def __init__(self, job: Job, arguments: Mapping[str, Any], reduction: str):
        self._job = job
        self._embeddings = as_blocks(job.loss, arguments["embeddings"])
        self._given = given({**arguments, "embeddings": self._embeddings})
        self._about = job, require_reduction(reduction), self._given.plain, self._given.refs
        count = len(self._embeddings.keys)
        self._shares = [Share(at, count) for at in range(count)]
        first = [(*self._about, share) for share in self._shares]
        found = tasks(f"{job.loss}-first-pass", _first_pass, first, self._given.inputs)
        scores = [(*self._about, listed(found.keys))]
        self.scored = tasks(f"{job.loss}-scores", _score, scores, [*self._given.inputs, found])

    def gradient(self) -> Blocks:
        (scored,), name = self.scored.keys, self._job.loss
        second = [(*self._about, share, TaskRef(scored)) for share in self._shares]
        made = tasks(f"{name}-second-pass", _second_pass, second, [*self._given.inputs, self.scored])
        picks = [(TaskRef(key), at) for at in range(len(self._shares)) for key in made.keys]
        pieces = tasks(f"{name}-half", operator.getitem, picks, [made])
        count = len(self._shares)
        lists = [list(pieces.keys[at * count : (at + 1) * count]) for at in range(count)]
        return added(name, lists, [pieces])


# What tasks do.


def _batch(job: Job, reduction: str, plain: dict[str, Any], parts: dict[str, list[Any]]) -> tuple[Request, Any, Batch]:
    """Return the request, the engine and the batch."""
    with located(parts):
        arrays = {name: joined(name, one) for name, one in parts.items()}
        request, call = job.function().described(**{**job.given, **plain, **arrays, "reduction": reduction})
        engine, store = backend.with_store("cpu", "embeddings.mining", ())
        return request, engine, batch_of(store, call, request)


def _first_pass(job: Job, reduction: str, plain: dict[str, Any], parts: dict[str, list[Any]], share: Share) -> Outcome:
    """Return losses and counts of some anchors."""
    with at_work(job):
        _, engine, batch = _batch(job, reduction, plain, parts)
        some = share.of(len(batch.order))
        made = mined(engine, batch, False, some)
        return Outcome(each=made.each[some], counts=Counts(*(one[some] for one in made.counts)))


def _score(
    job: Job, reduction: str, plain: dict[str, Any], parts: dict[str, list[Any]], found: list[Outcome]
) -> Scored:
    with at_work(job), np.errstate(all="ignore"):
        request, _, batch = _batch(job, reduction, plain, parts)
        each = np.concatenate([one.each for one in found])
        both = Counts(*map(np.concatenate, zip(*(one.counts for one in found), strict=True)))
        outcome = Outcome(each=each, counts=both)
        weights = counting_weights(batch.call, batch.examples.weights, outcome, request.reduction.divides)
        made = evaluated(batch.weighed(weights), outcome)
        scale = request.reduction.scale(made.divisor)
        return Scored(request.reduction.value(made), made.counts, weights, scale)


def _second_pass(
    job: Job, reduction: str, plain: dict[str, Any], parts: dict[str, list[Any]], share: Share, scored: Scored
) -> list[np.ndarray]:
    """Return what some anchors add to the gradient, cut as the embeddings are."""
    with at_work(job):
        _, engine, batch = _batch(job, reduction, plain, parts)
        batch = batch.weighed(scored.weights)
        made = mined(engine, batch, True, share.of(len(batch.order)))
        return cut(pulled(batch, made, scored.scale), parts["embeddings"])
