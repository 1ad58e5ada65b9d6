"""Losses, metrics and other functions, as a comparison asks for them: a whole value, or what units make of it."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastloss import metrics
from fastloss.comparing import units
from fastloss.comparing.moments import ROOT, Link
from fastloss.comparing.samples import Rows, Sample
from fastloss.comparing.units import OneModel, Units
from fastloss.core.errors import shown, wrong_type
from fastloss.core.loss import REGISTRY, Loss, lookup
from fastloss.core.synonyms import question, spelt_out
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pairs.metrics import label_pairs, row_differences

OF_ROW_WEIGHTS = ("normalized_entropy", "expected_calibration_error", "isotonic_calibration_error")
METRICS: dict[Callable[..., Any], str] = {  # those that are a mean over groups
    function: name
    for name, function in ((name, getattr(metrics, name)) for name in metrics.__all__)
    if inspect.isfunction(function) and "with_counts" in inspect.signature(function).parameters
}
# What a comparison gives itself
SHARED = ("reduction", "groups", "offsets", "sample_weight", "with_counts", "return_ids")


class Measure:
    """What models are compared by, with its parameters."""

    link: Link | None = None  # a function of the mean that units have
    row_arguments: tuple[str, ...] = ()  # parameters with an entry for each row
    weighs_rows = True

    def __init__(self, label: str, function: Callable[..., Any], words: Mapping[str, Any]):
        self.label = label
        self.function = function
        self.words = dict(words)

    def units(self, models: Mapping[str, Any], sample: Sample) -> Units | None:
        """Return the units whose sums make the values of all models, given by their scores; None where none do."""
        return None

    def _stacked(self, models: Mapping[str, Any], of_one: Callable[[Any], OneModel], unit: str, **about: Any) -> Units:
        return units.stacked(self.label, models, of_one, unit, **about)

    def value(self, rows: Rows) -> float:
        """Return the value of a model over some rows, without groups."""
        words = {**self.words, **rows.others}
        if rows.weights is not None and self.weighs_rows:
            words["sample_weight"] = rows.weights
        return float(self.function(rows.scores, rows.labels, **words))

    @property
    def others(self) -> dict[str, Any]:
        """The parameters that are drawn with the rows."""
        return {name: self.words[name] for name in self.row_arguments if self.words.get(name) is not None}


class OfRows(Measure):
    """A loss with a number for each row."""

    def units(self, models, sample):
        unit = "groups" if sample.has_groups else "rows"
        found = self._stacked(models, lambda scores: units.of_rows(self.function, scores, sample, self.words), unit)
        return found if found.weights.ndim else None  # a loss of all rows together


class RootOfMean(OfRows):
    """The root of the mean squared error, by the mean and the slope of the root."""

    link = ROOT

    def units(self, models, sample):
        return OfRows(self.label, lookup("mse_loss"), self.words).units(models, sample)


class OfQueries(Measure):
    """A loss of groups, each of which is one unit."""

    weighs_rows = False

    def units(self, models, sample):
        if not sample.has_groups:
            return None
        return self._stacked(models, lambda one: units.of_groups(self.function, one, sample, self.words), "groups")


class OfPairs(OfQueries):
    """A loss over pairs: within groups, which are units, or of all rows."""

    weighs_rows = True

    def units(self, models, sample):
        if sample.has_groups or self.function.checked_parameters(self.words, ("method",)).get("pairs") != "ordered":
            return super().units(models, sample)
        pairs = label_pairs(sample.labels, sample.weights)

        def of_one(scores):
            return OneModel(units.of_ordered_pairs(self.function, scores, sample, self.words), pairs.weight)

        return self._stacked(models, of_one, "rows", method="u-statistic", classes=pairs.classes, order=2)


class Area(Measure):
    """The area under the ROC curve over all pairs, or over those within groups."""

    def units(self, models, sample):
        if sample.has_groups:
            return self._stacked(models, lambda scores: units.of_group_areas(scores, sample), "groups")
        pairs = label_pairs(sample.labels, sample.weights)
        method = "u-statistic" if pairs.classes is None else "delong"

        def of_one(scores):
            difference = row_differences(scores, sample.labels, sample.weights)
            return OneModel(0.5 * (pairs.weight + difference), pairs.weight)

        return self._stacked(models, of_one, "rows", method=method, classes=pairs.classes, order=2)


class OfGroups(Measure):
    """A metric that is a mean over the groups that have something to say."""

    row_arguments = ("ids",)

    def __init__(self, label: str, function: Callable[..., Any], words: Mapping[str, Any]):
        super().__init__(label, function, words)
        self.weighs_rows = METRICS[function] in OF_ROW_WEIGHTS

    def units(self, models, sample):
        if not sample.has_groups:
            return None
        words = {**self.words, **sample.words, "reduction": "per_group", "with_counts": True}
        if self.weighs_rows:
            words["sample_weight"] = sample.weights
        of_groups = 1.0 if self.weighs_rows or sample.weights is None else np.asarray(sample.weights, np.float64)

        found = []
        for name, scores in models.items():
            with units.naming(self.label, name):
                found.append(self.function(scores, sample.labels, **words))
        used = np.logical_or.reduce([~np.isnan(values) for values, _ in found])
        weights = np.where(used, of_groups, 0.0)
        sums = np.full((len(found), used.size), np.nan)
        for own, (values, counts) in zip(sums, found, strict=True):
            # a NaN in a group that has something to say, as of a score, is one of the mean too
            if counts.used == np.count_nonzero(~np.isnan(values)):
                own[:] = np.where(used, weights * values, 0.0)
        return Units(sums, weights, "groups")


class OfFunction(Measure):
    """Any function of scores, labels and, if there are weights, `sample_weight`."""


def measures(loss: Any, parameters: Mapping[str, Any]) -> list[Measure]:
    """Return what a loss, a metric, a function, or a list of them ask for; each takes the parameters that it has.

    Raises
    ------
    TypeError
        If it is something else, or nothing takes a parameter.
    """
    given = loss if isinstance(loss, (list, tuple)) else [loss]
    taken: set[str] = set()
    found = []
    for one in given:
        own = one.keywords if isinstance(one, functools.partial) else {}
        function = _function(one.func if isinstance(one, functools.partial) else one)
        names = _names(function)
        chosen = {name: value for name, value in parameters.items() if names is None or name in names}
        taken |= chosen.keys()
        words = {**chosen, **own}
        _require_own(words)
        found.append(measure(function, words, _label(function, words)))
    for name in parameters:
        if name not in taken:
            known = ", ".join(dict.fromkeys(one.label.partition("(")[0] for one in found))
            raise TypeError(f"{known}: no parameter {name!r}")
    if not found:
        raise ValueError("loss is an empty list: expected a loss, a metric, or several")
    return found


def _function(given: Any) -> Any:
    """Return the loss or the metric of a name, and anything that can be called as it is."""
    if isinstance(given, str):
        known = {"auc": metrics.auc, **{name: function for function, name in METRICS.items()}}
        if given in known or given in REGISTRY:
            return known.get(given) or lookup(given)
        names = [*REGISTRY, *known]
        spelt = spelt_out(given, names)
        if spelt is not None:
            raise ValueError(
                f"unknown loss or metric {shown(given)}; did you mean {spelt.name!r} with the parameter"
                f" {', '.join(spelt.words.split(','))}?"
            )
        raise ValueError(f"unknown loss or metric {shown(given)}{question(given, names)}")
    if not callable(given):
        raise wrong_type("loss", given, "a loss, a metric, their names, a function, or a list of them")
    return given


def _names(function: Any) -> set[str] | None:
    """Return the parameters that a comparison may hand on; None if a function takes any."""
    if isinstance(function, Loss):
        return {*function.parameters, "backend"} & set(function.__signature__.parameters)
    try:
        signature = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(one.kind is one.VAR_KEYWORD for one in signature):
        return None
    own = [one.name for one in signature if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return {*own} - {*SHARED} - {*own[:2]}


def _require_own(words: dict[str, Any]) -> None:
    """Raise for a parameter that is the comparison's."""
    for name in SHARED:
        if name in words:
            raise TypeError(f"{name} is given with a loss: expected it as an argument of compare, or not at all")


def _label(function: Any, words: dict[str, Any]) -> str:
    """Return a function's name, with the parameters that are not arrays."""
    name = getattr(function, "__name__", type(function).__name__)
    shorts = ", ".join(f"{key}={shown(one)}" for key, one in words.items() if np.ndim(one) == 0)
    return f"{name}({shorts})" if shorts else name


def measure(function: Any, words: dict[str, Any], label: str) -> Measure:
    """Return what a loss, a metric or a function with its parameters is to a comparison, which calls it `label`."""
    if function is metrics.auc:
        return Area(label, function, words)
    if function in METRICS:
        return OfGroups(label, function, words)
    if not isinstance(function, Loss):
        return OfFunction(label, function, words)
    function.require_scores_and_labels()
    if function.name == "rmse_loss":
        return RootOfMean(label, function, words)
    if isinstance(function, PairwiseLoss):
        return OfPairs(label, function, words)
    return (OfQueries if hasattr(function, "group_sums") else OfRows)(label, function, words)
