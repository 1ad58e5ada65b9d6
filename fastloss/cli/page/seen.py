"""Margins and calibration of all models, batch by batch."""

from collections.abc import Iterable, Sequence

import numpy as np

from fastloss.cli.page.calibration import Calibration
from fastloss.cli.page.data import Margins, Reliability
from fastloss.cli.page.histograms import Histogram
from fastloss.cli.page.margins import RowMargins, pairs_of
from fastloss.cli.scoring.asked import Asked
from fastloss.cli.scoring.metrics import PROBABILITIES
from fastloss.core.domains import BINARY, PROBABILITY, REAL, SIGN, SIGN_OR_BINARY, UNIT


class Kinds:
    """What the scores and labels of some losses are, as far as these tell."""

    def __init__(self, losses: Sequence[Asked]):
        domains = [tuple(one.loss.domains.values()) for one in losses if hasattr(one.loss, "domains")]
        domains = [(scores, labels) for scores, labels in domains if labels is not SIGN]  # of distances
        metrics = [one for one in losses if one.is_metric and one.loss.name in PROBABILITIES]
        self.are_probabilities = bool(metrics) or any(scores is PROBABILITY for scores, _ in domains)
        self.are_logits = not self.are_probabilities and ((REAL, UNIT) in domains or (REAL, BINARY) in domains)
        of_classes = (BINARY, UNIT, SIGN_OR_BINARY)
        self.have_classes = bool(metrics) or any(labels in of_classes for _, labels in domains)
        is_log = any(one.parameters.get("log_input") for one in losses)
        self.have_residuals = not is_log and any(labels not in of_classes for _, labels in domains)

    @property
    def margins(self) -> tuple[str, ...]:
        """The kinds of margins of rows that there may be."""
        can_be = {
            "probabilities": not self.are_logits and (self.have_classes or self.have_residuals),
            "scores": self.have_classes and not self.are_probabilities,
            "residuals": self.have_residuals,
        }
        return tuple(kind for kind, is_possible in can_be.items() if is_possible)


class TwoClasses:
    """Whether all labels so far are 0 and 1, or -1 and 1."""

    def __init__(self) -> None:
        self._seen: set[float] = set()
        self._are_classes = True

    def signs(self, labels: np.ndarray) -> np.ndarray | None:
        """Return 1 for class 1 and -1 for the other one; None if labels are no classes, from then on."""
        is_one = labels == 1
        for other in (0.0, -1.0):
            is_other = labels == other
            if is_other.any():
                self._seen.add(other)
                self._are_classes &= bool((is_one | is_other).all())
        self._are_classes &= len(self._seen) < 2 and (bool(self._seen) or bool(is_one.all()))
        return np.where(is_one, 1.0, -1.0) if self._are_classes else None


class Seen:
    """What scores and labels are like."""

    def __init__(self, models: Iterable[str], losses: Sequence[Asked], by_class: bool):
        kinds = Kinds(losses)
        self._by_class = by_class
        self._classes = TwoClasses()
        self._margins = {model: RowMargins(("classes",) if by_class else kinds.margins) for model in models}
        self._calibrations: dict[str, Calibration | None] = {model: Calibration(kinds.are_logits) for model in models}
        self._pairs = {model: Histogram() for model in models}

    def add_rows(self, scores: dict[str, np.ndarray], labels: np.ndarray, weights: np.ndarray | None) -> None:
        """Add rows."""
        known = labels == labels
        if not known.all():
            scores = {model: one[known] for model, one in scores.items()}
            labels, weights = labels[known], None if weights is None else weights[known]
        if self._by_class:
            for model, one in scores.items():
                self._margins[model].add_classes(one, labels)
            return
        signs = self._classes.signs(labels)
        for model, margins in self._margins.items():
            margins.add(scores[model], labels, signs)
        for model, calibration in self._calibrations.items():
            if calibration is None:
                continue
            if signs is None or not calibration.add(scores[model], signs > 0.0, weights):
                self._calibrations[model] = None

    def add_pairs(self, scores: dict[str, np.ndarray], labels: np.ndarray, offsets: np.ndarray) -> None:
        """Add pairs of rows of groups."""
        for some in pairs_of(labels, offsets):
            for model, found in self._pairs.items():
                found.add(some.margins(scores[model]))

    def margins(self) -> tuple[Margins, ...]:
        """Return the margins of pairs, and those of rows of the first kind that all models have."""
        found: list[Margins] = []
        if any(one.count for one in self._pairs.values()):
            found.append(Margins("pairs", tuple(self._pairs.values())))
        rows = [one.found for one in self._margins.values()]
        for kind in rows[0]:
            if all(kind in one for one in rows):
                return (*found, Margins(kind, tuple(one[kind] for one in rows)))
        return tuple(found)

    def reliability(self) -> tuple[Reliability | None, ...]:
        """Return the calibration of each model whose scores are probabilities, or logits."""
        if self._by_class:
            return ()
        return tuple(None if one is None else one.result() for one in self._calibrations.values())
