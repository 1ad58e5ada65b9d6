"""What losses of rows promise: NaN, what is left out, shapes, the same bits, and errors for bad input."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

import fastloss
from fastloss.core.summation import CHUNK
from fastloss.rows.row import rows_per_chunk

INF, NAN = math.inf, math.nan
ROWS, CLASSES = 7, 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def logits(rng):
    return rng.normal(size=(ROWS, CLASSES)) * 3


@pytest.fixture
def ids(rng):
    return rng.integers(0, CLASSES, ROWS)


def simplex(rng, columns=CLASSES):
    return rng.dirichlet(np.ones(columns), ROWS)


class TestNan:
    def test_a_row_with_nan_is_nan_and_no_other(self, logits, ids, rng):
        logits[2, (ids[2] + 1) % CLASSES] = NAN
        losses = [
            (fastloss.cross_entropy, (logits, ids), {}),
            (fastloss.cross_entropy, (logits, simplex(rng)), {}),
            (fastloss.softmax_focal_loss, (logits, ids), {}),
            (fastloss.categorical_cross_entropy, (0.0 * logits + 0.5, ids), {}),
            (fastloss.multi_margin_loss, (logits, ids), {}),
            (fastloss.crammer_singer_loss, (logits, ids), {}),
            (fastloss.policy_gradient_loss, (logits, ids, np.ones(ROWS)), {}),
            (fastloss.triplet_margin_loss, (logits, logits + 1.0, logits - 1.0), {"p": 3.0}),
            (fastloss.two_term_contrastive_loss, (logits, logits + 1.0, logits - 1.0), {"margin": 9.0}),
        ]
        for loss, arrays, words in losses:
            value, gradient = loss.value_and_grad(*arrays, reduction="none", **words)
            assert np.flatnonzero(np.isnan(value)).tolist() == [2]
            first = gradient[0] if isinstance(gradient, tuple) else gradient
            assert np.flatnonzero(np.isnan(first).any(1)).tolist() == [2]


class TestLimits:
    def test_no_margin_among_nothing_but_minus_infinity(self):
        """As for infinity: the lead of the true class has no limit. A single class has none to lead."""
        for rows, target in (
            ([-INF] * 2, 0),
            ([-INF] * 2, 1),
            ([-INF] * 4, 2),
            ([INF] * 2, 0),
            ([-INF, -INF, INF, INF], 2),
        ):
            value, gradient = fastloss.crammer_singer_loss.value_and_grad([rows], [target])
            assert np.isnan(value) and np.isnan(gradient[0, target])
        for rows, target, expected in (
            ([1.0, -INF], 0, 0.0),
            ([-INF, -INF, 1.0], 2, 0.0),
            ([-INF, 1.0], 0, INF),
            ([-INF], 0, 0.0),
        ):
            value, gradient = fastloss.crammer_singer_loss.value_and_grad([rows], [target])
            assert value == expected and np.isfinite(gradient).all()


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, -NAN, 5e-324, -5e-324])


class TestLargest:
    """The largest of a row is found among integers in the floats' order; Python's own comparisons are beside it."""

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("columns", [1, 2, 3, 8, 17, 100])
    @pytest.mark.parametrize("kinds", [2, 4, 6, 8, 10])
    def test_of_special_numbers(self, dtype, columns, kinds, rng):
        for numbers in (SPECIAL[:kinds], -SPECIAL[2:kinds:2] if kinds > 2 else -SPECIAL[2:4] - 1.0):
            x = rng.choice(numbers, (60, columns)).astype(dtype)
            t = rng.integers(0, columns, 60)
            losses = fastloss.crammer_singer_loss(x, t, margin=1.0, reduction="none")
            zeros, ones = np.zeros((60, columns), dtype), np.ones(60)
            squares = fastloss.td_loss(zeros, t, 0.0 * ones, x, 0.0 * ones, gamma=1.0, kind="huber", reduction="none")
            for i, row in enumerate(x.astype(np.float64).tolist()):
                own = row.pop(t[i])
                best = NAN if any(z != z for z in row) else max(row, default=-INF)
                lead = 1.0 - (own - best)
                expected = lead if lead > 0.0 or lead != lead else 0.0
                if not row:
                    expected = NAN if own != own else 0.0
                np.testing.assert_equal(losses[i], expected)
                size = abs(NAN if own != own or best != best else max(own, best))
                np.testing.assert_equal(squares[i], 0.5 * size * size if size <= 1.0 else size - 0.5)


class TestTinyMasks:
    """Dice losses of numbers whose squares are below all numbers, or whose sums have no inverse."""

    @pytest.mark.parametrize("size", [1.0, 1e-20, 1e-100, 1e-155, 1e-160, 1e-170, 1e-200, 1e-300, 1e-308])
    def test_squares_depend_on_no_unit(self, size):
        """1 - 2 sum p g / (sum p^2 + sum g^2) of (.3, .8, .1) and (1, 0, 1): 1 - .8 / 2.74."""
        arrays = np.array([[0.3, 0.8, 0.1]]) * size, np.array([[1.0, 0.0, 1.0]]) * size
        value, gradient = fastloss.dice_loss.value_and_grad(*arrays)
        assert value == pytest.approx(1.0 - 0.8 / 2.74, rel=1e-14)
        below = 2.74 * size  # the slope is (.8 * 2 p / 2.74 - 2 g) / below
        slopes = (1.6 * np.array([0.3, 0.8, 0.1]) / 2.74 - np.array([2.0, 0.0, 2.0])) / below
        np.testing.assert_allclose(gradient[0], slopes, rtol=1e-13)

    @pytest.mark.parametrize("number", [1e-155, 1e-160, 1e-162, 5e-324])
    def test_an_empty_mask(self, number):
        for prediction in ([[number]], [[number, number]]):
            value, gradient = fastloss.dice_loss.value_and_grad(prediction, np.zeros_like(prediction))
            assert value == 1.0 and not gradient.any()

    @pytest.mark.parametrize("squared", [True, False])
    @pytest.mark.parametrize("size", [1e-3, 1e-18, 1e-90, 1e-152, 1e-163, 1e-250, 1e-320])
    @pytest.mark.parametrize("smooth", [0.0, 1.0, 1e-200, 1e-320])
    def test_agrees_with_long_arithmetic(self, size, squared, smooth, rng):
        p, g = (size * rng.random((1, 3)) for _ in range(2))
        value, gradient = fastloss.dice_loss.value_and_grad(p, g, squared=squared, smooth=smooth)
        curvature = fastloss.dice_loss.grad_hess(p, g, squared=squared, smooth=smooth)[1]
        with mp.workdps(1000):
            p, g = ([mpf(float(number)) for number in one[0]] for one in (p, g))
            power = 2 if squared else 1
            below = mpf(smooth) + sum(a**power + b**power for a, b in zip(p, g, strict=True))
            same = (2 * sum(a * b for a, b in zip(p, g, strict=True)) + mpf(smooth)) / below
            growth = [2 * a if squared else mpf(1) for a in p]
            slopes = [(same * d - 2 * b) / below for b, d in zip(g, growth, strict=True)]
            bends = [(same * 2 * (power - 1) - 2 * s * d) / below for s, d in zip(slopes, growth, strict=True)]
            assert value == pytest.approx(float(1 - same), rel=1e-12, abs=1e-318)
            np.testing.assert_allclose(gradient[0], [float(one) for one in slopes], rtol=1e-10, atol=1e-318)
            np.testing.assert_allclose(curvature[0], [float(one) for one in bends], rtol=1e-10, atol=1e-318)

    @pytest.mark.parametrize("squared", [True, False])
    def test_empty_masks_cost_nothing_however_small_the_constant(self, squared):
        for smooth in (0.0, 1.0, 1e-300, 1e-320):
            assert fastloss.dice_loss([[0.0, 0.0]], [[0, 0]], squared=squared, smooth=smooth) == 0.0


class TestLeftOut:
    def test_ignored_rows_do_not_count(self, logits, ids, rng):
        weight, some = rng.uniform(0.5, 2.0, CLASSES), np.arange(ROWS) % 3 != 0
        targets = np.where(some, ids, -100)
        logits[~some] = NAN
        for words in ({}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.1}):
            value, gradient = fastloss.cross_entropy.value_and_grad(logits, targets, **words)
            expected, slope = fastloss.cross_entropy.value_and_grad(logits[some], ids[some], **words)
            assert value == pytest.approx(expected, rel=1e-14)
            np.testing.assert_allclose(gradient[some], slope, rtol=1e-14)
            assert (gradient[~some] == 0.0).all()

    def test_ignored_rows_of_probabilities(self, ids, rng):
        p, some, weights = simplex(rng), np.arange(ROWS) % 3 != 0, rng.uniform(0.5, 2.0, ROWS)
        p[~some] = NAN
        for words, of_some in (({}, {}), ({"sample_weight": weights}, {"sample_weight": weights[some]})):
            for call in ("value_and_grad", "grad_hess"):
                loss = getattr(fastloss.categorical_cross_entropy, call)
                first, second = loss(p, np.where(some, ids, -3), ignore_index=-3, **words)
                expected, slope = loss(p[some], ids[some], **of_some)
                np.testing.assert_allclose(first if np.ndim(first) == 0 else first[some], expected, rtol=1e-14)
                np.testing.assert_allclose(second[some], slope, rtol=1e-14)
                assert (second[~some] == 0.0).all()

    def test_every_row_ignored(self, logits):
        for loss, x in (
            (fastloss.cross_entropy, logits),
            (fastloss.nll_loss, logits),
            (fastloss.categorical_cross_entropy, np.full_like(logits, NAN)),
        ):
            value, gradient = loss.value_and_grad(x, np.full(ROWS, 9), ignore_index=9)
            assert value == 0.0
            assert (gradient == 0.0).all()

    def test_sample_weights_and_class_weights_multiply(self, logits, ids, rng):
        weight, sample = rng.uniform(0.5, 2.0, CLASSES), rng.uniform(0.5, 2.0, ROWS)
        each = fastloss.cross_entropy(logits, ids, weight=weight, reduction="none")
        expected = (sample * each).sum() / (sample * weight[ids]).sum()
        assert fastloss.cross_entropy(logits, ids, weight=weight, sample_weight=sample) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "name",
        ["cross_entropy", "kl_divergence", "multi_margin_loss", "softmax_focal_loss", "categorical_cross_entropy"],
    )
    def test_nothing_at_all(self, name):
        second = np.empty((0, 3)) if name == "kl_divergence" else np.empty(0, np.int64)
        value, gradient = getattr(fastloss, name).value_and_grad(np.empty((0, 3)), second)
        assert value == 0.0
        assert gradient.shape == (0, 3)


class TestShapes:
    @pytest.mark.parametrize(
        "name", ["cross_entropy", "nll_loss", "softmax_focal_loss", "poly_loss", "categorical_cross_entropy"]
    )
    def test_classes_lie_on_the_second_axis(self, name, rng):
        x, t = rng.random(size=(3, CLASSES, 2, 4)), rng.integers(0, CLASSES, (3, 2, 4))
        loss = getattr(fastloss, name)
        each, gradient = loss.value_and_grad(x, t, reduction="none")
        assert each.shape == t.shape
        assert gradient.shape == x.shape
        flat, slope = loss.value_and_grad(np.moveaxis(x, 1, -1).reshape(-1, CLASSES), t.reshape(-1), reduction="none")
        np.testing.assert_array_equal(each.reshape(-1), flat)
        np.testing.assert_array_equal(np.moveaxis(gradient, 1, -1).reshape(-1, CLASSES), slope)

    def test_one_row_needs_no_first_axis(self, logits, ids):
        each, gradient = fastloss.cross_entropy.value_and_grad(logits[0], ids[0], reduction="none")
        assert each.shape == ()
        assert gradient.shape == (CLASSES,)
        assert each == fastloss.cross_entropy(logits[:1], ids[:1])

    def test_values_are_float64_and_gradients_as_the_input(self, logits, ids):
        for dtype, expected in ((np.float16, np.float32), (np.float32, np.float32), (np.int64, np.float64)):
            value, gradient = fastloss.cross_entropy.value_and_grad(logits.astype(dtype), ids, reduction="none")
            assert value.dtype == np.float64
            assert gradient.dtype == expected

    def test_narrow_ids_are_ids(self, logits, ids):
        for dtype in (np.int8, np.uint16, np.int32):
            assert fastloss.cross_entropy(logits, ids.astype(dtype)) == fastloss.cross_entropy(logits, ids)


class TestBits:
    @pytest.mark.compiled
    @pytest.mark.parametrize("columns", [2, 1000, CHUNK + 1])
    def test_threads(self, rng, columns):
        rows = 8 * rows_per_chunk(columns) + 1
        x, t = rng.normal(size=(rows, columns)).astype(np.float32), rng.integers(0, columns, rows)
        results = []
        for threads in (1, 3):
            with fastloss.num_threads(threads):
                results.append(fastloss.cross_entropy.value_and_grad(x, t))
        assert results[0][0] == results[1][0]
        np.testing.assert_array_equal(results[0][1], results[1][1])

    @pytest.mark.compiled
    def test_a_row_does_not_depend_on_its_place(self, rng):
        rows = rows_per_chunk(CLASSES) + 3
        x, t = rng.normal(size=(rows, CLASSES)), rng.integers(0, CLASSES, rows)
        each, gradient = fastloss.cross_entropy.value_and_grad(x, t, reduction="none")
        for start in (1, rows - 2):
            some, slope = fastloss.cross_entropy.value_and_grad(x[start:], t[start:], reduction="none")
            np.testing.assert_array_equal(some, each[start:])
            np.testing.assert_array_equal(slope, gradient[start:])

    @pytest.mark.parametrize("columns", [3, 100])
    def test_derivatives_do_not_change_the_value(self, rng, columns):
        logits, t = rng.normal(size=(40, columns)), rng.integers(0, columns, 40)
        p = rng.dirichlet(np.ones(columns), 40)
        for loss, x, second in (
            (fastloss.cross_entropy, logits, t),
            (fastloss.cross_entropy, logits, p),
            (fastloss.softmax_focal_loss, logits, t),
            (fastloss.multi_margin_loss, logits, t),
            (fastloss.categorical_cross_entropy, p, t),
        ):
            assert loss(x, second) == loss.value_and_grad(x, second)[0]
            np.testing.assert_array_equal(loss.grad_hess(x, second)[0], loss.value_and_grad(x, second)[1])


WRONG = {
    "an id out of range": (
        lambda x, t: fastloss.cross_entropy(x, t + 5),
        r"target\[\d\] is \d: expected an id in \[0, 5",
    ),
    "ids that are not whole": (
        lambda x, t: fastloss.cross_entropy(x, t + 0.5),
        r"target\[0\] is 1.5: expected an id",
    ),
    "a number that is no probability": (
        lambda x, t: fastloss.entropy(x * 0 + 2),
        r"p\[0, 0\] is 2: expected .* \[0, 1\]",
    ),
    "another argument that is none": (
        lambda x, t: fastloss.kl_divergence(x * 0, x * 0 - 1),
        r"q\[0, 0\] is -1: expected .* \[0, 1\]",
    ),
    "a target of another number of classes": (
        lambda x, t: fastloss.cross_entropy(x, x[:, 1:]),
        r"target has shape \(7, 4\): expected \(7,\) of class ids, or \(7, 5\)",
    ),
    "an id of no probability": (
        lambda x, t: fastloss.categorical_cross_entropy(x * 0, t - 5),
        r"target\[0\] is -\d: expected an id in \[0, 5\) or ignore_index=-100",
    ),
    "a probability that is none, of a class that is not the target": (
        lambda x, t: fastloss.categorical_cross_entropy(
            np.where(np.arange(CLASSES) == (t[0] + 1) % CLASSES, -1.0, x * 0), t
        ),
        r"input\[0, \d\] is -1: expected a number in \[0, 1\]",
    ),
    "a probability that is none, of a row that is left out": (
        lambda x, t: fastloss.categorical_cross_entropy(x * 0 + 2.0, t * 0 - 100),
        r"input\[0, 0\] is 2: expected a number in \[0, 1\]",
    ),
    "ids to be ignored beside distributions": (
        lambda x, t: fastloss.categorical_cross_entropy(x * 0, x * 0, ignore_index=1),
        "ignore_index is 1: it has no effect on distributions, expected class ids",
    ),
    "a distribution that is none": (lambda x, t: fastloss.cross_entropy(x, x * 0 + 3), r"target\[0, 0\] is 3"),
    "a negative class weight": (lambda x, t: fastloss.nll_loss(x, t, weight=[1, 1, -2, 1, 1]), r"weight\[2\] is -2"),
    "a class weight too few": (
        lambda x, t: fastloss.nll_loss(x, t, weight=[1, 1]),
        r"weight has shape \(2,\): expected \(5,\)",
    ),
    "a negative example's weight": (
        lambda x, t: fastloss.cross_entropy(x, t, sample_weight=-np.ones(ROWS)),
        r"sample_weight\[0\] is -1: expected a number >= 0",
    ),
    "shapes that differ": (lambda x, t: fastloss.kl_divergence(x, x[1:]), r"q has shape \(6, 5\): expected"),
    "vectors that differ": (lambda x, t: fastloss.triplet_margin_loss(x, x, x[:, 1:]), r"negative has shape \(7, 4\)"),
    "a negative that differs": (
        lambda x, t: fastloss.two_term_contrastive_loss(x, x, x[1:]),
        r"negative has shape \(6, 5\): expected the shape of anchor",
    ),
    "centers that differ": (lambda x, t: fastloss.center_loss(x, t, x[:, 1:]), r"centers has shape \(7, 4\)"),
    "an action out of range": (lambda x, t: fastloss.policy_gradient_loss(x, t - 9, t), r"actions\[0\] is -\d"),
    "logits of one dimension": (
        lambda x, t: fastloss.policy_gradient_loss(x[:, 0], None, t),
        r"logits has shape \(7,\): expected two dimensions or, with log_probs=True, one",
    ),
    "actions beside their log-probabilities": (
        lambda x, t: fastloss.policy_gradient_loss(x[:, 0], t, t, log_probs=True),
        "actions is given: expected None",
    ),
    "an entropy of single actions": (
        lambda x, t: fastloss.policy_gradient_loss(x[:, 0], None, t, log_probs=True, entropy_coef=0.5),
        "entropy_coef is 0.5: expected 0, or log-probabilities of all actions",
    ),
    "an end that is neither": (
        lambda x, t: fastloss.td_loss(x, t, t, x, t * 0 + 7, gamma=0.5),
        r"done\[0\] is 7: expected 0 or 1",
    ),
    "a label that is neither": (
        lambda x, t: fastloss.cosine_embedding_loss(x, x, t * 0),
        r"target\[0\] is 0: expected -1 or 1",
    ),
    "an axis that is not there": (
        lambda x, t: fastloss.dice_loss(x * 0, x * 0, axis=2),
        "axis is 2: expected distinct axes",
    ),
    "a power that is not known": (lambda x, t: fastloss.multi_margin_loss(x, t, p=3), "p is 3: expected 1 or 2"),
    "a coefficient that is not finite": (lambda x, t: fastloss.poly_loss(x, t, epsilon=[INF]), "epsilon is"),
    "no quantile": (lambda x, t: fastloss.multi_quantile_loss(x, t, quantiles=()), r"quantiles is \(\)"),
    "a quantile too few": (
        lambda x, t: fastloss.multi_quantile_loss(x, t, quantiles=(0.5,) * (CLASSES - 1)),
        "quantiles has shape",
    ),
    "a quantile that is not inside": (
        lambda x, t: fastloss.multi_quantile_loss(x, t, quantiles=[0.5] * (CLASSES - 1) + [1.0]),
        r"quantiles\[\d\] is 1: expected a number in \(0, 1\)",
    ),
    "a quantile that is no number": (
        lambda x, t: fastloss.multi_quantile_loss(x, t, quantiles=[NAN] * CLASSES),
        r"quantiles\[0\] is nan",
    ),
    "a single number": (lambda x, t: fastloss.cross_entropy(1.0, 0), "input is a single number"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input(what, logits, ids):
    call, message = WRONG[what]
    with pytest.raises((TypeError, ValueError), match=message):
        call(logits, ids)
