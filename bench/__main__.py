"""Run the benchmarks: `python -m bench [--quick] [--only NAME] [--save NAME]`."""

import argparse
import pathlib

import numba
import torch

from bench import against_n, command, elementwise, embeddings, linear, pairs, rows
from bench.measure import Table

FULL = {
    "elementwise": lambda table: elementwise.run(table, 50_000_000),
    "rows": lambda table: rows.run(table, 100_000, 1000),
    "pairs": lambda table: pairs.run(table, 20_000),
    "linear": lambda table: linear.run(table, 10_000_000),
    "against_n": lambda table: against_n.run(table, 100_000_000),
    "embeddings": lambda table: embeddings.run(table, 8192, 1_000_000),
    "command": lambda table: command.run(table, 10_000_000, 100_000),
}
QUICK = {
    "elementwise": lambda table: elementwise.run(table, 100_000),
    "rows": lambda table: rows.run(table, 500, 100),
    "pairs": lambda table: pairs.run(table, 500),
    "linear": lambda table: linear.run(table, 10_000),
    "against_n": lambda table: against_n.run(table, 1000),
    "embeddings": lambda table: embeddings.run(table, 512, 1000),
    "command": lambda table: command.run(table, 10_000, 100, repeats=1),
}


def main() -> None:
    """Run what was asked for, print it, and save it where a name is given."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that the benchmarks run, not how fast")
    parser.add_argument("--only", choices=list(FULL), help="one part")
    parser.add_argument("--save", metavar="NAME", help="write bench/results/NAME.csv")
    parser.add_argument("--plot", metavar="FILE", help="draw the time against the rows (with --only against_n)")
    options = parser.parse_args()
    threads = numba.get_num_threads()
    torch.set_num_threads(threads)
    table = Table(threads)
    for name, part in (QUICK if options.quick else FULL).items():
        if options.only in (None, name):
            part(table)
    print()
    for claim in table.claims:
        print(claim)
    if options.save:
        print(table.write(options.save))
    if options.plot:
        against_n.plot(table.rows, pathlib.Path(options.plot))


if __name__ == "__main__":
    main()
