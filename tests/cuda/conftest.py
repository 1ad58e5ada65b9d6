"""In the simulator a thread takes a millisecond: small blocks there, the real ones where kernels are compiled."""

import importlib
import os

import pytest

SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0"
# Constants of kernel modules, read when a kernel is made.
SMALL = {
    "reduction.THREADS": 8,
    "ranges.THREADS": 8,
    "direct_pairs.THREADS": 8,
    "columns.THREADS": 8,
    "labels.THREADS": 8,
    "ids.THREADS": 8,
    "spread.THREADS": 8,
    "boxes.THREADS": 8,
    "thresholds.THREADS": 8,
    "separable.THREADS": 8,
    "negatives.THREADS": 8,
    "queries.THREADS": 8,
    "pointwise.THREADS": 8,
    "rows.THREADS": 8,
    "vectors.THREADS": 8,
    "transpose.SIDE": 4,
}
SMALL |= {"transpose.PADDED": 5, "transpose.DEPTH": 2}
SMALL |= {"ranges.ROWS": 16, "columns.CHUNK": 4, "ids.ROWS": 2}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    if SIMULATED:
        for name, size in SMALL.items():
            module, constant = name.split(".")
            monkeypatch.setattr(importlib.import_module(f"fastloss.engines.cuda.{module}"), constant, size)
