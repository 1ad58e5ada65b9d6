"""What is called to have the kernels of `fastloss.metrics` and of `fastloss.compare` compiled, by their names."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastloss
from fastloss import metrics
from fastloss.core.loss import REGISTRY, lookup
from fastloss.core.synonyms import question
from fastloss.metrics.cpu import SORTED

ROWS = 20
KINDS = (np.float32, np.float64)
RANKING = ("average_precision", "hit_rate", "mrr", "ndcg", "precision", "recall")
CALIBRATION = ("expected_calibration_error", "isotonic_calibration_error", "normalized_entropy")
RETRIEVAL = "retrieval_ranks"
COMPARISON = "compare"
ALL_PAIRS = (ROWS, 200, 3000)  # rows that are summed as one small group, pair by pair, and by sorting
NAMES = (*RANKING, *CALIBRATION, RETRIEVAL, COMPARISON)
OPTIONS: dict[str, tuple[dict[str, str], ...]] = {
    "average_precision": ({}, {"ties": "stable"}, {"ties": "thresholds"}),
    "ndcg": tuple({"gains": gains, "ties": ties} for gains in ("exp2", "linear") for ties in ("average", "stable")),
    "expected_calibration_error": ({}, {"strategy": "quantile"}),
    "isotonic_calibration_error": ({}, {"norm": "brier"}),
    "normalized_entropy": ({},),
}


def everything() -> list[str]:
    """Return the names of all losses, and of the metrics."""
    return [*REGISTRY, *NAMES]


def named(name: str) -> str:
    """Return the name of a loss or of a metric; raise a ValueError for any other."""
    if name in NAMES:
        return name
    if name not in REGISTRY:
        raise ValueError(f"unknown loss {name!r}{question(name, [*REGISTRY, *NAMES])}")
    return lookup(name).name


def calls_of(name: str) -> Iterator[Callable[[], Any]]:
    """Yield calls that reach each kernel of a metric, as others are called: see `calls.calls_of`."""
    rng = np.random.default_rng(0)
    if name == COMPARISON:
        for size in ALL_PAIRS:
            labels, scores = np.arange(size) % 2, rng.random((2, size))
            for weights in (None, rng.random(size)):
                models = {"a": scores[0], "b": scores[1]}
                yield functools.partial(fastloss.compare, labels, models, "auc", sample_weight=weights)
        return
    if name == RETRIEVAL:
        yield from (functools.partial(_retrieval, rng, dtype, kind) for dtype in KINDS for kind in ("cos", "euclidean"))
        return
    metric = getattr(metrics, name)
    for size in (ROWS, SORTED) if name in RANKING else (ROWS,):
        labels = np.arange(size) % 2
        for options in OPTIONS.get(name, ({}, {"ties": "stable"})):
            for dtype in KINDS:
                yield functools.partial(metric, rng.random(size).astype(dtype), labels, **options)


def _retrieval(rng: np.random.Generator, dtype: Any, similarity: str) -> None:
    """Compute every metric of where keys stand."""
    query, key = (rng.random((ROWS, 4)).astype(dtype) for _ in range(2))
    ranks = metrics.retrieval_ranks(query, key, similarity=similarity)
    for name in RANKING:
        getattr(ranks, name)()
