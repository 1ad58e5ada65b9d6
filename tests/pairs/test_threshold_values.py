"""Hinges' values and counts of pairs from both sides sorted, against every pair."""

import numpy as np
import pytest

import fastloss
from fastloss.pairs.metrics import INVERSIONS, WITH_HALF_TIES
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pairwise import pairwise_hinge_loss, pairwise_squared_hinge_loss
from fastloss.pairs.records import Columns
from fastloss.pairs.thresholds import cpu_values

RNG = np.random.default_rng(3)
FORMULAS = (pairwise_hinge_loss.formulas, pairwise_squared_hinge_loss.formulas, INVERSIONS, WITH_HALF_TIES)


def every_pair(formulas, scores, labels, margin, orientation):
    scores = scores.astype(np.float64)
    gaps = orientation * (scores[labels == 1][:, None] - scores[labels == 0][None, :])
    d = margin - gaps
    if formulas.power:
        return float((np.maximum(d, 0.0) ** formulas.power).sum())
    return float((d > 0.0).sum() + (0.5 * (d == 0.0).sum() if formulas.half_ties else 0.0))


@pytest.mark.parametrize("summed", [16, 1 << 11])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("formulas", FORMULAS, ids=lambda formulas: formulas.name)
@pytest.mark.parametrize("orientation", [1.0, -1.0])
def test_a_node_against_every_pair(formulas, orientation, dtype, share, summed, monkeypatch):
    monkeypatch.setattr(cpu_values, "SUMMED", summed)
    monkeypatch.setattr(cpu_values, "LARGE", 2 * summed)
    margin = 0.25 if formulas.power else 0.0
    for scores in (RNG.normal(size=300), RNG.integers(-3, 4, 300) / 4.0, np.zeros(300), 1e9 + RNG.normal(size=300)):
        scores = scores.astype(dtype)
        labels = (RNG.random(300) < share).astype(np.float64)
        node = Node(10, 290, (0.0, 0.0), (1.0, 1.0), float(scores.min()), float(scores.max()))
        rows = Columns(scores, labels, np.empty(0))
        before = scores.copy()
        value = cpu_values.value(formulas, node, rows, Parameters(margin, orientation))
        expected = every_pair(formulas, scores[10:290], labels[10:290], margin, orientation)
        assert value == pytest.approx(expected, rel=1e-12, abs=0.0)
        np.testing.assert_array_equal(scores, before)


def test_rows_may_be_on_both_sides():
    scores, labels = RNG.normal(size=50), RNG.integers(0, 3, 50).astype(np.float64)
    node = Node(0, 50, (0.0, 1.0), (1.0, 2.0), -5.0, 5.0)
    value = cpu_values.value(FORMULAS[0], node, Columns(scores, labels, np.empty(0)), Parameters(0.5))
    gaps = scores[labels >= 1.0][:, None] - scores[labels <= 1.0][None, :]
    assert value == pytest.approx(np.maximum(0.5 - gaps, 0.0).sum(), rel=1e-13)


@pytest.mark.parametrize("labels", [0.0, 1.0])
def test_a_side_without_rows(labels):
    rows = Columns(np.arange(5.0), np.full(5, labels), np.empty(0))
    node = Node(0, 5, (0.0, 0.0), (1.0, 1.0), 0.0, 4.0)
    assert cpu_values.value(INVERSIONS, node, rows, Parameters(0.0)) == 0.0


def test_the_value_is_that_beside_the_gradient():
    scores, labels = RNG.normal(size=30_000), RNG.integers(0, 4, 30_000)
    for loss in (fastloss.pairwise_hinge_loss, fastloss.pairwise_squared_hinge_loss):
        assert loss(scores, labels) == pytest.approx(loss.value_and_grad(scores, labels)[0], rel=1e-13)


def test_bits_do_not_depend_on_threads():
    scores, labels = RNG.normal(size=500_000), RNG.integers(0, 2, 500_000)
    found = []
    for count in (1, 2, 3):
        with fastloss.num_threads(count):
            found.append((fastloss.pairwise_hinge_loss(scores, labels), fastloss.auc(scores, labels)))
    assert len(set(found)) == 1
