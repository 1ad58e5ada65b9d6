"""States of all pairs of rows: batches and states may come from many machines, in any order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import backend, reductions, summation, validate
from fastloss.core.docstrings import documented
from fastloss.core.exact import exact
from fastloss.core.loss import Loss
from fastloss.pairs import methods
from fastloss.pairs.boxes.sums import NoState
from fastloss.pairs.loss import PairwiseLoss, checked_rows
from fastloss.streaming import levels as stored_levels
from fastloss.streaming.state import State, Sums, both_weighted, naming, require_body
from fastloss.streaming.stored import Fields
from fastloss.streaming.units import divided, exponent, in_one_unit, is_ordinary, times

METHODS = ("boxes", "separable")  # whose sums add up, each with a `state.py`


def can_accumulate(loss: PairwiseLoss, parameters: Mapping[str, Any]) -> bool:
    """Return whether there is a state for a loss with these parameters."""
    ordered = "pairs" in loss.parameters and parameters.get("pairs", loss.defaults["pairs"]) == "ordered"
    return ordered and methods.fast_method(loss.formulas) in METHODS


class Seen(NamedTuple):
    """What the batches add up to: the sums of each label's rows (`Level` of `boxes/state.py` or `separable/state.py`).

    Each label has a unit of weights of its own. Rows of one label are paired with the same rows, so one of negligible
    weight beside the heaviest may be lost; weights of two labels are multiplied, and may differ by any factor.
    """

    rows: int = 0
    weighted: bool | None = None
    levels: Mapping[float, Any] = {}


class PairAccumulator(State):
    """The state of a smooth or exponential pairwise loss over rows seen so far; made by `fastloss.accumulate`.

    After one pass over the data, `result` gives the loss; in a second pass, `gradient` gives each row's gradient.
    States of parts of the data `merge` into the state of all data, equal to 1e-12 whatever the parts and their order.
    A batch or a state that is refused changes nothing.
    """

    kind = "pairs"
    expects = "a loss over all pairs"

    def __init__(self, loss: Loss, parameters: Mapping[str, Any]):
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
        if methods.fast_method(loss.formulas) not in METHODS:
            raise ValueError(
                f"{loss.name} cannot be accumulated: its pairs need sorted rows, expected a smooth one or exponentials"
            )

    @naming
    def update(self, scores: Any, labels: Any, sample_weight: Any = None) -> None:
        """Add a batch of rows: shape (N,) each; a pair weighs the product of its rows' weights.

        Parameters
        ----------
        scores, labels : array_like, shape (N,)
            As of the loss.
        sample_weight : array_like, shape (N,), optional
            Weights w >= 0 of the rows.

        Raises
        ------
        TypeError
            If an argument is no array of numbers.
        ValueError
            If shapes differ, labels or weights are NaN, weights are negative, or some batches only have them; as
            `NoState`, if a score or a weight is not finite, a score is too large, float64 does not hold a label, or a
            batch has more than 16 distinct labels.
        """
        engine = self._engine()
        _, labels, weights = rows = self._columns(scores, labels, sample_weight)
        powers = _units(labels, weights, engine.LEVELS)
        levels = engine.levels(engine.scaled(rows, powers), self.sigma)
        levels = {label: level._replace(power=powers.get(label, 0)) for label, level in levels.items()}
        weighted = (sample_weight is not None) if labels.size else None
        self._seen = self._united(Seen(labels.size, weighted, levels))

    @property
    def weighted(self) -> bool:
        """Whether the rows given so far have weights."""
        return bool(self._seen.weighted)

    def pairs(self) -> int:
        """Return the number of pairs."""
        total = below = 0
        for label in sorted(self._seen.levels):
            own = self._seen.levels[label].rows
            total, below = total + own * below, below + own
        return total

    @documented()
    def gradient(self, scores: Any, labels: Any, sample_weight: Any = None, *, reduction: str = "mean") -> np.ndarray:
        """Return the gradient for rows of the data, given again in any batches: of their shape.

        Parameters
        ----------
        {rows_again}

        Raises
        ------
        TypeError, ValueError
            As `update`, but there may be any number of labels.
        """
        reductions.named(reduction, ("mean", "sum"))
        engine = self._engine()
        scores, labels, weights = rows = self._columns(scores, labels, sample_weight)
        engine.require_scores(scores, self.sigma)
        gradient = np.zeros(scores.size, scores.dtype)
        if gradient.size:
            both_weighted(self._seen.weighted, sample_weight is not None)
        levels = engine.light(self._seen.levels)
        rows = engine.scaled(rows, {label: level.power for label, level in levels.items()})
        power, _, weight = self._over_pairs(levels, value=False)
        for y in np.unique(labels).tolist():
            others = {label: level for label, level in levels.items() if label != y and level.weight > 0.0}
            own = levels[y].power if weights.size and y in levels else 0
            # Of the sums over the other levels, in one unit; those of a mean are divided by its weight at once.
            unit = power - own if reduction == "mean" else max((level.power for level in others.values()), default=0)
            for label, level in others.items():
                factor = times(summation.inverse(weight) if reduction == "mean" else 1.0, level.power - unit)
                sign = 1.0 if label < y else -1.0
                engine.add_gradient(self.loss.formulas, self.sigma, level, rows, sign, y, factor, gradient)
            if reduction == "sum" and own + unit:
                some = labels == y
                with np.errstate(over="ignore"):
                    gradient[some] = divided(gradient[some], -own - unit).astype(gradient.dtype)
        return gradient

    def _united(self, other: Seen) -> Seen:
        if not other.rows:
            return self._seen
        own, engine = self._seen, self._engine()
        weighted = both_weighted(own.weighted, other.weighted)
        levels = dict(own.levels)
        for label, level in other.levels.items():
            levels[label] = engine.added(levels[label], level) if label in levels else level
        return Seen(own.rows + other.rows, weighted, levels)

    def _fields(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        seen = self._seen
        about = {"rows": seen.rows, "weighted": seen.weighted}
        return about, stored_levels.written(seen.levels, self._method)

    def _read(self, fields: Fields) -> Seen:
        rows, weighted = fields.whole("rows"), fields.choice("weighted", (None, False, True))
        fields.need(bool(rows) == (weighted is not None), "weighted does not go with rows")
        levels = stored_levels.read(fields, self._engine(), bool(weighted), self._method, self.sigma)
        fields.need(sum(level.rows for level in levels.values()) == rows, "rows is not the sum of the labels' rows")
        return Seen(rows, weighted, levels)

    @property
    def _method(self) -> str:
        """The folder of the state's sums."""
        return str(methods.fast_method(self.loss.formulas))

    def _engine(self) -> Any:
        return backend.module(f"pairs.{self._method}.state")

    def _columns(self, scores: Any, labels: Any, sample_weight: Any) -> Any:
        """Convert rows to scores, labels and weights as the kernels read them."""
        labels = validate.array("labels", labels)
        try:
            exact("labels", labels)
        except ValueError as error:  # one call on all rows goes by their order
            raise NoState(str(error)) from None
        rows = checked_rows(scores, labels, sample_weight)
        return self._engine().columns(rows.scores, rows.labels, rows.weights)

    def _sums(self, value: bool = True) -> Sums:
        levels = self._seen.levels
        return self._over_pairs(self._engine().light(levels) if value else levels, value)

    def _over_pairs(self, levels: Mapping[float, Any], value: bool) -> Sums:
        """Sum the loss, if `value` is wanted, and the weight over all pairs."""
        engine = self._engine()
        losses, weights, powers = [0.0], [0.0], [0]
        below = None
        for label in sorted(levels):
            own = levels[label]
            if below is not None:
                losses.append(engine.between(self.loss.formulas, self.sigma, below, own) if value else 0.0)
                weights.append(own.weight * below.weight)
                powers.append(own.power + below.power)
            below = own if below is None else engine.added(below, own)
        weight = np.array(weights)
        power, sums = in_one_unit(weight, np.array(powers), np.array(losses), weight)
        return Sums(power, sum(sums[0].tolist()), sum(sums[1].tolist()))


def _units(labels: np.ndarray, weights: np.ndarray, most: int) -> dict[float, int]:
    """Return the exponent of each label's weights, if some are not of ordinary size and labels are at most `most`."""
    distinct = [] if is_ordinary(weights) else np.unique(labels).tolist()
    return {float(y): exponent(weights[labels == y]) for y in distinct} if len(distinct) <= most else {}
