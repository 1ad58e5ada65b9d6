"""How many operations a kernel performs: counted, not timed, so that the number is the same on every machine.

The kernels run as plain Python, and every arithmetic operation, comparison and subscript that they execute is counted:
those instructions of CPython's have kept their meaning from version to version. A call of one kernel's function counts
for that kernel. Run as `python -m bench.operations`, which prints JSON: {kernel: {size: operations}}.
"""

import collections
import dis
import functools
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

from bench.hot import HOT

COUNTED = ("BINARY_OP", "BINARY_SUBSCR", "STORE_SUBSCR", "COMPARE_OP", "UNARY_NEGATIVE", "UNARY_NOT")
ROOT = pathlib.Path(__file__).parents[1]


@functools.cache
def places(code: CodeType) -> frozenset[int]:
    """Where a function's counted instructions stand."""
    return frozenset(step.offset for step in dis.get_instructions(code) if step.opname in COUNTED)


def count(call: Callable[[], Any], roots: Mapping[tuple[str, str], str], package: str) -> dict[str, int]:
    """Operations below each root, (file, function): label; only functions of files in the package count."""
    found: collections.Counter[str] = collections.Counter()
    within: list[str] = []

    def tracer(label: str, counted: frozenset[int]) -> Callable[..., Any]:
        def on_event(frame: FrameType, event: str, _: Any) -> Any:
            if event == "opcode":
                found[label] += frame.f_lasti in counted
            elif event == "return":
                within.pop()
            return on_event

        return on_event

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(package):
            return None
        label = roots.get((code.co_filename, code.co_name)) or (within[-1] if within else "")
        if not label:
            return None
        within.append(label)
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return tracer(label, places(code))

    sys.settrace(on_call)
    try:
        call()
    finally:
        sys.settrace(None)
    return dict(found)


def count_all(names: tuple[str, ...] = ()) -> dict[str, dict[int, int]]:
    """Every kernel, or some, at its two sizes."""
    import fastloss

    package = str(pathlib.Path(fastloss.__file__).parent) + os.sep
    found: dict[str, dict[int, int]] = {}
    for hot in HOT:
        if names and hot.name not in names:
            continue
        roots = {(package + hot.module.replace("/", os.sep), hot.template): hot.name}
        for size in hot.sizes:
            found.setdefault(hot.name, {})[size] = count(functools.partial(hot.call, size), roots, package)[hot.name]
    return found


def measured(folder: pathlib.Path = ROOT, names: tuple[str, ...] = ()) -> dict[str, dict[int, int]]:
    """The same in a new process, for the package that lies in a folder."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("NUMBA_", "COV_"))}
    environment |= {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    done = subprocess.run(
        [sys.executable, "-m", "bench.operations", *names],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )
    return {name: {int(size): int(n) for size, n in counts.items()} for name, counts in json.loads(done.stdout).items()}


if __name__ == "__main__":
    print(json.dumps(count_all(tuple(sys.argv[1:]))))
