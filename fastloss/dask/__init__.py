"""Losses of Dask collections: the numbers of one process, computed by a cluster in one pass or two."""

from typing import Any

import fastloss
from fastloss.core.loss import REGISTRY
from fastloss.dask.counts import DaskCount
from fastloss.dask.loss import DaskLoss

COUNTS = ("auc", "count_inversions")
__all__ = [*REGISTRY, *COUNTS]


def __getattr__(name: str) -> Any:
    if name in __all__:
        globals()[name] = DaskCount(getattr(fastloss, name)) if name in COUNTS else DaskLoss(REGISTRY[name])
        return globals()[name]
    raise AttributeError(f"module 'fastloss.dask' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
