"""A kernel's address follows the code that is compiled, and nothing else; the same in every process."""

import os
import pathlib
import subprocess
import sys
import types

import pytest

from fastloss.compile.address import address
from fastloss.compile.templates import regroups  # noqa: F401  named in a change below


def _plain(x):
    return x + 1.0


def _calls_plain(x):
    """Its address is that of all that it reaches."""
    return SCALE * _plain(x)


SCALE = 2.0


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("def _plain(x):\n    return x + 1.0", True),
        ("def _plain(x):\n    'A docstring.'\n\n    # and a comment\n    return x + 1.0", True),
        ("@regroups\ndef _plain(x):\n    return x + 1.0", False),
        ("def _plain(x, y=1.0):\n    return x + 1.0", False),
        ("def _plain(x):\n    return x + 1.5", False),
        ("def _plain(x):\n    return x - 1.0", False),
        ("SCALE = 2", False),
        ("SCALE = -2.0", False),
        ("SCALE = (2.0,)", False),
        ("OTHER = 1", True),
    ],
)
def test_it_follows_the_code_and_nothing_else(change, same):
    changed = {**globals()}
    exec(change, changed)
    if "_plain" in change:
        changed["_plain"].__module__ = __name__
    other = types.FunctionType(_calls_plain.__code__, changed)
    assert (address(other) == address(_calls_plain)) is same
    assert address(other, "more") != address(other)


# The addresses of the first kernels of some calls. Nothing is loaded or compiled, and calls end where they would run
# one: what they would do with results that no kernel has written differs from process to process.
ADDRESSES = """
import contextlib
import numpy as np
import fastloss
from fastloss.compile import kernels

def ends(*_):
    raise InterruptedError

kernels._found, kernels._loaded = lambda *_: b"found", lambda _: ends
x, y = np.zeros(9), np.arange(9) % 2
for call in (lambda: fastloss.mse_loss(x, x), lambda: fastloss.mse_loss.value_and_grad(x, x),
             lambda: fastloss.cross_entropy(np.zeros((9, 3)), y), lambda: fastloss.lambdarank_loss(x, y),
             lambda: fastloss.pairwise_logistic_loss(x, y, method="direct"),
             lambda: fastloss.pairwise_logistic_loss(x, y, method="fast"),
             lambda: fastloss.info_nce_loss(np.eye(9), np.eye(9)),
             lambda: fastloss.batch_hard_triplet_loss(np.eye(9), y)):
    with contextlib.suppress(InterruptedError):
        call()
print(*(one.address for one in kernels.known))
"""


@pytest.mark.compiled
def test_it_is_the_same_in_every_process():
    """Sets are ordered by the process's seed of hashes, and objects lie elsewhere."""
    found = {
        subprocess.run(
            [sys.executable, "-c", ADDRESSES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=pathlib.Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(found) == 1 and len(set(found.pop().split())) >= 7


def test_what_cannot_be_told_apart_is_an_error():
    other = types.FunctionType(_calls_plain.__code__, {**globals(), "SCALE": object()})
    with pytest.raises(TypeError, match="SCALE is <object"):
        address(other)


def _outer(x):
    return _plain(x) * 2.0


def _first_then_second(x):
    return first(x) + second(x)  # noqa: F821  globals of the test below


def test_a_function_that_is_met_again_is_not_any_other():
    """Two names that mean functions of which one calls the other: each was met before, but which one counts."""
    meanings = [(_outer, _plain), (_outer, _outer), (_plain, _plain), (_plain, _outer)]
    found = {
        address(types.FunctionType(_first_then_second.__code__, {**globals(), "first": first, "second": second}))
        for first, second in meanings
    }
    assert len(found) == len(meanings)
