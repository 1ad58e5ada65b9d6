"""Objectives and metrics of LightGBM, XGBoost and CatBoost that are losses of this package.

    from fastloss.boosting import objective, metric
    settings = {"objective": objective("focal_loss", "lightgbm", gamma=2.0)}
    lightgbm.train(settings, data, feval=metric("focal_loss", "lightgbm", gamma=2.0), valid_sets=[other])

`scored.py` turns raw scores and what a library hands out into a call of a loss; `lightgbm.py`, `xgboost.py` and
`catboost.py` know how each library calls, and are imported when an objective for it is made.
"""

import importlib
from typing import Any

from fastloss.boosting.groups import group_sizes
from fastloss.core.domains import Choice

LIBRARIES = ("lightgbm", "xgboost", "catboost")

__all__ = ["group_sizes", "metric", "objective"]


def objective(name: str, library: str, **parameters: Any) -> Any:
    r"""Return a loss as the custom objective of a boosting library.

    It computes the gradient g and the second derivative h of the summed loss by each raw score. The library is given

    .. math:: \text{scale} \cdot g, \qquad
        \text{scale} \cdot \max(\text{curvature\_scale} \cdot h, \; \text{min\_curvature} \cdot w)

    where w is the row's weight. A leaf's value is minus the sum of the first over the sum of the second.

    Parameters
    ----------
    name : str
        A loss of scores and labels that has a second derivative: `loss.has_curvature`.
    library : {"lightgbm", "xgboost", "catboost"}
        The library, which must be installed. CatBoost takes no losses of groups (catboost#2944), nor any that are not
        sums over rows.
    scale : float > 0, optional
        Multiplies both derivatives, 1 by default: thresholds such as ``min_sum_hessian_in_leaf`` and L2 terms count in
        its unit.
    curvature_scale : float > 0, optional
        Multiplies the second derivative. By default what the library's own objective has: C / (C - 1) in LightGBM for
        softmax losses of C classes and 2 in the others, e^0.7 in LightGBM and XGBoost for losses of a logarithm of a
        rate (``log_input``), else 1.
    min_curvature : float >= 0, optional
        The least second derivative of a row of weight 1. By default 1 for losses whose second derivative is 0 where
        their slope is not (`l1_loss`, `quantile_loss`, `huber_loss`, `hinge_loss`, ...), as LightGBM has it, and for
        `log_cosh_loss` and `pseudo_huber_loss`; 0.01 for the focal losses and `dice_loss`, 1e-6 for `msle_loss`, which
        are not convex; else none. Each row of a loss of pairs counts as one of weight 1.
    link : {"identity", "sigmoid", "exp"}, optional
        What makes the loss's input of a raw score, "identity" by default: "sigmoid" for losses of probabilities
        (`binary_cross_entropy`, `dice_loss`), "exp" for losses of positive numbers.
    **parameters
        The loss's own parameters, and `method` or `backend` where it has them.

    Returns
    -------
    Objective
        What the library takes, in its native and in its scikit-learn API; can be pickled and cloned. It has the methods

        ``transform(raw, start=0.0)``: probabilities (or classes' probabilities, rates) of raw scores;

        ``start(data, columns=None)``: the constant raw score of the least loss, for labels or for a data set of the
        library; one for each column where scores are a matrix;

        ``set_start(start, *data)``: makes it the scores at which training on these data sets begins;

        ``grad_hess(scores, data)``: the derivatives that training is given.

    Raises
    ------
    TypeError
        If the loss has no second derivative, is no loss of scores and labels, or does not have a parameter.
    ValueError
        If there is no loss or library of that name, a parameter is out of its range, or the loss takes probabilities
        and `link` says nothing.
    ModuleNotFoundError
        If the library is not installed.
    LightGBMError, XGBoostError, CatBoostError
        Of the library, in training, if labels, weights or groups are not what the loss takes.

    Notes
    -----
    Groups are those of the data set; without any, all rows of a loss of pairs are one group. Weights of rows are the
    loss's `sample_weight`; in LightGBM's ranking they multiply the derivatives, as its own objective does. In XGBoost's
    ranking, weights are of groups; those of rows are set by `fastloss.boosting.xgboost.set_item_weight`.

    References
    ----------
    J. H. Friedman, Greedy function approximation: a gradient boosting machine, Annals of Statistics 2001.

    Examples
    --------
    >>> from fastloss.boosting import objective
    >>> import lightgbm  # doctest: +SKIP
    >>> pairs = objective("pairwise_logistic_loss", "lightgbm")  # doctest: +SKIP
    >>> lightgbm.train({"objective": pairs}, dataset)  # doctest: +SKIP
    """
    return _module(library).Objective(name, **parameters)


def metric(name: str, library: str, **parameters: Any) -> Any:
    """Return a loss, or `auc` or `count_inversions`, as the custom metric of a boosting library.

    It serves early stopping. Its value is the mean over rows, pairs or queries, with the data set's weights and groups.

    Parameters
    ----------
    name : str
        A loss of scores and labels, `auc` or `count_inversions`.
    library : {"lightgbm", "xgboost", "catboost"}
        The library.
    title : str, optional
        What the library calls it, by default its name. Two metrics of one loss need two.
    link : {"identity", "sigmoid", "exp"}, optional
        As of `objective`.
    transformed : {"identity", "sigmoid", "exp", "softmax"}, optional
        What the library has done to the scores that it hands out: with an objective of its own, such as "binary",
        LightGBM and XGBoost hand out probabilities, of which the metric takes the inverse. By default "identity":
        with an objective of this package, and in CatBoost, they hand out raw scores.
    **parameters
        The loss's own parameters, and `method` or `backend` where it has them.

    Returns
    -------
    Metric
        What the library takes, as ``feval``, ``custom_metric`` or ``eval_metric``; can be pickled and cloned.

    Raises
    ------
    TypeError, ValueError, ModuleNotFoundError
        As by `objective`; a metric needs no second derivative.

    Examples
    --------
    >>> from fastloss.boosting import metric
    >>> stop = metric("quantile_loss", "xgboost", q=0.9, title="q90")  # doctest: +SKIP
    >>> xgboost.train(settings, data, custom_metric=stop, evals=[(other, "other")])  # doctest: +SKIP
    """
    return _module(library).Metric(name, **parameters)


def _module(library: str) -> Any:
    return importlib.import_module(f"fastloss.boosting.{Choice(LIBRARIES).validate('library', library)}")
