"""Losses of embeddings against dense definitions in PyTorch float64: values, and gradients by autograd."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

import fastloss

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(17)
N, D, C, K = 40, 7, 9, 11
NOTHING: Mapping[str, Any] = MappingProxyType({})


def similarities(x, y, similarity="cos"):
    return F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).T if similarity == "cos" else x @ y.T


def codes(labels):
    return torch.tensor(np.unique(labels, return_inverse=True)[1])


def alike(labels):
    """Whether labels are equal, and whether they are another row's."""
    numbers = codes(labels)
    equal = numbers[:, None] == numbers
    return equal, equal & ~torch.eye(len(numbers), dtype=torch.bool)


def softplus(x):
    """Without the threshold of `F.softplus`."""
    return torch.logaddexp(x, torch.zeros_like(x))


def with_ones(losses):
    return losses, torch.ones_like(losses)


def in_batch(logits, ids):
    if ids is not None:
        numbers = codes(ids)
        banned = numbers[: len(logits), None] == numbers
        banned.fill_diagonal_(False)
        logits = logits.masked_fill(banned, -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(logits)), reduction="none")


def mean_over(positives, logits, normalizers):
    """The mean over a row's positives of the normalizer less the logit."""
    counts = positives.sum(1)
    own = torch.where(positives, logits, 0.0).sum(1) / counts.clamp(min=1)
    present = counts > 0
    return torch.where(present, normalizers - own, 0.0), present.double()


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
    keys = key if negatives is None else torch.cat([key, negatives])
    logits = similarities(query, keys, similarity) / temperature
    if positives is not None:
        offsets, numbers = positives
        own = torch.zeros(logits.shape, dtype=torch.bool)
        own[np.repeat(np.arange(len(query)), np.diff(offsets)), numbers] = True
        return mean_over(own, logits, logits.logsumexp(1))
    losses = in_batch(logits, ids)
    return with_ones((losses + in_batch(logits.T, ids)) / 2 if symmetric else losses)


def multiple_negatives_ranking_loss(anchors, positives, *, negatives=None, scale=20.0, similarity="cos", ids=None):
    columns = positives if negatives is None else torch.cat([positives, negatives.reshape(-1, negatives.shape[-1])])
    return with_ones(in_batch(scale * similarities(anchors, columns, similarity), ids))


def among_others(embeddings, temperature, positives):
    logits = similarities(embeddings, embeddings) / temperature
    others = logits.masked_fill(torch.eye(len(logits), dtype=torch.bool), -torch.inf)
    return mean_over(positives, logits, others.logsumexp(1))


def nt_xent_loss(z1, z2, *, temperature=0.5):
    pairs = torch.eye(2 * len(z1), dtype=torch.bool).roll(len(z1), 0)
    return among_others(torch.cat([z1, z2]), temperature, pairs)


def supcon_loss(embeddings, labels, *, temperature=0.1):
    return among_others(embeddings, temperature, alike(labels)[1])


def cross_entropy_with_factors(hidden, class_weights, target, *, bias=None, weight=None, ignore_index=-100, **words):
    logits, target = F.linear(hidden, class_weights, bias), torch.tensor(target)
    if weight is not None:
        weight = torch.tensor(weight)
    losses = F.cross_entropy(logits, target, weight, ignore_index=ignore_index, reduction="none", **words)
    kept = target != ignore_index
    shares = torch.ones(len(class_weights), dtype=torch.float64) if weight is None else weight
    return losses, torch.where(kept, shares[torch.where(kept, target, 0)], 0.0)


def with_margin(embeddings, weights, labels, scale, target):
    cosines, labels = similarities(embeddings, weights), torch.tensor(labels)
    own = F.one_hot(labels, len(weights)).bool()
    return with_ones(F.cross_entropy(scale * torch.where(own, target(cosines), cosines), labels, reduction="none"))


def arcface_loss(embeddings, weights, labels, *, margin=0.5, scale=64.0, literal=False):
    def target(cosines):
        theta = cosines.acos()
        inside = (theta + margin <= np.pi) | literal
        return torch.where(inside, (theta + margin).cos(), cosines - margin * np.sin(margin))

    return with_margin(embeddings, weights, labels, scale, target)


def cosface_loss(embeddings, weights, labels, *, margin=0.35, scale=64.0):
    return with_margin(embeddings, weights, labels, scale, lambda cosines: cosines - margin)


def sphereface_loss(embeddings, weights, labels, *, margin=4.0, scale=1.0):
    def target(cosines):
        theta = cosines.acos()
        k = (margin * theta / np.pi).floor().detach()
        return (1 - 2 * (k % 2)) * (margin * theta).cos() - 2 * k

    return with_margin(embeddings, weights, labels, scale, target)


def ge2e_loss(embeddings, labels=None, *, w=10.0, b=-5.0, variant="softmax", normalise=True):
    if labels is None:
        labels = np.repeat(np.arange(embeddings.shape[0]), embeddings.shape[1])
        embeddings = embeddings.reshape(len(labels), -1)
    if normalise:
        embeddings = F.normalize(embeddings, eps=0.0)
    speakers = codes(labels)
    member = F.one_hot(speakers)
    sums, counts = member.double().T @ embeddings, member.sum(0)
    present = counts[speakers] > 1
    without = (sums[speakers] - embeddings) / (counts[speakers] - 1).clamp(min=1)[:, None]
    # a lone utterance has no others: its own direction keeps autograd away from 0/0
    without = torch.where(present[:, None], without, embeddings)
    own = F.cosine_similarity(embeddings, without, eps=0)[:, None]
    member = member.bool()
    scores = w * torch.where(member, own, similarities(embeddings, sums / counts[:, None])) + b
    if variant == "softmax":
        losses = F.cross_entropy(scores, speakers, reduction="none")
    else:
        rivals = torch.where(member, 0.0, scores.sigmoid())
        losses = 1 - torch.where(member, scores.sigmoid(), 0.0).sum(1) + rivals.amax(1)
    return torch.where(present, losses, 0.0), present.double()


def distances(embeddings, squared=False):
    squares = ((embeddings[:, None] - embeddings) ** 2).sum(2)
    if squared:
        return squares
    apart = ~torch.eye(len(squares), dtype=torch.bool)
    return torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)


def batch_all_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False, average="active"):
    d, (equal, positive) = distances(embeddings, squared), alike(labels)
    leads = d[:, :, None] - d[:, None, :]
    triplets = positive[:, :, None] & ~equal[:, None, :]
    losses = torch.where(triplets, softplus(leads) if soft else (leads + margin).relu(), 0.0)
    return losses.sum((1, 2)), ((losses > 0) if average == "active" else triplets).sum((1, 2)).double()


def batch_hard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False, soft=False):
    d, (equal, positive) = distances(embeddings, squared), alike(labels)
    present = positive.any(1) & ~equal.all(1)
    farthest = d.masked_fill(~positive, -torch.inf).amax(1)
    leads = torch.where(present, farthest - d.masked_fill(equal, torch.inf).amin(1), 0.0)
    losses = softplus(leads) if soft else (leads + margin).relu()
    return torch.where(present, losses, 0.0), present.double()


def batch_semihard_triplet_loss(embeddings, labels, *, margin=0.2, squared=False):
    d, (equal, positive) = distances(embeddings, squared), alike(labels)
    farther = ~equal[:, None, :] & (d[:, None, :] > d[:, :, None])
    nearest = torch.where(farther, d[:, None, :], torch.inf).amin(2)
    farthest = d.masked_fill(equal, -torch.inf).amax(1)[:, None]
    negatives = torch.where(farther.any(2), nearest, farthest)
    counted = positive & ~equal.all(1)[:, None]
    losses = torch.where(counted, (d - torch.where(counted, negatives, 0.0) + margin).relu(), 0.0)
    return losses.sum(1), counted.sum(1).double()


def batch_contrastive_loss(embeddings, labels, *, margin=1.0, half=False, sample_weight=None):
    d, (equal, _) = distances(embeddings), alike(labels)
    losses = torch.where(equal, d**2, (margin - d).relu() ** 2) / (2 if half else 1)
    weights = torch.ones(len(d), dtype=torch.float64) if sample_weight is None else sample_weight
    shares = weights[:, None] * weights / 2 * ~torch.eye(len(d), dtype=torch.bool)
    return (shares * losses).sum(1), shares.sum(1)


class Case(NamedTuple):
    """A call: differentiable arrays, other arrays, settings, and by name differentiable arrays and numbers."""

    definition: Callable[..., Any]
    arrays: tuple[Any, ...]
    fixed: tuple[Any, ...] = ()
    words: Mapping[str, Any] = NOTHING
    optional: Mapping[str, Any] = NOTHING
    scalars: Mapping[str, float] = NOTHING

    @property
    def name(self):
        return self.definition.__name__

    def __str__(self):
        return f"{self.name}({','.join([*self.words, *self.optional])})"


def normal(*shape):
    return RNG.normal(size=shape)


def drawn(classes, size=N):
    """Labels; the last row is alone of its class."""
    return np.append(RNG.integers(0, classes, size - 1), classes)


X, Y, NEGATIVES, DEEP_NEGATIVES = normal(N, D), normal(N, D), normal(K, D), normal(N, 2, D)
LABELS, TARGETS, CLASSES = drawn(6), drawn(C - 1), normal(C, D)
WORDS = np.array(list("cdefgha"))[LABELS]
IGNORED = np.where(RNG.random(N) < 0.2, -100, TARGETS)
SHARES = RNG.uniform(0.3, 2.0, C)
COUNTS = RNG.integers(0, 4, N)
OFFSETS = np.concatenate([[0], np.cumsum(COUNTS)])
NUMBERS = np.concatenate([RNG.choice(N + 5, count, replace=False) for count in COUNTS])
LISTED = {"positives": (OFFSETS, NUMBERS)}
MORE_KEYS = normal(N + 5, D)
NEAR, WARM = {"temperature": 0.3}, {"temperature": 2.0}
DOT = {"similarity": "dot"}
# Angles near pi: theta + margin > pi
OPPOSITE = np.where(np.arange(N)[:, None] % 3 == 0, -CLASSES[TARGETS] + 0.1 * X, X)


def ids_with(count):
    """Ids of N keys, every third being another's, and of further negatives."""
    ids = np.where(np.arange(N) % 3 == 0, RNG.integers(0, N, N), np.arange(N))
    return np.concatenate([ids, RNG.integers(0, 2 * N, count)])


CASES = [
    Case(info_nce_loss, (X, Y), scalars=NEAR),
    Case(info_nce_loss, (X, Y), words=DOT, scalars=WARM),
    Case(info_nce_loss, (X, Y), words={"ids": ids_with(0)}, scalars=NEAR),
    Case(info_nce_loss, (X, Y), words={"ids": ids_with(0).astype(str), "symmetric": True}, scalars=NEAR),
    Case(info_nce_loss, (X, Y), words={**DOT, "symmetric": True}, scalars=WARM),
    Case(info_nce_loss, (X, Y), optional={"negatives": NEGATIVES}, scalars=NEAR),
    Case(info_nce_loss, (X, Y), words={**DOT, "ids": ids_with(K)}, optional={"negatives": NEGATIVES}, scalars=WARM),
    Case(info_nce_loss, (X, MORE_KEYS), words=LISTED, scalars=NEAR),
    Case(info_nce_loss, (X, MORE_KEYS), words={**DOT, **LISTED}, optional={"negatives": NEGATIVES}, scalars=WARM),
    Case(nt_xent_loss, (X, Y), scalars=NEAR),
    Case(supcon_loss, (X,), (LABELS,), scalars=NEAR),
    Case(supcon_loss, (X,), (WORDS,), scalars=NEAR),
    Case(multiple_negatives_ranking_loss, (X, Y), scalars={"scale": 3.0}),
    Case(multiple_negatives_ranking_loss, (X, Y), words={**DOT, "ids": ids_with(0)}, scalars={"scale": 0.5}),
    Case(
        multiple_negatives_ranking_loss,
        (X, Y),
        words={"ids": ids_with(K)},
        optional={"negatives": NEGATIVES},
        scalars={"scale": 3.0},
    ),
    Case(multiple_negatives_ranking_loss, (X, Y), optional={"negatives": DEEP_NEGATIVES}, scalars={"scale": 3.0}),
    Case(cross_entropy_with_factors, (X, CLASSES), (TARGETS,)),
    Case(cross_entropy_with_factors, (X, CLASSES), (IGNORED,), {"weight": SHARES}, {"bias": normal(C)}),
    Case(cross_entropy_with_factors, (X, CLASSES), (TARGETS,), {"ignore_index": 2, "label_smoothing": 0.2}),
    Case(
        cross_entropy_with_factors,
        (X, CLASSES),
        (IGNORED,),
        {"weight": SHARES, "label_smoothing": 0.3},
        {"bias": normal(C)},
    ),
    Case(arcface_loss, (OPPOSITE, CLASSES), (TARGETS,), scalars={"scale": 5.0}),
    Case(arcface_loss, (OPPOSITE, CLASSES), (TARGETS,), {"margin": 1.2}, scalars={"scale": 2.0}),
    Case(arcface_loss, (OPPOSITE, CLASSES), (TARGETS,), {"margin": 1.2, "literal": True}, scalars={"scale": 2.0}),
    Case(cosface_loss, (X, CLASSES), (TARGETS,), scalars={"scale": 5.0}),
    Case(cosface_loss, (X, CLASSES), (TARGETS,), {"margin": 0.1}, scalars={"scale": 2.0}),
    Case(sphereface_loss, (X, CLASSES), (TARGETS,), scalars={"scale": 1.0}),
    Case(sphereface_loss, (X, CLASSES), (TARGETS,), {"margin": 2.0}, scalars={"scale": 3.0}),
    *(
        Case(ge2e_loss, arrays, fixed, words, scalars={"w": 4.0, "b": -0.5})
        for words in (
            {"variant": "softmax"},
            {"variant": "contrast"},
            {"variant": "softmax", "normalise": False},
            {"variant": "contrast", "normalise": False},
        )
        for arrays, fixed in [((normal(8, 5, D),), ()), ((X,), (LABELS,)), ((X,), (WORDS,))]
    ),
    *(
        Case(batch_all_triplet_loss, (X,), (LABELS,), words)
        for words in [
            {},
            {"average": "all", "margin": 0.8},
            {"squared": True, "margin": 2.0},
            {"soft": True},
            {"soft": True, "squared": True, "average": "all"},
        ]
    ),
    *(
        Case(batch_hard_triplet_loss, (X,), (LABELS,), words)
        for words in [{}, {"squared": True, "margin": 2.0}, {"soft": True}, {"soft": True, "squared": True}]
    ),
    *(
        Case(batch_semihard_triplet_loss, (X,), (LABELS,), words)
        for words in [{}, {"margin": 1.5}, {"squared": True, "margin": 3.0}]
    ),
    *(
        Case(batch_contrastive_loss, (X,), (LABELS,), words)
        for words in [{"margin": 4.0}, {"margin": 3.0, "half": True}]
    ),
    *(
        Case(definition, (X,), (WORDS,))
        for definition in (batch_all_triplet_loss, batch_hard_triplet_loss, batch_semihard_triplet_loss)
    ),
    Case(batch_contrastive_loss, (X,), (WORDS,)),
]
DEFAULTS = list({case.name: case for case in reversed(CASES) if not case.optional}.values())


def weights_for(case):
    array = case.arrays[0]
    rows = array.shape[0] * (2 if case.definition is nt_xent_loss else 1)
    return np.random.default_rng(7).uniform(0.1, 2.0, rows if array.ndim == 2 else rows * array.shape[1])


def expected_terms(case, weights, tensors, optional, scalars):
    """Weighted losses and denominators."""
    words = case.words | optional | scalars
    if weights is not None:
        weights = torch.tensor(weights)
    if case.definition is batch_contrastive_loss:
        return case.definition(*tensors, *case.fixed, **words, sample_weight=weights)
    losses, denominators = case.definition(*tensors, *case.fixed, **words)
    return (losses, denominators) if weights is None else (weights * losses, weights * denominators)


def leaves(arrays):
    return [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays]


def expected(case, reduction, weights):
    """The value, and the gradients in the order of the public function."""
    tensors, optional, scalars = (
        leaves(numbers) for numbers in (case.arrays, case.optional.values(), case.scalars.values())
    )
    losses, denominators = expected_terms(
        case,
        weights,
        tensors,
        dict(zip(case.optional, optional, strict=True)),
        dict(zip(case.scalars, scalars, strict=True)),
    )
    value = {"mean": losses.sum() / denominators.sum(), "sum": losses.sum(), "none": losses}[reduction]
    value.sum().backward()
    return value.detach().numpy(), [leaf.grad.numpy() for leaf in (*tensors, *optional, *scalars)]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_value_and_gradient(case, weighted, reduction):
    weights = weights_for(case) if weighted else None
    words = case.words | case.optional | case.scalars | {"reduction": reduction, "sample_weight": weights}
    value, gradients = getattr(fastloss, case.name).value_and_grad(*case.arrays, *case.fixed, **words)
    expected_value, expected_gradients = expected(case, reduction, weights)
    np.testing.assert_allclose(value, expected_value, rtol=1e-12, atol=1e-13)
    if len(expected_gradients) == 1:
        assert isinstance(gradients, np.ndarray)
        gradients = (gradients,)
    else:
        names = [*case.optional, *case.scalars]
        assert list(gradients._fields[len(case.arrays) :]) == names
    for actual, slopes in zip(gradients, expected_gradients, strict=True):
        assert np.shape(actual) == slopes.shape
        np.testing.assert_allclose(actual, slopes, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("case", DEFAULTS, ids=lambda case: case.name)
def test_defaults(case):
    losses, denominators = case.definition(*map(torch.tensor, case.arrays), *case.fixed)
    actual = getattr(fastloss, case.name)(*case.arrays, *case.fixed)
    np.testing.assert_allclose(actual, (losses.sum() / denominators.sum()).item(), rtol=1e-12)


def test_the_cases_reach_every_edge():
    """Rows without positives, angles beyond pi - margin and semihard rows without a farther negative occur."""
    assert not COUNTS.all() and not alike(LABELS)[1][-1].any()
    theta = similarities(torch.tensor(OPPOSITE), torch.tensor(CLASSES))[range(N), TARGETS].acos()
    for margin in (0.5, 1.2):
        beyond = theta + margin > np.pi
        assert beyond.any() and not beyond.all()
    d, (equal, positive) = distances(torch.tensor(X)), alike(LABELS)
    farther = d.masked_fill(equal, -torch.inf).amax(1)[:, None] > d
    assert (positive & farther).any() and (positive & ~farther).any()


def test_the_comparison_can_fail():
    value, slopes = expected(CASES[0], "mean", None)
    other_value, other_slopes = expected(CASES[1], "mean", None)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(value, other_value, rtol=1e-12)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(slopes[0], other_slopes[0], rtol=1e-9)
