"""Metrics of embeddings against the definitions, from every similarity; where keys stand is in test_ranks.py."""

import functools
import itertools

import numpy as np
import pytest

from fastloss import metrics
from fastloss.metrics import retrieval_ranks
from tests.metrics import rankings

NAMES = tuple(rankings.METRICS)
KINDS = ("cos", "dot", "euclidean")
ATTAINABLE = {"normalize": "attainable"}


def drawn(seed, queries=40, keys=7, depth=3):
    """Draw vectors of -1, 0 and 1, whose similarities are often equal, exactly; and up to three positives a query."""
    rng = np.random.default_rng(seed)
    query, key = (rng.integers(-1, 2, (count, depth)).astype(np.float64) for count in (queries, keys))
    sizes = rng.integers(0, 4, queries)
    numbers = [rng.permutation(keys)[:size] for size in sizes]
    return query, key, (np.append(0, np.cumsum(sizes)), np.concatenate(numbers))


def similarities(query, key, kind):
    """Compute every similarity, of vectors of -1, 0 and 1 without a rounding error in their order."""
    products = [[sum(a * b for a, b in zip(q, k, strict=True)) for k in key.tolist()] for q in query.tolist()]
    squares = [sum(b * b for b in k) for k in key.tolist()]
    if kind == "dot":
        return products
    if kind == "cos":  # by its square, with its sign
        return [[z * abs(z) / n if n else 0.0 for z, n in zip(row, squares, strict=True)] for row in products]
    return [[2 * z - n for z, n in zip(row, squares, strict=True)] for row in products]


def expected(oracle, query, key, positives, kind):
    offsets, numbers = positives
    found = []
    for i, row in enumerate(similarities(query, key, kind)):
        own = set(numbers[offsets[i] : offsets[i + 1]].tolist())
        labels = [int(j in own) for j in range(len(key))]
        found.append(oracle(row, labels) if own else np.nan)
    return np.array(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [None, 1, 3, 50])
@pytest.mark.parametrize("name", NAMES)
def test_averaged_ties_are_the_mean_over_all_orders(name, k, kind):
    query, key, positives = drawn(1, queries=25, keys=6)
    found = getattr(retrieval_ranks(query, key, positives=positives, similarity=kind), name)(k=k, reduction="none")
    wanted = expected(functools.partial(rankings.of_all_orders, name, k=k), query, key, positives, kind)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert np.isnan(found).any() and (found > 0.0).any()


@pytest.mark.parametrize("ties", ["optimistic", "pessimistic"])
@pytest.mark.parametrize("k", [None, 2])
@pytest.mark.parametrize("name", NAMES)
def test_orders_of_ties(name, k, ties):
    query, key, positives = drawn(2, keys=20)
    ranked = retrieval_ranks(query.astype(np.float32), key, positives=positives)
    oracle = functools.partial(rankings.of_order, name, k=k, ties=ties)
    wanted = expected(oracle, query, key, positives, "cos")
    np.testing.assert_allclose(getattr(ranked, name)(k=k, ties=ties, reduction="none"), wanted, rtol=1e-13)


@pytest.mark.parametrize("name", ["average_precision", "recall"])
def test_what_the_best_ranking_can_attain(name):
    query, key, positives = drawn(3, keys=6)
    ranked = retrieval_ranks(query, key, positives=positives, similarity="dot")
    oracle = functools.partial(rankings.of_all_orders, name, k=2, attainable=True)
    wanted = expected(oracle, query, key, positives, "dot")
    np.testing.assert_allclose(getattr(ranked, name)(k=2, reduction="none", **ATTAINABLE), wanted, rtol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_as_of_scores_and_labels(name):
    """With more queries than a task has."""
    rng = np.random.default_rng(4)
    query, key = rng.normal(size=(1100, 3)), rng.normal(size=(40, 3))
    numbers = np.stack([rng.integers(0, 20, 1100), rng.integers(20, 40, 1100)], 1)
    scores, labels = query @ key.T, np.zeros((1100, 40))
    np.put_along_axis(labels, numbers, 1, axis=1)
    ranked = retrieval_ranks(query, key, positives=(np.arange(0, 2201, 2), numbers.ravel()), similarity="dot")
    weights = rng.random(1100)
    offsets = np.arange(0, 1100 * 40 + 1, 40)
    for k in (None, 10):
        wanted = getattr(metrics, name)(scores.ravel(), labels.ravel(), k=k, offsets=offsets, sample_weight=weights)
        assert getattr(ranked, name)(k=k, sample_weight=weights) == pytest.approx(wanted, rel=1e-13)


def test_ranks():
    key = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0], [-1.0, 0.0]])
    found = retrieval_ranks(key[:2], key, positives=([0, 2, 3], [3, 0, 1]))
    np.testing.assert_array_equal(found.keys, [0, 3, 1])
    np.testing.assert_array_equal(found.ranks(), [1.5, 4.0, 1.0])
    np.testing.assert_array_equal(found.ranks(ties="optimistic"), [1.0, 4.0, 1.0])
    np.testing.assert_array_equal(found.ranks(ties="pessimistic"), [2.0, 4.0, 1.0])
    assert found.num_keys.tolist() == [4, 4] and found.offsets.tolist() == [0, 2, 3]


@pytest.mark.parametrize("k", [None, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_excluded_keys_are_as_if_they_were_not_there(name, k):
    query, key, (offsets, numbers) = drawn(6, keys=12)
    own = [set(numbers[a:b].tolist()) for a, b in itertools.pairwise(offsets)]
    others = [[j for j in range(12) if j not in one and (i + j) % 3 == 0] for i, one in enumerate(own)]
    exclude = np.append(0, np.cumsum([len(one) for one in others])), [j for one in others for j in one]
    for kind in KINDS:
        words = {"similarity": kind}
        ranked = retrieval_ranks(query, key, positives=(offsets, numbers), exclude=exclude, **words)
        found = getattr(ranked, name)(k=k, reduction="none")
        for i, one in enumerate(others):
            left = np.delete(np.arange(12), one)
            positives = [0, len(own[i])], np.searchsorted(left, sorted(own[i]))
            alone = retrieval_ranks(query[i : i + 1], key[left], positives=positives, **words)
            np.testing.assert_allclose(found[i], getattr(alone, name)(k=k), rtol=1e-14)


def test_every_vector_against_all_others():
    """Vectors of the same class find each other, and do not find themselves."""
    classes = np.repeat(np.arange(10), 4)
    vectors = np.eye(10)[classes] + 0.01 * np.random.default_rng(7).normal(size=(40, 10))
    mates = [[j for j in np.flatnonzero(classes == one) if j != i] for i, one in enumerate(classes)]
    positives, itself = (np.arange(0, 121, 3), np.concatenate(mates)), (np.arange(41), np.arange(40))
    ranked = retrieval_ranks(vectors, vectors, positives=positives, exclude=itself)
    assert ranked.precision(k=3) == 1.0 and ranked.average_precision() == 1.0
    assert retrieval_ranks(vectors, vectors, positives=positives).mrr() == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_queries_without_positives_are_left_out(name):
    key = np.eye(3)
    ranked = retrieval_ranks(key, key, positives=([0, 1, 1, 2], [0, 0]))
    method = getattr(ranked, name)
    values, counts = method(k=1, reduction="none", with_counts=True)
    np.testing.assert_array_equal(values, [1.0, np.nan, method(k=1, sample_weight=[0.0, 9.0, 1.0])])
    assert counts == (2, 1) and counts.left_out == 1
    nobody = retrieval_ranks(key, key, positives=([0, 0, 0, 0], []))
    assert np.isnan(getattr(nobody, name)()) and nobody.ranks().size == 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing(name):
    empty = retrieval_ranks(np.empty((0, 3)), np.empty((0, 3)))
    assert np.isnan(getattr(empty, name)()) and getattr(empty, name)(reduction="none").shape == (0,)
    assert getattr(retrieval_ranks([[1.0]], [[-1.0]]), name)() == 1.0
    assert getattr(retrieval_ranks(np.empty((2, 0)), np.empty((2, 0))), name)(ties="optimistic", k=1) == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_not_lost(name):
    query, key = np.eye(3), np.eye(3)
    query[1, 2] = np.nan
    method = getattr(retrieval_ranks(query, key), name)
    np.testing.assert_array_equal(np.isnan(method(reduction="none")), [False, True, False])
    assert np.isnan(method())
    assert np.isnan(retrieval_ranks(query, key).ranks()).tolist() == [False, True, False]
    key[2, 0] = np.nan
    assert np.isnan(getattr(retrieval_ranks(np.eye(3), key), name)(reduction="none")).all()
    unread = retrieval_ranks(query, np.eye(3), positives=([0, 1, 1, 2], [0, 1]))
    assert not np.isnan(getattr(unread, name)())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"similarity": "cosine"}, "similarity is 'cosine': expected one of 'cos'"),
        ({"key": np.eye(3)}, r"key has shape \(3, 3\): expected 2 columns, as query"),
        ({"key": np.eye(2)[:1]}, r"key has shape \(1, 2\): expected at least 2 rows"),
        ({"query": [1.0, 2.0]}, "query has shape"),
        ({"positives": [0, 1]}, r"positives\[0\] has shape"),
        ({"positives": ([0, 1], [0])}, "positives has 1 rows: expected 2, one for each query"),
        ({"positives": ([0, 1, 2], [0, 2])}, r"positives\[1\]\[1\] is 2: expected an id in \[0, 2\)"),
        ({"exclude": ([0, 1, 1], [0])}, r"exclude\[1\]\[0\] is 0: a positive of query 0"),
        ({"exclude": ([0, 2, 2], [1, 1])}, r"exclude\[1\]\[1\] is 1: query 0 has this key twice"),
        ({"exclude": [0, 1]}, r"exclude\[0\] has shape"),
        ({"positives": ([0, 0, 3], [1, 0, 1])}, r"positives\[1\]\[2\] is 1: query 1 has this key twice"),
    ],
)
def test_wrong_arguments(words, message):
    with pytest.raises((ValueError, TypeError), match=message):
        retrieval_ranks(**{"query": np.eye(2), "key": np.eye(2), **words})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"k": 0}, "k is 0: expected an integer >= 1, or None"),
        ({"ties": "stable"}, "ties is 'stable': expected one of 'average'"),
        ({"reduction": "sum"}, "reduction is 'sum'"),
        ({"reduction": "per_group"}, "reduction is 'per_group': expected one of 'mean', 'none'"),
        ({"sample_weight": [1.0]}, "sample_weight has shape"),
        ({"sample_weight": [-1.0, 1.0]}, r"sample_weight\[0\] is -1"),
        ({"normalize": "k"}, "normalize is 'k'"),
    ],
)
def test_wrong_options(words, message):
    with pytest.raises(ValueError, match=message):
        retrieval_ranks(np.eye(2), np.eye(2)).recall(**words)
