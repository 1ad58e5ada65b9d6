"""The helpers for training curves."""

import math

import numpy as np
import pytest

from fastloss import compare_losses, find_leaks, shift_half_epoch, split_regularization

RNG = np.random.default_rng(3)


def test_penalty_of_several_arrays():
    params = [RNG.normal(size=(3, 4)), RNG.normal(size=5).astype(np.float32), 2]
    flat = np.concatenate([np.ravel(p).astype(float) for p in params])
    expected = 0.1 * np.abs(flat).sum() + 0.01 * (flat * flat).sum()
    data, penalty, total = split_regularization(3.0, params, l1=0.1, l2=0.01)
    assert penalty == pytest.approx(expected, rel=1e-14)
    assert total == 3.0 and data == pytest.approx(3.0 - expected, rel=1e-14)
    assert split_regularization(3.0, {str(i): p for i, p in enumerate(params)}, l1=0.1, l2=0.01).penalty == penalty
    assert split_regularization(3.0, iter(params), l1=0.1, l2=0.01).penalty == penalty
    apart = split_regularization(3.0, params, l1=0.1, l2=0.01, included=False)
    assert apart.data == 3.0 and apart.total == pytest.approx(3.0 + expected, rel=1e-14)


def test_no_penalty():
    assert split_regularization(3.0, np.ones(4)) == (3.0, 0.0, 3.0)
    assert split_regularization(3.0, [], l1=1.0) == (3.0, 0.0, 3.0)


def test_penalty_of_bad_input():
    with pytest.raises(ValueError, match="l2 is -1"):
        split_regularization(1.0, [1.0], l2=-1.0)
    with pytest.raises(TypeError, match=r"params\['bias'\] has dtype"):
        split_regularization(1.0, {"bias": np.array(["a"])}, l2=1.0)


def test_half_an_epoch_undoes_the_lag_of_a_running_mean():
    # A loss that falls linearly: its mean over an epoch is its value in the epoch's middle.
    time, loss, at_epoch_end = shift_half_epoch([9.5 - epoch for epoch in range(5)])
    np.testing.assert_allclose(loss, 10.0 - time)
    np.testing.assert_allclose(at_epoch_end[:-1], 10.0 - np.arange(1, 5))
    assert math.isnan(at_epoch_end[-1])


def test_short_curves():
    assert shift_half_epoch([]).time.size == 0
    time, loss, at_epoch_end = shift_half_epoch([2.0])
    assert time == [0.5] and loss == [2.0] and np.isnan(at_epoch_end).all()
    with pytest.raises(ValueError, match="train_curve has shape"):
        shift_half_epoch([[1.0]])


def test_the_curve_is_a_copy():
    given = np.array([2.0, 1.0])
    shift_half_epoch(given).loss[0] = 7.0
    assert given[0] == 2.0


def test_gap_and_its_standard_error():
    train, valid = RNG.exponential(1.0, 500), RNG.exponential(1.2, 80)
    result = compare_losses(train, valid)
    assert result.gap == pytest.approx(valid.mean() - train.mean())
    assert result.standard_error == pytest.approx(math.sqrt(train.var(ddof=1) / 500 + valid.var(ddof=1) / 80))
    assert result.z == pytest.approx(result.gap / result.standard_error)


def test_gap_by_chance_is_normal():
    z = [compare_losses(RNG.exponential(1.0, 300), RNG.exponential(1.0, 100)).z for _ in range(400)]
    assert abs(np.mean(z)) < 0.25 and 0.85 < np.std(z) < 1.15


def test_losses_that_do_not_vary():
    assert compare_losses([1.0, 1.0], [1.0, 1.0]).z == 0.0
    assert compare_losses([1.0, 1.0], [2.0, 2.0]).z == math.inf
    assert compare_losses([2.0, 2.0], [1.0, 1.0]).z == -math.inf


def test_nan_losses_stay_visible():
    result = compare_losses([1.0, math.nan], [1.0, 2.0])
    assert math.isnan(result.train) and math.isnan(result.gap) and math.isnan(result.z)


def test_too_few_losses():
    with pytest.raises(ValueError, match="valid has 1 losses"):
        compare_losses([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="train has shape"):
        compare_losses([[1.0, 2.0]], [1.0, 2.0])


def test_leaks_against_a_double_loop():
    train, valid = RNG.integers(0, 3, (40, 3)), RNG.integers(0, 4, (30, 3))
    pairs = [(v, t) for v in range(30) for t in range(40) if (train[t] == valid[v]).all()]
    first = dict(reversed(pairs))
    result = find_leaks(train, valid.astype(np.float32))
    assert result.count == len(first) and result.fraction == len(first) / 30
    assert result.valid_rows.tolist() == sorted(first)
    assert result.train_rows.tolist() == [first[v] for v in sorted(first)]


def test_leaks_of_missing_values_and_of_zeros_of_both_signs():
    train = [[math.nan, 0.0], [1.0, 2.0]]
    assert find_leaks(train, [[-math.nan, -0.0], [math.nan, 1.0]]).valid_rows.tolist() == [0]


def test_leaks_of_images_and_of_strings():
    images = RNG.integers(0, 255, (5, 4, 4, 3), dtype=np.uint8)
    assert find_leaks(images, images[[3, 1]].copy()).train_rows.tolist() == [3, 1]
    assert find_leaks(["ab", "c"], ["c", "abc", "a"]).valid_rows.tolist() == [0]


def test_leaks_of_empty_sets():
    assert find_leaks(np.empty((0, 2)), np.ones((3, 2))).count == 0
    nothing = find_leaks(np.ones((3, 2)), np.empty((0, 2)))
    assert nothing.count == 0 and nothing.fraction == 0.0 and nothing.valid_rows.size == 0


def test_leaks_of_bad_input():
    with pytest.raises(ValueError, match="expected rows of one shape"):
        find_leaks(np.ones((3, 2)), np.ones((3, 3)))
    with pytest.raises(TypeError, match="same kind"):
        find_leaks(["1"], [1])
    with pytest.raises(TypeError, match="train has dtype object"):
        find_leaks([None], [1])
