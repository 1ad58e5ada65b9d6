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
SHARES, SIDES = RNG.dirichlet(np.ones(10), 100), RNG.choice([-1, 1], 100)
ANCHOR, POSITIVE, NEGATIVE = RNG.normal(size=(3, 100, 16))

CALLS = [
    (fastloss.mse_loss, (X, Y), {}),
    (fastloss.mse_loss, (X.astype("f4"), Y), {"reduction": "sum"}),
    (fastloss.huber_loss, (X, Y), {"delta": 0.25}),
    (fastloss.binary_cross_entropy_with_logits, (X, Y), {}),
    (fastloss.cross_entropy, (LOGITS, IDS), {}),
    (fastloss.softmax_focal_loss, (LOGITS.astype("f4"), IDS), {"gamma": 1.5}),
    (fastloss.triplet_margin_loss, (ANCHOR, POSITIVE, NEGATIVE), {"margin": 0.5}),
    (fastloss.entropy, (SHARES,), {}),
    (fastloss.kl_divergence, (SHARES, SHARES[::-1].copy()), {"wrt": "p"}),
    (fastloss.categorical_cross_entropy, (SHARES.astype("f4"), SHARES), {"reduction": "none"}),
    (fastloss.categorical_cross_entropy, (SHARES, IDS), {}),
    (fastloss.nll_loss, (LOGITS, IDS), {}),
    (fastloss.poly_loss, (LOGITS, IDS), {}),
    (fastloss.multi_margin_loss, (LOGITS, IDS), {"margin": 0.5}),
    (fastloss.crammer_singer_loss, (LOGITS, IDS), {"reduction": "sum"}),
    (fastloss.contrastive_loss, (ANCHOR, POSITIVE, SIDES > 0), {"margin": 2.0}),
    (fastloss.cosine_embedding_loss, (ANCHOR, POSITIVE, SIDES), {}),
    (fastloss.two_term_contrastive_loss, (ANCHOR, POSITIVE, NEGATIVE), {"margin": 9.0}),
    (fastloss.td_loss, (LOGITS, IDS, X.astype("f4"), LOGITS[::-1].copy(), SIDES > 0), {"gamma": 0.9}),
    (fastloss.policy_gradient_loss, (LOGITS, IDS, X), {"entropy_coef": 0.1}),
    (fastloss.dice_loss, (SHARES, SHARES[::-1].copy()), {}),
    (fastloss.nmae_loss, (X, Y), {"norm": "std"}),
    (fastloss.margin_ranking_loss, (X, Y, SIDES), {}),
    (fastloss.bpr_loss, (X, Y), {}),
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


@pytest.mark.compiled
def test_the_value_of_rows_and_a_table_takes_the_short_way():
    for _ in range(2):  # the gradient by the centers is a pass of its own, the long way
        value = fastloss.center_loss(LOGITS, IDS, LOGITS[:12])
    assert value == fastloss.center_loss(LOGITS.tolist(), IDS, LOGITS[:12])
    with pytest.raises(ValueError, match=r"labels\[\d+\] is"):
        fastloss.center_loss(LOGITS, IDS, LOGITS[:5])
    plan = plan_of(fastloss.center_loss, "value", (LOGITS, IDS, LOGITS), {})
    assert plan((LOGITS, IDS, LOGITS[:5])) is None
    assert plan((LOGITS, IDS, LOGITS[:12, :9])) is None


def test_what_is_left_out_depends_on_the_ids_of_each_call():
    x = np.array([[0.0, 3.0], [1.0, 0.0]])
    for loss in (fastloss.cross_entropy, fastloss.nll_loss):
        expected = loss(x[1:], np.array([0]))
        loss(x, np.array([0, 0]), ignore_index=1)
        assert loss(x, np.array([1, 0]), ignore_index=1) == expected


def test_rows_of_other_dimensions_go_the_long_way():
    """A kind of call does not say how many dimensions its arguments have."""
    for first, second in ((SHARES[0], SHARES), (SHARES, SHARES[0])):
        for loss in (fastloss.entropy, fastloss.dice_loss):
            loss._plans.clear()
            arguments = [(one,) * (1 + (loss is fastloss.dice_loss)) for one in (first, second)]
            loss(*(one.copy() for one in arguments[0]))
            expected = loss(*(one.tolist() for one in arguments[1]))
            assert loss(*(one.copy() for one in arguments[1])) == expected


@pytest.mark.parametrize("wrong", [2.0, np.nan])
def test_numbers_beside_rows_are_checked(wrong):
    done = np.zeros(100)
    arguments = LOGITS, IDS, X, LOGITS[::-1].copy()
    fastloss.td_loss(*arguments, done, gamma=0.5)
    done[7] = wrong
    if wrong == wrong:
        with pytest.raises(ValueError, match=r"done\[7\] is 2"):
            fastloss.td_loss(*arguments, done, gamma=0.5)
    else:
        assert np.isnan(fastloss.td_loss(*arguments, done, gamma=0.5))


@pytest.mark.compiled
def test_a_root_has_a_short_way_but_for_the_second_derivative():
    for what in ("value", "value_and_grad", "grad_hess"):
        method = fastloss.rmse_loss if what == "value" else getattr(fastloss.rmse_loss, what)
        first = method(X, Y)
        assert (plan_of(fastloss.rmse_loss, what, (X, Y), {}) is small.nothing) == (what == "grad_hess")
        assert is_same(method(X, Y), first)


@pytest.mark.parametrize("loss", [fastloss.bpr_loss, fastloss.rmse_loss], ids=lambda one: one.name)
@pytest.mark.parametrize("beyond", [np.inf, np.nan, 1e306])
def test_results_that_need_care(loss, beyond):
    loss(X, Y)
    other = np.where(np.arange(100) == 3, beyond, X)
    assert is_same(loss(other, Y), loss(other.tolist(), Y))
    assert is_same(loss(Y, other), loss(Y, other.tolist()))


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


@pytest.mark.filterwarnings("error")
def test_numbers_whose_squares_overflow_bring_no_warning():
    labels = np.where(np.arange(X.size) % 2, 1e200, -1e200)
    expected = fastloss.pairwise_logistic_loss(X.tolist(), labels.tolist())
    for _ in range(3):
        assert fastloss.pairwise_logistic_loss(X, labels) == pytest.approx(expected, rel=1e-13)
    for _ in range(3):
        assert fastloss.mse_loss(X.astype(np.float32), labels) == np.inf
