"""The number that targets make together, which `nmae_loss` divides by: a pass of its own."""

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.dask.calls import Call
from fastloss.dask.graphs import Each, mapped, merged
from fastloss.dask.workers import Job, at_work, values
from fastloss.pointwise.relative import NORMS, require_norm


class Size(NamedTuple):
    """What partitions of targets tell of them all."""

    rows: int
    least: float
    largest: float
    mean: float
    squares: float  # the sum of squared distances from the mean


def is_known(call: Call) -> bool:
    """Return whether the norm is made of numbers of the partitions, or there is none; quartiles are not.

    Raises
    ------
    ValueError
        If there is no such norm.
    """
    word = _word(call)
    if isinstance(word, str):
        NORMS.validate("norm", word)
    return word != "iqr"


def _word(call: Call) -> Any:
    return call.parameters.get("norm")


def with_number(call: Call) -> Call:
    """Return a call whose `norm` is a lazy number, if it is a word."""
    norm = _word(call)
    if not isinstance(norm, str):
        return call
    targets = call.columns["target"].blocks
    sizes = mapped(f"{call.loss.name}-size", size, call.job, Each(tuple(call.partitions)), targets)
    of_all = merged(f"{call.loss.name}-size", merge, sizes)
    number = mapped(f"{call.loss.name}-norm", number_of_all, call.job, norm, of_all)
    parameters = {name: one for name, one in call.parameters.items() if name != "norm"}
    return dataclasses.replace(call, parameters=parameters, whole={**call.whole, "norm": number})


# Functions of the workers.


def size(job: Job, partition: int, target: Any) -> Size:
    """Return what a partition's targets tell."""
    with at_work(job, partition), np.errstate(all="ignore"):
        array = np.asarray(values(("target",), (target,))["target"], np.float64)
        if not array.size:
            return Size(0, math.inf, -math.inf, 0.0, 0.0)
        mean = float(np.mean(array))
        return Size(array.size, float(np.min(array)), float(np.max(array)), mean, float(np.sum((array - mean) ** 2)))


def merge(sizes: list[Size]) -> Size:
    """Return what several tell together: Chan, Golub & LeVeque, 1979, for the squares."""
    first, *others = sizes
    for one in others:
        if one.rows and first.rows:
            rows, apart = first.rows + one.rows, one.mean - first.mean
            mean = first.mean + apart * one.rows / rows
            squares = first.squares + one.squares + apart * apart * first.rows * one.rows / rows
            least, largest = np.minimum(first.least, one.least), np.maximum(first.largest, one.largest)  # NaN stays
            first = Size(rows, float(least), float(largest), mean, squares)
        elif one.rows:
            first = one
    return first


def number_of_all(job: Job, norm: str, whole: Size) -> float:
    """Return the number that a word stands for."""
    with at_work(job):
        if not whole.rows:
            return 1.0
        words = {
            "range": whole.largest - whole.least,
            "mean": abs(whole.mean),
            "std": math.sqrt(whole.squares / whole.rows),
            "max": max(abs(whole.largest), abs(whole.least)),
        }
        return float(require_norm(norm, words[norm]))
