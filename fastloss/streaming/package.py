"""The package of other processes: parts of one result come from the same version, for processors of one level."""

from collections.abc import Callable

import fastloss
from fastloss.compile import levels


def here() -> tuple[str, str]:
    """Return this process's version of the package, and the level of its processor."""
    return fastloss.__version__, levels.chosen().name


def require_same(version: str, level: str, worker: Callable[[], str], asker: str) -> None:
    """Raise a RuntimeError unless this process, a worker of that name, computes what the asking process would."""
    own_version, own_level = here()
    if (own_version, own_level) != (version, level):
        raise RuntimeError(
            f"worker {worker()} runs fastloss {own_version} for processors of level {own_level}: expected fastloss "
            f"{version} for level {level}, as in the process that {asker}"
        )
