"""Arrays, columns and tables of other libraries, made of NumPy's; and the arguments in whose place they are given."""

import decimal
import tempfile

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import sparse

import fastloss


class Wrapped:
    """What NumPy converts, and nothing more is known of."""

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return self._array


class Exported:
    """What has Arrow's C interface and nothing else, as tables of DuckDB, nanoarrow and others."""

    def __init__(self, value):
        self._value = value


class ExportedArray(Exported):
    def __arrow_c_array__(self, schema=None):
        return self._value.__arrow_c_array__(schema)


class ExportedStream(Exported):
    def __arrow_c_stream__(self, schema=None):
        return self._value.__arrow_c_stream__(schema)


class OnHost:
    """An array that other libraries see by DLPack alone."""

    def __init__(self, array):
        self._array = array

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()

    def __dlpack__(self, **words):
        return self._array.__dlpack__(**words)


def mapped(array):
    """Return a view of a file; it is gone when nothing refers to it."""
    with tempfile.TemporaryFile() as file:
        result = np.memmap(file, array.dtype, "w+", shape=array.shape)
    result[...] = array
    return result


def _type(array):
    return pa.from_numpy_dtype(array.dtype)


def _nullable(array):
    return {"f": "Float64", "i": "Int64", "u": "UInt64"}[array.dtype.kind]


def _halves(array):
    return array[: array.size // 2], array[array.size // 2 :]


VIEWS = {  # of one dimension, whose memory is read where it lies
    "itself": lambda a: a,
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype),
    "every other": lambda a: np.repeat(a, 2)[::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "file": mapped,
    "__array__": Wrapped,
    "DLPack": OnHost,
    "memoryview": lambda a: memoryview(a.copy()),
    "Series": pd.Series,
    "Series of another index": lambda a: pd.Series(a, index=np.arange(a.size)[::-1], name="p"),
    "Series of one index": lambda a: pd.Series(a, index=[0] * a.size),
    "Index": pd.Index,
    "nullable": lambda a: pd.Series(a, dtype=_nullable(a)),
    "Arrow-backed": lambda a: pd.Series(a, dtype=pd.ArrowDtype(_type(a))),
    "Polars": lambda a: pl.Series("p", a),
    "Arrow": pa.array,
    "Arrow, a slice": lambda a: pa.array(np.append(a, a)).slice(a.size),
    "Arrow, one chunk": lambda a: pa.chunked_array([a]),
    "Arrow's C interface": lambda a: ExportedArray(pa.array(a)),
}
COPIES = {
    "list": list,
    "numbers": lambda a: a.tolist(),
    "tuple": tuple,
    "objects": lambda a: a.astype(object),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "decimals": lambda a: [decimal.Decimal(one) for one in a.tolist()],
    "Series of decimals": lambda a: pd.Series([decimal.Decimal(one) for one in a.tolist()], dtype=object),
    "categories": lambda a: pd.Series(a).astype("category"),
    "sparse Series": lambda a: pd.Series(pd.arrays.SparseArray(a)),
    "Polars, chunks": lambda a: pl.concat([pl.Series(part) for part in _halves(a)], rechunk=False),
    "Arrow, chunks": lambda a: pa.chunked_array(_halves(a)),
    "Arrow, a dictionary": lambda a: pa.array(a).dictionary_encode(),
    "Arrow, runs": lambda a: pa.RunEndEncodedArray.from_arrays(np.arange(1, a.size + 1, dtype=np.int32), a),
    "Arrow, a stream": lambda a: ExportedStream(pa.chunked_array(_halves(a))),
    "sparse": sparse.coo_array,
}
COLUMNS = {**VIEWS, **COPIES}
TABLES = {  # of two dimensions
    "itself": lambda a: a,
    "by columns": np.asfortranarray,
    "file": mapped,
    "nested list": lambda a: a.tolist(),
    "list of Series": lambda a: [pd.Series(row) for row in a],
    "DataFrame": pd.DataFrame,
    "DataFrame of one name": lambda a: pd.DataFrame(a, columns=["a"] * a.shape[1]),
    "nullable": lambda a: pd.DataFrame(a).astype(_nullable(a)),
    "Arrow-backed": lambda a: pd.DataFrame(a).astype(pd.ArrowDtype(_type(a))),
    "DataFrame of two types": lambda a: pd.DataFrame(a).astype({0: object}),
    "Polars": pl.DataFrame,
    "Polars, by columns": lambda a: pl.from_numpy(np.asfortranarray(a)),
    "Polars, arrays": lambda a: pl.Series(a),
    "Polars, lists": lambda a: pl.Series(a.tolist()),
    "Arrow": lambda a: pa.table(list(a.T.copy()), names=[str(at) for at in range(a.shape[1])]),
    "Arrow, a stream": lambda a: ExportedStream(TABLES["Arrow"](a)),
    "Arrow, lists": lambda a: pa.array(a.tolist()),
    "Arrow, lists of one size": lambda a: pa.FixedSizeListArray.from_arrays(pa.array(a.ravel()), a.shape[1]),
    "Series of lists": lambda a: pd.Series(a.tolist()),
    "Series of arrays": lambda a: pd.Series(list(a)),
    "CSR": sparse.csr_array,
    "CSC": sparse.csc_array,
    "CSR matrix": sparse.csr_matrix,
    "diagonals": sparse.dia_array,
}
TABLE_VIEWS = {
    "itself",
    "by columns",
    "file",
    "DataFrame",
    "DataFrame of one name",
    "Polars, by columns",
    "Polars, arrays",
    "Arrow, lists of one size",
}

SCORES = np.array([0.5, -1.25, 2.0, 0.75, -0.5, 1.5])
GRADES = np.array([0, 2, 1, 1, 0, 2])
GROUPS = np.array([7, 3, 3, 7, 7, 3])
MATRIX = np.array([[0.5, 0.0, -1.0], [0.0, 0.25, 2.0], [1.0, 0.0, 0.0], [0.0, -0.5, 0.75]])
CLASSES = np.array([2, 0, 1, 2])
SHARES = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.25, 0.5, 0.25], [1.0, 0.0, 0.0]])


def ranked(scores=SCORES, labels=GRADES, **words):
    return fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, **words)


def classified(input=MATRIX, target=CLASSES, **words):
    return fastloss.cross_entropy.value_and_grad(input, target, **words)


OF_COLUMNS = {  # an argument, and a call with another in its place
    "scores": (SCORES, ranked),
    "labels": (GRADES, lambda y: ranked(labels=y)),
    "real labels": (SCORES[::-1].copy(), lambda y: ranked(labels=y)),
    "sample_weight": (np.array([1.0, 0.5, 2.0, 0.0, 1.0, 3.0]), lambda w: ranked(sample_weight=w)),
    "groups": (GROUPS, lambda g: ranked(groups=g, reduction="per_group", return_ids=True)),
    "offsets": (np.array([0, 2, 6]), lambda ends: ranked(offsets=ends)),
    "relevance": (GRADES, lambda y: fastloss.lambdarank_loss.grad_hess(SCORES, y, groups=GROUPS)),
    "input": (SCORES, lambda x: fastloss.huber_loss.grad_hess(x, GRADES)),
    "target": (GRADES, lambda t: fastloss.huber_loss(SCORES, t, reduction="none")),
    "class ids": (CLASSES, lambda t: classified(target=t)),
    "smoothed class ids": (CLASSES, lambda t: classified(target=t, label_smoothing=0.25)),
    "weights of classes": (np.array([1.0, 0.5, 2.0]), lambda w: classified(weight=w)),
    "actions": (CLASSES, lambda a: fastloss.policy_gradient_loss.value_and_grad(MATRIX, a, SCORES[:4])),
    "advantages": (SCORES[:4], lambda a: fastloss.policy_gradient_loss.value_and_grad(MATRIX, CLASSES, a)),
    "labels of embeddings": (np.array([1, 0, 1, 0]), lambda y: fastloss.supcon_loss.value_and_grad(MATRIX, y)),
    "counted": (GRADES, lambda y: (fastloss.auc(SCORES, y), fastloss.count_inversions(SCORES, y))),
}
OF_TABLES = {
    "logits": (MATRIX, classified),
    "distributions": (SHARES, lambda t: classified(target=t)),
    "input": (MATRIX, lambda x: fastloss.mse_loss.value_and_grad(x, SHARES)),
    "target": (SHARES, lambda t: fastloss.binary_cross_entropy_with_logits.grad_hess(MATRIX, t)),
    "weights of elements": (SHARES, lambda w: fastloss.mse_loss.value_and_grad(MATRIX, SHARES, sample_weight=w)),
    "embeddings": (MATRIX, lambda q: fastloss.info_nce_loss.value_and_grad(q, SHARES)),
    "centers": (SHARES[:3], lambda c: fastloss.center_loss.value_and_grad(MATRIX, CLASSES, c)),
    "many labels": (np.array([[1, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 0]]), lambda t: fastloss.focal_loss(MATRIX, t)),
}


def leaves(result):
    """Yield a result's arrays and numbers, one after another."""
    for one in result if isinstance(result, tuple) else (result,):
        yield from leaves(one) if isinstance(one, tuple) else (one,)


def require_same(call, values, make):
    """Raise unless a call has the same bits for another kind of array, and returns NumPy's arrays."""
    expected, found = (tuple(leaves(call(one))) for one in (values, make(values)))
    for one, other in zip(expected, found, strict=True):
        assert type(one) is type(other)
        np.testing.assert_array_equal(other, one)
        assert np.shape(one) == np.shape(other)
        assert np.asarray(one).dtype == np.asarray(other).dtype.newbyteorder("=")  # ids keep theirs
