"""What a call gives, with warnings as errors and memory that is not what it happens to be; when two results agree."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from tests.fuzz.calls import Call, compiled

PRODUCTS = ("factors", "candidates", "mining")  # shapes whose scores are products in the arrays' precision
# What sums of a few thousand rounded float64 terms of one size may differ by, relative to that size; and products of
# float32 numbers.
CLOSE, CLOSE_PRODUCTS = 1e-11, 2e-4


class Outcome(NamedTuple):
    """What a call gave: arrays (the value first), or an error."""

    results: tuple[np.ndarray, ...] = ()
    error: BaseException | None = None

    def text(self) -> str:
        if self.error is not None:
            return f"{type(self.error).__name__}: {self.error}"
        return ", ".join(" ".join(repr(one).split()) for one in self.results)[:300]

    @property
    def value(self) -> np.ndarray:
        return self.results[0]


def entry(call: Call, way: str) -> Callable[..., Any]:
    """One of a loss's entry points."""
    return call.loss if way == "value" else getattr(call.loss, way)


def outcome(call: Call, way: str = "value", **words: Any) -> Outcome:
    """The result of a call, warnings being errors."""
    call = call.replaced(**words)
    with warnings.catch_warnings():
        strict_warnings()
        try:
            made = entry(call, way)(*call.arguments.values(), **call.keywords)
        except Exception as error:
            return Outcome(error=error)
    return Outcome(tuple(flattened(made)))


def strict_warnings() -> None:
    """Every warning is an error, but for those of NumPy's numbers in formulas that run as plain Python."""
    warnings.simplefilter("error")
    if not compiled():
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.filterwarnings("error", category=RuntimeWarning, module=r"fastloss\.(?!elementary|domains)\w+$")


def flattened(made: Any) -> Iterator[np.ndarray]:
    """All arrays and numbers of a result."""
    if isinstance(made, tuple):
        for one in made:
            yield from flattened(one)
    else:
        yield np.asarray(made)


def same_bits(one: Outcome, two: Outcome) -> bool:
    """Whether two calls gave the same to the bit, or the same error."""
    if one.error is not None or two.error is not None:
        return type(one.error) is type(two.error) and str(one.error) == str(two.error)
    if len(one.results) != len(two.results):
        return False
    pairs = zip(one.results, two.results, strict=True)
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def contents(value: Any) -> Any:
    """The bytes of an argument, to be compared later."""
    if isinstance(
        value, np.ma.MaskedArray
    ):  # whose own bytes have a filling where it is masked, of bfloat16 a random one
        return [contents(np.ma.getdata(value)), contents(np.ma.getmaskarray(value))]
    if isinstance(value, np.ndarray):
        return value.tobytes() if value.dtype.kind != "O" else repr(value.tolist())
    if isinstance(value, list | tuple):
        return [contents(one) for one in value]
    return repr(value)


POISONS = {"f": (0x7FF92BAD00000000, 0x4FEDCBA987654321), "o": (0xA5, 0x3C)}


def poisoned(which: int) -> Callable[..., np.ndarray]:
    """An `np.empty` whose memory holds a pattern: NaN or a large number, and large integers."""
    real = np.empty

    def empty(shape: Any, dtype: Any = float, order: Any = "C", **more: Any) -> np.ndarray:
        made = real(shape, dtype, order, **more)
        if made.dtype == np.float64:
            made.view(np.int64)[...] = POISONS["f"][which]
        elif made.dtype == np.float32:
            made[...] = (np.nan, 1e37)[which]
        elif made.dtype.kind in "iu":
            made[...] = np.iinfo(made.dtype).max // (3 + which)
        return made

    return empty


@contextlib.contextmanager
def poison(which: int) -> Iterator[None]:
    """Inside, memory that is asked for from Python is not what it happens to be."""
    made = poisoned(which)

    def like(array: Any, dtype: Any = None, order: str = "K", **more: Any) -> np.ndarray:
        array = np.asarray(array)
        return made(array.shape, array.dtype if dtype is None else dtype)

    with mock.patch.object(np, "empty", made), mock.patch.object(np, "empty_like", like):
        yield


def tolerance(call: Call) -> float:
    """What sums may differ by, relative to the terms' sizes."""
    if call.loss.shape not in PRODUCTS:
        return CLOSE
    given = [np.asarray(call.arguments[name]).dtype for name in call.arguments if call.letters.get(name)]
    single = any((dtype.kind == "f" and dtype.itemsize < 8) or dtype.name == "bfloat16" for dtype in given)
    return CLOSE_PRODUCTS if single else 1e-9


def differences(
    what: str, call: Call, one: Any, two: Any, scale: Any, factor: float = 1.0, smallest: float = 1e-300
) -> Iterator[str]:
    """Numbers that are not the same to rounding, relative to the terms' sizes; NaN and infinities must be the same."""
    if {np.asarray(one).dtype, np.asarray(two).dtype} & {np.dtype(np.float32)}:
        smallest = max(smallest, 1e-37)
    one, two = np.asarray(one, np.float64), np.asarray(two, np.float64)
    if one.shape != two.shape:
        yield f"{what}: shapes {one.shape} and {two.shape}"
        return
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(one), np.where(np.isfinite(scale), scale, 0.0))
        if call.loss.shape in PRODUCTS:
            scale = scale + logits_size(call)
        close = np.abs(one - two) <= factor * tolerance(call) * scale + smallest
        alike = close | (one == two) | (np.isnan(one) & np.isnan(two)) | ~np.isfinite(scale)
        alike |= (scale > 1e300) & ~np.isnan(one) & ~np.isnan(two)  # on the way there, sums may overflow
    if not alike.all():
        at = np.unravel_index(int(np.argmin(alike)), alike.shape)
        yield f"{what}: {one[at]!r} and {two[at]!r}" + (f" at {tuple(map(int, at))}" if at else "")


def logits_size(call: Call) -> float:
    """How large scores of products get: rounding is relative to that, not to the loss."""
    largest = 1.0
    for name in (name for name, letters in call.letters.items() if letters and name in call.arguments):
        array = np.asarray(call.arguments[name])
        if array.dtype.kind == "f" and array.size and array.ndim > 1:
            with np.errstate(all="ignore"):
                largest = max(largest, float(np.fmax.reduce(np.abs(array.astype(np.float64)), None)) * array.shape[-1])
    words = {**call.loss.defaults, **call.keywords}
    steep = [words[name] for name in ("scale", "w") if name in words] + [1.0]
    steep += [1.0 / words["temperature"]] if words.get("temperature") else []
    with np.errstate(all="ignore"):
        return float(np.float64(max(map(float, steep))) * np.float64(largest) ** 2)
