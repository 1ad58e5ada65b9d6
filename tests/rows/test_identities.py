"""Losses of rows: identities between them, extremes and limits."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

import fastloss
from fastloss.rows.logits import BLOCK

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


def one_hot(ids, columns=CLASSES):
    return np.eye(columns)[ids]


def agree(first, second, relative=1e-13):
    """Values and gradients of two calls."""
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=relative, atol=1e-16)


class TestIdentities:
    def test_cross_entropy_is_divergence_plus_entropy(self, rng):
        p, q = simplex(rng), simplex(rng)
        total = fastloss.kl_divergence(p, q, reduction="none") + fastloss.entropy(p, reduction="none")
        np.testing.assert_allclose(fastloss.soft_cross_entropy(p, q, reduction="none"), total, rtol=1e-14)

    def test_divergence_does_not_depend_on_how_it_is_given(self, rng):
        p, q = simplex(rng), simplex(rng)
        expected = fastloss.kl_divergence(p, q)
        for log_p in (False, True):
            for log_q in (False, True):
                given = np.log(p) if log_p else p, np.log(q) if log_q else q
                assert fastloss.kl_divergence(*given, log_p=log_p, log_q=log_q) == pytest.approx(expected, rel=1e-13)

    def test_divergence_of_near_distributions_keeps_its_digits(self):
        p, q = np.array([[0.5, 0.5]]), np.array([[0.5 + 2.0**-20, 0.5 - 2.0**-20]])
        exact = sum(mpf(a) * mp.log(mpf(a) / mpf(b)) for a, b in zip(p[0], q[0], strict=True))
        assert fastloss.kl_divergence(p, q) == pytest.approx(float(exact), rel=1e-9)

    def test_divergence_near_and_far_is_exact_to_a_few_ulp(self, rng):
        """Terms p log(p / q), from ratios of nearly 1 to those beyond all numbers; measured: 3.1 ulp of the log."""
        p = rng.random(600) + 1e-300
        q = np.concatenate((p[:200] * (1.0 + 1e-8 * rng.standard_normal(200)), rng.random(200) + 1e-300))
        q = np.minimum(np.append(q, 10.0 ** rng.uniform(-250, 0, 200)), 1.0)
        with mp.workdps(50):
            exact = [float(mpf(a) * mp.log(mpf(a) / mpf(b))) for a, b in zip(p, q, strict=True)]
        found = fastloss.kl_divergence(p[:, None], q[:, None], reduction="none")
        np.testing.assert_array_max_ulp(found, np.array(exact), 6)
        tiny = 10.0 ** rng.uniform(-320, -260, (2, 100, 1))
        with mp.workdps(50):
            ratios = [float(mp.log(mpf(a) / mpf(b))) for a, b in zip(*tiny[..., 0], strict=True)]
        with np.errstate(under="ignore"):
            expected = tiny[0][:, 0] * ratios
        np.testing.assert_allclose(fastloss.kl_divergence(*tiny, reduction="none"), expected, rtol=1e-13, atol=1e-320)

    @pytest.mark.parametrize(
        "words", [{}, {"log_p": True}, {"log_q": True}, {"log_p": True, "log_q": True}, None], ids=str
    )
    def test_gradients_of_both_sides_are_those_of_each(self, rng, words):
        loss = fastloss.soft_cross_entropy if words is None else fastloss.kl_divergence
        words, p, q = words or {}, simplex(rng), simplex(rng)
        p, q = (np.log(x) if words.get(name) else x for name, x in (("log_p", p), ("log_q", q)))
        weights = rng.uniform(0.1, 2.0, ROWS)
        value, slopes = loss.value_and_grad(p, q, wrt="both", sample_weight=weights, **words)
        for wrt, slope in zip(("p", "q"), slopes, strict=True):
            agree((value, slope), loss.value_and_grad(p, q, wrt=wrt, sample_weight=weights, **words), 2e-14)

    def test_gradients_of_a_divergence_add_up(self, rng):
        """D(p, q) = H(p, q) - H(p), in p too."""
        p, q = simplex(rng), simplex(rng)
        divergence = fastloss.kl_divergence.value_and_grad(p, q, wrt="p")[1]
        cross = fastloss.soft_cross_entropy.value_and_grad(p, q, wrt="p")[1]
        np.testing.assert_allclose(divergence, cross - fastloss.entropy.value_and_grad(p)[1], rtol=1e-13, atol=1e-15)

    @pytest.mark.parametrize(
        ("loss", "words"), [("softmax_focal_loss", {"gamma": 0.0}), ("poly_loss", {"epsilon": ()})], ids=str
    )
    def test_cross_entropy_is_a_special_case(self, logits, ids, loss, words):
        other = getattr(fastloss, loss)
        agree(other.value_and_grad(logits, ids, **words), fastloss.cross_entropy.value_and_grad(logits, ids))
        agree(other.grad_hess(logits, ids, **words), fastloss.cross_entropy.grad_hess(logits, ids))

    def test_ids_are_one_hot_distributions(self, logits, ids, rng):
        weight = rng.uniform(0.5, 2.0, CLASSES)
        for words in ({}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.2}):
            by_id = fastloss.cross_entropy.value_and_grad(logits, ids, reduction="sum", **words)
            given = fastloss.cross_entropy.value_and_grad(logits, one_hot(ids), reduction="sum", **words)
            agree(by_id, given)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_ids_of_probabilities_are_one_hot_rows(self, ids, rng, dtype):
        """To the bit: all other terms are 0."""
        p, weights = rng.dirichlet(np.ones(CLASSES), ROWS).astype(dtype), rng.uniform(0.5, 2.0, ROWS)
        p[2, ids[2]], p[3] = 0.0, ids[3] == np.arange(CLASSES)
        for target in (one_hot(ids), one_hot(ids).astype(np.int64)):
            for words in ({}, {"reduction": "sum"}, {"reduction": "none"}, {"sample_weight": weights}):
                for call in ("value_and_grad", "grad_hess")[: 1 if words.get("reduction") == "none" else 2]:
                    loss = getattr(fastloss.categorical_cross_entropy, call)
                    for one, other in zip(loss(p, ids, **words), loss(p, target, **words), strict=True):
                        np.testing.assert_array_equal(one, other, strict=True)

    def test_two_classes_are_binary(self, rng):
        z, t = np.array([-800.0, -40.0, -1.0, 0.0, 1e-9, 3.0, 40.0, 700.0]), np.array([1, 1, 0, 1, 0, 1, 1, 1])
        expected = fastloss.binary_cross_entropy_with_logits.value_and_grad(z, t.astype(float), reduction="none")
        value, gradient = fastloss.cross_entropy.value_and_grad(np.stack([np.zeros_like(z), z], 1), t, reduction="none")
        agree((value, gradient[:, 1]), expected, 1e-14)
        np.testing.assert_allclose(gradient[:, 0], -gradient[:, 1], rtol=4e-16)

    def test_log_probabilities_and_logits_agree(self, logits, ids):
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        assert fastloss.nll_loss(logs, ids) == pytest.approx(fastloss.cross_entropy(logits, ids), rel=1e-14)
        probabilities = np.exp(logs)
        for target in (ids, one_hot(ids)):
            given = fastloss.categorical_cross_entropy(probabilities, target)
            assert given == pytest.approx(fastloss.cross_entropy(logits, ids), rel=1e-14)

    def test_crammer_singer_of_two_classes_is_weston_watkins(self, rng):
        x, t = rng.normal(size=(ROWS, 2)), rng.integers(0, 2, ROWS)
        first = fastloss.crammer_singer_loss.value_and_grad(x, t)
        second = fastloss.multi_margin_loss.value_and_grad(x, t)
        agree(first, (2.0 * second[0], 2.0 * second[1]))

    def test_policy_gradient_of_unit_advantages_is_cross_entropy(self, logits, ids):
        first = fastloss.policy_gradient_loss.value_and_grad(logits, ids, np.ones(ROWS))
        agree(first, fastloss.cross_entropy.value_and_grad(logits, ids, reduction="sum"))

    @pytest.mark.parametrize("coefficient", [0.0, 0.3])
    def test_policy_gradient_of_log_probabilities(self, logits, ids, rng, coefficient):
        """The same loss; by the softmax's Jacobian, dx_k = g_k - p_k sum(g), the same gradient by the logits."""
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        advantages, words = rng.normal(size=ROWS), {"episodes": np.arange(ROWS) % 3, "entropy_coef": coefficient}
        weights = rng.uniform(0.1, 2.0, ROWS)
        expected = fastloss.policy_gradient_loss.value_and_grad(logits, ids, advantages, sample_weight=weights, **words)
        value, slope = fastloss.policy_gradient_loss.value_and_grad(
            logs, ids, advantages, sample_weight=weights, log_probs=True, **words
        )
        back = slope - np.exp(logs) * slope.sum(1, keepdims=True)
        np.testing.assert_allclose(value, expected[0], rtol=1e-13)
        np.testing.assert_allclose(back, expected[1], rtol=1e-11, atol=1e-14)

    def test_policy_gradient_of_the_actions_taken(self, logits, ids, rng):
        advantages, words = rng.normal(size=ROWS), {"episodes": np.arange(ROWS) % 3, "log_probs": True}
        value, slope = fastloss.policy_gradient_loss.value_and_grad(logits, ids, advantages, **words)
        taken = logits[np.arange(ROWS), ids]
        own, by_taken = fastloss.policy_gradient_loss.value_and_grad(taken, None, advantages, **words)
        assert own == pytest.approx(value, rel=1e-14)
        assert by_taken.shape == (ROWS,)
        np.testing.assert_array_equal(slope, one_hot(ids) * by_taken[:, None])
        each = fastloss.policy_gradient_loss(taken, None, advantages, reduction="none", **words)
        np.testing.assert_allclose(each, -advantages * taken, rtol=1e-15)

    def test_episodes_are_counted(self, logits, ids):
        steps = logits, ids, np.arange(ROWS) - 2.0
        total = fastloss.policy_gradient_loss(*steps, reduction="sum")
        ends = np.array(["a", "b", "a", "c", "c", "b", "a"])
        assert fastloss.policy_gradient_loss(*steps, episodes=ends) == pytest.approx(total / 3)

    def test_double_q_learning_with_one_network_is_q_learning(self, logits, ids, rng):
        steps = logits, ids, rng.normal(size=ROWS), logits[::-1], rng.integers(0, 2, ROWS)
        first = fastloss.td_loss.value_and_grad(*steps, gamma=0.9)
        second = fastloss.td_loss.value_and_grad(*steps, gamma=0.9, next_q_online=logits[::-1])
        np.testing.assert_array_equal(first[1], second[1])
        assert first[0] == second[0]

    def test_contrastive_loss_of_hadsell(self, rng):
        a, b, t = rng.normal(size=(ROWS, 3)), rng.normal(size=(ROWS, 3)), rng.integers(0, 2, ROWS)
        ours = fastloss.contrastive_loss(a, b, t, margin=3.0)
        theirs = fastloss.contrastive_loss(a, b, 1 - t, margin=3.0, similar=0, half=True)
        assert theirs == pytest.approx(ours / 2)

    @pytest.mark.parametrize("squared", [False, True])
    def test_two_terms_are_two_pairs(self, rng, squared):
        a, p, n = (rng.normal(size=(ROWS, 3)) for _ in range(3))
        words = {"margin": 3.0, "squared": squared}
        value, (by_a, by_p, by_n) = fastloss.two_term_contrastive_loss.value_and_grad(a, p, n, **words)
        near, (a_near, p_near) = fastloss.contrastive_loss.value_and_grad(a, p, np.ones(ROWS), **words)
        far, (a_far, n_far) = fastloss.contrastive_loss.value_and_grad(a, n, np.zeros(ROWS), **words)
        agree((value, by_a, by_p, by_n), (near + far, a_near + a_far, p_near, n_far), 1e-12)

    def test_triplets_of_one_norm(self, rng):
        a, p, n = (rng.normal(size=(ROWS, 3)) for _ in range(3))
        expected = fastloss.triplet_margin_loss.value_and_grad(a, p, n, p=2.0, margin=3.0)
        value, gradients = fastloss.triplet_margin_loss.value_and_grad(a, p, n, p=2.0 + 1e-12, margin=3.0)
        agree((value, *gradients), (expected[0], *expected[1]), 1e-9)

    def test_centers_move_by_their_members(self, rng):
        x, y, c = rng.normal(size=(50, 3)), rng.integers(0, 4, 50), rng.normal(size=(6, 3))
        _, (of_x, of_centers) = fastloss.center_loss.value_and_grad(x, y, c)
        for k in range(6):
            np.testing.assert_allclose(of_centers[k], -of_x[y == k].sum(0), atol=1e-15)

    def test_dice_of_axes(self, rng):
        p, g = rng.uniform(size=(3, 4, 5)), rng.integers(0, 2, (3, 4, 5))
        each = [fastloss.dice_loss(p[:, j], g[:, j]) for j in range(4)]
        np.testing.assert_allclose(fastloss.dice_loss(p, g, axis=(0, -1), reduction="none"), each, rtol=1e-14)
        assert fastloss.dice_loss(p, g, axis=(0, 1, 2), reduction="none").shape == ()


def exact_cross_entropy(row, t):
    others = mp.fsum(mp.exp(mpf(x) - mpf(row[t])) for k, x in enumerate(row) if k != t)
    return mp.log1p(others)


class TestExtremes:
    @pytest.mark.parametrize(
        ("row", "t"),
        [
            ([0.0, -40.0, -50.0], 0),  # 1 - p is below the rounding of p
            ([700.0, 0.0, 0.0], 0),
            ([0.0, 1e-17], 0),
            ([3.0, 0.0], 0),
            ([0.0, 20.0, 0.0, -20.0], 1),
            ([*[-30.0] * 16, 0.0, *[-29.0] * 20], 16),
            ([*[-30.0] * 70, 0.0, *[-29.0] * 50], 70),
            ([1e300, -1e300], 1),
            ([1e-300, 2e-300, 0.0], 2),
            ([-1e5, -1e5 - 3.0], 1),
            ([5.0, 5.0, 5.0, 4.0], 1),
            ([3.0], 0),
        ],
        ids=str,
    )
    def test_value_and_gradient(self, row, t):
        value, gradient = fastloss.cross_entropy.value_and_grad([row], [t])
        exact = exact_cross_entropy(row, t)
        assert value == pytest.approx(float(exact), rel=4e-16 * 8, abs=0.0)
        assert gradient[0, t] == pytest.approx(float(mp.expm1(-exact)), rel=1e-14, abs=0.0)

    @pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
    def test_focal_loss_near_certainty(self, gamma):
        value, gradient = fastloss.softmax_focal_loss.value_and_grad([[0.0, -60.0]], [0], gamma=gamma)
        q = mp.exp(-60) / (1 + mp.exp(-60))
        assert value == pytest.approx(float(-(q**gamma) * mp.log1p(-q)), rel=1e-13, abs=0.0)
        assert np.isfinite(gradient).all()
        assert gradient[0, 0] < 0.0

    @pytest.mark.parametrize("columns", [1, 7, 8, 9, int(BLOCK) - 1, int(BLOCK) + 1, 3 * int(BLOCK) + 5])
    @pytest.mark.parametrize("at", ["first", "last"])
    @pytest.mark.slow
    def test_one_pass_whatever_the_columns(self, rng, columns, at):
        """The largest logit may come in any block of columns."""
        x = rng.normal(size=(2, columns)) * 3
        x[:, 0 if at == "first" else -1] += 30.0
        t = np.array([0, columns - 1])
        top = x.max(1, keepdims=True)
        logs = x - top - np.log(np.exp(x - top).sum(1, keepdims=True))
        value, gradient = fastloss.cross_entropy.value_and_grad(x, t, reduction="sum")
        assert value == pytest.approx(-logs[[0, 1], t].sum(), rel=1e-13, abs=1e-14)
        np.testing.assert_allclose(gradient, np.exp(logs) - one_hot(t, columns), atol=1e-14)

    def test_vectors_whose_squares_overflow_or_vanish(self):
        for scale in (1e200, 1e-200):
            a, b, c = np.array([[scale, 0.0]]), np.array([[-scale, scale]]), np.array([[0.0, 0.0]])
            value, gradients = fastloss.triplet_margin_loss.value_and_grad(a, b, c, margin=0.0, eps=0.0)
            assert value == pytest.approx((math.sqrt(5.0) - 1.0) * scale, rel=1e-14)
            assert all(np.isfinite(gradient).all() for gradient in gradients)

    def test_nothing_is_undefined_where_vectors_meet(self):
        same = [[1.0, 2.0]]
        for p in (0.5, 1.0, 2.0, 3.0):
            value, gradients = fastloss.triplet_margin_loss.value_and_grad(same, same, same, p=p, eps=0.0)
            assert value == 1.0
            assert all((gradient == 0.0).all() for gradient in gradients)
        value, gradients = fastloss.contrastive_loss.value_and_grad(same, same, [0])
        assert value == 1.0
        assert all((gradient == 0.0).all() for gradient in gradients)
        value, gradients = fastloss.two_term_contrastive_loss.value_and_grad(same, same, same)
        assert value == 1.0
        assert all((gradient == 0.0).all() for gradient in gradients)
        for t in (1, -1):
            _, gradients = fastloss.cosine_embedding_loss.value_and_grad(same, same, [t])
            assert all(np.abs(gradient).max() < 1e-12 for gradient in gradients)

    def test_a_negative_at_the_margin_has_the_slope_within_it(self):
        """PyTorch's clamp(min=0) has slope 1 at 0: by a negative at distance 1 the slope is that of -d."""
        value, (anchor, _, negative) = fastloss.two_term_contrastive_loss.value_and_grad([[0.0]], [[0.0]], [[1.0]])
        assert (value, anchor.tolist(), negative.tolist()) == (0.0, [[1.0]], [[-1.0]])

    def test_empty_masks_overlap(self):
        value, gradient = fastloss.dice_loss.value_and_grad(np.zeros(4), np.zeros(4))
        assert value == 0.0
        assert (gradient == 0.0).all()


class TestInfinity:
    @pytest.mark.parametrize(
        ("row", "t", "value", "gradient"),
        [
            ([1.0, INF, 2.0], 1, 0.0, [0.0, 0.0, 0.0]),
            ([1.0, INF, 2.0], 0, INF, [-1.0, 1.0, 0.0]),
            ([INF, INF, 2.0], 0, NAN, [NAN, NAN, NAN]),
            ([-INF, -INF], 0, NAN, [NAN, NAN]),
            ([-INF, 0.0, 0.0], 0, INF, [-1.0, 0.5, 0.5]),
            ([-INF, 0.0, 0.0], 1, math.log(2.0), [0.0, -0.5, 0.5]),
        ],
        ids=str,
    )
    def test_limits_of_cross_entropy(self, row, t, value, gradient):
        for target in ([t], one_hot([t], len(row))):
            ours, slope = fastloss.cross_entropy.value_and_grad([row], target)
            np.testing.assert_allclose(ours, value, rtol=1e-15)
            np.testing.assert_allclose(slope[0], gradient, rtol=1e-15)

    def test_infinite_logits_of_other_losses_give_the_limit(self):
        for loss in (fastloss.softmax_focal_loss, fastloss.poly_loss):
            value, gradient = loss.value_and_grad([[INF, 0.0]], [0])
            assert value == 0.0
            assert (gradient == 0.0).all()
            value, gradient = loss.value_and_grad([[INF, 0.0]], [1])
            assert value == INF
            assert np.isfinite(gradient).all()

    def test_an_action_that_is_taken_out_has_no_gradient(self):
        x = np.array([[1.0, 2.0, -INF]])
        value, gradient = fastloss.policy_gradient_loss.value_and_grad(x, [0], [1.0], entropy_coef=0.1)
        less, slope = fastloss.policy_gradient_loss.value_and_grad(x[:, :2], [0], [1.0], entropy_coef=0.1)
        assert value == pytest.approx(less, rel=1e-15)
        np.testing.assert_allclose(gradient[0], [*slope[0], 0.0], rtol=1e-15)

    def test_log_probabilities_at_the_ends(self):
        """An action of probability 0 adds nothing, and costs infinity if taken; a density may exceed e**709."""
        loss, words = fastloss.policy_gradient_loss.value_and_grad, {"log_probs": True, "reduction": "none"}
        x, weak = [[math.log(0.5), math.log(0.5), -INF]], {"entropy_coef": 0.1}
        value, gradient = loss(x, [0], [2.0], **weak, **words)
        np.testing.assert_allclose(value, [2.0 * math.log(2.0) - 0.1 * math.log(2.0)], rtol=1e-15)
        assert gradient[0, 2] == 0.0
        for advantage, cost in ((2.0, INF), (-2.0, -INF), (0.0, 0.0)):
            value, gradient = loss([[0.0, -INF]], [1], [advantage], **words)
            assert value.tolist() == [cost]
            assert gradient.tolist() == [[0.0, -advantage]]
        value, gradient = loss([800.0], None, [2.0], **words)
        assert (value.tolist(), gradient.tolist()) == ([-1600.0], [-2.0])

    def test_a_nan_among_log_probabilities(self):
        for row in ([NAN, 0.0], [0.0, NAN]):
            for words in ({}, {"entropy_coef": 0.1}):
                for advantage in (0.0, 1.0):
                    value, gradient = fastloss.policy_gradient_loss.value_and_grad(
                        [row], [0], [advantage], log_probs=True, **words
                    )
                    assert math.isnan(value)
                    assert np.isnan(gradient).any()

    def test_zero_probabilities(self):
        assert fastloss.entropy.value_and_grad([[0.0, 1.0]])[1].tolist() == [[0.0, -1.0]]
        assert fastloss.kl_divergence([[0.0, 1.0]], [[0.0, 1.0]]) == 0.0
        assert fastloss.kl_divergence([[0.5, 0.5]], [[0.0, 1.0]]) == INF
        assert fastloss.kl_divergence([[0.0, 1.0]], [[-INF, 0.0]], log_q=True) == 0.0
        assert fastloss.kl_divergence([[-INF, 0.0]], [[-INF, 0.0]], log_p=True, log_q=True) == 0.0
        assert fastloss.categorical_cross_entropy([[0.0, 1.0]], [[0.0, 1.0]]) == 0.0
        assert fastloss.categorical_cross_entropy([[0.0, 1.0]], [1]) == 0.0
        value, gradient = fastloss.categorical_cross_entropy.value_and_grad([[0.0, 1.0], [0.5, 0.5]], [0, 1])
        assert value == INF and gradient.tolist() == [[-INF, 0.0], [0.0, -1.0]]
        assert math.isnan(fastloss.kl_divergence([[0.0, 1.0]], [[NAN, 1.0]]))

    def test_slopes_in_the_data_where_it_is_zero(self):
        """Minus infinity in theory, NaN from PyTorch: 0. Where q alone is 0 the slope is infinite, in both."""
        p, q = np.array([0.0, 0.0, 0.5, 0.5]), np.array([0.25, 0.0, 0.25, 0.0])
        with np.errstate(divide="ignore"):
            log_p, log_q = np.log(p), np.log(q)
        expected = [0.0, 0.0, math.log(2.0) + 1.0, INF]
        for words, arrays, factors in (
            ({}, (p, q), np.ones(4)),
            ({"log_q": True}, (p, log_q), np.ones(4)),
            ({"log_p": True}, (log_p, q), np.array([1.0, 1.0, 0.5, 1.0])),
            ({"log_p": True, "log_q": True}, (log_p, log_q), np.array([1.0, 1.0, 0.5, 1.0])),
        ):
            value, slope = fastloss.kl_divergence.value_and_grad(*arrays, wrt="p", **words)
            assert value == INF
            np.testing.assert_allclose(slope, expected * factors, rtol=1e-15)
        slope = fastloss.soft_cross_entropy.value_and_grad(p, q, wrt="p")[1]
        np.testing.assert_allclose(slope, [math.log(4.0), 0.0, math.log(4.0), INF], rtol=1e-15)

    def test_a_nan_reaches_the_gradient_of_either_side(self):
        for p, q in (([0.0, 1.0], [NAN, 1.0]), ([NAN, 1.0], [0.0, 1.0]), ([NAN, 1.0], [1.0, 0.0])):
            for loss in (fastloss.kl_divergence, fastloss.soft_cross_entropy):
                value, slopes = loss.value_and_grad(p, q, wrt="both")
                assert math.isnan(value)
                assert [bool(np.isnan(slope[0])) for slope in slopes] == [True, True]

    def test_a_logarithm_beyond_exp_is_no_zero(self):
        """exp(-1000) is 0 in float64; the probability is not."""
        for words in ({"log_p": True, "log_q": True}, {"log_p": True}):
            value, slope = fastloss.kl_divergence.value_and_grad(
                [[-1000.0, 0.0]], [[-INF if "log_q" in words else 0.0, 1.0 - ("log_q" in words)]], wrt="p", **words
            )
            assert (value, slope[0, 0]) == (INF, INF)

    def test_the_states_after_the_last_are_not_read(self):
        arrays = [[1.0, 2.0]], [0], [1.5], [[INF, NAN]]
        value, gradient = fastloss.td_loss.value_and_grad(*arrays, [True], gamma=0.9)
        assert value == 0.25
        assert gradient.tolist() == [[-1.0, 0.0]]
        assert math.isnan(fastloss.td_loss(*arrays, [False], gamma=0.9))


@pytest.mark.parametrize("p", [1, 2])
def test_a_single_class_that_is_nan(p):
    """There is no other class to lose to: 0 for a number, NaN for NaN."""
    value, slope = fastloss.multi_margin_loss.value_and_grad([[1.0], [2.0]], [0, 0], p=p)
    assert value == 0.0 and not slope.any()
    value, slope = fastloss.multi_margin_loss.value_and_grad([[1.0], [np.nan]], [0, 0], p=p)
    assert np.isnan(value) and np.isnan(slope[1]).all() and not slope[0].any()
