"""The catalogue: importing this package fills the registry.

A loss that fits a shape touches one file here: its function, and its name in that file's `__all__`.
"""

import importlib
import pkgutil

for _family in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_family.name}")
