"""What comes in: arrays and parameters of every kind end in the right number, or in an error that names them."""

import datetime
import decimal
import fractions
import uuid
import warnings

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from scipy import sparse

import fastloss
from fastloss import validate
from fastloss.domains import Flag, Range
from fastloss.loss import REGISTRY, lookup
from tests.cases import cases

BEYOND = 2**53 + 1  # the first integer that float64 rounds
HUGE = 2**63  # the first that int64 does not hold
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


def zone(hours):
    return datetime.timezone(datetime.timedelta(hours=hours))


SCORES = np.array([0.3, 0.1, 0.2, 0.5])
TELLING = {  # ids of rows 0 and 3, 1, 2: one pair if rows 0 and 3 differ in their labels
    "integers": [5, HUGE, HUGE + 1, 5],
    "both signs": [-1, HUGE, HUGE + 1, -1],
    "beyond 64 bits": [2**70, 2**70 + 1, 2**70 + 2, 2**70],
    "strings": ["a", "b", "a\0", "a"],
    "strings as objects": np.array(["a", "b", "c", "a"], object),
    "long strings": ["a" * 5000, "b", "a" * 4999, "a" * 5000],
    "bytes": [b"a", b"b", b"a\0", b"a"],
    "floats": [0.5, 0.25, np.inf, 0.5],
    "big-endian": np.array([1, 2, 3, 1], ">i4"),
    "uint64": np.array([HUGE, HUGE + 1, HUGE + 2, HUGE], np.uint64),
    "dates": [datetime.date(2020, 1, day) for day in (1, 2, 3, 1)],
    "nanoseconds": np.array([1, 2, 3, 1], "M8[ns]"),
    "timestamps": pandas.Series(pandas.to_datetime([1, 2, 3, 1], unit="ns", utc=True)),
    "decimals": [decimal.Decimal(number) for number in (9, "1e20", 10**20 + 1, "9.0")],
    "durations": [datetime.timedelta(days) for days in (1, 2, 3, 1)],
    "durations of NumPy": [
        np.timedelta64(12, "M"),
        np.timedelta64(12, "Y"),
        np.timedelta64(1, "M"),
        np.timedelta64(1, "Y"),
    ],
    "durations in units": [np.timedelta64(1, unit) for unit in ("ns", "ps", "us", "ns")],
    "durations as objects": np.array([np.timedelta64(k, "s") for k in (1, 2, 3, 1)], object),
    "durations in arrays": [np.array(np.timedelta64(*one)) for one in ((1, "us"), (1, "ns"), (2, "us"), (1000, "ns"))],
    "dates in arrays": [np.array(np.datetime64(*one)) for one in ((1, "us"), (1, "ns"), (2, "us"), (1000, "ns"))],
    "dates of NumPy": [np.datetime64(text) for text in ("2020", "2021", "2020-01-01T00:00:00.1", "2020-01-01")],
    "time zones": [
        datetime.datetime(1, 1, 1, hour, tzinfo=zone(hours)) for hour, hours in ((0, 5), (2, 5), (0, 4), (1, 6))
    ],
    "longest floats": [np.longdouble(1), np.nextafter(np.longdouble(1), 2), np.longdouble(2), 1.0],
    "Polars' widest": polars.Series([2**70, 2**70 + 1, 2**70 + 2, 2**70], dtype=polars.Int128),
    "UUIDs": [uuid.UUID(int=number) for number in (9, 2, 3, 9)],
    "pandas' strings": pandas.Series(["a", "b", "c", "a"]),
    "StringDtype": pandas.Series(["a", "b", "c", "a"], dtype="string"),
    "categories": pandas.Series(["a", "b", "c", "a"], dtype="category"),
    "nullable": pandas.Series([BEYOND - 1, BEYOND, BEYOND + 1, BEYOND - 1], dtype="Int64"),
    "Arrow-backed": pandas.Series([1, 2, 3, 1], dtype="int64[pyarrow]"),
    "Arrow": pyarrow.array(["a", "b", "c", "a"]).dictionary_encode(),
    "arrays of no dimension": [np.array(k) for k in (1, 2, 3, 1)],
}


@pytest.mark.parametrize("kind", TELLING)
def test_ids_keep_their_values(kind):
    ids = TELLING[kind]
    value, pairs = fastloss.pairwise_hinge_loss(SCORES, [0, 1, 0, 1], groups=ids, with_counts=True)
    assert pairs == 1
    assert value == pytest.approx(1.0 - (0.5 - 0.3), rel=1e-15)  # the hinge of that pair, rows 3 and 0
    found = validate.ids("ids", ids, (4,))
    _, codes = np.unique(found, return_inverse=True)
    assert codes[0] == codes[3] and len(set(codes.tolist())) == 3


def test_two_bools_are_two_groups():
    _, pairs = fastloss.pairwise_hinge_loss(SCORES, [0, 1, 0, 1], groups=[True, False, False, True], with_counts=True)
    assert pairs == 2


NAT = np.datetime64("NaT")
DAY = datetime.datetime(2020, 1, 1)
MISSING = {
    "None": [1, 2, None, 1],
    "None of strings": ["a", "a", None, "b"],
    "objects": np.array(["a", "a", None, "b"], object),
    "NaN": [1.0, 2.0, np.nan, 1.0],
    "NaN of strings": ["a", "b", float("nan"), "a"],
    "float32": np.array([1, 2, np.nan, 1], np.float32),
    "dates": np.array(["2020", "2021", NAT, "2020"], "M8[D]"),
    "list of dates": [np.datetime64("2020"), np.datetime64("2021"), NAT, np.datetime64("2020")],
    "durations": np.array([1, 2, NAT, 1], "m8[s]"),
    "list of durations": [
        np.timedelta64(1, "s"),
        np.timedelta64(2, "s"),
        np.timedelta64("NaT"),
        np.timedelta64(1, "s"),
    ],
    "Polars' widest": polars.Series([1, 2, None, 1], dtype=polars.Int128),
    "timestamps": [pandas.Timestamp(0), pandas.Timestamp(1), pandas.NaT, pandas.Timestamp(0)],
    "NA": [1, 2, pandas.NA, 1],
    "decimals": [decimal.Decimal(1), decimal.Decimal(2), decimal.Decimal("NaN"), decimal.Decimal(1)],
    "nullable": pandas.Series([1, 2, None, 1], dtype="Int64"),
    "nullable strings": pandas.Series(["a", "b", None, "a"], dtype="string"),
    "pandas' strings": pandas.Series(["a", "b", None, "a"]),
    "categories": pandas.Categorical(["a", "b", None, "a"]),
    "categories of integers": pandas.Series(pandas.Categorical([1, 2, None, 1])),
    "Arrow-backed": pandas.Series([1, 2, None, 1], dtype="int64[pyarrow]"),
    "Arrow": pyarrow.array([1, 2, None, 1]),
}
TAKE_IDS = {
    "groups": lambda ids: fastloss.auc(SCORES, [0, 1, 0, 1], groups=ids),
    "labels": lambda ids: fastloss.supcon_loss(np.eye(4), ids),
    "ids": lambda ids: fastloss.info_nce_loss(np.eye(4), np.eye(4), ids=ids),
    "episodes": lambda ids: fastloss.policy_gradient_loss(np.eye(4), [0] * 4, [1.0] * 4, episodes=ids),
}


@pytest.mark.parametrize("kind", MISSING)
@pytest.mark.parametrize("argument", TAKE_IDS)
def test_a_missing_id_is_named(argument, kind):
    with pytest.raises(ValueError, match=rf"^{argument}\[2\] is missing: expected an id$"):
        TAKE_IDS[argument](MISSING[kind])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "b", 1, "a"], r"groups\[2\] is 1: expected a string, as groups\[0\], 'a'"),
        ([1, 2, "a", 1], r"groups\[2\] is 'a': expected an integer, as groups\[0\], 1"),
        ([1, 2, 2.5, 1], r"groups\[2\] is 2\.5: expected an integer"),
        ([True, False, 2, True], r"groups\[2\] is 2: expected a bool"),
        ([b"a", b"b", "a", b"a"], r"groups\[2\] is 'a': expected bytes"),
        ([np.timedelta64(1, "ns"), 1, 1, 1], r"groups\[1\] is 1: expected a duration"),
        ([1, 1, np.timedelta64(1, "ns"), 1], r"groups\[2\] is 1 nanoseconds: expected an integer"),
        ([np.timedelta64(1, "M"), np.timedelta64(30, "D")] * 2, r"groups\[1\] is 30 days: expected a unit that"),
        ([np.timedelta64(1), np.timedelta64(1, "s")] * 2, r"groups\[1\] is 1 seconds: expected a unit that"),
        ([np.datetime64(0, "as"), np.datetime64(2**60, "Y")] * 2, r"groups\[1\] is .*: expected a unit that"),
        ([DAY, DAY.replace(tzinfo=datetime.UTC)] * 2, r"groups\[1\] is .*: expected a datetime without a time zone"),
        ([DAY.replace(tzinfo=datetime.UTC), DAY] * 2, r"groups\[1\] is .*: expected a datetime with a time zone"),
        ([pandas.Timestamp(0), pandas.Timestamp(0, tz="UTC")] * 2, r"groups\[1\] is .*without a time zone"),
        ([DAY.date(), DAY] * 2, r"groups\[1\] is datetime\.datetime.*: expected a date, as"),
        (np.zeros(4, "i4, i4"), "groups has dtype"),
        (np.zeros(4, complex), "groups has dtype complex128"),
        ([object()] * 4, r"groups\[0\] is <object object"),
        ([(1, 2), (3,), (4, 5), (6, 7)], r"groups\[0\] is \(1, 2\)"),
    ],
)
def test_ids_of_several_kinds_or_of_none(ids, message):
    refuses(TypeError, message, fastloss.auc, SCORES, [0, 1, 0, 1], groups=ids)


def test_a_date_that_the_common_unit_does_not_hold():
    """NumPy's conversion of the list wraps the first around to the second."""
    ids = [np.datetime64("1600-01-01"), np.datetime64("2184-07-20T23:34:33.709551616")]
    refuses(
        ValueError, r"groups\[0\] is .*expected what datetime64\[ns\] holds", fastloss.auc, [0, 1], [0, 1], groups=ids
    )


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
    refuses(TypeError, r"input\[:, 0\] has dtype timedelta64", fastloss.mse_loss, table, [[0, 0]])


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
STORED = sparse.csr_matrix(([1, 0, 1], [0, 1, 2], [0, 2, 3]), shape=(2, 4))


@pytest.mark.parametrize("format", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_stored_zeros_are_no_interactions(kind, format):
    expected = fastloss.bpr_all_negatives_loss(USERS, ITEMS, ([0, 1, 2], [0, 2]))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, kind(STORED).asformat(format)) == expected


def test_stored_twice_is_added_up_and_left_as_it_is():
    expected = fastloss.bpr_all_negatives_loss(USERS, ITEMS, ([0, 1, 2], [0, 2]))
    twice = np.array([255, 1, 1], np.uint8), [0, 0, 2], [0, 2, 3]  # as uint8 they would add up to 0
    matrix = sparse.csr_matrix(twice, shape=(2, 4))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, matrix) == expected
    assert matrix.data.tolist() == [255, 1, 1]
    cancelled = sparse.coo_array(([1, -1, 1, 1], ([0, 0, 0, 1], [1, 1, 0, 2])), shape=(2, 4))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, cancelled) == expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (sparse.csr_matrix(([1, -1, 1], [0, 1, 2], [0, 2, 3]), shape=(2, 4)), r"interactions\[0, 1\] is -1: expected"),
        (sparse.csr_matrix(([1.0, np.nan], [0, 3], [0, 0, 2]), shape=(2, 4)), r"interactions\[1, 3\] is nan"),
        (STORED.T, r"interactions has shape \(4, 2\): expected \(2, 4\)"),
        (sparse.csr_matrix((3, 4)), "interactions has shape"),
        (STORED.astype(complex), "interactions has dtype complex128"),
        (STORED.toarray(), "interactions: expected a sparse matrix"),
        ((np.ma.array([0, 1, 2]), [0, 2]), r"interactions\[0\] is a masked array"),
        (([0, 1, 2], [0, HUGE]), rf"interactions\[1\]\[1\] is {HUGE}"),
        (([0, 1, 2], [0, 0.5]), r"interactions\[1\]\[1\] is 0\.5"),
    ],
)
def test_wrong_interactions(wrong, message):
    refuses((TypeError, ValueError), message, fastloss.bpr_all_negatives_loss, USERS, ITEMS, wrong)


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
        ([1.0, None], r"input\[1\] is missing \(None\)"),
        ([1.0, "a"], r"input\[1\] is 'a': expected a real number"),
        ([decimal.Decimal(1), decimal.Decimal("0.5")], r"input\[0\] is Decimal\('1'\)"),
        ([[1.0, 2.0], [3.0]], r"input\[1\] has shape \(1,\): expected rows of one shape"),
        (sparse.csr_matrix(np.eye(2)), r"input is a sparse csr_matrix: expected a dense array, from \.toarray\(\)"),
        (pandas.Series([1, None], dtype="Int64"), r"input\[1\] is missing"),
        (pandas.Series([1.5, None], dtype="Float64"), r"input\[1\] is missing"),
        (pandas.DataFrame({"a": [1.0, 2.0], "b": [1, None]}).astype({"b": "Int64"}), r"input\[1, 1\] is missing"),
        (pyarrow.array([1.5, None]), r"input\[1\] is missing"),
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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mae_loss", "l1_loss"),
        ("l2_loss", "mse_loss"),
        ("MSELoss", "mse_loss"),
        ("mse_los", "mse_loss"),
        ("mae_lss", "l1_loss"),
        ("mean_squared_error", "mse_loss"),
        ("bce", "binary_cross_entropy"),
        ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"),
        ("ranknet", "pairwise_logistic_loss"),
        ("InfoNCE", "info_nce_loss"),
        ("ntxent", "nt_xent_loss"),
        ("simclr", "nt_xent_loss"),
        ("ce", "cross_entropy"),
        ("softmax_cross_entropy", "cross_entropy"),
        ("kl_div", "kl_divergence"),
        ("pinball", "quantile_loss"),
        ("hubber_loss", "huber_loss"),
        ("triplet_loss", "triplet_margin_loss"),
        *((name, None) for name in ("tweedie", "rmsle_loss", "smape_loss", "l0_loss", "listnet", "", "?")),
    ],
)
def test_what_is_meant(name, expected):
    with pytest.raises(ValueError, match="unknown loss") as caught:
        lookup(name)
    assert str(caught.value) == f"unknown loss {name!r}" + (f"; did you mean {expected!r}?" if expected else "")


def test_synonyms_name_losses():
    from fastloss import synonyms

    words = [synonyms._key(word) for words in synonyms.ELSEWHERE.values() for word in words.split()]
    assert set(synonyms.ELSEWHERE) <= set(REGISTRY)
    assert len(set(words)) == len(words) and not synonyms.ABSENT & set(words)
    assert not set(words) & set(map(synonyms._key, REGISTRY))
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
