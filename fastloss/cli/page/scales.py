"""Axes: where numbers lie on them, and which of them have a label."""

import math
from typing import Any, NamedTuple

NOTHING = "\N{EN DASH}"  # where there is no number


class Tick(NamedTuple):
    """A number on an axis."""

    at: float
    label: str


class Axis(NamedTuple):
    """The numbers from low to high, or the logarithms of positive ones."""

    low: float
    high: float
    ticks: tuple[Tick, ...]
    is_log: bool = False

    def place(self, x: Any) -> float:
        """Return where a number lies: 0 at the low end, 1 at the high end."""
        if self.is_log:
            low, high, at = (math.log(one) for one in (self.low, self.high, max(x, 1e-320)))
        else:
            low, high, at = self.low / 2, self.high / 2, x / 2  # a range may be beyond float64
        return min(max((at - low) / (high - low), 0.0), 1.0) if high > low else 0.5


def linear(low: float, high: float, most: int = 7) -> Axis:
    """Return an axis whose ticks are multiples of 1, 2 or 5 times a power of ten."""
    step = _step(high / most - low / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, tuple(Tick(k * step, number(k * step)) for k in range(first, last + 1)))


def magnitudes(low: float, high: float, most: int = 5) -> Axis:
    """Return a logarithmic axis whose ticks are powers of ten, or where it has none, its ends."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first + 1) / most))
    ticks = tuple(Tick(float(f"1e{k}"), _power(k)) for k in range(first, last + 1) if k % step == 0)
    return Axis(low, high, ticks or (Tick(low, number(low)), Tick(high, number(high))), True)


def counts(largest: int) -> Axis:
    """Return an axis of counts from 0 on."""
    step = max(_step(largest / 2.5), 1.0)
    ticks = tuple(Tick(k * step, count(k * step)) for k in range(int(largest / step) + 1))
    return Axis(0.0, max(float(largest), 1.0), ticks)


def _step(least: float) -> float:
    """Return the next of 1, 2 and 5 times a power of ten."""
    if not least > 0.0:
        return 1.0
    power = float(f"1e{math.floor(math.log10(least))}") or 1e-320
    return next((k * power for k in (1.0, 2.0, 5.0) if k * power >= least * (1.0 - 1e-9)), 10.0 * power)


def _power(exponent: int) -> str:
    return f"{10.0**exponent:g}" if -4 < exponent < 5 else f"1e{exponent}"


def number(x: float | None, digits: int = 6) -> str:
    """Return a number with some digits, as people read it."""
    if x is None:
        return NOTHING
    if x != x or math.isinf(x):
        return "NaN" if x != x else ("∞" if x > 0 else "-∞")
    if x == 0.0:
        return "0"
    return f"{x:,.{digits}g}" if abs(x) < 10.0**digits else (f"{x:,.0f}" if abs(x) < 1e15 else f"{x:.{digits - 1}e}")


def signed(x: float, digits: int = 6) -> str:
    """Return a number with its sign."""
    return ("+" if x > 0.0 else "") + number(x, digits)


def count(n: float) -> str:
    """Return a count, short if it is large."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if n >= size:
            return f"{n / (1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{n:,.0f}"


def share(part: float, whole: float) -> str:
    """Return a share in percent; what is not quite none or all does not look like it."""
    if not whole:
        return NOTHING
    percent = 100.0 * part / whole
    if 0.0 < percent < 0.01:
        return "<0.01 %"
    if 99.99 < percent < 100.0:
        return ">99.99 %"
    return f"{percent:.3g} %" if percent < 99.95 else f"{percent:.4g} %"
