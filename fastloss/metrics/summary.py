"""What the values of many groups say together: their mean, their quantiles, and the worst of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, orders, reductions, validate
from fastloss.core.arrays import converted
from fastloss.core.domains import FRACTION, Flag
from fastloss.core.errors import both_given, wrong_shape, wrong_type
from fastloss.core.outcomes import Divisor, Evaluation, Outcome, PerGroup

__all__ = ["GroupSummary", "summarize_groups"]


class GroupSummary(NamedTuple):
    """Mean and quantiles over the groups that have something to say, their number, and the worst of them."""

    mean: float
    used: int
    left_out: int
    quantiles: np.ndarray
    worst: PerGroup


def summarize_groups(
    values: Any,
    ids: Any = None,
    *,
    quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    worst: int = 10,
    greater_is_better: bool = False,
) -> GroupSummary:
    r"""Summarise the values of groups: mean, quantiles, and the worst groups by their ids.

    Groups whose value is NaN, or null in a column, have nothing to say: they are left out of all of it, and counted. A
    NaN score makes the value of its group NaN as well: if more groups are left out than have no pair
    (``with_counts=True``) or a weight of 0, look for it.

    Parameters
    ----------
    values : array_like of shape (G,), or PerGroup
        A number for each group, of ``reduction="per_group"``; with ``return_ids=True`` that returns ids as well.
    ids : array_like, shape (G,), optional
        The groups' ids. By default those of `values`, else 0, 1, 2, ...
    quantiles : sequence of floats in [0, 1]
        Which quantiles, interpolated linearly between neighbouring values, as `numpy.quantile` does by default.
    worst : int >= 0
        How many groups to list, at most.
    greater_is_better : bool
        Whether the worst are those of the smallest values, as of `auc` and `ndcg`. By default they are those of the
        largest, as of losses.

    Returns
    -------
    GroupSummary
        The `mean` over groups, each of the same weight, NaN if all are left out; how many groups are `used` and how
        many `left_out`; the `quantiles`, in the order in which they were asked for; and the `worst`, a
        ``PerGroup(ids, values)``, the worst first, equal ones as they stand.

    Raises
    ------
    ValueError
        If shapes differ, `values` does not have one dimension, a quantile is outside [0, 1], `worst` is negative, or
        ids are given twice.

    Examples
    --------
    >>> import fastloss
    >>> from fastloss import metrics
    >>> each = fastloss.pairwise_hinge_loss(
    ...     [0.5, 0.0, 0.3, 0.2, 0.1, 1.0, 0.0], [1, 0, 1, 1, 0, 0, 1], groups=list("aabccdd"),
    ...     reduction="per_group", return_ids=True)
    >>> found = metrics.summarize_groups(each, quantiles=[0.5], worst=1)
    >>> found.used, found.left_out, found.quantiles.round(6).tolist()
    (3, 1, [0.9])
    >>> found.worst.ids.tolist(), found.worst.values.tolist()
    (['d'], [2.0])
    """
    if isinstance(values, PerGroup):
        if ids is not None:
            raise both_given("ids", "the ids of values")
        values, ids = values.values, values.ids
    given = validate.array("values", backend.to_host(converted("values", values)))
    if given.ndim != 1:
        raise wrong_shape("values", given.shape, "one dimension")
    numbers = np.asarray(given, np.float64)
    names = np.arange(numbers.size) if ids is None else validate.ids("ids", backend.to_host(ids), numbers.shape)
    if np.ndim(quantiles) != 1:
        raise wrong_type("quantiles", quantiles, "a sequence of numbers in [0, 1]")
    levels = np.array([FRACTION.validate(f"quantiles[{at}]", one) for at, one in enumerate(quantiles)], np.float64)
    most = validate.integer("worst", worst)
    if most < 0:
        raise ValueError(f"worst is {most}: expected an integer >= 0")
    sign = 1.0 if Flag().validate("greater_is_better", greater_is_better) else -1.0
    used = np.flatnonzero(~np.isnan(numbers))
    order = used[orders.stable(sign * numbers[used])]
    with np.errstate(all="ignore"):  # of infinite values
        rising = numbers[order[:: int(sign)]]
        mean = reductions.MEAN.value(Evaluation(Outcome(groups=numbers[used]), Divisor(float(used.size))))
        found = PerGroup(names[order[:most]], numbers[order[:most]])
        return GroupSummary(
            mean if used.size else np.nan, used.size, numbers.size - used.size, _quantiles(rising, levels), found
        )


def _quantiles(rising: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return quantiles of sorted numbers; between two of them, neither infinite ones nor their difference overflow."""
    if not rising.size:
        return np.full(levels.size, np.nan)
    places = levels * (rising.size - 1)
    below = np.floor(places).astype(np.int64)
    share = places - below
    low, high = rising[below], rising[np.minimum(below + 1, rising.size - 1)]
    return np.where((share == 0.0) | (low == high), low, low * (1.0 - share) + high * share)
