"""Groups too large for a worker: the numbers of one process, without any worker that has all of their rows."""

import dask
import numpy as np
import pandas as pd
import pytest
from dask import array as da
from dask import dataframe as dd

import fastloss
import fastloss.dask
from fastloss.dask.graphs import Blocks
from fastloss.dask.groups import ids, large_ranges, rows
from fastloss.dask.ranges import pieces as range_pieces
from fastloss.dask.ranges import plan as range_plan
from fastloss.dask.workers import job

LOSSES = {
    "pairwise_logistic_loss": {},
    "pairwise_exponential_loss": {"sigma": 0.5},
    "pairwise_hinge_loss": {"margin": 0.7},
    "pairwise_squared_hinge_loss": {},
}
COUNTS = ("auc", "count_inversions")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Groups of more than 100 rows in several partitions are large, and cut as many rows are."""
    monkeypatch.setattr(range_plan, "FEW", 0)
    monkeypatch.setattr(range_pieces, "FEWEST", 8)
    with dask.config.set({ids.SETTING: 100 * 4 * ids.NUMBER}):
        yield


def drawn(count=2400, seed=3, dtype=np.float64):
    """Two large groups, of which one is in all partitions, and many small ones."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(10, 60, count)
    groups[rng.random(count) < 0.4] = 7
    groups[: count // 3][rng.random(count // 3) < 0.5] = 99
    return {
        "scores": rng.normal(size=count).astype(dtype),
        "labels": rng.integers(0, 3, count),
        "groups": groups,
        "sample_weight": rng.random(count) * (rng.random(count) < 0.8),
    }


def lazily(data, chunks=(500, 0, 300, 700, 900)):
    return {name: da.from_array(one, chunks=(chunks,)) for name, one in data.items()}


def both(name, data, chunks=(500, 0, 300, 700, 900), **words):
    lazy = getattr(fastloss.dask, name).value_and_grad(**lazily(data, chunks), **words)
    return dask.compute(*lazy, scheduler="sync"), getattr(fastloss, name).value_and_grad(**data, **words)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient(name, weighted, reduction):
    data = drawn()
    if not weighted:
        del data["sample_weight"]
    (value, gradient), (expected, slopes) = both(name, data, reduction=reduction, **LOSSES[name])
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-13 * np.abs(slopes).max())


@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_hinge_loss"])
def test_every_pair(name):
    """The gradient of rows of a large group, from each of its pairs."""
    data = drawn(400)
    group = data["groups"] == 7
    (_, gradient), _ = both(name, data, (100, 100, 100, 100), reduction="sum")
    scores, labels, weights = (data[one][group] for one in ("scores", "labels", "sample_weight"))
    gap = scores[:, None] - scores
    slope = -1.0 / (1.0 + np.exp(gap)) if name == "pairwise_logistic_loss" else -(gap < 1.0).astype(float)
    pairs = np.where(labels[:, None] > labels, weights[:, None] * weights * slope, 0.0)
    np.testing.assert_allclose(gradient[group], pairs.sum(1) - pairs.sum(0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_float32(name):
    data = drawn(dtype=np.float32)
    (value, gradient), (expected, slopes) = both(name, data, **LOSSES[name])
    assert gradient.dtype == np.float32
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-7 * np.abs(slopes).max())


@pytest.mark.parametrize("exponent", [-200, 200])
@pytest.mark.parametrize("name", LOSSES)
def test_weights_of_all_sizes(name, exponent):
    """A mean does not depend on their unit, nor on those of groups of other units."""
    data = drawn()
    data["sample_weight"] *= 2.0**exponent
    (value, gradient), (expected, slopes) = both(name, data, **LOSSES[name])
    assert value == pytest.approx(expected, rel=1e-12) and np.isfinite(value)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-13 * np.abs(slopes).max())
    data["sample_weight"][data["groups"] == 7] *= 2.0 ** (-1.5 * exponent)
    (value, gradient), (expected, slopes) = both(name, data, **LOSSES[name])
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-13 * np.abs(slopes).max())


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("name", COUNTS)
def test_counts(name, weighted):
    data = drawn()
    if not weighted:
        del data["sample_weight"]
    found = getattr(fastloss.dask, name)(**lazily(data)).compute(scheduler="sync")
    expected = getattr(fastloss, name)(**data)
    assert found == pytest.approx(expected, rel=1e-13) and type(found) is type(expected)


@pytest.mark.parametrize("kind", ["numbers", "text"])
@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_hinge_loss", "auc"])
def test_means_of_groups(name, kind):
    frame = pd.DataFrame(drawn())
    if kind == "text":
        frame["groups"] = frame["groups"].map("user {}".format)
    cut = dd.from_pandas(frame, npartitions=5, sort=False)
    words = {"groups": cut["groups"], "sample_weight": cut["sample_weight"], "reduction": "per_group"}
    found = getattr(fastloss.dask, name)(cut["scores"], cut["labels"], **words).compute(scheduler="sync")
    found = found.sort_values("group")
    own = {one: frame[one].to_numpy() for one in ("groups", "sample_weight")}
    expected = getattr(fastloss, name)(frame["scores"], frame["labels"], **own, reduction="per_group")
    assert found["group"].tolist() == sorted(set(frame["groups"]))
    np.testing.assert_allclose(found["value"], expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_hinge_loss", "auc"])
def test_a_large_group_that_has_nothing_to_say_is_nan(name):
    """Group 7 has one label, group 99 weighs 0; both are large, as is 8."""
    rng = np.random.default_rng(4)
    data = {"scores": rng.normal(size=2400), "labels": rng.integers(0, 3, 2400), "groups": rng.choice([7, 8, 99], 2400)}
    data["labels"][data["groups"] == 7] = 1
    data["sample_weight"] = np.where(data["groups"] == 99, 0.0, 0.5)
    found = getattr(fastloss.dask, name)(**lazily(data), reduction="per_group").compute(scheduler="sync")
    expected = getattr(fastloss, name)(**data, reduction="per_group")
    np.testing.assert_array_equal(np.isnan(expected), [True, False, True])
    np.testing.assert_allclose(found.sort_values("group")["value"], expected, rtol=1e-12)


def values_of(blocks: Blocks):
    return dask.get(dict(blocks.graph), list(blocks.keys))


def test_no_worker_has_a_large_group(monkeypatch):
    """Owners have none of its rows, and its ranges are even."""
    seen, real = [], rows.exchanged

    def exchanged(name, blocks, owners):
        made = real(name, blocks, owners)
        seen.append((name, made))
        return made

    monkeypatch.setattr(rows, "exchanged", exchanged)
    monkeypatch.setattr(large_ranges, "exchanged", exchanged)
    data = drawn(20_000)
    with dask.config.set({ids.SETTING: "32 kB"}):  # 1000 rows
        fastloss.dask.pairwise_hinge_loss(**lazily(data, (2500,) * 8))
    pieces = {name.rpartition("-")[2]: values_of(made) for name, made in seen}
    groups = [one.columns["groups"] for parts in pieces["owned"] for one in parts]
    assert not np.isin(np.concatenate(groups), [7, 99]).any() and sum(map(len, groups)) > 5000
    held = [sum(one.rows.scores.size for one in items) for items in pieces["ranges"]]
    assert len(held) == 8 and min(held) > 0 and max(held) < 2.5 * np.mean(held)


def test_owners_have_about_as_many_rows():
    """Data in any order: each owner has at most two partitions' worth, however many partitions there are."""
    rng = np.random.default_rng(4)
    count, size = 90, 100
    groups = np.sort(rng.zipf(1.5, count * size) % 3000)
    every, number = np.unique(groups, return_counts=True)
    made = ids.deal(
        job("auc", {}), count, 1 << 40, 8, False, ids.Ids(every, np.minimum(number, size), np.ones(every.size, bool))
    )
    held = np.bincount(made.owners, np.minimum(number, size), count)
    assert held.max() <= 2 * size and (np.diff(made.owners) >= 0).all()


@pytest.mark.parametrize("odd", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["pairwise_hinge_loss", "auc"])
def test_scores_that_are_not_finite(name, odd):
    """A large group is as one of more than 20,000 rows: it has no value, and others have theirs."""
    data = drawn()
    data["scores"][np.flatnonzero(data["groups"] == 7)[0]] = odd
    if name == "auc":
        found = fastloss.dask.auc(**lazily(data)).compute(scheduler="sync")
        np.testing.assert_allclose(found, fastloss.auc(**data), rtol=1e-13)
        return
    (value, gradient), (_, slopes) = both(name, data)
    own = data["groups"] == 7
    assert np.isnan(value) and np.isnan(gradient[own]).all()
    np.testing.assert_allclose(gradient[~own], slopes[~own], rtol=1e-12, atol=1e-13 * np.nanmax(np.abs(slopes)))


def computing(name, data, **words):
    return dask.compute(getattr(fastloss.dask, name)(**lazily(data), **words), scheduler="sync")


def test_errors_name_the_group_and_the_row():
    data = drawn()
    at = np.flatnonzero(data["groups"] == 7)[np.searchsorted(np.flatnonzero(data["groups"] == 7), 810)]
    for name in ("pairwise_logistic_loss", "pairwise_hinge_loss", "auc"):
        wrong = {**data, "sample_weight": np.where(np.arange(2400) == at, -1.0, data["sample_weight"])}
        with pytest.raises(ValueError, match=f"group 7: sample_weight, row {at - 800} of partition 3, is -1"):
            computing(name, wrong)
    many = {**data, "labels": np.arange(2400)}
    with pytest.raises(ValueError, match=r"group 7: .*labels"):
        computing("pairwise_hinge_loss", many)


@pytest.mark.parametrize(("name", "words"), [("lambdarank_loss", {}), ("pairwise_hinge_loss", {"pairs": "all"})])
def test_losses_that_need_a_group_whole(name, words):
    data = drawn()
    del data["sample_weight"]
    if words:
        data["labels"] = data["labels"] % 2
    rows = np.count_nonzero(data["groups"] == 7)
    match = rf"group 7 has {rows} rows in several partitions: expected at most 133 for {name}.*fastloss\.group-bytes"
    with pytest.raises(ValueError, match=match):
        computing(name, data, **words)
    with dask.config.set({ids.SETTING: "1 MB"}):
        (value,) = computing(name, data, **words)
    assert value == pytest.approx(getattr(fastloss, name)(**data, **words), rel=1e-13)


def test_a_group_that_is_large_in_one_partition_alone():
    """Whole groups stay where they are, however many rows they have."""
    data = drawn()
    del data["sample_weight"]
    data["groups"] = np.repeat([1, 2, 3, 4], [500, 300, 700, 900])
    (value, gradient), (expected, slopes) = both("lambdarank_loss", data)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-16)
