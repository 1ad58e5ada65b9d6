"""Every registered loss, in value and in value with gradient, in both precisions, on a grid of sizes; peers beside it.

A cell is one loss, precision and size. In each, the library, every peer that has been proved equal there, and the
physical limit take turns. Times are medians with their 20th and 80th percentiles; memory is what the process held at
most beyond what it held before the call.
"""

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import bench.torch_peers  # noqa: F401  registers PyTorch's
from bench.limits import limit
from bench.measure import Table
from bench.memory import peak_bytes
from bench.peers import PROVIDERS, SLOW, differs
from bench.workloads import DTYPES, Workload, names, workload

VALUE, BOTH = "value", "value and gradient"
SHORT_SIZES, QUICK_SIZES = (1_000_000, 10_000), (1000,)
FULL_SIZES = tuple(10**power for power in range(3, 8))
QUICK_PEERS = tuple(name for name in PROVIDERS if name not in SLOW)
MOST_TURNS, FEWEST_TURNS = 21, 3
# Seconds before a call, in which the threads that the one before left spinning go to sleep: OpenMP's, OpenBLAS's
PAUSE, LONG_PAUSE = 0.005, 0.03


class Cell(NamedTuple):
    """What is measured together."""

    loss: str
    dtype: str
    size: int

    def __str__(self) -> str:
        return f"{self.loss}-{self.dtype}-{self.size}"


def cells(sizes: Iterable[int], losses: Iterable[str] | None = None) -> list[Cell]:
    """The sizes in their order, each with every loss, so that a run that ends early has something of all."""
    chosen = list(losses or names())
    return [Cell(name, dtype, size) for size, dtype, name in itertools.product(sizes, DTYPES, chosen)]


@dataclasses.dataclass
class Prepared:
    """A cell's arguments, and whoever computes the loss on them: [VALUE or BOTH][contender]."""

    work: Workload
    calls: dict[str, dict[str, Callable[[], Any]]]
    unequal: dict[str, str]  # peers whose numbers are not the loss's, and how they differ


def prepare(cell: Cell, peers: Iterable[str] = QUICK_PEERS) -> Prepared:
    """Make arguments and contenders, and compare the peers' numbers with ours."""
    work = workload(*cell)
    calls: dict[str, dict[str, Callable[[], Any]]] = {VALUE: {"fastloss": work.value}, BOTH: {"fastloss": work.both}}
    unequal, ours = {}, work.both()
    for name in peers:
        peer = PROVIDERS[name](work)
        if peer is None:
            continue
        if wrong := differs(work, peer, ours):
            unequal[name] = wrong
            continue
        calls[VALUE][name] = peer.value
        if peer.both:
            calls[BOTH][name] = peer.both
    least = limit(work)
    calls[VALUE][least.name], calls[BOTH][least.name] = least.value, least.both
    return Prepared(work, calls, unequal)


def take_turns(calls: dict[str, Callable[[], Any]], budget: float, pause: float = PAUSE) -> dict[str, list[float]]:
    """Seconds of each call, all in turn, as often as the budget in seconds allows; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    start = time.perf_counter()
    for run in calls.values():
        run()
    once = time.perf_counter() - start + pause * len(calls)
    turns = int(min(max(budget / max(once, 1e-9), FEWEST_TURNS), MOST_TURNS))
    for _ in range(turns):
        for name, run in calls.items():
            time.sleep(pause)
            begin = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begin)
    return seconds


def measure(table: Table, cell: Cell, peers: Iterable[str], budget: float) -> dict[str, str]:
    """Add a cell's rows to the table; returns the peers that were left out since their numbers differ."""
    made = prepare(cell, peers)
    pause = LONG_PAUSE if made.work.counted == "similarities" else PAUSE
    for what, calls in made.calls.items():
        seconds = take_turns(calls, budget, pause)
        for name, times in seconds.items():
            about = {"loss": cell.loss, "dtype": cell.dtype, "what": what, "peak_bytes": peak_bytes(calls[name])}
            table.add(f"{cell.loss} {cell.dtype} {what}", name, made.work.size, times, **about)
    return made.unequal


@dataclasses.dataclass
class Plan:
    """What a run covers: sizes, peers, seconds for the turns of a cell and for everything, some losses or all."""

    sizes: tuple[int, ...]
    peers: tuple[str, ...]
    budget: float
    seconds: float = float("inf")
    losses: tuple[str, ...] = ()


FULL = Plan(FULL_SIZES, tuple(PROVIDERS), 2.0)
QUICK = Plan(QUICK_SIZES, QUICK_PEERS, 0.0)


def short(minutes: float = 5.0) -> Plan:
    """What fits into some minutes, once the kernels are compiled."""
    return Plan(SHORT_SIZES, QUICK_PEERS, 0.15, 60.0 * minutes)


def run(table: Table, plan: Plan) -> None:
    """Measure the plan's cells until the time is over, then say what was left out and whose numbers differ."""
    begin = time.monotonic()
    todo = cells(plan.sizes, plan.losses)
    unequal: list[str] = []
    done = 0
    for cell in todo:
        if time.monotonic() - begin > plan.seconds:
            break
        unequal += [f"{name}, {cell}: {how}" for name, how in measure(table, cell, plan.peers, plan.budget).items()]
        done += 1
    print(f"\n{done} of {len(todo)} cells in {time.monotonic() - begin:.0f} s")
    if done < len(todo):
        print(f"left out for lack of time: from {todo[done]} on")
    for line in unequal:
        print("NOT EQUAL, so not timed:", line)
    if unequal:
        table.failures += unequal


def summary(rows: list[dict[str, Any]]) -> str:
    """A line for each benchmark and size: our time, and everyone else's in multiples of it."""
    lines = []
    own = [row for row in rows if row.get("what") in (VALUE, BOTH)]
    for (benchmark, size), group in itertools.groupby(own, lambda row: (row["benchmark"], row["size"])):
        times = {str(row["contender"]): float(row["seconds_50"]) for row in group}
        ours = times.pop("fastloss")
        others = "  ".join(f"{name} {seconds / ours:.2f}x" for name, seconds in times.items())
        each = ours / max(int(size), 1) * 1e9
        lines.append(f"{benchmark:62s} {size:>9} {ours * 1e3:9.3f} ms {each:8.3f} ns each | {others}")
    return "\n".join(lines)


def geometric_mean(rows: list[dict[str, Any]], contender: str) -> float:
    """How many times our time a contender takes, over all benchmarks that have both."""
    ours = {(row["benchmark"], row["size"]): float(row["seconds_50"]) for row in rows if row["contender"] == "fastloss"}
    theirs = [row for row in rows if row["contender"] == contender and (row["benchmark"], row["size"]) in ours]
    ratios = [float(row["seconds_50"]) / ours[row["benchmark"], row["size"]] for row in theirs]
    positive = [one for one in ratios if one > 0.0]  # a difference of two processes' times may be lost in the noise
    return float(np.exp(np.mean(np.log(positive)))) if positive else float("nan")
