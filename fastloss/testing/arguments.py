"""Checks of what a loss does with its arguments: memory, wrong ones, documentation."""

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastloss.ahead.cases import Case
from fastloss.core import docstrings
from fastloss.core.domains import Range
from fastloss.testing.requirements import require, require_same_bits


def variants(array: np.ndarray) -> Iterator[tuple[str, Any]]:
    """Yield the same numbers, otherwise laid out."""
    fixed = array.copy()
    fixed.flags.writeable = False
    yield "a read-only array", fixed
    yield "an array with strides", np.repeat(array, 2, axis=-1)[..., ::2]
    yield "a Fortran-ordered array", np.asfortranarray(array)
    yield "a big-endian array", array.astype(array.dtype.newbyteorder(">"))
    yield "a list", array.tolist()


def layouts_agree(case: Case) -> None:
    """The same bits for arrays of any layout, and for lists."""
    value, gradient = case.loss.value_and_grad(*case.arrays, **case.keywords)
    for which, array in enumerate(case.arrays):
        for name, other in variants(np.asarray(array)) if np.ndim(array) else ():
            arrays = (*case.arrays[:which], other, *case.arrays[which + 1 :])
            found, slopes = case.loss.value_and_grad(*arrays, **case.keywords)
            require_same_bits(f"{name} gives another value", found, value)
            require_same_bits(f"{name} gives another gradient", slopes, gradient)


def arrays_are_unchanged(case: Case) -> None:
    """No argument is written to."""
    before = [np.array(array, copy=True) for array in case.arrays]
    case.loss.value_and_grad(*case.arrays, **case.keywords)
    for name, array, copy in zip(case.loss.arguments, case.arrays, before, strict=False):
        require(np.asarray(array).tobytes() == copy.tobytes(), f"{name} has been written to")


def require_error(what: str, begin: str, case: Case, arrays: tuple[Any, ...] | None = None, **words: Any) -> None:
    """Raise unless a call is refused by a ValueError or TypeError that has some words."""
    try:
        case.loss(*(case.arrays if arrays is None else arrays), **{**case.keywords, **words})
    except (TypeError, ValueError) as error:
        require(begin in str(error), f"{what} gives the error {str(error)!r}: expected {begin!r} in it")
    else:
        raise AssertionError(f"{what} is no error")


def wrong_keywords_are_refused(case: Case) -> None:
    """An unknown keyword or reduction, or words in the place of numbers, are errors that name the argument."""
    require_error("an unknown keyword", "no_such_keyword", case, no_such_keyword=1)
    require_error("an unknown reduction", "reduction", case, reduction="median")
    words = np.full(np.shape(case.arrays[0]), "a")
    require_error("an array of words", case.loss.arguments[0], case, (words, *case.arrays[1:]))


def wrong_weights_are_refused(case: Case) -> None:
    """Negative weights, and weights of another shape, are errors that name them."""
    weights = np.ones(case.items)
    weights.reshape(-1)[-1:] = -1.0
    require_error("a negative weight", "sample_weight", case, sample_weight=weights)
    require_error("weights of another shape", "sample_weight", case, sample_weight=np.ones((3, 3, 3)))


def wrong_values(spec: Any) -> Iterator[Any]:
    """Yield values that a parameter's specification does not allow."""
    yield object()
    if isinstance(spec, Range):
        yield float("nan")
        if np.isfinite(spec.low):
            yield spec.low - 1.0
        if np.isfinite(spec.high):
            yield spec.high + max(1.0, abs(spec.high))


def parameters_are_checked(case: Case) -> None:
    """Values out of a parameter's range are errors that name it."""
    for name, spec in case.loss.parameters.items():
        for wrong in wrong_values(spec):
            require_error(f"{name}={wrong!r}", name, case, **{name: wrong})


def parameters_are_documented(case: Case) -> None:
    """The docstring has a first line and, if it has a section "Parameters", documents each parameter once."""
    doc = case.loss.__doc__
    require(doc and case.loss.summary, "has no docstring")
    body = docstrings.parted(str(doc)).parameters
    names = [name for entry, _ in docstrings.entries(body) for name in entry] if body else []
    expected = set(case.loss.__signature__.parameters) if body else set()
    require(len(names) == len(set(names)), "documents a parameter twice")
    require(set(names) == expected, f"documents {', '.join(names)}: expected {', '.join(expected)}")


def it_is_pickled_by_name(case: Case) -> None:
    """Other processes find it under its name."""
    require(pickle.loads(pickle.dumps(case.loss)) is case.loss, "is another loss when it is unpickled")
