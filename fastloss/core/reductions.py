"""The reductions, each decided here: what is kept of the losses, what is divided, and what that does to derivatives."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core import summation, units
from fastloss.core.errors import wrong_value
from fastloss.core.outcomes import Divisor, Evaluation, Outcome


@dataclasses.dataclass(frozen=True)
class Reduction:
    """One way from losses to a value."""

    name: str
    keeps: str  # a number for "all", for "groups" (each of them) or for "examples"
    divides: bool  # by the weight of what is summed

    def scale(self, divisor: Divisor) -> Any:
        """What derivatives of the sum are multiplied by; 0 for a mean over nothing."""
        if not self.divides:
            return 1.0
        weight = divisor.weight
        if np.ndim(weight):
            return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight != 0.0)
        return units.lifted(summation.inverse(weight), divisor.power)

    def value(self, made: Evaluation) -> Any:
        """The value of a loss."""
        outcome, divisor = made.outcome, made.divisor
        value = self._reduced(outcome, divisor)
        if self.keeps != "examples":
            if made.retry is not None and not _is_finite(value):
                value = made.retry(value)
            if self.divides and self.keeps == "all":
                value = units.lifted(value, divisor.power)
        return value if made.finish is None else made.finish(value)

    def _reduced(self, outcome: Outcome, divisor: Divisor) -> Any:
        if self.keeps == "examples":
            return outcome.each
        if self.keeps == "groups":
            if not self.divides:
                return outcome.groups
            weight = divisor.weight
            return np.divide(outcome.groups, weight, out=np.full(weight.shape, np.nan), where=weight != 0.0)
        if outcome.chunks is not None:
            return self.of_chunks(outcome.chunks, divisor.weight)
        losses = outcome.each if outcome.groups is None else outcome.groups
        return self._of_all(losses, divisor.weight, summation.sum_of_many)

    def of_chunks(self, chunks: np.ndarray, weight: float) -> float:
        """The value from the sums of chunks: the same bits in whatever batches they came."""
        return self._of_all(chunks, weight, summation.ordered_sum)

    def _of_all(self, losses: np.ndarray, weight: float, add: Callable[[np.ndarray], float]) -> float:
        total = add(losses)
        if not self.divides:
            return total
        if math.isinf(total) and np.isfinite(losses).all():  # the mean need not be
            return summation.mean(add(losses * summation.SHRUNK), weight) / summation.SHRUNK
        return summation.mean(total, weight)


@dataclasses.dataclass(frozen=True)
class _ScaledSum(Reduction):
    factor: float = 1.0

    def scale(self, divisor: Divisor) -> float:
        return self.factor


def scaled_sum(factor: float) -> Reduction:
    """Return the sum, with derivatives that are multiplied by a factor: those of a mean over more than one call has."""
    return _ScaledSum("sum", "all", False, factor)


def _is_finite(value: Any) -> bool:
    return math.isfinite(value) if type(value) is float else bool(np.isfinite(value).all())


MEAN = Reduction("mean", "all", divides=True)
SUM = Reduction("sum", "all", divides=False)
NONE = Reduction("none", "examples", divides=False)
PER_GROUP = Reduction("per_group", "groups", divides=True)
PLANNED = (MEAN, SUM, NONE)  # that the short way of calls computes, see `fastloss/core/small.py`
BY_NAME = {one.name: one for one in (MEAN, SUM, NONE, PER_GROUP)}
OF_EXAMPLES = (MEAN.name, SUM.name, NONE.name)
OF_GROUPS = tuple(BY_NAME)


def require_groups(reduction: Reduction, what: str = "value") -> None:
    """Raise a ValueError unless what is returned has a value of each group, beside which its id can stand."""
    if what == "grad_hess":
        raise ValueError("return_ids is True: expected False, since grad_hess returns no value of a group")
    if reduction.keeps != "groups":
        raise ValueError(f"return_ids is True, but reduction is {reduction.name!r}: expected {PER_GROUP.name!r}")


def named(name: Any, allowed: tuple[str, ...] = OF_EXAMPLES) -> Reduction:
    """The reduction of a name.

    Raises
    ------
    ValueError
        If it is not one of those allowed.
    """
    if not isinstance(name, str) or name not in allowed:
        raise wrong_value("reduction", name, f"one of {', '.join(map(repr, allowed))}")
    return BY_NAME[name]
