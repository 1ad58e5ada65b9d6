"""Sets of group ids, in which an id that comes back is found.

Ids that could be equal are kept on one shelf, which has one dtype whatever the dtypes of the batches: integers of any
width by their value, strings by their length, dates in one unit. A shelf is a few sorted arrays, each at most half as
long as the one before. Nothing is changed in place: a state that refuses a batch keeps its ids.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastloss.core import domains, orders
from fastloss.streaming.stored import Fields

Shelves = Mapping[str, tuple[np.ndarray, ...]]

KINDS = {
    "bool": "bools",
    "int64": "integers",
    "uint64": "integers",  # those above int64
    "integer": "integers",  # those of more than 64 bits, as text
    "float64": "floats",
    "string": "strings",
    "string+": "strings",  # with NUL at the end, which NumPy would drop: a dot is set behind it
    "bytes": "bytes",
    "bytes+": "bytes",
    "datetime64": "datetimes",
    "timedelta64": "timedeltas",
}
LARGEST = np.iinfo(np.int64).max


def shelved(ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return the distinct ids of a batch by shelf, sorted; `ids` are as `validate.ids` returns them."""
    kind = ids.dtype.kind
    if kind == "O":
        return _of_objects(ids.reshape(-1).tolist())
    distinct = orders.distinct(ids)
    if kind in "iu":
        small = distinct <= LARGEST
        return _some({"int64": distinct[small].astype(np.int64), "uint64": distinct[~small].astype(np.uint64)})
    if kind == "f":
        floats = distinct.astype(np.float64)
        if (floats != distinct).any():
            raise TypeError(f"groups has dtype {ids.dtype}, and ids that float64 does not hold: expected float64")
        return _some({"float64": np.unique(floats)})
    if kind in "US":
        return _by_length("string" if kind == "U" else "bytes", distinct)
    name = {"b": "bool", "M": "datetime64", "m": "timedelta64"}.get(kind)
    if name is None:
        raise TypeError(f"groups has dtype {ids.dtype}: expected ids that are integers, floats, strings or dates")
    return _some({name: distinct.astype(distinct.dtype.newbyteorder("="))})


def _some(shelves: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: ids for name, ids in shelves.items() if ids.size}


def _of_objects(ids: list[Any]) -> dict[str, np.ndarray]:
    """Return shelves of Python objects: integers beyond 64 bits, strings that are long or end with NUL."""
    numbers = [one for one in ids if isinstance(one, int)]
    texts = [one for one in ids if isinstance(one, (str, bytes))]
    if len(numbers) == len(ids):
        inside = [one for one in numbers if -LARGEST - 1 <= one <= LARGEST]
        above = [one for one in numbers if LARGEST < one <= 2 * LARGEST + 1]
        beyond = [one for one in numbers if not -LARGEST - 1 <= one <= 2 * LARGEST + 1]
        some = {"int64": np.unique(np.array(inside, np.int64)), "uint64": np.unique(np.array(above, np.uint64))}
        return {**_some(some), **_by_length("integer", np.array([b"%x" % one for one in beyond], np.bytes_))}
    if len(texts) == len(ids) and len({isinstance(one, str) for one in texts}) == 1:
        name, end, dot = ("string", "\0", ".") if isinstance(texts[0], str) else ("bytes", b"\0", b".")
        short = [one for one in texts if not one.endswith(end)]  # type: ignore[arg-type]
        other = [one + dot for one in texts if one.endswith(end)]  # type: ignore[arg-type,operator]
        dtype = np.str_ if name == "string" else np.bytes_
        return {**_by_length(name, np.array(short, dtype)), **_by_length(f"{name}+", np.array(other, dtype))}
    raise TypeError("groups holds objects: expected ids that are integers, floats, strings or dates, of one kind")


def _by_length(name: str, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return shelves for lengths up to 1, 2, 4, ..., so that one long id does not widen all."""
    if not ids.size:
        return {}
    widths = 2 ** np.ceil(np.log2(np.maximum(np.char.str_len(ids), 1))).astype(np.int64)
    kind = "=U" if ids.dtype.kind == "U" else "S"
    return {f"{name}:{w}": np.unique(ids[widths == w].astype(f"{kind}{w}")) for w in np.unique(widths).tolist()}


def kind_of(shelves: Mapping[str, Any]) -> str | None:
    """Return what the ids are, None if there are none."""
    return next((KINDS[name.partition(":")[0]] for name in shelves), None)


def joined(shelves: Shelves, more: Mapping[str, tuple[np.ndarray, ...]]) -> Shelves:
    """Return the union of two sets.

    Raises
    ------
    TypeError
        If the kinds of ids differ.
    ValueError
        If an id is in both.
    """
    old, new = kind_of(shelves), kind_of(more)
    if old and new and old != new:
        raise TypeError(f"groups has {new} as ids: expected {old}, as before")
    result = dict(shelves)
    for name, arrays in more.items():
        for ids in arrays:
            result[name] = _with(name, result.get(name, ()), ids)
    return result


def _with(name: str, arrays: tuple[np.ndarray, ...], ids: np.ndarray) -> tuple[np.ndarray, ...]:
    if arrays and ids.dtype != arrays[0].dtype:  # dates in another unit
        unit = _common(ids.dtype, arrays[0].dtype)
        arrays, ids = tuple(_in_unit(one, unit) for one in arrays), _in_unit(ids, unit)
    for old in arrays:
        at = np.minimum(np.searchsorted(old, ids), old.size - 1)
        again = np.flatnonzero(old[at] == ids)
        if again.size:
            id = shown(name, ids[again[0]])
            raise ValueError(f"groups has {id}, which came before: expected whole groups in every batch")
    result = [*arrays, ids]
    while len(result) > 1 and result[-2].size < 2 * result[-1].size:
        last = result.pop()
        result[-1] = np.union1d(result[-1], last)
    return tuple(result)


def _common(one: np.dtype, other: np.dtype) -> np.dtype:
    try:
        return np.promote_types(one, other)
    except (TypeError, OverflowError):
        raise TypeError(f"groups has dtype {one}: expected {other}, as before") from None


def _in_unit(ids: np.ndarray, dtype: np.dtype) -> np.ndarray:
    try:
        result = ids.astype(dtype)
    except OverflowError:
        result = np.full(ids.shape, "NaT", dtype)
    if not (result.astype(ids.dtype) == ids).all():
        raise ValueError(f"groups has ids of dtype {ids.dtype} that {dtype}, as in another batch, does not hold")
    return result


def shown(name: str, id: Any) -> str:
    """Return an id as messages show it."""
    shelf = name.partition(":")[0]
    if shelf in ("datetime64", "timedelta64"):
        return str(id)
    value = id.item()
    if shelf == "integer":
        value = int(value, 16)
    return domains.shown(value[:-1] if shelf.endswith("+") else value)


def count(shelves: Shelves) -> int:
    """Return how many ids there are."""
    return sum(ids.size for arrays in shelves.values() for ids in arrays)


def one_each(shelves: Shelves) -> dict[str, np.ndarray]:
    """Return each shelf as one sorted array."""
    return {name: np.unique(np.concatenate(arrays)) for name, arrays in shelves.items()}


def read(fields: Fields, prefix: str) -> Shelves:
    """Read shelves from the arrays of a state whose names start with `prefix`, checking them."""
    shelves = {}
    for name in [name for name in fields.names() if name.startswith(prefix)]:
        shelf = name.removeprefix(prefix)
        ids = fields.array(name, None, (None,))
        fields.need(ids.size and _belongs(shelf, ids), f"{name} is no shelf of ids")
        fields.need((ids[1:] > ids[:-1]).all(), f"{name} does not rise: expected distinct ids in order")
        shelves[shelf] = (ids,)
    fields.need(len({KINDS[shelf.partition(":")[0]] for shelf in shelves}) < 2, "ids are of several kinds")
    return shelves


def _belongs(shelf: str, ids: np.ndarray) -> bool:
    """Return whether these are ids of a shelf, and of no other."""
    name, _, width = shelf.partition(":")
    if name not in KINDS:
        return False
    if name == "bool":
        return ids.dtype == np.bool_ and ids.view(np.uint8).max() <= 1
    if name in ("datetime64", "timedelta64"):
        return ids.dtype.name.partition("[")[0] == name and not np.isnat(ids).any()
    if not width:
        good = ids.dtype == np.dtype(name) if name in ("int64", "uint64", "float64") else False
        return bool(good and not np.isnan(ids).any() and (name != "uint64" or ids[0] > LARGEST))
    if name in ("int64", "uint64", "float64") or not width.isdigit() or len(width) > 9:
        return False
    if ids.dtype != np.dtype(f"{'U' if name.startswith('string') else 'S'}{width}"):
        return False
    if ids.dtype.kind == "U" and ids.view(np.uint32).max() > 0x10FFFF:
        return False
    lengths, most = np.char.str_len(ids), int(width)
    if most & (most - 1) or lengths.max() > most or (most > 1 and (lengths <= most // 2).any()):
        return False
    if name.endswith("+"):
        end = "\0." if name == "string+" else b"\0."
        return bool(np.char.endswith(ids, end).all())
    return name != "integer" or all(_is_wide(one) for one in ids.tolist())


def _is_wide(text: bytes) -> bool:
    """Return whether this is an integer of more than 64 bits as `shelved` writes it."""
    try:
        number = int(text, 16)
    except ValueError:
        return False
    return b"%x" % number == text and not -LARGEST - 1 <= number <= 2 * LARGEST + 1
