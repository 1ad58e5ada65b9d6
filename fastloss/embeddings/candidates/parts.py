"""Candidates in blocks: rows and columns that no process holds together, a block of each at a time.

A loss's body describes it from what is a number for each row (labels, ids, weights) and from `Outline`s of its vectors.
`divided` cuts that description into a `Part` for each block of vectors. `first_pass` reads a block of rows and a block
of columns, and keeps a few numbers of each row; `merge` merges those of several columns; `score` makes losses and
slopes of them; `second_pass` reads the two blocks again, and computes what they add to each other's gradients.

Where columns are rows, a pair of blocks stands for both orders, as a tile of the one matrix does.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.errors import wrong_shape
from fastloss.embeddings.candidates import log_sums
from fastloss.embeddings.candidates.log_sums import Side, Sums
from fastloss.embeddings.candidates.logits import NOTHING, Excluded, Gradient, Logits, Scaled
from fastloss.embeddings.candidates.loss import (
    Candidates,
    Weighing,
    bent,
    combined,
    pulled_slopes,
    softmax_total,
    without_unread,
)
from fastloss.embeddings.candidates.reach import Reach, largest

ONE_SIDED, SYMMETRIC, ITSELF, MIRRORED = "one-sided", "symmetric", "itself", "mirrored"  # kinds of pairs of blocks


def quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute without NumPy's warnings: infinities and NaN in results are documented."""

    @functools.wraps(function)
    def quiet(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return quiet


class Outline(NamedTuple):
    """What a loss's body has to know of vectors: their shape and precision, and the largest number in them."""

    shape: tuple[int, ...]
    dtype: np.dtype
    largest: float


def outline(name: str, block: Any) -> Outline:
    """Check a block of vectors, and return its outline."""
    array = validate.real(name, block)
    return Outline(array.shape, validate.kernel_dtype(array), largest(array))


def stand_in(name: str, outlines: Sequence[Outline]) -> np.ndarray:
    """Return an array with the outline of all blocks: a number that is repeated, in no memory."""
    first = outlines[0]
    for at, one in enumerate(outlines):
        if one.shape[1:] != first.shape[1:]:
            raise wrong_shape(f"partition {at} of {name}", one.shape, f"rows of shape {first.shape[1:]}, as the first")
    shape = sum(one.shape[0] for one in outlines), *first.shape[1:]
    number = np.array(max(one.largest for one in outlines), np.result_type(*(one.dtype for one in outlines)))
    return np.broadcast_to(number, shape)


def rows_in(shape: tuple[int, ...]) -> int:
    """Return the number of vectors of a block of that shape."""
    return math.prod(shape[:-1])


class Part(NamedTuple):
    """A block of vectors, described: what is made of them, and what they bring to a pair, as rows or as columns."""

    about: Scaled  # without the arrays
    within: Reach
    span: slice  # the block's numbers among all
    as_rows: tuple[Any, ...]  # a part of each term
    as_columns: tuple[Any, ...]
    excluded: Excluded = NOTHING  # by these rows
    there: np.ndarray | None = None
    bias: np.ndarray = np.empty(0)

    def vectors(self, store: Any, block: np.ndarray) -> Any:
        """Return the block's vectors as the loss takes them."""
        flat = np.asarray(block).reshape(rows_in(np.shape(block)), np.shape(block)[-1])
        return store.vectors(without_unread(dataclasses.replace(self.about, arrays=(flat,)), self.there)[0])


class Parts(NamedTuple):
    """The parts of all blocks; columns that are rows have none of their own."""

    rows: list[Part]
    columns: list[Part]


def _spans(sizes: Sequence[int]) -> list[slice]:
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice(*both) for both in itertools.pairwise(ends)]


def divided(call: Candidates, rows: Sequence[int], columns: Sequence[int]) -> Parts:
    """Cut a loss into parts for blocks of so many rows and columns."""
    same = call.columns is call.rows

    def part(about: Scaled, span: slice, is_rows: bool, is_columns: bool) -> Part:
        return Part(
            dataclasses.replace(about, arrays=()),
            call.within,
            span,
            tuple(term.of_rows(span) for term in call.terms if is_rows),  # type: ignore[attr-defined]
            tuple(term.of_columns(span) for term in call.terms if is_columns),  # type: ignore[attr-defined]
            call.excluded.of_rows(span) if is_rows else NOTHING,
            call.there[span] if is_rows and call.there is not None and not same else None,
            call.bias[span].astype(about.dtype) if is_columns else np.empty(0, about.dtype),
        )

    return Parts(
        [part(call.rows, span, True, same) for span in _spans(rows)],
        [] if same else [part(call.columns, span, False, True) for span in _spans(columns)],
    )


class _Pair:
    """A block of rows and a block of columns, with their logits and the parts of the terms between them."""

    def __init__(self, kind: str, parts: tuple[Part, Part], blocks: tuple[np.ndarray, np.ndarray]):
        self.kind, (rows, columns) = kind, parts
        self.engine, store = backend.with_store("cpu", "embeddings.candidates", ())
        row_vectors = rows.vectors(store, blocks[0])
        column_vectors = row_vectors if kind == ITSELF else columns.vectors(store, blocks[1])
        excluded = rows.excluded.of_columns(columns.span)
        self.logits = Logits(store, row_vectors.all(), column_vectors, columns.bias, excluded, kind == ITSELF)
        self.mirrored = Logits(store, column_vectors.all(), row_vectors, columns.bias)
        self.terms = _between(rows, columns)
        self.mirrored_terms = _between(columns, rows) if kind == MIRRORED else []


def _between(rows: Part, columns: Part) -> list[Any]:
    return [one.with_columns(other) for one, other in zip(rows.as_rows, columns.as_columns, strict=True)]


class Found(NamedTuple):
    """Of some rows, or columns: maxima and sums of exponentials over some of the others, and parts of the terms."""

    maxima: np.ndarray
    sums: np.ndarray
    terms: tuple[np.ndarray, ...]


@quietly
def first_pass(kind: str, parts: tuple[Part, Part], blocks: tuple[np.ndarray, np.ndarray]) -> tuple[Found, Found]:
    """Return what is found of the rows of a pair of blocks, and of its columns: nothing unless the kind needs it."""
    pair = _Pair(kind, parts, blocks)
    made = pair.engine.folded(pair.logits, kind in (SYMMETRIC, MIRRORED))
    terms = tuple(term.logits(pair.logits) for term in pair.terms)
    mirrored = tuple(term.logits(pair.mirrored) for term in pair.mirrored_terms)
    return Found(made.maxima, made.sums, terms), Found(made.column_maxima, made.column_sums, mirrored)


@quietly
def merge(found: Sequence[Found]) -> Found:
    """Merge what is found of the same rows over several blocks of columns, in their order."""
    first, *others = found
    maxima, sums, terms = first.maxima.copy(), first.sums.copy(), first.terms
    for one in others:
        log_sums.merge(maxima, sums, one.maxima, one.sums)
        terms = tuple(a + b for a, b in zip(terms, one.terms, strict=True))
    return Found(maxima, sums, terms)


class Slopes(NamedTuple):
    """What the second pass needs of some rows, or columns: their softmaxes' logs and factors, and slopes by terms."""

    side: Side
    by_terms: tuple[np.ndarray, ...] = ()


class Scored(NamedTuple):
    """Each row's loss, and the slopes of each block; those of columns if the loss is symmetric."""

    losses: np.ndarray
    rows: list[Slopes]
    columns: list[Slopes]
    total: float  # of slopes times terms
    factors: dict[str, float]  # of the gradients by numbers: what the sum of slopes times logits is multiplied by


@quietly
def score(call: Candidates, weights: Weighing, rows: Sequence[Found], columns: Sequence[Found]) -> Scored:
    """Compute each row's loss and slopes from what is found of all rows, and of all columns if it is symmetric."""
    sums = Sums(_logs(rows), _logs(columns))
    terms, by_first = bent(call, [np.concatenate(one) for one in zip(*(one.terms for one in rows), strict=True)])
    made = combined(call, sums, terms, weights.slopes)
    losses = call.within.restored_losses(made.scores.losses)
    slopes, total = pulled_slopes(made.scores, terms, weights.slopes, by_first)
    by_rows = [
        Slopes(_some(made.rows, span), tuple(one[span] for one in slopes))
        for span in _spans([len(one.maxima) for one in rows])
    ]
    by_columns = [
        Slopes(_some(made.columns, span))
        for span in _spans([len(one.maxima) for one in columns])
        if made.columns is not None
    ]
    return Scored(losses, by_rows, by_columns, total, _factors(call))


def _logs(found: Sequence[Found]) -> np.ndarray:
    return np.concatenate([np.empty(0), *(log_sums.log_sums(one.maxima, one.sums) for one in found)])


def _some(side: Side, span: slice) -> Side:
    return Side(side.logs[span], side.factors[span])


def _factors(call: Candidates) -> dict[str, float]:
    """Return the gradients by numbers where the sum of slopes times logits is 1."""
    depth = call.rows.arrays[0].shape[-1]
    rows, columns = (np.broadcast_to(0.0, (len(one), depth)) for one in (call.rows, call.columns))
    named = call.public(Gradient(rows, columns, np.zeros(len(call.bias))), 1.0)
    return {name: one for name, one in named.items() if isinstance(one, float)}


class Pulled(NamedTuple):
    """What a pair of blocks adds to the gradients by its scaled rows and columns, and to the sum of slopes times z."""

    rows: Any
    columns: Any
    bias: np.ndarray
    along: float


@quietly
def second_pass(
    kind: str, parts: tuple[Part, Part], blocks: tuple[np.ndarray, np.ndarray], slopes: tuple[Slopes, Slopes | None]
) -> Pulled:
    """Return what a pair of blocks adds to the gradients; that by the rows alone where it is a block with itself."""
    pair = _Pair(kind, parts, blocks)
    rows, columns = slopes
    gradient = pair.engine.gradients(pair.logits, rows.side, None if columns is None else columns.side)
    if kind == ITSELF:
        gradient = gradient._replace(rows=gradient.columns)  # one array
    along = softmax_total(pair.logits, gradient)
    for term, slope in zip(pair.terms, rows.by_terms, strict=True):
        term.logits(pair.logits)  # which it remembers sums of
        term.pull(pair.logits, slope, gradient)
    turned = Gradient(gradient.columns, gradient.rows, gradient.bias)
    for term, slope in zip(pair.mirrored_terms, columns.by_terms if columns else (), strict=False):
        term.logits(pair.mirrored)
        term.pull(pair.mirrored, slope, turned)
    return Pulled(gradient.rows, None if kind == ITSELF else gradient.columns, gradient.bias, along)


@quietly
def finish(part: Part, block: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the gradient by a block as it was given, from that by its scaled vectors."""
    _, store = backend.with_store("cpu", "embeddings.candidates", ())
    result = part.vectors(store, block).pull(gradient.copy())
    if part.there is not None:
        flat = np.asarray(block).reshape(result.shape)
        result[~part.there & ~np.isfinite(flat).all(1)] = 0.0  # from columns that are not finite
    return part.within.restored(result).reshape(np.shape(block))
