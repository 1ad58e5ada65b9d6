"""The CUDA engine. Importing this package imports nothing of CUDA; its modules do, when a call needs them."""

import functools
import os


class CudaUnavailable(RuntimeError):
    """CUDA was asked for and cannot be had; the message says what is missing and what would help."""


@functools.cache
def missing() -> str | None:
    """Why CUDA cannot be used here, with the remedy; None where it can."""
    try:
        from numba import cuda
    except ImportError as error:
        return f'numba-cuda cannot be imported ({error}): pip install "fastloss[cuda]"'
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        return None
    if getattr(cuda, "implementation", "") != "NVIDIA":  # numba's own target is deprecated and frozen
        return 'numba-cuda is not installed: pip install "fastloss[cuda]"'
    if not cuda.is_available():
        return f"no GPU can be used: {str(cuda.cuda_error()).strip() or 'no CUDA device was found'}"
    return None


def require() -> None:
    """Raise `CudaUnavailable` where CUDA cannot be used."""
    reason = missing()
    if reason:
        raise CudaUnavailable(reason)
