"""Losses of batches of embeddings on NaN, vectors of no or extreme length, logits far apart."""

import math

import numpy as np
import pytest

import fastloss
from tests.embeddings.dense import (
    DEPTH,
    DTYPES,
    MINED,
    assert_near,
    batch,
    unit,
)

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
    yield fastloss.ge2e_loss, (x, labels), {"variant": "contrast", "normalise": False}


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


@pytest.mark.parametrize("variant", ["softmax", "contrast"])
def test_utterances_of_any_length_have_one_weight_in_a_centroid(variant):
    """Given unit vectors both forms are the definition; other lengths leave the default form as it is."""
    rng = np.random.default_rng(15)
    x, labels, lengths = unit(rng.normal(size=(12, 4))), np.arange(12) % 3, 10.0 ** rng.uniform(-150, 150, (12, 1))
    value, slopes = fastloss.ge2e_loss.value_and_grad(x, labels, variant=variant)
    given = fastloss.ge2e_loss(x, labels, variant=variant, normalise=False)
    assert value == pytest.approx(given, rel=1e-13)
    other, more = fastloss.ge2e_loss.value_and_grad(lengths * x, labels, variant=variant)
    assert other == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(more.embeddings * lengths, slopes.embeddings, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose((slopes.embeddings * x).sum(1), 0.0, atol=1e-15)  # a length has no slope
    raw = fastloss.ge2e_loss(np.arange(1.0, 13.0)[:, None] * x, labels, variant=variant, normalise=False)
    assert abs(raw - value) > 1e-3


@pytest.mark.parametrize("literal", [False, True])
def test_gradients_are_finite_where_an_angle_has_no_slope(literal):
    """Rows along their class and against it, and a few ulp beside; as long as a slope can be: 1 / length, scale 4."""
    x = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 1e-16], [-1.0, 1e-12], [-1.0, 1e-8], [-2.0, 0.0]])
    value, slopes = fastloss.arcface_loss.value_and_grad(
        x, [[3.0, 0.0], [0.0, 1.0]], [0] * 6, margin=0.7, scale=4.0, literal=literal, reduction="sum"
    )
    assert np.isfinite(value)
    assert all(np.isfinite(part).all() for part in slopes)
    assert np.abs(slopes.embeddings).max() < 3 * 4.0


def test_the_literal_margin_differs_beyond_pi_alone():
    """There the target's slope turns: a row is driven away from its class."""
    angles = np.array([0.3, 2.0, math.pi - 0.75, math.pi - 0.65, 3.0])
    x, classes = np.stack([np.cos(angles), np.sin(angles)], 1), np.array([[1.0, 0.0], [0.0, -1.0]])
    words = {"margin": 0.7, "scale": 2.0, "reduction": "none"}
    value, slopes = fastloss.arcface_loss.value_and_grad(x, classes, [0] * 5, **words)
    other, more = fastloss.arcface_loss.value_and_grad(x, classes, [0] * 5, literal=True, **words)
    assert (value == other).tolist() == [True, True, True, False, False]
    target = 2.0 * np.cos(angles + 0.7) + 2.0 * np.sin(angles)  # beside -2 sin(angle)
    np.testing.assert_allclose(other, np.log1p(np.exp(-target)), rtol=1e-12)
    turned = [float(g @ (-np.sin(a), np.cos(a))) for g, a in zip(more.embeddings, angles, strict=True)]
    share = -1.0 / (1.0 + np.exp(target))
    np.testing.assert_allclose(turned, share * 2.0 * (np.cos(angles) - np.sin(angles + 0.7)), rtol=1e-9)
    assert not np.array_equal(slopes.embeddings[3:], more.embeddings[3:])


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
