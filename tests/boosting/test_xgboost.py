"""XGBoost's own trees from our derivatives; weights of items and of groups, layouts, early stopping, errors."""

import itertools
import math

import numpy as np
import pytest
from sklearn import datasets
from sklearn.base import clone

from fastloss.boosting import metric, objective
from tests.boosting.examples import ranking

xgboost = pytest.importorskip("xgboost")

from fastloss.boosting.xgboost import set_item_weight  # noqa: E402

SETTINGS = {"nthread": 1, "max_depth": 4}


def margins(features, labels, asked, base=0.0, weight=None, **more):
    data = xgboost.DMatrix(features, labels, weight=weight)
    settings = {**SETTINGS, "base_score": base, **more}
    if isinstance(asked, str):
        return xgboost.train({**settings, "objective": asked}, data, 10).predict(data, output_margin=True)
    return xgboost.train(settings, data, 10, obj=asked).predict(data, output_margin=True)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("own", "base", "name", "parameters", "load"),
    [
        ("binary:logistic", 0.5, "binary_cross_entropy_with_logits", {}, datasets.load_breast_cancer),
        ("reg:squarederror", 0.0, "mse_loss", {"scale": 0.5}, datasets.load_diabetes),
        ("count:poisson", 1.0, "poisson_nll_loss", {}, datasets.load_diabetes),
    ],
)
def test_trees_of_its_own_objectives(own, base, name, parameters, load, weighted):
    """In float32: `base` is the prediction that its own objectives have at score 0."""
    features, labels = load(return_X_y=True)
    labels = labels / labels.mean() if own == "count:poisson" else labels  # else its steps are as long as they may be
    weight = np.random.default_rng(0).uniform(0.5, 2.0, labels.size) if weighted else None
    expected = margins(features, labels, own, base, weight)
    found = margins(features, labels, objective(name, "xgboost", **parameters), weight=weight)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_classes():
    features, labels = datasets.load_digits(return_X_y=True)
    expected = margins(features, labels, "multi:softprob", 0.5, num_class=10) - 0.5
    found = margins(features, labels, objective("cross_entropy", "xgboost"), num_class=10)
    assert found.shape == (labels.size, 10)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_predictions_of_the_library():
    """With an objective named beside ours, XGBoost transforms predictions, and gives our metric raw scores."""
    features, labels = datasets.load_breast_cancer(return_X_y=True)
    made = objective("binary_cross_entropy_with_logits", "xgboost")
    data, found = xgboost.DMatrix(features, labels), {}
    booster = xgboost.train(
        {**SETTINGS, "objective": "binary:logistic", "eval_metric": "logloss", "base_score": 0.5},
        data,
        5,
        obj=made,
        custom_metric=metric("binary_cross_entropy_with_logits", "xgboost"),
        evals=[(data, "train")],
        evals_result=found,
        verbose_eval=False,
    )
    np.testing.assert_allclose(
        booster.predict(data), made.transform(booster.predict(data, output_margin=True)), rtol=1e-5
    )
    values = found["train"]
    np.testing.assert_allclose(values["binary_cross_entropy_with_logits"], values["logloss"], rtol=1e-5)


def literal(scores, labels, offsets, weights, group_weights):
    """Derivatives of the logistic loss over the pairs of each group, pair by pair."""
    gradient, curvature = np.zeros(scores.size), np.zeros(scores.size)
    for group, (start, stop) in enumerate(itertools.pairwise(offsets)):
        for i, j in itertools.product(range(start, stop), repeat=2):
            if labels[i] > labels[j]:
                weight = group_weights[group] * weights[i] * weights[j]
                share = 1.0 / (1.0 + math.exp(scores[i] - scores[j]))
                gradient[i] -= weight * share
                gradient[j] += weight * share
                curvature[[i, j]] += weight * share * (1.0 - share)
    return gradient, curvature


@pytest.mark.parametrize("items", [False, True])
@pytest.mark.parametrize("groups", [False, True])
def test_weights_of_items_and_of_groups(items, groups):
    rng = np.random.default_rng(0)
    sizes = np.array([3, 1, 7, 4])
    offsets, rows = np.append(0, np.cumsum(sizes)), int(sizes.sum())
    labels, scores = rng.integers(0, 3, rows), rng.normal(size=rows)
    of_groups = rng.uniform(0.5, 2.0, sizes.size).astype(np.float32)
    of_items = rng.uniform(0.5, 2.0, rows).astype(np.float32)
    data = xgboost.DMatrix(
        rng.normal(size=(rows, 2)), labels, qid=np.repeat([1, 4, 5, 9], sizes), weight=of_groups if groups else None
    )
    if items:
        set_item_weight(data, of_items)
    item_weights = of_items.astype(float) if items else np.ones(rows)
    group_weights = of_groups.astype(float) if groups else np.ones(sizes.size)
    expected = literal(scores, labels, offsets, item_weights, group_weights)
    for found, one in zip(objective("pairwise_logistic_loss", "xgboost")(scores, data), expected, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-12, atol=1e-14)
    pointwise, _ = objective("mse_loss", "xgboost")(scores, data)
    weights = np.repeat(group_weights, sizes) * item_weights
    np.testing.assert_allclose(pointwise, 2.0 * weights * (scores - labels), rtol=1e-14)


def test_weights_of_items_that_are_refused():
    data = xgboost.DMatrix(np.zeros((3, 1)), np.arange(3), qid=[0, 0, 0])
    with pytest.raises(ValueError, match="weight has shape"):
        set_item_weight(data, np.ones(2))
    with pytest.raises(ValueError, match="is -1"):
        set_item_weight(data, [1.0, -1.0, 1.0])


@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "lambdarank_loss"])
def test_ranking(name):
    """ "rank:ndcg" beside ours, so that XGBoost's default metric is one that takes weights of groups."""
    data = ranking()
    qid = np.repeat(np.arange(data.sizes.size), data.sizes)
    rows = xgboost.DMatrix(data.features, data.labels, qid=qid, weight=np.linspace(0.5, 2.0, data.sizes.size))
    set_item_weight(rows, np.linspace(0.5, 2.0, qid.size))
    found = {}
    booster = xgboost.train(
        {**SETTINGS, "objective": "rank:ndcg"},
        rows,
        20,
        obj=objective(name, "xgboost"),
        custom_metric=metric(name, "xgboost"),
        evals=[(rows, "train")],
        evals_result=found,
        early_stopping_rounds=3,
        verbose_eval=False,
    )
    values = found["train"][name]
    assert values[-1] < values[0]
    assert booster.best_score == pytest.approx(min(values))


def test_folds_keep_groups():
    data = ranking()
    qid = np.repeat(np.arange(data.sizes.size), data.sizes)
    rows = xgboost.DMatrix(data.features, data.labels, qid=qid)
    set_item_weight(rows, np.ones(qid.size))
    words = {"obj": objective("pairwise_logistic_loss", "xgboost"), "custom_metric": metric("auc", "xgboost")}
    found = xgboost.cv({**SETTINGS, "disable_default_eval_metric": 1}, rows, 3, nfold=3, as_pandas=False, **words)
    assert all(0.6 < one <= 1.0 for one in found["test-auc-mean"])


def test_estimators():
    features, labels = datasets.load_digits(return_X_y=True)
    words = {"n_estimators": 5, "n_jobs": 1, "max_depth": 4}
    made = objective("cross_entropy", "xgboost")
    model = clone(xgboost.XGBClassifier(objective=made, eval_metric=metric("cross_entropy", "xgboost"), **words))
    model.fit(features, labels, eval_set=[(features, labels)], verbose=False)
    own = xgboost.XGBClassifier(base_score=0.5, eval_metric="mlogloss", **words)
    own.fit(features, labels, eval_set=[(features, labels)], verbose=False)
    np.testing.assert_allclose(model.predict_proba(features), own.predict_proba(features), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        model.evals_result()["validation_0"]["cross_entropy"],
        own.evals_result()["validation_0"]["mlogloss"],
        rtol=1e-4,
    )
    weight = np.random.default_rng(0).uniform(0.5, 2.0, labels.size)
    both = [
        xgboost.XGBRegressor(objective=one, base_score=0.0, **words).fit(features, labels, sample_weight=weight)
        for one in ("reg:squarederror", objective("mse_loss", "xgboost", scale=0.5))
    ]
    np.testing.assert_allclose(both[0].predict(features), both[1].predict(features), rtol=1e-3, atol=1e-4)


def test_several_outputs():
    features, labels = datasets.load_diabetes(return_X_y=True)
    both = np.stack([labels, -labels], axis=1)
    expected = margins(features, both, "reg:squarederror")
    found = margins(features, both, objective("mse_loss", "xgboost", scale=0.5))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_start():
    """As `base_score`, which the model keeps, or as margins, which are given again for predictions."""
    features, labels = datasets.load_diabetes(return_X_y=True)
    made = objective("poisson_nll_loss", "xgboost")
    data = xgboost.DMatrix(features, labels)
    start = made.start(data)
    assert start == pytest.approx(math.log(labels.mean()), rel=1e-6)
    one = xgboost.train({**SETTINGS, "base_score": start}, data, 5, obj=made).predict(data, output_margin=True)
    made.set_start(start, data)
    other = xgboost.train({**SETTINGS, "base_score": 0.0}, data, 5, obj=made).predict(data, output_margin=True)
    np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("poisson_nll_loss", [1.0, -2.0], r"poisson_nll_loss: target\[1\] is -2"),
        ("cross_entropy", [0.0, 1.0], r"needs a column for each class \(num_class\)"),
        ("lambdarank_loss", [0.0, -1.0], r"labels\[1\] is -1"),
    ],
)
def test_data_that_is_refused(name, labels, message):
    data = xgboost.DMatrix(np.arange(2.0)[:, None], labels)
    with pytest.raises(xgboost.core.XGBoostError, match=message):
        xgboost.train(SETTINGS, data, 1, obj=objective(name, "xgboost"))


def test_ids_that_are_not_sorted_and_rows_without_labels():
    with pytest.raises(xgboost.core.XGBoostError, match="must be sorted in non-decreasing order"):
        xgboost.DMatrix(np.zeros((3, 1)), np.arange(3), qid=[1, 0, 1])
    with pytest.raises(xgboost.core.XGBoostError, match="mse_loss: the DMatrix has no label"):
        objective("mse_loss", "xgboost")(np.zeros(3), xgboost.DMatrix(np.zeros((3, 1))))
