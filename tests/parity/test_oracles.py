"""The oracles against torch in float64."""

import itertools

import numpy as np
import pytest

from tests.oracles import ORACLES, Terms, exact, gradient, reduce
from tests.oracles.test_oracles import BCE, LOGITS_BCE, assert_close

RNG = np.random.default_rng(0)
N34, LOGITS, DEEP = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 3)) * 2, RNG.normal(size=(2, 3, 2))
TARGETS, IDS = RNG.normal(size=(3, 4)) * 2, np.array([0, 2, 1, 1, 2])
UNIT, OTHER_UNIT = RNG.uniform(0.05, 0.95, (3, 4)), RNG.uniform(size=(3, 4))
SIGNS, ROW_SIGNS = RNG.choice([-1, 1], (3, 4)), np.array([1, -1, 1])
SHARES = RNG.dirichlet(np.ones(3), 5)
DEEP_SHARES = np.moveaxis(RNG.dirichlet(np.ones(3), (2, 2)), -1, 1)
DEEP_IDS, CLASS_WEIGHT = np.array([[0, 2], [1, 1]]), np.array([0.5, 2.0, 1.25])
ELEMENT_WEIGHT, VECTORS = RNG.uniform(0.1, 2, (3, 4)), RNG.normal(size=(3, 3, 4))
CE_GRID = {"weight": [None, CLASS_WEIGHT], "ignore_index": [-100, 1], "label_smoothing": [0.0, 0.3]}
SHARE_GRID = {"weight": [None, CLASS_WEIGHT], "label_smoothing": [0.0, 0.3]}
NLL_GRID = {"weight": [None, CLASS_WEIGHT], "ignore_index": [-100, 1]}
# name, arrays, how many of them are differentiable, every keyword with its values
IN_TORCH = [
    (BCE, (UNIT, OTHER_UNIT), 1, {"weight": [None, ELEMENT_WEIGHT]}),
    (
        LOGITS_BCE,
        (N34, OTHER_UNIT),
        1,
        {"weight": [None, ELEMENT_WEIGHT], "pos_weight": [None, np.array([0.5, 1, 2, 3])]},
    ),
    ("cross_entropy", (LOGITS, IDS), 1, CE_GRID),
    ("cross_entropy", (DEEP, DEEP_IDS), 1, CE_GRID),
    ("cross_entropy", (LOGITS[0], np.array(2)), 1, CE_GRID),
    ("cross_entropy", (LOGITS, SHARES), 1, SHARE_GRID),
    ("cross_entropy", (DEEP, DEEP_SHARES), 1, SHARE_GRID),
    ("cross_entropy", (LOGITS[0], SHARES[0]), 1, SHARE_GRID),
    ("nll_loss", (LOGITS, IDS), 1, NLL_GRID),
    ("nll_loss", (DEEP, DEEP_IDS), 1, NLL_GRID),
    ("l1_loss", (N34, TARGETS), 2, {}),
    ("mse_loss", (N34, TARGETS), 2, {}),
    ("huber_loss", (N34, TARGETS), 2, {"delta": [1.0, 0.4]}),
    ("smooth_l1_loss", (N34, TARGETS), 2, {"beta": [1.0, 0.4, 0.0]}),
    ("poisson_nll_loss", (N34, OTHER_UNIT * 4), 1, {"full": [False, True], "eps": [1e-8, 0.1]}),
    (
        "poisson_nll_loss",
        (UNIT, OTHER_UNIT * 4),
        1,
        {"log_input": [False], "full": [False, True], "eps": [1e-8, 0.1]},
    ),
    ("soft_margin_loss", (N34, SIGNS), 1, {}),
    (
        "multi_margin_loss",
        (LOGITS, IDS),
        1,
        {"p": [1, 2], "margin": [1.0, 0.3], "weight": [None, CLASS_WEIGHT]},
    ),
    ("gaussian_nll_loss", (N34, TARGETS, OTHER_UNIT), 1, {"full": [False, True], "eps": [1e-6, 0.1]}),
    ("margin_ranking_loss", (N34, TARGETS, SIGNS), 2, {"margin": [0.0, 0.7]}),
    (
        "triplet_margin_loss",
        tuple(VECTORS),
        3,
        {"margin": [1.0, 3.0], "p": [2.0, 1.0, 3.0], "eps": [1e-6, 0.1], "swap": [False, True]},
    ),
    ("cosine_embedding_loss", (*VECTORS[:2], ROW_SIGNS), 2, {"margin": [0.0, -0.4]}),
    ("hinge_embedding_loss", (N34, SIGNS), 1, {"margin": [1.0, 0.3]}),
]
COMBINATIONS = [
    (name, arrays, count, dict(zip(grid, values, strict=True)))
    for name, arrays, count, grid in IN_TORCH
    for values in itertools.product(*grid.values())
]


class TestAgainstTorch:
    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")

    def compare(self, name, arrays, differentiable, keywords, definition):
        function = getattr(self.torch.nn.functional, name)
        tensors = [self.torch.tensor(array) for array in arrays]
        given = dict(keywords)
        for key, value in keywords.items():
            if isinstance(value, np.ndarray):
                given[key] = self.torch.tensor(value)
        for reduction in ("none", "sum", "mean"):
            actual = reduce(definition(*arrays, **keywords), reduction)
            expected = function(*tensors, reduction=reduction, **given)
            assert np.shape(actual) == expected.shape
            assert_close(actual, expected.numpy(), 1e-12, 1e-15)
        for tensor in tensors[:differentiable]:
            tensor.requires_grad_()
        function(*tensors, **given).backward()
        objects = [exact(array) for array in arrays]
        for which in range(differentiable):
            slopes = gradient(lambda *a: reduce(definition(*a, **keywords), "mean"), objects, which)
            assert_close(slopes, tensors[which].grad.numpy(), 1e-11, 1e-14)

    @pytest.mark.parametrize(("name", "arrays", "differentiable", "keywords"), COMBINATIONS)
    def test_agrees(self, name, arrays, differentiable, keywords):
        self.compare(name, arrays, differentiable, keywords, ORACLES[name])

    def test_covers_what_torch_has(self):
        shared = {name for name in ORACLES if hasattr(self.torch.nn.functional, name)}
        assert shared == {name for name, *_ in IN_TORCH}

    def test_planted_errors_are_found(self):
        def halved(input, target):
            losses, ones = ORACLES["mse_loss"](input, target)
            return Terms(losses / 2, ones)

        def unweighted_mean(input, target, weight):
            losses, _ = ORACLES["nll_loss"](input, target, weight=weight)
            return Terms(losses, exact(np.ones(len(losses))))

        def constant_slope(input, target):
            losses, ones = ORACLES["mse_loss"](N34, TARGETS)
            return Terms(losses, ones)

        with pytest.raises(AssertionError):
            self.compare("mse_loss", (N34, TARGETS), 1, {}, halved)
        with pytest.raises(AssertionError):
            self.compare("nll_loss", (LOGITS, IDS), 1, {"weight": CLASS_WEIGHT}, unweighted_mean)
        with pytest.raises(AssertionError):
            self.compare("mse_loss", (N34, TARGETS), 1, {}, constant_slope)
        self.compare("mse_loss", (N34, TARGETS), 1, {}, ORACLES["mse_loss"])

    def test_smoothed_logits(self):
        x, t, eps = self.torch.tensor(N34), self.torch.tensor(OTHER_UNIT), 0.3
        function = self.torch.nn.functional.binary_cross_entropy_with_logits
        expected = function(x, t * (1 - eps) + eps / 2, reduction="none")
        actual = ORACLES["binary_cross_entropy_with_logits"](N34, OTHER_UNIT, label_smoothing=eps)
        assert_close(actual.losses, expected.numpy(), 1e-12)
