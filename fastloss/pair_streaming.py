"""All pairs of rows that come in batches, from many machines, in any order."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastloss import backend, reduce, validate
from fastloss.loss import lookup
from fastloss.pairs import PairwiseLoss, checked_rows
from fastloss.stored import pack, unpack


def can_accumulate(loss: PairwiseLoss, parameters: Mapping[str, Any]) -> bool:
    """Whether there is a state for a loss with these parameters."""
    ordered = "pairs" in loss.parameters and parameters.get("pairs", loss.defaults["pairs"]) == "ordered"
    return ordered and loss.formulas.tails is not None


class PairAccumulator:
    """The state of a smooth pairwise loss over rows seen so far; made by `fastloss.accumulate`.

    One pass over the data, then `result`; a second pass with `gradient` gives each row's gradient. States of parts of
    the data `merge` into the state of all of it, to 1e-12 whatever the parts and their order.
    """

    def __init__(self, loss: PairwiseLoss, parameters: dict[str, Any]):
        if loss.formulas.tails is None:
            raise ValueError(f"{loss.name} cannot be accumulated: its pairs need sorted rows, expected a smooth loss")
        if not can_accumulate(loss, parameters):
            raise ValueError(f"{loss.name} is accumulated over ordered pairs only")
        self.loss = loss
        self.parameters = {word: loss.parameters[word].validate(word, value) for word, value in parameters.items()}
        self.sigma: float = self.parameters.get("sigma", loss.defaults["sigma"])
        self.rows = 0
        self._levels: dict[float, Any] = {}

    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch of rows: shape (N,) each; a pair weighs the product of its rows' weights.

        Raises
        ------
        ValueError
            If shapes differ, labels or weights are NaN, weights are negative; as `NoState`, if a score is not finite
            or a batch has more than 16 distinct labels.
        """
        rows = self._columns(scores, labels, sample_weight)
        self._add(self._engine().levels(rows, self.sigma), rows[0].size)

    def merge(self, other: "PairAccumulator") -> None:
        """Add what another state of the same loss has seen."""
        if (other.loss.name, other.parameters) != (self.loss.name, self.parameters):
            raise ValueError(f"states differ: {other.loss.name} {other.parameters}, expected {self.loss.name}")
        self._add(other._levels, other.rows)

    def pairs(self) -> int:
        """The number of pairs."""
        return sum(one.rows * low.rows for one, low in self._pairs())

    def weight(self) -> float:
        """What the mean is divided by."""
        return float(sum(one.weight * low.weight for one, low in self._pairs()))

    def result(self, reduction: str = "mean") -> float:
        """The loss over all pairs of rows given so far."""
        validate.reduction(reduction, ("mean", "sum"))
        engine = self._engine()
        total = sum(engine.between(self.loss.formulas, self.sigma, low, one) for one, low in self._pairs())
        return total if reduction == "sum" else reduce.mean(total, self.weight())

    def gradient(self, scores: Any, labels: Any, sample_weight: Any = None, *, reduction: str = "mean") -> np.ndarray:
        """The gradient for rows of the data, given again in any batches; shape and dtype of the scores."""
        validate.reduction(reduction, ("mean", "sum"))
        engine = self._engine()
        rows = self._columns(scores, labels, sample_weight)
        gradient = np.zeros(rows[0].size, rows[0].dtype)
        factor = reduce.inverse(self.weight()) if reduction == "mean" else 1.0
        for y in np.unique(rows[1]).tolist():
            for label, level in self._levels.items():
                if label != y:
                    task = (1.0 if label < y else -1.0, y, factor, gradient)
                    engine.add_gradient(self.loss.formulas, self.sigma, level, rows, task)
        return gradient

    def to_bytes(self) -> bytes:
        """The state as bytes, for `from_bytes` on any machine."""
        levels = [(label, level.rows, level.weight) for label, level in self._levels.items()]
        about = {"loss": self.loss.name, "parameters": self.parameters, "rows": self.rows, "levels": levels}
        arrays: dict[str, np.ndarray] = {}
        for at, level in enumerate(self._levels.values()):
            arrays |= {f"keys{at}": level.keys, f"moments{at}": level.moments}
        return pack(about, arrays)

    @classmethod
    def from_bytes(cls, data: bytes) -> "PairAccumulator":
        """The state that `to_bytes` wrote."""
        about, arrays = unpack(data)
        loss = lookup(about["loss"])
        if not isinstance(loss, PairwiseLoss):
            raise ValueError(f"these bytes are a state of {loss.name}: expected a loss over pairs")
        state = cls(loss, about["parameters"])
        state.rows = about["rows"]
        level = state._engine().Level
        for at, (label, rows, weight) in enumerate(about["levels"]):
            state._levels[label] = level(rows, weight, arrays[f"keys{at}"], arrays[f"moments{at}"])
        return state

    def _engine(self) -> Any:
        return backend.engine("cpu", "box_state")

    def _columns(self, scores: Any, labels: Any, sample_weight: Any) -> Any:
        return self._engine().columns(*checked_rows(scores, labels, sample_weight))

    def _add(self, levels: dict[float, Any], rows: int) -> None:
        engine = self._engine()
        for label, level in levels.items():
            own = self._levels.get(label)
            self._levels[label] = level if own is None else engine.added(own, level)
        self.rows += rows

    def _pairs(self) -> Any:
        """Each label's level with the united levels below it."""
        below: Any = None
        for label in sorted(self._levels):
            level = self._levels[label]
            if below is not None:
                yield level, below
            below = level if below is None else self._engine().added(below, level)
