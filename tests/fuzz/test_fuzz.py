"""A short run of `tests.fuzz`, and for each of its properties a loss that breaks it."""

import dataclasses
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

import fastloss
from fastloss.core.loss import REGISTRY
from tests.fuzz import __main__ as script
from tests.fuzz import properties, states, values
from tests.fuzz.calls import Call, draw
from tests.fuzz.forms import form, forms

CALLS = 6  # of each loss


def test_every_loss_has_a_form():
    assert all(forms(loss) for loss in REGISTRY.values())
    with pytest.raises(LookupError, match="write one"):
        forms(dataclasses.make_dataclass("Other", [("name", str)])("other_loss"))


@pytest.mark.parametrize("name", script.targets())
def test_a_few_calls(name):
    """Lean ones: they need few kernels that no other test needs."""
    for number in range(CALLS):
        text, failures = script.tried(f"{name}:0:{number}", lean=True)
        assert not failures, f"python -m tests.fuzz --case {name}:0:{number}: {text}"


def test_a_key_is_a_call():
    for name in ("mse_loss", "info_nce_loss", "pairwise_hinge_loss"):
        assert str(draw(f"{name}:1:2")[0]) == str(draw(f"{name}:1:2")[0])
        assert str(draw(f"{name}:1:2")[0]) != str(draw(f"{name}:1:3")[0])


class Fake:
    """A squared error with a fault in it, called as a loss is."""

    name, shape, has_curvature, parameters, defaults = "mse_loss", "pointwise", False, {}, {}
    arguments = ("input", "target")

    def __init__(self, value=None, gradient=None):
        self._value, self._gradient = value or self.right, gradient or self.slope
        self.__signature__ = fastloss.mse_loss.__signature__

    @staticmethod
    def right(input, target, sample_weight=None, reduction="mean"):
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"reduction is {reduction!r}")
        each = (np.asarray(input, float) - target) ** 2
        weights = np.ones(each.shape) if sample_weight is None else np.asarray(sample_weight, float)
        each = each * weights
        if reduction == "none":
            return each
        return float(each.sum() if reduction == "sum" else each.sum() / max(weights.sum(), 1e-300))

    @staticmethod
    def slope(input, target, sample_weight=None, reduction="mean"):
        weights = np.ones(np.shape(input)) if sample_weight is None else np.asarray(sample_weight, float)
        return 2.0 * (input - target) * weights / (max(weights.sum(), 1e-300) if reduction == "mean" else 1.0)

    def __call__(self, *args, **words):
        return self._value(*args, **words)

    def value_and_grad(self, *args, **words):
        return self._value(*args, **words), self._gradient(*args, **words)


def fake_call(value=None, gradient=None, **words) -> Call:
    arguments = {"input": np.array([0.5, 2.0, -1.0, 3.0]), "target": np.array([0.0, 1.0, 1.5, -0.5])}
    call = Call(
        "mse_loss:0:0",
        Fake(value, gradient),
        arguments,
        {"sample_weight": np.array([1.0, 0.5, 2.0, 1.5])},
        form(input="N", target="N"),
        {"N": 4},
        "plain",
        {"input": "N", "target": "N"},
    )
    return dataclasses.replace(call, **words)


def looked_at(holds, call, tries=20):
    """What a property finds, over a few generators."""
    return (text for seed in range(tries) for text in holds(call, np.random.default_rng(seed)))


def test_nothing_is_wrong_with_what_is_right():
    for holds in properties.PROPERTIES:
        if holds is not properties.threads_agree:
            assert list(looked_at(holds, fake_call(), 5)) == []


def writing(input, target, **words):
    result = Fake.right(input, target, **words)
    input[0] = 7.0
    return result


def warning(input, target, **words):
    warnings.warn("overflow", UserWarning, stacklevel=1)
    return Fake.right(input, target, **words)


def key_error(input, target, **words):
    raise KeyError("input")


def without_name(input, target, **words):
    raise ValueError("could not broadcast")


def refusing(input, target, **words):
    raise ValueError("input is not to my taste")


def unwritten(input, target, **words):
    return np.empty(1)[0]


def unwritten_rest(input, target, **words):
    made = np.empty_like(input)
    made[0] = 1.0
    return made


def twice_as_much(input, target, **words):
    return 2.0 * Fake.right(input, target, **words)


def wrong_sum(input, target, reduction="mean", **words):
    return Fake.right(input, target, reduction=reduction, **words) * (1.0 + 1e-9 * (reduction == "sum"))


def wrong_mean(input, target, reduction="mean", **words):
    return Fake.right(input, target, reduction=reduction, **words) * (1.0 + 1e-9 * (reduction == "mean"))


def by_position(input, target, **words):
    return Fake.right(np.asarray(input) * np.arange(1, len(input) + 1), target, **words)


def unweighted(input, target, reduction="mean", sample_weight=None):
    return Fake.right(input, target, reduction=reduction)


def without_nan(input, target, **words):
    return Fake.right(np.nan_to_num(input), np.nan_to_num(target), **words)


def unmasked(input, target, **words):
    return Fake.right(np.asarray(input), np.asarray(target), **words)


def half_as_steep(input, target, **words):
    return 0.5 * Fake.slope(input, target, **words)


def of_another_shape(input, target, **words):
    return np.zeros(len(input) + 1)


MASKED = {"input": np.ma.masked_array([1.0, 2.0], [False, True]), "target": np.zeros(2)}
FAULTS = [
    (properties.every_way, "input has been written to", fake_call(writing)),
    (properties.every_way, "raises UserWarning", fake_call(warning)),
    (properties.every_way, "raises KeyError", fake_call(key_error)),
    (properties.every_way, "raises ValueError 'could not broadcast'", fake_call(without_name)),
    (properties.every_way, "is refused although all is ordinary", fake_call(refusing)),
    (properties.every_way, "depends on memory that nobody wrote", fake_call(unwritten)),
    (properties.every_way, "depends on memory that nobody wrote", fake_call(gradient=unwritten_rest)),
    (properties.every_way, "a gradient has shape (5,)", fake_call(gradient=of_another_shape)),
    (properties.every_way, "gives an array of shape (4,)", fake_call(lambda *a, **k: np.zeros(4))),
    (properties.reductions_agree, "sum and sum of none", fake_call(wrong_sum)),
    (properties.any_order, "rows in another order", fake_call(by_position)),
    (properties.any_order, "gradients in another order", fake_call(gradient=lambda *a, **k: np.arange(4.0))),
    (properties.weights_repeat, "and of rows repeated", fake_call(unweighted)),
    (properties.nan_comes_out, "a NaN in", fake_call(without_nan, keywords={})),
    (properties.nan_comes_out, "a gradient without NaN", fake_call(gradient=lambda *a, **k: np.zeros(4), keywords={})),
    (properties.slopes_are_right, "along a direction", fake_call(gradient=half_as_steep)),
    (properties.masks_are_refused, "the mask of input is dropped", fake_call(unmasked, arguments=MASKED, keywords={})),
]


@pytest.mark.parametrize(("holds", "text", "call"), FAULTS, ids=[f"{one[0].__name__}-{one[1]}" for one in FAULTS])
def test_a_fault_is_found(holds, text, call):
    assert any(text in one for one in looked_at(holds, call))


def test_two_entry_points_that_differ_are_found():
    call = fake_call()
    call.loss.value_and_grad = lambda *args, **words: (twice_as_much(*args, **words), Fake.slope(*args, **words))
    assert any("value and value_and_grad" in one for one in looked_at(properties.every_way, call))


def test_a_mean_by_another_weight_is_found():
    call = dataclasses.replace(draw("mse_loss:0:1")[0], keywords={}, tampered=False)
    call = call.replaced(input=np.arange(4.0), target=np.ones(4))
    call.sizes["S"] = (4,)
    assert list(looked_at(properties.reductions_agree, call)) == []
    call.loss = type("Wrong", (type(call.loss),), {"__init__": lambda self: None, "__call__": None})()
    vars(call.loss).update(vars(fastloss.mse_loss))
    type(call.loss).__call__ = lambda self, *args, **words: wrong_mean(*args, **words)
    assert any("mean and sum / weight" in one for one in looked_at(properties.reductions_agree, call))


def test_methods_that_differ_are_found():
    def value(input, target, method="auto", **words):
        return Fake.right(input, target, **words) * (1.0 + 1e-8 * (method == "fast"))

    call = fake_call(value, gradient=lambda input, target, method="auto", **words: Fake.slope(input, target, **words))
    call.loss.has_fast = True
    assert any("direct and fast" in one for one in looked_at(properties.methods_agree, call))


@pytest.mark.compiled
def test_threads_that_differ_are_found():
    call = fake_call(lambda *args, **words: float(fastloss.get_num_threads()))
    assert any("one thread gives" in one for one in looked_at(properties.threads_agree, call))


@pytest.mark.parametrize("name", ["auc", "count_inversions"])
def test_wrong_counts_are_found(name, monkeypatch):
    real = getattr(fastloss, name)
    monkeypatch.setattr(fastloss, name, lambda *args, **words: real(*args, **words) + 1)
    assert any("expected" in one for number in range(10) for one in states.counts(f"{name}:0:{number}")[1])


def test_wrong_states_are_found(monkeypatch):
    real = states.Accumulator.result
    monkeypatch.setattr(states.Accumulator, "result", lambda self, reduction="mean": real(self, reduction) + 1.0)
    found = (one for number in range(40) for one in states.states(f"accumulate:0:{number}")[1])
    assert any("the state gives" in one for one in found)


def test_states_that_a_refused_batch_changes_are_found(monkeypatch):
    real = states.Accumulator.update

    kept = {}

    def update(self, *args, **words):
        try:
            real(self, *args, **words)
            kept[self.loss.name] = args, words
        except Exception:
            if self.loss.name in kept:  # the batch before once more
                real(self, *kept[self.loss.name][0], **kept[self.loss.name][1])
            raise

    monkeypatch.setattr(states.Accumulator, "update", update)
    found = (one for number in range(100) for one in states.states(f"accumulate:0:{number}")[1])
    assert any("but the state is another" in one for one in found)


def test_layouts_keep_the_numbers():
    array = np.arange(6.0).reshape(2, 3)
    for name, lay in values.LAYOUTS.items():
        np.testing.assert_array_equal(np.asarray(lay(array)), array, err_msg=name)


def test_a_process_that_dies_is_a_failure(monkeypatch, capsys):
    """The run goes on behind the call."""
    killed = (
        "import os, sys; first = int(sys.argv[1]);\n"
        "for at in range(first, 6):\n"
        "    print(f'> auc:1:{at}', flush=True)\n"
        "    if at == 2: os.kill(os.getpid(), 11)\n"
        "print('done', flush=True)"
    )
    started = []

    def popen(command, **words):
        first = command[command.index("--work") + 1].split(":")[0]
        started.append(int(first))
        return subprocess.Popen([sys.executable, "-c", killed, first], **words)

    monkeypatch.setattr(
        script, "subprocess", type("Module", (), {"Popen": staticmethod(popen), "PIPE": subprocess.PIPE})
    )
    assert script.run(["auc"], 1, 6, 1.0) == 1
    assert started == [0, 3]
    assert f"auc:1:2 | the process ends with code {-signal.SIGSEGV}" in capsys.readouterr().out


def test_a_call_without_end_is_a_failure(monkeypatch, capsys):
    def popen(command, **words):
        return subprocess.Popen(
            [sys.executable, "-c", "import time; print('> auc:1:0', flush=True); time.sleep(60)"], **words
        )

    monkeypatch.setattr(script, "STUCK", 2.0)
    monkeypatch.setattr(
        script, "subprocess", type("Module", (), {"Popen": staticmethod(popen), "PIPE": subprocess.PIPE})
    )
    assert script.run(["auc"], 1, 1, 1.0) == 1
    assert "auc:1:0 | stuck" in capsys.readouterr().out


def test_the_script(capsys, monkeypatch):
    """From the command line: one call again by its key."""
    monkeypatch.setattr(sys, "argv", ["tests.fuzz", "--case", "auc:0:0"])
    for failures, text in (([], "nothing is wrong"), (["a failure"], "a failure")):
        monkeypatch.setattr(script, "tried", lambda key, found=failures: (f"the call of {key}", found))
        assert script.main() == bool(failures)
        assert capsys.readouterr().out == f"the call of auc:0:0\n{text}\n"
