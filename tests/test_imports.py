"""Import arrows point one way, and `import fastloss` is light."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

import fastloss

PACKAGE = pathlib.Path(fastloss.__file__).parent

# Who may not import what: (files that a rule is for, files it is not for, modules they may not import).
RULES = (
    ("**/*.py", ("engines/cuda/", "compile/front_end.py", "compile/kernels.py"), ("numba",)),
    ("**/*.py", ("compile/",), ("llvmlite",)),
    ("compile/*.py", (), ("fastloss.engines", "fastloss.shapes", "fastloss.losses", "fastloss.loss")),
    ("engines/**/*.py", (), ("fastloss.losses", "fastloss.loss", "fastloss.pointwise")),
    ("engines/cpu/*.py", (), ("fastloss.engines.cuda", "numba.cuda")),
    ("shapes/*.py", (), ("fastloss.engines", "fastloss.losses", "fastloss.loss", "fastloss.validate")),
    ("losses/*.py", (), ("fastloss.engines",)),
    ("loss.py", (), ("fastloss.engines",)),
    ("*.py", ("loss.py", "__init__.py", "cli.py", "__main__.py"), ("fastloss.losses",)),
    ("domains.py", (), ("fastloss",)),
    ("elementary.py", (), ("fastloss",)),
    ("validate.py", (), ("fastloss.engines", "fastloss.losses", "fastloss.loss")),
    ("reduce.py", (), ("fastloss",)),
    ("**/*.py", ("cli.py", "cli/", "__main__.py"), ("fastloss.cli", "typer", "rich")),
    ("**/*.py", ("ahead/", "cli/", "__main__.py"), ("fastloss.ahead",)),
)


def imported(source: str) -> set[str]:
    """Every module that a source names in an import, wherever the statement stands; `from a import b` names a.b too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


def violations(package: pathlib.Path) -> list[str]:
    found = []
    for pattern, exempt, forbidden in RULES:
        for path in sorted(package.glob(pattern)):
            relative = path.relative_to(package).as_posix()
            if any(relative == one or (one.endswith("/") and relative.startswith(one)) for one in exempt):
                continue
            for name in sorted(imported(path.read_text())):
                if any(within(name, module) for module in forbidden):
                    found.append(f"{relative} imports {name}")
                if name.startswith("."):
                    found.append(f"{relative} imports {name}: relative")
    return sorted(set(found))


def test_arrows_point_one_way():
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("losses/bad.py", "import numba", "losses/bad.py imports numba"),
        ("compile/bad.py", "import numba", "compile/bad.py imports numba"),
        ("engines/cpu/bad.py", "import numba", "engines/cpu/bad.py imports numba"),
        ("engines/cuda/bad.py", "import llvmlite", "engines/cuda/bad.py imports llvmlite"),
        ("compile/bad.py", "from fastloss.engines import cpu", "compile/bad.py imports fastloss.engines"),
        ("losses/bad.py", "def f():\n    from numba import njit", "losses/bad.py imports numba.njit"),
        ("shapes/bad.py", "from fastloss import engines", "shapes/bad.py imports fastloss.engines"),
        ("engines/cpu/bad.py", "import fastloss.losses.regression", "imports fastloss.losses.regression"),
        ("engines/bad.py", "from fastloss.cli import main", "engines/bad.py imports fastloss.cli"),
        ("reduce.py", "from fastloss import losses", "reduce.py imports fastloss.losses"),
        ("elementary.py", "from .domains import REAL", "elementary.py imports .domains: relative"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, file, line, message):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert any(message in one for one in violations(tmp_path))


def test_import_is_light():
    heavy = ("numba", "llvmlite", "typer", "rich", "pyarrow", "scipy", "torch", "dask")
    code = f"import fastloss, sys; print(*(name for name in {heavy} if name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_a_loss_that_is_looked_up_brings_no_other_family():
    code = """
import sys
import fastloss
assert fastloss.lookup("mse_loss") is fastloss.mse_loss
print(*(name for name in sys.modules if name.startswith("fastloss.losses.")))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["fastloss.losses.regression"]


def test_import_changes_no_setting():
    """Neither the environment, nor warnings, NumPy's error handling or its random state."""
    code = """
import os, random, warnings
import numpy as np
def settings():
    state = np.random.get_state()[1].tolist(), random.getstate()
    return dict(os.environ), list(warnings.filters), np.geterr(), state
before = settings()
import fastloss
fastloss.mse_loss([1.0], [2.0])
assert settings() == before
"""
    subprocess.run([sys.executable, "-W", "default", "-c", code], check=True)


def test_the_package_lists_the_names_of_its_modules():
    listed = {module: set(names) for module, names in fastloss.NAMES.items() if module.startswith("losses.")}
    folder = pathlib.Path(fastloss.__file__).parent / "losses"
    families = {f"losses.{path.stem}": path for path in folder.glob("*.py") if path.stem != "__init__"}
    public = {name: set(importlib.import_module(f"fastloss.{name}").__all__) for name in families}
    assert listed == public


def test_a_name_that_the_package_has_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'no_such_loss'"):
        fastloss.no_such_loss  # noqa: B018
    assert {"mse_loss", "lookup", "set_num_threads"} <= set(dir(fastloss))
