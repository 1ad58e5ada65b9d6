"""Docstrings: every public function documents each of its parameters once, in order; shared blocks are filled in."""

import inspect
import re
import subprocess
import sys

import pytest

import fastloss
from fastloss.core import docstrings
from fastloss.core.docstrings import Keyword
from fastloss.core.loss import REGISTRY, Loss

FUNCTIONS = [name for name in fastloss.__all__ if inspect.isfunction(getattr(fastloss, name))]
SIGNATURE = inspect.signature(lambda x, y, *, other=None, level=0.5: None)
LEVEL = Keyword("level", 0.5, "float in (0, 1)", "How much.\nAs a share.")


def complaints(text: str | None, signature: inspect.Signature) -> list[str]:
    """Return what is wrong with the parameters that a docstring documents."""
    text = inspect.cleandoc(text or "")
    entries = docstrings.entries(docstrings.parted(text)[1])
    found = [name.lstrip("*") for names, _ in entries for name in names if name]
    wanted = list(signature.parameters)
    wrong = [f"{name} is missing" for name in wanted if name not in found]
    wrong += [f"{name} is unknown" for name in found if name not in wanted]
    wrong += [f"{name} is documented twice" for name in wanted if found.count(name) > 1]
    if not wrong and found != wanted:
        wrong.append(f"the order is {', '.join(found)}")
    return wrong + [f"{{{name}}} is not filled" for _, name in docstrings.PLACEHOLDER.findall(text)]


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("method", ["", "value_and_grad", "grad_hess"])
def test_losses_document_their_parameters(name, method):
    loss = REGISTRY[name]
    one = getattr(loss, method) if method else loss
    assert complaints(one.__doc__, loss.__signature__) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_document_their_parameters(name):
    function = getattr(fastloss, name)
    assert complaints(function.__doc__, inspect.signature(function)) == []


RIGHT = """Do it.

    Parameters
    ----------
    x, y : array_like
        Numbers.
    level : float

    Returns
    -------
    float
    """


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("x, y", "x", "y is missing"),
        ("x, y", "x, y, z", "z is unknown"),
        ("level : float", "level : float\n    x : float", "x is documented twice"),
        ("x, y", "y, x", "the order is y, x, level"),
        ("level : float", "level : float\n        {unknown}", "{unknown} is not filled"),
    ],
)
def test_a_wrong_docstring_is_found(old, new, complaint):
    signature = inspect.signature(lambda x, y, level: None)
    assert complaints(RIGHT, signature) == []
    assert complaint in complaints(RIGHT.replace(old, new), signature)


def test_keywords_follow_the_parameters():
    text = docstrings.completed(RIGHT.replace("    level : float\n", ""), [LEVEL], SIGNATURE)
    assert "    Numbers.\nlevel : float in (0, 1), default 0.5\n    How much.\n    As a share.\n\nReturns\n" in text


def test_a_loss_may_document_a_keyword_itself():
    other = Keyword("other", None, "int", "Another.")
    text = docstrings.completed(RIGHT, [other, LEVEL], SIGNATURE)
    assert "other : int\n    Another.\nlevel : float, default 0.5\n\nReturns" in text
    assert "How much" not in text


@pytest.mark.parametrize(
    ("head", "default", "expected"),
    [
        ("x : float > 0", 0.5, "x : float > 0, default 0.5\n    One."),
        ('x : {"a", "b"}', "a", 'x : {"a", "b"}, default "a"\n    One.'),
        ("x : bool", False, "x : bool, default False\n    One."),
        ("x : float, optional", 0.5, "x : float, optional\n    One."),
        ("x : float", None, "x : float\n    One."),
        ("x : float", inspect.Parameter.empty, "x : float\n    One."),
        ("y : float", 0.5, "y : float\n    One."),
    ],
)
def test_defaults_are_said(head, default, expected):
    one = inspect.Parameter("x", inspect.Parameter.KEYWORD_ONLY, default=default)
    assert docstrings.with_default(f"{head}\n    One.", inspect.Signature([one])) == expected


def test_placeholders_are_filled(monkeypatch):
    monkeypatch.setattr(docstrings, "BLOCKS", {})
    docstrings.share(numbers="x : array_like\n    Numbers.\ny : array_like\n    More.")
    text = docstrings.completed(RIGHT.replace("x, y : array_like\n        Numbers.", "{numbers}"), [LEVEL], SIGNATURE)
    assert "x : array_like\n    Numbers.\ny : array_like\n    More.\nlevel : float, default 0.5\n" in text
    with pytest.raises(ValueError, match="there is another block 'numbers'"):
        docstrings.share(numbers="x : array_like")


def test_methods_show_parameters_and_notes():
    text = inspect.getdoc(fastloss.l1_loss.value_and_grad)
    assert re.search(r"(?s)Parameters\n-+\ninput, target .*\nbackend .*\n\nReturns\n-+\nvalue .*gradient ", text)
    notes, _, examples = text.partition("\n\nExamples\n--------\n")
    assert notes.endswith("Notes\n-----\nThe slope at a = 0 is 0.")
    assert "l1_loss.value_and_grad(" in examples
    assert "Examples" not in inspect.getdoc(fastloss.l1_loss.grad_hess)


def test_a_docstring_without_parameters_stays():
    assert docstrings.completed("One sentence.", [LEVEL], SIGNATURE) == "One sentence."
    assert docstrings.of_method(Loss.grad_hess.__doc__, "One sentence.", "grad_hess") == inspect.cleandoc(
        Loss.grad_hess.__doc__
    )


def test_without_docstrings():
    code = "import fastloss; print(fastloss.mse_loss.__doc__, fastloss.mse_loss([1.0], [3.0]))"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True)
    assert done.stdout == "None 4.0\n", done.stderr
