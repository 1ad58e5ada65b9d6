"""The lowest versions that pyproject.toml allows, as `nox -s lowest` installs them."""

import pytest

from tools import lowest


def test_every_dependency_is_pinned():
    names = [pin.split("==")[0] for pin in lowest.pins()]
    assert {"numpy", "numba", "llvmlite", "threadpoolctl", "typer", "rich", "pyarrow"} <= set(names)


def test_a_bound_is_what_is_pinned():
    declared = {"dependencies": ["numpy>=1.26"], "optional-dependencies": {"cli": ["rich>=13"], "test": ["pytest>=8"]}}
    assert lowest.pins(declared) == ["numpy==1.26", "rich==13"]


@pytest.mark.parametrize("requirement", ["numpy", "numpy>1", "numpy>=1,<2", "numba[x]>=1"])
def test_a_requirement_without_a_plain_bound_is_an_error(requirement):
    declared = {"dependencies": [requirement], "optional-dependencies": {"cli": []}}
    with pytest.raises(ValueError, match="is not of the form name>=version"):
        lowest.pins(declared)
