"""Losses of rows: from the public call to the engine and back."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, small, summation, units, validate
from fastloss.core.domains import REAL, Domain, Parameter, wrong
from fastloss.core.gpu import GpuArray, holds_integers, moved_axes, on_gpu
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Wanted
from fastloss.core.summation import SHRUNK
from fastloss.core.units import MeanWeights
from fastloss.pointwise.loss import weight_partials
from fastloss.pointwise.ranges import mean_between, sums_between, units_between
from fastloss.rows import logits as softmax
from fastloss.rows.row import RowFormulas
from fastloss.rows.small import Source, Sources


class Matrix(NamedTuple):
    """An argument seen as rows: the axes that a row runs over are last and flattened."""

    rows: np.ndarray
    shape: tuple[int, ...]  # the argument's own
    axes: tuple[int, ...]

    @property
    def outer(self) -> tuple[int, ...]:
        """The shape of the rows' losses."""
        return tuple(length for axis, length in enumerate(self.shape) if axis not in self.axes)

    @property
    def columns(self) -> int:
        return self.rows.shape[1]

    def restore(self, rows: np.ndarray) -> np.ndarray:
        """Return rows in the argument's shape."""
        if self.axes == _trailing(self.shape, self.axes):
            return rows.reshape(*self.shape)
        moved = rows.reshape(*self.outer, *(self.shape[axis] for axis in self.axes))
        return moved_axes(moved, _last(self.axes), self.axes)


def _last(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(-len(axes), 0))


def _trailing(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(len(shape) - len(axes), len(shape)))


def along(array: np.ndarray, axes: tuple[int, ...]) -> Matrix:
    """View an array as rows along some axes."""
    inner = math.prod(array.shape[axis] for axis in axes)
    outer = math.prod(length for axis, length in enumerate(array.shape) if axis not in axes)
    if axes == _trailing(array.shape, axes):
        return Matrix(array.reshape(outer, inner), array.shape, axes)
    if isinstance(array, GpuArray):
        return Matrix(array.with_last(axes).reshape(outer, inner), array.shape, axes)
    return Matrix(np.moveaxis(array, axes, _last(axes)).reshape(outer, inner), array.shape, axes)


def last_axis(name: str, value: Any) -> Matrix:
    """View an array as rows along the last axis."""
    array = validate.real(name, value)
    if not array.ndim:
        raise ValueError(f"{name} is a single number: expected an array whose last axis is a row")
    return along(array, (array.ndim - 1,))


def class_axis(name: str, value: Any) -> Matrix:
    """View an array as rows along the axis of classes: the second, or the only one."""
    array = validate.real(name, value)
    if not array.ndim:
        raise ValueError(f"{name} is a single number: expected an array with an axis of classes")
    return along(array, (min(1, array.ndim - 1),))


@dataclasses.dataclass
class Rows:
    """What a loss's function returns: operands and parameters of its row function."""

    formulas: RowFormulas
    matrices: tuple[Matrix, ...]  # with a gradient, in argument order: the first operands
    others: tuple[np.ndarray, ...] = ()  # the further operands: matrices of as many rows, and vectors
    parameters: tuple[float, ...] = ()
    factor: np.ndarray | None = None  # multiplies every row's loss
    mass: np.ndarray | None = None  # what a row counts in the mean's denominator, 1 if None
    divisor: float | None = None  # the sum of `mass` over rows of weight 1, where that is not their number
    there: Any = None  # 1 for the rows that have a loss, if some may have none and no factor says so
    inner: Callable[[], np.ndarray] | None = None  # the largest weight within each row's loss
    checked: tuple[tuple[str, Domain, Any], ...] = ()  # arguments that the row function checks, four bits each

    @property
    def operands(self) -> tuple[np.ndarray, ...]:
        return (*(matrix.rows for matrix in self.matrices), *self.others)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rows' losses."""
        return self.matrices[0].outer


class RowLoss(Loss):
    """Row i of every argument makes one loss."""

    folder = "rows"

    def __init__(
        self,
        function,
        *,
        curvature: bool,
        ids: tuple[str, ...] = (),
        vectors: Mapping[str, Domain] | None = None,
        tables: tuple[str, ...] = (),
        axis: int = -1,
        **about,
    ):
        super().__init__(function, **about)
        self._curvature = curvature
        self.axis = axis  # of the first argument: what a row runs over; the last one where it has fewer
        self.ids = ids  # arguments that may be class ids
        self.vectors = dict(vectors or {})  # arguments of one number for each row, in the order of the operands
        self.tables = tables  # arguments of rows that ids choose from

    @property
    def has_curvature(self) -> bool:
        return self._curvature

    def require_additive(self, parameters):
        pass

    def lead(self, first):
        return np.shape(first)[:1] if np.ndim(first) > 1 else ()

    def counts(self, **given):
        rows = self.described(**given)[1]
        return None if rows.mass is None else backend.to_host(rows.mass).reshape(rows.shape)

    def shape_of_losses(self, given):
        shape = tuple(given[self.arguments[0]].shape)
        at = len(shape) - 1 if self.axis < 0 else min(self.axis, len(shape) - 1)
        return shape[:at] + shape[at + 1 :]

    def group_means(self, *args: Any, offsets: np.ndarray, sample_weight: Any = None, **kwargs: Any) -> np.ndarray:
        """Return the mean of each group of contiguous rows, given by CSR offsets, in float64."""
        request = self._bound("value", args, {**kwargs, "backend": "cpu"})
        call = self.function(**self._placed(request.arguments))
        weights = np.ones(call.shape) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weights = weights * units_between(weights, offsets)
        each = self(*args, sample_weight=weights, reduction="none", **{**kwargs, "backend": "cpu"})
        return mean_between(each.astype(np.float64), offsets, sums_between(_product(weights, call.mass), offsets))

    def _run(self, request):
        given = tuple(request.arguments[name] for name in self.arguments)
        engine = backend.engine(backend.choose(request.backend, given), self.folder)
        call = self.function(**self._placed(request.arguments))
        there = any(map(on_gpu, call.operands))
        weighing = _weighing(backend.resident("sample_weight", request.sample_weight, there), call, request.reduction)
        scale = request.reduction.scale(weighing.divisor)
        if call.matrices[0].columns or call.formulas.row not in READ_A_COLUMN:
            outcome = engine.run(call.formulas, call.operands, weighing.weights, scale, call.parameters, request.wanted)
        else:
            outcome = _without_columns(call)
        raise_if_wrong(outcome.wrong, call.checked)
        made = Evaluation(outcome._replace(each=outcome.each.reshape(call.shape) if request.wanted.each else None))
        made.divisor = weighing.divisor
        made.retry = functools.partial(_from_smaller_weights, request.reduction, engine, call, outcome, weighing)
        if request.has_gradient:
            made.gradients = self.gradients(engine, outcome, call, _product(weighing.weights, scale))
        if request.wanted.curvature:
            made.curvatures = tuple(map(call.matrices[0].restore, outcome.curvatures))
        return made

    def _plan(self, args, request):
        if request.backend != "auto" or request.sample_weight is not None or len(args) != len(self.arguments):
            return None
        if request.has_gradient and type(self).gradients is not RowLoss.gradients:
            return None
        if request.arguments.get("ignore_index", -1) >= 0:  # which rows are left out depends on the data
            return None
        call = self.function(**request.arguments)
        if any(one is not None for one in (call.factor, call.mass if call.divisor is None else None, call.inner)):
            return None
        sources = self._sources(call, args)
        if sources is None or (sources.whole and request.reduction.keeps == "examples"):
            return None
        engine = backend.engine("cpu", "rows")
        run = engine.plan(call.formulas, call.operands, request.wanted, call.parameters, request.reduction, sources)
        return run and _in_form(request.what, run)

    def _sources(self, call: Rows, args: tuple[np.ndarray, ...]) -> Sources | None:
        """Tell what argument each operand is; None where one is something else, or that is not certain."""
        first = call.matrices[0]
        whole = len(first.axes) == len(first.shape)
        if not whole and (len(first.shape), first.axes) != (2, (1,)):
            return None
        at = {one.ctypes.data: place for place, one in enumerate(args)}
        if len(at) != len(args) or not all(one.size for one in args):
            return None
        vectors = iter([place for place, name in enumerate(self.arguments) if name in self.vectors])
        made = []
        for operand in call.operands:
            is_vector = operand.ndim == 1 and operand.dtype == np.float64
            place = next(vectors, None) if is_vector else at.get(operand.ctypes.data)
            if place is None or (not is_vector and operand.dtype != args[place].dtype):
                return None
            name = self.arguments[place]
            kind = "vector" if is_vector else "ids" if operand.ndim == 1 else "table" if name in self.tables else "rows"
            if operand.size != args[place].size:
                return None
            made.append(Source(place, kind, self.vectors.get(name, REAL)))
        if whole and any(one.kind != "rows" for one in made):
            return None
        return Sources(tuple(made), len(first.shape) if whole else 0, call.divisor)

    def _placed(self, own: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments: matrices stay on a GPU, and class ids with the first of them."""
        matrices = tuple(name for name in self.arguments if name not in self.ids or not holds_integers(own[name]))
        placed = backend.arguments(matrices, own)
        there = isinstance(placed[self.arguments[0]], GpuArray)
        others = own.keys() - set(matrices)
        return {**placed, **{name: backend.ids(name, own[name], there and name in self.ids) for name in others}}

    def gradients(self, engine: Any, outcome: Outcome, call: Rows, weights: Any) -> tuple[np.ndarray, ...]:
        """Return the gradient of each differentiable argument; `weights` is what multiplied every row's."""
        return tuple(matrix.restore(rows) for matrix, rows in zip(call.matrices, outcome.gradients, strict=True))


def _in_form(what: str, run: small.Plan) -> small.Plan:
    """Return a plan whose results have the form of a loss's."""

    def answer(arrays: tuple[np.ndarray, ...]) -> Any:
        results = run(arrays)
        if results is None:
            return None
        first, *others = results
        if what == "value":
            return first
        if what == "grad_hess":
            return others[0], others[1]
        return first, tuple(others) if len(others) > 1 else others[0]

    return answer


class Weighing(NamedTuple):
    """What multiplies each row's loss, and what the mean divides by."""

    weights: Any
    divisor: Divisor


def _weighing(given: Any, call: Rows, reduction: Reduction) -> Weighing:
    """Check the examples' weights, and put them in a unit of their own for a mean."""
    checked = row_weights(given, call.shape)
    if reduction.divides:
        factor = call.there if call.factor is None and checked is not None else call.factor
        weights = weights_of_mean(checked, factor, call.mass, call.inner)
    else:
        weights = MeanWeights(_product(checked, call.factor), _product(checked, call.mass))
    if call.divisor is not None and checked is None:
        return Weighing(weights.losses, Divisor(call.divisor))
    return Weighing(weights.losses, Divisor(_denominator(call.shape, weights.counted), weights.power))


def _from_smaller_weights(
    reduction: Reduction, engine: Any, call: Rows, outcome: Outcome, weighing: Weighing, value: float
) -> float:
    """Compute the value once more where it is within the range, but a sum on the way to it is not."""
    weights = weighing.weights
    if np.isfinite(outcome.chunks).all() or (
        weights is not None and (on_gpu(weights) or not units.may_shrink(weights))
    ):
        return value
    shrunk = (
        np.full(math.prod(call.shape), summation.SHRUNK) if weights is None else _product(weights, summation.SHRUNK)
    )
    again = engine.run(call.formulas, call.operands, shrunk, 1.0, call.parameters, Wanted(value=True)).chunks
    return reduction.of_chunks(again, weighing.divisor.weight) / SHRUNK if np.isfinite(again).all() else value


READ_A_COLUMN = (softmax.of_target, softmax.of_distribution)  # of every row, even of one that is left out


def _without_columns(call: Rows) -> Outcome:
    """Return the outcome of rows without columns: none of them has a loss."""
    rows = len(call.matrices[0].rows)
    empty = np.zeros((rows, 0), validate.kernel_dtype(call.matrices[0].rows))
    each, gradient, curvature = backend.like((np.zeros(rows), empty, empty.copy()), call.operands)
    return Outcome(chunks=np.zeros(1), each=each, gradients=(gradient,), curvatures=(curvature,))


def raise_if_wrong(bits: int, checked: tuple[tuple[str, Domain, Any], ...]) -> None:
    """Raise for the first argument that a row function found to be outside its domain."""
    for name, domain, array in checked:
        if wrong(bits & 15):
            raise domain.error(name, backend.to_host(array))
        bits >>= 4


def row_weights(value: Any, shape: tuple[int, ...]) -> Any:
    """Check the examples' weights, and return them as a vector."""
    value = None if value is None else validate.real("sample_weight", value)
    if shape == () and np.shape(value) == (1,):
        value = value.reshape() if isinstance(value, GpuArray) else np.reshape(value, ())
    if not isinstance(value, GpuArray):
        return validate.weights(value, shape)
    engine = backend.engine("cuda", "pointwise")
    weights = engine.product(None, validate.sample_weight(value, shape), shape)
    weight_partials(engine, weights)
    return weights.reshape(weights.size)


def _product(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return second if first is None else first
    there = [one for one in (first, second) if isinstance(one, GpuArray)]
    if there:
        both = (one if isinstance(one, GpuArray) else np.asarray(one) for one in (first, second))
        return backend.engine("cuda", "pointwise").product(*both, there[0].shape)
    return first * second


def weights_of_mean(given: Any, factor: Any, mass: Any, inner: Any = None) -> MeanWeights:
    """Return the weights of a mean, in units that the rows that count set, by all that multiplies them."""
    if factor is mass and inner is None:
        both, _ = _scaled(given, factor)
        return MeanWeights(both, both)
    if inner is None:
        losses, power = _scaled(given, factor)
    else:
        losses, most = _product(given, factor), inner()
        _, power = _scaled(losses, most)
        if power:
            losses = units.kept_positive(np.ones_like(most) if losses is None else backend.to_host(losses), power)
    counted, other = _scaled(given, mass)
    return MeanWeights(losses, counted, power - other)


def _scaled(first: Any, second: Any) -> tuple[Any, int]:
    """`units.scaled`; arrays on a GPU stay there where the sums of them are of ordinary size."""
    if not on_gpu(first) and not on_gpu(second):
        return units.scaled(first, second)
    if all(one is None or units.unit(_sizes(one)) == 1.0 for one in (first, second)):
        return _product(first, second), 0
    return units.scaled(*(None if one is None else backend.to_host(one) for one in (first, second)))


def _sizes(weights: Any) -> Any:
    return weight_partials(backend.engine("cuda", "pointwise"), weights) if on_gpu(weights) else weights


def _denominator(shape: tuple[int, ...], counted: Any) -> float:
    if isinstance(counted, GpuArray):
        return summation.ordered_sum(weight_partials(backend.engine("cuda", "pointwise"), counted))
    return float(math.prod(shape)) if counted is None else float(np.sum(counted, dtype=np.float64))


def row_loss(
    *,
    reference: str,
    parameters: Mapping[str, Parameter] | None = None,
    curvature: bool = False,
    ids: tuple[str, ...] = (),
    vectors: Mapping[str, Domain] | None = None,
    tables: tuple[str, ...] = (),
    by: tuple[str, ...] = (),
    axis: int = -1,
    kind: type[RowLoss] = RowLoss,
) -> Callable[[Callable[..., Rows]], RowLoss]:
    """Declare a loss of rows: the decorated function has its signature, its docstring, and returns its `Rows`.

    Where the operands are the arguments, and ids are below the number of columns or of the rows of a table, the rest of
    what the body returns depends on the keywords and dtypes alone.
    """

    def declare(function: Callable[..., Rows]) -> RowLoss:
        about: dict[str, Any] = {"reference": reference, "parameters": parameters, "by": by, "axis": axis}
        return kind(function, curvature=curvature, ids=ids, vectors=vectors, tables=tables, **about)

    return declare
