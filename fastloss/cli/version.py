"""Versions of installed packages."""

from importlib import metadata

import fastloss


def version(package: str = "fastloss") -> str:
    """Return the version of an installed package, or of this one."""
    if package == "fastloss":
        return fastloss.__version__
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
