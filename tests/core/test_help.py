"""What `help()` shows: each parameter of every public callable with its meaning, and an example of what it takes."""

import importlib
import inspect
import pydoc
import re

import pytest

import fastloss
from fastloss import metrics
from fastloss.core.docstrings import EXAMPLES, entries, parted
from fastloss.core.loss import REGISTRY

RESULTS = ("Loss", "GroupCounts", "GroupSummary", "RetrievalRanks")  # classes that users do not call
FUNCTIONS = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (fastloss, metrics)
    for name in module.__all__
    if callable(getattr(module, name)) and name not in (*REGISTRY, *RESULTS)
}
STATES = {
    "additive": fastloss.accumulate("mse_loss"),
    "examples": fastloss.accumulate("cross_entropy"),
    "grouped": fastloss.accumulate("pairwise_hinge_loss", grouped=True),
    "all_pairs": fastloss.accumulate("pairwise_logistic_loss"),
}
METHODS = ("update", "result", "weight", "gradient", "merge", "to_bytes", "from_bytes")  # of states
OTHERS = {  # modules for other libraries, what they need, and their public functions
    "boosting": ("numpy", ("group_sizes", "metric", "objective")),
    "dask": ("dask", ("auc", "count_inversions", *REGISTRY)),
    "jax": ("jax", tuple(REGISTRY)),
    "ray": ("ray", ("Aggregate", "per_group", "score")),
    "sklearn": ("sklearn", ("scorer",)),
    "spark": ("pyspark", ("per_group", "score")),
    "testing": ("numpy", ("check_loss", "checks")),
    "torch": ("torch", tuple(REGISTRY)),
}


def unexplained(one: object) -> list[str]:
    """Return the parameters of which `help()` does not say what they mean."""
    text = pydoc.render_doc(one, renderer=pydoc.plaintext).partition("\n\n")[2]
    text = inspect.cleandoc("\n" + re.sub(r"^ \|  ?", "", text, flags=re.MULTILINE).partition("\n")[2])
    listed = entries(parted(text).parameters)
    said = {name.lstrip("*") for names, entry in listed if "\n    " in entry for name in names}
    return [name for name in inspect.signature(one).parameters if name not in said]


def without_example(one: object, *calls: str) -> list[str]:
    """Return what no example of a docstring has; groups only if there are any."""
    examples = inspect.cleandoc(one.__doc__ or "").partition(EXAMPLES)[2]
    groups = ["groups="] if "groups" in inspect.signature(one).parameters else []
    return [call for call in (*calls, *groups) if call not in examples]


@pytest.mark.parametrize("name", REGISTRY)
def test_losses(name):
    loss = REGISTRY[name]
    assert {one: wrong for one in (loss, loss.value_and_grad, loss.grad_hess) if (wrong := unexplained(one))} == {}
    assert without_example(loss, f"{name}.value_and_grad(") == []
    assert without_example(loss.value_and_grad, f"{name}.value_and_grad(") == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    assert unexplained(FUNCTIONS[name]) == []
    assert without_example(FUNCTIONS[name]) == []


@pytest.mark.parametrize("name", STATES)
def test_states(name):
    methods = [getattr(STATES[name], method) for method in METHODS]
    assert {one.__name__: wrong for one in methods if (wrong := unexplained(one))} == {}


@pytest.mark.parametrize("module", OTHERS)
def test_modules_of_other_libraries(module):
    library, names = OTHERS[module]
    pytest.importorskip(library)
    found = importlib.import_module(f"fastloss.{module}")
    assert {name: wrong for name in names if (wrong := unexplained(getattr(found, name)))} == {}


def test_modules_of_pytorch():
    pytest.importorskip("torch")
    import fastloss.torch
    from fastloss.torch.modules import class_name

    modules = [getattr(fastloss.torch, class_name(name)) for name in REGISTRY]
    assert {one.__name__: wrong for one in modules if (wrong := unexplained(one))} == {}


def scaled(x, *, factor=1.0, groups=None):
    """Scale numbers.

    Parameters
    ----------
    x : array_like
        Numbers.
    factor : float
        What they are multiplied by.
    groups : array_like
        Ids.

    Examples
    --------
    >>> scaled([1.0], groups=[1])
    """


def test_right_help_is_right():
    assert unexplained(scaled) == []
    assert without_example(scaled, "scaled(") == []


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("    factor : float\n        What they are multiplied by.\n", "", ["factor"]),
        ("        What they are multiplied by.\n", "", ["factor"]),
        ("    x : array_like\n        Numbers.\n", "", ["x"]),
    ],
)
def test_a_parameter_that_is_not_explained_is_found(monkeypatch, old, new, missing):
    assert old in scaled.__doc__
    monkeypatch.setattr(scaled, "__doc__", scaled.__doc__.replace(old, new))
    assert unexplained(scaled) == missing


def test_a_missing_example_is_found(monkeypatch):
    assert without_example(scaled, "value_and_grad(") == ["value_and_grad("]
    monkeypatch.setattr(scaled, "__doc__", scaled.__doc__.replace(", groups=[1]", ""))
    assert without_example(scaled) == ["groups="]
