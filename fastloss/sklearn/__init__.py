"""Losses as scorers of scikit-learn's model selection."""

from fastloss.sklearn.scorer import LossScorer, scorer

__all__ = ["LossScorer", "scorer"]
