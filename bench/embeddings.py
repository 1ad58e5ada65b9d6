"""Losses of batches of embeddings against bare matrix products, PyTorch, and PyTorch Metric Learning.

A bare product is `np.matmul` into an array that is there already. OpenBLAS's threads go on spinning for a while after a
product, so that contenders pause between each other.
"""

import pathlib
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import fastloss
from bench import torch_peers
from bench.measure import Table

PEAK = """
import pathlib, numpy as np, fastloss
def kilobytes(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name))
rng = np.random.default_rng(0)
count, depth = {count}, {depth}
x, y = (rng.standard_normal((count, depth), np.float32) for _ in range(2))
labels = rng.integers(0, {count} // 32, count)
loss = fastloss.{name}
loss.value_and_grad(*(array[:300] for array in {arguments}))
before = kilobytes("VmRSS")
pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
loss.value_and_grad(*{arguments})
print((kilobytes("VmHWM") - before) / 1024)
"""
PAIRED, LABELLED, CLASSES, FACTORS = "(x, y)", "(x, labels)", "(x, y[:1000], labels % 300)", "(x, y, labels % 300)"
IN_LITTLE_MEMORY = {
    "info_nce_loss": PAIRED,
    "multiple_negatives_ranking_loss": PAIRED,
    "nt_xent_loss": PAIRED,
    "supcon_loss": LABELLED,
    "ge2e_loss": LABELLED,
    "batch_all_triplet_loss": LABELLED,
    "batch_hard_triplet_loss": LABELLED,
    "batch_semihard_triplet_loss": LABELLED,
    "batch_contrastive_loss": LABELLED,
    "arcface_loss": CLASSES,
    "cross_entropy_with_factors": FACTORS,
}


def run(table: Table, count: int, classes: int) -> None:
    """Batches of `count` and of half of that; a softmax over `classes`."""
    for depth in (128, 512):
        contrastive(table, count, depth)
    triplets(table, count // 2, 128)
    for small in (count // 16, count // 8, 3 * count // 16):
        against_metric_learning(table, small, 128)
    softmax(table, count // 2, classes, 64)
    against_chunks(table, count // 2, 4 * count, 256)
    memory(table, count * 8, 64)


def contrastive(table: Table, count: int, depth: int) -> None:
    """One positive each, or the class's, against all."""
    rng = np.random.default_rng(0)
    query, key = (rng.standard_normal((count, depth), np.float32) for _ in range(2))
    labels, product = rng.integers(0, 128, count), np.empty((count, count), np.float32)
    tensors = [torch.tensor(array, requires_grad=True) for array in (query, key)]
    own = torch.arange(count)

    def theirs() -> torch.Tensor:
        return F.cross_entropy(F.normalize(tensors[0]) @ F.normalize(tensors[1]).T / 0.07, own)

    def their_value() -> torch.Tensor:
        with torch.no_grad():
            return theirs()

    def their_gradient() -> None:
        theirs().backward()

    np.testing.assert_allclose(fastloss.info_nce_loss(query, key), their_value().item(), rtol=1e-5)
    size, label = count * count, f"{count}x{depth} float32"
    views = query[: count // 2], key[: count // 2]
    value = table.time(
        f"contrastive {label} value",
        size,
        {
            "bare product": lambda: np.matmul(query, key.T, out=product),
            "info_nce_loss": lambda: fastloss.info_nce_loss(query, key),
            "info_nce_loss symmetric": lambda: fastloss.info_nce_loss(query, key, symmetric=True),
            "nt_xent_loss": lambda: fastloss.nt_xent_loss(*views),
            "supcon_loss": lambda: fastloss.supcon_loss(query, labels),
            "torch": their_value,
        },
        pause=0.1,
    )
    bare = value["bare product"]
    table.claim(f"info_nce_loss {label} value", value["info_nce_loss"], "a bare product", bare, 1.35)
    table.claim(f"info_nce_loss {label} value", value["info_nce_loss"], "PyTorch", value["torch"], 1.5, faster=True)
    for name in ("nt_xent_loss", "supcon_loss"):
        table.claim(f"{name} {label} value", value[name], "a bare product", bare, 0.8)
    both = table.time(
        f"contrastive {label} value and gradients",
        size,
        {
            "bare product": lambda: np.matmul(query, key.T, out=product),
            "info_nce_loss": lambda: fastloss.info_nce_loss.value_and_grad(query, key),
            "info_nce_loss symmetric": lambda: fastloss.info_nce_loss.value_and_grad(query, key, symmetric=True),
            "nt_xent_loss": lambda: fastloss.nt_xent_loss.value_and_grad(*views),
            "supcon_loss": lambda: fastloss.supcon_loss.value_and_grad(query, labels),
            "torch": their_gradient,
        },
        repeats=5,
        pause=0.1,
    )
    name, time_ = f"info_nce_loss {label} value and gradients", both["info_nce_loss"]
    table.claim(name, time_, "three bare products", 3.0 * both["bare product"], 1.35)
    table.claim(name, time_, "PyTorch", both["torch"], 1.0, faster=True)


def triplets(table: Table, count: int, depth: int) -> None:
    """All triplets and the hardest ones: classes that are apart, and classes that mean nothing."""
    rng = np.random.default_rng(0)
    labels, product = rng.integers(0, 128, count), np.empty((count, count), np.float32)
    noise = rng.standard_normal((count, depth), np.float32)
    apart = noise + rng.standard_normal((128, depth), np.float32)[labels]
    for kind, rows in (("classes apart", apart), ("no classes", noise)):
        label = f"{count}x{depth}, {kind}"
        contenders: dict[str, Callable[[], Any]] = {
            "bare product": lambda rows=rows: np.matmul(rows, rows.copy().T, out=product)
        }
        for name in ("batch_all", "batch_hard", "batch_semihard"):
            loss = getattr(fastloss, f"{name}_triplet_loss")
            contenders[f"{name} value"] = lambda loss=loss, rows=rows: loss(rows, labels)
            contenders[f"{name} gradient"] = lambda loss=loss, rows=rows: loss.value_and_grad(rows, labels)
        contenders["batch_all soft"] = lambda rows=rows: fastloss.batch_all_triplet_loss(rows, labels, soft=True)
        contenders["contrastive"] = lambda rows=rows: fastloss.batch_contrastive_loss.value_and_grad(rows, labels)
        times = table.time(f"triplets {label}", count * count, contenders, pause=0.1)
        bare = times["bare product"]
        table.claim(f"batch_all_triplet_loss {label} value", times["batch_all value"], "a bare product", bare, 3.0)
        table.claim(
            f"batch_all_triplet_loss {label} gradient", times["batch_all gradient"], "a bare product", bare, 6.0
        )


def against_metric_learning(table: Table, count: int, depth: int) -> None:
    """All triplets by PyTorch Metric Learning, which lists them; None where it runs out of memory."""
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.losses import TripletMarginLoss

    rng = np.random.default_rng(0)
    rows, labels = rng.standard_normal((count, depth), np.float32), rng.integers(0, max(count // 32, 2), count)
    loss = TripletMarginLoss(margin=0.2, distance=LpDistance(normalize_embeddings=False))
    tensor, classes = torch.tensor(rows, requires_grad=True), torch.tensor(labels)

    def theirs() -> torch.Tensor:
        value = loss(tensor, classes)
        value.backward()
        return value

    np.testing.assert_allclose(fastloss.batch_all_triplet_loss(rows, labels), theirs().item(), rtol=1e-4)
    times = table.time(
        f"all triplets of {count}, value and gradient",
        count * count,
        {
            "fastloss": lambda: fastloss.batch_all_triplet_loss.value_and_grad(rows, labels),
            "pytorch-metric-learning": theirs,
        },
        repeats=3,
        pause=0.1,
    )
    peer, target = times["pytorch-metric-learning"], 100.0 if count > 1024 else 10.0
    table.claim(
        f"batch_all_triplet_loss {count}", times["fastloss"], "pytorch-metric-learning", peer, target, faster=True
    )


def softmax(table: Table, count: int, classes: int, depth: int) -> None:
    """A softmax over a catalogue, from factors."""
    rng = np.random.default_rng(0)
    hidden, weights = (rng.standard_normal((rows, depth), np.float32) for rows in (count, classes))
    targets, part = rng.integers(0, classes, count), min(classes, 100_000)
    product = np.empty((count, part), np.float32)

    def bare() -> None:
        for start in range(0, classes, part):
            some = weights[start : start + part]
            np.matmul(hidden, some.T, out=product[:, : len(some)])

    times = table.time(
        f"cross_entropy_with_factors {count}x{depth}, {classes} classes",
        count * classes,
        {
            "bare product": bare,
            "value": lambda: fastloss.cross_entropy_with_factors(hidden, weights, targets),
            "value and gradients": lambda: fastloss.cross_entropy_with_factors.value_and_grad(hidden, weights, targets),
        },
        repeats=3,
        pause=0.1,
    )
    bare_time = 3.0 * times["bare product"]
    label = f"cross_entropy_with_factors {classes} classes"
    table.claim(label, times["value and gradients"], "three bare products", bare_time, 1.4)


CHUNKS = """
import pathlib, numpy as np, torch, fastloss
from bench.torch_peers import in_chunks
def kilobytes(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name))
def chunked(hidden, weights, targets):
    leaves = [torch.from_numpy(array).requires_grad_() for array in (hidden, weights)]
    in_chunks(*leaves, torch.from_numpy(targets)).backward()
    return [leaf.grad for leaf in leaves]
rng = np.random.default_rng(0)
hidden, weights = (rng.standard_normal((rows, {depth}), np.float32) for rows in ({count}, {classes}))
targets = rng.integers(0, {classes}, {count})
run = {{"fastloss": fastloss.cross_entropy_with_factors.value_and_grad, "torch": chunked}}["{name}"]
run(hidden[:300], weights[:300], targets[:300] % 300)
before = kilobytes("VmRSS")
pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
run(hidden, weights, targets)
print((kilobytes("VmHWM") - before) / 1024)
"""


def against_chunks(table: Table, count: int, classes: int, depth: int) -> None:
    """A softmax from factors by PyTorch's own function of them, in chunks and not: time, and memory with gradients."""
    rng = np.random.default_rng(0)
    hidden, weights = (rng.standard_normal((rows, depth), np.float32) / 4.0 for rows in (count, classes))
    targets, product = rng.integers(0, classes, count), np.empty((count, classes), np.float32)
    leaves = [torch.tensor(array, requires_grad=True) for array in (hidden, weights)]
    given, own = (*leaves, torch.from_numpy(targets)), (hidden, weights, targets)

    def value(function: Callable[..., torch.Tensor]) -> float:
        with torch.no_grad():
            return function(*given).item()

    def both(function: Callable[..., torch.Tensor]) -> None:
        for leaf in leaves:
            leaf.grad = None
        function(*given).backward()

    loss, label = fastloss.cross_entropy_with_factors, f"{count}x{depth} float32, {classes} classes"
    np.testing.assert_allclose(value(torch_peers.in_chunks), loss(*own), rtol=1e-5)
    for what, ours, theirs in (("value", loss, value), ("value and gradients", loss.value_and_grad, both)):
        times = table.time(
            f"cross_entropy_with_factors {label} {what}",
            count * classes,
            {
                "bare product": lambda: np.matmul(hidden, weights.T, out=product),
                "fastloss": lambda ours=ours: ours(*own),
                "torch in chunks": lambda theirs=theirs: theirs(torch_peers.in_chunks),
                "torch": lambda theirs=theirs: theirs(torch.nn.functional.linear_cross_entropy),
            },
            repeats=3,
            pause=0.1,
        )
        name, peer = f"cross_entropy_with_factors {label} {what}", times["torch in chunks"]
        table.claim(name, times["fastloss"], "PyTorch's linear_cross_entropy in chunks", peer, 1.5, faster=True)
    peaks = [peak(CHUNKS, name=name, count=count, classes=classes, depth=depth) for name in ("fastloss", "torch")]
    table.claim(f"cross_entropy_with_factors {label} memory", peaks[0], "PyTorch's in chunks", peaks[1], 1.0)


def peak(code: str, **names: Any) -> float:
    """Return the megabytes that some code says it took, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code.format(**names)],
        check=True,
        capture_output=True,
        text=True,
        cwd=pathlib.Path(__file__).parents[1],
    )
    return float(done.stdout)


def memory(table: Table, count: int, depth: int) -> None:
    """What each loss with gradients takes beside its arguments, in a process of its own, on Linux."""
    for name, arguments in IN_LITTLE_MEMORY.items():
        start = time.perf_counter()
        taken = peak(PEAK, name=name, count=count, depth=depth, arguments=arguments)
        table.add(
            f"{name} {count}x{depth} with its process", "value and gradients", count, [time.perf_counter() - start]
        )
        table.claim(f"{name} {count}x{depth} memory", taken, "1 MB", 1.0, 300.0)
