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


POINTWISE = "engines/cpu/pointwise.py"
HOT = (
    Hot("mse value", "mse", POINTWISE, "block", _mse, marker="mse_loss_v"),
    Hot(
        *("bce value and gradient", "bce", POINTWISE, "split_block", _bce),
        marker="binary_cross_entropy_with_logits",
    ),
    Hot("log_cosh value", "log_cosh", POINTWISE, "block", _log_cosh, marker="log_cosh_loss_v"),
    Hot(
        *("cross_entropy value and gradient", "cross_entropy", "engines/cpu/rows.py", "block", _cross_entropy, (4, 16)),
        marker="cross_entropy",
    ),
    Hot(
        *("direct pairs value and gradient", "direct_pairs", "engines/cpu/direct_pairs.py", "block", _direct),
        *((32, 128), 2.0, "pairwise_logistic_loss"),
    ),
    # Boxes: rows are chosen, and boxes found, one by one
    Hot("boxes moments", "boxes", "engines/cpu/boxes.py", "moments_block", _boxes, packed=False),
    Hot("boxes coupling", "boxes", "engines/cpu/boxes.py", "couple_block", _boxes, growth=0.0, packed=False),
    Hot("boxes evaluate", "boxes", "engines/cpu/boxes.py", "evaluate_block", _boxes, packed=False),
    Hot(
        *("thresholds evaluate", "thresholds", "engines/cpu/thresholds.py", "evaluate_block", _thresholds),
        packed=False,  # a search for each row
    ),
    Hot("tiles fold", "tiles", "shapes/tiles.py", "fold_rows", _info_nce, (16, 64), 2.0, "float32"),
    Hot("tiles soften", "tiles", "shapes/tiles.py", "soften_rows", _info_nce, (16, 64), 2.0, "float32"),
    Hot("mining all triplets", "mining", "shapes/mining.py", "block", _triplets, (32, 128), 2.0, "all_float32"),
)
