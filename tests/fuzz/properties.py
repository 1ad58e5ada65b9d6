"""What must hold of every call. Each property takes a call and yields what it finds wrong."""

import dataclasses
import itertools
import math
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np

import fastloss
from fastloss.compile import threads
from fastloss.pointwise.loss import PointwiseLoss
from tests.fuzz.calls import Call
from tests.fuzz.forms import WHOLE
from tests.fuzz.outcomes import Outcome, contents, differences, logits_size, outcome, poison, same_bits, tolerance

WAYS = ("value", "value_and_grad", "grad_hess")


def refused_properly(call: Call, found: Outcome) -> Iterator[str]:
    """An error is a ValueError or a TypeError that begins with an argument's name; ordinary calls give none."""
    error = found.error
    if error is None:
        return
    names = [*call.loss.__signature__.parameters, call.loss.name]
    start = re.match(r"[A-Za-z_]\w*", str(error))
    if type(error) not in (ValueError, TypeError) or not start or start[0] not in names:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{'/'.join(where.filename.split('/')[-3:])}:{where.lineno}"
        yield f"raises {type(error).__name__} {str(error)[:200]!r} at {place}"
    elif call.ordinary and call.loss.name not in WHOLE:
        yield f"is refused although all is ordinary: {found.text()}"


def result_is_whole(call: Call, found: Outcome, reduction: Any) -> Iterator[str]:
    """A number, or an array of the weights' shape; gradients of the arguments' shapes, in float32 or float64."""
    if found.error is not None:
        return
    value = found.value
    if reduction in ("mean", "sum") and value.shape != ():
        yield f"reduction={reduction!r} gives an array of shape {value.shape}"
    if reduction == "none" and not call.tampered and value.shape != call.items:
        yield f"reduction='none' gives shape {value.shape}, expected {call.items}"
    for one in found.results:
        if one.dtype.kind == "O" or (one.ndim and one.dtype not in (np.float32, np.float64, np.int64)):
            yield f"gives an array of dtype {one.dtype}"


def memory_is_written(call: Call, found: Outcome, way: str, reduction: Any) -> Iterator[str]:
    """The same bits, whatever lay in the memory of the results; the kernels have been loaded by the first call."""
    for which in (0, 1):
        with poison(which):
            again = outcome(call, way, reduction=reduction)
        if not same_bits(found, again):
            yield f"{way} depends on memory that nobody wrote: {found.text()}; then {again.text()}"
            return


def every_way(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """All entry points: errors, dtypes and shapes, arguments unchanged, no memory that nobody wrote."""
    before = {name: contents(value) for name, value in {**call.arguments, **call.keywords}.items()}
    reductions = ["mean", "sum", "none"] + ["per_group"] * ("groups" in call.loss.__signature__.parameters)
    reduction: Any = (
        reductions[rng.integers(len(reductions))] if rng.random() < 0.97 else ["median", None, 3][rng.integers(3)]
    )
    if call.loss.name in WHOLE and rng.random() < 0.7:
        reduction = "mean"
    ways = WAYS[: 2 + call.loss.has_curvature]
    if call.lean and call.keywords.get("sample_weight") is None:
        reduction = "sum" if reduction == "none" else reduction
    elif call.lean:
        ways = WAYS[:2]
    some = {way: outcome(call, way, reduction=reduction) for way in ways}
    judged = dataclasses.replace(call, tampered=call.tampered or reduction not in reductions)
    refusals = {one: way for way, found in some.items() for one in refused_properly(judged, found)}
    yield from (f"{way} {one}" for one, way in refusals.items())
    for way, found in some.items():
        if way != "grad_hess":
            yield from (f"{way} {one}" for one in result_is_whole(call, found, reduction))
        if rng.random() < 0.5:
            yield from memory_is_written(call, found, way, reduction)
    value, both = some["value"], some["value_and_grad"]
    if (value.error is None) != (both.error is None) or str(value.error) != str(both.error):
        yield f"value gives {value.text()}, value_and_grad {both.text()}"
    elif value.error is None:
        scale = np.nansum(np.abs(value.value)) if reduction != "mean" else _size(call, value)
        yield from differences("value and value_and_grad", call, value.value, both.value, scale)
        yield from gradients_fit(call, both)
    after = {name: contents(value) for name, value in {**call.arguments, **call.keywords}.items()}
    for name in before:
        if before[name] != after[name]:
            yield f"{name} has been written to"


def gradients_fit(call: Call, both: Outcome) -> Iterator[str]:
    """Gradients have the shapes of arguments."""
    if call.tampered:
        return
    tuples = ("interactions", "positives", "params")
    given = [value for name, value in {**call.arguments, **call.keywords}.items() if name not in tuples]
    shapes = {(), *map(np.shape, given), *map(np.shape, call.keywords.get("params", ()))}
    for one in both.results[1:]:
        if one.dtype.kind == "f" and one.shape not in shapes:
            yield f"a gradient has shape {one.shape}, no argument has"


def _size(call: Call, value: Outcome) -> float:
    """The mean of the terms' sizes."""
    each, total = (outcome(call, reduction=one) for one in ("none", "sum"))
    if each.error is not None or total.error is not None or not np.all(total.value):
        return float(np.abs(value.value).sum())
    with np.errstate(all="ignore"):
        return float(np.abs(each.value).sum() * np.abs(value.value).sum() / np.abs(total.value))


def reductions_agree(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """The sum is that of "none", and the mean is the sum by the weights' sum."""
    each, total, mean = (outcome(call, reduction=one) for one in ("none", "sum", "mean"))
    if call.loss.name == "rmse_loss" or (each.error is not None and total.error is not None):
        return
    if each.error is not None or total.error is not None or mean.error is not None:
        yield f"reductions give {each.text()}; {total.text()}; {mean.text()}"
        return
    terms, penalty = np.asarray(each.value, np.float64), float(call.keywords.get("reg") or 0.0)
    if penalty:
        return
    with np.errstate(all="ignore"):
        size, added = float(np.abs(terms).sum()), _sum(terms)
    factor, smallest = 1.0, 1e-300
    if each.value.dtype == np.float32:  # each is rounded to that, and may leave its range
        factor, smallest = max(1.0, 1e-6 / tolerance(call)), 1e-44 * terms.size
        if not np.isfinite(size):
            return
    if size < 1e290 or not np.isfinite(size):
        yield from differences("sum and sum of none", call, total.value, added, size, factor, smallest)
    denominator = _denominator(call)
    if denominator is not None and denominator > 0.0 and np.isfinite(denominator) and size < 1e290:
        with np.errstate(all="ignore"):
            scale = size / denominator
            smallest = max(1e-300, 1e-322 * terms.size / denominator)  # what the sum is rounded to
        quotient = total.value / denominator
        yield from differences("mean and sum / weight", call, mean.value, quotient, scale, smallest=smallest)


def _sum(terms: np.ndarray) -> float:
    try:
        return math.fsum(terms.reshape(-1).tolist())
    except (OverflowError, ValueError):
        return float(terms.sum())


def _denominator(call: Call) -> float | None:
    if not isinstance(call.loss, PointwiseLoss) or call.tampered or call.loss.name in WHOLE:
        return None
    weights = call.keywords.get("sample_weight")
    if weights is None:
        return float(math.prod(call.items))
    return float(np.sum(np.asarray(weights, np.float64)))


def _along(call: Call, name: str) -> int | None:
    """The axis of an argument that examples lie along."""
    letters = call.form.items if name == "sample_weight" else call.letters.get(name, "")
    return letters.index(call.form.rows) if call.form.rows and call.form.rows in letters else None


def taken(call: Call, rows: np.ndarray) -> Call:
    """The call with rows taken along the axis of examples."""
    words = {}
    for name, value in {**call.arguments, **call.keywords}.items():
        axis = _along(call, name)
        if name == "sample_weight" and call.form.items in ("V", "W") and value is not None:
            value = np.asarray(value)
            both = value.reshape((2, -1) if call.form.items == "V" else (-1, call.sizes["L"]))
            words[name] = np.take(both, rows, 1 if call.form.items == "V" else 0).reshape(-1)
        elif axis is not None and value is not None:
            words[name] = np.take(np.asarray(value), rows, axis)
    return call.replaced(**words)


def _can_take(call: Call) -> bool:
    if not call.form.rows or not call.ordinary or not np.ndim(next(iter(call.arguments.values()))):
        return False
    return call.form.rows != "S" or len(call.sizes["S"]) >= 1  # type: ignore[arg-type]


def any_order(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """Rows in another order give the same value, and their gradients in that order."""
    if not _can_take(call) or (call.loss.name == "lambdarank_loss" and _has_ties(call)):
        return
    count = len(np.asarray(next(iter(call.arguments.values()))))
    order = rng.permutation(count)
    one, two = outcome(call, "value_and_grad"), outcome(taken(call, order), "value_and_grad")
    if one.error is not None or two.error is not None:
        if call.loss.name not in WHOLE or (one.error is None) != (two.error is None):
            yield f"another order gives {two.text()}, not {one.text()}"
        return
    yield from differences("rows in another order", call, one.value, two.value, _size(call, one), 10.0)
    axis = _along(call, next(iter(call.arguments)))
    if call.profile != "plain" or axis is None or len(one.results) < 2:
        return
    expected, found = np.take(one.results[1], order, axis), two.results[1]
    size = np.abs(expected).max(initial=0.0)
    if call.loss.shape != "mining":
        factor = 100.0 if expected.dtype == np.float64 else 1e-6 / tolerance(call)
        yield from differences("gradients in another order", call, expected, found, size, factor)


def _has_ties(call: Call) -> bool:
    scores = np.asarray(next(iter(call.arguments.values())))
    return np.unique(scores).size < scores.size


def weights_repeat(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """A row of weight k is k rows."""
    if not _can_take(call) or not call.form.repeat or call.loss.name == "nmae_loss":
        return
    count = len(np.asarray(next(iter(call.arguments.values()))))
    if call.form.rows == "S" and any(np.ndim(call.keywords.get(name)) for name in ("weight", "pos_weight")):
        return
    times = rng.integers(0, 4, count)
    weights = times.astype(np.float64)
    shape = call.items
    if len(shape) > 1 and rng.random() < 0.5:  # one for each entry of the first axis means the same
        weights = np.broadcast_to(weights.reshape(-1, *[1] * (len(shape) - 1)), shape)
    reductions = ["mean", "sum"] if call.form.repeat_mean else ["sum"]
    plain = call.replaced(sample_weight=None)
    if call.form.items == "":  # one loss for all rows
        return
    for reduction in reductions:
        if call.loss.name in WHOLE and reduction == "sum":
            continue
        one = outcome(plain, reduction=reduction, sample_weight=weights)
        two = outcome(taken(plain, np.repeat(np.arange(count), times)), reduction=reduction)
        if one.error is not None or two.error is not None:
            yield f"weights {times.tolist()}: {one.text()}; rows repeated: {two.text()}"
        else:
            yield from differences(
                f"{reduction} of weights {times.tolist()} and of rows repeated", call, one.value, two.value, 1.0, 100.0
            )


def nan_comes_out(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """A NaN anywhere makes the value NaN, or is an error that names it."""
    if not call.ordinary or not _something_counts(call):
        return
    names = [name for name, letters in call.letters.items() if letters and name not in call.form.silent]
    names = [name for name in names if np.asarray({**call.arguments, **call.keywords}.get(name)).dtype.kind == "f"]
    if not names:
        return
    name = names[rng.integers(len(names))]
    array = np.array({**call.arguments, **call.keywords}[name], np.float64, order="C")
    if not array.size or 0 in call.items or call.keywords.get("sample_weight") is not None:
        return
    at = rng.integers(array.size)
    array.flat[at] = np.nan
    for way, reduction in itertools.product(("value", "value_and_grad"), ("mean", "sum")):
        found = outcome(call, way, **{name: array, "reduction": reduction})
        if found.error is None and not np.isnan(found.value).all():
            yield f"a NaN in {name} at {at} gives {way} {reduction} {found.text()}"
            return
        if (
            way == "value_and_grad"
            and found.error is None
            and not any(np.isnan(one).any() for one in found.results[1:])
        ):
            yield f"a NaN in {name} at {at} gives a gradient without NaN"


def _something_counts(call: Call) -> bool:
    """Whether every row is in a pair or a triplet, as far as labels say so."""
    labels, sizes = call.arguments.get("labels"), call.sizes
    if "groups" in call.loss.__signature__.parameters:
        one = call.keywords.get("groups") is None and call.keywords.get("offsets") is None
        return bool(one and np.unique(np.asarray(labels)).size > 1)
    if "labels" not in call.arguments or "embeddings" not in call.arguments:
        return True
    if labels is None:
        return bool(sizes["N"] > 1 and sizes["L"] > 1)
    counts = np.unique(np.asarray(labels), return_counts=True)[1]
    return bool(counts.max(initial=0) > 1 and counts.size > 1)


def methods_agree(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """All pairs one by one, and the way without them, to 1e-11 of the terms' sizes."""
    if not getattr(call.loss, "has_fast", "method" in call.loss.__signature__.parameters) or call.tampered:
        return
    for way in WAYS[: 2 + (call.loss.has_curvature and not call.lean)]:
        direct, fast = (outcome(call, way, method=one) for one in ("direct", "fast"))
        if direct.error is not None or fast.error is not None:
            if str(direct.error) != str(fast.error):
                yield f"{way} direct gives {direct.text()}, fast {fast.text()}"
            return
        for one, two in zip(direct.results, fast.results, strict=True):
            size = np.abs(one[np.isfinite(one)]).max(initial=0.0)
            factor = 10.0 if one.dtype == np.float64 else 1e5
            yield from differences(f"{way} direct and fast", call, one, two, size, factor)


def threads_agree(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """The same bits for one thread and for two."""
    real = threads.parallel
    always = mock.patch.object(threads, "parallel", lambda make, chunks, few=1: real(make, chunks, 1))
    with fastloss.num_threads(1):
        one = outcome(call, "value_and_grad")
    with fastloss.num_threads(2), always:  # however little there is to do
        two = outcome(call, "value_and_grad")
    if not same_bits(one, two):
        yield f"one thread gives {one.text()}, two {two.text()}"


def slopes_are_right(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """The gradient along a random direction, and differences of the value."""
    if not call.ordinary or call.profile != "plain":
        return
    first = next(iter(call.arguments))
    array = np.asarray(call.arguments[first])
    if array.dtype != np.float64 or not array.size:
        return
    if call.loss.name in ("soft_cross_entropy", "kl_divergence", "entropy"):  # by another argument, or not inside
        return
    if isinstance(call.loss, PointwiseLoss) and math.isfinite(call.loss.domains[first].low):
        return
    about = call.form.arguments.get(first, "")
    if isinstance(about, str) and about.endswith(("simplex", "unit")):
        return
    both = outcome(call, "value_and_grad", reduction="sum" if call.loss.name not in WHOLE else "mean")
    if both.error is not None or not all(np.isfinite(one).all() for one in both.results):
        return
    direction = rng.normal(size=array.shape)
    expected = float((np.asarray(both.results[1], np.float64) * direction).sum())
    tries = []
    for step in (1e-6, 1e-5, 1e-7):
        ends = [
            outcome(call, **{first: array + way * step * direction, "reduction": "sum"})
            if call.loss.name not in WHOLE
            else outcome(call, **{first: array + way * step * direction})
            for way in (-1.0, 1.0)
        ]
        if any(one.error is not None for one in ends):
            return
        tries.append(float(ends[1].value - ends[0].value) / (2.0 * step))
        size = np.abs(both.results[1]).sum() + np.abs(both.value) * 1e-3 + 1e-3 * logits_size(call)
        if abs(tries[-1] - expected) <= 1e-4 * size:
            return
    yield f"the gradient by {first} along a direction is {expected!r}, differences of the value give {tries}"


def masks_are_refused(call: Call, rng: np.random.Generator) -> Iterator[str]:
    """A masked element is never counted silently."""
    masked = [name for name, x in {**call.arguments, **call.keywords}.items() if np.ma.is_masked(x)]
    if masked:
        found = outcome(call)
        if found.error is None:
            yield f"the mask of {masked[0]} is dropped: {found.text()}"


# How often each is looked at.
PROPERTIES: dict[Callable[[Call, np.random.Generator], Iterator[str]], float] = {
    every_way: 1.0,
    masks_are_refused: 1.0,
    reductions_agree: 0.5,
    any_order: 0.3,
    weights_repeat: 0.3,
    nan_comes_out: 0.3,
    methods_agree: 0.3,
    slopes_are_right: 0.1,
    threads_agree: 0.005,
}


def check(call: Call, rng: np.random.Generator) -> list[str]:
    """All that is wrong with a call."""
    found: list[str] = []
    for holds, share in PROPERTIES.items():
        if rng.random() < share:
            found += [f"{holds.__name__}: {text}" for text in holds(call, rng)]
    return found
