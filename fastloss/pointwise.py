"""Losses of the pointwise shape: from the public call to the engine and back."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any


from fastloss import backend, reduce, validate
from fastloss.domains import NON_NEGATIVE, REAL, Domain, Parameter, wrong
from fastloss.loss import Loss, keyword
from fastloss.shapes.pointwise import Formulas, Outcome, Wanted, unbound


@dataclasses.dataclass
class Call:
    """What a loss's body may change before the engine runs: its operands, an elementwise factor, formula parameters."""

    operands: tuple[Any, ...]
    parameters: tuple[float, ...] = ()
    factor: Any = None  # multiplies every loss, but is not in the mean's denominator (PyTorch's `weight`)
    signs: tuple[float, ...] = (1.0,)  # the gradient of each differentiable argument is this times the slope


class PointwiseLoss(Loss):
    """Element i of every argument makes one loss."""

    shape = "pointwise"
    keywords = (*Loss.keywords, keyword("backend", "auto"))

    def __init__(self, function, *, formulas: Formulas, **about):
        super().__init__(function, **about)
        self.formulas = formulas

    @property
    def domains(self) -> dict[str, Domain]:
        """What the elements of each array argument may be."""
        return dict(zip(self.arguments, self.formulas.domains, strict=True))

    @property
    def has_curvature(self) -> bool:
        return self.formulas.curvature is not unbound

    def call(self, own: dict[str, Any]) -> Call:
        """The loss's own body, run on its checked parameters."""
        made = self.function(**own)
        if isinstance(made, Call):
            return made
        return Call(tuple(own[name] for name in self.arguments), made or ())

    def _evaluate(self, what, own, shared):
        reduction = validate.reduction(shared["reduction"])
        where = backend.choose(shared["backend"], tuple(own[name] for name in self.arguments))
        run = backend.engine(where, self.shape)
        call = self.call(own)
        operands = run.operands(self.arguments, call.operands)
        validate.same_shape(self.arguments, operands)
        weights = run.weights(shared["sample_weight"], operands[0].shape)
        denominator = float(operands[0].size) if weights is None else self._total(run, weights)
        scale = reduce.inverse(denominator) if reduction == "mean" else 1.0
        outcome = run.run(
            self.formulas,
            operands,
            run.product(weights, call.factor, operands[0].shape),
            (scale, *call.parameters),
            Wanted(what != "grad_hess" and reduction != "none", what != "grad_hess" and reduction == "none", what != "value", what == "grad_hess"),
        )
        self._raise_if_wrong(outcome.wrong, operands, weights)
        return self._answer(what, reduction, outcome, denominator, call.signs)

    def _total(self, run, weights) -> float:
        outcome = run.run(WEIGHT, (weights,), None, (1.0,), Wanted(value=True))
        if outcome.wrong:
            raise ValueError(NON_NEGATIVE.explain("sample_weight", weights))
        return reduce.ordered_sum(outcome.partials)

    def _raise_if_wrong(self, bits: int, operands, weights) -> None:
        for name, domain, operand in zip(self.arguments, self.formulas.domains, operands, strict=True):
            if wrong(bits & 15):
                raise ValueError(domain.explain(name, operand))
            bits >>= 4
        if bits and weights is not None:
            raise ValueError(NON_NEGATIVE.explain("sample_weight", weights))

    def _answer(self, what: str, reduction: str, outcome: Outcome, denominator: float, signs: tuple[float, ...]):
        gradient = None
        if what != "value":
            parts = tuple(outcome.gradient if sign == 1.0 else sign * outcome.gradient for sign in signs)
            gradient = parts if len(parts) > 1 else parts[0]
        if what == "grad_hess":
            return gradient, outcome.curvature
        if reduction == "none":
            value = outcome.each
        else:
            total = reduce.ordered_sum(outcome.partials)
            value = reduce.mean(total, denominator) if reduction == "mean" else total
        return value if what == "value" else (value, gradient)


def pointwise(
    value: Callable[..., float],
    slope: Callable[..., float],
    curvature: Callable[..., float] = unbound,
    *,
    reference: str,
    parameters: Mapping[str, Parameter] | None = None,
    domains: tuple[Domain, ...] = (REAL, REAL),
    formula_parameters: int | None = None,
) -> Callable[[Callable[..., Any]], PointwiseLoss]:
    """Declare a pointwise loss: the decorated function has its signature, its docstring, and in its body the parameters.

    The formulas take one float for each array argument, then the floats that the body returns.
    """

    def declare(function: Callable[..., Any]) -> PointwiseLoss:
        count = len(parameters or {}) if formula_parameters is None else formula_parameters
        formulas = Formulas(function.__name__, value, slope, curvature, domains, count)
        return PointwiseLoss(function, formulas=formulas, reference=reference, parameters=parameters)

    return declare


def _weight(w):
    return w


WEIGHT = Formulas("total_weight", _weight, domains=(NON_NEGATIVE,))
