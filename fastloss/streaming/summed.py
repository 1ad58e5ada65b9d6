"""States whose value is made of sums over examples: sums in a unit of the weights, and derivatives in a second pass."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, reductions, validate
from fastloss.core.domains import NON_NEGATIVE
from fastloss.core.errors import wrong_value
from fastloss.core.loss import Loss
from fastloss.core.outcomes import ChunkSums, Totals
from fastloss.streaming.state import State, both_weighted
from fastloss.streaming.units import divided, exponent

SHRUNK = 64  # the power of two by which weights are divided where a sum overflows: more than a chunk's elements
DERIVATIVES = ("value_and_grad", "grad_hess")


class UnitSums(NamedTuple):
    """The sums of chunks, in units of 2**`power`."""

    power: int
    sums: ChunkSums


def summed(loss: Loss, weights: np.ndarray | None, words: Mapping[str, Any]) -> UnitSums:
    """Add up a batch by chunks; `words` are all arguments but the weights, by name."""
    power = exponent(weights)
    if weights is not None and power and (weights < 0.0).any():  # as they are given
        raise NON_NEGATIVE.error("sample_weight", weights, words.get("before", 0))
    with np.errstate(all="ignore"):
        made = loss.chunk_sums(sample_weight=divided(weights, power), **words)
        if loss.sums > 1 or not np.isinf(made.loss).any():
            return UnitSums(power, made)
        ones = np.ones(loss.lead(words[loss.arguments[0]])) if weights is None else weights
        shrunk = divided(ones, power + SHRUNK)
        again = loss.chunk_sums(sample_weight=shrunk, **words)
    if np.isfinite(again.loss).all() and (shrunk[ones > 0.0] > 0.0).all():  # no weight has become 0
        return UnitSums(power + SHRUNK, again)
    return UnitSums(power, made)


def host_weights(given: Any) -> np.ndarray | None:
    """Return weights as float64, on the host."""
    if given is None:
        return None
    return np.asarray(validate.real("sample_weight", backend.to_host(given)), np.float64)


class SumState(State):
    """A state of sums over examples, any of which have derivatives once the sums are known."""

    def derivatives(
        self, what: str, *arguments: Any, sample_weight: Any = None, reduction: str = "mean", **arrays: Any
    ) -> tuple[Any, ...]:
        """Return the gradient, and for "grad_hess" the curvature, of all data for some of its examples, given again."""
        if what not in DERIVATIVES:
            raise wrong_value("what", what, f"one of {DERIVATIVES}")
        if what == "grad_hess":
            self.loss.require_curvature()
        reductions.named(reduction, ("mean", "sum"))
        self.loss.require_reduction(reduction)
        words, weights, sums = self._named(arguments, arrays), sample_weight, self._sums()
        lead = self.loss.lead(words.get(self.loss.arguments[0], ()))
        if lead != (0,):
            both_weighted(self._seen.weighted, weights is not None)
        if reduction == "mean" and sums.power:
            weights = divided(np.ones(lead) if weights is None else host_weights(weights), sums.power)
        totals = Totals(sums.loss, sums.weight, reduction)
        found: tuple[Any, ...] = self.loss.derivatives_in(totals, what, (), {**words, "sample_weight": weights})
        return found

    def _named(self, arguments: tuple[Any, ...], arrays: dict[str, Any]) -> dict[str, Any]:
        """Return the loss's arguments and parameters by name: those of the state, and those that come with a batch."""
        own, name = self.loss.arguments, self.loss.name
        if len(arguments) > len(own):
            raise TypeError(f"{name} takes {', '.join(own)}: {len(arguments)} arguments are given by position")
        words = dict(zip(own, arguments, strict=False))
        for word, value in arrays.items():
            if word in words:
                raise TypeError(f"{word} is given twice")
            if word in own:
                continue
            if word not in self.loss.parameters:
                raise TypeError(f"{name} has no argument {word!r}: expected one of {[*own, *self.loss.parameters]}")
            if self.parameters.get(word) is not None:
                raise ValueError(f"{word} is given with a batch, but the state has {self.parameters[word]!r}")
            if np.isscalar(value):
                raise ValueError(f"{word} is {value!r}: expected an array; a number is a parameter of `accumulate`")
        read = {word: one for word, one in {**words, **arrays}.items() if word in own and word not in self.loss.others}
        read = {word: validate.array(word, one) for word, one in read.items()}  # once: a stream is read up
        return {**self.parameters, **words, **arrays, **read}
