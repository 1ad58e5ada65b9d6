"""Sample calls of losses of batches of embeddings, as in `row_cases.py`."""

import numpy as np

from fastloss.ahead.row_cases import builder

COUNT, DEPTH, CLASSES = 7, 3, 4
CLASSES_OF = np.array([0, 1, 0, 2, 1, 0, 3])
POSITIVES = (np.array([0, 2, 2, 3, 4, 7, 8, 9]), np.array([1, 2, 0, 3, 5, 1, 6, 0, 4]))
IDS = np.array([5, 1, 5, 2, 1, 3, 4])


def rows(rng, count=COUNT):
    return rng.normal(size=(count, DEPTH))


@builder
def info_nce_loss(rng):
    arrays = rows(rng), rows(rng)
    for words in (
        {},
        {"temperature": 0.5, "similarity": "dot"},
        {"symmetric": True},
        {"symmetric": True, "ids": IDS},
        {"ids": IDS},
        {"positives": POSITIVES},
    ):
        yield arrays, words, (0, 1), (COUNT,)


@builder
def multiple_negatives_ranking_loss(rng):
    arrays = rows(rng), rows(rng), rows(rng, 4)
    for words in ({}, {"scale": 3.0, "similarity": "dot"}, {"ids": np.append(IDS, (8, 5, 9, 1))}):
        yield arrays, words, (0, 1, 2), (COUNT,)


@builder
def nt_xent_loss(rng):
    for words in ({}, {"temperature": 0.1}):
        yield (rows(rng, 4), rows(rng, 4)), words, (0, 1), (8,)


@builder
def supcon_loss(rng):
    for words in ({}, {"temperature": 0.5}):
        yield (rows(rng), CLASSES_OF), words, (0,), (COUNT,)


@builder
def cross_entropy_with_factors(rng):
    hidden, classes = rows(rng), rows(rng, CLASSES)
    weight, bias = rng.uniform(0.5, 2.0, CLASSES), rng.normal(size=CLASSES)
    for words in (
        {},
        {"bias": bias, "weight": weight},
        {"ignore_index": 1, "label_smoothing": 0.3},
        {"bias": bias, "weight": weight, "ignore_index": 0, "label_smoothing": 0.2},
    ):
        yield (hidden, classes, CLASSES_OF), words, (0, 1), (COUNT,)


def angular(rng):
    for words in ({}, {"scale": 4.0}, {"margin": 1.3, "scale": 4.0}):
        yield (rows(rng), rows(rng, CLASSES), CLASSES_OF), words, (0, 1), (COUNT,)


@builder
def arcface_loss(rng):
    yield from angular(rng)
    yield (rows(rng), rows(rng, CLASSES), CLASSES_OF), {"margin": 2.0, "scale": 4.0, "literal": True}, (0, 1), (COUNT,)


@builder
def cosface_loss(rng):
    yield from angular(rng)


@builder
def sphereface_loss(rng):
    yield from angular(rng)


@builder
def ge2e_loss(rng):
    for words in ({}, {"variant": "contrast"}, {"w": 3.0, "b": 0.5, "variant": "contrast", "normalise": False}):
        yield (rows(rng), CLASSES_OF), words, (0,), (COUNT,)
    yield (rng.normal(size=(3, 2, DEPTH)),), {}, (0,), (6,)
    yield (rng.normal(size=(3, 2, DEPTH)),), {"normalise": False}, (0,), (6,)


@builder
def batch_all_triplet_loss(rng):
    for words in ({}, {"margin": 0.0}, {"squared": True}, {"soft": True}, {"average": "all"}):
        yield (rows(rng), CLASSES_OF), words, (0,), (COUNT,)


@builder
def batch_hard_triplet_loss(rng):
    for words in ({}, {"margin": 2.0}, {"squared": True}, {"soft": True}):
        yield (rows(rng), CLASSES_OF), words, (0,), (COUNT,)


@builder
def batch_semihard_triplet_loss(rng):
    for words in ({}, {"margin": 2.0}, {"squared": True}):
        yield (rows(rng), CLASSES_OF), words, (0,), (COUNT,)


@builder
def batch_contrastive_loss(rng):
    for words in ({}, {"margin": 2.0, "half": True}):
        yield (rows(rng), CLASSES_OF), words, (0,), (COUNT,)
