"""What the markers of pyproject.toml mean."""

import importlib.util
import os
import signal

import numpy as np
import pytest

from fastloss.core import small
from fastloss.core.loss import Loss

LIBRARIES = {  # that all tests of a folder need; `nox -s integrations` has them
    "boosting": ("catboost", "lightgbm", "sklearn", "xgboost"),
    "jax": ("jax",),
    "sklearn": ("sklearn",),
    "torch": ("torch",),
}
collect_ignore = [folder for folder, names in LIBRARIES.items() if not all(map(importlib.util.find_spec, names))]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background jobs; processes of tests inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0":
        return
    for item in items:
        # NumPy's scalars warn where compiled code overflows to infinity in silence
        item.add_marker(pytest.mark.filterwarnings("ignore::RuntimeWarning"))
        for marker in ("compiled", "slow"):
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker}, and the JIT is off"))


def is_same(one, other) -> bool:
    """Whether two results are the same to the bit, and of the same types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    return np.float64(one).tobytes() == np.float64(other).tobytes()


@pytest.fixture(autouse=True)
def both_ways(monkeypatch):
    """Every call goes the long way, and by its plan the short one too: with the same bits."""
    long_way = Loss._quietly

    def call(self, what, args, kwargs):
        kind = small.kind_of(what, args, kwargs)
        try:
            self._plans.pop(kind, None)
        except TypeError:  # not hashable
            kind = None
        result = long_way(self, what, args, kwargs)
        plan = self._plans.get(kind) if kind is not None else None
        if plan is not None and (again := plan(args)) is not None:
            assert is_same(result, again), f"{self.name}.{what}: {again} by the short way, {result} by the long one"
        return result

    monkeypatch.setattr(Loss, "_quietly", call)
