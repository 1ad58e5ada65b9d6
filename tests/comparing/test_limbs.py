"""Exact sums, against sums of fractions."""

from fractions import Fraction

import numpy as np
import pytest

import fastloss
from fastloss.comparing import cpu_limbs
from fastloss.comparing.cpu_limbs import PLACE

UNIT = Fraction(1, 1 << PLACE)
EXTREMES = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, -1e308]


def exact(columns):
    """The sums as fractions, in the order of `Sums`."""
    numbers = [[Fraction(x) for x in one.tolist()] for one in columns]
    products = [
        sum(a * b for a, b in zip(one, other, strict=True))
        for j, one in enumerate(numbers)
        for other in numbers[: j + 1]
    ]
    return [sum(one) for one in numbers], products


@pytest.mark.parametrize("width", [0.0, 1.0, 300.0, 700.0])
@pytest.mark.parametrize("count", [1, 3])
def test_against_fractions(count, width):
    rng = np.random.default_rng(1)
    columns = rng.standard_normal((count, 400)) * np.exp(rng.uniform(-width, width, (count, 400)))
    columns[0, : len(EXTREMES)] = EXTREMES
    columns[-1, -len(EXTREMES) :] = EXTREMES
    found, (sums, products) = cpu_limbs.sums(columns), exact(columns)
    assert [one * UNIT for one in found.columns] == sums
    assert [one * UNIT * UNIT for one in found.products] == products


def test_edges():
    assert cpu_limbs.sums(np.zeros((2, 0))) == ((0, 0), (0, 0, 0))
    largest = np.full((1, 3), 1.7976931348623157e308)
    assert cpu_limbs.sums(largest).columns[0] * UNIT == 3 * Fraction(1.7976931348623157e308)
    smallest = np.full((1, 3), 5e-324)
    assert cpu_limbs.sums(smallest) == ((3,), (3,))


@pytest.mark.slow
def test_the_same_for_any_order_parts_and_threads(monkeypatch):
    rng = np.random.default_rng(2)
    columns = rng.standard_normal((2, 3 * cpu_limbs.ROWS + 5)) * np.exp(
        rng.uniform(-40.0, 40.0, 3 * cpu_limbs.ROWS + 5)
    )
    wanted = cpu_limbs.sums(columns)
    assert cpu_limbs.sums(columns[:, ::-1]) == wanted
    with fastloss.num_threads(1):
        assert cpu_limbs.sums(columns) == wanted
    monkeypatch.setattr(cpu_limbs, "MOST", 70_000)
    assert cpu_limbs.sums(columns) == wanted
    assert wanted.columns[0] * UNIT == sum(map(Fraction, columns[0].tolist()))
