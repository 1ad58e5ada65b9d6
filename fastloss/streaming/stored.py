"""States as bytes: a line of text, numbers and names as JSON, the arrays' memory, and a digest of all that.

The line gives the format and the length of the JSON. Numbers are little-endian on every machine. Nothing that is read
can run code, and nothing is read before the digest has been checked: SHA-256, so that no damage goes unnoticed.
Bytes that somebody made up may have a right digest, so each field is checked when it is read, with the checks of
`Fields`. Rejected: NumPy's `.npz`, whose zip has no digest, and unpacks to a thousand times its size.
"""

import hashlib
import json
import math
import re
from typing import Any

import numpy as np

FORMAT = 4
MAGIC = b"fastloss state %d " % FORMAT
DIGEST = hashlib.sha256().digest_size
MOST_ABOUT = 1 << 16  # bytes of JSON: no loss has so many parameters
MOST_COUNT = (1 << 63) - 1
MOST_EMPTY = 16  # the other length of an array without elements
MOST_EXPONENT = 4096  # of a power of two in a state
DTYPES = re.compile(r"\|[bu]1|<[iuf]8|<U[1-9]\d{0,8}|\|S[1-9]\d{0,8}|<[mM]8(\[\w{1,12}\])?", re.ASCII)


def wrong(why: str) -> ValueError:
    """Return the error for bytes that are no state."""
    return ValueError(f"these bytes are no state of fastloss: {why}")


def pack(kind: str, about: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Return the fields of a state as bytes."""
    little = {name: np.ascontiguousarray(x, x.dtype.newbyteorder("<")) for name, x in arrays.items()}
    shapes = {name: [array.dtype.str, array.shape] for name, array in little.items()}
    text = json.dumps({"kind": kind, "about": about, "arrays": shapes}).encode()
    if len(text) > MOST_ABOUT:
        raise ValueError(f"the state's parameters take {len(text)} bytes: expected at most {MOST_ABOUT}")
    whole = b"".join((MAGIC, b"%d\n" % len(text), text, *(array.tobytes() for array in little.values())))
    return whole + hashlib.sha256(whole).digest()


def unpack(data: Any) -> tuple[str, "Fields"]:
    """Return the kind and the fields that `pack` was given.

    Raises
    ------
    TypeError
        If these are not bytes.
    ValueError
        If they are not those that `pack` made.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data is of type {type(data).__name__}: expected the bytes that `to_bytes` made")
    view = memoryview(data).cast("B") if memoryview(data).c_contiguous else memoryview(bytes(data))
    if view[: len(MAGIC)] != MAGIC:
        if bytes(view[:4]) == b"PK\x03\x04":
            raise wrong("they are of an older version, or a zip file; make the state anew")
        if (found := re.match(rb"fastloss state (\d{1,4}) ", view[:24])) is not None:
            raise wrong(f"they are of format {found[1].decode()}: expected {FORMAT}; make the state anew")
        raise wrong(f"they do not start with {MAGIC.decode().strip()!r}")
    if hashlib.sha256(view[:-DIGEST]).digest() != view[-DIGEST:]:
        raise wrong("they are cut or damaged, since their digest is not the one at their end")
    number, end, _ = bytes(view[len(MAGIC) : len(MAGIC) + 8]).partition(b"\n")
    start = len(MAGIC) + len(number) + 1
    if not end or not number.isdigit() or int(number) > MOST_ABOUT or start + int(number) > len(view) - DIGEST:
        raise wrong("the length of their description is wrong")
    try:
        text = json.loads(bytes(view[start : start + int(number)]))
    except (ValueError, RecursionError):
        raise wrong("their description is no JSON") from None
    header = Fields(text, {}, "their description")
    kind, about, shapes = header.text("kind"), header.mapping("about"), header.mapping("arrays")
    header.has_no_more()
    return kind, Fields(about, _arrays(shapes, view[start + int(number) : -DIGEST]), f"a state of {kind}")


def _arrays(shapes: dict[str, Any], view: memoryview) -> dict[str, np.ndarray]:
    """Copy the arrays, which lie one after another, in the machine's own byte order."""
    arrays, at = {}, 0
    for name, about in shapes.items():
        if not isinstance(about, list) or list(map(type, about)) != [str, list]:
            raise wrong(f"array {name!r} has no dtype and shape")
        dtype, shape = _dtype(name, about[0]), about[1]
        if len(shape) > 2 or not all(type(length) is int and 0 <= length <= len(view) + MOST_EMPTY for length in shape):
            raise wrong(f"array {name!r} has shape {shape}")
        size = math.prod(shape) * dtype.itemsize
        if at + size > len(view):
            raise wrong(f"array {name!r} is longer than they are")
        flat = np.frombuffer(view[at : at + size], np.uint8).copy().view(dtype) if size else np.empty(0, dtype)
        arrays[name] = flat.reshape(shape).astype(dtype.newbyteorder("="), copy=False)
        at += size
    if at != len(view):
        raise wrong(f"{len(view) - at} bytes are in no array")
    return arrays


def _dtype(name: str, text: str) -> np.dtype:
    """Return a dtype by its name, if states may contain it."""
    try:
        if DTYPES.fullmatch(text):
            return np.dtype(text)
    except (TypeError, ValueError, OverflowError):
        pass
    raise wrong(f"array {name!r} has dtype {text!r:.80}")


class Fields:
    """The fields of a state, each to be taken once; a `ValueError` names a field that is wrong."""

    def __init__(self, about: Any, arrays: dict[str, np.ndarray], of: str):
        if not isinstance(about, dict):
            raise wrong(f"{of} is no mapping")
        self._about, self._arrays, self._of = dict(about), dict(arrays), of

    def has(self, name: str) -> bool:
        """Return whether there is a field of that name."""
        return name in self._about

    def need(self, is_right: Any, what: str) -> None:
        """Raise unless a condition holds; `what` says what is wrong otherwise."""
        if not is_right:
            raise wrong(f"in {self._of}, {what}")

    def value(self, name: str) -> Any:
        """Take a field of any type."""
        self.need(name in self._about, f"{name} is missing")
        return self._about.pop(name)

    def text(self, name: str) -> str:
        """Take a field that is text."""
        value = self.value(name)
        self.need(isinstance(value, str), f"{name} is {value!r:.80}: expected text")
        return str(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """Take a field that is a mapping."""
        value = self.value(name)
        self.need(isinstance(value, dict), f"{name} is {value!r:.80}: expected names with values")
        return dict(value)

    def whole(self, name: str, high: int = MOST_COUNT, low: int = 0) -> int:
        """Take a field that is an integer in [`low`, `high`]."""
        value = self.value(name)
        fits = type(value) is int and low <= value <= high
        self.need(fits, f"{name} is {value!r:.80}: expected a whole number in [{low}, {high}]")
        return int(value)

    def exponent(self, name: str) -> int:
        """Take a field that is the exponent of a power of two."""
        return self.whole(name, MOST_EXPONENT, -MOST_EXPONENT)

    def choice(self, name: str, values: tuple[Any, ...]) -> Any:
        """Take a field that is one of a few values."""
        value = self.value(name)
        fits = any(type(value) is type(one) and value == one for one in values)
        self.need(fits, f"{name} is {value!r:.80}: expected one of {values}")
        return value

    def array(self, name: str, dtype: Any, shape: tuple[int | None, ...]) -> np.ndarray:
        """Take an array of a dtype (None: any) and a shape, in which None is any length."""
        self.need(name in self._arrays, f"array {name} is missing")
        array = self._arrays.pop(name)
        self.need(dtype is None or array.dtype == dtype, f"{name} has dtype {array.dtype}: expected {dtype}")
        fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
        self.need(fits, f"{name} has shape {array.shape}: expected {shape}")
        return array

    def names(self) -> list[str]:
        """Return the names of arrays that have not been taken."""
        return list(self._arrays)

    def has_no_more(self) -> None:
        """Raise if a field has not been taken."""
        left = [*self._about, *self._arrays]
        self.need(not left, f"{left and left[0]} is not known")
