"""A loss as a scorer: greater is better, so that the score is the loss with its sign changed."""

import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.metrics._scorer import _Scorer  # that of `make_scorer`, whose function is not told an estimator's classes

from fastloss.core.loss import Loss, lookup
from fastloss.sklearn.responses import kind_of, response

KEYWORDS = ("backend", "method", "reduction")  # that many losses share
METADATA = ("groups", "offsets", "sample_weight")  # of rows, which folds divide


class Metric:
    """A loss as scikit-learn's metrics are called: targets first, and the metadata that may be routed to it."""

    def __init__(self, loss: Loss):
        self.loss = loss
        self.__name__ = loss.name
        has_groups = "per_group" in loss.reductions
        weighs_rows = not (has_groups and loss.weighs_each)  # else a weight is one of a query
        keywords = [*["sample_weight"] * weighs_rows, *["groups"] * has_groups]
        empty = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [
                *(inspect.Parameter(name, empty) for name in ("y_true", "y_pred")),
                *(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in keywords),
            ]
        )

    def __call__(self, y_true: Any, y_pred: Any, **words: Any) -> float:
        for name in METADATA:
            if words.get(name) is not None and name not in self.__signature__.parameters:
                raise TypeError(
                    f"{self.loss.name} takes no {name} of rows: expected scorer.set_score_request({name}=False)"
                )
        words = {name: value for name, value in words.items() if name not in METADATA or value is not None}
        return float(self.loss(y_pred, y_true, **words))


class LossScorer(_Scorer):
    """What `scorer` returns: call it with an estimator, `X` and `y`, or give it as `scoring`."""

    def __init__(self, loss: Loss, parameters: Mapping[str, Any], pos_label: Any = None):
        self._kind = kind_of(loss)
        self._pos_label = pos_label
        super().__init__(Metric(loss), -1, dict(parameters), self._kind.methods)

    def __repr__(self) -> str:
        words = {**({} if self._pos_label is None else {"pos_label": self._pos_label}), **self._kwargs}
        return f"scorer({', '.join([repr(self._score_func.loss.name), *(f'{k}={v!r}' for k, v in words.items())])})"

    def _get_pos_label(self) -> Any:
        return self._pos_label

    def _score(self, method_caller: Any, estimator: Any, X: Any, y_true: Any, **kwargs: Any) -> float:
        loss: Loss = self._score_func.loss
        found = response(loss, self._kind, estimator, X, y_true, self._pos_label, method_caller)
        return self._sign * float(self._score_func(found.targets, found.predictions, **self._kwargs, **kwargs))


def scorer(name: str, *, pos_label: Any = None, **parameters: Any) -> LossScorer:
    """Return a scorer of a loss for scikit-learn's model selection: minus the loss, so that greater is better.

    Parameters
    ----------
    name : str
        The loss: one of predictions and targets, or over pairs of scores.
    pos_label : int, float, bool or str, optional
        The positive class of losses of two classes; the second of the estimator's `classes_` if None.
    **parameters
        The loss's own parameters, and `reduction` ("mean" or "sum"), `method`, `backend`.

    Returns
    -------
    LossScorer
        A callable ``scorer(estimator, X, y)``. `set_score_request` asks for `sample_weight` and, for losses over pairs
        and queries, `groups`, where metadata routing is enabled.

    Raises
    ------
    TypeError
        If the loss has no such parameter.
    ValueError
        If there is no such loss, it is not of predictions, or a parameter is out of its range.

    Notes
    -----
    Losses of numbers take `predict`. Losses of probabilities take `predict_proba`. Losses of scores or logits take
    `decision_function`; those for which a logit is the logarithm of the odds take that of `predict_proba` from an
    estimator without. Losses over pairs take `decision_function`, `predict_proba`, or `predict`.
    `poisson_nll_loss` takes rates, which is what scikit-learn's estimators predict: `log_input` is False unless given.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_score
    >>> from fastloss.sklearn import scorer
    >>> X, y = make_regression(random_state=0)
    >>> cross_val_score(Ridge(), X, y, scoring=scorer("huber_loss", delta=1.0)).shape
    (5,)
    """
    loss = lookup(name)
    kind = kind_of(loss)
    if pos_label is not None and kind.classes not in ("two", "ranks"):
        raise ValueError(f"pos_label is {pos_label!r}: expected None, since {name} has no positive class")
    if name == "poisson_nll_loss":
        parameters = {"log_input": False, **parameters}
    return LossScorer(loss, _checked(loss, parameters), pos_label)


def _checked(loss: Loss, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters; raise for one that is not the loss's, or out of its range."""
    shared = {one.name: one for one in loss.keywords if one.name in KEYWORDS}
    for name, value in parameters.items():
        if name in METADATA:
            raise TypeError(f"{name} is metadata: expected scorer(...).set_score_request({name}=True)")
        if name == "reduction":
            if loss.require_reduction(value).keeps != "all":
                raise ValueError(f"reduction is {value!r}: expected 'mean' or 'sum', since a score is one number")
        elif name in loss.parameters:
            loss.parameters[name].validate(name, value)
        elif name not in shared:
            expected = [*loss.parameters, *shared]
            raise TypeError(f"{loss.name} has no parameter {name!r}: expected one of {expected}")
        elif (check := shared[name].check) is not None:
            check.validate(name, value)
    return parameters
