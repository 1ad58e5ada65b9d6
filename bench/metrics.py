"""Metrics of rankings beside a sort of the groups, scikit-learn, and torchmetrics and ranx where they are installed."""

import importlib.util
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, ndcg_score

from bench.measure import Table
from fastloss import metrics

K = 10
SIZES = (10, 100, 1000)
TORCH = {"ndcg": "RetrievalNormalizedDCG", "average_precision": "RetrievalMAP", "mrr": "RetrievalMRR"}
RANX = {"ndcg": f"ndcg@{K}", "average_precision": "map", "mrr": "mrr"}
WORDS: dict[str, dict[str, object]] = {"ndcg": {"k": K, "gains": "linear"}, "average_precision": {}, "mrr": {}}


def drawn(rows: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores without ties, grades of which a tenth is above 0, and offsets."""
    rng = np.random.default_rng(size)
    rows = rows // size * size
    labels = (rng.random(rows) < 0.1) * rng.integers(1, 4, rows)
    labels[::size] = 1
    return rng.permutation(rows) / rows + 0.1, labels, np.arange(0, rows + 1, size)


def torchmetrics_calls(scores: np.ndarray, labels: np.ndarray, size: int) -> dict[str, Callable[[], float]]:
    """torchmetrics' calls, from its own tensors."""
    if not importlib.util.find_spec("torchmetrics"):
        return {}
    import torch
    from torchmetrics import retrieval

    s, y, ids = torch.from_numpy(scores), torch.from_numpy(labels), torch.arange(len(scores)) // size

    def call(name: str) -> Callable[[], float]:
        target, level = (y, K) if name == "ndcg" else (y >= 1, None)

        def run() -> float:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                metric = getattr(retrieval, TORCH[name])(top_k=level)
                return float(metric(s, target, indexes=ids))

        return run

    return {name: call(name) for name in TORCH}


def ranx_calls(scores: np.ndarray, labels: np.ndarray, size: int) -> dict[str, Callable[[], float]]:
    """ranx's calls, from its own records: making them is not timed, though it takes longer."""
    if not importlib.util.find_spec("ranx"):
        return {}
    from ranx import Qrels, Run, evaluate

    starts = range(0, len(scores), size)
    grades = {f"{a}": {f"d{k}": int(labels[a + k]) for k in range(size) if labels[a + k] > 0} for a in starts}
    ranked = {f"{a}": {f"d{k}": float(scores[a + k]) for k in range(size)} for a in starts}
    judged, run = Qrels(grades), Run(ranked)
    judged.sort()
    run.sort()
    return {name: lambda asked=asked: float(evaluate(judged, run, asked)) for name, asked in RANX.items()}


def of_one_size(table: Table, rows: int, size: int) -> None:
    """Three metrics of groups of one size; peers on part of the rows, of which ours are timed too."""
    scores, labels, offsets = drawn(rows, size)
    part = max(rows // 50, size) // size * size
    theirs = {
        "torchmetrics": torchmetrics_calls(scores[:part], labels[:part], size),
        "ranx": ranx_calls(scores[:part], labels[:part], size),
    }
    matrices = labels[:part].reshape(-1, size), scores[:part].reshape(-1, size)
    theirs["scikit-learn"] = {"ndcg": lambda: float(ndcg_score(*matrices, k=K))}
    for name, words in WORDS.items():
        metric = getattr(metrics, name)
        few = {"offsets": offsets[: part // size + 1], **words}
        calls = {
            "fastloss": lambda: metric(scores, labels, offsets=offsets, **words),  # noqa: B023
            "fastloss, ties by order": lambda: metric(scores, labels, offsets=offsets, ties="stable", **words),  # noqa: B023
            "np.sort of the groups": lambda: np.sort(scores.reshape(-1, size), axis=1),  # keeps no labels
            "stable np.argsort of the groups": lambda: np.argsort(scores.reshape(-1, size), axis=1, kind="stable"),
        }
        title = f"{name} {len(scores)} rows in groups of {size}"
        times = table.time(title, len(scores), calls, repeats=4)
        table.claim(
            title, times["fastloss"], "stable np.argsort of the groups", times["stable np.argsort of the groups"], 1.0
        )
        peers = {peer: found[name] for peer, found in theirs.items() if name in found}
        if not peers:
            continue
        ours = {"fastloss": lambda: metric(scores[:part], labels[:part], **few)}  # noqa: B023
        for call in peers.values():
            np.testing.assert_allclose(call(), ours["fastloss"](), rtol=1e-5)
        title = f"{name} {part} rows in groups of {size}, beside peers"
        times = table.time(title, part, {**ours, **peers}, repeats=2)
        for peer in peers:
            table.claim(
                title, times["fastloss"], peer, times[peer], 1.0 if peer == "scikit-learn" else 10.0, faster=True
            )


def of_all_rows(table: Table, rows: int) -> None:
    """One group: average precision by thresholds, and calibration errors."""
    rng = np.random.default_rng(9)
    p = rng.random(rows)
    y = rng.random(rows) < p
    calls = {
        "average precision": lambda: metrics.average_precision(p, y, ties="thresholds"),
        "average precision, scikit-learn": lambda: average_precision_score(y, p),
        "calibration error": lambda: metrics.expected_calibration_error(p, y),
        "isotonic calibration error": lambda: metrics.isotonic_calibration_error(p, y),
        "isotonic regression, scikit-learn": lambda: IsotonicRegression().fit_transform(p, y),
        "normalized entropy": lambda: metrics.normalized_entropy(p, y),
        "np.argsort": lambda: np.argsort(p),
    }
    times = table.time(f"metrics of {rows} rows in one group", rows, calls, repeats=2)
    for name, peer in (
        ("average precision", "average precision, scikit-learn"),
        ("isotonic calibration error", "isotonic regression, scikit-learn"),
    ):
        table.claim(f"{name} of {rows} rows", times[name], peer, times[peer], 1.0, faster=True)


def run(table: Table, rows: int) -> None:
    """All of it; `rows` is a million in the full run."""
    for size in SIZES:
        of_one_size(table, rows, size)
    of_all_rows(table, rows)
