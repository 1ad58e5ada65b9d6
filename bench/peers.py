"""Others who compute the same thing: each is proved equal to the loss before it is timed.

A provider makes a `Peer` of a workload, or None where it does not compute that loss, would need a matrix or a cube too
large for it, or is not installed.
"""

import importlib.util
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import fastloss
from bench.formulas import FORMULAS, PAIRS, Arrays
from bench.workloads import Workload

MOST_PAIRS = 1 << 24  # elements of a matrix of pairs that a peer may hold
TOLERANCES = {"float32": (1e-4, 2e-3), "float64": (1e-9, 1e-7)}  # of the value, of the greatest slope


class Peer(NamedTuple):
    """The value, and the value with its gradients in the workload's order, as NumPy would show them."""

    value: Callable[[], Any]
    both: Callable[[], tuple[Any, Any]] | None = None


class Provider(NamedTuple):
    """How to make a peer of a workload, for which losses, whether with gradients, and whether it is installed."""

    make: Callable[[Workload], Peer | None]
    losses: frozenset[str]
    gradient: bool
    installed: bool

    def __call__(self, work: Workload) -> Peer | None:
        if not self.installed or work.loss.name not in self.losses:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # imports of others deprecate this and that
            return self.make(work)

    def has(self, loss: str, gradient: bool) -> bool:
        """Whether it may have something to say of a loss."""
        return self.installed and loss in self.losses and (self.gradient or not gradient)


PROVIDERS: dict[str, Provider] = {}
SLOW = ("PyTorch compiled", "JAX", "KeOps")  # they compile for seconds before they run
ARRAY_FORMULAS = (*FORMULAS, *PAIRS)


def provider(name: str, module: str, losses: Iterable[str], gradient: bool = True) -> Callable[..., Any]:
    """Register a function that makes peers; without its module it makes none."""

    def register(make: Callable[[Workload], Peer | None]) -> Callable[[Workload], Peer | None]:
        PROVIDERS[name] = Provider(make, frozenset(losses), gradient, importlib.util.find_spec(module) is not None)
        return make

    return register


def differs(work: Workload, peer: Peer, ours: tuple[Any, tuple[Any, ...]] | None = None) -> str:
    """How a peer's numbers differ from the loss's; "" where they are equal. `ours` is `work.both()`, if known."""
    near, slopes_near = TOLERANCES[work.dtype.name]
    value, gradients = ours or work.both()
    theirs = float(peer.value())
    if not abs(theirs - value) <= near * abs(value):
        return f"value {theirs!r}, expected {value!r}"
    if peer.both is None:
        return ""
    found, slopes = peer.both()
    if not abs(float(found) - value) <= near * abs(value):
        return f"value {float(found)!r} with the gradient, expected {value!r}"
    for at, (own, other) in enumerate(zip(gradients, slopes, strict=False)):
        apart, scale = np.abs(np.asarray(other) - own).max(), np.abs(own).max()
        if not apart <= slopes_near * scale:
            return f"gradient {at} differs by {apart:g}, its greatest number being {scale:g}"
    return ""


def fits(work: Workload) -> bool:
    """Whether a matrix of the pairs of all scores may be held."""
    quadratic = work.loss.name in PAIRS or work.loss.name == "margin_all_pairs_loss"
    return not quadratic or work.size**2 <= MOST_PAIRS


def array_formula(work: Workload) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """The formula for whole arrays and what it takes."""
    name = work.loss.name
    if not fits(work):
        return None
    if name in PAIRS:
        scores, labels = work.arrays
        first, second = np.flatnonzero(labels == labels.max()), np.flatnonzero(labels == labels.min())
        return PAIRS[name], (scores, first, second)
    return FORMULAS[name], work.arrays


NUMPY = Arrays(
    *(np.abs, np.exp, np.log, np.log1p, np.sqrt, np.where, np.maximum, np.minimum),
    lambda x: x.max(-1, keepdims=True),
    np.arange,
)


@provider("NumPy", "numpy", ARRAY_FORMULAS, gradient=False)
def with_numpy(work: Workload) -> Peer | None:
    """Whole arrays; no gradient, since NumPy has none to offer."""
    found = array_formula(work)
    if found is None:
        return None
    function, arrays = found
    return Peer(lambda: function(NUMPY, *arrays))


@provider("JAX", "jax", ARRAY_FORMULAS)
def with_jax(work: Workload) -> Peer | None:
    """The same formulas, compiled for the shapes at hand; its arrays are made before."""
    found = array_formula(work)
    if found is None:
        return None
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    xp = Arrays(
        *(jnp.abs, jnp.exp, jnp.log, jnp.log1p, jnp.sqrt, jnp.where, jnp.maximum, jnp.minimum),
        lambda x: x.max(-1, keepdims=True),
        jnp.arange,
    )
    function, arrays = found
    given = [jnp.asarray(array) for array in arrays]
    value = jax.jit(lambda *args: function(xp, *args))
    both = jax.jit(jax.value_and_grad(lambda *args: function(xp, *args), work.differentiable))
    return Peer(
        lambda: value(*given).block_until_ready(),
        lambda: jax.block_until_ready(both(*given)),
    )


@provider("KeOps", "pykeops", ("pairwise_logistic_loss",))
def with_keops(work: Workload) -> Peer | None:
    """Reductions over all pairs, for which KeOps writes and compiles C++; nothing is stored."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch
    from pykeops.torch import LazyTensor

    scores, labels = work.arrays
    first, second = (torch.from_numpy(np.flatnonzero(labels == label)) for label in (1, 0))
    leaf = torch.tensor(scores, requires_grad=True)

    def value(s: Any) -> Any:
        gap = LazyTensor(s[second].reshape(1, -1, 1)) - LazyTensor(s[first].reshape(-1, 1, 1))
        losses = gap.relu() + (1.0 + (-gap.abs()).exp()).log()
        return losses.sum(1).sum() / (first.numel() * second.numel())

    def both() -> tuple[Any, Any]:
        leaf.grad = None
        found = value(leaf)
        found.backward()
        return found.detach(), (leaf.grad.numpy(),)

    fixed = leaf.detach()
    return Peer(lambda: value(fixed), both)


# name: (class of scikit-learn's loss functions for gradient boosting, its settings, what its sum is multiplied by)
BOOSTING_LOSSES: dict[str, tuple[str, dict[str, Any], float]] = {
    "mse_loss": ("HalfSquaredError", {}, 2.0),
    "l1_loss": ("AbsoluteError", {}, 1.0),
    "huber_loss": ("HuberLoss", {"delta": 1.0}, 1.0),
    "quantile_loss": ("PinballLoss", {"quantile": 0.5}, 1.0),
    "poisson_nll_loss": ("HalfPoissonLoss", {}, 1.0),
    "gamma_nll_loss": ("HalfGammaLoss", {}, 1.0),
    "tweedie_loss": ("HalfTweedieLoss", {"power": 1.5}, 1.0),
    "binary_cross_entropy_with_logits": ("HalfBinomialLoss", {}, 1.0),
    "cross_entropy": ("HalfMultinomialLoss", {"n_classes": None}, 1.0),
}
METRICS = {
    "rmse_loss": "root_mean_squared_error",
    "mape_loss": "mean_absolute_percentage_error",
    "hinge_loss": "hinge_loss",
}


@provider("scikit-learn", "sklearn", (*BOOSTING_LOSSES, *METRICS))
def with_scikit_learn(work: Workload) -> Peer | None:
    """Its compiled losses for gradient boosting where it has one, else its metric, which has no gradient."""
    name, threads = work.loss.name, fastloss.get_num_threads()
    if name in METRICS:
        import sklearn.metrics

        metric, (x, t) = getattr(sklearn.metrics, METRICS[name]), work.arrays
        return Peer(lambda: metric(t, x))
    from sklearn._loss import loss as losses  # private, but there is no other way to its gradients

    class_name, settings, factor = BOOSTING_LOSSES[name]
    x, t = work.arrays
    if "n_classes" in settings:
        settings = {"n_classes": x.shape[1]}
    loss, target = getattr(losses, class_name)(**settings), t.astype(x.dtype)
    scale = factor / len(x)
    # The gradient comes without the mean's denominator, and is left so: to divide it would be another pass.
    return Peer(
        lambda: loss.loss(target, x, n_threads=threads).mean(dtype=np.float64) * factor,
        lambda: _scaled(loss.loss_gradient(target, x, n_threads=threads), scale, factor),
    )


class Scaled:
    """An array that is multiplied when it is looked at."""

    def __init__(self, array: np.ndarray, factor: float):
        self._array, self._factor = array, factor

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self._array * self._factor, dtype)


def _scaled(found: tuple[np.ndarray, np.ndarray], scale: float, factor: float) -> tuple[Any, Any]:
    return found[0].mean(dtype=np.float64) * factor, (Scaled(found[1], scale),)
