"""Modules: parameters given once, state, copies; names of the package."""

import copy
import inspect
import pickle

import pytest

from fastloss.core.loss import REGISTRY
from fastloss.torch.modules import class_name
from tests.torch.samples import Call, fastloss, first_calls, torch

ft = fastloss.torch


@pytest.mark.parametrize("call", first_calls(), ids=str)
def test_a_module_of_every_loss(call: Call):
    loss = call.loss
    words = {name: value for name, value in call.given.items() if name not in loss.arguments}
    arguments = {name: value for name, value in call.given.items() if name in loss.arguments}
    settings = {name: value for name, value in words.items() if not isinstance(value, (torch.Tensor, tuple))}
    module = getattr(ft, class_name(loss.name))(**settings)
    rest = {name: value for name, value in words.items() if name not in settings}
    assert torch.equal(module(**arguments, **rest), call.run(*(call.given[name] for name in call.by)))
    assert module.state_dict() == {} and list(module.parameters()) == []
    again = pickle.loads(pickle.dumps(module))
    assert type(again) is type(module) and repr(again) == repr(module)
    assert type(module).__name__ in dir(ft) and loss.name in dir(ft)


def test_what_a_call_gives_has_the_last_word():
    module = ft.HuberLoss(delta=2.0, reduction="sum")
    x, y = torch.tensor([0.0, 5.0]), torch.zeros(2)
    assert repr(module) == "HuberLoss(delta=2.0, reduction='sum')"
    assert module(x, y) == ft.huber_loss(x, y, delta=2.0, reduction="sum")
    assert module(x, y, delta=1.0) == ft.huber_loss(x, y, delta=1.0, reduction="sum")
    module.delta = 3.0
    assert module(x, y) == ft.huber_loss(x, y, delta=3.0, reduction="sum")


def test_weights_of_classes_are_buffers():
    module = ft.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]))
    assert list(module.state_dict()) == ["weight"] and list(module.parameters()) == []
    assert module.double().weight.dtype == torch.float64
    x, target = torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([0, 1])
    torch.testing.assert_close(module(x, target), torch.nn.CrossEntropyLoss(torch.tensor([1.0, 3.0]))(x, target))


def test_a_temperature_is_learnt():
    module = ft.InfoNceLoss(temperature=torch.nn.Parameter(torch.tensor(1.0)))
    assert [name for name, _ in module.named_parameters()] == ["temperature"]
    rows = torch.eye(4) + 0.1
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        optimiser.zero_grad()
        loss = module(rows, rows)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > losses[1] > losses[2] and module.temperature < 1.0
    other = copy.deepcopy(module)
    assert other.temperature is not module.temperature and other.temperature == module.temperature


def test_signatures_and_documentation():
    for name, loss in REGISTRY.items():
        function = getattr(ft, name)
        expected = [one for one in loss.__signature__.parameters if one not in ("backend", "wrt", "return_ids")]
        assert list(inspect.signature(function).parameters) == expected
        assert loss.summary in function.__doc__ and "array_like" not in function.__doc__
        assert pickle.loads(pickle.dumps(function)) is function
    assert "reduction" in inspect.signature(ft.MseLoss).parameters
    assert "input" not in inspect.signature(ft.MseLoss).parameters


def test_the_stub_is_current():
    stub = pytest.importorskip("tools.torch_stub")
    assert stub.STUB.read_text() == stub.text()


def test_names_of_modules():
    assert class_name("pairwise_logistic_loss") == "PairwiseLogisticLoss"
    assert class_name("entropy") == "EntropyLoss"
    assert len({class_name(name) for name in REGISTRY}) == len(REGISTRY)
