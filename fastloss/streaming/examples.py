"""States of losses whose examples are rows, elements or tuples: exact sums, merged in any order."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core.domains import MINUS_ONE, ZERO, wrong
from fastloss.core.loss import Loss
from fastloss.streaming import terms
from fastloss.streaming.state import Sums, both_weighted, naming
from fastloss.streaming.stored import Fields
from fastloss.streaming.summed import SHRUNK, SumState, host_weights, summed
from fastloss.streaming.terms import Terms
from fastloss.streaming.units import common

MOST_BITS = 1 << 32  # four for each operand
ALL_BITS = sum((ZERO | MINUS_ONE) << shift for shift in range(0, 32, 4))


class Seen(NamedTuple):
    """What the batches add up to: exact sums of losses and of weights, in units of 2**`power`."""

    rows: int = 0
    weighted: bool | None = None
    power: int = 0
    loss: tuple[Terms, ...] = ()  # of each of the loss's sums
    weight: Terms = ()
    bits: int = 0  # what the operands hold, four bits each, see `domains`


class ExampleAccumulator(SumState):
    """The sums of a loss over the examples seen so far; made by `fastloss.accumulate`.

    A batch brings the arguments of the loss for some of its examples. Arguments that all examples share, as the centers
    of `center_loss`, and parameters that are arrays, as class weights, are given with every batch. Sums are exact until
    they are read, so that the order of the batches does not change a bit; neither do the batches, as long as they are
    cut between the chunks in which the loss adds up rows or elements, 8192 numbers each.

    A batch or a state that is refused changes nothing.
    """

    takes_arrays = True
    kind = "examples"
    expects = "a loss that is a sum over examples"

    def __init__(self, loss: Loss, parameters: Mapping[str, Any]):
        super().__init__(loss, parameters)
        loss.require_additive(self.parameters)
        self._seen = Seen()

    @classmethod
    def _require_fit(cls, loss: Loss) -> None:
        if type(loss).require_additive is Loss.require_additive:
            loss.require_additive({})

    @naming
    def update(self, *arguments: Any, sample_weight: Any = None, **arrays: Any) -> None:
        """Add a batch: the arguments of the loss, and those of its parameters that are arrays.

        Parameters
        ----------
        *arguments : array_like
            The arguments of the loss, in order; those that all examples share come with every batch.
        sample_weight : array_like, optional
            Weights w >= 0 of the batch's examples.
        **arrays : array_like
            Parameters of the loss that are arrays.

        Raises
        ------
        TypeError, ValueError
            As the loss; or if some batches only have weights.
        """
        words, weights = self._named(arguments, arrays), host_weights(sample_weight)
        power, made = summed(self.loss, weights, words)
        count = math.prod(self.loss.lead(words[self.loss.arguments[0]]))
        if count:
            losses = (made.loss,) if self.loss.sums == 1 else made.loss
            exact = tuple(map(terms.exact, losses))
            seen = Seen(count, weights is not None, power, exact, terms.exact(made.weight), made.wrong)
            self._seen = self._united(seen)

    def gradient(self, *arguments: Any, sample_weight: Any = None, reduction: str = "mean", **arrays: Any) -> Any:
        """Return the gradient of all data for some of its examples, given again; as from `value_and_grad`.

        Parameters
        ----------
        *arguments, sample_weight, **arrays : array_like
            As of `update`.
        reduction : {"mean", "sum"}
            Of which value it is the gradient.
        """
        words = {"sample_weight": sample_weight, "reduction": reduction, **arrays}
        return self.derivatives("value_and_grad", *arguments, **words)[0]

    def _sums(self, value: bool = True) -> Sums:
        losses = [np.array(one, np.float64) for one in self._seen.loss] or [np.zeros(0)] * self.loss.sums
        return Sums(self._seen.power, losses[0] if self.loss.sums == 1 else losses, terms.total(self._seen.weight))

    def _reduced(self, sums: Sums, reduction: str) -> float:
        return float(self.loss.reduced(sums.loss, sums.weight, reduction))

    def _united(self, other: Seen) -> Seen:
        own = self._seen
        weighted = both_weighted(own.weighted, other.weighted)
        if not other.rows or not own.rows:
            return other if other.rows else own
        if _any_wrong(own.bits | other.bits):
            raise ValueError(f"{self.loss.name}: labels mix 0 and -1 in different parts: expected one of the two")
        power = common(*((one.power, terms.total(one.weight) > 0.0) for one in (own, other)))
        shifts = [power - one.power for one in (own, other)]
        loss = tuple(terms.added(*zip(both, shifts, strict=True)) for both in zip(own.loss, other.loss, strict=True))
        weight = terms.added(*zip((own.weight, other.weight), shifts, strict=True))
        return Seen(own.rows + other.rows, weighted, power, loss, weight, own.bits | other.bits)

    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        seen = self._seen
        about = {name: getattr(seen, name) for name in ("rows", "weighted", "power", "bits")}
        losses = {f"loss {at}": np.array(one, np.float64) for at, one in enumerate(seen.loss)}
        return about, {"weight": np.array(seen.weight, np.float64), **losses}

    def _read(self, fields: Fields) -> Seen:
        rows, weighted = fields.whole("rows"), fields.choice("weighted", (None, False, True))
        power, bits = fields.exponent("power"), fields.whole("bits", MOST_BITS)
        weight = tuple(fields.array("weight", np.float64, (None,)).tolist())
        count = self.loss.sums if rows else 0
        loss = tuple(tuple(fields.array(f"loss {at}", np.float64, (None,)).tolist()) for at in range(count))
        need = fields.need
        need(max(map(len, (weight, *loss))) <= terms.MOST, "loss or weight is of too many terms")
        need(bool(rows) == (weighted is not None), "weighted does not go with rows")
        need(rows or not (weight or bits or power), "rows is 0, but there are sums")
        need(weighted or power in (0, SHRUNK), "power is of no weights")
        need(not bits & ~ALL_BITS and not _any_wrong(bits), "bits are of no domain")
        need(not terms.total(weight) < 0.0, "weight is negative")
        return Seen(rows, weighted, power, loss, weight, bits)


def _any_wrong(bits: int) -> bool:
    """Return whether the bits of some operand are those of no domain."""
    return any(wrong(bits >> shift & 15) for shift in range(0, bits.bit_length(), 4))
