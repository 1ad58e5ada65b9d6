"""Batches give the bits of one call; what cannot be streamed says so."""

import itertools

import numpy as np
import pytest

import fastloss
from fastloss.core.loss import lookup
from fastloss.core.summation import CHUNK, ExactSum, ordered_sum
from fastloss.streaming.accumulate import accumulate
from fastloss.streaming.additive import Accumulator

SIZE = 3 * CHUNK + 1000
LOSSES = [
    ("mse_loss", {}),
    ("huber_loss", {"delta": 0.3}),
    ("rmse_loss", {}),
    ("binary_cross_entropy_with_logits", {"pos_weight": 2.0, "label_smoothing": 0.1}),
    ("hinge_loss", {}),
    ("nmae_loss", {"norm": 2.5}),
]


def data(dtype=np.float32, size=SIZE):
    rng = np.random.default_rng(5)
    return rng.normal(size=size).astype(dtype), rng.integers(0, 2, size).astype(np.int8), rng.random(size)


def streamed(name, parameters, arrays, steps, reduction="mean"):
    state = accumulate(name, **parameters)
    start = 0
    for step in steps:
        state.update(*(x[start : start + step] for x in arrays))
        start += step
    assert start >= len(arrays[0])
    return state.result(reduction)


@pytest.mark.parametrize(("name", "parameters"), LOSSES)
@pytest.mark.parametrize(
    "steps", [[SIZE], [1] * 3 + [SIZE], [CHUNK] * 4, [CHUNK - 1, 2, CHUNK, 5000, 0, SIZE], [700] * 40]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_bits_of_one_call(name, parameters, steps, weighted):
    arrays = data()[: 3 if weighted else 2]
    weight = arrays[2] if weighted else None
    expected = getattr(fastloss, name)(*arrays[:2], sample_weight=weight, **parameters)
    assert streamed(name, parameters, arrays, steps) == expected
    if name != "rmse_loss":
        total = getattr(fastloss, name)(*arrays[:2], sample_weight=weight, reduction="sum", **parameters)
        assert streamed(name, parameters, arrays, steps, "sum") == total


@pytest.mark.compiled  # plain Python warns of the overflow
@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_rmse_where_the_squares_leave_the_numbers(factor):
    scores, labels, _ = data(np.float64)
    labels = labels * factor
    expected = fastloss.rmse_loss(scores * factor, labels)
    assert 0 < expected < np.inf
    assert streamed("rmse_loss", {}, (scores * factor, labels), [5000] * 6) == expected


@pytest.mark.compiled
def test_one_small_chunk_among_large_ones():
    scores, labels, _ = data(np.float64)
    scores[:CHUNK] *= 1e-200
    labels = labels * 0.0
    assert streamed("rmse_loss", {}, (scores, labels), [5000] * 6) == fastloss.rmse_loss(scores, labels)
    scores[CHUNK:] *= 1e200
    assert streamed("rmse_loss", {}, (scores, labels), [5000] * 6) == fastloss.rmse_loss(scores, labels)


def test_result_may_be_asked_for_in_between():
    scores, labels, _ = data()
    state = accumulate("mse_loss")
    assert state.result() == 0.0
    state.update(scores[:10], labels[:10])
    assert state.result() == fastloss.mse_loss(scores[:10], labels[:10])
    state.update(scores[10:], labels[10:])
    assert state.result() == fastloss.mse_loss(scores, labels)
    assert state.rows == SIZE


def test_a_batch_may_be_reused_by_its_owner():
    state = accumulate("mse_loss")
    buffer = np.ones(5)
    state.update(buffer, np.zeros(5))
    buffer[:] = 100.0
    assert state.result() == 1.0


def test_nan_and_infinity_are_kept():
    state = accumulate("mse_loss")
    state.update([np.inf, 1.0], [0.0, 0.0])
    assert state.result() == np.inf
    state.update([np.nan], [0.0])
    assert np.isnan(state.result())


def test_errors_count_from_the_start_of_the_stream():
    scores, labels, weights = data()
    labels[CHUNK + 77] = 9
    with pytest.raises(ValueError, match=rf"target\[{CHUNK + 77}\] is 9: expected 0 or 1"):
        streamed("focal_loss", {}, (scores, labels), [3000] * 20)
    weights[CHUNK + 5] = -1.0
    with pytest.raises(ValueError, match=rf"sample_weight\[{CHUNK + 5}\] is -1: expected a number >= 0"):
        streamed("mse_loss", {}, (scores, labels, weights), [3000] * 20)


def test_two_conventions_of_labels_in_two_batches():
    state = accumulate("hinge_loss")
    state.update(np.zeros(CHUNK), np.zeros(CHUNK))
    with pytest.raises(ValueError, match="target mixes 0 and -1"):
        state.update(np.zeros(CHUNK), -np.ones(CHUNK))


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("nmae_loss", {}, "norm is 'range', a function of all targets: expected a number"),
        ("nmae_loss", {"norm": 0.0}, "norm is 0.0"),
        ("binary_cross_entropy", {"weight": np.ones(3)}, "weight is an array: expected a number"),
        ("info_nce_loss", {}, "no sum over examples"),
        ("policy_gradient_loss", {}, "number of episodes"),
        ("dice_loss", {}, "expected an axis above 0"),
        ("bpr_loss", {"shared": True}, "computed by parts"),
        ("hubber_loss", {}, "did you mean 'huber_loss'"),
        ("huber_loss", {"delta": -1.0}, "delta is -1.0"),
    ],
)
def test_what_cannot_be_accumulated(name, parameters, message):
    with pytest.raises(ValueError, match=message):
        accumulate(name, **parameters)


def test_what_batches_must_share():
    with pytest.raises(TypeError, match="has no parameter 'gamma'"):
        accumulate("huber_loss", gamma=1.0)
    state = accumulate("huber_loss")
    state.update(np.ones(3, np.float32), np.ones(3))
    with pytest.raises(TypeError, match="input has dtype float64"):
        state.update(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="for some batches only"):
        state.update(np.ones(3, np.float32), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="target has shape"):
        state.update(np.ones(3, np.float32), np.ones(2))
    with pytest.raises(ValueError, match="expected 'mean'"):
        accumulate("rmse_loss").result("sum")


def test_group_means_of_a_pointwise_loss():
    scores, labels, weights = data(size=50)
    offsets = np.array([0, 7, 7, 30, 50])
    squares = (scores.astype(float) - labels) ** 2
    for loss, root in ((fastloss.mse_loss, False), (fastloss.rmse_loss, True)):
        for given in (None, weights):
            found = loss.group_means(scores, labels, offsets=offsets, sample_weight=given)
            w = np.ones(50) if given is None else given
            for k, (start, stop) in enumerate(itertools.pairwise(offsets)):
                part = slice(start, stop)
                mean = (w[part] * squares[part]).sum() / w[part].sum() if stop > start else np.nan
                np.testing.assert_allclose(found[k], np.sqrt(mean) if root else mean, rtol=1e-13)
        nothing = loss.group_means([1.0, 2.0], [0.0, 0.0], offsets=np.array([0, 1, 2]), sample_weight=[0.0, 1.0])
        np.testing.assert_array_equal(nothing, [np.nan, 2.0 if root else 4.0])


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=1000) * 10.0 ** np.random.default_rng(1).integers(-200, 200, 1000),
        np.array([1e16, 1.0, -1e16, 1e-30]),
        np.array([np.inf, 1.0]),
        np.array([np.inf, -np.inf]),
        np.array([np.nan, np.inf]),
        np.array([1e308, 1e308]),
        np.array([]),
    ],
)
def test_exact_sum_in_any_batches(values):
    for step in (1, 3, 1000):
        total = ExactSum()
        for start in range(0, values.size, step):
            total.add(values[start : start + step])
        np.testing.assert_array_equal(total.value(), ordered_sum(values))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["huber_loss", "rmse_loss", "hinge_loss"])
def test_states_merge_and_travel(name, weighted):
    rng = np.random.default_rng(8)
    size = 20_000
    scores, labels = rng.normal(size=size), rng.choice([-1.0, 1.0], size)
    weights = rng.random(size) if weighted else None
    whole = accumulate(name)
    for some in np.split(np.arange(size), [5, 9000, 9001]):
        part = accumulate(name)
        part.update(scores[some], labels[some], None if weights is None else weights[some])
        whole.merge(Accumulator.from_bytes(part.to_bytes()))
    expected = lookup(name)(scores, labels, sample_weight=weights)
    assert whole.result() == pytest.approx(expected, rel=1e-14) and whole.rows == size
    whole.update(scores, labels, weights)
    assert whole.rows == 2 * size and whole.result() == pytest.approx(expected, rel=1e-14)


def test_states_that_do_not_go_together():
    state, other = accumulate("hinge_loss"), accumulate("hinge_loss", margin=2.0)
    with pytest.raises(ValueError, match="states differ"):
        state.merge(other)
    state.merge(accumulate("hinge_loss"))
    assert state.rows == 0
    state.update([1.0], [0.0])
    minus = accumulate("hinge_loss")
    minus.update([1.0], [-1.0])
    with pytest.raises(ValueError, match="mixes 0 and -1"):  # also of rows that make no whole chunk yet
        state.merge(minus)
    assert state.rows == 1
    with pytest.raises(ValueError, match="no state"):
        Accumulator.from_bytes(b"PK")
    with pytest.raises(ValueError, match="expected a pointwise loss"):
        Accumulator.from_bytes(accumulate("pairwise_logistic_loss").to_bytes())
