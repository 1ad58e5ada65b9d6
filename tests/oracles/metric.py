"""Losses of given pairs and triplets of vectors; vectors lie along the last axis."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import at_least_zero, elementwise, exact, largest, number, oracle, total


def _distance(x, y, p, eps):
    """torch's pairwise_distance: ||x - y + eps||_p."""
    p, gaps = number(p), [abs(a - b + number(eps)) for a, b in zip(x, y, strict=True)]
    if p == mp.inf:
        return largest(gaps)
    if p == 2:
        return mp.sqrt(total([gap**2 for gap in gaps]))
    return total([gap**p for gap in gaps]) ** (1 / p)


def _by_vectors(loss, vectors, targets=()):
    vectors, targets = [exact(array) for array in vectors], [exact(array) for array in targets]
    losses = np.empty(vectors[0].shape[:-1], dtype=object)
    for i in np.ndindex(losses.shape):
        losses[i] = loss(*(array[i] for array in (*vectors, *targets)))
    return losses


@oracle
def triplet_margin_loss(anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False):
    def loss(a, pos, neg):
        away = [_distance(a, neg, p, eps)]
        if swap:
            away.append(_distance(pos, neg, p, eps))
        nearest = -largest(-d for d in away)
        return at_least_zero(_distance(a, pos, p, eps) - nearest + number(margin))

    return _by_vectors(loss, (anchor, positive, negative))


@oracle
def contrastive_loss(x1, x2, target, *, margin=1.0, similar=1, half=False, squared=True):
    def loss(a, b, t):
        if mp.isnan(t):
            return mp.nan
        d = _distance(a, b, 2, 0)
        made = d if t == number(similar) else at_least_zero(number(margin) - d)
        return (made**2 if squared else made) / (2 if half else 1)

    return _by_vectors(loss, (x1, x2), (target,))


@oracle
def two_term_contrastive_loss(anchor, positive, negative, *, margin=1.0, squared=False):
    def loss(a, pos, neg):
        terms = _distance(a, pos, 2, 0), at_least_zero(number(margin) - _distance(a, neg, 2, 0))
        return total([term**2 if squared else term for term in terms])

    return _by_vectors(loss, (anchor, positive, negative))


@oracle
def cosine_embedding_loss(input1, input2, target, *, margin=0.0):
    # torch: cos = x.y / sqrt((x.x + 1e-12)(y.y + 1e-12)); 1 - cos at 1, max(0, cos - margin) at -1,
    # 0 at any other target.
    def loss(a, b, t):
        squares = [total(x * x) + number(1e-12) for x in (a, b)]
        cos = total(a * b) / mp.sqrt(squares[0] * squares[1])
        if t == 1:
            return 1 - cos
        return at_least_zero(cos - number(margin)) if t == -1 else mpf(0) * t

    return _by_vectors(loss, (input1, input2), (target,))


@elementwise
def hinge_embedding_loss(x, t, *, margin=1.0):
    # torch: x at 1, max(0, margin - x) at -1, both at any other target.
    if mp.isnan(t):
        return mp.nan
    here = x if t != -1 else mpf(0)
    return here + at_least_zero(number(margin) - x) if t != 1 else here


@oracle
def center_loss(embeddings, labels, centers):
    embeddings, centers = exact(embeddings), exact(centers)
    losses = np.empty(len(embeddings), dtype=object)
    for i, label in enumerate(np.asarray(labels, dtype=object)):
        losses[i] = total((embeddings[i] - centers[int(label)]) ** 2) / 2
    return losses
