"""Metrics of rankings against their definitions, over every order of equal scores."""

import functools
import itertools

import numpy as np
import pytest

import fastloss
from fastloss import metrics
from fastloss.metrics import cpu
from tests.metrics import rankings

NAMES = tuple(rankings.METRICS)
DTYPES = (np.float64, np.float32)
ATTAINABLE = {"normalize": "attainable"}


def drawn(seed, groups=60, most=7, levels=4, labels=3):
    """Rows of small groups with many ties, some of them empty or without a relevant row."""
    rng = np.random.default_rng(seed)
    offsets = np.append(0, np.cumsum(rng.integers(0, most, groups)))
    rows = int(offsets[-1])
    return rng.integers(0, levels, rows) / 2.0, rng.integers(0, labels, rows) * rng.integers(0, 2, rows), offsets


def each(offsets, *columns):
    return [tuple(column[a:b].tolist() for column in columns) for a, b in itertools.pairwise(offsets)]


def expected(oracle, rows):
    return np.array([oracle(s, y) if any(one >= 1 for one in y) else np.nan for s, y in rows])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [None, 1, 3, 50])
@pytest.mark.parametrize("name", NAMES)
def test_averaged_ties_are_the_mean_over_all_orders(name, k, dtype):
    scores, labels, offsets = drawn(1)
    found = getattr(metrics, name)(scores.astype(dtype), labels, k=k, offsets=offsets, reduction="per_group")
    oracle = functools.partial(rankings.of_all_orders, name, k=k)
    np.testing.assert_allclose(found, expected(oracle, each(offsets, scores, labels)), rtol=1e-13)
    assert np.isnan(found).any() and (found > 0.0).any()


@pytest.mark.parametrize("ties", ["stable", "reversed", "optimistic", "pessimistic"])
@pytest.mark.parametrize("k", [None, 2])
@pytest.mark.parametrize("name", NAMES)
def test_orders_of_ties(name, k, ties):
    scores, labels, offsets = drawn(2, most=12)
    ids = np.repeat(np.arange(offsets.size - 1) * 7 % 60, np.diff(offsets))  # of groups, in no order
    call = functools.partial(getattr(metrics, name), scores, labels, k=k, ties=ties, reduction="per_group")
    oracle = functools.partial(rankings.of_order, name, k=k, ties=ties)
    wanted = expected(oracle, each(offsets, scores, labels))
    np.testing.assert_allclose(call(offsets=offsets), wanted, rtol=1e-13)
    by_id = wanted[np.diff(offsets) > 0][np.argsort(orders_of(ids))]
    np.testing.assert_allclose(call(groups=ids), by_id, rtol=1e-13)


def orders_of(ids):
    """Each id once, in the order in which they first appear."""
    return ids[np.sort(np.unique(ids, return_index=True)[1])]


@pytest.mark.parametrize("ties", ["average", "stable"])
@pytest.mark.parametrize("name", ["average_precision", "recall"])
def test_what_the_best_ranking_can_attain(name, ties):
    scores, labels, offsets = drawn(3)
    call = functools.partial(getattr(metrics, name), scores, labels, k=2, ties=ties, reduction="per_group")
    form = rankings.of_all_orders if ties == "average" else functools.partial(rankings.of_order, ties="stable")
    oracle = functools.partial(form, name, k=2, attainable=True)
    wanted = expected(oracle, each(offsets, scores, labels))
    np.testing.assert_allclose(call(offsets=offsets, **ATTAINABLE), wanted, rtol=1e-13)
    assert metrics.recall([3.0, 2.0, 1.0], [1, 1, 1], k=1, **ATTAINABLE) == 1.0


def test_thresholds():
    scores, labels, offsets = drawn(4, most=12)
    found = metrics.average_precision(scores, labels, ties="thresholds", offsets=offsets, reduction="per_group")
    np.testing.assert_allclose(found, expected(rankings.of_thresholds, each(offsets, scores, labels)), rtol=1e-13)
    with pytest.raises(ValueError, match="k is given: expected None, since ties='thresholds'"):
        metrics.average_precision(scores, labels, ties="thresholds", k=3)


def test_linear_gains_and_graded_relevance():
    scores, labels, offsets = drawn(5, labels=5)
    found = metrics.ndcg(scores, labels, gains="linear", offsets=offsets, reduction="per_group")
    oracle = functools.partial(rankings.of_all_orders, "ndcg", k=None, linear=True)
    np.testing.assert_allclose(found, expected(oracle, each(offsets, scores, labels)), rtol=1e-13)
    high = metrics.recall(scores, labels, k=2, relevance_level=3, offsets=offsets, reduction="per_group")
    same = metrics.recall(scores, labels >= 3, k=2, offsets=offsets, reduction="per_group")
    np.testing.assert_array_equal(high, same)


@pytest.mark.parametrize("share", [0.003, 0.3, 1.0])
@pytest.mark.parametrize("k", [None, 10])
@pytest.mark.parametrize("ties", ["average", "stable"])
@pytest.mark.parametrize("name", NAMES)
def test_ways_of_placing_agree(name, ties, k, share, monkeypatch):
    """By counting, by a kernel's sort and by NumPy's."""
    rng = np.random.default_rng(6)
    scores, labels = rng.integers(0, 300, 3000) * 1.0, (rng.random(3000) < share) * rng.integers(1, 4, 3000)
    offsets = np.array([0, 1000, 1000, 3000])
    call = functools.partial(getattr(metrics, name), scores, labels, k=k, ties=ties, offsets=offsets)
    found = call(reduction="per_group")
    assert np.isnan(found).tolist() == [False, True, False]
    with monkeypatch.context() as change:
        change.setattr(cpu, "SORTED", 500)
        np.testing.assert_allclose(call(reduction="per_group"), found, rtol=1e-13)
    oracle = functools.partial(rankings.of_order, name, k=k, ties="stable")
    if ties == "stable":
        np.testing.assert_allclose(found, expected(oracle, each(offsets, scores, labels)), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("ties", ["average", "stable"])
@pytest.mark.parametrize("name", NAMES)
def test_any_number_of_threads(name, ties):
    rng = np.random.default_rng(7)
    scores, labels = rng.normal(size=60000).astype(np.float32).round(2), rng.integers(0, 3, 60000)
    groups = rng.integers(0, 900, 60000)
    groups[:20000] = 5  # one that NumPy sorts
    call = functools.partial(getattr(metrics, name), scores, labels, k=5, ties=ties, groups=groups)
    found = []
    for threads in (1, 2, 5):
        with fastloss.num_threads(threads):
            found.append((call(), call(reduction="per_group").tobytes()))
    assert len(set(found)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_groups_that_have_nothing_to_say_are_left_out(name):
    metric = getattr(metrics, name)
    scores, labels, offsets = [0.1, 0.2, 0.3, 0.4, 0.5], [1, 0, 0, 0, 1], [0, 2, 2, 4, 5]
    values, counts = metric(scores, labels, k=1, offsets=offsets, reduction="per_group", with_counts=True)
    np.testing.assert_array_equal(values, [0.0, np.nan, np.nan, 1.0])
    assert counts == (2, 2) and counts.used == 2
    assert metric(scores, labels, k=1, offsets=offsets) == 0.5
    assert metric(scores, labels, k=1, offsets=offsets, sample_weight=[1.0, 7.0, 7.0, 3.0]) == 0.75
    assert metric(scores, labels, k=1, offsets=offsets, sample_weight=[1e308, 7.0, 7.0, 1e308]) == 0.5
    assert np.isnan(metric(scores, labels, k=1, offsets=offsets, sample_weight=[0.0, 7.0, 7.0, 0.0]))
    assert np.isnan(metric([], [])) and metric([], [], offsets=[0], reduction="per_group").shape == (0,)
    assert metric([3.0], [1]) == 1.0


@pytest.mark.parametrize("size", [5, 20000])
@pytest.mark.parametrize("name", NAMES)
def test_nan_is_not_lost(name, size):
    metric = getattr(metrics, name)
    scores, labels = np.arange(size) * 1.0, np.zeros(size)
    scores[3] = np.nan
    offsets = [0, size, size + 2]
    both = np.append(scores, [1.0, 0.0])
    for relevant, wanted in (([], [np.nan, 1.0]), ([3], [np.nan, 1.0]), ([4], [np.nan, 1.0])):
        own = np.append(labels, [1.0, 0.0])
        own[relevant] = 1.0
        values, counts = metric(both, own, k=1, offsets=offsets, reduction="per_group", with_counts=True)
        np.testing.assert_array_equal(values, wanted)
        assert counts.left_out == (not relevant)
        assert np.isnan(metric(both, own, k=1, offsets=offsets)) == bool(relevant)


@pytest.mark.parametrize("name", NAMES)
def test_infinite_scores_and_large_integers(name):
    metric = getattr(metrics, name)
    assert metric([np.inf, -np.inf, np.inf], [1, 0, 1]) == pytest.approx(metric([1.0, 0.0, 1.0], [1, 0, 1]))
    top = 1 << 62
    assert metric(np.array([top, top + 1, top + 2]), [0, 0, 1], k=1) == 1.0
    assert metric(np.array([top, top + 1, top + 2]), [0, 1, 0], k=1) == 0.0


def test_extreme_grades():
    assert metrics.ndcg([3.0, 2.0, 1.0], [1000, 1000, 0]) == 1.0
    assert metrics.ndcg([2.0, 1.0], [5e-324, 0]) == 1.0
    assert metrics.ndcg([1.0, 2.0], [5e-324, 0]) == pytest.approx(np.log(2) / np.log(3), rel=1e-15)
    many = 200_000
    assert metrics.ndcg(np.zeros(many), np.full(many, 1000.0)) == pytest.approx(1.0, rel=1e-12)


def test_rare_hits_keep_their_digits():
    """One relevant row among a million equal ones: the complement would keep ten digits."""
    labels = np.zeros(1_000_000)
    labels[77] = 1
    assert metrics.hit_rate(np.zeros(labels.size), labels, k=3) == pytest.approx(3e-6, rel=1e-14)


def test_ties_of_trec_eval():
    scores, ids = [1.0, 1.0 + 1e-9, 1.0], ["a", "b", "c"]  # equal in float32
    assert [metrics.mrr(scores, np.eye(3)[at], ties="trec_eval", ids=ids) for at in range(3)] == [1 / 3, 0.5, 1.0]
    numbers = [metrics.mrr(scores, np.eye(3)[at], ties="trec_eval", ids=[9, 10, 11]) for at in range(3)]
    assert numbers == [1.0, 1 / 3, 0.5]
    with pytest.raises(ValueError, match="ids is given, but ties is 'average': expected ids only"):
        metrics.mrr(scores, [1, 0, 0], ids=ids)
    with pytest.raises(ValueError, match="ids is missing: expected an id of each row"):
        metrics.mrr(scores, [1, 0, 0], ties="trec_eval")
    with pytest.raises(ValueError, match="ids has shape"):
        metrics.mrr(scores, [1, 0, 0], ties="trec_eval", ids=["a"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"k": 0}, "k is 0: expected an integer >= 1, or None"),
        ({"k": 1.5}, "k is 1.5: expected an integer"),
        ({"ties": "random"}, "ties is 'random': expected one of 'average'"),
        ({"ties": "thresholds"}, "ties is 'thresholds'"),
        ({"reduction": "sum"}, "reduction is 'sum'"),
        ({"sample_weight": [-1.0]}, r"sample_weight\[0\] is -1"),
        ({"sample_weight": [1.0, 1.0]}, "sample_weight has shape"),
        ({"relevance_level": np.nan}, "relevance_level is nan"),
        ({"labels": [1, np.nan]}, r"labels\[1\] is nan"),
        ({"labels": [1]}, "labels has shape"),
        ({"scores": [[1.0, 2.0]]}, "scores has shape"),
        ({"offsets": [0, 1]}, r"offsets\[1\] is 1"),
        ({"groups": [0, 1], "offsets": [0, 2]}, "groups and offsets are both given"),
        ({"with_counts": 1}, "with_counts is 1"),
    ],
)
def test_wrong_arguments(words, message):
    with pytest.raises((ValueError, TypeError), match=message):
        metrics.mrr(**{"scores": [1.0, 2.0], "labels": [1, 0], **words})


def test_grades_have_a_range():
    with pytest.raises(ValueError, match=r"labels\[0\] is -1: expected a number in \[0, 1000\]"):
        metrics.ndcg([1.0], [-1])
    with pytest.raises(ValueError, match="gains is 'squared'"):
        metrics.ndcg([1.0], [1], gains="squared")
