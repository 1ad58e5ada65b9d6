"""Hinges, inversions and AUC of rows in partitions, against every pair and against one call."""

import pickle

import numpy as np
import pytest

import fastloss

dask = pytest.importorskip("dask")

from dask._task_spec import Task  # noqa: E402
from dask.delayed import Delayed  # noqa: E402
from dask.highlevelgraph import HighLevelGraph  # noqa: E402

from fastloss.dask.graphs import Blocks  # noqa: E402
from fastloss.dask.ranges import graph as ranges  # noqa: E402
from fastloss.dask.ranges import pieces as range_pieces  # noqa: E402
from fastloss.dask.ranges import plan as range_plan  # noqa: E402
from fastloss.dask.ranges import sums as range_sums  # noqa: E402
from fastloss.dask.workers import job  # noqa: E402

HINGES = {"pairwise_hinge_loss": 1, "pairwise_squared_hinge_loss": 2}
KINDS = {
    "normal": lambda rng, size: rng.normal(size=size),
    "ties": lambda rng, size: rng.integers(-6, 7, size) / 4.0,
    "equal": lambda rng, size: np.full(size, 0.1),
    "signed zeros": lambda rng, size: rng.choice([-0.0, 0.0, 0.25], size),
    "far from 0": lambda rng, size: 1e8 + rng.normal(size=size),
    "rising": lambda rng, size: np.arange(size) / 7.0,
    "outliers": lambda rng, size: np.append(rng.normal(size=size - 2), [-1e30, 1e30]),
    "rounded": lambda rng, size: 2.0**53 + rng.integers(0, 40, size),  # a margin of 0.5 is half an ulp
    "of all sizes": lambda rng, size: rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(-18.0, 18.0, size),
}


@pytest.fixture
def cut(monkeypatch):
    """Few rows are cut as many are."""
    monkeypatch.setattr(range_plan, "FEW", 0)
    monkeypatch.setattr(range_pieces, "FEWEST", 8)


def same(x):
    return x


def blocks(name, parts):
    keys = tuple((name, at) for at in range(len(parts)))
    layer = {key: Task(key, same, part) for key, part in zip(keys, parts, strict=True)}
    return Blocks(keys, name, HighLevelGraph({name: layer}, {name: set()}))


def parted(cuts, scores, labels, weights=None):
    columns = {"scores": scores, "labels": labels, "weights": weights}
    given = {name: blocks(name, np.split(x, cuts)) for name, x in columns.items() if x is not None}
    return ranges.rows(**given)


def computed(one, scheduler="sync"):
    return dask.compute(*[Delayed(key, one.graph, layer=one.layer) for key in one.keys], scheduler=scheduler)


def value_of(name, rows, reduction="mean", **parameters):
    return computed(ranges.values(job(name, parameters), rows, reduction))[0]


def gradient_of(name, rows, reduction="mean", **parameters):
    return np.concatenate(computed(ranges.gradients(job(name, parameters), rows, reduction)))


def every_pair(power, scores, labels, weights, margin):
    """The loss, each row's slope, the same without signs, and the weight of the pairs: in higher precision."""
    x, w = scores.astype(np.float64), np.ones(scores.size) if weights is None else weights.astype(np.longdouble)
    gap = x[:, None] - x[None, :]
    pair = np.where(labels[:, None] > labels[None, :], w[:, None] * w[None, :], 0.0)
    counts = np.where(margin - gap >= 0.0, pair, 0.0)
    d = np.where(counts > 0.0, margin - (x.astype(np.longdouble)[:, None] - x[None, :]), 0.0)
    slope = counts * power * d ** (power - 1)
    return (counts * d**power).sum(), slope.sum(0) - slope.sum(1), abs(slope).sum(0) + abs(slope).sum(1), pair.sum()


def random_cuts(rng, size, count):
    return np.sort(rng.integers(0, size + 1, count))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HINGES)
def test_hinges_against_every_pair(name, kind, weighted, dtype, cut):
    rng = np.random.default_rng(3)
    scores = KINDS[kind](rng, 300).astype(dtype)
    weights = 10.0 ** rng.uniform(-6.0, 6.0, 300) * (rng.random(300) < 0.9) if weighted else None
    for levels, margin, reduction in ((2, 0.5, "mean"), (3, 0.0, "sum"), (7, 1e3, "mean")):
        labels = rng.integers(0, levels, 300)
        value, gradient, gross, weight = every_pair(HINGES[name], scores, labels, weights, margin)
        rows = parted(random_cuts(rng, 300, int(rng.integers(1, 12))), scores, labels, weights)
        divisor = weight if reduction == "mean" else 1.0
        found = value_of(name, rows, reduction, margin=margin)
        assert found == pytest.approx(float(value / divisor), rel=1e-12, abs=0.0)
        slopes = gradient_of(name, rows, reduction, margin=margin)
        assert slopes.dtype == dtype
        rounding = 1e-12 if dtype == np.float64 else 6e-8
        exact = (gradient / divisor).astype(np.float64)
        fits = np.abs(exact) < np.finfo(dtype).max
        assert (slopes[~fits] == np.sign(exact[~fits]) * np.inf).all()
        near = 1e-12 * (gross / divisor).astype(np.float64) + rounding * np.abs(exact) + np.finfo(dtype).tiny
        assert (np.abs(slopes - exact)[fits] <= near[fits]).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_counts_against_every_pair(kind, weighted, cut):
    rng = np.random.default_rng(5)
    scores = KINDS[kind](rng, 400)
    weights = 10.0 ** rng.uniform(-3.0, 3.0, 400) * (rng.random(400) < 0.9) if weighted else None
    w = np.ones(400) if weights is None else weights
    for levels in (2, 5, 64):
        labels = rng.permutation(np.arange(400) % levels)
        rows = parted(random_cuts(rng, 400, 7), scores, labels, weights)
        pair = np.where(labels[:, None] > labels[None, :], w[:, None] * w[None, :], 0.0)
        inverted = (pair * (scores[:, None] < scores[None, :])).sum()
        right = (pair * (scores[:, None] > scores[None, :])).sum()
        count = value_of("count_inversions", rows, "sum")
        assert count == pytest.approx(inverted, rel=1e-12) and isinstance(count, float if weighted else int)
        assert value_of("auc", rows) == pytest.approx(0.5 + 0.5 * (right - inverted) / pair.sum(), rel=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_many_cuts(seed, cut):
    """Partitions of all sizes, empty ones among them, and labels and scores in runs or mixed."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 3000))
    scores, labels, weights = rng.normal(size=size).round(int(rng.integers(0, 4))), rng.integers(0, 3, size), None
    if seed % 2:
        order = np.argsort(scores if seed % 4 == 1 else labels)
        scores, labels, weights = scores[order], labels[order], rng.random(size)
    rows = parted(random_cuts(rng, size, int(rng.integers(0, 24))), scores, labels, weights)
    for name in HINGES:
        value, gradient = getattr(fastloss, name).value_and_grad(scores, labels, sample_weight=weights, margin=0.3)
        assert value_of(name, rows, margin=0.3) == pytest.approx(value, rel=1e-12)
        found = gradient_of(name, rows, margin=0.3)
        np.testing.assert_allclose(found, gradient, rtol=1e-11, atol=1e-13 * np.abs(gradient).max(initial=1e-300))
        assert computed(ranges.pairs(job(name, {}), rows)) == (
            getattr(fastloss, name)(scores, labels, with_counts=True)[1],
        )
    expected = fastloss.auc(scores, labels, sample_weight=weights)
    assert value_of("auc", rows) == pytest.approx(expected, rel=1e-13, nan_ok=True)
    count = value_of("count_inversions", rows, "sum")
    assert count == pytest.approx(fastloss.count_inversions(scores, labels, sample_weight=weights), rel=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_few_rows_are_one_call(weighted, dtype):
    """Of up to 20,000 rows the results are those of one call to the bit, with scores that are not finite too."""
    rng = np.random.default_rng(1)
    scores, labels = rng.normal(size=500).astype(dtype), rng.random(500)  # 500 labels
    weights = rng.random(500) if weighted else None
    for place, odd in ((0, 0.0), (3, np.inf), (5, -np.inf), (7, np.nan)):
        scores[place] += odd
        rows = parted([100, 100, 420], scores, labels, weights)
        for name in HINGES:
            value, gradient = getattr(fastloss, name).value_and_grad(scores, labels, sample_weight=weights)
            np.testing.assert_array_equal(value_of(name, rows), value)
            np.testing.assert_array_equal(gradient_of(name, rows), gradient)
        np.testing.assert_array_equal(value_of("auc", rows), fastloss.auc(scores, labels, sample_weight=weights))


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_more_rows_with_scores_that_are_not_finite(odd, cut):
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=300), rng.integers(0, 2, 300)
    scores[[7, 250]] = odd, -odd
    rows = parted([100, 200], scores, labels)
    for name in HINGES:  # as one call of more than 20,000 rows
        assert np.isnan(value_of(name, rows)) and np.isnan(gradient_of(name, rows)).all()
    if np.isnan(odd):
        assert np.isnan(value_of("auc", rows)) and np.isnan(value_of("count_inversions", rows, "sum"))
    else:
        assert value_of("auc", rows) == fastloss.auc(scores, labels)
        assert value_of("count_inversions", rows, "sum") == fastloss.count_inversions(scores, labels)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_that_float64_would_round(dtype, cut):
    rng = np.random.default_rng(4)
    top = dtype(np.iinfo(dtype).max)
    scores, labels = top - rng.integers(0, 50, 400).astype(dtype), top - rng.integers(0, 3, 400).astype(dtype)
    rows = parted([50, 300], scores, labels)
    assert value_of("auc", rows) == fastloss.auc(scores, labels)
    assert value_of("count_inversions", rows, "sum") == fastloss.count_inversions(scores, labels)


@pytest.mark.parametrize("few", [0, range_plan.FEW])
def test_nothing_to_compare(few, monkeypatch):
    monkeypatch.setattr(range_plan, "FEW", few - (few == 0))  # -1: even no rows are cut
    for size in (0, 50):
        rows = parted([0, size], np.linspace(0.0, 1.0, size), np.full(size, 3))
        for name in HINGES:
            assert value_of(name, rows) == 0.0
            np.testing.assert_array_equal(gradient_of(name, rows), np.zeros(size))
        assert np.isnan(value_of("auc", rows)) and value_of("count_inversions", rows, "sum") == 0


@pytest.mark.parametrize("weighted", [False, True])
def test_a_score_that_many_rows_share(weighted, cut):
    """Equal rows travel as one: no piece grows with their number."""
    rng = np.random.default_rng(6)
    size = 6000
    scores = np.where(rng.random(size) < 0.95, 0.25, rng.normal(size=size))
    labels, weights = rng.integers(0, 3, size), rng.random(size) * (rng.random(size) < 0.5) if weighted else None
    rows = parted([1500, 3000, 4500], scores, labels, weights)
    for name in HINGES:
        value, gradient = getattr(fastloss, name).value_and_grad(scores, labels, sample_weight=weights)
        assert value_of(name, rows) == pytest.approx(value, rel=1e-12)
        found = gradient_of(name, rows)
        np.testing.assert_allclose(found, gradient, rtol=1e-11, atol=1e-13 * np.abs(gradient).max())
    expected = fastloss.count_inversions(scores, labels, sample_weight=weights)
    assert value_of("count_inversions", rows, "sum") == pytest.approx(expected, rel=1e-13)
    steps = ranges._steps(job("pairwise_hinge_loss", {}), rows, "mean")
    assert max(piece.scores.size for piece in computed(steps.pieces)) < 500


@pytest.mark.parametrize("exponent", [-200.0, 200.0])
def test_weights_of_all_sizes(exponent, cut):
    """A mean does not depend on their unit, nor leaves the range where products of them do."""
    rng = np.random.default_rng(8)
    scores, labels = rng.normal(size=300), rng.integers(0, 2, 300)
    for weights in (rng.random(300) * 10.0**exponent, np.where(labels == 1, 10.0**exponent, 10.0**-exponent)):
        rows = parted([40, 200], scores, labels, weights)
        for name in HINGES:
            value, gradient = getattr(fastloss, name).value_and_grad(scores, labels, sample_weight=weights)
            assert value_of(name, rows) == pytest.approx(value, rel=1e-12) and np.isfinite(value)
            np.testing.assert_allclose(gradient_of(name, rows), gradient, rtol=1e-12, atol=0.0)
        expected = fastloss.auc(scores, labels, sample_weight=weights)
        assert value_of("auc", rows) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("few", [0, range_plan.FEW])
@pytest.mark.parametrize("distance", [True, False])
def test_two_arrays(distance, few, monkeypatch):
    monkeypatch.setattr(range_plan, "FEW", few)
    rng = np.random.default_rng(9)
    pos, neg, weights = rng.normal(size=70).astype(np.float32), rng.normal(size=500), rng.random(70)
    for given in (None, weights):
        wanted = job("margin_all_pairs_loss", {"margin": 0.4, "distance": distance})
        of_pos = None if given is None else blocks("w", np.split(given, [30]))
        rows = ranges.two_arrays(
            blocks("pos", np.split(pos, [30])), blocks("neg", np.split(neg, [100, 100, 300])), of_pos
        )
        value, (by_pos, by_neg) = fastloss.margin_all_pairs_loss.value_and_grad(
            pos, neg, margin=0.4, distance=distance, sample_weight=given
        )
        assert computed(ranges.values(wanted, rows))[0] == pytest.approx(value, rel=1e-12)
        parts = computed(ranges.gradients(wanted, rows))
        np.testing.assert_allclose(np.concatenate(parts[:2]), by_pos, rtol=2e-7)
        np.testing.assert_allclose(np.concatenate(parts[2:]), by_neg, rtol=1e-11, atol=1e-16)
        assert parts[0].dtype == np.float32 and parts[2].dtype == np.float64


@pytest.mark.filterwarnings("default")  # of a cluster's sockets
@pytest.mark.parametrize("scheduler", ["threads", "cluster"])
def test_schedulers_give_the_same_bits(scheduler, cut):
    rng = np.random.default_rng(10)
    scores, labels, weights = rng.normal(size=3000), rng.integers(0, 3, 3000), rng.random(3000)
    rows = parted([500, 1100, 2900], scores, labels, weights)
    wanted = job("pairwise_squared_hinge_loss", {"margin": 0.5})
    asked = [ranges.values(wanted, rows), ranges.gradients(wanted, rows)]
    expected = [np.concatenate([np.ravel(part) for part in computed(one)]) for one in asked]
    if scheduler == "threads":
        found = [computed(one, "threads") for one in asked]
    else:
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(processes=False, n_workers=2, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            found = [computed(one, client) for one in asked]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, np.concatenate([np.ravel(part) for part in other]))


def test_ranges_are_even_and_messages_small(cut):
    """With as many labels and ranges as there may be, what is no piece stays below half a megabyte."""
    rng = np.random.default_rng(11)
    scores, labels = rng.normal(size=20_000), rng.permutation(np.arange(20_000) % range_plan.MOST)
    rows = parted(np.arange(1, 80) * 250, scores, labels)
    wanted = job("pairwise_hinge_loss", {})
    steps = ranges._steps(wanted, rows, "mean")
    (plan,), (totals,), pieces = computed(steps.plan), computed(steps.totals), computed(steps.pieces)
    assert plan.ranges == ranges.RANGES
    sizes = np.array([piece.scores.size for piece in pieces]).reshape(plan.ranges, -1).sum(1)
    assert sizes.max() < 2.0 * sizes.mean()
    assert len(pickle.dumps(totals)) < 500_000
    assert len(pickle.dumps(range_sums.carried(plan, totals))) < 500_000
    (made,) = {len(one.keys) for one in (steps.pieces,)}
    assert made == 80 * plan.ranges


def test_what_is_refused(cut):
    rng = np.random.default_rng(12)
    scores, labels = rng.normal(size=200), rng.integers(0, 2, 200)
    rows = parted([100], scores, labels)
    with pytest.raises(ValueError, match="pairs is 'all'"):
        value_of("pairwise_hinge_loss", rows, pairs="all")
    with pytest.raises(ValueError, match="expected a hinge"):
        value_of("pairwise_logistic_loss", rows)
    with pytest.raises(ValueError, match="reduction"):
        value_of("auc", rows, "sum")
    with pytest.raises(ValueError, match="no gradient"):
        gradient_of("auc", rows)
    with pytest.raises(ValueError, match="64 distinct"):
        value_of("pairwise_hinge_loss", parted([100], scores, np.arange(200)))
    weights = np.ones(200)
    weights[150] = -1.0
    with pytest.raises(ValueError, match=r"pairwise_hinge_loss, partition 1: sample_weight\[50\]"):
        value_of("pairwise_hinge_loss", parted([100], scores, labels, weights))
