"""Losses of the factors of users and items: from the public call to the engine and back."""

import math
from typing import Any

import numpy as np

from fastloss.core import backend, summation, units, validate
from fastloss.core.errors import wrong_shape, wrong_value
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.factors.interactions import as_interactions
from fastloss.embeddings.factors.sums import Factors, pair_counts
from fastloss.pairs.negatives.loss import penalty_slope
from fastloss.pairs.pairwise import pairwise_logistic_loss


class FactorsLoss(Loss):
    """A loss of the scores of every user and item, which are never stored."""

    folder = "embeddings.factors"
    others = frozenset({"interactions"})
    sequences = others
    tables = ("item_factors",)

    def __init__(self, function, **about):
        super().__init__(function, by=("user_factors", "item_factors", "item_bias"), **about)

    def require_additive(self, parameters):
        if parameters["reg"]:
            raise wrong_value("reg", parameters["reg"], f"0, since {self.name} is computed by parts of the users")

    def _run(self, request):
        arrays = tuple(request.arguments.values())
        engine, store = backend.with_store(request.backend, self.folder, arrays)
        arguments = backend.arguments(tuple(request.arguments), request.arguments)
        factors = _factors(store, arguments)
        users, items, bias = factors.users, factors.items, factors.bias
        interactions = as_interactions(arguments["interactions"], len(users), len(items))
        weights = validate.weights(backend.to_host(request.sample_weight), (len(users),))
        weights = np.ones(len(users)) if weights is None else weights
        pairs = pair_counts(interactions, len(items))
        weights = units.in_unit(weights, pairs > 0) if request.reduction.divides else weights
        divisor = Divisor(summation.sum_of_many(weights * pairs))
        scales = request.reduction.scale(divisor) * weights
        formulas = pairwise_logistic_loss.formulas
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            outcome = engine.run(formulas, factors, interactions, scales, request.has_gradient)
        made = Evaluation(outcome._replace(each=summation.weighed(weights, outcome.each)), divisor, home=arrays)
        reg = self.function(**arguments)
        if request.reduction.keeps == "all" and reg:
            penalty = sum(_penalty(store, reg, one) for one in (users, items)) + summation.penalty(reg, bias)
            made.finish = lambda value: value + penalty
        if request.has_gradient:
            made.gradients = _gradients(outcome, factors, reg, arguments["item_bias"] is not None)
        return made


def _gradients(outcome: Outcome, factors: Factors, reg: float, biased: bool) -> tuple[Any, ...]:
    """Return the gradients by users, items and the biases, those of the penalty included."""
    store = factors.store
    by_users, by_items, by_bias = outcome.gradients
    twice = (2.0 * reg,) if math.isfinite(2.0 * reg) else (reg, reg)
    with np.errstate(over="ignore", under="ignore"):
        for slopes, given in ((by_users, factors.users), (by_items, factors.items)) if reg else ():
            for factor in twice:
                store.add(slopes, None, np.full(len(given), factor), given, None)
        more = (by_bias + penalty_slope(reg, factors.bias),) if biased else ()
    return store.home(by_users), store.home(by_items), *more


def _penalty(store: Any, reg: float, vectors: Any) -> float:
    """Return `reg` times the sum of the vectors' squares, on the host also where the sum alone leaves the range."""
    with np.errstate(all="ignore"):
        total = float(store.dots(vectors, None, vectors, None).sum())
    if 1e-280 <= total < math.inf or not isinstance(vectors, np.ndarray):
        return reg * total
    return summation.penalty(reg, vectors)


def _factors(store: Any, arguments: dict[str, Any]) -> Factors:
    """Check the factors and biases, and place them in the store, in one precision."""
    users, items = (validate.matrix(name, arguments[name]) for name in ("user_factors", "item_factors"))
    if users.shape[1] != items.shape[1]:
        raise wrong_shape("item_factors", items.shape, f"{users.shape[1]} columns, as user_factors")
    bias = np.empty(0) if arguments["item_bias"] is None else validate.real("item_bias", arguments["item_bias"])
    if arguments["item_bias"] is not None and bias.shape != (len(items),):
        raise wrong_shape("item_bias", bias.shape, (len(items),))
    dtype = validate.common_dtype((users, items))
    users, items = (store.vectors(Scaled((one,), dtype)).all() for one in (users, items))
    return Factors(store, users, items, np.ascontiguousarray(bias, dtype))
