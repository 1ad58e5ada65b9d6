"""Dense NumPy definitions of the losses of batches of embeddings, and cases that span several tiles."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

import fastloss
from fastloss.compile.kernels import INTERPRETED

OFF = INTERPRETED
DEPTH = 9
SMALL = 70 if OFF else 150
LARGE = 1300
DTYPES = [np.float64, np.float32]


# Dense definitions


def unit(x):
    return x / np.sqrt((x * x).sum(1, keepdims=True))


def pulled(x, by_unit, similarity):
    """From the gradient by unit vectors to that by x."""
    if similarity == "dot":
        return by_unit
    directions = unit(x)
    across = by_unit - directions * (directions * by_unit).sum(1, keepdims=True)
    return across / np.sqrt((x * x).sum(1, keepdims=True))


def softmax_terms(logits, allowed, targets, weights):
    """Each row's loss against a distribution of targets, and the weighted slopes."""
    masked = np.where(allowed, logits, -np.inf)
    peak = masked.max(1, keepdims=True)
    shares = np.exp(masked - peak)
    total = shares.sum(1, keepdims=True)
    losses = (peak + np.log(total))[:, 0] - (targets * logits).sum(1)
    return losses, weights[:, None] * (shares / total - targets)


def one_hot(numbers, width):
    return (np.asarray(numbers)[:, None] == np.arange(width)).astype(float)


def dense_info_nce(
    query,
    key,
    *,
    weights,
    temperature=0.07,
    similarity="cos",
    negatives=None,
    ids=None,
    positives=None,
    symmetric=False,
):
    keys = key if negatives is None else np.concatenate([key, negatives])
    rows, columns = (unit(x) if similarity == "cos" else x for x in (query, keys))
    logits = rows @ columns.T / temperature
    targets, mass = one_hot(np.arange(len(rows)), len(columns)), np.ones(len(rows))
    allowed = np.ones(logits.shape, bool)
    if ids is not None:
        allowed[:, : len(ids)] = (ids[: len(rows), None] != ids) | (targets[:, : len(ids)] > 0)
    if positives is not None:
        offsets, numbers = positives
        counts = np.diff(offsets)
        targets = np.zeros(logits.shape)
        np.add.at(
            targets, (np.repeat(np.arange(len(rows)), counts), numbers), np.repeat(1.0 / np.maximum(counts, 1), counts)
        )
        mass = (counts > 0).astype(float)
    shares = weights * mass / (weights * mass).sum()
    losses, slopes = softmax_terms(logits, allowed, targets, shares)
    if symmetric:
        others, more = softmax_terms(logits.T, allowed.T, targets, shares)
        losses, slopes = (losses + others) / 2, (slopes + more.T) / 2
    by_keys = pulled(keys, slopes.T @ rows / temperature, similarity)
    result = {"query": pulled(query, slopes @ columns / temperature, similarity), "key": by_keys[: len(key)]}
    if negatives is not None:
        result["negatives"] = by_keys[len(key) :]
    return (shares * losses).sum(), {**result, "temperature": -(slopes * logits).sum() / temperature}


def dense_multiple_negatives(anchors, positives, negatives, *, weights, scale=20.0, similarity="cos"):
    words = {"weights": weights, "temperature": 1.0 / scale, "similarity": similarity}
    value, by = dense_info_nce(anchors, positives, negatives=negatives, **words)
    names = {"anchors": by["query"], "positives": by["key"], "negatives": by["negatives"]}
    return value, {**names, "scale": -by["temperature"] / scale**2}


def among_others(x, positive, weights, temperature):
    """Each row against all others, towards the mean of its positives."""
    directions = unit(x)
    logits = directions @ directions.T / temperature
    counts = positive.sum(1)
    shares = weights * (counts > 0)
    shares = shares / shares.sum()
    targets = positive / np.maximum(counts, 1)[:, None]
    losses, slopes = softmax_terms(logits, ~np.eye(len(x), dtype=bool), targets, shares)
    gradient = pulled(x, (slopes + slopes.T) @ directions / temperature, "cos")
    return (shares * losses).sum(), gradient, -(slopes * logits).sum() / temperature


def dense_nt_xent(z1, z2, *, weights, temperature=0.5):
    pairs = np.roll(np.eye(2 * len(z1), dtype=bool), len(z1), 0)
    value, gradient, by = among_others(np.concatenate([z1, z2]), pairs, weights, temperature)
    return value, {"z1": gradient[: len(z1)], "z2": gradient[len(z1) :], "temperature": by}


def dense_supcon(embeddings, labels, *, weights, temperature=0.1):
    positive = (labels[:, None] == labels) & ~np.eye(len(labels), dtype=bool)
    value, gradient, by = among_others(embeddings, positive, weights, temperature)
    return value, {"embeddings": gradient, "temperature": by}


def dense_cross_entropy(hidden, class_weights, target, *, weights, bias, weight, label_smoothing=0.0):
    logits = hidden @ class_weights.T + bias
    count = len(class_weights)
    targets = (1 - label_smoothing) * one_hot(target, count) * weight + label_smoothing / count * weight
    heavy = np.maximum(targets.sum(1), 1e-300)
    mass = np.where(target >= 0, weight[np.maximum(target, 0)], 0.0)
    shares = weights * (target >= 0) / (weights * mass).sum()
    losses, slopes = softmax_terms(logits, np.ones(logits.shape, bool), targets / heavy[:, None], shares * heavy)
    result = {"hidden": slopes @ class_weights, "class_weights": slopes.T @ hidden, "bias": slopes.sum(0)}
    return (shares * heavy * losses).sum(), result


def dense_cosface(embeddings, weights_, labels, *, weights, margin, scale):
    rows, columns = unit(embeddings), unit(weights_)
    targets = one_hot(labels, len(weights_))
    shares = weights / weights.sum()
    logits = scale * (rows @ columns.T - margin * targets)
    losses, slopes = softmax_terms(logits, np.ones(logits.shape, bool), targets, shares)
    result = {
        "embeddings": pulled(embeddings, scale * slopes @ columns, "cos"),
        "weights": pulled(weights_, scale * slopes.T @ rows, "cos"),
    }
    return (shares * losses).sum(), {**result, "scale": (slopes * logits).sum() / scale}


# Losses with softmaxes over several tiles


class Case(NamedTuple):
    """A loss's name, its dense definition, and what draws its arrays, other arguments and settings."""

    name: str
    dense: Callable[..., Any]
    draw: Callable[..., tuple[tuple[Any, ...], tuple[Any, ...], Mapping[str, Any]]]
    arrays: tuple[str, ...] = ()  # settings that are embeddings, or like them
    one_sided: bool = True

    def drawn(self, size, dtype, seed=5):
        rng = np.random.default_rng(seed)
        arrays, fixed, words = self.draw(rng, size)
        cast = {name: words[name].astype(dtype) for name in self.arrays}
        weights = rng.uniform(0.5, 2.0, 2 * size if self.name == "nt_xent_loss" else size)
        return tuple(x.astype(dtype) for x in arrays), fixed, {**words, **cast}, weights

    def actual(self, size, dtype):
        arrays, fixed, words, weights = self.drawn(size, dtype)
        value, slopes = getattr(fastloss, self.name).value_and_grad(*arrays, *fixed, **words, sample_weight=weights)
        return value, dict(zip(slopes._fields, slopes, strict=True))

    def expected(self, size, dtype):
        arrays, fixed, words, weights = self.drawn(size, dtype)
        wide = {name: words[name].astype(float) for name in self.arrays}
        return self.dense(*(x.astype(float) for x in arrays), *fixed, **{**words, **wide}, weights=weights)


def normal(rng, *sizes):
    return tuple(rng.normal(size=(size, DEPTH)) for size in sizes)


def listed(rng, size, keys):
    counts = rng.integers(0, 4, size)
    numbers = [rng.choice(keys, count, replace=False) for count in counts]
    return np.append(0, np.cumsum(counts)), np.concatenate(numbers)


def catalogue(rng, size):
    classes = size - size // 3 + 1
    target = np.where(rng.random(size) < 0.1, -100, rng.integers(0, classes, size))
    words = {"bias": rng.normal(size=classes), "weight": rng.uniform(0.5, 2.0, classes)}
    return normal(rng, size, classes), (target,), words


def smoothed(rng, size):
    arrays, fixed, words = catalogue(rng, size)
    return arrays, fixed, {**words, "label_smoothing": 0.2}


def with_classes(rng, size):
    classes = 2 * size + 3
    return normal(rng, size, classes), (rng.integers(0, classes, size),), {"margin": 0.3, "scale": 9.0}


def labels_of(rng, size):
    return np.append(rng.integers(0, size // 12, size - 1), size)  # the last is alone


CASES = {
    "cos": Case("info_nce_loss", dense_info_nce, lambda rng, n: (normal(rng, n, n), (), {})),
    "dot": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n + 77), (), {"similarity": "dot", "temperature": 1.5}),
    ),
    "ids": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n), (), {"ids": rng.integers(0, n // 2, n), "temperature": 0.3}),
    ),
    "negatives": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n), (), {"negatives": normal(rng, n // 2 + 1)[0]}),
        ("negatives",),
    ),
    "positives": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, 2 * n // 3), (), {"positives": listed(rng, n, 2 * n // 3)}),
    ),
    "symmetric": Case(
        "info_nce_loss",
        dense_info_nce,
        lambda rng, n: (normal(rng, n, n), (), {"symmetric": True, "ids": rng.integers(0, n, n)}),
        one_sided=False,
    ),
    "multiple negatives": Case(
        "multiple_negatives_ranking_loss",
        dense_multiple_negatives,
        lambda rng, n: (normal(rng, n, n, 3 * n // 2), (), {}),
    ),
    "nt_xent": Case("nt_xent_loss", dense_nt_xent, lambda rng, n: (normal(rng, n, n), (), {}), one_sided=False),
    "supcon": Case(
        "supcon_loss", dense_supcon, lambda rng, n: (normal(rng, n), (labels_of(rng, n),), {}), one_sided=False
    ),
    "cross entropy": Case("cross_entropy_with_factors", dense_cross_entropy, catalogue, ("bias",)),
    "smoothed": Case("cross_entropy_with_factors", dense_cross_entropy, smoothed, ("bias",)),
    "cosface": Case("cosface_loss", dense_cosface, with_classes),
}


def assert_near(actual, expected, tolerance):
    """As close as a share of the largest."""
    assert np.shape(actual) == np.shape(expected)
    largest = np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * largest)


def assert_gradients(actual, expected, tolerance, scalar=1e-10):
    assert list(actual) == list(expected)
    for name, slopes in expected.items():
        assert_near(actual[name], slopes, tolerance if np.ndim(slopes) else max(tolerance, scalar))


# Losses on distances


def softplus(x):
    return np.logaddexp(0.0, x)


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def dense_all(d, own, others, words):
    """An anchor's loss, triplets above 0, all triplets, and slopes by its distances."""
    soft = words.get("soft", False)
    gaps = d[own][:, None] - d[others] + (0.0 if soft else words.get("margin", 0.2))
    share = sigmoid(gaps) if soft else (gaps > 0).astype(float)
    slopes = np.zeros(len(d))
    slopes[own], slopes[others] = share.sum(1), -share.sum(0)
    loss = softplus(gaps).sum() if soft else np.maximum(gaps, 0.0).sum()
    return loss, gaps.size if soft else int((gaps > 0).sum()), gaps.size, slopes


def dense_hard(d, own, others, words):
    slopes = np.zeros(len(d))
    if not own.size or not others.size:
        return 0.0, 0, 0, slopes
    far, near = own[d[own].argmax()], others[d[others].argmin()]
    soft = words.get("soft", False)
    gap = d[far] - d[near] + (0.0 if soft else words.get("margin", 0.2))
    slopes[far] = sigmoid(gap) if soft else float(gap > 0)
    slopes[near] = -slopes[far]
    return softplus(gap) if soft else max(gap, 0.0), 1, 1, slopes


def dense_semihard(d, own, others, words):
    slopes, loss = np.zeros(len(d)), 0.0
    for p in own if others.size else ():
        farther = others[d[others] > d[p]]
        n = farther[d[farther].argmin()] if farther.size else others[d[others].argmax()]
        gap = d[p] - d[n] + words.get("margin", 0.2)
        loss += max(gap, 0.0)
        slopes[p] += gap > 0
        slopes[n] -= gap > 0
    count = own.size if others.size else 0
    return loss, count, count, slopes


TRIPLETS = {
    "batch_all_triplet_loss": dense_all,
    "batch_hard_triplet_loss": dense_hard,
    "batch_semihard_triplet_loss": dense_semihard,
}


def dense_mined(name, x, labels, weights, words):
    """Sum, the mean's denominator, the sum's gradient, and counts."""
    count = len(x)
    h = np.zeros((count, count))
    total, mass, active, every = 0.0, 0.0, 0, 0
    for a in range(count):
        squares = ((x - x[a]) ** 2).sum(1)
        squared = words.get("squared", False)
        d = squares if squared else np.sqrt(squares)
        alike = labels == labels[a]
        if name == "batch_contrastive_loss":
            margin = words.get("margin", 1.0)
            pairs = weights[a] * weights / 2 * (np.arange(count) != a)
            total += (pairs * np.where(alike, d**2, np.maximum(margin - d, 0.0) ** 2)).sum()
            mass += pairs.sum()
            slopes = pairs * np.where(alike, 2 * d, -2 * np.maximum(margin - d, 0.0))
        else:
            own = np.flatnonzero(alike & (np.arange(count) != a))
            loss, some, of, slopes = TRIPLETS[name](d, own, np.flatnonzero(~alike), words)
            total += weights[a] * loss
            mass += weights[a] * (of if words.get("average") == "all" else some)
            active, every, slopes = active + some, every + of, weights[a] * slopes
        h[a] = 2 * slopes if squared else np.divide(slopes, d, out=np.zeros(count), where=d > 0)
    gradient = (h.sum(1) + h.sum(0))[:, None] * x - (h + h.T) @ x
    return total, mass, gradient, (active, every)


MINED = [
    ("batch_all_triplet_loss", {}),
    ("batch_all_triplet_loss", {"average": "all", "margin": 1.0}),
    ("batch_all_triplet_loss", {"squared": True, "margin": 3.0}),
    ("batch_all_triplet_loss", {"soft": True}),
    ("batch_hard_triplet_loss", {}),
    ("batch_hard_triplet_loss", {"soft": True, "squared": True}),
    ("batch_semihard_triplet_loss", {"margin": 1.0}),
    ("batch_contrastive_loss", {"margin": 4.0}),
]


def batch(size, dtype=np.float64, seed=11):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, DEPTH)).astype(dtype), labels_of(rng, size), rng.uniform(0.5, 2.0, size)


def rows_for(words, size):
    """Fewer where plain Python would take long."""
    return min(size, 30) if OFF and words.get("soft") else size


def same_bits(one, other):
    one, other = (tuple(x.values()) if isinstance(x, dict) else x for x in (one, other))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same_bits, one, other))
    return np.asarray(one).tobytes() == np.asarray(other).tobytes()
