"""The metrics that `--loss` takes beside losses, and their state: a mean over groups, if they have something to say.

Without groups, all rows are one group. Weights of rows count within a group for metrics that take them (`auc` and those
of probabilities); for rankings they are the groups' own, and rows of a group must agree.
"""

import dataclasses
import functools
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss import metrics
from fastloss.cli.scoring.results import GroupResults
from fastloss.core import docstrings, validate
from fastloss.core.domains import NON_NEGATIVE, Choice
from fastloss.core.errors import Offender, about
from fastloss.pairs.metrics import group_areas
from fastloss.pointwise.ranges import sums_between
from fastloss.streaming import terms
from fastloss.streaming.terms import Terms

OF_A_CALL = (
    "ids",
    "groups",
    "offsets",
    "positives",
    "exclude",
    "sample_weight",
    "reduction",
    "with_counts",
    "return_ids",
)  # which the command gives itself
AVERAGE = Choice(("groups", "rows"))
AVERAGE_OF_AREAS = Choice(("groups", "rows", "pairs"))


def documented(function: Callable[..., Any]) -> dict[str, str]:
    """Return the keywords that the command does not give itself, and what their documentation says of values."""
    words = inspect.signature(function).parameters.values()
    own = [one.name for one in words if one.kind is one.KEYWORD_ONLY and one.name not in OF_A_CALL]
    body = docstrings.parted(function.__doc__ or "").parameters
    entries = {name: text for names, text in docstrings.entries(body) for name in names}
    kinds = {name: text.split("\n")[0].partition(" : ")[2] for name, text in entries.items()}
    return {name: kinds.get(name, "a value") for name in own}


class Values(NamedTuple):
    """A number for each group, whether it has something to say, and its pairs' weight if it is made of pairs."""

    values: np.ndarray
    used: np.ndarray
    pairs: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Metric:
    """A function of `fastloss.metrics`."""

    name: str
    function: Callable[..., Any]
    weighs_rows: bool = False  # weights of rows count within a group
    greater_is_better: bool = True

    @property
    def arguments(self) -> tuple[str, str]:
        """What it calls scores and labels."""
        first, second, *_ = inspect.signature(self.function).parameters
        return first, second

    @functools.cached_property
    def parameters(self) -> dict[str, str]:
        """The words that `--loss` takes after the name, and what its documentation says of each one's values."""
        return {**documented(self.function), "average": str(self.averages)}

    @property
    def averages(self) -> Choice:
        """What each group may weigh in the mean."""
        return AVERAGE_OF_AREAS if self.function is metrics.auc else AVERAGE

    @property
    def over(self) -> str:
        """What it is a mean over."""
        return "groups"

    @property
    def defaults(self) -> dict[str, Any]:
        """The parameters as they are unless they are given."""
        words = inspect.signature(self.function).parameters
        return {name: words[name].default if name in words else "groups" for name in self.parameters}

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0]

    def checked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, checked by a call."""
        words = {**self.defaults, **parameters}
        self.averages.validate("average", words["average"])
        self.function([0.25, 0.75], [0, 1], **_own(words))
        return words

    def of_groups(self, scores: Any, labels: Any, weights: Any, offsets: np.ndarray, words: dict[str, Any]) -> Values:
        """Return the metric of each group."""
        rows = weights if self.weighs_rows else None
        if self.function is metrics.auc:
            areas = group_areas(scores, labels, None, offsets, rows)
            return Values(areas.values, areas.used, areas.weight)
        own = {**_own(words), "offsets": offsets, "reduction": "per_group", "with_counts": True}
        if rows is not None:
            own["sample_weight"] = rows
        values, counts = self.function(scores, labels, **own)
        nothing = np.isnan(values)
        if np.count_nonzero(nothing) > counts.left_out:  # some are NaN by a score, and so is their mean
            nothing &= ~np.logical_or.reduceat(np.isnan(scores), offsets[:-1])
        return Values(values, ~nothing)


def _own(words: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if name != "average"}


RANKINGS = {name: Metric(name, getattr(metrics, name)) for name in ("ndcg", "mrr", "precision", "recall", "hit_rate")}
PROBABILITIES = {
    name: Metric(name, getattr(metrics, name), weighs_rows=True, greater_is_better=False)
    for name in ("normalized_entropy", "expected_calibration_error", "isotonic_calibration_error")
}
METRICS: dict[str, Metric] = {
    "auc": Metric("auc", metrics.auc, weighs_rows=True),
    **RANKINGS,
    "map": Metric("map", metrics.average_precision),
    **PROBABILITIES,
}
OTHER_NAMES = {"average_precision": "map", "gauc": "auc", "group_auc": "auc", "mean_reciprocal_rank": "mrr"}


def metric_of(name: str) -> Metric | None:
    """Return the metric of a name, None if there is none."""
    return METRICS.get(OTHER_NAMES.get(name, name))


class Mean(NamedTuple):
    """What the groups add up to: exact sums."""

    rows: int = 0
    used: int = 0
    left_out: int = 0
    total: Terms = ()
    weight: Terms = ()


class GroupMean:
    """The state of a metric: its mean over groups."""

    def __init__(self, metric: Metric, parameters: Mapping[str, Any]):
        self.metric, self.parameters = metric, dict(parameters)
        self._seen = Mean()

    @property
    def rows(self) -> int:
        """How many rows have been given."""
        return self._seen.rows

    @property
    def left_out(self) -> int:
        """How many groups had nothing to say."""
        return self._seen.left_out

    def add(self, scores: Any, labels: Any, weights: Any, offsets: np.ndarray) -> GroupResults:
        """Add whole groups; return their results."""
        if weights is not None:
            validate.within("sample_weight", weights, NON_NEGATIVE)
        found = self.metric.of_groups(scores, labels, weights, offsets, self.parameters)
        each = self._weights(weights, offsets, found.pairs)
        is_used = found.used & (each != 0.0)
        own = each[is_used]
        with np.errstate(invalid="ignore", over="ignore"):
            total, weight = terms.exact(found.values[is_used] * own), terms.exact(own)
        used = int(np.count_nonzero(is_used))
        self._merge(Mean(labels.size, used, is_used.size - used, total, weight))
        return GroupResults(found.values, is_used, each)

    def _weights(self, weights: Any, offsets: np.ndarray, pairs: np.ndarray | None) -> np.ndarray:
        """Return what groups weigh."""
        if pairs is not None and self.parameters["average"] == "pairs":
            return pairs
        by_rows = self.parameters["average"] == "rows"
        if weights is None:
            return np.diff(offsets).astype(np.float64) if by_rows else np.ones(offsets.size - 1)
        if by_rows:
            return sums_between(weights, offsets)
        if self.metric.weighs_rows:
            return np.ones(offsets.size - 1)
        return weights_of_groups(weights, offsets)

    def _merge(self, other: Mean) -> None:
        own = self._seen
        self._seen = Mean(
            own.rows + other.rows,
            own.used + other.used,
            own.left_out + other.left_out,
            terms.added((own.total, 0), (other.total, 0)),
            terms.added((own.weight, 0), (other.weight, 0)),
        )

    def merge(self, other: "GroupMean") -> None:
        """Add what another state has seen."""
        self._merge(other._seen)

    def to_bytes(self) -> bytes:
        """Return the sums, for `from_bytes` in another process."""
        return json.dumps([self.metric.name, self.parameters, self._seen]).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "GroupMean":
        """Return the state that `to_bytes` was called of."""
        name, parameters, (rows, used, left_out, total, weight) = json.loads(data)
        state = cls(METRICS[name], parameters)
        state._seen = Mean(rows, used, left_out, tuple(total), tuple(weight))
        return state

    def result(self, reduction: str) -> float:
        """Return the mean; NaN if no group has something to say."""
        weight = self.weight()
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.float64(terms.total(self._seen.total)) / weight) if weight else float("nan")

    def weight(self) -> float:
        """Return what the mean is divided by."""
        return terms.total(self._seen.weight)


def weights_of_groups(weights: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the weight that the rows of each group share; raise if they differ."""
    first = np.repeat(weights[offsets[:-1]], np.diff(offsets))
    different = np.flatnonzero(weights != first)
    if different.size:
        row = int(different[0])
        expected = f"the weight of the group's first row, {first[row]}"
        offender = Offender("sample_weight", row, str(weights[row]), expected)
        raise about(offender, f"sample_weight[{row}] is {weights[row]}: expected {expected}")
    return np.asarray(weights[offsets[:-1]], np.float64)
