"""`python -m fastloss.ahead FOLDER [LOSS ...]`: the kernels of losses for a wheel, see `hatch_build.py`."""

import argparse
import contextlib
import pathlib
import sys
import time

import fastloss
from fastloss.ahead.metrics import NAMES, named
from fastloss.ahead.workers import Ended, warmed
from fastloss.compile import levels, threads
from fastloss.core.loss import REGISTRY


def own() -> list[str]:
    """Names of this package's losses and metrics: a wheel has no kernels of another's."""
    return [*(name for name in fastloss.__all__ if name in REGISTRY), *NAMES]


def main(arguments: list[str] | None = None) -> int:
    """Compile, and say what became of it."""
    parser = argparse.ArgumentParser(prog="python -m fastloss.ahead", description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="where the kernels are written")
    parser.add_argument("losses", nargs="*", help="names of losses and metrics; all without it")
    parser.add_argument(
        "--jobs", type=int, default=threads.available(), help="how many processes compile; one for each core"
    )
    given = parser.parse_args(arguments)
    if given.jobs < 1:
        parser.error(f"--jobs is {given.jobs}: expected at least 1")
    if not levels.shipped():
        parser.error(f"there are no levels of {levels.machine()}: a wheel cannot hold kernels for it")
    try:
        names = [named(name) for name in dict.fromkeys(given.losses or own())]
    except ValueError as error:
        parser.error(str(error))
    begin, compiled, largest = time.perf_counter(), 0, 0
    given.folder.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.closing(warmed(names, given.jobs, given.folder.absolute())) as results:
            for done in results:
                print(f"{done.name:<34} {done.compiled:>4} compiled {done.seconds:>7.1f} s", flush=True)
                compiled += done.compiled
                largest = max(largest, done.memory)
    except Ended as error:
        print(error, file=sys.stderr)
        return 1
    files = list(given.folder.glob("*.kernel"))
    size = sum(path.stat().st_size for path in files)
    print(
        f"{compiled} kernels compiled in {time.perf_counter() - begin:.1f} s; {len(files)} files of {size:,} bytes; "
        f"the largest process had {largest >> 20} MiB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
