"""Hinges and counts of pairs from both sides sorted, against every pair."""

import numpy as np
import pytest

import fastloss
from fastloss.core.requests import Wanted
from fastloss.pairs.metrics import INVERSIONS, SIGNS
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pairwise import pairwise_hinge_loss, pairwise_squared_hinge_loss
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import cpu, merge, order, partition

HINGES = pairwise_hinge_loss.formulas, pairwise_squared_hinge_loss.formulas
COUNTS = INVERSIONS, SIGNS
EACH_ROW = Wanted(value=True, each=True, gradient=True, curvature=True)


def draw(name, size, rng):
    """Scores of some kind, in both precisions."""
    kinds = {
        "normal": lambda: rng.normal(size=size),
        "ties": lambda: rng.integers(-3, 4, size) / 4.0,
        "equal": lambda: np.zeros(size),
        "signed zeros": lambda: rng.choice([-0.0, 0.0, 0.25], size),
        "far from 0": lambda: 1e8 + rng.normal(size=size),
        "rising": lambda: np.arange(size) / 7.0,
        "outlier": lambda: np.append(rng.normal(size=size - 1), -1e30),
        "neighbours": lambda: 1.0 + rng.integers(0, 200, size) * 2.0**-52,  # in float32 all are equal
        "neighbours and an outlier": lambda: np.append(1.0 + rng.integers(0, 200, size - 1) * 2.0**-52, -1e300),
        "of all sizes": lambda: rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(-18.0, 18.0, size),
    }
    with np.errstate(over="ignore"):
        return np.clip(kinds[name](), -3e38, None)


CASES = [
    *((kind, 0.3) for kind in ("normal", "ties", "equal", "signed zeros", "far from 0", "rising", "of all sizes")),
    *((kind, 0.3) for kind in ("outlier", "neighbours", "neighbours and an outlier")),
    *(("normal", share) for share in (0.02, 0.9)),
]


def every_pair(formulas, scores, weights, is_source, is_target, parameters):
    """Each row's loss as target and its two derivatives, in higher precision; and the loss."""
    margin, orientation = parameters
    x = orientation * scores.astype(np.longdouble)
    w = np.ones(scores.size) if weights.size == 0 else weights.astype(np.longdouble)
    gap = orientation * (scores.astype(np.float64)[:, None] - scores.astype(np.float64)[None, :])
    pair = np.where(is_target[:, None] & is_source[None, :], w[:, None] * w[None, :], 0.0)
    if formulas.signed:
        return float((pair * np.sign(gap)).sum()), None
    if formulas.power == 0:
        return float((pair * (gap < margin)).sum()), None
    d = margin - (x[:, None] - x[None, :])
    counts = np.where(margin - gap >= 0.0, pair, 0.0)
    d = np.where(counts > 0.0, d, 0.0)
    power = formulas.power
    slopes = counts * power * d ** (power - 1) * orientation
    bends = counts * (2.0 if power == 2 else 0.0)
    each = (counts * d**power).sum(axis=1)
    rows = each, slopes.sum(axis=0) - slopes.sum(axis=1), bends.sum(axis=0) + bends.sum(axis=1)
    return float(each.sum()), [row.astype(np.float64) for row in rows]


@pytest.fixture(params=["whole", "in buckets"])
def cut(request, monkeypatch):
    """Nodes as they are, and ones that is cut into buckets, blocks and ranges as large ones are."""
    if request.param == "in buckets":
        monkeypatch.setattr(partition, "LARGE", 1 << 8)
        monkeypatch.setattr(partition, "SAMPLED", 1)
        monkeypatch.setattr(order, "UNIT", 16)
        monkeypatch.setattr(merge, "WALKED", 16)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "share"), CASES)
@pytest.mark.parametrize("formulas", HINGES + COUNTS, ids=lambda formulas: formulas.name)
def test_a_node_against_every_pair(formulas, kind, dtype, weighted, share, cut):
    rng = np.random.default_rng(3)
    scores = draw(kind, 300, rng).astype(dtype)
    labels = (rng.random(300) < share).astype(np.float64)
    weights = 10.0 ** rng.uniform(-6.0, 6.0, 300) * (rng.random(300) < 0.9) if weighted else np.empty(0)
    node = Node(10, 290, (0.0, 0.0), (1.0, 1.0), float(scores.min()), float(scores.max()))
    rows = Columns(scores, labels, weights)
    before = [column.copy() for column in rows]
    inside = (np.arange(300) >= 10) & (np.arange(300) < 290)
    for parameters in (Parameters(0.25 if formulas.power else 0.0), Parameters(0.0, -1.0)):
        value, each = every_pair(formulas, scores, weights, inside & (labels == 0), inside & (labels == 1), parameters)
        tolerance = {"rel": 1e-12, "abs": 0.0}
        if formulas.signed:  # a difference
            tolerance["abs"] = 1e-14 * float(np.sum(weights) ** 2) if weighted else 0.0
        empty = Results(*[np.empty(0)] * 3)
        alone = cpu.sums(formulas, [node], rows, parameters, Wanted(value=True), empty)[0]
        assert alone == pytest.approx(value, **tolerance)
        if each is not None:
            results = Results.zeros(300, EACH_ROW)
            together = cpu.sums(formulas, [node], rows, parameters, EACH_ROW, results)[0]
            assert together == pytest.approx(value, **tolerance)
            assert together == pytest.approx(alone, rel=1e-13, abs=0.0)
            for found, expected in zip(results, each, strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0.0)
    for column, old in zip(rows, before, strict=True):
        np.testing.assert_array_equal(column, old)


@pytest.mark.parametrize("formulas", HINGES, ids=lambda formulas: formulas.name)
def test_rows_may_be_on_both_sides(formulas):
    rng = np.random.default_rng(4)
    scores, labels = rng.normal(size=50), rng.integers(0, 3, 50).astype(np.float64)
    node, parameters = Node(0, 50, (1.0, 1.0), (1.0, 1.0), -5.0, 5.0), Parameters(0.5)
    results = Results.zeros(50, EACH_ROW)
    value = cpu.sums(formulas, [node], Columns(scores, labels, np.empty(0)), parameters, EACH_ROW, results)[0]
    total, each = every_pair(formulas, scores, np.empty(0), labels == 1, labels == 1, parameters)
    assert value == pytest.approx(total, rel=1e-13)
    np.testing.assert_allclose(results.gradient, each[1], rtol=1e-12, atol=1e-12)  # differences
    np.testing.assert_allclose(results.curvature, each[2], rtol=1e-12)


@pytest.mark.parametrize("labels", [0.0, 1.0, 2.0])
def test_a_side_without_rows(labels):
    rows = Columns(np.arange(5.0), np.full(5, labels), np.empty(0))
    node, empty = Node(0, 5, (0.0, 0.0), (1.0, 1.0), 0.0, 4.0), Node(2, 2, (0.0, 0.0), (1.0, 1.0), 0.0, 0.0)
    for formulas in HINGES + COUNTS:
        wanted = EACH_ROW if formulas.power else Wanted(value=True)
        results = Results.zeros(5, wanted)
        np.testing.assert_array_equal(cpu.sums(formulas, [node, empty], rows, Parameters(0.0), wanted, results), 0.0)
        assert not any(result.any() for result in results)


def test_nodes_may_share_a_range_of_rows():
    rng = np.random.default_rng(5)
    scores, labels = rng.normal(size=400), rng.integers(0, 4, 400).astype(np.float64)
    sides = ((0.0, 0.0), (1.0, 1.0)), ((2.0, 2.0), (3.0, 3.0))
    nodes = [Node(0, 400, *side, -5.0, 5.0, 2.0) for side in sides]
    results = Results.zeros(400, EACH_ROW)
    found = cpu.sums(HINGES[1], nodes, Columns(scores, labels, np.empty(0)), Parameters(1.0), EACH_ROW, results)
    gradient = np.zeros(400)
    for loss, (low, high) in zip(found, sides, strict=True):
        on_sides = labels == low[0], labels == high[0]
        value, each = every_pair(HINGES[1], scores, np.empty(0), *on_sides, Parameters(1.0))
        assert loss == pytest.approx(value, rel=1e-13)
        gradient += 2.0 * each[1]
    np.testing.assert_allclose(results.gradient, gradient, rtol=1e-12)


def test_units_are_sorted_although_bits_are_left_out():
    """Whole numbers of a score and a place have 64 bits: neighbours beside an outlier differ in none that are kept."""
    rng = np.random.default_rng(6)
    scores = np.append(1.0 + rng.integers(0, 1000, 5000) * 2.0**-52, [-1e300, 1e300])
    parts = partition.Partition(np.empty((0, 4)), np.empty(0), np.empty((0, 2)), np.array([0, 5002, 5002]), 1)
    found = order.ordered(partition.Apart(scores, np.empty(0)), order.units_of(parts), True)
    np.testing.assert_array_equal(found.places, np.argsort(scores, kind="stable"))
    np.testing.assert_array_equal(found.scores, np.sort(scores))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_buckets_are_in_the_order_of_scores(sign):
    rng = np.random.default_rng(7)
    scores, labels = rng.normal(size=100_000), rng.integers(0, 3, 100_000).astype(np.float64)
    rows = Columns(scores, labels, labels + 1.0)
    node = Node(0, scores.size, (0.0, 0.0), (2.0, 2.0), -9.0, 9.0)
    parts = partition.partition([node], rows, sign, partition.MANY)
    apart = partition.scattered(rows, sign, parts)
    for side, label in enumerate((0.0, 2.0)):
        begin, end = parts.sides[side], parts.sides[side + 1]
        assert (apart.weights[begin:end] == label + 1.0).all()
        np.testing.assert_array_equal(np.sort(apart.scores[begin:end]), np.sort(sign * scores[labels == label]))
    filled = np.flatnonzero(np.diff(parts.starts))
    assert filled.size > partition.MANY  # of twice as many
    lows = np.minimum.reduceat(apart.scores, parts.starts[filled])
    highs = np.maximum.reduceat(apart.scores, parts.starts[filled])
    assert (np.sort(highs[filled < partition.MANY])[:-1] < lows[filled < partition.MANY][1:]).all()


@pytest.mark.compiled
def test_the_value_is_that_beside_the_gradient():
    rng = np.random.default_rng(8)
    scores, labels = rng.normal(size=100_000), rng.integers(0, 4, 100_000)
    for loss in (fastloss.pairwise_hinge_loss, fastloss.pairwise_squared_hinge_loss):
        for weights in (None, rng.random(100_000)):
            value = loss(scores, labels, sample_weight=weights)
            assert value == pytest.approx(loss.value_and_grad(scores, labels, sample_weight=weights)[0], rel=1e-13)


@pytest.mark.compiled
def test_bits_do_not_depend_on_threads():
    rng = np.random.default_rng(9)
    scores, labels, weights = rng.normal(size=500_000), rng.integers(0, 2, 500_000), rng.random(500_000)
    found = []
    for count in (1, 2, 3):
        with fastloss.num_threads(count):
            value, gradient = fastloss.pairwise_squared_hinge_loss.value_and_grad(scores, labels, sample_weight=weights)
            found.append(
                (
                    fastloss.pairwise_hinge_loss(scores, labels),
                    fastloss.auc(scores, labels),
                    fastloss.auc(scores, labels, sample_weight=weights),
                    value,
                    gradient.tobytes(),
                )
            )
    assert len(set(found)) == 1


def test_squares_that_overflow_are_infinite_however_many_scores_are_tied():
    scores, labels = np.repeat([-1.7e308, 1.7e308], 2048), np.arange(4096) % 2
    for method in ("fast", "direct"):
        assert np.isposinf(fastloss.pairwise_squared_hinge_loss(scores, labels, method=method))
