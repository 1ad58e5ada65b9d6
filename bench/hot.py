"""The hottest kernels: how to call each, where its code stands, what it promises."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fastloss
from fastloss import metrics
from fastloss.pairs.pairwise import pairwise_squared_hinge_loss
from fastloss.pairs.records import Columns
from fastloss.pairs.thresholds import edges

DEPTH, COLUMNS = 16, 100


class Hot(NamedTuple):
    """A kernel; `docs/profiles` has a page for each `page`."""

    name: str
    page: str
    module: str  # the file of the template, below `fastloss`
    template: str
    call: Callable[[int], Any]  # runs it, among others, on `size` rows
    sizes: tuple[int, int] = (256, 1024)
    growth: float = 1.0  # the power of the size by which its work may grow
    marker: str = ""  # in the compiled kernel's name
    packed: bool = True  # whether it promises arithmetic on whole vectors


def _two(size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(size, np.float32)
    return x, (rng.random(size) < 0.5).astype(np.float32)


def _mse(size: int) -> Any:
    return fastloss.mse_loss(*_two(size))


def _bce(size: int) -> Any:
    return fastloss.binary_cross_entropy_with_logits.value_and_grad(*_two(size))


def _log_cosh(size: int) -> Any:
    return fastloss.log_cosh_loss(*_two(size))


def _fair(size: int) -> Any:
    return fastloss.fair_loss(*_two(size))


def _tweedie(size: int) -> Any:
    return fastloss.tweedie_loss.value_and_grad(*_two(size))


def _cross_entropy(size: int) -> Any:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((size, COLUMNS), np.float32)
    return fastloss.cross_entropy.value_and_grad(x, rng.integers(0, COLUMNS, size))


def _entropy(size: int) -> Any:
    return fastloss.entropy(np.random.default_rng(0).random((size, COLUMNS), np.float32) / COLUMNS)


def _class_probabilities(size: int) -> Any:
    rng = np.random.default_rng(0)
    p = rng.random((size, COLUMNS), np.float32) / COLUMNS
    return fastloss.categorical_cross_entropy(p, rng.integers(0, COLUMNS, size))


def _td(size: int) -> Any:
    rng = np.random.default_rng(0)
    q, following = rng.standard_normal((2, size, COLUMNS), np.float32)
    rewards, done = rng.standard_normal(size), np.zeros(size)
    return fastloss.td_loss(q, rng.integers(0, COLUMNS, size), rewards, following, done, gamma=0.9)


def _bpr(size: int) -> Any:
    x, t = _two(size)
    return fastloss.bpr_loss.value_and_grad(x, t)


def _scores(size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(-3.0, 3.0, size), rng.permutation(np.arange(size) % 2)


def _direct(size: int) -> Any:
    return fastloss.pairwise_logistic_loss.value_and_grad(*_scores(size), method="direct")


def _boxes(size: int) -> Any:
    return fastloss.pairwise_logistic_loss.value_and_grad(*_scores(size), method="fast")


def _thresholds(size: int) -> Any:
    return fastloss.pairwise_hinge_loss.value_and_grad(*_scores(size), method="fast")


def _edges(size: int) -> Any:
    scores, _ = _scores(size)
    rows = Columns(scores.astype(np.float64), np.arange(size) % 4 * 1.0, np.empty(0))
    whole = np.array([[0, size]])
    table = edges.totals(rows.scores, rows.weights, whole, np.array([[-10.0, 0.0, 1.0]])).repeat(4, axis=0)
    sides = edges.met_at(-10.0, 10.0, 1.0)
    return edges.add_slopes(pairwise_squared_hinge_loss.formulas, rows, table, sides, 1.0, np.zeros(size))


def _query(size: int, method: str) -> Any:
    rng = np.random.default_rng(0)
    return fastloss.lambdarank_loss.value_and_grad(rng.uniform(-3.0, 3.0, size), np.arange(size) % 5, method=method)


def _query_pairs(size: int) -> Any:
    return _query(size, "direct")


def _query_segments(size: int) -> Any:
    return _query(size, "fast")


def _vectors(size: int) -> np.ndarray:
    return np.random.default_rng(size).standard_normal((size, DEPTH), np.float32)


def _info_nce(size: int) -> Any:
    return fastloss.info_nce_loss.value_and_grad(_vectors(size), _vectors(size + 1)[1:])


def _triplets(size: int) -> Any:
    return fastloss.batch_all_triplet_loss.value_and_grad(_vectors(size), np.arange(size) % (size // 8))


def _ranking(size: int) -> Any:
    rng = np.random.default_rng(0)
    return metrics.ndcg(rng.standard_normal(size), np.arange(size) % 8 == 0, k=10)


def _isotonic(size: int) -> Any:
    rng = np.random.default_rng(0)
    return metrics.isotonic_calibration_error(rng.random(size), np.arange(size) % 2)


def _retrieval(size: int) -> Any:
    return metrics.retrieval_ranks(_vectors(size), _vectors(size + 1)[1:]).mrr()


def _comparison(size: int) -> Any:
    x, t = _two(size)
    return fastloss.compare(t, {"a": x, "b": 0.9 * x}, "mse_loss")


POINTWISE, ROWS = "pointwise/cpu.py", "rows/cpu.py"
SMALL_GROUPS, DIRECT, BOXES = (f"pairs/{folder}/cpu.py" for folder in ("small_groups", "direct", "boxes"))
QUERIES, SEGMENTS = "pairs/queries/cpu.py", "pairs/queries/segments.py"
PARTITION, ORDER, MERGE = (f"pairs/thresholds/{name}.py" for name in ("partition", "order", "merge"))
EDGES = "pairs/thresholds/edges.py"
TILES, MINING = "embeddings/tiles.py", "embeddings/mining/anchor.py"
LOGITS = "binary_cross_entropy_with_logits"
SQUARE = {"sizes": (16, 64), "growth": 2.0, "marker": "float32"}
HOT = (
    Hot("mse value", "mse", POINTWISE, "block", _mse, marker="mse_loss_v"),
    Hot("bce value and gradient", "bce", POINTWISE, "split_block", _bce, marker=LOGITS),
    Hot("log_cosh value", "log_cosh", POINTWISE, "split_block", _log_cosh, marker="log_cosh_loss_v"),
    Hot("fair value", "distributions", POINTWISE, "block", _fair, marker="fair_loss_v"),
    Hot("tweedie value and gradient", "distributions", POINTWISE, "block", _tweedie, marker="tweedie_loss_vg"),
    Hot("paired bpr value and gradient", "bce", POINTWISE, "split_block", _bpr, marker="bpr_loss_pair_vg"),
    Hot(
        "cross_entropy value and gradient",
        "cross_entropy",
        ROWS,
        "block",
        _cross_entropy,
        (4, 16),
        marker="cross_entropy_v",
    ),
    Hot("entropy value", "probabilities", ROWS, "block", _entropy, (4, 16), marker="entropy_v"),
    Hot(
        "categorical_cross_entropy of ids",
        "probabilities",
        ROWS,
        "block",
        _class_probabilities,
        (4, 16),
        marker="categorical_cross_entropy_v",
    ),
    Hot("td value", "probabilities", ROWS, "block", _td, (4, 16), marker="td_loss_mse_v"),
    Hot("small groups value and gradient", "small_groups", SMALL_GROUPS, "block", _direct, (32, 128), 2.0),
    Hot("direct pairs value and gradient", "direct_pairs", DIRECT, "block", _direct, (272, 544), 2.0),
    Hot("pairs survey", "survey", "pairs/survey.py", "survey_block", _boxes),
    # Boxes: rows are chosen, and boxes found, one by one
    Hot("boxes moments", "boxes", BOXES, "moments_block", _boxes, packed=False),
    Hot("boxes coupling", "boxes", BOXES, "couple_block", _boxes, growth=0.0, packed=False),
    Hot("boxes evaluate", "boxes", BOXES, "evaluate_block", _boxes, packed=False),
    # Thresholds: comparisons are packed, which are no arithmetic, and rows are moved one by one
    Hot("thresholds count", "thresholds", PARTITION, "count_block", _thresholds, packed=False),
    Hot("thresholds scatter", "thresholds", PARTITION, "scatter_block", _thresholds, packed=False),
    Hot("thresholds unpack", "thresholds", ORDER, "unpack_block", _thresholds, packed=False),
    Hot("thresholds walk", "thresholds", MERGE, "walk_block", _thresholds, marker="vg"),
    Hot("thresholds edge sums", "thresholds", EDGES, "sum_block", _edges),
    Hot("thresholds edge slopes", "thresholds", EDGES, "slope_block", _edges, packed=False),
    Hot("query pairs value and gradient", "queries", QUERIES, "block", _query_pairs, (32, 128), 2.0, "vg"),
    Hot("query segments coupling", "queries", SEGMENTS, "couple_block", _query_segments, growth=0.0),
    # Moments and polynomials of Chebyshev's, rank by rank
    Hot("query segments evaluate", "queries", SEGMENTS, "evaluate_block", _query_segments, packed=False, marker="vg"),
    # Metrics: comparisons are packed, which are no arithmetic; what is sorted or pooled is moved one by one
    Hot("ranking ndcg", "metrics", "metrics/cpu.py", "block", _ranking, marker="ndcg", packed=False),
    Hot("calibration", "metrics", "metrics/cpu_sorted.py", "calibration_block", _isotonic, growth=1.1, packed=False),
    Hot("ranks of own keys", "metrics", "embeddings/ranks/above.py", "block", _retrieval, **SQUARE),
    # Limbs of long integers: one number after the other
    Hot("exact sums", "comparing", "comparing/cpu_limbs.py", "block", _comparison, packed=False),
    Hot("tiles fold", "tiles", TILES, "fold_rows_block", _info_nce, **SQUARE),
    Hot("tiles soften", "tiles", TILES, "soften_rows_block", _info_nce, **SQUARE),
    Hot("mining all triplets", "mining", MINING, "block", _triplets, (32, 128), 2.0, "all_float32"),
)
