"""Processor levels: what kernels are compiled for, so that a kernel's bits do not depend on where it was compiled.

A level is one of the x86-64 psABI (v2, v3 with AVX2 and FMA, v4 with AVX-512), or the baseline of aarch64. Only a
processor below all levels, or of another architecture, has kernels for itself alone.
"""

import functools
import os
import platform
from typing import NamedTuple

import llvmlite.binding as llvm

V2 = ("cx16", "sahf", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3")
V3 = (*V2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave")
V4 = (*V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
ALIASES = {"AMD64": "x86_64", "arm64": "aarch64"}
OVERRIDE = "FASTLOSS_LEVEL"


class Level(NamedTuple):
    """A name, and what LLVM is told for it."""

    name: str
    cpu: str
    features: str = ""


# LLVM keeps to half of AVX-512's registers unless told otherwise: the first processors that had them lowered their
# clock for whole ones. On a Zen 5, losses with exponentials or logarithms take 0.56 to 0.65 of the time with them.
WHOLE = "-prefer-256-bit"

LEVELS = {
    "x86_64": (
        (Level("x86-64-v4", "x86-64-v4", WHOLE), V4),
        (Level("x86-64-v3", "x86-64-v3"), V3),
        (Level("x86-64-v2", "x86-64-v2"), V2),
    ),
    "aarch64": ((Level("aarch64", "generic"), ()),),
}


def machine() -> str:
    """The architecture, by one name on every system."""
    return ALIASES.get(platform.machine(), platform.machine())


@functools.cache
def supported() -> tuple[Level, ...]:
    """The levels that this processor runs, highest first: never none."""
    has = llvm.get_host_cpu_features()
    levels = tuple(level for level, needs in LEVELS.get(machine(), ()) if all(has.get(name) for name in needs))
    own = llvm.get_host_cpu_name()
    return levels or (Level(f"{machine()}-{own}", own, has.flatten()),)


@functools.cache
def chosen() -> Level:
    """The highest level of the processor, or the one that the environment's FASTLOSS_LEVEL names.

    Raises
    ------
    ValueError
        If the processor does not run that level.
    """
    wanted = os.environ.get(OVERRIDE)
    if not wanted:
        return supported()[0]
    for level in supported():
        if level.name == wanted:
            return level
    names = ", ".join(level.name for level in supported())
    raise ValueError(f"{OVERRIDE} is {wanted!r}: expected one of those that this processor runs, {names}")


def shipped() -> tuple[Level, ...]:
    """The levels that a wheel for this architecture holds kernels for."""
    return tuple(level for level, _ in LEVELS.get(machine(), ()))
