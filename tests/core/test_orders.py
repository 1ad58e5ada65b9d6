"""The order of ids."""

import numpy as np
import pytest

from fastloss.core import orders

LARGE = np.iinfo(np.int64)
IDS = {
    "none": np.array([], np.int64),
    "one": np.array([7]),
    "small": np.random.default_rng(0).integers(-3, 4, 1000),
    "bytes": np.random.default_rng(1).integers(-128, 128, 1000).astype(np.int8),
    "unsigned bytes": np.random.default_rng(2).integers(0, 256, 1000).astype(np.uint8),
    "far from 0": np.random.default_rng(3).integers(0, 50, 1000) + 2**62,
    "beyond int64": np.random.default_rng(4).integers(0, 50, 1000).astype(np.uint64) + np.uint64(2**63 + 5),
    "too wide to share an integer": np.random.default_rng(5).choice([LARGE.min, -1, 0, LARGE.max], 1000),
    "just fit": np.random.default_rng(6).choice([0, 2**53 - 1], 1023),
    "just do not": np.random.default_rng(7).choice([0, 2**53], 1023),
    "strings": np.random.default_rng(8).choice(["a", "b", "ab"], 1000),
    "floats": np.random.default_rng(9).choice([-1.5, 0.0, 2.5], 1000),
}


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_ids_are_sorted_and_equal_ones_stay(ids):
    order, ranks = orders.sort(ids)
    assert order.tolist() == sorted(range(ids.size), key=ids.tolist().__getitem__)
    ordered = ids[order]
    assert (ranks[1:] != ranks[:-1]).tolist() == (ordered[1:] != ordered[:-1]).tolist()
