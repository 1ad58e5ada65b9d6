"""States of losses whose examples are rows, elements or tuples: exact sums, merged in any order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import reductions
from fastloss.core.domains import wrong
from fastloss.core.loss import Loss
from fastloss.core.outcomes import ChunkSums, Totals
from fastloss.streaming import terms
from fastloss.streaming.state import State, Sums, both_weighted
from fastloss.streaming.stored import Fields
from fastloss.streaming.terms import Terms
from fastloss.streaming.units import common, divided, exponent

SHRUNK = 64  # the power of two by which weights are divided where a sum overflows
MOST_BITS = 1 << 32  # four for each operand


class Seen(NamedTuple):
    """What the batches add up to: exact sums of losses and of weights, in units of 2**`power`."""

    rows: int = 0
    weighted: bool | None = None
    power: int = 0
    loss: tuple[Terms, ...] = ()  # of each of the loss's sums
    weight: Terms = ()
    bits: int = 0  # what the operands hold, four bits each, see `domains`


class ExampleAccumulator(State):
    """The sums of a loss over the examples seen so far; made by `fastloss.accumulate`.

    A batch brings the arguments of the loss for some of its examples. Arguments that all examples share, as the centers
    of `center_loss`, and parameters that are arrays, as class weights, are given with every batch. Sums are exact until
    they are read, so that neither the batches nor their order change a bit, as long as batches are cut between chunks
    of 8192 examples.

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

    def update(self, *arguments: Any, sample_weight: Any = None, **arrays: Any) -> None:
        """Add a batch: the arguments of the loss, and those of its parameters that are arrays.

        Raises
        ------
        TypeError, ValueError
            As the loss; or if some batches only have weights.
        """
        count = len(np.atleast_1d(arguments[0])) if arguments else 0
        if not count:
            return
        power, made = self._summed(arguments, sample_weight, arrays)
        losses = (made.loss,) if self.loss.sums == 1 else made.loss
        weight = terms.exact(made.weight)
        seen = Seen(count, sample_weight is not None, power, tuple(map(terms.exact, losses)), weight, made.wrong)
        self._seen = self._united(seen)

    def _summed(self, arguments: tuple[Any, ...], given: Any, arrays: dict[str, Any]) -> tuple[int, ChunkSums]:
        """Return the sums of chunks and the power of two in whose unit they are."""
        weights = None if given is None else np.asarray(given, np.float64)
        power = exponent(weights)
        words = {**self.parameters, **arrays}
        with np.errstate(all="ignore"):
            in_unit = given if weights is None or not power else divided(weights, power)
            made = self.loss.chunk_sums(*arguments, sample_weight=in_unit, **words)
            if not np.isinf(made.loss).any():
                return power, made
            ones = np.ones(len(arguments[0])) if weights is None else weights
            shrunk = divided(ones, power + SHRUNK)
            again = self.loss.chunk_sums(*arguments, sample_weight=shrunk, **words)
        if np.isfinite(again.loss).all() and (shrunk[ones > 0.0] > 0.0).all():  # no weight has become 0
            return power + SHRUNK, again
        return power, made

    def derivatives(
        self,
        what: str,
        *arguments: Any,
        sample_weight: Any = None,
        reduction: str = "mean",
        **arrays: Any,
    ) -> tuple[Any, ...]:
        """Return the gradient, and for "grad_hess" the curvature, of all data for some of its examples, given again."""
        reductions.named(reduction, ("mean", "sum"))
        words = {**self.parameters, **arrays, "sample_weight": sample_weight}
        sums = self._sums()
        if reduction == "mean" and sums.power:
            weights = np.ones(len(arguments[0])) if sample_weight is None else np.asarray(sample_weight, np.float64)
            words["sample_weight"] = divided(weights, sums.power)
        return self.loss.derivatives_in(Totals(sums.loss, sums.weight, reduction), what, arguments, words)

    def gradient(self, *arguments: Any, sample_weight: Any = None, reduction: str = "mean", **arrays: Any) -> Any:
        """Return the gradient of all data for some of its examples, given again; as from `value_and_grad`."""
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
        need(not _any_wrong(bits), "bits are of no domain")
        need(not terms.total(weight) < 0.0, "weight is negative")
        return Seen(rows, weighted, power, loss, weight, bits)


def _any_wrong(bits: int) -> bool:
    """Return whether the bits of some operand are those of no domain."""
    return any(wrong(bits >> shift & 15) for shift in range(0, bits.bit_length(), 4))
