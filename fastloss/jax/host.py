"""What a callback computes on the host: a value, a value with its gradients, or gradients for given cotangents."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from fastloss.jax.calls import Call
from fastloss.pointwise.loss import PointwiseLoss


def value(call: Call, leaves: Sequence[Any]) -> np.ndarray:
    """Return the loss of some arrays."""
    return np.asarray(_called(call, call.loss, _arrays(call, leaves), call.given), call.result.dtype)


def value_and_grad(call: Call, wanted: tuple[int, ...], leaves: Sequence[Any]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the same, and the gradients by the arrays of these numbers."""
    found, slopes = _called(call, call.loss.value_and_grad, _arrays(call, leaves), call.given)
    return np.asarray(found, call.result.dtype), _of_leaves(call, wanted, slopes)


def pulled(call: Call, wanted: tuple[int, ...], cotangent: Any, leaves: Sequence[Any]) -> list[np.ndarray]:
    """Return the gradients of the sum of cotangents times losses, where the call returns a loss for each of many.

    An element is part of one loss, and a row of one group's. Elsewhere a row may be part of many losses: cotangents are
    weights of the examples of a sum. Weights are not negative; those below zero make a sum of their own, which is
    subtracted.
    """
    arrays, factors = _arrays(call, leaves), np.asarray(cotangent, np.float64)
    if call.is_of_groups or isinstance(call.loss, PointwiseLoss):
        _, slopes = _called(call, call.loss.value_and_grad, dict(arrays), call.given)
        of_rows = factors[_groups(call, arrays)] if call.is_of_groups else factors
        return [(one * of_rows).astype(one.dtype) for one in _of_leaves(call, wanted, slopes)]
    words = {**call.given, "reduction": "sum"}
    if "reg" in words:
        words["reg"] = 0.0  # the penalty is no part of single losses
    given = arrays.pop("sample_weight", None)
    own = np.ones(()) if given is None else np.asarray(given, np.float64)
    own = own.reshape(*own.shape, *[1] * (factors.ndim - own.ndim)) if own.ndim else own
    total: list[np.ndarray] | None = None
    for sign in (1.0, -1.0):
        part = np.maximum(sign * factors, 0.0)  # NaN in both
        if total is not None and not part.any():
            break
        _, slopes = _called(call, call.loss.value_and_grad, {**arrays, "sample_weight": part * own}, words)
        some = _of_leaves(call, wanted, slopes)
        total = some if total is None else [one - other for one, other in zip(total, some, strict=True)]
    return total or []


def _groups(call: Call, arrays: dict[str, Any]) -> np.ndarray:
    """Return each row's group: rows are part of one group's loss alone."""
    if "offsets" in arrays:
        bounds = arrays["offsets"]
        return np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
    if "groups" in arrays:
        return np.unique(arrays["groups"], return_inverse=True)[1].reshape(-1)
    return np.zeros(len(arrays[call.loss.arguments[0]]), np.int64)


def _called(call: Call, function: Callable[..., Any], arrays: dict[str, Any], words: dict[str, Any]) -> Any:
    args = [arrays.pop(name) for name in call.positional]
    return function(*args, **arrays, **words)


def _arrays(call: Call, leaves: Sequence[Any]) -> dict[str, Any]:
    arrays: dict[str, Any] = call.tree.unflatten([np.asarray(one) for one in leaves])
    return arrays


def _of_leaves(call: Call, wanted: tuple[int, ...], slopes: Any) -> list[np.ndarray]:
    """Return the gradients by some arrays, of those that a loss returned."""
    names, places = call.gradients_by, call.places
    by_name = dict(zip(names, (slopes,) if len(names) == 1 else slopes, strict=True))
    found = []
    for at in wanted:
        name, number = places[at]
        found.append(np.asarray(jax.tree.leaves(by_name[name])[number], call.leaves[at][1]))
    return found
