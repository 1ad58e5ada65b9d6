"""Pairs within groups: nanoseconds a row, against PyTorch on padded matrices, from groups of 2 rows to 1000."""

import itertools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench.measure import Table

SIZES = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
SMALL = 50  # rows of a group up to which a time is wanted
WANTED, WANTED_WEIGHTED, WANTED_AUC = 12.0, 20.0, 25.0  # nanoseconds a row
PAIRS = 20_000_000  # of a strip of matrices


def torch_padded(scores, labels, size: int, backward: bool = False):
    """The mean loss of groups of one size as matrices, in strips that fit in memory, and its gradient."""
    s, y = scores.detach().clone().requires_grad_(backward), labels
    strip = max(1, PAIRS // (size * size)) * size
    total, pairs = 0.0, 0
    for start in range(0, len(s), strip):
        one, label = (rows[start : start + strip].reshape(-1, size) for rows in (s, y))
        counted = label[:, :, None] > label[:, None, :]
        losses = (F.softplus(one[:, None, :] - one[:, :, None]) * counted).sum()
        if backward:
            losses.backward()
        total, pairs = total + losses.item(), pairs + int(counted.sum())
    return total / max(pairs, 1), s.grad / max(pairs, 1) if backward else None


def torch_looped(scores, labels, offsets) -> float:
    """A group at a time: the pairs of each as a matrix."""
    total, pairs = 0.0, 0
    for start, stop in itertools.pairwise(offsets):
        s, y = scores[start:stop], labels[start:stop]
        losses = F.softplus(s[y == 0][None, :] - s[y == 1][:, None])
        total, pairs = total + losses.sum().item(), pairs + losses.numel()
    return total / max(pairs, 1)


def one_thread(run: Callable[[], object]) -> object:
    """Run with one thread."""
    with fastloss.num_threads(1):
        return run()


def of_one_size(table: Table, rows: int, size: int) -> None:
    """Value and gradient of the logistic loss, and graded labels with weights."""
    rng = np.random.default_rng(size)
    rows = rows // size * size
    scores, labels = rng.standard_normal(rows), (rng.random(rows) < 0.3).astype(np.int64)
    grades, weights, ids = rng.integers(0, 5, rows), rng.random(rows), np.arange(rows) // size
    loss, graded = fastloss.pairwise_logistic_loss, {"groups": ids, "sample_weight": weights}
    part = min(rows, max(rows // 10, 2_000_000 // size) // size * size)  # PyTorch's share of the rows, scaled up
    s, y = torch.from_numpy(scores[:part]), torch.from_numpy(labels[:part])
    ours, peer = loss.value_and_grad(scores[:part], labels[:part], groups=ids[:part]), torch_padded(s, y, size, True)
    np.testing.assert_allclose(ours[0], peer[0], rtol=1e-11)
    np.testing.assert_allclose(ours[1], peer[1].numpy(), rtol=1e-9, atol=1e-18)
    name = f"pairwise_logistic_loss {rows} rows in groups of {size}"
    calls = {
        "value": lambda: loss(scores, labels, groups=ids),
        "value and gradient": lambda: loss.value_and_grad(scores, labels, groups=ids),
        "value, weights and 5 levels": lambda: loss(scores, grades, **graded),
        "value and gradient, weights and 5 levels": lambda: loss.value_and_grad(scores, grades, **graded),
    }
    times = table.time(name, rows, calls, repeats=7)
    peers = {
        "PyTorch padded, value": lambda: torch_padded(s, y, size),
        "PyTorch padded, value and gradient": lambda: torch_padded(s, y, size, True),
    }
    beside = table.time(f"{part} rows in groups of {size}", part, peers, repeats=3)
    for what, wanted in zip(calls, (WANTED, WANTED, WANTED_WEIGHTED, WANTED_WEIGHTED), strict=True):
        if size <= SMALL:
            table.claim(f"{name} {what}", times[what] / rows * 1e9, "1 ns a row", 1.0, wanted)
    for what in ("value", "value and gradient"):
        peer_time = beside[f"PyTorch padded, {what}"] / part * rows
        table.claim(f"{name} {what}", times[what], "PyTorch padded", peer_time, 8.0, faster=True)


def of_any_size(table: Table, rows: int) -> None:
    """Groups by Zipf's law, ids in any order, strings, and two threads against one."""
    rng = np.random.default_rng(3)
    scores, labels = rng.standard_normal(rows), (rng.random(rows) < 0.3).astype(np.int64)
    sizes = np.minimum(rng.zipf(1.5, rows), SMALL)
    ids = np.repeat(np.arange(sizes.size), sizes)[:rows]
    mixed, text = rng.permutation(ids), ids.astype("U8")
    loss = fastloss.pairwise_logistic_loss
    calls = {
        "value": lambda: loss(scores, labels, groups=ids),
        "value, one thread": lambda: one_thread(lambda: loss(scores, labels, groups=ids)),
        "value and gradient": lambda: loss.value_and_grad(scores, labels, groups=ids),
        "value, ids in any order": lambda: loss(scores, labels, groups=mixed),
        "np.argsort of these": lambda: np.argsort(mixed, kind="stable"),
        "value, ids as strings": lambda: loss(scores, labels, groups=text),
    }
    name = f"pairwise_logistic_loss {rows} rows in groups by Zipf's law"
    times = table.time(name, rows, calls, repeats=7)
    for what in ("value", "value and gradient"):
        table.claim(f"{name} {what}", times[what] / rows * 1e9, "1 ns a row", 1.0, WANTED)
    limit = times["np.argsort of these"] + WANTED * rows * 1e-9
    table.claim(f"{name}, ids in any order", times["value, ids in any order"], "np.argsort and 12 ns a row", limit, 1.0)
    table.claim(name, times["value"], "one thread", times["value, one thread"], 1.6, faster=True)


def areas(table: Table, rows: int, size: int = 100) -> None:
    """The area under the ROC curve of each group."""
    rng = np.random.default_rng(4)
    scores, labels = rng.standard_normal(rows), (rng.random(rows) < 0.3).astype(np.int64)
    ids = np.arange(rows) // size
    name = f"auc {rows} rows in groups of {size}"
    calls = {"each group's": lambda: fastloss.auc(scores, labels, groups=ids, reduction="per_group")}
    times = table.time(name, rows, calls, repeats=5)
    table.claim(name, times["each group's"] / rows * 1e9, "1 ns a row", 1.0, WANTED_AUC)


def queries(table: Table, rows: int) -> None:
    """LambdaRank, value and gradient, in queries of two sizes and in one; beside a sort of the scores."""
    rng = np.random.default_rng(6)
    scores, labels = rng.standard_normal(rows), rng.integers(0, 5, rows)
    loss = fastloss.lambdarank_loss
    for size in (100, 1000, rows):
        offsets = np.append(np.arange(0, rows, size), rows)
        name = f"lambdarank_loss {rows} rows in queries of {size}, value and gradient"
        calls = {
            "auto": lambda: loss.value_and_grad(scores, labels, offsets=offsets),  # noqa: B023
            "np.sort": lambda: np.sort(scores),
        }
        if size < rows:
            calls["direct"] = lambda: loss.value_and_grad(scores, labels, offsets=offsets, method="direct")  # noqa: B023
        times = table.time(name, rows, calls, repeats=3)
        if size == 1000:
            pairs = rows * (size - 1) / 2
            table.claim(f"{name}, direct", times["direct"] / pairs * 1e9, "1 ns a pair", 1.0, 1.0)
        elif size == rows:
            table.claim(name, times["auto"], "1 s", 1.0, 2.0)


def looped(table: Table, rows: int, size: int = 1000) -> None:
    """PyTorch's other way, a group after another."""
    rng = np.random.default_rng(5)
    scores, labels = rng.standard_normal(rows), (rng.random(rows) < 0.3).astype(np.int64)
    offsets = np.append(np.arange(0, rows, size), rows)
    s, y = torch.from_numpy(scores), torch.from_numpy(labels)
    calls = {
        "fastloss": lambda: fastloss.pairwise_logistic_loss(scores, labels, offsets=offsets),
        "PyTorch, a group at a time": lambda: torch_looped(s, y, offsets),
    }
    times = table.time(f"pairwise_logistic_loss {rows} rows in groups of {size}, looped", rows, calls, repeats=3)
    table.claim(
        "groups, looped", times["fastloss"], "PyTorch looped", times["PyTorch, a group at a time"], 8.0, faster=True
    )


def run(table: Table, rows: int) -> None:
    """All of it; `rows` is a million in the full run."""
    for size in SIZES:
        of_one_size(table, rows, size)
    of_any_size(table, rows)
    areas(table, 10 * rows)
    queries(table, rows)
    looped(table, rows // 10)
