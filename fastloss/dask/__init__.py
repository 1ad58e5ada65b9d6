"""Losses of Dask collections: the numbers of one process, computed by a cluster in one pass or two."""

from typing import Any

import fastloss
from fastloss.core.loss import REGISTRY
from fastloss.core.synonyms import no_attribute
from fastloss.dask.counts import DaskCount
from fastloss.dask.loss import DaskLoss

COUNTS = ("auc", "count_inversions")


def __getattr__(name: str) -> Any:
    if name == "__all__":  # not before someone asks: other packages' losses are imported for it
        return [*REGISTRY, *COUNTS]
    found: DaskLoss | DaskCount
    if name in COUNTS:
        found = DaskCount(getattr(fastloss, name))
    elif not name.startswith("_") and name in REGISTRY:
        found = DaskLoss(REGISTRY[name])
    else:
        raise no_attribute(__name__, name, __dir__())
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted((*REGISTRY, *COUNTS))
