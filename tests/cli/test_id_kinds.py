"""Ids of all kinds as results have them: on screen, in tables, on the page and in messages."""

import datetime
import json
import uuid
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet
import pytest

from fastloss.cli.reading.written import duration
from tests.cli.data import failure, run, score

PAIRS = ("--loss", "pairwise_logistic_loss", "--groups", "user")
UUIDS = [uuid.UUID(int=2**127 + 5), uuid.UUID(int=7)]
TIME = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000)

# the kind of ids, two of them, what text outputs have of these, and the type in Parquet
KINDS = {
    "uuid": (pa.uuid(), [one.bytes for one in UUIDS], [str(one) for one in UUIDS], pa.uuid()),
    "binary": (pa.binary(), [b"\xff\x00", b"ab"], ["ff00", "6162"], pa.binary()),
    "fixed binary": (pa.binary(2), [b"\xff\x00", b"ab"], ["ff00", "6162"], pa.binary()),
    "duration": (
        pa.duration("ms"),
        [datetime.timedelta(1, 7500, 250000), datetime.timedelta(0)],
        ["P1DT2H5M0.25S", "PT0S"],
        pa.duration("ms"),
    ),
    "date": (pa.date32(), [TIME.date(), datetime.date(1, 1, 1)], ["2026-01-02", "0001-01-01"], pa.date32()),
    "timestamp": (
        pa.timestamp("ms", "UTC"),
        [TIME, TIME.replace(microsecond=0)],
        ["2026-01-02 03:04:05.678Z", "2026-01-02 03:04:05.000Z"],
        pa.timestamp("ms", "UTC"),
    ),
    "time": (pa.time64("us"), [TIME.time(), datetime.time(0)], ["03:04:05.678000", "00:00:00.000000"], pa.time64("us")),
    "decimal": (pa.decimal128(9, 2), [Decimal("1.50"), Decimal(-2)], ["1.50", "-2.00"], pa.decimal128(9, 2)),
    "float": (pa.float64(), [1.0, -7.0], [1, -7], pa.int64()),
    "bool": (pa.bool_(), [True, False], [True, False], pa.bool_()),
    "text": (pa.string(), ["a b", "007"], ["a b", "007"], pa.string()),
}


def write(path, kind, ids):
    """A file in which each id has a row of each class."""
    array = pa.array(ids, kind)
    table = pa.table({"score": [0.0, 1.0] * len(ids), "label": [1, 0] * len(ids), "user": _twice(array)})
    pa.parquet.write_table(table, path)


def _twice(array):
    return array.take(pa.array([at for at in range(len(array)) for _ in (0, 1)]))


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", KINDS)
def test_one_writing_everywhere(tmp_path, name):
    kind, ids, expected, stored = KINDS[name]
    write(tmp_path / "a.parquet", kind, ids)
    given = ("score", tmp_path / "a.parquet", *PAIRS)
    for suffix in ("csv", "tsv", "jsonl", "parquet", "arrow"):
        assert run(*given, "--per-group", tmp_path / f"o.{suffix}").exit_code == 0
    for suffix, delimiter in (("csv", ","), ("tsv", "\t")):
        lines = (tmp_path / f"o.{suffix}").read_text().splitlines()[1:]
        assert [line.split(delimiter)[0].strip('"') for line in lines] == list(map(as_text, expected))
    lines = (tmp_path / "o.jsonl").read_text().splitlines()
    assert [json.loads(line)["user"] for line in lines] == expected
    for table in (pa.parquet.read_table(tmp_path / "o.parquet"), pa.ipc.open_file(tmp_path / "o.arrow").read_all()):
        assert table.schema.field("user").type == stored
        assert table["user"].to_pylist() == pa.array(ids, kind).cast(stored).to_pylist()
    worst = score(*given[1:], "--worst", 2)["over_groups"][0]["worst"]
    assert [one["group"] for one in worst] == expected
    printed = run(*given, "--worst", 2, "--report", tmp_path / "page.html").stdout
    page = (tmp_path / "page.html").read_text()
    for one in map(as_text, expected):
        assert f" {one} " in printed
        assert f">{one}<" in page


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("other", [pa.uuid(), pa.binary(16)])
def test_uuids_of_several_files_whose_rows_lie_apart(tmp_path, apart, other):
    ids = [one.bytes for one in UUIDS]
    write(tmp_path / "a.parquet", pa.uuid(), ids)
    write(tmp_path / "b.parquet", other, ids if apart else [uuid.UUID(int=9).bytes])
    score(tmp_path / "a.parquet", tmp_path / "b.parquet", *PAIRS, "--per-group", tmp_path / "o.parquet")
    found = pa.parquet.read_table(tmp_path / "o.parquet")
    assert found["user"].to_pylist() == (UUIDS if apart else [*UUIDS, uuid.UUID(int=9)])


def test_compare_names_uuids_and_keeps_them(tmp_path):
    write(tmp_path / "a.parquet", pa.uuid(), [UUIDS[0].bytes])
    ids = [one.bytes for one in UUIDS]
    for name, some in (("a", ids), ("b", ids[:1])):
        table = pa.table({"score": [0.5] * len(some), "label": [1] * len(some), "user": pa.array(some, pa.uuid())})
        pa.parquet.write_table(table, tmp_path / f"{name}.parquet")
    given = ("compare", tmp_path / "a.parquet", tmp_path / "b.parquet", "--loss", "mse_loss", "--key", "user")
    assert f": row 1: user {UUIDS[1]} is not in" in failure(*given)
    out = tmp_path / "o.csv"
    done = run(*given, "--missing", "drop", "--groups", "user", "--per-group", out)
    assert done.exit_code == 0, done.stderr
    assert str(UUIDS[0]) in out.read_text()
    (tmp_path / "c.csv").write_text(f"user,score,label\n{UUIDS[1]},0,1\n{UUIDS[0]},1,1\n")
    given = ("compare", tmp_path / "a.parquet", tmp_path / "c.csv", "--loss", "mse_loss", "--key", "user")
    assert "(--types user=string converts it)" in failure(*given)
    done = run(*given, "--types", "user=string", "--groups", "user", "--per-group", out)
    assert done.exit_code == 0, done.stderr
    assert str(UUIDS[0]) in out.read_text()


@pytest.mark.parametrize(
    ("count", "unit", "expected"),
    [
        (0, "ns", "PT0S"),
        (1, "ns", "PT0.000000001S"),
        (-1500, "ms", "-PT1.5S"),
        (86_400, "s", "P1D"),
        (86_460, "s", "P1DT1M"),
        (3_600_000_000, "us", "PT1H"),
        (-(2**63), "s", "-P106751991167300DT15H30M8S"),
    ],
)
def test_durations(count, unit, expected):
    assert duration(count, unit) == expected


@pytest.mark.parametrize("name", ["uuid", "duration"])
def test_ids_as_text_among_those_of_text_files(tmp_path, name):
    kind, ids, expected, _ = KINDS[name]
    write(tmp_path / "a.parquet", kind, ids)
    (tmp_path / "b.csv").write_text(f"score,label,user\n0,1,{expected[1]}\n1,0,other\n")
    assert "(--types user=string converts it)" in failure("score", tmp_path, *PAIRS)
    score(tmp_path, *PAIRS, "--types", "user=string", "--per-group", tmp_path / "o.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [(one["user"], one["rows"]) for one in lines] == [(expected[0], 2), (expected[1], 3), ("other", 1)]


def test_uuids_of_workers(tmp_path):
    pytest.importorskip("distributed")
    write(tmp_path / "a.parquet", pa.uuid(), [one.bytes for one in UUIDS])
    out = tmp_path / "o.parquet"
    score(tmp_path / "a.parquet", *PAIRS, "--dask", "local", "--per-group", out)
    assert pa.parquet.read_table(out)["user"].to_pylist() == UUIDS


# -- integers of several widths


@pytest.mark.parametrize("other", [pa.int32(), pa.int64()])
def test_unsigned_ids_beyond_int64_among_signed_ones(tmp_path, other):
    write(tmp_path / "a.parquet", other, [1, 2])
    write(tmp_path / "b.parquet", pa.uint64(), [3, 2**63 + 1])
    where = f"{tmp_path / 'b.parquet'}: row 2: column 'user' is {2**63 + 1}"
    assert failure("score", tmp_path, *PAIRS) == f"{where}: expected a whole number below 2^63 (see --types)"
    score(tmp_path, *PAIRS, "--types", "user=uint64", "--per-group", tmp_path / "o.jsonl")
    lines = (tmp_path / "o.jsonl").read_text().splitlines()
    assert [json.loads(line)["user"] for line in lines] == [1, 2, 3, 2**63 + 1]


@pytest.mark.parametrize("found", [0.25, float("nan"), float("inf")])
def test_ids_that_are_no_whole_numbers(tmp_path, found):
    write(tmp_path / "a.parquet", pa.float64(), [1.0, found])
    message = failure("score", tmp_path / "a.parquet", *PAIRS)
    assert message == f"{tmp_path / 'a.parquet'}: row 2: column 'user' is {found}: expected a whole number"


def test_a_whole_number_that_a_given_type_does_not_hold(tmp_path):
    write(tmp_path / "a.parquet", pa.int64(), [1, -1])
    for kind in ("uint64", "uint8"):
        message = failure("score", tmp_path / "a.parquet", *PAIRS, "--types", f"user={kind}")
        assert message.endswith(f": row 2: column 'user' is -1: expected {kind}")
