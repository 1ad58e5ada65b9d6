"""What the hot kernels are compiled to, for one fixed processor whatever the machine: instructions of their loops.

Run as `python -m bench.assembly`, which prints JSON: {kernel: {measure: count}}. The kernels are compiled in a process
of its own for the level `x86-64-v3` (AVX2 and FMA), and LLVM writes as assembly what it else writes as objects: basic
blocks, loops, and in the loops that contain no other, packed and scalar arithmetic. The hot loop is the one with the
most packed arithmetic.
"""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from bench.hot import HOT, Hot

PROCESSOR = "x86-64-v3"
FLOATS = r"v(add|sub|mul|div|sqrt|f?n?madd\w*|fm\w+|fnm\w+)p[sd]$"
PACKED = FLOATS + "|vpcmpgtq$"  # arithmetic on whole vectors, and the comparison that finds the largest integer
SCALAR = FLOATS.replace("p[sd]", "s[sd]")
ROOT = pathlib.Path(__file__).parents[1]
LABEL, STEP, FUNCTION = re.compile(r"^(\.L\w+):"), re.compile(r"^\s+([a-z]\w*)\s*([^#]*)"), re.compile(r"^(\w[\w.$]*):")


@dataclasses.dataclass
class Block:
    """Instructions that run one after the other, (name, operands), and the labels of the blocks that may follow."""

    label: str
    steps: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    following: set[str] = dataclasses.field(default_factory=set)


def next_block(block: Block, label: str) -> Block:
    """A block behind another, which goes on to it unless it ends in a jump or a return."""
    if not block.steps or block.steps[-1][0] not in ("jmp", "ret", "retq", "ud2"):
        block.following.add(label)
    return Block(label)


def blocks_of(assembly: str) -> list[Block]:
    """The blocks of all functions of a kernel."""
    blocks: list[Block] = []
    for line in assembly.splitlines():
        if match := FUNCTION.match(line):
            blocks.append(Block(match[1]))
        elif not blocks:
            continue
        elif match := LABEL.match(line):
            blocks.append(next_block(blocks[-1], match[1]))
        elif match := STEP.match(line):
            name, operands = match[1], match[2].strip()
            blocks[-1].steps.append((name, operands))
            if name.startswith("j"):
                blocks[-1].following.add(operands)
                blocks.append(next_block(blocks[-1], f"{len(blocks)} after {blocks[-1].label}"))
    return blocks


def components(labels: set[str], following: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected sets of blocks that contain a cycle."""

    def reached(start: str, edges: dict[str, set[str]]) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for other in edges[todo.pop()] - seen:
                seen.add(other)
                todo.append(other)
        return seen

    there = {one: following[one] & labels for one in labels}
    back: dict[str, set[str]] = {one: set() for one in labels}
    for one, others in there.items():
        for other in others:
            back[other].add(one)
    found: list[set[str]] = []
    left = set(labels)
    while left:
        start = left.pop()
        circle = reached(start, there) & reached(start, back)
        if start in circle:
            found.append(circle)
        left -= circle
    return found


def innermost(blocks: list[Block]) -> list[list[Block]]:
    """Loops that contain no other."""
    following = {block.label: block.following for block in blocks}
    place = {block.label: at for at, block in enumerate(blocks)}
    known = set(following)
    following = {label: others & known for label, others in following.items()}
    found: list[list[Block]] = []
    todo = components(known, following)
    while todo:
        circle = todo.pop()
        entered = {other for label in known - circle for other in following[label] if other in circle}
        heads = entered or {min(circle, key=place.__getitem__)}
        # a loop within does not go through the heads of the loop around it
        cut = {label: following[label] - heads for label in circle}
        inside = components(circle, cut)
        if inside:
            todo += inside
        else:
            found.append([blocks[place[label]] for label in sorted(circle, key=place.__getitem__)])
    return sorted(found, key=lambda loop: place[loop[0].label])


def arithmetic(loop: Iterable[Block], pattern: str) -> list[tuple[str, str]]:
    """The instructions of a loop whose name fits."""
    return [step for block in loop for step in block.steps if re.match(pattern, step[0])]


def measures(assembly: str) -> dict[str, int]:
    """Of the hot loop: instructions, packed and scalar arithmetic, bits of a vector, calls; and of all loops."""
    loops = innermost(blocks_of(assembly))
    loop = max(loops, key=heat)
    packed = arithmetic(loop, PACKED)
    return {
        "instructions": length(loop),
        "packed": len(packed),
        "scalar": len(arithmetic(loop, SCALAR)),
        "bits": max((bits_of(operands) for _, operands in packed), default=0),
        "calls": len(arithmetic(loop, "call")),
        "loops": len(loops),
        "packed in all loops": sum(len(arithmetic(one, PACKED)) for one in loops),
    }


def length(loop: Iterable[Block]) -> int:
    """Instructions of a loop."""
    return sum(len(block.steps) for block in loop)


def bits_of(operands: str) -> int:
    """The widest vector register among operands."""
    return next((bits for bits, name in ((512, "%zmm"), (256, "%ymm"), (128, "%xmm")) if name in operands), 0)


def heat(loop: Iterable[Block]) -> tuple[int, int, int]:
    """Bits of packed arithmetic, then scalar arithmetic, then instructions: the hot loop has the most."""
    bits = sum(bits_of(operands) for _, operands in arithmetic(loop, PACKED))
    return bits, len(arithmetic(loop, SCALAR)), length(loop)


def compile_all(names: tuple[str, ...] = ()) -> dict[str, dict[str, int]]:
    """Call what makes the kernels, and read them."""
    from fastloss.compile.kernels import known

    chosen = [hot for hot in HOT if not names or hot.name in names]
    for call, size in dict.fromkeys((hot.call, max(64, hot.sizes[0])) for hot in chosen):
        call(size)
    return {hot.name: measures(assembly_of(hot, known)) for hot in chosen}


def assembly_of(hot: Hot, kernels: Sequence[Any]) -> str:
    """The one kernel that fits, compiled once more for the level of this process, to assembly."""
    from fastloss.compile import front_end, levels

    module = "fastloss." + hot.module.removesuffix(".py").replace("/", ".")
    prefix = f"{hot.template}_{hot.marker}"
    found = [one for one in kernels if one.template.__module__ == module and one.name.startswith(prefix)]
    if not found:
        raise LookupError(f"no kernel {prefix} of {module}")
    kernel = max(found, key=lambda one: len(one.name))
    ((machine, made),) = front_end.modules(kernel.template, kernel.signature, [levels.chosen()])
    return machine.emit_assembly(made)


def why_not() -> str:
    """Why the kernels cannot be compiled here; "" where they can."""
    from fastloss.compile import levels

    names = [level.name for level in levels.supported()]
    return "" if PROCESSOR in names else f"the table is for {PROCESSOR}; this processor runs {', '.join(names)}"


def measured(folder: pathlib.Path = ROOT, names: tuple[str, ...] = ()) -> dict[str, dict[str, int]]:
    """The same in a new process for the package that lies in a folder."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("NUMBA_", "COV_"))}
    environment |= {"FASTLOSS_LEVEL": PROCESSOR, "FASTLOSS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-m", "bench.assembly", *names],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps(compile_all(tuple(sys.argv[1:]))))
