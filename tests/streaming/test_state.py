"""What holds of every state: whole or not at all, no weights, weights in any unit, a loss instead of its name."""

import numpy as np
import pytest

import fastloss
from fastloss.core import summation
from fastloss.core.summation import CHUNK
from fastloss.pairs.boxes import state as box_state
from fastloss.pairs.boxes.sums import NoState
from fastloss.pairs.separable import state as exponential_state
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.streaming import ids as group_ids
from fastloss.streaming.accumulate import accumulate
from fastloss.streaming.examples import ExampleAccumulator
from fastloss.streaming.grouped import GroupAccumulator

SCORES, LABELS, WEIGHTS = np.array([0.5, -1.0, 2.0, 0.25]), np.array([1, 0, 2, 1]), np.array([0.5, 1.0, 0.25, 2.0])
KINDS = ("elements", "examples", "pairs", "exponentials", "groups")
LOSSES = {
    "elements": fastloss.huber_loss,
    "examples": fastloss.margin_ranking_loss,
    "exponentials": fastloss.pairwise_exponential_loss,
}
SUMS = ("elements", "examples")  # kinds that have no pairs
ALL_PAIRS = ("pairs", "exponentials")  # kinds whose rows are one group


def new(kind, **parameters):
    loss = LOSSES.get(kind, fastloss.pairwise_logistic_loss)
    if kind == "examples":
        parameters = {"margin": 1.0, **parameters}
    return accumulate(loss.name, grouped=kind == "groups", **parameters)


def give(state, scores=SCORES, labels=LABELS, weights=None, **groups):
    if isinstance(state, GroupAccumulator) and not groups:
        groups = {"offsets": [0, len(scores)]}
    if isinstance(state, ExampleAccumulator):
        state.update(scores, labels, 1, sample_weight=weights)
    else:
        state.update(scores, labels, weights, **groups)


def gradient(state, scores=SCORES, labels=LABELS, weights=None, reduction="mean"):
    """The gradient by the scores."""
    if isinstance(state, ExampleAccumulator):
        return state.gradient(scores, labels, 1, sample_weight=weights, reduction=reduction)[0]
    groups = {"offsets": [0, len(scores)]} if isinstance(state, GroupAccumulator) else {}
    return state.gradient(scores, labels, weights, reduction=reduction, **groups)


def one_call(kind, weights):
    """The value, and the gradient by the scores."""
    loss = LOSSES.get(kind, fastloss.pairwise_logistic_loss)
    more, words = ((1,), {"margin": 1.0}) if kind == "examples" else ((), {})
    value, slope = loss.value_and_grad(SCORES, LABELS, *more, sample_weight=weights, **words)
    return value, slope[0] if kind == "examples" else slope


REFUSED = [
    (([1.0], [1, 2]), ValueError, "shape"),
    (([1.0, 2.0], [1, 0], [1.0]), ValueError, "sample_weight has shape"),
    (([1.0, 2.0], [1, 0], [1.0, 1.0]), ValueError, "for some batches only"),
    (([1j], [1]), TypeError, "dtype complex128"),
    ((["a"], [1]), TypeError, "dtype"),
    ((np.ma.masked_equal([1.0, 2.0], 2.0), [1, 0]), TypeError, "mask"),
    (([1.0, 2.0], np.ma.masked_equal([1, 0], 0)), TypeError, "mask"),
    (([1.0, 2.0], [1, 0], np.ma.masked_equal([1.0, 2.0], 2.0)), TypeError, "mask"),
]


@pytest.mark.parametrize(("batch", "error", "message"), REFUSED)
@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_batch_changes_nothing(kind, batch, error, message):
    state = new(kind)
    give(state)
    before = state.to_bytes()
    with pytest.raises(error, match=message):
        give(state, *batch)
    assert state.to_bytes() == before
    give(state)
    assert state.rows == 8
    assert state.result() == pytest.approx(one_call(kind, None)[0], rel=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_below_zero_are_named_as_they_are_given(kind):
    state = new(kind)
    give(state, weights=WEIGHTS)
    before = state.to_bytes()
    at = 5 if kind == "elements" else 1  # of the stream
    for unit in (1.0, 1e300, 1e-300):
        with pytest.raises(ValueError, match=rf"sample_weight\[{at}\] is -{unit:g}".replace("+", r"\+")):
            give(state, [1.0, 2.0], [1, 0], [unit, -unit])
        assert state.to_bytes() == before


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (([np.nan, 1.0], [0, 1]), r"scores\[0\] is nan: expected a finite one"),
        (([0.0, -np.inf], [0, 1]), r"scores\[1\] is -inf: expected a finite one"),
        (([0.0, 1e308, -1e308], [0, 1, 0]), r"scores\[1\] is 1e\+308: expected one that is not too large"),
        (([1e307, 0.0], [0, 1]), r"scores\[0\] is 1e\+307"),
        (([0.0, 1.0], [np.nan, 1]), r"labels\[0\] is nan"),
        (([0.0, 1.0], [2**53 + 1, 2**53]), r"labels\[0\] is 9007199254740993"),
        (([2**53 + 1, 0], [0, 1]), r"scores\[0\] is 9007199254740993"),
        ((np.arange(40.0), np.arange(40)), "16 distinct"),
    ],
)
def test_pairs_that_a_state_cannot_hold(batch, message):
    state = new("pairs")
    give(state)
    before = state.to_bytes()
    with pytest.raises(ValueError, match=message):
        give(state, *batch)
    assert state.to_bytes() == before
    if "16" not in message:
        with pytest.raises(ValueError, match=message):
            state.gradient(*batch)
    with pytest.raises(ValueError, match=r"sample_weight\[1\] is inf"):
        new("pairs").update([0.0, 1.0], [0, 1], [1.0, np.inf])


def test_the_last_rows_are_checked_when_they_come():
    state = accumulate("binary_cross_entropy")
    with pytest.raises(ValueError, match=r"input\[0\] is 1.7: expected a probability"):
        state.update([1.7], [1])
    assert state.rows == 0 and state.result() == 0.0
    state.update([0.25, 0.5], [1, 0])
    with pytest.raises(ValueError, match=r"input\[3\] is 1.7"):
        state.update([0.5, 1.7], [1, 0])
    with pytest.raises(ValueError, match=rf"input\[{2 + CHUNK}\] is -1"):
        state.update(np.append(np.full(CHUNK, 0.5), -1.0), np.ones(CHUNK + 1))
    # -log(1/4), -log(1/2)
    assert state.rows == 2 and state.result() == pytest.approx(1.5 * np.log(2.0), rel=1e-15)
    state.update([0.5], [1])
    assert state.result() == pytest.approx(4.0 / 3.0 * np.log(2.0), rel=1e-15)


def test_the_domain_is_that_of_the_parameters():
    state = accumulate("poisson_nll_loss", log_input=False)
    with pytest.raises(ValueError, match=r"input\[1\] is -1: expected a number >= 0"):
        state.update([1.0, -1.0], [1.0, 2.0])
    assert state.rows == 0 and state.result() == 0.0


def test_signs_are_of_one_kind():
    state = accumulate("hinge_loss")
    state.update([0.5], [1.0])
    state.update([0.5, 0.5], [1.0, -1.0])
    before = state.to_bytes()
    with pytest.raises(ValueError, match=r"target mixes 0 and -1 in different batches \(0 at index 4\)"):
        state.update([0.5, 0.5], [1.0, 0.0])
    with pytest.raises(ValueError, match=r"target mixes 0 \(at index 3\) and -1 \(at index 4\)"):
        state.update([0.5, 0.5], [0.0, -1.0])
    other = accumulate("hinge_loss")
    other.update([0.5], [0.0])
    with pytest.raises(ValueError, match="target mixes 0 and -1"):
        state.merge(other)
    assert state.to_bytes() == before
    ends = np.repeat([0.0, 1.0, -1.0], [1, CHUNK, 1])  # in two parts of one batch
    with pytest.raises(ValueError, match=rf"target mixes 0 \(at index 1\) and -1 \(at index {CHUNK + 2}\)"):
        other.update(np.zeros(ends.size), ends)
    assert other.rows == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_state_changes_nothing(kind):
    state = new(kind)
    give(state)
    weighted = new(kind)
    give(weighted, weights=WEIGHTS)
    another = new(kind, **{{"elements": "delta", "examples": "margin"}.get(kind, "sigma"): 2.0})
    give(another)
    before = state.to_bytes()
    for other, error, message in (
        (weighted, ValueError, "for some batches only"),
        (another, ValueError, "states differ: other is of .*=2.0.*, expected .*=1.0"),
        (new("pairs" if kind == "elements" else "elements"), TypeError, "other is of type"),
        (new("pairs" if kind == "groups" else "groups"), TypeError, "other is of type"),
        (3, TypeError, "other is of type int"),
    ):
        with pytest.raises(error, match=message):
            state.merge(other)
        assert state.to_bytes() == before
    state.merge(new(kind, **state.parameters))  # of defaults that are given
    assert state.to_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_may_be_merged_with_itself(kind):
    state = new(kind)
    give(state, weights=WEIGHTS)
    value, weight = state.result(), state.weight()
    state.merge(state)
    times = 4.0 if kind in ALL_PAIRS else 2.0  # twice the rows are four times the pairs
    assert (state.rows, state.weight()) == (8, pytest.approx(times * weight, rel=1e-15))
    assert state.result() == pytest.approx(value, rel=1e-14)


def test_groups_that_came_before_keep_the_others_out():
    state, other = new("groups"), new("groups")
    give(state, groups=[1, 1, 2, 2])
    give(other, groups=["a", "a", "b", "b"])
    third = new("groups")
    give(third, groups=[2**63 + 5, 2**63 + 5, 4, 4])
    give(third, groups=[9, 9, 2, 2])  # 2 is on the last shelf that is looked at
    before = state.to_bytes()
    for refused, error, message in (
        (other, TypeError, "expected integers"),
        (third, ValueError, "groups has 2, which"),
    ):
        with pytest.raises(error, match=message):
            state.merge(refused)
    with pytest.raises(ValueError, match="groups has 1, which"):
        state.merge(state)
    with pytest.raises(ValueError, match="groups has 2, which"):
        give(state, groups=[5, 5, 2, 2])
    assert state.to_bytes() == before
    give(state, groups=[5, 5, 2**63 + 5, 2**63 + 5])
    assert state.groups == 4


@pytest.mark.parametrize(
    ("kind", "owner", "name"),
    [
        ("elements", PointwiseLoss, "chunk_sums"),
        ("examples", PointwiseLoss, "chunk_sums"),
        ("examples", summation.ExactSum, "terms"),
        ("pairs", box_state, "levels"),
        ("pairs", box_state, "added"),
        ("exponentials", exponential_state, "levels"),
        ("exponentials", exponential_state, "added"),
        ("groups", group_ids, "joined"),
        ("groups", summation.ExactSum, "terms"),
    ],
)
def test_an_interrupt_leaves_no_half_of_a_batch(kind, owner, name, monkeypatch):
    state, other = new(kind), new(kind)
    give(state, weights=WEIGHTS)
    give(other, weights=WEIGHTS)
    late = calls = stopped = 0
    real = getattr(owner, name)

    def interrupted(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls > late:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    while late < 2:
        for act in (lambda: give(state, weights=WEIGHTS), lambda: state.merge(other)):
            calls, before = 0, state.to_bytes()
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, interrupted)
                try:
                    act()
                except KeyboardInterrupt:
                    calls = -1
            assert calls != -1 or state.to_bytes() == before
            stopped += calls == -1
        late += 1
    assert stopped
    rows = state.rows  # more where there were so few calls that none was stopped
    give(state, weights=WEIGHTS)
    assert state.rows == rows + 4


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_and_no_pairs(kind):
    state = new(kind)
    assert (state.rows, state.result(), state.weight()) == (0, 0.0, 0.0)
    give(state, [], [])
    assert gradient(state, np.zeros(0), np.zeros(0)).shape == (0,)
    if kind in SUMS:
        give(state, np.zeros(0, np.float32), [])  # no rows say nothing of the precision of others
        with pytest.raises(ValueError, match="shape"):
            give(state, [], [1.0])
    else:
        give(state, [1.0, 2.0], [1, 1])
        assert gradient(state, [1.0, 2.0], [1, 1]).tolist() == [0.0, 0.0]
        assert state.pairs() == 0
    assert state.result() == 0.0
    give(state)


def test_a_loss_instead_of_its_name():
    for name, grouped in (("huber_loss", False), ("pairwise_logistic_loss", False), ("lambdarank_loss", True)):
        state = accumulate(getattr(fastloss, name), grouped=grouped)
        state.merge(accumulate(name, grouped=grouped))
        assert state.loss is getattr(fastloss, name)
    for wrong in (3, None, fastloss, np.mean):
        with pytest.raises(TypeError, match=r"name is of type .*: expected the name of a loss, or a loss"):
            accumulate(wrong)


@pytest.mark.parametrize(
    ("name", "grouped", "parameters", "error", "message"),
    [
        (
            "huber_loss",
            False,
            {"gamma": 1},
            TypeError,
            r"huber_loss has no parameter 'gamma': expected one of \['delta'",
        ),
        ("pairwise_logistic_loss", False, {"gamma": 1}, TypeError, "has no parameter 'gamma'"),
        ("pairwise_logistic_loss", True, {"gamma": 1}, TypeError, "has no parameter 'gamma'"),
        ("pairwise_logistic_loss", False, {"reduction": "sum"}, TypeError, "has no parameter 'reduction'"),
        ("mse_loss", True, {}, ValueError, "mse_loss has no groups: expected a loss over pairs or queries"),
        ("cross_entropy", True, {}, ValueError, "cross_entropy has no groups"),
        ("cross_entropy", False, {"weight": [1.0, 2.0]}, ValueError, "weight is an array: expected a number"),
        ("multi_quantile_loss", False, {"quantiles": (0.1,)}, ValueError, "quantiles is an array: .* with each batch"),
        ("td_loss", False, {}, TypeError, r"td_loss needs gamma: expected .*\[0, 1\]"),
        ("td_loss", False, {"gamma": 2.0}, ValueError, "gamma is 2"),
        ("bpr_loss", False, {"reg": 0.1}, ValueError, "reg is 0.1: expected 0.0, since bpr_loss is computed by parts"),
        ("lambdarank_loss", True, {"truncation_level": 0}, ValueError, "truncation_level is 0"),
        ("lambdarank_loss", True, {"truncation_level": 1.5}, TypeError, "truncation_level is 1.5"),
        ("binary_cross_entropy", False, {"weight": -1.0}, ValueError, "weight is -1"),
        ("binary_cross_entropy_with_logits", False, {"pos_weight": -1.0}, ValueError, "pos_weight is -1"),
        ("pairwise_logistic_loss", True, {"sigma": [1.0]}, (TypeError, ValueError), "sigma is"),
        ("pairwise_logistic_loss", "yes", {}, TypeError, "grouped is 'yes': expected True or False"),
        ("mse_loss", 1, {}, TypeError, "grouped is 1: expected True or False"),
    ],
)
def test_parameters_are_checked_at_once(name, grouped, parameters, error, message):
    with pytest.raises(error, match=message):
        accumulate(name, grouped=grouped, **parameters)


def test_integers_that_float64_does_not_hold():
    state = accumulate("huber_loss")
    with pytest.raises(ValueError, match=r"target\[1\] is 9007199254740993: expected a number that float64 holds"):
        state.update([0.0, 1.0], [0, 2**53 + 1])
    with pytest.raises(ValueError, match=r"input\[0\] is 9223372036854775809: expected a number that float64 holds"):
        state.update(np.array([2**63 + 1], np.uint64), [0])
    with pytest.raises(ValueError, match=r"target\[0\] is .*: expected a number in \[0, 1\]|expected a probability"):
        accumulate("binary_cross_entropy").update([0.5], [2**53 + 1])
    state.update([0.0], [2**53])
    assert state.result() == 2.0**53 - 0.5  # delta 1


@pytest.mark.parametrize("before", [0, 1, CHUNK - 2])
@pytest.mark.parametrize("more", [0, 3, 2 * CHUNK])
def test_messages_show_numbers_as_they_are_given(before, more):
    for wrong in (2**53 + 1, 2**64 - 1, -(2**53) - 1):
        state = accumulate("binary_cross_entropy_with_logits")
        state.update(np.zeros(before), np.ones(before))
        target = np.array([*[1] * more, wrong], np.uint64 if wrong > 2**60 else np.int64)
        with pytest.raises(ValueError, match=rf"target\[{before + more}\] is {wrong}: expected a number in \[0, 1\]"):
            state.update(np.zeros(more + 1), target)
        assert state.rows == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("score", [np.nan, np.inf, 1e308])
def test_kernels_that_run_as_python_warn_of_nothing(score):
    scores, labels = np.array([score, -score, 1.0, 2.0]), [0, 1, 0, 1]
    for weights in (None, [1e200, 1e-200, 1.0, 2.0], [1e300] * 4):
        fastloss.auc(scores, labels, sample_weight=weights)
        fastloss.count_inversions(scores, labels, sample_weight=weights)
        for name in ("pairwise_logistic_loss", "pairwise_hinge_loss", "pairwise_exponential_loss"):
            state = accumulate(name, grouped=True)
            state.update(scores, labels, weights, offsets=[0, 4])
            assert isinstance(state.result(), float) and isinstance(state.result("sum"), float)


@pytest.mark.parametrize(("at", "name"), [(0, "input"), (1, "target"), (2, "sample_weight")])
def test_integers_beyond_float64_are_counted_from_the_start(at, name):
    state = accumulate("mse_loss")
    state.update(np.zeros(100), np.zeros(100), np.ones(100))
    before = state.to_bytes()
    arrays = [np.array([1, 2, 3]) for _ in range(3)]
    arrays[at][2] = 2**53 + 1
    with pytest.raises(
        ValueError, match=rf"{name}\[102\] is {2**53 + 1}: expected a number that float64 holds exactly"
    ):
        state.update(*arrays)
    assert state.to_bytes() == before


def test_labels_beyond_float64_have_no_state_of_all_pairs():
    state = accumulate("pairwise_logistic_loss")
    with pytest.raises(NoState, match=rf"labels\[1\] is {2**53 + 1}: expected a number that float64 holds exactly"):
        state.update([0.5, 1.0], [1, 2**53 + 1])
    assert state.rows == 0
