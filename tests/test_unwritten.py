"""No result is memory that nobody wrote: result buffers are poisoned, and arrays have no rows, or one side only."""

import itertools

import numpy as np
import pytest

from fastloss.ahead.cases import Case, all_cases


def poison(monkeypatch, number: float, integer: int):
    """New arrays are filled with a number, so that a result that is not written has it."""
    empty = np.empty

    def filled(shape, dtype=float, *args, **words):
        array = empty(shape, dtype, *args, **words)
        kind = array.dtype.kind
        if kind in "fiu":
            array.fill(number if kind == "f" else integer)
        return array

    monkeypatch.setattr(np, "empty", filled)


def bits(result) -> list:
    """All numbers of a result."""
    if isinstance(result, tuple):
        return [one for part in result for one in bits(part)]
    array = np.asarray(result)
    return [(array.shape, array.dtype.name, array.tobytes())]


def calls(case: Case, arrays, weights):
    """Every way to call a loss."""
    reductions = ("mean",) if case.loss.name == "rmse_loss" else ("mean", "sum", "none")
    ways = [case.loss, case.loss.value_and_grad, *([case.loss.grad_hess] if case.loss.has_curvature else [])]
    for way, reduction in itertools.product(ways, reductions):
        yield way(*arrays, sample_weight=weights, reduction=reduction, **case.keywords)


def emptied(case: Case) -> tuple | None:
    """The arrays without a row; None where the loss's words fit no such arrays."""
    if case.loss.name in ("bpr_loss", "bpr_all_negatives_loss", "margin_all_pairs_loss", "dice_loss"):
        return None
    if any(isinstance(word, (np.ndarray, tuple)) for word in case.keywords.values()):
        return None
    if case.loss.name == "nmae_loss" and not isinstance(case.keywords.get("norm"), float):
        return None
    fixed = {"center_loss": 2, "arcface_loss": 1, "cosface_loss": 1, "sphereface_loss": 1}
    fixed["cross_entropy_with_factors"] = 1
    return tuple(
        array if at == fixed.get(case.loss.name) else np.asarray(array)[:0] for at, array in enumerate(case.arrays)
    )


FIRST_CASES = list({case.loss.name: case for case in reversed(all_cases())}.values())


@pytest.mark.parametrize("case", FIRST_CASES, ids=str)
def test_no_result_is_memory_that_nobody_wrote(case, monkeypatch):
    given = [(case.arrays, np.random.default_rng(7).uniform(0.5, 2.0, case.items) if case.items else None)]
    if (without := emptied(case)) is not None:
        given.append((without, None))
    for arrays, weights in given:
        expected = [bits(result) for result in calls(case, arrays, weights)]
        for number, integer in ((np.nan, 3), (-7.25e300, 1)):
            with monkeypatch.context() as patch:
                poison(patch, number, integer)
                assert [bits(result) for result in calls(case, arrays, weights)] == expected
