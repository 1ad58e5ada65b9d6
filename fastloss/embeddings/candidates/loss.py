"""Losses of rows against many candidates, all from embeddings: from the public call to the engine and back."""

import collections
import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from fastloss.core import backend, reduce, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Flag
from fastloss.core.errors import wrong_shape
from fastloss.core.loss import Loss
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.embeddings.candidates.logits import Gradient, Logits, Scaled, Side, members, no_gradient
from fastloss.rows.loss import weights_of_mean


class Term(Protocol):
    """Something linear in the logits that a loss needs of each row beside the log of its sum of exponentials."""

    def logits(self, logits: Logits) -> np.ndarray:
        """One number for each row, float64."""

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        """Add what follows from each row's slope by that number."""


class Listed:
    """The mean of the logits that each row lists: their numbers lie row by row, cut by `offsets`; one each if None."""

    def __init__(self, numbers: np.ndarray, offsets: np.ndarray | None = None):
        self.numbers = numbers
        counts = np.ones(len(numbers), np.int64) if offsets is None else np.diff(offsets)
        self.owners = np.repeat(np.arange(len(counts)), counts)
        self._shares = np.repeat(np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0), counts)

    def logits(self, logits: Logits) -> np.ndarray:
        each = logits.store.dots(logits.rows, self.owners, logits.columns, self.numbers)
        if logits.bias.size:
            each += logits.bias[self.numbers]
        sums = np.bincount(self.owners, self._shares * each, len(logits.rows))
        return sums.astype(np.float64, copy=False)  # of nothing, they are integers

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        each = slopes[self.owners] * self._shares
        logits.store.add(gradient.rows, self.owners, each, logits.columns, self.numbers)
        logits.store.add(gradient.columns, self.numbers, each, logits.rows, self.owners)
        if logits.bias.size:
            np.add.at(gradient.bias, self.numbers, each)


class Classmates:
    """The mean of the logits of each row's class, itself left out; columns are rows, and classes numbers from 0."""

    def __init__(self, classes: np.ndarray):
        self._classes = classes
        self._count = int(classes.max(initial=-1)) + 1
        self.others = np.bincount(classes, minlength=self._count)[classes] - 1
        self._shares = np.divide(1.0, self.others, out=np.zeros(classes.size), where=self.others > 0)
        self._members: Any = None  # each class's sum of rows, for `pull`

    def _sums(self, logits: Logits, factors: np.ndarray) -> Any:
        """Each class's sum of rows times factors."""
        total = logits.store.zeros((self._count, logits.rows.shape[1]), np.float64)
        logits.store.add(total, self._classes, factors, logits.rows, None)
        return total

    def logits(self, logits: Logits) -> np.ndarray:
        rows, dots = logits.rows, logits.store.dots
        self._members = self._sums(logits, np.ones(len(rows)))
        return self._shares * (dots(rows, None, self._members, self._classes) - dots(rows, None, rows, None))

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        factors, target, add = slopes * self._shares, gradient.columns, logits.store.add
        add(target, None, factors, self._members, self._classes)
        add(target, None, -2.0 * factors, logits.rows, None)
        add(target, None, np.ones(len(factors)), self._sums(logits, factors), self._classes)


class Average:
    """The weighted sum of all logits of a row."""

    def __init__(self, weights: np.ndarray):
        self._weights = weights
        self._columns: Any = None  # their weighted sum, for `pull`

    def _sum(self, logits: Logits, factors: np.ndarray, source: Any) -> Any:
        """That of vectors times factors, as a matrix of one row."""
        total = logits.store.zeros((1, logits.rows.shape[1]), np.float64)
        logits.store.add(total, np.zeros(len(factors), np.int64), factors, source, None)
        return total

    def logits(self, logits: Logits) -> np.ndarray:
        bias = self._weights @ logits.bias.astype(np.float64) if logits.bias.size else 0.0
        self._columns = self._sum(logits, self._weights, logits.columns)
        return logits.store.dots(logits.rows, None, self._columns, np.zeros(len(logits.rows), np.int64)) + bias

    def pull(self, logits: Logits, slopes: np.ndarray, gradient: Gradient) -> None:
        for target, factors, total in (
            (gradient.rows, slopes, self._columns),
            (gradient.columns, self._weights, self._sum(logits, slopes, logits.rows)),
        ):
            logits.store.add(target, None, factors, total, np.zeros(len(factors), np.int64))
        if logits.bias.size:
            gradient.bias[...] += self._weights * slopes.sum()


Head = Callable[..., tuple[np.ndarray, tuple[np.ndarray, ...]]]


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + e**x)."""
    return np.logaddexp(0.0, x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e**-x), accurate also where it is small."""
    small = np.exp(-np.abs(x))
    return np.where(x > 0.0, 1.0, small) / (1.0 + small)


def against_rest(rest: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """-log of the target's share, from the log of what the others sum to: a small loss keeps its digits."""
    share = sigmoid(rest - target)
    return softplus(rest - target), (share, -share)


def below_some(rest: np.ndarray, target: np.ndarray, alone: np.ndarray, least: np.ndarray) -> Any:
    """The same of the mean of several that stay in the sum, `least` or more; of one `alone`, which does not stay."""
    loss = np.where(rest - target < least, least, rest - target)
    single, (share, _) = against_rest(rest, target)
    slope = np.where(alone, share, 1.0)
    return np.where(alone, single, loss), (slope, -slope)


@dataclasses.dataclass
class Candidates:
    """What a loss's body makes of its arguments."""

    rows: Scaled
    columns: Scaled
    terms: tuple[Term, ...]
    # Names for the caller's gradients: made of those by the given vectors, and of the sum that `_gradient` returns.
    public: Callable[[Gradient, float], dict[str, Any]]
    head: Head = against_rest  # the loss and its slopes, from the log of a row's sum of exponentials, terms, `known`
    known: tuple[np.ndarray, ...] = ()  # further numbers of each row
    bend: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None  # what the first term becomes, its slope
    bias: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))
    excluded: tuple[np.ndarray, np.ndarray, np.ndarray] = Logits._field_defaults["excluded"]
    symmetric: bool = False  # the mean of the rows' losses and the columns'
    needs_rest: bool = True  # False if the head takes the terms alone
    # Each row's largest logit is a last term, 0 for a row without one; which rows have one comes last in `known`.
    needs_largest: bool = False
    factor: np.ndarray | None = None  # multiplies every row's loss
    mass: np.ndarray | None = None  # what a row counts in the mean's denominator, 1 if None
    inner: Callable[[], np.ndarray] | None = None  # the largest weight within each row's loss
    there: np.ndarray | None = None  # which rows have a loss, all if None; the others' numbers are not looked at
    counted: int | None = None  # rows that have what the loss needs, for `with_counts`
    exponent: int = 0  # logits are those of the caller divided by two to this: inner products may be beyond the numbers
    narrow: np.dtype | None = None  # the gradients' precision where the products' is a higher one

    def reaches(self, own: "Reach") -> None:
        """Take the exponent and the gradients' precision."""
        self.exponent, self.narrow = own.exponent, own.narrow

    def restored_losses(self, loss: np.ndarray) -> np.ndarray:
        """Losses by the divided logits as those by the caller's; small ones, as of equal logits, are not divided."""
        return np.where(loss > 2.0**40, np.ldexp(loss, self.exponent), loss) if self.exponent else loss

    def restored(self, result: Any) -> Any:
        """The same of gradients, in their precision."""
        if self.exponent:
            result = np.ldexp(result, self.exponent)
        return result if self.narrow is None or not np.ndim(result) else result.astype(self.narrow)


class Reach(NamedTuple):
    """How inner products of arrays stay within the numbers: in which precision, divided by two to which exponent."""

    dtype: np.dtype
    exponent: int = 0
    narrow: np.dtype | None = None

    @property
    def divisors(self) -> tuple[float, float]:
        """What the rows and the columns are divided by."""
        return 2.0 ** (self.exponent // 2), 2.0 ** (self.exponent - self.exponent // 2)


def reach(arrays: Sequence[Any], scale: float = 1.0) -> Reach:
    """That of products of rows of the first array with those of the others, times a scale.

    Beyond 2**1000 softmax is at its limit, which 2**1000 is too. Files and arrays on a GPU are not read for this.
    """
    dtype = validate.common_dtype(arrays)
    if any(not isinstance(one, np.ndarray) or validate.mapped(one) for one in arrays):
        return Reach(dtype)
    first, *more = (_exponent(one) for one in arrays)
    highest = first + max(more) + math.frexp(scale * max(arrays[0].shape[-1], 1))[1]
    if highest < (120 if dtype == np.float32 else 1000):
        return Reach(dtype)
    narrow = dtype if dtype == np.float32 else None
    return Reach(np.dtype(np.float64), max(0, highest - 1000), narrow)


def _exponent(array: np.ndarray) -> int:
    """That of the largest finite number."""
    array = np.asarray(array, validate.kernel_dtype(array))
    largest = max(abs(float(end.reduce(array, None, initial=0.0))) for end in (np.fmin, np.fmax))
    if math.isinf(largest):
        largest = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    return math.frexp(largest)[1]


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

    def _run(self, request):
        arrays = tuple(request.arguments.values())
        engine, store = backend.with_store(request.backend, self.folder, arrays)
        call = self.function(**backend.arguments(tuple(request.arguments), request.arguments))
        height = len(call.rows)
        given = validate.weights(backend.to_host(request.sample_weight), (height,))
        weights = np.ones(height) if given is None else given
        counted, power = weights if call.mass is None else weights * call.mass, 0
        if request.reduction.divides:
            weights, counted, power = weights_of_mean(weights, call.factor, call.mass, call.inner)
        elif call.factor is not None:
            weights = weights * call.factor
        divisor = Divisor(reduce.sum_of_many(counted), power)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            scales = weights * request.reduction.scale(divisor)
            each, gradient = _run((engine, store), call, scales, request.has_gradient)
        each = reduce.weighed(weights, each)
        each = each if call.there is None else np.where(call.there, each, 0.0)
        made = Evaluation(Outcome(each=each), divisor, counts=call.counted, home=arrays)
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


def _run(
    made: tuple[Any, Any], call: Candidates, weights: np.ndarray, wanted: bool
) -> tuple[np.ndarray, dict[str, Any] | None]:
    """Each row's loss, and the gradients of their sum times weights."""
    engine, store = made
    same = call.columns is call.rows
    given, unread = _without_unread(call.rows, None if same else call.there)
    rows = store.vectors(given)
    columns = rows if same else store.vectors(call.columns)
    logits = Logits(store, rows.all(), columns, call.bias.astype(call.rows.dtype), call.excluded, same)
    if call.needs_largest:
        call = _with_largest(call, engine.largest(logits))
    bent = None
    with np.errstate(over="ignore", invalid="ignore"):
        terms = [term.logits(logits) for term in call.terms]
        if call.bend is not None:
            terms[0], bent = call.bend(terms[0])
        loss, slopes, gradient = _pass((engine, call), logits, terms, weights, wanted)
        if gradient is None:
            return call.restored_losses(loss), None
        if logits.same:
            gradient = gradient._replace(rows=gradient.columns)  # one array
        total = _gradient(call, logits, gradient, (terms, [one * weights for one in slopes], bent))
        by_columns = columns.pull(gradient.columns)
        by_rows = by_columns if same else rows.pull(gradient.rows)
        if unread.size and isinstance(by_rows, np.ndarray):  # from columns that are not finite
            by_rows[unread] = 0.0
        by_rows, by_columns, total = (call.restored(one) for one in (by_rows, by_columns, total))
        bias = gradient.bias if call.narrow is None else gradient.bias.astype(call.narrow)
        return call.restored_losses(loss), call.public(Gradient(by_rows, by_columns, bias), float(total))


def _without_unread(rows: Scaled, there: np.ndarray | None) -> tuple[Scaled, np.ndarray]:
    """Zeros for the rows that have no loss and are not finite, and their numbers: 0 times them would not be 0.

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
    """With the logit of the column that is said for each row, -1 for none, as a term."""
    there = where >= 0
    term = Listed(where[there], np.append(0, np.cumsum(there)))
    return dataclasses.replace(call, terms=(*call.terms, term), known=(*call.known, there))


def _pass(
    made: tuple[Any, Candidates], logits: Logits, terms: list[np.ndarray], weights: np.ndarray, wanted: bool
) -> tuple[np.ndarray, list[np.ndarray], Gradient | None]:
    """Each row's loss, its slopes by the terms, and the gradient of what the sums of exponentials do."""
    engine, call = made

    def head(rest: np.ndarray, some: slice = slice(None)) -> Any:
        return call.head(rest, *(one[some] for one in (*terms, *call.known)))

    if not call.needs_rest:
        loss, (_, *more) = head(np.zeros(len(logits.rows)))
        return loss, more, no_gradient(logits, len(logits.rows), logits.width) if wanted else None
    if wanted and not logits.same and not call.symmetric and engine.strip_rows(logits):
        rest, gradient = engine.sweep(logits, lambda some, rest: head(rest, some)[1][0] * weights[some])
        loss, (_, *more) = head(rest)
        return loss, more, gradient
    given = engine.prepared(logits)
    sums = engine.rest(given, call.symmetric)
    loss, (own, *more) = head(sums.rows)
    columns = None
    if call.symmetric:
        other, (others, *even_more) = head(sums.columns)
        loss, own = (loss + other) / 2.0, own / 2.0
        more = [(one + two) / 2.0 for one, two in zip(more, even_more, strict=True)]
        columns = Side(sums.columns, others / 2.0 * weights)
    if not wanted:
        return loss, more, None
    side = Side(sums.rows, own * weights)
    return loss, more, engine.gradients(given, side, side if logits.same else columns)


def _gradient(call: Candidates, logits: Logits, gradient: Gradient, terms: Any) -> float:
    """Adds the terms' part; returns the sum of all slopes times logits, biases aside."""
    values, slopes, bent = terms
    total = sum(float(one @ two) for one, two in zip(values, slopes, strict=True))
    along = float(logits.store.dots(logits.rows, None, gradient.rows, None).sum())
    total += along / (2.0 if logits.same else 1.0)
    if bent is not None:
        slopes = [slopes[0] * bent, *slopes[1:]]
    for term, slope in zip(call.terms, slopes, strict=True):
        term.pull(logits, slope, gradient)
    return total


def to_arrays(names: tuple[str, ...], values: tuple[Any, ...], deep: int = -1) -> list[np.ndarray]:
    """Matrices of as many columns as the first; None is left out, and number `deep` may have three dimensions."""
    arrays: list[np.ndarray] = []
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        if value is None:
            continue
        array = validate.real(name, value)
        if at != deep or array.ndim != 3:
            validate.matrix(name, array)
        if arrays and array.shape[-1] != arrays[0].shape[1]:
            raise wrong_shape(name, array.shape, f"{arrays[0].shape[1]} columns, as {names[0]}")
        arrays.append(array)
    return arrays


def codes(name: str, ids: Any, count: int) -> np.ndarray:
    """Ids of rows, numbers or strings, as numbers from 0."""
    return np.unique(validate.ids(name, ids, (count,)), return_inverse=True)[1].reshape(-1)


def left_out(owners: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For groups of rows and of columns, numbers from 0: each row leaves out the columns of its group."""
    owners = np.ascontiguousarray(owners, np.int64)
    return owners, *members(columns, int(max(owners.max(initial=-1), columns.max(initial=-1))) + 1)


def candidates_loss(
    *, reference: str, parameters: Any = None, kind: type[CandidatesLoss] = CandidatesLoss
) -> Callable[[Callable[..., Candidates]], CandidatesLoss]:
    """Declare such a loss: the decorated function has its signature, its docstring, and returns its `Candidates`."""
    return lambda function: kind(function, reference=reference, parameters=parameters)
