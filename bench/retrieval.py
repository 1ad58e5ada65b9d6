"""Recall and reciprocal rank of queries against all keys beside the bare products, NumPy, and PyTorch's `topk`."""

import importlib.util
from collections.abc import Callable

import numpy as np

from bench.measure import Table
from fastloss.metrics import retrieval_ranks

K = 10
BLOCK = 512  # queries whose similarities are in memory at a time


def drawn(queries: int, keys: int, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of length 1; key i is query i with noise, so that half of them are found first."""
    rng = np.random.default_rng(0)
    key = rng.standard_normal((keys, depth), np.float32)
    query = key[:queries] + 2.0 * rng.standard_normal((queries, depth), np.float32)
    return tuple(one / np.linalg.norm(one, axis=1, keepdims=True) for one in (query, key))  # type: ignore[return-value]


def blocks(query: np.ndarray) -> range:
    """Where the blocks of queries begin."""
    return range(0, len(query), BLOCK)


def torch_calls(query: np.ndarray, key: np.ndarray) -> dict[str, Callable[[], float]]:
    """PyTorch's calls, from its own tensors."""
    if not importlib.util.find_spec("torch"):
        return {}
    import torch

    q, k = torch.from_numpy(query), torch.from_numpy(key)

    def top() -> float:
        found = 0
        for start in blocks(query):
            best = torch.topk(q[start : start + BLOCK] @ k.T, K).indices
            found += int((best == torch.arange(start, start + len(best))[:, None]).sum())
        return found / len(query)

    return {"PyTorch, topk of blocks: recall": top}


def run(table: Table, queries: int, keys: int) -> None:
    """Embeddings of 128 and of 768 numbers, and many positives a query."""
    for depth in (128, 768):
        query, key = drawn(queries, keys, depth)
        of_one_depth(table, query, key)
    many_positives(table, *drawn(queries, keys, 128))


def of_one_depth(table: Table, query: np.ndarray, key: np.ndarray) -> None:
    """One positive a query."""

    def products() -> None:
        for start in blocks(query):
            np.matmul(query[start : start + BLOCK], key.T)

    def counted() -> float:
        ranks = []
        for start in blocks(query):
            z = query[start : start + BLOCK] @ key.T
            own = z[np.arange(len(z)), np.arange(start, start + len(z))]
            ranks.append(1 + (z > own[:, None]).sum(1))
        return float(np.mean(np.concatenate(ranks) <= K))

    def ours() -> float:
        ranks = retrieval_ranks(query, key)
        ranks.mrr()
        return ranks.recall(k=K)

    calls: dict[str, Callable[[], object]] = {
        "fastloss: recall and MRR": ours,
        "bare products": products,
        "NumPy, blocks: recall": counted,
        **torch_calls(query, key),
    }
    found = [call() for name, call in calls.items() if name != "bare products"]
    np.testing.assert_allclose(found, found[0], atol=2.0 / len(query))  # float32 may exchange neighbours
    title = f"recall of {len(query)} queries among {len(key)} keys of {query.shape[1]}"
    times = table.time(title, len(query) * len(key), calls, repeats=3)
    ours_ = times["fastloss: recall and MRR"]
    table.claim(title, ours_, "bare products", times["bare products"], 1.25)
    for peer in list(calls)[2:]:
        table.claim(title, ours_, peer, times[peer], 1.0, faster=True)


def many_positives(table: Table, query: np.ndarray, key: np.ndarray) -> None:
    """As of classmates: 10, 100 and 1000 positives a query."""
    rng = np.random.default_rng(1)
    calls: dict[str, Callable[[], object]] = {}
    for count in (10, 100, 1000):
        numbers = np.stack([rng.permutation(len(key))[:count] for _ in range(len(query))])
        positives = np.arange(len(query) + 1) * count, numbers.ravel()
        calls[f"{count} positives"] = lambda own=positives: retrieval_ranks(
            query, key, positives=own
        ).average_precision()
    calls["one positive"] = lambda: retrieval_ranks(query, key).average_precision()
    title = f"MAP of {len(query)} queries among {len(key)} keys of {query.shape[1]}"
    table.time(title, len(query) * len(key), calls, repeats=2)
