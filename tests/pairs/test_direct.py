"""Rows of groups in order, and the pieces that they are cut into."""

import numpy as np
import pytest

from fastloss.pairs.direct import arrange
from fastloss.pairs.direct.arrange import LEVELS, SMALL
from fastloss.pairs.direct.cpu import COST, pieces_of

SIZES = [0, 1, SMALL, SMALL + 1, 2 * SMALL, 5 * SMALL + 3, 8 * SMALL + 1]
LABELS = {
    "binary": lambda r, n: r.integers(0, 2, n).astype(float),
    "ties": lambda r, n: r.integers(0, 5, n) - 2.5,
    "real": lambda r, n: r.normal(size=n),
    "falling": lambda r, n: -np.arange(n) / 2.0,
    "rising": lambda r, n: np.arange(n) / 2.0,
    "infinite": lambda r, n: r.choice([-np.inf, 0.5, np.inf], n),
}


def in_order(labels: np.ndarray, bounds: tuple[int, int]) -> np.ndarray:
    start, stop = bounds
    order = np.arange(labels.size)
    order[start:stop] = start + np.argsort(-labels[start:stop], kind="stable")
    return order


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("labels", LABELS)
def test_rows_fall_by_label_and_equal_ones_stay(labels, size):
    numbers = LABELS[labels](np.random.default_rng(size), size + 4)
    bounds = (2, size + 2)
    for sort in (
        lambda order, scratch: arrange.sort_by_merging(numbers, order, bounds, scratch),
        lambda order, scratch: arrange.sort_group(numbers, order, bounds, scratch, np.empty(LEVELS + 1, np.int64)),
    ):
        order = np.arange(size + 4)
        sort(order, np.full(size + 4, -1))
        assert order.tolist() == in_order(numbers, bounds).tolist()


def test_counting_is_for_small_integers_and_else_does_nothing():
    ends, order = np.empty(LEVELS + 1, np.int64), np.arange(3)
    for labels, done in (([0.0, 63.0, 1.0], True), ([0.0, 64.0, 1.0], False), ([0.5, 1.0, 2.0], False)):
        order[:] = range(3)
        made = arrange.sort_by_counting(np.array(labels), order, (0, 3), np.empty(3, np.int64), ends)
        assert made == done and order.tolist() == ([1, 2, 0] if done else [0, 1, 2])


LARGE = int(COST**0.5) + 1
GROUPS = {
    "none": [],
    "empty": [0, 0, 0],
    "one": [7],
    "many small": [3] * 20_000,
    "empty between": [0, 5, 0, 0, 9, 0],
    "at the limit": [LARGE - 1, LARGE - 1, 2, LARGE],
    "large first": [3 * LARGE, 4, 5],
    "large between": [4, 5, 2 * LARGE, LARGE, 0, 6, 3 * LARGE],
    "one of many pieces": [20 * LARGE],
    "rows that cost more than a piece": [COST + 1, 2],
}


@pytest.mark.parametrize("sizes", GROUPS.values(), ids=GROUPS)
def test_pieces_hold_every_row_once_and_cost_alike(sizes):
    offsets = np.append(0, np.cumsum(sizes, dtype=np.int64))
    pieces = pieces_of(offsets)
    assert pieces.dtype == np.int64 and pieces.shape[1] == 3
    assert np.append(pieces[:, 0], offsets[-1]).tolist() == np.append(0, pieces[:, 1]).tolist()
    for first, last, group in pieces:
        assert offsets[group] <= first < last
        held = np.diff(offsets[(offsets >= first) & (offsets <= last)])
        if sizes[group] ** 2 > COST:
            assert last <= offsets[group + 1]
            assert (last - first) * sizes[group] <= max(COST, sizes[group])
        else:
            assert first == offsets[group] and last in offsets
            assert (held**2).max() <= COST and (held * (held + 8)).sum() <= 2 * COST + 8 * LARGE
