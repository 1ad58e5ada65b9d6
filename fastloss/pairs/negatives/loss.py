"""Losses of positives against negatives: from the public call to the engine and back."""

from typing import Any

import numpy as np

from fastloss.core import backend, units, validate
from fastloss.core.errors import both_given, wrong_shape, wrong_value
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.keywords import NEGATIVES
from fastloss.pairs.negatives import paired
from fastloss.pairs.pairwise import pairwise_logistic_loss
from fastloss.pointwise.loss import planned


class NegativesLoss(Loss):
    """A loss of positives' scores against negatives' scores."""

    folder = "pairs.negatives"
    keywords = NEGATIVES

    def __init__(self, function, **about):
        super().__init__(function, by=("pos_scores", "neg_scores"), **about)

    def gradients_by(self, given):
        return (*self.by, *(("params",) if given.get("params") else ()))

    def tables_of(self, given):
        return ("neg_scores",) if given["shared"] else ()

    def require_additive(self, parameters):
        for name in ("reg", "shared"):
            if parameters[name]:
                expected = f"{self.defaults[name]}, since {self.name} is computed by parts"
                raise wrong_value(name, parameters[name], expected)

    def _run(self, request):
        arguments, reduction = request.arguments, request.reduction
        where = backend.choose(request.backend, (arguments["pos_scores"], arguments["neg_scores"]))
        engine = backend.engine(where, self.folder)
        arguments = {**backend.arguments(self.arguments, arguments, 1), **_on_host(arguments)}
        scores, offsets = _laid_out(arguments)
        positives = scores[0]
        weights = validate.weights(backend.to_host(request.sample_weight), positives.shape)
        counted = np.diff(offsets) > 0 if offsets is not None else np.full(positives.shape, scores[1].size > 0)
        if weights is not None and reduction.divides:
            weights = units.in_unit(weights, counted)
        divisor = Divisor(float(np.sum(counted if weights is None else np.where(counted, weights, 0.0))))
        formulas = pairwise_logistic_loss.formulas
        scale = reduction.scale(divisor) if request.has_gradient else None
        outcome = engine.run(self.name, formulas, scores, weights, offsets, scale, reduction.keeps == "examples")
        penalty, more = self.function(**arguments)
        made = Evaluation(outcome, divisor, home=scores)
        if reduction.keeps == "all":
            made.finish = lambda value: value + penalty
        if request.has_gradient:
            positive, negative = outcome.gradients
            slopes = [positive, negative.reshape(np.shape(arguments["neg_scores"]))]
            made.gradients = (*_as_given(slopes, scores), *([more] if arguments["params"] else []))
        return made

    def _plan(self, args, request):
        given = request.arguments
        is_plain = given["offsets"] is None and not given["shared"] and not given["params"]
        if request.backend != "auto" or request.sample_weight is not None or not is_plain or len(args) != 2:
            return None
        if request.reduction.keeps == "examples" or kernel_dtype(args[0]) != kernel_dtype(args[1]):
            return None
        engine = backend.engine("cpu", "pointwise")
        run = engine.plan(paired.PAIR, args, request.wanted, (), request.reduction)
        if run is None:
            return None
        in_form = planned(request.what, run, paired.SIGNS, engine.times)
        return lambda arrays: in_form(arrays) if arrays[0].ndim == 1 else None


def _on_host(arguments: dict[str, Any]) -> dict[str, Any]:
    """Copy what is read on the host: offsets, and the parameters for the penalty."""
    params = arguments["params"]
    given = tuple(map(backend.to_host, params)) if isinstance(params, (tuple, list)) else params
    return {"offsets": backend.to_host(arguments["offsets"]), "params": given}


def _as_given(slopes: list[Any], scores: tuple) -> tuple[Any, ...]:
    """Convert each gradient to its argument's precision."""
    kinds = (validate.kernel_dtype(array) for array in scores)
    return tuple(
        slope.astype(kind, copy=False) if isinstance(slope, np.ndarray) else slope
        for slope, kind in zip(slopes, kinds, strict=True)
    )


def _laid_out(arguments: dict[str, Any]) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray | None]:
    """Check the scores, and return them with CSR offsets of each positive's negatives, None where all share them."""
    positives, negatives = (validate.real(name, arguments[name]) for name in ("pos_scores", "neg_scores"))
    if positives.ndim != 1:
        raise wrong_shape("pos_scores", positives.shape, "one dimension")
    size, given = positives.size, arguments["offsets"]
    if given is not None:
        if arguments["shared"]:
            raise both_given("offsets", "shared")
        if negatives.ndim != 1:
            raise wrong_shape("neg_scores", negatives.shape, "one dimension beside offsets")
        offsets = validate.offsets("offsets", given, negatives.size)
        if offsets.size != size + 1:
            raise wrong_shape("offsets", offsets.shape, f"{(size + 1,)}, one more than pos_scores")
        return (positives, negatives), offsets
    if arguments["shared"]:
        if negatives.ndim != 1:
            raise wrong_shape("neg_scores", negatives.shape, "(K,) with shared=True")
        return (positives, negatives), None
    if negatives.ndim not in (1, 2) or negatives.shape[0] != size:
        raise ValueError(
            f"neg_scores has shape {negatives.shape}: expected {(size,)} or ({size}, K), "
            "or (K,) with shared=True, or a flat array with offsets"
        )
    each = negatives.shape[1] if negatives.ndim == 2 else 1
    return (positives, negatives), np.arange(size + 1, dtype=np.int64) * each


def penalty_slope(reg: float, array: np.ndarray) -> np.ndarray:
    """Return the gradient of reg x²; twice reg by itself may leave the range of floats, and 0 times infinity is NaN."""
    slope: np.ndarray = 2.0 * (reg * np.asarray(array, np.float64))
    return slope.astype(validate.kernel_dtype(array))
