"""Ids of groups, labels and users keep their values, whatever they come in; a missing one is named."""

import datetime
import decimal
import itertools
import uuid

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import fastloss
from fastloss.core import orders, validate
from fastloss.pairs.loss import grouped

BEYOND = 2**53 + 1  # the first integer that float64 rounds
HUGE = 2**63  # the first that int64 does not hold


def refuses(error, match, function, *arguments, **keywords):
    with pytest.raises(error, match=match):
        function(*arguments, **keywords)


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
NAN = {"NaN": "nan", "NaN of strings": "nan", "float32": "nan", "decimals": r"Decimal\('NaN'\)"}
TAKE_IDS = {
    "groups": lambda ids: fastloss.auc(SCORES, [0, 1, 0, 1], groups=ids),
    "labels": lambda ids: fastloss.supcon_loss(np.eye(4), ids),
    "ids": lambda ids: fastloss.info_nce_loss(np.eye(4), np.eye(4), ids=ids),
    "episodes": lambda ids: fastloss.policy_gradient_loss(np.eye(4), [0] * 4, [1.0] * 4, episodes=ids),
}


@pytest.mark.parametrize("kind", MISSING)
@pytest.mark.parametrize("argument", TAKE_IDS)
def test_a_missing_id_is_named(argument, kind):
    found = NAN.get(kind, "null")
    with pytest.raises(ValueError, match=rf"^{argument}\[2\] is {found}: expected an id$"):
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


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float64, str, "datetime64[D]", bool, object])
@pytest.mark.parametrize("way", ["in order", "in runs", "in any order"])
def test_rows_of_a_group_come_together_whatever_their_order(dtype, way):
    rng = np.random.default_rng(0)
    for count in range(40):
        drawn = rng.integers(0, 1 + count // 3, count)
        ids = {
            "in order": np.sort(drawn),
            "in runs": np.repeat(drawn, rng.integers(1, 4, count)),
            "in any order": drawn,
        }[way].astype(dtype)
        found = grouped(ids, None, ids.size)
        rows = np.arange(ids.size) if found.rows is None else found.rows
        own = [ids[rows[start:stop]] for start, stop in itertools.pairwise(found.offsets)]
        assert found.rows is None or (rows == np.argsort(ids, kind="stable")).all()
        assert np.sort(rows).tolist() == list(range(ids.size)) and len(own) == np.unique(ids).size
        assert all((one == one[0]).all() for one in own)
        leading = np.array([one[0] for one in own], ids.dtype)
        assert (leading[slice(None) if found.order is None else found.order] == np.unique(ids)).all()
        assert (orders.distinct(ids) == np.unique(ids)).all()
