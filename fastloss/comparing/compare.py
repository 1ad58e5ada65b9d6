"""The public comparison of models."""

from typing import Any

import numpy as np

from fastloss.comparing.every_pair import checked, compared
from fastloss.comparing.measures import measures
from fastloss.comparing.results import Comparison
from fastloss.comparing.samples import Sample
from fastloss.core.arrays import as_array
from fastloss.core.errors import both_given, wrong_type
from fastloss.core.gpu import on_gpu
from fastloss.core.tables import names_of
from fastloss.core.units import in_unit

__all__ = ["compare"]


def compare(
    labels: Any,
    models: Any,
    loss: Any,
    *,
    groups: Any = None,
    offsets: Any = None,
    sample_weight: Any = None,
    level: float = 0.95,
    method: str = "auto",
    resamples: int = 2000,
    seed: int = 0,
    **parameters: Any,
) -> list[Comparison]:
    r"""Compare models on the same examples: the difference of every pair, with an interval and a p-value.

    .. math:: \Delta = \hat\theta_b - \hat\theta_a, \qquad
        \text{se}^2 = \frac{G}{G-1} \sum_u (z_{bu} - z_{au})^2, \qquad
        z_{mu} = \frac{n_{mu} - \hat\theta_m d_u}{\sum_v d_v}

    for units u, which are the groups, or the rows without groups, with the loss n of model m and the weight d. Both
    models have the same units, so that what makes some of them hard for both cancels.

    Parameters
    ----------
    labels : array_like
        The loss's labels or targets, which all models share.
    models : mapping of str to array_like
        The scores of each model, by its name; a table has a model in each column. At least two.
    loss : str, loss, metric, callable, or a list of them
        What the models are compared by: a loss of scores and labels, `auc`, a function of `fastloss.metrics`, their
        names, or any function of scores, labels and, if there are weights, `sample_weight`, that returns a number.
        `functools.partial` gives each of a list its own parameters.
    groups : array_like, shape (N,), optional
        An id for each row (its query, its user), in any order. Groups are the units then: their rows may depend on each
        other. Losses over pairs, `auc` and metrics of rankings take them as their own.
    offsets : array_like of int, shape (G + 1,), optional
        CSR offsets of the groups, for rows that lie group by group; not to be given with `groups`.
    sample_weight : array_like, optional
        Weights w >= 0, as the loss or the metric takes them. They say how much a unit counts, not that it was seen w
        times.
    level : float in (0, 1)
        The probability with which the interval is to hold the difference.
    method : {"auto", "analytic", "bootstrap"}
        "analytic" is the formula above for whatever is a ratio of sums over units; for `auc` without groups the method
        of DeLong, and for losses over ordered pairs without groups what it is for U-statistics in general.
        "bootstrap" draws units with replacement and takes percentiles. "auto" is "analytic" where that is defined.
    resamples : int >= 2
        How many times the bootstrap draws.
    seed : int >= 0
        The seed of what it draws.
    **parameters
        Those of the loss: ``k=10``, ``delta=1.0``. Of several losses, each takes those that it has.

    Returns
    -------
    list of Comparison
        For each loss, the pairs of models in order. A named tuple of `loss`, `models`, `values`, `difference`
        (the second less the first), `standard_error`, `low`, `high`, `level`, `p_value` (two-sided), `method`,
        `units` (their number) and `unit` ("rows" or "groups"). Without a second unit, or with a value that is not
        finite, what follows the difference is NaN.

    Raises
    ------
    ValueError
        If there are fewer than two models, the loss does not take their scores, or "analytic" is not defined.
    TypeError
        If `models` is no mapping, or a parameter is none of the loss's.

    Notes
    -----
    Analytic intervals are those of Student's t with G - 1 degrees of freedom; DeLong's and those of U-statistics are
    normal. They are for many units: some 30 of them, and more where few units carry most of the weight or of the loss.
    Intervals of several pairs are not adjusted for their number.

    References
    ----------
    E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Comparing the areas under two or more correlated receiver
    operating characteristic curves, Biometrics 1988. X. Sun and W. Xu, Fast implementation of DeLong's algorithm, IEEE
    Signal Processing Letters 2014. W. Hoeffding, A class of statistics with asymptotically normal distribution, Annals
    of Mathematical Statistics 1948. B. Efron and R. Tibshirani, An introduction to the bootstrap, 1993.

    Examples
    --------
    >>> import fastloss
    >>> labels, old, new = [0.0, 1.0, 2.0, 3.0], [0.5, 1.5, 2.5, 2.0], [0.5, 1.0, 2.5, 3.5]
    >>> (found,) = fastloss.compare(labels, {"old": old, "new": new}, "l1_loss")
    >>> found.values, found.difference, round(found.standard_error, 4)
    ((0.625, 0.375), -0.25, 0.1443)
    >>> round(found.low, 4), round(found.high, 4), round(found.p_value, 4)
    (-0.7093, 0.2093, 0.1817)

    Groups are the units of a loss over the pairs of each, and of a metric of rankings:

    >>> scores = {"a": [0.9, 0.2, 0.5, 0.1, 0.8, 0.7], "b": [0.1, 0.2, 0.6, 0.4, 0.3, 0.5]}
    >>> for found in fastloss.compare(
    ...     [1, 0, 1, 0, 1, 0], scores, ["pairwise_logistic_loss", "ndcg"], groups=[1, 1, 2, 2, 3, 3]
    ... ):
    ...     print(found.loss, round(found.difference, 3), found.units, found.unit, found.method)
    pairwise_logistic_loss 0.193 3 groups sandwich
    ndcg -0.246 3 groups sandwich
    """
    if groups is not None and offsets is not None:
        raise both_given("groups", "offsets")
    scores = _scores(models)
    _require_rows(scores, labels)
    how = checked(level, method, resamples, seed)
    sample = Sample(labels, groups, offsets, _weights(sample_weight))
    found: list[Comparison] = []
    with np.errstate(all="ignore"):  # infinities and NaN are documented
        for measure in measures(loss, parameters):
            found += compared(measure, scores, sample, how)
    return found


def _scores(models: Any) -> dict[str, Any]:
    """Return the scores of each model by its name."""
    names = names_of(models)
    if names is None and not (hasattr(models, "keys") and hasattr(models, "items")):
        raise wrong_type("models", models, "a mapping of names to scores, or a table with a column for each model")
    columns = [(name, models[name]) for name in (models.keys() if names is None else names)]
    found = {str(name): scores for name, scores in columns}
    if len(found) < len(columns):
        raise ValueError(f"models has {len(columns)} names, but only {len(found)} different ones, as text")
    if len(found) < 2:
        count = "no names" if not found else "1 name"
        raise ValueError(f"models has {count}: expected at least 2")
    return found


def _require_rows(scores: dict[str, Any], labels: Any) -> None:
    """Raise for models that have not as many rows as labels; what has no length is left to the losses."""
    expected = _length(labels)
    lengths = {name: _length(one) for name, one in scores.items()}
    if expected is None or None in lengths.values():
        return
    if len({*lengths.values()}) == 1 and expected not in lengths.values():
        raise ValueError(f"labels has {expected} rows: expected {next(iter(lengths.values()))}, as the models have")
    for name, count in lengths.items():
        if count != expected:
            raise ValueError(f"models[{name!r}] has {count} rows: expected {expected}, as labels has")


def _length(values: Any) -> int | None:
    try:
        return len(values)
    except TypeError:
        return None


def _weights(given: Any) -> Any:
    """Return weights in a unit in which products of them stay within the range: no mean depends on it."""
    if given is None or on_gpu(given):
        return given
    weights = as_array("sample_weight", given)
    if on_gpu(weights) or weights.dtype.kind != "f" or not (weights >= 0.0).all():  # which the loss refuses
        return weights
    return in_unit(weights.astype(np.float64))
