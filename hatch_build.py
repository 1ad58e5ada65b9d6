"""What a wheel holds beside the sources: compiled kernels, if the environment's FASTLOSS_KERNELS asks for them.

It is "none" (the default: a pure wheel, whose kernels are compiled at first use), "all", or names of losses with commas
between them. The default is what `pip install .` runs, which must not take minutes.

The project's addresses in the metadata are those below the environment's FASTLOSS_URL, which the workflow that builds
releases sets to the repository that it runs in: nobody copies an address, and a fork's wheels name the fork.
"""

import os
import pathlib
import platform
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "FASTLOSS_KERNELS"
JOBS = "FASTLOSS_KERNEL_JOBS"
ADDRESS = "FASTLOSS_URL"
PAGES = {  # below the repository's address
    "Homepage": "",
    "Source": "",
    "Documentation": "/tree/main/docs",
    "Changelog": "/blob/main/CHANGELOG.md",
    "Issues": "/issues",
}
GLIBC = "manylinux_2_17"  # kernels call functions of its mathematics that are far older


def asked() -> list[str] | None:
    """Names of losses whose kernels are wanted, an empty list for all of them; None for a pure wheel."""
    given = os.environ.get(VARIABLE, "none").strip()
    if given in ("", "none"):
        return None
    return [] if given == "all" else [name.strip() for name in given.split(",")]


def platform_tag() -> str:
    """The platform that compiled kernels are for: not the interpreter's, which may run on several architectures."""
    name = sysconfig.get_platform()
    if name.startswith("linux-"):
        libc = GLIBC if platform.libc_ver()[0] == "glibc" else "linux"
        return f"{libc}_{platform.machine()}"
    if name.startswith("macosx-"):
        return "_".join(("macosx", *name.split("-")[1].split("."), platform.machine()))
    return name.replace("-", "_").replace(".", "_")


class AddressesHook(MetadataHookInterface):
    """Names the project's pages; none without an address."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the addresses to the metadata."""
        address = os.environ.get(ADDRESS, "").rstrip("/")
        metadata["urls"] = {name: address + path for name, path in PAGES.items()} if address else {}


class KernelsHook(BuildHookInterface):
    """Compiles kernels with the sources in hand, and puts them into the wheel."""

    PLUGIN_NAME = "custom"
    _made: tempfile.TemporaryDirectory[str] | None = None

    def dependencies(self) -> list[str]:
        """What compiling takes: the package's own requirements."""
        return [] if asked() is None else list(self.metadata.core.dependencies)

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile."""
        losses = asked()
        if losses is None or version == "editable":
            return
        self._made = tempfile.TemporaryDirectory(prefix="fastloss-kernels-")
        command = [sys.executable, "-m", "fastloss.ahead", self._made.name, *losses]
        if jobs := os.environ.get(JOBS):
            command += ["--jobs", jobs]
        path = os.pathsep.join(filter(None, (self.root, os.environ.get("PYTHONPATH"))))
        subprocess.run(command, check=True, cwd=self.root, env={**os.environ, "PYTHONPATH": path})
        for file in pathlib.Path(self._made.name).iterdir():
            build_data["force_include"][str(file)] = f"fastloss/kernels/{file.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what is in the wheel now."""
        if self._made is not None:
            self._made.cleanup()
