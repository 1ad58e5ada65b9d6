"""What callers give, as NumPy arrays of numbers, or an error that names the element or says what to do."""

import functools
import numbers
from typing import Any

import numpy as np

from fastloss.core.domains import is_integer, is_masked, is_real, position, shown

EXACT = 1 << 53  # float64 holds every integer up to here
REMEDIES = {
    "c": ", as of its .real",
    "M": ": subtract a date and divide by a unit of time",
    "m": ": divide by a unit of time",
    "U": ": convert it with .astype(float)",
    "S": ": convert it with .astype(float)",
    "T": ": convert it with .astype(float)",
}


def as_array(name: str, value: Any) -> np.ndarray:
    """An array of real numbers, bools or integers: viewed where it is one, else converted without a loss."""
    if type(value) is np.ndarray:
        result = value
    else:
        _refuse_missing(name, value)
        result = converted(name, value)
    if result.dtype.kind == "O":
        result = _of_objects(name, result)
    if result.dtype.kind not in "fiub" and result.dtype.name != "bfloat16":
        raise TypeError(f"{name} has dtype {result.dtype}: expected real numbers{REMEDIES.get(result.dtype.kind, '')}")
    return result


def converted(name: str, value: Any) -> np.ndarray:
    """An array of anything, from whatever holds one: of lists with numbers in them, exact or of objects."""
    refuse_masked(name, value)
    if value is None:
        raise TypeError(f"{name} is None: expected an array")
    if isinstance(value, (list, tuple)):
        return _of_list(name, value)
    if hasattr(value, "tocsr"):
        raise TypeError(f"{name} is a sparse {type(value).__name__}: expected a dense array, from .toarray()")
    if is_tensor(value):
        return _of_tensor(name, value)
    if (columns := columns_of(value)) and (len(set(map(_dtype, columns))) > 1 or _is_wide(columns[0])):
        return _of_columns(name, columns)
    try:
        result = _objects(value.to_list()) if _is_wide(value) else np.asarray(value)
    except Exception as error:  # of a foreign library, any
        raise TypeError(f"{name} is of type {type(value).__name__}: expected an array ({error})") from error
    if result.ndim == 0 and result.dtype.kind == "O" and not isinstance(value, numbers.Number):
        raise TypeError(f"{name} is of type {type(value).__name__}: expected an array")
    return result


def refuse_masked(name: str, value: Any) -> None:
    """Raise for an array with a mask, which NumPy would drop."""
    if is_masked(value):
        raise TypeError(
            f"{name} is a masked array: expected one without a mask; replace what is masked by .filled(...), "
            "or leave it out by .compressed()"
        )


def is_tensor(value: Any) -> bool:
    """Whether a value is PyTorch's; the library is not imported for it."""
    return _is_of_torch(type(value))  # type: ignore[arg-type]  # a class is hashable


@functools.lru_cache(256)
def _is_of_torch(kind: type) -> bool:
    return any(one.__module__.partition(".")[0] == "torch" and one.__name__ == "Tensor" for one in kind.__mro__)


def refuse_gradient(name: str, value: Any) -> None:
    """Raise for a tensor that PyTorch would differentiate by: it would not see what is done here."""
    if getattr(value, "requires_grad", False) is True:
        raise TypeError(f"{name} requires a gradient: expected a tensor without, from .detach()")


def widened(value: Any) -> Any:
    """A tensor of bfloat16, which neither NumPy nor the kernels read, in float32; all else as it is."""
    return value.float() if is_tensor(value) and str(value.dtype) == "torch.bfloat16" else value


def _of_tensor(name: str, value: Any) -> np.ndarray:
    refuse_gradient(name, value)
    if value.device.type != "cpu":
        raise TypeError(f"{name} lies on {value.device}: expected a tensor on the CPU, from .cpu()")
    if str(value.layout) != "torch.strided":
        raise TypeError(f"{name} has layout {value.layout}: expected a dense tensor, from .to_dense()")
    if value.is_floating_point() and value.element_size() < 4:
        value = value.float()  # bfloat16, of which NumPy has none
    try:
        result: np.ndarray = value.resolve_conj().resolve_neg().numpy()
    except Exception as error:
        raise TypeError(f"{name} has dtype {value.dtype}: expected real numbers ({error})") from error
    return result


def _of_list(name: str, value: Any) -> np.ndarray:
    """Of nested lists, and of arrays in them."""
    value, leaves = _leaves(name, value)
    try:
        result = np.asarray(value)
    except ValueError:
        raise ValueError(_uneven(name, value)) from None
    except Exception as error:
        raise TypeError(f"{name} holds what is no number ({error})") from error
    kind = result.dtype.kind
    if kind in "US" and any(not issubclass(leaf, (str, bytes)) for leaf in leaves):
        return _objects(value)  # NumPy has made strings of numbers
    if kind == "f" and any(map(is_integer, leaves)):
        with np.errstate(invalid="ignore"):
            if (np.abs(result) >= EXACT).any():
                return _objects(value)  # and here floats of integers
    return result


def _leaves(name: str, value: Any) -> tuple[Any, set[type]]:
    """Nested lists with the arrays in them as NumPy's, and the types of what is in them that is no list itself."""
    kinds = set(map(type, value))
    found = {kind for kind in kinds if not (issubclass(kind, (list, tuple)) or holds_arrays(kind) or _is_sparse(kind))}
    if len(found) == len(kinds):
        return value, found
    plain, others = [], set()
    for at, one in enumerate(value):
        kind = type(one)
        if issubclass(kind, (list, tuple)):
            one, more = _leaves(f"{name}[{at}]", one)
            others |= more
        elif kind not in found:
            one = converted(f"{name}[{at}]", one)
            others.add(one.dtype.type)
            if one.dtype.kind in "mM" and one.ndim:
                one, _ = _leaves(f"{name}[{at}]", list(one))  # beside numbers NumPy would make numbers of the array
            elif not one.ndim:
                one = one[()]
        plain.append(one)
    return plain, found | others


def _is_sparse(kind: type) -> bool:
    return hasattr(kind, "tocsr")


def holds_arrays(kind: type) -> bool:
    """Whether values of a type are arrays, of no dimension included, but no NumPy scalars."""
    return hasattr(kind, "__array__") and not issubclass(kind, np.generic)


def _objects(value: Any) -> np.ndarray:
    """Nested lists as an array of what is in them."""
    return np.array(value, dtype=object)


def _uneven(name: str, value: Any) -> str:
    """The message for rows of different shapes."""
    shapes = [_shape(one) for one in value]
    at = next((at for at, shape in enumerate(shapes) if shape != shapes[0]), 0)
    found, first = (f"has shape {shape}" if shape else "is a number" for shape in (shapes[at], shapes[0]))
    if at == 0:
        return f"{name} has rows of different shapes: expected one shape"
    return f"{name}[{at}] {found}: expected rows of one shape, where {name}[0] {first}"


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(value)
    except ValueError:
        return None


def missing(value: Any) -> bool:
    """Whether a value stands for one that is not there: None, pandas' NA, NaT; not NaN."""
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _refuse_missing(name: str, value: Any, path: tuple[int, ...] = ()) -> None:
    """Raise for a column, or one of a table or in nested lists, that lacks a value."""
    if isinstance(value, (list, tuple)):
        if any(issubclass(kind, (list, tuple)) or holds_arrays(kind) for kind in set(map(type, value))):
            for at, one in enumerate(value):
                _refuse_missing(name, one, (*path, at))
    elif (where := first_missing(value)) is not None:
        raise ValueError(f"{name}[{', '.join((*map(str, path), where))}] is missing: expected a number")


def first_missing(value: Any) -> str | None:
    """Where a column or a table of pandas, PyArrow or Polars first lacks a value, which NumPy would take for NaN."""
    if isinstance(value, np.ndarray) or not hasattr(value, "__array__"):
        return None
    if (columns := columns_of(value)) is None:
        gone = _gone(value)
        return None if gone is None else position(gone, int(np.argmax(gone)))
    first = [(int(np.argmax(gone)), at) for at, gone in enumerate(map(_gone, columns)) if gone is not None]
    return "{}, {}".format(*min(first)) if first else None


def columns_of(value: Any) -> list[Any] | None:
    """The columns of a table of pandas, Polars or PyArrow, None of all else, and of a table with one dtype of NumPy.

    Its type is asked, here and below: a table of pandas has columns as attributes, and a column its rows.
    """
    kind = type(value)
    if hasattr(kind, "iloc") and hasattr(kind, "dtypes") and value.ndim == 2:
        dtypes = set(value.dtypes)
        plain = len(dtypes) == 1 and isinstance(dtypes.pop(), np.dtype)
        return None if plain else [value.iloc[:, at] for at in range(value.shape[1])]
    if hasattr(kind, "get_columns"):
        return list(value.get_columns())
    return list(value.columns) if hasattr(kind, "num_columns") else None


def _gone(column: Any) -> np.ndarray | None:
    """Flags of what a column lacks, of its elements' elements where they have a fixed number; None if it is whole."""
    if hasattr(type(column), "null_count"):
        gone = column.is_null() if _count(column.null_count) else None
        if gone is None and type(_dtype(column)).__name__ == "Array":  # of Polars
            inner = _gone(column.explode())
            return None if inner is None else inner.reshape(len(column), -1)
    else:
        lacks = missing(getattr(_dtype(column), "na_value", 0)) and hasattr(column, "isna")
        gone = column.isna() if lacks else None
    flags = None if gone is None else np.asarray(gone, bool)
    return flags if flags is not None and flags.any() else None


def _dtype(value: Any) -> Any:
    """The dtype of an array or a column, None if it has none."""
    name = next((name for name in ("dtype", "type") if hasattr(type(value), name)), None)
    return getattr(value, name) if name else None


def _is_wide(column: Any) -> bool:
    """Whether a column of Polars has integers of 128 bits, which NumPy has not."""
    return "Int128" in str(_dtype(column)) and hasattr(column, "to_list")


def _of_columns(name: str, columns: list[Any]) -> np.ndarray:
    """Of a table whose columns differ in their dtypes: each by itself, since together they may be rounded."""
    arrays = [converted(f"{name}[:, {at}]", column) for at, column in enumerate(columns)]
    kinds = {array.dtype.kind for array in arrays}
    at = next((at for at, array in enumerate(arrays) if array.dtype.kind in "mM"), None)
    if at is not None and len(kinds) > 1:
        raise TypeError(f"{name}[:, {at}] has dtype {arrays[at].dtype}: expected one of the other columns' kind")
    as_objects = not kinds <= set("fiub")
    if not as_objects and np.result_type(*arrays).kind == "f":
        as_objects = any(array.dtype.kind in "iu" and (np.abs(array.astype(float)) >= EXACT).any() for array in arrays)
    return np.column_stack([array.astype(object) if as_objects else array for array in arrays])


def _count(value: Any) -> int:
    return value() if callable(value) else value


def _of_objects(name: str, array: np.ndarray) -> np.ndarray:
    """Numbers that are Python objects: integers where all are, else float64."""
    flat = array.reshape(-1).tolist()
    kinds = set(map(type, flat))
    wrong = tuple(kind for kind in kinds if not is_real(kind) and not issubclass(kind, np.bool_))
    if wrong:
        at = next(at for at, one in enumerate(flat) if type(one) in wrong)
        where, one = element(name, array, at), flat[at]
        refuse_masked(where, one)
        if missing(one):
            raise ValueError(f"{where} is missing ({shown(one)}): expected a number")
        raise TypeError(f"{where} is {shown(one)}: expected a real number, of Python's or NumPy's types")
    if all(map(is_integer, kinds)) and flat:
        for dtype in (np.int64, np.uint64):
            about = np.iinfo(dtype)
            if about.min <= min(flat) and max(flat) <= about.max:
                return np.array([int(one) for one in flat], dtype).reshape(array.shape)
    result = np.empty(len(flat))
    for at, one in enumerate(flat):
        try:
            result[at] = float(one)
        except OverflowError:
            raise ValueError(beyond(element(name, array, at), one)) from None
        if isinstance(one, numbers.Integral) and int(result[at]) != int(one):
            raise ValueError(beyond(element(name, array, at), one))
    return result.reshape(array.shape)


def element(name: str, array: np.ndarray, flat: int, before: int = 0) -> str:
    """An element as messages name it; in a stream, `before` elements came earlier."""
    where = position(array, flat, before)
    return f"{name}[{where}]" if where else name


def beyond(where: str, value: Any) -> str:
    """The message for a number that float64 cannot hold."""
    return f"{where} is {shown(value)}: expected a number that float64 holds exactly"


def exact(name: str, array: Any, before: int = 0) -> Any:
    """The array, whose numbers float64 holds: only integers of 64 bits, and floats of more, are looked at."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            wrong = np.isinf(array.astype(np.float64)) & np.isfinite(array)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise ValueError(
                f"{element(name, array, at, before)} is {shown(array.reshape(-1)[at])}: expected less than 1.8e308"
            )
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return array
    if int(array.min()) >= -EXACT and int(array.max()) <= EXACT:
        return array
    floats = array.astype(np.float64)
    inside = floats < (2.0**63 if array.dtype.kind == "i" else 2.0**64)
    same = np.where(inside, floats, 0.0).astype(array.dtype) == array
    if (same & inside).all():
        return array
    at = int(np.argmin(same & inside))
    raise ValueError(beyond(element(name, array, at, before), array.reshape(-1)[at]))
