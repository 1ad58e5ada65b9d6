"""Errors of the elementary functions against 50-digit arithmetic, as compiled; and a lint over all formulas."""

import dataclasses
import inspect
import math
import platform
import re
import types

import mpmath
import numpy as np
import pytest

from fastloss.compile import elementary, levels
from fastloss.compile.address import is_plain
from fastloss.compile.kernels import kernel
from fastloss.compile.launch import launch
from fastloss.compile.signatures import REALS, Signature, array_of
from fastloss.compile.templates import bind, called, exchange, regroups, unbound
from fastloss.core.loss import REGISTRY

INF, NAN = math.inf, math.nan
TINY, SMALLEST_NORMAL, LARGEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308

# The arguments that a function is made for, its exact form, and values at the ends. The bound on its error stands in
# its docstring and nowhere else.
FUNCTIONS = {
    "exp": (-INF, INF, mpmath.exp, {-INF: 0.0, INF: INF, 710.0: INF, LARGEST: INF, -746.0: 0.0, 0.0: 1.0}),
    "exp_negative": (-INF, 0.0, mpmath.exp, {-INF: 0.0, -LARGEST: 0.0, -746.0: 0.0, 0.0: 1.0}),
    "expm1_negative": (-INF, 0.0, mpmath.expm1, {-INF: -1.0, -LARGEST: -1.0, 0.0: 0.0}),
    "log": (0.0, INF, mpmath.log, {0.0: -INF, INF: INF, 1.0: 0.0, -1.0: NAN, -INF: NAN, -TINY: NAN}),
    "log1p_unit": (0.0, 1.0, mpmath.log1p, {0.0: 0.0}),
    "log1p_lack": (0.0, 1.0, lambda u: mpmath.hyp2f1(1, 2, 3, -u) / 2, {0.0: 0.5}),
    "log1p": (-1.0, INF, mpmath.log1p, {-1.0: -INF, INF: INF, 0.0: 0.0, -1.5: NAN, -INF: NAN}),
    "softplus": (-INF, INF, lambda x: mpmath.log1p(mpmath.exp(x)), {-INF: 0.0, INF: INF, LARGEST: LARGEST}),
    "sigmoid": (-INF, INF, lambda x: 1 / (1 + mpmath.exp(-x)), {-INF: 0.0, INF: 1.0, 0.0: 0.5}),
    "tanh": (-INF, INF, mpmath.tanh, {-INF: -1.0, INF: 1.0, 0.0: 0.0}),
}
POINTS = 1500


def bound(name: str) -> float | None:
    """The error in units in the last place that a docstring states."""
    found = re.search(r"within ([\d.]+) ulp", getattr(elementary, name).__doc__ or "")
    return float(found[1]) if found else None


one = unbound  # the function that is compiled


@regroups
def apply(inputs, parameters, outputs, first, last):
    """A loop over a formula, as the engines make it."""
    for i in range(np.uint64(inputs[0].size)):
        outputs[0][i] = one(inputs[0][i])


def evaluate(function, x: np.ndarray) -> np.ndarray:
    out, kind = np.empty_like(x), array_of(x.dtype)
    compiled = kernel(bind(apply, one=function), function.__name__, Signature((kind,), (kind,)))
    launch(compiled, (x,), np.empty(0), (out,), 1)
    return out


def arguments(low: float, high: float) -> np.ndarray:
    """Numbers of every size between two ends: subnormal, huge, around 1, and where an argument's reduction changes."""
    rng = np.random.default_rng(20)
    sizes = 2.0 ** rng.uniform(-1074, 1024, POINTS)
    near = [rng.uniform(-range_, range_, POINTS) for range_ in (1.0, 40.0, 760.0)]
    halves = np.arange(-1100.0, 1100.0, 7.0) * (math.log(2) / 2)
    around_one = 1.0 + 2.0 ** rng.uniform(-53, 0, POINTS) * rng.choice([-1.0, 1.0], POINTS)
    marks = np.array(
        [0.5, 1.0, 1.0 / 3.0, math.sqrt(0.5), math.sqrt(2.0), 37.0, 708.4, 745.13, SMALLEST_NORMAL, TINY, LARGEST / 2]
    )
    marks = np.concatenate([marks, np.nextafter(marks, -INF), np.nextafter(marks, INF)])
    x = np.concatenate([sizes, *near, halves, around_one, marks])
    x = np.concatenate([x, -x])
    return x[(x > low) & (x < high)]


def errors(function, exact, x: np.ndarray) -> np.ndarray:
    """In units in the last place of the exact result."""
    result = []
    for argument, found in zip(x.tolist(), evaluate(function, x).tolist(), strict=True):
        truth = exact(mpmath.mpf(argument))
        rounded = float(truth)
        if not math.isfinite(rounded) or not math.isfinite(found):
            result.append(0.0 if found == rounded else INF)
        else:
            result.append(float(abs(mpmath.mpf(found) - truth) / mpmath.mpf(math.ulp(rounded))))
    return np.array(result)


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(50):
        yield


def test_every_stated_bound_is_tested():
    names = [name for name, one in vars(elementary).items() if inspect.isfunction(one) and "ulp" in (one.__doc__ or "")]
    assert sorted(names) == sorted(FUNCTIONS)
    assert all(bound(name) for name in names)


def test_the_exponential_in_single_precision():
    x = -np.abs(np.concatenate([arguments(-INF, 0.0), np.random.default_rng(0).uniform(0, 87.3, 20_000)]))
    with np.errstate(all="ignore"):
        x = np.append(x, (NAN, -INF, 0.0)).astype(np.float32)
        found = evaluate(elementary.exp_negative_single, x)
    np.testing.assert_array_equal(found[-3:], (NAN, 0.0, 1.0))
    x, found = x[:-3], found[:-3]
    normal = x >= np.float32(-87.3)
    exact = np.exp(x.astype(np.float64))
    stated = float(re.search(r"below ([\d.e-]+) for", elementary.exp_negative_single.__doc__)[1])
    assert np.abs(found[normal] / exact[normal] - 1).max() < stated
    np.testing.assert_array_equal(found[x < np.float32(-87.3)], 0.0)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_is_within_the_stated_bound(name):
    low, high, exact, _ = FUNCTIONS[name]
    x = arguments(low, high)
    found = errors(getattr(elementary, name), exact, x)
    worst = int(np.argmax(found))
    assert found[worst] <= bound(name), f"{name}({x[worst]!r}) is {found[worst]:.3g} ulp off"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_ends_and_nan(name):
    ends = {**FUNCTIONS[name][3], NAN: NAN}
    found = evaluate(getattr(elementary, name), np.array(list(ends)))
    np.testing.assert_array_equal(found, list(ends.values()))


@pytest.mark.parametrize(
    ("name", "constant", "factor"),
    [("exp", "E0", 1 + 1e-14), ("log", "L1", 1 + 1e-12), ("log1p_unit", "P0", 1 + 1e-14), ("tanh", "LN2_LOW", 1.001)],
)
def test_a_wrong_constant_is_caught(name, constant, factor):
    low, high, exact, _ = FUNCTIONS[name]
    right = getattr(elementary, constant)
    wrong = exchange(getattr(elementary, name), (right, right * factor))
    assert errors(wrong, exact, arguments(low, high)).max() > bound(name)


PACKED = re.compile(r"\tv?(?:add|mul|fn?madd\d+|fn?msub\d+)pd\t")
on_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 instructions")


def is_vectorised(function) -> bool:
    from fastloss.compile.front_end import modules

    bound, signature = bind(apply, one=function), Signature((REALS,), (REALS,))
    ((machine, module),) = modules(bound, signature, [levels.chosen()])
    return bool(PACKED.search(machine.emit_assembly(module)))


@on_x86
@pytest.mark.compiled
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loops_are_vectorised(name):
    assert is_vectorised(getattr(elementary, name))


@on_x86
@pytest.mark.compiled
def test_a_loop_over_a_library_call_is_not():
    def library(x):
        return math.exp(x)

    assert not is_vectorised(library)


# `max` and `min` of the language: one of them loses NaN, on CUDA both do.
BANNED = {"max", "min", "fmax", "fmin"}


def functions_of(value) -> list[types.FunctionType]:
    """Plain functions of the package inside a loss's data, with all that they call."""
    if is_plain(value):
        return [value, *(one for callee in called(value).values() for one in functions_of(callee))]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return functions_of([getattr(value, field.name) for field in dataclasses.fields(value)])
    if isinstance(value, dict):
        return functions_of(list(value.values()))
    if isinstance(value, list | tuple):
        return [one for part in value for one in functions_of(part)]
    return []


def formulas(loss) -> list[types.FunctionType]:
    return functions_of(
        {name: value for name, value in vars(loss).items() if name not in ("function", "__wrapped__", "_plans")}
    )


def banned(function) -> set[str]:
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes.extend(constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return names & BANNED


@pytest.mark.parametrize("name", REGISTRY)
def test_no_formula_loses_nan(name):
    found = formulas(REGISTRY[name])
    assert found or not hasattr(REGISTRY[name], "formulas")
    assert {one.__qualname__: banned(one) for one in found if banned(one)} == {}


def test_the_lint_catches_a_violation():
    def clamp(x):
        return max(x, 0.0)

    def inside(x):
        return (lambda y: np.fmin(y, 1.0))(x)

    assert banned(clamp) == {"max"}
    assert banned(inside) == {"fmin"}
    assert banned(elementary.softplus) == set()
    assert elementary._remainder_series in functions_of({"value": (elementary.softplus,)})
