"""BPR against the whole catalogue: forms of input, biases, tiles, precision; `test_losses.py` has the oracle."""

import numpy as np
import pytest
import scipy.sparse

import fastloss
from fastloss.compile.kernels import INTERPRETED
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.factors import cpu as engine
from fastloss.embeddings.vectors.cpu import Store

RNG = np.random.default_rng(12)
COUNT = 60 if INTERPRETED else 200
USERS, ITEMS = RNG.normal(size=(30, 6)), RNG.normal(size=(COUNT, 6))
SIZES = RNG.integers(0, 9, 30)
OFFSETS = np.append(0, np.cumsum(SIZES))
NUMBERS = np.concatenate([RNG.choice(COUNT, size, replace=False) for size in SIZES])
GIVEN = (OFFSETS, NUMBERS)
LOSS = fastloss.bpr_all_negatives_loss


def by_every_pair(users, items, bias=0.0):
    scores = users @ items.T + bias
    total, pairs = 0.0, 0
    for u, row in enumerate(scores):
        own = NUMBERS[OFFSETS[u] : OFFSETS[u + 1]]
        others = np.setdiff1d(np.arange(len(items)), own)
        total += np.logaddexp(0.0, row[others][None, :] - row[own][:, None]).sum()
        pairs += own.size * others.size
    return total / pairs


def test_value():
    assert LOSS(USERS, ITEMS, GIVEN) == pytest.approx(by_every_pair(USERS, ITEMS), rel=1e-13)


def test_a_bias_is_one_more_factor():
    bias = RNG.normal(size=COUNT)
    value, (users, items, own) = LOSS.value_and_grad(USERS, ITEMS, GIVEN, item_bias=bias)
    more = np.column_stack((USERS, np.ones(30))), np.column_stack((ITEMS, bias))
    expected, (wide_users, wide_items) = LOSS.value_and_grad(*more, GIVEN)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(users, wide_users[:, :-1], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(items, wide_items[:, :-1], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(own, wide_items[:, -1], rtol=1e-10, atol=1e-15)


def test_tiles_do_not_matter(monkeypatch):
    value, slopes = LOSS.value_and_grad(USERS, ITEMS, GIVEN)
    monkeypatch.setattr(engine, "STRIP", 700)
    again, others = LOSS.value_and_grad(USERS, ITEMS, GIVEN)
    assert again == pytest.approx(value, rel=1e-14)
    for one, other in zip(slopes, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-16)


def test_mapped_factors_are_not_copied(tmp_path):
    np.save(tmp_path / "items.npy", ITEMS)
    mapped = np.load(tmp_path / "items.npy", mmap_mode="r")
    whole = Store().vectors(Scaled((mapped,), mapped.dtype)).all()
    assert np.shares_memory(whole, mapped)
    assert LOSS(USERS, mapped, GIVEN) == LOSS(USERS, ITEMS, GIVEN)


def test_float32():
    users, items = USERS.astype(np.float32), ITEMS.astype(np.float32)
    value, slopes = LOSS.value_and_grad(users, items, GIVEN)
    assert value == pytest.approx(by_every_pair(users.astype(float), items.astype(float)), rel=1e-6)
    assert all(slope.dtype == np.float32 for slope in slopes)


def test_a_sparse_matrix():
    ones = np.ones(NUMBERS.size)
    matrix = scipy.sparse.csr_array((ones, NUMBERS, OFFSETS), shape=(len(USERS), len(ITEMS)))
    assert LOSS(USERS, ITEMS, matrix) == LOSS(USERS, ITEMS, matrix.tocoo()) == LOSS(USERS, ITEMS, GIVEN)


def test_an_item_listed_twice_counts_once():
    twice = (OFFSETS * 2, np.repeat(NUMBERS, 2))
    assert LOSS(USERS, ITEMS, twice) == LOSS(USERS, ITEMS, GIVEN)


def test_without_pairs():
    assert LOSS(USERS, ITEMS, (np.zeros(31, int), np.empty(0, int))) == 0.0
    everything = (np.arange(31) * COUNT, np.tile(np.arange(COUNT), 30))
    assert LOSS(USERS, ITEMS, everything) == 0.0


def test_penalty_and_weights():
    weights = RNG.random(30)
    value, (users, _) = LOSS.value_and_grad(USERS, ITEMS, GIVEN, sample_weight=weights, reduction="sum")
    more, (penalised, _) = LOSS.value_and_grad(USERS, ITEMS, GIVEN, sample_weight=weights, reduction="sum", reg=0.5)
    assert more - value == pytest.approx(0.5 * ((USERS**2).sum() + (ITEMS**2).sum()), rel=1e-12)
    np.testing.assert_allclose(penalised - users, USERS, rtol=1e-9, atol=1e-12)
    each = LOSS(USERS, ITEMS, GIVEN, sample_weight=weights, reduction="none")
    assert each.sum() == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_penalty_near_the_end_of_the_floats(dtype):
    """Twice 1e308 is infinite, twice 1e308 times 0 is 0, times 1e-5 it is 2e303, which float32 takes for infinite."""
    users, items, bias = (np.array(x, dtype) for x in ([[0, 1e-5, 2]], [[0, 1e-5, 0], [0, 0, 1]], [0, 1e-5]))
    expected = dtype(2e303) if dtype is np.float64 else np.inf
    value, slopes = LOSS.value_and_grad(users, items, ([0, 1], [0]), item_bias=bias, reg=1e308)
    _, without = LOSS.value_and_grad(users, items, ([0, 1], [0]), item_bias=bias)
    _, (_, _, by_params) = fastloss.bpr_loss.value_and_grad([1.0], [0.0], reg=1e308, params=[users, items, bias])
    assert value == np.inf
    for given, slope, before, own in zip((users, items, bias), slopes, without, by_params, strict=True):
        right = np.where(given == 0, 0, np.where(given < 1, expected, np.inf))
        np.testing.assert_allclose(slope, np.where(given == 0, before, right), rtol=1e-7)
        np.testing.assert_allclose(own, right, rtol=1e-7)


@pytest.mark.compiled
def test_bits_do_not_depend_on_threads():
    results = []
    for threads in (1, 3):
        with fastloss.num_threads(threads):
            results.append(LOSS.value_and_grad(USERS, ITEMS, GIVEN))
    assert results[0][0] == results[1][0]
    np.testing.assert_array_equal(results[0][1][1], results[1][1][1])


def test_bad_input():
    with pytest.raises(ValueError, match="item_factors has shape"):
        LOSS(USERS, ITEMS[:, :2], GIVEN)
    with pytest.raises(ValueError, match=str(COUNT)):
        LOSS(USERS, ITEMS, (OFFSETS, np.where(NUMBERS[0] == NUMBERS, COUNT, NUMBERS)))
    with pytest.raises(ValueError, match="rows"):
        LOSS(USERS[:5], ITEMS, GIVEN)
    with pytest.raises(TypeError, match="interactions"):
        LOSS(USERS, ITEMS, 3)
    with pytest.raises(ValueError, match="item_bias has shape"):
        LOSS(USERS, ITEMS, GIVEN, item_bias=[1.0])


def test_sums_of_many():
    """Chunks do not lose what one rounding keeps, and NaN and infinities stay."""
    from fastloss.core import summation

    values = np.random.default_rng(4).standard_normal(50_001)
    assert summation.sum_of_many(values) == pytest.approx(summation.ordered_sum(values), abs=1e-10)
    assert summation.sum_of_many(np.ones(100_003)) == 100_003.0
    assert summation.sum_of_many(values[:8192]) == summation.ordered_sum(values[:8192])
    for wrong in (np.nan, np.inf):
        values[40_000] = wrong
        assert np.isnan(summation.sum_of_many(values)) == np.isnan(wrong)
        assert not np.isfinite(summation.sum_of_many(values))
