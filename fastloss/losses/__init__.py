"""The catalogue, a family a file.

A loss that fits a shape touches two files: its function, and its name in that file's `__all__`, and in the list of the
package's public names.
"""

import functools
import importlib
import pkgutil

from fastloss import forks


@functools.cache
def import_all() -> None:
    """Import every family, which fills the registry."""
    with forks.guarded():
        for family in pkgutil.iter_modules(__path__):
            importlib.import_module(f"{__name__}.{family.name}")
