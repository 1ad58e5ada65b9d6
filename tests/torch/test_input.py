"""Bad input is refused before data are touched, in PyTorch's types and words."""

import pytest

from tests.torch.samples import fastloss, torch

ft = fastloss.torch
X, Y = torch.arange(4.0), torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ft.mse_loss([1.0], X), TypeError, r"mse_loss\(\): argument 'input' must be Tensor, not list"),
        (lambda: ft.mse_loss(X.numpy(), X), TypeError, "argument 'input' must be Tensor, not ndarray"),
        (lambda: ft.mse_loss(X), TypeError, r"mse_loss\(\): missing a required argument: 'target'"),
        (lambda: ft.mse_loss(X, X, X), TypeError, "too many positional arguments"),
        (lambda: ft.mse_loss(X, X, input=X), TypeError, "multiple values for argument 'input'"),
        (lambda: ft.mse_loss(X, X, weights=X), TypeError, "unexpected keyword argument 'weights'"),
        (lambda: ft.mse_loss(X, X, backend="cpu"), TypeError, "unexpected keyword argument 'backend'"),
        (lambda: ft.kl_divergence(X, X, wrt="p"), TypeError, "unexpected keyword argument 'wrt'"),
        (lambda: ft.mse_loss(Y, X), TypeError, "argument 'input' has dtype torch.int64: expected a floating point"),
        (lambda: ft.mse_loss(X > 1, X), TypeError, "argument 'input' has dtype torch.bool"),
        (lambda: ft.mse_loss(X + 1j, X), TypeError, "argument 'input' has dtype torch.complex64"),
        (lambda: ft.mse_loss(X, X + 1j), TypeError, "argument 'target' has dtype torch.complex64: expected real"),
        (lambda: ft.mse_loss(X.to_sparse(), X), TypeError, "has layout torch.sparse_coo: expected a dense tensor"),
        (
            lambda: ft.mse_loss(X, X.to("meta")),
            RuntimeError,
            "Expected all tensors to be on the same device, but found",
        ),
        (lambda: ft.mse_loss(X, X, sample_weight=X.to("meta")), RuntimeError, "cpu and meta!"),
        (
            lambda: ft.mse_loss(X, X.clone().requires_grad_()),
            RuntimeError,
            "not differentiable with respect to argument",
        ),
        (
            lambda: ft.mse_loss(X, X, sample_weight=X.clone().requires_grad_()),
            RuntimeError,
            "'sample_weight'. This input",
        ),
        (lambda: ft.huber_loss(X, X, delta=torch.ones((), requires_grad=True)), RuntimeError, "argument 'delta'"),
        (lambda: ft.huber_loss(X, X, delta=X), TypeError, "argument 'delta' must be number, not Tensor"),
        (lambda: ft.huber_loss(X, X, delta=-1.0), ValueError, r"delta is -1.0: expected a number in \(0, inf\)"),
        (lambda: ft.huber_loss(X, X, delta=True), TypeError, "delta is True: expected a number"),
        (lambda: ft.arcface_loss(X[:, None], X[:, None], Y, scale=-1.0), ValueError, "scale is -1.0"),
        (
            lambda: ft.arcface_loss(X[:, None], X[:, None], Y, scale=[1.0]),
            TypeError,
            "'scale' must be Tensor, not list",
        ),
        (lambda: ft.mse_loss(X, X, reduction="avg"), ValueError, "reduction is 'avg': expected one of 'mean'"),
        (lambda: ft.mse_loss(X, X[:3]), ValueError, r"target has shape \(3,\): expected the shape of input, \(4,\)"),
        (
            lambda: ft.pairwise_logistic_loss(X, Y, groups=Y[:3]),
            ValueError,
            r"groups has shape \(3,\): expected \(4,\)",
        ),
        (
            lambda: ft.pairwise_logistic_loss(X, Y, offsets=torch.tensor([0, 3])),
            ValueError,
            "expected the number of rows",
        ),
        (lambda: ft.pairwise_logistic_loss(X, Y, offsets=Y, groups=Y), ValueError, "groups and offsets are both given"),
        (lambda: ft.nmae_loss(X, X, norm="middle"), ValueError, "norm is 'middle'"),
        (lambda: ft.nmae_loss(X, X, norm=-1), ValueError, "norm is -1"),
        (lambda: ft.dice_loss(X / 4, X / 4, axis="0"), TypeError, "axis is '0'"),
        (lambda: ft.contrastive_loss(X[:, None], X[:, None], Y, similar=0.5), TypeError, "similar is 0.5"),
        (lambda: ft.bpr_loss(X, X, params=X), TypeError, "argument 'params' must be tuple of Tensors, not Tensor"),
        (lambda: ft.bpr_loss(X, X, params=[1.0]), TypeError, "argument 'params' must be tuple of Tensors, not float"),
        (lambda: ft.cross_entropy(X[None], torch.tensor([4])), ValueError, r"target\[0\] is 4: expected an id"),
        (lambda: ft.MseLoss(delta=1.0), TypeError, r"MseLoss.__init__\(\) got an unexpected keyword argument 'delta'"),
        (lambda: ft.MseLoss(input=X), TypeError, "unexpected keyword argument 'input'"),
        (lambda: ft.HuberLoss(delta=-1.0), ValueError, "delta is -1.0"),
        (lambda: ft.HuberLoss(reduction="avg"), ValueError, "reduction is 'avg'"),
        (lambda: ft.HuberLoss()(X), TypeError, "missing a required argument: 'target'"),
        (lambda: ft.no_such_loss, AttributeError, "module 'fastloss.torch' has no attribute 'no_such_loss'"),
    ],
)
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_pytorch_itself_refuses_integers_that_require_a_gradient():
    with pytest.raises(RuntimeError, match=r"(?i)only Tensors of floating point .*dtype can require gradients"):
        Y.clone().requires_grad_()


def test_arguments_are_not_written_to():
    x, y = torch.rand(5, requires_grad=True), torch.rand(5)
    before = x.detach().clone(), y.clone()
    loss = ft.pairwise_logistic_loss(x, y, reduction="none")
    loss.backward(torch.arange(5.0))
    assert torch.equal(x.detach(), before[0]) and torch.equal(y, before[1])
    assert (x._version, y._version) == (0, 0)


def test_a_tensor_that_was_written_to_in_between_is_noticed():
    x, weights = torch.rand(5, requires_grad=True), torch.ones(5)
    loss = ft.pairwise_logistic_loss(x, torch.arange(5), sample_weight=weights, reduction="none")
    weights.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward(torch.arange(5.0))
