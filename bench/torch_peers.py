"""PyTorch, eager, compiled and in chunks, and PyTorch Metric Learning.

Where `torch.nn.functional` has the loss, that is the peer; else the array formula, or the dense definition of a loss of
embeddings that the parity tests compare with. Tensors are made before the clock starts.
"""

import functools
from collections.abc import Callable
from typing import Any

from bench.formulas import Arrays
from bench.peers import ARRAY_FORMULAS, MOST_PAIRS, Peer, array_formula, provider
from bench.workloads import Workload

# What torch.nn.functional calls the same thing with the same arguments in the same order
FUNCTIONAL = (
    *("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "poisson_nll_loss", "binary_cross_entropy"),
    *("binary_cross_entropy_with_logits", "soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss"),
    *("cross_entropy", "nll_loss", "multi_margin_loss", "triplet_margin_loss", "cosine_embedding_loss"),
    "gaussian_nll_loss",
)
DENSE = (
    *("info_nce_loss", "multiple_negatives_ranking_loss", "nt_xent_loss", "supcon_loss", "ge2e_loss"),
    *("cross_entropy_with_factors", "arcface_loss", "cosface_loss", "sphereface_loss"),
)
CHUNK = 128  # rows whose logits PyTorch's cross-entropy from factors stores
METRIC_LEARNING = ("batch_all_triplet_loss", "supcon_loss", "nt_xent_loss")
BY_DISTANCE = ("batch_hard_triplet_loss", "batch_contrastive_loss")


@functools.cache
def _arrays() -> Arrays:
    import torch

    return Arrays(
        *(torch.abs, torch.exp, torch.log, torch.log1p, torch.sqrt, torch.where),
        lambda x, number: x.clamp(min=number),
        lambda x, number: x.clamp(max=number),
        lambda x: x.amax(-1, keepdim=True),
        torch.arange,
    )


def definition(work: Workload) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """A function of tensors and the arrays that it takes."""
    import torch.nn.functional as F

    name = work.loss.name
    if name == "ge2e_loss" and work.dtype.itemsize == 4:
        return None  # the definition is in double precision
    if name in FUNCTIONAL:
        return getattr(F, name), work.arrays
    if name in DENSE:
        return _dense(name), work.arrays
    if name in BY_DISTANCE:
        return DISTANCES[name], work.arrays
    found = array_formula(work)
    if found is None:
        return None
    (function, arrays), xp = found, _arrays()
    return (lambda *tensors: function(xp, *tensors)), arrays


def _dense(name: str) -> Callable[..., Any]:
    from tests.parity import test_torch_embeddings as definitions

    def mean(*tensors: Any) -> Any:
        losses, denominators = getattr(definitions, name)(*tensors)
        return losses.sum() / denominators.sum()

    return mean


def _hardest(embeddings: Any, labels: Any) -> Any:
    """The farthest of the class and the nearest of the others, from one matrix of distances."""
    import torch

    d, equal = torch.cdist(embeddings, embeddings), labels[:, None] == labels
    farthest = torch.where(equal, d, -torch.inf).amax(1)
    nearest = torch.where(equal, torch.inf, d).amin(1)
    return (farthest - nearest + 0.2).relu().mean()


def _every_pair(embeddings: Any, labels: Any) -> Any:
    import torch

    d, equal = torch.cdist(embeddings, embeddings), labels[:, None] == labels
    losses = torch.where(equal, d**2, (1.0 - d).relu() ** 2).fill_diagonal_(0.0)
    return losses.sum() / (len(d) * (len(d) - 1))


DISTANCES = {"batch_hard_triplet_loss": _hardest, "batch_contrastive_loss": _every_pair}


def tensors_of(work: Workload, arrays: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """All arrays as tensors, and those of them that are differentiable, as leaves."""
    import torch

    # the dense definitions code their labels themselves, from arrays
    raw = work.loss.name in DENSE
    made = [array if raw and array.dtype.kind == "i" else torch.tensor(array) for array in arrays]
    leaves = [made[at].requires_grad_() for at in work.differentiable]
    return made, leaves


def by_autograd(function: Callable[..., Any], given: list[Any], leaves: list[Any]) -> Peer:
    """The value without a graph, and the value with the gradients of the leaves."""
    import torch

    def value() -> Any:
        with torch.no_grad():
            return function(*given).item()

    def both() -> tuple[Any, Any]:
        for leaf in leaves:
            leaf.grad = None
        found = function(*given)
        found.backward()
        return found.detach(), tuple(leaf.grad.numpy() for leaf in leaves)

    return Peer(value, both)


@provider("PyTorch", "torch", (*ARRAY_FORMULAS, *DENSE, *BY_DISTANCE))
def eager(work: Workload) -> Peer | None:
    """As it is mostly used."""
    found = definition(work)
    if found is None:
        return None
    function, arrays = found
    return by_autograd(function, *tensors_of(work, arrays))


@provider("PyTorch compiled", "torch", (*ARRAY_FORMULAS, *BY_DISTANCE))
def compiled(work: Workload) -> Peer | None:
    """The same for the shapes at hand; not the dense definitions, which code their labels by NumPy."""
    import torch

    found = definition(work)
    if found is None:
        return None
    function, arrays = found
    torch.compiler.reset()
    return by_autograd(torch.compile(function, dynamic=False), *tensors_of(work, arrays))


@provider("PyTorch chunked", "torch", ("cross_entropy_with_factors",))
def chunked(work: Workload) -> Peer | None:
    """Its own cross-entropy from factors, which stores the logits of some rows at a time."""
    import torch

    hidden, weights, targets = work.arrays
    leaves = [torch.tensor(array, requires_grad=True) for array in (hidden, weights)]
    return by_autograd(in_chunks, [*leaves, torch.from_numpy(targets)], leaves)


def in_chunks(hidden: Any, weights: Any, targets: Any) -> Any:
    """Its cross-entropy from factors by the fastest of the chunks that were tried.

    `LinearCrossEntropyOptions()` would choose 16 rows for 4096 rows of depth 256 and 32768 classes: a tenth as fast.
    """
    import torch

    options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=CHUNK)
    return torch.nn.functional.linear_cross_entropy(hidden, weights, targets, options=options)


@provider("PyTorch Metric Learning", "pytorch_metric_learning", METRIC_LEARNING)
def metric_learning(work: Workload) -> Peer | None:
    """Its losses with the settings that make them ours."""
    name, count = work.loss.name, len(work.arrays[0])
    rows = 2 * count if name == "nt_xent_loss" else count
    if name != "supcon_loss" and rows**3 > 4 * MOST_PAIRS:  # it lists triplets, or positive against negative pairs
        return None
    import torch
    from pytorch_metric_learning import losses
    from pytorch_metric_learning.distances import LpDistance

    given, leaves = tensors_of(work, work.arrays)
    if name == "nt_xent_loss":
        labels = torch.arange(count).repeat(2)
        contrast = losses.NTXentLoss(temperature=0.5)
        return by_autograd(lambda z1, z2: contrast(torch.cat([z1, z2]), labels), given, leaves)
    if name == "supcon_loss":
        return by_autograd(losses.SupConLoss(temperature=0.1), [given[0], torch.tensor(work.arrays[1])], leaves)
    euclidean = LpDistance(normalize_embeddings=False)
    return by_autograd(losses.TripletMarginLoss(margin=0.2, distance=euclidean), given, leaves)
