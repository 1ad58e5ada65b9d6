"""The fast methods for pairs of scores against sums over every pair in extended precision, row by row."""

import numpy as np
import pytest

import fastloss
from fastloss.compile.kernels import INTERPRETED
from fastloss.pairs import cpu as engine
from fastloss.pairs import differences, halving
from fastloss.pairs.records import Columns
from fastloss.pairs.thresholds import sums as thresholds

RNG = np.random.default_rng(7)
SIZE = 120 if INTERPRETED else 600
POSITIVE = RNG.random(SIZE) < 0.4

SCORES = {
    "normal": 3.0 * RNG.normal(size=SIZE),
    "cauchy": RNG.standard_cauchy(SIZE),
    "bimodal": np.where(RNG.random(SIZE) < 0.5, 0.0, 1e6) + RNG.normal(size=SIZE),
    "equal": np.full(SIZE, 3.25),
    "outlier": np.append(1e300, RNG.normal(size=SIZE - 1)),
    "denormal": RNG.normal(size=SIZE) * 1e-310,
    "offset": 1e8 + RNG.normal(size=SIZE),
    "integers": RNG.integers(-5, 6, SIZE).astype(float),
    "wide": 1e5 * RNG.normal(size=SIZE),
    "rising": np.sort(RNG.normal(size=SIZE)),
    "falling": np.sort(RNG.normal(size=SIZE))[::-1].copy(),
    "well ranked": np.where(POSITIVE, 30.0, 0.0) + RNG.normal(size=SIZE),
}
WEIGHTS = {"none": None, "twelve orders": 10.0 ** RNG.uniform(-6, 6, SIZE)}


def logistic(gap, sigma):
    x = sigma * gap
    e = np.exp(-np.abs(x))
    return np.maximum(-x, 0) + np.log1p(e), -sigma * np.where(x < 0, 1 / (1 + e), e / (1 + e))


def hinge(gap, margin):
    d = margin - gap
    return np.maximum(d, 0), -(d >= 0).astype(np.longdouble)  # at the kink as PyTorch's margin_ranking_loss


def squared_hinge(gap, margin):
    d = np.maximum(margin - gap, 0)
    return d * d, -2 * d


def exponential(gap, sigma):
    e = np.exp(-sigma * gap)
    return e, -sigma * e


FORMULAS = {
    "pairwise_logistic_loss": (logistic, "sigma", 1e-13),
    "pairwise_hinge_loss": (hinge, "margin", 1e-12),
    "pairwise_squared_hinge_loss": (squared_hinge, "margin", 1e-12),
    "pairwise_exponential_loss": (exponential, "sigma", 1e-12),
}


def by_every_pair(formula, scores, labels, weights, number):
    """Each row's loss as first item, and the gradient of the sum, in extended precision."""
    s = scores.astype(np.longdouble)
    w = np.ones(s.size, np.longdouble) if weights is None else weights.astype(np.longdouble)
    with np.errstate(all="ignore"):
        loss, slope = formula(s[:, None] - s[None, :], np.longdouble(number))
    pairs = (labels[:, None] > labels[None, :]) * (w[:, None] * w[None, :])
    counted = pairs > 0
    loss, slope = np.where(counted, loss, 0) * pairs, np.where(counted, slope, 0) * pairs
    return loss.sum(1), slope.sum(1), -slope.sum(0)


def error(found, expected):
    """The largest relative error of any row; what is below the smallest normal number counts as 0."""
    expected = np.asarray(expected, np.longdouble)
    with np.errstate(all="ignore"):
        wrong = np.abs(found - expected) / np.maximum(np.abs(expected), np.longdouble(1e-290))
    return float(np.where(found == expected, 0, wrong).max())


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("name", FORMULAS)
def test_every_row_is_right(name, scores, weights):
    """With two labels every row is first or second item, never both, so that its gradient cannot cancel."""
    formula, parameter, allowed = FORMULAS[name]
    s, w = SCORES[scores], WEIGHTS[weights]
    if name == "pairwise_exponential_loss" and np.ptp(s) > 600:
        pytest.skip("overflows by definition")
    if name == "pairwise_squared_hinge_loss" and scores == "outlier":
        pytest.skip("the square of 1e300 overflows by definition")
    labels = POSITIVE.astype(float)
    loss, first, second = by_every_pair(formula, s, labels, w, 1.0)
    options = {"sample_weight": w, "reduction": "none", "method": "fast", parameter: 1.0}
    each, grad = getattr(fastloss, name).value_and_grad(s, labels, **options)
    assert error(each, loss) <= allowed
    assert error(grad, first + second) <= allowed
    assert getattr(fastloss, name)(s, labels, **{**options, "reduction": "sum"}) == pytest.approx(
        float(loss.sum()), rel=allowed
    )


@pytest.mark.parametrize("sigma", [1e-3, 0.3, 1.0, 7.0, 1e3])
def test_every_steepness(sigma):
    labels = POSITIVE.astype(float)
    loss, first, second = by_every_pair(logistic, SCORES["normal"], labels, None, sigma)
    each, grad = fastloss.pairwise_logistic_loss.value_and_grad(
        SCORES["normal"], labels, sigma=sigma, method="fast", reduction="none"
    )
    assert error(each, loss) <= 1e-13 and error(grad, first + second) <= 1e-13


@pytest.mark.parametrize("margin", [1e-3, 0.1, 50.0])
@pytest.mark.parametrize("scores", ["normal", "offset", "integers"])
def test_every_margin(scores, margin):
    labels = POSITIVE.astype(float)
    loss, first, second = by_every_pair(squared_hinge, SCORES[scores], labels, None, margin)
    each, grad = fastloss.pairwise_squared_hinge_loss.value_and_grad(
        SCORES[scores], labels, margin=margin, method="fast", reduction="none"
    )
    assert error(each, loss) <= 1e-12 and error(grad, first + second) <= 1e-12


LOSSES = [*FORMULAS, "soft_pairwise_loss"]
LABELS = {
    "binary": POSITIVE.astype(np.int64),
    "graded": RNG.integers(0, 5, SIZE),
    "real": RNG.normal(size=SIZE),
}


def close(found, expected):
    """Parts of a row's gradient may cancel: errors count against the largest row."""
    largest = np.nanmax(np.abs(expected), initial=1e-300)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * largest)


@pytest.mark.parametrize(
    "reduction", ["mean", *(pytest.param(name, marks=pytest.mark.slow) for name in ("sum", "none", "per_group"))]
)
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("pairs", ["ordered", "all"])
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", LOSSES)
def test_both_methods_agree(name, labels, pairs, grouped, reduction, monkeypatch):
    monkeypatch.setattr(halving, "LEAF", 32)
    loss = getattr(fastloss, name)
    options = {"reduction": reduction, "with_counts": True}
    if name == "soft_pairwise_loss":
        if pairs == "ordered":
            pytest.skip("has one form")
    else:
        options["pairs"] = pairs
    if labels != "binary" and name == "soft_pairwise_loss":
        pytest.skip("takes two labels")
    if grouped:
        options |= {"groups": RNG.integers(0, 3, SIZE), "sample_weight": RNG.random(SIZE)}
    arguments = SCORES["normal"], LABELS[labels]
    fast = loss.value_and_grad(*arguments, **options, method="fast")
    direct = loss.value_and_grad(*arguments, **options, method="direct")
    for found, expected in zip(fast, direct, strict=True):
        close(found, expected)
    if loss.has_curvature:
        options.pop("with_counts")
        for found, expected in zip(
            loss.grad_hess(*arguments, **options, method="fast"),
            loss.grad_hess(*arguments, **options, method="direct"),
            strict=True,
        ):
            close(found, expected)


def test_auto_gives_each_group_its_method(monkeypatch):
    monkeypatch.setattr(engine, "FEWEST", 100)
    sizes = [3, engine.FEWEST + 5, 40, 0, engine.FEWEST, 7]
    offsets = np.append(0, np.cumsum(sizes))
    scores, labels = RNG.normal(size=offsets[-1]), RNG.integers(0, 3, offsets[-1])
    loss = fastloss.pairwise_logistic_loss
    options = {"offsets": offsets, "reduction": "per_group"}
    together = loss.value_and_grad(scores, labels, **options)
    for found, expected in zip(together, loss.value_and_grad(scores, labels, **options, method="direct"), strict=True):
        close(found, expected)
    shuffled = RNG.permutation(scores.size)
    ids = np.repeat(np.arange(6), sizes)[shuffled]
    value, grad = loss.value_and_grad(scores[shuffled], labels[shuffled], groups=ids, reduction="per_group")
    close(value, together[0][np.array(sizes) > 0])
    close(grad, together[1][shuffled])


@pytest.mark.compiled
def test_bits_do_not_depend_on_threads():
    scores, labels = RNG.normal(size=200_000), RNG.integers(0, 2, 200_000)
    for name in FORMULAS:
        loss = getattr(fastloss, name)
        results = []
        for threads in (1, 3):
            with fastloss.num_threads(threads):
                results.append(loss.value_and_grad(scores, labels))
        assert results[0][0] == results[1][0]
        np.testing.assert_array_equal(results[0][1], results[1][1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", FORMULAS)
def test_scores_that_are_not_finite(name, bad, monkeypatch):
    scores, labels = SCORES["normal"].copy(), POSITIVE.astype(float)
    scores[3] = bad
    loss = getattr(fastloss, name)
    for found, expected in zip(
        loss.value_and_grad(scores, labels, method="fast", reduction="none"),
        loss.value_and_grad(scores, labels, method="direct", reduction="none"),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    monkeypatch.setattr(halving, "MOST_DIRECT", 10)
    value, grad = loss.value_and_grad(scores, labels, method="fast")
    assert np.isnan(value) and np.isnan(grad).all()


def test_without_pairs():
    for scores, labels in (([], []), ([1.0], [0]), ([1.0, 2.0], [1, 1])):
        value, count = fastloss.pairwise_logistic_loss(scores, labels, method="fast", with_counts=True)
        assert (value, count) == (0.0, 0)


def test_float32_is_computed_in_float64():
    scores, labels = SCORES["normal"].astype(np.float32), POSITIVE.astype(np.float32)
    value, grad = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, method="fast")
    exact = fastloss.pairwise_logistic_loss.value_and_grad(scores.astype(float), labels, method="fast")
    assert grad.dtype == np.float32 and value == pytest.approx(exact[0], rel=1e-15)
    np.testing.assert_allclose(grad, exact[1], rtol=1e-6)


SLOPES = {
    "binary": POSITIVE.astype(float),
    "signs": np.where(POSITIVE, 1.0, -1.0),
    "positions": RNG.integers(-3, 4, SIZE).astype(float),
    "real": 3.0 * RNG.normal(size=SIZE),
    "zeros": np.zeros(SIZE),
}


def by_slopes(power, scores, labels, weights, margin):
    """The sum of max(0, margin - y_i (s_i - s_j))**power over every i and j, as each row's loss, gradient, curvature.

    The last is the sum of the sizes of what makes the gradient, against which it is measured. A row's pair with itself
    has no derivative.
    """
    s, y = scores.astype(np.longdouble), labels.astype(np.longdouble)
    w = np.ones(s.size, np.longdouble) if weights is None else weights.astype(np.longdouble)
    pairs = w[:, None] * w[None, :]
    lack = margin - y[:, None] * (s[:, None] - s[None, :])
    counted = lack >= 0
    lack = np.where(counted, lack, 0)
    pairs_of_two = pairs * counted * (1 - np.eye(s.size, dtype=np.longdouble))
    slope = -pairs_of_two * y[:, None] * (power * lack ** (power - 1))
    bend = pairs_of_two * (y * y)[:, None] * (2.0 if power == 2 else 0.0)
    sizes = np.abs(slope).sum(1) + np.abs(slope).sum(0)
    return (pairs * lack**power).sum(1), slope.sum(1) - slope.sum(0), bend.sum(1) + bend.sum(0), sizes


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("margin", [0.0, 1.0])
@pytest.mark.parametrize("scores", ["normal", "integers", "offset"])
@pytest.mark.parametrize("labels", SLOPES)
@pytest.mark.parametrize("power", [1, 2])
def test_literal_hinges_take_labels_as_they_stand(power, labels, scores, margin, weights):
    loss = fastloss.pairwise_hinge_loss if power == 1 else fastloss.pairwise_squared_hinge_loss
    arguments = SCORES[scores], SLOPES[labels]
    options = {"pairs": "all", "margin": margin, "sample_weight": WEIGHTS[weights], "method": "fast"}
    each, gradient, bend, sizes = by_slopes(power, *arguments, WEIGHTS[weights], margin)
    found = loss.value_and_grad(*arguments, **options, reduction="none")
    assert error(found[0], each) <= 1e-12
    assert (np.abs(found[1] - gradient) <= 1e-13 * sizes).all()
    assert loss(*arguments, **options, reduction="sum") == pytest.approx(float(each.sum()), rel=1e-13)
    if power == 2:
        first, second = loss.grad_hess(*arguments, **options, reduction="sum")
        assert (np.abs(first - gradient) <= 1e-13 * sizes).all() and error(second, bend) <= 1e-13


def test_two_rows_of_the_literal_hinge():
    """By hand, y = (2, 0), s = (1, 0), m = 3: (0,0) 3, (0,1) 3 - 2 = 1, (1,0) and (1,1) 3; slopes -2 and 2."""
    for method in ("direct", "fast"):
        value, slopes = fastloss.pairwise_hinge_loss.value_and_grad(
            [1.0, 0.0], [2, 0], pairs="all", margin=3.0, reduction="sum", method=method
        )
        assert value == 10.0 and slopes.tolist() == [-2.0, 2.0]


@pytest.mark.parametrize("method", ["direct", "fast"])
def test_slope_at_the_margin(method):
    """d = 0 has slope -1 as PyTorch's ``clamp_min`` gives it, and curvature 2 for the square."""
    options = {"method": method, "reduction": "sum"}
    slopes = fastloss.pairwise_hinge_loss.value_and_grad([1.0, 0.0, 0.0], [1, 0, 0], **options)[1]
    assert slopes.tolist() == [-2.0, 1.0, 1.0]
    slopes = fastloss.pairwise_hinge_loss.value_and_grad([1.0, 1.0], [1, 0], margin=0.0, **options)[1]
    assert slopes.tolist() == [-1.0, 1.0]
    bends = fastloss.pairwise_squared_hinge_loss.grad_hess([1.0, 0.0], [1, 0], **options)[1]
    assert bends.tolist() == [2.0, 2.0]
    assert fastloss.count_inversions([1.0, 1.0], [1, 0]) == 0  # a tie is none


def test_a_threshold_is_found_in_few_steps(monkeypatch):
    """Targets at 1e16 and a margin of 1e16: x - margin is 0, rounded by more than all the sources' spread."""
    asked = []
    monkeypatch.setattr(
        thresholds, "counts", lambda *a: asked.append(a) or thresholds.excess(a[1], a[2], a[3], a[4][a[0]]) >= 0
    )
    size = 1 << 14
    sources = np.sort(RNG.random(size))
    for x, spread in ((1e16, 1.0), (1e16 + 2.0, 1.0), (1e16 - 2.0, 1.0), (1e16, 1e-3), (1e16, 8.0), (3e16, 1e16)):
        t = spread * sources
        starts = np.empty(size // 2 + 2, np.int64)
        thresholds.index_starts(t, starts)
        asked.clear()
        scale = thresholds.bucket_scale(t, starts.size - 1)
        first = thresholds.first_source(x, 1e16, 1.0, t, starts, scale)
        lack = 1e16 - (x - t)
        assert first == np.count_nonzero(lack < 0) and len(asked) <= 4 * 14 + 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_exponential_loss"])
def test_all_pairs_of_many_labels(name):
    """Up to 64 labels are summed by pairs of labels; more are met one by one, with the same results."""
    loss = getattr(fastloss, name)
    labels = RNG.choice(RNG.normal(size=20), 2500)
    scores, weights = RNG.normal(size=2500), RNG.random(2500)
    options = {"pairs": "all", "sample_weight": weights}
    for reduction in ("mean", "none"):
        fast = loss.value_and_grad(scores, labels, **options, method="fast", reduction=reduction)
        direct = loss.value_and_grad(scores, labels, **options, method="direct", reduction=reduction)
        for found, expected in zip(fast, direct, strict=True):
            close(found, expected)


def test_which_all_pairs_go_by_labels():
    """The choice, at the places where it turns: labels, rows and steepness."""

    def group(labels):
        values, counts = np.unique(labels, return_counts=True)
        rows = Columns(np.empty(0), labels[::-1], np.empty(0))
        levels = halving.Levels(values, counts, counts.astype(float), True, -3.0, 3.0, True)
        return halving.Large(0, rows, None, 0, labels.size, levels)

    formulas = fastloss.pairwise_logistic_loss.formulas
    for levels, each, cheaper, expected in (
        (2, 2000, True, True),
        (64, 20000, True, True),
        (65, 20000, True, False),
        (65, 20000, False, False),
        (20, 20, True, False),
    ):
        one = group(np.repeat(np.arange(levels, dtype=float), each))
        assert differences.suits(formulas, 1.0, one, cheaper) is expected
    assert not differences.suits(formulas, 1e300, group(np.repeat([0.0, 1e10], 5000)), False)


def test_the_oracle_sees_a_wrong_row():
    """The checker: a gradient that is off by 1e-12 in one row does not pass."""
    labels = POSITIVE.astype(float)
    _, first, second = by_every_pair(logistic, SCORES["normal"], labels, None, 1.0)
    grad = (first + second).astype(float)
    grad[5] *= 1.0 + 1e-12
    assert error(grad, first + second) > 1e-13
