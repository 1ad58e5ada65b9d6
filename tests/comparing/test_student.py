"""Student's t: known quantiles, and SciPy's numbers where it is installed."""

import math

import pytest

from fastloss.comparing import student

# Closed forms for 1 and 2 degrees of freedom, tables of the two-sided distribution to ten digits
KNOWN = [
    (0.95, 1, math.tan(0.475 * math.pi), 1e-12),
    (0.95, 2, 0.95 * math.sqrt(2.0 / (1.0 - 0.95**2)), 1e-12),
    (0.95, 10, 2.228138852, 2e-10),
    (0.99, 5, 4.032142984, 2e-10),
    (0.95, 30, 2.042272456, 3e-10),
    (0.95, 1e15, 1.959963984540054, 1e-12),
]


@pytest.mark.parametrize(("level", "degrees", "wanted", "digits"), KNOWN)
def test_known_quantiles(level, degrees, wanted, digits):
    assert student.quantile(level, degrees) == pytest.approx(wanted, rel=digits)
    assert student.two_sided(student.quantile(level, degrees), degrees) == pytest.approx(1.0 - level, rel=1e-11)


@pytest.mark.parametrize("t", [1e-9, 0.3, 1.0, 1.7, 3.0, 40.0, 1e6, 1e170])
def test_closed_forms(t):
    assert student.two_sided(t, 1) == pytest.approx(
        1.0 - 2.0 / math.pi * math.atan(t) if t < 2 else 2.0 / math.pi * math.atan(1.0 / t), rel=1e-12
    )
    assert student.two_sided(-t, 2) == pytest.approx(
        2.0 / (2.0 + t * t) / (1.0 + t / math.hypot(t, math.sqrt(2.0))) if t < 1e100 else 0.0, rel=1e-12
    )


def test_edges():
    assert student.two_sided(0.0, 3) == 1.0
    assert student.two_sided(math.inf, 3) == 0.0
    assert student.two_sided(math.inf, 1e9) == 0.0
    assert math.isnan(student.two_sided(math.nan, 3))


@pytest.mark.parametrize("degrees", [3, 4, 9.5, 39, 41, 200, student.MANY - 1, student.MANY + 1, 1e5])
def test_against_scipy(degrees):
    stats = pytest.importorskip("scipy.stats")
    for t in (1e-3, 0.5, 1.0, 1.5, 1.9, 2.5, 6.0, 30.0):
        assert student.two_sided(t, degrees) == pytest.approx(2.0 * stats.t.sf(t, degrees), rel=1e-10)
    for level in (0.1, 0.5, 0.9, 0.99, 1.0 - 2.0**-30):
        wanted = stats.t.isf((1.0 - level) / 2.0, degrees)
        assert student.quantile(level, degrees) == pytest.approx(wanted, rel=1e-10)


def test_nothing_jumps_where_the_method_changes():
    low, high = (student.two_sided(2.0, student.MANY + step) for step in (0.0, 1e-9))
    assert low == pytest.approx(high, rel=1e-12)
