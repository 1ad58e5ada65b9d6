"""What `fastloss info` says of the installation and the machine."""

import platform
from typing import Any

from fastloss.cli.version import version

PACKAGES = ("numba", "llvmlite", "numpy", "pyarrow")


def facts() -> dict[str, Any]:
    """Versions, threads, processor, GPU, cache."""
    from fastloss.engines.cpu import launch

    return {
        "fastloss": version(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        **launch.information(),
        "numba-cuda": version("numba-cuda"),
        "gpu": gpu(),
        "cache": launch.cache_folder(),
    }


def gpu() -> str:
    """The GPU's name, or why there is none."""
    if version("numba-cuda") == "not installed":
        return 'none: pip install "fastloss[cuda]"'
    try:
        from fastloss.engines.cuda.device import gpu_name
    except ImportError as error:
        return f"none: {error}"
    try:
        return gpu_name()
    except Exception as error:  # whatever the driver raises is the answer
        return "none: " + " ".join(str(error).split()).removeprefix("Error at driver init: ").rstrip(" :")
