"""Metrics of rankings, of embeddings and of probabilities: each a number, or a number for each group or query."""

from fastloss.core.outcomes import GroupCounts
from fastloss.metrics.areas import group_auc
from fastloss.metrics.calibration import expected_calibration_error, isotonic_calibration_error, normalized_entropy
from fastloss.metrics.ranking import average_precision, hit_rate, mrr, ndcg, precision, recall
from fastloss.metrics.retrieval import RetrievalRanks, retrieval_ranks
from fastloss.metrics.summary import GroupSummary, summarize_groups
from fastloss.pairs.metrics import auc

__all__ = [
    "GroupCounts",
    "GroupSummary",
    "RetrievalRanks",
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
    "retrieval_ranks",
    "summarize_groups",
]
