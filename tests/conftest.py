"""What the markers of pyproject.toml mean."""

import os

import pytest


def pytest_collection_modifyitems(items):
    if os.environ.get("NUMBA_DISABLE_JIT", "0") == "0":
        return
    for item in items:
        # NumPy's scalars warn where compiled code overflows to infinity in silence
        item.add_marker(pytest.mark.filterwarnings("ignore::RuntimeWarning"))
        for marker in ("compiled", "slow"):
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker}, and the JIT is off"))
