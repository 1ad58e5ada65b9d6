"""What arrays of a call may hold, of which dtype they may be, how they may lie in memory; and what is no array."""

import decimal
import fractions
import math
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core.domains import Choice, Domain, Flag, Range

TINY, LARGE = float(np.nextafter(0.0, 1.0)), float(np.finfo(np.float64).max)
SPECIALS = (
    *(0.0, -0.0, 1.0, -1.0, TINY, -TINY, 1e-310, 1e-300, 1e-160, 1e-20, 1e-8, 37.0, -745.0, 709.0, 710.0, 1e8, 1e16),
    *(2.0**53, 2.0**63, 1e20, 1e39, 1e154, 1e160, 1e300, 1e308, -1e308, LARGE, -LARGE, math.inf, -math.inf, math.nan),
)
# How the real numbers of a call are drawn; those of the first line are ordinary, and honest calls of them succeed.
ORDINARY = ("plain", "ties", "zeros", "same rows")
PROFILES = (*ORDINARY, "special", "spread", "far")


def numbers(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    """Real numbers."""
    if profile == "ties":
        return rng.integers(-2, 3, shape).astype(np.float64)
    if profile == "zeros":
        return rng.choice([0.0, -0.0], shape)
    if profile == "spread":
        return rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.uniform(-320.0, 308.0, shape)
    plain = rng.normal(size=shape) * 2.0
    if profile == "far":
        return plain * 10.0 ** float(rng.choice([-308, -170, -25, -10, 10, 20, 25, 150, 170, 300]))
    if profile == "same rows" and plain.ndim:
        return np.array(np.broadcast_to(plain[:1], shape)) if len(plain) else plain
    return sprinkled(rng, plain) if profile == "special" else plain


def sprinkled(rng: np.random.Generator, array: np.ndarray, specials: tuple[float, ...] = SPECIALS) -> np.ndarray:
    """The array with a few special numbers in it."""
    array = np.array(array, np.float64, order="C")
    for _ in range(rng.integers(1, 4) if array.size else 0):
        array.reshape(-1)[rng.integers(array.size)] = rng.choice(specials)
    return array


def of_domain(domain: Domain) -> Callable[..., np.ndarray]:
    """Numbers of a domain, its ends included; under the profiles that are not ordinary some may lie outside."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
        if domain.values:
            array = rng.choice(domain.values, shape)
        elif domain.low == -math.inf:
            return numbers(rng, shape, profile)
        else:
            low, high = domain.low, min(domain.high, domain.low + 4.0)
            array = rng.uniform(low, high, shape)
            ends = [x for x in (low, high, 0.0, TINY) if domain.check(x) == 0]
            if profile in ("ties", "zeros") and ends:
                array = rng.choice(ends, shape)
        return sprinkled(rng, array) if profile == "special" and rng.random() < 0.5 else array

    return draw


def simplex(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    """Distributions along the last axis, now and then with zeros and ones in them."""
    if not math.prod(shape):
        return np.empty(shape)
    array = rng.gamma(1.0 if profile != "ties" else 0.05, size=shape) + TINY
    array = array / array.sum(-1, keepdims=True)
    if profile in ("ties", "zeros"):
        array = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    return sprinkled(rng, array) if profile == "special" and rng.random() < 0.5 else array


def log_simplex(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    """Logs of distributions."""
    with np.errstate(all="ignore"):
        return np.log(simplex(rng, shape, "plain" if profile == "special" else profile))


def weights(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    """Weights >= 0."""
    kind = rng.choice(["plain", "ones", "zeros", "some zeros", "tiny", "huge"])
    plain = rng.uniform(0.1, 3.0, shape)
    if profile in ORDINARY or kind == "plain":
        plain = np.where(rng.random(shape) < 0.2, 0.0, plain) if rng.random() < 0.5 else plain
        return np.round(plain) if profile == "ties" else plain
    if kind in ("ones", "zeros"):
        return np.full(shape, float(kind == "ones"))
    if kind == "some zeros":
        return sprinkled(rng, plain, (0.0, 1e-320, 1e300, math.inf, math.nan, -1.0))
    return plain * 10.0 ** float(rng.choice([-320, -300, -170] if kind == "tiny" else [20, 170, 300, 307]))


def labels(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    """What pairs are made by: two levels, a few, or any numbers."""
    kind = rng.choice(["binary", "sign", "graded", "real"])
    if kind == "real":
        return numbers(rng, shape, profile)
    if kind == "graded":
        return rng.integers(0, 5, shape).astype(np.float64)
    return rng.integers(0, 2, shape) * (2.0 if kind == "sign" else 1.0) - float(kind == "sign")


def groups(rng: np.random.Generator, shape: tuple[int, ...], profile: str) -> np.ndarray:
    """Ids in any order, or sorted, as numbers of any width or as text."""
    ids = rng.integers(0, max(1, int(math.prod(shape) ** 0.7)), shape)
    ids = np.sort(ids) if rng.random() < 0.3 and len(shape) == 1 else ids
    kind = rng.choice(["small", "large", "text", "unsigned", "bytes"])
    if kind == "large":
        return ids.astype(np.int64) + 2**62
    if kind == "unsigned":
        return ids.astype(np.uint64) + np.uint64(2**63)
    return ids.astype({"small": np.int16, "text": np.str_, "bytes": np.bytes_}[str(kind)])


KINDS: dict[str, Callable[..., np.ndarray]] = {
    "": numbers,
    "simplex": simplex,
    "log_simplex": log_simplex,
    "weight": weights,
    "label": labels,
    "g": groups,
    "unit": lambda rng, shape, profile: simplex(rng, (*shape, 2), profile)[..., 0],
    "binary": lambda rng, shape, profile: rng.integers(0, 2, shape).astype(np.float64),
    "sign": lambda rng, shape, profile: rng.choice([-1.0, 1.0], shape),
    "relevance": lambda rng, shape, profile: rng.integers(0, 5, shape).astype(np.float64),
}

WHOLE = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?")
FLOATS = ("f8", "f4", "f2", "g")


def bfloat16() -> list[Any]:
    """The dtype of ml_dtypes, if that is installed."""
    try:
        import ml_dtypes
    except ImportError:
        return []
    return [ml_dtypes.bfloat16]


def cast(array: np.ndarray, dtype: Any) -> np.ndarray | None:
    """The same numbers in another dtype, None if it cannot hold them."""
    array = np.asarray(array)
    with np.errstate(all="ignore"):
        if np.dtype(dtype).kind in "iub" and array.dtype.kind == "f":
            if not np.isfinite(array).all() or np.abs(array).max(initial=0.0) > 2.0**62:
                return None
            array = np.rint(array)
        try:
            result = array.astype(dtype)
        except (OverflowError, ValueError):
            return None
        if np.dtype(dtype).kind in "iub" and not np.array_equal(result.astype(array.dtype), array):
            return None
    return result


def _unaligned(array: np.ndarray) -> np.ndarray:
    if not array.size:
        return array
    return np.frombuffer(b"x" + array.tobytes(), np.uint8)[1:].view(array.dtype).reshape(array.shape)


def _mapped(array: np.ndarray) -> np.ndarray:
    if not array.size or array.dtype.kind not in "fiub":
        return array
    with tempfile.TemporaryFile() as file:
        result = np.memmap(file, array.dtype, "w+", shape=array.shape or (1,))
        result[...] = array
        return result.reshape(array.shape)


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array: np.ndarray) -> np.ndarray:
    return np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array


def _backwards(array: np.ndarray) -> np.ndarray:
    return np.flip(np.flip(array).copy()) if array.ndim else array


def _view(array: np.ndarray) -> np.ndarray:
    """With a stride of zero where the numbers allow it."""
    if array.ndim and len(array) > 1 and (array == array[:1]).all():
        return np.broadcast_to(array[0], array.shape)
    return array


def _swapped(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder(">")) if array.dtype.kind in "fiuU" else array


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "strided": _strided,
    "backwards": _backwards,
    "fortran": lambda array: np.asarray(array, order="F"),
    "read-only": _read_only,
    "big-endian": _swapped,
    "unaligned": _unaligned,
    "list": lambda array: array.tolist(),
    "tuple": lambda array: tuple(array.tolist()) if array.ndim == 1 else array,
    "view": _view,
    "mapped": _mapped,
}


def bent(rng: np.random.Generator, array: Any) -> tuple[str, Any]:
    """Something else in an array's place, and what it is."""
    array = np.asarray(array)
    wide = array.astype(np.float64) if array.dtype.kind in "fiub" else array
    scalar: Any = wide.reshape(-1)[0] if array.size else 0.0
    made: dict[str, Callable[[], Any]] = {
        "None": lambda: None,
        "text": lambda: "numbers",
        "texts": lambda: np.full(array.shape, "a"),
        "objects": lambda: array.astype(object),
        "an object that is None": lambda: np.full(array.shape, None),
        "decimals": lambda: [decimal.Decimal("0.5")] * (len(array) if array.ndim else 1),
        "complex": lambda: wide.astype(complex) if wide.dtype.kind == "f" else 1j,
        "dates": lambda: np.full(array.shape, np.datetime64("2020-01-01")),
        "ragged": lambda: [[0.0, 1.0], [0.0]],
        "a dictionary": lambda: {"a": 1.0},
        "a set": lambda: {1.0, 2.0},
        "an iterator": lambda: iter([1.0, 2.0]),
        "an object": object,
        "a number": lambda: scalar,
        "a 0-d array": lambda: np.array(scalar),
        "one more axis": lambda: array[None],
        "one more axis behind": lambda: array[..., None],
        "flat": lambda: array.reshape(-1),
        "one row less": lambda: array[1:] if array.ndim else array,
        "one row more": lambda: np.concatenate([array, array[:1]]) if array.ndim else array,
        "transposed": lambda: array.T,
        "one column less": lambda: array[..., 1:] if array.ndim else array,
        "empty": lambda: array[:0] if array.ndim else array,
        "an empty list": list,
        "masked": lambda: np.ma.masked_array(array, mask=np.arange(array.size).reshape(array.shape) == 0),
        "bools": lambda: np.zeros(array.shape, bool),
        "large ids": lambda: np.full(array.shape, 2**64 - 100, np.uint64),
        "negative": lambda: np.full(array.shape, -1),
        "fractions": lambda: np.full(array.shape, 0.5),
        "records": lambda: np.zeros(array.shape, [("a", "f8")]),
        "sparse": lambda: _sparse(wide),
        "a matrix": lambda: _matrix(wide),
        "very many axes": lambda: array.reshape(array.shape + (1,) * 9),
    }
    name = str(rng.choice(list(made)))
    return name, made[name]()


def _matrix(array: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.asmatrix(array) if array.ndim == 2 else array


def _sparse(array: np.ndarray) -> Any:
    try:
        from scipy import sparse
    except ImportError:
        return array
    return sparse.csr_matrix(array) if array.ndim == 2 and array.dtype.kind == "f" else array


WRONG_NUMBERS: tuple[Any, ...] = (
    *(
        None,
        "a",
        "",
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        -(10**400),
        -1,
        0,
        1,
        2,
        1e-300,
        1e300,
        1e-320,
        TINY,
        LARGE,
    ),
    *(True, 1j, [1.0], (), {}, np.float32(0.5), np.array(0.5), np.array([0.5]), np.float64(0.25), np.int64(1), object),
    *(fractions.Fraction(1, 3), decimal.Decimal("0.5"), -0.0, 2**63, 2**63 - 1, -(2**63), 1e200, 1e-200, b"x"),
)


def parameter(rng: np.random.Generator, spec: Any) -> tuple[Any, bool]:
    """A value for a parameter of a range or a choice, and whether it is certainly one of those allowed."""
    if rng.random() < 0.3:
        return WRONG_NUMBERS[rng.integers(len(WRONG_NUMBERS))], False
    if isinstance(spec, Choice):
        return (str(rng.choice(spec.values)), True) if rng.random() < 0.9 else (rng.choice(spec.values).upper(), False)
    if isinstance(spec, Flag):
        return bool(rng.integers(2)), True
    if not isinstance(spec, Range):
        return None, True
    if rng.random() < 0.3:
        ends = [x for x in (spec.low, spec.high) if math.isfinite(x)]
        ends += [math.nextafter(x, way) for x in ends for way in (-math.inf, math.inf)]
        return (float(rng.choice(ends)), False) if ends else (0.0, False)
    low = spec.low if math.isfinite(spec.low) else -2.0
    high = spec.high if math.isfinite(spec.high) else low + 4.0
    return float(low + (high - low) * rng.uniform(0.05, 0.95)), True
