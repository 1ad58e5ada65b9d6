"""Losses of other packages: found by their entry points, and imported when all losses are looked through.

Reading the entry points of an environment takes milliseconds, importing a package any time: `import fastloss` does
neither, nor does a loss of this package that is used or looked up.
"""

import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

GROUP = "fastloss.losses"


class DuplicateLoss(ValueError):
    """A loss whose name another package's has."""


def package_of(loss: Any) -> str:
    """Return the name of the package, or the script, that declares a loss."""
    module = str(loss.__module__)
    if module == "__main__":  # of `python -m package.module`, which others import by that name
        module = getattr(getattr(sys.modules[module], "__spec__", None), "name", module)
    return module.partition(".")[0]


def require_same_package(name: str, loss: Any, owner: str) -> None:
    """Raise unless the package that declares a loss of a name is the one that has it."""
    if (other := package_of(loss)) != owner:
        raise DuplicateLoss(f"{owner!r} and {other!r} both declare a loss {name!r}: expected one of that name")


def load(is_loss: Callable[[Any], bool]) -> list[str]:
    """Import what the entry points name, which registers its losses; return what is wrong with those of a taken name.

    An entry point that cannot be imported is a warning, since its package is no reason to do without the others.
    """
    import importlib.metadata  # slow: a call of this package need not wait for it

    taken: list[str] = []
    for entry in importlib.metadata.entry_points(group=GROUP):
        try:
            found = entry.load()
            if not isinstance(found, types.ModuleType) and not is_loss(found):
                raise TypeError(f"{entry.value} is of type {type(found).__name__}: expected a module or a loss")
        except DuplicateLoss as error:
            taken.append(str(error))
        except Exception as error:
            package = entry.dist.name if entry.dist is not None else entry.module
            warnings.warn(
                f"losses of the package {package!r} are left out, its entry point {entry.value!r} cannot be used: "
                f"{type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
    return taken
