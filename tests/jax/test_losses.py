"""Every loss in JAX: the numbers of NumPy's call, under `jit`, and gradients for any cotangent."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

import fastloss.jax  # noqa: E402
from fastloss.ahead.cases import all_cases, cases  # noqa: E402
from fastloss.core.loss import REGISTRY  # noqa: E402

CASES = [(case, reduction) for case in all_cases() for reduction in case.loss.reductions]
FIRST = [(cases(loss)[0], reduction) for loss in REGISTRY.values() for reduction in loss.reductions]


@pytest.fixture(autouse=True)
def x64():
    with jax.enable_x64(True):
        yield


def named(parts):
    return f"{parts[0]}-{parts[1]}"


def call_of(case, reduction):
    """Return the call as a function of the arrays that the gradients are by, and these arrays."""
    function = getattr(fastloss.jax, case.loss.name)
    words = {"wrt": "both"} if "wrt" in case.loss.parameters else {}
    at = (0, 1) if words else case.differentiable

    def call(*arrays):
        every = list(case.arrays)
        for place, array in zip(at, arrays, strict=True):
            every[place] = array
        return function(*every, **{**case.keywords, **words, "reduction": reduction})

    return call, [jnp.asarray(case.arrays[place]) for place in at], words


@pytest.mark.parametrize("parts", CASES, ids=named)
def test_values_and_gradients_are_numpys(parts):
    case, reduction = parts
    call, arrays, words = call_of(case, reduction)
    words = {**case.keywords, **words, "reduction": reduction}
    value, gradient = case.loss.value_and_grad(*case.arrays, **words)
    alone = case.loss(*case.arrays, **words)
    np.testing.assert_array_equal(call(*arrays), alone)
    np.testing.assert_array_equal(jax.jit(call)(*arrays), alone)
    if np.ndim(value):
        return
    each = tuple(gradient)[: len(arrays)] if isinstance(gradient, tuple) else (gradient,)
    slope = jax.value_and_grad(lambda *arrays: 3.0 * call(*arrays), tuple(range(len(arrays))))
    for found in (slope(*arrays), jax.jit(slope)(*arrays)):
        np.testing.assert_allclose(found[0], 3.0 * np.float64(value), rtol=1e-15)
        for one, other in zip(found[1], each, strict=True):
            np.testing.assert_allclose(one, 3.0 * other, rtol=0.0 if reduction != "none" else 1e-15)


@pytest.mark.parametrize("parts", [parts for parts in FIRST if parts[1] in ("none", "per_group")], ids=named)
def test_cotangents_of_either_sign_pull_back(parts):
    """Against differences of the value, which knows nothing of weights and signs."""
    case, reduction = parts
    call, arrays, _ = call_of(case, reduction)
    if reduction == "none" and not case.loss.weighs_each:
        with pytest.raises(TypeError, match="reduction is 'none', which has no gradient in JAX"):
            jax.vjp(call, *arrays)
        return
    value, pull = jax.vjp(call, *arrays)
    rng = np.random.default_rng(0)
    cotangent = rng.normal(size=value.shape)
    cotangent[..., -1:] = 0.0
    step = 1e-6
    for jitted in (False, True):
        found = (jax.jit(pull) if jitted else pull)(jnp.asarray(cotangent))
        for at, array in enumerate(arrays):
            toward = rng.normal(size=array.shape)
            ends = [np.asarray(call(*arrays[:at], array + sign * step * toward, *arrays[at + 1 :])) for sign in (1, -1)]
            difference = np.nansum(cotangent * (ends[0] - ends[1])) / (2 * step)
            along = np.sum(np.asarray(found[at]) * toward)
            np.testing.assert_allclose(along, difference, rtol=1e-5, atol=1e-8)


def test_every_loss_of_the_registry_is_there():
    assert set(dir(fastloss.jax)) == set(REGISTRY)
    assert {case.loss.name for case, _ in CASES} == set(REGISTRY)
