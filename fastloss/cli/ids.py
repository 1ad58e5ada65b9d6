"""Group ids of Arrow as NumPy's numbers, and the set of ids that have come."""

import numpy as np
import pyarrow as pa

from fastloss.core import orders
from fastloss.streaming.ids import CameBack, Shelves, joined


def codes(ids: pa.Array) -> np.ndarray:
    """Return a number for each id, the same for equal ids of this array."""
    return ids.to_numpy() if pa.types.is_integer(ids.type) else ids.dictionary_encode().indices.to_numpy()


def runs(ids: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return where runs of equal ids start, and each run's id."""
    starts = orders.runs(codes(ids))[0][:-1]
    return starts, ids.take(pa.array(starts))


def keys(ids: pa.Array) -> np.ndarray:
    """Return a number of 64 bits for each id: itself, or a hash; the same for equal ids of any array."""
    if pa.types.is_temporal(ids.type):
        ids = ids.view(pa.int32() if ids.type.bit_width == 32 else pa.int64())
    if pa.types.is_integer(ids.type):
        return ids.to_numpy().astype(np.int64)
    coded = ids.dictionary_encode()
    return np.fromiter(map(hash, coded.dictionary.to_pylist()), np.int64)[coded.indices.to_numpy()]


class SeenIds:
    """The ids that have come, by their keys: two ids of one key count as one, so that groups are sorted needlessly."""

    def __init__(self) -> None:
        self._keys: Shelves = {}

    def add(self, ids: pa.Array) -> bool:
        """Add ids; return False if one of them is there already, or comes twice."""
        new = orders.distinct(keys(ids))
        if new.size < len(ids):
            return False
        try:
            self._keys = joined(self._keys, {"int64": (new,)})
        except CameBack:
            return False
        return True
