"""The oracles of losses of embeddings against hand-computed values."""

from math import cos, exp, inf, log, pi, sin, sqrt

import numpy as np
import pytest

from tests.oracles import ORACLES, Terms, exact
from tests.oracles.test_oracles import assert_close, soft

A, B = log(2.0), log(3.0)
NCE, MNR, CE, GE2E = "info_nce_loss", "multiple_negatives_ranking_loss", "cross_entropy_with_factors", "ge2e_loss"
ALL, HARD, SEMIHARD = "batch_all_triplet_loss", "batch_hard_triplet_loss", "batch_semihard_triplet_loss"
CONTRASTIVE = "batch_contrastive_loss"
ONES, LOGS = [[1.0]] * 3, [[0.0], [A], [B]]  # of x.y the softmax is [1/6, 1/3, 1/2] in each row
DOT, NEAR = {"temperature": 1, "similarity": "dot"}, {"scale": 1, "similarity": "dot"}
EAST, NORTH, WEST, SOUTH, ZERO = [1.0, 0], [0.0, 1], [-1.0, 0], [0.0, -1], [0.0, 0]
CLASSES = [EAST, NORTH]
SIXTY_DEGREES = [0.5, sqrt(3) / 2]


def line(*places):
    return [[float(x)] for x in places]


def sig(x):
    return 1 / (1 + exp(-x))


# name, arguments, keywords, losses by the formula beside them, denominators (1 where None)
BY_HAND = [
    # -log of 1/6, 1/3, 1/2
    (NCE, (ONES, LOGS), DOT, [log(6), B, A], None),
    # query 2, temperature 2: the same logits
    (NCE, (line(2, 2, 2), LOGS), {"temperature": 2, "similarity": "dot"}, [log(6), B, A], None),
    # keys 0 and 2 share an id: rows 0 and 2 see e^z of 1, 2 and of 2, 3
    (NCE, (ONES, LOGS), {**DOT, "ids": [5, 7, 5]}, [log(3), B, log(5) - B], None),
    (NCE, (ONES, LOGS), {**DOT, "ids": ["a", "b", "a"]}, [log(3), B, log(5) - B], None),
    # a column's logits are equal: -log 1/3, and -log 1/2 where the column's ids leave two rows
    (NCE, (ONES, LOGS), {**DOT, "symmetric": True}, [(log(6) + B) / 2, B, (A + B) / 2], None),
    (
        NCE,
        (ONES, LOGS),
        {**DOT, "symmetric": True, "ids": [5, 7, 5]},
        [(log(3) + A) / 2, B, (log(5) - B + A) / 2],
        None,
    ),
    # e^z of 1 beside 2 and 3; beside 3 alone, the negative of 2 having the key's id
    (NCE, ([[1.0]], [[0.0]]), {**DOT, "negatives": [[A], [B]]}, [log(6)], None),
    (NCE, ([[1.0]], [[0.0]]), {**DOT, "negatives": [[A], [B]], "ids": [4, 4, 9]}, [2 * A], None),
    # the mean of log 3 and log 2; no positives; e^z of 1, 4, 9, the first being the positive
    (
        NCE,
        (line(1, 1, 2), LOGS),
        {**DOT, "positives": ([0, 2, 2, 3], [1, 2, 0])},
        [log(6) / 2, 0, log(14)],
        [1, 0, 1],
    ),
    (NCE, ([[1.0]], [[A]]), {**DOT, "negatives": [[0.0], [B]], "positives": ([0, 1], [0])}, [B], None),
    # cos 24/25 over 1/2; cos -1 and, with a vector of zeros, 0
    (
        NCE,
        ([[3.0, 4]], [[4.0, 3]]),
        {"temperature": 0.5, "negatives": [[-6.0, -8], ZERO]},
        [log(exp(1.92) + exp(-2) + 1) - 1.92],
        None,
    ),
    (NCE, ([ZERO], [NORTH]), {"negatives": [EAST, SOUTH]}, [B], None),
    # cos 0 and 1 over the temperature of 0.07
    (NCE, ([EAST], [NORTH]), {"negatives": [[5.0, 0]]}, [soft(1 / 0.07)], None),
    # cos over 1/2, row 0: 2 to its partner, 0, 0; rows 1 and 3: -2 to their partner, 0, 0
    (
        "nt_xent_loss",
        (CLASSES, [EAST, SOUTH]),
        {},
        [log(exp(2) + 2) - 2, log(exp(-2) + 2) + 2] * 2,
        None,
    ),
    ("nt_xent_loss", ([EAST], [NORTH]), {}, [0, 0], None),  # two rows: the partner is all there is
    # all alike: -log 1/(2N - 1)
    ("nt_xent_loss", ([EAST] * 3, [[7.0, 0]] * 3), {"temperature": 0.01}, [log(5)] * 6, None),
    # rows 0 and 1: cos over 1/2 of 2, 0, 0, positives 2 and 0; row 2: 0, 0, -2, positives 0, 0; row 3: none
    (
        "supcon_loss",
        ([EAST, [2.0, 0], NORTH, SOUTH], ["a", "a", "a", "b"]),
        {"temperature": 0.5},
        [log(exp(2) + 2) - 1, log(exp(2) + 2) - 1, log(2 + exp(-2)), 0],
        [1, 1, 1, 0],
    ),
    # cos 1 and -1 over the temperature of 0.1, the positive being opposite
    ("supcon_loss", ([EAST, WEST, EAST], [1, 1, 2]), {}, [soft(20), A, 0], [1, 1, 0]),
    (MNR, (ONES, LOGS), NEAR, [log(6), B, A], None),
    (MNR, (ONES, LOGS), {**NEAR, "ids": ["a", "b", "a"]}, [log(3), B, log(5) - B], None),
    # scale 20: the other's cos is -1 to 0, 0 to -1
    (MNR, ([SOUTH, NORTH], [EAST, SOUTH]), {}, [soft(20), soft(20)], None),
    (MNR, ([[1.0]], [[0.0]], [[A], [B]]), NEAR, [log(6)], None),
    # both anchors see both negatives: e^z of 1, 1, 2, 3; the second without the first positive, or without A
    (MNR, (line(1, 1), line(0, 0), [[[A]], [[B]]]), NEAR, [log(7), log(7)], None),
    (MNR, (line(1, 1), line(0, 0), [[[A]], [[B]]]), {**NEAR, "ids": [0, 1, 1, 2]}, [log(7), log(5)], None),
    # logits 0, A, B, then 0, 2A, 2B, then ignored
    (CE, (line(1, 2, 3), LOGS, [1, 0, -100]), {}, [B, log(14), 0], [1, 1, 0]),
    (CE, ([[1.0]], line(0, 0, B), [1]), {"bias": [0, A, 0]}, [B], None),
    # (1 - eps) w_t -log p_t + eps/C sum_k w_k -log p_k
    (
        CE,
        ([[1.0], [1.0]], LOGS, [1, 2]),
        {"weight": [1, 2, 4], "label_smoothing": 0.3, "ignore_index": 2},
        [0.7 * 2 * B + 0.1 * (log(6) + 2 * B + 4 * A), 0],
        [2, 0],
    ),
    # theta = 0: 2 cos(pi/3) beside 0; theta = pi/2: 2 cos(5 pi/6) beside 2
    (
        "arcface_loss",
        ([EAST], CLASSES, [0]),
        {"margin": pi / 3, "scale": 2},
        [soft(-1)],
        None,
    ),
    ("arcface_loss", ([EAST], CLASSES, [1]), {"margin": pi / 3, "scale": 2}, [soft(2 + sqrt(3))], None),
    # theta = pi: 2 (-1 - 0.5 sin 0.5) beside 0; theta = pi - 0.6 is on the other side of pi - 0.5: 2 cos(pi - 0.1)
    ("arcface_loss", ([WEST], CLASSES, [0]), {"scale": 2}, [soft(2 + sin(0.5))], None),
    # in the literal form 2 cos(pi + 0.5)
    ("arcface_loss", ([WEST], CLASSES, [0]), {"scale": 2, "literal": True}, [soft(2 * cos(0.5))], None),
    (
        "arcface_loss",
        ([[cos(pi - 0.6), sin(pi - 0.6)]], CLASSES, [0]),
        {"scale": 2},
        [soft(2 * sin(0.6) + 2 * cos(0.1))],
        None,
    ),
    # no direction: theta = pi/2, 64 cos(pi/2 + 0.5) beside two of 0
    ("arcface_loss", ([ZERO], [EAST, NORTH, WEST], [2]), {}, [log(1 + 2 * exp(64 * sin(0.5)))], None),
    # cos 24/25 - 1/2 beside -24/25, and the other way
    (
        "cosface_loss",
        ([[3.0, 4]] * 2, [[8.0, 6], [-4, -3]], [0, 1]),
        {"margin": 0.5, "scale": 2},
        [soft(-2 * (0.96 - 0.5 + 0.96)), soft(2 * (0.96 + 0.96 + 0.5))],
        None,
    ),
    ("cosface_loss", ([ZERO, EAST], [EAST, ZERO], [0, 1]), {}, [soft(64 * 0.35), soft(64 * 1.35)], None),
    # theta = 0: 1; pi/3: k = 1, -cos(4 pi/3) - 2; pi/2: k = 2, 1 - 4; pi: -7, k being 3 or 4; beside cos of the other
    (
        "sphereface_loss",
        ([EAST, SIXTY_DEGREES, ZERO, WEST], CLASSES, [0, 0, 0, 0]),
        {},
        [soft(-1), soft(sqrt(3) / 2 + 1.5), soft(3), soft(7)],
        None,
    ),
    # theta = pi/2: k = 1, 3 (1 - 2)
    ("sphereface_loss", ([NORTH], [EAST, ZERO], [0]), {"margin": 2, "scale": 3}, [soft(3)], None),
    # speaker 0's other utterance: cos 0, speaker 1: -1, then 0; speaker 1's other: 1, (1, 1)/2: -1/sqrt 2
    (
        GE2E,
        ([CLASSES, [WEST, [-3.0, 0]]],),
        {"w": 2, "b": 0.5},
        [soft(-2), A] + [soft(-2 - sqrt(2))] * 2,
        None,
    ),
    (
        GE2E,
        ([CLASSES, [WEST, [-3.0, 0]]],),
        {"w": 2, "b": 0.5, "variant": "contrast"},
        [
            1 - sig(0.5) + sig(-1.5),
            1 - sig(0.5) + sig(0.5),
            1 - sig(2.5) + sig(0.5 - sqrt(2)),
            1 - sig(2.5) + sig(0.5 - sqrt(2)),
        ],
        None,
    ),
    # the length of (0, 3) counts in the centroid (1, 3)/2 of the raw form only
    (
        GE2E,
        ([[EAST, [0.0, 3]], [WEST, [-3.0, 0]]],),
        {"w": 2, "b": 0.5},
        [soft(-2), A] + [soft(-2 - sqrt(2))] * 2,
        None,
    ),
    (
        GE2E,
        ([[EAST, [0.0, 3]], [WEST, [-3.0, 0]]],),
        {"w": 2, "b": 0.5, "normalise": False},
        [soft(-2), A] + [soft(-2 - 2 / sqrt(10))] * 2,
        None,
    ),
    # 10 cos - 5 of cos 0 to the own and 1 to the other speaker's only utterance, which has no loss itself
    (GE2E, ([EAST, NORTH, [0.0, 2]], ["x", "y", "x"]), {}, [soft(0), 0, soft(10)], [1, 0, 1]),
    (
        GE2E,
        ([EAST, NORTH, [0.0, 2]], [3, 4, 3]),
        {"variant": "contrast"},
        [sig(5) + sig(-5), 0, sig(5) + sig(5)],
        [1, 0, 1],
    ),
    # three speakers: the nearest rival alone counts; one speaker: none
    (
        GE2E,
        ([EAST, EAST, NORTH, WEST], [0, 0, 1, 2]),
        {"variant": "contrast", "w": 2, "b": 0},
        [1 - sig(2) + 0.5, 1 - sig(2) + 0.5, 0, 0],
        [1, 1, 0, 0],
    ),
    (GE2E, ([CLASSES],), {}, [0, 0], None),
    (GE2E, ([CLASSES],), {"variant": "contrast"}, [1 - sig(-5)] * 2, None),
    # d_ap 1, 1, 2, 2; d_an (3, 5), (2, 4), (3, 2), (5, 4): d_ap - d_an + 2 is 0, -2; 1, -1; 1, 2; -1, 0
    (ALL, (line(0, 1, 3, 5), [0, 0, 1, 1]), {"margin": 2}, [0, 1, 3, 0], [0, 1, 2, 0]),
    (ALL, (line(0, 1, 3, 5), [0, 0, 1, 1]), {"margin": 2, "average": "all"}, [0, 1, 3, 0], [2] * 4),
    (ALL, (line(0, 1, 3, 5), ["a", "a", "b", "b"]), {}, [0, 0, 0.2, 0], [0, 0, 1, 0]),
    # 4 - 4 + 2, the others below 0
    (ALL, (line(0, 1, 3, 5), [0, 0, 1, 1]), {"margin": 2, "squared": True}, [0, 0, 2, 0], [0, 0, 1, 0]),
    (
        ALL,
        (line(0, 1, 3, 5), [0, 0, 1, 1]),
        {"soft": True},
        [soft(-2) + soft(-4), soft(-1) + soft(-3), soft(-1) + A, soft(-3) + soft(-2)],
        [2] * 4,
    ),
    # an infinitely far negative: softplus(-inf) = 0 counts, max(0, -inf) does not
    (ALL, (line(0, 1, inf), [0, 0, 1]), {"soft": True}, [0] * 3, [1, 1, 0]),
    (ALL, (line(0, 1, inf), [0, 0, 1]), {}, [0] * 3, [0] * 3),
    (ALL, (line(0, 1, 3), [0, 0, 0]), {"average": "all"}, [0] * 3, [0] * 3),
    (ALL, (line(0, 1, 3), [0, 1, 2]), {"average": "all"}, [0] * 3, [0] * 3),
    # two positives and a negative: 1 - 3 + 3, 2 - 3 + 3; 1 - 2 + 3 twice; 2 - 1 + 3, 1 - 1 + 3; no positive
    (
        ALL,
        (line(0, 1, 2, 3), [0, 0, 0, 1]),
        {"margin": 3},
        [3, 4, 7, 0],
        [2, 2, 2, 0],
    ),
    # d_ap at most 5, 4, -, 5; d_an at least 4, 3, -, 1
    (HARD, (line(0, 1, 4, 5), [0, 0, 1, 0]), {"margin": 1}, [2, 2, 0, 5], [1, 1, 0, 1]),
    (HARD, (line(0, 1, 4, 5), [0, 0, 1, 0]), {"margin": 1, "squared": True}, [10, 8, 0, 25], [1, 1, 0, 1]),
    (HARD, (line(0, 1, 4, 5), list("aaba")), {"soft": True}, [soft(1), soft(1), 0, soft(4)], [1, 1, 0, 1]),
    # of the negatives at 2, 4 and 3, 5 the nearest; 1 - 2 + 0.2 below 0
    (HARD, (line(0, 1, 3, 5), [0, 0, 1, 1]), {}, [0, 0, 0.2, 0], None),
    (HARD, (line(0, 1, 3), [0, 0, 0]), {}, [0] * 3, [0] * 3),
    # d_ap 2, 2; (2, 4), (2, 2), (4, 2). The nearest farther: 3, 3; of 1, 1 none; 3, 3; 5, 3. Margin 1.5
    (
        SEMIHARD,
        (line(0, 2, 1, 3, 5), [0, 0, 1, 1, 1]),
        {"margin": 1.5},
        [0.5, 0.5, 2.5 + 4.5, 0.5 + 0.5, 0.5 + 0.5],
        [1, 1, 2, 2, 2],
    ),
    # at 0: d_ap = 1 is no nearer than the negative at -1, the one at 5 is farther; at -1 and 5: the farthest
    (SEMIHARD, (line(0, 1, -1, 5), list("aabb")), {}, [0, 0, 6 - 2 + 0.2, 6 - 5 + 0.2], None),
    (
        SEMIHARD,
        (line(0, 1, -1, 5), list("aabb")),
        {"squared": True},
        [0, 0, 36 - 4 + 0.2, 36 - 25 + 0.2],
        None,
    ),
    (SEMIHARD, (line(0, 1, 3), [0, 0, 0]), {}, [0] * 3, [0] * 3),
    (SEMIHARD, (line(0, 1, 3), [0, 1, 2]), {}, [0] * 3, [0] * 3),
    # pairs: 2^2, max(0, 4 - 5)^2, (4 - 3)^2
    (CONTRASTIVE, (line(0, 2, 5), [0, 0, 1]), {"margin": 4}, [2, 2.5, 0.5], None),
    (CONTRASTIVE, (line(0, 2, 5), list("aab")), {"margin": 4, "half": True}, [1, 1.25, 0.25], None),
    # pairs of weights 6, 10, 15
    (
        CONTRASTIVE,
        (line(0, 2, 5), [0, 0, 1]),
        {"margin": 4, "sample_weight": [2, 3, 5]},
        [12, 12 + 7.5, 7.5],
        [8, 10.5, 12.5],
    ),
    # max(0, 1 - 1/4)^2
    (CONTRASTIVE, (line(0, 0.25), [0, 1]), {}, [9 / 32, 9 / 32], [0.5, 0.5]),
    (CONTRASTIVE, (line(3), [0]), {}, [0], [0]),
]


@pytest.mark.parametrize(("name", "arguments", "keywords", "expected", "denominators"), BY_HAND)
def test_by_hand(name, arguments, keywords, expected, denominators):
    terms = ORACLES[name](*arguments, **keywords)
    assert isinstance(terms, Terms) and terms.losses.shape == terms.denominators.shape == (len(expected),)
    assert_close(terms.losses, expected)
    assert_close(terms.denominators, [1] * len(expected) if denominators is None else denominators)
    arrays = [np.array(array) if isinstance(array[0], str) else exact(array) for array in arguments]
    assert_close(ORACLES[name](*arrays, **keywords).losses, terms.losses)


def test_every_oracle_has_a_value_by_hand():
    here = {name for name, made in ORACLES.items() if made.__wrapped__.__module__ == "tests.oracles.embeddings"}
    assert {name for name, *_ in BY_HAND} == here


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "message"),
    [
        (NCE, (ONES, LOGS), {"symmetric": True, "negatives": LOGS}, "symmetric"),
        (NCE, (ONES, LOGS), {"symmetric": True, "positives": ([0, 0, 0, 0], [])}, "symmetric"),
        (NCE, (ONES, LOGS), {"ids": [0, 1, 2], "positives": ([0, 0, 0, 0], [])}, "positives and ids"),
        (NCE, (ONES, LOGS), {"ids": [0, 1, 2], "negatives": LOGS}, "an id for each key"),
        (NCE, (ONES, LOGS[:2]), {}, "rows differ"),
        (NCE, (ONES, LOGS), {"similarity": "cosine"}, "similarity is 'cosine'"),
        (MNR, (ONES, LOGS, LOGS), {"ids": [0, 1, 2]}, "an id for each"),
        (MNR, (ONES, LOGS[:2]), {}, "rows differ"),
        ("nt_xent_loss", (ONES, LOGS[:2]), {}, "rows differ"),
        ("arcface_loss", ([EAST], CLASSES, [2]), {}, "no class 2"),
        ("cosface_loss", ([EAST], CLASSES, [-1]), {}, "no class -1"),
        (CE, (ONES, LOGS, [0, 1, 3]), {}, "no class 3"),
        (GE2E, ([CLASSES],), {"variant": "hard"}, "variant is 'hard'"),
        (ALL, (LOGS, [0, 0, 1]), {"average": "none"}, "average is 'none'"),
    ],
)
def test_what_has_no_definition_is_refused(name, arguments, keywords, message):
    with pytest.raises(ValueError, match=message):
        ORACLES[name](*arguments, **keywords)
