"""All pairs of scores without computing them: against one sort, and against every pair."""

import tracemalloc

import numpy as np

import fastloss
from bench.measure import Table


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


def run(table: Table, size: int) -> None:
    """All of it; `size` is ten million in the full run."""
    against_a_sort(table, size)
    growth(table, size)
    crossover(table, size)
    catalogue(table, size // 1000, size // 200)
