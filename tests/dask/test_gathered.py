"""Partitions that one task joins."""

import numpy as np
import pandas as pd
import pytest

import fastloss
from fastloss.dask import mined
from fastloss.dask.contrastive import graph as contrastive
from fastloss.dask.gathered import joined
from fastloss.dask.workers import job
from tests.dask.partitions import blocks, computed, total


def test_partitions_are_joined_as_they_are():
    big = np.array([2**60 + 1, 2**60 + 3])
    assert joined("ids", [big[:1], np.empty(0), big[1:]]).tolist() == big.tolist()
    assert joined("ids", [np.array(["a"]), np.array(["bcd"])]).tolist() == ["a", "bcd"]
    assert joined("ids", [np.empty(0, "U1"), np.empty(0)]).shape == (0,)
    assert joined("sample_weight", [np.array([1]), np.array([0.5])]).tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (np.array([1]), np.array(["1"]), "<U1 and int64"),
        (np.array([-1]), np.array([2**63], np.uint64), "int64 and uint64"),
        (np.array([1.0]), np.array([None], object), "float64 and object"),
    ],
)
def test_partitions_of_two_kinds_are_refused(first, second, found):
    with pytest.raises(TypeError, match=f"ids has partitions of {found}: expected one dtype"):
        joined("ids", [first, second])


def test_partitions_of_pandas():
    rows = np.random.default_rng(0).normal(size=(8, 3))
    labels = np.array(list("aabbabab"))
    frames = [pd.DataFrame(rows[:3]), pd.DataFrame(rows[3:], index=range(70, 75))]
    given = {"embeddings": blocks(frames), "labels": blocks([pd.Series(labels[:3]), pd.Series(labels[3:])])}
    for name, way in {"supcon_loss": contrastive, "batch_hard_triplet_loss": mined}.items():
        made = way.value_and_grad(job(name, {}), given)
        value, slopes = fastloss.lookup(name).value_and_grad(rows, labels)
        assert total(made.value) == pytest.approx(value, rel=1e-14)
        slopes = slopes.embeddings if name == "supcon_loss" else slopes
        np.testing.assert_allclose(
            np.concatenate(computed(made.gradients["embeddings"])), slopes, rtol=1e-12, atol=1e-15
        )
