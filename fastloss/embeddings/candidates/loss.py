"""Losses of rows against many candidates, all from embeddings: from the public call to the engine and back."""

import collections
import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, summation, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Flag
from fastloss.core.errors import wrong_shape
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.core.reductions import Reduction
from fastloss.core.units import MeanWeights
from fastloss.embeddings.candidates.heads import AGAINST_REST, Head, Scores
from fastloss.embeddings.candidates.log_sums import Side, Sums
from fastloss.embeddings.candidates.logits import (
    NOTHING,
    Excluded,
    Gradient,
    Logits,
    Scaled,
    members,
    no_gradient,
)
from fastloss.embeddings.candidates.reach import Reach
from fastloss.embeddings.candidates.terms import Listed, Term
from fastloss.rows.loss import weights_of_mean

COSINES = Reach(np.dtype(np.float64))  # as they are


@dataclasses.dataclass
class Candidates:
    """What a loss's body makes of its arguments."""

    rows: Scaled
    columns: Scaled
    terms: tuple[Term, ...]
    # Name the caller's gradients, from those by the given vectors and the sum of slopes times logits.
    public: Callable[[Gradient, float], dict[str, Any]]
    head: Head = AGAINST_REST
    known: tuple[np.ndarray, ...] = ()  # further numbers of each row, for the head
    bend: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None  # what the first term becomes, its slope
    bias: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    excluded: Excluded = NOTHING
    symmetric: bool = False  # the mean of the rows' losses and the columns'
    needs_rest: bool = True  # False if the head takes the terms alone
    # Each row's largest logit is a last term, 0 for a row without one; which rows have one comes last in `known`.
    needs_largest: bool = False
    factor: np.ndarray | None = None  # multiplies every row's loss
    mass: np.ndarray | None = None  # what a row counts in the mean's denominator, 1 if None
    inner: Callable[[], np.ndarray] | None = None  # the largest weight within each row's loss
    there: np.ndarray | None = None  # which rows have a loss, all if None; the others' numbers are not looked at
    counted: int | None = None  # rows that have what the loss needs, for `with_counts`
    within: Reach = COSINES  # by what logits are divided: inner products may be beyond the numbers


class Weighing(NamedTuple):
    """What multiplies each row's loss, in the value and in the gradient, and what the mean divides by."""

    losses: np.ndarray
    slopes: np.ndarray
    divisor: Divisor


def weighing(call: Candidates, sample_weight: Any, reduction: Reduction) -> Weighing:
    """Weigh the rows of a loss by what its mean counts and by the caller's weights."""
    height = len(call.rows)
    given = validate.weights(backend.to_host(sample_weight), (height,))
    given = np.ones(height) if given is None else given
    if reduction.divides:
        weights = weights_of_mean(given, call.factor, call.mass, call.inner)
    else:
        factor, mass = (1.0 if one is None else one for one in (call.factor, call.mass))
        weights = MeanWeights(given * factor, given * mass)
    divisor = Divisor(summation.sum_of_many(weights.counted), weights.power)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return Weighing(weights.losses, weights.losses * reduction.scale(divisor), divisor)


def evaluated(call: Candidates, weights: Weighing, losses: np.ndarray) -> Evaluation:
    """Return a loss's evaluation from each row's loss."""
    each = summation.weighed(weights.losses, losses)
    each = each if call.there is None else np.where(call.there, each, 0.0)
    return Evaluation(Outcome(each=each), weights.divisor, counts=call.counted)


class CandidatesLoss(Loss):
    """A loss of every row against many candidates; memory grows with the rows plus the candidates.

    Products are computed in the embeddings' precision, their logs and sums in float64. `value_and_grad` gives the
    gradients as a named tuple: by the arrays, then by those optional ones that are given, then by scalar parameters.
    Bits do not depend on the threads where NumPy has the OpenBLAS of its wheels; another BLAS chooses its own.

    With ``backend="cuda"``, or arrays on a GPU, all that is done with vectors is done there; a number for each row or
    label passes through the host.
    """

    folder = "embeddings.candidates"
    others = frozenset({"labels"})

    def __init__(self, function, *, tables: tuple[str, ...] = (), rows: tuple[str, ...] = (), **about):
        super().__init__(function, **about)
        self.tables = tables
        self.rows = rows or self.arguments[:1]  # the arguments whose rows have losses

    def shape_of_losses(self, given):
        return (sum(math.prod(given[name].shape[:-1]) for name in self.rows),)

    def require_additive(self, parameters):
        if not self.tables:  # every row is a candidate of the others
            super().require_additive(parameters)

    def _run(self, request):
        arrays = tuple(request.arguments.values())
        engine, store = backend.with_store(request.backend, self.folder, arrays)
        call = self._made_of(request)
        weights = weighing(call, request.sample_weight, request.reduction)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            losses, gradient = _run(engine, store, call, weights.slopes, request.has_gradient)
        made = evaluated(call, weights, losses)
        made.home = arrays
        if gradient is not None:
            made.gradients = _named({name: store.home(one) for name, one in gradient.items()})
        return made


class CountedLoss(CandidatesLoss):
    """A loss that some rows may not have; ``with_counts=True`` also returns the number of those that do."""

    keywords = (
        *CandidatesLoss.keywords,
        Keyword("with_counts", False, "bool", "Whether to return the number of rows that have a loss as well.", Flag()),
    )


@functools.cache
def _tuple_of(names: tuple[str, ...]) -> Any:
    return collections.namedtuple("Gradients", names)


def _named(items: dict[str, Any]) -> Any:
    return _tuple_of(tuple(items))(*items.values())


class Result(NamedTuple):
    """Each row's loss, and by name the gradients of their sum times weights."""

    losses: np.ndarray
    gradients: dict[str, Any] | None


def _run(engine: Any, store: Any, call: Candidates, weights: np.ndarray, has_gradient: bool) -> Result:
    """Compute each row's loss, and the gradients of their sum times weights."""
    same = call.columns is call.rows
    given, unread = without_unread(call.rows, None if same else call.there)
    rows = store.vectors(given)
    columns = rows if same else store.vectors(call.columns)
    logits = Logits(store, rows.all(), columns, call.bias.astype(call.rows.dtype), call.excluded, same)
    if call.needs_largest:
        call = _with_largest(call, engine.largest(logits))
    with np.errstate(over="ignore", invalid="ignore"):
        terms, by_first = bent(call, [term.logits(logits) for term in call.terms])
        scores, gradient = _scored(engine, call, logits, terms, weights, has_gradient)
        losses = call.within.restored_losses(scores.losses)
        if gradient is None:
            return Result(losses, None)
        if logits.same:
            gradient = gradient._replace(rows=gradient.columns)  # one array
        slopes, total = pulled_slopes(scores, terms, weights, by_first)
        total += softmax_total(logits, gradient)
        for term, slope in zip(call.terms, slopes, strict=True):
            term.pull(logits, slope, gradient)
        by_columns = columns.pull(gradient.columns)
        by_rows = by_columns if same else rows.pull(gradient.rows)
        if unread.size and isinstance(by_rows, np.ndarray):  # from columns that are not finite
            by_rows[unread] = 0.0
        by_rows, by_columns, total = map(call.within.restored, (by_rows, by_columns, total))
        bias = call.within.narrowed(gradient.bias)
        return Result(losses, call.public(Gradient(by_rows, by_columns, bias), float(total)))


def bent(call: Candidates, terms: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Return the terms as the head takes them, and the slope of the first one by what it was."""
    if call.bend is None:
        return terms, None
    first, slope = call.bend(terms[0])
    return [first, *terms[1:]], slope


def without_unread(rows: Scaled, there: np.ndarray | None) -> tuple[Scaled, np.ndarray]:
    """Set rows to 0 that have no loss and are not finite, since 0 times them would not be 0; return these rows too.

    Rows that lie on a GPU are taken as they are.
    """
    nobody = np.empty(0, np.int64)
    if there is None or there.all() or len(rows.arrays) > 1 or not isinstance(rows.arrays[0], np.ndarray):
        return rows, nobody
    vectors, without = rows.arrays[0], np.flatnonzero(~there)
    unread = without[~np.isfinite(vectors[without]).all(1)]
    if not unread.size:
        return rows, nobody
    vectors = vectors.copy()
    vectors[unread] = 0.0
    return dataclasses.replace(rows, arrays=(vectors,)), unread


def _with_largest(call: Candidates, where: np.ndarray) -> Candidates:
    """Add each row's logit of a column as a term; the column is -1 for rows without one."""
    there = where >= 0
    term = Listed(where[there], np.append(0, np.cumsum(there)))
    return dataclasses.replace(call, terms=(*call.terms, term), known=(*call.known, there))


def _scored(
    engine: Any, call: Candidates, logits: Logits, terms: list[np.ndarray], weights: np.ndarray, has_gradient: bool
) -> tuple[Scores, Gradient | None]:
    """Compute each row's loss and slopes, and what the sums of exponentials add to the gradient."""
    height = len(logits.rows)
    if not call.needs_rest:
        scores = call.head(np.zeros(height), [*terms, *call.known])
        return scores, no_gradient(logits, height, logits.width) if has_gradient else None
    if has_gradient and not logits.same and not call.symmetric and engine.strip_rows(logits):

        def slopes(some: slice, rest: np.ndarray) -> np.ndarray:
            return call.head(rest, [one[some] for one in (*terms, *call.known)]).by_rest * weights[some]

        rest, gradient = engine.sweep(logits, slopes)
        return call.head(rest, [*terms, *call.known]), gradient
    given = engine.prepared(logits)
    made = combined(call, engine.rest(given, call.symmetric), terms, weights)
    if not has_gradient:
        return made.scores, None
    return made.scores, engine.gradients(given, made.rows, made.rows if logits.same else made.columns)


class Combined(NamedTuple):
    """Each row's loss and slopes, and what the softmaxes of rows, and of columns if symmetric, are multiplied by."""

    scores: Scores
    rows: Side
    columns: Side | None


def combined(call: Candidates, sums: Sums, terms: list[np.ndarray], weights: np.ndarray) -> Combined:
    """Combine sums of exponentials and terms by the loss's head."""
    numbers = (*terms, *call.known)
    scores, columns = call.head(sums.rows, numbers), None
    if call.symmetric:
        other = call.head(sums.columns, numbers)
        columns = Side(sums.columns, other.by_rest / 2.0 * weights)
        scores = Scores(
            (scores.losses + other.losses) / 2.0,
            scores.by_rest / 2.0,
            tuple((one + two) / 2.0 for one, two in zip(scores.by_terms, other.by_terms, strict=True)),
        )
    return Combined(scores, Side(sums.rows, scores.by_rest * weights), columns)


def pulled_slopes(
    scores: Scores, terms: list[np.ndarray], weights: np.ndarray, by_first: np.ndarray | None
) -> tuple[list[np.ndarray], float]:
    """Return the weighted slope by each term, and the sum of slopes times terms; `by_first` is the slope of `bend`."""
    slopes = [slope * weights for slope in scores.by_terms]
    total = sum(float(term @ slope) for term, slope in zip(terms, slopes, strict=True))
    return slopes if by_first is None else [slopes[0] * by_first, *slopes[1:]], total


def softmax_total(logits: Logits, gradient: Gradient) -> float:
    """Return the sum of logits, biases aside, times their slopes, of a gradient to which no term is added yet."""
    along = float(logits.store.dots(logits.rows, None, gradient.rows, None).sum())
    return along / (2.0 if logits.same else 1.0)


def to_arrays(names: tuple[str, ...], values: tuple[Any, ...], deep: int = -1) -> list[np.ndarray]:
    """Check matrices of as many columns as the first; None is left out, number `deep` may have three dimensions."""
    arrays: list[np.ndarray] = []
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        if value is None:
            continue
        array = validate.real(name, value)
        if array.ndim != 2 and (at != deep or array.ndim != 3):
            raise wrong_shape(name, array.shape, "two dimensions")
        if arrays and array.shape[-1] != arrays[0].shape[1]:
            raise wrong_shape(name, array.shape, f"{arrays[0].shape[1]} columns, as {names[0]}")
        arrays.append(array)
    return arrays


def codes(name: str, ids: Any, count: int) -> np.ndarray:
    """Number the rows' ids, which are numbers or strings, from 0."""
    return np.unique(validate.ids(name, ids, (count,)), return_inverse=True)[1].reshape(-1)


def left_out(owners: np.ndarray, columns: np.ndarray) -> Excluded:
    """Leave out for each row the columns of its group; groups of rows and of columns are numbers from 0."""
    owners = np.ascontiguousarray(owners, np.int64)
    return Excluded(owners, *members(columns, int(max(owners.max(initial=-1), columns.max(initial=-1))) + 1))


def candidates_loss(
    *,
    reference: str,
    parameters: Any = None,
    tables: tuple[str, ...] = (),
    rows: tuple[str, ...] = (),
    by: tuple[str, ...] = (),
    kind: type[CandidatesLoss] = CandidatesLoss,
) -> Callable[[Callable[..., Candidates]], CandidatesLoss]:
    """Declare a loss: the decorated function has its signature and docstring, and returns its `Candidates`.

    `tables` are the arguments whose rows are the candidates of all rows of the others, `rows` those whose rows have
    losses, if not the first alone.
    """
    about: dict[str, Any] = {"reference": reference, "parameters": parameters, "by": by}
    return lambda function: kind(function, tables=tables, rows=rows, **about)
