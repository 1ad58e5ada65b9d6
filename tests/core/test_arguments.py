"""What comes in: arrays and parameters of every kind end in the right number, or in an error that names them."""

import datetime
import decimal
import fractions
import warnings

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from scipy import sparse

import fastloss
from fastloss.ahead.cases import cases
from fastloss.core.domains import Flag, Range
from fastloss.core.loss import REGISTRY, lookup

BEYOND = 2**53 + 1  # the first integer that float64 rounds
HUGE = 2**63  # the first that int64 does not hold
DAY = datetime.datetime(2020, 1, 1)
NAMES = sorted(REGISTRY)
each_loss = pytest.mark.parametrize("name", NAMES)


def refuses(error, match, function, *arguments, **keywords):
    with pytest.raises(error, match=match):
        function(*arguments, **keywords)


def error_of(function, *arguments, **keywords):
    """The message of a ValueError, or "none"."""
    try:
        function(*arguments, **keywords)
    except ValueError as error:
        return str(error)
    return "none"


def given(name):
    """The arguments of a loss's first case."""
    case = cases(REGISTRY[name])[0]
    return list(case.arrays), dict(case.keywords)


NO_ARRAYS = {
    "masked": (lambda x: np.ma.masked_array(np.asarray(x), False), "masked array"),
    "None": (lambda x: None, "is None"),
    "complex": (lambda x: np.asarray(x) * 1j, "complex128"),
    "dates": (lambda x: np.zeros(np.shape(x), "M8[s]"), "datetime64"),
    "strings": (lambda x: np.full(np.shape(x), "a"), "<U1|is 'a'|of classes|strings"),
    "an object": (lambda x: object(), "is of type object"),
    "a dictionary": (lambda x: {"a": 1}, "is of type dict"),
}
IDS = {"labels"}  # which may be strings or dates


@each_loss
@pytest.mark.parametrize("kind", NO_ARRAYS)
def test_what_is_no_array_of_numbers(name, kind):
    loss, (make, message) = REGISTRY[name], NO_ARRAYS[kind]
    arrays, keywords = given(name)
    for at, argument in enumerate(loss.arguments[: len(arrays)]):
        optional = argument in loss.parameters or argument in loss.others
        if optional and (kind in ("None", "strings", "dates") or argument == "interactions"):
            continue
        wrong = [make(x) if k == at else x for k, x in enumerate(arrays)]
        refuses((TypeError, ValueError), argument, loss, *wrong, **keywords)
        if not optional:
            refuses((TypeError, ValueError), message, loss, *wrong, **keywords)


@each_loss
def test_masked_weights(name):
    arrays, keywords = given(name)
    for shape in (3, ()):
        weights = np.ma.masked_array(np.ones(shape), True)
        refuses(
            TypeError, "sample_weight is a masked array", REGISTRY[name], *arrays, sample_weight=weights, **keywords
        )


def test_masks_elsewhere():
    mask = np.ma.masked_equal([0, 1, 2], 1)
    scores = [0.1, 0.2, 0.3]
    for words in ({"groups": mask}, {"offsets": mask}):
        refuses(TypeError, "masked array", fastloss.auc, scores, [0, 1, 1], **words)
    refuses(TypeError, "labels is a masked array", fastloss.count_inversions, scores, mask)
    refuses(TypeError, "weight is a masked array", fastloss.cross_entropy, np.eye(3), [0, 1, 2], weight=mask)
    refuses(TypeError, r"target\[1\] is a masked array", fastloss.mse_loss, [1.0, 2.0], [1.0, np.ma.masked])
    refuses(TypeError, r"params\[0\] is a masked array", fastloss.bpr_loss, [1.0], [0.0], reg=1.0, params=[mask])
    factors = [[1.0]], np.ones((3, 1)), ([0, 1], [0])
    refuses(TypeError, "item_bias is a masked", fastloss.bpr_all_negatives_loss, *factors, item_bias=mask)
    refuses(TypeError, "delta is a masked", fastloss.huber_loss, [1.0], [0.0], delta=np.ma.masked)
    refuses(TypeError, "train_curve is a masked", fastloss.shift_half_epoch, mask)
    refuses(TypeError, "train is a masked", fastloss.compare_losses, mask, scores)
    refuses(TypeError, "valid is a masked", fastloss.find_leaks, [[1], [2]], np.ma.masked_equal([[1], [2]], 1))


def test_integers_that_float64_rounds():
    powers = np.array([2**60, -(2**62), 0])  # which float64 holds
    assert fastloss.l1_loss(powers, np.zeros(3, np.int64)) == (2**60 + 2**62) / 3
    for wrong in ([0, BEYOND], np.array([0, BEYOND]), np.array([0, HUGE + 1], np.uint64), [0.5, BEYOND], [0, -BEYOND]):
        number = int(np.array(wrong, object)[1])
        refuses(ValueError, rf"input\[1\] is {number}: ", fastloss.mse_loss, wrong, [0, 0])
    weights = [0, BEYOND]
    refuses(ValueError, rf"sample_weight\[1\] is {BEYOND}", fastloss.mse_loss, [0, 0], [0, 0], sample_weight=weights)
    refuses(ValueError, rf"query\[0, 1\] is {BEYOND}", fastloss.info_nce_loss, [[1, BEYOND]], [[1, 1]])
    refuses(ValueError, rf"input\[0, 1\] is {BEYOND}", fastloss.cross_entropy, [[1, BEYOND]], [0])
    refuses(ValueError, r"input\[1\] is 10{39}\.\.\. \(401 characters\)", fastloss.mse_loss, [0, 10**400], [0, 0])


def test_durations_are_no_numbers():
    for one in (np.timedelta64(1, "ns"), np.timedelta64(1, "s"), np.array(np.timedelta64(1, "ns"))):
        refuses(TypeError, "delta is 1", fastloss.huber_loss, [1.0], [2.0], delta=one)
        refuses(TypeError, "truncation_level is 1", fastloss.lambdarank_loss, [1.0], [2.0], truncation_level=one)
        refuses(TypeError, "ignore_index is 1", fastloss.cross_entropy, np.eye(1), [0], ignore_index=one)
        binary = fastloss.binary_cross_entropy_with_logits
        refuses(TypeError, "pos_weight (is|has dtype) ", binary, [1.0], [1], pos_weight=one)
        refuses(TypeError, r"input(\[0\] is 1 | has dtype )", fastloss.mse_loss, [one, 1], [0, 0])
    wrong = np.array([np.timedelta64(1, "s"), 1], object)
    refuses(TypeError, r"input\[0\] is 1 seconds", fastloss.mse_loss, wrong, [1, 2])
    refuses(TypeError, r"scores\[0\] is 1 seconds", fastloss.auc, wrong, [1, 2])
    table = polars.DataFrame({"a": [DAY - DAY], "b": [0.5]})
    refuses(TypeError, r"input\[:, 0\] \(column 'a'\) has dtype timedelta64", fastloss.mse_loss, table, [[0, 0]])


def test_words_in_arrays():
    for function in (fastloss.auc, fastloss.mse_loss):
        refuses(ValueError, "reduction is array", function, [0, 1], [0, 1], reduction=np.array(["mean", "x"]))


@pytest.mark.parametrize("loss", ["cross_entropy", "nll_loss"])
def test_classes_are_whole_numbers(loss):
    function, logits = getattr(fastloss, loss), np.log([[0.25, 0.75], [0.5, 0.5]])
    expected = function(logits, [1, -100])
    for dtype in (np.float32, np.float64, np.float16, np.int8, ">i4", object):
        assert function(logits, np.array([1, -100]).astype(dtype)) == expected
    for wrong, shown in (
        (2**64 - 100, str(2**64 - 100)),
        (2.5, "2.5"),
        (np.nan, "nan"),
        (np.inf, "inf"),
        (2**70, "1.18"),
        (2.0, "2:"),
    ):
        refuses(ValueError, rf"target\[1\] is {shown}.*expected an id in \[0, 2\) or", function, logits, [1, wrong])
    refuses(ValueError, "target", function, logits, np.array([1, 2**64 - 100], np.uint64))
    refuses(ValueError, "ignore_index is 9223372036854775808", function, logits, [1, 1], ignore_index=HUGE)
    assert function(logits, [1, 5], ignore_index=np.array(5)) == expected


def test_rows_of_no_class():
    for target in ([-100] * 3, np.zeros((3, 0))):
        for words in ({}, {"label_smoothing": 0.1}, {"weight": []}):
            value, gradient = fastloss.cross_entropy.value_and_grad(np.zeros((3, 0)), target, **words)
            assert value == 0.0 and gradient.shape == (3, 0)
            assert fastloss.cross_entropy(np.zeros((3, 0)), target, reduction="none", **words).tolist() == [0.0] * 3
    refuses(ValueError, r"target\[0\] is 0: expected an id in \[0, 0\)", fastloss.cross_entropy, np.zeros((1, 0)), [0])
    value, gradients = fastloss.cross_entropy_with_factors.value_and_grad(
        np.ones((2, 3)), np.ones((0, 3)), [-100, -100], label_smoothing=0.1
    )
    assert value == 0.0 and not gradients.hidden.any()


USERS, ITEMS = np.arange(6.0).reshape(2, 3) / 7, np.arange(12.0).reshape(4, 3)[::-1] / 11


def test_numbers_are_printed_whole():
    near = np.array([0.5, 1.0000001])
    refuses(ValueError, r"input\[1\] is 1\.0000001: ", fastloss.binary_cross_entropy, near, [0, 1])
    refuses(ValueError, r"input\[1\] is 1\.0000001: ", fastloss.binary_cross_entropy, near.astype(np.float32), [0, 1])
    refuses(ValueError, r"alpha is 1\.0000001: ", fastloss.focal_loss, [0.0], [1], alpha=1.0000001)
    refuses(ValueError, r"margin is 3\.2: expected a number in \[0, 3\.141592653589793\]",
            fastloss.arcface_loss, [[1.0]], [[1.0]], [0], margin=3.2)  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([1.0, None], r"input\[1\] is null"),
        ([1.0, "a"], r"input\[1\] is 'a': expected a real number"),
        ([decimal.Decimal("1e308"), decimal.Decimal("-1e309")], r"input\[1\] is Decimal\('-1E\+309'\): expected less"),
        ([decimal.Decimal(1), "0.5"], r"input\[1\] is '0.5': expected a real number"),
        ([[1.0, 2.0], [3.0]], r"input\[1\] has shape \(1,\): expected rows of one shape"),
        (sparse.csr_matrix(np.eye(2) * 1j), r"input has dtype complex128: expected real numbers, as of its \.real"),
        (pandas.Series([1, None], dtype="Int64"), r"input\[1\] is null"),
        (pandas.Series([1.5, None], dtype="Float64"), r"input\[1\] is null"),
        (
            pandas.DataFrame({"a": [1.0, 2.0], "b": [1, None]}).astype({"b": "Int64"}),
            r"input\[1, 1\] \(column 'b'\) is null",
        ),
        (pyarrow.array([1.5, None]), r"input\[1\] is null"),
        (np.array(["1", "2"]), r"input has dtype <U1: .*\.astype\(float\)"),
        ((number for number in (1.0, 2.0)), "input is of type generator"),
    ],
)
def test_the_element_or_the_remedy_is_named(wrong, message):
    refuses((TypeError, ValueError), message, fastloss.mse_loss, wrong, [0.0, 0.0])


@pytest.mark.parametrize(
    "numbers",
    [
        (1, 2.5),
        np.array([1, 2.5], object),
        [fractions.Fraction(1), fractions.Fraction(5, 2)],
        pandas.Series([1, 2.5], dtype="Float64"),
        pyarrow.array([1, 2.5]),
        [np.float32(1), 2.5],
        [np.array(1.0), np.array(2.5)],
        np.longdouble([1, 2.5]),
    ],
)
def test_numbers_of_every_kind(numbers):
    assert fastloss.mse_loss(numbers, [0.0, 0.0]) == (1 + 6.25) / 2


EXTREMES = (0.0, 5e-324, 1e-200, 1e-20, 1e20, 1e200, 1.7e308, -1e200, 10**400, -(10**400), 10**5000)
NUMBERS = (np.float32(0.5), np.array(0.5), np.array(1), fractions.Fraction(1, 2))
NO_NUMBERS = ("x", True, 1j, decimal.Decimal("0.5"), np.array([0.5]), [0.5], np.ma.masked, {}, np.datetime64("2020"))


@each_loss
def test_parameters(name):
    loss = REGISTRY[name]
    arrays, keywords = given(name)
    for word, spec in loss.parameters.items():
        if not isinstance(spec, (Range, Flag)):
            continue
        for value in NO_NUMBERS if isinstance(spec, Range) else (1, "x", None, np.array([True])):
            refuses(TypeError, word, loss, *arrays, **{**keywords, word: value})
        for value in (*EXTREMES, *NUMBERS) if isinstance(spec, Range) else (np.array(True), np.False_):
            assert error_of(spec.validate, word, value).startswith((f"{word} is ", "none"))


# Where terms overflow, infinity is the right value: these are in proportion to their parameter, or to its square.
UNBOUNDED = {"alpha", "margin", "reg", "w", "b", "entropy_coef", "weight"}


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["info_nce_loss", "arcface_loss", "ge2e_loss", "focal_loss", "pairwise_logistic_loss"])
def test_extreme_parameters_end_in_numbers_or_name_themselves(name):
    loss = REGISTRY[name]
    arrays, keywords = given(name)
    for word, spec in loss.parameters.items():
        for value in EXTREMES if isinstance(spec, Range) and word not in UNBOUNDED else ():
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                message = error_of(loss.value_and_grad, *arrays, **{**keywords, word: value})
                assert message.startswith(f"{word} is ") or np.isfinite(loss(*arrays, **{**keywords, word: value}))


def test_a_loss_is_looked_up_by_a_name():
    refuses(TypeError, "the loss is None", lookup, None)


def test_norms_of_very_large_and_small_targets():
    target = np.array([1.0, 2.0, 4.0])
    for norm in ("range", "mean", "std", "iqr", "max"):
        expected = fastloss.nmae_loss(target + 1.0, target, norm=norm)
        for power in (600, -600, 1000, -1000):
            scaled = np.ldexp(target, power)
            assert fastloss.nmae_loss(np.ldexp(target + 1.0, power), scaled, norm=norm) == pytest.approx(
                expected, 1e-15
            )
    refuses(ValueError, "norm is 'range', which is beyond", fastloss.nmae_loss, [0.0, 0.0], [1.7e308, -1.7e308])


def test_comparing_very_large_losses():
    one, two = np.array([0.0, 1.0, 2.0, 1.0]), np.array([2.0, 3.0, 1.0, 2.0])
    expected = fastloss.compare_losses(one, two)
    for power in (1020, -1020):
        found = fastloss.compare_losses(np.ldexp(one, power), np.ldexp(two, power))
        assert found.z == pytest.approx(expected.z, rel=1e-15)
        assert found.gap == np.ldexp(expected.gap, power)
    assert fastloss.shift_half_epoch([1.5e308, 1.5e308]).at_epoch_end[0] == 1.5e308


def test_options_that_would_do_nothing():
    words = {"ignore_index": 1}
    refuses(ValueError, "ignore_index is 1: it has no effect", fastloss.cross_entropy, np.eye(2), np.eye(2), **words)
    refuses(TypeError, "with_counts is 'no'", fastloss.supcon_loss, np.eye(2), [0, 0], with_counts="no")


def test_a_target_for_all():
    assert fastloss.margin_ranking_loss([1.0, 2.0], [0.0, 4.0], 1) == 1.0  # the mean of 0 and 2
    assert fastloss.lambdarank_loss([1.0, 2.0], [0, 1], truncation_level=2**63 - 1) == fastloss.lambdarank_loss(
        [1.0, 2.0], [0, 1]
    )
