"""A Dask cluster as the command uses it: it is connected to or started, gives results in order, and is left clean."""

import contextlib
import logging
import os
import signal
import uuid
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from fastloss.cli import temporary
from fastloss.cli.cluster import tasks
from fastloss.cli.cluster.tasks import Refused
from fastloss.cli.errors import UserError, shortened
from fastloss.cli.leaving import Undoing, blocked, held, raising
from fastloss.compile import threads
from fastloss.streaming import package

LOCAL = "local"
PATIENCE = 10  # seconds to connect, and to wait for a first worker
NEEDED = 'pip install "fastloss[dask]"'


class Cluster:
    """A connection to the scheduler at an address, or to one of this process with a worker process for each core.

    On leaving, what is still to be computed is cancelled, and what was started is ended.
    """

    def __init__(self, address: str, processes: int | None = None):
        self._address = address
        self._processes = processes or threads.available()
        self._own: Any = None  # the cluster that was started
        self._futures: set[Any] = set()
        self._client: Any = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Cluster":
        try:
            import distributed
        except ImportError as error:
            raise UserError(f"--dask needs Dask's distributed ({error}): {NEEDED}") from error
        for name in ("distributed", "distributed.client", "distributed.core"):  # what goes wrong is said in one line
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._stack.enter_context(raising())
        self._stack.enter_context(Undoing(self._kill))
        try:
            if self._address == LOCAL:
                self._start()
            self._client = distributed.Client(self._own or self._address, timeout=PATIENCE, set_as_default=False)
            self._require_same_package()
        except BaseException as error:
            self._leave(in_haste=True)
            if isinstance(error, (OSError, ValueError, TimeoutError)):
                raise UserError(f"--dask {self._address}: {shortened(str(error), 300)}") from error
            raise
        return self

    def _start(self) -> None:
        import dask
        from distributed import LocalCluster

        folder = self._stack.enter_context(temporary.folder())
        words: dict[str, Any] = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
        words |= {"silence_logs": logging.CRITICAL, "preload": [tasks.__name__], "local_directory": folder}
        # Until the processes are known, and so can be ended, a signal waits. The scheduler has a folder, too.
        with held(), blocked(), dask.config.set({"temporary-directory": folder}):
            self._own = LocalCluster(n_workers=self._processes, **words)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(in_haste=kind is not None)

    def _leave(self, in_haste: bool) -> None:
        with self._stack:
            with contextlib.suppress(Exception):  # nobody may be there any more
                self.cancel()
            with contextlib.suppress(Exception):
                if self._client is not None:
                    self._client.close(timeout=2)
            if self._own is None:
                return
            if in_haste:  # or it waits 5 seconds for what they do
                self._kill()
            with contextlib.suppress(Exception):
                self._own.close()

    def _kill(self) -> None:
        """End the processes that were started."""
        with contextlib.suppress(Exception):
            for nanny in self._own.workers.values():
                nanny.auto_restart = False
                os.kill(nanny.pid, signal.SIGKILL)

    def _require_same_package(self) -> None:
        """Raise unless all workers have this version, and processors of this level; each task checks it again."""
        with contextlib.suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=PATIENCE)
        own = package.here()
        found = self._client.run(package.here, on_error="return")
        if not found:
            raise UserError(f"--dask {self._address}: the cluster has no workers")
        for worker, theirs in found.items():
            if isinstance(theirs, BaseException):
                raise UserError(f"worker {worker} has no such fastloss: {shortened(_text(theirs), 300)}")
            if tuple(theirs) != own:
                raise UserError(
                    f"worker {worker} runs fastloss {theirs[0]} for processors of level {theirs[1]}: expected"
                    f" fastloss {own[0]} for level {own[1]}, as here"
                )

    def submit(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Start a task, which the dashboard shows under a name; its arguments may be other tasks."""
        key = f"fastloss-{name}-{uuid.uuid4().hex}"
        future = self._client.submit(function, *arguments, key=key, pure=False)
        self._futures.add(future)
        return future

    def forget(self, futures: Sequence[Any]) -> None:
        """Let the cluster drop results."""
        self._futures.difference_update(futures)
        for future in futures:
            future.release()

    def cancel(self) -> None:
        """Cancel all tasks."""
        if self._futures:
            self._client.cancel(list(self._futures), force=True)
        self._futures.clear()

    def in_order(
        self, futures: Sequence[Any], names: Sequence[str], done: Callable[[int], None]
    ) -> Iterator[tuple[int, Any]]:
        """Return the number and the result of each task in order; `done` is told of each as it ends.

        Results wait on the workers until it is their turn. A worker that is lost is no error: its tasks run again.
        """
        from distributed import as_completed

        places = {future.key: at for at, future in enumerate(futures)}
        ended: set[int] = set()
        turn = 0
        with _one_line(self._address):
            for future in as_completed(futures, loop=self._client.loop):
                at = places[future.key]
                ended.add(at)
                done(at)
                while turn in ended:
                    result = self._result(futures[turn], names[turn])
                    yield turn, result
                    del result
                    self.forget([futures[turn]])
                    turn += 1

    def _result(self, future: Any, name: str) -> Any:
        from distributed import KilledWorker

        try:
            result = future.result()
        except KilledWorker as error:
            worker = getattr(error.last_worker, "address", error.last_worker)
            times = error.allowed_failures + 1
            raise UserError(
                f"{name}: {times} workers were lost while at work on it, the last one {worker} (is its memory full?)"
            ) from error
        except (ImportError, AttributeError, RuntimeError) as error:  # of a worker that has another package
            raise UserError(f"{name}: {shortened(_text(error), 500)}") from error
        if isinstance(result, Refused) and not result.way:
            raise UserError(result.message)
        return result


@contextlib.contextmanager
def _one_line(address: str) -> Iterator[None]:
    """Turn the loss of the scheduler into a `UserError`."""
    from concurrent.futures import CancelledError

    from distributed.comm import CommClosedError

    try:
        yield
    except (CancelledError, CommClosedError) as error:
        raise UserError(f"--dask {address}: the scheduler is lost ({shortened(_text(error), 200)})") from error


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
