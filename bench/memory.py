"""The most memory that a call takes beyond what the process holds, as Linux counts it."""

import ctypes
import pathlib
from collections.abc import Callable
from typing import Any

STATUS, CLEAR = pathlib.Path("/proc/self/status"), pathlib.Path("/proc/self/clear_refs")


def _bytes(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return 1024 * int(line.split()[1])


def _give_back() -> None:
    """Freed memory back to the system, so that it counts when it is taken again."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def peak_bytes(run: Callable[[], Any]) -> int | None:
    """Of one call, its result included; a page or two are noise. None where the system does not say."""
    _give_back()
    try:
        CLEAR.write_text("5")  # the peak starts anew
        before = _bytes("VmRSS")
    except OSError:
        return None
    result = run()
    peak = _bytes("VmHWM")
    del result
    return max(peak - before, 0)
