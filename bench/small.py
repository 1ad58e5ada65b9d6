"""Calls of few numbers, which cost what surrounds the kernel: microseconds, with PyTorch and NumPy beside."""

import functools
import time
import timeit
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fastloss
from bench import torch_peers, wanted
from bench.measure import Table
from bench.peers import PROVIDERS, Peer, differs
from bench.suite import BOTH, PAUSE, VALUE
from bench.wanted import Line
from bench.workloads import Workload
from fastloss.compile.kernels import kernel
from fastloss.compile.launch import launch
from fastloss.compile.signatures import REALS, Signature

BATCH = 0.0005  # seconds that the calls between two looks at the clock take together
MICROSECOND = 1e-6
EMPTY = "empty launch on two threads"


class Case(NamedTuple):
    """A call with float64, and what was wanted of the value and of the value and gradient: seconds, and whose time."""

    loss: str
    shape: tuple[int, ...]
    value: float | None = None
    both: float | None = None
    others: tuple[str, ...] = ()

    def lines(self) -> dict[str, Line]:
        """For each way."""
        label = f"{self.loss} {'x'.join(map(str, self.shape))}"
        return {
            VALUE: Line(f"{label} {VALUE}", self.value, self.others),
            BOTH: Line(f"{label} {BOTH}", self.both, tuple(name for name in self.others if name != "NumPy")),
        }


CASES = (
    Case("mse_loss", (100,), 5e-6, 7e-6, ("PyTorch",)),
    Case("mse_loss", (10_000,), others=("NumPy",)),
    Case("binary_cross_entropy_with_logits", (100,), 6e-6),
    Case("cross_entropy", (100, 10), 8e-6),
    Case("pairwise_logistic_loss", (20,), 12e-6),
    Case("triplet_margin_loss", (100, 16), 10e-6),
)


def work_of(case: Case) -> Workload:
    """The arguments: normal numbers, and classes in turn."""
    rng = np.random.default_rng(0)
    x, y, z = (rng.standard_normal(case.shape) for _ in range(3))
    classes = np.arange(len(x)) % case.shape[-1]
    given: dict[str, tuple[Any, ...]] = {
        "mse_loss": (x, y),
        "binary_cross_entropy_with_logits": (x, (y > 0.0).astype(float)),
        "cross_entropy": (x, classes),
        "pairwise_logistic_loss": (x, np.arange(len(x)) % 2),
        "triplet_margin_loss": (x, y, z),
    }
    arrays = given[case.loss]
    positions = (0, 1, 2) if case.loss == "triplet_margin_loss" else (0,)
    return Workload(fastloss.lookup(case.loss), x.size, "elements", arrays, {}, positions)


def with_torch(work: Workload) -> Peer | None:
    """PyTorch's calls alone: tensors go in, and come out for the value."""
    if not PROVIDERS["PyTorch"].installed:
        return None
    found = torch_peers.definition(work)
    if found is None:
        return None
    function, arrays = found
    given, leaves = torch_peers.tensors_of(work, arrays)
    by_gradient = torch_peers.by_autograd(function, given, leaves)
    return Peer(functools.partial(function, *(one.detach() for one in given)), by_gradient.both)


def contenders(work: Workload) -> tuple[dict[str, dict[str, Callable[[], Any]]], dict[str, str]]:
    """By way and name; and whose numbers differ from ours, and how."""
    value, both = (functools.partial(way, *work.arrays) for way in (work.loss, work.loss.value_and_grad))
    calls: dict[str, dict[str, Callable[[], Any]]] = {VALUE: {"fastloss": value}, BOTH: {"fastloss": both}}
    unequal = {}
    for name, peer in (("PyTorch", with_torch(work)), ("NumPy", PROVIDERS["NumPy"](work))):
        if peer is None:
            continue
        if wrong := differs(work, peer):
            unequal[name] = wrong
            continue
        calls[VALUE][name] = peer.value
        if peer.both:
            calls[BOTH][name] = peer.both
    return calls, unequal


def seconds_a_call(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """The mean of each batch of calls; the contenders' batches take turns, each behind a pause and one call more."""
    counts = {}
    for name, run in calls.items():
        run()
        counts[name] = max(1, int(BATCH / (timeit.timeit(run, number=10) / 10)))
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, run in calls.items():
            time.sleep(PAUSE)
            run()
            seconds[name].append(timeit.timeit(run, number=counts[name]) / counts[name])
    return seconds


def nothing(inputs, parameters, outputs, first, last):
    """The template of a kernel that does nothing."""


def empty_launch() -> Callable[[], None]:
    """A launch of two chunks, one for each of two threads."""
    numbers = np.zeros(1)
    made = kernel(nothing, "any", Signature((REALS,), (REALS,)))

    def run() -> None:
        with fastloss.num_threads(2):
            launch(made, (numbers,), numbers, (numbers,), 2)

    return run


def run(table: Table, repeats: int = 301) -> None:
    """The empty launch, then every case; prints the table and adds its targets."""
    lines = [Line(EMPTY, 30e-6)]
    for times in seconds_a_call({"fastloss": empty_launch()}, repeats).values():
        table.add(EMPTY, "fastloss", 2, times)
    for case in CASES:
        work = work_of(case)
        calls, unequal = contenders(work)
        table.failures += [f"{name}, {case.loss}: {how}" for name, how in unequal.items()]
        for what, line in case.lines().items():
            for name, times in seconds_a_call(calls[what], repeats).items():
                table.add(line.benchmark, name, work.size, times, loss=case.loss, dtype="float64")
            lines.append(line)
    for line in lines:
        wanted.claim(table, line, MICROSECOND)
    print(f"\n{wanted.text(table, lines)}")
