"""Sums of exponentials of rows and columns of logits: merged, and as logs."""

from typing import NamedTuple

import numpy as np

from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import launch
from fastloss.compile.signatures import REALS, Signature
from fastloss.embeddings.tiles import merge_block


class Sums(NamedTuple):
    """Logs of rows' and columns' sums of exponentials; the columns' only where asked for."""

    rows: np.ndarray
    columns: np.ndarray


class Side(NamedTuple):
    """Logs of the sums of rows or of columns, and the factors of their softmaxes in the gradient."""

    logs: np.ndarray
    factors: np.ndarray


@once
def _merging() -> Kernel:
    return kernel(merge_block, "float64", Signature((REALS, REALS), (REALS, REALS)))


def merge(maxima: np.ndarray, sums: np.ndarray, other_maxima: np.ndarray, other_sums: np.ndarray) -> None:
    """Add sums of e**(z - maximum) over some candidates to those over others, in place."""
    launch(_merging(), (other_maxima, other_sums), np.empty(0), (maxima, sums), 1)


def log_sums(maxima: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return the logs of sums of e**z, from those of e**(z - maximum)."""
    with np.errstate(divide="ignore"):
        return maxima + np.log(sums)


def finite(logs: np.ndarray) -> np.ndarray:
    """Return logs with +inf for that of an empty sum, so that its softmax is 0."""
    return np.where(logs == -np.inf, np.inf, logs)
