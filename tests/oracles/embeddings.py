"""Losses of a batch of embeddings: each row against the batch's other rows, its classes or its speakers."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import Terms, at_least_zero, exact, exp, largest, number, oracle, softplus, times, total
from tests.oracles.classification import cross_entropy, log_softmax


def _dot(x, y):
    return total([times(a, b) for a, b in zip(x, y, strict=True)])


def _directions(rows):
    """x/|x| of each row, 0 for 0; an infinite row has none: NaN."""
    norms = [mp.sqrt(total(x * x)) for x in rows]
    return [x if norm == 0 else x / norm for x, norm in zip(rows, norms, strict=True)]


def _similarities(rows, columns, similarity):
    """cos or x.y of each row with each column."""
    if similarity not in ("cos", "dot"):
        raise ValueError(f"similarity is {similarity!r}")
    if similarity == "cos":
        rows, columns = _directions(rows), _directions(columns)
    return [[_dot(x, y) for y in columns] for x in rows]


def _terms(pairs):
    """Terms of a list of (loss, denominator)."""
    losses, denominators = (np.array([mpf(0)] * len(pairs), dtype=object) for _ in range(2))
    for i, (loss, denominator) in enumerate(pairs):
        losses[i], denominators[i] = loss, mpf(denominator)
    return Terms(losses, denominators)


def _mean_nll(logits, allowed, positives):
    """The mean over the positives of -log p, the softmax being that of the allowed logits."""
    logs = dict(zip(allowed, log_softmax(logits[j] for j in allowed), strict=True))
    return -total([logs[p] for p in positives]) / len(positives)


def _in_batch(logits, ids):
    """Row i against column i and the columns of other ids."""
    losses = []
    for i, row in enumerate(logits):
        allowed = [j for j in range(len(row)) if j == i or ids is None or ids[j] != ids[i]]
        losses.append(_mean_nll(row, allowed, [i]))
    return losses


@oracle
def info_nce_loss(
    query,
    key,
    *,
    temperature=0.07,
    similarity="cos",
    negatives=None,
    ids=None,
    positives=None,
    symmetric=False,
):
    query, keys = exact(query), list(exact(key))
    if symmetric and (negatives is not None or positives is not None):
        raise ValueError("symmetric, and negatives or positives")
    if positives is not None and ids is not None:
        raise ValueError("positives and ids")
    if positives is None and len(query) != len(keys):
        raise ValueError("the numbers of rows differ")
    keys += [] if negatives is None else list(exact(negatives))
    if ids is not None and len(ids) != len(keys):
        raise ValueError("an id for each key")
    logits = [[s / number(temperature) for s in row] for row in _similarities(query, keys, similarity)]
    if positives is not None:
        offsets, numbers = positives
        pairs = []
        for i, row in enumerate(logits):
            own = [int(n) for n in numbers[int(offsets[i]) : int(offsets[i + 1])]]
            pairs.append((_mean_nll(row, range(len(row)), own), 1) if own else (mpf(0), 0))
        return _terms(pairs)
    losses = _in_batch(logits, ids)
    if symmetric:
        columns = _in_batch(list(zip(*logits, strict=True)), ids)
        losses = [(a + b) / 2 for a, b in zip(losses, columns, strict=True)]
    return _terms([(loss, 1) for loss in losses])


@oracle
def multiple_negatives_ranking_loss(anchors, positives, negatives=None, *, scale=20.0, similarity="cos", ids=None):
    columns = list(exact(positives))
    if len(columns) != len(exact(anchors)):
        raise ValueError("the numbers of rows differ")
    if negatives is not None:
        negatives = exact(negatives)
        columns += list(negatives.reshape(-1, negatives.shape[-1]))
    if ids is not None and len(ids) != len(columns):
        raise ValueError("an id for each positive and negative")
    logits = [[number(scale) * s for s in row] for row in _similarities(exact(anchors), columns, similarity)]
    return _terms([(loss, 1) for loss in _in_batch(logits, ids)])


def _among_others(embeddings, temperature, positives_of):
    """Each row's softmax over the other rows; no positives, no loss."""
    logits = [[s / number(temperature) for s in row] for row in _similarities(embeddings, embeddings, "cos")]
    pairs = []
    for i, row in enumerate(logits):
        others, positives = [j for j in range(len(row)) if j != i], positives_of(i)
        pairs.append((_mean_nll(row, others, positives), 1) if positives else (mpf(0), 0))
    return _terms(pairs)


@oracle
def nt_xent_loss(z1, z2, *, temperature=0.5):
    first, second = list(exact(z1)), list(exact(z2))
    if len(first) != len(second):
        raise ValueError("the numbers of rows differ")
    size = len(first)
    return _among_others(first + second, temperature, lambda i: [(i + size) % (2 * size)])


@oracle
def supcon_loss(embeddings, labels, *, temperature=0.1):
    return _among_others(exact(embeddings), temperature, lambda i: _positives(labels, i))


@oracle
def cross_entropy_with_factors(
    hidden,
    class_weights,
    target,
    *,
    bias=None,
    weight=None,
    ignore_index=-100,
    label_smoothing=0.0,
):
    hidden, factors = exact(hidden), exact(class_weights)
    bias = exact(np.zeros(len(factors), int) if bias is None else bias)
    logits = np.empty((len(hidden), len(factors)), dtype=object)
    for i, c in np.ndindex(logits.shape):
        logits[i, c] = _dot(hidden[i], factors[c]) + bias[c]
    return cross_entropy(
        logits,
        target,
        weight=weight,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
    )


def _with_margin(embeddings, weights, labels, scale, target):
    """The softmax of scale * cos, the label's cos being replaced by `target(cos)`."""
    losses = []
    for row, label in zip(_similarities(exact(embeddings), exact(weights), "cos"), labels, strict=True):
        y = int(label)
        if not 0 <= y < len(row):
            raise ValueError(f"no class {y}")
        logits = [number(scale) * (target(c) if j == y else c) for j, c in enumerate(row)]
        losses.append((-log_softmax(logits)[y], 1))
    return _terms(losses)


def _angle(cos):
    """acos, 60 digits of a cos just outside [-1, 1] included."""
    if abs(cos) > 1:
        cos = mpf(1) if cos > 0 else mpf(-1)
    return mp.acos(cos)


@oracle
def arcface_loss(embeddings, weights, labels, *, margin=0.5, scale=64.0, literal=False):
    m = number(margin)

    def target(cos):
        theta = _angle(cos)
        return mp.cos(theta + m) if literal or theta + m <= mp.pi else cos - m * mp.sin(m)

    return _with_margin(embeddings, weights, labels, scale, target)


@oracle
def cosface_loss(embeddings, weights, labels, *, margin=0.35, scale=64.0):
    return _with_margin(embeddings, weights, labels, scale, lambda cos: cos - number(margin))


@oracle
def sphereface_loss(embeddings, weights, labels, *, margin=4.0, scale=1.0):
    m = number(margin)

    def target(cos):
        if mp.isnan(cos):
            return mp.nan
        theta = _angle(cos)
        k = int(mp.floor(m * theta / mp.pi))
        return (-1) ** k * mp.cos(m * theta) - 2 * k

    return _with_margin(embeddings, weights, labels, scale, target)


@oracle
def ge2e_loss(embeddings, labels=None, *, w=10.0, b=-5.0, variant="softmax", normalise=True):
    if variant not in ("softmax", "contrast"):
        raise ValueError(f"variant is {variant!r}")
    embeddings = exact(embeddings)
    if labels is None:
        speakers, utterances, _ = embeddings.shape
        labels = [speaker for speaker in range(speakers) for _ in range(utterances)]
        embeddings = embeddings.reshape(speakers * utterances, -1)
    if normalise:
        embeddings = _directions(embeddings)
    speakers = list(dict.fromkeys(labels))
    pairs = []
    for i, e in enumerate(embeddings):
        if not _positives(labels, i):
            pairs.append((mpf(0), 0))
            continue
        centroids = []
        for speaker in speakers:
            members = [x for j, x in enumerate(embeddings) if labels[j] == speaker and j != i]
            centroids.append(sum(members[1:], members[0]) / len(members))
        scores = [number(w) * s + number(b) for s in _similarities([e], centroids, "cos")[0]]
        own = speakers.index(labels[i])
        if variant == "softmax":
            loss = -log_softmax(scores)[own]
        else:
            rivals = [_sigmoid(s) for k, s in enumerate(scores) if k != own]
            loss = _sigmoid(-scores[own]) + largest([mpf(0), *rivals])
        pairs.append((loss, 1))
    return _terms(pairs)


def _sigmoid(x):
    return 1 / (1 + exp(-x))


def _positives(labels, i):
    return [j for j in range(len(labels)) if j != i and labels[j] == labels[i]]


def _negatives(labels, i):
    return [j for j in range(len(labels)) if labels[j] != labels[i]]


def _nearest(distances):
    return -largest(-d for d in distances)


def _mined(embeddings, labels, squared, loss):
    """`loss(d_ap of each positive, d_an of each negative)` gives each anchor's loss and denominator."""
    embeddings = exact(embeddings)

    def distance(i, j):
        square = total((embeddings[i] - embeddings[j]) ** 2)
        return square if squared else mp.sqrt(square)

    pairs = []
    for a in range(len(embeddings)):
        positives = [distance(a, p) for p in _positives(labels, a)]
        negatives = [distance(a, n) for n in _negatives(labels, a)]
        pairs.append(loss(positives, negatives) if positives and negatives else (mpf(0), 0))
    return _terms(pairs)


@oracle
def batch_all_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False, average="active"):
    if average not in ("active", "all"):
        raise ValueError(f"average is {average!r}")

    def loss(positives, negatives):
        leads = [p - n for p in positives for n in negatives]
        losses = [softplus(x) if soft else at_least_zero(x + number(margin)) for x in leads]
        counted = sum(x > 0 for x in losses) if average == "active" and not soft else len(losses)
        return total(losses), counted

    return _mined(embeddings, labels, squared, loss)


@oracle
def batch_hard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False):
    def loss(positives, negatives):
        lead = largest(positives) - _nearest(negatives)
        return softplus(lead) if soft else at_least_zero(lead + number(margin)), 1

    return _mined(embeddings, labels, squared, loss)


@oracle
def batch_semihard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False):
    # TensorFlow Addons' triplet_semihard_loss.
    def loss(positives, negatives):
        losses = []
        for p in positives:
            farther = [n for n in negatives if not n <= p]  # NaN stays
            n = _nearest(farther) if farther else largest(negatives)
            losses.append(at_least_zero(p - n + number(margin)))
        return total(losses), len(positives)

    return _mined(embeddings, labels, squared, loss)


@oracle
def batch_contrastive_loss(embeddings, labels, *, margin=1.0, half=False, sample_weight=None):
    """A row's loss is half of each of its pairs, weights w_i w_j included."""
    embeddings, size = exact(embeddings), len(labels)
    weights = exact(np.ones(size, int) if sample_weight is None else sample_weight)
    losses, denominators = (np.array([mpf(0)] * size, dtype=object) for _ in range(2))
    for i in range(size):
        for j in range(size):
            if i == j:
                continue
            square = total((embeddings[i] - embeddings[j]) ** 2)
            made = square if labels[i] == labels[j] else at_least_zero(number(margin) - mp.sqrt(square)) ** 2
            share = weights[i] * weights[j] / 2
            losses[i] += times(share, made / (2 if half else 1))
            denominators[i] += share
    return Terms(losses, denominators)
