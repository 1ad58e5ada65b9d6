"""Losses of JAX's arrays: under `jit`, `grad` and `vmap`, computed on the host by the kernels of NumPy's arrays."""

from typing import Any

from fastloss.core.loss import REGISTRY
from fastloss.jax.loss import JaxLoss

__all__ = [*REGISTRY]


def __getattr__(name: str) -> Any:
    if name in __all__:
        globals()[name] = JaxLoss(REGISTRY[name])
        return globals()[name]
    raise AttributeError(f"module 'fastloss.jax' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
