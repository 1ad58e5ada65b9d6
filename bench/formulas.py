"""The losses as one would write them for whole arrays, once for NumPy, PyTorch and JAX: `xp` is an `Arrays`.

Each takes what the loss takes, at its default parameters, and gives the mean. `PAIRS` take the scores and the numbers
of the rows with the greater and with the smaller label: a matrix of all pairs, as one writes it without this library.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Arrays(NamedTuple):
    """The functions of an array library that the formulas use; NumPy's signatures."""

    abs: Callable[..., Any]
    exp: Callable[..., Any]
    log: Callable[..., Any]
    log1p: Callable[..., Any]
    sqrt: Callable[..., Any]
    where: Callable[..., Any]
    maximum: Callable[..., Any]  # of an array and a number
    minimum: Callable[..., Any]
    largest: Callable[..., Any]  # along the last axis, which is kept
    range: Callable[[int], Any]


FORMULAS: dict[str, Callable[..., Any]] = {}
PAIRS: dict[str, Callable[..., Any]] = {}


def formula(function: Callable[..., Any]) -> Callable[..., Any]:
    FORMULAS[function.__name__] = function
    return function


def of_pairs(function: Callable[..., Any]) -> Callable[..., Any]:
    PAIRS[function.__name__] = function
    return function


def softplus(xp, x):
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


@formula
def mse_loss(xp, x, t):
    return ((x - t) ** 2).mean()


@formula
def l1_loss(xp, x, t):
    return xp.abs(x - t).mean()


@formula
def rmse_loss(xp, x, t):
    return xp.sqrt(((x - t) ** 2).mean())


@formula
def nmae_loss(xp, x, t):
    return xp.abs(x - t).mean() / (t.max() - t.min())


@formula
def huber_loss(xp, x, t):
    a = xp.abs(x - t)
    return xp.where(a <= 1.0, 0.5 * a * a, a - 0.5).mean()


FORMULAS["smooth_l1_loss"] = FORMULAS["asymmetric_huber_loss"] = huber_loss


@formula
def pseudo_huber_loss(xp, x, t):
    return (xp.sqrt(1.0 + (x - t) ** 2) - 1.0).mean()


@formula
def fair_loss(xp, x, t):
    a = xp.abs(x - t)
    return (a - xp.log1p(a)).mean()


@formula
def expectile_loss(xp, x, t):
    return (0.5 * (x - t) ** 2).mean()


@formula
def quantile_loss(xp, x, t):
    return (0.5 * xp.abs(x - t)).mean()


@formula
def log_cosh_loss(xp, x, t):
    a = xp.abs(x - t)
    return (a + xp.log1p(xp.exp(-2.0 * a)) - 0.6931471805599453).mean()


@formula
def mape_loss(xp, x, t):
    return (xp.abs(x - t) / xp.abs(t)).mean()


@formula
def msle_loss(xp, x, t):
    return ((xp.log1p(x) - xp.log1p(t)) ** 2).mean()


@formula
def poisson_nll_loss(xp, x, t):
    return (xp.exp(x) - t * x).mean()


@formula
def gamma_nll_loss(xp, x, t):
    return (t * xp.exp(-x) + x).mean()


@formula
def tweedie_loss(xp, x, t):
    return (2.0 * t * xp.exp(-0.5 * x) + 2.0 * xp.exp(0.5 * x)).mean()


@formula
def gaussian_nll_loss(xp, x, t, var):
    v = xp.maximum(var, 1e-6)
    return (0.5 * (xp.log(v) + (x - t) ** 2 / v)).mean()


@formula
def binary_cross_entropy(xp, p, t):
    return -(t * xp.maximum(xp.log(p), -100.0) + (1.0 - t) * xp.maximum(xp.log(1.0 - p), -100.0)).mean()


@formula
def binary_cross_entropy_with_logits(xp, x, t):
    return (softplus(xp, x) - x * t).mean()


@formula
def focal_loss(xp, x, t):
    p = 1.0 / (1.0 + xp.exp(-x))
    missed = 1.0 - (p * t + (1.0 - p) * (1.0 - t))
    return (missed**2 * (softplus(xp, x) - x * t)).mean()


@formula
def hinge_loss(xp, x, t):
    return xp.maximum(1.0 - t * x, 0.0).mean()


@formula
def squared_hinge_loss(xp, x, t):
    return (xp.maximum(1.0 - t * x, 0.0) ** 2).mean()


@formula
def soft_margin_loss(xp, x, t):
    return softplus(xp, -t * x).mean()


@formula
def hinge_embedding_loss(xp, x, t):
    return xp.where(t == 1.0, x, xp.maximum(1.0 - x, 0.0)).mean()


@formula
def margin_ranking_loss(xp, x1, x2, t):
    return xp.maximum(-t * (x1 - x2), 0.0).mean()


@formula
def dice_loss(xp, p, g):
    return 1.0 - 2.0 * (p * g).sum() / ((p * p).sum() + (g * g).sum())


def own(xp, x, t):
    """The target's number of each row."""
    return x[xp.range(x.shape[0]), t]


def log_softmax(xp, x):
    shifted = x - xp.largest(x)
    return shifted - xp.log(xp.exp(shifted).sum(1))[:, None]


@formula
def cross_entropy(xp, x, t):
    return -own(xp, log_softmax(xp, x), t).mean()


@formula
def nll_loss(xp, x, t):
    return -own(xp, x, t).mean()


@formula
def softmax_focal_loss(xp, x, t):
    log_p = own(xp, log_softmax(xp, x), t)
    return -((1.0 - xp.exp(log_p)) ** 2 * log_p).mean()


@formula
def multi_quantile_loss(xp, x, t):
    """Every quantile 0.5."""
    return (0.5 * xp.abs(x - t[:, None])).mean()


@formula
def poly_loss(xp, x, t):
    log_p = own(xp, log_softmax(xp, x), t)
    return (1.0 - xp.exp(log_p) - log_p).mean()


@formula
def categorical_cross_entropy(xp, p, t):
    return -(t * xp.log(p)).sum(1).mean()


@formula
def soft_cross_entropy(xp, p, q):
    return -(p * xp.log(q)).sum(1).mean()


@formula
def entropy(xp, p):
    return -(p * xp.log(p)).sum(1).mean()


@formula
def kl_divergence(xp, p, q):
    return (p * (xp.log(p) - xp.log(q))).sum(1).mean()


@formula
def multi_margin_loss(xp, x, t):
    lead = xp.maximum(1.0 - own(xp, x, t)[:, None] + x, 0.0)
    return ((lead.sum(1) - 1.0) / x.shape[1]).mean()  # the target's own term is 1


@formula
def crammer_singer_loss(xp, x, t):
    others = xp.where(xp.range(x.shape[1])[None, :] == t[:, None], -1e30, x)
    return xp.maximum(1.0 + xp.largest(others)[:, 0] - own(xp, x, t), 0.0).mean()


@formula
def td_loss(xp, *arrays):
    q, actions, rewards, following, done = arrays
    target = rewards + 0.9 * (1.0 - done) * xp.largest(following)[:, 0]
    return ((own(xp, q, actions) - target) ** 2).mean()


@formula
def policy_gradient_loss(xp, x, actions, advantages):
    return -(advantages * own(xp, log_softmax(xp, x), actions)).sum()


def distance(xp, x, y):
    return xp.sqrt(((x - y + 1e-6) ** 2).sum(1))


@formula
def triplet_margin_loss(xp, a, p, n):
    return xp.maximum(distance(xp, a, p) - distance(xp, a, n) + 1.0, 0.0).mean()


@formula
def contrastive_loss(xp, x, y, t):
    squares = ((x - y) ** 2).sum(1)
    return (t * squares + (1 - t) * xp.maximum(12.0 - xp.sqrt(squares), 0.0) ** 2).mean()


@formula
def two_term_contrastive_loss(xp, a, p, n):
    near, far = (xp.sqrt(((a - other) ** 2).sum(1)) for other in (p, n))
    return (near + xp.maximum(12.0 - far, 0.0)).mean()


@formula
def cosine_embedding_loss(xp, x, y, t):
    cosine = (x * y).sum(1) / xp.sqrt((x * x).sum(1) * (y * y).sum(1))
    return xp.where(t == 1, 1.0 - cosine, xp.maximum(cosine, 0.0)).mean()


@formula
def center_loss(xp, x, labels, centers):
    return 0.5 * ((x - centers[labels]) ** 2).sum(1).mean()


@formula
def bpr_loss(xp, positive, negative):
    return softplus(xp, negative - positive).mean()


@of_pairs
def pairwise_logistic_loss(xp, s, first, second):
    return softplus(xp, s[second][None, :] - s[first][:, None]).mean()


@of_pairs
def pairwise_hinge_loss(xp, s, first, second):
    return xp.maximum(1.0 + s[second][None, :] - s[first][:, None], 0.0).mean()


@of_pairs
def pairwise_squared_hinge_loss(xp, s, first, second):
    return (xp.maximum(1.0 + s[second][None, :] - s[first][:, None], 0.0) ** 2).mean()


@of_pairs
def pairwise_exponential_loss(xp, s, first, second):
    return xp.exp(s[second][None, :] - s[first][:, None]).mean()


@of_pairs
def soft_pairwise_loss(xp, s, first, second):
    """Every row's label -1 or 1 against every row."""
    better = softplus(xp, s[None, :] - s[first][:, None]).sum()
    return (better + softplus(xp, s[second][:, None] - s[None, :]).sum()) / s.shape[0] ** 2


@formula
def margin_all_pairs_loss(xp, positive, negative):
    return xp.maximum(positive[:, None] + 1.0 - negative[None, :], 0.0).mean()
