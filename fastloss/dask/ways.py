"""The way in which a call is computed, by the shape of its loss; each is a module, or a class, of three functions.

`value` and `derivatives` return what the loss returns, `each` each example's loss where partitions tell it.
"""

from typing import Any

from fastloss.dask import all_pairs, collections, mined, sums, whole
from fastloss.dask.calls import Call
from fastloss.dask.contrastive import graph as contrastive
from fastloss.dask.graphs import Blocks, mapped
from fastloss.dask.groups import loss as groups
from fastloss.dask.ranges import graph as ranges
from fastloss.dask.workers import like_rows
from fastloss.embeddings.candidates.loss import CandidatesLoss
from fastloss.embeddings.factors.loss import FactorsLoss
from fastloss.embeddings.mining.loss import MiningLoss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pairs.margin_all_pairs import AllPairsLoss
from fastloss.streaming.all_pairs import can_accumulate


def chosen(call: Call) -> Any:
    """Return the way of a call; one worker computes what is not made of sums of parts.

    Raises
    ------
    ValueError
        If collections have no such reduction, or a parameter cannot be honoured.
    """
    way = _of(call)
    if way is sums and not sums.can_sum(call):
        way = Whole
    needed = {"none": "each", "per_group": "per_group"}.get(call.reduction, "value")
    if not hasattr(way, needed):
        raise ValueError(f"{call.loss.name}: reduction is {call.reduction!r}: expected 'mean' or 'sum' for collections")
    return way


def _of(call: Call) -> Any:
    loss = call.loss
    if "groups" in call.columns:
        return groups
    if isinstance(loss, PairwiseLoss):
        if can_accumulate(loss, call.parameters):
            return all_pairs
        return Ranges if loss.formulas.power and call.parameters.get("pairs") == "ordered" else Whole
    if isinstance(loss, AllPairsLoss):
        return Ranges
    if isinstance(loss, CandidatesLoss) and loss.name in contrastive.LAYOUTS:
        return sums if loss.tables and loss.tables[0] in call.whole else Blockwise
    if isinstance(loss, MiningLoss):
        return ByAnchors
    return Whole if isinstance(loss, FactorsLoss) else sums


class Ranges:
    """Sorted losses over all pairs of rows, see `ranges/`."""

    @staticmethod
    def value(call: Call) -> Blocks:
        """Return the value of all partitions."""
        return ranges.values(call.job, _rows(call), call.reduction)

    @staticmethod
    def derivatives(call: Call) -> tuple[Any]:
        """Return the gradient: a collection like the scores, or a tuple of two."""
        made = ranges.gradients(call.job, _rows(call), call.reduction)
        results, start = [], 0
        for name in call.gradients_by:
            column = call.columns[name]
            stop = start + len(column.sizes)
            results.append(_like(call, name, made.only(range(start, stop))))
            start = stop
        return (results[0] if len(results) == 1 else tuple(results),)


def _rows(call: Call) -> ranges.Rows:
    columns = _arrays(call)
    weights = columns.pop("sample_weight", None)
    first, second = columns.values()
    if isinstance(call.loss, AllPairsLoss):
        return ranges.two_arrays(first, second, weights)
    return ranges.rows(first, second, weights)


def _like(call: Call, name: str, parts: Blocks) -> Any:
    column = call.columns[name]
    if column.is_frame:
        parts = mapped(f"{call.loss.name}-by-{name}", like_rows, parts, column.blocks)
    return column.same_rows(parts, column.dimensions)


class _Joined:
    """Losses whose module takes arguments by name, in blocks of rows or in memory."""

    module: Any

    @classmethod
    def value(cls, call: Call) -> Blocks:
        """Return the value of all partitions."""
        made: Blocks = cls.module.value(call.job, _arguments(call), reduction=call.reduction)
        return made

    @classmethod
    def derivatives(cls, call: Call) -> tuple[Any]:
        """Return the gradient: collections like the arguments in partitions, lazy numbers and arrays by the others."""
        made = cls.module.value_and_grad(call.job, _arguments(call), reduction=call.reduction).gradients
        results = [
            _like(call, name, made[name]) if name in call.columns else collections.whole(made[name], call.given(name))
            for name in call.gradients_by
        ]
        return (results[0] if len(results) == 1 else tuple(results),)


class Whole(_Joined):
    """Losses that one worker computes, who holds all rows, see `whole.py`."""

    module = whole


class ByAnchors(_Joined):
    """Losses over pairs and triplets of a batch, in blocks of anchors, see `mined.py`."""

    module = mined


class Blockwise(_Joined):
    """Softmaxes over candidates, in blocks of rows and of candidates, see `contrastive/`."""

    module = contrastive


def _arguments(call: Call) -> dict[str, Any]:
    return {**_arrays(call), **call.whole}


def _arrays(call: Call) -> dict[str, Blocks]:
    return {name: one.arrays(call.loss.name) for name, one in call.columns.items()}
