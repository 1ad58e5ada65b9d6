"""Rows of groups brought together in memory and in temporary files, against a plain loop over the rows."""

import itertools
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from fastloss.cli.reading.arrays import coded
from fastloss.cli.reading.batches import Batch
from fastloss.cli.scoring import gathered, partition
from fastloss.cli.scoring.gathered import Gathered, narrowed
from fastloss.cli.scoring.partition import whole_groups
from tests.cli.data import PAIRWISE, make, score, write_parquet

IDS = {
    "int8": lambda ids: pa.array(ids - 100, pa.int8()),
    "int64": lambda ids: pa.array(ids * 7 - 10**12),
    "from end to end": lambda ids: pa.array(np.array([-(2**63), 2**63 - 1, 0, -1, 5])[ids % 5]),
    "uint64": lambda ids: pa.array(ids.astype(np.uint64) + np.uint64(2**63 - 5)),
    "strings": lambda ids: coded(pa.array([f"u{k}" for k in ids.tolist()])),
    "bytes": lambda ids: coded(pa.array([b"%d" % k for k in ids.tolist()])),
    "bool": lambda ids: pa.array(ids % 2 == 0),
    "decimal": lambda ids: pa.array([Decimal(k) for k in ids.tolist()], pa.decimal128(25, 0)),
    "date": lambda ids: pa.array(ids.astype("M8[D]")),
    "time": lambda ids: pa.array(ids, pa.int64()).cast(pa.time64("us")),
    "timestamp": lambda ids: pa.array(ids.astype("M8[us]"), pa.timestamp("us", "Europe/Berlin")),
}


def stream(make_ids, seed, weighted=True):
    """Batches of one stream, and their columns as one table."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 200))
    numbers = rng.integers(0, 20, size)
    rows = {
        "scores": {"a": rng.random(size, np.float32), "b": rng.random((size, 3))},
        "labels": rng.integers(-3, 3, size),
        "weights": rng.random(size) if weighted else None,
        "ids": numbers,
    }
    cuts = sorted({0, size, *rng.integers(0, size + 1, 5).tolist()})
    batches = [
        Batch(
            start,
            {model: one[start:stop] for model, one in rows["scores"].items()},
            rows["labels"][start:stop],
            rows["weights"][start:stop] if weighted else None,
            make_ids(numbers[start:stop]),
            float(stop),
            start,
        )
        for start, stop in itertools.pairwise(cuts)
    ]
    return batches, rows


def by_id(groups):
    """What each group holds, as plain Python has it."""
    found = {}
    for some in groups:
        assert some.ids is not None
        for k, one in enumerate(some.ids.to_pylist()):
            own = slice(some.offsets[k], some.offsets[k + 1])
            assert one not in found
            columns = (*some.scores.values(), some.labels, *([] if some.weights is None else [some.weights]))
            found[one] = [np.asarray(some.rows)[own].tolist(), *(column[own].tolist() for column in columns)]
    return found


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("most", [0, 1000, 1 << 20])
def test_groups_are_the_rows_of_equal_ids(kind, most, monkeypatch):
    monkeypatch.setattr(gathered, "BLOCK", 16)
    monkeypatch.setattr(partition, "MOST", most)
    for seed in range(10):
        batches, rows = stream(IDS[kind], seed, weighted=bool(seed % 2))
        names = list(itertools.chain.from_iterable(batch.groups.to_pylist() for batch in batches))
        expected = {}
        for row, name in enumerate(names):
            expected.setdefault(name, []).append(row)
        columns = [*rows["scores"].values(), rows["labels"], *([rows["weights"]] if seed % 2 else [])]
        found = by_id(whole_groups(iter(batches)))
        assert found == {name: [own, *(one[own].tolist() for one in columns)] for name, own in expected.items()}


@pytest.mark.parametrize("kind", IDS)
def test_batches_come_back_as_they_were(kind):
    batches, _ = stream(IDS[kind], 3)
    rows = Gathered(batches[0], 1 << 20)
    for batch in batches:
        rows.add(batch)
    for batch, again in zip(batches, rows.taken(), strict=True):
        assert again.groups.to_pylist() == batch.groups.to_pylist()
        for one, other in (
            *((batch.scores[model], again.scores[model]) for model in ("a", "b")),
            (batch.labels, again.labels),
            (batch.weights, again.weights),
        ):
            assert one.dtype == other.dtype
            assert one.tolist() == other.tolist()
        assert (again.start, again.bytes_done, again.of_part) == (batch.start, batch.bytes_done, batch.of_part)


def test_there_is_room_for_a_number_of_bytes_and_no_more():
    batch = stream(IDS["int64"], 1)[0][0]._replace(weights=None)
    batch = batch._replace(scores={"a": batch.scores["a"]})
    rows = Gathered(batch, 13 * batch.size)  # of a row: 8 bytes for its key, 4 of its score, 1 for its label
    assert rows.has_room(batch)
    rows.add(batch)
    assert not rows.has_room(batch)
    words = batch._replace(groups=coded(pa.array([f"a long word {k}" for k in range(batch.size)])))
    rows = Gathered(words, 100 * batch.size)
    assert rows.has_room(words)
    for _ in range(3):
        rows.add(words)
    assert not rows.has_room(words)  # for the dictionaries


@pytest.mark.parametrize("most", [0, 1 << 20])
def test_columns_whose_type_changes_between_batches(most, monkeypatch):
    monkeypatch.setattr(partition, "MOST", most)
    ids = pa.array([1, 2, 1])
    batches = [
        Batch(0, {"a": np.array([1, 2, 3])}, np.array([0, 1, 0]), None, ids, 0.0),
        Batch(3, {"a": np.array([np.nan, 0.5, 4.0])}, np.array([0.5, 1.0, np.nan]), None, ids, 1.0),
    ]
    found = by_id(whole_groups(iter(batches)))
    rows, scores, labels = found[1]
    assert rows == [0, 2, 3, 5]
    np.testing.assert_array_equal(scores, [1.0, 3.0, np.nan, 4.0])
    np.testing.assert_array_equal(labels, [0.0, 0.0, 0.5, np.nan])
    assert found[2] == [[1, 4], [2.0, 0.5], [1.0, 1.0]]


def test_labels_are_kept_in_few_bytes():
    for labels, size in (
        (np.array([0, 1]), 1),
        (np.array([-1, 200]), 2),
        (np.array([0, 2**40]), 8),
        (np.array([0, 2**64 - 1], np.uint64), 8),
        (np.array([-(2**63), 2**63 - 1]), 8),
        (np.array([0.5, 1.0]), 8),
        (np.array([], np.int64), 8),
    ):
        found = narrowed(labels)
        assert found.tolist() == labels.tolist()
        assert found.itemsize == size
        assert not np.shares_memory(found, labels)


def test_memory_and_temporary_files_give_the_same_bits(tmp_path, monkeypatch):
    data = make(3000, 50)
    rows = np.random.default_rng(3).permutation(3000)
    data = {name: array[rows] for name, array in data.items()}
    data["query"] = np.char.add("user", data["query"].astype(str))
    write_parquet(tmp_path / "a.parquet", data)
    words = ("--loss", PAIRWISE, "--loss", "ndcg", "--groups", "query", "--batch-rows", 100, "--json")
    tables, reports = [], []
    for most in (0, 20_000, 1 << 20):  # all rows, some, none
        monkeypatch.setattr(partition, "MOST", most)
        out = tmp_path / f"{most}.parquet"
        reports.append(score(tmp_path / "a.parquet", *words, "--per-group", out)["losses"])
        tables.append(pa.parquet.read_table(out))
    assert reports[0] == reports[1] == reports[2]
    assert tables[0].equals(tables[1]) and tables[0].equals(tables[2])
    assert tables[0]["query"].to_pylist() == list(dict.fromkeys(data["query"].tolist()))
