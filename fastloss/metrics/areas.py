"""The area under the ROC curve as a metric of groups."""

from typing import Any

from fastloss.core.docstrings import documented
from fastloss.metrics import results
from fastloss.pairs.keywords import OFFSETS
from fastloss.pairs.metrics import group_areas

__all__ = ["group_auc"]


@documented(results.GROUPS, OFFSETS, results.GROUP_WEIGHT, results.REDUCTION, results.WITH_COUNTS)
def group_auc(
    scores: Any,
    labels: Any,
    *,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Area under the ROC curve of each group, and its mean over groups (GAUC).

    .. math:: \frac{\sum_g w_g \, \text{AUC}_g}{\sum_g w_g}

    The mean over groups that have a pair of different labels, where `auc` is over the pairs of all groups. GAUC as
    published weighs users by their impressions or clicks: ``sample_weight=np.unique(groups, return_counts=True)[1]``.

    Parameters
    ----------
    scores, labels : array_like, shape (N,)
        Any numbers, infinite ones included: they are compared, never subtracted. A NaN score in a group with a pair
        makes its area NaN, and the mean.

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    ValueError
        If shapes differ, a label is NaN, a weight is negative, or offsets do not fit.

    References
    ----------
    G. Zhou et al., Deep interest network for click-through rate prediction, KDD 2018.

    Examples
    --------
    >>> from fastloss import metrics
    >>> metrics.group_auc([0.1, 0.4, 0.35, 0.8, 0.2], [0, 0, 1, 1, 1], groups=[1, 1, 1, 1, 2], with_counts=True)
    (0.75, GroupCounts(used=1, left_out=1))
    """
    areas = group_areas(scores, labels, groups, offsets)
    return results.over_groups(areas.values, areas.used, areas.order, sample_weight, reduction, with_counts)
