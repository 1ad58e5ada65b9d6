"""The fast methods for pairs of scores against sums over every pair in extended precision, row by row."""

import numba
import numpy as np
import pytest

import fastloss
from fastloss.engines import halving
from fastloss.engines.cpu import pairs as engine

RNG = np.random.default_rng(7)
SIZE = 120 if numba.config.DISABLE_JIT else 600
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
    return np.maximum(d, 0), -(d > 0).astype(np.longdouble)


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
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * max(np.abs(expected).max(initial=0), 1e-300))


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
    if labels != "binary" and pairs == "all" and name not in ("pairwise_logistic_loss", "pairwise_exponential_loss"):
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


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="one thread only")
def test_bits_do_not_depend_on_threads():
    scores, labels = RNG.normal(size=200_000), RNG.integers(0, 2, 200_000)
    threads = numba.get_num_threads()
    for name in FORMULAS:
        loss = getattr(fastloss, name)
        many = loss.value_and_grad(scores, labels)
        numba.set_num_threads(1)
        try:
            one = loss.value_and_grad(scores, labels)
        finally:
            numba.set_num_threads(threads)
        assert many[0] == one[0]
        np.testing.assert_array_equal(many[1], one[1])


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


def test_the_oracle_sees_a_wrong_row():
    """The checker: a gradient that is off by 1e-12 in one row does not pass."""
    labels = POSITIVE.astype(float)
    _, first, second = by_every_pair(logistic, SCORES["normal"], labels, None, 1.0)
    grad = (first + second).astype(float)
    grad[5] *= 1.0 + 1e-12
    assert error(grad, first + second) > 1e-13
