"""The sample calls of every loss as calls of PyTorch's functions."""

import dataclasses
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import fastloss.torch  # noqa: E402
from fastloss.ahead.cases import Case, cases  # noqa: E402
from fastloss.core.loss import REGISTRY, Loss  # noqa: E402


@dataclasses.dataclass
class Call:
    """A call of a loss: all values by name, and the names of those that require gradients."""

    loss: Loss
    given: dict[str, Any]
    by: tuple[str, ...]
    sides: dict[str, Any]  # what only the loss itself is told

    def __str__(self) -> str:
        words = {name: value for name, value in self.given.items() if name not in self.loss.arguments}
        return f"{self.loss.name}({','.join(f'{name}={_short(value)}' for name, value in words.items())})"

    @property
    def function(self) -> Any:
        return getattr(fastloss.torch, self.loss.name)

    def inputs(self) -> tuple[Any, ...]:
        """New leaves of the tensors that require gradients."""
        return tuple(self.given[name].detach().clone().requires_grad_() for name in self.by)

    def run(self, *inputs: Any, **more: Any) -> Any:
        return self.function(**{**self.given, **dict(zip(self.by, inputs, strict=True)), **more})

    def direct(self, what: str = "value_and_grad", **more: Any) -> Any:
        """What the loss itself returns for the same arrays."""
        given = {name: arrays_of(value) for name, value in {**self.given, **more}.items()}
        call = self.loss if what == "value" else getattr(self.loss, what)
        return call(**given, **self.sides)


def _short(value: Any) -> str:
    return f"tensor{tuple(value.shape)}" if isinstance(value, torch.Tensor) else str(value)[:40]


def arrays_of(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().numpy() if value.dim() else value.item()
    return tuple(map(arrays_of, value)) if isinstance(value, tuple) and _holds(value, torch.Tensor) else value


def tensors_of(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value))
    return tuple(map(tensors_of, value)) if isinstance(value, tuple) and _holds(value, np.ndarray) else value


def _holds(values: tuple[Any, ...], kind: type) -> bool:
    return bool(values) and all(isinstance(one, kind) for one in values)


def call_of(case: Case) -> Call:
    """Return a sample call with tensors; numbers that have a gradient require one too."""
    loss = case.loss
    given = {name: tensors_of(value) for name, value in zip(loss.arguments, case.arrays, strict=False)}
    given |= {name: tensors_of(value) for name, value in case.keywords.items() if name != "wrt"}
    by = [loss.arguments[at] for at in case.differentiable]
    for name in loss.by:
        if name in loss.parameters:
            value = given.get(name, loss.defaults[name])
            if isinstance(value, float):
                given[name] = torch.tensor(value, dtype=torch.float64)
            if name in given:
                by.append(name)
    by = [name for name in loss.gradients_by({**given, "wrt": case.keywords.get("wrt", "q")}) if name in by]
    sides = {"wrt": case.keywords.get("wrt", "q")} if "wrt" in loss.parameters else {}
    return Call(loss, given, tuple(by), sides)


def calls() -> list[Call]:
    """Return all sample calls."""
    return [call_of(case) for loss in REGISTRY.values() for case in cases(loss)]


def first_calls() -> list[Call]:
    """Return the first sample call of each loss."""
    return [call_of(cases(loss)[0]) for loss in REGISTRY.values()]
