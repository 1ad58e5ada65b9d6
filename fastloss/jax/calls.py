"""A call of a loss on JAX's arrays: what is traced and what is static, and all checks that need no data.

JAX traces a call by shapes and dtypes. So does a trial here: the loss itself, on stand-ins of these shapes, checks what
it can and tells the result's shape; once for each kind of call.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fastloss.core.errors import no_array, offender, wrong_dtype
from fastloss.core.loss import REGISTRY, Loss
from fastloss.core.reductions import OF_GROUPS

ARRAYS = ("sample_weight", "groups", "offsets")  # keywords of which every example or group has an entry
LISTS = ("interactions", "positives")  # pairs of CSR offsets and numbers
ALONE = ("with_counts", "return_ids")  # what a call returns beside the value
MOST = 1024  # kinds of calls that are kept


@dataclasses.dataclass(frozen=True)
class Call:
    """One kind of call, by which compiled functions are kept: everything but the numbers in the arrays."""

    name: str
    tree: Any  # of the arrays by their arguments' names
    leaves: tuple[tuple[tuple[int, ...], np.dtype], ...]  # each array's shape and dtype
    words: tuple[tuple[str, type, Any], ...]  # static; of types too, since True equals 1
    groups: int  # how many, where a result or a weight is of each

    @property
    def loss(self) -> Loss:
        return REGISTRY[self.name]

    @functools.cached_property
    def static(self) -> dict[str, Any]:
        """The parameters that are no arrays."""
        return {name: value for name, _, value in self.words}

    @functools.cached_property
    def given(self) -> dict[str, Any]:
        """Those of them that are no defaults: calls without keywords are quicker, see `fastloss/core/small.py`."""
        defaults = {name: one.default for name, one in self.loss.__signature__.parameters.items()}
        return {
            name: one for name, kind, one in self.words if kind is not type(defaults[name]) or one != defaults[name]
        }

    @functools.cached_property
    def positional(self) -> tuple[str, ...]:
        """The arguments that are given by their places."""
        names = self.tree.unflatten(self.leaves)
        return tuple(itertools.takewhile(names.__contains__, self.loss.arguments))

    @property
    def reduction(self) -> str:
        return str(self.static["reduction"])

    @property
    def is_of_groups(self) -> bool:
        """Whether the result has an entry for each group."""
        return _is_of_groups(self.loss, self.reduction)

    @functools.cached_property
    def places(self) -> list[tuple[str, int]]:
        """Each array's argument, and its number within that argument."""
        numbers = self.tree.unflatten(range(len(self.leaves)))
        found = {at: (name, k) for name, some in numbers.items() for k, at in enumerate(jax.tree.leaves(some))}
        return [found[at] for at in range(len(self.leaves))]

    @functools.cached_property
    def gradients_by(self) -> tuple[str, ...]:
        """The arguments that the loss has gradients by, in the order of these."""
        given = {**self.static, **self.tree.unflatten(self.leaves)}
        names = self.loss.gradients_by({name: one for name, one in given.items() if one is not None})
        return (*names, "params") if given.get("params") and "params" not in names else names  # of a penalty

    @functools.cached_property
    def result(self) -> jax.ShapeDtypeStruct:
        """The value's shape, and the dtype to which JAX promotes the arrays that the gradients are by."""
        by = self.gradients_by
        dtypes = [dtype for (name, _), (_, dtype) in zip(self.places, self.leaves, strict=True) if name in by]
        return jax.ShapeDtypeStruct(_shape(self), jnp.result_type(jnp.float32, *dtypes))


def bound(loss: Loss, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Call, list[jax.Array]]:
    """Return a call's kind and its arrays, those of half precision as float32.

    Raises
    ------
    TypeError
        If an argument is no array, has another dtype than it should, or JAX would have to know its numbers.
    ValueError
        If a parameter is out of its range, or shapes do not fit.
    """
    given = loss._given(args, kwargs)
    for name in ALONE:
        if given.pop(name, False):
            raise ValueError(f"{name} is True: expected False, since {loss.name} returns the value alone in JAX")
    if "wrt" in loss.parameters and "wrt" not in kwargs:
        given["wrt"] = "both"  # JAX says itself what it differentiates by
    given["reduction"] = loss.require_reduction(given["reduction"]).name
    arrays = {name: value for name, value in given.items() if _is_traced(loss, name, value)}
    arrays = {name: _read(name, value) for name, value in arrays.items()}
    words = tuple((name, type(one), _frozen(name, one)) for name, one in given.items() if name not in arrays)
    leaves, tree = jax.tree.flatten(arrays)
    kinds = tuple((one.shape, np.dtype(one.dtype)) for one in leaves)
    call = Call(loss.name, tree, kinds, words, _number_of_groups(loss, given))
    _shape(call)
    return call, leaves


def _is_traced(loss: Loss, name: str, value: Any) -> bool:
    if value is None:
        return False
    return name in (*loss.arguments, *ARRAYS) or any(map(_is_array, jax.tree.leaves(value)))


def _is_array(value: Any) -> bool:
    return isinstance(value, (jax.Array, np.ndarray))


def _read(name: str, value: Any) -> Any:
    """Return an argument's array, or those of a tuple."""
    if isinstance(value, (tuple, list)) and value and all(map(_is_array, value)):
        return tuple(_array(f"{name}[{at}]", one) for at, one in enumerate(value))
    return _array(name, value)


def _array(name: str, value: Any) -> jax.Array:
    if not _is_array(value) and not isinstance(value, (int, float, np.number, np.bool_)):
        raise no_array(name, value)
    dtype = value.dtype if _is_array(value) else np.asarray(value).dtype
    if not (jnp.issubdtype(dtype, np.number) or dtype == np.bool_):
        expected = "numbers; numpy.unique(..., return_inverse=True)[1] are those of other ids"
        raise wrong_dtype(name, dtype, expected)
    if not isinstance(value, jax.Array):
        _require_range(name, np.asarray(value))
    array = jnp.asarray(value)
    return array.astype(jnp.float32) if array.dtype in (jnp.float16, jnp.bfloat16) else array


def _require_range(name: str, array: np.ndarray) -> None:
    """Raise for integers that JAX would cut to 32 bits."""
    kept = jax.dtypes.canonicalize_dtype(array.dtype)
    if array.dtype.kind not in "iu" or kept == array.dtype or not array.size:
        return
    about = np.iinfo(kept)
    if array.min() < about.min or array.max() > about.max:
        raise ValueError(f"{name} has integers beyond {kept}: expected others, or jax.config's jax_enable_x64")


def _frozen(name: str, value: Any) -> Any:
    """Return a static parameter, by which compiled functions are kept."""
    value = tuple(value) if isinstance(value, list) else value
    try:
        hash(value)
    except TypeError:
        raise TypeError(f"{name} is of type {type(value).__name__}: expected an array, a number or a word") from None
    return value


def _is_of_groups(loss: Loss, reduction: str) -> bool:
    return reduction == "per_group" or (_has_weights_of_groups(loss) and reduction == "none")


def _has_weights_of_groups(loss: Loss) -> bool:
    return loss.reductions == OF_GROUPS and loss.weighs_each


def _number_of_groups(loss: Loss, given: dict[str, Any]) -> int:
    """Return how many groups there are, of a call whose result's or weights' shape tells; else 1."""
    groups = given.get("groups")
    if groups is None:
        return 1
    weighs = _has_weights_of_groups(loss) and np.ndim(given["sample_weight"]) == 1
    if weighs:
        return len(given["sample_weight"])
    if not _is_of_groups(loss, given["reduction"]):
        return 1
    if isinstance(groups, jax.core.Tracer):
        raise jax.errors.ConcretizationTypeError(
            groups,
            f"{loss.name}: reduction is {given['reduction']!r}, and how many groups there are is not known while JAX "
            "traces: expected `offsets`, `groups` that are not traced (a NumPy array), or a call outside of jit",
        )
    return np.unique(np.asarray(groups)).size


@functools.lru_cache(MOST)
def _shape(call: Call) -> tuple[int, ...]:
    """Return the value's shape; raise for what can be seen to be wrong without the data."""
    errors = []
    for arrays in _stand_ins(call):
        try:
            return np.shape(call.loss(**arrays, **call.static))
        except (TypeError, ValueError) as error:
            errors.append(error)
    of_data = [offender(error) is not None for error in errors]
    if not call.is_of_groups and call.reduction != "none" and all(of_data):
        return ()
    raise errors[of_data.index(False) if False in of_data else 0]


def _stand_ins(call: Call) -> Iterator[dict[str, Any]]:
    """Yield arrays of one number each, and last some that rise: one of these is in every domain and range."""
    for number in (1, 0, 0.5, None):
        leaves = [_stand_in(number, *leaf) for leaf in call.leaves]
        arrays = call.tree.unflatten(leaves)
        for name in LISTS:
            if isinstance(arrays.get(name), tuple) and len(arrays[name]) == 2:
                bounds, numbers = arrays[name]
                arrays[name] = (_ends(bounds, numbers.size), np.zeros_like(numbers))
        last = arrays.get(call.loss.arguments[-1])
        if "offsets" in arrays and last is not None:
            arrays["offsets"] = _ends(arrays["offsets"], np.size(last))
        if "groups" in arrays:
            arrays["groups"] = np.minimum(np.arange(arrays["groups"].size), call.groups - 1)
        yield arrays


def _stand_in(number: float | None, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if number is None:
        return np.linspace(0.0, 1.0, math.prod(shape)).astype(dtype).reshape(shape)
    return np.broadcast_to(np.asarray(number).astype(dtype), shape)


def _ends(bounds: np.ndarray, count: int) -> np.ndarray:
    """Return CSR offsets, of as many lists, that are all empty but the last."""
    result = np.zeros_like(bounds)
    result[-1:] = count
    return result
