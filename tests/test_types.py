"""What type checkers and editors are told: the stub is that of the registry, and wrong calls are type errors."""

import inspect
import pickle
import pydoc
import subprocess
import sys

import pytest

import fastloss
from fastloss.core.loss import REGISTRY
from fastloss.pointwise.loss import pointwise
from tools import stub

CALL = """
import fastloss

fastloss.pairwise_logistic_loss.value_and_grad([0.5, 1.0], [0, 1], groups=[1, 1], reduction="per_group")
fastloss.huber_loss.grad_hess([0.5], [1.0], delta=2.0, sample_weight=[1.0])
fastloss.accumulate("mse_loss")
fastloss.set_num_threads(2)

import fastloss.dask

fastloss.dask.pairwise_logistic_loss.value_and_grad(..., ..., groups=..., reduction="sum", method="fast")
fastloss.dask.auc(..., ...)
"""
WRONG = {
    "fastloss.mse_loss([0.5], [1.0], weights=[1.0])": "weights",
    'fastloss.mse_loss([0.5], [1.0], reduction="means")': "reduction",
    'fastloss.mse_loss([0.5], [1.0], reduction="per_group")': "reduction",
    "fastloss.mse_loss.value_and_grad([0.5])": "target",
    'fastloss.huber_loss.grad_hess([0.5], [1.0], delta="2")': "delta",
    'fastloss.kl_divergence([[1.0]], [[1.0]], wrt="both_of_them")': "wrt",
    "fastloss.no_such_loss([0.5], [1.0])": "no_such_loss",
    'fastloss.dask.mse_loss(..., ..., reduction="means")': "reduction",
    "fastloss.dask.no_such_loss(..., ...)": "no_such_loss",
}


@pytest.mark.parametrize("one", stub.STUBS, ids=lambda one: one.file)
def test_stubs_are_current(one):
    assert (stub.PACKAGE / one.file).read_text() == stub.text(one)


def test_the_stub_has_every_public_name():
    text = stub.text(stub.STUBS[0])
    assert all(f" as {name}\n" in text or f"\n{name}: " in text for name in fastloss.__all__)


def test_wrong_calls_are_type_errors(tmp_path):
    pytest.importorskip("mypy")
    code = CALL + "\n".join(WRONG)
    path = tmp_path / "calls.py"
    path.write_text(code)
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), str(path)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout.splitlines()
    first = CALL.count("\n") + 1
    found = {int(line.split(":")[1]): line for line in said if ": error: " in line}
    assert sorted(found) == list(range(first, first + len(WRONG))), said
    for at, word in enumerate(WRONG.values(), first):
        assert word in found[at]


def test_the_stub_of_dask_has_every_loss():
    dask = pytest.importorskip("fastloss.dask", exc_type=ImportError)
    text = stub.text(stub.STUBS[1])
    assert all(f"\n{name}: " in text for name in dask.__all__)


def test_what_completion_offers_is_public():
    assert {name for name in dir(fastloss) if not name.startswith("__")} == set(fastloss.__all__)
    assert set(REGISTRY) <= set(dir(fastloss))


@pytest.mark.parametrize("name", ["fastloss", "fastloss.dask"])
def test_every_way_of_calling_a_loss_has_its_keywords(name):
    """What `help`, IPython and Jupyter show; also of a loss that is declared outside the package."""
    module = pytest.importorskip(name, exc_type=ImportError)

    @pointwise(lambda x, t: x - t, lambda x, t: 1.0, reference="none")
    def shown_loss(input, target):
        """Difference."""

    try:
        own = shown_loss if name == "fastloss" else module.shown_loss
        for loss in (own, module.pairwise_logistic_loss):
            expected = list(inspect.signature(REGISTRY[loss.__name__].function).parameters)
            expected += [keyword.name for keyword in REGISTRY[loss.__name__].keywords]
            for call in (loss, loss.value_and_grad, loss.grad_hess):
                assert list(inspect.signature(call).parameters) == expected
        assert "\n    sigma : " in pydoc.render_doc(loss.value_and_grad, renderer=pydoc.plaintext)
        assert pickle.loads(pickle.dumps(own)).__signature__ == own.__signature__
    finally:
        del REGISTRY["shown_loss"]
        vars(module).pop("shown_loss", None)
