"""What the hot kernels cost in counts that do not depend on the machine: `python -m bench.costs [--save]`.

`bench/costs.csv` holds the operations of `bench/operations.py` and the instructions of `bench/assembly.py`. A kernel
that has become more expensive than the table says, beyond the tolerance, fails `tests/bench/test_costs.py`; after a
change that is meant, the table is written anew and the difference stands in the commit.
"""

import argparse
import csv
import math
import pathlib
import sys
from collections.abc import Mapping

from bench import assembly, operations
from bench.hot import HOT

TABLE = pathlib.Path(__file__).parent / "costs.csv"
TOLERANCE = 0.1  # of operations
LOOP_TOLERANCE = 0.2  # of instructions for each one of arithmetic: compilers differ in moves and address computations
OTHER_LLVM = 0.4  # the same where LLVM is not the one that the table was made with

Operations = Mapping[str, Mapping[int, int]]
Instructions = Mapping[str, Mapping[str, int]]


def llvm() -> str:
    """The compiler's major version."""
    import llvmlite.binding

    return f"LLVM {llvmlite.binding.llvm_version_info[0]}"


def rows(counted: Operations, compiled: Instructions) -> list[dict[str, object]]:
    """The table's rows."""
    found: list[dict[str, object]] = []
    for name, counts in counted.items():
        for size, number in counts.items():
            found.append({"kernel": name, "measure": "operations", "size": size, "count": number, "by": "CPython"})
    by = f"{llvm()} for {assembly.PROCESSOR}"
    for name, numbers in compiled.items():
        for measure, number in numbers.items():
            found.append({"kernel": name, "measure": measure, "size": "", "count": number, "by": by})
    return found


def write(counted: Operations, compiled: Instructions, path: pathlib.Path = TABLE) -> None:
    """Store the table."""
    made = rows(counted, compiled)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)


def stored(path: pathlib.Path = TABLE) -> tuple[dict[str, dict[int, int]], dict[str, dict[str, int]], str]:
    """Operations, instructions, and by which LLVM."""
    counted: dict[str, dict[int, int]] = {}
    compiled: dict[str, dict[str, int]] = {}
    by = ""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            number = int(row["count"])
            if row["measure"] == "operations":
                counted.setdefault(row["kernel"], {})[int(row["size"])] = number
            else:
                compiled.setdefault(row["kernel"], {})[row["measure"]] = number
                by = row["by"].split(" for ")[0]
    return counted, compiled, by


def more_operations(expected: Operations, found: Operations) -> list[str]:
    """Kernels that do more than the table says, or whose work grows faster with the size than it may."""
    wrong = []
    for hot in HOT:
        if hot.name not in found:
            continue
        for size, number in found[hot.name].items():
            before = expected[hot.name][size]
            if number > (1.0 + TOLERANCE) * before:
                wrong.append(f"{hot.name}: {number} operations at size {size}, {before} in the table")
        small, large = hot.sizes
        power = math.log(found[hot.name][large] / found[hot.name][small]) / math.log(large / small)
        if power > hot.growth + 0.15:
            wrong.append(f"{hot.name}: work grows with the power {power:.2f} of the size, expected {hot.growth:g}")
    return wrong


def ratio(numbers: Mapping[str, int]) -> float:
    """Instructions of the hot loop for each one of arithmetic: how far a loop is unrolled does not matter."""
    return numbers["instructions"] / max(numbers["packed"] + numbers["scalar"], 1)


def more_instructions(expected: Instructions, found: Instructions, tolerance: float) -> list[str]:
    """Kernels whose hot loop has lost its vectors, calls something, or needs more instructions."""
    wrong = []
    for hot in HOT:
        if hot.name not in found:
            continue
        before, now = expected[hot.name], found[hot.name]
        vectors = "packed in all loops"
        if now[vectors] < (1.0 - 2.0 * tolerance) * before[vectors]:
            wrong.append(f"{hot.name}: {now[vectors]} {vectors}, {before[vectors]} in the table")
        if now["bits"] < before["bits"]:
            wrong.append(f"{hot.name}: vectors of {now['bits']} bits in its hot loop, {before['bits']} in the table")
        if now["calls"] > before["calls"]:
            wrong.append(f"{hot.name}: {now['calls']} calls in its hot loop, {before['calls']} in the table")
        if ratio(now) > (1.0 + tolerance) * ratio(before):
            wrong.append(
                f"{hot.name}: {ratio(now):.2f} instructions for each one of arithmetic in its hot loop, "
                f"{ratio(before):.2f} in the table"
            )
    return wrong


def main() -> int:
    """Count, compare with the table or write it."""
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--save", action="store_true", help="write bench/costs.csv")
    asked = parser.parse_args()
    counted, compiled = operations.measured(), assembly.measured()
    for row in rows(counted, compiled):
        print(*(str(cell) for cell in row.values()), sep="\t")
    if asked.save:
        write(counted, compiled)
        return 0
    before, loops, by = stored()
    tolerance = LOOP_TOLERANCE if by == llvm() else OTHER_LLVM
    wrong = more_operations(before, counted) + more_instructions(loops, compiled, tolerance)
    print("\n".join(wrong) or "nothing has become more expensive")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
