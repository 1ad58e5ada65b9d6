"""A loss of columns of tables, as other engines' workers compute it: the request that travels, and states as bytes.

`fastloss.ray` and `fastloss.spark` send a `Request`, which is names and numbers, to each part of a table. States of
sums over examples are exact there, also those of elements: parts arrive in any order, and no bit depends on it.
"""

import contextlib
import socket
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.compile import threads
from fastloss.core import arrow, reductions
from fastloss.core.docstrings import share
from fastloss.core.errors import null
from fastloss.core.loss import lookup
from fastloss.core.tables import dtype_of
from fastloss.pairs.loss import PairwiseLoss
from fastloss.streaming import package
from fastloss.streaming.accumulate import accumulate
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator
from fastloss.streaming.state import checked

AnyState = ExampleAccumulator | PairAccumulator | GroupAccumulator


share(
    loss_of_columns="""
    name : str
        The loss.
    *columns : str or array_like
        The column of each argument of the loss, in order; of numbers, or of lists, arrays or tensors of one shape where
        the loss takes rows. An argument that all rows share, as the centers of `center_loss`, is an array instead.
    """,
    weights_of_columns="""
    sample_weight : str, optional
        The column of weights.
    """,
    parameters_of_columns="""
    reduction : {"mean", "sum"}
        As of the loss.
    **parameters
        The loss's own parameters, arrays among them.
    """,
    result_of_columns="""
    float
        What one call on all rows returns, to 1e-15; of smooth losses over all pairs, to 1e-12.
    """,
)


class Request(NamedTuple):
    """A loss of columns, and the package that the process which asks for it has."""

    loss: str
    columns: tuple[Any, ...]  # of each argument: a column's name, or an array that all rows share
    sample_weight: str | None
    groups: str | None
    reduction: str
    parameters: dict[str, Any]
    version: str
    level: str

    @property
    def names(self) -> list[str]:
        """The columns that are read, each once."""
        every = (*self.columns, self.sample_weight, self.groups)
        return list(dict.fromkeys(one for one in every if isinstance(one, str)))

    @property
    def numbers(self) -> list[str]:
        """The columns that hold numbers."""
        every = (*self.columns, self.sample_weight)
        return list(dict.fromkeys(one for one in every if isinstance(one, str)))

    def state(self) -> AnyState:
        """Return a state that has seen nothing; raise if the loss has none."""
        plain = {word: value for word, value in self.parameters.items() if not np.ndim(value)}
        state = accumulate(self.loss, grouped=self.groups is not None, **plain)
        state = ExampleAccumulator(state.loss, plain) if isinstance(state, Accumulator) else state
        state.loss.require_reduction(self.reduction)
        return state

    def add(self, state: AnyState, table: Any, offsets: Any = None) -> None:
        """Add rows of a table of Arrow or pandas, whole groups by their ids, or by `offsets`."""
        words: dict[str, Any] = {"sample_weight": self._weights(table), **self._arrays()}
        if offsets is not None:
            words["offsets"] = offsets
        elif self.groups is not None:
            words["groups"] = table[self.groups]
        state.update(*self._arguments(table), **words)

    def merged(self, parts: Iterable[bytes]) -> AnyState:
        """Return the state of all parts."""
        total = self.state()
        for part in parts:
            total.merge(type(total).from_bytes(part))  # type: ignore[arg-type]
        return total

    def value(self, table: Any) -> float:
        """Return the loss of a table that is one group, by one call; NaN for a mean over nothing."""
        words = {**self.parameters, "sample_weight": self._weights(table), "reduction": self.reduction}
        return lookup(self.loss).of_one_group(*self._arguments(table), **words)

    def _arguments(self, table: Any) -> list[Any]:
        return [_read(one, table[one]) if isinstance(one, str) else one for one in self.columns]

    def _weights(self, table: Any) -> Any:
        return None if self.sample_weight is None else table[self.sample_weight]

    def _arrays(self) -> dict[str, Any]:
        return {word: value for word, value in self.parameters.items() if np.ndim(value)}

    @contextlib.contextmanager
    def at_work(self, where: str) -> Iterator[None]:
        """Check the package, keep to one thread, which is what a task is given, and say in errors where it was."""
        package.require_same(self.version, self.level, socket.gethostname, "asks for the loss")
        try:
            with threads.num_threads(1):
                yield
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{self.loss} of columns {', '.join(self.names)}, {where}: {error}") from error


def request(
    name: str,
    columns: tuple[Any, ...],
    sample_weight: str | None,
    groups: str | None,
    reduction: str,
    parameters: dict[str, Any],
) -> Request:
    """Check what is asked for, as far as it can be known without the data."""
    loss = lookup(name)
    if len(columns) != len(loss.arguments) or loss.others.intersection(loss.arguments):
        raise TypeError(f"{name} takes {', '.join(loss.arguments)}: expected a column of numbers for each of them")
    for argument, column in zip(loss.arguments, columns, strict=True):
        _require_column(argument, column, argument in loss.tables)
    for word, column in (("sample_weight", sample_weight), ("groups", groups)):
        if column is not None:
            _require_column(word, column, False)
    if sample_weight is not None and groups is not None and not isinstance(loss, PairwiseLoss):
        raise ValueError(f"sample_weight of {name} is one for each group: expected None, since columns have one a row")
    reductions.named(reduction, ("mean", "sum"))
    checked(loss, {word: value for word, value in parameters.items() if not np.ndim(value)}, True)
    arrays = {word: loss.parameters[word].validate(word, value) for word, value in parameters.items() if np.ndim(value)}
    made = {**parameters, **arrays}
    return Request(name, columns, sample_weight, groups, reduction, made, *package.here())


def _require_column(word: str, column: Any, is_table: bool) -> None:
    if isinstance(column, str) == is_table:
        expected = "an array, which all rows share" if is_table else "a column's name"
        raise TypeError(f"{word} is of type {type(column).__name__}: expected {expected}")


def _read(name: str, column: Any) -> Any:
    """Return a column of lists or tensors as a matrix; others, of numbers, as they are."""
    return arrow.of_lists(name, column) if arrow.has_lists(dtype_of(column)) else column


def ends_of_runs(ids: Any) -> np.ndarray:
    """Return where runs of equal ids begin, and where the last one ends, as offsets of groups."""
    ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    if ids.null_count:
        raise null(f"groups[{int(np.argmax(ids.is_null()))}]", "an id")
    changes = np.asarray(pc.not_equal(ids.slice(1), ids.slice(0, max(len(ids) - 1, 0))), bool)
    return np.concatenate(([0], np.flatnonzero(changes) + 1, [len(ids)])) if len(ids) else np.zeros(1, np.int64)


def tables(batches: Iterable[pa.RecordBatch], groups: str | None, rows: int) -> Iterator[pa.Table]:
    """Return the rows of many batches in tables: of a multiple of `rows`, the last one apart.

    With `groups`, whose rows lie together, they are of whole groups instead, and of `rows` or more.
    """
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        if groups is None:
            cut = (held + batch.num_rows) // rows * rows - held
            may_end = cut > 0
        else:
            cut = _last_run(batch[groups])
            may_end = cut > 0 or bool(waiting and waiting[-1][groups][-1] != batch[groups][0])
        if may_end and held + cut >= rows:
            yield pa.Table.from_batches([*waiting, batch.slice(0, cut)])
            waiting, held = [], 0
            batch = batch.slice(cut)
        if batch.num_rows:
            waiting.append(batch)
            held += batch.num_rows
    if waiting:
        yield pa.Table.from_batches(waiting)


def _last_run(ids: Any) -> int:
    """Return where the last run of equal ids begins; a missing id ends a run."""
    others = np.asarray(pc.fill_null(pc.not_equal(ids, ids[-1]), True), bool)
    return len(ids) - int(np.argmax(others[::-1])) if others.any() else 0


def of_group(asked: Request, table: pa.Table) -> pa.Table:
    """Return the loss of a table that is one group, beside the group's id."""
    id = table[asked.groups][:1]
    with asked.at_work(f"group {id[0].as_py()!r}"):
        return pa.table([id, pa.array([asked.value(table)])], names=[asked.groups, asked.loss])
