"""What all metrics return, and the keywords that say so: a number for each group, or the mean over groups."""

from typing import Any

import numpy as np

from fastloss.core import reductions, summation, units, validate
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Flag
from fastloss.core.outcomes import GroupCounts

REDUCTIONS = ("mean", "per_group")
GROUPS = Keyword(
    "groups",
    None,
    "array_like, shape (N,), optional",
    """
    An id for each row (its query, its user), in any order. Without `groups` or `offsets`, all rows are one group.
    """,
)
GROUP_WEIGHT = Keyword(
    "sample_weight",
    None,
    "array_like, shape (G,), optional",
    "Weights w >= 0 of the groups in the mean, in the order of `numpy.unique(groups)` or of `offsets`.",
)
REDUCTION = Keyword(
    "reduction",
    "mean",
    '{"mean", "per_group"}',
    """
    "mean" is over the groups that have something to say, the others are left out; NaN if there is none. "per_group"
    returns an array with a number for each group, NaN for those, in the order of `numpy.unique(groups)` or of
    `offsets`.
    """,
)
WITH_COUNTS = Keyword(
    "with_counts",
    False,
    "bool",
    "Whether to return the numbers of groups used and left out as well, as `GroupCounts`.",
)


def over_groups(
    values: np.ndarray,
    used: np.ndarray,
    order: np.ndarray | None,
    weights: Any,
    reduction: str,
    with_counts: bool,
    names: tuple[str, ...] = REDUCTIONS,
) -> Any:
    """Return the result of a call from a number for each group, of which some have nothing to say.

    `order` is that of the results of groups; weights are in the order of the results. `names` are the reductions that
    the call may ask for.
    """
    each = reductions.named(reduction, names).keeps != "all"
    given = validate.weights(weights, values.shape)
    values, used = (one if order is None else one[order] for one in (values, used))
    counts = GroupCounts(int(np.count_nonzero(used)), int(used.size - np.count_nonzero(used)))
    result = np.where(used, values, np.nan) if each else _mean(values[used], given if given is None else given[used])
    return (result, counts) if Flag().validate("with_counts", with_counts) else result


def _mean(values: np.ndarray, weights: np.ndarray | None) -> float:
    if weights is None:
        return summation.sum_of_many(values) / values.size if values.size else float("nan")
    weights = units.in_unit(weights)
    total = summation.sum_of_many(weights)
    return summation.sum_of_many(summation.weighed(weights, values)) / total if total != 0.0 else float("nan")
