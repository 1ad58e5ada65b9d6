"""Every loss that bears a name of `torch.nn.functional`, over all its arguments: values and gradients in float64."""

import numpy as np
import pytest

import fastloss

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(5)
CLASS_WEIGHTS = np.array([0.5, 2.0, 1.25, 3.0])


def logits(*shape):
    return RNG.normal(size=shape) * 3


def probabilities(*shape):
    return RNG.uniform(0.02, 0.98, shape)


def ids(*shape):
    return RNG.integers(0, 4, shape)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], shape)


def bits(*shape):
    return RNG.integers(0, 2, shape).astype(float)


X, T = logits(7, 4), logits(7, 4)
GRID = logits(3, 4, 5, 2)
SKIPPED = np.array([0, 3, -100, 2, 1, -100, 3])
# name, arrays, how many of them are differentiable (or which), the keyword settings to try
CASES = [
    ("mse_loss", (X, T), 1, [{}]),
    ("l1_loss", (X, T), 1, [{}]),
    ("huber_loss", (X, T), 1, [{}, {"delta": 0.3}, {"delta": 4.0}]),
    ("smooth_l1_loss", (X, T), 1, [{}, {"beta": 0.3}, {"beta": 0.0}]),
    ("binary_cross_entropy", (probabilities(7, 4), probabilities(7, 4)), 1, [{}, {"weight": CLASS_WEIGHTS}]),
    (
        "binary_cross_entropy_with_logits",
        (X, bits(7, 4)),
        1,
        [{}, {"weight": CLASS_WEIGHTS}, {"pos_weight": CLASS_WEIGHTS}, {"weight": X**2, "pos_weight": CLASS_WEIGHTS}],
    ),
    (
        "cross_entropy",
        (X, ids(7)),
        1,
        [{}, {"weight": CLASS_WEIGHTS}, {"label_smoothing": 0.2}, {"weight": CLASS_WEIGHTS, "label_smoothing": 0.2}],
    ),
    ("cross_entropy", (X, SKIPPED), 1, [{}, {"weight": CLASS_WEIGHTS, "label_smoothing": 0.3}]),
    ("cross_entropy", (X, ids(7)), 1, [{"ignore_index": 2}]),
    ("cross_entropy", (X, RNG.dirichlet(np.ones(4), 7)), 1, [{}, {"weight": CLASS_WEIGHTS, "label_smoothing": 0.1}]),
    ("cross_entropy", (GRID, ids(3, 5, 2)), 1, [{}, {"weight": CLASS_WEIGHTS}]),
    ("nll_loss", (X, SKIPPED), 1, [{}, {"weight": CLASS_WEIGHTS}]),
    ("multi_margin_loss", (X, ids(7)), 1, [{}, {"p": 2}, {"margin": 0.4}, {"weight": CLASS_WEIGHTS, "p": 2}]),
    ("soft_margin_loss", (X, signs(7, 4)), 1, [{}]),
    (
        "poisson_nll_loss",
        (probabilities(7, 4) * 4, RNG.integers(0, 6, (7, 4)).astype(float)),
        1,
        [{}, {"full": True}, {"log_input": False}, {"log_input": False, "full": True, "eps": 0.1}],
    ),
    (
        "gaussian_nll_loss",
        (X, T, probabilities(7, 4)),
        (0, 2),
        [{}, {"full": True}, {"eps": 0.5}, {"full": True, "eps": 0.3}],
    ),
    ("hinge_embedding_loss", (np.abs(X), signs(7, 4)), 1, [{}, {"margin": 2.5}]),
    ("margin_ranking_loss", (X, T, signs(7, 4)), 2, [{}, {"margin": 0.7}]),
    ("cosine_embedding_loss", (X, T, signs(7)), 2, [{}, {"margin": 0.3}]),
    (
        "triplet_margin_loss",
        (X, T, logits(7, 4)),
        3,
        [{}, {"margin": 5.0}, {"p": 1.0}, {"p": 3.0, "margin": 4.0}, {"swap": True, "margin": 6.0}, {"eps": 0.1}],
    ),
]
SINGLE = [(name, arrays, count, words) for name, arrays, count, settings in CASES for words in settings]


def tensor(value):
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(("name", "arrays", "count", "words"), SINGLE, ids=[f"{c[0]}-{list(c[3])}" for c in SINGLE])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_value_and_gradient(name, arrays, count, words, reduction):
    tensors = [tensor(array) for array in arrays]
    leaves = [tensors[at] for at in (range(count) if isinstance(count, int) else count)]
    for leaf in leaves:
        leaf.requires_grad_()
    expected = getattr(F, name)(*tensors, reduction=reduction, **{key: tensor(word) for key, word in words.items()})
    expected.sum().backward()
    value, slopes = getattr(fastloss, name).value_and_grad(*arrays, reduction=reduction, **words)
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-12, atol=1e-14)
    slopes = slopes if isinstance(slopes, tuple) else (slopes,)
    for slope, leaf in zip(slopes, leaves, strict=True):
        np.testing.assert_allclose(slope, leaf.grad.numpy(), rtol=1e-10, atol=1e-13)


def test_class_ids_of_probabilities():
    p, t = RNG.dirichlet(np.ones(4), 7), SKIPPED
    leaf = torch.tensor(p, requires_grad=True)
    expected = F.nll_loss(leaf.log(), torch.tensor(t))
    expected.backward()
    value, slopes = fastloss.categorical_cross_entropy.value_and_grad(p, t)
    assert value == pytest.approx(expected.item(), rel=1e-13)
    np.testing.assert_allclose(slopes, leaf.grad.numpy(), rtol=1e-13)


def test_the_comparison_can_fail():
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(fastloss.mse_loss(X, T), F.l1_loss(tensor(X), tensor(T)).item(), rtol=1e-12)
