"""Arguments of any size for every registered loss: drawn from what the loss says of itself, made here by name,
or rows of its sample call.

A size is the number of things that a loss adds up: elements, logits, scores or similarities. So all losses of one size
have about the same work, and time divided by size means something for each of them.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fastloss
from fastloss.ahead.cases import cases, draw
from fastloss.core.loss import REGISTRY, Loss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss

COLUMNS = 100  # classes, or actions, of a row
DEPTH = 64  # numbers in a vector
GROUP = 100  # documents of a query

DTYPES = ("float32", "float64")


class Workload(NamedTuple):
    """One call: arrays, keyword parameters, the positions that are differentiable, and what is counted."""

    loss: Loss
    size: int
    counted: str  # "elements", "logits", "scores" or "similarities"
    arrays: tuple[Any, ...]
    words: dict[str, Any]
    differentiable: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype:
        """The precision of the differentiable arguments."""
        return self.arrays[self.differentiable[0]].dtype

    def value(self) -> Any:
        """The loss."""
        return self.loss(*self.arrays, **self.words)

    def both(self) -> tuple[Any, tuple[Any, ...]]:
        """The loss and its gradients by the differentiable arrays."""
        value, gradient = self.loss.value_and_grad(*self.arrays, **self.words)
        return value, gradient if isinstance(gradient, tuple) else (gradient,)


class Parts(NamedTuple):
    """What a builder makes of a generator and a number of items."""

    counted: str
    arrays: tuple[Any, ...]
    words: dict[str, Any] | None = None
    differentiable: tuple[int, ...] = (0,)
    size: int | None = None  # where it is not the number asked for


Builder = Callable[[np.random.Generator, int], Parts]
BUILDERS: dict[str, Builder] = {}


def builder(*names: str) -> Callable[[Builder], Builder]:
    """Register a function for losses of some names."""

    def register(function: Builder) -> Builder:
        BUILDERS.update(dict.fromkeys(names, function))
        return function

    return register


def workload(name: str, dtype: str, size: int) -> Workload:
    """Arguments of a registered loss; the same for the same name, precision and size."""
    loss = fastloss.lookup(name)
    rng = np.random.default_rng(len(name))
    if isinstance(loss, PointwiseLoss):
        parts = elements(loss, rng, size)
    elif isinstance(loss, PairwiseLoss):
        parts = scores(loss, rng, size)
    else:
        parts = BUILDERS[name](rng, size) if name in BUILDERS else sampled(loss, rng, size)
    arrays = tuple(converted(array, np.dtype(dtype)) for array in parts.arrays)
    return Workload(loss, parts.size or size, parts.counted, arrays, parts.words or {}, parts.differentiable)


def names() -> list[str]:
    """All registered losses."""
    fastloss.lookup("mse_loss")  # fills the registry
    return list(REGISTRY)


def converted(array: Any, dtype: np.dtype) -> Any:
    """Real numbers in the precision; ids, and tuples of them, as they are."""
    return array.astype(dtype) if isinstance(array, np.ndarray) and array.dtype.kind == "f" else array


def elements(loss: PointwiseLoss, rng: np.random.Generator, size: int) -> Parts:
    """From the domains of the arguments."""
    which = tuple(loss.arguments.index(name) for name in loss.by)
    return Parts("elements", tuple(draw(domain, rng, size) for domain in loss.domains.values()), differentiable=which)


def scores(loss: PairwiseLoss, rng: np.random.Generator, size: int) -> Parts:
    """Normal scores, half of the labels 1."""
    low, high = loss.labels.values or (0.0, 1.0)
    return Parts("scores", (rng.standard_normal(size), np.where(rng.random(size) < 0.5, low, high)))


def sampled(loss: Loss, rng: np.random.Generator, size: int) -> Parts:
    """Rows drawn from the first sample call of a loss that has no builder here."""
    case = cases(loss)[0]
    own = len(case.arrays[0])
    rows = rng.integers(0, own, height(size, case.arrays[0].size // own))
    arrays = (one[rows] if len(one) == own else one for one in case.arrays)
    return Parts("elements", tuple(arrays), case.keywords, case.differentiable)


def height(size: int, width: int) -> int:
    """Rows of some width that make `size` numbers."""
    return max(size // width, 2)


def logits(rng, size):
    return 2.0 * rng.standard_normal((height(size, COLUMNS), COLUMNS))


def ids(rng, count, classes=COLUMNS):
    return rng.integers(0, classes, count)


def simplex(rng, size):
    weights = rng.standard_exponential((height(size, COLUMNS), COLUMNS)) + 1e-3
    return weights / weights.sum(1, keepdims=True)


def vectors(rng, count):
    return rng.standard_normal((count, DEPTH))


@builder("cross_entropy", "softmax_focal_loss", "poly_loss", "multi_margin_loss", "crammer_singer_loss")
def of_ids(rng, size):
    x = logits(rng, size)
    return Parts("logits", (x, ids(rng, len(x))))


@builder("nll_loss")
def of_log_probabilities(rng, size):
    x = np.log(simplex(rng, size))
    return Parts("logits", (x, ids(rng, len(x))))


@builder("categorical_cross_entropy")
def of_probabilities(rng, size):
    return Parts("logits", (simplex(rng, size), simplex(rng, size)))


@builder("soft_cross_entropy", "kl_divergence")
def of_distributions(rng, size):
    return Parts("logits", (simplex(rng, size), simplex(rng, size)), differentiable=(1,))


@builder("entropy")
def of_one_distribution(rng, size):
    return Parts("logits", (simplex(rng, size),))


@builder("dice_loss")
def masks(rng, size):
    return Parts("elements", (rng.uniform(0.1, 0.9, size), (rng.random(size) < 0.5).astype(float)))


@builder("td_loss")
def transitions(rng, size):
    q, following = logits(rng, size), logits(rng, size)
    count = len(q)
    done = (rng.random(count) < 0.1).astype(float)
    return Parts("logits", (q, ids(rng, count), rng.standard_normal(count), following, done), {"gamma": 0.9})


@builder("policy_gradient_loss")
def steps(rng, size):
    x = logits(rng, size)
    return Parts("logits", (x, ids(rng, len(x)), rng.standard_normal(len(x))))


@builder("triplet_margin_loss")
def triplets(rng, size):
    count = height(size, DEPTH)
    return Parts("elements", tuple(vectors(rng, count) for _ in range(3)), differentiable=(0, 1, 2))


@builder("two_term_contrastive_loss")
def pulled_and_pushed(rng, size):
    count = height(size, DEPTH)
    arrays = tuple(vectors(rng, count) for _ in range(3))
    return Parts("elements", arrays, {"margin": 12.0}, (0, 1, 2))  # about the distance of two such vectors


@builder("contrastive_loss")
def alike_or_not(rng, size):
    count = height(size, DEPTH)
    arrays = vectors(rng, count), vectors(rng, count), rng.integers(0, 2, count)
    return Parts("elements", arrays, {"margin": 12.0}, (0, 1))  # about the distance of two such vectors


@builder("cosine_embedding_loss")
def by_cosine(rng, size):
    count = height(size, DEPTH)
    arrays = vectors(rng, count), vectors(rng, count), rng.choice([-1, 1], count)
    return Parts("elements", arrays, {}, (0, 1))


@builder("center_loss")
def centred(rng, size):
    count = height(size, DEPTH)
    return Parts("elements", (vectors(rng, count), ids(rng, count), vectors(rng, COLUMNS)), {}, (0, 2))


@builder("multi_quantile_loss")
def of_quantiles(rng, size):
    x = logits(rng, size)
    return Parts("elements", (x, 2.0 * rng.standard_normal(len(x))), {"quantiles": (0.5,) * COLUMNS})


@builder("lambdarank_loss")
def queries(rng, size):
    offsets = np.append(np.arange(0, size, GROUP), size)
    return Parts("scores", (rng.standard_normal(size), rng.integers(0, 5, size)), {"offsets": offsets})


@builder("margin_all_pairs_loss", "bpr_loss")
def positives_and_negatives(rng, size):
    half = max(size // 2, 1)
    return Parts("scores", (rng.standard_normal(half), rng.standard_normal(half)), {}, (0, 1), 2 * half)


def batch(size: int) -> int:
    """Rows whose similarities with each other number `size`."""
    return max(math.isqrt(size), 8)


@builder("info_nce_loss", "multiple_negatives_ranking_loss")
def paired(rng, size):
    count = batch(size)
    return Parts("similarities", (vectors(rng, count), vectors(rng, count)), {}, (0, 1), count**2)


@builder("nt_xent_loss")
def two_views(rng, size):
    half = batch(size) // 2
    return Parts("similarities", (vectors(rng, half), vectors(rng, half)), {}, (0, 1), 4 * half**2)


@builder(
    "supcon_loss",
    "batch_all_triplet_loss",
    "batch_hard_triplet_loss",
    "batch_semihard_triplet_loss",
    "batch_contrastive_loss",
)
def labelled(rng, size):
    count = batch(size)
    labels = rng.permutation(np.arange(count) % max(count // 16, 2))  # no row is alone, and none is like all others
    return Parts("similarities", (vectors(rng, count), labels), {}, (0,), count**2)


@builder("ge2e_loss")
def utterances(rng, size):
    count = batch(10 * size)
    labels = rng.permutation(np.arange(count) // 10)
    return Parts("similarities", (vectors(rng, count), labels), {}, (0,), count * (labels.max() + 1))


@builder("cross_entropy_with_factors", "arcface_loss", "cosface_loss", "sphereface_loss")
def against_classes(rng, size):
    count = batch(size)
    arrays = vectors(rng, count), vectors(rng, count), ids(rng, count, count)
    return Parts("similarities", arrays, {}, (0, 1), count**2)


@builder("bpr_all_negatives_loss")
def users_and_items(rng, size):
    count = batch(size)
    numbers = np.concatenate([rng.choice(count, 4, replace=False) for _ in range(count)])
    given = {"interactions": (np.arange(0, 4 * count + 1, 4), numbers)}
    return Parts("similarities", (0.3 * vectors(rng, count), 0.3 * vectors(rng, count)), given, (0, 1), count**2)
