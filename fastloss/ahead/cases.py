"""Sample calls of every loss, which warm-up, tests and benchmarks read: derived from the loss, or listed by its name.

Those of a pointwise or pairwise loss follow from its domains and parameters; those of another loss from its docstring's
example and its parameters, unless `row_cases.py` or `embedding_cases.py` lists better ones.
"""

import contextlib
import dataclasses
import doctest
import itertools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

import fastloss.ahead.embedding_cases  # noqa: F401  adds builders
from fastloss.ahead.row_cases import BUILDERS
from fastloss.core.domains import Choice, Flag, Range
from fastloss.core.loss import REGISTRY, Loss
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss


@dataclasses.dataclass
class Case:
    """One call: positional arrays, keyword parameters, which positions are differentiable, how many losses it makes."""

    loss: Loss
    arrays: tuple[Any, ...]
    keywords: dict[str, Any]
    differentiable: tuple[int, ...] = (0,)
    items: tuple[int, ...] = ()  # the shape of sample_weight

    def __str__(self) -> str:
        words = ",".join(f"{name}={_short(value)}" for name, value in self.keywords.items())
        return f"{self.loss.name}({words})"


def _short(value: Any) -> str:
    return f"array{value.shape}" if isinstance(value, np.ndarray) else str(value)


def draw(domain, rng, shape) -> np.ndarray:
    """Draw numbers of a domain, away from kinks at its ends."""
    if domain.values:
        return rng.choice(domain.values, shape)
    low, high = max(domain.low, -3.0), min(domain.high, 3.0)
    return low + (high - low) * rng.uniform(0.05, 0.95, shape)


def settings(loss: Loss) -> Iterator[dict[str, Any]]:
    """Yield the defaults, then each parameter in turn at other values of its range."""
    yield {}
    for name, spec in loss.parameters.items():
        for value in values_of(spec):
            if value != loss.defaults.get(name):
                yield {name: value}


def values_of(spec: Any) -> list[Any]:
    """Return a few values that a parameter's specification allows."""
    if isinstance(spec, Choice):
        return list(spec.values)
    if isinstance(spec, Flag):
        return [False, True]
    if isinstance(spec, Range):
        low = spec.low if np.isfinite(spec.low) else -1.0
        high = spec.high if spec.high < 1000.0 else low + 3.0
        return [low + 0.35 * (high - low), low + 0.8 * (high - low)]
    return []


EXTRA: dict[str, list[dict[str, Any]]] = {
    "nmae_loss": [{"norm": norm} for norm in ("mean", "std", "iqr", "max", 2.5)],
    "binary_cross_entropy": [{"weight": np.array([0.5, 2.0, 1.0, 0.0, 3.0])}],
    "binary_cross_entropy_with_logits": [
        {"weight": np.array([0.5, 2.0, 1.0, 0.0, 3.0])},
        {"pos_weight": 2.5},
        {"pos_weight": np.array([0.5, 2.0, 1.0, 1.5, 3.0])},
        {"pos_weight": 2.5, "label_smoothing": 0.2, "weight": 0.5},
    ],
    "mape_loss": [{"epsilon": 0.5}],
}


def pointwise_cases(loss: PointwiseLoss) -> Iterator[Case]:
    rng = np.random.default_rng(len(loss.name))
    differentiable = tuple(loss.arguments.index(name) for name in loss.by)
    for words in itertools.chain(settings(loss), EXTRA.get(loss.name, [])):
        arrays = tuple(draw(domain, rng, (4, 5)) for domain in loss.domains.values())
        if words.get("log_input") is False:  # a rate
            arrays = tuple(np.abs(array) for array in arrays)
        yield Case(loss, arrays, words, differentiable, (4, 5))


def pairwise_cases(loss: PairwiseLoss) -> Iterator[Case]:
    rng, rows = np.random.default_rng(len(loss.name)), 10  # the oracles take the cube of them
    scores, groups = rng.normal(size=rows) * 2, rng.integers(0, 3, rows)
    labels = {"binary": rng.integers(0, 2, rows), "graded": rng.integers(0, 5, rows), "real": rng.normal(size=rows)}
    for words in settings(loss):
        everything = words.get("pairs", "ordered" if "pairs" in loss.parameters else "all") == "all"
        kinds = ["binary"] if everything and loss.labels.values else list(labels)
        for kind in kinds:
            yield Case(loss, (scores, labels[kind]), words, items=(rows,))
            yield Case(loss, (scores, labels[kind]), {**words, "groups": groups}, items=(rows,))


Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Recorder:
    """A loss, or a module that has it, as a docstring's example sees it: what the loss is called with is kept."""

    def __init__(self, loss: Loss, recorded: list[Arguments], module: Any = None):
        self._loss, self._recorded, self._module = loss, recorded, module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._loss if self._module is None else self._module, name)
        return Recorder(self._loss, self._recorded) if found is self._loss else found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._recorded.append((args, kwargs))
        return self._loss(*args, **kwargs)


def examples(loss: Loss) -> list[Arguments]:
    """Return the arguments with which the docstring's examples call the loss itself."""
    recorded: list[Arguments] = []
    names: dict[str, Any] = {}
    with contextlib.suppress(Exception), contextlib.redirect_stdout(None):
        for example in doctest.DocTestParser().get_examples(loss.__doc__ or ""):
            exec(example.source, names)
            for name, value in list(names.items()):
                if value is loss:
                    names[name] = Recorder(loss, recorded)
                elif isinstance(value, types.ModuleType) and getattr(value, loss.name, None) is loss:
                    names[name] = Recorder(loss, recorded, value)
    return recorded


def example_cases(loss: Loss) -> Iterator[Case]:
    """Yield the docstring's examples, with each setting: losses of the rows of their first argument."""
    for args, kwargs in examples(loss):
        arrays = tuple(np.asarray(one) for one in args)
        for words in settings(loss):
            yield Case(loss, arrays, {**kwargs, **words}, items=(len(arrays[0]),))


def cases(loss: Loss) -> list[Case]:
    """Return every case of one loss."""
    if isinstance(loss, PointwiseLoss):
        return list(pointwise_cases(loss))
    if isinstance(loss, PairwiseLoss):
        return list(pairwise_cases(loss))
    if loss.name not in BUILDERS:
        return list(example_cases(loss))
    return [Case(loss, *parts) for parts in BUILDERS[loss.name](np.random.default_rng(len(loss.name)))]


def all_cases() -> list[Case]:
    """Return every case of every registered loss."""
    return [case for loss in REGISTRY.values() for case in cases(loss)]


def grown(case: Case, count: int = 20_000) -> list[Case]:
    """Return the case with many rows drawn from its own, so that chunks and blocks have work; of pairs, by each method.

    Embeddings are moved apart: equal ones have no direction in which their distance grows.
    """
    if "interactions" in case.keywords:
        return []
    rng = np.random.default_rng(0)
    embeddings = case.loss.folder.startswith("embeddings.")
    own, count = len(case.arrays[0]), min(count, 700) if embeddings else count
    rows = rng.integers(0, own, count)

    def more(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or len(value) != own:
            return value
        found = value[rows]
        return found + rng.normal(size=found.shape) if embeddings and value.dtype.kind == "f" else found

    words = {name: more(value) for name, value in case.keywords.items()}
    many = dataclasses.replace(case, arrays=tuple(map(more, case.arrays)), keywords=words, items=())
    if not getattr(case.loss, "has_fast", False):
        return [many]
    return [dataclasses.replace(many, keywords={**words, "method": method}) for method in ("direct", "fast")]
