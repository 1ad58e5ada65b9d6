"""Losses of whole queries: from the public call to the engine and back."""

from typing import Any

import numpy as np

from fastloss.core import backend, reductions, summation, units, validate
from fastloss.core.domains import RELEVANCE
from fastloss.core.loss import Loss, count_of_groups
from fastloss.core.outcomes import Divisor, Evaluation, GroupCounts, Outcome
from fastloss.pairs.keywords import QUERIES
from fastloss.pairs.loss import GroupSums, checked_rows, grouped, placed
from fastloss.pairs.pairwise import pairwise_logistic_loss
from fastloss.pairs.queries.query import Settings
from fastloss.pairs.records import Groups


class QueryLoss(Loss):
    """A loss of whole queries."""

    folder = "pairs.queries"
    reductions = reductions.OF_GROUPS
    keywords = QUERIES
    has_curvature = True
    shape_of_counts = (len(GroupCounts._fields),)

    def shape_of_losses(self, given):
        return (count_of_groups(given),)

    def group_sums(self, scores: Any, labels: Any, *, sample_weight: Any = None, **words: Any) -> GroupSums:
        """Return each query's weighted loss, its weight (0 if it has no pair), and its pairs, which states add up."""
        labels = validate.array("labels", labels)
        each = self(scores, labels, sample_weight=sample_weight, reduction="none", **words)
        weights = validate.weights(backend.to_host(sample_weight), each.shape)
        relevance = np.asarray(backend.to_host(labels), np.float64)
        groups = grouped(words.get("groups"), words.get("offsets"), relevance.size)
        pairs = _pair_counts(relevance, groups)
        pairs = pairs if groups.order is None else pairs[groups.order]
        return GroupSums(each, np.where(pairs > 0, 1.0 if weights is None else weights, 0.0), pairs)

    def _run(self, request):
        request, run = placed(request, self.folder, labels_on_host=True)
        arguments, reduction = request.arguments, request.reduction
        scores, labels, *_ = checked_rows(arguments["scores"], arguments["labels"], None, RELEVANCE)
        groups = grouped(request.groups, request.offsets, scores.size, request.return_ids)
        count = groups.offsets.size - 1
        order = np.arange(count) if groups.order is None else groups.order
        weights = np.ones(count)
        given = validate.weights(backend.to_host(request.sample_weight), (count,))
        if given is not None:
            weights[order] = given
        weights[~_has_pair(backend.to_host(labels), groups)] = 0.0  # a loss of 0, which would pass for a perfect one
        counts = GroupCounts(int(np.count_nonzero(weights)), int(count - np.count_nonzero(weights)))
        if reduction.keeps == "groups":
            weights = (weights > 0.0).astype(np.float64)
        elif reduction.divides:
            weights = units.in_unit(weights)
        divisor = Divisor(summation.sum_of_many(weights))
        scales = weights * (reduction.scale(divisor) if reduction.keeps == "all" else 1.0)
        wanted = request.wanted._replace(value=True, each=False)
        formulas, settings = pairwise_logistic_loss.formulas, Settings(*self.function(**arguments))
        outcome = run.run(formulas, scores, labels, groups, settings, request.method, scales, wanted)
        losses = summation.weighed(weights, outcome.groups)
        if reduction.keeps == "groups":
            losses, divisor = losses[order], Divisor(weights[order])
            if request.with_counts:
                counts = _pair_counts(backend.to_host(labels), groups)[order]
        made = Outcome(groups=losses, each=losses[order] if reduction.keeps == "examples" else None)
        home = (arguments["scores"],)
        return Evaluation(made, divisor, outcome.gradients, outcome.curvatures, counts, groups.ids, home=home)


def _has_pair(labels: np.ndarray, groups: Groups) -> np.ndarray:
    """Tell which queries have labels that differ."""
    ordered = labels if groups.rows is None else labels[groups.rows]
    changes = np.zeros(ordered.size + 1, np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=changes[1:-1])  # before each row
    starts, stops = groups.offsets[:-1], groups.offsets[1:]
    result: np.ndarray = changes[np.maximum(stops - 1, starts)] > changes[starts]
    return result


def _pair_counts(labels: np.ndarray, groups: Groups) -> np.ndarray:
    """Count each query's pairs of different labels."""
    sizes = np.diff(groups.offsets)
    owners = np.repeat(np.arange(sizes.size), sizes)
    ordered = labels if groups.rows is None else labels[groups.rows]
    order = np.lexsort((ordered, owners))
    ordered, owners = ordered[order], owners[order]
    starts = np.flatnonzero(
        np.append(True, (ordered[1:] != ordered[:-1]) | (owners[1:] != owners[:-1]))[: ordered.size]
    )
    equal = np.diff(np.append(starts, ordered.size))
    same = np.zeros(sizes.size, np.int64)
    np.add.at(same, owners[starts], equal * equal)
    return (sizes * sizes - same) // 2
