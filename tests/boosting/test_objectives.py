"""Every loss as an objective of each library: it trains, its derivatives are those of the loss, its copies are it."""

import copy
import importlib.util
import pickle
from typing import Any

import numpy as np
import pytest

import fastloss
from fastloss.boosting import LIBRARIES, metric, objective, second
from fastloss.boosting.scored import Sample
from fastloss.core.loss import REGISTRY
from tests.boosting.examples import boostable, example, words

ROUNDS = 8


@pytest.fixture(params=LIBRARIES)
def library(request) -> str:
    pytest.importorskip(request.param)
    return request.param


def with_lightgbm(made: Any, data: Any) -> np.ndarray:
    import lightgbm

    labels = lightgbm.Dataset(data.features, data.labels, group=data.sizes, params={"verbose": -1})
    settings = {"objective": made, "verbose": -1, "num_threads": 1, "num_class": data.columns or 1}
    return lightgbm.train(settings, labels, ROUNDS).predict(data.features, raw_score=True)


def with_xgboost(made: Any, data: Any) -> np.ndarray:
    import xgboost

    rows = xgboost.DMatrix(data.features, data.labels, group=data.sizes)
    settings = {"nthread": 1, "base_score": 0.0, "min_child_weight": 1e-3}
    if data.labels.ndim == 1 and data.columns:
        settings["num_class"] = data.columns
    scores = xgboost.train(settings, rows, ROUNDS, obj=made).inplace_predict(data.features, predict_type="margin")
    return scores.reshape(len(data.labels), -1) if data.columns else scores


def with_catboost(made: Any, data: Any) -> np.ndarray:
    import catboost

    settings = {"iterations": ROUNDS, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
    kind, more = catboost.CatBoostRegressor, {}
    if data.columns:
        kind, more = catboost.CatBoostClassifier, {"classes_count": data.columns}
    stop = metric("mse_loss", "catboost") if not data.columns else "MultiClass"
    model = kind(loss_function=made, eval_metric=stop, learning_rate=0.3, **settings, **more)
    return model.fit(data.features, data.labels).predict(data.features, prediction_type="RawFormulaVal")


TRAIN = {"lightgbm": with_lightgbm, "xgboost": with_xgboost, "catboost": with_catboost}


def offsets(data: Any) -> Any:
    return None if data.sizes is None else np.append(0, np.cumsum(data.sizes))


def takes(library: str, name: str) -> bool:
    """Whether a library can have the loss."""
    data, loss = example(name), REGISTRY[name]
    if library == "catboost":
        return data.sizes is None and name not in ("nmae_loss", "rmse_loss", "dice_loss", "multi_quantile_loss")
    return library == "xgboost" or data.labels.ndim == 1 or loss.shape == "pointwise"


@pytest.mark.parametrize("name", boostable())
def test_training_lowers_the_loss(library, name):
    if not takes(library, name):
        pytest.skip("has labels or groups that the library does not")
    data = example(name)
    made, measure = objective(name, library, **words(name)), metric(name, library, **words(name))
    sample = Sample(data.labels, offsets=offsets(data))
    scores = TRAIN[library](made, data)
    before = measure.value(np.zeros_like(data.scores), sample)
    assert scores.shape == data.scores.shape
    assert measure.value(scores, sample) < before


def summed(name: str, scores: np.ndarray, data: Any) -> float:
    """The sum of the losses by the public call, from raw scores."""
    given = words(name)
    link = given.pop("link", "identity")
    inputs = {"identity": lambda z: z, "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)), "exp": np.exp}[link](scores)
    loss = REGISTRY[name]
    labels = data.labels.astype(int) if "target" in getattr(loss, "ids", ()) else data.labels.astype(float)
    if data.sizes is not None:
        given["offsets"] = offsets(data)
    if "sum" in loss.reductions:
        return loss(inputs, labels, reduction="sum", **given)
    return loss(inputs, labels, **given) * len(labels)


@pytest.mark.parametrize("name", boostable())
def test_derivatives(name):
    """Central differences of the summed loss, by some scores; the same of gradients for the second derivative."""
    pytest.importorskip("lightgbm")
    data = example(name)
    made = objective(name, "lightgbm", curvature_scale=1.0, min_curvature=0.0, **words(name))
    sample, scores, step = Sample(data.labels, offsets=offsets(data)), data.scores, 1e-5
    gradient, curvature = made.derivatives(scores, sample)
    kinked = name in second.FLAT or name in ("pairwise_squared_hinge_loss", "squared_hinge_loss")
    fixed = name == "lambdarank_loss"  # its gradient takes the ranks, and so the weights of pairs, for constants
    for at in np.random.default_rng(1).permutation(scores.size)[:12]:
        moved = [scores.copy(), scores.copy()]
        moved[0].flat[at] -= step
        moved[1].flat[at] += step
        low, high = (made.derivatives(one, sample)[0].flat[at] for one in moved)
        bend = max((high - low) / (2.0 * step), 0.0)
        if not kinked:
            assert curvature.flat[at] == pytest.approx(bend, rel=1e-5, abs=1e-6)
        if not fixed:
            values = [summed(name, one, data) for one in moved]
            slope = (values[1] - values[0]) / (2.0 * step)
            assert gradient.flat[at] == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_scale_and_floor():
    pytest.importorskip("lightgbm")
    scores, labels = np.array([-4.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0])
    gradient, curvature = fastloss.focal_loss.grad_hess(scores, labels, reduction="sum")
    assert curvature[0] < 0.0  # at a row that is far on the wrong side it is not convex
    made = objective("focal_loss", "lightgbm", scale=0.5, curvature_scale=3.0, min_curvature=0.2)
    weights = np.array([1.0, 2.0, 4.0])
    found = made.derivatives(scores, Sample(labels, weights))
    np.testing.assert_allclose(found[0], 0.5 * weights * gradient, rtol=1e-15)
    np.testing.assert_allclose(found[1], 0.5 * weights * np.maximum(3.0 * curvature, 0.2), rtol=1e-15)


def test_every_loss_has_a_second_derivative_to_divide_by():
    """Where a slope is not 0, the second derivative is positive: a new loss that has none there is listed as flat."""
    pytest.importorskip("lightgbm")
    for name in boostable():
        data = example(name)
        made = objective(name, "lightgbm", **words(name))
        gradient, curvature = made.derivatives(3.0 * data.scores, Sample(data.labels, offsets=offsets(data)))
        assert (curvature[gradient != 0.0] > 0.0).all(), name


def test_the_lists_name_losses_that_need_them():
    for name in second.FLAT:
        if name in REGISTRY:
            data = example(name)
            link = words(name)
            gradient, curvature = REGISTRY[name].grad_hess(
                3.0 * data.scores, data.labels.astype(int if data.columns and "quantile" not in name else float), **link
            )
            assert ((gradient != 0.0) & (curvature == 0.0)).any(), name


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.float64])
def test_labels_of_classes_of_any_type(library, dtype):
    made = objective("cross_entropy", library)
    scores = np.random.default_rng(0).normal(size=(4, 3))
    gradient, _ = made.derivatives(scores, Sample(np.array([0, 2, 1, 2], dtype)))
    np.testing.assert_array_equal(gradient, fastloss.cross_entropy.grad_hess(scores, [0, 2, 1, 2], reduction="sum")[0])


def test_soft_labels():
    pytest.importorskip("xgboost")
    scores, labels = np.zeros((2, 2)), np.array([[0.5, 0.5], [0.25, 0.75]])
    gradient, _ = objective("cross_entropy", "xgboost").derivatives(scores, Sample(labels))
    np.testing.assert_allclose(gradient, 0.5 - labels)


def test_copies(library):
    made = objective("quantile_loss", library, q=0.9, scale=2.0)
    measure = metric("quantile_loss", library, q=0.9, title="q90")
    assert repr(made) == f"objective('quantile_loss', {library!r}, q=0.9, scale=2.0)"
    assert repr(measure) == f"metric('quantile_loss', {library!r}, title='q90', q=0.9)"
    assert made.__name__ == "quantile_loss" and measure.__name__ == "q90"
    sample = Sample(np.array([1.0, 3.0]), np.array([1.0, 2.0]))
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        for one, other in zip(
            again.derivatives(np.zeros(2), sample), made.derivatives(np.zeros(2), sample), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    assert pickle.loads(pickle.dumps(measure)).value(np.zeros(2), sample) == measure.value(np.zeros(2), sample)


@pytest.mark.parametrize(
    ("name", "given", "kind", "message"),
    [
        ("bpr_loss", {}, TypeError, "bpr_loss takes pos_scores, neg_scores"),
        ("triplet_margin_loss", {}, TypeError, "expected a loss of scores and labels"),
        ("pairwise_hinge_loss", {}, TypeError, "pairwise_hinge_loss has no second derivative"),
        ("auc", {}, TypeError, "auc is no loss"),
        ("focal_los", {}, ValueError, "did you mean 'focal_loss'"),
        ("focal_loss", {"gamma": -1.0}, ValueError, "gamma is -1"),
        ("mse_loss", {"delta": 1.0}, TypeError, "mse_loss has no parameter 'delta'"),
        ("mse_loss", {"sample_weight": [1.0]}, TypeError, "no parameter 'sample_weight'"),
        ("mse_loss", {"backend": "gpu"}, ValueError, "backend is 'gpu'"),
        ("mse_loss", {"scale": 0.0}, ValueError, "scale is 0"),
        ("mse_loss", {"curvature_scale": -1.0}, ValueError, "curvature_scale is -1"),
        ("mse_loss", {"min_curvature": -1.0}, ValueError, "min_curvature is -1"),
        ("mse_loss", {"link": "softmax"}, ValueError, "link is 'softmax'"),
        ("binary_cross_entropy", {}, ValueError, "link is 'identity': expected 'sigmoid'"),
        ("dice_loss", {}, ValueError, "link is 'identity': expected 'sigmoid'"),
        ("categorical_cross_entropy", {}, ValueError, "expected 'cross_entropy'"),
    ],
)
def test_what_is_refused_at_once(library, name, given, kind, message):
    with pytest.raises(kind, match=message):
        objective(name, library, **given)


def test_a_library_that_is_none():
    with pytest.raises(ValueError, match="library is 'lgbm': expected one of 'lightgbm'"):
        objective("mse_loss", "lgbm")
    with pytest.raises(ValueError, match="transformed is 'odds'"):
        metric("mse_loss", next(one for one in LIBRARIES if importlib.util.find_spec(one)), transformed="odds")


def test_metrics(library):
    labels, scores = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8])
    probabilities = 1.0 / (1.0 + np.exp(-scores))
    sample = Sample(labels, np.array([1.0, 2.0, 1.0, 3.0]))
    loss = fastloss.binary_cross_entropy_with_logits(scores, labels, sample_weight=sample.weights)
    found = metric("binary_cross_entropy_with_logits", library, transformed="sigmoid").value(probabilities, sample)
    assert found == pytest.approx(loss, rel=1e-14)
    area = metric("auc", library)
    assert area.is_higher_better and area.value(scores, Sample(labels)) == 0.75
    assert not metric("mse_loss", library).is_higher_better


def test_weights_of_rows_in_a_metric_of_queries():
    """A query weighs the mean of its rows, as in LightGBM."""
    pytest.importorskip("lightgbm")
    scores, labels = np.array([0.1, 0.4, 0.3, 0.2, 0.9]), np.array([0.0, 1.0, 0.0, 2.0, 1.0])
    each = fastloss.lambdarank_loss(scores, labels, offsets=[0, 2, 5], reduction="none")
    sample = Sample(labels, np.array([1.0, 3.0, 1.0, 0.5, 3.0]), np.array([0, 2, 5]))
    found = metric("lambdarank_loss", "lightgbm").value(scores, sample)
    assert found == pytest.approx((2.0 * each[0] + 1.5 * each[1]) / 3.5, rel=1e-14)


def test_predictions(library):
    raw = np.array([-800.0, 0.0, 800.0])
    np.testing.assert_array_equal(objective("focal_loss", library).transform(raw), [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(objective("poisson_nll_loss", library).transform([0.0, -800.0]), [1.0, 0.0])
    np.testing.assert_array_equal(objective("poisson_nll_loss", library, log_input=False).transform([2.0]), [2.0])
    np.testing.assert_array_equal(objective("mse_loss", library).transform([1.0], start=2.0), [3.0])
    found = objective("cross_entropy", library).transform([[0.0, 900.0], [1.0, 1.0]], start=[0.0, 0.0])
    np.testing.assert_array_equal(found, [[0.0, 1.0], [0.5, 0.5]])
