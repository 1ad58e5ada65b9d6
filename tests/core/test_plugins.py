"""Losses of other packages: installed ones, with entry points, in processes of their own."""

import json
import os
import pathlib
import pickle
import subprocess
import sys

import pytest

import fastloss
from fastloss.core import plugins
from fastloss.core.loss import REGISTRY
from fastloss.pointwise.loss import pointwise

ROOT = pathlib.Path(fastloss.__file__).parents[1]
LOSS = """
import math
from fastloss.pointwise.loss import pointwise

def value(x, t):
    return math.sqrt(1.0 + (x - t) * (x - t)) - 1.0

def slope(x, t):
    return (x - t) / math.sqrt(1.0 + (x - t) * (x - t))

@pointwise(value, slope, reference="none")
def {name}(input, target):
    '''Square root of one plus the squared error, less one.'''
"""


def install(folder: pathlib.Path, package: str, source: str, value: str) -> None:
    """Write what pip leaves of a package of one module with an entry point."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("")
    (folder / package / "losses.py").write_text(source)
    about = folder / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{package} = {value}\n")


@pytest.fixture
def site(tmp_path):
    """A folder of packages: one that declares `bent_loss`."""
    install(tmp_path, "bent", LOSS.format(name="bent_loss"), "bent.losses")
    return tmp_path


def run(site: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    paths = os.pathsep.join((str(site), str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


def printed(site: pathlib.Path, code: str) -> str:
    done = run(site, "-W", "error", "-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_it_is_found_like_others(site):
    code = """
import pickle, fastloss
from fastloss.core.loss import REGISTRY
loss = fastloss.lookup("bent_loss")
assert loss is REGISTRY["bent_loss"] is pickle.loads(pickle.dumps(loss)) and "bent_loss" in list(REGISTRY)
state = fastloss.accumulate("bent_loss")
state.update([0.0, 3.0], [0.0, 0.0])
print(loss.__module__, loss([0.0, 3.0], [0.0, 0.0]), state.result())
"""
    assert printed(site, code) == "bent.losses 1.0811388300841898 1.0811388300841898"
    wrong = run(site, "-c", "import fastloss; fastloss.lookup('bent-loss')")
    assert wrong.stderr.endswith("ValueError: unknown loss 'bent-loss'; did you mean 'bent_loss'?\n")


def test_it_is_imported_when_it_is_needed(site):
    code = """
import sys, numpy
before = "importlib.metadata" in sys.modules
import fastloss
fastloss.lookup("mse_loss")([1.0], [0.0])
hasattr(fastloss, "bent_loss"), fastloss.accumulate("mse_loss"), dir(fastloss)
assert "bent" not in sys.modules and ("importlib.metadata" in sys.modules) == before
"bent_loss" in fastloss.core.loss.REGISTRY
assert "bent.losses" in sys.modules and "fastloss.pairs.bpr" not in sys.modules
"""
    assert printed(site, code) == ""


def test_the_command(site, tmp_path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("typer")
    (tmp_path / "data.csv").write_text("score,label\n0.0,0.0\n3.0,0.0\n")
    score = run(site, "-m", "fastloss", "score", str(tmp_path / "data.csv"), "--loss", "bent_loss", "--json")
    assert json.loads(score.stdout)["losses"][0]["value"] == 1.0811388300841898, score
    every = {one["loss"]: one for one in json.loads(run(site, "-m", "fastloss", "list", "--json").stdout)}
    assert every["bent_loss"]["module"] == "bent.losses" and every["bent_loss"]["score"] and "mse_loss" in every
    assert "bent_loss" in run(site, "-m", "fastloss", "list").stdout


@pytest.mark.compiled
def test_its_kernels_are_compiled_ahead(site, tmp_path, monkeypatch):
    pytest.importorskip("typer")
    monkeypatch.setenv("FASTLOSS_CACHE_DIR", str(tmp_path / "store"))
    done = run(site, "-m", "fastloss", "warmup", "bent_loss", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert " 0 compiled" not in done.stdout.splitlines()[0]
    assert "fastloss.pointwise.cpu.block" in run(site, "-m", "fastloss", "explain", "bent_loss").stdout
    own = printed(site, "from fastloss.ahead.__main__ import own; print(*own())").split()
    assert "mse_loss" in own and "bent_loss" not in own


def test_its_checks(site):
    done = run(site, "-W", "error", "-m", "fastloss.testing")
    assert (done.returncode, done.stdout, done.stderr) == (0, "bent_loss of bent.losses: ok\n", "")
    (site / "bent" / "losses.py").write_text(
        LOSS.format(name="bent_loss").replace("return (x - t)", "return 2.0 * (x - t)")
    )
    done = run(site, "-m", "fastloss.testing", "bent_loss", "mse_loss")
    assert done.returncode == 1 and "gradient_is_slope: bent_loss(): the gradient by 0" in done.stdout
    assert done.stdout.splitlines()[-1] == "mse_loss of fastloss.pointwise.regression: ok"


def test_dask(site):
    pytest.importorskip("dask")
    code = """
import sys, fastloss.dask
assert "bent" not in sys.modules
import numpy as np, dask.array
x = dask.array.from_array(np.array([0.0, 3.0]), chunks=1)
print(fastloss.dask.bent_loss(x, 0.0 * x).compute())
assert {"bent_loss", "mse_loss", "auc"} <= set(dir(fastloss.dask)) & set(fastloss.dask.__all__)
"""
    assert printed(site, code) == "1.0811388300841898"


@pytest.mark.parametrize(
    ("source", "value", "why"),
    [
        (LOSS.format(name="half_loss") + "import no_such_module", "broken.losses", "ModuleNotFoundError: No module"),
        ("1 / 0", "broken.losses", "ZeroDivisionError: division by zero"),
        ("", "broken.losses:none", "AttributeError: module 'broken.losses' has no attribute 'none'"),
        ("one = 1.0", "broken.losses:one", "TypeError: broken.losses:one is of type float: expected a module or a"),
        ("", "no.such.module", "ModuleNotFoundError: No module named 'no'"),
    ],
)
def test_a_broken_package_is_a_warning(site, source, value, why):
    install(site, "broken", source, value)
    done = run(site, "-c", "from fastloss.core.loss import REGISTRY; print(*REGISTRY)")
    assert {"bent_loss", "mse_loss"} < set(done.stdout.split()) and "half_loss" not in done.stdout
    assert f"RuntimeWarning: losses of the package 'broken' are left out, its entry point '{value}' cann" in done.stderr
    assert why in done.stderr and done.stderr.count("Warning") == 1
    assert printed(site, "import fastloss; print(fastloss.lookup('mse_loss')([1.0], [0.0]))") == "1.0"


def test_a_broken_package_and_the_command(site):
    pytest.importorskip("typer")
    install(site, "broken", "1 / 0", "broken.losses")
    done = run(site, "-m", "fastloss", "list")
    assert done.returncode == 0 and "bent_loss" in done.stdout
    assert (
        done.stderr.startswith("warning: losses of the package 'broken' are left out") and done.stderr.count("\n") == 1
    )


@pytest.mark.parametrize(("name", "first"), [("bent_loss", "bent"), ("mse_loss", "fastloss"), ("auc", "fastloss")])
def test_a_name_that_is_taken_is_an_error(site, name, first):
    pytest.importorskip("typer")
    install(site, "other", LOSS.format(name=name), "other.losses")
    message = f"'{first}' and 'other' both declare a loss '{name}': expected one of that name"
    code = "from fastloss.core.loss import REGISTRY; len(REGISTRY)"
    assert run(site, "-c", code).stderr.endswith(f"DuplicateLoss: {message}\n")
    for arguments in (("list",), ("warmup",), ("score", "no.csv", "--loss", "unknown_loss")):
        done = run(site, "-m", "fastloss", *arguments)
        assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
    assert printed(site, "import fastloss; print(fastloss.lookup('mse_loss')([1.0], [0.0]))") == "1.0"


def test_an_entry_point_may_name_a_loss(site):
    install(site, "one", LOSS.format(name="one_loss"), "one.losses:one_loss")
    assert printed(site, "import fastloss; print(fastloss.lookup('one_loss').name)") == "one_loss"


def declare():
    """Declare a loss of this module."""

    @pointwise(lambda x, t: x - t, lambda x, t: 1.0, reference="none")
    def declared_twice_loss(input, target):
        """Difference."""

    return declared_twice_loss


def test_a_package_may_declare_its_own_anew():
    try:
        first, second = declare(), declare()
        assert REGISTRY["declared_twice_loss"] is second is pickle.loads(pickle.dumps(first))
    finally:
        del REGISTRY["declared_twice_loss"]


def test_a_script_is_named_as_it_is_run(site):
    """A module that is run by its name is the one that the entry point names."""
    done = run(site, "-c", "import runpy; runpy.run_module('bent.losses', run_name='__main__', alter_sys=True)")
    assert (done.returncode, done.stderr) == (0, "")
    (site / "bent" / "losses.py").write_text(LOSS.format(name="bent_loss") + "import fastloss; fastloss.lookup('x')")
    assert run(site, "-m", "bent.losses").stderr.endswith("ValueError: unknown loss 'x'\n")
    script = LOSS.format(name="mse_loss")
    assert "DuplicateLoss: 'fastloss' and '__main__' both declare a loss 'mse_loss'" in run(site, "-c", script).stderr
