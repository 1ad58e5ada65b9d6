"""The state of all pairs: the same result whatever the parts and their order."""

import numpy as np
import pytest

import fastloss
from fastloss.streaming.all_pairs import PairAccumulator

RNG = np.random.default_rng(5)
SIZE = 150
SCORES, LABELS, WEIGHTS = 3.0 * RNG.normal(size=SIZE), RNG.integers(0, 4, SIZE), RNG.random(SIZE)


def parts_of(cuts, weights=WEIGHTS, scores=SCORES, name="pairwise_logistic_loss"):
    states = []
    for part in np.split(np.arange(SIZE), cuts):
        state = fastloss.accumulate(name, sigma=0.7)
        state.update(scores[part], LABELS[part], None if weights is None else weights[part])
        states.append(state)
    return states


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("scores", [SCORES, SCORES * 1e4, SCORES + 1e8, np.where(SCORES > 0, 1e300, SCORES)])
@pytest.mark.parametrize("cuts", [[75], [1, 2, 50, 51, 149]])
def test_parts_merge_into_the_whole(cuts, weights, scores):
    states = parts_of(cuts, weights, scores)
    states = [states[k] for k in RNG.permutation(len(states))]
    whole = states[0]
    for state in states[1:]:
        whole.merge(PairAccumulator.from_bytes(state.to_bytes()))
    options = {"sigma": 0.7, "sample_weight": weights, "method": "direct"}
    value, gradient, pairs = fastloss.pairwise_logistic_loss.value_and_grad(scores, LABELS, with_counts=True, **options)
    assert whole.result() == pytest.approx(value, rel=1e-12)
    assert whole.pairs() == pairs and whole.rows == SIZE
    half = SIZE // 2
    given = [
        whole.gradient(scores[some], LABELS[some], None if weights is None else weights[some])
        for some in (slice(half), slice(half, None))
    ]
    np.testing.assert_allclose(np.concatenate(given), gradient, rtol=1e-11, atol=1e-13 * np.abs(gradient).max())
    total = fastloss.pairwise_logistic_loss(scores, LABELS, reduction="sum", **options)
    assert whole.result("sum") == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS, WEIGHTS * (WEIGHTS < 0.5), np.where(LABELS == 1, 1e200, 1e-200)])
@pytest.mark.parametrize("scores", [SCORES, SCORES.astype(np.float32), SCORES * 30.0, SCORES + 1e8, np.zeros(SIZE)])
@pytest.mark.parametrize("cuts", [[75], [0, 1, 2, 50, 51, 149]])
def test_exponentials_merge_into_the_whole(cuts, weights, scores):
    states = parts_of(cuts, weights, scores, "pairwise_exponential_loss")
    states = [states[k] for k in RNG.permutation(len(states))]
    whole = states[0]
    for state in states[1:]:
        whole.merge(PairAccumulator.from_bytes(state.to_bytes()))
    loss = fastloss.pairwise_exponential_loss
    for reduction in ("mean", "sum"):
        options = {"sigma": 0.7, "sample_weight": weights, "reduction": reduction, "method": "direct"}
        value, gradient = loss.value_and_grad(scores, LABELS, **options)
        assert whole.result(reduction) == pytest.approx(value, rel=1e-12)
        half = SIZE // 2
        given = [
            whole.gradient(scores[some], LABELS[some], None if weights is None else weights[some], reduction=reduction)
            for some in (slice(half), slice(half, None))
        ]
        if np.isfinite(gradient).all():
            rounding = 1e-11 if scores.dtype == np.float64 else 1e-6
            above, below = np.maximum(gradient, 0.0).max(), np.minimum(gradient, 0.0).min()
            atol = rounding * 1e-2 * max(above, -below)
            np.testing.assert_allclose(np.concatenate(given), gradient, rtol=rounding, atol=atol)
    assert whole.pairs() == loss(scores, LABELS, with_counts=True)[1] and whole.rows == SIZE


def test_a_state_of_exponentials_is_small():
    (state,) = parts_of([], name="pairwise_exponential_loss")
    assert len(state.to_bytes()) < 2_000
    for score in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"scores\[0\] is (nan|inf): expected a finite one"):
            state.update([score, 1.0], [0, 1], [1.0, 1.0])
    with pytest.raises(ValueError, match="16 distinct"):
        state.update(np.arange(40.0), np.arange(40), np.ones(40))


def test_the_state_does_not_grow_with_the_rows():
    state = fastloss.accumulate("pairwise_logistic_loss")
    for _ in range(5):
        state.update(3.0 * RNG.normal(size=1_000), RNG.integers(0, 2, 1_000))
    assert len(state.to_bytes()) < 300_000


def test_nothing_yet():
    state = fastloss.accumulate("pairwise_logistic_loss")
    assert state.result() == 0.0 and state.pairs() == 0
    state.update([], [])
    state.update([1.0, 2.0], [1, 1])
    assert state.result() == 0.0 and PairAccumulator.from_bytes(state.to_bytes()).rows == 2


def test_what_cannot_be_accumulated():
    with pytest.raises(ValueError, match="smooth"):
        fastloss.accumulate("pairwise_hinge_loss")
    with pytest.raises(ValueError, match="ordered"):
        fastloss.accumulate("soft_pairwise_loss")
    with pytest.raises(ValueError, match="ordered"):
        fastloss.accumulate("pairwise_logistic_loss", pairs="all")
    state = fastloss.accumulate("pairwise_logistic_loss")
    with pytest.raises(ValueError, match="finite"):
        state.update([np.nan, 1.0], [0, 1])
    with pytest.raises(ValueError, match="16 distinct"):
        state.update(np.arange(40.0), np.arange(40))
    with pytest.raises(ValueError, match="shape"):
        state.update([1.0], [0, 1])
    with pytest.raises(ValueError, match="differ"):
        state.merge(fastloss.accumulate("pairwise_logistic_loss", sigma=2.0))
