"""CatBoost's own trees from our derivatives, its metrics, and what it cannot be given."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.base import clone

import fastloss
from fastloss.boosting import metric, objective

catboost = pytest.importorskip("catboost")

SETTINGS = {"iterations": 5, "verbose": 0, "thread_count": 1, "allow_writing_files": False, "learning_rate": 0.3}
NEWTON = {"leaf_estimation_method": "Newton", "leaf_estimation_iterations": 1}  # what a custom objective has


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("own", "name", "parameters", "load"),
    [
        ("Logloss", "binary_cross_entropy_with_logits", {}, datasets.load_breast_cancer),
        ("RMSE", "mse_loss", {"scale": 0.5}, datasets.load_diabetes),
        ("Poisson", "poisson_nll_loss", {}, datasets.load_diabetes),
    ],
)
def test_trees_of_its_own_objectives(own, name, parameters, load, weighted):
    features, labels = load(return_X_y=True)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, labels.size) if weighted else None
    raw = {"prediction_type": "RawFormulaVal"}
    theirs = catboost.CatBoost({**SETTINGS, **NEWTON, "loss_function": own, "boost_from_average": False})
    expected = theirs.fit(catboost.Pool(features, labels, weight=weight)).predict(features, **raw)
    made = objective(name, "catboost", **parameters)
    ours = catboost.CatBoost({**SETTINGS, "loss_function": made, "eval_metric": metric(name, "catboost")})
    found = ours.fit(catboost.Pool(features, labels, weight=weight)).predict(features, **raw)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_classes():
    """With a diagonal of second derivatives in place of a matrix: the loss falls, but trees are not CatBoost's."""
    features, labels = datasets.load_digits(n_class=4, return_X_y=True)
    made = objective("cross_entropy", "catboost")
    model = catboost.CatBoostClassifier(
        loss_function=made, eval_metric=metric("cross_entropy", "catboost"), classes_count=4, **SETTINGS
    )
    model.fit(features, labels)
    raw = model.predict(features, prediction_type="RawFormulaVal")
    values = model.get_evals_result()["learn"]["Metric"]
    assert values[-1] < values[0] < np.log(4.0)
    assert values[-1] == pytest.approx(fastloss.cross_entropy(raw, labels), rel=1e-6)
    assert (made.transform(raw).argmax(axis=1) == labels).mean() > 0.9


def test_early_stopping_and_clones():
    features, labels = datasets.load_breast_cancer(return_X_y=True)
    name = "binary_cross_entropy_with_logits"
    words = {**SETTINGS, "iterations": 200, "eval_metric": metric(name, "catboost")}
    made = catboost.CatBoostRegressor(loss_function=objective(name, "catboost"), **words)
    model = clone(made)
    model.fit(features[::2], labels[::2], eval_set=(features[1::2], labels[1::2]), early_stopping_rounds=3)
    values = model.get_evals_result()["validation"]["Metric"]
    assert model.get_best_iteration() == int(np.argmin(values)) < 199
    found = fastloss.binary_cross_entropy_with_logits(model.predict(features[1::2]), labels[1::2])
    assert found == pytest.approx(min(values), rel=1e-5)
    assert metric("auc", "catboost").is_max_optimal()


def test_start():
    features, labels = datasets.load_diabetes(return_X_y=True)
    pool = catboost.Pool(features, labels, weight=np.linspace(0.5, 2.0, labels.size))
    made = objective("mse_loss", "catboost", scale=0.5)
    start = made.start(pool)
    assert start == pytest.approx(np.average(labels, weights=np.linspace(0.5, 2.0, labels.size)), rel=1e-6)
    made.set_start(start, pool)
    ours = catboost.CatBoost({**SETTINGS, "loss_function": made, "eval_metric": "RMSE"}).fit(pool)
    theirs = catboost.CatBoost({**SETTINGS, **NEWTON, "loss_function": "RMSE", "boost_from_average": True})
    theirs.fit(catboost.Pool(features, labels, weight=pool.get_weight()))
    np.testing.assert_allclose(made.transform(ours.predict(features), start), theirs.predict(features), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("lambdarank_loss", {}, "lambdarank_loss is a loss of groups.*catboost#2944"),
        ("pairwise_logistic_loss", {}, "is a loss of groups"),
        ("rmse_loss", {}, "rmse_loss is no sum over rows"),
        ("nmae_loss", {}, "norm is 'range', a function of all targets"),
        ("dice_loss", {"link": "sigmoid"}, "axis is None"),
    ],
)
def test_what_it_cannot_have(name, given, message):
    with pytest.raises(ValueError, match=message):
        objective(name, "catboost", **given)


def test_data_that_is_refused():
    model = catboost.CatBoost(
        {**SETTINGS, "loss_function": objective("poisson_nll_loss", "catboost"), "eval_metric": "RMSE"}
    )
    with pytest.raises(catboost.CatBoostError, match=r"poisson_nll_loss: target\[1\] is -2: expected a number >= 0"):
        model.fit(np.arange(4.0)[:, None], [1.0, -2.0, 3.0, 1.0])
    with pytest.raises(catboost.CatBoostError, match="mse_loss: the Pool has no label"):
        objective("mse_loss", "catboost").start(catboost.Pool(np.zeros((3, 1))))
