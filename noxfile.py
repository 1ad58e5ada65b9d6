"""The checks, each by a name: `nox` runs `quick`, `nox -s docs` another, `nox -l` lists them.

Each has an environment of its own, kept for the next time. `.ci/run` runs all of them in one (`--no-venv`), into which
`install` has put what they need.
"""

import pathlib
import sys

import nox

nox.options.sessions = ["quick"]
nox.options.reuse_existing_virtualenvs = True

# What most changes break, in seconds
QUICK = (
    "tests/test_imports.py",
    "tests/compile/test_address.py",
    "tests/compile/test_elementary.py",
    "tests/compile/test_kernels.py",
    "tests/compile/test_sorting.py",
    "tests/compile/test_templates.py",
    "tests/core/test_losses.py",
    "tests/core/test_weights.py",
    "tests/oracles/test_oracles.py",
    "tests/rows/test_identities.py",
)
# What says something about the kernels' Python: not the command, stored kernels, threads, documentation, oracles alone
PLAIN_TESTS = (
    "tests/compile/test_elementary.py",
    "tests/comparing",
    "tests/compile/test_sorting.py",
    "tests/core",
    "tests/embeddings",
    "tests/fuzz",
    "tests/metrics",
    "tests/pairs",
    "tests/pointwise",
    "tests/rows",
    "tests/streaming",
)
INTEGRATIONS = (
    "tests/boosting",
    "tests/core/test_help.py",
    "tests/core/test_kinds_of_libraries.py",
    "tests/core/test_tables.py",
    "tests/jax",
    "tests/sklearn",
    "tests/torch",
)
LIBRARIES = ("catboost", "jax", "lightgbm", "sklearn", "torch", "xarray", "xgboost")
KERNELS = ("pointwise", "rows", "pairs", "embeddings")  # folders
ONE_OF_EACH = (
    "huber_loss",
    "cross_entropy",
    "triplet_margin_loss",
    "pairwise_logistic_loss",
    "pairwise_hinge_loss",
    "pairwise_exponential_loss",
    "lambdarank_loss",
    "bpr_loss",
    "bpr_all_negatives_loss",
    "info_nce_loss",
    "batch_all_triplet_loss",
)
NEWEST = "3.14"  # of Python
LOSSES = " or ".join(ONE_OF_EACH)
LEAST_COVERAGE = 90  # percent of lines and branches of KERNELS' folders and the elementary functions, as plain Python
PLAIN = {"NUMBA_DISABLE_JIT": "1"}
EXTRAS = {  # that a session needs
    "quick": "dev",
    "lint": "dev",
    "tests": "test",
    "plain": "test",
    "bounds": "test",
    "wheel": "dev",
    "lowest": "dev",
    "newest": "dev",
    "docs": "docs,test",
    "parity": "test,peers",
    "adapters": "adapters",
    "integrations": "integrations,peers",
    "bench": "test,bench",
    "cuda-sim": "test,cuda",
    "cuda-compile": "test,cuda",
}


def prepare(session: nox.Session) -> None:
    """Install the package, so that edits are seen, and a session's extras; nothing into an environment not nox's."""
    if session.venv_backend != "none":
        session.install("-q", "-e", f".[{EXTRAS[session.name]}]")


@nox.session(venv_backend="none", default=False)
def install(session: nox.Session) -> None:
    """Install the package and the extras of the sessions named into the caller's environment."""
    extras = dict.fromkeys(extra for name in session.posargs for extra in EXTRAS[name].split(","))
    session.run("python", "-m", "pip", "install", "-q", f".[{','.join(extras)}]")


def pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    """Run tests on all cores, with the caller's arguments behind."""
    command = ("python", "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal")
    session.run(*command, *arguments, *session.posargs, env=environment)


@nox.session
def quick(session: nox.Session) -> None:
    """Lint, types and the tests that most changes break: what one runs on every save."""
    lint(session)
    pytest(session, "-x", *QUICK)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff's rules and format, and types."""
    prepare(session)
    session.run("python", "-m", "ruff", "check", ".")
    session.run("python", "-m", "ruff", "format", "--check", ".")
    session.run("python", "-m", "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests that need no other library."""
    prepare(session)
    pytest(session)


@nox.session
def plain(session: nox.Session) -> None:
    """The losses' tests without compiling, and how much of the kernels' code they reach."""
    prepare(session)
    pytest(session, *PLAIN_TESTS, "--cov", "--cov-report=", **PLAIN)
    folders = ",".join(f"*/fastloss/{folder}/*" for folder in KERNELS)
    session.run(
        "python",
        "-m",
        "coverage",
        "report",
        f"--include={folders},*/fastloss/compile/elementary.py",
        "--omit=*/small.py,*/cuda*.py",
        f"--fail-under={LEAST_COVERAGE}",
    )


@nox.session
def bounds(session: nox.Session) -> None:
    """Compiled kernels whose indices are checked, a loss of each folder; `plain` checks the indices of all."""
    prepare(session)
    names = f"gradient and weighted and ({LOSSES})"
    # A loss's cases go to one process, which compiles its kernels once: they are not stored.
    pytest(session, "tests/core/test_losses.py", "-k", names, "--dist", "loadgroup", NUMBA_BOUNDSCHECK="1")


def own_python(session: nox.Session, folder: pathlib.Path) -> str:
    """Make an environment in a folder and return its Python."""
    session.run("python", "-m", "venv", "--clear", str(folder))
    return str(folder / ("Scripts" if sys.platform == "win32" else "bin") / "python")


@nox.session
def wheel(session: nox.Session) -> None:
    """A wheel with the kernels of one loss, in an environment of its own, used without Numba."""
    prepare(session)
    folder = pathlib.Path(session.create_tmp()).resolve()
    dist = folder / "dist"
    session.run("python", "-m", "build", "--outdir", str(dist), ".", env={"FASTLOSS_KERNELS": "mse_loss"})
    python = own_python(session, folder / "environment")
    (built,) = dist.glob("*.whl")
    session.run(python, "-m", "pip", "install", "-q", f"{built}[cli]", external=True)
    data = str(pathlib.Path("fastloss/data/lambdarank_test.parquet").resolve())
    score = (python, "-m", "fastloss", "score", data, "--loss", "mse_loss")
    with session.chdir(folder):  # where only the installed package is found
        session.run(*score, "--loss", "pairwise_logistic_loss", "--groups", "query", external=True)
        session.run(python, "-m", "pip", "uninstall", "-q", "-y", "numba", external=True)
        empty = {"FASTLOSS_CACHE_DIR": str(folder / "empty")}
        session.run(*score, external=True, env=empty)


@nox.session
def lowest(session: nox.Session) -> None:
    """The command, and a loss of each folder, with the lowest versions that pyproject.toml allows."""
    folder = pathlib.Path(session.create_tmp()).resolve()
    pins = folder / "lowest.txt"
    python = own_python(session, folder / "environment")
    pins.write_text(session.run(python, "tools/lowest.py", silent=True, external=True))
    session.run(python, "-m", "pip", "install", "-q", "-e", ".[test]", "-c", str(pins), external=True)
    # Old versions use what newer ones that they meet here have deprecated.
    command = (python, "-m", "pytest", "-q", "-n", "auto", "-W", "ignore::DeprecationWarning")
    names = ("cli/test_columns.py", "cli/test_commands.py", "cli/test_files.py", "compile/test_kernels.py")
    session.run(*command, *(f"tests/{name}" for name in names), external=True)
    session.run(*command, "tests/core/test_losses.py", "-k", f"test_value and weighted and ({LOSSES})", external=True)


@nox.session(python=NEWEST)
def newest(session: nox.Session) -> None:
    """The tests that most changes break, with the newest Python for which there is a Numba.

    `nox -s newest` where that Python is, or `nox --download-python auto -s newest` where uv can download it, which is
    not from a package index: `.ci/run`, which has nothing else, leaves it out.
    """
    prepare(session)
    pytest(session, *QUICK)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation; a warning is an error. Then what readers see of it: in Chromium, too, where there is one."""
    prepare(session)
    folder = session.posargs[0] if session.posargs else "site"
    session.run("python", "-m", "sphinx", "-q", "-W", "--keep-going", "docs", folder)
    session.run("python", "-m", "pytest", "-q", "-rs", "tests/site", env={"FASTLOSS_SITE": folder})


@nox.session
def parity(session: nox.Session) -> None:
    """The same numbers as other libraries."""
    prepare(session)
    pytest(session, "tests/parity")


@nox.session
def integrations(session: nox.Session) -> None:
    """Losses in PyTorch, JAX, scikit-learn and the boosting libraries, which must all be there."""
    prepare(session)
    session.run("python", "-c", f"import {', '.join(LIBRARIES)}")  # tests skip what is not installed
    pytest(session, *INTEGRATIONS)


@nox.session
def adapters(session: nox.Session) -> None:
    """Ray and Spark, local ones, and DuckDB; needs a Java, and some 750 MB for the three."""
    prepare(session)
    pytest(session, "tests/adapters", "tests/core/test_help.py", "--dist", "loadgroup")  # each engine starts once


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks, each once, and their peers' numbers."""
    prepare(session)
    pytest(session, "--benchmark-disable", "bench")


@nox.session(name="cuda-sim")
def cuda_sim(session: nox.Session) -> None:
    """CUDA's kernels in a simulator."""
    prepare(session)
    pytest(session, "tests/cuda", NUMBA_ENABLE_CUDASIM="1", **PLAIN)


@nox.session(name="cuda-compile")
def cuda_compile(session: nox.Session) -> None:
    """CUDA's kernels compiled and linked for GPUs, with none at hand."""
    prepare(session)
    pytest(session, *sorted(map(str, pathlib.Path("tests/cuda").glob("test_compile*.py"))))
