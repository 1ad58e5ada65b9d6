"""Losses of the factors of users and items: from the public call to the engine and back."""

import math
from typing import Any

import numpy as np

from fastloss.core import backend, reduce, validate
from fastloss.core.loss import Loss
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.factors.interactions import as_interactions
from fastloss.embeddings.factors.sums import pair_counts
from fastloss.pairs.negatives.loss import penalty_slope
from fastloss.pairs.pairwise import pairwise_logistic_loss


class FactorsLoss(Loss):
    """A loss of the scores of every user and item, which are never stored."""

    folder = "embeddings.factors"
    others = frozenset({"interactions"})

    def _evaluate(self, what, own, shared):
        reduction = shared["reduction"]
        arrays = tuple(own.values())
        engine, store = backend.with_store(shared["backend"], self.folder, arrays)
        own = backend.arguments(tuple(own), own)
        users, items, bias = _factors(own)
        users, items = (store.vectors(Scaled((one,), bias.dtype)).all() for one in (users, items))
        interactions = as_interactions(own["interactions"], len(users), len(items))
        weights = validate.sample_weight(backend.to_host(shared["sample_weight"]), (len(users),))
        if weights is None:
            weights = np.ones(len(users))
        else:
            validate.not_negative("sample_weight", weights)
            weights = np.asarray(weights, np.float64)
        pairs = pair_counts(interactions, len(items))
        weights = reduce.in_unit(weights, pairs > 0) if reduction == "mean" else weights
        denominator = reduce.sum_of_many(weights * pairs)
        scale = reduce.inverse(denominator) if reduction == "mean" else 1.0
        formulas, wanted = pairwise_logistic_loss.formulas, what == "value_and_grad"
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            outcome = engine.run(formulas, (store, users, items, bias), interactions, scale * weights, wanted)
        value = reduce.reduced(reduce.weighed(weights, outcome.loss), reduction, denominator)
        reg = self.function(**own)
        if reduction != "none" and reg:
            value += sum(_penalty(store, reg, one) for one in (users, items)) + reduce.penalty(reg, bias)
        if what == "value":
            return backend.like(value, arrays)
        twice = (2.0 * reg,) if math.isfinite(2.0 * reg) else (reg, reg)
        with np.errstate(over="ignore", under="ignore"):
            for slopes, given in ((outcome.users, users), (outcome.items, items)) if reg else ():
                for factor in twice:
                    store.add(slopes, None, np.full(len(given), factor), given, None)
            by_bias = () if own["item_bias"] is None else (outcome.bias + penalty_slope(reg, bias),)
        return backend.like((value, (store.home(outcome.users), store.home(outcome.items), *by_bias)), arrays)


def _penalty(store: Any, reg: float, vectors: Any) -> float:
    """`reg` times the sum of the squares of vectors; on the host also where the sum alone leaves the numbers."""
    with np.errstate(all="ignore"):
        total = float(store.dots(vectors, None, vectors, None).sum())
    if 1e-280 <= total < math.inf or not isinstance(vectors, np.ndarray):
        return reg * total
    return reduce.penalty(reg, vectors)


def _factors(own: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The factors, and in their common precision the items' biases, empty if there are none."""
    users, items = (validate.matrix(name, own[name]) for name in ("user_factors", "item_factors"))
    if users.shape[1] != items.shape[1]:
        raise ValueError(f"item_factors has shape {items.shape}: expected {users.shape[1]} columns, as user_factors")
    bias = np.empty(0) if own["item_bias"] is None else validate.real("item_bias", own["item_bias"])
    if own["item_bias"] is not None and bias.shape != (len(items),):
        raise ValueError(f"item_bias has shape {bias.shape}: expected {(len(items),)}")
    dtype = validate.common_dtype((users, items))
    return users, items, np.ascontiguousarray(bias, dtype)
