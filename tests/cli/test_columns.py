"""Columns of every type as scores, labels and ids."""

from decimal import Decimal

import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet
import pytest

import fastloss
from tests.cli.data import FORMATS, PAIRWISE, failure, make, score, softplus, values

LOSS = ("--loss", "mse_loss")


def text(ids):
    return pa.array([f"u{k}" for k in ids.tolist()])


IDS = {
    "large_string": lambda ids: text(ids).cast(pa.large_string()),
    "string_view": lambda ids: text(ids).cast(pa.string_view()),
    "binary": lambda ids: text(ids).cast(pa.binary()),
    "binary_view": lambda ids: text(ids).cast(pa.binary_view()),
    "fixed_size_binary": lambda ids: pa.array([b"%04d" % k for k in ids.tolist()], pa.binary(4)),
    "a dictionary of views": lambda ids: pa.DictionaryArray.from_arrays(
        pa.array(ids, pa.uint32()), pa.array([f"u{k}" for k in range(int(ids.max()) + 1)]).cast(pa.string_view())
    ),
    "a dictionary of integers": lambda ids: pa.array(ids, pa.int64()).dictionary_encode(),
    "runs": lambda ids: pa.compute.run_end_encode(text(ids)),
    "date32": lambda ids: pa.array(ids.astype("M8[D]")),
    "timestamp[ns]": lambda ids: pa.array((ids.astype(np.int64) + 1_700_000_000_000_000_001).astype("M8[ns]")),
    "timestamp with a zone": lambda ids: pa.array(ids.astype("M8[us]"), pa.timestamp("us", "Europe/Berlin")),
    "duration": lambda ids: pa.array(ids.astype("m8[us]")),
    "decimal": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal128(25, 0)),
    "decimal32": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal32(9, 2)),
    "decimal64": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal64(18, 2)),
    "a dictionary of decimals": lambda ids: pa.DictionaryArray.from_arrays(
        pa.array(ids, pa.int32()), pa.array([Decimal(k) for k in range(int(ids.max()) + 1)], pa.decimal32(9, 0))
    ),
    "bool": lambda ids: pa.array(ids % 2 == 0),
}


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("order", ["together", "apart"])
def test_ids(tmp_path, kind, order):
    data = make(60, 8)
    if order == "apart":
        rows = np.random.default_rng(1).permutation(60)
        data = {name: array[rows] for name, array in data.items()}
    ids = IDS[kind](data["query"])
    table = pa.table({"score": data["score"], "label": data["label"], "user": ids})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=25)
    out = tmp_path / "out.parquet"
    options = (*LOSS, "--groups", "user", "--batch-rows", 7, "--per-group", out)
    score(tmp_path / "a.arrow", *options)
    found, expected = pa.parquet.read_table(out), {}
    for one, s, y in zip(_plain(ids), data["score"].astype(float).tolist(), data["label"].tolist(), strict=True):
        expected.setdefault(one, []).append((s - y) ** 2)
    assert _plain(found["user"].combine_chunks()) == list(expected)
    assert found["mse_loss"].to_pylist() == pytest.approx([sum(some) / len(some) for some in expected.values()])


def _plain(ids):
    """Ids as Python has them; times as numbers, since Python has no nanoseconds."""
    if pa.types.is_temporal(ids.type):
        ids = ids.view(pa.int32() if ids.type.bit_width == 32 else pa.int64())
    return ids.to_pylist()


def test_categories_whose_dictionaries_differ(tmp_path):
    groups = [[f"u{start + k}" for k in range(100)] for start in (0, 100, 50)]  # 150 values: too many for int8
    parts = [pa.array(group).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())) for group in groups]
    table = pa.table({"score": np.arange(300.0), "label": np.arange(300) % 2, "user": pa.chunked_array(parts)})
    with pa.ipc.new_stream(tmp_path / "a.arrows", table.schema) as writer:
        for batch in table.to_batches():
            writer.write_batch(batch)
    report = score(tmp_path / "a.arrows", "--loss", PAIRWISE, "--groups", "user")
    assert report["groups"] == 200
    assert report["losses"][0]["pairs"] == 0  # u100 to u149 twice, each with the same label


def test_a_categorical_of_polars(tmp_path):
    frame = polars.DataFrame({"score": [1.0, 2.0, 5.0], "label": [1, 0, 1], "user": ["a", "b", "a"]})
    frame.with_columns(polars.col("user").cast(polars.Categorical)).write_ipc(tmp_path / "a.arrow")
    assert score(tmp_path / "a.arrow", "--loss", PAIRWISE, "--groups", "user")["groups"] == 2


@pytest.mark.parametrize("kind", [pa.decimal128(20, 11), pa.decimal128(38, 30), pa.decimal256(60, 40)])
def test_decimals_are_the_nearest_float64(tmp_path, kind):
    rng = np.random.default_rng(0)
    numbers = [Decimal(1), Decimal("0.3")]
    numbers += [Decimal(int(k)).scaleb(-kind.scale) for k in rng.integers(-(2**62), 2**62, 200)]
    table = pa.table({"score": pa.array(numbers, kind), "label": np.zeros(202), "user": np.arange(202)})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    out = tmp_path / "out.parquet"
    score(tmp_path / "a.parquet", "--loss", "l1_loss", "--groups", "user", "--per-group", out)
    assert pa.parquet.read_table(out)["l1_loss"].to_pylist() == [abs(float(number)) for number in numbers]


def test_whole_decimals_that_float64_does_not_hold(tmp_path):
    for number, fits in ((2**53, True), (2**53 + 1, False), (2**64, True)):
        scores = pa.array([Decimal(1), Decimal(number)], pa.decimal128(25, 0))
        pa.parquet.write_table(pa.table({"score": scores, "label": [0.0, 0.0]}), tmp_path / "a.parquet")
        if fits:
            assert values(score(tmp_path / "a.parquet", "--loss", "l1_loss")) == {"l1_loss": (1 + number) / 2}
        else:
            message = f"row 1: column 'score' is {number}, which float64 does not hold"
            assert message in failure("score", tmp_path / "a.parquet", "--loss", "l1_loss")


@pytest.mark.parametrize(
    "kind", [pa.decimal128(38, 2), pa.decimal128(38, 0), pa.decimal256(60, 3), pa.decimal64(18, 0), pa.int64()]
)
@pytest.mark.parametrize("groups", [(), ("--groups", "user")])
def test_decimals_whose_order_counts(tmp_path, kind, groups):
    large = 10**17 if kind == pa.decimal64(18, 0) else 2**60
    labels = [1, 2, large, large + 1]  # the last two are one float64
    labels = pa.array(labels if kind == pa.int64() else [Decimal(y) for y in labels], kind)
    path, out = tmp_path / "a.parquet", tmp_path / "out.parquet"
    try:
        pa.parquet.write_table(pa.table({"score": [3.0, 3.0, 1.0, 2.0], "label": labels, "user": [1, 1, 2, 2]}), path)
    except pa.ArrowNotImplementedError:
        pytest.skip(f"PyArrow {pa.__version__} writes no {kind} to Parquet")
    some = (*groups, *(("--per-group", out) if groups else ()), "--batch-rows", 3)
    found = values(score(path, "--loss", PAIRWISE, "--loss", "pairwise_hinge_loss", *some))
    pairs = [-1.0, 0.0] if groups else [-1.0, 0.0, 2.0, 2.0, 1.0, 1.0]  # scores of the lower label less the higher's
    assert found[PAIRWISE] == pytest.approx(sum(map(softplus, pairs)) / len(pairs), rel=1e-12)
    assert found["pairwise_hinge_loss"] == sum(max(0.0, 1.0 + gap) for gap in pairs) / len(pairs)
    assert f"{large + 1}" in failure("score", path, *LOSS, "--loss", PAIRWISE)
    assert f"{large + 1}" in failure("score", path, "--loss", f"{PAIRWISE}:pairs=all")


@pytest.mark.parametrize("number", ["1152921504606846976.25", "10000000000000000000000001"])
def test_decimals_that_nothing_holds(tmp_path, number):
    scale = 2 if "." in number else 0
    for column in ("score", "label"):
        data = {"score": [1.0, 2.0], "label": [0.0, 1.0]}
        data[column] = pa.array([Decimal(1), Decimal(number)], pa.decimal128(38, scale))
        pa.parquet.write_table(pa.table(data), tmp_path / "a.parquet")
        message = f"row 1: column '{column}' is {number}, which float64 does not hold"
        for loss in ("mse_loss", PAIRWISE):
            assert message in failure("score", tmp_path / "a.parquet", "--loss", loss)


def test_types_that_are_no_numbers_and_no_ids(tmp_path):
    path = tmp_path / "a.parquet"
    pa.parquet.write_table(pa.table({"score": [1.0], "label": [[1]], "user": [1.5]}), path)
    assert "column 'label' has type list<element: int64>: expected numbers" in failure("score", path, *LOSS)
    pa.parquet.write_table(pa.table({"score": [1.0], "label": [1], "user": [1.5]}), path)
    assert failure("score", path, "--loss", PAIRWISE, "--groups", "user") == (
        f"{path}: row 0: column 'user' is 1.5: expected a whole number"
    )
    spans = pa.array([(1, 2, 3)], pa.month_day_nano_interval())
    with pa.ipc.new_file(path, pa.schema({"score": pa.float64(), "label": pa.int64(), "user": spans.type})) as writer:
        writer.write_table(pa.table({"score": [1.0], "label": [1], "user": spans}))
    assert "column 'user' has type month_day_nano_interval: expected integers, strings, dates" in failure(
        "score", path, "--loss", PAIRWISE, "--groups", "user"
    )


@pytest.mark.parametrize(
    "unit", ["M8[Y]", "M8[M]", "M8[W]", "M8[10D]", "M8[h]", "M8[10s]", "m8[h]", "m8[D]", "m8[25ms]"]
)
@pytest.mark.parametrize("order", [[0, 0, 1, 1], [0, 1, 0, 1]])
def test_dates_in_units_that_arrow_has_not(tmp_path, unit, order):
    ids = np.array(order) + np.array(50).astype(unit)
    data = {"score": np.arange(4.0), "label": np.array([0, 1, 1, 0]), "user": ids}
    for name in ("a.npz", "a.npy"):
        FORMATS[f"data.{name[2:]}"](tmp_path / name, data)
        score(tmp_path / name, *LOSS, "--groups", "user", "--per-group", tmp_path / "out.parquet")
        found = pa.parquet.read_table(tmp_path / "out.parquet")["user"].to_numpy()
        assert (found == np.unique(ids)).all() and found.size == 2


def test_dates_that_arrow_does_not_hold(tmp_path):
    path = tmp_path / "a.npz"
    some = ("score", path, "--loss", PAIRWISE, "--groups", "user")
    for date, unit in ((2**32, "D"), (10**7, "Y"), (10**17, "Y"), (2**60, "h")):
        np.savez(path, score=np.arange(2.0), label=np.array([0, 1]), user=np.array([0, date], f"M8[{unit}]"))
        assert f"in units of {unit}, which Arrow does not hold in" in failure(*some)
    np.savez(path, score=np.arange(2.0), label=np.array([0, 1]), user=np.array([0, 1], "m8[Y]"))
    assert "column 'user' has type timedelta64[Y]: expected integers, strings, dates" in failure(*some)


@pytest.mark.parametrize("groups", [(), ("--groups", "user")])
def test_integers_beyond_float64_in_parquet(tmp_path, groups):
    """2**53 and 2**53 + 1 are one float64: labels of pairs reach the loss as they are, others are refused."""
    path = tmp_path / "a.parquet"
    labels = pa.array([2**53, 2**53 + 1, 0])
    pa.parquet.write_table(pa.table({"score": [1.0, 1.0, 1.0], "label": labels, "user": [5, 5, 5]}), path)
    report = score(path, "--loss", PAIRWISE, *groups)
    assert report["losses"][0]["pairs"] == fastloss.pairwise_logistic_loss([1.0] * 3, labels, with_counts=True)[1]
    assert values(report) == {PAIRWISE: pytest.approx(np.log(2.0))}  # of equal scores
    message = f"row 1: label is {2**53 + 1}: expected by mse_loss a number that float64 holds exactly"
    assert failure("score", path, *LOSS, "--loss", PAIRWISE, *groups) == f"{path}: {message}"


def test_a_column_of_nothing_but_null(tmp_path):
    empty = pa.table({"score": pa.array([], pa.null()), "label": pa.array([], pa.null())})
    pa.parquet.write_table(empty, tmp_path / "a.parquet")
    pa.parquet.write_table(pa.table({"score": [1.0, 3.0], "label": [1, 1]}), tmp_path / "b.parquet")
    assert values(score(tmp_path / "a.parquet", tmp_path / "b.parquet", *LOSS)) == {"mse_loss": 2.0}
    pa.parquet.write_table(pa.table({"score": [1.0], "label": pa.nulls(1)}), tmp_path / "a.parquet")
    assert failure("score", tmp_path / "a.parquet", *LOSS).endswith("row 0: column 'label' is null")
