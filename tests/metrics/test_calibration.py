"""Calibration errors and normalised entropy against their definitions, bin by bin and row by row."""

import itertools
import math

import numpy as np
import pytest

import fastloss
from fastloss import metrics
from fastloss.metrics import cpu_sorted

NORMS = ("l1", "l2", "max")


def drawn(seed, groups=40, most=30, levels=20):
    """Rows of groups, some of them empty: probabilities with ties and on the edges of bins, shares and weights."""
    rng = np.random.default_rng(seed)
    offsets = np.append(0, np.cumsum(np.append(0, rng.integers(0, most, groups))))
    rows = int(offsets[-1])
    labels = np.where(rng.random(rows) < 0.8, rng.integers(0, 2, rows), rng.random(rows))
    return rng.integers(0, levels + 1, rows) / levels, labels, rng.integers(0, 4, rows) * 0.5, offsets


def parts(offsets, *columns):
    return [tuple(column[a:b] for column in columns) for a, b in itertools.pairwise(offsets)]


def whole(distances, weights, norm):
    d, w = np.abs(np.array(distances)), np.array(weights)
    if norm == "max":
        return d[w > 0].max()
    mean = math.fsum(w * (d if norm == "l1" else d * d)) / math.fsum(w)
    return mean if norm == "l1" else math.sqrt(mean)


def of_bins(p, y, w, edges, norm, closed="right"):
    which = np.clip(np.searchsorted(edges[1:-1], p, "left" if closed == "right" else "right"), 0, len(edges) - 2)
    rows = [which == b for b in range(len(edges) - 1) if w[which == b].sum() > 0]
    gaps = [np.average(p[at], weights=w[at]) - np.average(y[at], weights=w[at]) for at in rows]
    return whole(gaps, [w[at].sum() for at in rows], norm)


def regression(p, y, w):
    """The isotonic regression as the largest, over beginnings, of the least mean up to an end: the max-min formula."""
    levels = np.unique(p[w > 0])
    weight = np.array([w[p == x].sum() for x in levels])
    total = np.array([(w * y)[p == x].sum() for x in levels])
    means = [
        [total[a : b + 1].sum() / weight[a : b + 1].sum() if b >= a else np.nan for b in range(levels.size)]
        for a in range(levels.size)
    ]
    fitted = [max(min(means[a][b] for b in range(k, levels.size)) for a in range(k + 1)) for k in range(levels.size)]
    return np.array([dict(zip(levels, fitted, strict=True)).get(x, 0.0) for x in p])


def compare(found, oracle, rows):
    wanted = [oracle(*one) if one[2].sum() > 0 else np.nan for one in rows]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
    assert np.isnan(found).any() and (found > 0.0).any()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("closed", ["right", "left"])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_bins(strategy, norm, closed, weighted):
    p, y, w, offsets = drawn(1)
    w = w if weighted else np.ones(p.size)
    words = {"bins": 5, "strategy": strategy, "norm": norm, "closed": closed, "sample_weight": w if weighted else None}
    found = metrics.expected_calibration_error(p, y, offsets=offsets, reduction="per_group", **words)

    def oracle(p, y, w):
        ranks = np.linspace(0.0, 1.0, 6)
        return of_bins(p, y, w, np.quantile(p, ranks) if strategy == "quantile" else ranks, norm, closed)

    compare(found, oracle, parts(offsets, p, y, w))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("norm", [*NORMS, "brier"])
def test_isotonic(norm, weighted):
    p, y, w, offsets = drawn(2)
    w = w if weighted else np.ones(p.size)
    words = {"norm": norm, "sample_weight": w if weighted else None}
    found = metrics.isotonic_calibration_error(p, y, offsets=offsets, reduction="per_group", **words)

    def oracle(p, y, w):
        rates = regression(p, y, w)
        if norm == "brier":
            return np.average((p - y) ** 2, weights=w) - np.average((rates - y) ** 2, weights=w)
        return whole(p - rates, w, norm)

    compare(found, oracle, parts(offsets, p, y, w))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("base_rate", [None, 0.3])
def test_normalized_entropy(base_rate, weighted):
    p, y, w, offsets = drawn(3)
    p = 0.05 + 0.9 * p
    y = np.round(y)
    w = w if weighted else np.ones(p.size)
    words = {"base_rate": base_rate, "sample_weight": w if weighted else None}
    found = metrics.normalized_entropy(p, y, offsets=offsets, reduction="per_group", **words)

    def oracle(p, y, w):
        rate = np.average(y, weights=w) if base_rate is None else base_rate
        if rate in (0.0, 1.0):
            return np.nan
        own = np.average(-y * np.log(p) - (1 - y) * np.log(1 - p), weights=w)
        return own / (-rate * np.log(rate) - (1 - rate) * np.log(1 - rate))

    compare(found, oracle, parts(offsets, p, y, w))
    mean, counts = metrics.normalized_entropy(p, y, offsets=offsets, with_counts=True, **words)
    assert mean == pytest.approx(np.nanmean(found), rel=1e-14)
    assert counts == (np.isfinite(found).sum(), np.isnan(found).sum())


CALLS = {
    "uniform": lambda p, y, **words: metrics.expected_calibration_error(p, y, **words),
    "quantile": lambda p, y, **words: metrics.expected_calibration_error(p, y, strategy="quantile", **words),
    "isotonic": lambda p, y, **words: metrics.isotonic_calibration_error(p, y, **words),
    "entropy": lambda p, y, **words: metrics.normalized_entropy(p, y, **words),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CALLS)
def test_ids_threads_and_large_groups(name, dtype, monkeypatch):
    rng = np.random.default_rng(4)
    p, w = rng.random(60000).astype(dtype), rng.random(60000)
    y = (rng.random(60000) < p * p).astype(np.int8)
    ids = rng.integers(0, 500, 60000)
    ids[:20000] = 5
    order, offsets = np.argsort(ids, kind="stable"), np.append(0, np.cumsum(np.bincount(ids)))
    found = set()
    for threads in (1, 2, 5):
        with fastloss.num_threads(threads):
            found.add(CALLS[name](p, y, groups=ids, sample_weight=w, reduction="per_group").tobytes())
    assert len(found) == 1
    in_order = CALLS[name](p[order], y[order], offsets=offsets, sample_weight=w[order], reduction="per_group")
    assert in_order.tobytes() in found
    monkeypatch.setattr(cpu_sorted, "SORTED", 1 << 30)
    assert CALLS[name](p, y, groups=ids, sample_weight=w, reduction="per_group").tobytes() in found


@pytest.mark.parametrize("name", CALLS)
def test_edges(name):
    call = CALLS[name]
    offsets = [0, 0, 2, 4, 6]
    p, y = np.array([0.2, 0.7, np.nan, 0.5, 0.5, 0.5]), [0, 1, 0, 1, 1, 0]
    values, counts = call(p, y, offsets=offsets, reduction="per_group", with_counts=True)
    assert np.isnan(values).tolist() == [True, False, True, False] and counts == (3, 1)
    assert np.isnan(call(p, y, offsets=offsets)) and np.isfinite(call(p[:2], y[:2], offsets=[0, 0, 2]))
    values, counts = call(
        p, y, offsets=offsets, sample_weight=[0, 0, 1, 1, 1, 1], reduction="per_group", with_counts=True
    )
    assert np.isnan(values).tolist() == [True, True, True, False] and counts == (2, 2)
    assert np.isnan(call([], [])) and call([], [], offsets=[0], reduction="per_group").shape == (0,)
    both = np.array([0.2, 0.7, 0.4]), [0, 1, 1]
    assert call(*both, sample_weight=[1e300, 2e300, 1e300]) == pytest.approx(call(*both, sample_weight=[1, 2, 1]))
    with pytest.raises(ValueError, match=r"probabilities\[0\] is 1.5: expected a probability in \[0, 1\]"):
        call([1.5], [1])
    with pytest.raises(ValueError, match=r"labels\[0\] is 2"):
        call([0.5], [2])
    with pytest.raises(ValueError, match=r"sample_weight\[0\] is -1"):
        call([0.5], [1], sample_weight=[-1.0])


def test_calibrated_probabilities_have_no_error():
    assert metrics.isotonic_calibration_error([0.0, 1.0, 0.5, 0.5], [0, 1, 0, 1]) == 0.0
    assert metrics.expected_calibration_error([0.0, 1.0, 0.5, 0.5], [0, 1, 0, 1]) == 0.0
    assert metrics.normalized_entropy([0.0, 1.0], [0, 1]) == 0.0
    assert metrics.isotonic_calibration_error([0.3], [1]) == 0.7


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"bins": 0}, "bins is 0: expected an integer from 1"),
        ({"strategy": "kmeans"}, "strategy is 'kmeans'"),
        ({"norm": "l3"}, "norm is 'l3'"),
        ({"closed": "both"}, "closed is 'both'"),
    ],
)
def test_wrong_arguments(words, message):
    with pytest.raises(ValueError, match=message):
        metrics.expected_calibration_error([0.5], [1], **words)
    with pytest.raises(ValueError, match=r"base_rate is 1.0: expected a number in \(0, 1\)"):
        metrics.normalized_entropy([0.5], [1], base_rate=1.0)
