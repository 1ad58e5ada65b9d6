"""Group ids: Arrow arrays as numbers by which they are compared, and the set of ids that have been seen."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from fastloss.cli.reading.arrays import uncoded
from fastloss.core import orders
from fastloss.streaming.ids import Shelves, joined


def codes(ids: pa.Array) -> np.ndarray:
    """Return a number for each id, the same for equal ids of this array."""
    if pa.types.is_integer(ids.type):
        return ids.to_numpy()
    return (ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()).indices.to_numpy()


def runs(ids: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return where runs of equal ids start, and each run's id."""
    starts = orders.runs(codes(ids))[0][:-1]
    return starts, uncoded(ids.take(pa.array(starts)))


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


def timeless(ids: pa.Array) -> pa.Array:
    """Return dates and times as the integers that they are stored as; other ids as they are."""
    return ids.view(pa.int32() if ids.type.bit_width == 32 else pa.int64()) if pa.types.is_temporal(ids.type) else ids


class Numbered:
    """Numbers for the ids of successive arrays: integers, dates and times themselves, else codes of each dictionary.

    `settle` makes them agree; `ids` returns what they stand for then, and `of_array` before.
    """

    def __init__(self, kind: pa.DataType):
        self._kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        self._is_integer = pa.types.is_integer(self._kind) or pa.types.is_temporal(self._kind)
        self._lowest = 0
        self._dictionary: pa.Array | None = None
        self.dictionaries: list[pa.Array] = []

    def add(self, ids: pa.Array) -> np.ndarray:
        """Return the numbers of the next array."""
        if self._is_integer:
            return timeless(ids).to_numpy().astype(np.int64, copy=False)  # of uint64, modulo 2**64
        coded = ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()
        self.dictionaries.append(coded.dictionary)
        return coded.indices.to_numpy()

    def settle(self, arrays: Sequence[np.ndarray], bits: int) -> None:
        """Change the numbers of all arrays, in place: to at most `bits` bits, and the same for equal ids."""
        if not self._is_integer:
            coded = pa.chunked_array(self.dictionaries).dictionary_encode()
            for numbers, codes in zip(arrays, coded.chunks, strict=True):
                numbers[:] = codes.indices.to_numpy()[numbers]
            self._dictionary = coded.chunk(0).dictionary
            return
        lowest, highest = min(int(one.min()) for one in arrays), max(int(one.max()) for one in arrays)
        if (highest - lowest).bit_length() <= bits:
            self._lowest = lowest
            for numbers in arrays:
                numbers -= lowest
            return
        coded = pa.chunked_array([pa.array(numbers) for numbers in arrays]).dictionary_encode()
        for numbers, codes in zip(arrays, coded.chunks, strict=True):
            numbers[:] = codes.indices.to_numpy()
        self._dictionary = coded.chunk(0).dictionary

    def ids(self, numbers: np.ndarray) -> pa.Array:
        """Return the ids that settled numbers stand for."""
        found = pa.array(numbers) if self._dictionary is None else self._dictionary.take(pa.array(numbers))
        return self._as_ids(found.to_numpy() + self._lowest) if self._is_integer else found

    def of_array(self, at: int, numbers: np.ndarray) -> pa.Array:
        """Return the ids that numbers of an array stand for, before they are settled."""
        if self._is_integer:
            return self._as_ids(numbers)
        return self.dictionaries[at].take(pa.array(numbers))

    def _as_ids(self, numbers: np.ndarray) -> pa.Array:
        whole = timeless(pa.nulls(0, self._kind)).type
        return pa.array(numbers.astype(whole.to_pandas_dtype())).view(self._kind)


def keys(ids: pa.Array, hashed: Callable[[Any], int] = hash) -> np.ndarray:
    """Return a number of 64 bits for each id: itself, or a hash; the same for equal ids of any array.

    Python's own hash is another one in each process; `digest` takes longer.
    """
    ids = timeless(ids)
    if pa.types.is_integer(ids.type):
        return ids.to_numpy().astype(np.int64)
    coded = ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()
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
