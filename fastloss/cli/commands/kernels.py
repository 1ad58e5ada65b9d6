"""`fastloss warmup` and `info`: kernels compiled ahead, and what they are compiled for."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from fastloss.cli import leaving
from fastloss.cli.errors import UserError, explained


@contextlib.contextmanager
def _starting() -> Iterator[None]:
    """Inside, a process is started that a terminal's Ctrl-C does not reach: this one ends it."""
    with leaving.held(), leaving.blocked():
        yield


def _end_processes() -> None:
    """End the processes that compile, and remove what they have not finished."""
    from multiprocessing import active_children

    processes = active_children()
    for one in processes:
        one.kill()
    for one in processes:
        one.join()
    sweep([one.pid for one in processes])


def sweep(processes: list[int | None]) -> None:
    """Remove unfinished files of kernels, if any can have been made: nothing is imported as a process ends."""
    store = sys.modules.get("fastloss.compile.store")
    if store is not None:
        store.sweep(processes)


def warmup(
    losses: Annotated[list[str] | None, typer.Argument(help="Names of losses and metrics; all by default.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Number of processes that compile; one per core by default.")] = None,
) -> None:
    """Compile kernels ahead of time, and store them for other processes; print a line for each loss."""
    from fastloss.ahead.metrics import everything, named
    from fastloss.ahead.workers import Ended, warmed
    from fastloss.cli import temporary
    from fastloss.compile import kernels, threads

    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs is {jobs}: expected at least 1")
    begin = time.perf_counter()
    with explained():
        names = [named(name) for name in dict.fromkeys(losses or everything())]
    if (place := kernels.place()).startswith("none: "):
        raise UserError(f"no kernels can be stored: {place.removeprefix('none: ')}")
    compiled = loaded = lost = 0
    try:
        made = warmed(names, jobs or threads.available(), folder=temporary.folder, starting=_starting)
        with leaving.Undoing(_end_processes), contextlib.closing(made) as results:
            for done in results:
                print(
                    f"{done.name:<34} {done.compiled:>4} compiled {done.loaded:>4} loaded {done.seconds:>7.1f} s",
                    flush=True,
                )
                compiled += done.compiled
                loaded += done.loaded
                lost += done.lost
    except Ended as error:
        raise UserError(error) from None
    print(f"{compiled} kernels compiled, {loaded} loaded from the store, in {time.perf_counter() - begin:.1f} s")
    print(f"store: {place}")
    if lost:
        raise UserError(f"{lost} kernels could not be stored in {place}")


def info(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show versions, processor, threads, GPU and stored kernels."""
    from fastloss.cli.commands.about import facts
    from fastloss.cli.output import report

    with explained():
        everything = facts()
    if as_json:
        report.print_json(everything)
        return
    report.print_table(("what", "is"), ((name, str(fact)) for name, fact in everything.items()), wraps="is")
