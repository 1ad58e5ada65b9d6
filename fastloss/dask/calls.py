"""A call of a loss on collections: checked when the graph is built, so that no worker finds what could be seen here."""

import dataclasses
from typing import Any

import numpy as np

from fastloss.dask.collections import Column, aligned, column, is_cut
from fastloss.dask.graphs import Blocks, merged
from fastloss.dask.passes import again
from fastloss.dask.workers import Job, job, joined
from fastloss.embeddings.candidates.loss import CandidatesLoss
from fastloss.pairs.queries.loss import QueryLoss

# Arguments in partitions that have rows of their own.
APART = {
    "ge2e_loss": ("sample_weight",),
    "info_nce_loss": ("key", "negatives"),
    "margin_all_pairs_loss": ("neg",),
    "multiple_negatives_ranking_loss": ("positives", "negatives"),
    "nt_xent_loss": ("sample_weight",),
}
SHARED = ("sample_weight", "groups")  # keywords that bring a number or an id for each row


@dataclasses.dataclass(frozen=True)
class Call:
    """What is to be computed, of which partitions."""

    loss: Any  # or a count
    what: str  # "value", "value_and_grad" or "grad_hess"
    columns: dict[str, Column]  # arguments in partitions, in the order of the signature
    whole: dict[str, Any]  # what every task needs: arrays, or a lazy one
    parameters: dict[str, Any]  # numbers and words
    reduction: str

    @property
    def job(self) -> Job:
        """What workers are told."""
        return job(self.loss.name, self.parameters)

    @property
    def gradients_by(self) -> tuple[str, ...]:
        """The names of what the gradients are by."""
        return self.loss.gradients_by({**self.columns, **self.whole, **self.parameters})

    @property
    def first(self) -> Column:
        """The argument whose form results have."""
        return next(iter(self.columns.values()))

    @property
    def partitions(self) -> range:
        """The numbers of the partitions."""
        return range(len(self.first.sizes))

    @property
    def blocks(self) -> list[Blocks]:
        """What each task of a partition is given: a block of each column, and what is whole."""
        return [*(one.blocks for one in self.columns.values()), *self.whole.values()]

    def again(self, after: Blocks) -> "Call":
        """Return the call whose partitions are read once more, when a value of all of them is there."""
        columns = {name: one._replace(blocks=again(one.blocks, after)) for name, one in self.columns.items()}
        return dataclasses.replace(self, columns=columns)

    def given(self, name: str) -> Any:
        """Return what a whole argument or a parameter was given."""
        return self.whole[name] if name in self.whole else self.parameters[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of these."""
        return (*self.columns, *self.whole)


def bound(loss: Any, what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """Check a call, and tell what is in partitions from what is whole.

    Raises
    ------
    TypeError
        If no argument is a collection, one is of another type than it should be, or the loss has no such argument.
    ValueError
        If a parameter is out of its range, or cannot be given for collections.
    """
    given = loss._given(args, kwargs)
    reduction = loss.require_reduction(given.pop("reduction", "mean")).name
    rows: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    tables, apart = loss.tables_of(given), APART.get(loss.name, ())
    if isinstance(loss, CandidatesLoss):  # classes in partitions, which no worker need hold
        apart, tables = (*apart, *(name for name in tables if is_cut(given[name]))), ()
    if isinstance(loss, QueryLoss) and given["groups"] is None:  # whose weights are those of queries
        apart = ("sample_weight",)
    for name, value in given.items():
        if name in PLAIN:
            _require_plain(loss, name, value)
        elif value is None:
            if name in loss.arguments and name not in loss.others:
                raise TypeError(f"{loss.name}: {name} is None: expected a collection")
            if name in loss.others:
                parameters[name] = None
        elif is_cut(value) and name not in tables:
            rows[name] = value
        elif is_cut(value):
            whole[name] = merged(f"{loss.name}-{name}", joined, column(name, value).blocks)
        elif hasattr(value, "tocsr") or isinstance(value, tuple):
            whole[name] = value  # interactions, lists of positives
        elif (name in loss.arguments or name in SHARED) and name not in (*loss.tables, *tables, *apart):
            rows[name] = value
        elif np.ndim(value):
            whole[name] = np.asarray(value)
        else:
            check = loss.parameters.get(name)
            parameters[name] = value if check is None else check.validate(name, value)
    if not any(map(is_cut, rows.values())):
        raise TypeError(f"{loss.name}: no argument is a Dask collection: expected one, or call fastloss.{loss.name}")
    columns = aligned({name: one for name, one in rows.items() if name not in apart})
    columns |= {name: column(name, rows[name]) for name in apart if name in rows}
    return Call(loss, what, {name: columns[name] for name in rows}, whole, parameters, reduction)


PLAIN = {"backend": ("auto", "cpu"), "method": ("auto", "fast"), "with_counts": (False,), "offsets": (None,)}


def _require_plain(loss: Any, name: str, value: Any) -> None:
    """Raise for a keyword that partitions cannot honour."""
    if not any(value is one or (isinstance(value, str) and value == one) for one in PLAIN[name]):
        expected = " or ".join(map(repr, PLAIN[name]))
        instead = ": give ids as `groups`" if name == "offsets" else ""
        raise ValueError(f"{loss.name}: {name} is given as {value!r:.60}: expected {expected} for collections{instead}")
