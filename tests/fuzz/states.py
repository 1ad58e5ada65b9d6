"""Counts over pairs against a count of them, and states that take batches against one call."""

import copy
import itertools
import math
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastloss
from fastloss.core.loss import REGISTRY
from fastloss.pairs.boxes.sums import NoState
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.streaming.additive import Accumulator
from fastloss.streaming.all_pairs import PairAccumulator
from fastloss.streaming.grouped import GroupAccumulator
from tests.fuzz import values
from tests.fuzz.calls import KERNEL_DTYPES, compiled, described, generator
from tests.fuzz.outcomes import contents, strict_warnings

State = Accumulator | PairAccumulator | GroupAccumulator


def attempt(function: Callable[..., Any], *args: Any, **words: Any) -> tuple[Any, BaseException | None]:
    """What a function returns, or raises; warnings are errors."""
    with warnings.catch_warnings():
        strict_warnings()
        try:
            return function(*args, **words), None
        except Exception as error:
            return None, error


def improper(error: BaseException | None, names: tuple[str, ...]) -> Iterator[str]:
    """An error that is not a ValueError, NoState or TypeError beginning with one of the names."""
    if error is None:
        return
    start = re.match(r"[A-Za-z_]\w*", str(error))
    if type(error) not in (ValueError, NoState, TypeError) or not start or start[0] not in names:
        yield f"raises {type(error).__name__} {str(error)[:200]!r}"


def exact_scores(rng: np.random.Generator, count: int, profile: str) -> np.ndarray:
    """Scores or labels of any kind, as they are: integers of 64 bits, infinities, ties."""
    kind = rng.choice(["f8", "f4", "i8", "u8", "near", "i2", "?"], p=[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    if kind == "near":
        return 2**53 + rng.integers(-2, 3, count)
    if kind == "u8":
        return np.uint64(2**63) + rng.integers(0, 3, count).astype(np.uint64)
    if kind in ("i8", "i2", "?"):
        return rng.integers(-3, 4, count).astype(str(kind))
    array = values.numbers(rng, (count,), profile)
    with np.errstate(all="ignore"):
        return array.astype(str(kind))


def ordered_pairs(scores: np.ndarray, labels: np.ndarray, ids: list[Any]) -> Iterator[tuple[Any, int, int, int]]:
    """Each pair with y_i > y_j of a group: the group, i, j, and how their scores compare; as Python's numbers."""
    s, y = scores.tolist(), labels.tolist()
    for i, j in itertools.permutations(range(len(s)), 2):
        if ids[i] == ids[j] and y[i] > y[j]:
            yield ids[i], i, j, (s[i] > s[j]) - (s[i] < s[j])


def counts(key: str, lean: bool = False) -> tuple[str, list[str]]:
    """`auc` and `count_inversions` against the pairs, one by one."""
    rng = generator(key)
    name, count = key.split(":")[0], int(rng.choice([0, 1, 2, 3, 5, 8, 13, 30]))
    profile = str(rng.choice(values.PROFILES))
    scores, labels = exact_scores(rng, count, profile), exact_scores(rng, count, "ties")
    words: dict[str, Any] = {}
    if rng.random() < 0.4:
        words["groups"] = values.groups(rng, (count,), profile)
    weights = np.round(rng.uniform(0.0, 3.0, count), 1) if rng.random() < 0.3 else None
    if weights is not None:
        words["sample_weight"] = weights
    args: list[Any] = [scores, labels]
    tampered = rng.random() < 0.25
    if tampered:
        which = rng.integers(2)
        args[which] = values.bent(rng, args[which])[1]
    elif rng.random() < 0.3:
        which = rng.integers(2)
        args[which] = values.LAYOUTS[str(rng.choice(["strided", "backwards", "read-only", "big-endian", "list"]))](
            args[which]
        )
    per_group = name == "auc" and rng.random() < 0.4
    if per_group:
        words["reduction"] = "per_group"
    text = (
        f"{name}({', '.join(map(described, args))}, " + ", ".join(f"{k}={described(v)}" for k, v in words.items()) + ")"
    )
    before = contents(args)
    made, error = attempt(getattr(fastloss, name), *args, **words)
    names = ("scores", "labels", "groups", "sample_weight", "reduction", "offsets")
    found = list(improper(error, names))
    if contents(args) != before:
        found.append("an argument has been written to")
    if error is not None:
        return text, found if found or tampered else _refusal(scores, labels, error)
    if tampered:
        return text, found + [f"the mask is dropped: {made}" for x in args if np.ma.is_masked(x)]
    ids = np.asarray(words["groups"]).tolist() if "groups" in words else [0] * count
    distinct = np.unique(words["groups"]).tolist() if "groups" in words else [0]
    sums = {one: [0.0, 0.0] for one in distinct}
    w = [1.0] * count if weights is None else weights.tolist()
    for one, i, j, sign in ordered_pairs(scores, labels, ids):
        sums[one][0] += w[i] * w[j] * ((sign < 0) if name == "count_inversions" else (sign + 1) / 2)
        sums[one][1] += w[i] * w[j]
    if scores.dtype.kind == "f" and np.isnan(scores).any():
        if not per_group and not np.isnan(made) and len(distinct) == 1 and sums[distinct[0]][1]:
            found.append(f"a NaN score gives {made}")
        return text, found
    if per_group:
        expected: Any = [sums[one][0] / sums[one][1] if sums[one][1] else math.nan for one in distinct]
    else:
        top, bottom = (math.fsum(one[at] for one in sums.values()) for at in (0, 1))
        expected = top if name == "count_inversions" else (top / bottom if bottom else math.nan)
    if not np.allclose(made, expected, 1e-12, 1e-12, equal_nan=True):
        found.append(f"gives {made}, expected {expected}")
    return text, found


def _refusal(scores: np.ndarray, labels: np.ndarray, error: BaseException) -> list[str]:
    nan = labels.dtype.kind == "f" and np.isnan(labels).any()
    return [] if nan else [f"is refused although all is ordinary: {error}"]


def streamed(rng: np.random.Generator) -> tuple[str, bool, dict[str, Any]]:
    """A loss that has a state, whether in groups, and parameters."""
    single = [n for n, one in REGISTRY.items() if isinstance(one, PointwiseLoss)]
    grouped = [n for n, one in REGISTRY.items() if hasattr(one, "group_sums")]
    smooth = [n for n, one in REGISTRY.items() if isinstance(one, PairwiseLoss) and one.formulas.tails is not None]
    kind = rng.choice(["rows", "pairs", "groups"])
    name = str(rng.choice({"rows": single, "pairs": smooth, "groups": grouped}[str(kind)]))
    parameters = {}
    for word, spec in REGISTRY[name].parameters.items():
        value, certain = values.parameter(rng, spec)
        if certain and value is not None and rng.random() < 0.3 and word != "pairs":
            parameters[word] = value
    if name == "nmae_loss":
        parameters["norm"] = 2.5
    return name, kind == "groups", parameters


def states(key: str, lean: bool = False) -> tuple[str, list[str]]:
    """A state that took the data in batches and in parts against one call on all of it."""
    rng = generator(key)
    name, grouped, parameters = streamed(rng)
    loss = REGISTRY[name]
    count = int(rng.choice([0, 1, 2, 5, 13, 40]))
    if rng.random() < 0.02 and compiled():
        count = 9000
    profile = str(rng.choice(values.ORDINARY))
    dtype = KERNEL_DTYPES[int(rng.random() < 0.2 and not lean)]
    words: dict[str, Any] = {}
    if isinstance(loss, PointwiseLoss):
        arrays = [values.of_domain(domain)(rng, (count,), profile).astype(dtype) for domain in loss.domains.values()]
        if parameters.get("log_input") is False:  # a rate
            arrays[0] = np.abs(arrays[0])
        if any(domain.check(float(x)) == 1 for domain, a in zip(loss.domains.values(), arrays, strict=True) for x in a):
            profile = "special"  # rounded out of the domain
    else:
        levels = 2 if loss.shape == "pairs" and loss.labels.values and "pairs" not in loss.parameters else 4
        arrays = [values.numbers(rng, (count,), profile).astype(dtype), rng.integers(0, levels, count)]
    if grouped:
        words["groups"] = np.sort(values.groups(rng, (count,), profile))
    elif rng.random() < 0.4:
        words["sample_weight"] = values.weights(rng, (count,), profile)
    said = ", ".join(map(described, [*arrays, *words.values()]))
    text = f"accumulate({name!r}, grouped={grouped}, {parameters}) of {said}"
    names = (*loss.arguments, *loss.parameters, *words, "groups", "sample_weight", name)
    made, error = attempt(lambda: [fastloss.accumulate(name, grouped=grouped, **parameters) for _ in range(3)])
    if error is not None:
        return text, list(improper(error, names))
    ends = _cuts(rng, count, words.get("groups"))
    failures: list[str] = []
    for begin, end in itertools.pairwise(ends):
        part = [array[begin:end] for array in arrays], {word: value[begin:end] for word, value in words.items()}
        state: State = made[rng.integers(len(made))]
        _, error = attempt(state.update, *part[0], **part[1])
        failures += improper(error, names)
        if error is not None:
            failures += [f"a batch is refused: {error}"] if profile in values.ORDINARY else []
            return text, failures
        failures += _bad_batch(rng, state, part)
    whole = made[0]
    for other in made[1:]:
        if rng.random() < 0.5:
            other = type(other).from_bytes(other.to_bytes())
        whole.merge(other)
    reduction = str(rng.choice(["mean", "sum"]))
    found, error = attempt(whole.result, reduction)
    expected, other_error = attempt(
        loss, *arrays, **words, **parameters, **({} if loss.name == "rmse_loss" else {"reduction": reduction})
    )
    failures += improper(error, (*names, "reduction"))
    if error is not None or other_error is not None:
        if name != "rmse_loss" and (error is None) != (other_error is None):
            failures.append(f"the state gives {found} {error}, one call {expected} {other_error}")
        return text, failures
    if name != "rmse_loss" and not np.isclose(found, expected, 1e-9, 1e-300, equal_nan=True):
        failures.append(f"the state gives {found!r}, one call {expected!r}")
    read, error = attempt(lambda: type(whole).from_bytes(whole.to_bytes()).result(reduction))
    if error is not None or not (read == found or (math.isnan(read) and math.isnan(found))):
        failures.append(f"as bytes and back, {found!r} is {read!r} {error}")
    return text, failures


def _cuts(rng: np.random.Generator, count: int, groups: Any) -> list[int]:
    """Where the batches end; whole groups where there are any."""
    ends = sorted(rng.integers(0, count + 1, rng.integers(0, 4)).tolist())
    if groups is not None:
        starts = [0, *(np.flatnonzero(groups[1:] != groups[:-1]) + 1).tolist(), count]
        ends = sorted({starts[rng.integers(len(starts))] for _ in range(3)})
    return [0, *ends, count]


def _bad_batch(rng: np.random.Generator, state: State, part: Any) -> Iterator[str]:
    """A batch that is refused leaves the state as it was."""
    arrays, words = part
    if rng.random() < 0.6 or not len(arrays[0]):
        return
    bad = list(arrays)
    which = rng.integers(len(bad))
    tampered, bad[which] = values.bent(rng, bad[which])
    state = copy.deepcopy(state)  # the batch may be welcome
    before, error = attempt(state.to_bytes)
    if error is not None:
        return
    _, refused = attempt(state.update, *bad, **words)
    if refused is None:
        return
    yield from improper(
        refused, ("scores", "labels", "groups", "sample_weight", *state.loss.arguments, state.loss.name)
    )
    after, error = attempt(state.to_bytes)
    if error is not None or after != before:
        yield f"a batch with {tampered} is refused, but the state is another: {refused}"
