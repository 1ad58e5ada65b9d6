"""What is asked of a loss: one record for a call, one for a pass over the data."""

import dataclasses
from collections.abc import Iterable
from typing import Any, NamedTuple

from fastloss.core.outcomes import Outcome
from fastloss.core.reductions import MEAN, Reduction


class Wanted(NamedTuple):
    """What a pass over the data computes: the losses' sum, each loss, and derivatives of the sum."""

    value: bool = False
    each: bool = False
    gradient: bool = False
    curvature: bool = False

    @property
    def code(self) -> str:
        """A letter for each output: part of the compiled kernel's name."""
        return "".join(letter for letter, wanted in zip("vegc", self, strict=True) if wanted)

    @property
    def derivatives(self) -> "Wanted":
        """The same without the losses."""
        return Wanted(gradient=self.gradient, curvature=self.curvature)

    def outcome(self, results: Iterable[Any], **more: Any) -> Outcome:
        """Name a pass's results: each loss, the gradient and the curvature, whatever they are where not wanted."""
        each, gradient, curvature = results
        return Outcome(
            each=each, gradients=(gradient,) * self.gradient, curvatures=(curvature,) * self.curvature, **more
        )

    @property
    def losses(self) -> "Wanted":
        """The same without the derivatives."""
        return Wanted(self.value, self.each)


@dataclasses.dataclass(frozen=True)
class Request:
    """One call of a loss: which results, its own arguments by name, and the keywords that losses share."""

    what: str  # "value", "value_and_grad" or "grad_hess"
    arguments: dict[str, Any]
    sample_weight: Any = None
    reduction: Reduction = MEAN
    backend: str = "auto"
    groups: Any = None
    offsets: Any = None
    method: str = "auto"
    with_counts: bool = False
    return_ids: bool = False

    @property
    def wanted(self) -> Wanted:
        """What a pass has to compute for it."""
        has_value, each = self.what != "grad_hess", self.reduction.keeps == "examples"
        return Wanted(has_value and not each, has_value and each, self.has_gradient, self.what == "grad_hess")

    @property
    def has_gradient(self) -> bool:
        return self.what != "value"

    def with_arguments(self, **arguments: Any) -> "Request":
        """The same call with other arguments of the loss's own."""
        return dataclasses.replace(self, arguments={**self.arguments, **arguments})
