"""Losses of the pointwise shape: from the public call to the engine and back."""

import dataclasses
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from fastloss import backend, reduce, validate
from fastloss.domains import NON_NEGATIVE, REAL, Domain, Parameter, wrong
from fastloss.loss import Loss, keyword
from fastloss.shapes.pointwise import Formulas, Outcome, Wanted, unbound


@dataclasses.dataclass
class Call:
    """What a loss's body may change before the engine runs."""

    operands: tuple[Any, ...]
    parameters: tuple[float, ...] = ()
    factor: Any = None  # multiplies every loss, but is not in the mean's denominator (PyTorch's `weight`)
    signs: tuple[float, ...] = (1.0,)  # the gradient of each differentiable argument is this times the slope
    variant: str = ""  # which of the loss's formulas
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # further operands of a variant, by name


@dataclasses.dataclass
class Data:
    """The checked arguments of one call: what the engine may pass over, more than once if need be."""

    engine: ModuleType
    names: tuple[str, ...]
    call: Call
    operands: tuple[Any, ...]
    weights: Any
    denominator: float

    def run(
        self, formulas: Formulas, scale: float, wanted: Wanted, parameters: tuple[float, ...] | None = None
    ) -> Outcome:
        """One pass; `scale` multiplies the derivatives, `parameters` stand in for the call's own."""
        own = self.call.parameters if parameters is None else parameters
        outcome = self.engine.run(formulas, self.operands, self.weights, (scale, *own), wanted)
        bits = outcome.wrong
        for name, domain, operand in zip(self.names, formulas.domains, self.operands, strict=True):
            if wrong(bits & 15):
                raise ValueError(domain.explain(name, operand))
            bits >>= 4
        if bits:  # the examples' own weights have been checked, in their sum
            raise ValueError(NON_NEGATIVE.explain("weight", self.call.factor))
        return outcome


class PointwiseLoss(Loss):
    """Element i of every argument makes one loss."""

    shape = "pointwise"
    keywords = (*Loss.keywords, keyword("backend", "auto"))

    def __init__(self, function, *, variants: Mapping[str, Formulas], **about):
        super().__init__(function, **about)
        self.variants = dict(variants)
        self.formulas = self.variants[""]

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

    def _data(self, own: dict[str, Any], shared: dict[str, Any]) -> Data:
        where = backend.choose(shared["backend"], tuple(own[name] for name in self.arguments))
        engine = backend.engine(where, self.shape)
        call = self.call(own)
        names = (*self.arguments, *call.more)
        operands = engine.operands(names, (*call.operands, *call.more.values()))
        validate.same_shape(names, operands)
        shape = operands[0].shape
        weights = engine.weights(shared["sample_weight"], shape)
        denominator = float(operands[0].size) if weights is None else self._total(engine, weights)
        return Data(engine, names, call, operands, engine.product(weights, call.factor, shape), denominator)

    def _evaluate(self, what, own, shared):
        reduction = validate.reduction(shared["reduction"])
        data = self._data(own, shared)
        outcome = data.run(
            self.variants[data.call.variant],
            reduce.inverse(data.denominator) if reduction == "mean" else 1.0,
            Wanted(
                value=what != "grad_hess" and reduction != "none",
                each=what != "grad_hess" and reduction == "none",
                gradient=what != "value",
                curvature=what == "grad_hess",
            ),
        )
        return self._answer(what, reduction, outcome, data.denominator, data.call.signs)

    def _total(self, engine, weights) -> float:
        outcome = engine.run(WEIGHT, (weights,), None, (1.0,), Wanted(value=True))
        if outcome.wrong:
            raise ValueError(NON_NEGATIVE.explain("sample_weight", weights))
        return reduce.ordered_sum(outcome.partials)

    def _answer(self, what: str, reduction: str, outcome: Outcome, denominator: float, signs: tuple[float, ...]):
        gradient = None
        if what != "value":
            parts = tuple(outcome.gradient if sign == 1.0 else sign * outcome.gradient for sign in signs)
            gradient = parts if len(parts) > 1 else parts[0]
        if what == "grad_hess":
            curvatures = tuple(outcome.curvature if sign == 1.0 else sign * sign * outcome.curvature for sign in signs)
            return gradient, curvatures if len(signs) > 1 else curvatures[0]
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
    variants: Mapping[str, Formulas] | None = None,
    kind: type[PointwiseLoss] = PointwiseLoss,
) -> Callable[[Callable[..., Any]], PointwiseLoss]:
    """Declare a pointwise loss: the decorated function has its signature, its docstring and, in its body, parameters.

    The formulas take one float for each array argument, then the floats that the body returns. `variants` are other
    formulas that the body may choose by the parameters, where they differ in more than numbers.
    """

    def declare(function: Callable[..., Any]) -> PointwiseLoss:
        count = len(parameters or {}) if formula_parameters is None else formula_parameters
        formulas = Formulas(function.__name__, value, slope, curvature, domains, count)
        return kind(function, variants={"": formulas, **(variants or {})}, reference=reference, parameters=parameters)

    return declare


def _weight(w):
    return w


WEIGHT = Formulas("total_weight", _weight, domains=(NON_NEGATIVE,))
