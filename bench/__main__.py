"""Run the benchmarks: `python -m bench` takes about five minutes and prints a table of every loss.

`--full` runs every part at full size, which takes hours; `--only NAME` one part.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable

import fastloss
from bench import boosting, first, latency, small, suite
from bench.measure import Table

Part = Callable[[Table], None]


def _part(module: str, *sizes: int, **words: int) -> Part:
    """A part that needs PyTorch, imported when it runs."""

    def run(table: Table) -> None:
        importlib.import_module(f"bench.{module}").run(table, *sizes, **words)

    return run


FULL: dict[str, Part] = {
    "elementwise": _part("elementwise", 50_000_000),
    "rows": _part("rows", 100_000, 1000),
    "pairs": _part("pairs", 20_000),
    "linear": _part("linear", 10_000_000),
    "groups": _part("groups", 1_000_000),
    "metrics": _part("metrics", 1_000_000),
    "retrieval": _part("retrieval", 1024, 20_000),
    "against_n": _part("against_n", 100_000_000),
    "embeddings": _part("embeddings", 8192, 1_000_000),
    "cluster": _part("cluster", 100_000_000),
    "command": _part("command", 10_000_000, 100_000),
    "boosting": lambda table: boosting.run(table, 1_000_000),
    "latency": lambda table: latency.run(table, None),
    "first": lambda table: first.run(table, first.FULL),
    "small": small.run,
    "suite": lambda table: suite.run(table, suite.FULL),
}
QUICK: dict[str, Part] = {
    "elementwise": _part("elementwise", 100_000),
    "rows": _part("rows", 500, 100),
    "pairs": _part("pairs", 500),
    "linear": _part("linear", 10_000),
    "groups": _part("groups", 10_000),
    "metrics": _part("metrics", 10_000),
    "retrieval": _part("retrieval", 64, 2000),
    "against_n": _part("against_n", 1000),
    "embeddings": _part("embeddings", 512, 1000),
    "cluster": _part("cluster", 10_000, files=3, repeats=1),
    "command": _part("command", 10_000, 100, repeats=1),
    "boosting": lambda table: boosting.run(table, 2000, 1),
    "latency": lambda table: latency.run(table, ("mse_loss",), 1),
    "first": lambda table: first.run(table, first.QUICK),
    "small": lambda table: small.run(table, 3),
    "suite": lambda table: suite.run(table, suite.QUICK),
}


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="time for the short version (default 5)")
    parser.add_argument("--full", action="store_true", help="every part at full size")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that the benchmarks run, not how fast")
    parser.add_argument("--only", choices=list(FULL), help="one part")
    parser.add_argument("--loss", action="append", default=[], metavar="NAME", help="only these losses (suite, first)")
    parser.add_argument("--size", action="append", type=int, default=[], help="only these sizes of the full suite")
    parser.add_argument("--python", metavar="FILE", help="the interpreter whose package `first` measures")
    parser.add_argument("--save", metavar="NAME", help="write bench/results/NAME.csv")
    return parser.parse_args()


def short(table: Table, minutes: float, losses: tuple[str, ...]) -> None:
    """A few first calls, then every loss as far as the time allows."""
    latency.run(table, losses or latency.SOME, repeats=2)
    plan = suite.short(minutes - 0.5)  # the first calls take about half a minute
    plan.losses = losses
    suite.run(table, plan)


def main() -> int:
    """Run what was asked for, print it, and save it where a name is given."""
    asked = options()
    threads = fastloss.get_num_threads()
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(threads)
    table = Table(threads)
    suite.FULL.losses = suite.QUICK.losses = tuple(asked.loss)
    for plan in (first.FULL, first.QUICK):
        plan.losses, plan.python = tuple(asked.loss) or plan.losses, asked.python
    suite.FULL.sizes = tuple(asked.size) or suite.FULL.sizes
    if asked.only or asked.full or asked.quick:
        for name, part in (QUICK if asked.quick else FULL).items():
            if asked.only in (None, name):
                part(table)
    else:
        short(table, asked.minutes, tuple(asked.loss))
    report(table)
    if asked.save:
        print(table.write(asked.save))
    return 1 if table.failures else 0


def report(table: Table) -> None:
    """The suite's table, every target, and peers' times over ours."""
    print()
    print(suite.summary(table.rows))
    for peer in suite.PROVIDERS:
        mean = suite.geometric_mean(table.rows, peer)
        if mean == mean:
            print(f"{peer}: {mean:.2f} times our time, the geometric mean over all that both do")
    for claim in table.claims:
        print(claim)


if __name__ == "__main__":
    sys.exit(main())
