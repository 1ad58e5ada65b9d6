"""Gradients against finite differences: incoming ones that differ from loss to loss, and second derivatives."""

import numpy as np
import pytest

from fastloss.core.loss import REGISTRY
from tests.torch.samples import Call, calls, fastloss, first_calls, torch

SMOOTH = [call for call in first_calls() if call.loss.has_diagonal_curvature]


@pytest.mark.parametrize("call", first_calls(), ids=str)
def test_finite_differences_of_each_reduction(call):
    check(call, *call.loss.reductions)


@pytest.mark.parametrize("call", calls(), ids=str)
def test_finite_differences(call):
    """`gradcheck` sends a gradient into each loss alone, so that the reduction that keeps them tells most."""
    by_group = ("per_group",) if "groups" in call.given else ()
    check(call, *(call.loss.reductions[2:3] or call.loss.reductions), *by_group)


def check(call, *reductions):
    if "var" in call.given and bool((call.given["var"] < call.given.get("eps", 0.0)).any()):
        call = Call(call.loss, {**call.given, "var": call.given["var"] + call.given["eps"]}, call.by, call.sides)
    for reduction in reductions:
        inputs = call.inputs()
        size = float(call.run(*inputs, reduction=reduction).detach().nan_to_num().abs().max()) + 1.0

        def scaled(*given, reduction=reduction, size=size):
            return torch.nan_to_num(call.run(*given, reduction=reduction)) / size

        assert torch.autograd.gradcheck(scaled, inputs, eps=1e-6, atol=1e-6, rtol=1e-4)


def weighted(call: Call) -> Call:
    """The call with weights of examples that differ, one of them 0."""
    each = call.direct("value", reduction="none")
    weights = torch.from_numpy(np.random.default_rng(0).integers(0, 4, each.shape) / 2.0)
    return Call(call.loss, {**call.given, "sample_weight": weights}, call.by, call.sides)


WEIGHTED = [call for call in first_calls() if "none" in call.loss.reductions]


@pytest.mark.parametrize("call", WEIGHTED, ids=str)
def test_incoming_gradients_beside_weights(call):
    check(weighted(call), "none")


PAIRS = [one for one in calls() if one.loss.folder == "pairs" and "pairs" in one.loss.parameters]


@pytest.mark.parametrize("call", [call for call in PAIRS if len(call.given) == 4], ids=str)
def test_incoming_gradients_of_weighted_pairs(call):
    check(weighted(call), "none")


@pytest.mark.parametrize("name", ["pairwise_logistic_loss", "pairwise_hinge_loss", "soft_pairwise_loss"])
@pytest.mark.parametrize("pairs", ["ordered", "all"])
def test_incoming_gradients_of_pairs_are_exact(name, pairs):
    """Against the sum over all pairs one by one, in PyTorch: 1e-12 of the sum of the slopes' sizes."""
    generator = torch.Generator().manual_seed(1)
    count, signed = 60, name == "soft_pairwise_loss"
    scores = torch.randn(count, generator=generator, dtype=torch.float64) * 3
    labels = torch.randint(0, 7, (count,), generator=generator).double()
    labels = torch.where(labels > 3, 1.0, -1.0).double() if signed else labels
    groups = torch.randint(0, 3, (count,), generator=generator)
    weights = torch.rand(count, generator=generator, dtype=torch.float64)
    incoming = torch.randn(count, generator=generator, dtype=torch.float64) * 100.0
    x, words = scores.clone().requires_grad_(), {} if signed else {"pairs": pairs}
    function = getattr(fastloss.torch, name)
    function(x, labels, groups=groups, sample_weight=weights, reduction="none", **words).backward(incoming)

    slopes = torch.zeros(count, count, dtype=torch.float64)  # of the loss of i by the score of j, and of i itself
    gap = scores[:, None] - scores[None, :]
    if signed:
        factor = labels[:, None].expand(count, count)
    elif pairs == "ordered":
        factor = (labels[:, None] > labels[None, :]).double()
    elif name == "pairwise_logistic_loss":
        factor = labels[:, None] - labels[None, :]
    else:
        factor = labels[:, None].expand(count, count)
    if name == "pairwise_hinge_loss":
        own = torch.where(1.0 - factor * gap > 0, -factor, 0.0)
    else:
        own = -factor * torch.sigmoid(-factor * gap)
    own = own * (groups[:, None] == groups[None, :]) * weights[:, None] * weights[None, :] * incoming[:, None]
    slopes = own - torch.diag(torch.diag(own))
    expected = slopes.sum(1) - slopes.sum(0)
    sizes = slopes.abs().sum(1) + slopes.abs().sum(0)
    error = ((x.grad - expected).abs() / sizes.clamp(min=1e-300)).max()
    assert error < 1e-12, error


def test_equal_incoming_gradients_multiply_what_is_kept(monkeypatch):
    """No second evaluation."""
    x, y = torch.rand(5, requires_grad=True), torch.tensor([0, 1, 2, 0, 1])
    loss = fastloss.torch.pairwise_logistic_loss(x, y, reduction="none").mean()
    monkeypatch.setattr(fastloss.pairwise_logistic_loss, "_quietly", None)
    loss.backward()
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["mse_loss", "cross_entropy", "pairwise_logistic_loss"])
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_incoming_gradients_that_are_not_finite(name, wrong):
    """They are not lost: of a loss that has elements of its own, where they are; else everywhere."""
    x = torch.rand(4, 3) if name == "cross_entropy" else torch.rand(4)
    x.requires_grad_()
    incoming = torch.tensor([1.0, wrong, 1.0, 2.0])
    getattr(fastloss.torch, name)(x, torch.tensor([0, 1, 2, 0]), reduction="none").backward(incoming)
    there = x.grad.isfinite()
    assert not (there[1].any() if name == "mse_loss" else there.any())
    assert name != "mse_loss" or there[[0, 2, 3]].all()


@pytest.mark.parametrize("call", SMOOTH, ids=str)
def test_second_derivatives(call):
    for reduction in call.loss.reductions:
        assert torch.autograd.gradgradcheck(lambda *given, r=reduction: call.run(*given, reduction=r), call.inputs())


@pytest.mark.parametrize("call", [call for call in first_calls() if not call.loss.has_diagonal_curvature], ids=str)
def test_second_derivatives_that_there_are_not_are_refused(call):
    for reduction in call.loss.reductions:
        inputs = call.inputs()
        loss = call.run(*inputs, reduction=reduction).nansum()
        gradients = torch.autograd.grad(loss, inputs, create_graph=True)
        assert all(torch.isfinite(one).all() for one in gradients)
        with pytest.raises(RuntimeError, match="is not implemented"):
            sum(one.square().sum() for one in gradients).backward()


def test_third_derivatives_are_refused():
    x = torch.rand(3, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(fastloss.torch.log_cosh_loss(x, x.detach() + 1), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="no autograd formula was registered"):
        second.sum().backward()


def test_some_losses_have_second_derivatives():
    assert len(SMOOTH) > 15 and len(SMOOTH) < len(REGISTRY)
    assert not fastloss.rmse_loss.has_diagonal_curvature


@pytest.mark.parametrize("side", ["p", "q"])
def test_autograd_asks_for_the_side_that_it_needs(side):
    p, q = torch.softmax(torch.rand(2, 3, 4, dtype=torch.float64), -1)
    given = {"p": p, "q": q, side: {"p": p, "q": q}[side].requires_grad_()}
    fastloss.torch.kl_divergence(**given).backward()
    expected = fastloss.kl_divergence.value_and_grad(p.detach(), q.detach(), wrt=side)[1]
    np.testing.assert_array_equal(given[side].grad, expected)


def test_a_gradient_that_the_forward_pass_was_not_told_of():
    """Of the operator itself, as a graph may call it."""
    x, y = torch.rand(4, requires_grad=True), torch.rand(4)
    torch.ops.fastloss.mse_loss(x, y, None, "mean", False)[0].backward()
    torch.testing.assert_close(x.grad, (x.detach() - y) / 2)
