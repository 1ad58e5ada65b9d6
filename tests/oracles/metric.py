"""Losses of given tuples of vectors."""

from mpmath import mp, mpf

from tests.oracles import oracle, total


def _distance(x, y, p=2.0, eps=0.0):
    p = mpf(p)
    return total([abs(a - b + mpf(eps)) ** p for a, b in zip(x, y, strict=True)]) ** (1 / p)


@oracle
def triplet_margin_loss(anchor, positive, negative, *, margin=1.0, p=2.0, eps=1e-6, swap=False):
    losses = []
    for a, b, c in zip(anchor, positive, negative, strict=True):
        away = _distance(a, c, p, eps)
        if swap:
            away = min(away, _distance(b, c, p, eps))
        losses.append(max(mpf(0), _distance(a, b, p, eps) - away + mpf(margin)))
    return losses


@oracle
def contrastive_loss(x1, x2, target, *, margin=1.0, similar=1, half=False, squared=True):
    losses = []
    for a, b, t in zip(x1, x2, target, strict=True):
        d = _distance(a, b)
        loss = d if t == similar else max(mpf(0), mpf(margin) - d)
        losses.append((loss**2 if squared else loss) / (2 if half else 1))
    return losses


@oracle
def cosine_embedding_loss(input1, input2, target, *, margin=0.0):
    losses, small = [], mpf(1e-12)
    for a, b, t in zip(input1, input2, target, strict=True):
        dot = total([x * y for x, y in zip(a, b, strict=True)])
        cos = dot / mp.sqrt((total([x * x for x in a]) + small) * (total([y * y for y in b]) + small))
        losses.append(1 - cos if t == 1 else max(mpf(0), cos - mpf(margin)))
    return losses


@oracle
def center_loss(embeddings, labels, centers):
    return [
        total([(x - c) ** 2 for x, c in zip(e, centers[k], strict=True)]) / 2
        for e, k in zip(embeddings, labels, strict=True)
    ]
