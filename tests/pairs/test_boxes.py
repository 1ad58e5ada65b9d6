"""Bipartite sums in boxes, one node or several, against every pair in extended precision."""

import numpy as np
import pytest

import fastloss
from fastloss.core.requests import Wanted
from fastloss.pairs.boxes import cpu as boxes
from fastloss.pairs.boxes.sums import FINE, LATTICE, SUB, turn, turned_key
from fastloss.pairs.cpu_nodes import ROWS
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.records import Columns, Results

FORMULAS = fastloss.pairwise_logistic_loss.formulas
EVERYTHING = Wanted(value=True, each=True, gradient=True, curvature=True)


def drawn(size, dtype=np.float64, spread=3.0, weighted=False, seed=0):
    rng = np.random.default_rng(seed)
    scores, labels = (spread * rng.normal(size=size)).astype(dtype), rng.integers(0, 4, size).astype(np.float64)
    return Columns(scores, labels, 10.0 ** rng.uniform(-3, 3, size) if weighted else np.empty(0))


def summed(nodes, rows, number=1.0, orientation=1.0, wanted=EVERYTHING):
    results = Results.zeros(rows.scores.size, wanted)
    losses = boxes.sums(FORMULAS, nodes, rows, Parameters(number, orientation), wanted, results)
    return losses, results


def direct(node, rows, number, orientation):
    """The loss, and of each row the loss, slope and curvature, by every pair."""
    scores, labels = rows.scores[node.begin : node.end].astype(np.longdouble), rows.labels[node.begin : node.end]
    weights = rows.weights[node.begin : node.end] if rows.weights.size else np.ones(scores.size)
    first, second = ((labels >= low) & (labels <= high) for low, high in (node.targets, node.sources))
    gaps = orientation * (scores[first][:, None] - scores[second][None, :]) * np.longdouble(number)
    pair = weights[first][:, None].astype(np.longdouble) * weights[second][None, :]
    small = np.exp(-np.abs(gaps))
    value = np.where(gaps < 0.0, -gaps, 0.0) + np.log1p(small)
    sigmoid = np.where(gaps < 0.0, 1.0, small) / (1.0 + small)
    slope = number * orientation * pair * sigmoid * node.factor
    curvature = np.longdouble(number) ** 2 * pair * small / (1.0 + small) ** 2 * node.factor
    each, slopes, curvatures = (np.zeros(scores.size, np.longdouble) for _ in range(3))
    each[first] = (pair * value).sum(1)
    slopes[first] -= slope.sum(1)
    slopes[second] += slope.sum(0)
    curvatures[first] += curvature.sum(1)
    curvatures[second] += curvature.sum(0)
    return (pair * value).sum(), each, slopes, curvatures


def require_equal(node, rows, loss, results, number, orientation):
    part = slice(node.begin, node.end)
    value, each, slopes, curvatures = direct(node, rows, number, orientation)
    assert float(abs(loss - value)) <= 1e-13 * float(value)
    np.testing.assert_allclose(results.each[part], each.astype(float), rtol=1e-13, atol=0.0)
    if node.sources != node.targets:  # else slopes are differences
        np.testing.assert_allclose(results.gradient[part], slopes.astype(float), rtol=1e-13, atol=0.0)
    else:
        np.testing.assert_allclose(results.gradient[part], slopes.astype(float), atol=1e-12 * np.abs(slopes).max())
    np.testing.assert_allclose(results.curvature[part], curvatures.astype(float), rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("orientation", [1.0, -1.0])
@pytest.mark.parametrize("number", [1.0, 0.3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_several_nodes_of_rows_some_of_which_are_on_no_side(dtype, number, orientation, weighted):
    rows = drawn(1500, dtype, weighted=weighted)
    low, high = float(rows.scores.min()), float(rows.scores.max())
    nodes = [
        Node(0, 700, (0.0, 0.0), (2.0, 3.0), low, high, 0.5),
        Node(700, 701, (1.0, 1.0), (0.0, 0.0), low, high),
        Node(720, 1100, (1.0, 2.0), (1.0, 2.0), low, high, 2.0),
        Node(1100, 1500, (3.0, 3.0), (0.0, 1.0), low, high),
    ]
    losses, results = summed(nodes, rows, number, orientation)
    for node, loss in zip(nodes, losses, strict=True):
        require_equal(node, rows, loss, results, number, orientation)
    assert not results.gradient[701:720].any()
    alone, _ = summed(nodes, rows, number, orientation, Wanted(value=True))
    np.testing.assert_array_equal(alone, losses)


@pytest.mark.parametrize("spread", [1e5, 1e9, 1e17, 1e150])  # boxes with gaps; 1e17: boxes without neighbours
def test_scores_far_apart(spread):
    rows = drawn(400, spread=spread)
    rows.scores[50:100] = rows.scores[:50]
    node = Node(0, 400, (0.0, 1.0), (2.0, 3.0), float(rows.scores.min()), float(rows.scores.max()))
    losses, results = summed([node], rows)
    require_equal(node, rows, losses[0], results, 1.0, 1.0)


def test_rows_of_several_tasks_are_the_sum_of_their_parts():
    size = 2 * ROWS + 1000
    rows = drawn(size, spread=1.0)
    rows.labels[:] = np.arange(size) % 2
    node = Node(0, size, (0.0, 0.0), (1.0, 1.0), float(rows.scores.min()), float(rows.scores.max()))
    losses, results = summed([node], rows)
    some = np.arange(0, size, 997)
    gaps = rows.scores[some, None].astype(np.longdouble) - rows.scores[None, :]
    for at, i in enumerate(some):
        other = rows.labels != rows.labels[i]
        gap = gaps[at, other] if rows.labels[i] == 1.0 else -gaps[at, other]
        slope = (1.0 / (1.0 + np.exp(gap))).sum()
        assert results.gradient[i] == pytest.approx(float(-slope if rows.labels[i] == 1.0 else slope), rel=1e-13)
    assert losses[0] == pytest.approx(results.each.sum(), rel=1e-13)


def test_an_infinite_weight_is_an_infinite_loss():
    rows = drawn(100, weighted=True)
    rows.weights[np.flatnonzero(rows.labels == 3.0)[0]] = np.inf
    node = Node(0, 100, (0.0, 0.0), (3.0, 3.0), float(rows.scores.min()), float(rows.scores.max()))
    losses, _ = summed([node], rows, wanted=Wanted(value=True))
    assert losses[0] == np.inf


def test_turning_twice_changes_nothing():
    rng = np.random.default_rng(0)
    keys = np.array([-LATTICE - 2.0, -7.0, -1.0, 0.0, 5.0, 6.0, LATTICE, LATTICE + 2.0])
    for some in (keys, keys[1:], keys[2:3]):
        polynomials = rng.normal(size=(some.size * SUB, 2, FINE))
        once = polynomials.copy()
        turn(some, once)
        twice = once.copy()
        turned = turned_key(some)[::-1]
        assert (np.diff(turned) > 0.0).all()
        turn(turned, twice)
        np.testing.assert_array_equal(twice, polynomials)
        assert (once != polynomials).any()


def test_turning_is_a_change_of_sign():
    """Moments of one row at the place u of fine box 3 of box -1, and of the negated score."""
    u, keys = 0.25, np.array([-1.0, 2.0])
    moments = np.zeros((2 * SUB, 1, FINE))
    moments[3, 0] = u ** np.arange(FINE)
    turn(keys, moments)
    assert turned_key(keys)[::-1].tolist() == [-3.0, 0.0]
    np.testing.assert_array_equal(moments[SUB + SUB - 1 - 3, 0], (-u) ** np.arange(FINE))
    assert np.count_nonzero(moments) == FINE


@pytest.mark.parametrize("number", [0.501, 0.75, 0.999, 1.0])
def test_single_pairs(number):
    """Each row has one pair: nothing hides the error of a box's polynomials, of which 8e-15 was measured."""
    rng = np.random.default_rng(1)
    for source in rng.normal(size=20):
        scores = np.append(rng.uniform(source - 3.0, source + 3.0, 200), source)
        rows = Columns(scores, np.append(np.ones(200), 0.0), np.empty(0))
        node = Node(0, 201, (0.0, 0.0), (1.0, 1.0), float(scores.min()), float(scores.max()))
        _, results = summed([node], rows, number)
        _, *expected = direct(node, rows, number, 1.0)
        for result, exact in zip(results, expected, strict=True):
            np.testing.assert_allclose(result[:200], exact[:200].astype(float), rtol=2e-14, atol=0.0)
