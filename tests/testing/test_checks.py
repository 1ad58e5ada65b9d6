"""The checks of `fastloss.testing`: losses of this package pass, and each check has a loss that it finds wrong."""

import math
import subprocess
import sys

import numpy as np
import pytest

import fastloss
from fastloss import testing
from fastloss.ahead.cases import Case
from fastloss.core.loss import REGISTRY
from fastloss.pointwise.loss import pointwise
from fastloss.testing import __main__ as command
from fastloss.testing import arguments, derivatives, values

NAMES = (
    "huber_loss",
    "binary_cross_entropy",
    "cross_entropy",
    "dice_loss",
    "td_loss",
    "triplet_margin_loss",
    "pairwise_logistic_loss",
    "pairwise_hinge_loss",
    "lambdarank_loss",
    "bpr_loss",
    "info_nce_loss",
    "batch_hard_triplet_loss",
)
EVERY = [one for name in NAMES for one in testing.checks(name)]


@pytest.mark.compiled
@pytest.mark.parametrize(
    "check", [pytest.param(one, marks=pytest.mark.xdist_group(one.loss.name)) for one in EVERY], ids=str
)
def test_losses_of_the_package(check):
    check()


class Changed:
    """A loss whose calls are another function's: of itself, what is asked for, arguments and keywords."""

    def __init__(self, loss, function):
        self.loss, self.function = loss, function

    def __getattr__(self, name):
        return getattr(self.loss, name)

    def __call__(self, *args, **kwargs):
        return self.function(self.loss, "value", args, kwargs)

    def value_and_grad(self, *args, **kwargs):
        return self.function(self.loss, "value_and_grad", args, kwargs)

    def grad_hess(self, *args, **kwargs):
        return self.function(self.loss, "grad_hess", args, kwargs)


def right(loss, what, args, kwargs):
    return loss(*args, **kwargs) if what == "value" else getattr(loss, what)(*args, **kwargs)


def wrong_sum(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return 2.0 * found if kwargs.get("reduction") == "sum" else found


def wrong_mean(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return found if kwargs.get("reduction") else (2.0 * found if what == "value" else (2.0 * found[0], found[1]))


def wrong_value_and_grad(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return found if what == "value" else (found[0] + 1.0, found[1])


def weights_in_no_denominator(loss, what, args, kwargs):
    weights = kwargs.get("sample_weight")
    return right(loss, what, args, kwargs) * (1.0 if weights is None or "reduction" in kwargs else np.mean(weights))


def weights_squared(loss, what, args, kwargs):
    weights = kwargs.get("sample_weight")
    return right(loss, what, args, {**kwargs, "sample_weight": None if weights is None else np.square(weights)})


def in_float32(loss, what, args, kwargs):
    value, gradient = right(loss, what, args, kwargs)
    return (float(np.float32(value)) if args[0].dtype == np.float32 else value), gradient


def slopes_in_float16(loss, what, args, kwargs):
    value, gradient = right(loss, what, args, kwargs)
    return value, gradient.astype(np.float16).astype(gradient.dtype) if args[0].dtype == np.float32 else gradient


def off_gradient(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return found if what == "value" else (found[0], 1.01 * found[1])


def flat_gradient(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return found if what == "value" else (found[0], found[1].ravel())


def off_curvature(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return (found[0], found[1] + 0.01) if what == "grad_hess" else found


def other_gradient(loss, what, args, kwargs):
    found = right(loss, what, args, kwargs)
    return (found[0] + 0.01, found[1]) if what == "grad_hess" else found


def without_nan(loss, what, args, kwargs):
    return np.nan_to_num(right(loss, what, args, kwargs)[0]), args[0]


def slopes_without_nan(loss, what, args, kwargs):
    value, gradient = right(loss, what, args, kwargs)
    return value, np.nan_to_num(gradient)


def by_threads(loss, what, args, kwargs):
    value, gradient = right(loss, what, args, kwargs)
    return value + fastloss.get_num_threads(), gradient


def by_memory(loss, what, args, kwargs):
    value, gradient = right(loss, what, args, kwargs)
    return value + float(np.asarray(args[0]).flags.writeable), gradient


def writing(loss, what, args, kwargs):
    args[0][0] = 0.0
    return right(loss, what, args, kwargs)


def forgiving(loss, what, args, kwargs):
    try:
        return right(loss, what, args, kwargs)
    except (TypeError, ValueError):
        return 0.0


def mumbling(loss, what, args, kwargs):
    try:
        return right(loss, what, args, kwargs)
    except (TypeError, ValueError):
        raise ValueError("something is wrong") from None


@pytest.mark.parametrize(
    ("check", "function", "message"),
    [
        (values.reductions_agree, wrong_sum, "the losses of reduction='none' add up to"),
        (values.reductions_agree, wrong_mean, "the sum by the number of elements is"),
        (values.reductions_agree, wrong_value_and_grad, "value_and_grad gives another value"),
        (values.weights_scale, weights_in_no_denominator, "the mean of weights that are four times as large differs"),
        (values.weights_scale, lambda *call: weights_squared(*call) ** 2, "the sum of weights"),
        (values.weights_repeat_rows, weights_squared, "weights differ from rows given several times"),
        (values.float32_is_storage, in_float32, "float32 gives another value"),
        (values.float32_is_storage, slopes_in_float16, "float32 gives another gradient"),
        (derivatives.gradient_is_slope, off_gradient, "the gradient by 0 at"),
        (derivatives.gradient_is_slope, flat_gradient, "the derivative by input has shape"),
        (derivatives.curvature_is_slope_of_gradient, off_curvature, "the second derivative by 0 at"),
        (derivatives.curvature_is_slope_of_gradient, other_gradient, "the gradient of grad_hess differs from that of"),
        (values.nan_comes_out, without_nan, "input of NaN gives 0.0: expected NaN"),
        (values.nan_comes_out, slopes_without_nan, "a gradient of NaN has no NaN"),
        (values.threads_agree, by_threads, "several threads give other bits"),
        (arguments.layouts_agree, by_memory, "a read-only array gives another value"),
        (arguments.arrays_are_unchanged, writing, "input has been written to"),
        (arguments.wrong_keywords_are_refused, forgiving, "an unknown keyword is no error"),
        (arguments.wrong_keywords_are_refused, mumbling, "expected 'no_such_keyword' in it"),
        (arguments.wrong_weights_are_refused, forgiving, "a negative weight is no error"),
        (arguments.parameters_are_checked, forgiving, "delta=.* is no error"),
    ],
)
def test_a_wrong_loss_is_found(check, function, message):
    for sample in testing.checks("huber_loss")[0].samples[:1]:
        check(sample)
        arrays = tuple(array.copy() for array in sample.arrays)
        wrong = Case(Changed(sample.loss, function), arrays, sample.keywords, items=sample.items)
        with pytest.raises(AssertionError, match=message):
            check(wrong)


@pytest.fixture
def declared():
    before = set(REGISTRY)
    yield
    for name in set(REGISTRY) - before:
        del REGISTRY[name]


def value(x, t):
    return math.sqrt(1.0 + (x - t) * (x - t)) - 1.0


def slope(x, t):
    return (x - t) / math.sqrt(1.0 + (x - t) * (x - t))


def half_slope(x, t):
    return 0.5 * (x - t) / math.sqrt(1.0 + (x - t) * (x - t))


def test_losses_of_formulas(declared):
    @pointwise(value, slope, reference="none")
    def bent_test_loss(input, target):
        """Square root of one plus the squared error, less one."""

    testing.check_loss(bent_test_loss, skip=["plain_python_agrees"])  # the loss is within a function
    with pytest.raises(
        AssertionError, match=r"(?s)plain_python_agrees: bent_test_loss\(\): plain Python fails: .*bent_te"
    ):
        testing.check_loss("bent_test_loss")

    @pointwise(value, half_slope, reference="none")
    def half_test_loss(input, target):
        """One whose slope is half of what it should be."""

    with pytest.raises(AssertionError, match=r"gradient_is_slope: half_test_loss\(\): the gradient by 0 at"):
        testing.check_loss(half_test_loss)

    @pointwise(value, slope, reference="none")
    def unsaid_test_loss(input, target):
        """One whose target is not documented.

        Parameters
        ----------
        input : array_like
            The predictions.
        """

    with pytest.raises(AssertionError, match="documents input, sample_weight, reduction, backend: expected"):
        arguments.parameters_are_documented(testing.checks(unsaid_test_loss)[0].samples[0])

    @pointwise(value, slope, reference="none")
    def bent_test_loss(input, target):
        """Another of the same name."""

    assert REGISTRY["bent_test_loss"] is bent_test_loss
    old = testing.checks("huber_loss")[0].samples[0]
    arguments.it_is_pickled_by_name(old)
    with pytest.raises(AssertionError, match="is another loss when it is unpickled"):
        arguments.it_is_pickled_by_name(Case(Renamed(old.loss), old.arrays, {}, items=old.items))


class Renamed(Changed):
    def __init__(self, loss):
        super().__init__(loss, right)

    def __reduce__(self):
        return fastloss.lookup, ("mse_loss",)


def test_a_subgradient_at_a_kink():
    testing.check_loss("l1_loss", [(([0.0, 1.0], [0.0, 0.5]), {})])
    derivatives.require_slope("it", -1.0, (-1.0, 1.0), 1.0)
    with pytest.raises(AssertionError, match=r"it is 1\.1: expected -1\.0 to 1\.0, by a kink"):
        derivatives.require_slope("it", 1.1, (-1.0, 1.0), 1.0)


def test_calls_and_names():
    calls = [([[0.0, 1.0], [2.0, 0.0]], [0, 1]), {"label_smoothing": 0.1}]
    assert testing.checks("cross_entropy", [(calls[0], calls[1])])[0].samples[0].keywords == calls[1]
    testing.check_loss("cross_entropy", [(calls[0], calls[1])])
    with pytest.raises(ValueError, match="skip has 'speed': expected one of reductions_agree"):
        testing.checks("mse_loss", skip=["speed"])
    with pytest.raises(ValueError, match="unknown loss 'mae'; did you mean 'l1_loss'"):
        testing.checks("mae")
    with pytest.raises(ValueError, match="calls is empty, and mse_loss has no example"):
        testing.checks("mse_loss", [])
    with pytest.raises(
        TypeError, match=r"a call is \(\[0.0\], \[1.0\]\): expected a pair of arguments and a dictionary"
    ):
        testing.checks("mse_loss", [([0.0], [1.0])])
    assert "weights_scale" not in [one.name for one in testing.checks("mse_loss", skip=["weights_scale"])]


def test_the_command(capsys, declared):
    assert command.main(["mse_loss"]) == 0
    assert capsys.readouterr().out == "mse_loss of fastloss.pointwise.regression: ok\n"

    @pointwise(value, half_slope, reference="none")
    def half_test_loss(input, target):
        """One whose slope is half of what it should be."""

    assert command.main([]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "half_test_loss of tests.testing.test_checks: 2 checks failed"
    assert said[1].startswith("  gradient_is_slope: half_test_loss(): the gradient by 0 at")
    with pytest.raises(SystemExit):
        command.main(["no_such_loss"])


def test_assertions_are_made_in_optimised_python():
    code = """
from fastloss.testing import derivatives
try:
    derivatives.require_slope("it", 1.0, (0.0, 0.0), 1.0)
except AssertionError:
    print("found")
"""
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True)
    assert done.stdout == "found\n"
