"""Pointwise losses: element i of every argument makes one loss. From the public call to the engine and back."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from fastloss.compile.templates import unbound
from fastloss.core import backend, small, summation, units, validate
from fastloss.core.docstrings import share
from fastloss.core.domains import NON_NEGATIVE, REAL, Domain, Parameter, wrong
from fastloss.core.exact import exact
from fastloss.core.gpu import GpuArray, on_gpu
from fastloss.core.loss import Loss
from fastloss.core.outcomes import ChunkSums, Divisor, Evaluation, Outcome
from fastloss.core.requests import Request, Wanted
from fastloss.core.summation import CHUNK
from fastloss.core.units import MeanWeights
from fastloss.pointwise.element import Formulas
from fastloss.pointwise.ranges import mean_between, sums_between, units_between


@dataclasses.dataclass
class Call:
    """What a loss's function returns: operands and parameters of its formulas."""

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
    weight_sums: np.ndarray | None  # of chunks, where the examples have weights
    before: int = 0  # elements of the stream before these: messages count from its start
    power: int = 0  # of two: what the mean lacks, since losses are weighed in another unit than `weight_sums`

    @functools.cached_property
    def divisor(self) -> Divisor:
        """What the mean divides by."""
        size = self.operands[0].size
        return Divisor(float(size) if self.weight_sums is None else summation.ordered_sum(self.weight_sums), self.power)

    def shrunk(self) -> "Data":
        """Return the same with weights so small that no sum overflows unless an element's loss does."""
        shape = self.operands[0].shape
        return dataclasses.replace(self, weights=self.engine.product(self.weights, np.array(summation.SHRUNK), shape))

    def run(
        self, formulas: Formulas, scale: float, wanted: Wanted, parameters: tuple[float, ...] | None = None
    ) -> Outcome:
        """Make one pass; `scale` multiplies the derivatives, `parameters` replace the call's."""
        own = self.call.parameters if parameters is None else parameters
        outcome = self.engine.run(formulas, self.operands, self.weights, (scale, *own), wanted)
        bits = outcome.wrong
        for name, domain, operand in zip(self.names, formulas.domains, self.operands, strict=True):
            if wrong(bits & 15):
                raise domain.error(name, backend.to_host(operand), self.before)
            bits >>= 4
        if bits:  # the examples' own weights have been checked, in their sum
            factor = np.broadcast_to(backend.to_host(self.call.factor), self.operands[0].shape)
            raise NON_NEGATIVE.error("weight", factor)
        return outcome


class PointwiseLoss(Loss):
    """Element i of every argument makes one loss."""

    folder = "pointwise"

    def __init__(self, function, *, variants: Mapping[str, Formulas], **about):
        super().__init__(function, **about)
        self.variants = dict(variants)
        self.formulas = self.variants[""]

    @property
    def domains(self) -> dict[str, Domain]:
        """The domain of each array argument."""
        return dict(zip(self.arguments, self.formulas.domains, strict=True))

    @property
    def has_curvature(self) -> bool:
        return self.formulas.curvature is not unbound

    @property
    def has_diagonal_curvature(self) -> bool:
        # a function of a sum has others, and so have losses of two arguments that gradients are by
        return self.has_curvature and "sum" in self.reductions and len(self.by) == 1

    def shape_of_losses(self, given):
        return tuple(given[self.arguments[0]].shape)

    def call(self, own: dict[str, Any]) -> Call:
        """Call the loss's function with its checked arguments."""
        made = self.function(**own)
        if isinstance(made, Call):
            return made
        return Call(tuple(own[name] for name in self.arguments), made or ())

    def require_additive(self, parameters: Mapping[str, Any]) -> None:
        for name, value in parameters.items():
            if np.ndim(value):
                raise ValueError(f"{name} is an array: expected a number, since {self.name} is computed part by part")

    def chunk_sums(self, *args: Any, before: int = 0, **kwargs: Any) -> ChunkSums:
        """Return the sums of chunks that make the value, for the loss's arguments on the host, without `reduction`."""
        data = self._data(self._bound("value", args, {**kwargs, "backend": "cpu"}), before)
        loss, wrong = self._loss_sums(data)
        if data.weight_sums is not None:
            return ChunkSums(loss, data.weight_sums, wrong)
        size = data.operands[0].size
        return ChunkSums(loss, np.minimum(size - np.arange(0, size, CHUNK), CHUNK).astype(np.float64), wrong)

    def group_means(self, *args: Any, offsets: np.ndarray, **kwargs: Any) -> np.ndarray:
        """Return the mean of each group of contiguous elements, given by CSR offsets, in float64."""
        request, first = self._bound("value", args, {**kwargs, "backend": "cpu"}), self.arguments[0]
        request.arguments[first] = np.asarray(request.arguments[first], np.float64)  # the dtype of each element's loss
        data = self._data(request)
        denominators = np.diff(offsets)
        if request.sample_weight is not None:
            given = np.asarray(request.sample_weight, np.float64)
            factors = units_between(given, offsets)
            denominators = sums_between(given * factors, offsets)
            data.weights = data.engine.product(factors, data.weights, given.shape)
        return self._group_means(data, offsets, denominators)

    def _group_means(self, data: Data, offsets: np.ndarray, denominators: np.ndarray) -> np.ndarray:
        outcome = data.run(self.variants[data.call.variant], 1.0, Wanted(each=True))
        return mean_between(outcome.each, offsets, denominators)

    def _loss_sums(self, data: Data) -> tuple[np.ndarray, int]:
        outcome = data.run(self.variants[data.call.variant], 1.0, Wanted(value=True))
        return outcome.chunks, outcome.wrong

    def _data(self, request: Request, before: int = 0, in_unit: bool = False) -> Data:
        """Check the arguments; `in_unit`: weights are in a unit in which no product of them leaves the range."""
        given = tuple(request.arguments[name] for name in self.arguments)
        engine = backend.engine(backend.choose(request.backend, given), self.folder)
        call = self.call(request.arguments)
        names = (*self.arguments, *call.more)
        operands = engine.operands(self.arguments, call.operands)
        validate.same_shape(self.arguments, operands)
        for name, domain, operand in zip(self.arguments, self.variants[call.variant].domains, operands, strict=False):
            if not domain.bounded:  # else the kernel finds what is so large
                exact(name, operand)
        shape, there = operands[0].shape, any(map(on_gpu, operands))
        more = (backend.resident(name, value, there) for name, value in call.more.items())
        operands = (*operands, *(engine.product(None, value, shape) for value in more))
        weights = engine.weights(backend.resident("sample_weight", request.sample_weight, there), shape)
        weight_sums = None if weights is None else weight_partials(engine, weights, before)
        factor = backend.resident("weight", call.factor, there)
        if not in_unit or (weights is None and factor is None):
            of_mean = MeanWeights(engine.product(weights, factor, shape), weight_sums)
        else:
            of_mean = _scaled(engine, weights, factor, shape, weight_sums)
        return Data(engine, names, call, operands, of_mean.losses, of_mean.counted, before, of_mean.power)

    def _run(self, request):
        data = self._data(request, in_unit=request.reduction.divides)
        scale = request.reduction.scale(data.divisor)
        outcome = self._outcome(data, scale, request.wanted)
        gradients, curvatures = _by_arguments(outcome, data.call.signs, data.engine.times)
        retry = functools.partial(self._from_smaller_weights, request, outcome, data)
        return Evaluation(outcome, data.divisor, gradients, curvatures, retry=retry)

    def _outcome(self, data: Data, scale: float, wanted: Wanted) -> Outcome:
        """Pass over the data; `scale` multiplies the derivatives."""
        return data.run(self.variants[data.call.variant], scale, wanted)

    def _plan(self, args, request):
        if request.backend != "auto" or request.sample_weight is not None or len(args) != len(self.arguments):
            return None
        if any(getattr(type(self), name) is not getattr(PointwiseLoss, name) for name in PLANNED):
            return None
        stand_ins = {name: StandIn() for name in self.arguments}  # a body that looks at data has no short way
        try:
            call = self.call({**request.arguments, **stand_ins})
        except Exception:
            return None
        if call.factor is not None or call.more or call.operands != tuple(stand_ins.values()):
            return None
        engine = backend.engine("cpu", "pointwise")
        run = engine.plan(self.variants[call.variant], args, request.wanted, call.parameters, request.reduction)
        return run and planned(request.what, run, call.signs, engine.times)

    def _from_smaller_weights(self, request: Request, outcome: Outcome, data: Data, value: float) -> float:
        """Compute the value once more where it is within the range, but a sum on the way to it is not."""
        if np.isfinite(outcome.chunks).all():
            return value
        if data.weights is not None and (on_gpu(data.weights) or not units.may_shrink(data.weights)):
            return value
        loss, _ = self._loss_sums(data.shrunk())
        again = self.reduced(loss, data.divisor.weight, request.reduction.name) / summation.SHRUNK
        return again if np.isfinite(loss).all() else value


def _by_arguments(outcome: Outcome, signs: tuple[float, ...], times: Callable[..., Any]) -> tuple[Any, Any]:
    """Return the derivatives by each differentiable argument, from those by the formulas' first."""
    gradients = tuple(times(sign, one) for one in outcome.gradients for sign in signs)
    curvatures = (times(sign * sign, one, at > 0) for one in outcome.curvatures for at, sign in enumerate(signs))
    return gradients, tuple(curvatures)


class StandIn:
    """What a loss's function is given in place of an array whose data it must not look at."""

    ndim = 1


# What a subclass must not have of its own if the short way is to compute the same.
PLANNED = ("_run", "_data", "_outcome", "_loss_sums", "reduced", "require_reduction")


def planned(what: str, run: small.Plan, signs: tuple[float, ...], times: Callable[..., Any]) -> small.Plan:
    """Return a plan whose results have the form of a loss's."""
    if what == "value":

        def value(arrays: tuple[np.ndarray, ...]) -> Any:
            results = run(arrays)
            return results and results[0]

        return value

    def answer(arrays: tuple[np.ndarray, ...]) -> Any:
        results = run(arrays)
        if results is None:
            return None
        first, second = results
        gradient = second if what == "value_and_grad" else first
        parts = tuple(times(sign, gradient) for sign in signs)
        gradient = parts if len(parts) > 1 else parts[0]
        if what == "value_and_grad":
            return first, gradient
        curvatures = tuple(times(sign * sign, second, at > 0) for at, sign in enumerate(signs))
        return gradient, curvatures if len(signs) > 1 else curvatures[0]

    return answer


def _scaled(
    engine: ModuleType, weights: Any, factor: Any, shape: tuple[int, ...], sums: np.ndarray | None
) -> MeanWeights:
    """Return the weights of a mean, and the sums of the chunks of what they count.

    Arrays on a GPU stay there where the sums of weights are of ordinary size.
    """
    power = 0 if sums is None else -round(math.log2(units.unit(sums)))
    if not power and (factor is None or on_gpu(weights) or on_gpu(factor)):
        return MeanWeights(engine.product(weights, factor, shape), sums)
    losses, own = units.scaled(*(backend.to_host(one) for one in (weights, factor)))
    if power:
        weights = units.kept_positive(np.asarray(backend.to_host(weights), np.float64), power)
        sums = weight_partials(engine, weights)
    if factor is None:
        return MeanWeights(weights, sums)
    return MeanWeights(engine.product(None, losses, shape), sums, own - power)


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
    rest: Callable[..., float] = unbound,
    odds: Callable[..., float] = unbound,
    kind: type[PointwiseLoss] = PointwiseLoss,
    by: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], PointwiseLoss]:
    """Declare a pointwise loss: the decorated function has its signature, its docstring and, in its body, parameters.

    The formulas take one float for each array argument, then the floats that the body returns. `variants` are other
    formulas that the body may choose by the parameters, where they differ in more than numbers; `rest` and `odds` are
    those of `Formulas`. `by` are the differentiable arguments, if not the first alone.
    """

    def declare(function: Callable[..., Any]) -> PointwiseLoss:
        count = len(parameters or {}) if formula_parameters is None else formula_parameters
        formulas = Formulas(function.__name__, value, slope, curvature, domains, count, rest, odds)
        about: dict[str, Any] = {"reference": reference, "parameters": parameters, "by": by}
        return kind(function, variants={"": formulas, **(variants or {})}, **about)

    return declare


def _weight(w):
    return w


WEIGHT = Formulas("total_weight", _weight, domains=(NON_NEGATIVE,))


def weight_partials(engine: ModuleType, weights: Any, before: int = 0) -> np.ndarray:
    """Check the examples' weights, and return the sums of their chunks."""
    outcome = engine.run(WEIGHT, (weights,), None, (1.0,), Wanted(value=True))
    if outcome.wrong:
        raise NON_NEGATIVE.error("sample_weight", backend.to_host(weights), before)
    return outcome.chunks


def _is_nan(x):
    return 1.0 if x != x else 0.0


@functools.cache
def check(domain: Domain) -> Formulas:
    """Return formulas whose bits say what is outside the domain, and whose value is the number of NaNs."""
    return Formulas(f"check_{domain.check.__name__}", _is_nan, domains=(domain,))


def domain_bits(domain: Domain, array: np.ndarray) -> int:
    """Return the union of the bits of the domain's check for the elements of an array on the host."""
    return backend.engine("cpu", "pointwise").run(check(domain), (array,), None, (1.0,), Wanted(value=True)).wrong


def fits_there(domain: Domain, array: GpuArray) -> bool:
    """Tell whether all elements of an array on a GPU are in a domain, and none is NaN."""
    run = backend.engine("cuda", "pointwise").run
    outcome = run(check(domain), (array,), None, (1.0,), Wanted(value=True))
    return not (wrong(outcome.wrong) or outcome.chunks.any())


share(
    predictions_and_targets="""
    input, target : array_like of one shape
        The predictions and the true values, of any shape.
    """
)
