"""The oracles against hand-computed values, and at their limits."""

from math import cosh, exp, inf, log, nan, pi, sqrt

import pytest
from mpmath import mp, mpf

from tests.oracles import ORACLES, Terms, elementwise, exact, gradient, reduce, second_derivative
from tests.oracles.ranking import bpr_penalty

A, B = log(2.0), log(3.0)  # softmax of [log 1, log 2, log 3] is [1/6, 1/3, 1/2]
ROW = [[0.0, A, B]]
BCE, LOGITS_BCE = "binary_cross_entropy", "binary_cross_entropy_with_logits"
LOG = {"log_p": True, "log_q": True}
DEPARTURES = ([2.0, 1, 3, 8], [0, 1, 3, 8])
PAIR = ([[3.0, 4], [0, 1]], [[0, 0], [0, 0]])


def soft(x):
    return log(1 + exp(x))


def assert_close(actual, expected, relative=1e-13, absolute=0.0):
    """Elements of mpf against floats; NaN is close to NaN only, and an infinity to itself."""
    actual, expected = exact(actual).reshape(-1), exact(expected).reshape(-1)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        if mp.isnan(e) or mp.isinf(e):
            assert (mp.isnan(a) and mp.isnan(e)) or a == e, (a, e)
        else:
            assert abs(a - e) <= relative * abs(e) + absolute, (a, e)


COS = 24 / (25 + 1e-12)  # of (3, 4) and (4, 3), as torch
BOTH = (soft(-1) + soft(3)) / 2
# name, arguments, keywords, losses by the formula beside them
BY_HAND = [
    # -(t log p + (1-t) log(1-p)); -100 stands for log 0
    (BCE, ([0.25, 0.25, 0.0, 0.5], [1, 0, 1, 0.3]), {}, [2 * A, log(4 / 3), 100, A]),
    (BCE, ([0.5, 0.5], [1, 0]), {"weight": [3, 0]}, [3 * A, 0]),
    # softplus(-x), softplus(x)
    (LOGITS_BCE, ([0.0, B, B], [1, 1, 0]), {}, [A, log(4 / 3), log(4)]),
    # w (pos t softplus(-x) + (1-t) softplus(x)), t = 1 - 0.1/2 and 0.1/2
    (
        LOGITS_BCE,
        ([B, B], [1, 0]),
        {"pos_weight": 5, "weight": 2, "label_smoothing": 0.1},
        [
            2 * (5 * 0.95 * log(4 / 3) + 0.05 * log(4)),
            2 * (5 * 0.05 * log(4 / 3) + 0.95 * log(4)),
        ],
    ),
    # -log p_t
    ("cross_entropy", (ROW * 3, [0, 1, 2]), {}, [log(6), B, A]),
    # -sum t log p
    ("cross_entropy", (ROW, [[0.5, 0.25, 0.25]]), {}, [0.5 * log(6) + 0.25 * B + 0.25 * A]),
    # (1 - eps) w_t -log p_t + eps/C sum_k w_k -log p_k
    (
        "cross_entropy",
        (ROW, [1]),
        {"weight": [1, 2, 4], "label_smoothing": 0.3},
        [0.7 * 2 * B + 0.1 * (log(6) + 2 * B + 4 * A)],
    ),
    ("cross_entropy", (ROW * 2, [1, -7]), {"ignore_index": -7}, [B, 0]),
    ("nll_loss", ([[-1.0, -2.0]] * 3, [0, 1, -100]), {"weight": [3, 5]}, [3, 10, 0]),
    ("categorical_cross_entropy", ([[0.5, 0.25, 0.25, 0.0]], [[0.5, 0.5, 0, 0]]), {}, [1.5 * A]),
    ("categorical_cross_entropy", ([[0.5, 0.25, 0.25]] * 3, [0, 1, -7]), {"ignore_index": -7}, [A, 2 * A, 0]),
    # (1-p)^2 -log p with p = 3/4, then 1/4
    ("focal_loss", ([B, B], [1, 0]), {}, [log(4 / 3) / 16, 9 / 16 * log(4)]),
    ("focal_loss", ([B, B], [1, 0]), {"gamma": 1, "alpha": 0.2}, [log(4 / 3) / 20, 0.6 * log(4)]),
    ("softmax_focal_loss", (ROW * 2, [1, 2]), {}, [4 / 9 * B, A / 4]),
    ("softmax_focal_loss", (ROW, [1]), {"gamma": 0, "alpha": [5, 7, 9]}, [7 * B]),
    ("softmax_focal_loss", (ROW, [1]), {"gamma": 1, "alpha": 0.5}, [B / 3]),
    # sum p log(p/q)
    ("kl_divergence", ([[0.5, 0.5, 0.0]], [[0.25, 0.75, 0.0]]), {}, [(A + log(2 / 3)) / 2]),
    ("kl_divergence", ([[-A, -A]], [[log(0.25), log(0.75)]]), LOG, [(A + log(2 / 3)) / 2]),
    ("entropy", ([[0.5, 0.25, 0.25, 0.0]],), {}, [1.5 * A]),
    ("soft_cross_entropy", ([[0.5, 0.5, 0.0]], [[0.25, 0.5, 0.25]]), {}, [1.5 * A]),
    ("hinge_loss", ([0.5, 0.5, 2.0], [1, -1, 1]), {}, [0.5, 1.5, 0]),
    ("hinge_loss", ([0.5, 0.5], [1, 0]), {"margin": 2}, [1.5, 2.5]),
    ("squared_hinge_loss", ([0.5, 0.5, 2.0], [1, 0, 1]), {}, [0.25, 2.25, 0]),
    ("soft_margin_loss", ([B, B, B], [1, -1, 0]), {}, [log(4 / 3), log(4), log(4)]),
    # (max(0, 1-1+3) + max(0, 1-1-1))/3 = 1; squared 9/3; with weight 2
    ("multi_margin_loss", ([[1.0, 3.0, -1.0]], [0]), {}, [1]),
    ("multi_margin_loss", ([[1.0, 3.0, -1.0]], [0]), {"p": 2, "weight": [2, 1, 1]}, [6]),
    ("crammer_singer_loss", ([[1.0, 3.0, 2.5]] * 2, [0, 1]), {}, [3, 0.5]),
    # -log(1/3) + 2 (2/3) + 3 (2/3)^2, then 3 (2/3)^2 / 2
    ("poly_loss", (ROW, [1]), {"epsilon": (2, 3)}, [B + 4 / 3 + 4 / 3]),
    ("poly_loss", (ROW, [1]), {"epsilon": (2, 3), "divide_by_power": True}, [B + 4 / 3 + 2 / 3]),
    # 1 - 2*0.5 / (0.5^2 + 0.5^2 + 1) = 1/3, and 1 - 2*0.5/(1 + 1)
    ("dice_loss", ([0.5, 0.5], [1, 0]), {}, [1 / 3]),
    ("dice_loss", ([0.5, 0.5], [1, 0]), {"squared": False}, [0.5]),
    ("dice_loss", ([0.5, 0.5], [1, 0]), {"squared": False, "smooth": 2}, [1 - 3 / 4]),
    ("dice_loss", ([[0.5, 0.5], [0, 0]], [[1, 0], [0, 0]]), {"axis": 1}, [1 / 3, 0]),
    ("dice_loss", ([[0.5, 0.5], [0, 0]], [[1, 0], [0, 0]]), {"axis": (0, -1)}, [1 / 3]),
    ("center_loss", ([[1.0, 2.0], [0, 0]], [1, 0], [[3, 4], [0, 4]]), {}, [2.5, 12.5]),
    ("l1_loss", ([1.0, 5.0], [3, 1]), {}, [2, 4]),
    ("mse_loss", ([1.0, 5.0], [3, 1]), {}, [4, 16]),
    ("rmse_loss", ([1.0, 5.0], [3, 1]), {}, [sqrt(10)]),
    # targets 0, 1, 3, 8: range 8, mean 3, std sqrt(9+4+0+25)/2, iqr (3+5/4) - 3/4, max 8
    ("nmae_loss", DEPARTURES, {}, [2 / 8, 0, 0, 0]),
    ("nmae_loss", DEPARTURES, {"norm": "mean"}, [2 / 3, 0, 0, 0]),
    ("nmae_loss", DEPARTURES, {"norm": "std"}, [4 / sqrt(38), 0, 0, 0]),
    ("nmae_loss", DEPARTURES, {"norm": "iqr"}, [2 / 3.5, 0, 0, 0]),
    ("nmae_loss", ([2.0, 1, 3, -8], [0, 1, 3, -8]), {"norm": "max"}, [2 / 8, 0, 0, 0]),
    ("nmae_loss", ([2.0, 1], [0, -3]), {"norm": 4}, [0.5, 1]),
    # a^2/2 inside, delta (|a| - delta/2) outside
    ("huber_loss", ([0.5, -3.0], [0, 0]), {}, [0.125, 2.5]),
    ("huber_loss", ([0.5, -3.0], [0, 0]), {"delta": 2}, [0.125, 4]),
    ("smooth_l1_loss", ([0.5, -3.0], [0, 0]), {"beta": 2}, [0.0625, 2]),
    ("smooth_l1_loss", ([0.5, -3.0], [0, 0]), {"beta": 0}, [0.5, 3]),
    ("asymmetric_huber_loss", ([-3.0, -0.5, 3.0], [0, 0, 0]), {"alpha": 4}, [10, 0.125, 2.5]),
    (
        "asymmetric_huber_loss",
        ([-3.0, -0.5, 0.5], [0, 0, 0]),
        {"alpha": 4, "continuous": True},
        [10, 0.5, 0.125],
    ),
    # 2 (3 - 2/2), 1.5^2/2 within the lower threshold, 3 - 1/2
    ("asymmetric_huber_loss", ([-3.0, -1.5, 3.0], [0, 0, 0]), {"delta_below": 2}, [4, 1.125, 2.5]),
    (
        "asymmetric_huber_loss",
        ([-3.0, -0.25, 0.75], [0, 0, 0]),
        {"delta_below": 0.5, "alpha": 4, "continuous": True},
        [5.5, 0.125, 0.28125],
    ),
    ("log_cosh_loss", ([2.0, 0.5, 1e3], [0] * 3), {}, [log(cosh(2)), log(cosh(0.5)), 1e3 - A]),
    ("mape_loss", ([1.0, 3.0], [-2, 4]), {}, [1.5, 0.25]),
    ("mape_loss", ([1.0, 3.0], [0, 4]), {"epsilon": 0.5}, [2, 0.25]),
    ("msle_loss", ([1.0], [5]), {}, [B**2]),  # log 2 - log 6
    ("poisson_nll_loss", ([A], [3]), {}, [2 - 3 * A]),
    ("poisson_nll_loss", ([2.0], [3]), {"log_input": False, "eps": 0.5}, [2 - 3 * log(2.5)]),
    # full adds t log t - t + log(2 pi t)/2 for t > 1
    (
        "poisson_nll_loss",
        ([A, A], [3, 1]),
        {"full": True},
        [2 - 3 * A + 3 * B - 3 + 0.5 * log(6 * pi), 2 - A],
    ),
    ("quantile_loss", ([1.0, 4.0], [3, 1]), {"q": 0.2}, [0.4, 2.4]),
    ("multi_quantile_loss", ([[1.0, 4.0]], [2]), {"quantiles": (0.25, 0.75)}, [(0.25 + 0.5) / 2]),
    ("expectile_loss", ([1.0, 4.0], [3, 1]), {"tau": 0.2}, [0.8, 7.2]),
    # t / m + log m
    ("gamma_nll_loss", ([A, 0.0], [3, 2]), {}, [1.5 + A, 2]),
    ("gamma_nll_loss", ([2.0], [3]), {"log_input": False, "eps": 0.5}, [1.2 + log(2.5)]),
    # t / sqrt(m) / 0.5 + sqrt(m) / 0.5
    ("tweedie_loss", ([2 * A, 0.0], [3, 0]), {}, [3 + 4, 2]),
    ("tweedie_loss", ([3.0], [5]), {"log_input": False, "eps": 1}, [5 + 4]),
    ("tweedie_loss", ([A], [3]), {"power": 1}, [2 - 3 * A]),
    ("tweedie_loss", ([A], [3]), {"power": 2}, [1.5 + A]),
    ("gaussian_nll_loss", ([1.0, 4.0], [3, 4], [4, 0.25]), {}, [A + 0.5, -A]),
    ("gaussian_nll_loss", ([1.0], [3], [0]), {"full": True, "eps": 1}, [2 + 0.5 * log(2 * pi)]),
    ("fair_loss", ([-3.0, 0.0], [3, 2]), {"c": 2}, [4 * (3 - 2 * A), 4 * (1 - A)]),
    ("pseudo_huber_loss", ([-1.0, 4.0], [0, 0]), {"delta": 3}, [9 * (sqrt(10 / 9) - 1), 6]),
    # pairs (1, 0), (2, 0), (2, 1) of scores 0, 1, -1: gaps 1, -1, -2
    ("pairwise_logistic_loss", ([0.0, 1, -1], [0, 1, 2]), {}, [0, soft(-1), soft(1) + soft(2)]),
    ("pairwise_exponential_loss", ([0.0, 1, -1], [0, 1, 2]), {}, [0, exp(-1), exp(1) + exp(2)]),
    ("pairwise_hinge_loss", ([0.0, 1, -1], [0, 1, 2]), {}, [0, 0, 2 + 3]),
    ("pairwise_squared_hinge_loss", ([0.0, 1, -1], [0, 1, 2]), {"margin": 2}, [0, 1, 9 + 16]),
    ("pairwise_logistic_loss", ([0.0, 1], [0, 1]), {"sigma": 3}, [0, soft(-3)]),
    ("pairwise_logistic_loss", ([0.0, 1, -1], [0, 1, 2]), {"groups": [7, 7, 9]}, [0, soft(-1), 0]),
    # w_1 w_0, then w_2 w_0 + w_2 w_1
    (
        "pairwise_hinge_loss",
        ([0.0, 0.5, -1], [0, 1, 2]),
        {"sample_weight": [2, 3, 5]},
        [0, 6 * 0.5, 10 * 2 + 15 * 2.5],
    ),
    # every i, j: slopes y_i - y_j, or y_i as it stands (hinges) or in {-1, 1}; i = j gives log 2, 1, m
    ("pairwise_logistic_loss", ([0.0, 1], [0, 2]), {"pairs": "all"}, [A + soft(-2), A + soft(-2)]),
    ("pairwise_exponential_loss", ([0.0, 1], [0, 2]), {"pairs": "all"}, [1 + exp(-2)] * 2),
    ("pairwise_hinge_loss", ([0.0, 3], [1, 0]), {"pairs": "all"}, [1 + 4, 1 + 1]),
    ("pairwise_hinge_loss", ([0.0, 3], [2, -1]), {"pairs": "all"}, [1 + 7, 4 + 1]),
    ("pairwise_squared_hinge_loss", ([0.0, 3], [-1, -1]), {"pairs": "all"}, [1 + 0, 16 + 1]),
    ("soft_pairwise_loss", ([0.0, 3], [1, 0]), {}, [A + soft(3), soft(3) + A]),
    # softplus(neg - pos), meaned over a positive's negatives
    ("bpr_loss", ([1.0, 2.0], [0, 4]), {}, [soft(-1), soft(2)]),
    ("bpr_loss", ([1.0], [[0, 4]]), {}, [BOTH]),
    ("bpr_loss", ([1.0, 0.0], [0, 4]), {"shared": True}, [BOTH, (A + soft(4)) / 2]),
    ("bpr_loss", ([1.0, 2, 0], [0, 4, 5]), {"offsets": [0, 2, 2, 3]}, [BOTH, 0, soft(5)]),
    ("margin_ranking_loss", ([1.0, 1.0], [3, 3], [1, -1]), {"margin": 0.5}, [2.5, 0]),
    # distances: 0.5 + 1 - 1 and less than 0; 2 + 1 - 1 and less than 0
    ("margin_all_pairs_loss", ([0.5, 2.0], [1, 4]), {}, [0.5, 2]),
    # the scores are 1, 3 and 0, the first item is the user's
    ("bpr_all_negatives_loss", ([[1.0]], [[1.0], [3], [0]]), {"interactions": ([0, 1], [0])}, [soft(2) + soft(-1)]),
    # the better row stands second; gains 1 and 0, discounts 1 and 1 / log2(3), maxDCG 1
    ("lambdarank_loss", ([1.0, 3.0], [1, 0]), {}, [(1 - 1 / mp.log(3, 2)) * soft(2)]),
    # d(a,p) = 5, d(a,n) = 1, d(p,n) = 4
    ("triplet_margin_loss", ([[0.0, 0]], [[3, 4]], [[0.6, 0.8]]), {"eps": 0}, [5]),
    # max(0, 5 - 10 + 1) = 0; swap: 5 - d(p,n) + 1 with d(p,n) = 5
    ("triplet_margin_loss", ([[0.0, 0]], [[3, 4]], [[6, 8]]), {"eps": 0}, [0]),
    ("triplet_margin_loss", ([[0.0, 0]], [[3, 4]], [[6, 8]]), {"eps": 0, "swap": True}, [1]),
    ("triplet_margin_loss", ([[0.0, 0]], [[3, 4]], [[1, 1]]), {"eps": 0, "p": 1, "margin": 2}, [7]),
    # d = 5, 1
    ("contrastive_loss", (*PAIR, [1, 0]), {"margin": 3}, [25, 4]),
    ("contrastive_loss", (*PAIR, [0, 1]), {"similar": 0, "half": True}, [12.5, 0]),
    ("contrastive_loss", (*PAIR, [1, 0]), {"margin": 3, "squared": False}, [5, 2]),
    # D(a,p) = 5, D(a,n) = 1
    ("two_term_contrastive_loss", ([[0.0, 0]], [[3, 4]], [[0.6, 0.8]]), {"margin": 3}, [7]),
    ("two_term_contrastive_loss", ([[0.0, 0]], [[3, 4]], [[0.6, 0.8]]), {}, [5]),
    ("two_term_contrastive_loss", ([[0.0, 0]], [[3, 4]], [[0.6, 0.8]]), {"margin": 3, "squared": True}, [29]),
    ("hinge_embedding_loss", ([0.25, 0.25, 3.0], [1, -1, -1]), {}, [0.25, 0.75, 0]),
    # aims 1 + 0.5*4, 1
    ("td_loss", ([[0.0, 2]] * 2, [1, 0], [1, 1], [[4, 3]] * 2, [0, 1]), {"gamma": 0.5}, [1, 1]),
    # double: a' = 1 by the online Q, aim 1 + 0.5*3 = 2.5; done: aim 1
    (
        "td_loss",
        ([[0.0, 2]] * 2, [1, 0], [1, 4], [[4, 3]] * 2, [False, True]),
        {"gamma": 0.5, "next_q_online": [[0, 1]] * 2, "kind": "huber"},
        [0.125, 3.5],
    ),
    # -log p(a) A - c H
    ("policy_gradient_loss", (ROW * 2, [1, 2], [2.0, -1.0]), {}, [2 * B, -A]),
    (
        "policy_gradient_loss",
        (ROW, [1], [2.0]),
        {"entropy_coef": 0.5},
        [2 * B - 0.5 * (log(6) / 6 + B / 3 + A / 2)],
    ),
    ("policy_gradient_loss", ([[-A, -A]], [1], [2.0]), {"log_probs": True, "entropy_coef": 0.5}, [1.5 * A]),
    ("cosine_embedding_loss", ([[3.0, 4]], [[4.0, 3]], [-1]), {"margin": 0.5}, [COS - 0.5]),
    ("cosine_embedding_loss", ([[3.0, 4]], [[4.0, 3]], [1]), {}, [1 - COS]),
]


@pytest.mark.parametrize(("name", "arguments", "keywords", "expected"), BY_HAND)
def test_by_hand(name, arguments, keywords, expected):
    terms = ORACLES[name](*arguments, **keywords)
    assert isinstance(terms, Terms) and terms.losses.shape == terms.denominators.shape
    assert_close(terms.losses, expected)
    arrays = [exact(array) for array in arguments]
    assert_close(ORACLES[name](*arrays, **keywords).losses, terms.losses)


def test_every_oracle_has_a_value_by_hand():
    from tests.oracles.test_embeddings import BY_HAND as OF_EMBEDDINGS  # which imports this file

    assert {name for name, *_ in [*BY_HAND, *OF_EMBEDDINGS]} == set(ORACLES)


HALF, ENTROPY = [0.5, 0.5], {"entropy_coef": 1}
LIMITS = [
    (LOGITS_BCE, ([inf, -inf], [1, 0]), {}, [0, 0]),
    (LOGITS_BCE, ([inf, -inf, inf], [0, 1, 0.5]), {}, [inf, inf, inf]),
    (LOGITS_BCE, ([nan, nan], [1, 0.5]), {"pos_weight": 0}, [nan, nan]),
    (LOGITS_BCE, ([inf], [0]), {"weight": 0}, [0]),
    # log(1 + e^-800) = e^-800 to 347 digits
    (LOGITS_BCE, ([800.0], [1]), {}, [mp.exp(-800)]),
    (BCE, ([0.0, 1, 1, nan, 2, 1e-300], [0, 1, 0, 0, 0, 0]), {}, [0, 0, 100, nan, nan, 1e-300]),
    ("cross_entropy", ([[inf, 0.0]] * 2, [0, 1]), {}, [0, inf]),
    ("cross_entropy", ([[inf, inf, 0.0]] * 2, [0, 2]), {}, [nan, inf]),
    ("cross_entropy", ([[-inf, 0.0, 0.0]] * 2, [1, 0]), {}, [A, inf]),
    ("cross_entropy", ([[-inf, 0.0, 0.0]] * 2, [[0, 0.25, 0.75], [0.5, 0.5, 0]]), {}, [A, inf]),
    ("cross_entropy", ([[nan, 0.0]] * 2, [1, -100]), {}, [nan, 0]),
    ("cross_entropy", ([[-inf, -inf], [1e300, -1e300]], [0, 1]), {}, [nan, mpf(1e300) * 2]),
    ("cross_entropy", ([[-inf]], [0]), {}, [0]),  # one class: p = 1 for every logit
    ("cross_entropy", ([[0.0, -800]], [0]), {}, [mp.exp(-800)]),
    ("nll_loss", ([[-inf, 0.0]], [0]), {}, [inf]),
    ("nll_loss", ([[-inf, 0.0]], [0]), {"weight": [0, 1]}, [0]),
    ("categorical_cross_entropy", ([[0.0, 1]] * 2, [[0, 1], [1, 0]]), {}, [0, inf]),
    ("categorical_cross_entropy", ([[0.0, 1]] * 2, [1, 0]), {}, [0, inf]),
    ("categorical_cross_entropy", ([[nan, 1.0]] * 2, [1, -100]), {}, [nan, 0]),
    ("focal_loss", ([inf, -inf, inf, nan], [1, 1, 0, 1]), {"gamma": 0.5}, [0, inf, inf, nan]),
    ("focal_loss", ([inf, -inf], [1, 1]), {"gamma": 0}, [0, inf]),
    ("softmax_focal_loss", ([[inf, 0.0]] * 2 + [[inf, inf]], [0, 1, 0]), {}, [0, inf, nan]),
    ("poly_loss", ([[inf, 0.0]] * 2, [0, 1]), {}, [0, inf]),
    ("kl_divergence", ([HALF, [0, 1]], [[0, 1], HALF]), {}, [inf, A]),
    ("kl_divergence", ([[-inf, 0.0]], [[-inf, 0.0]]), LOG, [0]),
    ("kl_divergence", ([[0.0, 1]], [[nan, 1]]), {}, [nan]),
    ("entropy", ([[0.0, 1], [-0.1, 1.1]],), {}, [0, nan]),
    ("soft_cross_entropy", ([[0.0, 1]] * 2, [[0, 1], [1, 0]]), {}, [0, inf]),
    ("hinge_loss", ([inf, -inf, nan, 0.0], [1, 1, 1, 0.5]), {}, [0, inf, nan, nan]),
    ("squared_hinge_loss", ([inf, -inf, nan], [1, 1, 1]), {}, [0, inf, nan]),
    ("soft_margin_loss", ([inf, -inf, nan], [1, 1, 1]), {}, [0, inf, nan]),
    ("multi_margin_loss", ([[inf, 0.0], [-inf, 0], [0, nan]], [0, 0, 0]), {}, [0, inf, nan]),
    ("crammer_singer_loss", ([[inf, 0.0], [-inf, 0], [0, nan]], [0, 0, 0]), {}, [0, inf, nan]),
    ("dice_loss", ([[0.0, 0], [nan, 0]], [[0, 0], [1, 0]]), {"axis": 1}, [0, nan]),
    ("mse_loss", ([1e300, inf, inf, nan], [0, 0, inf, 0]), {}, [mpf(1e300) ** 2, inf, nan, nan]),
    ("huber_loss", ([inf, nan, 1e300], [0, 0, 0]), {}, [inf, nan, 1e300]),
    ("asymmetric_huber_loss", ([inf, -inf, nan], [0, 0, 0]), {"alpha": 2}, [inf, inf, nan]),
    ("asymmetric_huber_loss", ([inf, -inf, nan], [0, 0, 0]), {"delta_below": 2}, [inf, inf, nan]),
    # cosh a = 1 + a^2/2 + ...
    ("log_cosh_loss", ([1e-40, inf, -inf, nan], [0] * 4), {}, [mpf(1e-40) ** 2 / 2, inf, inf, nan]),
    ("mape_loss", ([1.0, inf, nan], [inf, 1, 1]), {}, [1, inf, nan]),
    ("msle_loss", ([inf, -2.0, nan], [0, 0, 0]), {}, [inf, nan, nan]),
    ("poisson_nll_loss", ([inf, -inf, -inf, nan], [1, 1, 0, 0]), {}, [inf, inf, 0, nan]),
    ("poisson_nll_loss", ([inf, 0, 0], [1, 1, 0]), {"log_input": False, "eps": 0}, [inf, inf, 0]),
    ("quantile_loss", ([inf, -inf, nan], [0, 0, 0]), {}, [inf, inf, nan]),
    ("multi_quantile_loss", ([[1, inf], [nan, 1]], [0, 0]), {"quantiles": (0.5, 0.5)}, [inf, nan]),
    ("expectile_loss", ([inf, -inf, nan], [0, 0, 0]), {}, [inf, inf, nan]),
    ("gamma_nll_loss", ([inf, -inf, -inf, nan], [1, 1, 0, 0]), {}, [inf, inf, -inf, nan]),
    ("gamma_nll_loss", ([inf, 0, 0], [1, 1, 0]), {"log_input": False, "eps": 0}, [inf, inf, -inf]),
    ("tweedie_loss", ([inf, -inf, -inf, nan], [1, 1, 0, 0]), {}, [inf, inf, 0, nan]),
    ("tweedie_loss", ([inf, 0, 0], [1, 1, 0]), {"log_input": False, "eps": 0}, [inf, inf, 0]),
    ("gaussian_nll_loss", ([inf, 0, 0], [0, 0, 0], [inf, inf, nan]), {}, [inf, inf, nan]),
    ("gaussian_nll_loss", ([1, 0], [0, 0], [0, 0]), {"eps": 0}, [inf, -inf]),
    ("fair_loss", ([inf, -inf, nan], [0, 0, 0]), {}, [inf, inf, nan]),
    ("pseudo_huber_loss", ([inf, -inf, nan], [0, 0, 0]), {}, [inf, inf, nan]),
    ("nmae_loss", ([1.0, 2], [1, nan]), {}, [nan, nan]),
    ("pairwise_logistic_loss", ([-inf, inf], [0, 1]), {}, [0, 0]),
    ("pairwise_logistic_loss", ([inf, -inf], [0, 1]), {}, [0, inf]),
    ("pairwise_logistic_loss", ([inf, inf], [0, 1]), {}, [0, nan]),
    ("pairwise_logistic_loss", ([inf, inf], [1, 1]), {"pairs": "all"}, [2 * A, 2 * A]),
    ("pairwise_logistic_loss", ([nan, 0.0], [1, 1]), {"pairs": "all"}, [nan, nan]),
    ("pairwise_hinge_loss", ([-inf, inf, nan], [0, 1, 0]), {"groups": [0, 0, 1]}, [0, 0, 0]),
    ("bpr_loss", ([inf, -inf, nan], [0, 0, 0]), {}, [0, inf, nan]),
    ("margin_ranking_loss", ([inf, -inf, nan], [0, 0, 0], [1, 1, 1]), {}, [0, inf, nan]),
    ("triplet_margin_loss", ([[0]] * 3, [[1], [inf], [nan]], [[inf], [1], [1]]), {}, [0, inf, nan]),
    ("contrastive_loss", ([[inf], [inf], [nan]], [[0]] * 3, [1, 0, 0]), {}, [inf, 0, nan]),
    ("two_term_contrastive_loss", ([[0]] * 3, [[inf], [1], [nan]], [[1], [inf], [1]]), {}, [inf, 1, nan]),
    ("hinge_embedding_loss", ([inf, inf, nan], [1, -1, -1]), {}, [inf, 0, nan]),
    ("td_loss", ([[0.0]] * 2, [0, 0], [1, 1], [[inf], [nan]], [1, 0]), {"gamma": 1}, [1, nan]),
    ("policy_gradient_loss", ([[inf, 0]] * 3, [0, 1, 1], [1, 1, 0]), ENTROPY, [0, inf, 0]),
]


@pytest.mark.parametrize(("name", "arguments", "keywords", "expected"), LIMITS)
def test_limits(name, arguments, keywords, expected):
    assert_close(ORACLES[name](*arguments, **keywords).losses, expected)


DENOMINATORS = [
    ("cross_entropy", (ROW * 2, [1, -100]), {"weight": [1, 2, 4], "label_smoothing": 0.3}, [2, 0]),
    ("cross_entropy", (ROW, [HALF + [0]]), {"weight": [1, 2, 4]}, [1]),
    ("nll_loss", (ROW * 2, [1, -100]), {"weight": [1, 2, 4]}, [2, 0]),
    ("categorical_cross_entropy", ([HALF] * 2, [1, -100]), {}, [1, 0]),
    ("multi_margin_loss", (ROW, [1]), {"weight": [1, 2, 4]}, [1]),
    (BCE, (HALF, [1, 0]), {"weight": [3, 0]}, [1, 1]),
    ("pairwise_hinge_loss", ([0.0, 1, 2], [0, 1, 2]), {"sample_weight": [2, 3, 5]}, [0, 6, 25]),
    ("soft_pairwise_loss", ([0.0, 1], [0, 1]), {"sample_weight": [2, 3]}, [10, 15]),
    ("bpr_loss", ([1.0, 2], [0.0]), {"offsets": [0, 0, 1]}, [0, 1]),
    ("policy_gradient_loss", (ROW * 3, [0] * 3, [1] * 3), {}, [1 / 3] * 3),
    ("policy_gradient_loss", (ROW * 3, [0] * 3, [1] * 3), {"episodes": [5, 2, 5]}, [2 / 3] * 3),
]


@pytest.mark.parametrize(("name", "arguments", "keywords", "expected"), DENOMINATORS)
def test_denominators(name, arguments, keywords, expected):
    assert_close(ORACLES[name](*arguments, **keywords).denominators, expected)


def test_reductions():
    terms = Terms(exact([1, 2, 3]), exact([4, 0, 1]))
    assert_close(reduce(terms, "none", [1, 2, 0.5]), [1, 4, 1.5])
    assert_close(reduce(terms, "sum", [1, 2, 0.5]), 6.5)
    assert_close(reduce(terms, "mean", [1, 2, 0.5]), 6.5 / 4.5)
    assert_close(reduce(terms, "mean"), 6 / 5)
    assert reduce(Terms(exact([]), exact([])), "mean") == 0
    assert reduce(terms, "mean", [0, 0, 0]) == 0
    assert reduce(Terms(exact([inf, 1]), exact([1, 1])), "mean", [0, 1]) == 1
    assert mp.isnan(reduce(Terms(exact([nan]), exact([1])), "mean", [0]))
    assert_close(bpr_penalty(0.5, ([1.0, 2.0], [[3.0]])), 7)


def test_derivatives():
    def mean(name, **keywords):
        return lambda *arrays: reduce(ORACLES[name](*arrays, **keywords), "mean")

    x, t = exact([[0.5, -3.0], [1e-300, 1e300]]), exact([[2.0, 0], [0, 1]])
    before = x.copy()
    assert_close(gradient(mean("mse_loss"), [x, t], 0), (x - t) / 2, 1e-19)
    assert_close(gradient(mean("mse_loss"), [x, t], 1), (t - x) / 2, 1e-19)
    assert_close(second_derivative(mean("mse_loss"), [x, t], 0), [0.5] * 4, 1e-15)
    assert (x == before).all()
    # -log p: -1/p; softplus(x) of a small e^x: e^x, twice
    p, one, zero = exact([1e-40]), exact([1]), exact([0])
    assert_close(gradient(mean(BCE), [p, one], 0), -1 / p)
    x = exact([-500.0])
    assert_close(gradient(mean(LOGITS_BCE), [x, zero], 0), [mp.exp(-500)])
    assert_close(second_derivative(mean(LOGITS_BCE), [x, zero], 0), [mp.exp(-500)])
    # e^(s_0 - s_1): itself, beside a loss of e^60
    scores, labels, groups = exact([-20.0, 0, -60, 0]), [1, 0, 1, 0], [0, 0, 1, 1]

    def both(s):
        return reduce(ORACLES["pairwise_exponential_loss"](s, labels, groups=groups), "sum")

    expected = [mp.exp(20), mp.exp(20), mp.exp(60), mp.exp(60)]
    assert_close(second_derivative(both, [scores], 0), expected)
    # a / (n rmse) = a / (2 sqrt(10)), a = -2, 4
    arrays = [exact([1.0, 5.0]), exact([3.0, 1.0])]
    assert_close(gradient(mean("rmse_loss"), arrays, 0), [-1 / sqrt(10), 2 / sqrt(10)])


def test_the_comparisons_can_fail():
    for wrong in ([2.0, 4.1], [2.0], [nan, 4.0], [2.0, inf]):
        with pytest.raises(AssertionError):
            assert_close(ORACLES["l1_loss"]([1.0, 5.0], [3, 1]).losses, wrong)
    with pytest.raises(AssertionError):
        assert_close([nan], [0.0])
    with pytest.raises(ValueError, match="l1_loss has an oracle already"):
        elementwise(ORACLES["l1_loss"])
