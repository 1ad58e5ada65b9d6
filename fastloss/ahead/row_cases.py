"""Sample calls of losses of rows, and of pairs with arguments of their own, for `cases.py`.

Each is (arrays, keywords, which arrays are differentiable, the shape of `sample_weight`).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Parts = tuple[tuple[Any, ...], dict[str, Any], tuple[int, ...], tuple[int, ...]]
ROWS, CLASSES = 6, 4
CLASS_WEIGHTS = np.array([0.5, 2.0, 1.25, 3.0])
Builder = Callable[[np.random.Generator], Iterator[Parts]]
BUILDERS: dict[str, Builder] = {}


def builder(function: Builder) -> Builder:
    """Register a function that yields the cases of the loss of its name."""
    BUILDERS[function.__name__] = function
    return function


def logits(rng):
    return rng.normal(size=(ROWS, CLASSES)) * 2


def ids(rng):
    return rng.integers(0, CLASSES, ROWS)


def some_skipped(ids):
    return np.where(np.arange(ROWS) % 3 == 1, -100, ids)


def simplex(rng):
    return rng.dirichlet(np.ones(CLASSES), ROWS)


@builder
def cross_entropy(rng):
    x, t = logits(rng), ids(rng)
    skipped = some_skipped(t)
    for words in (
        {},
        {"weight": CLASS_WEIGHTS},
        {"label_smoothing": 0.3},
        {"weight": CLASS_WEIGHTS, "label_smoothing": 0.3},
    ):
        yield (x, t), words, (0,), (ROWS,)
        yield (x, skipped), words, (0,), (ROWS,)
        yield (x, simplex(rng)), words, (0,), (ROWS,)
    yield (rng.normal(size=(3, CLASSES, 2)), rng.integers(0, CLASSES, (3, 2))), {"ignore_index": 1}, (0,), (3, 2)


@builder
def nll_loss(rng):
    x = np.log(simplex(rng))
    for words in ({}, {"weight": CLASS_WEIGHTS}, {"ignore_index": 2}):
        yield (x, ids(rng)), words, (0,), (ROWS,)


@builder
def softmax_focal_loss(rng):
    for words in ({}, {"gamma": 0.5}, {"gamma": 0.0}, {"alpha": 0.25}, {"alpha": CLASS_WEIGHTS}):
        yield (logits(rng), ids(rng)), words, (0,), (ROWS,)


@builder
def poly_loss(rng):
    for words in ({}, {"epsilon": (0.5, -1.5)}, {"epsilon": (0.5, -1.5), "divide_by_power": True}, {"epsilon": ()}):
        yield (logits(rng), ids(rng)), words, (0,), (ROWS,)


@builder
def categorical_cross_entropy(rng):
    yield (simplex(rng), simplex(rng)), {}, (0,), (ROWS,)
    yield (simplex(rng), ids(rng)), {}, (0,), (ROWS,)
    yield (simplex(rng), some_skipped(ids(rng))), {}, (0,), (ROWS,)
    yield (rng.uniform(0.1, 0.9, (3, CLASSES, 2)), rng.integers(0, CLASSES, (3, 2))), {"ignore_index": 1}, (0,), (3, 2)


@builder
def soft_cross_entropy(rng):
    yield (simplex(rng), simplex(rng)), {}, (1,), (ROWS,)
    yield (simplex(rng), simplex(rng)), {"wrt": "p"}, (0,), (ROWS,)
    yield (simplex(rng), simplex(rng)), {"wrt": "both"}, (0, 1), (ROWS,)


@builder
def entropy(rng):
    yield (simplex(rng),), {}, (0,), (ROWS,)


@builder
def kl_divergence(rng):
    p, q = simplex(rng), simplex(rng)
    yield (p, q), {}, (1,), (ROWS,)
    yield (np.log(p), q), {"log_p": True}, (1,), (ROWS,)
    yield (p, np.log(q)), {"log_q": True}, (1,), (ROWS,)
    for log_p in (False, True):
        for log_q in (False, True):
            arrays = np.log(p) if log_p else p, np.log(q) if log_q else q
            yield arrays, {"log_p": log_p, "log_q": log_q, "wrt": "p"}, (0,), (ROWS,)
    yield (p, q), {"wrt": "both"}, (0, 1), (ROWS,)


@builder
def multi_margin_loss(rng):
    for words in ({}, {"p": 2}, {"margin": 0.5}, {"weight": CLASS_WEIGHTS}, {"p": 2, "weight": CLASS_WEIGHTS}):
        yield (logits(rng), ids(rng)), words, (0,), (ROWS,)


@builder
def crammer_singer_loss(rng):
    for words in ({}, {"margin": 2.5}):
        yield (logits(rng), ids(rng)), words, (0,), (ROWS,)


@builder
def multi_quantile_loss(rng):
    for levels in ((0.1, 0.25, 0.5, 0.9), (0.9, 0.5, 0.5, 0.01)):
        yield (logits(rng), rng.normal(size=ROWS)), {"quantiles": levels}, (0,), (ROWS,)


@builder
def dice_loss(rng):
    p, g = rng.uniform(0.1, 0.9, (ROWS, CLASSES)), rng.integers(0, 2, (ROWS, CLASSES)).astype(float)
    g[:, 0] = 1.0
    for words in (
        {"axis": 1},
        {"axis": 1, "squared": False},
        {"axis": 1, "smooth": 1.0},
        {"axis": (1,), "smooth": 0.5},
    ):
        yield (p, g), words, (0,), (ROWS,)
    yield (p, g), {"axis": 0}, (0,), (CLASSES,)
    yield (p, g), {}, (0,), ()


def vectors(rng):
    return rng.normal(size=(ROWS, CLASSES))


@builder
def triplet_margin_loss(rng):
    for words in (
        {},
        {"margin": 3.0},
        {"p": 1.0, "margin": 9.0},
        {"p": 3.0},
        {"eps": 0.01},
        {"swap": True, "margin": 4.0},
    ):
        yield (vectors(rng), vectors(rng), vectors(rng)), words, (0, 1, 2), (ROWS,)


@builder
def contrastive_loss(rng):
    target = np.array([0, 1, 1, 0, 0, 1])
    for words in ({}, {"margin": 4.0}, {"margin": 4.0, "similar": 0, "half": True}, {"margin": 4.0, "squared": False}):
        yield (vectors(rng), vectors(rng), target), words, (0, 1), (ROWS,)


@builder
def two_term_contrastive_loss(rng):
    for words in ({}, {"margin": 4.0}, {"margin": 4.0, "squared": True}):
        yield (vectors(rng), vectors(rng), vectors(rng)), words, (0, 1, 2), (ROWS,)


@builder
def cosine_embedding_loss(rng):
    for words in ({}, {"margin": -0.6}):
        yield (vectors(rng), vectors(rng), np.array([-1, 1, 1, -1, -1, 1])), words, (0, 1), (ROWS,)


@builder
def center_loss(rng):
    yield (vectors(rng), rng.integers(0, 3, ROWS), rng.normal(size=(3, CLASSES))), {}, (0, 2), (ROWS,)


@builder
def td_loss(rng):
    arrays = (logits(rng), ids(rng), rng.normal(size=ROWS), logits(rng), rng.integers(0, 2, ROWS).astype(float))
    yield arrays, {"gamma": 0.9}, (0,), (ROWS,)
    yield arrays, {"gamma": 0.9, "kind": "huber"}, (0,), (ROWS,)
    yield arrays, {"gamma": 0.5, "next_q_online": logits(rng)}, (0,), (ROWS,)


@builder
def policy_gradient_loss(rng):
    arrays = (logits(rng), ids(rng), rng.normal(size=ROWS))
    for words in ({}, {"entropy_coef": 0.1}, {"episodes": np.array([3, 3, 1, 1, 1, 7]), "entropy_coef": 0.2}):
        yield arrays, words, (0,), (ROWS,)
        yield (np.log(simplex(rng)), *arrays[1:]), {**words, "log_probs": True}, (0,), (ROWS,)


@builder
def lambdarank_loss(rng):
    scores, labels, groups = rng.normal(size=14) * 2, rng.integers(0, 5, 14), np.sort(rng.integers(0, 3, 14))
    for words in ({}, {"truncation_level": 2}, {"gains": "linear"}, {"sigma": 0.3}, {"method": "fast"}):
        yield (scores, labels), {**words, "groups": groups}, (0,), (3,)
        yield (scores, labels), words, (0,), (1,)


@builder
def margin_all_pairs_loss(rng):
    for words in ({}, {"margin": 0.3}, {"distance": False}, {"method": "fast"}):
        yield (rng.normal(size=ROWS), rng.normal(size=9)), words, (0, 1), (ROWS,)


@builder
def bpr_all_negatives_loss(rng):
    factors = rng.normal(size=(5, 3)), rng.normal(size=(7, 3))
    given = {"interactions": (np.array([0, 2, 2, 6, 7, 9]), np.array([0, 3, 1, 2, 4, 4, 6, 5, 0]))}
    yield factors, given, (0, 1), (5,)


@builder
def bpr_loss(rng):
    positive = rng.normal(size=ROWS)
    yield (positive, rng.normal(size=ROWS)), {}, (0, 1), (ROWS,)
    yield (positive, rng.normal(size=(ROWS, 3))), {}, (0, 1), (ROWS,)
    yield (positive, rng.normal(size=11)), {"shared": True}, (0, 1), (ROWS,)
    yield (positive, rng.normal(size=9)), {"offsets": np.array([0, 2, 2, 5, 6, 8, 9])}, (0, 1), (ROWS,)
