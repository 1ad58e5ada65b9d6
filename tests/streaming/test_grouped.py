"""States of groups: the bits of one call, whatever the batches and their order."""

import numpy as np
import pytest

import fastloss
from fastloss.streaming import stored
from fastloss.streaming.grouped import GroupAccumulator

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


IDS = [
    ([np.array([1, 1, 2], np.int32), np.array([3, 4]), np.array([2**63 + 5, 7], np.uint64), [2**70, -(2**65), 5]], [6]),
    ([["a", "bb"], ["ccc", "x" * 3000], np.array(["d\0", "e"], object), np.array(["é"])], ["d"]),
    ([[b"a", b"bb"], np.array([b"q" * 70, b"a\0"], object)], [b"q"]),
    ([[True]], [False]),
    ([np.array([1.5], np.float32), [2.5, 0.0]], [0.1]),
    ([np.array(["2020-01-01"], "M8[D]"), np.array(["2020-01-02T03"], "M8[ns]")], np.array(["2020-01-02"], "M8[D]")),
    ([np.array([3], "m8[s]"), np.array([3], "m8[ms]")], np.array([5], "m8[us]")),
]


def give_ids(state, ids):
    size = len(ids)
    state.update(np.zeros(size), np.zeros(size), groups=ids)


@pytest.mark.parametrize(("batches", "fresh"), IDS)
def test_ids_of_every_kind_survive(batches, fresh):
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    for ids in batches:
        give_ids(state, ids)
    data = state.to_bytes()
    assert b"pickle" not in data
    again = GroupAccumulator.from_bytes(data)
    assert again.to_bytes() == data
    for one in (state, again):
        for ids in batches:
            for at in range(len(ids)):
                with pytest.raises(ValueError, match="which came before"):
                    give_ids(one, ids[at : at + 1])
        with pytest.raises(ValueError, match="which came before"):
            one.merge(again)
        assert one.to_bytes() == data
        give_ids(one, fresh)
    third = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    give_ids(third, fresh)
    state = GroupAccumulator.from_bytes(data)
    state.merge(third)
    assert state.to_bytes() == again.to_bytes()


def test_one_width_of_integers_is_another():
    for first, second in ((np.int32, np.int64), (np.uint8, np.int64), (np.uint64, np.int16), (np.int64, object)):
        state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
        give_ids(state, np.array([3, 9], first))
        give_ids(state, np.array([4], second))
        with pytest.raises(ValueError, match="groups has 9, which came before"):
            give_ids(state, np.array([9], second))
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    give_ids(state, np.array([2**63], np.uint64))
    give_ids(state, np.array([2**63 + 1], np.uint64))  # one float64, two ids
    give_ids(state, [2**63 - 1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1], ["a"]),
        ([1], [1.5]),
        ([b"a"], ["a"]),
        ([True], [1]),
        (["2020"], np.array(["2020"], "M8[Y]")),
        (np.array([1], "m8[Y]"), np.array([1], "m8[D]")),
    ],
)
def test_kinds_of_ids_do_not_mix(first, second):
    for one, two in ((first, second), (second, first)):
        state, other = (fastloss.accumulate("pairwise_logistic_loss", grouped=True) for _ in range(2))
        give_ids(state, one)
        give_ids(other, two)
        with pytest.raises(TypeError, match="as before"):
            give_ids(state, two)
        with pytest.raises(TypeError, match="as before"):
            state.merge(other)
        assert state.groups == 1


def test_ids_that_are_missing_or_masked_are_named():
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    for ids in (["a", None], [1.0, np.nan], np.array(["2020", "NaT"], "M8[D]")):
        with pytest.raises(ValueError, match=r"groups\[1\] is (null|nan)"):
            give_ids(state, ids)
    with pytest.raises(TypeError, match="groups is a masked array"):
        give_ids(state, np.ma.masked_equal([1, 2], 2))
    give_ids(state, np.array(["9999"], "M8[Y]"))
    with pytest.raises(ValueError, match="does not hold"):
        give_ids(state, np.array(["2000"], "M8[ns]"))


@pytest.mark.parametrize(
    ("shelf", "ids"),
    [
        ("int64", np.array([3, 3])),
        ("int64", np.array([4, 3])),
        ("int64", np.array([], np.int64)),
        ("int64", np.array([1.0])),
        ("uint64", np.array([3], np.uint64)),
        ("float64", np.array([np.nan])),
        ("bool", np.array([2], np.uint8).view(bool)),
        ("datetime64", np.array(["NaT"], "M8[s]")),
        ("datetime64", np.array([3], "m8[s]")),
        ("string:2", np.array([0x110000, 5], np.uint32).view("U2")),
        ("string:2", np.array(["a"], "U2")),
        ("string:3", np.array(["abc"])),
        ("string:4", np.array([b"abc"], "S4")),
        ("string+:4", np.array(["abc"], "U4")),
        ("string", np.array(["a"])),
        ("integer:4", np.array([b"abc"], "S4")),
        ("integer:32", np.array([b"0x400000000000000000"], "S32")),
        ("integer:4", np.array([b"xyz"], "S4")),
        ("objects", np.array([1])),
        ("", np.array([1])),
    ],
)
def test_made_up_ids_are_refused(shelf, ids):
    fields = {"rows": 4, "groups": 4, "used": 0, "pairs": 0, "weighted": False, "power": 0}
    state = fastloss.accumulate("pairwise_logistic_loss", grouped=True)
    about = {"loss": state.loss.name, "parameters": state.parameters, **fields}
    sums = {"loss": np.empty(0), "weight": np.empty(0)}
    assert GroupAccumulator.from_bytes(stored.pack("groups", about, sums)).groups == 4
    with pytest.raises(ValueError, match="these bytes are no state of fastloss"):
        GroupAccumulator.from_bytes(stored.pack("groups", about, {**sums, f"ids {shelf}": ids}))


def test_labels_are_of_one_convention_in_all_batches():
    state, other = (fastloss.accumulate("soft_pairwise_loss", grouped=True) for _ in range(2))
    state.update([0.5, 1.0], [1, 1], groups=[1, 1])
    state.update([0.5, 1.0, 2.0], [1, 0, 1], groups=[2, 2, 2])
    before = state.to_bytes()
    with pytest.raises(
        ValueError, match=r"labels mixes 0 and -1 in different batches \(-1 at index 1\): expected -1 or"
    ):
        state.update([0.5, 1.0], [1, -1], groups=[3, 3])
    assert state.to_bytes() == before
    again = GroupAccumulator.from_bytes(before)
    other.update([0.5], [-1], groups=[4])
    for one in (state, again):
        with pytest.raises(ValueError, match="labels mixes 0 and -1 in different states"):
            one.merge(other)
        with pytest.raises(ValueError, match="labels mixes 0 and -1 in different states"):
            other.merge(one)
    assert state.to_bytes() == again.to_bytes() == before
    assert other.groups == 1
    hinge = fastloss.accumulate("pairwise_hinge_loss", pairs="all", grouped=True)  # takes any labels
    hinge.update([0.5, 1.0], [0, 1], groups=[1, 1])
    hinge.update([0.5, 1.0], [-1, 1], groups=[2, 2])
    assert hinge.groups == 2
