"""All pairs of rows that come in batches, from many machines, in any order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss import backend, pair_levels, reduce, validate
from fastloss.loss import Loss
from fastloss.pairs import PairwiseLoss, checked_rows
from fastloss.state import State, both_weighted, divided, exponent, matching, require_body, times
from fastloss.stored import Fields


def can_accumulate(loss: PairwiseLoss, parameters: Mapping[str, Any]) -> bool:
    """Whether there is a state for a loss with these parameters."""
    ordered = "pairs" in loss.parameters and parameters.get("pairs", loss.defaults["pairs"]) == "ordered"
    return ordered and loss.formulas.tails is not None


class Seen(NamedTuple):
    """What the batches add up to: each label's `box_state.Level`, whose weights are in units of 2**`power`."""

    rows: int = 0
    weighted: bool | None = None
    power: int = 0
    levels: Mapping[float, Any] = {}


class PairAccumulator(State):
    """The state of a smooth pairwise loss over rows seen so far; made by `fastloss.accumulate`.

    One pass over the data, then `result`; a second pass with `gradient` gives each row's gradient. States of parts of
    the data `merge` into the state of all of it, to 1e-12 whatever the parts and their order. A batch or a state that
    is refused changes nothing.
    """

    kind = "pairs"
    expects = "a loss over all pairs"

    def __init__(self, loss: Loss, parameters: dict[str, Any]):
        super().__init__(loss, parameters)
        if not can_accumulate(self.loss, self.parameters):
            raise ValueError(f"{loss.name} is accumulated over ordered pairs only")
        require_body(loss, self.parameters)
        self.sigma: float = self.parameters["sigma"]
        self._seen = Seen()

    @classmethod
    def _require_fit(cls, loss: Loss) -> None:
        if not isinstance(loss, PairwiseLoss):
            raise ValueError(f"{loss.name} has no state of all pairs: expected a loss over pairs")
        if loss.formulas.tails is None:
            raise ValueError(f"{loss.name} cannot be accumulated: its pairs need sorted rows, expected a smooth loss")

    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch of rows: shape (N,) each; a pair weighs the product of its rows' weights.

        Raises
        ------
        TypeError
            If an argument is no array of numbers.
        ValueError
            If shapes differ, labels or weights are NaN, weights are negative, or some batches only have them; as
            `NoState`, if a score or a weight is not finite, a score is too large, or a batch has more than 16 distinct
            labels.
        """
        rows, power = self._columns(scores, labels, sample_weight, None)
        size = rows[0].size
        levels = self._engine().levels(rows, self.sigma)
        self._seen = self._united(Seen(size, (sample_weight is not None) if size else None, power, levels))

    def pairs(self) -> int:
        """The number of pairs."""
        total = below = 0
        for label in sorted(self._seen.levels):
            own = self._seen.levels[label].rows
            total, below = total + own * below, below + own
        return total

    def weight(self) -> float:
        """What the mean is divided by."""
        return times(_weight(self._seen.levels), 2 * self._seen.power)

    def result(self, reduction: str = "mean") -> float:
        """The loss over all pairs of rows given so far."""
        validate.reduction(reduction, ("mean", "sum"))
        engine = self._engine()
        levels, power = engine.light(self._seen.levels)
        total, below = 0.0, None
        for label in sorted(levels):
            if below is not None:
                total += engine.between(self.loss.formulas, self.sigma, below, levels[label])
            below = levels[label] if below is None else engine.added(below, levels[label])
        return (
            times(total, 2 * (power + self._seen.power)) if reduction == "sum" else reduce.mean(total, _weight(levels))
        )

    def gradient(self, scores: Any, labels: Any, sample_weight: Any = None, *, reduction: str = "mean") -> np.ndarray:
        """The gradient for rows of the data, given again in any batches; shape and dtype of the scores.

        Raises
        ------
        TypeError, ValueError
            As `update`, but there may be any number of labels.
        """
        validate.reduction(reduction, ("mean", "sum"))
        engine = self._engine()
        rows, _ = self._columns(scores, labels, sample_weight, self._seen.power)
        engine.require_scores(rows[0], self.sigma)
        gradient = np.zeros(rows[0].size, rows[0].dtype)
        if gradient.size:
            both_weighted(self._seen.weighted, sample_weight is not None)
        levels, power = engine.light(self._seen.levels)
        factor = times(reduce.inverse(_weight(levels)), -power) if reduction == "mean" else times(1.0, power)
        for y in np.unique(rows[1]).tolist():
            for label, level in levels.items():
                if label != y:
                    task = (1.0 if label < y else -1.0, y, factor, gradient)
                    engine.add_gradient(self.loss.formulas, self.sigma, level, rows, task)
        if reduction == "mean" or not self._seen.power:
            return gradient
        with np.errstate(over="ignore"):
            return divided(gradient, -2 * self._seen.power).astype(gradient.dtype)

    def _united(self, other: Seen) -> Seen:
        if not other.rows:
            return self._seen
        own, engine = self._seen, self._engine()
        weighted = both_weighted(own.weighted, bool(other.weighted))
        power = matching(*((one.power, any(level.weight for level in one.levels.values())) for one in (own, other)))
        levels, more = (
            {label: engine.divided(level, power - one.power) for label, level in one.levels.items()}
            for one in (own, other)
        )
        for label, level in more.items():
            levels[label] = engine.added(levels[label], level) if label in levels else level
        return Seen(own.rows + other.rows, weighted, power, levels)

    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        seen = self._seen
        about = {"rows": seen.rows, "weighted": seen.weighted, "power": seen.power}
        return about, pair_levels.written(seen.levels)

    def _read(self, fields: Fields) -> Seen:
        rows, weighted = fields.whole("rows"), fields.choice("weighted", (None, False, True))
        power = fields.exponent("power")
        fields.need(bool(rows) == (weighted is not None), "weighted does not go with rows")
        fields.need(weighted or not power, "power is not 0, but there are no weights")
        levels = pair_levels.read(fields, self._engine(), bool(weighted))
        fields.need(sum(level.rows for level in levels.values()) == rows, "rows is not the sum of the labels' rows")
        return Seen(rows, weighted, power, levels)

    def _engine(self) -> Any:
        return backend.engine("cpu", "box_state")

    def _columns(self, scores: Any, labels: Any, sample_weight: Any, power: int | None) -> Any:
        """Rows as the kernels read them, and the exponent of their weights' unit, by default their own."""
        scores, labels, weights = checked_rows(scores, labels, sample_weight)
        scores, labels = validate.real("scores", scores), validate.real("labels", labels)
        power = exponent(weights) if power is None else power
        return self._engine().columns(scores, labels, None if weights is None else divided(weights, power)), power


def _weight(levels: Mapping[float, Any]) -> float:
    """The sum of all pairs' weights."""
    total = below = 0.0
    for label in sorted(levels):
        own = levels[label].weight
        total, below = total + own * below, below + own
    return total
