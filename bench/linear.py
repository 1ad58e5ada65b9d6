"""All pairs of scores without computing them: against one sort, and against every pair."""

import tracemalloc

import numpy as np
from sklearn.metrics import roc_auc_score

import fastloss
from bench.measure import Table


def against_a_sort(table: Table, size: int) -> None:
    """Each loss with binary labels, and the logistic loss with more labels."""
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal(size), (rng.random(size) < 0.5).astype(np.float64)
    targets = {
        "pairwise_logistic_loss": (1.0, 1.5),
        "pairwise_hinge_loss": (2.0, 4.0),
        "pairwise_squared_hinge_loss": (2.0, 4.0),
        "pairwise_exponential_loss": (1.0, 1.5),
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


def by_sorting(table: Table, size: int, dtype: type) -> None:
    """What sorts its rows: hinges, weighted and in groups too, counts and areas, beside scikit-learn."""
    rng = np.random.default_rng(5)
    scores, labels = rng.standard_normal(size).astype(dtype), (rng.random(size) < 0.3).astype(np.int64)
    weights, ids = rng.random(size), np.arange(size) // 5000
    hinge, auc = fastloss.pairwise_hinge_loss, fastloss.auc
    calls = {
        "hinge": lambda: hinge(scores, labels),
        "hinge and gradient": lambda: hinge.value_and_grad(scores, labels),
        "hinge, weighted": lambda: hinge(scores, labels, sample_weight=weights),
        "hinge in groups of 5000": lambda: hinge(scores, labels, groups=ids),
        "inversions": lambda: fastloss.count_inversions(scores, labels),
        "auc": lambda: auc(scores, labels),
        "auc, weighted": lambda: auc(scores, labels, sample_weight=weights),
        "auc in groups of 5000": lambda: auc(scores, labels, groups=ids),
        "np.sort": lambda: np.sort(scores),
    }
    name = f"sorted ways, {size} rows {dtype.__name__}"
    times = table.time(name, size, calls, repeats=5)
    targets = {"hinge": 2.0, "hinge and gradient": 4.0, "inversions": 2.0, "auc": 2.0}
    for what, target in targets.items():
        table.claim(f"{name}, {what}", times[what], "np.sort", times["np.sort"], target)
    for what in ("hinge", "auc"):
        for way in (", weighted", " in groups of 5000"):
            table.claim(f"{name}, {what}{way}", times[what + way], f"{what} alone", times[what], 1.5)
    if size <= 1_000_000:
        peer = table.time(f"{name}, scikit-learn", size, {"auc": lambda: roc_auc_score(labels, scores)}, repeats=3)
        table.claim(f"{name}, auc", times["auc"], "scikit-learn", peer["auc"], 10.0, faster=True)


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
    for count in (size // 10, size):
        for dtype in (np.float64, np.float32):
            by_sorting(table, count, dtype)
    growth(table, size)
    crossover(table, size)
    catalogue(table, size // 1000, size // 200)
