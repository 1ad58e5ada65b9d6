"""The hottest kernels: how to call each, where its code stands, what it promises."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fastloss

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


def _cross_entropy(size: int) -> Any:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((size, COLUMNS), np.float32)
    return fastloss.cross_entropy.value_and_grad(x, rng.integers(0, COLUMNS, size))


def _scores(size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(-3.0, 3.0, size), rng.permutation(np.arange(size) % 2)


def _direct(size: int) -> Any:
    return fastloss.pairwise_logistic_loss.value_and_grad(*_scores(size), method="direct")


def _boxes(size: int) -> Any:
    return fastloss.pairwise_logistic_loss.value_and_grad(*_scores(size), method="fast")


def _thresholds(size: int) -> Any:
    return fastloss.pairwise_hinge_loss.value_and_grad(*_scores(size), method="fast")


def _vectors(size: int) -> np.ndarray:
    return np.random.default_rng(size).standard_normal((size, DEPTH), np.float32)


def _info_nce(size: int) -> Any:
    return fastloss.info_nce_loss.value_and_grad(_vectors(size), _vectors(size + 1)[1:])


def _triplets(size: int) -> Any:
    return fastloss.batch_all_triplet_loss.value_and_grad(_vectors(size), np.arange(size) % (size // 8))


POINTWISE, ROWS, DIRECT, BOXES = (f"{folder}/cpu.py" for folder in ("pointwise", "rows", "pairs/direct", "pairs/boxes"))
PARTITION, ORDER, MERGE = (f"pairs/thresholds/{name}.py" for name in ("partition", "order", "merge"))
TILES, MINING = "embeddings/tiles.py", "embeddings/mining/anchor.py"
LOGITS = "binary_cross_entropy_with_logits"
SQUARE = {"sizes": (16, 64), "growth": 2.0, "marker": "float32"}
HOT = (
    Hot("mse value", "mse", POINTWISE, "block", _mse, marker="mse_loss_v"),
    Hot("bce value and gradient", "bce", POINTWISE, "split_block", _bce, marker=LOGITS),
    Hot("log_cosh value", "log_cosh", POINTWISE, "block", _log_cosh, marker="log_cosh_loss_v"),
    Hot("cross_entropy value and gradient", "cross_entropy", ROWS, "block", _cross_entropy, (4, 16)),
    Hot("direct pairs value and gradient", "direct_pairs", DIRECT, "block", _direct, (32, 128), 2.0),
    # Boxes: rows are chosen, and boxes found, one by one
    Hot("boxes moments", "boxes", BOXES, "moments_block", _boxes, packed=False),
    Hot("boxes coupling", "boxes", BOXES, "couple_block", _boxes, growth=0.0, packed=False),
    Hot("boxes evaluate", "boxes", BOXES, "evaluate_block", _boxes, packed=False),
    # Thresholds: comparisons are packed, which are no arithmetic, and rows are moved one by one
    Hot("thresholds count", "thresholds", PARTITION, "count_block", _thresholds, packed=False),
    Hot("thresholds scatter", "thresholds", PARTITION, "scatter_block", _thresholds, packed=False),
    Hot("thresholds unpack", "thresholds", ORDER, "unpack_block", _thresholds, packed=False),
    Hot("thresholds walk", "thresholds", MERGE, "walk_block", _thresholds, marker="vg"),
    Hot("tiles fold", "tiles", TILES, "fold_rows_block", _info_nce, **SQUARE),
    Hot("tiles soften", "tiles", TILES, "soften_rows_block", _info_nce, **SQUARE),
    Hot("mining all triplets", "mining", MINING, "block", _triplets, (32, 128), 2.0, "all_float32"),
)
