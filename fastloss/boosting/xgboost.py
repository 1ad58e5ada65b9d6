"""XGBoost: objectives and metrics of its native and of its scikit-learn API, and weights of items in ranking."""

from typing import Any

import numpy as np
import xgboost

from fastloss.boosting.adapter import Adapter, MetricOf, ObjectiveOf
from fastloss.boosting.scored import Sample
from fastloss.core import validate

ITEM_WEIGHT = "label_lower_bound"  # a field of every DMatrix, a number a row, that only survival objectives read


def set_item_weight(data: xgboost.DMatrix, weight: Any) -> None:
    """Give the rows of a DMatrix that has groups weights of their own; those of `DMatrix(weight=...)` are of groups.

    They lie in the field ``label_lower_bound``, which `DMatrix.slice` keeps and only objectives of survival read.
    Objectives and metrics of `fastloss.boosting` multiply them by the groups' weights. Where there are no groups,
    ``DMatrix(weight=...)`` is what they read.

    Parameters
    ----------
    data : xgboost.DMatrix
        The data set.
    weight : array_like, shape (N,)
        Numbers >= 0, which are stored as float32.

    Raises
    ------
    ValueError
        If they are not one for each row, negative or NaN.
    """
    weights = validate.weights(validate.real("weight", weight), (data.num_row(),))
    data.set_float_info(ITEM_WEIGHT, np.asarray(weights, np.float32))


class _XGBoost(Adapter):
    library = "xgboost"
    error = xgboost.core.XGBoostError

    def is_data(self, data: Any) -> bool:
        return isinstance(data, xgboost.DMatrix)

    def sample(self, data: Any) -> Sample:
        """Return what a DMatrix holds."""
        labels = _given(data.get_label())
        if labels is None:
            raise ValueError("the DMatrix has no label")
        rows = data.num_row()
        labels = labels.reshape(rows, -1) if labels.size != rows else labels.reshape(rows)
        weights, offsets = _given(data.get_weight()), _given(data.get_uint_info("group_ptr"))
        if offsets is None:
            return Sample(labels, weights)
        return Sample(labels, _given(data.get_float_info(ITEM_WEIGHT)), offsets.astype(np.int64), weights)

    def _called(self, first: Any, second: Any, sample_weight: Any) -> tuple[Any, Sample]:
        """Return scores and sample: the native API passes scores and a DMatrix, the other labels and scores."""
        if self.is_data(second):
            return first, self.sample(second)
        return second, Sample(np.asarray(first), sample_weight)


class Objective(_XGBoost, ObjectiveOf):
    """A loss as an objective of XGBoost, for `xgboost.train` and for its estimators."""

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        with self.refusing():
            return self.derivatives(*self._called(first, second, sample_weight))

    def set_start(self, start: Any, *data: Any) -> None:
        """Make a constant the base margin of DMatrices; ``base_score`` instead goes into the model, see the guide."""
        for one in data:
            rows = one.num_row()
            margin = np.zeros(rows) + start if np.ndim(start) == 0 else np.tile(start, (rows, 1))
            one.set_base_margin(margin)


class Metric(_XGBoost, MetricOf):
    """A loss as a metric of XGBoost: `custom_metric` of `xgboost.train`, `eval_metric` of estimators."""

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> Any:
        with self.refusing():
            scores, sample = self._called(first, second, sample_weight)
        value = self.value(scores, sample)
        return (self.title, value) if self.is_data(second) else value


def _given(array: Any) -> Any:
    """Return an array; None for the empty one that stands for nothing."""
    return array if np.size(array) else None
