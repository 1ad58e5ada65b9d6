"""The examples of docs/guides/pytorch.md, and the script that checks a GPU, on the CPU."""

import doctest
import pathlib
import re

import pytest

from tests.torch.samples import fastloss, torch

ROOT = pathlib.Path(__file__).parents[2]
BLOCK = re.compile(r"^```py\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_examples():
    text = (ROOT / "docs/guides/pytorch.md").read_text()
    source = "\n".join(BLOCK.findall(text))
    for large, small in (("1_000_000", "20_000"), ("% 512", "% 32"), ("(512,", "(32,"), ("8192", "512")):
        assert large in source
        source = source.replace(large, small)
    test = doctest.DocTestParser().get_doctest(source, {}, "pytorch.md", None, 0)
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=output.append)
    assert result.attempted > 20
    assert result.failed == 0, "".join(output)


@pytest.fixture
def script():
    return pytest.importorskip("bench.gpu_torch")


def test_checks_of_a_gpu_pass_on_the_cpu(script):
    for check in script.CHECKS:
        assert check("cpu")
    assert "differs from the CPU by 0.0e+00" in script.check_loss(fastloss.pairwise_logistic_loss, "cpu")


def test_checks_of_a_gpu_fail(script, monkeypatch, capsys):
    monkeypatch.setattr(fastloss.torch, "mse_loss", lambda *args, **words: torch.zeros(()))
    assert not script.said("devices", lambda: script.check_devices("cpu"))
    assert "FAILED: AssertionError: not refused" in capsys.readouterr().out
