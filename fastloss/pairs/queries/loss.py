"""Losses of whole queries: from the public call to the engine and back."""

from typing import Any

import numpy as np

from fastloss.core import backend, reduce, reductions, validate
from fastloss.core.domains import RELEVANCE
from fastloss.core.loss import Loss, keyword
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.pairs.loss import GroupSums, checked_rows, grouped, placed
from fastloss.pairs.pairwise import pairwise_logistic_loss
from fastloss.pairs.queries.query import Settings
from fastloss.pairs.records import Groups


class QueryLoss(Loss):
    """A loss of whole queries.

    The keywords: `groups` or `offsets` as for the pairwise losses; `sample_weight` is a weight >= 0 for each query,
    in the order of `numpy.unique(groups)` or of `offsets`; the mean is over queries, one whose labels are all equal
    counting 0; "none" gives each query's weighted loss; "per_group" gives each query's loss, NaN for one whose labels
    are all equal or whose weight is 0; `backend` is as for the pairwise losses, but labels and weights are read on the
    host.
    """

    folder = "pairs.queries"
    reductions = reductions.OF_GROUPS
    keywords = (keyword("groups", None), keyword("offsets", None), *Loss.keywords, keyword("backend", "auto"))
    has_curvature = True

    def group_sums(self, scores: Any, labels: Any, *, sample_weight: Any = None, **words: Any) -> GroupSums:
        """What a state adds up: each query's weighted loss, its weight, and its pairs of different labels."""
        each = self(scores, labels, sample_weight=sample_weight, reduction="none", **words)
        weights = np.ones(each.size) if sample_weight is None else np.asarray(sample_weight, np.float64)
        own = np.asarray(backend.to_host(labels), np.float64)
        groups = grouped(words.get("groups"), words.get("offsets"), own.size)
        pairs = _pair_counts(own, groups)
        return GroupSums(each, weights, pairs if groups.order is None else pairs[groups.order])

    def _run(self, request):
        request, run = placed(request, self.folder, labels_on_host=True)
        own, reduction = request.arguments, request.reduction
        scores, labels, _ = checked_rows(own["scores"], own["labels"], None, RELEVANCE)
        groups = grouped(request.groups, request.offsets, scores.size)
        count = groups.offsets.size - 1
        order = np.arange(count) if groups.order is None else groups.order
        weights = np.ones(count)
        given = validate.sample_weight(backend.to_host(request.sample_weight), (count,))
        if given is not None:
            validate.not_negative("sample_weight", given)
            weights[order] = given
        if reduction.keeps == "groups":
            weights = (weights > 0.0).astype(np.float64)
        elif reduction.divides:
            weights = reduce.in_unit(weights)
        divisor = Divisor(reduce.sum_of_many(weights))
        scales = weights * (reduction.scale(divisor) if reduction.keeps == "all" else 1.0)
        wanted = request.wanted._replace(value=True, each=False)
        formulas, settings = pairwise_logistic_loss.formulas, Settings(*self.function(**own))
        outcome = run.run(formulas, scores, labels, groups, settings, scales, wanted)
        losses = reduce.weighed(weights, outcome.groups)
        if reduction.keeps == "groups":
            pairs = _pair_counts(backend.to_host(labels), groups)
            losses, divisor = losses[order], Divisor(np.where(pairs > 0, weights, 0.0)[order])
        made = Outcome(groups=losses, each=losses[order] if reduction.keeps == "examples" else None)
        return Evaluation(made, divisor, outcome.gradients, outcome.curvatures, home=(own["scores"],))


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
