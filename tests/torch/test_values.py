"""Values and gradients are those of the loss itself, to the bit, in every dtype and layout."""

import numpy as np
import pytest

from tests.torch.samples import calls, fastloss, torch

ALL = calls()


def agrees(result, expected):
    np.testing.assert_array_equal(result.detach().numpy(), expected)


@pytest.mark.parametrize("call", ALL, ids=str)
def test_results_are_those_of_the_loss(call):
    for reduction in call.loss.reductions:
        inputs = call.inputs()
        value = call.run(*inputs, reduction=reduction)
        expected, gradients = call.direct(reduction=reduction)
        agrees(value, expected)
        value.nansum().backward()
        given = {**call.given, **call.sides}
        by = call.loss.gradients_by({name: one for name, one in given.items() if one is not None})
        gradient_of = dict(zip(by, gradients if isinstance(gradients, tuple) else (gradients,), strict=False))
        for name, one in zip(call.by, inputs, strict=True):
            agrees(one.grad, np.reshape(gradient_of[name], tuple(one.shape)))
        with torch.no_grad():
            agrees(call.run(*inputs, reduction=reduction), call.direct("value", reduction=reduction))


SOME = ("mse_loss", "cross_entropy", "pairwise_logistic_loss", "bpr_loss", "info_nce_loss", "batch_all_triplet_loss")


@pytest.fixture
def call(name):
    return next(one for one in ALL if one.loss.name == name)


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_halves_are_computed_in_single_precision(call, dtype):
    inputs = [one.detach().to(dtype).requires_grad_() for one in call.inputs()]
    value = call.run(*inputs)
    value.backward()
    wide = [one.detach().float().requires_grad_() for one in inputs]
    expected = call.run(*wide)
    expected.backward()
    assert value.dtype == dtype and torch.equal(value, expected.to(dtype))
    for one, other in zip(inputs, wide, strict=True):
        assert one.grad.dtype == dtype and torch.equal(one.grad, other.grad.to(dtype))


@pytest.mark.parametrize("name", SOME)
def test_strided_tensors(call):
    inputs = call.inputs()
    strided = []
    for one in inputs:
        apart = torch.zeros(*one.shape, 3, dtype=one.dtype)
        apart[..., 1] = one.detach()
        strided.append(apart.requires_grad_())
    value = call.run(*(one[..., 1] for one in strided))
    value.backward()
    expected = call.run(*inputs)
    expected.backward()
    assert torch.equal(value, expected)
    for one, other in zip(strided, inputs, strict=True):
        assert torch.equal(one.grad[..., 1], other.grad)
        assert not one.grad[..., 0].any()


def test_dtype_of_the_value_is_that_of_the_predictions():
    single, double = torch.zeros(3), torch.ones(3, dtype=torch.float64)
    assert fastloss.torch.mse_loss(single, double).dtype == torch.float32
    assert fastloss.torch.mse_loss(double, single).dtype == torch.float64
    assert fastloss.torch.margin_ranking_loss(single, double, single + 1).dtype == torch.float64


def test_autocast_computes_in_single_precision():
    """As it does PyTorch's own losses."""
    layer, targets = torch.nn.Linear(4, 3), torch.tensor([0, 2])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = layer(torch.ones(2, 4))
        loss = fastloss.torch.cross_entropy(logits, targets)
        assert (logits.dtype, loss.dtype) == (torch.bfloat16, torch.float32)
    loss.backward()
    assert layer.weight.grad.dtype == torch.float32 and layer.weight.grad.abs().sum() > 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert fastloss.torch.mse_loss(*torch.ones(2, 3, dtype=torch.float64)).dtype == torch.float64


@pytest.mark.parametrize("what", ["value", "value_and_grad"])
def test_the_memory_of_tensors_is_read_and_that_of_gradients_returned(monkeypatch, what):
    """No copy of arguments, and none of gradients: the arrays that the loss gets and makes are the tensors' memory."""
    seen = []
    original = fastloss.mse_loss._quietly

    def spy(asked, args, kwargs):
        result = original(asked, args, kwargs)
        seen.append((asked, [one.ctypes.data for one in args], result))
        return result

    monkeypatch.setattr(fastloss.mse_loss, "_quietly", spy)
    x, y = torch.rand(10, requires_grad=what == "value_and_grad"), torch.rand(10)
    outputs = torch.ops.fastloss.mse_loss(x, y, None, "mean", what == "value_and_grad")
    ((asked, read, result),) = seen
    assert asked == what and read == [x.data_ptr(), y.data_ptr()]
    if what == "value_and_grad":
        assert outputs[1].data_ptr() == result[1].ctypes.data


def test_counts():
    x, y = torch.tensor([2.0, 1.0, 3.0, 0.0]), torch.tensor([1, 0, 0, 1])
    value, count = fastloss.torch.pairwise_logistic_loss(x, y, with_counts=True)
    assert int(count) == 4 and value == fastloss.torch.pairwise_logistic_loss(x, y)
    groups = torch.tensor([0, 0, 1, 1])
    _, counts = fastloss.torch.pairwise_hinge_loss(x, y, groups=groups, reduction="per_group", with_counts=True)
    assert counts.tolist() == [1, 1]
    words = {"groups": torch.tensor([0, 0, 1, 2]), "with_counts": True}
    compiled = torch.compile(fastloss.torch.lambdarank_loss, backend="aot_eager")
    for loss in (fastloss.torch.lambdarank_loss, compiled):
        value, counts = loss(x, y, **words)
        assert counts.tolist() == [1, 2] and value == fastloss.torch.lambdarank_loss(x[:2], y[:2])
    assert fastloss.torch.lambdarank_loss(x, y, reduction="per_group", **words)[1].tolist() == [1, 0, 0]
    rows, labels = torch.tensor([[0.0], [2.0], [1.0]]), torch.tensor([0, 0, 1])
    value, counts = fastloss.torch.batch_all_triplet_loss(rows.requires_grad_(), labels, with_counts=True)
    assert counts.tolist() == list(fastloss.batch_all_triplet_loss(rows.detach(), labels, with_counts=True)[1])
    value.backward()
    assert rows.grad.abs().sum() > 0


def test_gradients_by_the_parameters_of_a_penalty():
    params = [torch.rand(3, requires_grad=True), torch.rand(2, 2, requires_grad=True)]
    fastloss.torch.bpr_loss(torch.rand(4), torch.rand(4), reg=0.5, params=params).backward()
    for one in params:
        torch.testing.assert_close(one.grad, one.detach(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_nothing(reduction):
    for name, target in (("mse_loss", torch.zeros(0)), ("pairwise_logistic_loss", torch.zeros(0))):
        x = torch.zeros(0, requires_grad=True)
        value = getattr(fastloss.torch, name)(x, target, reduction=reduction)
        assert value.sum() == 0.0
        value.sum().backward()
        assert x.grad.shape == (0,)


def test_a_single_number():
    x = torch.tensor(1.0, requires_grad=True)
    loss = fastloss.torch.mse_loss(x, torch.tensor(3.0))
    loss.backward()
    assert (loss.item(), x.grad.item()) == (4.0, -4.0)
