"""LightGBM: objectives and metrics of its native and of its scikit-learn API, whose arguments have two orders."""

from typing import Any

import lightgbm
import numpy as np

from fastloss.boosting.adapter import Adapter, MetricOf, ObjectiveOf
from fastloss.boosting.groups import offsets_of
from fastloss.boosting.scored import Sample


class _LightGBM(Adapter):
    library = "lightgbm"
    error = lightgbm.basic.LightGBMError

    def is_data(self, data: Any) -> bool:
        return isinstance(data, lightgbm.Dataset)

    def sample(self, data: Any) -> Sample:
        """Return what a Dataset holds."""
        return self._sampled(data.get_label(), _read(data, "weight"), _read(data, "group"))

    def _sampled(self, labels: Any, weights: Any, sizes: Any) -> Sample:
        if labels is None:
            raise ValueError("the Dataset has no label")
        if sizes is None and self.scored.of_queries:
            raise ValueError("Ranking tasks require query information")  # LightGBM's words
        labels = np.asarray(labels)
        offsets = None if sizes is None else offsets_of(sizes, len(labels))
        return Sample(labels, weights, offsets)

    def _called(self, first: Any, second: Any, weight: Any, group: Any) -> tuple[Any, Sample]:
        """Return scores and sample: the native API passes scores and a Dataset, the other labels and scores."""
        if self.is_data(second):
            return first, self.sample(second)
        return second, self._sampled(first, weight, group)


class Objective(_LightGBM, ObjectiveOf):
    """A loss as an objective of LightGBM, for `lightgbm.train` and for its estimators."""

    # Estimators count the parameters: only to four do they pass weights and groups.
    def __call__(self, first: Any, second: Any, weight: Any = None, group: Any = None) -> tuple[Any, Any]:
        with self.refusing():
            return self.derivatives(*self._called(first, second, weight, group))

    def set_start(self, start: Any, *data: Any) -> None:
        """Make a constant the init score of Datasets; predictions leave it out, see `transform`."""
        for one in data:
            rows = np.size(one.get_label())
            one.set_init_score(np.zeros(rows) + start if np.ndim(start) == 0 else np.tile(start, (rows, 1)))


class Metric(_LightGBM, MetricOf):
    """A loss as a metric of LightGBM: `feval` of `lightgbm.train`, `eval_metric` of `fit`."""

    def __call__(self, first: Any, second: Any, weight: Any = None, group: Any = None) -> tuple[str, float, bool]:
        with self.refusing():
            scores, sample = self._called(first, second, weight, group)
        return self.title, self.value(scores, sample), self.is_higher_better


def _read(data: Any, name: str) -> Any:
    """Return a field of a Dataset; of one that is not constructed, which LightGBM refuses to read, as it was given."""
    given = getattr(data, name)
    if given is not None or getattr(data, "_handle", None) is None:
        return None if given is None else np.asarray(given)
    return getattr(data, f"get_{name}")()
