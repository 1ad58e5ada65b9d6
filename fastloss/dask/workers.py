"""What runs on the workers: functions of names, arrays and bytes; no kernel travels."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import fastloss
from fastloss.compile import threads
from fastloss.core.loss import lookup
from fastloss.streaming import package


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

    def function(self) -> Any:
        """Return the loss, or the count."""
        return getattr(fastloss, self.loss) if self.loss in fastloss.__all__ else lookup(self.loss)


def job(loss: str, parameters: dict[str, Any]) -> Job:
    """Return the job as the process that builds the graph has it."""
    return Job(loss, tuple(parameters.items()), *package.here())


def _name() -> str:
    """What the cluster calls this worker."""
    try:
        from distributed import get_worker

        return str(get_worker().address)
    except (ImportError, ValueError):
        import socket

        return socket.gethostname()


def memory() -> int | None:
    """Return the memory limit of the worker that runs this, if there is one."""
    try:
        from distributed import get_worker

        return get_worker().memory_manager.memory_limit or None
    except (ImportError, ValueError):
        return None


@contextlib.contextmanager
def at_work(wanted: Job, partition: int | None = None) -> Iterator[None]:
    """Check the versions, name the partition in errors, and keep to one thread, which is what the cluster gave."""
    package.require_same(wanted.version, wanted.level, _name, "built the graph")
    try:
        with threads.num_threads(1):
            yield
    except (TypeError, ValueError) as error:
        if partition is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{wanted.loss}, partition {partition}: {error}") from error


def values(names: tuple[str, ...], given: tuple[Any, ...]) -> dict[str, Any]:
    """Return a task's arrays by name; what pandas holds as the arrays in it."""
    return {name: as_array(one) for name, one in zip(names, given, strict=True)}


def as_array(part: Any) -> Any:
    """Return the array that a Series or a DataFrame holds; anything else as it is."""
    return part.to_numpy() if hasattr(part, "to_numpy") else part


def joined(parts: list[Any]) -> np.ndarray:
    """Return partitions as one array."""
    return np.concatenate(list(map(as_array, parts)))


def like_rows(array: np.ndarray, like: Any) -> Any:
    """Return an array with the index of a Series or DataFrame, if rows came as one."""
    if not hasattr(like, "to_numpy"):
        return array
    import pandas as pd

    return pd.Series(array, index=like.index) if array.ndim == 1 else pd.DataFrame(array, index=like.index)
