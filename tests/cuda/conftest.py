"""A thread of the simulator is slow: small blocks there, the real ones where kernels are compiled."""

import os

import pytest

from fastloss.compile.cuda.sizes import using
from tests.cuda import simulator

SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0"
if SIMULATED:
    simulator.install()
SMALL = {"threads": 8, "scanned": 16, "ids": 2, "listed": 4, "turned": 4, "turned_at_once": 2}


@pytest.fixture(autouse=True)
def small_blocks():
    if not SIMULATED:
        yield
        return
    with using(**SMALL):
        yield
