"""Losses of rows against candidates in blocks of both: the numbers of the call in one process."""

import pickle

import dask
import numpy as np
import pytest
from dask.highlevelgraph import HighLevelGraph

import fastloss
from fastloss.ahead import cases, embedding_cases
from fastloss.ahead.row_cases import BUILDERS
from fastloss.dask.contrastive import graph as contrastive
from fastloss.dask.contrastive.tasks import LAYOUTS
from fastloss.dask.graphs import FAN
from fastloss.dask.workers import job
from tests.dask.partitions import blocks, computed, cut, total

assert cases and embedding_cases  # which fill BUILDERS
PLACES = {"one": [], "two": [3], "some are empty": [0, 2, 2, 5], "each row": [1, 2, 3, 4, 5, 6]}


def calls(name):
    """The sample calls of a loss: arguments by name, and parameters."""
    loss = fastloss.lookup(name)
    for arrays, words, _, shape in BUILDERS[name](np.random.default_rng(3)):
        given = dict(zip(loss.arguments, arrays, strict=False))
        in_arrays = {key: one for key, one in words.items() if isinstance(one, (np.ndarray, tuple))}
        yield {**given, **in_arrays}, {key: one for key, one in words.items() if key not in in_arrays}, shape


EVERY = [(name, at) for name in LAYOUTS for at in range(len(list(calls(name))))]


def in_blocks(name, arguments, places):
    """Cut all arguments but pairs of lists: rows at some places, columns at others."""
    result = {}
    for key, one in arguments.items():
        if isinstance(one, tuple) or one is None:
            result[key] = one
            continue
        ends = places if key in LAYOUTS[name].rows or LAYOUTS[name].columns == () else [end // 2 for end in places]
        result[key] = blocks(cut(one, [min(end, len(one)) for end in ends]))
    return result


def assert_near(actual, expected, tolerance):
    """Relative to the largest of an array."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


def check(name, arguments, words, places, weights=None, reduction="mean", tolerance=1e-13, scheduler="sync"):
    """Compare value and gradients with those of one process."""
    expected, slopes = fastloss.lookup(name).value_and_grad(
        **arguments, **words, sample_weight=weights, reduction=reduction
    )
    given = in_blocks(name, arguments, places)
    if weights is not None:
        given["sample_weight"] = blocks(cut(weights, [1]))
    made = contrastive.value_and_grad(job(name, words), given, reduction=reduction)
    assert total(made.value, scheduler) == pytest.approx(expected, rel=tolerance, abs=0.0, nan_ok=True)
    assert set(made.gradients) == set(slopes._fields)
    for key, slope in slopes._asdict().items():
        parts = computed(made.gradients[key], scheduler)
        if np.ndim(slope) == 0:
            (part,) = parts
            assert_near(part, slope, 10 * tolerance)
            continue
        assert_near(np.concatenate(parts), slope, tolerance)
        assert all(part.dtype == slope.dtype for part in parts)
        if key in LAYOUTS[name].vectors:
            assert [len(part) for part in parts] == [len(part) for part in computed(given[key])]


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize(("name", "at"), EVERY)
def test_sample_calls(name, at, places):
    arguments, words, shape = list(calls(name))[at]
    weights = np.random.default_rng(4).uniform(0.5, 2.0, shape)
    check(name, arguments, words, PLACES[places], None, "sum", scheduler="threads")
    check(name, arguments, words, PLACES[places], weights)


def batch(seed, *counts, depth=5, dtype=np.float64, spread=1.0):
    rng = np.random.default_rng(seed)
    return [(spread * rng.normal(size=(count, depth))).astype(dtype) for count in counts]


IDS = np.arange(40) % 9
LARGE = {
    "info_nce_loss": [
        lambda q, k, n: ({"query": q, "key": k, "negatives": n}, {"temperature": 0.3}),
        lambda q, k, n: ({"query": q, "key": k, "ids": IDS}, {"symmetric": True, "similarity": "dot"}),
        lambda q, k, n: ({"query": q[:30], "key": k, "negatives": n, "ids": np.arange(57) % 11}, {}),
    ],
    "multiple_negatives_ranking_loss": [
        lambda q, k, n: ({"anchors": q, "positives": k, "negatives": n}, {}),
        lambda q, k, n: ({"anchors": q, "positives": k, "negatives": np.stack((q - k, k - q), 1), "ids": IDS}, {}),
    ],
    "nt_xent_loss": [lambda q, k, n: ({"z1": q, "z2": k}, {})],
    "supcon_loss": [lambda q, k, n: ({"embeddings": q, "labels": np.append(IDS[:-1], 9)}, {"temperature": 0.5})],
    "cross_entropy_with_factors": [
        lambda q, k, n: (
            {"hidden": q, "class_weights": n, "target": IDS, "bias": n[:, 0]},
            {"label_smoothing": 0.1, "ignore_index": 2},
        )
    ],
    "cosface_loss": [lambda q, k, n: ({"embeddings": q, "weights": n, "labels": IDS}, {"scale": 4.0})],
}
SETS = [(name, at) for name, makers in LARGE.items() for at in range(len(makers))]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("name", "at"), SETS)
def test_any_cuts(name, at, seed):
    arguments, words = LARGE[name][at](*batch(seed, 40, 40, 17))
    rng = np.random.default_rng(seed)
    places = np.sort(rng.integers(0, 41, rng.integers(1, 8))).tolist()
    check(name, arguments, words, places, tolerance=2e-13)


@pytest.mark.parametrize(("name", "at"), SETS)
def test_single_precision(name, at):
    arguments, words = LARGE[name][at](*batch(1, 40, 40, 17, dtype=np.float32))
    check(name, arguments, words, [13, 14, 30], tolerance=1e-6, scheduler="threads")


@pytest.mark.parametrize("temperature", [1e-30, 1e-3, 1e3, 1e30])
@pytest.mark.parametrize("similarity", ["dot", "cos"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_extreme_temperatures(temperature, similarity, symmetric):
    query, key = batch(2, 12, 12)
    words = {"temperature": temperature, "similarity": similarity, "symmetric": symmetric}
    check("info_nce_loss", {"query": query, "key": key}, words, [2, 7], tolerance=1e-12)


@pytest.mark.parametrize("spread", [1e-200, 1e200])
def test_products_beyond_the_numbers(spread):
    """Powers of two and the precision are chosen for all blocks together, of which one has the largest vector."""
    query, key = batch(3, 12, 12)
    query[3] *= spread
    words = {"similarity": "dot"}
    check("info_nce_loss", {"query": query, "key": spread * key}, words, [2, 7], tolerance=1e-12)
    query, key = batch(3, 12, 12, dtype=np.float32)
    key[5] *= np.float32(1e25)
    query[9] *= np.float32(1e25)
    check("info_nce_loss", {"query": query, "key": key}, words, [2, 7], tolerance=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("name", "at"), SETS)
def test_numbers_that_are_not_finite(name, at, bad):
    query, key, more = batch(4, 40, 40, 17)
    query[5, 1] = bad
    arguments, words = LARGE[name][at](query, key, more)
    check(name, arguments, words, [5, 6, 30])
    more[16, 0] = bad
    arguments, words = LARGE[name][at](*batch(4, 40, 40), more)
    check(name, arguments, words, [5, 6, 30])


def test_rows_without_a_loss_are_not_looked_at():
    hidden, classes = batch(5, 9, 4)
    target = np.array([0, 1, -100, 3, 2, -100, 0, 1, 1])
    hidden[2], hidden[5, 1] = np.nan, np.inf
    check("cross_entropy_with_factors", {"hidden": hidden, "class_weights": classes, "target": target}, {}, [3, 5])


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200])
def test_extreme_weights(scale):
    query, key = batch(6, 12, 12)
    weights = scale * np.random.default_rng(6).uniform(0.0, 2.0, 12)
    check("info_nce_loss", {"query": query, "key": key}, {}, [2, 7], weights, tolerance=1e-12)


def test_no_rows_at_all():
    query, key = batch(7, 0, 0)
    check("info_nce_loss", {"query": query, "key": key}, {}, [0])
    check("supcon_loss", {"embeddings": query, "labels": np.empty(0, np.int64)}, {}, [0])


def test_bits_do_not_depend_on_the_scheduler():
    z1, z2 = batch(8, 40, 40)
    made = contrastive.value_and_grad(
        job("nt_xent_loss", {}), in_blocks("nt_xent_loss", {"z1": z1, "z2": z2}, [11, 23])
    )
    for one in (made.value, *made.gradients.values()):
        for first, second in zip(computed(one), computed(one, "threads"), strict=True):
            assert np.asarray(first).tobytes() == np.asarray(second).tobytes()


@pytest.mark.slow
def test_one_block_has_the_bits_of_one_process():
    (embeddings,) = batch(9, 600)
    labels = np.arange(600) // 3
    made = contrastive.value_and_grad(
        job("supcon_loss", {}), {"embeddings": blocks([embeddings]), "labels": blocks([labels])}
    )
    value, slopes = fastloss.supcon_loss.value_and_grad(embeddings, labels)
    assert total(made.value) == value
    assert total(made.gradients["embeddings"]).tobytes() == slopes.embeddings.tobytes()


@pytest.mark.slow
def test_several_tiles():
    embeddings, other = batch(10, 700, 900, depth=8)
    check("info_nce_loss", {"query": embeddings, "key": other}, {"similarity": "dot", "temperature": 2.0}, [600, 650])
    check("nt_xent_loss", {"z1": embeddings, "z2": embeddings + 0.1 * other[:700]}, {}, [520])
    labels = np.random.default_rng(10).integers(0, 50, 700)
    check("supcon_loss", {"embeddings": embeddings, "labels": labels}, {}, [33, 600], tolerance=2e-13)


def test_vectors_and_the_rest_may_lie_in_memory():
    hidden, classes = batch(11, 9, 4)
    target, bias = np.arange(9) % 4, classes[:, 0]
    given = {"hidden": hidden, "class_weights": blocks(cut(classes, [1])), "target": target.tolist(), "bias": bias}
    made = contrastive.value_and_grad(job("cross_entropy_with_factors", {}), given)
    value, slopes = fastloss.cross_entropy_with_factors.value_and_grad(hidden, classes, target, bias=bias)
    assert total(made.value) == pytest.approx(value, rel=1e-14)
    assert_near(total(made.gradients["hidden"]), slopes.hidden, 1e-14)
    assert [len(part) for part in computed(made.gradients["bias"])] == [1, 3]


def test_counts():
    (embeddings,) = batch(12, 6)
    labels = np.array(list("aabbcd"))
    given = {"embeddings": blocks(cut(embeddings, [2])), "labels": blocks(cut(labels, [2]))}
    assert total(contrastive.counts(job("supcon_loss", {"with_counts": True}), given)) == 4
    assert total(contrastive.value(job("supcon_loss", {"with_counts": True}), given)) == pytest.approx(
        fastloss.supcon_loss(embeddings, labels), rel=1e-14
    )


def refused(name, arguments, words, message):
    made = contrastive.value(job(name, words), arguments)
    with pytest.raises((TypeError, ValueError), match=message):
        total(made)


def test_errors_name_partition_and_row():
    hidden, classes = batch(13, 9, 4)
    target = np.arange(9) % 4
    target[7] = 9
    given = {"hidden": blocks(cut(hidden, [3])), "class_weights": classes, "target": blocks(cut(target, [3, 5]))}
    refused("cross_entropy_with_factors", given, {}, r"target, row 2 of partition 2, is 9: expected an id in \[0, 4\)")
    given["target"] = blocks([target[:5]])
    refused("cross_entropy_with_factors", given, {}, r"target has shape \(5,\): expected \(9,\)")
    given["hidden"] = blocks([hidden[:3], hidden[3:, :2]])
    refused("cross_entropy_with_factors", given, {}, r"partition 1 of hidden has shape \(6, 2\)")
    given["hidden"] = blocks([hidden[:3], np.array([["a"]])])
    refused("cross_entropy_with_factors", given, {}, "cross_entropy_with_factors, partition 1: hidden has dtype")
    refused("info_nce_loss", {"query": hidden, "key": classes}, {}, r"key has shape \(4, 5\): expected at least 9 rows")
    with pytest.raises(ValueError, match="reduction is 'none'"):
        contrastive.value(job("info_nce_loss", {}), {"query": hidden, "key": classes}, reduction="none")


def test_tasks_grow_with_pairs_of_blocks():
    """Two passes over all pairs, or over half of them where columns are rows."""
    z1, z2 = batch(14, 12, 12)
    given = in_blocks("nt_xent_loss", {"z1": z1, "z2": z2}, [4, 8])
    made = contrastive.value_and_grad(job("nt_xent_loss", {}), given)
    layers = made.gradients["z1"].graph.layers
    counted = {key: len(layer) for key, layer in layers.items() if "-pass-" in key}
    assert sorted(counted.values()) == [21, 21]  # of 6 blocks: 6 * 7 / 2


def test_what_travels_is_small():
    """A part of a block has numbers for each of its rows, whatever there is besides."""
    embeddings, other = batch(15, 1000, 1000, depth=2)
    given = {"query": blocks(cut(embeddings, range(10, 1000, 10))), "key": blocks(cut(other, range(10, 1000, 10)))}
    graph = contrastive._Graph(job("info_nce_loss", {}), {**given, "ids": np.arange(1000) // 2}, "mean")
    (part,) = computed(graph._row_parts.only([50]))
    assert len(pickle.dumps(part)) < 4000


@pytest.mark.slow
def test_a_cluster():
    distributed = pytest.importorskip("distributed")
    query, key = batch(16, 40, 40)
    expected, slopes = fastloss.info_nce_loss.value_and_grad(query, key)
    made = contrastive.value_and_grad(
        job("info_nce_loss", {}), in_blocks("info_nce_loss", {"query": query, "key": key}, [11, 23])
    )
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        graph = HighLevelGraph.merge(made.value.graph, made.gradients["key"].graph)
        value, parts = client.get(dict(graph), [*made.value.keys, list(made.gradients["key"].keys)])
    assert value == pytest.approx(expected, rel=1e-13)
    assert_near(np.concatenate(parts), slopes.key, 1e-13)


def test_what_travels_are_names_and_arrays():
    """Every task and every result goes through pickle, which takes functions by their names only."""
    z1, z2 = batch(17, 6, 6)
    given = in_blocks("nt_xent_loss", {"z1": z1, "z2": z2}, [4])
    graph = dict(contrastive.value_and_grad(job("nt_xent_loss", {}), given).gradients["temperature"].graph)
    for key, result in zip(graph, dask.get(graph, list(graph)), strict=True):
        task = pickle.loads(pickle.dumps(graph[key]))
        assert task.func is graph[key].func
        assert type(pickle.loads(pickle.dumps(result))) is type(result)


@pytest.mark.parametrize("name", ["info_nce_loss", "supcon_loss"])
def test_no_task_holds_all_vectors(name):
    """Nor their gradients: two blocks and what is made of them, or the gradients that are added at a time."""
    count, depth, parts = 512, 256, 16
    first, second = batch(18, count, count, depth=depth)
    ends = range(count // parts, count, count // parts)
    given = {"query": blocks(cut(first, ends)), "key": blocks(cut(second, ends))}
    if name == "supcon_loss":
        given = {"embeddings": given["query"], "labels": np.arange(count) % 40}
    made = contrastive.value_and_grad(job(name, {}), given)
    graph = dict(HighLevelGraph.merge(*(one.graph for one in (made.value, *made.gradients.values()))))
    sizes = dict(zip(graph, (len(pickle.dumps(one)) for one in dask.get(graph, list(graph))), strict=True))
    most = max(sum(sizes[other] for other in graph[key].dependencies) for key in graph)
    block = first.nbytes // parts
    assert FAN * block <= most < (FAN + 1.5) * block < 0.6 * first.nbytes
