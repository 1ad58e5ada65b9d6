"""``python -m tests.fuzz``: many calls, in processes of their own; one line for each failure, and exit code 1."""

import argparse
import faulthandler
import os
import queue
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator

import tests.fuzz.states
from fastloss.core.loss import REGISTRY
from tests.fuzz.calls import draw
from tests.fuzz.properties import check

OTHERS = {
    "auc": tests.fuzz.states.counts,
    "count_inversions": tests.fuzz.states.counts,
    "accumulate": tests.fuzz.states.states,
}
STUCK_LINE, LATE_LINE = "stuck", "late"
STUCK = 600.0  # seconds without a new call after which a process is ended: kernels may have to be compiled


def targets() -> list[str]:
    """Everything that is called."""
    return [*REGISTRY, *OTHERS]


def tried(key: str, lean: bool = False) -> tuple[str, list[str]]:
    """The call of a key as text, and what is wrong with it."""
    name = key.split(":")[0]
    if name in OTHERS:
        return OTHERS[name](key, lean)
    call, rng = draw(key, lean)
    return str(call), check(call, rng)


def work(names: list[str], seed: int, numbers: range) -> None:
    """What a worker does: "> KEY" before each call, "! KEY | FAILURE | CALL" for each failure."""
    faulthandler.enable()
    warnings.simplefilter("ignore")  # of what is done with calls; in calls themselves, warnings are errors
    for number in numbers:
        key = f"{names[number % len(names)]}:{seed}:{number}"
        print(f"> {key}", flush=True)
        try:
            text, failures = tried(key)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename}:{frame.lineno}"
            text, failures = key, [f"the check itself fails at {where}: {type(error).__name__}: {error}"]
        for failure in failures:
            print(f"! {key} | {failure} | {text}".replace("\n", " "), flush=True)
    print("done", flush=True)


def lines(process: subprocess.Popen[str], until: float) -> Iterator[str]:
    """What a worker prints; it is ended when the time is up, or when it is stuck."""
    waiting: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            waiting.put(line.rstrip("\n"))
        waiting.put("")

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while True:
        left = max(0.0, until - time.monotonic())
        try:
            line = waiting.get(timeout=min(STUCK, left))
        except queue.Empty:
            line = STUCK_LINE if left > STUCK else LATE_LINE
        if not line:
            break
        yield line
        if line in (STUCK_LINE, LATE_LINE):
            process.kill()
            break
    reader.join()


def run(names: list[str], seed: int, calls: int, minutes: float) -> int:
    """All calls, each worker going on where the one before has died; returns the number of failures."""
    failures, number, until, key = 0, 0, time.monotonic() + 60.0 * minutes, ""
    while number < calls:
        command = [sys.executable, "-m", "tests.fuzz", "--work", f"{number}:{calls}", "--seed", str(seed)]
        last = ""
        with subprocess.Popen([*command, "--losses", ",".join(names)], stdout=subprocess.PIPE, text=True) as process:
            for last in lines(process, until):
                if last.startswith("> "):
                    key = last[2:]
                    number = int(key.rsplit(":", 1)[1])
                elif last.startswith("! "):
                    failures += 1
                    print(last[2:], flush=True)
        if last in ("done", LATE_LINE):
            break
        failures += 1
        how = last if last == STUCK_LINE else f"the process ends with code {process.returncode}"
        print(f"{key} | {how} | {described(key)}", flush=True)
        number += 1
    print(f"{number + 1} calls, {failures} failures", flush=True)
    return failures


def described(key: str) -> str:
    """The call of a key, which is not made."""
    return key if not key or key.split(":")[0] in OTHERS else str(draw(key)[0])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument(
        "--losses", default="", help="names, with commas between them; auc, count_inversions, accumulate too"
    )
    parser.add_argument("--case", help="one call again, by the key at the beginning of its line")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = asked.losses.split(",") if asked.losses else targets()
    if asked.case:
        text, failures = tried(asked.case)
        print(text, *(failures or ["nothing is wrong"]), sep="\n")
        return int(bool(failures))
    if asked.work:
        first, last = map(int, asked.work.split(":"))
        work(names, asked.seed, range(first, last))
        return 0
    os.environ.setdefault("MALLOC_PERTURB_", "90")  # glibc fills new memory: what kernels ask for as well
    return int(run(names, asked.seed, asked.calls, asked.minutes) > 0)


if __name__ == "__main__":
    sys.exit(main())
