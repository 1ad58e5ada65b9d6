"""Sums over rows on both sides of an edge, against every pair."""

import numpy as np
import pytest

from fastloss.core.requests import Wanted
from fastloss.pairs.pairwise import pairwise_hinge_loss, pairwise_squared_hinge_loss
from fastloss.pairs.records import Columns
from fastloss.pairs.thresholds import edges

HINGES = pairwise_hinge_loss.formulas, pairwise_squared_hinge_loss.formulas
EDGES = np.array([-1e300, -7.0, -1.0, -0.0, 5e-324, 0.3, 1.0, 1.0 + 2.0**-52, 2.0**53, 1e300])


@pytest.mark.parametrize("margin", [0.0, 1e-300, 0.5, 1.0, 1e16, 1e308])
def test_a_cutoff_is_the_last_score_for_which_a_splitter_counts(margin):
    found = edges.cutoffs(EDGES, margin)
    assert found.dtype == np.float64 and (np.diff(found) >= 0.0).all()
    with np.errstate(over="ignore"):
        after = np.nextafter(found, np.inf)
        assert (margin - (found - EDGES) >= 0.0).all()
        assert (margin - (after - EDGES) < 0.0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("formulas", HINGES, ids=lambda formulas: formulas.name)
def test_both_sides_of_an_edge(formulas, weighted, dtype):
    """Each slope of sources above 2 and targets whose threshold lies below it; no sums where there is no row."""
    rng = np.random.default_rng(2)
    margin, edge, size = 0.75, 2.0, 9_000  # more than one chunk
    sources = (edge + rng.exponential(size=size)).astype(dtype)
    targets = (edge + margin - 1e-3 - rng.exponential(size=size)).astype(dtype)
    both = np.append(sources, targets)
    weights = 10.0 ** rng.uniform(-6.0, 6.0, 2 * size) * (rng.random(2 * size) < 0.9) if weighted else np.empty(0)
    halves = np.array([[0, size], [size, 2 * size]])
    table = edges.totals(both, weights, halves, np.array(edges.summed_at(edge, edge, margin)))
    w = weights if weighted else np.ones(2 * size)
    for own, d in (
        (slice(0, size), sources - np.longdouble(edge)),
        (slice(size, None), margin - (targets - np.longdouble(edge))),
    ):
        d = d.astype(np.longdouble)
        exact = [float((w[own] * d**power).sum()) for power in range(3)]
        np.testing.assert_allclose(table[0 if own.start == 0 else 1], exact, rtol=1e-13)
    rows = Columns(both, np.repeat([0.0, 1.0], size), weights)
    gradient = np.ones(2 * size)
    edges.add_slopes(formulas, rows, table[::-1].copy(), edges.met_at(edge, edge, margin), 0.5, gradient)
    for at in (0, 17, size - 1):  # of each kind
        d = margin - (targets.astype(np.longdouble) - sources[at])
        slope = formulas.power * (w[size:] * d ** (formulas.power - 1)).sum()
        assert gradient[at] - 1.0 == pytest.approx(float(0.5 * w[at] * slope), rel=1e-9)
        d = margin - (np.longdouble(targets[at]) - sources)
        slope = formulas.power * (w[:size] * d ** (formulas.power - 1)).sum()
        assert gradient[size + at] - 1.0 == pytest.approx(-float(0.5 * w[size + at] * slope), rel=1e-9)
    untouched = np.zeros(2 * size)
    nowhere = edges.met_at(np.inf, np.inf, margin)
    edges.add_slopes(formulas, rows, np.zeros((2, 3)), nowhere, 1.0, untouched)
    assert not untouched.any()


@pytest.mark.parametrize("levels", [1, 2, 5, 40])
@pytest.mark.parametrize("formulas", HINGES, ids=lambda formulas: formulas.name)
def test_within_a_range(formulas, levels):
    """Rows that are sources only, targets only, or both."""
    rng = np.random.default_rng(3)
    size, margin = 400, 0.5
    scores, codes = rng.normal(size=size), rng.integers(0, 2 * levels, size)
    rows, counts = Columns(scores, codes.astype(np.float64), np.empty(0)), np.bincount(codes, minlength=2 * levels)
    loss, gradient = edges.within(formulas, rows, counts, margin, Wanted(value=True, gradient=True), 0.25)
    is_pair = (codes[:, None] >= levels) & (codes[None, :] < levels) & (codes[:, None] - levels > codes[None, :])
    d = margin - (scores[:, None] - scores[None, :])
    is_pair &= d >= 0.0
    slope = np.where(is_pair, formulas.power * d ** (formulas.power - 1), 0.0)
    assert loss == pytest.approx(np.where(is_pair, d**formulas.power, 0.0).sum(), rel=1e-12)
    np.testing.assert_allclose(gradient, 0.25 * (slope.sum(0) - slope.sum(1)), rtol=1e-12, atol=0.0)
