"""Metrics of rankings against scikit-learn, trec_eval, ranx and torchmetrics, each where it is installed."""

import warnings

import numpy as np
import pytest

from fastloss import metrics

K = 5
GROUPS, SIZE = 40, 12


def drawn(seed, levels, positive=True):
    """Scores with ties (of few levels), grades, and offsets of groups of one size, each with a relevant row."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(1 if positive else -levels, levels + 1, (GROUPS, SIZE)) / 4.0
    labels = rng.integers(0, 4, (GROUPS, SIZE)) * (rng.random((GROUPS, SIZE)) < 0.4)
    labels[np.arange(GROUPS), rng.integers(0, SIZE, GROUPS)] = 1
    return scores, labels, np.arange(0, GROUPS * SIZE + 1, SIZE)


def per_group(name, scores, labels, offsets, **words):
    metric = getattr(metrics, name)
    return metric(scores.ravel(), labels.ravel(), offsets=offsets, reduction="per_group", **words)


@pytest.mark.parametrize("k", [None, K])
def test_ndcg_of_scikit_learn(k):
    learn = pytest.importorskip("sklearn.metrics")
    scores, labels, offsets = drawn(1, 5)
    found = per_group("ndcg", scores, labels, offsets, k=k, gains="linear")
    wanted = [learn.ndcg_score(y[None], s[None], k=k) for s, y in zip(scores, labels, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert found.mean() == pytest.approx(learn.ndcg_score(labels, scores, k=k), rel=1e-13)
    weights = np.arange(GROUPS) % 3
    weighted = metrics.ndcg(scores.ravel(), labels.ravel(), k=k, gains="linear", offsets=offsets, sample_weight=weights)
    assert weighted == pytest.approx(learn.ndcg_score(labels, scores, k=k, sample_weight=weights), rel=1e-13)


@pytest.mark.parametrize("levels", [5, 10**6])
def test_average_precision_of_scikit_learn(levels):
    learn = pytest.importorskip("sklearn.metrics")
    scores, labels, offsets = drawn(2, levels, positive=False)
    found = per_group("average_precision", scores, labels, offsets, ties="thresholds")
    wanted = [learn.average_precision_score(y >= 1, s) for s, y in zip(scores, labels, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    mean = learn.label_ranking_average_precision_score(labels >= 1, scores)
    assert found.mean() == pytest.approx(mean, rel=1e-13)


@pytest.mark.parametrize("ids", ["text", "numbers"])
@pytest.mark.parametrize("levels", [5, 10**6])
def test_trec_eval(levels, ids):
    trec = pytest.importorskip("pytrec_eval")
    scores, labels, offsets = drawn(3, levels)
    scores += 1e-9 * np.arange(SIZE)  # which float32 does not hold
    rng = np.random.default_rng(4)
    names = np.array([rng.permutation(SIZE) + 5 for _ in range(GROUPS)])  # of one digit and of two
    text = names if ids == "numbers" else np.char.add("d", names.astype(str))
    documents = [[str(one) for one in row] for row in text]
    judged = {str(g): dict(zip(documents[g], labels[g].tolist(), strict=True)) for g in range(GROUPS)}
    run = {str(g): dict(zip(documents[g], scores[g].tolist(), strict=True)) for g in range(GROUPS)}
    measures = {
        "ndcg": ("ndcg", {"gains": "linear"}),
        f"ndcg_cut_{K}": ("ndcg", {"gains": "linear", "k": K}),
        "recip_rank": ("mrr", {}),
        "map": ("average_precision", {}),
        f"map_cut_{K}": ("average_precision", {"k": K}),
        f"P_{K}": ("precision", {"k": K}),
        f"recall_{K}": ("recall", {"k": K}),
        f"success_{K}": ("hit_rate", {"k": K}),
    }
    results = trec.RelevanceEvaluator(judged, set(measures)).evaluate(run)
    for measure, (name, words) in measures.items():
        wanted = [results[str(g)][measure] for g in range(GROUPS)]
        found = per_group(name, scores, labels, offsets, ties="trec_eval", ids=text.ravel(), **words)
        np.testing.assert_allclose(found, wanted, rtol=1e-12, err_msg=measure)


@pytest.mark.filterwarnings("ignore")
def test_ranx():
    """Its sort leaves up to 15 equal scores as they stand."""
    ranx = pytest.importorskip("ranx")
    scores, labels, offsets = drawn(5, 5)
    names = [f"d{k}" for k in range(SIZE)]
    judged = {f"{g:03}": {names[k]: int(y) for k, y in enumerate(labels[g]) if y > 0} for g in range(GROUPS)}
    run = {f"{g:03}": dict(zip(names, scores[g].tolist(), strict=True)) for g in range(GROUPS)}
    measures = {
        "ndcg": ("ndcg", {"gains": "linear"}),
        f"ndcg@{K}": ("ndcg", {"gains": "linear", "k": K}),
        f"ndcg_burges@{K}": ("ndcg", {"k": K}),
        "mrr": ("mrr", {}),
        f"mrr@{K}": ("mrr", {"k": K}),
        "map": ("average_precision", {}),
        f"map@{K}": ("average_precision", {"k": K}),
        f"precision@{K}": ("precision", {"k": K}),
        f"recall@{K}": ("recall", {"k": K}),
        f"hit_rate@{K}": ("hit_rate", {"k": K}),
        f"precision@{K}-l2": ("precision", {"k": K, "relevance_level": 2}),
    }
    results = ranx.evaluate(ranx.Qrels(judged), ranx.Run(run), list(measures), return_mean=False)
    for measure, (name, words) in measures.items():
        found = per_group(name, scores, labels, offsets, ties="stable", **words)
        wanted = np.where(np.isnan(found), 0.0, results[measure])  # ranx counts such groups as 0
        np.testing.assert_allclose(np.nan_to_num(found), wanted, rtol=1e-12, err_msg=measure)


def test_torchmetrics():
    """It sorts by `topk`, whose order of equal scores is not said: there are none."""
    retrieval = pytest.importorskip("torchmetrics.retrieval")
    import torch

    rng = np.random.default_rng(6)
    _, labels, _ = drawn(6, 5)
    scores = rng.permutation(GROUPS * SIZE).reshape(GROUPS, SIZE) / 1000.0 + 0.001
    groups = np.repeat(np.arange(GROUPS), SIZE)
    measures = {
        "RetrievalNormalizedDCG": ("ndcg", {"gains": "linear", "k": K}),
        "RetrievalMRR": ("mrr", {}),
        "RetrievalMAP": ("average_precision", {}),
        "RetrievalPrecision": ("precision", {"k": K}),
        "RetrievalRecall": ("recall", {"k": K}),
        "RetrievalHitRate": ("hit_rate", {"k": K}),
    }
    for measure, (name, words) in measures.items():
        theirs = getattr(retrieval, measure)(top_k=words.get("k"), empty_target_action="skip")
        target = torch.from_numpy(labels.ravel() if name == "ndcg" else labels.ravel() >= 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = float(theirs(torch.from_numpy(scores.ravel()), target, indexes=torch.from_numpy(groups)))
        found = getattr(metrics, name)(scores.ravel(), labels.ravel(), groups=groups, **words)
        assert found == pytest.approx(wanted, rel=1e-6), measure  # in float32
