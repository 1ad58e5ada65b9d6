"""States of groups: the bits of one call, whatever the batches and their order."""

import numpy as np
import pytest

import fastloss
from fastloss.group_streaming import GroupAccumulator

RNG = np.random.default_rng(8)
GROUPS = np.repeat(RNG.permutation(12), RNG.integers(1, 9, 12))
SIZE = GROUPS.size
SCORES, LABELS, WEIGHTS = RNG.normal(size=SIZE), RNG.integers(0, 3, SIZE), RNG.random(SIZE)
LOSSES = ("pairwise_logistic_loss", "pairwise_hinge_loss", "pairwise_exponential_loss", "lambdarank_loss")


def batches(name):
    """Whole groups, three at a time, with weights for rows or for queries."""
    for ids in np.split(RNG.permutation(12), 4):
        some = np.isin(GROUPS, ids)
        weights = WEIGHTS[np.sort(ids)] if name == "lambdarank_loss" else WEIGHTS[some]
        yield some, (SCORES[some], LABELS[some], weights), GROUPS[some]


@pytest.mark.parametrize("name", LOSSES)
def test_batches_and_machines_do_not_matter(name):
    loss = getattr(fastloss, name)
    weights = WEIGHTS[:12] if name == "lambdarank_loss" else WEIGHTS
    value, gradient = loss.value_and_grad(SCORES, LABELS, groups=GROUPS, sample_weight=weights)
    results = set()
    for _ in range(3):
        states = []
        given = list(batches(name))
        for _, rows, groups in given:
            state = fastloss.accumulate(name, grouped=True)
            state.update(*rows, groups=groups)
            states.append(state)
        whole = states[0]
        for state in states[1:]:
            whole.merge(GroupAccumulator.from_bytes(state.to_bytes()))
        assert (whole.rows, whole.groups) == (SIZE, 12)
        assert whole.result() == pytest.approx(value, rel=1e-12)
        results |= {(whole.result(), whole.result("sum"))}
        for some, rows, groups in given:
            np.testing.assert_allclose(whole.gradient(*rows, groups=groups), gradient[some], rtol=1e-11, atol=1e-15)
    assert len(results) == 1


def test_offsets_parameters_and_pairs():
    state = fastloss.accumulate("pairwise_hinge_loss", grouped=True, margin=0.5)
    state.update([0.1, 0.4, 0.2], [1, 0, 1], offsets=[0, 2, 3])
    state.update([0.3, 0.1], [0, 1], offsets=[0, 2])
    expected = fastloss.pairwise_hinge_loss(
        [0.1, 0.4, 0.2, 0.3, 0.1], [1, 0, 1, 0, 1], offsets=[0, 2, 3, 5], margin=0.5, with_counts=True
    )
    assert (state.result(), state.pairs()) == (pytest.approx(expected[0], rel=1e-15), expected[1])
    assert state.weight() == 2.0


def test_a_group_that_comes_back_is_found():
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    for start in range(0, 40, 4):
        state.update(np.arange(4.0), [0, 1, 0, 1], groups=np.arange(start, start + 4))
    with pytest.raises(ValueError, match=r"groups has .*17.*came before"):
        state.update([1.0, 2.0], [0, 1], groups=[50, 17])
    other = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    other.update([1.0, 2.0], [0, 1], groups=[3, 3])
    with pytest.raises(ValueError, match="came before"):
        state.merge(other)
    names = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    names.update([1.0, 2.0], [0, 1], groups=["a", "a"])
    names.update([1.0, 2.0], [0, 1], groups=["b", "b"])
    with pytest.raises(TypeError, match="expected strings, as before"):
        names.update([1.0, 2.0], [0, 1], groups=[1, 1])


def test_what_has_no_such_state():
    with pytest.raises(ValueError, match="mse_loss has no groups"):
        fastloss.accumulate("mse_loss", grouped=True)
    with pytest.raises(TypeError, match="has no parameter 'delta'"):
        fastloss.accumulate("pairwise_logistic_loss", grouped=True, delta=1.0)
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    with pytest.raises(ValueError, match="both missing"):
        state.update([1.0], [1])
    assert state.result() == 0.0
    other = fastloss.accumulate("pairwise_logistic_loss", grouped=True, sigma=2.0)
    with pytest.raises(ValueError, match="states differ"):
        state.merge(other)
