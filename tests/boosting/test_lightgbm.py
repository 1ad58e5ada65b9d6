"""LightGBM's own trees from our derivatives; groups, starts, early stopping, errors in both of its APIs.

Its example data for binary, regression and multiclass are not in the package: breast cancer, diabetes and digits of
scikit-learn stand in for them. That for ranking is the package's sample.
"""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

import fastloss
from fastloss.boosting import group_sizes, metric, objective
from tests.boosting.examples import ranking

lightgbm = pytest.importorskip("lightgbm")

SETTINGS = {
    "verbose": -1,
    "num_threads": 1,
    "boost_from_average": False,
    "deterministic": True,
    "force_row_wise": True,
    "min_data_in_leaf": 5,
}
QUIET = {"verbose": -1, "min_data_in_leaf": 5}
FEW = {"n_estimators": 5, "verbose": -1, "n_jobs": 1}
LOADERS = {
    "binary": datasets.load_breast_cancer,
    "regression": datasets.load_diabetes,
    "huber": datasets.load_diabetes,
    "quantile": datasets.load_diabetes,
    "poisson": datasets.load_diabetes,
    "multiclass": datasets.load_digits,
}


def data_of(own):
    features, labels = LOADERS[own](return_X_y=True)
    if own in ("huber", "quantile"):  # without a start, no residual may be near: then no split would gain
        labels = (labels - labels.mean()) / labels.std()
    return features, labels


def trained(features, labels, asked, rounds=10, group=None, weight=None, **more):
    data = lightgbm.Dataset(features, labels, group=group, weight=weight, params=QUIET)
    return lightgbm.train({**SETTINGS, "objective": asked, **more}, data, rounds)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("own", "name", "parameters", "more"),
    [
        ("binary", "binary_cross_entropy_with_logits", {}, {}),
        ("regression", "mse_loss", {"scale": 0.5}, {}),
        ("huber", "huber_loss", {"delta": 0.5}, {"alpha": 0.5}),
        ("poisson", "poisson_nll_loss", {}, {}),
        ("multiclass", "cross_entropy", {}, {"num_class": 10}),
    ],
)
def test_trees_of_its_own_objectives(own, name, parameters, more, weighted):
    """The same scores, to rounding of sums: LightGBM keeps a constant second derivative as one number."""
    features, labels = data_of(own)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, labels.size) if weighted else None
    theirs = trained(features, labels, own, weight=weight, **more)
    ours = trained(features, labels, objective(name, "lightgbm", **parameters), weight=weight, **more)
    expected = theirs.predict(features, raw_score=True)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(ours.predict(features, raw_score=True), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        ours.predict(features, pred_leaf=True)[:, :5], theirs.predict(features, pred_leaf=True)[:, :5]
    )


@pytest.mark.parametrize(("own", "name", "parameters"), [("quantile", "quantile_loss", {"q": 0.9})])
def test_the_first_tree_of_a_quantile_has_the_same_leaves(own, name, parameters):
    """Their values are not: LightGBM replaces them by quantiles of the residuals, which no custom objective can."""
    features, labels = data_of(own)
    theirs = trained(features, labels, own, rounds=1, alpha=0.9)
    ours = trained(features, labels, objective(name, "lightgbm", **parameters), rounds=1)
    np.testing.assert_array_equal(ours.predict(features, pred_leaf=True), theirs.predict(features, pred_leaf=True))
    assert np.unique(ours.predict(features, pred_leaf=True)).size > 5


@pytest.mark.parametrize("weighted", [False, True])
def test_trees_of_lambdarank(weighted):
    """Its logistic function comes from a table of 2**20 entries: later, splits that are as good as equal differ."""
    data = ranking()
    weight = np.random.default_rng(0).uniform(0.5, 2.0, data.labels.size) if weighted else None
    more = {"group": data.sizes, "weight": weight, "rounds": 3, "lambdarank_norm": False}
    theirs = trained(data.features, data.labels, "lambdarank", lambdarank_truncation_level=30, **more)
    ours = trained(data.features, data.labels, objective("lambdarank_loss", "lightgbm", truncation_level=30), **more)
    expected = theirs.predict(data.features, raw_score=True)
    apart = np.abs(ours.predict(data.features, raw_score=True) - expected)
    assert (apart > 1e-3 * np.abs(expected).max()).mean() < 0.02


@pytest.mark.parametrize(
    ("own", "name", "parameters"),
    [("regression", "mse_loss", {"scale": 0.5}), ("binary", "binary_cross_entropy_with_logits", {})],
)
def test_start(own, name, parameters):
    """`set_start` is what `boost_from_average` does for LightGBM's own objectives only."""
    features, labels = LOADERS[own](return_X_y=True)
    theirs = trained(features, labels, own, boost_from_average=True)
    made = objective(name, "lightgbm", **parameters)
    data = lightgbm.Dataset(features, labels, params=QUIET)
    start = made.start(data)
    made.set_start(start, data)
    ours = lightgbm.train({**SETTINGS, "objective": made}, data, 10)
    raw = ours.predict(features, raw_score=True)
    np.testing.assert_allclose(raw + start, theirs.predict(features, raw_score=True), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(made.transform(raw, start), theirs.predict(features), rtol=1e-4)


def test_start_of_classes():
    features, labels = datasets.load_digits(return_X_y=True)
    made = objective("cross_entropy", "lightgbm")
    data = lightgbm.Dataset(features, labels, params=QUIET)
    start = made.start(data)
    made.set_start(start, data)
    ours = lightgbm.train({**SETTINGS, "objective": made, "num_class": 10}, data, 3)
    found = made.transform(ours.predict(features, raw_score=True), start)
    theirs = trained(features, labels, "multiclass", rounds=3, num_class=10, boost_from_average=True)
    np.testing.assert_allclose(found, theirs.predict(features), rtol=1e-4, atol=1e-6)


def test_early_stopping():
    features, labels = datasets.load_breast_cancer(return_X_y=True)
    best = []
    for asked, more, measure in (
        ("binary", {"metric": "binary_logloss"}, None),
        (
            objective("binary_cross_entropy_with_logits", "lightgbm"),
            {"metric": "None"},
            metric("binary_cross_entropy_with_logits", "lightgbm"),
        ),
        (
            "binary",
            {"metric": "None"},
            metric("binary_cross_entropy_with_logits", "lightgbm", transformed="sigmoid"),
        ),
    ):
        data = lightgbm.Dataset(features[::2], labels[::2], params=QUIET)
        other = lightgbm.Dataset(features[1::2], labels[1::2], reference=data, params=QUIET)
        found = lightgbm.train(
            {**SETTINGS, "objective": asked, "learning_rate": 0.3, **more},
            data,
            60,
            valid_sets=[other],
            feval=measure,
            callbacks=[lightgbm.early_stopping(5, verbose=False)],
        )
        best.append((found.best_iteration, *found.best_score["valid_0"].values()))
    assert 1 < best[0][0] < 60
    assert best[1][0] == best[2][0] == best[0][0]
    assert best[1][1] == pytest.approx(best[0][1], rel=1e-6)
    assert best[2][1] == pytest.approx(best[0][1], rel=1e-6)


@pytest.mark.filterwarnings("ignore:The argument 'eval_set':UserWarning")
@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
def test_estimators():
    features, labels = datasets.load_diabetes(return_X_y=True)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, labels.size)
    model = lightgbm.LGBMRegressor(objective=objective("huber_loss", "lightgbm", delta=20.0), **FEW)
    model.fit(
        features,
        labels,
        sample_weight=weight,
        eval_set=[(features, labels)],
        eval_sample_weight=[weight],
        eval_metric=metric("huber_loss", "lightgbm", delta=20.0),
    )
    last = model.evals_result_["training"]["huber_loss"][-1]
    found = fastloss.huber_loss(
        model.predict(features), labels.astype(np.float32), delta=20.0, sample_weight=weight.astype(np.float32)
    )
    assert last == pytest.approx(found, rel=1e-6)
    assert cross_val_score(clone(model), features, labels, cv=2, n_jobs=2).shape == (2,)
    choices = [objective("quantile_loss", "lightgbm", q=0.5), objective("huber_loss", "lightgbm", delta=20.0)]
    search = GridSearchCV(clone(model), {"objective": choices}, cv=2).fit(features, labels)
    assert search.best_params_["objective"] in choices


def test_classes_of_an_estimator():
    features, labels = datasets.load_digits(return_X_y=True)
    words = np.array(list("abcdefghij"))[labels]
    made = objective("cross_entropy", "lightgbm")
    model = lightgbm.LGBMClassifier(objective=made, **FEW).fit(features, words)
    raw = model.predict(features, raw_score=True)
    own = lightgbm.LGBMClassifier(boost_from_average=False, **FEW).fit(features, words)
    np.testing.assert_allclose(made.transform(raw), own.predict_proba(features), rtol=1e-4, atol=1e-6)


def test_ranker_and_cv():
    data = ranking()
    made = objective("pairwise_logistic_loss", "lightgbm")
    model = lightgbm.LGBMRanker(objective=made, **FEW).fit(data.features, data.labels, group=data.sizes)
    assert fastloss.auc(model.predict(data.features), data.labels) > 0.75
    native = trained(data.features, data.labels, made, rounds=5, group=data.sizes, min_data_in_leaf=20)
    np.testing.assert_allclose(model.predict(data.features), native.predict(data.features), rtol=1e-6)
    rows = lightgbm.Dataset(data.features, data.labels, group=data.sizes, params=QUIET)
    found = lightgbm.cv(
        {**SETTINGS, "objective": made}, rows, 3, nfold=3, stratified=False, feval=metric("auc", "lightgbm")
    )
    assert all(0.6 < one <= 1.0 for one in found["valid auc-mean"])


def test_groups_above_ten_thousand_rows():
    """LightGBM's own objective refuses them."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(12_000, 3))
    labels = np.digitize(features[:, 0] + rng.normal(size=12_000), [0.0, 1.0])
    with pytest.raises(lightgbm.basic.LightGBMError, match="exceeds upper limit of 10000"):
        trained(features, labels, "lambdarank", rounds=1, group=[12_000])
    for name in ("pairwise_logistic_loss", "lambdarank_loss"):
        found = trained(features, labels, objective(name, "lightgbm"), rounds=5, group=[12_000])
        assert fastloss.auc(found.predict(features), labels) > 0.7


@pytest.mark.parametrize(
    ("name", "labels", "more", "message"),
    [
        ("cross_entropy", [0.0, 1.5], {"num_class": 2}, r"cross_entropy: label\[1\] is 1.5: expected the number"),
        ("cross_entropy", [0.0, 2.0], {"num_class": 2}, r"target\[1\] is 2: expected an id in \[0, 2\)"),
        ("cross_entropy", [0.0, 1.0], {}, r"needs a column for each class \(num_class\)"),
        ("poisson_nll_loss", [1.0, -2.0], {}, r"poisson_nll_loss: target\[1\] is -2"),
        ("lambdarank_loss", [0.0, 1.0], {}, "Ranking tasks require query information"),
    ],
)
def test_data_that_is_refused(name, labels, more, message):
    features = np.arange(40.0)[:, None]
    with pytest.raises(lightgbm.basic.LightGBMError, match=message):
        trained(features, np.tile(labels, 20), objective(name, "lightgbm"), **more)


def test_wrong_sizes_of_groups():
    made = objective("pairwise_logistic_loss", "lightgbm")
    with pytest.raises(
        lightgbm.basic.LightGBMError, match=r"Sum of query counts \(3\) differs from the length of #data"
    ):
        made(np.zeros(4), np.zeros(4), None, np.array([1, 2]))


def test_sizes_of_ids():
    np.testing.assert_array_equal(group_sizes([7, 7, 3, 3, 3, 9]), [2, 3, 1])
    np.testing.assert_array_equal(group_sizes(np.array([])), [])
    np.testing.assert_array_equal(group_sizes(["b", "a", "a"]), [1, 2])
    with pytest.raises(ValueError, match=r"ids\[3\] is 7: expected rows group by group"):
        group_sizes([7, 3, 3, 7, 7])
