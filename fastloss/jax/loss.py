"""Losses as functions that JAX transforms: `custom_vjp` over callbacks to the host."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from fastloss.core.loss import Loss
from fastloss.jax import host
from fastloss.jax.calls import ALONE, MOST, Call, bound


class JaxLoss:
    """A loss of JAX's arrays: call it, and transform calls by `jax.jit`, `jax.grad`, `jax.vmap`.

    The arguments are those of the loss of the same name in `fastloss`. Arrays of JAX and NumPy are traced; numbers,
    words and None are static. The value is an array of the dtype to which JAX promotes the arguments that the gradients
    are by, of float32 for half precision.
    """

    def __init__(self, loss: Loss):
        self._loss = loss
        functools.update_wrapper(self, loss, updated=())
        every = loss.__signature__.parameters.values()
        self.__signature__ = loss.__signature__.replace(parameters=[one for one in every if one.name not in ALONE])

    def __repr__(self) -> str:
        return f"<fastloss.jax loss {self._loss.name}{self.__signature__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return JaxLoss, (self._loss,)

    def __call__(self, *args: Any, **kwargs: Any) -> jax.Array:
        """Return the value: an array without a dimension, or with an entry for each example or group."""
        call, leaves = bound(self._loss, args, kwargs)
        result: jax.Array = _function(call)(*leaves)
        return result


@functools.lru_cache(MOST)
def _function(call: Call) -> Callable[..., jax.Array]:
    """Return the function of the arrays that JAX differentiates."""
    slope_of = {at: name for at, (name, _) in enumerate(call.places) if name in call.gradients_by}
    results = tuple(jax.ShapeDtypeStruct(*leaf) for leaf in call.leaves)

    def value_of(*leaves: Any) -> Any:
        return _on_host(call, lambda *given: host.value(call, given), call.result, leaves)

    loss = jax.custom_vjp(value_of)

    def forward(*given: Any) -> tuple[Any, Any]:
        leaves = tuple(one.value for one in given)
        wanted = tuple(at for at, one in enumerate(given) if one.perturbed and _is_float(leaves[at]))
        for at in wanted:
            if at not in slope_of:
                raise _no_gradient(call, call.places[at][0])
        if not wanted or call.result.shape or call.is_of_groups or call.reduction == "none":
            _require_separable(call, wanted)
            return value_of(*leaves), (leaves, dict.fromkeys(wanted))
        kinds = (call.result, [results[at] for at in wanted])
        value, slopes = _on_host(call, lambda *given: host.value_and_grad(call, wanted, given), kinds, leaves)
        return value, (None, dict(zip(wanted, slopes, strict=True)))

    def backward(kept: Any, cotangent: Any) -> tuple[Any, ...]:
        leaves, slopes = kept
        wanted = tuple(slopes)
        if not wanted or isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
            return (None,) * len(call.leaves)
        if leaves is not None:
            kinds = [results[at] for at in wanted]
            compute = lambda given, *leaves: host.pulled(call, wanted, given, leaves)  # noqa: E731
            found = _on_host(call, compute, kinds, (cotangent, *leaves))
        else:
            found = [(slopes[at] * cotangent).astype(results[at].dtype) for at in wanted]
        by_leaf = dict(zip(wanted, found, strict=True))
        return tuple(by_leaf.get(at) for at in range(len(call.leaves)))

    loss.defvjp(forward, backward, symbolic_zeros=True)
    return loss


def _is_float(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jnp.floating))


def _on_host(call: Call, compute: Callable[..., Any], kinds: Any, leaves: Sequence[Any]) -> Any:
    """Compute on the host: at once where no array is traced, so that errors keep their type, else by a callback."""
    if not any(isinstance(one, jax.core.Tracer) for one in leaves):
        return jax.tree.map(jnp.asarray, compute(*leaves))

    @jax.custom_jvp
    def callback(*leaves: Any) -> Any:
        return jax.pure_callback(compute, kinds, *leaves, vmap_method="sequential")

    @callback.defjvp
    def refuse(primals: Any, tangents: Any) -> Any:
        raise NotImplementedError(f"{call.name} has no second derivative in JAX: expected first derivatives alone")

    return callback(*leaves)


def _no_gradient(call: Call, name: str) -> TypeError:
    by = ", ".join(call.gradients_by)
    return TypeError(
        f"{call.name} has no gradient by {name}, but by {by}: "
        f"expected jax.lax.stop_gradient({name}), or other `argnums`"
    )


def _require_separable(call: Call, wanted: tuple[int, ...]) -> None:
    """Raise for rows' sums over pairs, of which each row is in many: weights of rows cannot tell these apart."""
    if wanted and call.reduction == "none" and not call.loss.weighs_each:
        others = ", ".join(repr(name) for name in call.loss.reductions if name != "none")
        raise TypeError(f"{call.name}: reduction is 'none', which has no gradient in JAX: expected one of {others}")
