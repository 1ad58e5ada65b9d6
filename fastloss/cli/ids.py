"""Group ids: Arrow arrays as numbers by which they are compared, and the set of ids that have been seen."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from fastloss.core import orders
from fastloss.streaming.ids import Shelves, joined


def codes(ids: pa.Array) -> np.ndarray:
    """Return a number for each id, the same for equal ids of this array."""
    return ids.to_numpy() if pa.types.is_integer(ids.type) else ids.dictionary_encode().indices.to_numpy()


def runs(ids: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return where runs of equal ids start, and each run's id."""
    starts = orders.runs(codes(ids))[0][:-1]
    return starts, ids.take(pa.array(starts))


class Runs:
    """Runs of equal ids in successive arrays; a run may go on from one array to the next."""

    def __init__(self) -> None:
        self.last: pa.Array | None = None  # the last run's id, in an array of one

    def new(self, ids: pa.Array) -> tuple[np.ndarray, pa.Array]:
        """Return where runs begin in the next array, and their ids."""
        starts, heads = runs(ids)
        if self.last is not None and len(heads) and heads[0].equals(self.last[0]):
            starts, heads = starts[1:], heads.slice(1)
        if len(heads):
            self.last = heads.slice(len(heads) - 1)
        return starts, heads


def keys(ids: pa.Array, hashed: Callable[[Any], int] = hash) -> np.ndarray:
    """Return a number of 64 bits for each id: itself, or a hash; the same for equal ids of any array.

    Python's own hash is another one in each process; `digest` takes longer.
    """
    if pa.types.is_temporal(ids.type):
        ids = ids.view(pa.int32() if ids.type.bit_width == 32 else pa.int64())
    if pa.types.is_integer(ids.type):
        return ids.to_numpy().astype(np.int64)
    coded = ids.dictionary_encode()
    return np.fromiter(map(hashed, coded.dictionary.to_pylist()), np.int64)[coded.indices.to_numpy()]


def digest(value: Any) -> int:
    """Return a hash of an id that is the same in all processes."""
    data = value if isinstance(value, bytes) else str(value).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)


class SeenIds:
    """The set of ids seen. Ids whose hashes agree count as one: then groups are sorted although they need not be."""

    def __init__(self) -> None:
        self._keys: Shelves = {}

    def add(self, ids: pa.Array) -> bool:
        """Add ids; return False if one is in the set already, or is given twice."""
        return self.add_keys(keys(ids))

    def add_keys(self, numbers: np.ndarray) -> bool:
        """Add ids by their `keys`."""
        if not numbers.size:
            return True
        new = orders.distinct(numbers)
        if new.size < numbers.size:
            return False
        try:
            self._keys = joined(self._keys, {"int64": (new,)})
        except ValueError:  # one came before
            return False
        return True
