"""Losses of embeddings against PyTorch Metric Learning, and against definitions of Sentence-Transformers."""

import warnings

import numpy as np
import pytest

import fastloss

torch = pytest.importorskip("torch")
F = torch.nn.functional

# Few enough rows for the direct differences of `torch.cdist`
COUNT, DEPTH, CLASSES = 24, 6, 5
RNG = np.random.default_rng(23)
X, Y = RNG.normal(size=(2, COUNT, DEPTH))
DIRECTIONS = RNG.normal(size=(CLASSES, DEPTH))
LABELS = RNG.permutation(np.arange(COUNT) % CLASSES)
SINGLE = np.where(np.arange(COUNT) == 3, CLASSES, LABELS)  # one row is alone


@pytest.fixture(scope="module")
def library():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("pytorch_metric_learning")


@pytest.fixture(scope="module")
def losses(library):
    from pytorch_metric_learning import losses

    return losses


@pytest.fixture(scope="module")
def reducers(library):
    from pytorch_metric_learning import reducers

    return reducers


@pytest.fixture
def euclidean(library):
    from pytorch_metric_learning.distances import LpDistance

    return lambda power=1: LpDistance(normalize_embeddings=False, power=power)


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def assert_same(value, gradients, expected, leaves, rtol=1e-9):
    expected.backward()
    np.testing.assert_allclose(value, expected.item(), rtol=1e-11)
    for actual, tensor in zip(gradients, leaves, strict=True):
        slopes = tensor.grad.numpy()
        assert np.abs(slopes).max() > 0
        np.testing.assert_allclose(actual, slopes, rtol=rtol, atol=1e-12 * np.abs(slopes).max())


# PyTorch Metric Learning


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_nt_xent_of_two_views(losses, temperature):
    """The two views of an example are a class: each has one positive, and all others are negatives."""
    z1, z2 = leaf(X), leaf(Y)
    labels = torch.arange(COUNT).repeat(2)
    expected = losses.NTXentLoss(temperature=temperature)(torch.cat([z1, z2]), labels)
    value, slopes = fastloss.nt_xent_loss.value_and_grad(X, Y, temperature=temperature)
    assert_same(value, slopes[:2], expected, (z1, z2))


@pytest.mark.parametrize("similarity", ["cos", "dot"])
def test_nt_xent_of_queries_and_keys(losses, similarity):
    """With reference embeddings and a class for each pair it is InfoNCE; labels that are one object exclude a row."""
    from pytorch_metric_learning.distances import CosineSimilarity, DotProductSimilarity

    distance = CosineSimilarity() if similarity == "cos" else DotProductSimilarity(normalize_embeddings=False)
    query, key, labels = leaf(X), leaf(Y), torch.arange(COUNT)
    expected = losses.NTXentLoss(temperature=0.3, distance=distance)(
        query, labels, ref_emb=key, ref_labels=labels.clone()
    )
    value, slopes = fastloss.info_nce_loss.value_and_grad(X, Y, temperature=0.3, similarity=similarity)
    assert_same(value, slopes[:2], expected, (query, key))


def test_symmetric_info_nce(losses):
    query, key, labels = leaf(X), leaf(Y), torch.arange(COUNT)
    function = losses.NTXentLoss(temperature=0.2)
    there = function(query, labels, ref_emb=key, ref_labels=labels.clone())
    back = function(key, labels, ref_emb=query, ref_labels=labels.clone())
    value, slopes = fastloss.info_nce_loss.value_and_grad(X, Y, temperature=0.2, symmetric=True)
    assert_same(value, slopes[:2], (there + back) / 2, (query, key))


@pytest.mark.parametrize("labels", [LABELS, SINGLE], ids=["", "one alone"])
@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_supcon(losses, temperature, labels):
    """Its mean over losses above 0 is ours over anchors with a positive."""
    x = leaf(X)
    expected = losses.SupConLoss(temperature=temperature)(x, torch.tensor(labels))
    value, slopes = fastloss.supcon_loss.value_and_grad(X, labels, temperature=temperature)
    assert_same(value, slopes[:1], expected, (x,))


@pytest.mark.parametrize("labels", [LABELS, SINGLE], ids=["", "one alone"])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("average", ["active", "all"])
def test_all_triplets(losses, reducers, euclidean, average, squared, labels):
    """`AvgNonZeroReducer` is the mean over active triplets, `MeanReducer` that over all."""
    reducer = reducers.AvgNonZeroReducer() if average == "active" else reducers.MeanReducer()
    distance = euclidean(2 if squared else 1)
    x = leaf(X)
    function = losses.TripletMarginLoss(margin=0.7, triplets_per_anchor="all", distance=distance, reducer=reducer)
    value, gradient = fastloss.batch_all_triplet_loss.value_and_grad(
        X, labels, margin=0.7, squared=squared, average=average
    )
    assert_same(value, (gradient,), function(x, torch.tensor(labels)), (x,))


@pytest.mark.parametrize("squared", [False, True])
def test_soft_triplets(losses, euclidean, squared):
    """`smooth_loss` is the softplus, with a margin that ours does not have."""
    x = leaf(X)
    distance = euclidean(2 if squared else 1)
    function = losses.TripletMarginLoss(margin=0.0, smooth_loss=True, distance=distance)
    value, gradient = fastloss.batch_all_triplet_loss.value_and_grad(X, LABELS, soft=True, squared=squared)
    # PyTorch's softplus is the identity above 20
    assert_same(value, (gradient,), function(x, torch.tensor(LABELS)), (x,), rtol=1e-6)


def test_hardest_triplets(losses, euclidean):
    """`BatchHardMiner` chooses ours; `MeanReducer` is the mean over anchors that have a triplet."""
    from pytorch_metric_learning.miners import BatchHardMiner
    from pytorch_metric_learning.reducers import MeanReducer

    x, labels = leaf(X), torch.tensor(SINGLE)
    triplets = BatchHardMiner(distance=euclidean())(x, labels)
    function = losses.TripletMarginLoss(margin=0.5, distance=euclidean(), reducer=MeanReducer())
    value, gradient = fastloss.batch_hard_triplet_loss.value_and_grad(X, SINGLE, margin=0.5)
    assert_same(value, (gradient,), function(x, labels, triplets), (x,))


def test_contrastive_without_squares(losses, reducers, euclidean):
    """Its terms are ours for ``squared=False``, and its sum has every pair twice."""
    x = leaf(X)
    function = losses.ContrastiveLoss(
        pos_margin=0.0, neg_margin=4.0, distance=euclidean(), reducer=reducers.SumReducer()
    )
    value, gradient = fastloss.batch_contrastive_loss.value_and_grad(
        X, SINGLE, margin=4.0, squared=False, reduction="sum"
    )
    assert_same(2 * value, (2 * gradient,), function(x, torch.tensor(SINGLE)), (x,))


def with_directions(function):
    """Its classes' vectors are columns."""
    function.W.data = torch.tensor(DIRECTIONS.T.copy())
    return function


@pytest.mark.parametrize("degrees", [28.6, 70.0])
def test_arcface(losses, degrees):
    """Its margin is in degrees."""
    # angles on both sides of pi - margin
    given = np.where(np.arange(COUNT)[:, None] % 3 == 0, 0.2 * X - DIRECTIONS[LABELS], X)
    x = leaf(given)
    function = with_directions(losses.ArcFaceLoss(CLASSES, DEPTH, margin=degrees, scale=6.0))
    value, slopes = fastloss.arcface_loss.value_and_grad(
        given, DIRECTIONS, LABELS, margin=np.radians(degrees), scale=6.0
    )
    assert_same(value, (slopes.embeddings,), function(x, torch.tensor(LABELS)), (x,))
    np.testing.assert_allclose(slopes.weights, function.W.grad.numpy().T, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(("margin", "scale"), [(0.35, 64.0), (0.1, 5.0)])
def test_cosface(losses, margin, scale):
    x = leaf(X)
    function = with_directions(losses.CosFaceLoss(CLASSES, DEPTH, margin=margin, scale=scale))
    value, slopes = fastloss.cosface_loss.value_and_grad(X, DIRECTIONS, LABELS, margin=margin, scale=scale)
    assert_same(value, (slopes.embeddings,), function(x, torch.tensor(LABELS)), (x,))
    np.testing.assert_allclose(slopes.weights, function.W.grad.numpy().T, rtol=1e-9, atol=1e-13)


@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")  # SciPy's, of a number that is a tensor
@pytest.mark.parametrize("margin", [2, 4])
def test_sphereface(losses, margin):
    """It multiplies logits by the embedding's length: embeddings of one length have ours, and their angles' slopes."""
    x = leaf(X)
    function = with_directions(losses.SphereFaceLoss(CLASSES, DEPTH, margin=margin, scale=3.0))
    value, slopes = fastloss.sphereface_loss.value_and_grad(X, DIRECTIONS, LABELS, margin=float(margin), scale=3.0)
    assert_same(value, (slopes.embeddings,), function(F.normalize(x, eps=0.0), torch.tensor(LABELS)), (x,), rtol=1e-8)
    np.testing.assert_allclose(slopes.weights, function.W.grad.numpy().T, rtol=1e-8, atol=1e-13)


# Sentence-Transformers: definitions as published, in its order of operations


def st_distances(x, squared=False):
    dot = x @ x.T
    own = dot.diag()
    distances = own[None] - 2.0 * dot + own[:, None]
    distances = torch.where(distances < 0, 0.0, distances)
    if squared:
        return distances
    mask = distances.eq(0).double()
    return (1.0 - mask) * torch.sqrt(distances + mask * 1e-16)


def st_positive_mask(labels):
    return (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)


def st_multiple_negatives(anchors, candidates, scale, similarity):
    """The defaults: one direction, and a joint softmax."""
    candidates = torch.cat(candidates)
    if similarity == "cos":
        anchors, candidates = F.normalize(anchors, dim=1), F.normalize(candidates, dim=1)
    scores = scale * (anchors @ candidates.T)
    rows = torch.arange(len(scores))
    return -(scores[rows, rows] - scores.logsumexp(1)).mean()


def st_batch_all(x, labels, margin, squared):
    d = st_distances(x, squared)
    anchors, positives = st_positive_mask(labels).nonzero(as_tuple=True)
    losses = d[anchors, positives][:, None] - d[anchors] + margin
    losses = torch.where(labels[anchors][:, None] != labels[None], losses, 0.0).relu()
    return losses.sum() / ((losses > 1e-16).sum() + 1e-16)


def st_batch_hard(x, labels, margin, squared):
    """With no margin the soft form; every class has two rows or more, else its mean has rows without a triplet."""
    d = st_distances(x, squared)
    farthest = (st_positive_mask(labels) * d).amax(1)
    alike = (labels[:, None] == labels).double()
    nearest = (d + d.amax(1, keepdim=True) * alike).amin(1)
    gap = farthest - nearest
    return (torch.log1p(gap.exp()) if margin is None else (gap + margin).relu()).mean()


def st_batch_semihard(x, labels, margin, squared):
    d = st_distances(x, squared)
    alike = labels[:, None] == labels
    ordered = d.masked_fill(alike, torch.inf).sort(dim=1, stable=True).values
    places = torch.searchsorted(ordered.detach().contiguous(), d.detach().contiguous(), right=True)
    outside = ordered.gather(1, places.clamp(max=len(d) - 1))
    lowest = d.amin(1, keepdim=True)
    inside = ((d - lowest) * ~alike).amax(1, keepdim=True) + lowest
    chosen = torch.where(outside.isfinite(), outside, inside)
    positive = alike.double() - torch.eye(len(d), dtype=torch.float64)
    return ((d - chosen + margin) * positive).relu().sum() / positive.sum().clamp(min=1e-16)


@pytest.mark.parametrize("similarity", ["cos", "dot"])
@pytest.mark.parametrize("columns", [0, 1, 2])
def test_multiple_negatives_ranking(columns, similarity):
    scale = 20.0 if similarity == "cos" else 1.0
    negatives = RNG.normal(size=(columns, COUNT, DEPTH))
    anchors, positives, *more = (leaf(array) for array in (X, Y, *negatives))
    expected = st_multiple_negatives(anchors, (positives, *more), scale, similarity)
    given = (X, Y) if not columns else (X, Y, np.concatenate(list(negatives)))
    value, slopes = fastloss.multiple_negatives_ranking_loss.value_and_grad(*given, scale=scale, similarity=similarity)
    assert_same(value, slopes[:2], expected, (anchors, positives))
    if columns:
        by_negatives = np.concatenate([tensor.grad.numpy() for tensor in more])
        np.testing.assert_allclose(slopes.negatives, by_negatives, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize(
    ("name", "definition", "margins"),
    [
        ("batch_all_triplet_loss", st_batch_all, (5.0, 0.3)),
        ("batch_hard_triplet_loss", st_batch_hard, (5.0, 0.3, None)),
        ("batch_semihard_triplet_loss", st_batch_semihard, (5.0, 0.3)),
    ],
)
def test_triplets_of_sentence_transformers(name, definition, margins, squared):
    labels = torch.tensor(LABELS)
    for margin in margins:
        words = {"soft": True} if margin is None else {"margin": margin}
        x = leaf(X)
        value, gradient = getattr(fastloss, name).value_and_grad(X, LABELS, squared=squared, **words)
        assert_same(value, (gradient,), definition(x, labels, margin, squared), (x,))
