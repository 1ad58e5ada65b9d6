"""Metrics over the pairs of a ranking: inversions and the area under the ROC curve, exact with ties."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, columns, orders, reductions, summation, validate
from fastloss.core.domains import Flag
from fastloss.core.outcomes import PerGroup
from fastloss.core.requests import Wanted
from fastloss.pairs import weights as pair_weights
from fastloss.pairs.loss import checked_rows, grouped
from fastloss.pairs.pair import PairFormulas, multiplier_one
from fastloss.pairs.records import Rows

__all__ = ["auc", "count_inversions"]


def _inverted(gap, margin):
    return 1.0 if gap < margin else (0.0 if gap >= margin else gap)


def _flat(gap, margin):
    return 0.0


def _sign(gap, margin):
    return 1.0 if gap > margin else (-1.0 if gap < margin else (0.0 if gap == margin else gap))


INVERSIONS = PairFormulas("inversions", _inverted, _flat, power=0)
SIGNS = PairFormulas("signs", _sign, _flat, power=0, signed=True)


class CountSums(NamedTuple):
    """Each group's sum over its pairs, and the sum of their weights."""

    total: np.ndarray
    weight: np.ndarray


def _checked(scores: Any, labels: Any, weights: Any, groups: Any, offsets: Any, with_ids: bool = False) -> Rows:
    """Return rows whose scores and labels may be compared in float64, all of them finite or NaN."""
    given = {"scores": scores, "labels": labels, "sample_weight": weights, "groups": groups, "offsets": offsets}
    with columns.naming(given):
        scores = orders.comparable(validate.array("scores", scores))
        rows = checked_rows(scores, labels, weights, by_order=True)
        return rows._replace(groups=grouped(groups, offsets, rows.scores.size, with_ids))


def _counted(formulas: PairFormulas, rows: Rows) -> CountSums:
    engine = backend.engine("cpu", "pairs")
    prepared = engine.prepare(formulas, engine.Kind(multiplier_one, False), rows, (0.0,), "auto")
    outcome = engine.evaluate(prepared, np.ones(prepared.weight.size), Wanted(value=True))
    return CountSums(outcome.groups, prepared.weight)


def count_inversions(
    scores: Any, labels: Any, *, groups: Any = None, offsets: Any = None, sample_weight: Any = None
) -> int | float:
    r"""Count the pairs that the scores put in the wrong order.

    .. math:: \sum_{y_i > y_j} w_i w_j \, [s_i < s_j]

    Parameters
    ----------
    scores, labels : array_like, shape (N,)
        Any numbers, infinite ones included; a NaN score gives NaN. They are compared, never subtracted: integers of
        any size keep their order.
    groups : array_like, shape (N,), optional
        An id for each row, in any order: pairs are made within a group. Without `groups` or `offsets`, all rows are one
        group.
    offsets : array_like of int, shape (G + 1,), optional
        CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the rows; a pair weighs w_i w_j.

    Returns
    -------
    int, or float if there are weights or a score is NaN

    Raises
    ------
    ValueError
        If shapes differ, labels or weights are NaN or outside their domain, or offsets do not fit.

    References
    ----------
    W. R. Knight, A computer method for calculating Kendall's tau with ungrouped data, JASA 1966.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.count_inversions([0.3, 0.1, 0.2], [0, 1, 2])
    2
    >>> fastloss.count_inversions([0.3, 0.1, 0.2], [0, 1, 2], groups=["a", "b", "b"])
    0
    """
    rows = _checked(scores, labels, sample_weight, groups, offsets)
    return counted("count_inversions", _counted(INVERSIONS, rows), rows.weights is not None)


def auc(
    scores: Any,
    labels: Any,
    *,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    return_ids: bool = False,
) -> Any:
    r"""Return the area under the ROC curve: the share of pairs in the right order, where a tie counts one half.

    .. math:: \frac{\sum_{y_i > y_j} w_i w_j ([s_i > s_j] + \frac12 [s_i = s_j])}{\sum_{y_i > y_j} w_i w_j}

    With more than two labels this is the concordance of the ranking.

    Parameters
    ----------
    scores, labels : array_like, shape (N,)
        Any numbers, infinite ones included; a NaN score gives NaN. They are compared, never subtracted: integers of
        any size keep their order.
    groups : array_like, shape (N,), optional
        An id for each row, in any order: pairs are made within a group. Without `groups` or `offsets`, all rows are one
        group.
    offsets : array_like of int, shape (G + 1,), optional
        CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
    sample_weight : array_like, shape (N,), optional
        Weights w >= 0 of the rows; a pair weighs w_i w_j.
    reduction : {"mean", "per_group"}
        "mean" is the share of the pairs of all groups; "per_group" returns an array with the share of each group, in
        the order of `numpy.unique(groups)` or of `offsets`.
    return_ids : bool
        Whether ``reduction="per_group"`` returns ``PerGroup(ids, values)``, a named tuple with each group's id beside
        its share; with `offsets` the ids are the groups' numbers.

    Returns
    -------
    float in [0, 1], or an array of them; NaN where there is no pair

    Raises
    ------
    ValueError
        If shapes differ, labels or weights are NaN or outside their domain, or offsets do not fit, or ids are wanted
        of a mean.

    References
    ----------
    J. A. Hanley and B. J. McNeil, The meaning and use of the area under a ROC curve, Radiology 1982.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    >>> scores, labels, users = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], [1, 2, 1, 2]
    >>> fastloss.auc(scores, labels, groups=users, reduction="per_group").tolist()
    [1.0, 1.0]
    """
    how = reductions.named(reduction, ("mean", "per_group"))
    if Flag().validate("return_ids", return_ids):
        reductions.require_groups(how)
    rows = _checked(scores, labels, sample_weight, groups, offsets, return_ids)
    row_order, ends, order, ids = rows.groups
    powers = np.zeros(ends.size - 1, np.int64)
    if rows.weights is not None:
        weights, powers = pair_weights.centred(rows.weights, row_order, ends, rows.labels)
        rows = rows._replace(weights=weights)
    difference, weight = _counted(SIGNS, rows)
    if how.keeps == "all":
        difference, weight = pair_weights.together(weight, powers, difference, weight)
        return counted("auc", CountSums(difference, weight), rows.weights is not None)
    areas = _areas(difference, weight)
    areas = areas if order is None else areas[order]
    return PerGroup(ids, areas) if return_ids else areas


class GroupAreas(NamedTuple):
    """Each group's area, whether it has a pair, how results of groups are to be ordered, and the pairs' weights."""

    values: np.ndarray
    used: np.ndarray
    order: np.ndarray | None
    weight: np.ndarray


def group_areas(scores: Any, labels: Any, groups: Any, offsets: Any, weights: Any = None) -> GroupAreas:
    """Return the area under the ROC curve of each group; NaN in one that has a pair comes from a NaN score."""
    rows = _checked(scores, labels, weights, groups, offsets)
    powers = np.zeros(rows.groups.offsets.size - 1, np.int64)
    if rows.weights is not None:
        centred, powers = pair_weights.centred(rows.weights, rows.groups.rows, rows.groups.offsets, rows.labels)
        rows = rows._replace(weights=centred)
    sums = _counted(SIGNS, rows)
    with np.errstate(over="ignore", under="ignore"):
        weight = np.ldexp(sums.weight, 2 * powers)
    return GroupAreas(_areas(*sums), sums.weight != 0.0, rows.groups.order, weight)


class LabelPairs(NamedTuple):
    """The weight of the pairs that each row is in and, with two labels, which one each row has."""

    weight: np.ndarray
    classes: np.ndarray | None


def label_pairs(labels: Any, sample_weight: Any = None) -> LabelPairs:
    """Return what the rows' pairs weigh: those of different labels."""
    labels = backend.to_host(labels)
    rows = _checked(labels, labels, backend.to_host(sample_weight), None, None)
    own = np.ones(rows.labels.size) if rows.weights is None else np.asarray(rows.weights, np.float64)
    levels, level = np.unique(rows.labels, return_inverse=True)
    of_levels = np.bincount(level, own, levels.size)
    below = np.append(0.0, np.cumsum(of_levels))[:-1]
    above = np.append(0.0, np.cumsum(of_levels[::-1]))[:-1][::-1]
    return LabelPairs(own * (below + above)[level], level if levels.size == 2 else None)


def row_differences(scores: Any, labels: Any, sample_weight: Any = None) -> np.ndarray:
    """Return, for each row, what its pairs in the right order weigh, less those in the wrong order.

    In the time of a few sorts, as X. Sun and W. Xu (2014) compute what DeLong's method needs.
    """
    weights = backend.to_host(sample_weight)
    rows = _checked(backend.to_host(scores), backend.to_host(labels), weights, None, None)
    scores, labels = (np.asarray(one, np.float64) for one in (rows.scores, rows.labels))
    difference = np.zeros(scores.size)
    for sign in (1.0, -1.0):  # as the first item of pairs; with all signs changed, as the second
        difference += _inverted_each(rows._replace(scores=-sign * scores, labels=sign * labels))
        difference -= _inverted_each(rows._replace(scores=sign * scores, labels=sign * labels))
    return difference


def _inverted_each(rows: Rows) -> np.ndarray:
    """Return, for each row, the weight of the pairs in the wrong order of which it is the first item."""
    engine = backend.engine("cpu", "pairs")
    prepared = engine.prepare(INVERSIONS, engine.Kind(multiplier_one, False), rows, (0.0,), "auto")
    each: np.ndarray = engine.evaluate(prepared, np.ones(prepared.weight.size), Wanted(each=True)).each
    return each


def _areas(difference: np.ndarray, weight: np.ndarray) -> np.ndarray:
    shares = np.divide(difference, weight, out=np.full_like(difference, np.nan), where=weight != 0.0)
    return 0.5 + 0.5 * shares


def count_sums(
    name: str, scores: Any, labels: Any, groups: Any = None, sample_weight: Any = None, offsets: Any = None
) -> CountSums:
    """Return each group's sums, of which those of parts of the data add up to those of all."""
    rows = _checked(scores, labels, sample_weight, groups, offsets)
    return _counted({"auc": SIGNS, "count_inversions": INVERSIONS}[name], rows)


def counted(name: str, sums: CountSums, weighted: bool) -> Any:
    """Return the count of all groups, from their sums in one unit."""
    total, weight = map(summation.sum_of_many, sums)
    if name == "auc":
        return float(_areas(np.array([total]), np.array([weight]))[0])
    return total if weighted or np.isnan(total) else round(total)
