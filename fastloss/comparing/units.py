"""What is taken as independent of each other: rows, or groups of them, each with a sum for every model and a weight."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.comparing.moments import Moments
from fastloss.comparing.samples import Sample
from fastloss.core import backend, orders
from fastloss.core.arrays import as_array
from fastloss.core.errors import shown
from fastloss.core.loss import Loss
from fastloss.pairs.metrics import count_sums
from fastloss.pairs.records import Groups
from fastloss.pointwise.ranges import sums_between


class Units(NamedTuple):
    """The units of a sample; a model's value is the sum of its row of `sums`, divided by that of the weights."""

    sums: np.ndarray  # a row for each model
    weights: np.ndarray
    unit: str  # "rows" or "groups"
    method: str = "sandwich"  # how a standard error is made of them
    classes: np.ndarray | None = None  # which sample of two each unit is of, where there are two
    order: int = 1  # 2 where a unit's sums are over the pairs that it is in

    def parts(self) -> list[Moments]:
        """Return the moments of each sample of units."""
        made = []
        for own in [slice(None)] if self.classes is None else [self.classes == 0, self.classes == 1]:
            made.append(Moments(len(self.sums)))
            made[-1].add(self.sums[:, own], self.weights[own])
        return made


class OneModel(NamedTuple):
    """The units' sums of one model, and their weights."""

    sums: np.ndarray
    weights: np.ndarray


@contextlib.contextmanager
def naming(label: str, model: str) -> Iterator[None]:
    """Say in errors which loss of which model they are about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        error.args = (f"{error} ({label} of {shown(model)})",)
        raise


def stacked(label: str, models: Mapping[str, Any], of_one: Callable[[Any], OneModel], unit: str, **about: Any) -> Units:
    """Return the units of all models, from a function of each one's scores; their weights must be the same."""
    found = []
    for name, scores in models.items():
        with naming(label, name):
            found.append(of_one(scores))
    weights = found[0].weights
    if any(not np.array_equal(one.weights, weights, equal_nan=True) for one in found[1:]):
        raise ValueError(f"{label}: weights of examples differ between models, expected those of labels alone")
    return Units(np.stack([one.sums for one in found]), weights, unit, **about)


def _doubled(loss: Loss, scores: Any) -> Any:
    """Return scores on the host as float64 if they are floats, since each row's loss has their dtype."""
    array = as_array(loss.arguments[0], scores)
    return array.astype(np.float64) if isinstance(array, np.ndarray) and array.dtype.kind == "f" else array


def of_rows(loss: Loss, scores: Any, sample: Sample, words: dict[str, Any]) -> OneModel:
    """Return each row's loss, or that of each group's rows; what a row has beyond its first axis is added up.

    A loss of all rows together is a number without an axis.
    """
    given = {**dict(zip(loss.arguments, (_doubled(loss, scores), sample.labels), strict=True)), **words}
    each = backend.to_host(loss(**given, sample_weight=sample.weights, reduction="none"))
    each = np.asarray(each, np.float64)
    if not each.ndim:
        return OneModel(each, np.ones(()))
    rows, columns = each.shape[0], math.prod(each.shape[1:])
    weights = np.ones(each.shape)
    for factor in (sample.weights, loss.counts(**given)):
        if factor is not None:
            own = np.asarray(backend.to_host(factor), np.float64)
            weights = weights * own.reshape(own.shape + (1,) * (each.ndim - own.ndim))
    made = OneModel(*(one.reshape(rows, columns).sum(1) for one in (each, weights)))
    if not sample.has_groups:
        return made
    layout = sample.layout(rows)
    return OneModel(*(added(one, layout) for one in made))


def added(numbers: np.ndarray, groups: Groups) -> np.ndarray:
    """Add the numbers of each group's rows."""
    with np.errstate(invalid="ignore", over="ignore"):
        return sums_between(numbers if groups.rows is None else numbers[groups.rows], np.asarray(groups.offsets))


def of_groups(loss: Any, scores: Any, sample: Sample, words: dict[str, Any]) -> OneModel:
    """Return each group's sum of a loss over pairs or queries, and the weight of its pairs."""
    found = loss.group_sums(scores, sample.labels, **sample.words, sample_weight=sample.weights, **words)
    return OneModel(backend.to_host(found.loss), backend.to_host(found.weight))


def of_group_areas(scores: Any, sample: Sample) -> OneModel:
    """Return each group's weight of pairs in the right order, ties by half, and that of its pairs."""
    found = count_sums("auc", scores, sample.labels, sample_weight=sample.weights, **sample.words)
    return OneModel(0.5 * (found.weight + found.total), found.weight)


def of_ordered_pairs(loss: Loss, scores: Any, sample: Sample, words: dict[str, Any]) -> np.ndarray:
    """Return each row's loss over the pairs that it is in: as the first item, and with signs changed as the second."""
    scores = backend.to_host(_doubled(loss, scores))
    labels = backend.to_host(as_array("labels", sample.labels))
    words = {**words, "sample_weight": sample.weights, "reduction": "none"}
    negative = (-np.asarray(one, np.float64) for one in (scores, orders.comparable(labels)))
    total: np.ndarray = loss(scores, labels, **words) + loss(*negative, **words)
    return total
