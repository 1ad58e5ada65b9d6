"""Metrics of rankings and of probabilities, over groups: each a number, or a number for each group."""

from fastloss.core.outcomes import GroupCounts
from fastloss.metrics.areas import group_auc
from fastloss.metrics.calibration import expected_calibration_error, isotonic_calibration_error, normalized_entropy
from fastloss.metrics.ranking import average_precision, hit_rate, mrr, ndcg, precision, recall
from fastloss.metrics.summary import GroupSummary, summarize_groups
from fastloss.pairs.metrics import auc

__all__ = [
    "GroupCounts",
    "GroupSummary",
    "auc",
    "average_precision",
    "expected_calibration_error",
    "group_auc",
    "hit_rate",
    "isotonic_calibration_error",
    "mrr",
    "ndcg",
    "normalized_entropy",
    "precision",
    "recall",
    "summarize_groups",
]
