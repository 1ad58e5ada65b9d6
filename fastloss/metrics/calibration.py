"""Metrics of probabilities: how much they tell, and how far they are from the rates of what they predict."""

from typing import Any

import numpy as np

from fastloss.core import backend, summation, units, validate
from fastloss.core.docstrings import Keyword, documented, share
from fastloss.core.domains import PROBABILITY, UNIT, Choice, Range
from fastloss.core.errors import wrong_value
from fastloss.metrics import results
from fastloss.metrics.cpu_sorted import Calibration, run
from fastloss.pairs.keywords import OFFSETS
from fastloss.pairs.loss import checked_rows, grouped
from fastloss.pairs.records import Groups, Rows
from fastloss.pointwise.classification import binary_cross_entropy
from fastloss.pointwise.ranges import sums_between

__all__ = ["expected_calibration_error", "isotonic_calibration_error", "normalized_entropy"]

ROW_WEIGHT = Keyword(
    "sample_weight",
    None,
    "array_like, shape (N,), optional",
    "Weights w >= 0 of the rows. Groups weigh the same in their mean.",
)
WORDS = (results.GROUPS, OFFSETS, ROW_WEIGHT, results.REDUCTION, results.WITH_COUNTS)
MOST_BINS = 1 << 20
RATE = Range(0.0, 1.0, open_low=True, open_high=True, optional=True)

share(
    probabilities="""
    probabilities : array_like, shape (N,)
        Predicted probabilities p in [0, 1] of class 1. A NaN makes the metric of its group NaN, and the mean.
    labels : array_like, shape (N,)
        Classes 0 and 1, or shares of class 1 in between.
    """,
    calibration_errors="""
    ValueError
        If shapes differ, a number is out of its range or a label is NaN, a weight is negative, or offsets do not fit.
    """,
)


def _checked(probabilities: Any, labels: Any, weights: Any, groups: Any, offsets: Any) -> Rows:
    predicted, labels = (backend.to_host(one) for one in (probabilities, labels))
    rows = checked_rows(predicted, labels, backend.to_host(weights), UNIT)
    validate.within("probabilities", rows.scores, PROBABILITY)
    if rows.weights is not None:
        rows = rows._replace(weights=units.in_unit(np.asarray(rows.weights, np.float64)))
    return rows._replace(groups=grouped(groups, offsets, rows.scores.size))


def _over_groups(values: np.ndarray, used: np.ndarray, rows: Rows, reduction: Any, with_counts: Any) -> Any:
    return results.over_groups(values, used, rows.groups.order, None, reduction, with_counts)


@documented(*WORDS)
def normalized_entropy(
    probabilities: Any,
    labels: Any,
    *,
    base_rate: float | None = None,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Cross-entropy of probabilities, divided by that of the base rate: below 1 they tell more than the rate does.

    .. math:: \frac{\sum_i w_i \, (-y_i \log p_i - (1 - y_i) \log(1 - p_i))}
        {\sum_i w_i \, (-r \log r - (1 - r) \log(1 - r))}, \qquad r = \frac{\sum_i w_i y_i}{\sum_i w_i}

    Logarithms are clamped to -100 or above, as in `binary_cross_entropy`. A group whose labels are all 0 or all 1 has
    nothing to say, unless there is a `base_rate`.

    Parameters
    ----------
    {probabilities}
    base_rate : float in (0, 1), optional
        The rate r, as that of the training data. None takes each group's own.

    Returns
    -------
    float >= 0, or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {calibration_errors}

    References
    ----------
    X. He et al., Practical lessons from predicting clicks on ads at Facebook, ADKDD 2014.

    Examples
    --------
    >>> from fastloss import metrics
    >>> round(metrics.normalized_entropy([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 6)
    0.681367
    >>> metrics.normalized_entropy([0.5, 0.5], [0, 1])
    1.0
    >>> p, y, users = [0.5, 0.5, 0.5, 0.9], [0, 1, 1, 1], [1, 1, 2, 2]
    >>> metrics.normalized_entropy(p, y, groups=users, reduction="per_group").tolist()  # all of user 2 are of one class
    [1.0, nan]
    """
    rate = RATE.validate("base_rate", base_rate)
    rows = _checked(probabilities, labels, sample_weight, groups, offsets)
    weights = np.ones(rows.scores.size) if rows.weights is None else rows.weights
    given = np.asarray(rows.labels, np.float64)
    losses = np.asarray(binary_cross_entropy(rows.scores, given, reduction="none"), np.float64)
    total, positive, weight = (
        _group_sums(summation.weighed(weights, one), rows.groups) for one in (losses, given, np.ones(given.size))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.minimum(positive / weight, 1.0) if rate is None else np.full(weight.size, rate)
        spread = np.asarray(binary_cross_entropy(np.nan_to_num(rates), np.nan_to_num(rates), reduction="none"))
        values = total / (weight * spread)
    return _over_groups(values, (weight > 0.0) & (spread > 0.0) | np.isnan(weight), rows, reduction, with_counts)


def _group_sums(numbers: np.ndarray, groups: Groups) -> np.ndarray:
    """Add the numbers of the rows of each group."""
    offsets = np.asarray(groups.offsets, np.int64)
    if offsets.size == 2:
        return np.array([summation.sum_of_many(numbers)])
    return sums_between(numbers if groups.rows is None else numbers[groups.rows], offsets)


@documented(*WORDS)
def expected_calibration_error(
    probabilities: Any,
    labels: Any,
    *,
    bins: int = 15,
    strategy: str = "uniform",
    norm: str = "l1",
    closed: str = "right",
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Distance between the mean probability and the rate of class 1 in bins of probability.

    .. math:: \sum_b \frac{W_b}{W} \, |\bar p_b - \bar y_b|

    W_b is the weight of a bin's rows, and the means are weighted. A group without a row of positive weight has nothing
    to say.

    Parameters
    ----------
    {probabilities}
    bins : int >= 1
        The number of bins.
    strategy : {"uniform", "quantile"}
        Whether bins are of equal width, or hold equally many rows of the group, whatever their weights.
    norm : {"l1", "l2", "max"}
        "l1" is the mean over bins, "l2" the root of the mean of squares, "max" the largest distance (MCE).
    closed : {"right", "left"}
        Whether a bin holds its upper edge, as in `sklearn.calibration.calibration_curve`, or its lower one, as in
        torchmetrics. The first and the last bin hold both ends.

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {calibration_errors}

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI
    2015.

    Examples
    --------
    >>> from fastloss import metrics
    >>> round(metrics.expected_calibration_error([0.1, 0.2, 0.8, 0.9], [0, 1, 1, 1], bins=2), 6)
    0.25
    >>> p, y, users = [0.25, 0.25, 0.75, 0.75], [0, 0, 1, 0], [1, 1, 2, 2]
    >>> metrics.expected_calibration_error(p, y, groups=users, reduction="per_group").tolist()
    [0.25, 0.25]
    """
    count = validate.integer("bins", bins)
    if not 1 <= count <= MOST_BINS:
        raise wrong_value("bins", count, f"an integer from 1 to {MOST_BINS}")
    strategy = Choice(("uniform", "quantile")).validate("strategy", strategy)
    norm = Choice(("l1", "l2", "max")).validate("norm", norm)
    left = Choice(("right", "left")).validate("closed", closed) == "left"
    rows = _checked(probabilities, labels, sample_weight, groups, offsets)
    found = run(Calibration(strategy, norm, np.linspace(0.0, 1.0, count + 1), left), rows)
    return _over_groups(found.values, found.used != 0, rows, reduction, with_counts)


@documented(*WORDS)
def isotonic_calibration_error(
    probabilities: Any,
    labels: Any,
    *,
    norm: str = "l1",
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    with_counts: bool = False,
) -> Any:
    r"""Distance between probabilities and the isotonic regression of the labels: a calibration error without bins.

    .. math:: \frac{\sum_i w_i \, |p_i - c_i|}{\sum_i w_i}, \qquad
        c = \arg\min_{c \text{ rises with } p} \sum_i w_i (y_i - c_i)^2

    The regression is made by pooling adjacent violators. Of few rows it follows their labels, so that the error of
    calibrated probabilities is above 0 too.

    Parameters
    ----------
    {probabilities}
    norm : {"l1", "l2", "max", "brier"}
        "l1" is the mean distance, "l2" the root of the mean of squares, "max" the largest distance of a row of positive
        weight. "brier" is the miscalibration of CORP: the mean of (p - y)**2 less that of (c - y)**2.

    Returns
    -------
    float in [0, 1], or an array of them; with `with_counts` a tuple of it and `GroupCounts`

    Raises
    ------
    {calibration_errors}

    References
    ----------
    T. Dimitriadis, T. Gneiting and A. I. Jordan, Stable reliability diagrams for probabilistic classifiers, PNAS 2021.

    Examples
    --------
    >>> from fastloss import metrics
    >>> round(metrics.isotonic_calibration_error([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 6)
    0.1375
    >>> p, y, users = [0.25, 0.25, 0.75, 0.75], [0, 0, 1, 0], [1, 1, 2, 2]
    >>> metrics.isotonic_calibration_error(p, y, groups=users, reduction="per_group").tolist()
    [0.25, 0.25]
    """
    norm = Choice(("l1", "l2", "max", "brier")).validate("norm", norm)
    rows = _checked(probabilities, labels, sample_weight, groups, offsets)
    found = run(Calibration("isotonic", norm, np.zeros(1)), rows)
    return _over_groups(found.values, found.used != 0, rows, reduction, with_counts)
