"""Losses of Ray's Datasets, on a Ray of two processes."""

import functools
import itertools

import numpy as np
import pyarrow as pa
import pytest

import fastloss
from tests.adapters.data import CASES, REFUSED, is_close, rows, run_guide, table

ray = pytest.importorskip("ray", reason="Ray is not installed")
pytest.importorskip("ray.data")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Ray's own
    pytest.mark.xdist_group("ray"),
]

MADE = rows()


@pytest.fixture(scope="module")
def started():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.default_hash_shuffle_parallelism = 3
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def ds(started):
    return ray.data.from_arrow([table(MADE).slice(at, 7001) for at in range(0, len(MADE.score), 7001)])


@pytest.mark.parametrize("case", CASES)
def test_score(ds, case):
    from fastloss.ray import score

    (name, columns, words), expected, within = CASES[case]
    assert is_close(score(ds, name, *columns, **words), expected(MADE), within)


def test_the_order_of_blocks_changes_no_bit():
    from fastloss.ray import Aggregate

    loss = Aggregate("huber_loss", "score", "label")
    states = [loss.aggregate_block(table(MADE).slice(at, 8192)) for at in range(0, len(MADE.score), 8192)]
    values = {loss.finalize(functools.reduce(loss.combine, some)) for some in itertools.permutations(states)}
    assert len(values) == 1


def test_several_aggregations_and_keys(ds):
    from ray.data.aggregate import Count

    from fastloss.ray import Aggregate

    loss = Aggregate("mse_loss", "score", "label", alias_name="mse")
    area = Aggregate("pairwise_logistic_loss", "score", "label")
    found = ds.aggregate(loss, area)
    assert is_close(found["mse"], fastloss.mse_loss(MADE.score, MADE.label))
    pairs = fastloss.pairwise_logistic_loss(MADE.score, MADE.label)
    assert is_close(found["pairwise_logistic_loss(score, label)"], pairs, 1e-12)
    kept = (Count("score"), Count("label"))
    for row in ds.groupby("kind").aggregate(loss, *kept).take_all():
        some = MADE.kind == row["kind"]
        assert is_close(row["mse"], fastloss.mse_loss(MADE.score[some], MADE.label[some]))
    with pytest.raises(Exception, match=r"add Count\('score'\)"):
        ds.groupby("kind").aggregate(loss).take_all()


def test_what_has_nothing_to_say_is_nan(started):
    """Key 1 has a pair, key 2 has none; a loss of all rows is 0 where there is none, as that of a call."""
    from ray.data.aggregate import Count

    from fastloss.ray import Aggregate, per_group, score

    made = ray.data.from_arrow(pa.table({"key": [1, 1, 2, 2], "score": [0.5, 0.0, 1.0, 2.0], "label": [0, 1, 1, 1]}))
    for name in ("pairwise_hinge_loss", "lambdarank_loss"):
        alone = getattr(fastloss, name)([0.5, 0.0], [0, 1])
        found = {row["key"]: row[name] for row in per_group(made, name, "score", "label", groups="key").take_all()}
        assert is_close(found[1], alone) and np.isnan(found[2])
        assert is_close(score(made, name, "score", "label", groups="key"), alone)
        nothing = made.filter(lambda row: row["key"] == 2)
        assert score(nothing, name, "score", "label", groups="key") == 0.0
    loss = Aggregate("pairwise_logistic_loss", "score", "label", alias_name="loss")
    rows = made.groupby("key").aggregate(loss, Count("score"), Count("label")).take_all()
    found = {row["key"]: row["loss"] for row in rows}
    assert is_close(found[1], fastloss.pairwise_logistic_loss([0.5, 0.0], [0, 1]), 1e-12) and np.isnan(found[2])


def test_whole_groups_in_blocks(ds):
    from fastloss.ray import Aggregate

    loss = Aggregate("pairwise_hinge_loss", "score", "label", groups="user", alias_name="loss")
    expected = fastloss.pairwise_hinge_loss(MADE.score, MADE.label, groups=MADE.user)
    assert is_close(ds.repartition(2, keys=["user"]).aggregate(loss)["loss"], expected, 1e-14)
    halves = [loss.aggregate_block(table(MADE).slice(*part)) for part in ((0, 100), (100,))]
    with pytest.raises(ValueError, match=r"of two blocks: groups has .* which came before: expected whole groups"):
        loss.combine(*halves)


@pytest.mark.parametrize("name", ["lambdarank_loss", "pairwise_logistic_loss", "mse_loss"])
def test_per_group(ds, name):
    from fastloss.ray import per_group

    found = {row["user"]: row[name] for row in per_group(ds, name, "score", "label", groups="user").take_all()}
    assert found.keys() == set(MADE.user.tolist())
    for user, value in found.items():
        some = MADE.of_user(user)
        assert value == getattr(fastloss, name)(some.score, some.label)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_at_once(case):
    from fastloss.ray import Aggregate

    arguments, words, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=message):
        Aggregate(*arguments, **words)


def test_columns_and_nulls(ds):
    from fastloss.ray import per_group, score

    with pytest.raises(ValueError, match="You specified the column 'scores', but there's no such column"):
        score(ds, "mse_loss", "scores", "label")
    with pytest.raises(ValueError, match="the column 'users'"):
        per_group(ds, "mse_loss", "score", "label", groups="users")
    holes = ray.data.from_arrow(pa.table({"score": [0.5, None], "label": [0, 1], "text": ["a", "b"]}))
    with pytest.raises(Exception, match=r"mse_loss of columns score, label, in a block: input\[1\] is null"):
        score(holes, "mse_loss", "score", "label")
    with pytest.raises(Exception, match=r"text, label, in a block: input\[0\] is 'a': expected a real number"):
        score(holes, "mse_loss", "text", "label")


def test_no_rows_and_nan(started):
    from fastloss.ray import score

    empty = ray.data.from_arrow(pa.table({"score": pa.array([], pa.float64()), "label": pa.array([], pa.int64())}))
    assert score(empty, "mse_loss", "score", "label") == 0.0
    one = ray.data.from_arrow(pa.table({"score": [np.nan], "label": [1.0]}))
    assert np.isnan(score(one, "mse_loss", "score", "label"))


def test_tensors_and_pandas(started):
    from fastloss.ray import score

    tensors = ray.data.from_numpy(MADE.logits.astype(np.float32)).rename_columns({"data": "logits"})
    kinds = ray.data.from_numpy(MADE.kind).rename_columns({"data": "kind"})
    expected = fastloss.cross_entropy(MADE.logits.astype(np.float32), MADE.kind)
    assert is_close(score(tensors.zip(kinds), "cross_entropy", "logits", "kind"), expected)
    frame = table(MADE).select(["score", "label"]).to_pandas()
    value = score(ray.data.from_pandas(frame), "mse_loss", "score", "label")
    assert is_close(value, fastloss.mse_loss(MADE.score, MADE.label))


def test_the_guide(started):
    assert run_guide("Ray") > 5
