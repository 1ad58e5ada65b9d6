"""Losses that boosting takes, and small data for each; real data of scikit-learn and of LightGBM's ranking example."""

from importlib import resources
from typing import NamedTuple

import numpy as np

from fastloss.boosting.links import IDENTITY
from fastloss.boosting.scored import OF_PROBABILITIES
from fastloss.core.loss import REGISTRY

ROWS, GROUP, CLASSES = 240, 12, 3
LINKS = {"binary_cross_entropy": "sigmoid", "dice_loss": "sigmoid", "msle_loss": "exp"}
PARAMETERS = {
    "multi_quantile_loss": {"quantiles": [0.1, 0.5, 0.9]},
    "dice_loss": {"axis": 1},
    "mape_loss": {"epsilon": 1.0},  # LightGBM divides by no less than 1 either
    "soft_pairwise_loss": {"sigma": 0.5},
}


def boostable() -> list[str]:
    """Every loss of raw scores and labels that has a second derivative."""
    found = []
    for name, loss in sorted(REGISTRY.items()):
        pairs = len(loss.arguments) == 2 and loss.by == loss.arguments[:1]
        if loss.has_curvature and pairs and name not in OF_PROBABILITIES:
            found.append(name)
    return found


class Example(NamedTuple):
    """What an objective is tried on."""

    features: np.ndarray
    labels: np.ndarray
    sizes: np.ndarray | None  # of groups
    columns: int  # of scores, 0 for a vector

    @property
    def scores(self) -> np.ndarray:
        shape = (ROWS, self.columns) if self.columns else ROWS
        return np.random.default_rng(5).normal(size=shape)


def words(name: str) -> dict[str, object]:
    """The parameters and the link with which a loss is tried."""
    link = LINKS.get(name, IDENTITY)
    return {**PARAMETERS.get(name, {}), **({} if link == IDENTITY else {"link": link})}


def example(name: str) -> Example:
    """Features that say something about labels of the loss's domain, which are float32 as libraries hand them out."""
    loss = REGISTRY[name]
    rng = np.random.default_rng(3)
    features = rng.normal(size=(ROWS, 4))
    signal = 2.0 * features[:, 0] + features[:, 1] + 0.3 * rng.normal(size=ROWS)
    steps = np.digitize(signal, [-1.0, 1.0])
    sizes = np.full(ROWS // GROUP, GROUP) if "offsets" in loss.__signature__.parameters else None
    columns = 0
    if loss.shape == "rows":
        columns = CLASSES
        labels = np.eye(CLASSES)[steps] if name == "dice_loss" else steps
        if name == "multi_quantile_loss":
            labels = signal
    elif loss.shape == "pointwise":
        domain = loss.domains[loss.arguments[1]]
        low = max(domain.low + 0.1, -5.0)
        labels = np.clip(signal + low + 1.0, low, min(domain.high, 5.0))
        if domain.values:
            labels = np.where(signal > 0.0, max(domain.values), min(domain.values))
    elif name == "soft_pairwise_loss":
        labels = np.sign(signal)
    else:
        labels = steps
    return Example(features, labels.astype(np.float32), sizes, columns)


class Ranking(NamedTuple):
    """LightGBM's ranking example, of which the package has the test part: a score, labels and sizes of queries."""

    features: np.ndarray
    labels: np.ndarray
    sizes: np.ndarray


def ranking() -> Ranking:
    from pyarrow import parquet

    table = parquet.read_table(resources.files("fastloss") / "data" / "lambdarank_test.parquet")
    rng = np.random.default_rng(0)
    score, labels = table["score"].to_numpy(), table["label"].to_numpy().astype(float)
    noisy = labels + 2.0 * rng.normal(size=labels.size)
    _, first, counts = np.unique(table["query"].to_numpy(), return_index=True, return_counts=True)
    return Ranking(np.stack([score, noisy], axis=1), labels, counts[np.argsort(first)])
