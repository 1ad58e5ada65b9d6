"""What the page shows."""

import itertools
from typing import Any, NamedTuple

import numpy as np

from fastloss.cli.page.histograms import Histogram
from fastloss.comparing.results import Comparison


class Total(NamedTuple):
    """A loss or a metric of one model."""

    value: float
    over: str  # what it is made of, as "900 pairs"


class WorstGroup(NamedTuple):
    """One of the groups that a model does worst on."""

    id: str
    rows: int
    pairs: int | None
    values: tuple[float, ...]  # of every model


class Groups(NamedTuple):
    """A loss of every group: NaN where it has nothing to say."""

    values: np.ndarray  # (models, groups)
    worst: tuple[tuple[WorstGroup, ...], ...]  # of each model, from the worst one on
    left_out: tuple[int, ...]  # of each model: groups that have nothing to say


class RowDifferences(NamedTuple):
    """How a loss differs between two models, row by row."""

    first: int  # the models
    second: int
    found: Histogram  # the second one's loss less the first one's


MOST_MODELS = 3  # of which each is compared with each


def compared(models: int) -> list[tuple[int, int]]:
    """Return which models are compared: each with each, or of many, each with the first one."""
    pairs = itertools.combinations(range(models), 2)
    return [pair for pair in pairs if models <= MOST_MODELS or not pair[0]]


class Measure(NamedTuple):
    """A loss or a metric that was asked for."""

    label: str
    name: str
    parameters: dict[str, Any]
    totals: tuple[Total, ...]  # of each model
    groups: Groups | None = None
    gradients: tuple[Histogram, ...] = ()  # of each model: magnitudes of each row's derivative
    differences: tuple[RowDifferences, ...] = ()
    greater_is_better: bool = False


class Margins(NamedTuple):
    """How far scores are on the right side, or from the labels."""

    kind: str  # a key of `margins.KINDS`
    found: tuple[Histogram, ...]  # of each model


class Reliability(NamedTuple):
    """A model's probabilities against the rates of class 1, in bins of about as many rows each."""

    rows: np.ndarray
    predicted: np.ndarray  # means
    rates: np.ndarray
    error: float  # the mean of their distances, by weight
    mean: float  # of all probabilities
    rate: float
    is_of_logits: bool


class Page(NamedTuple):
    """Everything on the page."""

    version: str
    files: list[str]
    columns: dict[str, str]  # by role
    models: tuple[str, ...]  # their columns
    reduction: str
    rows: int
    groups: int | None
    dropped: int  # rows with nulls
    seconds: float
    measures: tuple[Measure, ...]
    id_name: str = "group"
    notes: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()  # of every two models
    margins: tuple[Margins, ...] = ()
    reliability: tuple[Reliability | None, ...] = ()  # of each model
