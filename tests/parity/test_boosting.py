"""Objectives and metrics of LightGBM, XGBoost and CatBoost that are losses here, at scores that are given."""

import numpy as np
import pytest

import fastloss

RNG = np.random.default_rng(3)
ROWS = 60
SCORES, TARGETS = RNG.normal(size=ROWS), RNG.gamma(1.5, size=ROWS)
SIDES = np.arange(ROWS) % 2  # the one feature: a tree has two leaves

# The loss here and its keywords, the objective there and its settings
OBJECTIVES = {
    "lightgbm": [
        ("fair_loss", {"c": 1.7}, "fair", {"fair_c": 1.7}),
        ("gamma_nll_loss", {}, "gamma", {}),
        ("tweedie_loss", {"power": 1.3}, "tweedie", {"tweedie_variance_power": 1.3}),
    ],
    "xgboost": [
        ("pseudo_huber_loss", {"delta": 1.7}, "reg:pseudohubererror", {"huber_slope": 1.7, "eval_metric": "mphe"}),
        ("gamma_nll_loss", {}, "reg:gamma", {"eval_metric": "gamma-nloglik"}),
        (
            "tweedie_loss",
            {"power": 1.3},
            "reg:tweedie",
            {"tweedie_variance_power": 1.3, "eval_metric": "tweedie-nloglik@1.3"},
        ),
    ],
}
ONE_STEP = {  # of Newton, in LightGBM's words
    "num_leaves": 2,
    "min_data_in_leaf": 1,
    "min_data_in_bin": 1,
    "min_sum_hessian_in_leaf": 0.0,
    "lambda_l2": 0.0,
    "learning_rate": 1.0,
    "boost_from_average": False,
    "verbose": -1,
}


def steps(name, words):
    """Newton's step of each leaf."""
    slopes, bends = getattr(fastloss, name).grad_hess(SCORES, TARGETS, reduction="sum", **words)
    return -(np.bincount(SIDES, slopes) / np.bincount(SIDES, bends))[SIDES]


@pytest.mark.parametrize(("name", "words", "objective", "settings"), OBJECTIVES["lightgbm"])
def test_lightgbm(name, words, objective, settings):
    lightgbm = pytest.importorskip("lightgbm")
    given = {
        **settings,
        "objective": objective,
        "metric": objective,
        **ONE_STEP,
    }
    features = SIDES[:, None].astype(float)
    data = lightgbm.Dataset(features, TARGETS, init_score=SCORES, params={"verbose": -1, "min_data_in_bin": 1})
    seen = {}
    model = lightgbm.train(given, data, 1, valid_sets=[data], callbacks=[lightgbm.record_evaluation(seen)])
    found = model.predict(features, raw_score=True)
    np.testing.assert_allclose(found, steps(name, words), rtol=1e-5)
    ((value,),) = seen["training"].values()
    after = SCORES + found
    assert value == pytest.approx(getattr(fastloss, name)(after, TARGETS, **words), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "words", "metric"),
    [
        ("expectile_loss", {"tau": 0.3}, "Expectile:alpha=0.3"),
        ("multi_quantile_loss", {"quantiles": (0.1, 0.5, 0.9)}, "MultiQuantile:alpha=0.1,0.5,0.9"),
    ],
)
def test_catboost(name, words, metric):
    catboost = pytest.importorskip("catboost")
    weights = RNG.uniform(0.5, 2.0, ROWS)
    pool = catboost.Pool(SCORES[:, None], TARGETS, weight=weights)
    model = catboost.CatBoostRegressor(loss_function=metric, iterations=3, verbose=0, allow_writing_files=False)
    predicted = model.fit(pool).predict(pool)
    (values,) = model.eval_metrics(pool, [metric]).values()
    expected = getattr(fastloss, name)(predicted, TARGETS, sample_weight=weights, **words)
    assert values[-1] == pytest.approx(expected, rel=1e-4)  # scores are in single precision there


@pytest.mark.parametrize(("name", "words", "objective", "settings"), OBJECTIVES["xgboost"])
def test_xgboost(name, words, objective, settings):
    xgboost = pytest.importorskip("xgboost")
    given = {**settings, "objective": objective, "max_depth": 1, "min_child_weight": 0.0, "lambda": 0.0}
    data = xgboost.DMatrix(SIDES[:, None].astype(float), TARGETS, base_margin=SCORES)
    seen = {}
    model = xgboost.train(
        {**given, "learning_rate": 1.0, "max_delta_step": 0.0, "tree_method": "exact"},
        data,
        1,
        evals=[(data, "data")],
        evals_result=seen,
        verbose_eval=False,
    )
    after = model.predict(data, output_margin=True)
    np.testing.assert_allclose(after - SCORES, steps(name, words), rtol=1e-4, atol=1e-5)
    ((value,),) = seen["data"].values()
    assert value == pytest.approx(getattr(fastloss, name)(after, TARGETS, **words), rel=1e-4)
