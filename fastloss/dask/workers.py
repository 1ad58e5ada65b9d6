"""What runs on the workers: functions of names, arrays and bytes; no kernel travels."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import fastloss
from fastloss.compile import levels, threads
from fastloss.core.loss import Loss, lookup


class Job(NamedTuple):
    """What is to be computed, and by which package: the same for every task of a graph."""

    loss: str
    parameters: tuple[tuple[str, Any], ...]
    version: str
    level: str

    @property
    def given(self) -> dict[str, Any]:
        """The parameters by name."""
        return dict(self.parameters)

    def function(self) -> Loss:
        """Return the loss."""
        return lookup(self.loss)


def job(loss: str, parameters: dict[str, Any]) -> Job:
    """Return the job as the process that builds the graph has it."""
    return Job(loss, tuple(parameters.items()), fastloss.__version__, levels.chosen().name)


def _require_same(wanted: Job) -> None:
    """Raise unless this worker computes what the process that built the graph would compute."""
    here = fastloss.__version__, levels.chosen().name
    if here != (wanted.version, wanted.level):
        version, level = here
        raise RuntimeError(
            f"worker {_name()} runs fastloss {version} for processors of level {level}: expected fastloss "
            f"{wanted.version} for level {wanted.level}, as in the process that built the graph"
        )


def _name() -> str:
    """What the cluster calls this worker."""
    try:
        from distributed import get_worker

        return str(get_worker().address)
    except (ImportError, ValueError):
        import socket

        return socket.gethostname()


@contextlib.contextmanager
def at_work(wanted: Job, partition: int | None = None) -> Iterator[None]:
    """Check the versions, name the partition in errors, and keep to one thread, which is what the cluster gave."""
    _require_same(wanted)
    try:
        with threads.num_threads(1):
            yield
    except (TypeError, ValueError) as error:
        if partition is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{wanted.loss}, partition {partition}: {error}") from error


Function = Callable[..., Any]
