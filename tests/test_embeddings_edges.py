"""Losses of batches of embeddings at the edges: equal rows, nothing to compare, NaN, extreme lengths, errors."""

import numpy as np
import pytest

import fastloss
from tests.dense import (
    DEPTH,
    DTYPES,
    MINED,
    assert_gradients,
    assert_near,
    batch,
    dense_info_nce,
    rows_for,
    same_bits,
    unit,
)

# Distances


def partners(x, squared=False):
    """Each row's distance to its neighbour: rows are pairs, and others cost nothing at a margin of 0."""
    labels = np.arange(len(x)) // 2
    return 2 * fastloss.batch_contrastive_loss(x, labels, margin=0.0, squared=squared, reduction="none")


def exact_partners(x):
    wide = x.astype(np.longdouble)
    gaps = np.repeat(wide[::2] - wide[1::2], 2, 0)
    return np.sqrt((gaps * gaps).sum(1)).astype(float)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [0.0, 0.1, 1e5])
def test_equal_rows_are_at_distance_0(dtype, offset):
    rng = np.random.default_rng(2)
    half = rng.normal(size=(40, DEPTH)) * 10.0 ** rng.integers(-3, 4, (40, 1)) + offset
    x = np.repeat(half.astype(dtype), 2, 0)
    for squared in (False, True):
        losses = partners(x, squared)
        assert (losses == 0.0).all() and not np.signbit(losses).any()
    labels = np.zeros(len(x), int)
    labels[1::2] = 1  # the equal row is the nearest negative
    for squared in (False, True):
        words = {"squared": squared, "reduction": "none"}
        there, slopes = fastloss.batch_hard_triplet_loss.value_and_grad(x, labels, margin=0.0, **words)
        d = np.sqrt(((half[:, None] - half) ** 2).sum(2))
        assert np.isfinite(slopes).all()
        tolerance = 1e-9 if dtype == np.float64 else 1e-3
        np.testing.assert_allclose(there[::2], (d**2 if squared else d).max(1), rtol=max(tolerance, 1e-9))


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("name", [name for name, words in MINED if not words])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_batch_of_one_point(name, squared, dtype):
    """Every triplet costs the margin, and nothing pulls."""
    x = np.full((30, DEPTH), 0.1, dtype)
    value, gradient = getattr(fastloss, name).value_and_grad(x, np.arange(30) % 3, margin=0.5, squared=squared)
    assert value == 0.5
    assert (gradient == 0.0).all()


def test_no_gradient_at_distance_0():
    x = np.array([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]])
    for squared in (False, True):
        value, gradient = fastloss.batch_contrastive_loss.value_and_grad(x, [0, 0, 1], margin=9.0, squared=squared)
        assert np.isfinite(value) and np.isfinite(gradient).all()
        value, gradient = fastloss.batch_contrastive_loss.value_and_grad(x[:2], [0, 0], squared=squared)
        assert value == 0.0 and (gradient == 0.0).all()
        value, gradient = fastloss.batch_contrastive_loss.value_and_grad(x[:2], [0, 1], squared=squared)
        assert value == 1.0 and (gradient == 0.0).all()


@pytest.mark.parametrize(
    ("dtype", "offset", "tolerance"), [(np.float64, 1e6, 1e-12), (np.float32, 1e3, 2e-6), (np.float64, 0.0, 1e-13)]
)
def test_a_common_offset_costs_no_digits(dtype, offset, tolerance):
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(60, DEPTH)) + offset).astype(dtype)
    np.testing.assert_allclose(partners(x), exact_partners(x), rtol=tolerance)
    np.testing.assert_allclose(partners(x, True), exact_partners(x) ** 2, rtol=2 * tolerance)


@pytest.mark.parametrize(("dtype", "offset", "tolerance"), [(np.float64, 1e6, 1e-9), (np.float32, 1e3, 1e-3)])
def test_clusters_far_apart(dtype, offset, tolerance):
    """The mean is near none of them."""
    rng = np.random.default_rng(4)
    centres = np.repeat(offset * rng.normal(size=(30, DEPTH)), 2, 0)
    x = (rng.normal(size=(60, DEPTH)) + centres).astype(dtype)
    np.testing.assert_allclose(partners(x), exact_partners(x), rtol=tolerance)


def test_nearly_equal_rows():
    rng = np.random.default_rng(5)
    x = np.repeat(rng.normal(size=(100, DEPTH)), 2, 0)
    x[1::2] *= 1.0 + 1e-7 * rng.normal(size=(100, DEPTH))
    np.testing.assert_allclose(partners(x), exact_partners(x), rtol=3e-9)
    assert np.median(np.abs(partners(x) / exact_partners(x) - 1.0)) < 1e-9


# Edge shapes


def softmax_calls(count, dtype=np.float64):
    """Calls with that many rows, each the only one of its class: losses are 0 where nothing is a positive."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(2, count, 3)).astype(dtype)
    return x, y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1])
def test_one_row_or_none(count, dtype):
    x, y = softmax_calls(count, dtype)
    labels, nothing = np.zeros(count, int), np.empty((0, 3), dtype)
    one_class = y if count else np.ones((1, 3), dtype)
    calls = [
        (fastloss.info_nce_loss, (x, y), {}),
        (fastloss.info_nce_loss, (x, y), {"similarity": "dot"}),
        (fastloss.info_nce_loss, (x, y), {"symmetric": True}),
        (fastloss.info_nce_loss, (x, y), {"negatives": nothing}),
        (fastloss.info_nce_loss, (x, y), {"ids": labels}),
        (fastloss.info_nce_loss, (x, nothing), {"positives": (np.zeros(count + 1, int), labels[:0])}),
        (fastloss.multiple_negatives_ranking_loss, (x, y), {}),
        (fastloss.nt_xent_loss, (x, y), {}),
        (fastloss.supcon_loss, (x, labels), {}),
        (fastloss.cross_entropy_with_factors, (x, one_class, labels), {}),
        (fastloss.arcface_loss, (x, one_class, labels), {}),
        (fastloss.cosface_loss, (x, one_class, labels), {}),
        (fastloss.sphereface_loss, (x, one_class, labels), {}),
        (fastloss.ge2e_loss, (x, labels), {}),
        (fastloss.ge2e_loss, (x, labels), {"variant": "contrast"}),
        (fastloss.ge2e_loss, (x[:, None],), {}),
    ]
    calls += [(getattr(fastloss, name), (x, labels), words) for name, words in MINED]
    for loss, arguments, words in calls:
        value, slopes = loss.value_and_grad(*arguments, **words)
        assert value == 0.0, (loss, words)
        assert loss(*arguments, **words) == 0.0
        losses = loss(*arguments, **words, reduction="none")
        np.testing.assert_array_equal(losses, np.zeros(2 * count if loss is fastloss.nt_xent_loss else count))
        parts = slopes if isinstance(slopes, tuple) else (slopes,)
        for part, argument in zip(parts, arguments, strict=False):
            assert np.ndim(part) == 0 or np.shape(part) == np.shape(argument)
        assert all((np.asarray(part) == 0.0).all() for part in parts), (loss, words)


@pytest.mark.parametrize("similarity", ["cos", "dot"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_rows_that_leave_out_all_others(symmetric, similarity):
    x, y = np.random.default_rng(7).normal(size=(2, 5, 3))
    words = {"similarity": similarity, "symmetric": symmetric}
    value, slopes = fastloss.info_nce_loss.value_and_grad(x, y, ids=np.ones(5), **words)
    assert value == 0.0
    assert all((np.asarray(part) == 0.0).all() for part in slopes)
    ids = np.array([1, 1, 1, 2, 1])  # only row 3 and the others meet
    value, slopes = fastloss.info_nce_loss.value_and_grad(x, y, ids=ids, **words)
    expected, gradients = dense_info_nce(x, y, weights=np.ones(5), ids=ids, **words)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert_gradients(slopes._asdict(), gradients, 1e-12)


@pytest.mark.parametrize("kind", ["one class", "all distinct"])
@pytest.mark.parametrize(
    ("name", "words"), [*[one for one in MINED if one[0] != "batch_contrastive_loss"], ("supcon_loss", {})]
)
def test_no_triplets(kind, name, words):
    x = np.random.default_rng(7).normal(size=(20, 4))
    labels = np.zeros(20, int) if kind == "one class" else np.arange(20)
    if name == "supcon_loss" and kind == "one class":
        labels = np.arange(20) + 3
    loss = getattr(fastloss, name)
    value, slopes, counts = loss.value_and_grad(x, labels, **words, with_counts=True)
    gradient = slopes if isinstance(slopes, np.ndarray) else slopes.embeddings
    assert value == 0.0 and gradient.shape == x.shape and (gradient == 0.0).all()
    assert counts == (0, 0) if isinstance(counts, tuple) else counts == 0
    np.testing.assert_array_equal(loss(x, labels, **words, reduction="none"), np.zeros(20))


LABELLED = [*MINED, ("supcon_loss", {}), ("ge2e_loss", {}), ("ge2e_loss", {"variant": "contrast"})]


def embeddings_gradient(slopes):
    return slopes if isinstance(slopes, np.ndarray) else slopes.embeddings


@pytest.mark.parametrize(("name", "words"), LABELLED)
def test_strings_label_as_numbers_do(name, words):
    x, labels, _ = batch(rows_for(words, 40))
    loss = getattr(fastloss, name)
    expected = loss.value_and_grad(x, labels, **words)
    names = np.array([f"{label:03}" for label in labels])
    for other in (names, names.tolist(), labels.astype(np.int8)):
        assert same_bits(loss.value_and_grad(x, other, **words), expected)


@pytest.mark.parametrize(("name", "words"), LABELLED)
def test_the_order_of_labels_does_not_matter(name, words):
    x, labels, weights = batch(rows_for(words, 60))
    order = np.argsort(labels, kind="stable")
    loss = getattr(fastloss, name)
    value, slopes = loss.value_and_grad(x, labels, **words, sample_weight=weights)
    other, sorted_slopes = loss.value_and_grad(x[order], labels[order], **words, sample_weight=weights[order])
    np.testing.assert_allclose(value, other, rtol=1e-13)
    assert_near(embeddings_gradient(slopes)[order], embeddings_gradient(sorted_slopes), 1e-12)
    losses = loss(x, labels, **words, reduction="none")
    np.testing.assert_allclose(losses[order], loss(x[order], labels[order], **words, reduction="none"), rtol=1e-12)


# NaN, vectors of no or extreme length, logits far apart


def with_nan(x, row):
    x = x.copy()
    x[row, 1] = np.nan
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("similarity", ["cos", "dot"])
def test_nan_among_queries_and_keys(similarity, dtype):
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 12, 4)).astype(dtype)
    words = {"similarity": similarity, "reduction": "none", "temperature": 0.5}
    for loss in (fastloss.info_nce_loss, fastloss.info_nce_loss.value_and_grad):

        def rows(*arguments, loss=loss, **more):
            result = loss(*arguments, **words, **more)
            return np.isnan(result[0] if isinstance(result, tuple) else result)

        assert np.flatnonzero(rows(with_nan(x, 3), y)).tolist() == [3]
        assert rows(x, with_nan(y, 3)).all()
        assert rows(with_nan(x, 3), y, symmetric=True).all()
        assert rows(x, y, negatives=with_nan(y, 0)).all()
        ids = np.arange(12)
        ids[5] = 3  # leave each other out
        assert np.flatnonzero(~rows(x, with_nan(y, 3), ids=ids)).tolist() == [5]
        offsets, numbers = np.array([0, *range(12)]), np.arange(11)
        some = rows(x, with_nan(y, 3), positives=(offsets, numbers))
        assert not some[0] and some[1:].all()


def test_the_gradient_of_a_nan_query_is_its_own():
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 12, 4))
    slopes = fastloss.info_nce_loss.value_and_grad(with_nan(x, 3), y, reduction="sum")[1]
    assert np.isnan(slopes.query[3]).all() and np.isfinite(np.delete(slopes.query, 3, 0)).all()
    assert np.isnan(slopes.key).all()


def test_nan_among_classes_and_views():
    x, labels, _ = batch(30)
    classes = np.random.default_rng(9).normal(size=(5, DEPTH))
    targets = np.arange(30) % 5
    for loss in (fastloss.arcface_loss, fastloss.cosface_loss, fastloss.sphereface_loss):
        losses = loss(with_nan(x, 4), classes, targets, reduction="none")
        assert np.flatnonzero(np.isnan(losses)).tolist() == [4]
        assert np.isnan(loss(x, with_nan(classes, 2), targets, reduction="none")).all()
    targets[7] = -100
    losses = fastloss.cross_entropy_with_factors(x, with_nan(classes, 2), targets, reduction="none")
    assert np.flatnonzero(~np.isnan(losses)).tolist() == [7]
    assert np.isnan(fastloss.nt_xent_loss(with_nan(x, 4), x, reduction="none")).all()
    losses = fastloss.supcon_loss(with_nan(x, 4), labels, reduction="none")
    alone = (labels[:, None] == labels).sum(1) == 1
    assert alone.any()
    np.testing.assert_array_equal(np.isnan(losses), ~alone)


@pytest.mark.parametrize("row", [0, 3, 11, 12])
@pytest.mark.parametrize(("name", "words"), MINED)
def test_nan_among_examples(name, words, row):
    """Every anchor with a triplet has one with each row, and every row has pairs."""
    x = np.random.default_rng(10).normal(size=(13, 4))
    labels = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4])
    labels[9] = 5  # rows 9 and 10 are alone
    losses = getattr(fastloss, name)(with_nan(x, row), labels, **words, reduction="none")
    there = np.ones(13, bool) if name == "batch_contrastive_loss" else ~np.isin(np.arange(13), (9, 10))
    np.testing.assert_array_equal(np.isnan(losses), there)


@pytest.mark.parametrize(("name", "words"), [one for one in MINED if one[0] != "batch_contrastive_loss"])
def test_nan_without_triplets(name, words):
    x = np.random.default_rng(10).normal(size=(6, 4))
    for labels in (np.zeros(6, int), np.arange(6)):
        losses = getattr(fastloss, name)(with_nan(x, 2), labels, **words, reduction="none")
        np.testing.assert_array_equal(losses, np.zeros(6))


def cosine_calls(x, y):
    labels = np.arange(len(x)) % 4
    yield fastloss.info_nce_loss, (x, y), {}
    yield fastloss.info_nce_loss, (x, y), {"symmetric": True}
    yield fastloss.multiple_negatives_ranking_loss, (x, y), {}
    yield fastloss.nt_xent_loss, (x, y), {}
    yield fastloss.supcon_loss, (x, labels), {}
    for name in ("arcface_loss", "cosface_loss", "sphereface_loss"):
        yield getattr(fastloss, name), (x, y[:6], labels), {"scale": 4.0}
    yield fastloss.ge2e_loss, (x, labels), {}
    yield fastloss.ge2e_loss, (x, labels), {"variant": "contrast"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_of_zeros_have_cosine_0(dtype):
    x, y = np.random.default_rng(12).normal(size=(2, 16, 5)).astype(dtype)
    x[3] = x[7] = y[3] = y[1] = 0.0
    for loss, arrays, words in cosine_calls(x, y):
        value, slopes = loss.value_and_grad(*arrays, **words)
        assert np.isfinite(value), (loss, words)
        assert all(np.isfinite(part).all() for part in slopes), (loss, words)
    logits = unit(np.delete(x, [3, 7], 0).astype(float)) @ unit(np.delete(y, [1, 3], 0).astype(float)).T
    losses = fastloss.info_nce_loss(x, y, temperature=1.0, reduction="none")
    np.testing.assert_allclose(losses[3], np.log(16), rtol=1e-6)
    row = np.append(logits[0], [0.0, 0.0])
    np.testing.assert_allclose(losses[0], np.log(np.exp(row).sum()) - logits[0, 0], rtol=1e-6)


@pytest.mark.parametrize("factor", [1e200, 1e-200, 1e150, 1e-150])
def test_lengths_do_not_matter_to_the_cosine(factor):
    x, y = np.random.default_rng(13).normal(size=(2, 16, 5))
    scaled = cosine_calls(factor * x, y / factor)
    for (loss, arrays, words), (_, others, _) in zip(cosine_calls(x, y), scaled, strict=True):
        value, slopes = loss.value_and_grad(*arrays, **words)
        if loss in (fastloss.nt_xent_loss,):
            others = (factor * x, factor * y)
        other, more = loss.value_and_grad(*others, **words)
        np.testing.assert_allclose(other, value, rtol=1e-13, err_msg=str((loss, words)))
        for one, two, given in zip(slopes, more, (*arrays, None, None), strict=False):
            if np.ndim(one):
                back = factor if given is x or loss is fastloss.nt_xent_loss else 1.0 / factor
                assert_near(two * back, one, 1e-11)
            else:
                np.testing.assert_allclose(two, one, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("length", [5e-324, 1e-310, 1.7e308])
def test_the_shortest_and_longest_vectors(length):
    x, y = np.array([[1.0, 1.0], [1.0, 0.0], [1.0, -1.0]]), np.array([[1.0, 0.5], [1.0, -2.0], [0.0, 1.0]])
    expected = fastloss.info_nce_loss(x, y, reduction="none")
    np.testing.assert_allclose(fastloss.info_nce_loss(length * x, y, reduction="none"), expected, rtol=1e-12)
    assert np.isfinite(fastloss.info_nce_loss.value_and_grad(x, length * np.sign(y))[1].query).all()


def exact_losses(logits):
    """Against all others, from extended precision: a small loss keeps its digits."""
    result = []
    for i, row in enumerate(logits):
        gaps = np.delete(row, i) - row[i]
        peak = gaps.max()
        result.append(np.logaddexp(np.longdouble(0), peak + np.log(np.exp(gaps - peak).sum())))
    return np.array(result)


def test_logits_far_apart():
    rng = np.random.default_rng(14)
    x = rng.normal(size=(40, 6))
    y = x + np.linspace(0.0, 2.5, 40)[:, None] * rng.normal(size=(40, 6))
    exact = unit(x.astype(np.longdouble)) @ unit(y.astype(np.longdouble)).T / np.longdouble(1e-3)
    expected = exact_losses(exact)
    for loss in (fastloss.info_nce_loss, lambda *a, **k: fastloss.info_nce_loss.value_and_grad(*a, **k)[0]):
        losses = loss(x, y, temperature=1e-3, reduction="none")
        seen = expected > 1e-300
        assert (expected[seen] < 1e-20).any() and (expected > 100).any()
        np.testing.assert_allclose(losses[seen], expected[seen].astype(float), rtol=1e-11)
        assert (losses[~seen] <= 1e-299).all()
    x *= 100.0
    y = 0.3 * x + rng.normal(size=(40, 6))
    exact = x.astype(np.longdouble) @ y.astype(np.longdouble).T
    assert np.abs(exact).max() > 1e4
    value, slopes = fastloss.info_nce_loss.value_and_grad(x, y, temperature=1.0, similarity="dot")
    np.testing.assert_allclose(value, float(exact_losses(exact).mean()), rtol=1e-11)
    assert all(np.isfinite(part).all() for part in slopes)
    targets = np.arange(40)
    losses = fastloss.cross_entropy_with_factors(x, y, targets, reduction="none")
    expected = exact_losses(exact).astype(float)
    np.testing.assert_allclose(losses, expected, rtol=1e-10, atol=1e-300)


def test_small_losses_of_small_batches():
    x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[30.0, 0.0], [0.0, 60.0]])
    losses = fastloss.info_nce_loss(x, y, temperature=1.0, similarity="dot", reduction="none")
    np.testing.assert_allclose(losses, np.exp([-30.0, -60.0]), rtol=1e-12)
    both = fastloss.info_nce_loss(x, y, temperature=1.0, similarity="dot", reduction="none", symmetric=True)
    np.testing.assert_allclose(both, np.exp([-30.0, -60.0]), rtol=1e-12)


# Errors


X, Y = np.random.default_rng(18).normal(size=(2, 6, 3))


@pytest.mark.parametrize(
    ("name", "arguments", "words", "message"),
    [
        ("info_nce_loss", (X, Y[:5]), {}, "key has shape"),
        ("info_nce_loss", (X, Y[:, :2]), {}, "expected 3 columns"),
        ("info_nce_loss", (X[0], Y), {}, "expected two dimensions"),
        ("info_nce_loss", (X, Y), {"negatives": Y[:, :2]}, "negatives has shape"),
        ("info_nce_loss", (X, Y), {"symmetric": True, "negatives": Y}, "symmetric"),
        ("info_nce_loss", (X, Y), {"symmetric": True, "positives": (np.arange(7), np.arange(6))}, "symmetric"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(6), "positives": (np.arange(7), np.arange(6))}, "ids"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(5)}, "ids"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(7)}, "ids"),
        ("info_nce_loss", (X, Y), {"ids": np.arange(8), "negatives": Y}, "ids"),
        ("info_nce_loss", (X, Y), {"positives": (np.arange(6), np.arange(5))}, "positives"),
        ("info_nce_loss", (X, Y), {"positives": (np.arange(7), np.arange(1, 7))}, "positives"),
        ("info_nce_loss", (X, Y), {"similarity": "euclidean"}, "similarity"),
        ("info_nce_loss", (X, Y), {"temperature": 0.0}, "temperature"),
        ("info_nce_loss", (X, Y), {"sample_weight": np.ones(5)}, "sample_weight"),
        ("info_nce_loss", (X, np.concatenate([X, Y])), {"symmetric": True}, "key"),
        ("multiple_negatives_ranking_loss", (X, np.concatenate([X, Y])), {}, "positives has shape"),
        ("nt_xent_loss", (X, Y[:5]), {}, "z2 has shape"),
        ("supcon_loss", (X, np.arange(5)), {}, "labels"),
        ("cross_entropy_with_factors", (X, Y, np.array([0, 1, 2, 3, 4, 6])), {}, "target"),
        ("cross_entropy_with_factors", (X, Y, np.array([0, 1, 2, 3, 4, -1])), {}, "target"),
        ("cross_entropy_with_factors", (X, Y, np.arange(5)), {}, "target"),
        ("cross_entropy_with_factors", (X, Y, np.arange(6)), {"bias": np.zeros(5)}, "bias"),
        ("cross_entropy_with_factors", (X, Y, np.arange(6)), {"weight": -np.ones(6)}, "weight"),
        ("arcface_loss", (X, Y, np.array([0, 1, 2, 3, 4, 6])), {}, "labels"),
        ("arcface_loss", (X, Y[:, :2], np.arange(6)), {}, "weights has shape"),
        ("ge2e_loss", (X,), {}, "three dimensions"),
        ("ge2e_loss", (X[None], np.arange(6)), {}, "three dimensions"),
        ("batch_all_triplet_loss", (X, np.arange(5)), {}, "labels"),
        ("batch_all_triplet_loss", (X[0], np.arange(6)), {}, "embeddings"),
        ("batch_hard_triplet_loss", (X, np.arange(6)), {"sample_weight": np.ones(5)}, "sample_weight"),
        ("batch_contrastive_loss", (X, np.zeros((6, 1))), {}, "labels"),
    ],
)
def test_errors(name, arguments, words, message):
    with pytest.raises(ValueError, match=message):
        getattr(fastloss, name)(*arguments, **words)


def test_the_type_of_positives():
    with pytest.raises(TypeError, match="positives"):
        fastloss.info_nce_loss(X, Y, positives=np.arange(6))


@pytest.mark.parametrize("loss", [fastloss.supcon_loss, fastloss.ge2e_loss])
def test_gradients_in_float32_keep_float32s_digits(loss):
    """What is summed of vectors beside the logits is summed in float64; measured: 2.0e-7 and 1.5e-7."""
    x = np.random.default_rng(3).normal(size=(600, 32)).astype(np.float32)
    labels = np.arange(600) // 3
    found, expected = (loss.value_and_grad(one, labels)[1].embeddings for one in (x, x.astype(np.float64)))
    assert np.abs(found - expected).max() < 5e-7 * np.abs(expected).max()


def test_label_smoothing_of_mapped_classes(tmp_path):
    rng = np.random.default_rng(4)
    hidden, classes, target = rng.normal(size=(9, 5)), rng.normal(size=(70_000, 5)), rng.integers(0, 70_000, 9)
    np.save(tmp_path / "classes.npy", classes)
    mapped = np.load(tmp_path / "classes.npy", mmap_mode="r")
    loss = fastloss.cross_entropy_with_factors
    found, expected = (loss.value_and_grad(hidden, one, target, label_smoothing=0.1) for one in (mapped, classes))
    assert found[0] == expected[0]
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_array_equal(one, other)
