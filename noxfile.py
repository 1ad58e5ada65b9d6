"""The checks, each by a name: `nox` runs `quick`, `nox -s docs` another, `nox -l` lists them.

Each has an environment of its own, kept for the next time. `.ci/run` runs all of them in one (`--no-venv`).
"""

import pathlib
import sys

import nox

nox.options.sessions = ["quick"]
nox.options.reuse_existing_virtualenvs = True

# What most changes break, in seconds
QUICK = (
    "addresses",
    "elementary",
    "imports",
    "kernels",
    "losses",
    "oracles",
    "rows",
    "sorting",
    "templates",
    "weights",
)
KERNELS = ("pointwise", "rows", "pairs", "embeddings")  # folders
BOUNDS = (
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
LEAST_COVERAGE = 90  # percent of lines and branches of these and the elementary functions, run as plain Python
PLAIN = {"NUMBA_DISABLE_JIT": "1"}


def prepare(session: nox.Session, extras: str) -> None:
    """Install the package with some extras: as it is in an environment of the caller's, else so that edits are seen."""
    command = ("python", "-m", "pip", "install", "-q")
    if session.venv_backend == "none":
        session.run_install(*command, f".[{extras}]")
    else:
        session.run_install(*command, "-e", f".[{extras}]")


def pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    """Run tests on all cores, with the caller's arguments behind."""
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *arguments, *session.posargs, env=environment)


@nox.session
def quick(session: nox.Session) -> None:
    """Lint, types and the tests that most changes break: what one runs on every save."""
    lint(session)
    pytest(session, "-x", *(f"tests/test_{name}.py" for name in QUICK))


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff's rules and format, and types."""
    prepare(session, "dev")
    session.run("python", "-m", "ruff", "check", ".")
    session.run("python", "-m", "ruff", "format", "--check", ".")
    session.run("python", "-m", "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests that need no other library."""
    prepare(session, "test")
    pytest(session)


@nox.session
def plain(session: nox.Session) -> None:
    """The same without compiling, and how much of the kernels' code they reach."""
    prepare(session, "test")
    pytest(session, "--cov", "--cov-report=", **PLAIN)
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
    prepare(session, "test")
    one_of_each = " or ".join(BOUNDS)
    pytest(session, "tests/test_losses.py", "-k", f"gradient and weighted and ({one_of_each})", NUMBA_BOUNDSCHECK="1")


@nox.session
def wheel(session: nox.Session) -> None:
    """A wheel with the kernels of one loss, in an environment of its own, used without Numba."""
    prepare(session, "dev")
    folder = pathlib.Path(session.create_tmp()).resolve()
    dist, own = folder / "dist", folder / "environment"
    session.run("python", "-m", "build", "--outdir", str(dist), ".", env={"FASTLOSS_KERNELS": "mse_loss"})
    session.run("python", "-m", "venv", "--clear", str(own))
    python = str(own / ("Scripts" if sys.platform == "win32" else "bin") / "python")
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
def docs(session: nox.Session) -> None:
    """The documentation; a warning is an error."""
    prepare(session, "docs")
    session.run("python", "-m", "sphinx", "-q", "-W", "--keep-going", "docs", *(session.posargs or ["site"]))


@nox.session
def parity(session: nox.Session) -> None:
    """The same numbers as other libraries."""
    prepare(session, "test,peers")
    pytest(session, "tests/parity")


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks, each once, and their peers' numbers."""
    prepare(session, "test,bench")
    pytest(session, "--benchmark-disable", "bench")


@nox.session(name="cuda-sim")
def cuda_sim(session: nox.Session) -> None:
    """CUDA's kernels in a simulator."""
    prepare(session, "test,cuda")
    pytest(session, "tests/cuda", NUMBA_ENABLE_CUDASIM="1", **PLAIN)


@nox.session(name="cuda-compile")
def cuda_compile(session: nox.Session) -> None:
    """CUDA's kernels compiled and linked for GPUs, with none at hand."""
    prepare(session, "test,cuda")
    pytest(session, *sorted(map(str, pathlib.Path("tests/cuda").glob("test_compile*.py"))))
