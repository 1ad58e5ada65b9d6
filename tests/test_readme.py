"""The README's example, table and commands; the example of every loss and every other docstring."""

import doctest
import importlib.util
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import fastloss
from fastloss import boosting
from fastloss.core.loss import REGISTRY

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMAND = re.compile(r"<!-- command: (\w+) -->\n```sh\n(.*?)\n```", re.DOTALL)
LIBRARIES = ("jax", "ray", "sklearn", "spark", "torch")  # modules for them, tested in folders of their own
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(text: str, name: str) -> doctest.DocTest:
    return doctest.DocTestParser().get_doctest(text, {}, name, None, 0)


def run(test: doctest.DocTest) -> None:
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=output.append)
    assert result.failed == 0, "".join(output)


def modules() -> list[str]:
    """All modules but those that import what may not be there: CUDA, and other libraries."""
    names = [module.name for module in pkgutil.walk_packages(fastloss.__path__, "fastloss.")]
    others = {f"fastloss.boosting.{one}" for one in boosting.LIBRARIES}
    return [name for name in names if "cuda" not in name and name.split(".")[1] not in LIBRARIES and name not in others]


def test_readme_example():
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    test = examples(blocks[0], "README")
    assert test.examples
    run(test)


@pytest.mark.parametrize("name", REGISTRY)
def test_loss_has_an_example_that_runs(name):
    test = examples(REGISTRY[name].__doc__, name)
    assert any(name in example.source for example in test.examples)
    run(test)


@pytest.mark.parametrize("name", modules())
def test_examples_of_functions_and_classes(name):
    if name.endswith("__main__"):
        pytest.skip("imports as a program")
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        if test.name.rsplit(".", 1)[-1] not in REGISTRY:
            run(test)


def test_a_wrong_example_fails():
    with pytest.raises(AssertionError, match="Expected"):
        run(examples(">>> 1 + 1\n3\n", "wrong"))


def test_commands_are_those_that_the_checks_run():
    commands = dict(COMMAND.findall(README))
    assert set(commands) == {"score", "test"}
    script = ROOT / ".ci" / "run"
    if not script.exists() or sys.platform == "win32":
        pytest.skip("a source distribution, or no shell")
    for name, command in commands.items():
        assert "\n" not in command
        shown = subprocess.run([script, "--show", name], capture_output=True, text=True, check=True)
        assert shown.stdout.rstrip("\n") == command
    assert subprocess.run([script, "--show", "missing"], capture_output=True).returncode != 0


def test_relative_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
