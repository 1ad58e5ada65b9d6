"""The lowest versions that pyproject.toml allows, as constraints of pip; `nox -s lowest` tests with them.

Those of the dependencies and of the command's, which users install; not those of the tests' tools.
"""

import pathlib
import re
import tomllib
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]
BOUNDED = re.compile(r"([\w-]+)>=([\d.]+)")


def project() -> dict[str, Any]:
    """Read pyproject.toml's table of that name."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(declared: dict[str, Any] | None = None) -> list[str]:
    """Return `name==version` for each requirement, whose form must be `name>=version`.

    Raises
    ------
    ValueError
        If a requirement has another form.
    """
    declared, found = declared or project(), []
    for requirement in [*declared["dependencies"], *declared["optional-dependencies"]["cli"]]:
        match = BOUNDED.fullmatch(requirement)
        if match is None:
            raise ValueError(f"{requirement} is not of the form name>=version")
        found.append("==".join(match.groups()))
    return found


if __name__ == "__main__":
    print("\n".join(pins()))
