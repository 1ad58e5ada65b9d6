"""A loss, or a metric, of raw scores and of what a boosting library hands out of a data set."""

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

import fastloss
from fastloss.boosting.links import ELEMENTWISE, LINKS, SIGMOID
from fastloss.core.domains import Choice
from fastloss.core.errors import wrong_element
from fastloss.core.loss import Loss, lookup

METRICS = {"auc": True, "count_inversions": False}  # functions that are no losses, and whether higher is better
BACKENDS = Choice(("auto", "cpu", "cuda"))
ENGINES = ("method", "backend")  # keywords of a call that may be chosen here; all others come from the data
# Losses of rows of probabilities: no function of each score alone makes a row of them
OF_PROBABILITIES = ("categorical_cross_entropy", "kl_divergence", "soft_cross_entropy")


class Sample(NamedTuple):
    """What a library hands out of a data set."""

    labels: Any
    weights: Any = None  # of rows
    offsets: Any = None  # of groups, whose rows lie together
    group_weights: Any = None

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(np.asarray(self.offsets, np.int64))


class Scored:
    """A loss or metric with its parameters; called with raw scores and a sample."""

    def __init__(self, name: str, link: str, parameters: Mapping[str, Any]):
        self.name = name
        self.link = Choice(ELEMENTWISE).validate("link", link)
        self.parameters = dict(parameters)
        self.loss = None if name in METRICS else lookup(name)
        if self.loss is not None:
            self.loss.require_scores_and_labels()
            self._require_parameters(self.loss)
            _require_raw_scores(self.loss, self.link)
        words = inspect.signature(self.function).parameters
        self.has_groups = "offsets" in words
        self.of_queries = self.loss is not None and self.loss.shape == "queries"

    @property
    def function(self) -> Any:
        """The loss or the metric itself."""
        return getattr(fastloss, self.name) if self.loss is None else self.loss

    @property
    def takes_ids(self) -> bool:
        """Whether labels are numbers of classes."""
        return self.loss is not None and self.loss.arguments[1] in getattr(self.loss, "ids", ())

    def value(self, scores: Any, sample: Sample) -> float:
        """Return the mean over rows, pairs or queries."""
        given = self.given(scores, sample)
        words = self.words(sample)
        if self.of_queries and sample.weights is not None:
            words["sample_weight"] = _per_group(sample) * words.get("sample_weight", 1.0)
        return float(self.function(*given, **words))

    def given(self, scores: Any, sample: Sample) -> tuple[Any, Any]:
        """Return the loss's arguments: its input, of the raw scores, and labels of a type that it takes."""
        labels = sample.labels
        if self.loss is not None and self.loss.shape == "rows":
            self._require_columns(np.shape(scores), np.shape(labels))
        if self.takes_ids and np.ndim(labels) == 1:
            labels = whole(labels)
        return LINKS[self.link].forward(scores), labels

    def words(self, sample: Sample) -> dict[str, Any]:
        """Return the keywords of a call: parameters, groups and weights; of a loss of queries, weights of queries."""
        words = dict(self.parameters)
        if self.has_groups and sample.offsets is not None:
            words["offsets"] = sample.offsets
        weights = sample.group_weights if self.of_queries else self._row_weights(sample)
        return words if weights is None else {**words, "sample_weight": weights}

    def _row_weights(self, sample: Sample) -> Any:
        """Return weights of rows, with those of groups in them: a pair weighs the product of its rows' weights."""
        if sample.group_weights is None:
            return sample.weights
        of_groups = np.asarray(sample.group_weights, np.float64)
        of_rows = np.repeat(np.sqrt(of_groups) if self.has_groups else of_groups, sample.sizes)
        return of_rows if sample.weights is None else of_rows * sample.weights

    def _require_parameters(self, loss: Loss) -> None:
        """Raise for a parameter that the loss does not have, that is out of its range, or that is missing."""
        engines = {one.name: one.check or BACKENDS for one in loss.keywords if one.name in ENGINES}
        for word, check in engines.items():
            if word in self.parameters:
                check.validate(word, self.parameters[word])
        loss.checked_parameters({word: one for word, one in self.parameters.items() if word not in engines})

    def _require_columns(self, scores: tuple[int, ...], labels: tuple[int, ...]) -> None:
        if len(scores) == 2 or (scores == labels and not self.takes_ids):
            return
        raise ValueError(f"scores have shape {scores}: {self.name} needs a column for each class (num_class)")


def _require_raw_scores(loss: Loss, link: str) -> None:
    """Raise unless the loss takes what the link makes of any raw score."""
    if loss.name in OF_PROBABILITIES:
        raise ValueError(f"{loss.name} takes probabilities, not raw scores: expected 'cross_entropy'")
    domain = getattr(loss, "domains", {}).get(loss.arguments[0])
    is_bounded = loss.name == "dice_loss" or (domain is not None and domain.bounded)
    if is_bounded and link != SIGMOID:
        raise ValueError(f"link is {link!r}: expected 'sigmoid', since {loss.name} takes probabilities")


def whole(labels: Any) -> Any:
    """Return labels, which libraries store as float32, as integers; NumPy's or none."""
    array = np.asarray(labels)
    if array.dtype.kind != "f":
        return array
    numbers = array.astype(np.int64, copy=True) if np.isfinite(array).all() else None
    if numbers is None or (numbers != array).any():
        at = int(np.argmax(~np.isfinite(array) | (array != np.trunc(array))))
        raise wrong_element("label", array, at, "the number of a class")
    return numbers


def _per_group(sample: Sample) -> np.ndarray:
    """Return each group's mean of its rows' weights, as LightGBM's metrics weigh queries."""
    sizes = sample.sizes if sample.offsets is not None else np.array([np.size(sample.weights)])
    group = np.repeat(np.arange(sizes.size), sizes)
    return np.bincount(group, sample.weights, sizes.size) / np.maximum(sizes, 1)
