"""Counts over pairs of collections: inversions and the area under the ROC curve."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastloss.core import reductions
from fastloss.core.reductions import Reduction
from fastloss.dask import ways
from fastloss.dask.calls import Call, bound
from fastloss.dask.collections import whole
from fastloss.dask.graphs import Blocks, mapped, merged
from fastloss.dask.groups import large
from fastloss.dask.groups import loss as groups
from fastloss.dask.groups.ids import dealt
from fastloss.dask.groups.large_rows import Found
from fastloss.dask.groups.rows import Part, located, placed, rows_of
from fastloss.dask.workers import Job, at_work
from fastloss.pairs import metrics
from fastloss.pairs.metrics import CountSums
from fastloss.streaming import terms
from fastloss.streaming.terms import Terms


class DaskCount:
    """A count over pairs of Dask collections, with the arguments of the function of the same name in `fastloss`."""

    arguments, tables = ("scores", "labels"), ()
    parameters: Mapping[str, Any] = {}
    others = ()

    def __init__(self, function: Callable[..., Any]):
        self.name = function.__name__
        self._signature = inspect.signature(function)
        self._reductions = ("mean", "per_group") if "reduction" in self._signature.parameters else ("sum",)
        functools.update_wrapper(self, function, updated=())
        self.__signature__ = self._signature

    def __repr__(self) -> str:
        return f"<fastloss.dask count {self.name}{self._signature}>"

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            found = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        found.apply_defaults()
        return {"reduction": self._reductions[0], **found.arguments}

    def tables_of(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of arguments that are no rows: none."""
        return self.tables

    def require_reduction(self, name: Any) -> Reduction:
        """Return the reduction of that name; raise a ValueError unless the count has it."""
        return reductions.named(name, self._reductions)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the count: a lazy number, or a DataFrame for ``reduction="per_group"``."""
        call = bound(self, "value", args, kwargs)
        if "groups" not in call.columns:
            if call.reduction == "per_group":
                raise ValueError(f"{self.name}: reduction is 'per_group' without groups: expected 'mean' or groups")
            return whole(ways.Ranges.value(call))
        if call.reduction == "per_group":
            return groups.per_group(call)
        return whole(_of_groups(call))


def _of_groups(call: Call) -> Blocks:
    name = call.loss.name
    deal = dealt(call, can_be_large=True)
    rows = placed(call.again(deal), deal)
    own, owned = (mapped(f"{name}-sums", sums, call.job, one) for one in rows.whole)
    of_large = mapped(f"{name}-sums", sums_of_large, call.job, large.found(call, deal, rows.large))
    together = merged(f"{name}-merge", united, own.plus(owned).plus(of_large))
    return mapped(name, result, call.job, together, "sample_weight" in call.columns)


# Functions of the workers.


def sums(job: Job, parts: tuple[Part, ...]) -> tuple[Terms, Terms]:
    """Return exact sums over the pairs of whole groups, of what is counted and of their weights."""
    with at_work(job), located(parts):
        rows = rows_of(parts)
        if not rows["groups"].size:
            return (), ()
        found = metrics.count_sums(job.loss, **rows)
        return terms.exact(found.total), terms.exact(found.weight)


def sums_of_large(job: Job, found: list[Found]) -> tuple[Terms, Terms]:
    """Return the sums over the pairs of large groups; integers may be of more than 53 bits."""
    with at_work(job):
        total, weight = (_terms([getattr(one.sums, name) for one in found]) for name in ("loss", "weight"))
        return total, weight


def _terms(numbers: list[Any]) -> Terms:
    rounded = list(map(float, numbers))
    rest = [float(one - int(other)) for one, other in zip(numbers, rounded, strict=True) if isinstance(one, int)]
    return terms.exact([*rounded, *rest])


def united(parts: list[tuple[Terms, Terms]]) -> tuple[Terms, Terms]:
    """Return the sums of several."""
    total, weight = (terms.added(*((one, 0) for one in both)) for both in zip(*parts, strict=True))
    return total, weight


def result(job: Job, both: tuple[Terms, Terms], weighted: bool) -> Any:
    """Return the count."""
    with at_work(job):
        total, weight = map(terms.total, both)
        return metrics.counted(job.loss, CountSums(np.array([total]), np.array([weight])), weighted)
