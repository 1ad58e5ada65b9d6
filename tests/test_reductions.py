"""Reductions are decided in one module: a new one is an entry there, and every family has it."""

import numpy as np
import pytest

import fastloss
from fastloss.core import reductions
from fastloss.core.outcomes import Divisor, Evaluation, Outcome
from fastloss.core.reductions import MEAN, NONE, PER_GROUP, SUM, Reduction
from fastloss.pairs.loss import PairwiseLoss
from fastloss.pointwise.loss import PointwiseLoss

LOSSES = np.array([1.0, 3.0])


@pytest.mark.parametrize(
    ("reduction", "divisor", "value", "scale"),
    [
        (MEAN, Divisor(8.0), 0.5, 0.125),
        (MEAN, Divisor(8.0, power=3), 4.0, 1.0),
        (MEAN, Divisor(0.0), 0.0, 0.0),
        (SUM, Divisor(8.0), 4.0, 1.0),
        (NONE, Divisor(8.0), [1.0, 3.0], 1.0),
        (PER_GROUP, Divisor(np.array([4.0, 0.0])), [0.25, np.nan], [0.25, 0.0]),
    ],
)
def test_value_and_scale(reduction, divisor, value, scale):
    made = Evaluation(Outcome(groups=LOSSES, each=LOSSES), divisor)
    np.testing.assert_equal(reduction.value(made), np.array(value) if isinstance(value, list) else value)
    np.testing.assert_equal(reduction.scale(divisor), np.array(scale) if isinstance(scale, list) else scale)


def test_what_is_done_with_a_value_at_last():
    made = Evaluation(Outcome(chunks=np.array([np.inf])), Divisor(2.0), retry=lambda value: 3.0, finish=lambda x: -x)
    assert MEAN.value(made) == -3.0
    made = Evaluation(Outcome(chunks=np.array([8.0])), Divisor(2.0), retry=lambda value: 3.0, finish=lambda x: -x)
    assert MEAN.value(made) == -4.0


def test_unknown_names():
    assert reductions.named("sum") is SUM
    for name in ("per_group", "Mean", None, 1):
        with pytest.raises(ValueError, match=r"reduction is .*: expected one of 'mean', 'sum', 'none'"):
            reductions.named(name)


def test_a_new_reduction_is_one_entry(monkeypatch):
    """Twice the sum, of all or of each group: values, gradients and scales of every family follow from the entry."""

    class Twice(Reduction):
        def scale(self, divisor):
            return 2.0 * SUM.scale(divisor)

        def value(self, made):
            return 2.0 * super().value(made)

    per_group = Reduction("per_group_sum", "groups", divides=False)
    for one in (Twice("twice", "all", divides=False), per_group):
        monkeypatch.setitem(reductions.BY_NAME, one.name, one)
    monkeypatch.setattr(PointwiseLoss, "reductions", ("sum", "twice"))
    monkeypatch.setattr(PairwiseLoss, "reductions", ("sum", "twice", "per_group_sum"))
    rng = np.random.default_rng(0)
    scores, labels, groups = rng.normal(size=40), rng.integers(0, 2, 40), np.repeat(np.arange(4), 10)
    calls = (
        (fastloss.huber_loss, (scores, labels), {}),
        (fastloss.pairwise_logistic_loss, (scores, labels), {"groups": groups}),
    )
    for loss, arguments, words in calls:
        value, gradient = loss.value_and_grad(*arguments, reduction="sum", **words)
        twice, slopes = loss.value_and_grad(*arguments, reduction="twice", **words)
        assert twice == 2.0 * value
        np.testing.assert_array_equal(slopes, 2.0 * gradient)
    loss, arguments, words = calls[-1]
    assert loss(*arguments, reduction="per_group_sum", **words).sum() == pytest.approx(value, rel=1e-14)
