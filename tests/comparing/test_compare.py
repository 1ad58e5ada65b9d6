"""Comparisons against the loss's own values, literal formulas, the jackknife, simulation, and themselves."""

import functools
import math

import numpy as np
import pytest

import fastloss
from fastloss import metrics
from fastloss.comparing.measures import METRICS
from fastloss.core.loss import REGISTRY

RNG = np.random.default_rng(0)
N = 300
LABELS = RNG.integers(0, 2, N).astype(float)
A = LABELS + RNG.standard_normal(N)
B = A + 0.5 * RNG.standard_normal(N)
GROUPS = RNG.permutation(np.repeat(np.arange(30), 10)) * 3 % 31
WEIGHTS = RNG.uniform(0.2, 2.0, N)


def compare(*args, **words):
    (found,) = fastloss.compare(*args, **words)
    return found


def left_out(value, groups, scores=(A, B)):
    """The jackknife's standard error of a difference, by leaving out each group's rows."""
    ids = np.unique(groups)
    differences = np.array([value(scores[0], groups != g) - value(scores[1], groups != g) for g in ids])
    return math.sqrt((ids.size - 1) / ids.size * np.sum((differences - differences.mean()) ** 2))


def literal_delong(scores, labels):
    """Areas and their covariances as in the paper, from every pair."""
    positive, negative = (labels == labels.max()), (labels == labels.min())
    kernels = []
    for one in scores:
        gap = one[positive][:, None] - one[negative][None, :]
        kernels.append((gap > 0) + 0.5 * (gap == 0))
    areas = np.array([one.mean() for one in kernels])
    by_positive = np.array([one.mean(1) for one in kernels])
    by_negative = np.array([one.mean(0) for one in kernels])
    return areas, np.cov(by_positive) / positive.sum() + np.cov(by_negative) / negative.sum()


def sample_of(name):
    """Scores and labels that a loss takes."""
    rng = np.random.default_rng(3)
    scores, labels = rng.uniform(0.1, 0.9, 40), rng.integers(0, 2, 40).astype(float)
    if name in ("categorical_cross_entropy", "dice_loss", "kl_divergence", "soft_cross_entropy"):
        scores, labels = (one / one.sum(1, keepdims=True) for one in rng.random((2, 40, 4)))
        return scores, np.eye(4)[labels.argmax(1)] if name == "dice_loss" else labels
    if getattr(REGISTRY[name], "ids", ()):
        return np.log(rng.random((40, 4))), rng.integers(0, 4, 40)
    if name == "multi_quantile_loss":
        return rng.random((40, 3)), labels
    if name == "hinge_embedding_loss":
        return scores, 2.0 * labels - 1.0
    return scores, labels + (name == "mape_loss")


PARAMETERS = {"multi_quantile_loss": {"quantiles": (0.1, 0.5, 0.9)}, "dice_loss": {"axis": -1}}


def of_scores_and_labels():
    for name in sorted(name for name in fastloss.__all__ if name in REGISTRY):
        try:
            REGISTRY[name].require_scores_and_labels()
        except TypeError:
            continue
        yield name


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", list(of_scores_and_labels()))
def test_values_are_the_losses_own(name, grouped, weighted):
    scores, labels = sample_of(name)
    loss, words = REGISTRY[name], dict(PARAMETERS.get(name, {}))
    groups = np.arange(40) % 7
    of_queries = loss.shape == "queries"
    if weighted and of_queries and not grouped:
        pytest.skip("one query")
    weights = np.random.default_rng(4).uniform(0.5, 2.0, 7 if of_queries else 40) if weighted else None
    given = {"groups": groups} if grouped else {}
    found = compare(
        labels, {"a": scores, "b": scores[::-1]}, name, sample_weight=weights, resamples=9, **given, **words
    )
    own = given if "groups" in loss.__signature__.parameters else {}
    wanted = [loss(one, labels, sample_weight=weights, **own, **words) for one in (scores, scores[::-1])]
    assert found.values == pytest.approx(wanted, rel=1e-12)
    assert found.difference == pytest.approx(wanted[1] - wanted[0], rel=1e-9)
    assert found.unit == ("groups" if grouped else "rows")
    assert found.units == (7 if grouped else 40)
    assert 0.0 < found.standard_error < math.inf
    assert found.low <= found.high
    assert 0.0 <= found.p_value <= 1.0


@pytest.mark.parametrize("name", ["mse_loss", "cross_entropy", "pairwise_logistic_loss", "lambdarank_loss"])
@pytest.mark.parametrize("grouped", [False, True])
def test_float32(name, grouped):
    scores, labels = sample_of(name)
    scores, loss = scores.astype(np.float32), REGISTRY[name]
    groups = {"groups": np.arange(40) % 7} if grouped else {}
    found = compare(labels, {"a": scores, "b": scores[::-1]}, name, resamples=9, **groups)
    own = groups if "groups" in loss.__signature__.parameters else {}
    assert found.values[0] == pytest.approx(loss(scores, labels, **own), rel=1e-12)


def test_rows_are_a_paired_t_test():
    stats = pytest.importorskip("scipy.stats")
    found = compare(LABELS, {"a": A, "b": B}, "mse_loss", level=0.9)
    wanted = stats.ttest_rel((B - LABELS) ** 2, (A - LABELS) ** 2)
    low, high = wanted.confidence_interval(0.9)
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-10)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-10)
    assert found.difference / found.standard_error == pytest.approx(wanted.statistic, rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_hinge_loss", "lambdarank_loss"])
def test_groups_against_the_jackknife(name):
    loss = REGISTRY[name]
    found = compare(LABELS, {"a": A, "b": B}, name, groups=GROUPS)

    def value(scores, rows):
        return loss(scores[rows], LABELS[rows], groups=GROUPS[rows])

    assert found.standard_error == pytest.approx(left_out(value, GROUPS), rel=0.05)
    assert found.method == "sandwich"


def test_rows_in_groups_may_depend_on_each_other():
    offset = np.random.default_rng(6).standard_normal(31)[GROUPS]  # what one model gets wrong in a whole group
    noisy = B + 2.0 * offset
    rows = compare(LABELS, {"a": A, "b": noisy}, "mse_loss")
    groups = compare(LABELS, {"a": A, "b": noisy}, "mse_loss", groups=GROUPS)
    assert groups.difference == pytest.approx(rows.difference, rel=1e-12)
    assert groups.standard_error > 1.5 * rows.standard_error

    def value(scores, own):
        return fastloss.mse_loss(scores[own], LABELS[own])

    assert groups.standard_error == pytest.approx(left_out(value, GROUPS, (A, noisy)), rel=1e-12)  # groups of one size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [30, 300, pytest.param(5000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("tied", [False, True])
def test_delong_against_every_pair(size, tied, dtype):
    rng = np.random.default_rng(size)
    labels = rng.integers(0, 2, size)
    scores = (rng.standard_normal((2, size)) + labels).astype(dtype)
    scores = scores.round(1) if tied else scores
    areas, covariance = literal_delong(scores, labels)
    found = compare(labels, {"a": scores[0], "b": scores[1]}, "auc")
    assert found.method == "delong"
    assert found.values == pytest.approx(areas, rel=1e-12)
    error = math.sqrt(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])
    assert found.standard_error == pytest.approx(error, rel=1e-12)
    t = found.difference / error
    assert found.p_value == pytest.approx(math.erfc(abs(t) / math.sqrt(2.0)), rel=1e-9)


def area(scores, labels, weights):
    pairs = (labels[:, None] > labels[None, :]) * weights[:, None] * weights[None, :]
    gap = scores[:, None] - scores[None, :]
    return (pairs * ((gap > 0) + 0.5 * (gap == 0))).sum() / pairs.sum()


@pytest.mark.slow
@pytest.mark.parametrize("levels", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
def test_area_and_losses_over_all_pairs_against_the_jackknife(levels, weighted):
    rng = np.random.default_rng(8)
    labels = rng.integers(0, levels, N)
    weights = WEIGHTS if weighted else np.ones(N)
    scores = rng.standard_normal((2, N)) + 0.5 * labels
    given = WEIGHTS if weighted else None
    rows = np.arange(N)
    models = dict(zip("ab", scores, strict=True))
    found = compare(labels, models, "auc", sample_weight=given)
    wanted = left_out(lambda one, own: area(one[own], labels[own], weights[own]), rows, scores)
    assert found.standard_error == pytest.approx(wanted, rel=0.02)
    assert found.values[0] == pytest.approx(fastloss.auc(scores[0], labels, sample_weight=given), rel=1e-12)
    loss = fastloss.pairwise_logistic_loss
    found = compare(labels, models, loss, sample_weight=given)
    wanted = left_out(lambda one, own: loss(one[own], labels[own], sample_weight=weights[own]), rows, scores)
    assert found.standard_error == pytest.approx(wanted, rel=0.02)
    assert found.method == "u-statistic"


def test_area_within_groups():
    found = compare(LABELS, {"a": A, "b": B}, metrics.auc, groups=GROUPS, sample_weight=WEIGHTS)
    words = {"groups": GROUPS, "sample_weight": WEIGHTS}
    assert found.values == pytest.approx([fastloss.auc(one, LABELS, **words) for one in (A, B)], rel=1e-12)
    assert (found.units, found.unit, found.method) == (30, "groups", "sandwich")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(METRICS.values()))
def test_metrics(name):
    metric = getattr(metrics, name)
    labels = LABELS * (GROUPS > 3)  # so that some groups have nothing to say
    scores = [1.0 / (1.0 + np.exp(-one)) for one in (A, B)]
    models = dict(zip("ab", scores, strict=True))
    found = compare(labels, models, name, groups=GROUPS)
    values = [metric(one, labels, groups=GROUPS, reduction="per_group") for one in scores]
    used = np.isfinite(values[0])
    assert found.values == pytest.approx([metric(one, labels, groups=GROUPS) for one in scores], rel=1e-12)
    difference = (values[0] - values[1])[used]
    assert found.units == used.sum()
    assert found.standard_error == pytest.approx(difference.std(ddof=1) / math.sqrt(used.sum()), rel=1e-10)
    alone = compare(labels, models, name, resamples=30)
    assert alone.values == pytest.approx([metric(one, labels) for one in scores], rel=1e-12)
    assert (alone.method, alone.units, alone.unit) == ("bootstrap", N, "rows")


def test_metrics_with_weights():
    weights = np.random.default_rng(5).random(30)
    found = compare(LABELS, {"a": A, "b": B}, "ndcg", groups=GROUPS, sample_weight=weights, k=3)
    own = metrics.ndcg(A, LABELS, groups=GROUPS, sample_weight=weights, k=3)
    assert found.values[0] == pytest.approx(own, rel=1e-12)
    assert found.loss == "ndcg(k=3)"
    p = 1.0 / (1.0 + np.exp(-A))
    found = compare(LABELS, {"a": p, "b": p**2}, "normalized_entropy", groups=GROUPS, sample_weight=WEIGHTS)
    assert found.values[0] == pytest.approx(
        metrics.normalized_entropy(p, LABELS, groups=GROUPS, sample_weight=WEIGHTS), rel=1e-12
    )


def test_a_group_in_which_a_model_is_nan():
    scores = A.copy()
    scores[np.flatnonzero((GROUPS[0] == GROUPS) & (LABELS == 1))[0]] = np.nan
    for models in ({"a": scores, "b": B}, {"a": scores, "b": scores}):
        found = compare(LABELS, models, "ndcg", groups=GROUPS)
        assert math.isnan(found.values[0])
        assert math.isnan(found.difference)
        assert math.isnan(found.standard_error)
    assert math.isfinite(compare(LABELS, {"a": scores, "b": B}, "ndcg", groups=GROUPS).values[1])


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("mse_loss", {}),
        ("mse_loss", {"groups": GROUPS}),
        ("rmse_loss", {}),
        ("pairwise_logistic_loss", {"groups": GROUPS}),
        ("ndcg", {"groups": GROUPS}),
        ("auc", {}),
        ("pairwise_hinge_loss", {}),
    ],
)
def test_bootstrap_agrees(loss, words):
    models = {"a": A, "b": B}
    analytic = compare(LABELS, models, loss, **words)
    found = compare(LABELS, models, loss, method="bootstrap", resamples=1000, **words)
    assert found.values == pytest.approx(analytic.values, rel=1e-12)
    assert (found.units, found.unit, found.method) == (analytic.units, analytic.unit, "bootstrap")
    assert found.standard_error == pytest.approx(analytic.standard_error, rel=0.15)
    assert found.low == pytest.approx(analytic.low, abs=0.5 * analytic.standard_error)
    assert found.high == pytest.approx(analytic.high, abs=0.5 * analytic.standard_error)


def test_bootstrap_of_rows_is_that_of_weights():
    """Rows drawn more than once are rows of that weight, for a loss over all pairs."""
    found = compare(LABELS, {"a": A, "b": B}, "soft_pairwise_loss", resamples=20, seed=3)
    generator = np.random.Generator(np.random.PCG64(3))
    values = []
    for _ in range(20):
        counts = np.bincount(generator.integers(0, N, N), minlength=N).astype(float)
        values.append([fastloss.soft_pairwise_loss(one, LABELS, sample_weight=counts) for one in (A, B)])
    difference = np.subtract(*np.array(values).T)
    assert found.standard_error == pytest.approx(difference.std(ddof=1), rel=1e-9)


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse_loss", "soft_pairwise_loss", "average_precision"])
def test_bootstrap_depends_on_the_seed_alone(loss):
    models = {"a": A, "b": B}
    words = {"method": "bootstrap", "resamples": 40}
    with fastloss.num_threads(1):
        one = fastloss.compare(LABELS, models, loss, seed=5, **words)
    with fastloss.num_threads(2):
        assert fastloss.compare(LABELS, models, loss, seed=5, **words) == one
    assert fastloss.compare(LABELS, models, loss, seed=6, **words) != one


def test_any_function():
    def median(scores, labels, sample_weight=None):
        return np.median(np.abs(scores - labels))

    found = compare(LABELS, {"a": A, "b": B}, median, resamples=50)
    assert found.loss == "median"
    assert found.values == (median(A, LABELS), median(B, LABELS))
    grouped = compare(LABELS, {"a": A, "b": B}, median, groups=GROUPS, sample_weight=WEIGHTS, resamples=50)
    assert (grouped.units, grouped.unit) == (30, "groups")
    with pytest.raises(ValueError, match="method is 'analytic': median has none here"):
        fastloss.compare(LABELS, {"a": A, "b": B}, median, method="analytic")


def test_offsets_are_groups():
    order = np.argsort(GROUPS, kind="stable")
    offsets = np.append(0, np.cumsum(np.unique(GROUPS, return_counts=True)[1]))
    models = {"a": A[order], "b": B[order]}
    for loss in ("mse_loss", "pairwise_logistic_loss", "ndcg", "auc"):
        found = compare(LABELS[order], models, loss, offsets=offsets)
        wanted = compare(LABELS, {"a": A, "b": B}, loss, groups=GROUPS)
        assert found.values == pytest.approx(wanted.values, rel=1e-12)
        assert found.standard_error == pytest.approx(wanted.standard_error, rel=1e-9)


def test_lists_of_losses_and_models():
    models = {"a": A, "b": B, "c": LABELS}
    losses = ["mse_loss", functools.partial(metrics.ndcg, k=5), fastloss.huber_loss]
    found = fastloss.compare(LABELS, models, losses, groups=GROUPS, delta=0.5)
    assert [one.loss for one in found[::3]] == ["mse_loss", "ndcg(k=5)", "huber_loss(delta=0.5)"]
    assert [one.models for one in found[:3]] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[1].values[1] == 0.0
    assert found[0].difference == pytest.approx(found[1].difference - found[2].difference, rel=1e-12)


def test_what_does_not_differ():
    same = compare(LABELS, {"a": A, "b": A}, "mse_loss")
    assert same[3:7] == (0.0, 0.0, 0.0, 0.0)
    assert same.p_value == 1.0
    shifted = compare([0.0, 0.0, 0.0], {"a": [2.0, 2.0, 2.0], "b": [1.0, 1.0, 1.0]}, "l1_loss")
    assert (shifted.low, shifted.high, shifted.p_value) == (-1.0, -1.0, 0.0)
    same = compare(LABELS, {"a": A, "b": A}, "auc")
    assert (same.difference, same.standard_error, same.p_value) == (0.0, 0.0, 1.0)


def test_one_row_and_none():
    one = compare([0.0], {"a": [1.0], "b": [2.0]}, "mse_loss")
    assert one.values == (1.0, 4.0)
    assert one.difference == 3.0
    assert math.isnan(one.p_value)
    none = compare([], {"a": [], "b": []}, "mse_loss")
    assert math.isnan(none.difference)
    single = compare([0, 1], {"a": [0.0, 1.0], "b": [1.0, 0.0]}, "auc")
    assert single.values == (1.0, 0.0)
    assert math.isnan(single.standard_error)  # one row of each class
    nothing = compare([1, 1], {"a": [0.0, 1.0], "b": [1.0, 0.0]}, "auc")
    assert math.isnan(nothing.difference)


def test_infinities_and_nan():
    scores = A.copy()
    scores[3] = np.inf
    found = compare(LABELS, {"a": scores, "b": B}, "mse_loss")
    assert found.values[0] == -found.difference == math.inf
    assert math.isnan(found.standard_error)
    scores[3] = np.nan
    for loss in ("mse_loss", "auc", "pairwise_logistic_loss"):
        found = compare(LABELS, {"a": scores, "b": B}, loss)
        assert math.isnan(found.values[0])
        assert math.isnan(found.difference)
        assert math.isfinite(found.values[1])


@pytest.mark.parametrize("loss", ["mse_loss", "auc", "pairwise_logistic_loss"])
@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e300])
def test_weights_of_any_size(loss, scale):
    weights = np.ldexp(1.0, RNG.integers(0, 5, N))
    scaled = weights * np.float64(scale)
    for words in ({}, {"groups": GROUPS}):
        found = compare(LABELS, {"a": A, "b": B}, loss, sample_weight=scaled, **words)
        wanted = compare(
            LABELS, {"a": A, "b": B}, loss, sample_weight=scaled / scaled.max() if scale > 1.0 else weights, **words
        )
        rel = 1e-9 if scale > 1e-300 else 1e-2  # subnormal numbers have few digits
        assert found.difference == pytest.approx(wanted.difference, rel=rel)
        assert found.standard_error == pytest.approx(wanted.standard_error, rel=rel)


def test_tables_of_arrow():
    pyarrow = pytest.importorskip("pyarrow")
    found = compare(LABELS, pyarrow.table({"a": A, "b": B}), "mse_loss")
    assert found == compare(LABELS, {"a": A, "b": B}, "mse_loss")


def test_tables():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"old": A, "new": B})
    found = compare(pandas.Series(LABELS), table, "mse_loss", groups=pandas.Series(GROUPS))
    assert found.models == ("old", "new")
    assert found[2:] == compare(LABELS, {"old": A, "new": B}, "mse_loss", groups=GROUPS)[2:]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"models": {"a": A}}, ValueError, "models has 1 name: expected at least 2"),
        ({"models": [A, B]}, TypeError, "models is"),
        ({"models": {1: A, "1": B}}, ValueError, "models has 2 names, but only 1 different"),
        ({"models": {}}, ValueError, "models has no names"),
        ({"models": {"a": A, "b": B[:5]}}, ValueError, rf"models\['b'\] has 5 rows: expected {N}, as labels has"),
        ({"models": {"a": A[:5], "b": B[:5]}}, ValueError, f"labels has {N} rows: expected 5, as the models have"),
        ({"loss": "ndcg:k=10"}, ValueError, "'ndcg:k=10'; did you mean 'ndcg' with the parameter k=10?"),
        ({"loss": "ndcg@10"}, ValueError, "'ndcg@10'; did you mean 'ndcg' with the parameter k=10?"),
        ({"loss": "aucc"}, ValueError, "unknown loss or metric 'aucc'; did you mean 'auc'?"),
        ({"loss": "mse_los"}, ValueError, "unknown loss or metric 'mse_los'; did you mean 'mse_loss'"),
        ({"loss": "ndgc"}, ValueError, "unknown loss or metric 'ndgc'"),
        ({"loss": 3}, TypeError, "loss is 3"),
        ({"loss": []}, ValueError, "loss is an empty list"),
        ({"loss": "td_loss"}, TypeError, "expected a loss of scores and labels"),
        ({"delta": 1.0}, TypeError, "mse_loss: no parameter 'delta'"),
        ({"loss": functools.partial(metrics.ndcg, groups=GROUPS)}, TypeError, "groups is given with a loss"),
        ({"level": 1.0}, ValueError, "level is 1"),
        ({"method": "delong"}, ValueError, "method is 'delong'"),
        ({"resamples": 1}, ValueError, "resamples is 1"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"groups": GROUPS, "offsets": [0, N]}, ValueError, "groups and offsets are both given"),
        ({"groups": GROUPS[:9]}, ValueError, "groups has shape"),
        ({"sample_weight": -WEIGHTS}, ValueError, "sample_weight"),
    ],
)
def test_errors(change, error, message):
    words = {"labels": LABELS, "models": {"a": A, "b": B}, "loss": "mse_loss", **change}
    with pytest.raises(error, match=message):
        fastloss.compare(**words)


def covers(make, loss, truth, repetitions=400, **words):
    """Of so many samples, how many intervals hold the true difference."""
    found = 0
    for seed in range(repetitions):
        labels, models, groups = make(np.random.default_rng(seed))
        one = compare(labels, models, loss, groups=groups, **words)
        found += one.low <= truth <= one.high
    return found


@pytest.mark.slow
def test_intervals_cover_the_difference_of_few_groups():
    """Within what the binomial distribution of 400 times 95 percent allows, 380 and three standard deviations."""

    def make(rng):
        groups = np.repeat(np.arange(12), 5)
        labels, effect = rng.standard_normal(60), rng.standard_normal(12)[groups]
        return (
            labels,
            {"a": labels + rng.standard_normal(60), "b": labels + 0.8 * effect + 0.6 * rng.standard_normal(60)},
            groups,
        )

    assert 367 <= covers(make, "mse_loss", 0.0) <= 393


@pytest.mark.slow
def test_intervals_cover_the_difference_of_areas():
    truth = 0.5 * math.erfc(-0.5 * 0.8) - 0.5 * math.erfc(-0.5)  # normal scores, one and 0.8 standard deviations apart

    def make(rng):
        labels = np.arange(200) % 2
        shared = rng.standard_normal(200)
        a, b = (0.6 * shared + 0.8 * rng.standard_normal(200) for _ in range(2))
        return labels, {"a": a + labels, "b": b + 0.8 * labels}, None

    assert 367 <= covers(make, "auc", truth) <= 393
