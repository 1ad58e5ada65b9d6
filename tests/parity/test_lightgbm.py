"""LightGBM's own LambdaRank gradients on the sample data."""

import numpy as np
import pytest

import fastloss

lightgbm = pytest.importorskip("lightgbm")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize(("level", "leaves"), [(3, 6), (1000, 240)])
def test_gradients(level, leaves):
    """With learning rate 1 and no regularisation, the first tree's leaves are -(sum of gradients) / (sum of hessians).

    Rows far down the ranking have neither under a truncation level, and LightGBM cannot put each into its own leaf; so
    that tree has few leaves. LightGBM reads its logistic function from a table of 2**20 entries, hence the tolerance.
    """
    rng = np.random.default_rng(0)
    sizes = np.full(20, 12)
    labels, scores = rng.integers(0, 5, sizes.sum()), rng.normal(size=sizes.sum())
    data = lightgbm.Dataset(
        np.arange(labels.size, dtype=float)[:, None],
        labels,
        group=sizes,
        init_score=scores,
        params={"max_bin": 1000, "min_data_in_bin": 1, "verbose": -1},
    )
    booster = lightgbm.train(
        {
            "objective": "lambdarank",
            "lambdarank_norm": False,
            "lambdarank_truncation_level": level,
            "learning_rate": 1.0,
            "num_leaves": leaves,
            "min_data_in_leaf": 1,
            "min_sum_hessian_in_leaf": 1e-3,
            "min_gain_to_split": 0.0,
            "lambda_l2": 0.0,
            "verbose": -1,
        },
        data,
        num_boost_round=1,
    )
    offsets = np.append(0, np.cumsum(sizes))
    gradient, curvature = fastloss.lambdarank_loss.grad_hess(
        scores, labels, offsets=offsets, truncation_level=level, reduction="sum"
    )
    leaf = booster.predict(np.arange(labels.size, dtype=float)[:, None], pred_leaf=True).reshape(-1)
    found = booster.predict(np.arange(labels.size, dtype=float)[:, None], raw_score=True)
    sums, bends = np.bincount(leaf, gradient), np.bincount(leaf, curvature)
    assert np.unique(leaf).size > leaves // 2
    np.testing.assert_allclose(found, -(sums / bends)[leaf], rtol=2e-3, atol=1e-4)
