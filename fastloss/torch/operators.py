"""The operators of a loss: its value, the gradient for an incoming one, the curvature; and how autograd joins them.

`fastloss::NAME` returns the value, the counts if they are asked for, and the gradients if some tensor requires one, so
that a training step makes one pass over the data. `fastloss::NAME_pull` multiplies them by the gradient that
comes in, of the value or of each loss. A second differentiation multiplies by `fastloss::NAME_curvature`, where second
derivatives between different elements are 0; of other losses it is refused.
"""

import functools
from typing import Any

import torch
from torch.library import custom_op, get_ctx, register_autocast, register_autograd, register_fake, register_vmap

from fastloss.core.loss import Loss
from fastloss.torch import pulls
from fastloss.torch.evaluation import differentiated, evaluate, value_dtype
from fastloss.torch.signature import Signature

NAMESPACE = "fastloss"


class Operators:
    """The operators of one loss."""

    def __init__(self, loss: Loss):
        self.loss = loss
        self.signature = Signature(loss)
        schema = self.signature.schema
        value = self._declared("", f"({schema}, bool with_gradient) -> Tensor[]", self._value, self._value_like)
        schema_of_pull = f"(Tensor incoming, Tensor[] gradients, {schema}) -> Tensor[]"
        pull = self._declared("_pull", schema_of_pull, self._pull, _pull_like)
        register_autograd(value, self._backward, setup_context=self._keep)
        register_autograd(pull, self._refuse_second)
        for device in ("cpu", "cuda"):
            register_autocast(value, device, torch.float32)  # as PyTorch's own losses
        if loss.has_diagonal_curvature:
            self._declared("_curvature", f"({schema}) -> Tensor[]", self._curvature, self._curvature_like)
        found = getattr(torch.ops, NAMESPACE)
        self.value = getattr(found, loss.name).default
        self.pull = getattr(found, f"{loss.name}_pull").default
        self.curvature = getattr(found, f"{loss.name}_curvature").default if loss.has_diagonal_curvature else None

    def _declared(self, ending: str, schema: str, run: Any, like: Any) -> str:
        name = f"{NAMESPACE}::{self.loss.name}{ending}"
        custom_op(name, run, mutates_args=(), schema=schema)
        register_fake(name, like)
        register_vmap(name, functools.partial(_refuse_vmap, self.loss.name))
        return name

    def _given(self, values: Any) -> dict[str, Any]:
        return dict(zip(self.signature.names, values, strict=True))

    def _value(self, *values: Any) -> list[torch.Tensor]:
        *own, with_gradient = values
        found = evaluate(self.signature, "value_and_grad" if with_gradient else "value", self._given(own))
        return [found.value, *([] if found.counts is None else [found.counts]), *found.derivatives]

    def _value_like(self, *values: Any) -> list[torch.Tensor]:
        *own, with_gradient = values
        given = self._given(own)
        first = given[self.loss.arguments[0]]
        written = {name: self.signature.written(name, value) for name, value in given.items()}
        shape = self.loss.shape_of_value(given["reduction"], written)
        sizes: list[Any] = [get_ctx().new_dynamic_size() if length is None else length for length in shape]
        outputs = [first.new_empty(sizes, dtype=value_dtype(self.loss, given))]
        if given.get("with_counts"):
            counts = sizes if given["reduction"] == "per_group" else self.loss.shape_of_counts
            outputs.append(first.new_empty(counts, dtype=torch.int64))
        return [*outputs, *(map(_empty_like, differentiated(self.loss, given)) if with_gradient else ())]

    def _pull(self, incoming: torch.Tensor, gradients: list[torch.Tensor], *values: Any) -> list[torch.Tensor]:
        return pulls.pulled(self.signature, incoming, gradients, self._given(values))

    def _curvature(self, *values: Any) -> list[torch.Tensor]:
        return evaluate(self.signature, "grad_hess", {**self._given(values), "with_counts": False}).derivatives

    def _curvature_like(self, *values: Any) -> list[torch.Tensor]:
        return list(map(_empty_like, differentiated(self.loss, self._given(values))))

    def _keep(self, ctx: Any, inputs: tuple[Any, ...], output: list[torch.Tensor]) -> None:
        """Keep what the backward pass needs: all arguments and the gradients."""
        ctx.set_materialize_grads(False)
        *own, with_gradient = inputs
        before = 2 if self._given(own).get("with_counts") else 1
        tensors: list[torch.Tensor] = []
        ctx.places = [_stowed(one, tensors) for one in own]
        ctx.before, ctx.own, ctx.count = before, len(tensors), len(output) - before if with_gradient else 0
        ctx.save_for_backward(*tensors, *output[before:])
        if self.curvature is None:
            ctx.mark_non_differentiable(*output[before:])

    def _backward(self, ctx: Any, incoming: list[Any]) -> tuple[Any, ...]:
        saved = list(ctx.saved_tensors)
        own = [_fetched(place, saved) for place in ctx.places]
        given, gradients = self._given(own), saved[ctx.own :]
        by_value, again = incoming[0], incoming[ctx.before :]
        into = differentiated(self.loss, given)
        found: list[Any] = [None] * len(into)
        if by_value is not None:
            if not ctx.count:  # the forward pass was told that there would be no backward pass
                gradients = self.value(*own, True)[ctx.before :]
            found = self._first(by_value, gradients, own, given["reduction"])
        if any(one is not None for one in again):
            found = _added(found, self._second(again, own))
        return (*self._as_given(own, found), None)

    def _first(
        self, incoming: torch.Tensor, gradients: list[torch.Tensor], own: list[Any], reduction: str
    ) -> list[Any]:
        """Return the gradients for one that comes in by the value."""
        is_one = self.loss.require_reduction(reduction).keeps == "all"
        if self.curvature is not None or (is_one and not torch.is_grad_enabled()):
            return [one * incoming.to(one.device, one.dtype) for one in gradients]
        return list(self.pull(incoming, gradients, *own))

    def _second(self, incoming: list[Any], own: list[Any]) -> list[Any]:
        """Return the gradients for those that come in by the gradients: of a second differentiation."""
        assert self.curvature is not None
        curvatures = self.curvature(*own)
        return [None if one is None else one * by for one, by in zip(incoming, curvatures, strict=True)]

    def _refuse_second(self, ctx: Any, *incoming: Any) -> Any:
        raise RuntimeError(
            f"the derivative for '{self.loss.name}_backward' is not implemented: "
            f"{self.loss.name} can be differentiated once"
        )

    def _as_given(self, own: list[Any], found: list[Any]) -> list[Any]:
        """Return the gradients in the places of the arguments that they are by, None in the others."""
        given, results = self._given(own), iter(found)
        present = {name: value for name, value in given.items() if value is not None}
        by = self.loss.gradients_by(present)
        parts = {
            name: [next(results) for _ in given[name]] if isinstance(given[name], list) else next(results)
            for name in by
        }
        return [parts.get(name, _nothing(value)) for name, value in given.items()]


def _empty_like(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.new_empty(tensor.shape)


def _pull_like(incoming: torch.Tensor, gradients: list[torch.Tensor], *values: Any) -> list[torch.Tensor]:
    return list(map(_empty_like, gradients))


def _nothing(value: Any) -> Any:
    """Return the gradient by an argument without one: lists of tensors have one for each."""
    is_list = isinstance(value, list) and all(isinstance(one, torch.Tensor) for one in value)
    return [None] * len(value) if is_list else None


def _added(first: list[Any], second: list[Any]) -> list[Any]:
    pairs = zip(first, second, strict=True)
    return [two if one is None else one if two is None else one + two for one, two in pairs]


class _Stowed(tuple[int, ...]):
    """Where tensors of an argument are among those that are kept."""


def _stowed(value: Any, tensors: list[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return _Stowed((len(tensors) - 1,))
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], torch.Tensor):
        return [_stowed(one, tensors) for one in value]
    return list(value) if isinstance(value, tuple) else value


def _fetched(place: Any, tensors: list[torch.Tensor]) -> Any:
    if isinstance(place, _Stowed):
        return tensors[place[0]]
    return [_fetched(one, tensors) for one in place] if isinstance(place, list) else place


def _refuse_vmap(name: str, info: Any, in_dims: Any, *values: Any) -> Any:
    raise RuntimeError(
        f"vmap over '{name}' is not implemented: use its groups, reduction='none' or a loop over the batch instead"
    )
