"""What the oracles of losses of embeddings have to do with one another; NaN, digits, derivatives by scalars."""

from math import cos, sqrt

import numpy as np
import pytest
from mpmath import mp, mpf

from tests.oracles import ORACLES, exact, gradient, reduce
from tests.oracles.test_embeddings import (
    ALL,
    CE,
    CLASSES,
    CONTRASTIVE,
    EAST,
    GE2E,
    HARD,
    MNR,
    NCE,
    NORTH,
    SEMIHARD,
    WEST,
    line,
    sig,
)
from tests.oracles.test_oracles import assert_close, soft

RNG = np.random.default_rng(11)
X, Y, OTHERS = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 3)), RNG.normal(size=(4, 3))
LABELS = np.array([0, 1, 0, 2, 1, 0])
LETTERS = np.array(list("abacba"))
BY_LABELS = ("supcon_loss", GE2E, ALL, HARD, SEMIHARD, CONTRASTIVE)


def same(first, second):
    for a, b in zip(first, second, strict=True):
        assert_close(a, b, 1e-30, 1e-40)


@pytest.mark.parametrize("similarity", ["cos", "dot"])
@pytest.mark.parametrize("ids", [None, LABELS])
def test_multiple_negatives_ranking_is_info_nce(similarity, ids):
    words = {"similarity": similarity, "ids": ids}
    same(ORACLES[MNR](X, Y, scale=4, **words), ORACLES[NCE](X, Y, temperature=0.25, **words))
    words["ids"] = None if ids is None else np.concatenate([LABELS, [0, 1, 7, 7]])
    expected = ORACLES[NCE](X, Y, temperature=0.25, negatives=OTHERS, **words)
    for negatives in (OTHERS, OTHERS.reshape(2, 2, 3)):
        same(ORACLES[MNR](X, Y, negatives, scale=4, **words), expected)


def test_info_nce_of_listed_positives():
    diagonal = (np.arange(7), np.arange(6))
    same(ORACLES[NCE](X, Y, positives=diagonal), ORACLES[NCE](X, Y))
    same(ORACLES[NCE](X, Y, positives=diagonal, negatives=OTHERS), ORACLES[NCE](X, Y, negatives=OTHERS))
    # the keys in another order
    keys = np.concatenate([OTHERS, Y])
    same(ORACLES[NCE](X, keys, positives=(np.arange(7), np.arange(4, 10))), ORACLES[NCE](X, Y, negatives=OTHERS))
    # several positives: the mean of the losses with each alone
    several = ORACLES[NCE](X[:1], Y, positives=([0, 3], [1, 4, 5])).losses[0]
    alone = [ORACLES[NCE](X[:1], Y, positives=([0, 1], [p])).losses[0] for p in (1, 4, 5)]
    assert_close(several, sum(alone) / 3, 1e-30)


def test_symmetric_info_nce_is_the_mean_of_both_ways():
    ways = [ORACLES[NCE](a, b, ids=LABELS).losses for a, b in ((X, Y), (Y, X))]
    expected = sum(ways) / 2
    assert_close(ORACLES[NCE](X, Y, ids=LABELS, symmetric=True).losses, expected, 1e-30)
    assert_close(ORACLES[NCE](Y, X, ids=LABELS, symmetric=True).losses, expected, 1e-30)


def test_info_nce_is_cross_entropy():
    """Queries and keys are factors: x.y with targets 0, 1, 2, ..."""
    expected = ORACLES[CE](X, np.concatenate([Y, OTHERS]), range(6))
    same(ORACLES[NCE](X, Y, temperature=1, similarity="dot", negatives=OTHERS), expected)


def test_nt_xent_is_supcon_of_pairs():
    pairs = ORACLES["supcon_loss"](np.concatenate([X, Y]), [*range(6), *range(6)], temperature=0.3)
    same(ORACLES["nt_xent_loss"](X, Y, temperature=0.3), pairs)


def test_margins_of_nothing():
    """Without a margin all are the cross-entropy of scale * cos; SphereFace's margin multiplies."""
    units = [exact(a) / [[mp.sqrt(sum(x * x))] for x in exact(a)] for a in (X, OTHERS)]
    expected = ORACLES[CE](7 * units[0], units[1], LABELS)
    for name, margin in (("arcface_loss", 0), ("cosface_loss", 0), ("sphereface_loss", 1)):
        same(ORACLES[name](X, OTHERS, LABELS, margin=margin, scale=7), expected)


def test_sphereface_of_four():
    """(-1)^k cos 4 theta - 2k with cos 4 theta = 8 c^4 - 8 c^2 + 1, and k counting the quarters of pi below theta."""
    for c in (0.9, 0.5, -0.2, -0.9):
        k = sum(c < bound for bound in (sqrt(0.5), 0, -sqrt(0.5)))
        target = (-1) ** k * (8 * c**4 - 8 * c**2 + 1) - 2 * k
        actual = ORACLES["sphereface_loss"]([[c, sqrt(1 - c * c)]], CLASSES, [0])
        assert_close(actual.losses, [soft(sqrt(1 - c * c) - target)])


@pytest.mark.parametrize("variant", ["softmax", "contrast"])
def test_ge2e_of_a_grid_is_that_of_labels(variant):
    order = [3, 0, 5, 1, 4, 2]
    grid = ORACLES[GE2E](X.reshape(3, 2, 3), variant=variant)
    same(ORACLES[GE2E](X, [0, 0, 1, 1, 2, 2], variant=variant), grid)
    shuffled = ORACLES[GE2E](X[order], np.array([0, 0, 1, 1, 2, 2])[order], variant=variant)
    assert_close(shuffled.losses, grid.losses[order], 1e-30)


@pytest.mark.parametrize("squared", [False, True])
def test_triplets_agree_where_there_is_one(squared):
    """An anchor with one positive and one negative, against the loss of given triplets."""
    words = {"margin": 2.5, "squared": squared}
    labels = [0, 0, 1]
    made = [ORACLES[name](X[:3], labels, **words).losses for name in (ALL, HARD, SEMIHARD)]
    for losses in made:
        assert_close(losses, made[0], 1e-30)
        assert losses[2] == 0
    if not squared:
        given = ORACLES["triplet_margin_loss"](X[:2], X[[1, 0]], X[[2, 2]], margin=2.5, eps=0)
        assert_close(made[0][:2], given.losses, 1e-30)


@pytest.mark.parametrize("half", [False, True])
def test_contrastive_is_that_of_given_pairs(half):
    i, j = np.triu_indices(6, 1)
    alike = (LABELS[i] == LABELS[j]).astype(int)
    pairs = ORACLES["contrastive_loss"](X[i], X[j], alike, margin=3, half=half)
    terms = ORACLES[CONTRASTIVE](X, LABELS, margin=3, half=half)
    for reduction in ("sum", "mean"):
        assert_close(reduce(terms, reduction), reduce(pairs, reduction), 1e-30)


@pytest.mark.parametrize("name", BY_LABELS)
def test_labels_may_be_strings(name):
    same(ORACLES[name](X, LETTERS), ORACLES[name](X, LABELS))
    same(ORACLES[name](X, list(LETTERS)), ORACLES[name](X, exact(LABELS)))


@pytest.mark.parametrize("name", BY_LABELS)
def test_turned_embeddings_and_another_order_change_nothing(name):
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, -1]])
    order = [4, 2, 0, 5, 3, 1]
    turned = ORACLES[name](X[order] @ turn, LABELS[order])
    for a, b in zip(turned, ORACLES[name](X, LABELS), strict=True):
        assert_close(a, b[order], 1e-13, 1e-14)


def test_not_a_number_stays():
    spoiled = X.copy()
    spoiled[1, 2] = np.nan
    for name in BY_LABELS:
        assert mp.isnan(reduce(ORACLES[name](spoiled, LABELS), "mean"))
    for name in (NCE, MNR, "nt_xent_loss"):
        assert mp.isnan(reduce(ORACLES[name](Y, spoiled), "mean"))
    for name in ("arcface_loss", "cosface_loss", "sphereface_loss", CE):
        assert [mp.isnan(x) for x in ORACLES[name](spoiled, OTHERS, LABELS).losses] == [False, True] + [False] * 4
    # the nearest negatives of the first two are others
    assert all(mp.isnan(x) for x in ORACLES[HARD](line(0, 1, 3, np.nan), [0, 0, 1, 1]).losses)
    assert all(mp.isnan(x) for x in ORACLES[SEMIHARD](line(0, 1, 3, np.nan), [0, 0, 1, 1]).losses)


def test_small_losses_keep_their_digits():
    """log(1 + e^-x) = e^-x - e^-2x / 2 + ..., to 60 digits e^-x alone."""
    one = {"temperature": mpf(1) / 400, "negatives": [WEST]}
    assert_close(ORACLES[NCE]([EAST], [EAST], **one).losses, [mp.exp(-800)])
    assert_close(ORACLES["cosface_loss"]([EAST], [EAST, WEST], [0], margin=0, scale=400).losses, [mp.exp(-800)])


def test_derivatives_by_scalars():
    def slope(name, arguments, word, at, **keywords):
        def value(numbers):
            return reduce(ORACLES[name](*arguments, **{word: numbers[0]}, **keywords), "mean")

        return gradient(value, [exact([at])], 0)

    # softplus(-1/T): sig(-1/T) / T^2; softplus(-20 scale): here of cos 1 and 0
    assert_close(slope(NCE, ([EAST], [EAST]), "temperature", 0.5, negatives=[NORTH]), [4 * sig(-2)])
    assert_close(slope("nt_xent_loss", ([EAST] * 2, [EAST] * 2), "temperature", 0.5), [0])
    assert_close(slope(MNR, ([EAST], [EAST], [NORTH]), "scale", 2), [-sig(-2)])
    # softplus(-scale (1 - margin)), softplus(-scale cos 0.5), softplus(-scale)
    assert_close(slope("cosface_loss", ([EAST], CLASSES, [0]), "scale", 2), [-0.65 * sig(-1.3)])
    assert_close(slope("arcface_loss", ([EAST], CLASSES, [0]), "scale", 2), [-cos(0.5) * sig(-2 * cos(0.5))])
    assert_close(slope("sphereface_loss", ([EAST], CLASSES, [0]), "scale", 2), [-sig(-2)])
    # softplus(-w); 1 - sig(w + b) + sig(b)
    speakers = ([[EAST, EAST], [NORTH, NORTH]],)
    assert_close(slope(GE2E, speakers, "w", 2), [-sig(-2)])
    assert_close(slope(GE2E, speakers, "b", 0.5), [0], absolute=1e-30)
    assert_close(slope(GE2E, speakers, "w", 2, b=0.5, variant="contrast"), [-sig(2.5) * sig(-2.5)])
    expected = -sig(2.5) * sig(-2.5) + sig(0.5) * sig(-0.5)
    assert_close(slope(GE2E, speakers, "b", 0.5, w=2, variant="contrast"), [expected])


def test_the_comparison_can_fail():
    with pytest.raises(AssertionError):
        same(ORACLES[HARD](X, LABELS), ORACLES[ALL](X, LABELS))
