"""The installed version."""

from importlib import metadata


def version(package: str = "fastloss") -> str:
    """The version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
