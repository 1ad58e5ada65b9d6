"""The mix of classes, against exact fractions row by row."""

import math
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp

import fastloss
from fastloss import class_shift
from fastloss.classes import _upper_tail

RNG = np.random.default_rng(7)


def of_a_side(labels, losses, weights):
    """Each class's share and mean loss, in fractions."""
    weight, total = defaultdict(Fraction), defaultdict(Fraction)
    for label, loss, one in zip(labels, losses, weights, strict=True):
        if one:
            weight[label] += Fraction(one)
            total[label] += Fraction(one) * Fraction(loss)
    whole = sum(weight.values())
    return {c: w / whole for c, w in weight.items()}, {c: total[c] / w for c, w in weight.items()}


def exactly(train, valid):
    """The parts of the gap, by their definitions; `train` and `valid` are labels, losses and weights."""
    (p, t), (q, v) = of_a_side(*train), of_a_side(*valid)
    both = p.keys() & q.keys()
    p_both, q_both = sum(p[c] for c in both), sum(q[c] for c in both)
    means = [sum(share[c] * mean[c] for c in share) for share, mean in ((p, t), (q, v))]
    at_train_mix = sum(p[c] / p_both * v[c] for c in both)
    own = sum(q[c] / q_both * v[c] for c in both)
    theirs = sum(p[c] / p_both * t[c] for c in both)
    every = p.keys() | q.keys()
    return {
        "total_variation": sum(abs(p.get(c, 0) - q.get(c, 0)) for c in every) / 2,
        "train": means[0],
        "valid": means[1],
        "gap": means[1] - means[0],
        "mix": own - at_train_mix,
        "within": at_train_mix - theirs,
        "unmatched": (means[1] - own) - (means[0] - theirs),
        "valid_at_train_mix": at_train_mix,
    }


def drawn(rows, classes, names, weighted):
    labels = RNG.choice(classes, rows, p=RNG.dirichlet(np.ones(classes)))
    losses = RNG.exponential(1.0 + labels)
    weights = RNG.random(rows) * (RNG.random(rows) < 0.8) if weighted else np.ones(rows)
    return names[labels], losses, weights


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("names", [np.arange(9) * 5 - 7, np.array(list("abcdefghi")), np.arange(9.0) / 4], ids=str)
@pytest.mark.parametrize("classes", [2, 9])
def test_against_fractions(classes, names, weighted):
    train, valid = drawn(300, classes, names, weighted), drawn(40, classes, names, weighted)
    words = {"train_weight": train[2], "valid_weight": valid[2]} if weighted else {}
    found = class_shift(train[0], valid[0], train_losses=train[1], valid_losses=valid[1], **words)
    expected = exactly(*((one[0].tolist(), one[1].tolist(), one[2].tolist()) for one in (train, valid)))
    assert found.total_variation == pytest.approx(float(expected.pop("total_variation")), rel=1e-13)
    for name, value in expected.items():
        assert getattr(found.losses, name) == pytest.approx(float(value), rel=1e-12, abs=1e-14), name
    parts = found.losses.mix + found.losses.within + found.losses.unmatched
    assert parts == pytest.approx(found.losses.gap, rel=1e-12, abs=1e-14)
    assert np.nansum(found.losses.mix_by_class) == pytest.approx(found.losses.mix, rel=1e-12, abs=1e-14)
    kept = [set(one[0][one[2] > 0].tolist()) for one in (train, valid)]
    assert found.classes.tolist() == sorted(kept[0] | kept[1])
    assert found.missing_in_train.tolist() == sorted(kept[1] - kept[0])
    assert found.missing_in_valid.tolist() == sorted(kept[0] - kept[1])
    assert found.train.sum() == pytest.approx(1.0) and found.valid.sum() == pytest.approx(1.0)
    assert np.isinf(found.ratio[np.isin(found.classes, found.missing_in_train)]).all()


def test_weights_are_repetitions():
    train, valid = [0, 0, 1, 2, 2, 2, 1], [1, 0, 2, 2, 3]
    losses = RNG.random(7), RNG.random(5)
    weights = np.array([2, 1, 3, 0, 1, 4, 1]), np.array([1, 2, 0, 3, 0])
    found = class_shift(
        train, valid, train_losses=losses[0], valid_losses=losses[1], train_weight=weights[0], valid_weight=weights[1]
    )
    repeated = [np.repeat(one, times) for one, times in zip((train, valid, *losses), (*weights, *weights), strict=True)]
    again = class_shift(repeated[0], repeated[1], train_losses=repeated[2], valid_losses=repeated[3])
    assert found.classes.tolist() == again.classes.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.losses[:7], again.losses[:7], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose((*found.train, *found.valid), (*again.train, *again.valid), rtol=1e-15)


def test_too_many_easy_classes():
    """One model and one distribution within each class: the gap is the mix alone."""
    train, valid = RNG.choice(2, 20_000, p=[0.5, 0.5]), RNG.choice(2, 20_000, p=[0.8, 0.2])
    losses = [RNG.exponential(np.where(one == 0, 0.2, 1.0)) for one in (train, valid)]
    found = class_shift(train, valid, train_losses=losses[0], valid_losses=losses[1])
    assert found.losses.gap < -0.2 and abs(found.losses.within) < 0.03 and found.p_value < 1e-100
    assert found.losses.mix == pytest.approx(-0.24, abs=0.03)
    assert (found.losses.mix_by_class < 0.0).all()  # more of the easy one, fewer of the hard one


def test_pearson_s_test():
    """Counts of 20 and 30 against 30 and 20: (10 * 50 / 2500 = 4), p = erfc(sqrt 2)."""
    found = class_shift([0] * 20 + [1] * 30, [0] * 30 + [1] * 20)
    assert found.chi_square == pytest.approx(4.0, rel=1e-14) and found.degrees_of_freedom == 1
    assert found.p_value == pytest.approx(math.erfc(math.sqrt(2.0)), rel=1e-14) and found.least_expected == 25.0
    labels = RNG.integers(0, 5, 400), RNG.integers(0, 6, 90)
    counts = [Counter(one.tolist()) for one in labels]
    statistic = 0.0
    for label in range(6):
        for count, rows in zip(counts, (400, 90), strict=True):
            expected = (counts[0][label] + counts[1][label]) / 490 * rows
            statistic += (count[label] - expected) ** 2 / expected
    found = class_shift(*labels)
    assert found.chi_square == pytest.approx(statistic, rel=1e-13) and found.degrees_of_freedom == 5
    assert found.p_value == pytest.approx(float(mp.gammainc(2.5, statistic / 2, regularized=True)), rel=1e-12)


def test_p_values_of_equal_mixes_are_uniform():
    p = [class_shift(RNG.integers(0, 4, 300), RNG.integers(0, 4, 100)).p_value for _ in range(400)]
    assert 0.45 < np.mean(p) < 0.55 and 0.02 < np.mean(np.array(p) < 0.05) < 0.09


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 100, 999])
def test_upper_tail_of_chi_square(freedom):
    for share in (1e-9, 0.1, 0.9, 1.0, 1.2, 3.0, 1000.0 / freedom):
        exact = float(mp.gammainc(mp.mpf(freedom) / 2, mp.mpf(share * freedom) / 2, regularized=True))
        assert _upper_tail(share * freedom, freedom) == pytest.approx(exact, rel=1e-11, abs=1e-300)
    assert _upper_tail(0.0, freedom) == 1.0 and _upper_tail(1e6, freedom) == 0.0


def test_one_class():
    found = class_shift([3, 3], [3], train_losses=[1.0, 2.0], valid_losses=[4.0])
    assert (found.total_variation, found.chi_square, found.degrees_of_freedom, found.p_value) == (0.0, 0.0, 0, 1.0)
    assert found.losses[:7] == (1.5, 4.0, 2.5, 0.0, 2.5, 0.0, 4.0)


def test_no_class_in_common():
    found = class_shift([1, 1], [2], train_losses=[1.0, 2.0], valid_losses=[4.0])
    assert found.total_variation == 1.0 and found.losses.gap == 2.5
    assert np.isnan([found.losses.mix, found.losses.within, found.losses.unmatched]).all()


@pytest.mark.parametrize(
    ("train", "valid", "classes"),
    [
        ([1, 2], np.array([2.0, 1.5]), [1, 1.5, 2]),
        ([True, False], [1, 0], [0, 1]),
        ([2**53 + 1, 2**53], [float(2**53)], [2**53, 2**53 + 1]),
        (np.array([2**64 - 1], np.uint64), [-1], [-1, 2**64 - 1]),
        ([2**70], [3], [3, 2**70]),
        (np.array([-128, 127], np.int8), np.array([200], np.uint8), [-128, 127, 200]),
        (np.array([2**64 - 1, 2**64 - 3], np.uint64), np.array([2**64 - 3], np.uint64), [2**64 - 3, 2**64 - 1]),
        ([-(2**63)], [2**63 - 1], [-(2**63), 2**63 - 1]),
        (["a", "bc"], ["bc", "x" * 2000], ["a", "bc", "x" * 2000]),
        ([b"a"], [b"b"], [b"a", b"b"]),
    ],
)
def test_ids_of_one_kind(train, valid, classes):
    for one, other in ((train, valid), (valid, train)):
        assert class_shift(one, other).classes.tolist() == classes


def test_dates_and_columns():
    dates = np.array(["2026-01-01", "2026-01-02"], "M8[D]")
    assert class_shift(dates, dates.astype("M8[s]")).total_variation == 0.0
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"kind": ["a", "b", "a"], "loss": [1.0, 2.0, 3.0]})
    words = {"train_losses": frame["loss"], "valid_losses": frame["loss"][1:]}
    found = class_shift(frame["kind"].astype("category"), frame["kind"][1:], **words)
    assert found.classes.tolist() == ["a", "b"] and found.losses.train == 2.0 and found.losses.valid == 2.5


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e300, 1.7e308])
def test_losses_at_the_ends_of_the_range(size):
    train, valid = [0, 0, 0, 1], [0, 1, 1, 1]
    found = class_shift(train, valid, train_losses=np.full(4, size), valid_losses=[size, 0.0, size, size]).losses
    assert found.train == pytest.approx(size, rel=1e-3 if size < 1e-307 else 1e-14)
    assert found.valid == pytest.approx(0.75 * size, rel=1e-3 if size < 1e-307 else 1e-14)


def test_nan_and_infinite_losses_stay_visible():
    words = {"train_losses": [1.0, 2.0, math.nan], "valid_losses": [1.0, 2.0, 3.0]}
    found = class_shift([0, 0, 1], [0, 1, 1], **words)
    assert math.isnan(found.losses.train) and math.isnan(found.losses.within) and math.isnan(found.losses.gap)
    assert found.losses.train_means[0] == 1.5 and found.total_variation == pytest.approx(1 / 3)
    found = class_shift([0, 1], [0, 1], train_losses=[1.0, math.inf], valid_losses=[1.0, 2.0])
    assert found.losses.train == math.inf and found.losses.gap == found.losses.within == -math.inf


def test_sums_of_many_rows_keep_their_digits():
    losses = RNG.exponential(1.0, 300_000).astype(np.float32)
    labels = RNG.integers(0, 3, losses.size)
    found = class_shift(labels, labels, train_losses=losses, valid_losses=losses).losses
    for label in range(3):
        expected = math.fsum(losses[labels == label].tolist()) / np.count_nonzero(labels == label)
        assert found.train_means[label] == pytest.approx(expected, rel=1e-15)
    assert found.gap == found.mix == found.within == 0.0


@pytest.mark.parametrize(
    ("args", "words", "kind", "message"),
    [
        (([], [1]), {}, ValueError, "train is empty"),
        (([1], []), {}, ValueError, "valid is empty"),
        (([1], ["1"]), {}, TypeError, "train holds numbers, valid strings: expected classes of one kind"),
        (([1, None], [1]), {}, ValueError, r"train\[1\] is null: expected an id"),
        (([1], [1.0, math.nan]), {}, ValueError, r"valid\[1\] is nan: expected an id"),
        (([[1, 0]], [1]), {}, ValueError, r"train has shape \(1, 2\): expected one dimension"),
        (([1], [1]), {"train_losses": [1.0]}, ValueError, "valid_losses is missing, but train_losses is given"),
        (([1], [1]), {"valid_losses": [1.0]}, ValueError, "train_losses is missing"),
        (([1], [1]), {"train_losses": [1.0], "valid_losses": [1.0, 2.0]}, ValueError, r"valid_losses has shape \(2,\)"),
        (([1], [1]), {"valid_weight": [-1.0]}, ValueError, r"valid_weight\[0\] is -1: expected a number >= 0"),
        (([1], [1]), {"train_weight": [0.0]}, ValueError, "train_weight is 0 for every row"),
    ],
)
def test_bad_input(args, words, kind, message):
    with pytest.raises(kind, match=message):
        class_shift(*args, **words)


def test_it_is_public():
    assert fastloss.class_shift is class_shift


def test_weights_that_are_not_finite_stay_visible():
    for weight in (math.nan, math.inf):
        found = class_shift([0, 1], [1], train_weight=[weight, 1.0], train_losses=[1.0, 2.0], valid_losses=[1.0])
        assert math.isnan(found.total_variation) and math.isnan(found.losses.train)
