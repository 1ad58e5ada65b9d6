"""Losses of batches of embeddings at the edges: equal rows, nothing to compare, errors."""

import numpy as np
import pytest

import fastloss
from tests.embeddings.dense import (
    DEPTH,
    DTYPES,
    MINED,
    assert_gradients,
    assert_near,
    batch,
    dense_info_nce,
    rows_for,
    same_bits,
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
        ("info_nce_loss", (X, Y), {"positives": (np.arange(7), np.arange(6)[:, None])}, r"positives\[1\] has shape"),
        ("info_nce_loss", (X, Y), {"positives": (np.arange(7), [[0, 1], [2]])}, r"positives\[1\]"),
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
