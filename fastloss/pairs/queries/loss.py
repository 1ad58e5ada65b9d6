"""Losses of whole queries: from the public call to the engine and back."""

from typing import Any

import numpy as np

from fastloss.core import backend, reduce, validate
from fastloss.core.domains import RELEVANCE
from fastloss.core.loss import Loss
from fastloss.pairs.keywords import QUERIES
from fastloss.pairs.loss import REDUCTIONS, Groups, GroupSums, checked_rows, grouped_on_host, placed
from fastloss.pairs.pairwise import pairwise_logistic_loss
from fastloss.pointwise.element import Wanted


class QueryLoss(Loss):
    """A loss of whole queries."""

    folder = "pairs.queries"
    reductions = REDUCTIONS
    keywords = QUERIES
    has_curvature = True

    def group_sums(self, scores: Any, labels: Any, *, sample_weight: Any = None, **words: Any) -> GroupSums:
        """What a state adds up: each query's weighted loss, its weight, and its pairs of different labels."""
        each = self(scores, labels, sample_weight=sample_weight, reduction="none", **words)
        weights = np.ones(each.size) if sample_weight is None else np.asarray(sample_weight, np.float64)
        own = np.asarray(backend.to_host(labels), np.float64)
        groups = grouped_on_host({"groups": words.get("groups"), "offsets": words.get("offsets")}, own.size)
        pairs = _pair_counts(own, groups)
        return GroupSums(each, weights, pairs if groups.order is None else pairs[groups.order])

    def _evaluate(self, what, own, shared):
        reduction = shared["reduction"]
        run, own = placed(own, shared, self.folder)
        scores, labels, _ = checked_rows(own["scores"], own["labels"], None, RELEVANCE)
        groups = grouped_on_host(shared, scores.size)
        count = groups.offsets.size - 1
        order = np.arange(count) if groups.order is None else groups.order
        given = validate.sample_weight(backend.to_host(shared["sample_weight"]), (count,))
        weights = np.ones(count)
        if given is not None:
            validate.not_negative("sample_weight", given)
            weights[order] = given
        if reduction == "mean":
            weights = reduce.in_unit(weights)
        denominator = reduce.sum_of_many(weights)
        scales = weights * (reduce.inverse(denominator) if reduction == "mean" else 1.0)
        if reduction == "per_group":
            scales = (weights > 0.0).astype(np.float64)
        wanted = Wanted(value=True, gradient=what != "value", curvature=what == "grad_hess")
        rows = (scores, labels, groups.rows, groups.offsets)
        outcome = run.run(pairwise_logistic_loss.formulas, rows, self.function(**own), scales, wanted)
        if what == "grad_hess":
            return outcome.gradient, outcome.curvature
        each = reduce.weighed(weights, outcome.loss)
        if reduction == "per_group":
            without = (weights == 0.0) | (_pair_counts(backend.to_host(labels), groups) == 0)
            value = backend.like(np.where(without, np.nan, outcome.loss)[order], (own["scores"],))
        elif reduction == "none":
            value = backend.like(each[order], (own["scores"],))
        else:
            value = reduce.reduced(each, reduction, denominator)
        return value if what == "value" else (value, outcome.gradient)


def _pair_counts(labels: np.ndarray, groups: Groups) -> np.ndarray:
    """Each query's pairs of different labels."""
    sizes = np.diff(groups.offsets)
    owners = np.repeat(np.arange(sizes.size), sizes)
    own = labels if groups.rows is None else labels[groups.rows]
    order = np.lexsort((own, owners))
    own, owners = own[order], owners[order]
    starts = np.flatnonzero(np.append(True, (own[1:] != own[:-1]) | (owners[1:] != owners[:-1]))[: own.size])
    equal = np.diff(np.append(starts, own.size))
    same = np.zeros(sizes.size, np.int64)
    np.add.at(same, owners[starts], equal * equal)
    return (sizes * sizes - same) // 2
