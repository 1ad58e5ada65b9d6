"""Which of an estimator's predictions a loss is of, and targets in the form that the loss takes.

scikit-learn's own conversion gives one column for two classes, and knows the classes only of what it is given to score.
A fold may lack a class; so targets are numbered by the estimator's `classes_` here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier

from fastloss.core.domains import BINARY, PROBABILITY, SIGN_OR_BINARY, UNIT
from fastloss.core.errors import wrong_type
from fastloss.core.loss import Loss
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.rows.loss import RowLoss

PREDICT, PROBA, LOG_PROBA, DECISION = "predict", "predict_proba", "predict_log_proba", "decision_function"
LOGISTIC = ("binary_cross_entropy_with_logits", "cross_entropy", "focal_loss", "poly_loss", "softmax_focal_loss")
PROBABILITIES = ("categorical_cross_entropy", "dice_loss")
OF_DISTANCES = ("hinge_embedding_loss",)  # what looks like scores


class Kind(NamedTuple):
    """What a loss takes: one of some methods' predictions, in order of preference, of classes in some form."""

    classes: str  # "": numbers; "two": a column for the positive class; "many": a column a class; "ranks": scores
    methods: tuple[str, ...]


def kind_of(loss: Loss) -> Kind:
    """Return what predictions and targets a loss is of.

    Raises
    ------
    ValueError
        If it is of something else.
    """
    if loss.arguments == ("scores", "labels"):
        return Kind("ranks", (DECISION, PROBA, PREDICT))
    if loss.arguments == ("input", "target") and loss.name not in OF_DISTANCES:
        logits = (DECISION, LOG_PROBA, PROBA) if loss.name in LOGISTIC else (DECISION,)
        if isinstance(loss, PointwiseLoss):
            input, target = loss.domains.values()
            if target not in (BINARY, UNIT, SIGN_OR_BINARY):
                return Kind("", (PREDICT,))
            return Kind("two", (PROBA,) if input is PROBABILITY else logits)
        if loss.name in PROBABILITIES:
            return Kind("two" if loss.name == "dice_loss" else "many", (PROBA,))
        if isinstance(loss, RowLoss) and loss.ids == ("target",):
            return Kind("many", (LOG_PROBA, PROBA) if loss.name == "nll_loss" else logits)
    raise ValueError(
        f"{loss.name!r} is not a valid scoring value: its arguments are {', '.join(loss.arguments)}, expected a loss "
        "of an estimator's predictions and `y`"
    )


class Response(NamedTuple):
    """Predictions and targets, as a loss takes them."""

    predictions: np.ndarray
    targets: np.ndarray


def response(
    loss: Loss, kind: Kind, estimator: Any, X: Any, y: Any, pos_label: Any, call: Callable[..., Any]
) -> Response:
    """Return predictions for `X`, by `call` that may keep them, and `y` in the form that goes with them."""
    targets = np.asarray(y)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets.reshape(-1)
    if kind.classes in ("two", "many") and not is_classifier(estimator):
        raise ValueError(f"{loss.name} is of classes: expected a classifier, got {type(estimator).__name__}")
    if not kind.classes or not is_classifier(estimator):
        found = np.asarray(call(estimator, _method(estimator, kind), X, pos_label=None))
        return Response(found.reshape(-1) if found.shape == (*targets.shape, 1) else found, targets)
    if targets.ndim == 2:
        return Response(_of_outputs(loss, kind, estimator, X), targets)
    if kind.classes == "many":
        return _of_many(loss, kind, estimator, X, targets)
    return _of_two(loss, kind, estimator, X, targets, pos_label, call)


def _method(estimator: Any, kind: Kind) -> str:
    for name in kind.methods:
        if hasattr(estimator, name):
            return name
    raise AttributeError(f"{type(estimator).__name__} has none of the following attributes: {', '.join(kind.methods)}.")


def _of_two(
    loss: Loss, kind: Kind, estimator: Any, X: Any, targets: np.ndarray, pos_label: Any, call: Callable[..., Any]
) -> Response:
    classes, method = np.asarray(estimator.classes_), _method(estimator, kind)
    if classes.size > 2:
        raise ValueError(f"{loss.name} is of two classes, but {type(estimator).__name__} was fitted to {classes.size}")
    numbers = _numbers(targets, classes)
    positive = classes[-1] if pos_label is None else pos_label
    if positive not in classes.tolist():
        raise ValueError(f"pos_label={pos_label} is not a valid label: It should be one of {classes}")
    is_positive = (classes[numbers] == positive).astype(np.int64)
    if method == LOG_PROBA:
        both = _called(estimator, method, X)
        at = int(np.flatnonzero(classes == positive)[0])
        with np.errstate(invalid="ignore"):
            return Response(both[:, at] - both[:, 1 - at], is_positive)
    found = np.asarray(call(estimator, method, X, pos_label=positive))
    return Response(_log_odds(found) if method == PROBA and loss.name in LOGISTIC else found, is_positive)


def _log_odds(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(p) - np.log1p(-p)


def _of_many(loss: Loss, kind: Kind, estimator: Any, X: Any, targets: np.ndarray) -> Response:
    """Return a column for each class; logarithms of probabilities are logits, which a softmax leaves as they are."""
    classes, method = np.asarray(estimator.classes_), _method(estimator, kind)
    numbers = _numbers(targets, classes)
    columns = _called(estimator, method, X)
    if method == PROBA and kind.methods != (PROBA,):
        with np.errstate(divide="ignore"):
            columns = np.log(columns)
    if columns.ndim == 1:
        columns = np.stack([np.zeros_like(columns), columns], 1)  # a softmax of both is the sigmoid of one
    if columns.shape[1] != classes.size:
        expected = f"a column for each of {classes.size} classes, as with decision_function_shape='ovr'"
        raise ValueError(f"{method} has shape {columns.shape}: expected {expected}")
    return Response(columns, numbers)


def _of_outputs(loss: Loss, kind: Kind, estimator: Any, X: Any) -> np.ndarray:
    """Return predictions for several labels at once, a column for each."""
    method = _method(estimator, kind)
    found = getattr(estimator, method)(X)
    if kind.classes != "two" or not isinstance(found, np.ndarray) or method == LOG_PROBA:
        raise ValueError(f"multilabel-indicator format is not supported by {loss.name} with this estimator's {method}")
    return _log_odds(found) if method == PROBA and loss.name in LOGISTIC else found


def _called(estimator: Any, method: str, X: Any) -> np.ndarray:
    """Return an estimator's predictions; some warn of the logarithm of 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(getattr(estimator, method)(X))


def _numbers(targets: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return each target's place in the classes."""
    if targets.ndim != 1:
        raise ValueError(f"y has shape {targets.shape}: expected one dimension")
    order = np.argsort(classes, kind="stable")
    try:
        places = np.minimum(np.searchsorted(classes, targets, sorter=order), classes.size - 1)
    except TypeError:
        raise wrong_type("y[0]", targets[0], f"one of the classes, {classes}") from None
    numbers = order[places]
    wrong = classes[numbers] != targets
    if np.any(wrong):
        at = int(np.argmax(wrong))
        raise ValueError(f"y[{at}] is {targets[at]!r}: expected one of the classes, {classes}")
    return numbers
