"""CatBoost: objectives and metrics, whose derivatives are those of minus the loss, for some rows at a time."""

from typing import Any

import catboost
import numpy as np

from fastloss.boosting.adapter import Adapter, MetricOf, ObjectiveOf
from fastloss.boosting.scored import METRICS, Sample, Scored


class _CatBoost(Adapter):
    library = "catboost"
    error = catboost.CatBoostError
    no_jit = True  # CatBoost would have Numba compile the methods, and warn that it cannot

    def is_data(self, data: Any) -> bool:
        return isinstance(data, catboost.Pool)

    def sample(self, data: Any) -> Sample:
        """Return what a Pool holds."""
        labels = np.asarray(data.get_label(), np.float64)
        if labels.shape[:1] != (data.num_row(),):
            raise ValueError("the Pool has no label")
        return Sample(labels, np.asarray(data.get_weight(), np.float64))


class Objective(_CatBoost, ObjectiveOf):
    """A loss as `loss_function` of CatBoost: that of rows or of classes, by the method that CatBoost calls."""

    def __init__(self, name: str, **words: Any):
        super().__init__(name, **words)
        _require_rows(self.scored)

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> np.ndarray:
        """Return minus both derivatives of some rows, a column each."""
        with self.refusing():
            derivatives = self.derivatives(approxes, Sample(targets, weights))
        return -np.stack(derivatives, axis=1)

    def calc_ders_multi(self, approx: Any, target: float, weight: float) -> tuple[Any, Any]:
        """Return minus the gradient of a row of classes, and minus a diagonal matrix for its second derivative."""
        with self.refusing():
            sample = Sample(np.array([target]), np.array([weight]))
            gradient, curvature = self.derivatives(np.asarray(approx)[None, :], sample)
        return -gradient[0], -np.diag(curvature[0])

    def set_start(self, start: Any, *data: Any) -> None:
        """Make a constant the baseline of Pools; predictions of other rows leave it out, see `transform`."""
        for one in data:
            rows = one.num_row()
            one.set_baseline(np.zeros(rows) + start if np.ndim(start) == 0 else np.tile(start, (rows, 1)))


class Metric(_CatBoost, MetricOf):
    """A loss as `eval_metric` of CatBoost."""

    def __init__(self, name: str, **words: Any):
        super().__init__(name, **words)
        if self.scored.has_groups and name not in METRICS:
            _require_rows(self.scored)

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> tuple[float, float]:
        """Return the metric times the weight of the rows, and that weight."""
        scores = np.asarray(approxes[0]) if len(approxes) == 1 else np.stack(approxes, axis=1)
        weights = None if weight is None or not np.size(weight) else np.asarray(weight)
        total = float(len(target)) if weights is None else float(weights.sum())
        return self.value(scores, Sample(np.asarray(target), weights)) * total, total

    def get_final_error(self, error: float, weight: float) -> float:
        """Return the metric."""
        return error / weight if weight else 0.0

    def is_max_optimal(self) -> bool:
        """Tell whether higher is better."""
        return self.is_higher_better


def _require_rows(scored: Scored) -> None:
    """Raise for a loss of which CatBoost, which passes some rows at a time, would have the wrong derivatives."""
    if scored.has_groups:
        raise ValueError(
            f"{scored.name} is a loss of groups, of which CatBoost tells objectives and metrics in Python nothing "
            "(catboost#2944): expected a loss of rows"
        )
    if scored.loss is not None:
        scored.loss.require_additive({**scored.loss.defaults, **scored.parameters})
    if scored.loss is not None and "sum" not in scored.loss.reductions:
        raise ValueError(f"{scored.name} is no sum over rows: CatBoost passes some rows at a time")
