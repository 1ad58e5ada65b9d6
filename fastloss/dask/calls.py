"""A call of a loss on collections: checked when the graph is built, so that no worker finds what could be seen here."""

import dataclasses
import re
from typing import Any

import numpy as np

from fastloss.core import reductions
from fastloss.core.domains import Free
from fastloss.core.errors import wrong_type
from fastloss.dask.collections import Column, aligned, column, is_cut
from fastloss.dask.graphs import Blocks, merged
from fastloss.dask.passes import again
from fastloss.dask.workers import Job, job, joined
from fastloss.embeddings.candidates.loss import CandidatesLoss
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.pointwise.loss import PointwiseLoss

# Arguments in partitions that have rows of their own.
APART = {
    "ge2e_loss": ("sample_weight",),
    "info_nce_loss": ("key", "negatives"),
    "margin_all_pairs_loss": ("neg",),
    "multiple_negatives_ranking_loss": ("positives", "negatives"),
    "nt_xent_loss": ("sample_weight",),
}
OF_ROWS = {"margin_all_pairs_loss": ("neg",), "td_loss": ("next_q_online",)}  # cut if they are in memory, too
OF_CLASSES = ("weight", "pos_weight", "alpha", "epsilon", "quantiles")
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
    how = loss.require_reduction(given.pop("reduction", "mean"))
    if given.get("return_ids") is True:
        reductions.require_groups(how, what)
    reduction = how.name
    if reduction == "per_group" and what != "value":
        raise ValueError(f"{loss.name}: reduction is 'per_group': expected 'mean' or 'sum' for gradients")
    rows: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    tables, apart = loss.tables_of(given), APART.get(loss.name, ())
    if isinstance(loss, CandidatesLoss):  # classes in partitions, which no worker need hold
        apart, tables = (*apart, *(name for name in tables if is_cut(given[name]))), ()
    if isinstance(loss, QueryLoss) and given["groups"] is None:  # whose weights are those of queries
        apart = ("sample_weight",)
    kept = tuple(name for name in apart if name not in OF_ROWS.get(loss.name, ()))  # as one, unless it is cut
    for name, value in given.items():
        check = loss.parameters.get(name)
        if name in PLAIN:
            _require_plain(loss, name, value)
        elif value is None:
            if name in loss.arguments and name not in loss.others:
                raise TypeError(f"{loss.name}: {name} is None: expected a collection")
            if name in loss.others:
                parameters[name] = None
        elif check is not None and not isinstance(check, Free):
            if is_cut(value):
                raise wrong_type(name, value, check)
            parameters[name] = check.validate(name, value)
        elif is_cut(value) and name not in tables:
            rows[name] = value
        elif is_cut(value):
            whole[name] = merged(f"{loss.name}-{name}", joined, column(name, value).blocks)
        elif hasattr(value, "tocsr") or isinstance(value, tuple):
            whole[name] = value  # interactions, lists of positives
        elif _has_rows(loss, name, value, given) and name not in (*loss.tables, *tables, *kept):
            rows[name] = value
        elif np.ndim(value):
            whole[name] = np.asarray(value)
        else:
            parameters[name] = value
    if not any(map(is_cut, rows.values())):
        raise TypeError(f"{loss.name}: no argument is a Dask collection: expected one, or call fastloss.{loss.name}")
    columns = aligned({name: one for name, one in rows.items() if name not in apart})
    for name in apart:
        columns |= aligned({name: rows[name]}) if name in rows else {}
    for name, one in columns.items():
        if (name in loss.arguments and name not in loss.others) or name == "sample_weight":
            one.require_numbers()
    _require_parameters(loss, {**whole, **parameters}, columns)
    return Call(loss, what, {name: columns[name] for name in rows}, whole, parameters, reduction)


def _has_rows(loss: Any, name: str, value: Any, given: dict[str, Any]) -> bool:
    """Tell whether a value in memory has a row for each of the first argument's."""
    if name in (*loss.arguments, *SHARED, *OF_ROWS.get(loss.name, ())):
        return True
    dimensions = getattr(given[loss.arguments[0]], "ndim", 1)  # weights of elements are broadcast
    return isinstance(loss, PointwiseLoss) and np.ndim(value) == dimensions and len(value) != 1


def _is_told(loss: Any, name: str, value: Any) -> bool:
    """Tell whether one row shows that a parameter is wrong: a number, a word, or an array of classes."""
    if isinstance(value, (tuple, np.ndarray)):  # ids and lists of other rows
        return name in OF_CLASSES and not isinstance(loss, CandidatesLoss)
    return name != "norm"  # of all rows: see norms.py


def _require_parameters(loss: Any, given: dict[str, Any], columns: dict[str, Column]) -> None:
    """Raise for a parameter that the loss checks itself: its body, without kernels, is given one row of zeros."""
    own = {name: given[name] for name in loss.parameters if name in given and _is_told(loss, name, given[name])}
    arguments: dict[str, Any] = {}
    for name in (*loss.arguments, *loss.parameters):
        if name in columns:
            arguments[name] = columns[name].one_row()
        elif name in loss.arguments:
            arguments[name] = given.get(name)
    if not own or any(is_cut(one) or isinstance(one, Blocks) for one in (*arguments.values(), *own.values())):
        return
    try:
        loss.function(**{**loss.defaults, **own, **arguments})
    except (TypeError, ValueError) as error:
        if re.split(r"\W", str(error), maxsplit=1)[0] in own:
            raise


PLAIN = {
    "backend": ("auto", "cpu"),
    "method": ("auto", "fast"),
    "with_counts": (False,),
    "return_ids": (False, True),  # the table of each group's mean always has them
    "offsets": (None,),
}


def _require_plain(loss: Any, name: str, value: Any) -> None:
    """Raise for a keyword that partitions cannot honour."""
    if not any(value is one or (isinstance(value, str) and value == one) for one in PLAIN[name]):
        expected = " or ".join(map(repr, PLAIN[name]))
        instead = ": give ids as `groups`" if name == "offsets" else ""
        raise ValueError(f"{loss.name}: {name} is given as {value!r:.60}: expected {expected} for collections{instead}")
