"""How large the derivatives of rows are, and how losses differ row by row between models."""

from collections.abc import Sequence

import numpy as np

from fastloss.cli.page.data import RowDifferences, compared
from fastloss.cli.page.histograms import Histogram, less
from fastloss.cli.scoring.asked import Asked


def has_row_losses(one: Asked) -> bool:
    """Return whether a loss of a row depends on this row alone, so that it can be looked at batch by batch."""
    return not one.is_metric and not one.is_pairwise and "none" in one.loss.reductions


class Slopes:
    """Magnitudes of each row's derivative, of one loss: by model."""

    def __init__(self, models: Sequence[str]):
        self._models = tuple(models)
        self._found: dict[str, Histogram] = {}
        self._differences = {pair: Histogram() for pair in compared(len(models))}

    def add_rows(
        self, by_model: dict[str, Asked], scores: dict[str, np.ndarray], labels: np.ndarray, weights: np.ndarray | None
    ) -> None:
        """Add rows of a loss of rows."""
        losses = []
        for model, one in by_model.items():
            words = {**one.parameters, "sample_weight": weights, "reduction": "none"}
            each, gradient = one.loss.value_and_grad(scores[model], labels, **words)
            losses.append(each)
            self._add(model, gradient)
        for (first, second), found in self._differences.items():
            found.add(less(losses[first], losses[second]))

    def add_groups(
        self, one: Asked, scores: np.ndarray, labels: np.ndarray, weights: np.ndarray | None, offsets: np.ndarray
    ) -> None:
        """Add groups of a loss over pairs, which weighs groups or rows as it does."""
        words = {**one.parameters, "sample_weight": weights, "offsets": offsets, "reduction": "sum"}
        _, gradient = one.loss.value_and_grad(scores, labels, **words)
        self._add(one.model, gradient)

    def _add(self, model: str, gradient: np.ndarray) -> None:
        with np.errstate(over="ignore"):
            squares = np.square(gradient, dtype=np.float64) if gradient.ndim > 1 else None
            size = np.abs(gradient) if squares is None else np.sqrt(squares.sum(axis=1))
        self._found.setdefault(model, Histogram()).add(size)

    def gradients(self) -> tuple[Histogram, ...]:
        """Return the magnitudes of every model; none if there are none."""
        return tuple(self._found[model] for model in self._models) if self._found else ()

    def differences(self) -> tuple[RowDifferences, ...]:
        """Return the differences of every two models; none if the loss is not one of rows."""
        every = ((first, second, found) for (first, second), found in self._differences.items())
        return tuple(RowDifferences(*one) for one in every if one[2].count)
