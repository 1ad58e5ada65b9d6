"""Losses of Ray's Datasets: an aggregation whose accumulators are states, and values for each group.

    from fastloss.ray import Aggregate, per_group, score
    score(ds, "binary_cross_entropy_with_logits", "score", "label", sample_weight="weight")
    ds.aggregate(Aggregate("pairwise_logistic_loss", "score", "label"))
    per_group(ds, "lambdarank_loss", "score", "label", groups="query", truncation_level=10).write_parquet("losses")

What runs on the workers is functions of this module, which must be installed there; kernels do not travel.
"""

import functools
import math
from typing import Any

from ray.data import Dataset
from ray.data.aggregate import AggregateFnV2
from ray.data.block import Block

from fastloss.core.docstrings import documented
from fastloss.streaming.columns import Request, of_group, request


@documented()
class Aggregate(AggregateFnV2):
    """A loss of all rows, or of the rows of each key, for `Dataset.aggregate` and `GroupedData.aggregate`.

    Of an aggregation Ray knows one column that it reads, and drops the others where there are keys or other
    aggregations; ``Count(column)`` beside it, for each column of the loss, keeps them.

    Parameters
    ----------
    {loss_of_columns}
    {weights_of_columns}
    groups : str, optional
        The column of ids of groups, for losses over groups. Blocks must hold whole groups, as those of
        ``ds.repartition(n, keys=["user"])`` do; a group in two blocks is an error.
    reduction : {"mean", "sum"}
        As of the loss.
    alias_name : str, optional
        The name of the result, by default ``"name(column, ...)"``.
    **parameters
        The loss's own parameters, arrays among them.

    Raises
    ------
    TypeError, ValueError
        If the loss has no state, or does not take a parameter.
    """

    def __init__(
        self,
        name: str,
        *columns: Any,
        sample_weight: str | None = None,
        groups: str | None = None,
        reduction: str = "mean",
        alias_name: str | None = None,
        **parameters: Any,
    ):
        self._asked = request(name, columns, sample_weight, groups, reduction, parameters)
        self._of_nothing = math.nan
        zero = self._asked.state().to_bytes()
        title = alias_name or f"{name}({', '.join(self._asked.numbers)})"
        super().__init__(title, functools.partial(bytes, zero), on=None, ignore_nulls=False)

    def aggregate_block(self, block: Block) -> bytes:
        """Return the state of a block, as bytes."""
        state = self._asked.state()
        with self._asked.at_work("in a block"):
            self._asked.add(state, block)
        return state.to_bytes()

    def combine(self, current_accumulator: bytes, new: bytes) -> bytes:
        """Return the state of both."""
        with self._asked.at_work("of two blocks"):
            return self._asked.merged((current_accumulator, new)).to_bytes()

    def finalize(self, accumulator: bytes) -> float:
        """Return the value; NaN for a mean over nothing, as of a key whose rows make no pair."""
        state = self._asked.merged([accumulator])
        is_empty = self._asked.reduction == "mean" and state.sums().weight == 0.0
        return self._of_nothing if is_empty else state.result(self._asked.reduction)

    def _validate(self, schema: Any) -> None:
        require_columns(self._asked, schema)


@documented()
def score(
    ds: Dataset,
    name: str,
    *columns: Any,
    sample_weight: str | None = None,
    groups: str | None = None,
    reduction: str = "mean",
    **parameters: Any,
) -> float:
    """Return a loss of all rows of a Dataset; the arguments are those of `Aggregate`.

    With `groups`, rows are shuffled, so that those of a group are in one block.

    Parameters
    ----------
    ds : Dataset
        The rows.
    {loss_of_columns}
    {weights_of_columns}
    groups : str, optional
        The column of ids of groups, for losses over groups.
    {parameters_of_columns}

    Returns
    -------
    {result_of_columns}

    Raises
    ------
    TypeError, ValueError
        If the loss has no state, does not take a parameter, or a column does not exist; before rows are read.
    RayTaskError
        Of Ray, which is a `ValueError` too, if a row is not what the loss takes.
    """
    words: dict[str, Any] = {"sample_weight": sample_weight, "groups": groups, "reduction": reduction}
    aggregate = Aggregate(name, *columns, **words, alias_name=name, **parameters)
    aggregate._of_nothing = 0.0  # as of a call
    require_columns(aggregate._asked, ds.schema())
    if groups is not None:
        ds = ds.repartition(ds.context.default_hash_shuffle_parallelism, keys=[groups])
    found = ds.aggregate(aggregate)
    return aggregate.finalize(aggregate.init(None)) if found is None else float(found[name])


@documented()
def per_group(
    ds: Dataset,
    name: str,
    *columns: Any,
    groups: str,
    sample_weight: str | None = None,
    reduction: str = "mean",
    **parameters: Any,
) -> Dataset:
    """Return a loss of each group's rows: a Dataset of the groups' ids and of the loss, under its name.

    Any loss will do: each group is one call. A mean over nothing, as of a group without a pair, is NaN. The arguments
    are those of `Aggregate`, the errors those of `score`.

    Parameters
    ----------
    ds : Dataset
        The rows.
    {loss_of_columns}
    groups : str
        The column of ids of groups.
    {weights_of_columns}
    {parameters_of_columns}
    """
    asked = request(name, columns, sample_weight, groups, reduction, parameters)
    require_columns(asked, ds.schema())
    return ds.groupby(groups).map_groups(functools.partial(of_group, asked), batch_format="pyarrow")


def require_columns(asked: Request, schema: Any) -> None:
    """Raise if a column is not there, in the words of Ray; nothing is known of a schema that is None."""
    for name in asked.names if schema is not None and schema.names else ():
        if name not in schema.names:
            raise ValueError(
                f"You specified the column '{name}', but there's no such column in the dataset. The dataset has "
                f"columns: {list(schema.names)}. (Beside keys or other aggregations, Ray drops columns that none "
                f"of them counts: add Count({name!r}))"
            )
