"""Summaries of groups' values, against NumPy and sorted lists."""

import math

import numpy as np
import pytest

import fastloss
from fastloss import metrics
from fastloss.core.outcomes import PerGroup

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("greater", [False, True])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_against_sorted_lists(size, greater, dtype):
    """A third of the groups is NaN, and some values are equal: of these the first stand first."""
    values = RNG.integers(0, max(size // 2, 1), size).astype(dtype) / 7
    values[1::3] = np.nan
    ids = [f"user {one}" for one in RNG.permutation(size)]
    levels = [0.9, 0.0, 0.5, 1.0, 0.123]
    found = metrics.summarize_groups(values, ids, quantiles=levels, worst=4, greater_is_better=greater)
    kept = [(float(value), name) for value, name in zip(values, ids, strict=True) if not math.isnan(value)]
    assert (found.used, found.left_out) == (len(kept), size - len(kept))
    assert found.mean == pytest.approx(math.fsum(value for value, _ in kept) / len(kept), rel=1e-15)
    np.testing.assert_allclose(found.quantiles, np.quantile([value for value, _ in kept], levels), rtol=1e-15)
    expected = sorted(kept, key=lambda one: one[0] if greater else -one[0])[:4]
    assert list(zip(found.worst.values.tolist(), found.worst.ids.tolist(), strict=True)) == expected


def test_values_of_a_loss_with_ids():
    scores, labels, groups = RNG.normal(size=400), RNG.integers(0, 2, 400), RNG.choice(list("abcdefgh"), 400)
    labels[groups == "c"] = 1
    each = fastloss.pairwise_logistic_loss(scores, labels, groups=groups, reduction="per_group", return_ids=True)
    found = metrics.summarize_groups(each, worst=1)
    assert (found.used, found.left_out) == (7, 1) and found.mean == pytest.approx(np.nanmean(each.values), rel=1e-15)
    assert found.worst.ids[0] == each.ids[np.nanargmax(each.values)]
    assert metrics.summarize_groups(each.values, worst=1).worst.ids[0] == np.nanargmax(each.values)
    with pytest.raises(ValueError, match="ids and the ids of values are both given"):
        metrics.summarize_groups(each, each.ids)


def test_nothing_to_say():
    for values in ([], [math.nan, math.nan]):
        found = metrics.summarize_groups(values, quantiles=[0.5, 1.0])
        assert math.isnan(found.mean) and np.isnan(found.quantiles).all() and found.quantiles.size == 2
        assert (found.used, found.left_out) == (0, len(values)) and found.worst.ids.size == found.worst.values.size == 0


def test_columns_of_files_with_nulls():
    """As `fastloss score --per-group` writes them."""
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"user": ["a", "b", "c"], "loss": [1.0, None, 3.0]})
    found = metrics.summarize_groups(table["loss"], table["user"], worst=1)
    assert (found.mean, found.used, found.left_out) == (2.0, 2, 1) and found.worst.ids.tolist() == ["c"]


def test_infinite_and_large_values():
    inf = math.inf
    found = metrics.summarize_groups([inf, 1.0, inf, 2.0, inf], quantiles=[0.0, 0.25, 0.5, 0.75, 1.0], worst=2)
    assert found.quantiles.tolist() == [1.0, 2.0, inf, inf, inf] and found.mean == inf
    assert found.worst.ids.tolist() == [0, 2]
    found = metrics.summarize_groups([-inf, 1.0, 2.0], quantiles=[0.0, 0.25, 0.5])
    assert found.quantiles.tolist() == [-inf, -inf, 1.0] and found.mean == -inf
    found = metrics.summarize_groups([1.6e308, -1.6e308, 1.6e308], quantiles=[0.25, 0.75])
    assert found.quantiles.tolist() == [0.0, 1.6e308] and found.mean == pytest.approx(1.6e308 / 3, rel=1e-15)
    assert metrics.summarize_groups([1.6e308] * 4, worst=0).mean == 1.6e308


@pytest.mark.parametrize(
    ("args", "words", "kind", "message"),
    [
        (([[1.0]],), {}, ValueError, r"values has shape \(1, 1\): expected one dimension"),
        (([1.0], [1, 2]), {}, ValueError, r"ids has shape \(2,\)"),
        (([1.0], [None]), {}, ValueError, r"ids\[0\] is null"),
        (([1.0],), {"quantiles": [0.5, 1.5]}, ValueError, r"quantiles\[1\] is 1.5"),
        (([1.0],), {"quantiles": 0.5}, TypeError, "quantiles is 0.5: expected a sequence"),
        (([1.0],), {"worst": -1}, ValueError, "worst is -1: expected an integer >= 0"),
        (([1.0],), {"worst": 1.5}, TypeError, "worst is 1.5"),
        (([1.0],), {"greater_is_better": "no"}, TypeError, "greater_is_better is 'no'"),
        ((["a"],), {}, TypeError, "values has dtype"),
        ((PerGroup([0], [1.0]), [0]), {}, ValueError, "both given"),
    ],
)
def test_bad_input(args, words, kind, message):
    with pytest.raises(kind, match=message):
        metrics.summarize_groups(*args, **words)
