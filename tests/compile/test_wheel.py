"""Kernels of a wheel: made for all levels, the same bytes each time, found by the source that came with them."""

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
from fastloss.compile.templates import rebound
from fastloss.pointwise import regression

PACKAGE = pathlib.Path(fastloss.__file__).parent
LOSS = "nll_loss"

# The results of a loss, in a process that has no Numba unless it is told so, and where its kernels came from.
RUN = """
import json, sys
if "compile" not in sys.argv:
    sys.modules["numba"] = None
import numpy as np
import fastloss
from fastloss.compile import kernels
x = np.linspace(-3.0, 3.0, 5000).reshape(500, 10)
value, gradient = fastloss.nll_loss.value_and_grad(x, np.arange(500) % 10)
print(json.dumps([dict(kernels.made), value.hex(), gradient.tobytes().hex()]))
"""


def python(folder: pathlib.Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    given = {name: text for name, text in os.environ.items() if not name.startswith(("NUMBA_", "FASTLOSS_"))}
    given |= {"PYTHONPATH": str(folder), "FASTLOSS_CACHE_DIR": str(folder / "store"), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=300)


def make(folder: pathlib.Path, *arguments: str) -> str:
    result = python(PACKAGE.parent, "-m", "fastloss.ahead", str(folder), *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The kernels of a loss, and what was said of them."""
    folder = tmp_path_factory.mktemp("made") / "kernels"
    return folder, make(folder, LOSS, "--jobs", "2")


@pytest.fixture
def installed(made, tmp_path):
    """A copy of the package as a wheel installs it."""
    shutil.copytree(PACKAGE, tmp_path / "fastloss", ignore=shutil.ignore_patterns("__pycache__", "data", "kernels"))
    shutil.copytree(made[0], tmp_path / "fastloss" / "kernels")
    return tmp_path


def results(installed: pathlib.Path, *arguments: str, **environment: str):
    result = python(installed, "-c", RUN, *arguments, **environment)
    assert result.returncode == 0, result.stderr
    origins, *numbers = json.loads(result.stdout)
    return origins, numbers


@pytest.mark.compiled
def test_a_file_for_each_kernel_and_level(made):
    folder, said = made
    names = [path.name for path in folder.iterdir()]
    compiled = int(said.splitlines()[-1].split()[0])
    for level in levels.shipped():
        assert sum(f"-{level.name}-" in name for name in names) == compiled > 0
    assert len(names) == compiled * len(levels.shipped())


@pytest.mark.compiled
def test_their_bytes_depend_neither_on_the_process_nor_on_what_it_did_before(made, tmp_path):
    make(tmp_path, "cosine_embedding_loss", LOSS, "--jobs", "1")
    for path in made[0].iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.compiled
@pytest.mark.parametrize("level", [level.name for level in levels.supported()])
def test_they_are_found_without_numba(installed, level):
    assert results(installed, FASTLOSS_LEVEL=level)[0] == {"wheel": 1}
    assert not (installed / "store").exists()


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("file", "found"), [("rows/cpu.py", False), ("compile/front_end.py", False), ("pointwise/regression.py", True)]
)
def test_kernels_of_an_edited_source_are_not_found(installed, file, found):
    with open(installed / "fastloss" / file, "a") as source:
        source.write("# edited\n")
    result = python(installed, "-c", RUN)
    assert (result.returncode == 0) is found
    assert ("import of numba halted" in result.stderr) is not found


@pytest.mark.compiled
def test_a_damaged_file_is_compiled_anew_to_the_same_bits(installed):
    _, before = results(installed)
    for path in (installed / "fastloss" / "kernels").iterdir():
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert results(installed, "compile") == ({"compiled": 1}, before)
    assert results(installed) == ({"store": 1}, before)


def test_an_address_in_a_wheel_is_that_of_the_source():
    """Byte code differs between versions of Python; a number that a name stands for does not."""
    template = regression._square
    other = rebound(template)
    other.__code__ = template.__code__.replace(co_code=template.__code__.co_code + bytes(2))
    assert address(other) != address(template)
    assert wheel.address_of(other) == wheel.address_of(template) is not None
    assert wheel.address_of(template, "more") != wheel.address_of(template)
    moved = rebound(template)
    moved.__code__ = template.__code__.replace(co_firstlineno=1)
    assert wheel.address_of(moved) != wheel.address_of(template)


def test_a_formula_from_elsewhere_is_in_no_wheel():
    def formula(x):
        return x

    assert wheel.address_of(formula) is None


def test_what_is_asked_for_in_vain(tmp_path):
    for arguments, message in ((("mse_los",), "did you mean 'mse_loss'"), (("--jobs", "0"), "--jobs is 0")):
        result = python(PACKAGE.parent, "-m", "fastloss.ahead", str(tmp_path / "new"), *arguments)
        assert result.returncode == 2 and message in result.stderr
    assert not (tmp_path / "new").exists()
