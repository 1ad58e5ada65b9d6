"""Facts about the installation and the machine, for `fastloss info` and `fastloss explain`."""

import platform
from typing import Any

from fastloss.cli.errors import UserError
from fastloss.cli.version import version
from fastloss.core.loss import Loss

PACKAGES = ("numba", "llvmlite", "numpy", "pyarrow")


def facts() -> dict[str, Any]:
    """Return versions, threads, processor, GPU and stored kernels."""
    from fastloss.compile import kernels, threads

    return {
        "fastloss": version(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "threads": threads.get_num_threads(),
        **kernels.information(),
        "numba-cuda": version("numba-cuda"),
        "gpu": gpu(),
    }


def gpu() -> str:
    """Return the GPU's name, or why there is none."""
    if version("numba-cuda") == "not installed":
        return 'none: pip install "fastloss[cuda]"'
    try:
        from fastloss.compile.cuda.device import gpu_name
    except ImportError as error:
        return f"none: {error}"
    try:
        return gpu_name()
    except Exception as error:  # whatever the driver raises is the answer
        return "none: " + " ".join(str(error).split()).removeprefix("Error at driver init: ").rstrip(" :")


def kernels_of(loss: Loss) -> list[dict[str, Any]]:
    """Return the kernels that a loss runs, for the arguments that are warmed up."""
    from fastloss.ahead.calls import calls_of
    from fastloss.compile import kernels

    for call in calls_of(loss):
        call()
    if not kernels.known:
        raise UserError(f"no kernels are stored here: {kernels.place().removeprefix('none: ')}")
    return [_described(one) for one in kernels.known]


def _described(kernel: Any) -> dict[str, Any]:
    from fastloss.compile.templates import bound_names, may_regroup

    code = kernel.template.__code__
    names = {name: _shown(value) for name, value in sorted(bound_names(kernel.template).items())}
    flags = "sums may be regrouped" if may_regroup(code) else "in the order as written"
    return {
        "name": kernel.name,
        "template": f"{kernel.template.__module__}.{kernel.template.__name__}, line {code.co_firstlineno}",
        "bound": ", ".join(f"{name}={value}" for name, value in names.items()) or "nothing",
        "flags": flags,
        "signature": kernel.signature.text,
        "from": kernel.origin,
        "file": kernel.file or "none",
    }


def _shown(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}" if callable(value) else repr(value)
