"""The metrics that `--loss` takes with `--queries` and `--keys`: a mean over queries that have a positive."""

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastloss.cli.scoring.metrics import OTHER_NAMES, Metric, documented
from fastloss.metrics import RetrievalRanks, retrieval_ranks


class Found(NamedTuple):
    """A mean over queries, and over how many; the others have no positive."""

    value: float
    used: int
    left_out: int


@dataclasses.dataclass(frozen=True)
class RetrievalMetric(Metric):
    """A method of `RetrievalRanks`, and the similarity that ranks are by."""

    @functools.cached_property
    def parameters(self) -> dict[str, str]:
        """The words that `--loss` takes after the name, and what their documentation says of each one's values."""
        return {**documented(self.function), **documented(retrieval_ranks)}

    @property
    def defaults(self) -> dict[str, Any]:
        """The parameters as they are unless they are given."""
        words = {**inspect.signature(retrieval_ranks).parameters, **inspect.signature(self.function).parameters}
        return {name: words[name].default for name in self.parameters}

    @property
    def over(self) -> str:
        """What it is a mean over."""
        return "queries"

    def checked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, checked by a call."""
        words = {**self.defaults, **parameters}
        self.of_ranks(retrieval_ranks([[1.0]], [[1.0]], similarity=words["similarity"]), words)
        return words

    def of_ranks(self, ranks: RetrievalRanks, words: Mapping[str, Any]) -> Found:
        """Return the metric."""
        own = {name: value for name, value in words.items() if name != "similarity"}
        value, counts = self.function(ranks, **own, with_counts=True)
        return Found(value, *counts)


METRICS: dict[str, RetrievalMetric] = {
    name: RetrievalMetric(name, getattr(RetrievalRanks, name))
    for name in ("recall", "hit_rate", "precision", "mrr", "ndcg")
}
METRICS["map"] = RetrievalMetric("map", RetrievalRanks.average_precision)


def metric_of(name: str) -> RetrievalMetric | None:
    """Return the metric of a name, None if there is none."""
    return METRICS.get(OTHER_NAMES.get(name, name))
