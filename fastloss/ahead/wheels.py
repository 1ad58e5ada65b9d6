"""Kernels for a wheel: compiled for all levels of the platform, and named as `fastloss/compile/wheel.py` finds them."""

import os
import pathlib

from fastloss.compile import kernels, levels, store, wheel


def make_into(folder: pathlib.Path, nowhere: str) -> None:
    """Let this process write the kernels that it needs into a folder, and find none elsewhere.

    `nowhere` is a folder without kernels. What the user's store has is for this processor's level alone.
    """
    wheel.FOLDER = folder
    os.environ[store.OVERRIDE] = nowhere
    kernels.make = _made


def _made(wanted: kernels.Kernel, own: levels.Level) -> bytes:
    """The kernel for this processor, when it is written for all levels."""
    from fastloss.compile import front_end

    shipped = levels.shipped()
    every = tuple(dict.fromkeys((own, *shipped)))
    objects = dict(zip(every, front_end.compiled(wanted.template, wanted.signature, every), strict=True))
    wanted.origin = "compiled"
    for level in shipped:
        place = kernels.address_in_wheel(wanted, level)
        if place is None:
            raise RuntimeError(f"{wanted.name} has functions that are not the package's")
        if not store.write(wheel.FOLDER, kernels.file_of(wanted, level, place), objects[level]):
            raise RuntimeError(f"{wheel.FOLDER} cannot be written")
    return objects[own]
