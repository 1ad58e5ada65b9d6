"""Kernels of a wheel: made for all levels, found without Numba by the source that came with them, the same bytes."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import fastloss
from fastloss.compile import levels, wheel
from fastloss.compile.address import address
from fastloss.compile.templates import bind, rebound
from fastloss.losses import regression
from fastloss.shapes import pointwise

PACKAGE = pathlib.Path(fastloss.__file__).parent
HOOK = PACKAGE.parent / "hatch_build.py"
LOSS = "mse_loss"

# The results of a loss in a process that has no Numba, and where its kernels came from.
RUN = """
import json, sys
sys.modules["numba"] = None
import numpy as np
import fastloss
from fastloss.compile import kernels
x, t = np.linspace(-3.0, 3.0, 5000), np.linspace(2.0, -1.0, 5000)
value, gradient = fastloss.mse_loss.value_and_grad(x, t)
print(json.dumps({"value": value.hex(), "gradient": gradient[1].hex(), **kernels.made}))
"""


def python(folder: pathlib.Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    given = {name: text for name, text in os.environ.items() if not name.startswith(("NUMBA_", "FASTLOSS_"))}
    given |= {"PYTHONPATH": str(folder), "FASTLOSS_CACHE_DIR": str(folder / "store"), **environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The kernels of a loss, and what was said of them."""
    folder = tmp_path_factory.mktemp("made") / "kernels"
    result = python(PACKAGE.parent, "-m", "fastloss.ahead", str(folder), LOSS, "--jobs", "2")
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


@pytest.fixture
def installed(made, tmp_path):
    """A copy of the package as a wheel installs it."""
    shutil.copytree(PACKAGE, tmp_path / "fastloss", ignore=shutil.ignore_patterns("__pycache__", "data", "kernels"))
    shutil.copytree(made[0], tmp_path / "fastloss" / "kernels")
    return tmp_path


def results(installed: pathlib.Path, **environment: str):
    result = python(installed, "-c", RUN, **environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.compiled
def test_a_file_for_each_kernel_and_level(made):
    folder, said = made
    names = [path.name for path in folder.iterdir()]
    compiled = int(said.splitlines()[-1].split()[0])
    for level in levels.shipped():
        assert sum(f"-{level.name}-" in name for name in names) == compiled > 0
    assert len(names) == compiled * len(levels.shipped())


@pytest.mark.compiled
@pytest.mark.parametrize("level", [level.name for level in levels.supported()])
def test_they_are_found_without_numba(installed, level):
    found = results(installed, FASTLOSS_LEVEL=level)
    assert found["wheel"] == 1 and "compiled" not in found
    assert not (installed / "store").exists()


@pytest.mark.compiled
def test_other_byte_code_of_the_same_source(installed):
    """As another version of Python makes: without docstrings and assertions here."""
    assert results(installed, PYTHONOPTIMIZE="2")["wheel"] == 1


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("losses/regression.py", "return (x - t) * (x - t)", "return (x - t) * (x + t)"),
        ("compile/front_end.py", '"arcp", "nsz"', '"arcp"'),
    ],
)
def test_an_edited_source_has_none(installed, file, old, new):
    path = installed / "fastloss" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    result = python(installed, "-c", RUN)
    assert "import of numba halted" in result.stderr


@pytest.mark.compiled
def test_a_damaged_file_is_compiled_anew_to_the_same_bits(installed):
    before = results(installed)
    for path in (installed / "fastloss" / "kernels").iterdir():
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    after = results(installed)
