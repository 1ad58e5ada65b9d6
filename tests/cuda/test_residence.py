"""What lies on the GPU stays there: in the simulator, whose arrays take the place of CuPy's and PyTorch's.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

import fastloss
from fastloss.ahead.cases import cases
from fastloss.compile import cuda as engine
from fastloss.core.loss import REGISTRY
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss
from fastloss.rows.loss import RowLoss
from tests.cuda import gpu
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)
if not SIMULATED:
    pytest.skip("pretends that there is a GPU", allow_module_level=True)

from numba import cuda

RNG = np.random.default_rng(7)
SHAPE = (4, 5)
LOGITS, TARGETS = RNG.normal(size=SHAPE), RNG.random(SHAPE)
POINTWISE = [next(iter(cases(loss))) for loss in REGISTRY.values() if isinstance(loss, PointwiseLoss)]


def moved(value, dtype=None):
    """An array on the GPU; anything else as it is."""
    return cuda.to_device(np.array(value, dtype, order="C")) if isinstance(value, np.ndarray) else value


def close(found, expected, rtol=1e-12):
    """Values and arrays, where each number's error counts against the largest."""
    if isinstance(expected, tuple):
        for one, reference in zip(found, expected, strict=True):
            close(one, reference, rtol)
    else:
        np.testing.assert_allclose(
            found,
            expected,
            rtol=rtol,
            atol=0.1 * rtol * np.max(np.abs(expected), initial=0.0, where=~np.isnan(expected)),
        )


def error(call):
    """The message with which a call is refused."""
    with pytest.raises(ValueError, match="expected") as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "dtype"), [(SHAPE, np.float32), (SHAPE, np.int64), (SHAPE[:1], np.float64), (SHAPE[:1], bool)]
)
@pytest.mark.parametrize("case", POINTWISE, ids=lambda case: case.loss.name)
def test_weights_of_numbers(case, shape, dtype, monkeypatch):
    weights = (3.0 * RNG.random(shape)).astype(dtype)
    arrays = [np.resize(array, SHAPE) for array in case.arrays]
    words = {"norm": 2.0} if case.loss.name == "nmae_loss" else {}  # one that is a word is computed on the host
    expected = case.loss.value_and_grad(*arrays, sample_weight=weights, **words)
    gpu.kept_there(monkeypatch, shape[0])
    found = case.loss.value_and_grad(*map(moved, arrays), sample_weight=moved(weights), **words)
    close(gpu.content(found), expected)


def test_weights_of_each_number(monkeypatch):
    weights, words = RNG.random(4), {"reduction": "none"}
    expected = fastloss.mse_loss(LOGITS, TARGETS, sample_weight=weights, **words)
    gpu.kept_there(monkeypatch, 4)
    close(
        gpu.content(fastloss.mse_loss(moved(LOGITS), moved(TARGETS), sample_weight=moved(weights), **words)), expected
    )


FACTORS = {
    "weight": {"weight": RNG.random(SHAPE)},
    "weight of a column": {"weight": RNG.random(SHAPE[1:])},
    "weight of a row": {"weight": RNG.random((4, 1)), "sample_weight": RNG.random(SHAPE)},
    "both weights": {"weight": RNG.random(SHAPE), "sample_weight": RNG.random(4)},
    "pos_weight": {"pos_weight": RNG.random(SHAPE[1:])},
    "pos_weight of all": {"pos_weight": RNG.random(SHAPE), "weight": RNG.random(5), "sample_weight": RNG.random(4)},
    "one number": {"pos_weight": np.array(1.5), "weight": np.array([0.5])},
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factors", FACTORS)
def test_factors_of_numbers(factors, dtype, monkeypatch):
    loss = fastloss.binary_cross_entropy_with_logits
    words = {name: value.astype(dtype) for name, value in FACTORS[factors].items()}
    expected = loss.value_and_grad(LOGITS, TARGETS, **words)
    gpu.kept_there(monkeypatch, 4)
    there = {name: moved(value) for name, value in words.items()}
    close(gpu.content(loss.value_and_grad(moved(LOGITS), moved(TARGETS), **there)), expected)
    for name in words:  # one of them on the host
        some = {**there, name: words[name]}
        close(gpu.content(loss.value_and_grad(moved(LOGITS), moved(TARGETS), **some)), expected)


def test_predictions_on_the_host(monkeypatch):
    """Weights on a GPU are copied then, whichever engine it is."""
    words = {"sample_weight": RNG.random(4), "weight": RNG.random(5), "pos_weight": RNG.random(SHAPE)}
    loss = fastloss.binary_cross_entropy_with_logits
    expected = loss.value_and_grad(LOGITS, TARGETS, **words)
    gpu.simulated(monkeypatch)
    there = {name: moved(value) for name, value in words.items()}
    for backend in ("cuda", "auto"):
        found = loss.value_and_grad(LOGITS, TARGETS, backend=backend, **there)
        assert isinstance(found[1], np.ndarray)
        close(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("sample_weight", SHAPE),
        ("sample_weight", SHAPE[:1]),
        ("weight", SHAPE),
        ("weight", SHAPE[1:]),
        ("pos_weight", SHAPE),
        ("pos_weight", SHAPE[1:]),
    ],
)
def test_wrong_weights(name, shape, dtype, monkeypatch):
    loss = fastloss.binary_cross_entropy_with_logits
    wrong = np.linspace(1.0, 2.0, 20, dtype=dtype)[: np.prod(shape)].reshape(shape)
    wrong.reshape(-1)[2:4] = -0.1, -5.0
    misshapen = np.ones(3, dtype)
    expected = [error(lambda: loss(LOGITS, TARGETS, **{name: one})) for one in (wrong, misshapen)]  # noqa: B023
    assert expected[0].startswith(f"{name}[") and "is -0.1" in expected[0]
    gpu.simulated(monkeypatch)
    arrays = moved(LOGITS), moved(TARGETS)
    assert [error(lambda: loss(*arrays, **{name: moved(one)})) for one in (wrong, misshapen)] == expected  # noqa: B023


SIZE = 20
SCORES, WEIGHTS = RNG.normal(size=SIZE), RNG.random(SIZE)
LABELS = {"two": np.arange(SIZE) % 2, "graded": RNG.integers(0, 5, SIZE), "real": RNG.normal(size=SIZE)}
OFFSETS = np.array([0, 3, 11, 11, SIZE])
GROUPS = {"offsets": OFFSETS, "reduction": "per_group"}
PAIRWISE = [loss for loss in REGISTRY.values() if isinstance(loss, PairwiseLoss)]
METHODS = [(loss, method) for loss in PAIRWISE for method in (["direct", "fast"] if loss.has_fast else ["direct"])]


def everything(loss, arrays, words):
    """Value, gradient and counts; the losses of rows; second derivatives."""
    found = [loss.value_and_grad(*arrays, with_counts=True, **words), loss(*arrays, **{**words, "reduction": "none"})]
    if loss.has_curvature:
        found.append(loss.grad_hess(*arrays, **words))
    return tuple(found)


@pytest.mark.parametrize(
    ("labels", "dtype", "weights", "words"),
    [
        ("two", np.float32, None, {}),
        ("two", bool, np.float32, GROUPS),
        ("graded", np.float64, np.int64, {}),
        ("graded", np.int64, np.float64, GROUPS),
        ("two", np.int32, np.float64, {"pairs": "all"}),
    ],
)
@pytest.mark.parametrize(("loss", "method"), METHODS)
def test_labels_of_pairs(loss, method, labels, dtype, weights, words, monkeypatch):
    if not words.keys() & loss.parameters.keys() and "pairs" in words:
        pytest.skip("has no other form")
    if loss.labels.values and "pairs" not in loss.parameters and labels != "two":
        pytest.skip("takes two labels")
    if "pairs" in words and loss.formulas.power and method == "fast":
        pytest.skip("sorts on the host")
    labels, words = LABELS[labels].astype(dtype), {**words, "method": method, "with_counts": True}
    if weights is not None:
        words["sample_weight"] = (4.0 * WEIGHTS).astype(weights)
    expected = loss.value_and_grad(SCORES, labels, **words)
    gpu.kept_there(monkeypatch, SIZE)
    words["sample_weight"] = moved(words.get("sample_weight"))
    close(gpu.content(loss.value_and_grad(moved(SCORES), moved(labels), **words)), expected)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_many_labels_are_counted_where_they_lie(weights, monkeypatch):
    loss, words = fastloss.pairwise_logistic_loss, {"method": "direct", "sample_weight": weights}
    expected = everything(loss, (SCORES, LABELS["real"]), words)
    gpu.kept_there(monkeypatch, SIZE)
    words["sample_weight"] = moved(weights)
    close(gpu.content(everything(loss, (moved(SCORES), moved(LABELS["real"])), words)), expected)


@pytest.mark.parametrize("words", [{"method": "fast"}, {"groups": np.arange(SIZE) % 3}])
def test_labels_that_are_sorted_pass_through_the_host(words, monkeypatch):
    loss, arrays = fastloss.pairwise_logistic_loss, (SCORES, LABELS["real"])
    expected = everything(loss, arrays, {**words, "sample_weight": WEIGHTS})
    gpu.simulated(monkeypatch)
    there = {**words, "sample_weight": moved(WEIGHTS)}
    close(gpu.content(everything(loss, tuple(map(moved, arrays)), there)), expected)


def test_labels_of_scores_on_the_host(monkeypatch):
    words = {"method": "direct"}
    expected = everything(fastloss.pairwise_hinge_loss, (SCORES, LABELS["two"]), words)
    gpu.simulated(monkeypatch)
    found = everything(fastloss.pairwise_hinge_loss, (SCORES, moved(LABELS["two"])), words)
    close(gpu.content(found), expected)


def test_infinite_labels(monkeypatch):
    labels = np.array([-np.inf, 0.0, np.inf, np.inf, -0.0, 2.0])
    loss, words = fastloss.pairwise_logistic_loss, {"method": "fast", "with_counts": True}
    expected = loss(SCORES[:6], labels, **words)
    gpu.kept_there(monkeypatch, 6)
    close(loss(moved(SCORES[:6]), moved(labels), **words), expected)


def test_auto_gives_each_group_its_method(monkeypatch):
    from fastloss.pairs import cuda as pairs

    monkeypatch.setattr(pairs, "FEWEST", 9)
    loss, words = fastloss.pairwise_logistic_loss, dict(GROUPS)
    expected = everything(loss, (SCORES, LABELS["graded"]), {**words, "sample_weight": WEIGHTS})
    gpu.kept_there(monkeypatch, SIZE)
    words["sample_weight"] = moved(WEIGHTS)
    close(gpu.content(everything(loss, (moved(SCORES), moved(LABELS["graded"])), words)), expected)


WRONG = {
    "nan": np.where(np.arange(SIZE) == 7, np.nan, 1.0),
    "2": np.where(np.arange(SIZE) == 9, 2.0, 1.0),
    "mixed": np.arange(SIZE) % 3 - 1.0,
    "misshapen": np.ones(SIZE - 1),
    "matrix": np.ones((SIZE, 1)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_labels(wrong, dtype, monkeypatch):
    labels, loss = WRONG[wrong].astype(dtype), fastloss.soft_pairwise_loss
    expected = error(lambda: loss(SCORES, labels))
    gpu.simulated(monkeypatch)
    assert error(lambda: loss(moved(SCORES), moved(labels))) == expected


@pytest.mark.parametrize("wrong", ["nan", "mixed", "misshapen"])
def test_wrong_weights_of_pairs(wrong, monkeypatch):
    loss = fastloss.pairwise_logistic_loss
    expected = error(lambda: loss(SCORES, LABELS["graded"], sample_weight=WRONG[wrong]))
    gpu.simulated(monkeypatch)
    arrays = moved(SCORES), moved(LABELS["graded"])
    assert error(lambda: loss(*arrays, sample_weight=moved(WRONG[wrong]))) == expected


def test_nothing_and_no_pairs(monkeypatch):
    gpu.simulated(monkeypatch)
    for method in ("direct", "fast"):
        for scores, labels in (([], []), ([1.0], [0.0]), ([1.0, 2.0], [1.0, 1.0])):
            arrays = moved(np.array(scores)), moved(np.array(labels))
            words = {"method": method, "with_counts": True}
            assert fastloss.pairwise_logistic_loss(*arrays, **words) == (0.0, 0)


ROWS = [next(iter(cases(loss))) for loss in REGISTRY.values() if isinstance(loss, RowLoss)]


def matrices_moved(arrays):
    """Vectors are read on the host."""
    return [moved(one) if np.ndim(one) > 1 and one.dtype.kind == "f" else one for one in arrays]


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.loss.name)
def test_weights_of_rows(case, dtype, monkeypatch):
    weights = (3.0 * RNG.random(case.items)).astype(dtype)
    expected = case.loss(*case.arrays, sample_weight=weights, **case.keywords)
    gpu.kept_there(monkeypatch, weights.size)
    arrays = matrices_moved(case.arrays)
    close(case.loss(*arrays, sample_weight=moved(weights), **case.keywords), expected)


def test_weights_of_the_first_axis(monkeypatch):
    p = RNG.random((4, 3, 5))
    weights = RNG.random(4)
    expected = fastloss.entropy(p, sample_weight=weights)
    gpu.kept_there(monkeypatch, p.size)
    close(fastloss.entropy(moved(p), sample_weight=moved(weights)), expected)
    weights[2] = -1.0
    with pytest.raises(ValueError, match=r"sample_weight\[2, 0\] is -1: expected a number >= 0"):
        fastloss.entropy(moved(p), sample_weight=moved(weights))


CLASSES = RNG.integers(0, 5, 4)
CENTERS = RNG.normal(size=(5, 5))
GRADIENTS = {
    "entropy": (fastloss.cross_entropy, (LOGITS, CLASSES), {"weight": RNG.random(5), "ignore_index": int(CLASSES[0])}),
    "centers": (fastloss.center_loss, (LOGITS, CLASSES, CENTERS), {}),
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_of_weighted_rows(name, reduction, monkeypatch):
    loss, arrays, words = GRADIENTS[name]
    words, weights = {**words, "reduction": reduction}, RNG.random(4).astype(np.float32)
    expected = loss.value_and_grad(*arrays, sample_weight=weights, **words)
    gpu.kept_there(monkeypatch, 4)
    found = loss.value_and_grad(*matrices_moved(arrays), sample_weight=moved(weights), **words)
    close(gpu.content(found), expected)


@pytest.mark.parametrize("words", [{}, {"weight": np.full(5, 0.25)}])
@pytest.mark.parametrize("weights", [np.array([1.0, -0.5, 2.0, -3.0]), np.ones(3)])
def test_wrong_weights_of_rows(weights, words, monkeypatch):
    expected = error(lambda: fastloss.cross_entropy(LOGITS, CLASSES, sample_weight=weights, **words))
    gpu.simulated(monkeypatch)
    found = error(lambda: fastloss.cross_entropy(moved(LOGITS), CLASSES, sample_weight=moved(weights), **words))
    assert found == expected


IDS = {
    "entropy": (fastloss.cross_entropy, {}),
    "entropy, ignoring": (fastloss.cross_entropy, {"ignore_index": int(CLASSES[0])}),
    "entropy of weights": (fastloss.cross_entropy, {"weight": RNG.random(5), "ignore_index": int(CLASSES[1])}),
    "smoothed": (fastloss.cross_entropy, {"weight": RNG.random(5), "label_smoothing": 0.1, "ignore_index": 0}),
    "likelihood": (fastloss.nll_loss, {"weight": RNG.random(5)}),
    "focal": (fastloss.softmax_focal_loss, {"alpha": RNG.random(5)}),
    "polynomial": (fastloss.poly_loss, {}),
    "margin": (fastloss.multi_margin_loss, {"weight": RNG.random(5)}),
    "highest": (fastloss.crammer_singer_loss, {}),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("name", IDS)
def test_class_ids(name, dtype, weighted, monkeypatch):
    loss, words = IDS[name]
    ids, weights = CLASSES.astype(dtype), RNG.random(4) if weighted else None
    expected = loss.value_and_grad(LOGITS, ids, sample_weight=weights, **words)
    gpu.kept_there(monkeypatch, 4)
    for given in (weights, moved(weights)):
        found = loss.value_and_grad(moved(LOGITS), moved(ids), sample_weight=given, **words)
        close(gpu.content(found), expected)


@pytest.mark.parametrize("words", [{}, {"ignore_index": int(CLASSES[0])}])
def test_class_ids_of_probabilities(words, monkeypatch):
    p = RNG.dirichlet(np.ones(5), 4)
    expected = fastloss.categorical_cross_entropy.value_and_grad(p, CLASSES, **words)
    gpu.kept_there(monkeypatch, 4)
    close(gpu.content(fastloss.categorical_cross_entropy.value_and_grad(moved(p), moved(CLASSES), **words)), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int64])
@pytest.mark.parametrize("loss", [fastloss.categorical_cross_entropy, fastloss.cross_entropy], ids=lambda one: one.name)
def test_one_hot_rows_of_any_dtype(loss, dtype, monkeypatch):
    p, target = RNG.dirichlet(np.ones(5), 4), np.eye(5, dtype=dtype)[CLASSES]
    expected = loss.value_and_grad(p, target)
    gpu.kept_there(monkeypatch, 4 + 5)
    close(gpu.content(loss.value_and_grad(moved(p), moved(target))), expected)


@pytest.mark.parametrize("ids", [np.array([0, 5, -1, 2]), np.array([0, 1, -3, 9]), np.zeros(3, int)])
@pytest.mark.parametrize("words", [{}, {"ignore_index": -1}])
def test_wrong_class_ids(ids, words, monkeypatch):
    expected = error(lambda: fastloss.cross_entropy(LOGITS, ids, **words))
    gpu.simulated(monkeypatch)
    assert error(lambda: fastloss.cross_entropy(moved(LOGITS), moved(ids), **words)) == expected


def test_ids_and_weights_of_classes_that_pass_through_the_host(monkeypatch):
    words = {"weight": RNG.random(5)}
    expected = fastloss.cross_entropy(LOGITS, CLASSES, **words)
    of_centers = fastloss.center_loss(LOGITS, CLASSES, CENTERS)
    gpu.simulated(monkeypatch)
    words = {"weight": moved(words["weight"])}
    for logits, ids in ((moved(LOGITS), moved(CLASSES.astype(np.uint8))), (LOGITS, moved(CLASSES))):
        close(fastloss.cross_entropy(logits, ids, **words), expected)
    close(fastloss.center_loss(moved(LOGITS), moved(CLASSES), moved(CENTERS)), of_centers)


@pytest.mark.parametrize("loss", [fastloss.pairwise_logistic_loss, fastloss.lambdarank_loss], ids=lambda one: one.name)
def test_ids_of_groups_stay_on_the_host(loss, monkeypatch):
    labels, words = LABELS["two"], {"reduction": "per_group", "return_ids": True}
    names = np.array(["a", "c", "b"])[np.arange(SIZE) % 3]
    expected = loss(SCORES, labels, groups=names, **words)
    gpu.simulated(monkeypatch)
    found = loss(moved(SCORES), labels, groups=names, **words)
    assert found.ids.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(gpu.content(found.values), expected.values, rtol=1e-12)
