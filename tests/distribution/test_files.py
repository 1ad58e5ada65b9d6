"""The files by which the package is distributed say what pyproject.toml and the package say."""

import ast
import pathlib
import re
import shlex
import tomllib

import pytest

import fastloss
from fastloss.compile import levels, store

yaml = pytest.importorskip("yaml")  # of Dask

ROOT = pathlib.Path(fastloss.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/wheels.yml").read_text())
JOBS = WORKFLOW["jobs"]
RECIPE = yaml.safe_load((ROOT / "tools/conda/recipe.yaml").read_text())


def constants(path: str) -> dict[str, object]:
    """The constants of a module that is read, not run: the build hook's libraries are not here."""
    found = {}
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.Dict):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


HOOK = constants("hatch_build.py")


def steps(job: str) -> list[dict]:
    return JOBS[job]["steps"]


def commands(job: str) -> list[str]:
    return [line for step in steps(job) for line in step.get("run", "").splitlines()]


def require_options(words: list[str]) -> None:
    """Raise unless the command has what is asked of it."""
    typer = pytest.importorskip("typer")
    from fastloss.cli.app import app

    command = typer.main.get_command(app).commands[words[0]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    for at, word in enumerate(words):
        if word == "--loss":
            assert fastloss.lookup(words[at + 1])


def test_the_workflow_is_one():
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}, "workflow_dispatch": None}  # YAML takes "on" for true
    for job in JOBS.values():
        assert set(job.get("needs", [])) <= set(JOBS)
        assert job["runs-on"].startswith("ubuntu-24.04") or job["runs-on"] == "${{ matrix.runner }}"
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step.get("uses", "an/action@v1"))


def test_only_the_job_that_publishes_may_and_after_all_others():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [name for name, job in JOBS.items() if "permissions" in job] == ["publish"]
    publish = JOBS["publish"]
    assert publish["permissions"] == {"id-token": "write"} and publish["environment"] == "pypi"
    assert set(publish["needs"]) == set(JOBS) - {"publish"} and "refs/tags/v" in publish["if"]
    assert steps("publish")[-1] == {"uses": "pypa/gh-action-pypi-publish@release/v1"}
    uploaded = [step for name in publish["needs"] for step in steps(name) if "upload-artifact" in step.get("uses", "")]
    assert len(uploaded) == len(publish["needs"]) and all(one["with"]["path"].startswith("dist/") for one in uploaded)


def test_the_commands_of_the_workflow():
    assert WORKFLOW["env"] == {HOOK["ADDRESS"]: "${{ github.server_url }}/${{ github.repository }}"}
    (build,) = (step for step in steps("kernels") if "--wheel" in step.get("run", ""))
    assert build["env"] == {HOOK["VARIABLE"]: "all"}
    machines = {one["platform"].split("_", 1)[1] for one in JOBS["kernels"]["strategy"]["matrix"]["include"]}
    assert {levels.ALIASES.get(machine, machine) for machine in machines} == set(levels.LEVELS)
    for job in JOBS:
        for line in commands(job):
            words = shlex.split(line)
            for word in words:
                if word.startswith("data=$PWD/"):
                    assert (ROOT / word.removeprefix("data=$PWD/")).exists()
            if any(word.endswith("bin/fastloss") for word in words):
                require_options(words[1:])
    assert any("bin/fastloss" in line for line in commands("kernels"))


def test_the_projects_addresses():
    assert "urls" in PROJECT["dynamic"]
    assert {"Homepage", "Source", "Documentation", "Changelog", "Issues"} == set(HOOK["PAGES"])
    for page in HOOK["PAGES"].values():
        if page.startswith(("/tree/main/", "/blob/main/")):
            assert (ROOT / page.split("/main/")[1]).exists()


def test_classifiers():
    classifiers = PROJECT["classifiers"]
    versions = [one.rsplit(".", 1)[1] for one in classifiers if re.fullmatch(r".*Python :: 3\.\d+", one)]
    newest = re.search(r'^NEWEST = "3\.(\d+)"', (ROOT / "noxfile.py").read_text(), re.MULTILINE)[1]
    first = PROJECT["requires-python"].removeprefix(">=3.")
    assert versions == [str(minor) for minor in range(int(first), int(newest) + 1)]
    assert (ROOT / "fastloss/py.typed").exists() and "Typing :: Typed" in classifiers


def as_conda(requirements: list[str]) -> list[str]:
    return sorted(re.sub(r"(?=[<>=])", " ", one, count=1) for one in requirements)


def test_the_recipe_says_what_the_project_says():
    python = PROJECT["requires-python"].removeprefix(">=")
    assert RECIPE["context"] == {"version": fastloss.__version__, "python_min": python}
    assert RECIPE["package"]["name"] == PROJECT["name"]
    wanted = RECIPE["requirements"]
    assert wanted["run"][0] == "python >=${{ python_min }}"
    assert sorted(wanted["run"][1:]) == as_conda(PROJECT["dependencies"])
    assert sorted(wanted["run_constraints"]) == as_conda(PROJECT["optional-dependencies"]["cli"])
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert sorted(wanted["host"][2:]) == as_conda(backend)
    scripts = [f"{name} = {what}" for name, what in PROJECT["scripts"].items()]
    assert RECIPE["build"]["python"]["entry_points"] == scripts
    about = RECIPE["about"]
    assert (about["summary"], about["license"]) == (PROJECT["description"], PROJECT["license"])
    assert [about["license_file"]] == PROJECT["license-files"]
    assert (ROOT / "tools/conda" / RECIPE["source"]["path"] / "pyproject.toml").resolve() == ROOT / "pyproject.toml"


def instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image():
    found = instructions((ROOT / "tools/docker/Dockerfile").read_text())
    ignored = (ROOT / "tools/docker/Dockerfile.dockerignore").read_text().split()
    for name, words in found:
        if name == "COPY" and "--from" not in words:
            for source in words.split()[:-1]:
                assert (ROOT / source).exists() and f"!{source}" in ignored
        if name == "RUN" and "bin/fastloss " in words:
            require_options(words.split("bin/fastloss ")[1].split())
    names = {word.split("=")[0] for name, words in found if name == "ENV" for word in words.split()}
    assert {one for one in names if one.startswith("FASTLOSS_")} == {levels.OVERRIDE, store.OVERRIDE}
    declared = {words.split("=")[0] for name, words in found if name == "ARG"}
    assert set(re.findall(r"\$\{(\w+)\}", str(found))) == declared == {"PYTHON", "LEVEL", "LOSSES"}
    last = dict(found)
    assert last["USER"] == "job" and f"ENTRYPOINT {last['ENTRYPOINT']}" == 'ENTRYPOINT ["fastloss"]'
    assert "fastloss" in PROJECT["scripts"]
    version = re.fullmatch(r"PYTHON=3\.(\d+)", last_of(found, "ARG", "PYTHON"))
    assert f"Programming Language :: Python :: 3.{version[1]}" in PROJECT["classifiers"]
    required = {PROJECT["readme"], *PROJECT["license-files"], "hatch_build.py", "pyproject.toml", "fastloss"}
    assert required <= {word for name, words in found if name == "COPY" for word in words.split()}


def last_of(found: list[tuple[str, str]], name: str, begin: str) -> str:
    return [words for one, words in found if one == name and words.startswith(begin)][-1]


def test_the_sdist_has_what_the_tests_read():
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"][
        "include"
    ]
    assert {"/tools", "/.github", "/hatch_build.py", "/noxfile.py"} <= set(included)
