"""Groups whose rows lie together, in batches cut anywhere, against runs of ids found by a plain loop."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from fastloss.cli.reading.batches import Batch
from fastloss.cli.reading.ids import SeenIds, keys
from fastloss.cli.scoring.groups import Contiguous, Scattered

KINDS = {
    "integers": pa.array,
    "strings": lambda ids: pa.array([f"u{k:03}" for k in ids.tolist()]),
    "dates": lambda ids: pa.array(ids.astype("M8[us]")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["sorted", "blocks", "drawn"])
def test_groups_are_runs_of_ids(kind, order):
    rng = np.random.default_rng(3)
    for _ in range(60):
        size, count = int(rng.integers(1, 30)), int(rng.integers(1, 10))
        numbers = rng.integers(0, count, size)
        if order != "drawn":
            numbers = np.sort(numbers)
        if order == "blocks":
            numbers = rng.permutation(count)[numbers]
        runs = [(k, len(list(rows))) for k, rows in itertools.groupby(numbers.tolist())]
        is_scattered = len({k for k, _ in runs}) < len(runs)
        cuts = [0, *sorted(rng.integers(0, size + 1, rng.integers(0, 6)).tolist()), size]
        ids = KINDS[kind](numbers)

        def earlier(until, ids=ids, cuts=cuts):
            for start, stop in itertools.pairwise(cuts):
                yield ids.slice(start, max(0, min(stop, until) - start))

        groups, rows, closed = Contiguous(earlier), np.arange(float(size)), []
        try:
            for start, stop in itertools.pairwise(cuts):
                part = rows[start:stop]
                closed.append(
                    groups.feed(Batch(start, {"score": part}, -part, None, ids.slice(start, stop - start), 0.0))
                )
            closed = [one for one in (*closed, groups.finish()) if one is not None]
        except Scattered:
            assert is_scattered
            continue
        assert not is_scattered
        assert (groups._seen is None) == all(one[0] < other[0] for one, other in itertools.pairwise(runs))
        assert [int(n) for one in closed for n in np.diff(one.offsets)] == [n for _, n in runs]
        found = pa.concat_arrays([one.ids for one in closed])
        assert found.equals(KINDS[kind](np.array([k for k, _ in runs])))
        for column, expected in (("labels", -rows), ("rows", rows)):
            assert np.concatenate([np.asarray(getattr(one, column)) for one in closed]).tolist() == expected.tolist()
        assert np.concatenate([one.scores["score"] for one in closed]).tolist() == rows.tolist()


def test_ids_that_have_been_seen():
    seen = SeenIds()
    assert seen.add(pa.array(["a", "b"])) and seen.add(pa.array([], pa.string())) and seen.add(pa.array(["d", "c"]))
    assert not seen.add(pa.array(["e", "b"])) and not seen.add(pa.array(["f", "f"]))
    assert seen.add(pa.array(["e", "f"]))  # of arrays that were refused, nothing was kept


def test_equal_ids_have_one_key_whatever_array_they_are_in():
    for one, other in (
        (pa.array(["b", "a"]), pa.array(["a", "b"])),
        (pa.array([2**63 + 5], pa.uint64()), pa.array([7, 2**63 + 5], pa.uint64())),
        (pa.array([True]), pa.array([False, True])),
    ):
        assert keys(one)[0] == keys(other)[1]
        assert len(set(keys(other).tolist())) == 2
