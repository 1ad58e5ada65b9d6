"""What callers give, read once a call as arrays: a class for each kind of value; the first that takes a value reads it.

An array on a GPU stays there. All else becomes NumPy's, viewed where it can be and converted without a loss, or an
error that names the element or says what to do.
"""

import abc
import functools
import numbers
from typing import Any

import numpy as np

from fastloss.core import arrow, dlpack, exact, lists, tables
from fastloss.core.errors import no_array, null, wrong_dtype
from fastloss.core.gpu import on_gpu

STRINGS = ": convert numbers with .astype(float), names of classes with numpy.unique(..., return_inverse=True)"
REMEDIES = {
    "c": ", as of its .real",
    "M": ": subtract a date and divide by a unit of time",
    "m": ": divide by a unit of time",
    "U": STRINGS,
    "S": STRINGS,
    "T": STRINGS,
    "V": ", as from numpy.lib.recfunctions.structured_to_unstructured",
}


def as_array(name: str, value: Any) -> Any:
    """Return an array of real numbers, bools or integers, or an array on a GPU as it is."""
    if type(value) is not np.ndarray:
        adapter = _adapter(value)
        adapter.require_whole(name, value)
        value = adapter.read(name, value)
        if on_gpu(value):
            return value
    if value.dtype.kind == "O":
        if lists.holds_rows(value):
            return as_array(name, value.tolist())
        value = exact.of_objects(name, value)
    if value.dtype.kind not in "fiub" and value.dtype.name != "bfloat16":
        raise wrong_dtype(name, value.dtype, f"real numbers{REMEDIES.get(value.dtype.kind, '')}")
    return value


def converted(name: str, value: Any) -> Any:
    """Return an array of anything: of numbers, strings, dates or Python objects. Nulls are not looked for."""
    return _adapter(value).read(name, value)


class Adapter(abc.ABC):
    """One kind of value: how it is recognised, and how it is read."""

    @abc.abstractmethod
    def takes(self, value: Any) -> bool:
        """Tell whether a value is of this kind."""

    @abc.abstractmethod
    def read(self, name: str, value: Any) -> Any:
        """Return NumPy's array of it, or an array on a GPU; errors begin with the argument's name."""

    def require_whole(self, name: str, value: Any, path: tuple[int, ...] = ()) -> None:
        """Raise where a column lacks a value, which NumPy would take for NaN; `path` leads to it in nested lists."""
        if (where := tables.first_null(value)) is not None:
            raise null(f"{name}[{', '.join((*map(str, path), where))}]")


class NumpyArrays(Adapter):
    """Arrays of NumPy and their subclasses: memory maps, matrices; those with a mask are refused."""

    def takes(self, value: Any) -> bool:
        return isinstance(value, np.ndarray)

    def read(self, name: str, value: Any) -> np.ndarray:
        exact.refuse_masked(name, value)
        return np.asarray(value)


class Tensors(Adapter):
    """PyTorch's tensors, in the host's memory or on a GPU."""

    def takes(self, value: Any) -> bool:
        return is_tensor(value)

    def read(self, name: str, value: Any) -> Any:
        refuse_gradient(name, value)
        value = widened(value)
        if on_gpu(value):
            return value
        if value.device.type != "cpu":
            raise TypeError(f"{name} lies on {value.device}: expected a tensor on the CPU, from .cpu()")
        if str(value.layout) != "torch.strided":
            raise TypeError(f"{name} has layout {value.layout}: expected a dense tensor, from .to_dense()")
        try:
            result: np.ndarray = value.resolve_conj().resolve_neg().numpy()
        except Exception as error:
            raise wrong_dtype(name, value.dtype, f"real numbers ({error})") from error
        return result


class CudaArrays(Adapter):
    """Arrays on a GPU with `__cuda_array_interface__`: of CuPy, Numba, JAX, cuDF."""

    def takes(self, value: Any) -> bool:
        return on_gpu(value)

    def read(self, name: str, value: Any) -> Any:
        return value


class Lists(Adapter):
    """Lists and tuples, nested ones, and arrays in them."""

    def takes(self, value: Any) -> bool:
        return isinstance(value, (list, tuple))

    def read(self, name: str, value: Any) -> np.ndarray:
        return lists.of_list(name, value, _on_host)

    def require_whole(self, name: str, value: Any, path: tuple[int, ...] = ()) -> None:
        if any(issubclass(kind, (list, tuple)) or lists.holds_arrays(kind) for kind in set(map(type, value))):
            for at, one in enumerate(value):
                _adapter(one).require_whole(name, one, (*path, at))


class Nothing(Adapter):
    """None, where an array is expected."""

    def takes(self, value: Any) -> bool:
        return value is None

    def read(self, name: str, value: Any) -> np.ndarray:
        raise TypeError(f"{name} is None: expected an array")


class SparseMatrices(Adapter):
    """Sparse arrays and matrices of SciPy and CuPy, which become dense."""

    def takes(self, value: Any) -> bool:
        return lists.is_sparse(type(value))

    def read(self, name: str, value: Any) -> Any:
        return value.toarray()


class ListColumns(Adapter):
    """Columns of Polars, PyArrow or pandas whose elements are lists of one length: the rows of a matrix."""

    def takes(self, value: Any) -> bool:
        return arrow.has_lists(tables.dtype_of(value))

    def read(self, name: str, value: Any) -> np.ndarray:
        return arrow.of_lists(name, value)


class ArrowExports(Adapter):
    """Arrays, columns and tables of other libraries that export them by Arrow's C interface alone."""

    def takes(self, value: Any) -> bool:
        return arrow.is_exported(value)

    def read(self, name: str, value: Any) -> np.ndarray:
        value = arrow.imported(name, value)  # once: a stream is read up
        if (where := tables.first_null(value)) is not None:
            raise null(f"{name}[{where}]", "a value")
        return converted(name, value)


class MixedTables(Adapter):
    """Tables of pandas, Polars or PyArrow whose columns differ in their dtypes."""

    def takes(self, value: Any) -> bool:
        return bool(tables.mixed_columns(value))

    def read(self, name: str, value: Any) -> np.ndarray:
        return tables.of_columns(name, tables.mixed_columns(value), _on_host)


class DlpackArrays(Adapter):
    """Arrays that lie on a GPU, or that NumPy does not convert, and exchange their memory by DLPack."""

    def takes(self, value: Any) -> bool:
        return dlpack.is_on_gpu(value) or (hasattr(value, "__dlpack__") and not hasattr(value, "__array__"))

    def read(self, name: str, value: Any) -> Any:
        return dlpack.read(name, value)


class Convertible(Adapter):
    """Whatever else NumPy converts: columns of pandas, Polars and PyArrow, numbers, objects with `__array__`."""

    def takes(self, value: Any) -> bool:
        return True

    def read(self, name: str, value: Any) -> np.ndarray:
        try:
            is_wide = tables.is_wide(value)
            result = np.array(value.to_list(), dtype=object) if is_wide else np.asarray(value)
        except Exception as error:  # of a foreign library, any
            raise no_array(name, value, error) from error
        if result.ndim == 0 and result.dtype.kind == "O" and hasattr(value, "collect"):
            raise TypeError(f"{name} is of type {type(value).__name__}: expected its rows, from .collect()")
        if result.ndim == 0 and result.dtype.kind == "O" and not isinstance(value, numbers.Number):
            raise no_array(name, value)
        return result


ADAPTERS: tuple[Adapter, ...] = (
    NumpyArrays(),
    Tensors(),
    CudaArrays(),
    Lists(),
    Nothing(),
    SparseMatrices(),
    ListColumns(),
    ArrowExports(),
    MixedTables(),
    DlpackArrays(),
    Convertible(),
)


def _adapter(value: Any) -> Adapter:
    return next(adapter for adapter in ADAPTERS if adapter.takes(value))


def _on_host(name: str, value: Any) -> np.ndarray:
    """Return an array of what is in a list or a table, which must be in the host's memory."""
    if on_gpu(value):
        raise TypeError(f"{name} lies on a GPU: expected numbers, or arrays in the host's memory")
    return converted(name, value)


def is_tensor(value: Any) -> bool:
    """Tell whether a value is PyTorch's; the library is not imported for it."""
    return _is_of_torch(type(value))  # type: ignore[arg-type]  # a class is hashable


@functools.lru_cache(256)
def _is_of_torch(kind: type) -> bool:
    return any(one.__module__.partition(".")[0] == "torch" and one.__name__ == "Tensor" for one in kind.__mro__)


def refuse_gradient(name: str, value: Any) -> None:
    """Raise for a tensor that PyTorch would differentiate by: it would not see what is done here."""
    if getattr(value, "requires_grad", False) is True:
        raise TypeError(f"{name} requires a gradient: expected a tensor without, from .detach()")


def widened(value: Any) -> Any:
    """Return a tensor of bfloat16, which neither NumPy nor the kernels read, in float32; all else as it is."""
    return value.float() if is_tensor(value) and str(value.dtype) == "torch.bfloat16" else value
