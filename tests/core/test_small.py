"""Small calls: the short way gives what the long one does, and leaves to it what it does not know.

`conftest.py` runs every call of every test both ways; here is what they do not meet.
"""

import threading

import numpy as np
import pytest

import fastloss
from fastloss.core import small
from tests.conftest import is_same

RNG = np.random.default_rng(7)
X, Y = RNG.random((2, 100))
LOGITS, IDS = RNG.normal(size=(100, 10)), RNG.integers(0, 10, 100)
SCORES, LABELS = RNG.normal(size=20), RNG.integers(0, 3, 20).astype(float)
ANCHOR, POSITIVE, NEGATIVE = RNG.normal(size=(3, 100, 16))

CALLS = [
    (fastloss.mse_loss, (X, Y), {}),
    (fastloss.mse_loss, (X.astype("f4"), Y), {"reduction": "sum"}),
    (fastloss.huber_loss, (X, Y), {"delta": 0.25}),
    (fastloss.binary_cross_entropy_with_logits, (X, Y), {}),
    (fastloss.cross_entropy, (LOGITS, IDS), {}),
    (fastloss.softmax_focal_loss, (LOGITS.astype("f4"), IDS), {"gamma": 1.5}),
    (fastloss.triplet_margin_loss, (ANCHOR, POSITIVE, NEGATIVE), {"margin": 0.5}),
    (fastloss.pairwise_logistic_loss, (SCORES, LABELS), {}),
    (fastloss.pairwise_hinge_loss, (SCORES.astype("f4"), LABELS), {"reduction": "sum"}),
]


@pytest.fixture(autouse=True)
def as_users_do(both_ways, monkeypatch):
    """Without the comparison of conftest: the second call of a kind goes the short way."""
    monkeypatch.undo()


def plan_of(loss, what, args, kwargs):
    """The plan that a call has left."""
    return loss._plans[small.kind_of(what, args, kwargs)]


@pytest.mark.compiled
@pytest.mark.parametrize(("loss", "args", "kwargs"), CALLS, ids=lambda one: getattr(one, "name", ""))
@pytest.mark.parametrize("what", ["value", "value_and_grad", "grad_hess"])
def test_the_second_call_takes_the_short_way_and_gives_the_same(loss, args, kwargs, what):
    if what == "grad_hess" and not loss.has_curvature:
        pytest.skip("no second derivative")
    method = loss if what == "value" else getattr(loss, what)
    loss._plans.clear()
    first = method(*args, **kwargs)
    plan = plan_of(loss, what, args, kwargs)
    assert plan is not small.nothing and plan(args) is not None
    assert is_same(method(*args, **kwargs), first)


def strided(array):
    """Equal numbers, not contiguous."""
    wide = np.repeat(array, 2, axis=-1)
    return wide[..., ::2]


def misaligned(array):
    """Equal numbers, at an odd address."""
    store = np.zeros(array.nbytes + 1, np.uint8)[1:]
    store[:] = np.frombuffer(array.tobytes(), np.uint8)
    return store.view(array.dtype).reshape(array.shape)


@pytest.mark.compiled
@pytest.mark.parametrize("change", [strided, misaligned, lambda one: one[:0], lambda one: np.concatenate([one] * 999)])
@pytest.mark.parametrize(("loss", "args", "kwargs"), CALLS, ids=lambda one: getattr(one, "name", ""))
def test_what_a_plan_does_not_know_goes_the_long_way(loss, args, kwargs, change):
    loss(*args, **kwargs)
    others = tuple(map(change, args))
    assert plan_of(loss, "value", args, kwargs)(others) is None or others[0].size > args[0].size
    if others[0].shape == args[0].shape:
        assert is_same(loss(*others, **kwargs), loss(*args, **kwargs))


@pytest.mark.parametrize(
    ("loss", "args", "message"),
    [
        (fastloss.mse_loss, (X, Y[1:]), "target has shape"),
        (fastloss.binary_cross_entropy_with_logits, (X, Y + 1.0), r"target\[0\]"),
        (fastloss.cross_entropy, (LOGITS, IDS + 1), r"expected an id in \[0, 10\)"),
        (fastloss.cross_entropy, (LOGITS, IDS - 1), r"expected an id in \[0, 10\)"),
        (fastloss.triplet_margin_loss, (ANCHOR, POSITIVE, NEGATIVE[1:]), "negative has shape"),
        (fastloss.pairwise_logistic_loss, (SCORES, np.where(LABELS > 1, np.nan, LABELS)), "is nan"),
        (fastloss.pairwise_logistic_loss, (SCORES, LABELS[1:]), "labels has shape"),
    ],
)
def test_errors_are_the_same_after_a_call_of_the_kind(loss, args, message):
    good = {"mse_loss": (X, Y), "cross_entropy": (LOGITS, IDS), "pairwise_logistic_loss": (SCORES, LABELS)}
    good |= {"binary_cross_entropy_with_logits": (X, Y), "triplet_margin_loss": (ANCHOR, POSITIVE, NEGATIVE)}
    loss(*good[loss.name])
    with pytest.raises(ValueError, match=message):
        loss(*args)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e200])
def test_numbers_at_the_ends(odd):
    x = np.where(np.arange(100) == 3, odd, X)
    long_way = fastloss.mse_loss(x.tolist(), Y.tolist()), fastloss.mse_loss.value_and_grad(x.tolist(), Y.tolist())
    fastloss.mse_loss(X, Y)
    fastloss.mse_loss.value_and_grad(X, Y)
    assert is_same((fastloss.mse_loss(x, Y), fastloss.mse_loss.value_and_grad(x, Y)), long_way)


def test_true_is_not_the_kind_of_one():
    fastloss.huber_loss(X, Y, delta=1)
    with pytest.raises((TypeError, ValueError)):
        fastloss.huber_loss(X, Y, delta=True)


def test_margins_that_change_from_call_to_call_are_forgotten():
    for margin in np.linspace(0.1, 1.0, 3 * small.MOST).tolist():
        fastloss.huber_loss(X, Y, delta=margin)
    assert len(fastloss.huber_loss._plans) <= small.MOST


def test_results_are_arrays_of_their_own():
    fastloss.mse_loss.value_and_grad(X, Y)
    first = fastloss.mse_loss.value_and_grad(X, Y)[1]
    kept = first.copy()
    second = fastloss.mse_loss.value_and_grad(Y, X)[1]
    assert (first == kept).all() and not np.shares_memory(first, second)


def test_threads_do_not_mix_their_frames():
    expected = {size: fastloss.mse_loss(X[:size].tolist(), Y[:size].tolist()) for size in range(1, 100)}
    wrong = []

    def work():
        for _ in range(30):
            wrong.extend(size for size in expected if fastloss.mse_loss(X[:size], Y[:size]) != expected[size])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
