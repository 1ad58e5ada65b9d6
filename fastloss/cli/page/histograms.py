"""Histograms of numbers that come in batches, whose range nobody knows beforehand.

A number's bin is its sign, its power of two and one of 1024 equal parts in between, so that counts of any batches add
up to the same, and a bar between multiples of a power of two holds whole bins.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

PARTS = 10  # bits: 1024 bins an octave, 0.1 % of a number
OCTAVES = 1 << 12  # of float64, with the sign
SHIFT = np.uint64(52 - PARTS)
ZERO_KEY = (1 << 11 + PARTS) - 1  # of a key, what is not the sign
CHUNK = 1 << 16  # numbers at a time: they stay in a cache
LARGEST = np.finfo(np.float64).max
ROUNDING = 1e-12  # as accurate as all losses are
MOST_BARS = 48
LEAST_OCTAVES, MOST_OCTAVES = 8, 40
TAIL = 0.002  # of the numbers may lie beyond either end of the bars, where these would be narrow otherwise


class Bars(NamedTuple):
    """Counts between edges, and what lies beyond them."""

    edges: np.ndarray
    counts: np.ndarray
    below: int = 0
    above: int = 0


class Bins(NamedTuple):
    """The occupied bins by rising numbers: those in a bin lie in [low, high), or (low, high] below 0."""

    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """The middle of each bin; that of zeros is 0."""
        return self.low + 0.5 * (self.high - self.low)


class Histogram:
    """Counts of numbers. An octave takes 8 kB from its first number on."""

    def __init__(self) -> None:
        self._slots = np.zeros(OCTAVES, np.int64)  # where the octave's bins lie, in units of an octave; 0: nowhere yet
        self._counts = np.zeros((1, 1 << PARTS), np.int64)
        self.count = 0  # of finite numbers
        self.nans = self.infinite = 0
        self.low, self.high = math.inf, -math.inf

    def add(self, numbers: np.ndarray) -> None:
        """Add numbers."""
        numbers = np.ascontiguousarray(numbers, np.float64).reshape(-1)
        for start in range(0, numbers.size, CHUNK):
            self._add(numbers[start : start + CHUNK])

    def _add(self, numbers: np.ndarray) -> None:
        is_finite = np.isfinite(numbers)
        if not is_finite.all():
            nans = int(np.isnan(numbers).sum())
            self.nans += nans
            self.infinite += numbers.size - int(is_finite.sum()) - nans
            numbers = numbers[is_finite]
        if not numbers.size:
            return
        self.count += numbers.size
        self.low, self.high = min(self.low, float(numbers.min())), max(self.high, float(numbers.max()))
        keys = (numbers.view(np.uint64) >> SHIFT).view(np.int64)
        slots = self._slots[keys >> PARTS]
        if not slots.all():
            self._make_room(np.unique(keys[slots == 0] >> PARTS))
            slots = self._slots[keys >> PARTS]
        np.add.at(self._counts.reshape(-1), (slots << PARTS) + (keys & (1 << PARTS) - 1), 1)

    def _make_room(self, octaves: np.ndarray) -> None:
        """Add octaves that had no number."""
        self._slots[octaves] = self._counts.shape[0] + np.arange(octaves.size)
        self._counts = np.concatenate((self._counts, np.zeros((octaves.size, 1 << PARTS), np.int64)))

    def merge(self, other: "Histogram") -> None:
        """Add the numbers of another one."""
        octaves = np.flatnonzero(other._slots)
        self._make_room(octaves[self._slots[octaves] == 0])
        self._counts[self._slots[octaves]] += other._counts[other._slots[octaves]]
        self.count += other.count
        self.nans += other.nans
        self.infinite += other.infinite
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    @property
    def zeros(self) -> int:
        """How many numbers are 0, those below 1e-310 among them."""
        return sum(int(self._counts[slot, 0]) for slot in self._slots[[0, OCTAVES // 2]].tolist() if slot)

    def bins(self) -> Bins:
        """Return the occupied bins; zeros have one without a width."""
        octaves = np.flatnonzero(self._slots)
        at, part = np.nonzero(self._counts[self._slots[octaves]])
        key = (octaves[at] << PARTS) + part
        counts = self._counts[self._slots[octaves[at]], part]
        is_zero = key & ZERO_KEY == 0
        near, far = np.where(is_zero, 0.0, _edge(key)), np.where(is_zero, 0.0, _edge(key + 1))  # by distance from 0
        low, high = np.minimum(near, far), np.maximum(near, far)
        order = np.lexsort((high, low))
        return Bins(low[order], high[order], counts[order])

    def quantiles(self, shares: tuple[float, ...]) -> list[float]:
        """Return quantiles, right to 0.1 %; NaN where there are no numbers."""
        if not self.count:
            return [math.nan] * len(shares)
        bins = self.bins()
        ranks = np.cumsum(bins.counts)
        places = np.searchsorted(ranks, np.ceil(np.array(shares) * self.count).clip(1, self.count))
        return np.clip(bins.middle[places], self.low, self.high).tolist()

    def bars(self, grid: "Grid") -> Bars:
        """Return the counts of bars."""
        bins = self.bins()
        place, last, edges = np.floor(bins.middle / grid.width), grid.stop - grid.start - 1, grid.edges
        place[(place == 0.0) & (bins.middle < 0.0)] = -1.0  # a quotient too small for float64
        place -= grid.start
        place[bins.high == edges[0]] = 0.0  # numbers at the edges belong to the bars
        place[bins.low == edges[-1]] = last
        inside = (place >= 0) & (place <= last)
        counts = np.bincount(place[inside].astype(np.int64), bins.counts[inside], last + 1).astype(np.int64)
        below, above = (int(bins.counts[one].sum()) for one in (place < 0, place > last))
        return Bars(edges, counts, below, above)

    def octaves(self, grid: "OctaveGrid") -> Bars:
        """Return the counts of magnitudes between powers of two; zeros are in no bar."""
        bins = self.bins()
        is_some = bins.middle != 0.0
        counts, place = bins.counts[is_some], np.frexp(np.abs(bins.middle[is_some]))[1] - 1 - grid.start
        last = grid.stop - grid.start - 1
        inside = (place >= 0) & (place <= last)
        found = np.bincount(place[inside], counts[inside], last + 1).astype(np.int64)
        return Bars(grid.edges, found, int(counts[place < 0].sum()), int(counts[place > last].sum()))


class Grid(NamedTuple):
    """Bars of one width, a power of two, between its multiples."""

    width: float
    start: int  # the first bar begins at start * width
    stop: int

    @property
    def edges(self) -> np.ndarray:
        """All bars' edges."""
        with np.errstate(over="ignore"):
            return np.clip(self.width * np.arange(self.start, self.stop + 1), -LARGEST, LARGEST)


class OctaveGrid(NamedTuple):
    """Bars from 2**n to 2**(n + 1)."""

    start: int
    stop: int

    @property
    def edges(self) -> np.ndarray:
        """All bars' edges."""
        with np.errstate(over="ignore"):
            return np.minimum(np.ldexp(1.0, np.arange(self.start, self.stop + 1)), LARGEST)


def grid(*histograms: Histogram) -> Grid:
    """Return bars that show some histograms one below the other; few numbers far outside are only counted."""
    every = together(histograms)
    if not every.count:
        return Grid(1.0, 0, 1)
    first, last = every.quantiles((TAIL, 1.0 - TAIL))
    more = last / 2 - first / 2
    first, last = max(every.low, first - more), min(every.high, last + more)
    most = int(min(max(8, 2 * math.sqrt(every.count)), MOST_BARS))
    width = _width(first, last, most)
    start, stop = math.floor(first / width), math.ceil(last / width)
    return Grid(width, start, max(stop, start + 1))


def octave_grid(*histograms: Histogram) -> OctaveGrid:
    """Return bars that show the magnitudes of some histograms, the largest ones first."""
    middle = np.abs(together(histograms).bins().middle)
    power = np.frexp(middle[middle > 0.0])[1] - 1
    if not power.size:
        return OctaveGrid(0, 1)
    last = int(power.max())
    return OctaveGrid(max(min(int(power.min()), last - LEAST_OCTAVES + 1), last - MOST_OCTAVES + 1), last + 1)


def together(histograms: Sequence[Histogram]) -> Histogram:
    """Return a histogram of all numbers of several."""
    every = Histogram()
    for one in histograms:
        every.merge(one)
    return every


def less(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how much larger the second of two numbers is; 0 where rounding may be all that they differ by."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.subtract(other, one, dtype=np.float64)
        is_same = np.abs(found) < ROUNDING * np.maximum(np.abs(one), np.abs(other))
    return np.where(is_same, 0.0, found)


def histogram(numbers: np.ndarray) -> Histogram:
    """Return the histogram of numbers that are in memory."""
    found = Histogram()
    found.add(numbers)
    return found


def _edge(keys: np.ndarray) -> np.ndarray:
    """Return the number of least magnitude that has a key; beyond float64, the largest one."""
    with np.errstate(invalid="ignore"):
        edges = (keys.astype(np.uint64) << SHIFT).view(np.float64)
    return np.where(np.isfinite(edges), edges, np.copysign(LARGEST, edges))


def _width(first: float, last: float, most: int) -> float:
    """Return the least power of two of which `most` multiples cover a range, and not less than a bin there."""
    half, far = last / 2 - first / 2, max(abs(first), abs(last))
    exponent = math.frexp(far)[1] - 1
    width = math.ldexp(1.0, max(exponent - PARTS, math.frexp(half / most)[1] - 1, -1000)) if half > 0.0 else 0.0
    width = width or math.ldexp(1.0, max(exponent - 3, -1000))
    while math.ceil(last / width) - math.floor(first / width) > most:
        width *= 2.0
    return width
