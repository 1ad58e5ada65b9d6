"""Losses over pairs and triplets, a task for some of the anchors: the numbers of the call in one process."""

import numpy as np
import pytest

import fastloss
from fastloss.dask import mined
from fastloss.dask.workers import job
from tests.conftest import is_same
from tests.dask.partitions import blocks, computed, cut, total

ROWS = 60
CALLS = [
    ("batch_all_triplet_loss", {}),
    ("batch_all_triplet_loss", {"average": "all", "squared": True}),
    ("batch_all_triplet_loss", {"soft": True}),
    ("batch_hard_triplet_loss", {"margin": 0.5}),
    ("batch_hard_triplet_loss", {"soft": True}),
    ("batch_semihard_triplet_loss", {"margin": 1.0}),
    ("batch_contrastive_loss", {"margin": 2.0}),
    ("batch_contrastive_loss", {"margin": 2.0, "squared": False, "half": True}),
]
CUTS = {"one": [], "two": [23], "some are empty": [0, 9, 9, 41], "many": list(range(4, 60, 4))}


def drawn(count=ROWS, dtype=np.float64, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 4)).astype(dtype), rng.integers(0, 7, count), rng.uniform(0.0, 2.0, count)


def check(name, words, ends, rows, labels, weights=None, reduction="mean", tolerance=1e-13, scheduler="sync"):
    keywords = {**words, "sample_weight": weights, "reduction": reduction}
    expected, slopes = fastloss.lookup(name).value_and_grad(rows, labels, **keywords)
    given = {"embeddings": blocks(cut(rows, ends)), "labels": blocks(cut(labels, ends)), "sample_weight": weights}
    made = mined.value_and_grad(job(name, words), given, reduction=reduction)
    assert total(made.value, scheduler) == pytest.approx(expected, rel=tolerance, nan_ok=True)
    parts = computed(made.gradients["embeddings"], scheduler)
    assert [len(part) for part in parts] == [len(part) for part in cut(rows, ends)]
    assert all(part.dtype == slopes.dtype for part in parts)
    size = np.abs(slopes[np.isfinite(slopes)]).max(initial=0.0)
    np.testing.assert_allclose(np.concatenate(parts), slopes, rtol=tolerance, atol=tolerance * size)


@pytest.mark.parametrize("ends", CUTS)
@pytest.mark.parametrize(("name", "words"), CALLS)
def test_blocks_of_anchors(name, words, ends):
    rows, labels, weights = drawn()
    check(name, words, CUTS[ends], rows, labels)
    check(name, words, CUTS[ends], rows, labels, weights, "sum", scheduler="threads")


@pytest.mark.parametrize(("name", "words"), CALLS)
def test_single_precision_and_strings(name, words):
    rows, labels, weights = drawn(dtype=np.float32)
    check(name, words, [7, 31], rows, np.array(list("abcdefg"))[labels], weights, tolerance=2e-6)


@pytest.mark.parametrize(("name", "words"), CALLS)
def test_extreme_weights_and_distances(name, words):
    rows, labels, weights = drawn()
    check(name, words, [7, 31], rows, labels, 1e-300 * weights)
    check(name, words, [7, 31], rows, labels, 1e250 * weights)
    check(name, words, [7, 31], 1e200 * rows, labels, weights)
    rows[3, 2] = np.nan
    check(name, words, [7, 31], rows, labels, weights)


@pytest.mark.parametrize(("name", "words"), CALLS)
def test_ties_and_classes_without_partners(name, words):
    rows, labels, _ = drawn(20)
    rows, labels = np.round(rows), np.minimum(labels, 1)
    labels[11] = 5
    check(name, words, [3, 15], rows, labels)
    check(name, words, [3, 15], rows, np.arange(20))
    check(name, words, [0], rows[:1], labels[:1])
    check(name, words, [0], rows[:0], labels[:0])


@pytest.mark.slow
def test_several_strips():
    rows, labels, weights = drawn(700)
    for name, words in CALLS:
        check(name, words, [300, 650], rows, labels, weights)


def test_values_have_the_bits_of_one_process_and_gradients_those_of_any_scheduler():
    rows, labels, _ = drawn()
    given = {"embeddings": blocks(cut(rows, [7, 31])), "labels": labels}
    for name, words in CALLS:
        one = job(name, words)
        assert total(mined.value(one, given)) == fastloss.lookup(name)(rows, labels, **words)
        gradient = mined.value_and_grad(one, given).gradients["embeddings"]
        assert all(map(is_same, computed(gradient), computed(gradient, "threads")))


def test_counts():
    rows, labels, _ = drawn()
    given = {"embeddings": blocks(cut(rows, [7, 31])), "labels": labels}
    words = {"margin": 0.3, "with_counts": True}
    expected = fastloss.batch_all_triplet_loss(rows, labels, **words)[1]
    assert total(mined.counts(job("batch_all_triplet_loss", words), given)) == expected


def test_errors_name_partition_and_row():
    rows, labels, weights = drawn()
    weights[33] = -1.0
    given = {"embeddings": blocks(cut(rows, [7])), "labels": labels, "sample_weight": blocks(cut(weights, [30]))}
    with pytest.raises(ValueError, match="sample_weight, row 3 of partition 1, is -1: expected a number >= 0"):
        total(mined.value(job("batch_all_triplet_loss", {}), given))
