"""Where own keys stand among all keys, against every similarity in high precision."""

import functools
import itertools

import numpy as np
import pytest

import fastloss
from fastloss.embeddings.ranks import cpu
from fastloss.metrics import retrieval_ranks

KINDS = ("cos", "dot", "euclidean")
DTYPES = (np.float32, np.float64)


def lists(rng, queries, keys, most):
    """Draw positives: CSR offsets and numbers."""
    sizes = rng.integers(0, most + 1, queries)
    return np.append(0, np.cumsum(sizes)), np.concatenate([rng.permutation(keys)[:size] for size in sizes])


def similarities(query, key, kind):
    """Compute every similarity in extended precision; up to a factor a row, which orders nothing."""
    query, key = (np.asarray(one).astype(np.longdouble) for one in (query, key))
    if kind == "euclidean":
        return np.array([-np.square(key - row).sum(1) for row in query])
    products = np.array([(key * row).sum(1) for row in query])
    lengths = np.sqrt(np.square(key).sum(1))
    return products / np.where(lengths == 0.0, 1.0, lengths) if kind == "cos" else products


def places(query, key, positives, kind):
    """Count keys above and beside each positive."""
    offsets, numbers = positives
    scores = similarities(query, key, kind)
    own = scores[np.repeat(np.arange(len(query)), np.diff(offsets)), numbers]
    rows = scores[np.repeat(np.arange(len(query)), np.diff(offsets))]
    return (rows > own[:, None]).sum(1), (rows == own[:, None]).sum(1)


def by_key(found, offsets):
    """Return the order in which a query's positives have rising numbers."""
    return np.lexsort((found.keys, np.repeat(np.arange(offsets.size - 1), np.diff(offsets))))


def check(query, key, positives, kind):
    offsets, numbers = positives
    numbers = np.concatenate([np.sort(numbers[a:b]) for a, b in itertools.pairwise(offsets)])
    found = retrieval_ranks(query, key, positives=positives, similarity=kind)
    order = by_key(found, offsets)
    np.testing.assert_array_equal(found.keys[order], numbers)
    above_, tied = places(query, key, (offsets, numbers), kind)
    np.testing.assert_array_equal(found.above[order], above_)
    np.testing.assert_array_equal(found.tied[order], tied)
    for a, b in itertools.pairwise(offsets):
        assert (np.diff(found.above[a:b]) >= 0).all()


@pytest.mark.compiled
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 255, 4), (511, 513, 3), (513, 256, 7), (30, 2049, 130)])
def test_borders_of_tiles(shape, kind, dtype):
    rng = np.random.default_rng(0)
    queries, keys, depth = shape
    query, key = (rng.normal(size=(count, depth)).astype(dtype) for count in (queries, keys))
    check(query, key, lists(rng, queries, keys, 3), kind)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [*DTYPES, np.float16, np.int8])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [cpu.FEW - 1, cpu.FEW + 1])
def test_many_ties(most, kind, dtype):
    """Whole numbers, whose products and distances are exact; repeated keys, whose cosines are the same bits."""
    rng = np.random.default_rng(1)
    depth = 1 if kind == "cos" else 3
    query, key = (rng.integers(-2, 3, (count, depth)).astype(dtype) for count in (9, 70))
    check(query, key, lists(rng, 9, 70, most), kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_products_of_float32_cannot_tell(kind):
    """Keys that differ in their last bits, and repeated ones: products of float32 have another order, and no ties."""
    rng = np.random.default_rng(2)
    query = rng.normal(size=(20, 50)).astype(np.float32)
    key = np.repeat(rng.normal(size=(1, 50)).astype(np.float32), 90, 0)
    key[:60] *= 1.0 + rng.integers(-2, 3, (60, 50)).astype(np.float32) * 2.0**-23
    positives = np.arange(0, 61, 3), np.stack([rng.permutation(90)[:3] for _ in range(20)]).ravel()
    check(query, key, positives, kind)
    products = np.sum(query[:, None] * key, axis=2, dtype=np.float32)
    assert (np.argsort(products) != np.argsort(similarities(query, key, "dot"))).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_any_precision_of_products(kind, dtype, monkeypatch):
    rng = np.random.default_rng(3)
    query, key = (rng.normal(size=(count, 9)).astype(dtype).round(1) for count in (12, 80))
    positives = lists(rng, 12, 80, 30)
    one = cpu.run(query, key, cpu.Lists(*positives), kind)
    monkeypatch.setattr(cpu, "MANY", 0.0)
    monkeypatch.setattr(cpu, "FEW", 3)
    for column, other in zip(one, cpu.run(query, key, cpu.Lists(*positives), kind), strict=True):
        np.testing.assert_array_equal(column, other)


@pytest.mark.parametrize("kind", KINDS)
def test_orders_of_rows_and_layouts(kind, tmp_path):
    rng = np.random.default_rng(4)
    query, key = (rng.normal(size=(count, 6)).astype(np.float32) for count in (40, 300))
    key[100:] = key[:200]
    number = rng.integers(0, 300, 40)
    call = functools.partial(retrieval_ranks, similarity=kind)
    found = call(query, key, positives=(np.arange(41), number))
    order, keys_order = rng.permutation(40), rng.permutation(300)
    moved = call(query[order], key[keys_order], positives=(np.arange(41), np.argsort(keys_order)[number[order]]))
    np.testing.assert_array_equal(moved.above, found.above[order])
    np.testing.assert_array_equal(moved.tied, found.tied[order])
    np.save(tmp_path / "keys.npy", key)
    mapped = np.load(tmp_path / "keys.npy", mmap_mode="r")
    for other in (mapped, np.asfortranarray(key), np.repeat(key, 2, 0)[::2], key.astype(">f4"), key.tolist()):
        again = call(query, other, positives=(np.arange(41), number))
        np.testing.assert_array_equal(again.above, found.above)


@pytest.mark.compiled
def test_any_number_of_threads():
    rng = np.random.default_rng(5)
    query, key = (rng.normal(size=(count, 8)).astype(np.float32).round(1) for count in (1500, 1300))
    positives = lists(rng, 1500, 1300, 40)
    found = set()
    for threads in (1, 2, 5):
        with fastloss.num_threads(threads):
            made = retrieval_ranks(query, key, positives=positives)
            found.add((made.keys.tobytes(), made.above.tobytes(), made.tied.tobytes(), made.mrr()))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("kind", "dtype", "exponents"),
    [
        *((kind, np.float32, some) for kind in ("cos", "dot") for some in ((0, 60, -60), (0, 40, 41))),
        *((kind, np.float64, some) for kind in ("cos", "dot") for some in ((0, 300, -300), (0, 450, -450))),
        *(("euclidean", np.float32, some) for some in ((38, 41, 60), (-38, -41, -55))),
        *(("euclidean", np.float64, some) for some in ((395, 400, 410), (-395, -400, -410))),
    ],
)
def test_vectors_whose_products_leave_the_range(kind, dtype, exponents):
    """As far apart as float64 can tell squared distances."""
    rng = np.random.default_rng(6)
    query, key = (rng.normal(size=(count, 5)) for count in (12, 60))
    query, key = (np.ldexp(one, np.resize(exponents, len(one))[:, None]).astype(dtype) for one in (query, key))
    query[0] = key[1] = 0.0
    check(query, key, (np.arange(13), np.arange(12)), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_infinite_embeddings(kind, dtype):
    query, key = np.eye(3, dtype=dtype) + dtype(0.5), np.eye(3, dtype=dtype)
    key = np.concatenate([key, np.full((1, 3), np.inf, dtype)])
    found = retrieval_ranks(query, key, similarity=kind)
    wanted = {"cos": [np.nan] * 3, "dot": [2.0] * 3, "euclidean": [1.0] * 3}[kind]
    np.testing.assert_array_equal(found.ranks(), wanted)
