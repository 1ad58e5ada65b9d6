"""What is called to have kernels compiled: every loss in every way, on the smallest data that reaches each kernel."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastloss.ahead.cases import cases
from fastloss.core.domains import Domain
from fastloss.core.loss import Loss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pairs.queries.loss import QueryLoss
from fastloss.pairs.small_groups.layout import MOST
from fastloss.pointwise.loss import PointwiseLoss, domain_bits

ROWS = 20
GROUP = 10
LARGER = MOST + 1  # rows of a group that has other kernels than small ones
LARGE = {"direct": 2100, "fast": 1 << 14}  # rows of a query that all threads sum, and of one that NumPy ranks
KINDS = (np.float32, np.float64)


def calls_of(loss: Loss) -> Iterator[Callable[[], Any]]:
    """Value, value and gradient, second derivative, for float32 and float64; float32 scores with integer labels.

    With weights where these have kernels of their own: others read a vector of weights that may be empty.
    """
    varied = isinstance(loss, PointwiseLoss | PairwiseLoss)
    for args, kwargs in arguments(loss, KINDS):
        for weights in (None, np.ones(len(args[0]))) if varied else (None,):
            words = kwargs if weights is None else {**kwargs, "sample_weight": weights}
            yield functools.partial(loss, *args, **words)
            yield functools.partial(loss.value_and_grad, *args, **words)
            if loss.has_curvature:
                yield functools.partial(loss.grad_hess, *args, **words)
            if isinstance(loss, PointwiseLoss) and has_each(loss):
                yield functools.partial(loss, *args, **words, reduction="none")
        if isinstance(loss, PointwiseLoss):
            for domain, array in zip(loss.domains.values(), args, strict=True):
                yield functools.partial(domain_bits, domain, array)
    if isinstance(loss, PointwiseLoss):
        rng = np.random.default_rng(0)
        arrays = [drawn(domain, rng, np.float32) for domain in loss.domains.values()]
        arrays[-1] = drawn(list(loss.domains.values())[-1], rng, np.int8)
        for words in ({}, {"sample_weight": np.ones(ROWS)}):
            yield functools.partial(loss.value_and_grad, *arrays, **words)
            yield functools.partial(loss, *arrays, **words)


def has_each(loss: PointwiseLoss) -> bool:
    """Return whether the loss has a value for each element."""
    try:
        loss.require_reduction("none")
    except ValueError:
        return False
    return True


def arguments(loss: Loss, kinds: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield arguments of every dtype: positional, and keywords."""
    rng = np.random.default_rng(0)
    if isinstance(loss, PointwiseLoss):
        for dtype in kinds:
            yield tuple(drawn(domain, rng, dtype) for domain in loss.domains.values()), {}
    elif isinstance(loss, PairwiseLoss):
        for method, rows, group in (("direct", ROWS, GROUP), ("direct", LARGER, LARGER), ("fast", ROWS, GROUP)):
            labels, offsets = rng.integers(0, 2, rows), np.arange(0, rows + 1, group)
            for dtype in kinds:
                yield (rng.normal(size=rows).astype(dtype), labels), {"offsets": offsets, "method": method}
    else:
        for case in cases(loss):
            for dtype in kinds:
                words = {name: converted(x, dtype) for name, x in case.keywords.items() if name not in loss.parameters}
                yield tuple(converted(x, dtype) for x in case.arrays), {**case.keywords, **words}
        if isinstance(loss, QueryLoss):
            yield from _large_queries(rng, kinds)


def _large_queries(
    rng: np.random.Generator, kinds: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    for method, size in LARGE.items():
        for gains in ("exp2", "linear"):
            for dtype in kinds:
                arrays = rng.normal(size=size).astype(dtype), rng.integers(0, 3, size)
                yield arrays, {"method": method, "gains": gains}


def drawn(domain: Domain, rng: np.random.Generator, dtype: Any) -> np.ndarray:
    """Draw numbers of a domain in a dtype."""
    values = domain.values or [x for x in (0.0, 1.0, 2.0) if domain.check(x) == 0]
    if np.issubdtype(dtype, np.floating) and not domain.values:
        return rng.uniform(max(domain.low, 0.1), min(domain.high, 0.9), ROWS).astype(dtype)
    return rng.choice(np.array(values), ROWS).astype(dtype)


def converted(value: Any, dtype: Any) -> Any:
    """Return real numbers in arrays and lists in another dtype; the rest as it is."""
    if isinstance(value, tuple):
        return tuple(converted(x, dtype) for x in value)
    if isinstance(value, list | np.ndarray):
        array = np.asarray(value)
        return array.astype(dtype) if array.dtype.kind == "f" else array
    return value
