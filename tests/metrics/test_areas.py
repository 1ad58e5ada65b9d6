"""The mean area over groups, against counts over every pair."""

import numpy as np
import pytest

from fastloss import metrics


def area(scores, labels):
    pairs = labels[:, None] > labels[None, :]
    gap = scores[:, None] - scores[None, :]
    return (pairs * ((gap > 0) + 0.5 * (gap == 0))).sum() / pairs.sum() if pairs.any() else np.nan


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sizes", [6, 400])
def test_against_every_pair(sizes, dtype):
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 30, 30 * sizes) * 2 % 31
    ids[0] = 99  # alone
    scores, labels = rng.integers(0, 9, ids.size).astype(dtype), rng.integers(0, 2, ids.size)
    wanted = np.array([area(scores[ids == g], labels[ids == g]) for g in np.unique(ids)])
    found, counts = metrics.group_auc(scores, labels, groups=ids, reduction="per_group", with_counts=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    assert counts.left_out == np.isnan(wanted).sum() > 0
    weights = np.unique(ids, return_counts=True)[1]
    mean = np.average(wanted[np.isfinite(wanted)], weights=weights[np.isfinite(wanted)])
    assert metrics.group_auc(scores, labels, groups=ids, sample_weight=weights) == pytest.approx(mean, rel=1e-14)


def test_edges():
    offsets, labels = [0, 2, 2, 4], [0, 1, 1, 1]
    np.testing.assert_array_equal(
        metrics.group_auc([1.0, 2.0, np.nan, 1.0], labels, offsets=offsets, reduction="per_group"),
        [1.0, np.nan, np.nan],
    )
    assert metrics.group_auc([1.0, 2.0, np.nan, 1.0], labels, offsets=offsets) == 1.0  # the NaN is in no pair
    assert np.isnan(metrics.group_auc([np.nan, 2.0, 1.0, 1.0], labels, offsets=offsets))
    assert np.isnan(metrics.group_auc([], []))
    with pytest.raises(ValueError, match="sample_weight has shape"):
        metrics.group_auc([1.0, 2.0], [0, 1], sample_weight=[1.0, 1.0])
