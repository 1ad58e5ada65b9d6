"""Gradient boosting: rounds with the library's own objective, and with ours in its place.

Neither LightGBM nor XGBoost offers its objective alone, so whole rounds are compared: the trees are the same, and what
differs is who computes gradients and second derivatives.
"""

import importlib.util
from typing import Any

import numpy as np

import fastloss
from bench.measure import Table
from fastloss import boosting
from fastloss.boosting.scored import Sample

ROUNDS, COLUMNS, DOCUMENTS = 10, 10, 100
TRUNCATION = 30  # LightGBM's default


def data(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels of two classes and relevances of five levels, both of which the features say something about."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((rows, COLUMNS))
    signal = features[:, 0] + features[:, 1] * features[:, 2] + rng.standard_normal(rows)
    return features, (signal > 0).astype(float), np.clip(np.floor(signal + 2.0), 0, 4)


def with_lightgbm(features: np.ndarray, labels: np.ndarray, objective: Any, sizes: Any = None) -> np.ndarray:
    """The scores after some rounds."""
    import lightgbm

    settings = {
        "objective": objective,
        "verbose": -1,
        "boost_from_average": False,
        "force_row_wise": True,
        "deterministic": True,
        "num_threads": fastloss.get_num_threads(),
        "lambdarank_norm": False,
        "lambdarank_truncation_level": TRUNCATION,
    }
    given = lightgbm.Dataset(features, labels, group=sizes, params={"verbose": -1})
    return lightgbm.train(settings, given, ROUNDS).predict(features, raw_score=True)


def with_xgboost(features: np.ndarray, labels: np.ndarray, objective: Any, sizes: Any = None) -> np.ndarray:
    """The same with XGBoost."""
    import xgboost

    given = xgboost.DMatrix(features, labels)
    settings = {"base_score": 0.5, "nthread": fastloss.get_num_threads(), "tree_method": "hist"}
    if isinstance(objective, str):
        booster = xgboost.train({**settings, "objective": objective}, given, ROUNDS)
    else:
        booster = xgboost.train({**settings, "base_score": 0.0}, given, ROUNDS, obj=objective)
    return booster.predict(given, output_margin=True)


def require_equal(one: np.ndarray, other: np.ndarray, what: str) -> None:
    """Nearly all scores the same: a split between two equally good places may go either way."""
    apart = np.abs(one - other) > 1e-3 * np.abs(one).max()
    if apart.mean() > 0.01:
        raise AssertionError(f"{what}: {apart.mean():.1%} of the scores differ")


def run(table: Table, rows: int, repeats: int = 3) -> None:
    """Whatever is installed of the two."""
    features, classes, relevances = data(rows)
    sizes = np.full(rows // DOCUMENTS, DOCUMENTS)
    ranked = slice(0, int(sizes.sum()))
    offsets = np.append(0, np.cumsum(sizes))
    logistic, ranking = ("binary_cross_entropy_with_logits", {}), ("lambdarank_loss", {"truncation_level": TRUNCATION})
    todo = [
        ("lightgbm", with_lightgbm, "binary", logistic, slice(None), classes, None),
        ("lightgbm", with_lightgbm, "lambdarank", ranking, ranked, relevances, sizes),
        ("xgboost", with_xgboost, "binary:logistic", logistic, slice(None), classes, None),
    ]
    for library, train, name, (loss, parameters), some, labels, groups in todo:
        if importlib.util.find_spec(library) is None:
            print(f"{library} is not installed")
            continue
        objective = boosting.objective(loss, library, **parameters)
        arguments = features[some], labels[some]
        require_equal(train(*arguments, name, groups), train(*arguments, objective, groups), f"{library} with {name}")
        sample = Sample(arguments[1].astype(np.float32), offsets=None if groups is None else offsets)
        scores = np.zeros(len(arguments[1]))
        table.time(
            f"{library} {name}, {ROUNDS} rounds",
            len(scores),
            {
                "its own objective": lambda: train(*arguments, name, groups),  # noqa: B023
                "fastloss's objective": lambda: train(*arguments, objective, groups),  # noqa: B023
                "fastloss's derivatives, once": lambda: objective.derivatives(scores, sample),  # noqa: B023
            },
            repeats,
        )
