"""All pairs of scores without computing them: against one sort, against every pair, against PyTorch."""

import itertools
import tracemalloc

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench.measure import Table


def torch_looped(scores, labels, offsets) -> float:
    """A group at a time: the pairs of each as a matrix."""
    total, pairs = 0.0, 0
    for start, stop in itertools.pairwise(offsets):
        s, y = scores[start:stop], labels[start:stop]
        losses = F.softplus(s[y == 0][None, :] - s[y == 1][:, None])
        total, pairs = total + losses.sum().item(), pairs + losses.numel()
    return total / max(pairs, 1)


def torch_padded(scores, labels, size: int) -> float:
    """Groups of one size as a batch of matrices, in strips that fit in memory."""
    total, pairs = 0.0, 0
    s, y = scores.reshape(-1, size), labels.reshape(-1, size)
    strip = max(1, 50_000_000 // (size * size))
    for start in range(0, len(s), strip):
        one, label = s[start : start + strip], y[start : start + strip]
        counted = label[:, :, None] > label[:, None, :]
        losses = F.softplus(one[:, None, :] - one[:, :, None]) * counted
        total, pairs = total + losses.sum().item(), pairs + int(counted.sum())
    return total / max(pairs, 1)


def against_a_sort(table: Table, size: int) -> None:
    """Each loss with binary labels, and the logistic loss with more labels."""
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal(size), (rng.random(size) < 0.5).astype(np.float64)
    targets = {
        "pairwise_logistic_loss": (1.0, 2.0),
        "pairwise_hinge_loss": (2.0, 5.0),
        "pairwise_squared_hinge_loss": (2.0, 5.0),
        "pairwise_exponential_loss": (1.0, 2.0),
    }
    for name, (value, both) in targets.items():
        loss = getattr(fastloss, name)
        times = table.time(
            f"{name} {size}",
            size,
            {
                "value": lambda: loss(scores, labels),  # noqa: B023
                "value and gradient": lambda: loss.value_and_grad(scores, labels),  # noqa: B023
                "np.sort": lambda: np.sort(scores),
            },
            repeats=5,
        )
        table.claim(f"{name} {size} value", times["value"], "np.sort", times["np.sort"], value)
        table.claim(f"{name} {size} value and gradient", times["value and gradient"], "np.sort", times["np.sort"], both)
    loss = fastloss.pairwise_logistic_loss
    graded = rng.integers(0, 5, size).astype(np.float64)
    times = table.time(
        f"pairwise_logistic_loss labels {size}",
        size,
        {"binary": lambda: loss(scores, labels), "5 levels": lambda: loss(scores, graded)},
        repeats=5,
    )
    table.claim(f"pairwise_logistic_loss {size} 5 levels", times["5 levels"], "binary", times["binary"], 2.5)
    some = size // 10
    few, real = scores[:some].copy(), rng.standard_normal(some)
    times = table.time(
        f"pairwise_logistic_loss real labels {some}",
        some,
        {"value": lambda: loss(few, real), "np.sort": lambda: np.sort(few)},
        repeats=5,
    )
    table.claim(f"pairwise_logistic_loss {some} real labels", times["value"], "np.sort", times["np.sort"], 40.0)


def growth(table: Table, size: int) -> None:
    """A hundred times as many scores, and the memory that they take beyond themselves."""
    rng = np.random.default_rng(1)
    loss = fastloss.pairwise_logistic_loss
    times = {}
    for count in (size // 10, size * 10):
        scores, labels = rng.standard_normal(count), (rng.random(count) < 0.5).astype(np.float64)
        times[count] = table.time(f"pairwise_logistic_loss {count}", count, {"value": lambda: loss(scores, labels)}, 3)  # noqa: B023
    tracemalloc.start()
    loss(scores, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    table.claim(
        f"pairwise_logistic_loss {size * 10}",
        times[size * 10]["value"],
        f"{size // 10} scores",
        times[size // 10]["value"],
        120.0,
    )
    table.claim(f"pairwise_logistic_loss {size * 10} memory", peak / 1e6, "1 MB", 1.0, 50.0)


def crossover(table: Table, size: int) -> None:
    """`auto` against the better of both methods."""
    rng = np.random.default_rng(2)
    loss = fastloss.pairwise_logistic_loss
    for count in (10, 100, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000):
        scores, labels = rng.standard_normal(count), (rng.random(count) < 0.5).astype(np.float64)
        times = table.time(
            f"pairwise_logistic_loss {count} rows",
            count,
            {
                "auto": lambda: loss(scores, labels),  # noqa: B023
                "direct": lambda: loss(scores, labels, method="direct"),  # noqa: B023
                "fast": lambda: loss(scores, labels, method="fast"),  # noqa: B023
            },
            repeats=31,
        )
        table.claim(f"auto, {count} rows", times["auto"], "the better", min(times["direct"], times["fast"]), 1.15)


def groups(table: Table, size: int) -> None:
    """Many small, some large, and Zipf-sized groups; two threads against one, and PyTorch."""
    rng = np.random.default_rng(3)
    scores, labels = rng.standard_normal(size), (rng.random(size) < 0.5).astype(np.float64)
    ranks = np.arange(1, size // 100)
    zipf = np.maximum((size / 10) / ranks, 1).astype(np.int64)
    ends = np.cumsum(zipf)
    layouts = {
        "of 10": np.arange(0, size + 1, 10),
        "of 1000": np.arange(0, size + 1, 1000),
        "by Zipf": np.append(0, np.append(ends[ends < size], size)),
    }
    loss = fastloss.pairwise_logistic_loss
    s, y = torch.from_numpy(scores), torch.from_numpy(labels)
    for name, offsets in layouts.items():
        times = table.time(
            f"pairwise_logistic_loss {size} rows in groups {name}",
            size,
            {
                "fastloss": lambda: loss(scores, labels, offsets=offsets),  # noqa: B023
                "fastloss, 1 thread": lambda: one_thread(lambda: loss(scores, labels, offsets=offsets)),  # noqa: B023
            },
            repeats=5,
        )
        table.claim(f"groups {name}", times["fastloss"], "one thread", times["fastloss, 1 thread"], 1.6, faster=True)
        if name == "by Zipf":
            continue
        width = offsets[1]
        part = size // 10  # PyTorch's share of the rows, scaled up
        some = offsets[: part // width + 1]
        peers = {"torch padded": lambda: torch_padded(s[:part], y[:part], width)}  # noqa: B023
        if width == 1000:
            peers["torch looped"] = lambda: torch_looped(s, y, some)  # noqa: B023
        peer = min(table.time(f"a tenth of the rows in groups {name}", part, peers, repeats=3).values()) * 10
        table.claim(f"groups {name}", times["fastloss"], "PyTorch", peer, 8.0, faster=True)


def catalogue(table: Table, users: int, items: int, width: int = 64) -> None:
    """BPR against all items, and the scores' product alone."""
    rng = np.random.default_rng(4)
    sizes = np.minimum(rng.zipf(1.5, users) + 8, items // 2)
    sizes = np.maximum((sizes * (50 / sizes.mean())).astype(np.int64), 1)
    offsets = np.append(0, np.cumsum(sizes))
    numbers = np.minimum(rng.zipf(1.3, offsets[-1]) - 1, items - 1)
    p, q = (0.3 * rng.standard_normal((count, width), np.float32) for count in (users, items))
    loss, given = fastloss.bpr_all_negatives_loss, (offsets, numbers)
    strip = max(1, (1 << 24) // items)
    out = np.empty((strip, items), np.float32)

    def product():
        for start in range(0, users, strip):
            np.matmul(p[start : start + strip], q.T, out=out[: min(strip, users - start)])

    times = table.time(
        f"bpr_all_negatives_loss {users} x {items} x {width}",
        users,
        {
            "value": lambda: loss(p, q, given),
            "value and gradient": lambda: loss.value_and_grad(p, q, given),
            "the scores' product": product,
        },
        repeats=3,
    )
    peer = times["the scores' product"]
    table.claim(f"bpr_all_negatives_loss {users} x {items} value", times["value"], "the product", peer, 3.0)
    both = times["value and gradient"]
    table.claim(f"bpr_all_negatives_loss {users} x {items} value and gradient", both, "the product", peer, 7.0)


def one_thread(run):
    """Run with one thread."""
    with fastloss.num_threads(1):
        return run()


def run(table: Table, size: int) -> None:
    """All of it; `size` is ten million in the full run."""
    against_a_sort(table, size)
    growth(table, size)
    crossover(table, size)
    groups(table, size)
    catalogue(table, size // 1000, size // 200)
