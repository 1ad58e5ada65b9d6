"""What JAX does with calls: transformations, precisions, and what is refused and when."""

import logging
import pickle
import subprocess
import sys

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402

import fastloss  # noqa: E402
import fastloss.jax as losses  # noqa: E402
from tests.guides import failures  # noqa: E402

X, Y = np.array([0.5, 1.0, -2.0], np.float32), np.array([1.0, 0.0, 1.0], np.float32)
GROUPS = np.array([4, 4, 9])
ROWS = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], np.float32)


def slope(x):
    return 2.0 * (x - Y) / 3.0


def numbers(x, y=Y):
    return jnp.asarray(x), jnp.asarray(y)


def test_values_have_the_dtype_of_what_is_differentiated():
    assert losses.mse_loss(*numbers(X)).dtype == jnp.float32
    assert losses.mse_loss(X, np.array([1, 0, 1])).dtype == jnp.float32
    with jax.enable_x64(True):
        assert losses.mse_loss(X.astype(np.float64), Y).dtype == jnp.float64
        assert losses.mse_loss(X, Y.astype(np.float64)).dtype == jnp.float32
    assert losses.mse_loss(jnp.arange(3), jnp.arange(3)).dtype == jnp.float32


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_half_precision_is_scaled_before_it_is_rounded(dtype):
    x = jnp.asarray(X, dtype)
    value, found = jax.jit(jax.value_and_grad(losses.mse_loss))(x, Y)
    assert value.dtype == jnp.float32 and found.dtype == dtype
    np.testing.assert_allclose(value, 41 / 12, rtol=1e-6)
    np.testing.assert_array_equal(found, jnp.asarray(slope(X), dtype))
    count = 1 << 16  # a gradient of 1e-8 / 65536, which float16 rounds to 0, but not times the scale
    many = jnp.full(count, 1.0, jnp.float16)
    scaled = jax.grad(lambda a: 2.0**14 * losses.mse_loss(a, jnp.full(count, 0.75)))(many)
    np.testing.assert_array_equal(scaled, jnp.float16(2.0**14 * 0.5 / count))


def test_vmap_calls_once_for_each():
    x = jnp.asarray(np.stack([X, X + 1.0]))
    value, found = jax.jit(jax.vmap(jax.value_and_grad(losses.mse_loss), (0, None)))(x, Y)
    np.testing.assert_allclose(value, [fastloss.mse_loss(one, Y) for one in np.asarray(x)], rtol=1e-6)
    np.testing.assert_allclose(found, slope(np.asarray(x)), rtol=1e-6)
    ranked = jax.vmap(lambda s: losses.pairwise_logistic_loss(s, Y, groups=GROUPS, reduction="per_group"))(x)
    assert ranked.shape == (2, 2) and np.isnan(ranked[:, 1]).all()


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_the_slope_passes_through_control_flow_and_checkpoints(reduction):
    def total(w, x):
        return losses.mse_loss(x * w, Y, reduction=reduction).sum()

    def scanned(w):
        return jax.lax.scan(lambda carry, x: (carry + total(w, x), None), 0.0, jnp.stack([X, X]))[0]

    want = np.sum(2 * (2 * X - Y) * X)
    for function in (jax.jit(total), jax.checkpoint(total)):
        np.testing.assert_allclose(jax.grad(function)(2.0, X), want, rtol=1e-6)
    np.testing.assert_allclose(jax.jit(jax.grad(scanned))(2.0), 2 * want, rtol=1e-6)
    chosen = jax.grad(lambda w: jax.lax.cond(w > 0, lambda: total(w, X), lambda: 0.0))
    np.testing.assert_allclose([chosen(2.0), chosen(-2.0)], [want, 0.0], rtol=1e-6)


def test_cotangents_and_weights_multiply():
    def total(x):
        each = losses.mse_loss(x, Y, sample_weight=jnp.array([1.0, 0.0, 2.0]), reduction="none")
        return -(each * jnp.array([1.0, 1.0, -1.0])).sum()

    np.testing.assert_array_equal(jax.grad(total)(jnp.asarray(X)), 2 * (X - Y) * [-1.0, 0.0, 2.0])


def test_cotangents_multiply_the_weights_of_rows():
    labels, weights, cotangent = np.array([0, 1, 1]), np.array([1.0, 0.5, 2.0]), np.array([3.0, -1.0, 2.0])

    def total(x, w):
        return (losses.cross_entropy(x, labels, sample_weight=w, reduction="none") * cotangent).sum()

    odds = np.asarray(jax.nn.softmax(ROWS)) - np.eye(2)[labels]
    want = odds * (weights * cotangent)[:, None]
    for function in (jax.grad(total), jax.jit(jax.grad(total))):
        np.testing.assert_allclose(function(jnp.asarray(ROWS), weights), want, rtol=1e-5)


def test_a_loss_that_no_result_depends_on_has_no_slope():
    def aside(x):
        each = losses.mse_loss(x, Y, reduction="none")
        return (x * x).sum() + jax.lax.stop_gradient(each).sum()

    np.testing.assert_array_equal(jax.grad(aside)(jnp.asarray(X)), 2 * X)


def test_scalar_parameters_may_be_differentiated_where_the_loss_can():
    words = {"temperature": np.float32(0.5)}
    _, want = fastloss.info_nce_loss.value_and_grad(ROWS, ROWS[::-1].copy(), **words)
    for reduction in ("mean", "none"):

        def of(temperature, reduction=reduction):
            return losses.info_nce_loss(ROWS, ROWS[::-1], temperature=temperature, reduction=reduction).mean()

        np.testing.assert_allclose(jax.jit(jax.grad(of))(0.5), want.temperature, rtol=1e-5)
    np.testing.assert_allclose(jax.jit(lambda d: losses.huber_loss(X, Y, delta=d))(0.5), 0.625)


def test_both_sides_of_a_divergence_are_differentiated():
    p, q = (np.asarray(jax.nn.softmax(one)) for one in (ROWS, ROWS[::-1]))
    want = fastloss.kl_divergence.value_and_grad(p, q, wrt="both")[1]
    for at in (0, 1):
        np.testing.assert_allclose(jax.grad(losses.kl_divergence, at)(p, q), want[at], rtol=1e-6)


@pytest.mark.parametrize("kind", [tuple, list])
def test_a_penalty_is_differentiated_by_its_parameters(kind):
    def total(w, reduction):
        return losses.bpr_loss(X, Y, reg=0.5, params=kind((w, 2 * w)), reduction=reduction).sum()

    np.testing.assert_allclose(jax.grad(total)(jnp.asarray(X), "mean"), 5 * X, rtol=1e-6)
    np.testing.assert_array_equal(jax.grad(total)(jnp.asarray(X), "none"), 0 * X)


def test_groups_tell_the_shape_where_they_are_not_traced():
    def each(scores, **words):
        return losses.pairwise_logistic_loss(scores, Y, reduction="per_group", **words)

    want = fastloss.pairwise_logistic_loss(X, Y, groups=GROUPS, reduction="per_group")
    for found in (
        each(jnp.asarray(X), groups=jnp.asarray(GROUPS)),
        jax.jit(lambda s: each(s, groups=GROUPS))(X),
        jax.jit(lambda s, ends: each(s, offsets=ends))(X, np.array([0, 2, 3])),
    ):
        np.testing.assert_allclose(found, want, rtol=1e-6)
    with pytest.raises(jax.errors.ConcretizationTypeError, match="expected `offsets`, `groups` that are not traced"):
        jax.jit(lambda s, groups: each(s, groups=groups))(X, GROUPS)
    weights = np.array([0.5, 2.0], np.float32)  # of queries, which tell how many there are
    found = jax.jit(lambda g, w: losses.lambdarank_loss(X, Y, groups=g, sample_weight=w, reduction="none"))
    want = fastloss.lambdarank_loss(X, Y, groups=GROUPS, sample_weight=weights, reduction="none")
    np.testing.assert_allclose(found(GROUPS, weights), want, rtol=1e-6)


@pytest.mark.parametrize("second", [jax.hessian, lambda f: jax.grad(lambda x: jax.grad(f)(x).sum())])
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("compiled", [jax.jit, lambda f: f])
def test_second_derivatives_are_refused(second, reduction, compiled):
    function = compiled(second(lambda x: losses.mse_loss(x, Y, reduction=reduction).sum()))
    with pytest.raises(NotImplementedError, match="mse_loss has no second derivative in JAX"):
        function(jnp.asarray(X))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: jax.grad(losses.mse_loss, 1)(x, x), TypeError, "no gradient by target, but by input: expected jax"),
        (lambda x: jax.grad(lambda w: losses.mse_loss(x, x, sample_weight=w))(x), TypeError, "by sample_weight"),
        (lambda x: jax.grad(lambda d: losses.huber_loss(x, x, delta=d))(0.5), TypeError, "no gradient by delta"),
        (lambda x: losses.mse_loss([1.0, 2.0], x), TypeError, "input is of type list: expected an array"),
        (lambda x: losses.mse_loss(x, x[:2]), ValueError, r"target has shape \(2,\): expected the shape of input"),
        (lambda x: losses.mse_loss(x + 1j, x), TypeError, "input has dtype complex64: expected real numbers"),
        (lambda x: losses.mse_loss(x, x, reduction="avg"), ValueError, "reduction is 'avg': expected one of"),
        (lambda x: losses.mse_loss(x, x, backend="gpu"), ValueError, "backend is 'gpu': expected one of"),
        (lambda x: losses.huber_loss(x, x, delta=-1.0), ValueError, r"delta is -1.0: expected a number in \(0, inf"),
        (lambda x: losses.huber_loss(x, x, delta={}), TypeError, "delta is of type dict: expected an array, a number"),
        (lambda x: losses.huber_loss(x, x, dleta=1.0), TypeError, "unexpected keyword argument 'dleta'"),
        (lambda x: losses.mse_loss(x), TypeError, "missing a required argument: 'target'"),
        (lambda x: losses.supcon_loss(ROWS, x[:2]), ValueError, r"labels has shape \(2,\)"),
        (lambda x: losses.pairwise_hinge_loss(x, x, groups=np.array(list("abc"))), TypeError, "dtype <U1: expected"),
        (lambda x: losses.pairwise_hinge_loss(x, x, groups=np.array([1, 2**40, 1])), ValueError, "beyond int32"),
        (lambda x: losses.pairwise_hinge_loss(x, x, with_counts=True), ValueError, "with_counts is True"),
        (lambda x: losses.pairwise_hinge_loss(x, x, offsets=jnp.zeros((2, 2))), ValueError, "offsets has shape"),
    ],
)
def test_what_needs_no_data_is_refused_while_jax_traces(call, kind, message):
    for function in (call, jax.jit(call)):
        with pytest.raises(kind, match=message):
            function(jnp.asarray(X))


def test_wrong_elements_are_named_by_both_kinds_of_calls():
    target = jnp.array([0, 1, 7])
    with pytest.raises(ValueError, match=r"^target\[2\] is 7: expected an id in \[0, 2\)"):
        losses.cross_entropy(ROWS, target)
    with pytest.raises(ValueError, match=r"^target\[2\] is 7: expected an id in \[0, 2\)"):
        jax.grad(losses.cross_entropy)(jnp.asarray(ROWS), target)
    logging.disable(logging.CRITICAL)  # JAX logs the error as well
    try:
        with pytest.raises(jax.errors.JaxRuntimeError, match=r"ValueError: target\[2\] is 7: expected an id in"):
            jax.jit(losses.cross_entropy)(ROWS, target).block_until_ready()
    finally:
        logging.disable(logging.NOTSET)


def test_nan_and_empty_arrays_are_those_of_numpy():
    value, found = jax.value_and_grad(losses.mse_loss)(jnp.zeros(0), jnp.zeros(0))
    assert value == 0.0 and found.shape == (0,)
    value, found = jax.jit(jax.value_and_grad(losses.mse_loss))(jnp.array([jnp.nan, 1.0, jnp.inf]), Y)
    assert np.isnan(value) and np.isnan(found[0]) and found[1] == 2.0 / 3.0 and found[2] == jnp.inf


def test_a_call_is_traced_once(monkeypatch):
    traced = []

    @jax.jit
    def step(x):
        traced.append(1)
        return losses.huber_loss(x, Y, delta=0.5)

    step(X), step(X + 1.0)
    assert traced == [1]


def test_losses_are_functions_of_the_module():
    assert pickle.loads(pickle.dumps(losses.mse_loss))(X, Y) == losses.mse_loss(X, Y)
    assert "with_counts" not in repr(losses.info_nce_loss) and "temperature" in repr(losses.info_nce_loss)
    assert losses.mse_loss.__doc__ == fastloss.mse_loss.__doc__
    with pytest.raises(AttributeError, match=r"module 'fastloss.jax' has no attribute 'no_such_loss'"):
        losses.no_such_loss  # noqa: B018


def test_the_guide_runs():
    assert failures("jax.md") == []


def test_large_arrays_do_not_wait_for_themselves():
    """Callbacks are given arrays that JAX has yet to compute; on one processor, too."""
    code = """
import os, jax, jax.numpy as jnp, fastloss.jax
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
x = jnp.linspace(0.0, 1.0, 3_000_000)
def total(x):
    t = jax.lax.stop_gradient(x)
    return fastloss.jax.mse_loss(x * 2, t + 1) + fastloss.jax.huber_loss(x * 3, t)
step = jax.jit(jax.value_and_grad(total))
for _ in range(3):
    value, slope = step(x)
print(bool(jnp.isfinite(value)) and bool(jnp.isfinite(slope).all()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "True"
