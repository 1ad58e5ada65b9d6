"""Histograms: exact counts whatever the batches, and bars that hold all numbers."""

import math

import numpy as np
import pytest

from fastloss.cli.page.histograms import Histogram, grid, histogram, less, octave_grid, together

RNG = np.random.default_rng(1)
SETS = {
    "normal": RNG.normal(size=5000),
    "float32": RNG.normal(size=100).astype(np.float32),
    "far from 0": 1000.0 + RNG.normal(size=1000),
    "magnitudes": RNG.choice([-1.0, 1.0], 3000) * 10.0 ** RNG.uniform(-300, 300, 3000),
    "one number": np.full(7, 3.0),
    "zeros": np.array([0.0, -0.0, 0.0]),
    "edges": np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.0]),
    "largest": np.array([1.7e308, -1.7e308, 1.0]),
    "smallest": np.array([5e-324, -5e-324, 1e-310]),
    "a sentinel": np.append(RNG.normal(size=3000), [-1e9] * 2),
    "some that are no numbers": np.array([np.nan, np.inf, -np.inf, 1.0, 2.0, np.nan]),
    "none": np.empty(0),
}


@pytest.mark.parametrize("name", SETS)
def test_counts_of_bars(name):
    numbers = np.asarray(SETS[name], np.float64)
    found, finite = histogram(numbers), numbers[np.isfinite(numbers)]
    assert (found.count, found.nans) == (finite.size, np.isnan(numbers).sum())
    assert found.infinite == np.isinf(numbers).sum()
    bars = found.bars(grid(found))
    assert bars.counts.sum() + bars.below + bars.above == finite.size
    assert bars.below + bars.above <= 0.004 * finite.size + 1e-9
    # an oracle: NumPy's histogram, but that negative numbers at an edge belong to the bar below it, as -1 to (-2, -1]
    edges = bars.edges
    for k, count in enumerate(bars.counts.tolist()):
        low, high = edges[k], edges[k + 1]
        inside = (finite > low) & (finite <= high) if high <= 0.0 else (finite >= low) & (finite < high)
        if k == 0 and low < 0.0:
            inside |= finite == low
        if k == bars.counts.size - 1 and high > 0.0:
            inside |= finite == high
        if name == "smallest":  # those of a magnitude below 1e-310 count as 0
            inside = np.full(finite.size, low == 0.0)
        elif high == 0.0 and bars.edges[-1] > 0.0:
            inside &= finite != 0.0
        assert count == np.count_nonzero(inside), (low, high)


def test_any_batches_make_the_same_bins():
    numbers = SETS["magnitudes"]
    whole = histogram(numbers).bins()
    for size in (1, 7, 1000):
        some = Histogram()
        for start in range(0, numbers.size, size):
            some.add(numbers[start : start + size])
        merged = together([histogram(numbers[size:]), histogram(numbers[:size])])
        for found in (some, merged):
            for one, other in zip(found.bins(), whole, strict=True):
                np.testing.assert_array_equal(one, other)
            assert (found.low, found.high) == (numbers.min(), numbers.max())


@pytest.mark.parametrize("name", ["normal", "far from 0", "magnitudes", "a sentinel", "edges"])
def test_quantiles(name):
    numbers = SETS[name]
    shares = (0.0, 0.01, 0.25, 0.5, 0.9, 1.0)
    expected = np.quantile(numbers, shares, method="inverted_cdf")
    np.testing.assert_allclose(histogram(numbers).quantiles(shares), expected, rtol=1.0 / 1024)


def test_quantiles_of_nothing():
    assert math.isnan(histogram(np.array([np.nan])).quantiles((0.5,))[0])


def test_octaves():
    found = histogram(np.array([0.0, 1.0, -1.5, 2.0, -3.999, 4.0, 2.0**-30]))
    bars = found.octaves(octave_grid(found))
    by_edge = dict(zip(bars.edges.tolist(), bars.counts.tolist(), strict=False))
    assert (by_edge[1.0], by_edge[2.0], by_edge[4.0], by_edge[2.0**-30]) == (2, 2, 1, 1)
    assert bars.counts.sum() == 6
    assert found.zeros == 1


def test_a_few_octaves_of_many():
    found = histogram(np.array([1e-200, 1.0, 1.5]))
    bars = found.octaves(octave_grid(found))
    assert (bars.counts.size, bars.below, bars.counts.sum()) == (40, 1, 2)


def test_bars_are_few_and_their_edges_are_multiples_of_a_power_of_two():
    for name, numbers in SETS.items():
        bars = grid(histogram(np.asarray(numbers, np.float64)))
        assert 1 <= bars.stop - bars.start <= 48, name
        assert math.frexp(bars.width)[0] == 0.5, name
        assert np.isfinite(bars.edges).all(), name


def test_differences_of_rounding_are_none():
    one = np.array([1.0, 1.0, 0.0, 1e300, np.nan, np.inf])
    other = np.array([1.0 + 1e-15, 1.0 + 1e-9, 1e-300, -1e300, 1.0, 1.0])
    expected = [0.0, other[1] - 1.0, 1e-300, -2e300, np.nan, -np.inf]
    np.testing.assert_array_equal(less(one, other), expected)
