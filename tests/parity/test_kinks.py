"""At every kink the gradient is the one of PyTorch's autograd, for each loss that PyTorch has, and its kin."""

import numpy as np
import pytest

import fastloss

torch = pytest.importorskip("torch")
F = torch.nn.functional

ONES, ZEROS = np.ones(3), np.zeros(3)
X = np.array([-1.0, 0.0, 1.0])
# name, arrays of which every element lies at a kink, how many are differentiable, keyword settings
KINKS = [
    ("l1_loss", (X, X), 1, {}),
    ("huber_loss", (X + 0.5, X - 0.5), 1, {}),
    ("huber_loss", (X - 0.5, X + 0.5), 1, {}),
    ("smooth_l1_loss", (X + 0.5, X - 0.5), 1, {}),
    ("smooth_l1_loss", (X - 0.5, X + 0.5), 1, {}),
    ("smooth_l1_loss", (X, X), 1, {"beta": 0.0}),
    ("hinge_embedding_loss", (ONES, -ONES), 1, {}),
    ("margin_ranking_loss", (X + 0.5, X, ONES), 2, {"margin": 0.5}),
    ("margin_ranking_loss", (X, X, -ONES), 2, {}),
    ("cosine_embedding_loss", (np.eye(2), np.eye(2)[::-1].copy(), -np.ones(2)), 2, {}),
    ("triplet_margin_loss", (np.zeros((1, 2)), np.array([[3.0, 4.0]]), np.array([[0.0, 6.0]])), 3, {"eps": 0.0}),
    ("multi_margin_loss", (np.array([[1.0, 0.0, 0.0]]), np.array([0])), 1, {}),
    ("multi_margin_loss", (np.array([[1.0, 0.0, 0.0]]), np.array([0])), 1, {"p": 2}),
]


@pytest.mark.parametrize(("name", "arrays", "count", "words"), KINKS)
def test_gradient_at_the_kink(name, arrays, count, words):
    tensors = [torch.tensor(array) for array in arrays]
    for leaf in tensors[:count]:
        leaf.requires_grad_()
    getattr(F, name)(*tensors, reduction="sum", **words).backward()
    _, slopes = getattr(fastloss, name).value_and_grad(*arrays, reduction="sum", **words)
    slopes = slopes if isinstance(slopes, tuple) else (slopes,)
    for slope, leaf in zip(slopes, tensors, strict=False):
        np.testing.assert_allclose(slope, leaf.grad.numpy(), rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("method", ["direct", "fast"])
@pytest.mark.parametrize("pairs", ["ordered", "all"])
@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_pairs_are_those_of_margin_ranking(margin, pairs, method):
    """Whole scores and margins 0 and 1: every fifth pair or so lies at the kink."""
    rng = np.random.default_rng(1)
    scores, labels = rng.integers(-3, 4, 60).astype(float), rng.integers(-2, 3, 60).astype(float)
    leaf = torch.tensor(scores, requires_grad=True)
    y = torch.tensor(labels)
    first, second = leaf[:, None].expand(60, 60), leaf[None, :].expand(60, 60)
    if pairs == "ordered":
        on = y[:, None] > y[None, :]
        loss = F.margin_ranking_loss(first[on], second[on], torch.ones(int(on.sum())), margin=margin, reduction="sum")
    else:
        loss = (margin - y[:, None] * (first - second)).clamp_min(0.0).sum()
    loss.backward()
    value, slopes = fastloss.pairwise_hinge_loss.value_and_grad(
        scores, labels, pairs=pairs, margin=margin, method=method, reduction="sum"
    )
    assert value == pytest.approx(loss.item(), rel=1e-14)
    np.testing.assert_allclose(slopes, leaf.grad.numpy(), rtol=0, atol=1e-11)  # sums of whole numbers
