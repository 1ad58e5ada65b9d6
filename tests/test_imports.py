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
FAMILIES = ("pointwise", "rows", "pairs", "embeddings")
RULES = (
    ("**/*.py", ("compile/cuda/", "compile/front_end.py", "compile/kernels.py", "**/cuda*.py"), ("numba",)),
    ("**/*.py", ("compile/",), ("llvmlite",)),
    ("**/*.py", ("compile/cuda/", "cli/commands/about.py", "**/cuda*.py"), ("numba.cuda", "fastloss.compile.cuda")),
    ("compile/*.py", (), tuple(f"fastloss.{one}" for one in (*FAMILIES, "streaming", "core.loss"))),
    ("compile/cuda/*.py", (), tuple(f"fastloss.{one}" for one in ("streaming", "core.loss"))),
    ("**/cpu*.py", (), (*(f"fastloss.{one}.loss" for one in FAMILIES), "fastloss.core.loss")),
    ("**/cuda*.py", (), (*(f"fastloss.{one}.loss" for one in FAMILIES), "fastloss.core.loss")),
    ("**/cpu*.py", (), ("*.cuda",)),
    ("**/cuda*.py", (), ("*.cpu",)),
    ("core/*.py", (), tuple(f"fastloss.{one}" for one in (*FAMILIES, "streaming", "classes", "curves"))),
    ("core/errors.py", (), ("fastloss",)),
    ("core/domains.py", (), ("fastloss.core.loss", "fastloss.compile", "fastloss.core.arrays")),
    ("core/summation.py", (), ("fastloss",)),
    ("core/validate.py", (), ("fastloss.core.loss", "fastloss.compile")),
    ("compile/elementary.py", (), ("fastloss",)),
    *((f"{one}/*.py", (), ("fastloss.embeddings",)) for one in ("pointwise", "rows", "pairs")),
    ("**/*.py", ("metrics/", "comparing/", "ahead/", "cli/"), ("fastloss.metrics",)),
    ("**/*.py", ("comparing/", "cli/"), ("fastloss.comparing",)),
    ("comparing/*.py", (), ("fastloss.embeddings", "fastloss.streaming")),
    ("comparing/cpu*.py", (), ("fastloss.comparing",)),
    ("metrics/cpu*.py", (), tuple(f"fastloss.metrics.{one}" for one in ("ranking", "calibration", "retrieval"))),
    ("metrics/*.py", ("metrics/retrieval.py",), ("fastloss.embeddings",)),
    ("metrics/*.py", (), ("fastloss.streaming",)),
    *((f"{one}/**/*.py", (), ("fastloss.streaming",)) for one in FAMILIES),
    ("**/*.py", ("cli/", "__main__.py"), ("fastloss.cli", "typer", "rich")),
    ("**/*.py", ("ray.py",), ("ray", "fastloss.ray")),
    ("**/*.py", ("spark.py",), ("pyspark", "fastloss.spark")),
    ("**/*.py", ("jax/",), ("jax", "fastloss.jax")),
    ("**/*.py", ("sklearn/",), ("sklearn", "fastloss.sklearn")),
    ("**/*.py", ("ahead/", "cli/", "testing/", "__main__.py"), ("fastloss.ahead",)),
    ("**/*.py", ("testing/",), ("fastloss.testing",)),
    ("**/*.py", ("torch/",), ("torch", "fastloss.torch")),
    *(
        ("**/*.py", (f"boosting/{one}.py",), (one, f"fastloss.boosting.{one}"))
        for one in ("catboost", "lightgbm", "xgboost")
    ),
    ("**/*.py", ("boosting/",), ("fastloss.boosting",)),
    ("**/*.py", ("dask/", "cli/"), ("fastloss.dask",)),
    ("**/*.py", ("dask/", "cli/"), ("dask", "distributed")),
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
    if module.startswith("*"):
        return name.endswith(module[1:])
    return name == module or name.startswith(module + ".")


def is_within(relative: str, exempt: str) -> bool:
    """Whether a file is one of those named: by its path, a folder that ends in a slash, or a pattern of file names."""
    if exempt.startswith("**/"):
        return pathlib.PurePath(relative).match(exempt.removeprefix("**/"))
    return relative == exempt or (exempt.endswith("/") and relative.startswith(exempt))


def violations(package: pathlib.Path) -> list[str]:
    found = []
    for pattern, exempt, forbidden in RULES:
        for path in sorted(package.glob(pattern)):
            relative = path.relative_to(package).as_posix()
            if any(is_within(relative, one) for one in exempt):
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
        ("pointwise/bad.py", "import numba", "pointwise/bad.py imports numba"),
        ("compile/bad.py", "import numba", "compile/bad.py imports numba"),
        ("pairs/boxes/cpu.py", "from numba import njit", "pairs/boxes/cpu.py imports numba"),
        ("pairs/boxes/cuda.py", "import llvmlite", "pairs/boxes/cuda.py imports llvmlite"),
        ("pairs/cpu.py", "from fastloss.compile.cuda import arrays", "pairs/cpu.py imports fastloss.compile.cuda"),
        ("compile/bad.py", "from fastloss.pairs import cpu", "compile/bad.py imports fastloss.pairs"),
        ("rows/bad.py", "def f():\n    from numba import njit", "rows/bad.py imports numba.njit"),
        ("rows/cpu.py", "from fastloss.rows import loss", "rows/cpu.py imports fastloss.rows.loss"),
        ("pairs/cuda_labels.py", "import fastloss.core.loss", "imports fastloss.core.loss"),
        (
            "pairs/cuda.py",
            "from fastloss.pairs.boxes import cpu as host",
            "pairs/cuda.py imports fastloss.pairs.boxes.cpu",
        ),
        ("pairs/cpu.py", "from fastloss.pairs import cuda", "pairs/cpu.py imports fastloss.pairs.cuda"),
        ("core/bad.py", "from fastloss import pairs", "core/bad.py imports fastloss.pairs"),
        ("pairs/bad.py", "from fastloss.embeddings import tiles", "pairs/bad.py imports fastloss.embeddings"),
        ("pairs/boxes/bad.py", "from fastloss.cli import main", "pairs/boxes/bad.py imports fastloss.cli"),
        ("pairs/bad.py", "from fastloss import metrics", "pairs/bad.py imports fastloss.metrics"),
        ("metrics/cpu.py", "from fastloss.metrics import ranking", "metrics/cpu.py imports fastloss.metrics.ranking"),
        ("metrics/bad.py", "import fastloss.streaming", "metrics/bad.py imports fastloss.streaming"),
        ("pairs/bad.py", "from fastloss.comparing import moments", "pairs/bad.py imports fastloss.comparing"),
        ("comparing/bad.py", "from fastloss.streaming import terms", "comparing/bad.py imports fastloss.streaming"),
        ("spark.py", "def f():\n    from ray import data", "spark.py imports ray.data"),
        ("core/bad.py", "import jax.numpy", "core/bad.py imports jax.numpy"),
        ("rows/bad.py", "from fastloss.sklearn import scorer", "rows/bad.py imports fastloss.sklearn"),
        ("pairs/bad.py", "def f():\n    import torch", "pairs/bad.py imports torch"),
        ("streaming/bad.py", "from pyspark.sql import DataFrame", "streaming/bad.py imports pyspark.sql"),
        ("boosting/adapter.py", "import lightgbm", "boosting/adapter.py imports lightgbm"),
        ("boosting/lightgbm.py", "from xgboost import core", "boosting/lightgbm.py imports xgboost.core"),
        ("rows/bad.py", "from fastloss.boosting import links", "rows/bad.py imports fastloss.boosting"),
        ("core/summation.py", "from fastloss import core", "core/summation.py imports fastloss.core"),
        ("compile/elementary.py", "from .domains import REAL", "compile/elementary.py imports .domains: relative"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, file, line, message):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert any(message in one for one in violations(tmp_path))


def test_import_is_light():
    heavy = (
        "numba",
        "llvmlite",
        "typer",
        "rich",
        "pyarrow",
        "scipy",
        "torch",
        "dask",
        "ray",
        "pyspark",
        "jax",
        "sklearn",
        "lightgbm",
        "xgboost",
    )
    code = f"import fastloss, sys; print(*(name for name in {heavy} if name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_a_loss_that_is_looked_up_brings_no_other_family():
    code = """
import sys
import fastloss
assert fastloss.lookup("mse_loss") is fastloss.mse_loss
print(*sorted({f"fastloss.{name}" for name in fastloss.NAMES} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["fastloss.core.loss", "fastloss.pointwise.regression"]


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
    listed = {module: set(names) for module, names in fastloss.NAMES.items()}
    shared = ("__init__.py", "loss.py", "row.py")  # of families, not of users
    paths = [path for path in PACKAGE.glob("*/*.py") if path.name not in shared and "\n__all__ = [" in path.read_text()]
    paths = [path for path in paths if path.parent.name != "metrics"]  # whose names are not of `fastloss` itself
    names = [
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in (*paths, PACKAGE / "classes.py", PACKAGE / "curves.py")
    ]
    public = {name: set(importlib.import_module(f"fastloss.{name}").__all__) for name in names}
    assert {name: listed[name] for name in public} == public
    assert all(len(found) == 1 or name in public for name, found in listed.items() if not name.startswith("co"))


def test_metrics_has_the_names_of_its_modules():
    own = [
        importlib.import_module(f"fastloss.metrics.{path.stem}")
        for path in (PACKAGE / "metrics").glob("*.py")
        if path.name != "__init__.py" and "\n__all__ = [" in path.read_text()
    ]
    names = {name for module in own for name in module.__all__}
    assert names | {"GroupCounts", "auc"} == set(fastloss.metrics.__all__)
    assert fastloss.metrics.auc is fastloss.auc


def test_a_name_that_the_package_has_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'no_such_loss'"):
        fastloss.no_such_loss  # noqa: B018
    assert {"mse_loss", "lookup", "set_num_threads"} <= set(dir(fastloss))
