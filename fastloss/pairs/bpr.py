"""Bayesian personalised ranking on scores: positives against sampled negatives."""

from typing import Any

import numpy as np

from fastloss.compile.elementary import sigmoid, softplus
from fastloss.core import backend, reduce, validate
from fastloss.core.domains import AT_LEAST_ZERO, Flag, Free, shown
from fastloss.core.loss import Loss, keyword
from fastloss.pairs.pairwise import pairwise_logistic_loss

__all__ = ["bpr_loss"]


def _value(gap):
    return softplus(-gap)


def _slope(gap):
    return -sigmoid(-gap)


class NegativesLoss(Loss):
    """A loss of positives' scores against negatives' scores.

    The keyword `backend` is that of `fastloss.pairs.loss.PairwiseLoss`, but weights are read on the host.
    """

    folder = "pairs.negatives"
    keywords = (*Loss.keywords, keyword("backend", "auto"))

    def _evaluate(self, what, own, shared):
        reduction = shared["reduction"]
        engine = backend.engine(backend.choose(shared["backend"], (own["pos_scores"], own["neg_scores"])), self.folder)
        own = {**backend.arguments(self.arguments, own, 1), **_on_host(own)}
        scores, offsets = _laid_out(own)
        positives = scores[0]
        weights = validate.sample_weight(backend.to_host(shared["sample_weight"]), positives.shape)
        if weights is not None:
            validate.not_negative("sample_weight", weights)
            weights = np.asarray(weights, np.float64)
        counted = np.diff(offsets) > 0 if offsets is not None else np.full(positives.shape, scores[1].size > 0)
        if weights is not None and reduction == "mean":
            weights = reduce.in_unit(weights, counted)
        denominator = float(np.sum(counted if weights is None else np.where(counted, weights, 0.0)))
        scale = None
        if what == "value_and_grad":
            scale = reduce.inverse(denominator) if reduction == "mean" else 1.0
        formulas = self.name, _value, _slope, pairwise_logistic_loss.formulas
        outcome = engine.run(formulas, scores, weights, offsets, scale)
        each = outcome.each if weights is None else reduce.weighed(weights, outcome.each)
        penalty, more = self.function(**own)
        value = reduce.reduced(each, reduction, denominator)
        value = backend.like(value, scores) if reduction == "none" else value + penalty
        if what == "value":
            return value
        negative = outcome.negative.reshape(np.shape(own["neg_scores"]))
        slopes = [outcome.positive, negative]
        return value, (*_as_given(slopes, scores), *([more] if own["params"] else []))


def _on_host(own: dict[str, Any]) -> dict[str, Any]:
    """What is checked: offsets, and the parameters for the penalty."""
    params = own["params"]
    given = tuple(map(backend.to_host, params)) if isinstance(params, (tuple, list)) else params
    return {"offsets": backend.to_host(own["offsets"]), "params": given}


def _as_given(slopes: list[Any], scores: tuple) -> tuple[Any, ...]:
    """Each gradient in its own argument's precision."""
    kinds = (validate.kernel_dtype(array) for array in scores)
    return tuple(
        slope.astype(kind, copy=False) if isinstance(slope, np.ndarray) else slope
        for slope, kind in zip(slopes, kinds, strict=True)
    )


def _laid_out(own: dict[str, Any]) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray | None]:
    """The scores, and CSR offsets of each positive's own negatives; None where all share them."""
    positives, negatives = (validate.real(name, own[name]) for name in ("pos_scores", "neg_scores"))
    if positives.ndim != 1:
        raise ValueError(f"pos_scores has shape {positives.shape}: expected one dimension")
    size, given = positives.size, own["offsets"]
    if given is not None:
        if own["shared"]:
            raise ValueError("offsets and shared are both given: expected one of them")
        if negatives.ndim != 1:
            raise ValueError(f"neg_scores has shape {negatives.shape}: expected one dimension beside offsets")
        offsets = validate.offsets("offsets", given, negatives.size)
        if offsets.size != size + 1:
            raise ValueError(f"offsets has shape {offsets.shape}: expected {(size + 1,)}, one more than pos_scores")
        return (positives, negatives), offsets
    if own["shared"]:
        if negatives.ndim != 1:
            raise ValueError(f"neg_scores has shape {negatives.shape}: expected (K,) with shared=True")
        return (positives, negatives), None
    if negatives.ndim not in (1, 2) or negatives.shape[0] != size:
        raise ValueError(
            f"neg_scores has shape {negatives.shape}: expected {(size,)} or ({size}, K), "
            "or (K,) with shared=True, or a flat array with offsets"
        )
    each = negatives.shape[1] if negatives.ndim == 2 else 1
    return (positives, negatives), np.arange(size + 1, dtype=np.int64) * each


def penalty_slope(reg: float, array: np.ndarray) -> np.ndarray:
    """The gradient of reg x²; twice reg by itself may leave the range of floats, and 0 times infinity is NaN."""
    slope: np.ndarray = 2.0 * (reg * np.asarray(array, np.float64))
    return slope.astype(validate.kernel_dtype(array))


OFFSETS = Free("CSR offsets of each positive's negatives, or None")
PARAMS = Free("a sequence of arrays")


def _declare(function):
    parameters = {"offsets": OFFSETS, "shared": Flag(), "reg": AT_LEAST_ZERO, "params": PARAMS}
    return NegativesLoss(function, parameters=parameters, reference="Rendle et al., BPR, 2009")


@_declare
def bpr_loss(pos_scores, neg_scores, *, offsets=None, shared=False, reg=0.0, params=()):
    r"""Bayesian personalised ranking: an observed item's score against those of unobserved ones.

    .. math:: \ell_b = \frac{1}{K_b} \sum_{j=1}^{K_b} \log(1 + e^{-(x_b - x_{bj})}) \qquad + \lambda \|\Theta\|^2

    Computed as softplus, whose slope does not vanish for badly ranked items as that of log(sigmoid + eps) does.

    Parameters
    ----------
    pos_scores : array_like, shape (B,)
        The model's scores x_b of observed items.
    neg_scores : array_like
        Scores of unobserved items: one for each positive, shape (B,); K for each, (B, K); K for all positives, (K,)
        with ``shared=True``; or a flat array with `offsets`.
    offsets : array_like of int, shape (B + 1,), optional
        Positive b has the negatives ``offsets[b]`` to ``offsets[b + 1] - 1``; one without any does not count.
    shared : bool
        Whether every positive meets all negatives. On the CPU many of them take time in proportion to B + K, not B K;
        scores that are not finite, or weights, are met one by one.
    reg : float >= 0
        The factor lambda of the penalty, which is added to the mean and to the sum; above 0 it needs `params`.
    params : sequence of array_like
        The model's parameters Theta, for the penalty.
    sample_weight, reduction, backend
        As for every loss, see `fastloss.Loss` and `fastloss.pairs.loss.PairwiseLoss`; a weight and a loss for each
        positive.

    Returns
    -------
    float, or ndarray of shape (B,) for ``reduction="none"``
        `value_and_grad` adds a tuple: the gradients by `pos_scores` and by `neg_scores` and, where `params` are given,
        a tuple of the penalty's gradients.

    Raises
    ------
    ValueError
        If the shapes fit none of the four forms, offsets do not fit, a weight or `reg` is negative, or `reg` is given
        without `params`.

    References
    ----------
    Rendle, Freudenthaler, Gantner & Schmidt-Thieme, BPR: Bayesian personalized ranking from implicit feedback,
    UAI 2009.

    Examples
    --------
    >>> import fastloss
    >>> print(f"{fastloss.bpr_loss([2.0, 0.5], [1.0, 0.5]):.6f}")
    0.503204
    >>> print(f"{fastloss.bpr_loss([2.0, 0.5], [1.0, 0.5, -1.0], offsets=[0, 2, 3]):.6f}")
    0.229375
    """
    if not isinstance(params, (tuple, list)):
        raise TypeError(f"params is {shown(params)}: expected a sequence of arrays")
    if reg and not params:
        raise ValueError(f"reg is {shown(reg)} and params is empty: expected the parameters that the penalty is of")
    arrays = [validate.real(f"params[{at}]", array) for at, array in enumerate(params)]
    with np.errstate(over="ignore", under="ignore"):
        slopes = tuple(penalty_slope(reg, array) for array in arrays)
    return sum(reduce.penalty(reg, array) for array in arrays), slopes
