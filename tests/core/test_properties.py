"""Properties that hold for any numbers: Hypothesis looks for those that break them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fastloss

FINITE = st.floats(-1e6, 1e6)
relaxed = settings(deadline=None, max_examples=60)


def vectors(elements=FINITE, least=1, most=40):
    return st.integers(least, most).flatmap(lambda n: arrays(np.float64, n, elements=elements))


@st.composite
def ranked(draw):
    size = draw(st.integers(1, 30))
    scores = draw(arrays(np.float64, size, elements=st.floats(-50, 50)))
    labels = draw(arrays(np.int64, size, elements=st.integers(0, 3)))
    groups = draw(arrays(np.int64, size, elements=st.integers(-2, 2)))
    return scores, labels, groups


@relaxed
@given(ranked(), st.randoms())
def test_pairs_do_not_depend_on_the_order_of_rows(data, random):
    scores, labels, groups = data
    order = list(range(len(scores)))
    random.shuffle(order)
    value, slopes = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, groups=groups)
    shuffled = fastloss.pairwise_logistic_loss.value_and_grad(scores[order], labels[order], groups=groups[order])
    assert shuffled[0] == pytest.approx(value, rel=1e-12, abs=1e-300)
    np.testing.assert_allclose(shuffled[1], slopes[order], rtol=1e-11, atol=1e-15)


@relaxed
@given(ranked(), st.floats(-1e3, 1e3))
def test_pairs_see_differences_only(data, shift):
    scores, labels, groups = data
    value = fastloss.pairwise_hinge_loss(scores, labels, groups=groups)
    assert fastloss.pairwise_hinge_loss(scores + shift, labels, groups=groups) == pytest.approx(
        value, rel=1e-9, abs=1e-9
    )


@relaxed
@given(ranked())
def test_slopes_of_a_group_cancel(data):
    scores, labels, groups = data
    _, slopes = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, groups=groups, reduction="sum")
    for group in np.unique(groups):
        assert abs(math.fsum(slopes[groups == group])) <= 1e-11


@relaxed
@given(ranked())
def test_offsets_are_groups(data):
    scores, labels, groups = data
    order = np.argsort(groups, kind="stable")
    ends = np.append(np.searchsorted(groups[order], np.unique(groups)), len(groups))
    by_ids = fastloss.pairwise_logistic_loss(scores, labels, groups=groups, reduction="per_group")
    by_ends = fastloss.pairwise_logistic_loss(scores[order], labels[order], offsets=ends, reduction="per_group")
    np.testing.assert_array_equal(by_ids, by_ends)


@relaxed
@given(st.floats(-700, 700), st.floats(-700, 700))
def test_bpr_is_pairwise_logistic_on_one_pair(positive, negative):
    bpr = fastloss.bpr_loss([positive], [negative])
    found = fastloss.pairwise_logistic_loss([positive, negative], [1, 0])
    assert found == pytest.approx(bpr, rel=4e-15, abs=1e-307)  # subnormals have fewer digits


@relaxed
@given(vectors(), st.floats(0.01, 100))
def test_weights_scale_out(x, factor):
    weights = np.linspace(0.5, 2.0, len(x))
    value = fastloss.huber_loss(x, np.zeros(len(x)), sample_weight=weights)
    assert fastloss.huber_loss(x, np.zeros(len(x)), sample_weight=factor * weights) == pytest.approx(value, rel=1e-12)


@relaxed
@given(vectors(st.floats(-800, 800)))
def test_logits_never_overflow(x):
    for target in (0.0, 1.0):
        value, slopes = fastloss.binary_cross_entropy_with_logits.value_and_grad(x, np.full(len(x), target))
        assert 0.0 <= value < math.inf and np.isfinite(slopes).all()


@relaxed
@given(st.integers(1, 20), st.integers(2, 9), st.floats(-1e5, 1e5), st.randoms())
def test_softmax_does_not_see_a_shift(rows, classes, shift, random):
    rng = np.random.default_rng(random.getrandbits(32))
    x, t = rng.normal(size=(rows, classes)), rng.integers(0, classes, rows)
    value, slopes = fastloss.cross_entropy.value_and_grad(x, t)
    assert fastloss.cross_entropy(x + shift, t) == pytest.approx(value, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(slopes.sum(axis=1), 0.0, atol=1e-15)
