"""Every registered loss, on every case, against the oracles and against what all losses promise."""

import dataclasses
import inspect
import pickle

import numpy as np
import pytest
from mpmath import mp, mpf

import fastloss
from fastloss.ahead.cases import Case, all_cases
from fastloss.core.loss import REGISTRY
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from tests.oracles import ORACLES, gradient, reduce, second_derivative

CASES = all_cases()
BY_LOSS = {name: [case for case in CASES if case.loss.name == name] for name in REGISTRY}
every_case = pytest.mark.parametrize("case", CASES, ids=str)
first_cases = pytest.mark.parametrize("case", [cases[0] for cases in BY_LOSS.values()], ids=str)
MEAN_ONLY = {"rmse_loss"}
# A float64 result of a few rounded operations on numbers of order one; sums of a few dozen such.
RELATIVE, ABSOLUTE = 2e-13, 1e-15
# Entry points differ in the last bits: each is compiled for what it returns, and fuses other multiplications with sums.
ENTRY = 2e-14


def weights_for(case: Case) -> np.ndarray:
    return np.random.default_rng(7).uniform(0.1, 2.0, case.items)


def exact(array) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind in "iub":
        return array
    return np.array([mpf(float(x)) for x in array.reshape(-1)], dtype=object).reshape(array.shape)


PRODUCTS = ("factors", "candidates", "mining")  # shapes whose scores are products in the arrays' precision


def oracle(case: Case, reduction: str, weights=None, arrays=None):
    """The value by the oracle: a number, or an object array for "none"."""
    arrays = tuple(exact(array) for array in case.arrays) if arrays is None else arrays
    function = ORACLES[case.loss.name]
    if case.loss.name == "rmse_loss":  # the weights stand under the root
        return mp.sqrt(reduce(ORACLES["mse_loss"](*arrays), "mean", weights))
    if isinstance(case.loss, PairwiseLoss) or case.loss.name == "batch_contrastive_loss":
        terms = function(*arrays, sample_weight=weights, **case.keywords)
        return reduce(terms, reduction)
    return reduce(function(*arrays, **case.keywords), reduction, weights)


def reductions(case: Case) -> list[str]:
    return ["mean"] if case.loss.name in MEAN_ONLY else ["mean", "sum", "none"]


def close(actual, expected, relative=RELATIVE, absolute=ABSOLUTE) -> None:
    actual = np.asarray(actual, dtype=object).reshape(-1)
    expected = np.asarray(expected, dtype=object).reshape(-1)
    assert actual.shape == expected.shape
    for a, e in zip(actual, expected, strict=True):
        assert abs(mpf(float(a)) - e) <= relative * abs(e) + absolute, (float(a), float(e))


def as_tuple(gradient_) -> tuple:
    return gradient_ if isinstance(gradient_, tuple) else (gradient_,)


def same(first, second) -> None:
    """Equal to the bit, shapes and dtypes included."""
    for a, b in zip(as_tuple(first), as_tuple(second), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype and a.shape == b.shape
        assert a.tobytes() == b.tobytes()


def test_every_loss_has_an_oracle_and_a_case():
    assert set(REGISTRY) <= set(ORACLES)
    assert all(BY_LOSS[name] for name in REGISTRY)


@every_case
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_value(case, weighted):
    weights = weights_for(case) if weighted else None
    for reduction in reductions(case):
        actual = case.loss(*case.arrays, reduction=reduction, sample_weight=weights, **case.keywords)
        close(actual, oracle(case, reduction, None if weights is None else exact(weights)))


@every_case
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_gradient(case, weighted):
    weights = weights_for(case) if weighted else None
    exact_weights = None if weights is None else exact(weights)
    value, slopes = case.loss.value_and_grad(*case.arrays, sample_weight=weights, **case.keywords)
    assert value == pytest.approx(case.loss(*case.arrays, sample_weight=weights, **case.keywords), rel=ENTRY)
    arrays = [exact(array) for array in case.arrays]
    slopes = as_tuple(slopes)
    scalars = getattr(slopes, "_fields", ())[len(case.differentiable) :]
    assert len(slopes) == len(case.differentiable) + len(scalars)
    for slope, which in zip(slopes, case.differentiable, strict=False):
        assert slope.shape == case.arrays[which].shape
        expected = gradient(lambda *a: oracle(case, "mean", exact_weights, a), arrays, which)
        close(slope, expected, 2e-12, 1e-15)
    for name in scalars:
        number = case.keywords.get(name, case.loss.defaults.get(name))
        if not isinstance(number, float):
            continue  # an optional array: tests/parity has it
        step = mpf(10) ** -20
        two = [dataclasses.replace(case, keywords={**case.keywords, name: number + way * step}) for way in (-1, 1)]
        below, above = (oracle(one, "mean", exact_weights) for one in two)
        close(getattr(slopes, name), (above - below) / (2 * step), 2e-12, 1e-15)


@pytest.mark.parametrize("case", [case for case in CASES if case.loss.has_curvature], ids=str)
def test_curvature(case):
    slopes, curvature = case.loss.grad_hess(*case.arrays, **case.keywords)
    expected_slopes = case.loss.value_and_grad(*case.arrays, **case.keywords)[1]
    arrays = [exact(array) for array in case.arrays]
    derivatives = zip(
        as_tuple(slopes), as_tuple(expected_slopes), as_tuple(curvature), case.differentiable, strict=True
    )
    for slope, expected_slope, second, which in derivatives:
        np.testing.assert_allclose(slope, expected_slope, rtol=ENTRY, atol=1e-17)
        close(second, second_derivative(lambda *a: oracle(case, "mean", None, a), arrays, which), 1e-11, 1e-15)


@pytest.mark.parametrize("name", [name for name in REGISTRY if not REGISTRY[name].has_curvature])
def test_missing_curvature_is_said(name):
    with pytest.raises(TypeError, match="second derivative"):
        REGISTRY[name].grad_hess(*BY_LOSS[name][0].arrays, **BY_LOSS[name][0].keywords)


@every_case
def test_float32_is_storage_only(case):
    """float32 arrays give the float64 result of the same numbers; only arrays are rounded back."""
    if case.loss.shape in PRODUCTS:
        pytest.skip("its scores are products in the arrays' precision")
    small = tuple(_as_float32(array) for array in case.arrays)
    large = tuple(array.astype(np.float64) if array.dtype == np.float32 else array for array in small)
    value, slopes = case.loss.value_and_grad(*small, **case.keywords)
    expected, expected_slopes = case.loss.value_and_grad(*large, **case.keywords)
    assert value == pytest.approx(expected, rel=1e-14, abs=1e-300)
    for slope, reference, which in zip(as_tuple(slopes), as_tuple(expected_slopes), case.differentiable, strict=True):
        assert slope.dtype == np.float32 and small[which].dtype == np.float32
        np.testing.assert_allclose(slope, reference, rtol=1.2e-7, atol=1e-38)


def _as_float32(array):
    array = np.asarray(array)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _variants(array: np.ndarray):
    """The same numbers, otherwise laid out."""
    strided = np.repeat(array, 2, axis=-1)[..., ::2]
    fixed = array.copy()
    fixed.flags.writeable = False
    unaligned = np.frombuffer(b"x" + array.tobytes(), np.uint8)[1:].view(array.dtype).reshape(array.shape)
    return {
        "strided": strided,
        "reversed": array[..., ::-1].copy()[..., ::-1],
        "fortran": np.asfortranarray(array),
        "read-only": fixed,
        "big-endian": array.astype(array.dtype.newbyteorder(">")),
        "unaligned": unaligned,
        "list": array.tolist(),
    }


@first_cases
@pytest.mark.parametrize("layout", ["strided", "reversed", "fortran", "read-only", "big-endian", "unaligned", "list"])
def test_layouts(case, layout):
    arrays = tuple(_variants(np.asarray(array))[layout] for array in case.arrays)
    value, slopes = case.loss.value_and_grad(*arrays, **case.keywords)
    expected, expected_slopes = case.loss.value_and_grad(*case.arrays, **case.keywords)
    same(value, expected)
    same(slopes, expected_slopes)


@first_cases
def test_memory_mapped(case, tmp_path):
    mapped = []
    for number, array in enumerate(case.arrays):
        np.save(tmp_path / f"{number}.npy", array)
        mapped.append(np.load(tmp_path / f"{number}.npy", mmap_mode="r"))
    same(case.loss(*mapped, **case.keywords), case.loss(*case.arrays, **case.keywords))


@first_cases
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_other_floats_are_converted(case, dtype):
    arrays = tuple(array.astype(dtype) if array.dtype.kind == "f" else array for array in map(np.asarray, case.arrays))
    kept = np.float32 if case.loss.shape in PRODUCTS and dtype == np.float16 else np.float64
    wide = tuple(array.astype(kept) if array.dtype.kind == "f" else array for array in arrays)
    value, slopes = case.loss.value_and_grad(*arrays, **case.keywords)
    assert value == pytest.approx(case.loss(*wide, **case.keywords), rel=1e-14)
    assert all(np.asarray(slope).dtype in (np.float32, np.float64) for slope in as_tuple(slopes))


@first_cases
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.int8])
def test_weights_of_any_dtype(case, dtype):
    weights = np.ceil(weights_for(case)).astype(dtype)
    reduction = "mean" if case.loss.name in MEAN_ONLY else "none"
    made = case.loss(*case.arrays, sample_weight=weights, reduction=reduction, **case.keywords)
    same(made, case.loss(*case.arrays, sample_weight=weights.astype(float), reduction=reduction, **case.keywords))


@every_case
def test_inputs_are_not_written(case):
    before = [np.array(array, copy=True) for array in case.arrays]
    for reduction in reductions(case):
        case.loss.value_and_grad(*case.arrays, reduction=reduction, sample_weight=weights_for(case), **case.keywords)
    for array, copy in zip(case.arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", list(REGISTRY))
@pytest.mark.parametrize("which", [0, 1, 2])
def test_nan_in_gives_nan_out(name, which):
    case = next((c for c in BY_LOSS[name] if "groups" not in c.keywords), None)
    if case is None or which >= len(case.arrays) or np.asarray(case.arrays[which]).dtype.kind != "f":
        return
    arrays = [np.array(array, copy=True) for array in case.arrays]
    arrays[which].reshape(-1)[1] = np.nan
    if name == "nll_loss":  # looks at the target's number only, and is linear in it
        arrays[which][0] = np.nan
        assert np.isnan(case.loss(*arrays, **case.keywords))
        return
    if isinstance(case.loss, PairwiseLoss) and which == 1:
        with pytest.raises(ValueError, match=r"labels\[1\] is nan"):
            case.loss(*arrays, **case.keywords)
        return
    value, slopes = case.loss.value_and_grad(*arrays, **case.keywords)
    assert np.isnan(value)
    assert any(np.isnan(slope).any() for slope in as_tuple(slopes)) or which not in case.differentiable


@pytest.mark.compiled
@first_cases
def test_threads_do_not_change_bits(case):
    if "interactions" in case.keywords:
        pytest.skip("tests/test_bpr_all_negatives.py does it")
    repeat = 250 if case.loss.shape in PRODUCTS else 9000
    arrays = tuple(np.concatenate([array] * repeat) if _by_row(case, array) else array for array in case.arrays)
    keywords = dict(case.keywords)
    if isinstance(case.loss, PairwiseLoss):
        arrays = tuple(array[:3000] for array in arrays)
    results = []
    for threads in (1, 2, 4):
        with fastloss.num_threads(threads):
            results.append(case.loss.value_and_grad(*arrays, **keywords))
    for value, slopes in results[1:]:
        same(value, results[0][0])
        same(slopes, results[0][1])


def _by_row(case: Case, array) -> bool:
    return np.ndim(array) > 0 and np.shape(array)[0] == case.items[0]


@first_cases
def test_reduction_must_be_known(case):
    expected = "'mean', of which" if case.loss.name in MEAN_ONLY else "one of 'mean', 'sum', 'none'"
    with pytest.raises(ValueError, match=f"reduction is 'median': expected {expected}"):
        case.loss(*case.arrays, reduction="median", **case.keywords)


@first_cases
def test_bad_weights(case):
    weights = weights_for(case)
    weights.reshape(-1)[2] = -1.0
    with pytest.raises(ValueError, match=r"sample_weight\[.*2\] is -1: expected a number >= 0"):
        case.loss(*case.arrays, sample_weight=weights, **case.keywords)
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3, 3, 3\)"):
        case.loss(*case.arrays, sample_weight=np.ones((3, 3, 3)), **case.keywords)


@first_cases
def test_words_are_not_numbers(case):
    with pytest.raises(TypeError, match=r"has dtype|expected"):
        case.loss(np.full(np.shape(case.arrays[0]), "a"), *case.arrays[1:], **case.keywords)


@first_cases
def test_unknown_keyword(case):
    with pytest.raises(TypeError, match="bogus"):
        case.loss(*case.arrays, bogus=1, **case.keywords)


RANGES = [(name, parameter) for name, loss in REGISTRY.items() for parameter in loss.parameters]


@pytest.mark.parametrize(("name", "parameter"), RANGES)
def test_parameters_are_checked(name, parameter):
    case, spec = BY_LOSS[name][0], REGISTRY[name].parameters[parameter]
    for wrong in _wrong(spec):
        with pytest.raises((ValueError, TypeError), match=parameter):
            case.loss(*case.arrays, **{**case.keywords, parameter: wrong})


def _wrong(spec):
    low, high = getattr(spec, "low", -np.inf), getattr(spec, "high", np.inf)
    yield object()
    if np.isfinite(low):
        yield low if spec.open_low else low - 1.0
    if np.isfinite(high):
        yield high if spec.open_high else high + max(1.0, abs(high))
    if low != -np.inf or hasattr(spec, "low"):
        yield float("nan")


POINTWISE = [loss for loss in REGISTRY.values() if isinstance(loss, PointwiseLoss)]


@pytest.mark.parametrize("loss", POINTWISE, ids=lambda loss: loss.name)
class TestPointwise:
    def test_empty(self, loss):
        case = BY_LOSS[loss.name][0]
        arrays = tuple(np.empty((0, 5)) for _ in case.arrays)
        if loss.name == "nmae_loss":
            return
        value, slopes = loss.value_and_grad(*arrays)
        assert value == 0.0 and all(slope.shape == (0, 5) for slope in as_tuple(slopes))

    def test_one_element(self, loss):
        case = BY_LOSS[loss.name][0]
        one = Case(loss, tuple(array[:1, :1] for array in case.arrays), case.keywords, case.differentiable, (1, 1))
        if loss.name == "nmae_loss":  # one target has no range
            one.keywords["norm"] = 2.0
        close(loss(*one.arrays, **one.keywords), oracle(one, "mean"))

    def test_shapes_must_agree(self, loss):
        case = BY_LOSS[loss.name][0]
        if len(case.arrays) < 2:
            return
        name = loss.arguments[1]
        with pytest.raises(ValueError, match=rf"{name} has shape \(3, 5\): expected the shape of {loss.arguments[0]}"):
            loss(case.arrays[0], case.arrays[1][:3], *case.arrays[2:])

    def test_domains_are_checked(self, loss):
        case = BY_LOSS[loss.name][0]
        for which, (name, domain) in enumerate(loss.domains.items()):
            outside = next((x for x in (-7.5, 7.5, 0.0) if domain.check(x) == 1), None)
            if outside is None:
                continue
            arrays = [array.copy() for array in case.arrays]
            arrays[which][2, 3] = outside
            with pytest.raises(ValueError, match=rf"{name}\[2, 3\] is {outside:g}: expected"):
                loss(*arrays)

    def test_more_than_one_chunk(self, loss):
        case = BY_LOSS[loss.name][0]
        arrays = tuple(np.tile(array, (1, 1700)) for array in case.arrays)  # 34,000 elements, five chunks
        expected = loss(*case.arrays)
        assert loss(*arrays) == pytest.approx(expected, rel=1e-13)
        strided = tuple(np.repeat(array, 2, axis=1)[:, ::2] for array in arrays)
        same(loss(*strided), loss(*arrays))


def test_bits_do_not_depend_on_where_arrays_lie():
    """Small arrays come to lie close to each other; see `compile/launch.output`."""
    rng = np.random.default_rng(3)
    x, t = rng.normal(size=20), rng.normal(size=20)
    kept, values = [], set()
    for _ in range(300):
        a, b = x.copy(), t.copy()
        kept.append(np.empty(rng.integers(1, 60)))
        value, slopes = fastloss.log_cosh_loss.value_and_grad(a, b)
        kept += [slopes, a, b][: rng.integers(1, 4)]
        values.add(value)
    assert len(values) == 1


def test_the_comparison_can_fail():
    case = BY_LOSS["mse_loss"][0]
    with pytest.raises(AssertionError):
        close(fastloss.l1_loss(*case.arrays), oracle(case, "mean"))


mp.dps = 60


@pytest.mark.parametrize("loss", REGISTRY.values(), ids=lambda loss: loss.name)
def test_methods_show_what_they_take(loss):
    for method in (loss.value_and_grad, loss.grad_hess):
        assert inspect.signature(method) == inspect.signature(loss)
        assert pickle.loads(pickle.dumps(method)) == method
    assert "reduction" in inspect.signature(loss).parameters
