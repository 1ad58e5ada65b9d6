"""Checks of a loss that is declared outside this package: what every loss promises, tried on sample calls.

`check_loss` runs all of them; `checks` returns them one by one, for pytest. On a command line ``python -m
fastloss.testing`` checks the losses of all packages that are installed with the entry points ``fastloss.losses``, and
``python -m fastloss.testing bent_loss`` those named.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.ahead.cases import Case, cases
from fastloss.core.errors import wrong_type
from fastloss.core.loss import Loss, lookup
from fastloss.testing import arguments, derivatives, values

__all__ = ["Check", "check_loss", "checks"]

Call = tuple[Sequence[Any], dict[str, Any]]
EVERY: tuple[Callable[[Case], None], ...] = (  # of these every sample call is tried, of the others the first
    values.reductions_agree,
    values.weights_scale,
    values.weights_repeat_rows,
    values.float32_is_storage,
    derivatives.gradient_is_slope,
    derivatives.curvature_is_slope_of_gradient,
)
FIRST: tuple[Callable[[Case], None], ...] = (
    values.nan_comes_out,
    values.threads_agree,
    values.plain_python_agrees,
    arguments.layouts_agree,
    arguments.arrays_are_unchanged,
    arguments.wrong_keywords_are_refused,
    arguments.wrong_weights_are_refused,
    arguments.parameters_are_checked,
    arguments.parameters_are_documented,
    arguments.it_is_pickled_by_name,
)


class Check(NamedTuple):
    """One check of a loss: call it, and it raises an AssertionError if the loss fails; its text is its name."""

    loss: Loss
    run: Callable[[Case], None]
    samples: tuple[Case, ...]

    @property
    def name(self) -> str:
        """The check's name, such as "gradient_is_slope"."""
        return self.run.__name__

    def __str__(self) -> str:
        return f"{self.loss.name}-{self.name}"

    def __call__(self) -> None:
        for sample in self.samples:
            try:
                self.run(sample)
            except Exception as error:
                what = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
                raise AssertionError(f"{self.name}: {sample}: {what}") from error


def checks(loss: Loss | str, calls: Iterable[Call] | None = None, *, skip: Iterable[str] = ()) -> list[Check]:
    """Return the checks of a loss one by one.

    Parameters
    ----------
    loss : Loss or str
        The loss, or its name.
    calls : iterable of (arguments, keywords), optional
        The calls on which it is tried: ``[([scores, labels], {"groups": groups})]``. Those of a pointwise or pairwise
        loss follow from its domains and parameters, those of others from the examples in its docstring, with each
        parameter at other values of its range.
    skip : iterable of str
        Names of checks that are left out, each for a reason that the loss's documentation should give.

    Returns
    -------
    list of Check
        Functions without arguments, that raise an AssertionError; ``str`` of one is its name.

    Raises
    ------
    ValueError
        If there is no loss of that name, no check of a name to be skipped, or no call to try.

    Examples
    --------
    In a file of tests::

        @pytest.mark.parametrize("check", fastloss.testing.checks("bent_loss"), ids=str)
        def test_bent_loss(check):
            check()

    >>> from fastloss import testing
    >>> print(*testing.checks("mse_loss")[:2])
    mse_loss-reductions_agree mse_loss-weights_scale
    """
    one = loss if isinstance(loss, Loss) else lookup(loss)
    every = {run.__name__: run for run in (*EVERY, *FIRST)}
    left_out = set(skip)
    for name in left_out - every.keys():
        raise ValueError(f"skip has {name!r}: expected one of {', '.join(every)}")
    samples = tuple(cases(one) if calls is None else (_case(one, call) for call in calls))
    if not samples:
        raise ValueError(f"calls is empty, and {one.name} has no example in its docstring: expected a call to try")
    return [
        Check(one, run, samples if run in EVERY else samples[:1]) for name, run in every.items() if name not in left_out
    ]


def _case(loss: Loss, call: Any) -> Case:
    if not isinstance(call, tuple) or len(call) != 2 or not isinstance(call[1], dict):
        raise wrong_type("a call", call, "a pair of arguments and a dictionary of keywords")
    arrays = tuple(np.asarray(one) for one in call[0])
    return Case(loss, arrays, dict(call[1]), items=loss.lead(arrays[0]))


def check_loss(loss: Loss | str, calls: Iterable[Call] | None = None, *, skip: Iterable[str] = ()) -> None:
    """Check that a loss keeps what every loss promises; raise an AssertionError that says which promise it breaks.

    Reductions agree; the gradient is the value's slope, and the second derivative the gradient's, by differences; a
    row of weight 2 is two rows; float32 arrays give the float64 result of the same numbers; NaN comes out; compiled
    code and plain Python, and one thread and several, agree; strided and read-only arrays are read and no argument is
    written to; wrong keywords, weights and parameters are refused; every parameter is documented.

    Parameters
    ----------
    loss : Loss or str
        The loss, or its name.
    calls : iterable of (arguments, keywords), optional
        The calls on which it is tried, see `checks`.
    skip : iterable of str
        Names of checks that are left out.

    Raises
    ------
    AssertionError
        If the loss fails a check: the message begins with the check's name and the call.
    ValueError
        If there is no loss of that name, no check of a name to be skipped, or no call to try.

    Examples
    --------
    >>> import fastloss.testing
    >>> fastloss.testing.check_loss("huber_loss")
    """
    for check in checks(loss, calls, skip=skip):
        check()
