"""The examples on which models are compared, and parts of them that are drawn."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, validate
from fastloss.core.arrays import as_array
from fastloss.core.errors import wrong_shape
from fastloss.pairs.loss import grouped
from fastloss.pairs.records import Groups


@dataclasses.dataclass(frozen=True)
class Sample:
    """Labels, weights and groups, which all models share, as they are given."""

    labels: Any
    groups: Any = None
    offsets: Any = None
    weights: Any = None
    _layouts: dict[int, Groups] = dataclasses.field(default_factory=dict)

    @property
    def has_groups(self) -> bool:
        return self.groups is not None or self.offsets is not None

    @property
    def words(self) -> dict[str, Any]:
        """The keywords of a call that say which rows make a group."""
        return {"groups": self.groups, "offsets": self.offsets}

    def layout(self, rows: int) -> Groups:
        """Return which rows make each group; they are sorted once for all models."""
        if rows not in self._layouts:
            self._layouts[rows] = grouped(self.groups, self.offsets, rows)
        return self._layouts[rows]


class Rows(NamedTuple):
    """Arrays on the host with an entry for each row: scores, labels, weights or None, and others by name."""

    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    others: dict[str, np.ndarray]

    def taken(self, rows: np.ndarray) -> "Rows":
        """Return some rows, in an order, which may come more than once."""
        weights = None if self.weights is None else self.weights[rows]
        others = {name: one[rows] for name, one in self.others.items()}
        return Rows(self.scores[rows], self.labels[rows], weights, others)


def rows_of(scores: Any, sample: Sample, others: dict[str, Any]) -> Rows:
    """Return the rows of one model, checked to be of one length."""
    given = {"scores": scores, "labels": sample.labels}
    if sample.weights is not None:
        given["sample_weight"] = sample.weights
    arrays = {name: backend.to_host(as_array(name, one)) for name, one in given.items()}
    count = len(arrays["scores"]) if arrays["scores"].ndim else 0
    arrays |= {name: validate.ids(name, backend.to_host(one), (count,)) for name, one in others.items()}
    for name, one in arrays.items():
        if one.ndim == 0 or len(one) != count:
            raise wrong_shape(name, one.shape, f"{count} rows, as scores have")
    own = {name: arrays[name] for name in others}
    return Rows(arrays["scores"], arrays["labels"], arrays.get("sample_weight"), own)


class Drawn:
    """Units drawn with replacement from all, the same ones for every model: rows, or groups with all their rows."""

    def __init__(self, seed: int, units: int, layout: Groups | None = None):
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._units = units
        self._layout = layout

    def draw(self) -> np.ndarray:
        """Return the units of one resample."""
        return self._generator.integers(0, self._units, self._units)

    def rows(self) -> np.ndarray:
        """Return the rows of one resample."""
        drawn = self.draw()
        if self._layout is None:
            return drawn
        order, offsets = self._layout.rows, self._layout.offsets
        sizes = np.diff(offsets)[drawn]
        stops = np.cumsum(sizes)
        places = np.arange(sizes.sum()) + np.repeat(offsets[:-1][drawn] - (stops - sizes), sizes)
        return places if order is None else order[places]
