"""Scores of scikit-learn's estimators: against its own metrics, in its own tools, and by its own checks of scorers."""

import doctest
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn import datasets, metrics  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.inspection import permutation_importance  # noqa: E402
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, PoissonRegressor, Ridge, RidgeCV  # noqa: E402
from sklearn.model_selection import (  # noqa: E402
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multioutput import MultiOutputClassifier  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC, LinearSVC  # noqa: E402

import fastloss  # noqa: E402
from fastloss.core.loss import REGISTRY  # noqa: E402
from fastloss.sklearn import scorer  # noqa: E402
from tests.guides import failures  # noqa: E402

X, BITS = datasets.make_classification(120, 6, random_state=0)
WORDS = np.array(["yes", "no"])[BITS]  # sorted, the classes are the other way round
X3, THIRDS = datasets.make_classification(150, 8, n_classes=3, n_informative=5, random_state=0)
NAMES = np.array(["b", "c", "a"])[THIRDS]
NUMBERS = X @ np.arange(6.0) + np.sin(np.arange(120.0))
WEIGHTS = np.random.default_rng(0).uniform(0.5, 2.0, 120)
GROUPS = np.arange(120) % 12


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def fitted():
    return {
        "two": LogisticRegression().fit(X, WORDS),
        "three": LogisticRegression().fit(X3, NAMES),
        "forest": RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, WORDS),
        "forest3": RandomForestClassifier(5, max_depth=3, random_state=0).fit(X3, NAMES),
        "svc": LinearSVC().fit(X, WORDS),
        "ridge": Ridge().fit(X, NUMBERS),
    }


@pytest.mark.parametrize(
    ("name", "words", "metric"),
    [
        ("mse_loss", {}, metrics.mean_squared_error),
        ("rmse_loss", {}, metrics.root_mean_squared_error),
        ("l1_loss", {}, metrics.mean_absolute_error),
        ("mape_loss", {}, metrics.mean_absolute_percentage_error),
        ("quantile_loss", {"q": 0.5}, metrics.mean_pinball_loss),
    ],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_losses_of_numbers_are_sklearns(fitted, name, words, metric, weights):
    found = scorer(name, **words)(fitted["ridge"], X, NUMBERS, sample_weight=weights)
    want = metric(NUMBERS, fitted["ridge"].predict(X), sample_weight=weights)
    np.testing.assert_allclose(found, -want, rtol=1e-12)


@pytest.mark.parametrize(
    "name",
    ["binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss", "cross_entropy", "nll_loss"],
)
def test_two_classes_of_any_names_are_told_apart(fitted, name):
    want = -metrics.log_loss(WORDS, fitted["two"].predict_proba(X))
    assert scorer(name)(fitted["two"], X, WORDS) == pytest.approx(want, rel=1e-12)
    if name in ("binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss"):
        for label in ("yes", "no"):
            assert scorer(name, pos_label=label)(fitted["two"], X, WORDS) == pytest.approx(want, rel=1e-12)
    only = WORDS == "no"  # a fold that lacks a class
    want = -metrics.log_loss(WORDS[only], fitted["two"].predict_proba(X[only]), labels=["no", "yes"])
    assert scorer(name)(fitted["two"], X[only], WORDS[only]) == pytest.approx(want, rel=1e-12)


def test_the_positive_class_counts_where_the_loss_has_two_sides(fitted):
    p = fitted["two"].predict_proba(X)[:, 0]  # of "no"
    want = fastloss.dice_loss(p, WORDS == "no")
    assert scorer("dice_loss", pos_label="no")(fitted["two"], X, WORDS) == pytest.approx(-want, rel=1e-12)
    assert scorer("dice_loss")(fitted["two"], X, WORDS) != pytest.approx(-want, rel=1e-6)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "categorical_cross_entropy"])
def test_many_classes_of_any_names_are_numbered_by_the_estimator(fitted, name):
    for model in (fitted["three"], fitted["forest3"]):
        some = NAMES != "b"
        want = metrics.log_loss(NAMES[some], model.predict_proba(X3[some]), labels=["a", "b", "c"])
        assert scorer(name)(model, X3[some], NAMES[some]) == pytest.approx(-want, rel=1e-10)


def test_margins_take_the_decision_function(fitted):
    model = fitted["svc"]
    want = metrics.hinge_loss(WORDS, model.decision_function(X))
    assert scorer("hinge_loss")(model, X, WORDS) == pytest.approx(-want, rel=1e-12)
    assert scorer("crammer_singer_loss")(model, X, WORDS) == pytest.approx(-want, rel=1e-12)
    three = LinearSVC().fit(X3, NAMES)
    want = metrics.hinge_loss(NAMES, three.decision_function(X3))
    assert scorer("crammer_singer_loss")(three, X3, NAMES) == pytest.approx(-want, rel=1e-12)
    with pytest.raises(AttributeError, match=r"RandomForestClassifier has none of the following attributes: decision_"):
        scorer("hinge_loss")(fitted["forest"], X, WORDS)


def test_logits_are_log_odds_of_an_estimator_without(fitted):
    want = metrics.log_loss(WORDS, fitted["forest"].predict_proba(X))
    for name in ("binary_cross_entropy_with_logits", "cross_entropy"):
        assert scorer(name)(fitted["forest"], X, WORDS) == pytest.approx(-want, rel=1e-10)

    class Without(RandomForestClassifier):
        predict_log_proba = property()  # raises AttributeError

    model = Without(5, max_depth=3, random_state=0).fit(X, WORDS)
    for name in ("binary_cross_entropy_with_logits", "cross_entropy"):
        assert scorer(name)(model, X, WORDS) == pytest.approx(-want, rel=1e-10)


def test_rates_are_what_poisson_regression_predicts():
    counts = np.random.default_rng(0).poisson(np.exp(0.3 * X[:, 0]))
    model = PoissonRegressor().fit(X, counts)
    rates = model.predict(X)
    assert scorer("poisson_nll_loss")(model, X, counts) == pytest.approx(
        -np.mean(rates - counts * np.log(rates + 1e-8))
    )
    assert scorer("poisson_nll_loss", log_input=True)(model, X, counts) == pytest.approx(
        -np.mean(np.exp(rates) - counts * rates)
    )


def test_ranks_are_of_scores_within_groups(fitted, routing):
    words = {"groups": GROUPS}
    score = scorer("pairwise_logistic_loss", sigma=2.0).set_score_request(groups=True)
    want = fastloss.pairwise_logistic_loss(fitted["two"].decision_function(X), WORDS == "yes", sigma=2.0, **words)
    assert score(fitted["two"], X, WORDS, **words) == pytest.approx(-want, rel=1e-12)
    labels = GROUPS % 5
    score = scorer("lambdarank_loss").set_score_request(groups=True)
    want = fastloss.lambdarank_loss(fitted["ridge"].predict(X), labels, **words)
    assert score(fitted["ridge"], X, labels, **words) == pytest.approx(-want, rel=1e-12)
    assert scorer("soft_pairwise_loss")(fitted["forest"], X, WORDS) == pytest.approx(
        -fastloss.soft_pairwise_loss(fitted["forest"].predict_proba(X)[:, 1], WORDS == "yes"), rel=1e-12
    )
    with pytest.raises(TypeError, match="lambdarank_loss takes no sample_weight of rows"):
        scorer("lambdarank_loss").set_score_request(sample_weight=True)(
            fitted["ridge"], X, labels, sample_weight=WEIGHTS
        )


def test_metadata_is_routed_to_folds(routing):
    folds = GroupKFold(3)
    score = scorer("pairwise_hinge_loss").set_score_request(sample_weight=True, groups=True)
    model = Ridge().set_fit_request(sample_weight=False)
    given = {"sample_weight": WEIGHTS, "groups": GROUPS}
    found = cross_validate(model, X, NUMBERS, scoring=score, cv=folds, params=given)["test_score"]
    for one, (train, test) in zip(found, folds.split(X, groups=GROUPS), strict=True):
        predictions = Ridge().fit(X[train], NUMBERS[train]).predict(X[test])
        words = {name: value[test] for name, value in given.items()}
        assert one == pytest.approx(-fastloss.pairwise_hinge_loss(predictions, NUMBERS[test], **words), rel=1e-12)
    search = GridSearchCV(model, {"alpha": [0.1, 10.0]}, scoring=score, cv=folds).fit(X, NUMBERS, **given)
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])
    several = {"pairs": score, "l1": scorer("l1_loss").set_score_request(sample_weight=True)}
    found = cross_validate(model, X, NUMBERS, scoring=several, cv=folds, params=given)
    assert set(found) >= {"test_pairs", "test_l1"}
    with pytest.raises(ValueError, match="are passed but are not explicitly set as requested or not"):
        cross_validate(model, X, NUMBERS, scoring=scorer("l1_loss"), cv=folds, params=given)


def test_tools_of_model_selection_take_it():
    folds = KFold(3)
    score = scorer("huber_loss", delta=0.5)
    want = [
        -fastloss.huber_loss(Ridge().fit(X[train], NUMBERS[train]).predict(X[test]), NUMBERS[test], delta=0.5)
        for train, test in folds.split(X)
    ]
    np.testing.assert_allclose(cross_val_score(Ridge(), X, NUMBERS, scoring=score, cv=folds), want, rtol=1e-12)
    search = GridSearchCV(Ridge(), {"alpha": [1.0, 1e6]}, scoring=score, cv=folds, n_jobs=2).fit(X, NUMBERS)
    assert search.best_params_ == {"alpha": 1.0}
    assert search.score(X, NUMBERS) == score(search, X, NUMBERS)
    assert learning_curve(Ridge(), X, NUMBERS, scoring=score, cv=folds)[1].shape == (5, 3)
    assert validation_curve(Ridge(), X, NUMBERS, param_name="alpha", param_range=[1.0], scoring=score, cv=folds)[
        1
    ].shape == (1, 3)
    ours, theirs = (
        permutation_importance(Ridge().fit(X, NUMBERS), X, NUMBERS, scoring=one, random_state=0).importances
        for one in (scorer("l1_loss"), "neg_mean_absolute_error")
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert RidgeCV(scoring=score).fit(X, NUMBERS).best_score_ < 0.0
    words = {"scoring": scorer("binary_cross_entropy_with_logits"), "Cs": 3, "use_legacy_attributes": False}
    chosen = LogisticRegressionCV(**words, l1_ratios=(0.0,)).fit(X, WORDS)
    assert chosen.score(X, WORDS) < 0.0
    assert cross_val_score(SVC(), X, WORDS, scoring=scorer("squared_hinge_loss")).shape == (5,)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_are_scored(fitted, library):
    names = [f"x{at}" for at in range(6)]
    make = pd.DataFrame if library == "pandas" else pl.DataFrame
    frame, columns = make(dict(zip(names, X.T, strict=True))), make({"y": NUMBERS, "word": WORDS, "w": WEIGHTS})
    scaled = ColumnTransformer([("all", StandardScaler(), names)]).set_output(transform=library)
    model = make_pipeline(scaled, Ridge()).fit(frame, columns["y"])
    want = -fastloss.l1_loss(model.predict(frame), NUMBERS)
    for y in (columns["y"], columns[["y"]]):
        assert scorer("l1_loss")(model, frame, y) == pytest.approx(want, rel=1e-12)
    weighed = scorer("l1_loss")(model, frame, columns["y"], sample_weight=columns["w"])
    assert weighed == pytest.approx(-fastloss.l1_loss(model.predict(frame), NUMBERS, sample_weight=WEIGHTS), rel=1e-12)
    classifier = make_pipeline(scaled, LogisticRegression()).fit(frame, columns["word"])
    want = -metrics.log_loss(WORDS, classifier.predict_proba(frame))
    assert scorer("cross_entropy")(classifier, frame, columns["word"]) == pytest.approx(want, rel=1e-12)
    assert scorer("binary_cross_entropy")(classifier, frame, columns[["word"]]) == pytest.approx(want, rel=1e-12)
    assert cross_val_score(model, frame, columns["y"], scoring=scorer("mse_loss")).shape == (5,)


def test_several_outputs_are_scored_together():
    targets = np.stack([NUMBERS, -NUMBERS], 1)
    model = Ridge().fit(X, targets)
    assert scorer("mse_loss")(model, X, targets) == pytest.approx(
        -metrics.mean_squared_error(targets, model.predict(X))
    )
    bits = np.stack([BITS, X[:, 0] > 0], 1).astype(int)
    network = MLPClassifier((4,), max_iter=20, solver="lbfgs", random_state=0)
    with pytest.warns(sklearn.exceptions.ConvergenceWarning):
        network.fit(X, bits)
    want = -fastloss.binary_cross_entropy(network.predict_proba(X), bits)
    assert scorer("binary_cross_entropy")(network, X, bits) == pytest.approx(want, rel=1e-12)
    several = MultiOutputClassifier(LogisticRegression()).fit(X, bits)
    with pytest.raises(ValueError, match="multilabel-indicator format is not supported by binary_cross_entropy"):
        scorer("binary_cross_entropy")(several, X, bits)


def test_what_is_no_score_is_refused_when_it_is_made():
    made, refused = set(), set()
    for name in REGISTRY:
        try:
            scorer(name)
        except ValueError as error:
            refused.add(
                name if str(error).startswith(f"{name!r} is not a valid scoring value: its arguments") else error
            )
        else:
            made.add(name)
    assert {"mse_loss", "dice_loss", "lambdarank_loss", "cross_entropy"} <= made
    assert made | refused == set(REGISTRY)
    assert {"info_nce_loss", "triplet_margin_loss", "hinge_embedding_loss", "td_loss", "kl_divergence"} <= refused


@pytest.mark.parametrize(
    ("name", "words", "kind", "message"),
    [
        ("mse_los", {}, ValueError, "unknown loss 'mse_los'; did you mean 'mse_loss'"),
        (3, {}, TypeError, "the loss is 3: expected its name"),
        ("huber_loss", {"delta": -1.0}, ValueError, r"delta is -1.0: expected a number in \(0, inf\)"),
        ("huber_loss", {"beta": 1.0}, TypeError, "huber_loss has no parameter 'beta': expected one of"),
        ("huber_loss", {"pos_label": 1}, ValueError, "pos_label is 1: expected None"),
        ("huber_loss", {"reduction": "none"}, ValueError, "reduction is 'none': expected 'mean' or 'sum'"),
        ("huber_loss", {"sample_weight": WEIGHTS}, TypeError, r"metadata: expected scorer\(...\).set_score_request"),
        ("pairwise_hinge_loss", {"method": "quick"}, ValueError, "method is 'quick': expected one of"),
    ],
)
def test_wrong_parameters_are_refused_when_it_is_made(name, words, kind, message):
    with pytest.raises(kind, match=message):
        scorer(name, **words)


@pytest.mark.parametrize(
    ("name", "model", "y", "message"),
    [
        (
            "binary_cross_entropy",
            "three",
            NAMES,
            "binary_cross_entropy is of two classes, but LogisticRegression was fit",
        ),
        ("cross_entropy", "ridge", NUMBERS, "cross_entropy is of classes: expected a classifier, got Ridge"),
        (
            "cross_entropy",
            "two",
            np.where(np.arange(120) == 7, "maybe", WORDS),
            r"y\[7\] is .*'maybe'.*: expected one of",
        ),
        ("l1_loss", "ridge", NUMBERS[:-1], "shape"),
    ],
)
def test_what_an_estimator_cannot_give_is_refused(fitted, name, model, y, message):
    with pytest.raises(ValueError, match=message):
        scorer(name)(fitted[model], X3 if model == "three" else X, y)
    with pytest.raises(ValueError, match="pos_label=maybe is not a valid label: It should be one of"):
        scorer("hinge_loss", pos_label="maybe")(fitted["two"], X, WORDS)
    pairs = SVC(decision_function_shape="ovo").fit(np.vstack([X3, X3]), np.append(THIRDS, THIRDS + 3))
    with pytest.raises(
        ValueError, match="expected a column for each of 6 classes, as with decision_function_shape='ovr'"
    ):
        scorer("cross_entropy")(pairs, X3, THIRDS)


def test_the_guide_and_the_docstring_run():
    assert failures("scikit_learn.md") == []
    (found,) = (one for one in doctest.DocTestFinder().find(scorer, "scorer") if one.examples)
    assert doctest.DocTestRunner().run(found).failed == 0


class TestScikitLearnsChecks:
    """What `sklearn.metrics.tests.test_score_objects` checks of its scorers, for all of ours that a model serves."""

    CASES = {  # noqa: RUF012
        "mse_loss": ("ridge", X, NUMBERS),
        "huber_loss": ("ridge", X, NUMBERS),
        "pairwise_logistic_loss": ("ridge", X, NUMBERS),
        "binary_cross_entropy": ("two", X, WORDS),
        "hinge_loss": ("two", X, WORDS),
        "cross_entropy": ("three", X3, NAMES),
        "nll_loss": ("three", X3, NAMES),
    }

    @pytest.fixture(params=CASES)
    def case(self, request, fitted):
        model, x, y = self.CASES[request.param]
        return scorer(request.param), fitted[model], x, y

    def test_sample_weight(self, case):
        """test_classification_scorer_sample_weight and of regression: weights of 0 leave rows out."""
        score, model, x, y = case
        weights = np.ones(len(y))
        weights[: len(y) // 3] = 0.0
        weighed = score(model, x, y, sample_weight=weights)
        assert weighed != score(model, x, y)
        assert weighed == pytest.approx(score(model, x[len(y) // 3 :], y[len(y) // 3 :]), rel=1e-12)

    def test_pickling_cloning_and_copies(self, case):
        """test_custom_scorer_pickling, test_get_scorer_return_copy."""
        score, model, x, y = case
        for other in (pickle.loads(pickle.dumps(score)), clone(score, safe=False)):
            assert other(model, x, y) == score(model, x, y)
            assert repr(other) == repr(score)

    def test_memory_maps(self, case, tmp_path):
        """test_scorer_memmap_input: input that cannot be written to, and a number back."""
        score, model, x, y = case
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", y)
        found = score(model, *(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("x", "y")))
        assert type(found) is float and found == score(model, x, y)

    def test_requests_need_routing(self, case):
        """test_scorer_set_score_request_raises, test_kwargs_without_metadata_routing_error."""
        score, model, x, y = case
        with pytest.raises(RuntimeError, match="This method is only available when metadata routing is enabled"):
            score.set_score_request(sample_weight=True)
        with pytest.raises(ValueError, match="is only supported if enable_metadata_routing=True"):
            score(model, x, y, groups=np.zeros(len(y), int))

    def test_metadata_request(self, case, routing):
        """test_scorer_metadata_request: set, and routed."""
        score = pickle.loads(pickle.dumps(case[0]))
        assert score.get_metadata_routing().score.requests["sample_weight"] is None
        assert score.set_score_request(sample_weight=True) is score
        assert score.get_metadata_routing().score.requests["sample_weight"] is True

    def test_check_scoring(self, case):
        """test_check_scoring_and_check_multimetric_scoring, test_multimetric_scorer_sanity_check."""
        score, model, x, y = case
        assert metrics.check_scoring(model, score) is score
        assert metrics.get_scorer(score) is score
        both = metrics.check_scoring(model, {"a": score, "b": score})
        assert both(model, x, y) == {"a": score(model, x, y), "b": score(model, x, y)}

    def test_methods_are_called_once(self, fitted):
        """test_multimetric_scorer_calls_method_once."""
        calls = []

        class Counting(Ridge):
            def predict(self, X):
                calls.append(1)
                return super().predict(X)

        model = Counting().fit(X, NUMBERS)
        metrics.check_scoring(model, {"a": scorer("mse_loss"), "b": scorer("l1_loss")})(model, X, NUMBERS)
        assert calls == [1]

    def test_representation(self):
        """test_make_scorer_repr: what makes it again."""
        assert repr(scorer("huber_loss", delta=0.5)) == "scorer('huber_loss', delta=0.5)"
        assert repr(scorer("hinge_loss", pos_label="no")) == "scorer('hinge_loss', pos_label='no')"
